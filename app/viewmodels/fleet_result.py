"""What several classes make of the stations they share: five ways to choose and three rules."""

from __future__ import annotations

__all__ = ["fleet_of"]

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import format_quantity, plain

from analytic_models import Case, DesignError, Scenario
from analytic_models.demand import DemandTable, Floats, demand_table
from analytic_models.errors import Problem
from analytic_models.optimizers.assignment_priced import assign_priced
from analytic_models.optimizers.baselines import greedy_rows, load_blind_row
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.dominance import prune
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.mix_weighted import weighted_mix, weighted_rows
from analytic_models.optimizers.population import class_table, feasible_rows
from analytic_models.optimizers.space import default_space, enumerate_designs
from analytic_models.user_catalog import catalog_for
from analytic_models.user_data import UserData
from viewmodels.fleet import ClassRow, rows_of, scenarios_of
from viewmodels.fleet_parts import (
    Budgets,
    Fleet,
    Share,
    Toll,
    Way,
    certified,
    finding_words,
    used_words,
)
from viewmodels.labels import certificate_words, distinct_labels
from viewmodels.mixing import MixClaim

_USED = 5e-4
_FELT = 0.001
_TIERS = ("device only", "edge only", "cloud only")


@lru_cache(maxsize=32)
def _tables(
    scenario: Scenario, user_data: UserData | None, limited: tuple[str, ...]
) -> tuple[DemandTable, Mapping[str, DemandTable]]:
    """Return the designs of a class that can matter; a class that stays is not built again."""
    catalog = catalog_for(user_data)
    table, alone = class_table(scenario, catalog=catalog)
    if limited:
        # A design that is slower may take less of a limit: it must be kept.
        every = demand_table(
            scenario,
            enumerate_designs(scenario, default_space(scenario, catalog), catalog),
            catalog,
        )
        every = every.take(feasible_rows(scenario, every))
        table = every.take(prune(every, minimised=limited))
    return table, alone


def fleet_of(text: str, rows_json: str, budgets: Budgets) -> Fleet:
    """Choose designs for several classes in every way.

    Parameters
    ----------
    text
        The present case as JSON: what the classes share; its design does not matter.
    rows_json
        The classes as JSON.
    budgets
        Limits on means over all requests.

    Raises
    ------
    DesignError
        If a class is wrong or has no design that meets its requirements; names it.
    """
    case = Case.from_json(text)
    rows = rows_of(json.loads(rows_json))
    scenarios = scenarios_of(case, rows)
    weights = [row.weight for row in rows]
    if budgets.limits() and min(weights) != max(weights):
        message = "limits of means are solved for classes that weigh the same"
        raise DesignError(Problem("budgets", message, "equal weights, or no limits"))
    tables, alone = _all_tables(case, rows, scenarios, tuple(budgets.limits()))
    return _Solver(case, rows, scenarios, tables, alone, budgets).fleet()


def _all_tables(
    case: Case,
    rows: Sequence[ClassRow],
    scenarios: Sequence[Scenario],
    limited: tuple[str, ...],
) -> tuple[list[DemandTable], list[Mapping[str, DemandTable]]]:
    tables, alone, problems = [], [], []
    for number, (row, scenario) in enumerate(zip(rows, scenarios, strict=True), 1):
        try:
            table, tiers = _tables(scenario, case.user_data, limited)
        except DesignError as error:
            place = f"class {number} ({plain(row.name, 30)})"
            problems += [Problem(place, p.message, p.allowed) for p in error.problems]
            continue
        tables.append(table)
        alone.append(tiers)
    if problems:
        raise DesignError(problems)
    return tables, alone


