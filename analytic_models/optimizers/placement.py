"""The best single design by looking at every one, with the reasons for the choice."""

from __future__ import annotations

__all__ = ["optimize", "pareto_front", "requirements"]

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analytic_models.batch import batch_of
from analytic_models.catalog import Catalog
from analytic_models.design import Case, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import QUANTITIES, Evaluation, evaluate, run_batch
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.funnel import funnel_of, meets, nearest_miss
from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.solution import (
    Binding,
    Constraint,
    Solution,
)
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

# Percentiles of the screening stay within this share of the exact ones on chains; designs nearer
# to the best or to a limit than this are evaluated exactly before anything is decided.
SCREENING_MARGIN = 0.35
# Few designs are evaluated exactly at first, as the first often decide, then twice as many.
_EXACT_AT_FIRST, _EXACT_AT_ONCE, _EXACT_AT_MOST = 16, 512, 20_000
_SCREENED = (
    "latency_p50_s",
    "latency_p95_s",
    "latency_p99_s",
    "latency_p999_s",
    "latency_level_s",
    "latency_required_s",
    "deadline_miss_frac",
)
_PLACES = ("cut1", "cut2", "device_precision", "edge_precision", "cloud_precision")
_MAXIMISED = ("accuracy_frac", "accuracy_low_frac", "accuracy_high_frac")
_ALWAYS = (
    Constraint("stable_flag", 1.0, ">=", "every queue stays finite"),
    Constraint("memory_frac", 1.0, "<=", "weights and activations fit in memory"),
)


def _always(scenario: Scenario) -> tuple[Constraint, ...]:
    """Return the constraints that always hold."""
    # Blocks whose time was measured on a machine ran there, so they fit.
    return _ALWAYS[:1] if scenario.timing == "measured" else _ALWAYS


KEPT = (
    "latency_mean_s",
    "latency_required_s",
    "energy_device_j",
    "energy_total_j",
    "cost_usd",
    "carbon_gco2e",
    "accuracy_frac",
    "accuracy_drop_pp",
    "exposed_frac",
    "bottleneck_utilisation_frac",
)


def requirements(scenario: Scenario) -> tuple[Constraint, ...]:
    """Return the requirements of a scenario as constraints, the always valid ones first."""
    found = list(_always(scenario))
    if scenario.raw_input_stays_flag:
        found.append(
            Constraint("raw_input_leaves_flag", 0.0, "<=", "the raw input stays on the device")
        )
    found.append(
        Constraint(
            "latency_required_s",
            scenario.deadline_s,
            "<=",
            f"the deadline at {scenario.deadline_at}",
        )
    )
    for quantity, limit, words in (
        ("energy_device_j", scenario.energy_max_j, "the device's energy"),
        ("accuracy_drop_pp", scenario.accuracy_drop_max_pp, "the accuracy that may be lost"),
        ("cost_usd", scenario.cost_max_usd, "the cost"),
    ):
        if limit is not None:
            found.append(Constraint(quantity, limit, "<=", words))
    return tuple(found)


def _constraints(
    subject_to: Mapping[str, float] | Sequence[Constraint] | None, scenario: Scenario
) -> tuple[Constraint, ...]:
    if subject_to is None:
        return requirements(scenario)
    if isinstance(subject_to, Mapping):
        given = tuple(
            Constraint(
                name, limit, ">=" if name in _MAXIMISED else "<=", QUANTITIES[name][0].lower()
            )
            for name, limit in subject_to.items()
            if name in QUANTITIES
        )
        unknown = [name for name in subject_to if name not in QUANTITIES]
        if unknown:
            raise DesignError(
                [
                    Problem(f"subject_to.{n}", "is not a quantity", ", ".join(QUANTITIES))
                    for n in unknown
                ]
            )
        return (*_always(scenario), *given)
    return (*_always(scenario), *(c for c in subject_to if c not in _ALWAYS))


def _slack(constraint: Constraint) -> float:
    return SCREENING_MARGIN if constraint.quantity in _SCREENED else 0.0


