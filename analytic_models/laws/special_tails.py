"""Percentiles of chains that hold a batching tier, a fading link or patterned sources.

Such a station has a law of its own kind: a batch and a burst are spread over steps rather than
smoothly. Smooth stations go through transform inversion as in
:mod:`analytic_models.laws.percentiles`; the steps are added afterwards, each with its probability.
"""

from __future__ import annotations

__all__ = ["SpecialTail", "special_exceedance", "special_quantile", "special_tail"]

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.special_stations import ChainInputs, StationTime, Steps, station_times
from analytic_models.laws.transforms import Branch, StationLaw, mixture_exceedance, mixture_quantile
from analytic_models.units import Array, Count, Frac, PerS, Pure, S

Floats = NDArray[np.float64]

_STEPS = 400
_GRID = 160
_NEVER = 1e-13
# The last step itself must lie inside the search in spite of rounding.
_BEYOND = 1.0 + 1e-9
_REACH = 14.0
# Each pass narrows the bracket to one of its parts: 16 to the sixth in all.
_PASSES, _POINTS = 6, 17
# More ways than these are tabulated: a search through their transforms would cost more.
_FEW = 3


class _Way:
    """One path of a request: a branch of constant and smooth laws, and steps on top of it."""

    def __init__(self, branch: Branch, steps: Steps) -> None:
        self.branch, self.steps = branch, steps
        self.share, self.shift = float(branch.share), float(branch.shift)
        self.plain = len(steps.values) == 1 and len(branch.stations) > 0
        self.mean = math.fsum(float(np.asarray(law.mean)) for law in branch.stations)
        variance = math.fsum(float(np.asarray(law.variance)) for law in branch.stations)
        self.spread = math.sqrt(variance)

    @property
    def end(self) -> float:
        """A time that next to no request exceeds."""
        end = self.shift + float(self.steps.values[-1]) + self.mean + _REACH * self.spread
        return end * _BEYOND

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Logarithm of the exceedance of the smooth part, closer points where it bends most."""
        grid = (self.mean + _REACH * self.spread) * np.linspace(0.0, 1.0, _GRID) ** 2
        bare = Branch(1.0, 0.0, self.branch.stations)
        above = np.asarray(mixture_exceedance([bare], grid), dtype=float)
        return grid, np.log(np.maximum(np.minimum.accumulate(above), _NEVER))

    def exceedance(self, times: Floats) -> Floats:
        """Return the probability of exceeding each time, shape (k,)."""
        if not math.isfinite(self.end):
            return np.full_like(times, math.nan if math.isnan(self.end) else 1.0)
        age = times[:, np.newaxis] - self.shift - self.steps.values
        if not self.branch.stations:
            return np.asarray(np.where(age < 0.0, 1.0, 0.0) @ self.steps.weights, dtype=float)
        # Tails fall like exponentials: between two points their logarithms are nearly straight.
        smooth = np.exp(np.interp(age, *self._table, left=0.0, right=-np.inf))
        return np.asarray(np.where(age < 0.0, 1.0, smooth) @ self.steps.weights, dtype=float)


class SpecialTail:
    """Distribution of the latency of one case."""

    def __init__(self, ways: Sequence[_Way]) -> None:
        self._ways = tuple(ways)
        self._plain = len(self._ways) <= _FEW and all(way.plain for way in self._ways)
        self._known = all(math.isfinite(way.end) for way in self._ways)

    def exceedance(self, times: Floats) -> Floats:
        """Return the probability of exceeding each time, shape (k,)."""
        above = np.zeros(len(times))
        if self._plain and self._known:
            found = mixture_exceedance([way.branch for way in self._ways], times)
            return np.asarray(found, dtype=float)
        for way in self._ways:
            above = above + way.share * way.exceedance(times)
        return np.clip(above, 0.0, 1.0)

    def quantile(self, level: float) -> float:
        """Return the time that a share ``level`` of the requests does not exceed."""
        low, high = 0.0, max((way.end for way in self._ways), default=0.0)
        if not self._known:
            unknown = any(math.isnan(way.end) for way in self._ways)
            return math.nan if unknown else math.inf
        if level >= 1.0:
            return math.inf
        if self._plain:
            return float(np.asarray(mixture_quantile([way.branch for way in self._ways], level)))
        for _ in range(_PASSES):
            points = np.linspace(low, high, _POINTS)
            place = int(np.argmax(self.exceedance(points) <= 1.0 - level))
            low, high = float(points[max(place - 1, 0)]), float(points[place])
        return high


def special_quantile(
    device_arrival: PerS,
    device_service: S,
    device_shared: Pure,
    remote_arrival: PerS,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_servers: Count,
    cloud_arrival: PerS,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_servers: Count,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    population: Count,
    arrival_scv: Pure,
    periodic: Pure,
    synchronised: Pure,
    bursty: Pure,
    edge_batch: Pure,
    edge_each: S,
    cloud_batch: Pure,
    cloud_each: S,
    fading: Pure,
    slow_share: Frac,
    slow_rate: Frac,
    dwell: S,
    loss: Frac,
    edge_priority: Pure,
    edge_interrupts: Pure,
    cloud_priority: Pure,
    cloud_interrupts: Pure,
    urgent: Frac,
    asked: Frac,
    edge_places: Count,
    cloud_places: Count,
    elastic: Pure,
    cold_start: S,
    keep_alive: S,
    level: Frac,
) -> S:
    r"""Percentile of the latency where a tier batches, the link fades or sources keep a pattern.

    .. math:: P(T > t) = \sum_b\phi_b\sum_i p_{b,i}\,P\left(X_b > t - d_b - x_{b,i}\right) = 1-p

    Parameters
    ----------
    population, arrival_scv
        Devices, and the squared coefficient of variation of one device's gaps.
    periodic, synchronised, bursty
        1 for that pattern of the sources.
    edge_batch, edge_each, cloud_batch, cloud_each
        1 where the tier batches, and the time that one more request adds to a batch.
    fading, slow_share, slow_rate, dwell
        1 for a fading uplink, its slow share of time, slow over fast rate, length of slow spells.
    loss
        Share of uplink transmissions that are lost and repeated.
    edge_priority, edge_interrupts, cloud_priority, cloud_interrupts
        1 where urgent requests go first, and 1 where they also interrupt.
    urgent, asked
        Share of urgent requests among all, and among those asked about.
    edge_places, cloud_places
        Requests that fit into a tier, infinite without a limit; shares are of the answered ones.
    elastic, cold_start, keep_alive
        1 where the cloud starts machines on demand, how long that takes, and how long it keeps one.
    level
        Probability below the percentile; the others as for
        :func:`analytic_models.laws.percentiles.chain_branches`.

    Notes
    -----
    Stations are taken as independent, places in a burst as the same at every station. Batches by
    the exact chain up to load 0.75, by three cumulants beyond.

    References
    ----------
    abate-whitt-2006, inoue-2021

    Examples
    --------
    >>> near = (5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.1, 0.0, 1.0)
    >>> far = (5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 4.0, 1.0)
    >>> plain = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    >>> alike = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, math.inf, math.inf, 0.0, 0.0, 0.0)
    >>> round(float(special_quantile(*near, *far, *plain, *alike, 0.99)), 3)
    0.4
    """
    values = tuple(locals().values())
    return _each_case(values, False)


def special_exceedance(
    device_arrival: PerS,
    device_service: S,
    device_shared: Pure,
    remote_arrival: PerS,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_servers: Count,
    cloud_arrival: PerS,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_servers: Count,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    population: Count,
    arrival_scv: Pure,
    periodic: Pure,
    synchronised: Pure,
    bursty: Pure,
    edge_batch: Pure,
    edge_each: S,
    cloud_batch: Pure,
    cloud_each: S,
    fading: Pure,
    slow_share: Frac,
    slow_rate: Frac,
    dwell: S,
    loss: Frac,
    edge_priority: Pure,
    edge_interrupts: Pure,
    cloud_priority: Pure,
    cloud_interrupts: Pure,
    urgent: Frac,
    asked: Frac,
    edge_places: Count,
    cloud_places: Count,
    elastic: Pure,
    cold_start: S,
    keep_alive: S,
    threshold: S,
) -> Frac:
    r"""Probability that the latency exceeds a threshold, where a tier batches or a link fades.

    .. math:: P(T > t) = \sum_b\phi_b\sum_i p_{b,i}\,P\left(X_b > t - d_b - x_{b,i}\right)

    Parameters
    ----------
    threshold
        Time that should not be exceeded [s]; the others as for :func:`special_quantile`.

    References
    ----------
    abate-whitt-2006, inoue-2021

    Examples
    --------
    >>> near = (5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.1, 0.0, 1.0)
    >>> far = (5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 4.0, 1.0)
    >>> plain = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    >>> alike = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, math.inf, math.inf, 0.0, 0.0, 0.0)
    >>> float(special_exceedance(*near, *far, *plain, *alike, 0.05))
    1.0
    """
    values = tuple(locals().values())
    return _each_case(values, True)


def special_tail(values: Sequence[float]) -> SpecialTail:
    """Return the distribution of one case, remembered for a while.

    Parameters
    ----------
    values
        The inputs of :func:`special_quantile` without the level.
    """
    return _tail(tuple(float(value) for value in values))


def _each_case(values: tuple[Array, ...], above: bool) -> Array:
    """Answer every case, those that differ in the asked value alone together."""
    *inputs, asked = (np.asarray(value, dtype=float) for value in values)
    shape = np.broadcast_shapes(*(value.shape for value in inputs), asked.shape)
    if all(value.ndim == 0 for value in inputs):
        tail = special_tail([float(value) for value in inputs])
        flat = asked.ravel()
        if above:
            return tail.exceedance(flat).reshape(shape)[()]
        return np.array([tail.quantile(float(q)) for q in flat]).reshape(shape)[()]
    rows = np.stack([np.broadcast_to(value, shape).ravel() for value in inputs], axis=1)
    wanted = np.broadcast_to(asked, shape).ravel()
    found = np.empty(len(rows))
    for at, row in enumerate(rows.tolist()):
        tail = special_tail(row)
        one = float(wanted[at])
        found[at] = tail.exceedance(np.array([one]))[0] if above else tail.quantile(one)
    return found.reshape(shape)


@lru_cache(maxsize=2_048)
def _tail(values: tuple[float, ...]) -> SpecialTail:
    case = ChainInputs(*values)
    with np.errstate(all="ignore"):
        paths: list[tuple[float, float, list[StationTime]]] = []
        for of, first in case.classes:
            device, uplink, edge, backhaul, cloud = station_times(case, first)
            near, middle = [device], [device, uplink, edge]
            far = [*middle, backhaul, cloud]
            reaching = case.remote * case.onward
            paths += [
                (of * (1.0 - case.remote), 0.0, near),
                (of * case.remote * (1.0 - case.onward), case.uplink_fixed, middle),
                (of * reaching, case.uplink_fixed + case.backhaul_fixed, far),
            ]
        ways = [way for path in paths if path[0] > 0.0 for way in _spelt_out(*path)]
        return SpecialTail([_way(*way) for way in ways])


def _spelt_out(
    share: float, fixed: float, times: list[StationTime]
) -> list[tuple[float, float, list[StationTime]]]:
    """Return a way for every combination of the options that its stations have."""
    ways = [(share, fixed, list[StationTime]())]
    for time in times:
        for way in ways:
            way[2].append(time)
        if time.options:
            ways = [
                (before * chance, fixed, [*stations, option])
                for before, _, stations in ways
                for chance, option in time.options
            ]
    return ways


def _way(share: float, fixed: float, times: list[StationTime]) -> _Way:
    shift = fixed + math.fsum(time.shift for time in times)
    laws = [law for time in times for law in time.laws]
    steps = Steps(np.zeros(1), np.ones(1))
    place: Steps | None = None
    for time in times:
        more = time.steps
        if time.mixes and place is not None:
            more, place = (*more, place), None
        place = time.place or place
        for other in more:
            steps = _joined(steps, other)
    if place is not None:
        steps = _joined(steps, place)
    shift += math.fsum(float(np.asarray(law.shift)) for law in laws)
    moving = [
        StationLaw(law.transform, law.mean, law.variance, law.skew, 0.0, law.atom)
        for law in laws
        if float(np.asarray(law.mean)) != 0.0
    ]
    only = float(steps.values[0]) if len(steps.values) == 1 else 0.0
    steps = Steps(steps.values - only, steps.weights)
    return _Way(Branch(share, shift + only, moving), steps)


def _joined(first: Steps, second: Steps) -> Steps:
    """Sum of two independent steps, again with a bounded number of values."""
    values = np.add.outer(first.values, second.values).ravel()
    weights = np.multiply.outer(first.weights, second.weights).ravel()
    if len(values) <= 2 * _STEPS:
        order = np.argsort(values)
        return Steps(values[order], weights[order])
    edges = np.linspace(values.min(), values.max(), 2 * _STEPS)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 1)
    mass: Floats = np.bincount(place, weights, len(edges)).astype(np.float64)
    moment = np.bincount(place, weights * values, len(edges))
    kept = mass > 0.0
    return Steps(moment[kept] / mass[kept], mass[kept])