@dataclass(frozen=True)
class _Solver:
    case: Case
    rows: tuple[ClassRow, ...]
    scenarios: tuple[Scenario, ...]
    tables: list[DemandTable]
    alone: list[Mapping[str, DemandTable]]
    budgets: Budgets

    @property
    def weights(self) -> list[float]:
        return [row.weight for row in self.rows]

    def fleet(self) -> Fleet:
        limits = self.budgets.limits()
        blind = [load_blind_row(table) for table in self.tables]
        greedy = [int(row) for row in greedy_rows(self.tables)]
        free = solve_mix(self.tables, limits=limits or None)
        single, single_proof = self._single(free, blind, greedy)
        best = weighted_mix(self.tables, self.weights, [_pure(single)] if min(single) >= 0 else [])
        system = free if limits else best.mix
        selfish = solve_mix(self.tables, "selfish")
        bound = system.mean_s - system.gap_s if limits else best.bound_s
        ways = [
            self._way("blind", "load-blind plan", self._fixed(self.tables, blind)),
            self._way("greedy", "greedy, class by class", self._fixed(self.tables, greedy)),
            self._way("best", "one plan per class", self._fixed(self.tables, single), single_proof),
            self._way("selfish", "everyone for oneself", self._mixed(selfish)),
            self._way(
                "system",
                "coordinated mix",
                self._mixed(system),
                certificate_words(system.certificate),
            ),
            *self._rules(),
        ]
        ways = [way for way in ways if way is not None]
        used = [p for p in range(len(self.tables[0].stations)) if any(w.busy[p] > 0 for w in ways)]
        stations = tuple(self.tables[0].stations[place] for place in used)
        ways = [dataclasses.replace(w, busy=tuple(w.busy[p] for p in used)) for w in ways]
        by_key = {way.key: way for way in ways}
        anarchy = by_key["selfish"].mean_s / by_key["system"].mean_s
        solved = math.isfinite(system.mean_s)
        tolls = tuple(
            Toll(
                self.tables[0].stations[place],
                float(system.utilisation[place]),
                float(best.tolls[place]),
                _toll_words(float(best.tolls[place])),
            )
            for place in used
            if solved and not limits
        )
        certificate = system.certificate
        return Fleet(
            self.rows,
            tuple(scenario.deadline_s for scenario in self.scenarios),
            stations,
            tuple(ways),
            tolls,
            anarchy if solved else math.nan,
            finding_words(by_key, self.rows, stations, bool(limits)),
            certificate_words(certificate) if solved else "no mix",
            solved and certificate.kind != "heuristic",
            certified(certificate, bound),
            self._claims(ways, stations, bound),
            used_words(system, self.budgets),
        )

    def _single(
        self, mix: MixSolution, blind: list[int], greedy: list[int]
    ) -> tuple[list[int], str]:
        """Return one plan per class: the integer programme's, or a local search for weights."""
        found = assign_priced(self.tables, mix, self.budgets.limits())
        rows = [int(row) for row in found.rows]
        if min(self.weights) == max(self.weights):
            words = certificate_words(found.certificate)
            if found.status == "optimal" and found.certificate.kind == "exact":
                words = "exact (integer programme)"
            return rows, words
        best, _ = weighted_rows(self.tables, self.weights, [rows, blind, greedy])
        return best, "heuristic: one class after the other"

    def _rules(self) -> list[Way | None]:
        """Everybody on one tier, each class on its idle best there, where every class has one."""
        found = []
        for name in _TIERS:
            if all(name in tiers for tiers in self.alone):
                tables = [tiers[name] for tiers in self.alone]
                rows = [load_blind_row(table) for table in tables]
                key = name.partition(" ")[0]
                found.append(self._way(key, name, self._fixed(tables, rows)))
        return found

    def _fixed(
        self, tables: Sequence[DemandTable], rows: Sequence[int]
    ) -> tuple[Sequence[DemandTable], list[dict[int, float]]]:
        return tables, [{row: 1.0} if row >= 0 else {} for row in rows]

    def _mixed(self, mix: MixSolution) -> tuple[Sequence[DemandTable], list[dict[int, float]]]:
        return self.tables, [
            {row: share for row, share in mine.items() if share > _USED / 10} for mine in mix.shares
        ]

    def _way(
        self,
        key: str,
        name: str,
        chosen: tuple[Sequence[DemandTable], list[dict[int, float]]],
        proof: str = "",
    ) -> Way:
        tables, shares = chosen
        if not all(shares):
            nothing = tuple(math.inf for _ in tables)
            zero = tuple(0.0 for _ in tables[0].stations)
            return Way(key, name, math.inf, nothing, tuple(() for _ in tables), zero, proof)
        sums = [sum(mine.values()) for mine in shares]
        delay = [
            sum(x * float(t.delay_s[r]) for r, x in mine.items()) / total
            for t, mine, total in zip(tables, shares, sums, strict=True)
        ]
        work = np.array([
            sum(x * t.work_s[r] for r, x in mine.items()) / total
            for t, mine, total in zip(tables, shares, sums, strict=True)
        ])  # fmt: skip
        rates = np.array([t.arrival_per_s for t in tables])
        offered, servers = rates @ work, np.asarray(tables[0].servers, dtype=np.float64)
        stable = offered < servers
        h = np.where(stable, Stations(servers).sojourn(np.where(stable, offered, 0.0)), np.inf)
        spent = np.where(work > 0.0, work, 0.0) * np.where(work > 0.0, h, 0.0)
        means = tuple(float(m) for m in np.array(delay) + spent.sum(axis=1))
        value = rates * np.array(self.weights)
        mean = float(value @ np.array(means)) / float(value.sum())
        return Way(
            key,
            name,
            mean,
            means,
            tuple(
                self._labelled(k, t, mine)
                for k, (t, mine) in enumerate(zip(tables, shares, strict=True))
            ),
            tuple(float(a / c) for a, c in zip(offered, servers, strict=True)),
            proof or self._broken(tables, shares, rates),
        )

    def _broken(
        self,
        tables: Sequence[DemandTable],
        shares: Sequence[Mapping[int, float]],
        rates: Floats,
    ) -> str:
        """Name the limits that a way which does not look at them breaks."""
        names = {"energy_device_j": "device energy", "accuracy_drop_pp": "accuracy loss"}
        broken = []
        for name, limit in self.budgets.limits().items():
            each = [
                sum(x * float(t.metrics[name][r]) for r, x in mine.items()) / sum(mine.values())
                for t, mine in zip(tables, shares, strict=True)
            ]
            if not float(rates @ np.array(each)) / float(rates.sum()) <= limit * (1.0 + _USED):
                broken.append(names[name])
        return f"breaks the limit on {' and '.join(broken)}" if broken else ""

    def _labelled(
        self, owner: int, table: DemandTable, mine: Mapping[int, float]
    ) -> tuple[Share, ...]:
        scenario = self.scenarios[owner]
        designs = [table.designs.design(int(table.rows[row])) for row in mine]
        labels = distinct_labels(scenario.dnn, designs, self.case.catalog())
        total = sum(mine.values())
        return tuple(
            Share(
                label, float(share / total), Case(scenario, design, self.case.user_data).to_json()
            )
            for label, design, share in zip(labels, designs, mine.values(), strict=True)
        )

    def _claims(
        self, ways: Sequence[Way], stations: tuple[str, ...], bound: float
    ) -> tuple[MixClaim, ...]:
        names = tuple(row.name for row in self.rows)
        rates = [s.population_count * s.arrival_per_s for s in self.scenarios]
        found = []
        for way in ways:
            parts = tuple(
                (owner, share.case, share.share)
                for owner, mine in enumerate(way.shares)
                for share in mine
            )
            plain_mean = _dot(rates, way.class_mean_s) / sum(rates)
            least = bound if way.key == "system" and len(set(self.weights)) == 1 else math.nan
            busy = tuple(zip(stations, way.busy, strict=True))
            found.append(
                MixClaim(way.name, parts, names, plain_mean, way.class_mean_s, busy, least)
            )
        return tuple(found)


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(first, second, strict=True))


def _toll_words(toll: float) -> str:
    """Write a toll; below the rounding of the search it is nothing."""
    return format_quantity(toll, "1", 3) if toll >= _FELT else f"under {_FELT}"


def _pure(rows: Sequence[int]) -> list[dict[int, float]]:
    return [{row: 1.0} for row in rows]