def optimize(
    scenario: Scenario | Case,
    minimise: str = "latency_required_s",
    subject_to: Mapping[str, float] | Sequence[Constraint] | None = None,
    over: Space | None = None,
    catalog: Catalog | None = None,
) -> Solution:
    """Find the best design of a space by evaluating every one.

    Parameters
    ----------
    scenario
        What is given; of a case also the user's data, while its design does not matter.
    minimise
        Quantity to minimise; accuracies are maximised.
    subject_to
        Quantity to its limit (accuracies: at least, others: at most), or constraints. By default
        the requirements of the scenario. Stability and memory always hold.
    over
        Space of designs; by default every precision and encoding that the scenario offers.

    Returns
    -------
    Solution
        Infeasible is a result, not an error.

    Raises
    ------
    DesignError
        If a name is not a quantity or the space is empty.

    Notes
    -----
    Percentiles are screened with three cumulants; every design that could still be the best is then
    evaluated by transform inversion.
    """
    begun = time.perf_counter()
    if isinstance(scenario, Case):
        catalog, scenario = scenario.catalog(catalog), scenario.scenario
    if minimise not in QUANTITIES:
        raise DesignError(
            Problem("minimise", f"{minimise!r} is not a quantity", ", ".join(QUANTITIES))
        )
    constraints = _constraints(subject_to, scenario)
    space = over or default_space(scenario, catalog)
    designs = enumerate_designs(scenario, space, catalog)
    wanted = tuple(dict.fromkeys((minimise, *(c.quantity for c in constraints), *KEPT)))
    screened = run_batch(batch_of(scenario, designs, catalog=catalog), wanted)
    sign = -1.0 if minimise in _MAXIMISED else 1.0
    objective = sign * screened[minimise]
    met = np.stack([meets(screened[c.quantity], c) for c in constraints])
    search = _Search(scenario, designs, minimise, sign, constraints, catalog)
    loose = np.stack([meets(screened[c.quantity], c, _slack(c)) for c in constraints])
    candidates = np.asarray(loose.all(axis=0))
    best, missed = search.best(objective, candidates)
    funnel = funnel_of(constraints, met, screened, objective, minimise)
    feasible = np.flatnonzero(met.all(axis=0) & np.isfinite(objective))
    certificate = search.certificate(best, missed)
    if best is None:
        return Solution(
            "infeasible",
            minimise,
            sign < 0,
            constraints,
            None,
            certificate,
            funnel,
            (),
            None,
            nearest_miss(screened, constraints, designs, scenario),
            screened,
            feasible,
            time.perf_counter() - begun,
            space.left_out,
        )
    alone = evaluate(Case(scenario, designs.design(best)), catalog=catalog)
    other = search.runner_up(objective, candidates, best)
    return Solution(
        "optimal",
        minimise,
        sign < 0,
        constraints,
        alone,
        certificate,
        funnel,
        search.binding(objective, loose, best),
        other,
        None,
        screened,
        feasible,
        time.perf_counter() - begun,
        space.left_out,
    )


