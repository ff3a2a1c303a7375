"""Designs, slices of the uplink and edge servers of several classes, chosen together."""

from __future__ import annotations

__all__ = ["Allocation", "allocate", "allocate_tables"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytic_models.catalog import Catalog
from analytic_models.design import Scenario
from analytic_models.optimizers.allocation import capacity_split, server_count
from analytic_models.optimizers.certificate import Certificate, Kind
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix_result import check_shared
from analytic_models.optimizers.population import class_tables
from analytic_models.optimizers.protocols import DemandTable, FloatArray, IntArray

_MOST = 2_000_000  # choices that are enumerated at most
_BLOCK = 1 << 16
_STEPS = 50
_FULLEST = 1.0 - 1e-12


@dataclass(frozen=True)
class Allocation:
    """One design per class, with the slices and servers that suit them best.

    Parameters
    ----------
    rows
        Shape (K,): row of each class's table, −1 if every choice overloads something.
    split
        Shape (K,): share of the uplink that each class gets as its own slice.
    edge_servers
        Servers at the edge site.
    mean_s
        Mean latency over all requests, s.
    cost
        Latency of all requests plus the price of the servers, s per s.
    alternating_rows, alternating_cost, alternating_gap
        Where choosing designs and allocating in turn ended, and its relative excess, ≥ 0.
    steps
        Turns made.
    even_cost
        Cost of the best designs found by turns with equal slices and as many servers as now.
    certificate
        Exact by enumeration, or the gap to a proven bound.
    """

    rows: IntArray
    split: FloatArray
    edge_servers: int
    mean_s: float
    cost: float
    alternating_rows: IntArray
    alternating_cost: float
    alternating_gap: float
    steps: int
    even_cost: float
    certificate: Certificate


def allocate(
    scenarios: Scenario | Sequence[Scenario],
    server_price: float | None = None,
    catalog: Catalog | None = None,
) -> Allocation:
    """Choose designs, slices of the uplink and edge servers for classes that share both.

    Parameters
    ----------
    scenarios
        One scenario, or one per class; they share hops, edge site and cloud.
    server_price
        Latency (seconds of all requests per second) that one more edge server must save to be
        worth it; by default the number of servers stays as the scenario states it.

    Raises
    ------
    DesignError
        If the scenarios differ in what they share, or a class has no feasible design.
    """
    several = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    tables, _ = class_tables(several, catalog)
    return allocate_tables(tables, "uplink", "edge", server_price)


def allocate_tables(
    classes: Sequence[DemandTable], link: str, site: str, server_price: float | None = None
) -> Allocation:
    """Choose one design per class, slices of one station and servers of another.

    A slice φ of the link serves a class as a station of its own at speed φ. For given designs the
    best slices are Kleinrock's square-root rule and the best number of servers is found by
    descent; both are optimal, so enumerating the designs is exact. Designs that cannot belong to
    an optimum are left out first: their own class alone, on idle stations, already costs more
    than a choice that is known.

    Parameters
    ----------
    classes
        Demand tables that share their stations.
    link, site
        Names of the sliced station (one server) and of the one whose servers are counted.
    server_price
        As in :func:`allocate`.

    Raises
    ------
    ValueError
        If the classes do not share their stations, a name is not one of theirs, or the price is
        not above 0.

    References
    ----------
    Kleinrock (1964). Communication nets. McGraw-Hill (slices).
    """
    check_shared(classes)
    if server_price is not None and not server_price > 0.0:
        raise ValueError(f"a server has a price above 0, not {server_price}")
    problem = _Joint.of(classes, link, site, server_price)
    start = np.array([int(idle.argmin()) for idle in problem.idle])
    turned, steps = problem.by_turns(start)
    even = problem.even(start)
    known = problem.cost(turned[:, None])[0]
    # From the least loading designs as well: the idle optimum may overload everything.
    light = np.array([int(work.max(axis=1).argmin()) for work in problem.work])
    other, _ = problem.by_turns(light)
    ceiling = min(known, problem.cost(other[:, None])[0])
    kept = problem.promising(ceiling)
    count = int(np.prod([float(len(rows)) for rows in kept]))
    best = turned if known <= ceiling else other
    if count <= _MOST:
        best, cost = problem.enumerate(kept, best, ceiling)
        kind: Kind = "exact"
        detail, gap = f"{count:,} choices that could be better were enumerated", 0.0
    else:
        cost, kind = ceiling, "gap"
        gap = cost - problem.bound(kept)
        detail = f"{count:,} choices are too many to enumerate; bound from idle stations"
    if any(rule != "ps" for rule in classes[0].discipline):
        kind, detail = "heuristic", f"stations treated as processor sharing; {detail}"
    if not np.isfinite(cost):
        detail = "every choice overloads a station"
        gap = 0.0
    certificate = Certificate(kind, "enumeration", detail, gap, count)
    return problem.result(best, float(cost), turned, float(known), steps, even, certificate)


@dataclass
class _Joint:
    """Loads of all designs of all classes, per second."""

    rates: FloatArray
    delay: list[FloatArray]
    work: list[FloatArray]
    idle: list[FloatArray]
    servers: FloatArray
    link: int
    site: int
    price: float | None

    @classmethod
    def of(
        cls, classes: Sequence[DemandTable], link: str, site: str, price: float | None
    ) -> _Joint:
        names = list(classes[0].stations)
        if link not in names or site not in names:
            raise ValueError(f"{link!r} and {site!r} must be among {', '.join(names)}")
        rates = np.array([float(table.arrival_per_s) for table in classes])
        pairs = list(zip(rates, classes, strict=True))
        known = [
            np.isfinite(table.delay_s) & np.isfinite(table.work_s).all(axis=1) for table in classes
        ]
        delay = [
            np.where(mask, rate * table.delay_s, np.inf)
            for (rate, table), mask in zip(pairs, known, strict=True)
        ]
        work = [
            np.where(mask[:, None], rate * np.asarray(table.work_s), 0.0)
            for (rate, table), mask in zip(pairs, known, strict=True)
        ]
        idle = [d + w.sum(axis=1) for d, w in zip(delay, work, strict=True)]
        servers = np.asarray(classes[0].servers, dtype=np.float64)
        return cls(rates, delay, work, idle, servers, names.index(link), names.index(site), price)

    def cost(self, choice: IntArray) -> FloatArray:
        """Return the cost of choices (K, c) of one design per class, each allocated at its best."""
        delay = np.sum([d[rows] for d, rows in zip(self.delay, choice, strict=True)], axis=0)
        work = np.sum([w[rows] for w, rows in zip(self.work, choice, strict=True)], axis=0)
        roots = np.sum(
            [np.sqrt(w[rows, self.link]) for w, rows in zip(self.work, choice, strict=True)], axis=0
        )
        # Σ v / (φ − v) at the square-root slices is (Σ √v)² / (1 − Σ v).
        spare = 1.0 - work[:, self.link]
        sliced = np.where(spare > 1.0 - _FULLEST, roots**2 / np.where(spare > 0, spare, 1), np.inf)
        sliced = np.where(roots > 0.0, sliced, 0.0)
        total = np.asarray(delay + sliced)
        for place, count in enumerate(self.servers):
            if place == self.site and self.price is not None:
                total = total + self._staffed(work[:, place])
            elif place != self.link:
                total = total + self._number(work[:, place], float(count))
        return total

    @staticmethod
    def _number(work: FloatArray, servers: float) -> FloatArray:
        stable = work < servers * _FULLEST
        if servers == 1.0:
            return np.where(stable, work / np.where(stable, 1.0 - work, 1.0), np.inf)
        station = Stations(np.array(servers))
        return np.where(stable, station.number(np.where(stable, work, 0.0)), np.inf)

    def _staffed(self, work: FloatArray) -> FloatArray:
        """Return the number in the site plus the price of the best number of servers."""
        price = float(self.price or 0.0)
        best: FloatArray = np.full(len(work), np.inf)
        servers = int(np.floor(work.min())) + 1
        while True:
            # The cost is convex in the servers: stop when all have passed their best.
            cost = self._number(work, servers) + price * servers
            rising = cost > best
            best = np.minimum(best, cost)
            if rising.all():
                return best
            servers += 1

    def allocation(self, choice: IntArray) -> tuple[FloatArray, int]:
        """Return the best slices and servers of one choice."""
        work = np.stack([w[row] for w, row in zip(self.work, choice, strict=True)])
        split = capacity_split(1.0, work[:, self.link])
        count = int(self.servers[self.site])
        if self.price is not None:
            count = server_count(float(work[:, self.site].sum()), 1.0, self.price)
        return split, count

    def by_turns(self, start: IntArray) -> tuple[IntArray, int]:
        """Allocate for the designs and choose designs for the allocation until nothing improves."""
        choice, cost = start.copy(), self.cost(start[:, None])[0]
        for step in range(1, _STEPS + 1):
            split, count = self.allocation(choice)
            if np.isnan(split).any():
                split = np.full(len(choice), 1.0 / len(choice))
            following = self.respond(choice, split, count)
            reached = self.cost(following[:, None])[0]
            if np.array_equal(following, choice) or not reached < cost:
                return choice, step
            choice, cost = following, reached
        return choice, _STEPS

    def respond(self, choice: IntArray, split: FloatArray, count: int) -> IntArray:
        """Let the classes choose in turn for a fixed allocation, each knowing the others' load."""
        choice = choice.copy()
        servers = self.servers.copy()
        servers[self.site] = count
        for own in range(len(choice)):
            others = np.sum(
                [
                    w[row]
                    for k, (w, row) in enumerate(zip(self.work, choice, strict=True))
                    if k != own
                ],
                axis=0,
            ) + np.zeros(len(servers))
            load = self.work[own][:, self.link]
            spare = split[own] - load
            cost = self.delay[own] + np.where(
                spare > 0, load / np.where(spare > 0, spare, 1), np.inf
            )
            for place, c in enumerate(servers):
                if place != self.link:
                    cost = cost + self._number(self.work[own][:, place] + others[place], float(c))
            if np.isfinite(cost.min()):
                choice[own] = int(cost.argmin())
        return choice

    def even(self, start: IntArray) -> float:
        """Return the cost with equal slices and the servers of the tables."""
        split = np.full(len(start), 1.0 / len(start))
        count, choice = int(self.servers[self.site]), start
        for _ in range(_STEPS):
            following = self.respond(choice, split, count)
            if np.array_equal(following, choice):
                break
            choice = following
        work = np.stack([w[row] for w, row in zip(self.work, choice, strict=True)])
        spare = split - work[:, self.link]
        if not np.all(spare > 0.0):
            return float("inf")
        total = float(sum(d[row] for d, row in zip(self.delay, choice, strict=True)))
        total += float((work[:, self.link] / spare).sum())
        for place, c in enumerate(self.servers):
            if place != self.link:
                total += float(self._number(work[:, place].sum(keepdims=True), float(c))[0])
        return total + (self.price or 0.0) * count

    def bound(self, kept: Sequence[IntArray]) -> float:
        """Return a lower bound on every choice of the kept rows: nobody waits."""
        return float(sum(idle[rows].min() for idle, rows in zip(self.idle, kept, strict=True)))

    def promising(self, ceiling: float) -> list[IntArray]:
        """Return the rows that may belong to a choice below the ceiling."""
        alone = []
        for own, idle in enumerate(self.idle):
            rest = sum(float(other.min()) for k, other in enumerate(self.idle) if k != own)
            # Alone on all stations, the design waits for itself at least.
            single = _Joint(
                self.rates[own : own + 1], self.delay[own : own + 1], self.work[own : own + 1],
                self.idle[own : own + 1], self.servers, self.link, self.site, self.price,
            )  # fmt: skip
            cost = single.cost(np.arange(len(idle))[None]) + rest
            alone.append(np.flatnonzero(cost <= ceiling))
        return alone

    def enumerate(
        self, kept: Sequence[IntArray], best: IntArray, ceiling: float
    ) -> tuple[IntArray, float]:
        """Return the cheapest choice of the kept rows, or the known one."""
        for choice in self._blocks(kept):
            cost = self.cost(choice)
            place = int(cost.argmin())
            if cost[place] < ceiling:
                best, ceiling = choice[:, place], float(cost[place])
        return best, ceiling

    @staticmethod
    def _blocks(kept: Sequence[IntArray]) -> Iterator[IntArray]:
        shape = tuple(len(rows) for rows in kept)
        total = int(np.prod(shape))
        for start in range(0, total, _BLOCK):
            index = np.unravel_index(np.arange(start, min(start + _BLOCK, total)), shape)
            yield np.stack([rows[i] for rows, i in zip(kept, index, strict=True)])

    def result(
        self,
        best: IntArray,
        cost: float,
        turned: IntArray,
        turned_cost: float,
        steps: int,
        even: float,
        certificate: Certificate,
    ) -> Allocation:
        split, count = self.allocation(best)
        finite = np.isfinite(cost)
        paid = (self.price or 0.0) * count
        total = float(self.rates.sum())
        gap = (turned_cost - cost) / cost if finite and turned_cost > cost else 0.0
        return Allocation(
            rows=best if finite else np.full(len(best), -1),
            split=split,
            edge_servers=count,
            mean_s=(cost - paid) / total if finite else np.inf,
            cost=cost,
            alternating_rows=turned,
            alternating_cost=turned_cost,
            alternating_gap=float(gap),
            steps=steps,
            even_cost=even,
            certificate=certificate,
        )
