"""Random numbers of a run: service times, token lengths and arrival instants."""

from __future__ import annotations

__all__ = ["Flags", "Stream", "arrival_times", "draw", "draw_tokens"]

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic_models.simulation.network import Arrivals
from analytic_models.simulation.parts import Service, TokenLength

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# A run must average over phases, so they change every 4 to 8 periods; the first two periods after
# a change still remember the old phases and are not counted.
_PHASE_PERIODS = (4, 8)
_PHASE_CHANGES = 80
_PHASE_TRANSIENT = 2


def draw(service: Service, rng: np.random.Generator, size: int) -> Floats:
    """Return ``size`` independent service times in seconds.

    Examples
    --------
    >>> draw(Service("deterministic", 0.5), np.random.default_rng(1), 3)
    array([0.5, 0.5, 0.5])
    """
    work = _drawn_once(service, rng, size)
    if service.repeat_frac > 0:
        work = work * rng.geometric(1 - service.repeat_frac, size)
    return work


def _drawn_once(service: Service, rng: np.random.Generator, size: int) -> Floats:
    mean, scv = service.mean_s, service.scv
    match service.kind:
        case "deterministic":
            return np.full(size, mean)
        case "exponential":
            return rng.standard_exponential(size) * mean
        case "lognormal":
            variance = math.log1p(scv)
            return rng.lognormal(math.log(mean) - variance / 2, math.sqrt(variance), size)
        case "hyperexponential":
            # Balanced means: both phases carry half of the mean.
            often = 0.5 * (1 + math.sqrt((scv - 1) / (scv + 1)))
            means = np.where(rng.random(size) < often, 0.5 / often, 0.5 / (1 - often))
            return rng.standard_exponential(size) * (mean * means)
        case _:
            return rng.standard_gamma(1 / scv, size) * (mean * scv)


def draw_tokens(length: TokenLength, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    """Return ``size`` independent whole numbers of tokens, each at least 1."""
    match length.kind:
        case "constant":
            return np.full(size, round(length.mean), dtype=np.int64)
        case "geometric":
            return rng.geometric(1 / length.mean, size)
        case _:
            variance = math.log1p(length.scv)
            drawn = rng.lognormal(math.log(length.mean) - variance / 2, math.sqrt(variance), size)
            return np.maximum(np.rint(drawn), 1).astype(np.int64)


class Stream(NamedTuple):
    """Arrivals in order of time.

    Attributes
    ----------
    times
        Seconds, ascending, shape ``(n,)``.
    counted
        False for arrivals just after periodic sources changed their phases.
    source
        Which source sent the request, from 0.
    """

    times: Floats
    counted: Flags
    source: NDArray[np.int64]


def arrival_times(arrivals: Arrivals, rng: np.random.Generator, requests: int) -> Stream:
    """Return the first ``requests`` arrivals, each with the source that sent it."""
    sources = arrivals.sources
    match arrivals.kind:
        case "poisson":
            times = np.cumsum(rng.standard_exponential(requests)) / arrivals.rate_per_s
            return _all_counted(times, rng.integers(sources, size=requests))
        case "periodic":
            return _periodic(arrivals, rng, requests)
        case "synchronised":
            number = np.arange(requests)
            times = (number // sources).astype(np.float64) * arrivals.period_s
            source = number % sources
            if arrivals.spread_s:
                times = times + rng.random(requests) * arrivals.spread_s
                order = np.argsort(times, kind="stable")
                times, source = times[order], source[order]
            return _all_counted(times, source)
        case _:
            return _renewal(arrivals, rng, requests)


def _all_counted(times: Floats, source: NDArray[np.int64]) -> Stream:
    return Stream(times, np.ones(times.size, dtype=np.bool_), source)


def _periodic(arrivals: Arrivals, rng: np.random.Generator, requests: int) -> Stream:
    sources = arrivals.sources
    periods = -(-requests // sources)
    low, high = _PHASE_PERIODS
    length = min(max(periods // _PHASE_CHANGES, low), high)
    phases = rng.random((-(-periods // length), sources))
    order = np.argsort(phases, axis=1)
    phases = np.take_along_axis(phases, order, axis=1)
    cycle = np.arange(periods)
    times = (cycle[:, None] + phases[cycle // length]) * arrivals.period_s
    counted = np.repeat(cycle % length >= _PHASE_TRANSIENT, sources)
    source = order[cycle // length].ravel()
    return Stream(times.ravel()[:requests], counted[:requests], source[:requests])


def _renewal(arrivals: Arrivals, rng: np.random.Generator, requests: int) -> Stream:
    gaps = Service(arrivals.gap_kind, arrivals.period_s, arrivals.scv)
    sources = arrivals.sources
    if sources == 1:
        times = np.cumsum(draw(gaps, rng, requests))
        return _all_counted(times, np.zeros(requests, np.int64))
    # Only what lies before the last instant that every source has reached is complete.
    each = requests / sources
    count = math.ceil(each + 4 * math.sqrt(each * max(arrivals.scv, 1.0)) + 8)
    streams = (rng.random(sources) * arrivals.period_s)[:, None]
    complete = np.zeros(streams.shape, np.bool_)
    while int(complete.sum()) < requests:
        more = np.cumsum(draw(gaps, rng, count * sources).reshape(sources, count), axis=1)
        streams = np.concatenate([streams, streams[:, -1:] + more], axis=1)
        complete = streams <= streams[:, -1].min()
    source, _ = np.nonzero(complete)
    times = streams[complete]
    order = np.argsort(times, kind="stable")[:requests]
    return _all_counted(times[order], source[order])