class _Search:
    """Exact evaluation of the candidates that screening cannot rule out."""

    def __init__(
        self,
        scenario: Scenario,
        designs: DesignSet,
        minimise: str,
        sign: float,
        constraints: tuple[Constraint, ...],
        catalog: Catalog | None,
    ) -> None:
        self.scenario, self.designs, self.minimise, self.sign = scenario, designs, minimise, sign
        self.constraints, self.catalog = constraints, catalog
        tails = {minimise, *(c.quantity for c in constraints)} & set(_SCREENED)
        self.needs_exact = bool(tails) and not (
            tails == {"latency_required_s"} and scenario.deadline_at == "mean"
        )
        self.margin = SCREENING_MARGIN if minimise in _SCREENED else 0.0
        self.exact = 0
        self._cache: dict[int, tuple[float, tuple[bool, ...]]] = {}

    def _evaluate(self, rows: Sequence[int]) -> None:
        new = [row for row in rows if row not in self._cache]
        if not new:
            return
        wanted = tuple(dict.fromkeys((self.minimise, *(c.quantity for c in self.constraints))))
        batch = batch_of(
            self.scenario,
            self.designs.take(np.asarray(new)),
            exact_tail=self.needs_exact,
            catalog=self.catalog,
        )
        result = run_batch(batch, wanted)
        met = [meets(result[c.quantity], c) for c in self.constraints]
        for i, row in enumerate(new):
            self._cache[row] = (
                self.sign * float(result[self.minimise][i]),
                tuple(bool(m[i]) for m in met),
            )
        if self.needs_exact:
            self.exact += len(new)

    def best(
        self, objective: Floats, candidates: Bools, ignore: int | None = None
    ) -> tuple[int | None, float]:
        """Return the best row that truly is feasible, and a bound on the rows not looked at.

        The bound is infinite unless there were more rows than are evaluated at most.
        """
        rows = np.flatnonzero(candidates & np.isfinite(objective))
        order = rows[np.argsort(objective[rows], kind="stable")]
        # No exact value lies further below the screened one.
        bounds = np.where(
            objective[order] > 0.0, objective[order] / (1.0 + self.margin), objective[order]
        )
        found, found_value = None, np.inf
        start, size = 0, _EXACT_AT_FIRST
        while start < len(order) and bounds[start] < found_value:
            if start >= _EXACT_AT_MOST:
                return found, float(bounds[start])
            chunk = order[start : start + size]
            self._evaluate([int(row) for row in chunk])
            for row in chunk:
                value, met = self._cache[int(row)]
                ok = all(m for i, m in enumerate(met) if i != ignore)
                if ok and value < found_value:
                    found, found_value = int(row), value
            start, size = start + size, min(2 * size, _EXACT_AT_ONCE)
        return found, np.inf

    def certificate(self, best: int | None, missed: float) -> Certificate:
        """Say what was looked at, and what the designs beyond the most that are could still win."""
        count = len(self.designs)
        words = f"every one of {count:,} designs was evaluated"
        if self.exact:
            words += (
                f"; percentiles of the {self.exact:,} that could be best by transform inversion"
            )
        if np.isinf(missed):
            return Certificate("exact", "enumeration", words, 0.0, count)
        words += ", where the search stopped"
        if best is None:
            return Certificate("heuristic", "enumeration", words, None, count)
        return Certificate("gap", "enumeration", words, self._cache[best][0] - missed, count)

    def runner_up(self, objective: Floats, candidates: Bools, best: int) -> Evaluation | None:
        """Return the best design that differs in a cut or a precision."""
        other = np.zeros_like(candidates)
        for name in _PLACES:
            key = np.asarray(getattr(self.designs, name))
            other |= key != key[best]
        second, _ = self.best(objective, candidates & other)
        if second is None:
            return None
        return evaluate(Case(self.scenario, self.designs.design(second)), catalog=self.catalog)

    def binding(self, objective: Floats, loose: Bools, best: int) -> tuple[Binding, ...]:
        """Return the constraints without which a better design would exist."""
        found = []
        best_value = self._cache[best][0]
        for i, constraint in enumerate(self.constraints):
            if constraint in _ALWAYS:
                continue
            others = np.asarray(np.delete(loose, i, axis=0).all(axis=0))
            row, _ = self.best(objective, others, ignore=i)
            if row is None:
                continue
            value = self._cache[row][0]
            if value < best_value - 1e-9 * abs(best_value):
                case = Case(self.scenario, self.designs.design(row))
                at = evaluate(case, [constraint.quantity], catalog=self.catalog).value(
                    constraint.quantity
                )
                found.append(Binding(constraint, at, self.sign * value, case))
        return tuple(found)


def pareto_front(solution: Solution, objectives: Sequence[str]) -> NDArray[np.int64]:
    """Return the feasible candidates of a solution that no other one beats in every objective.

    Parameters
    ----------
    solution
        Result of :func:`optimize`; its candidates are not evaluated again.
    objectives
        Two to four quantities that the solution kept; accuracies are maximised, others minimised.

    Returns
    -------
    Row numbers of ``solution.screened``, in ascending order of the first objective.

    Raises
    ------
    DesignError
        If a quantity was not kept.
    """
    rows = np.asarray(solution.feasible, dtype=np.int64)
    if not len(rows):
        return rows
    points = np.stack([solution.screened[name][rows] for name in objectives], axis=1)
    mask = pareto_mask(points, maximise=[name in _MAXIMISED for name in objectives])
    front = rows[mask]
    return np.asarray(front[np.argsort(solution.screened[objectives[0]][front], kind="stable")])
