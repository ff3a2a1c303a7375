"""Time at single stations that batch, fade or are fed by patterned sources, as laws and steps."""

from __future__ import annotations

__all__ = ["ChainInputs", "StationTime", "Steps", "station_times"]

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.batch_chain import batch_law
from analytic_models.laws.batch_station import batch_skew, batch_variance, batch_wait
from analytic_models.laws.burst_patterns import burst_spacing, burst_wait
from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.fading_station import fading_link, fading_wait
from analytic_models.laws.inversion import Complex
from analytic_models.laws.late import special
from analytic_models.laws.lossy_stations import elastic_time, repeating_time, room_time
from analytic_models.laws.modulated_link import modulated_link_law
from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.laws.retransmission import repeated_scv
from analytic_models.laws.service_laws import gamma_law, thinned_law
from analytic_models.laws.sharing import shared_law, shared_variance
from analytic_models.laws.source_patterns import (
    bursty_wait,
    periodic_variance,
    periodic_wait,
)
from analytic_models.laws.station_laws import mgc_wait_law
from analytic_models.laws.station_time import StationTime, Steps, stretched
from analytic_models.laws.transforms import StationLaw
from analytic_models.laws.urgent_laws import others_laws, urgent_laws
from analytic_models.laws.urgent_waits import others_wait, urgent_wait

Floats = NDArray[np.float64]

_STEPS = 200
_STATIONS_KEPT = 4096
# Above these the exact chain takes seconds, and three cumulants are within 3 % of it.
_CHAIN_LOAD = 0.75
_CHAIN_BATCH = 12.0


@dataclass(frozen=True)
class ChainInputs:
    """The inputs of one chain as numbers, in the order of the laws' parameters."""

    device_arrival: float
    device_service: float
    device_shared: float
    remote_arrival: float
    uplink_service: float
    uplink_shared: float
    uplink_fixed: float
    edge_service: float
    edge_shared: float
    edge_servers: float
    cloud_arrival: float
    backhaul_service: float
    backhaul_shared: float
    backhaul_fixed: float
    cloud_service: float
    cloud_shared: float
    cloud_servers: float
    compute_scv: float
    message_scv: float
    remote: float
    onward: float
    population: float
    arrival_scv: float
    periodic: float
    synchronised: float
    bursty: float
    edge_batch: float
    edge_each: float
    cloud_batch: float
    cloud_each: float
    fading: float
    slow_share: float
    slow_rate: float
    dwell: float
    loss: float
    edge_priority: float
    edge_interrupts: float
    cloud_priority: float
    cloud_interrupts: float
    urgent: float
    asked: float
    edge_places: float
    cloud_places: float
    elastic: float
    cold_start: float
    keep_alive: float

    @property
    def classes(self) -> tuple[tuple[float, bool], ...]:
        """Share of each class among the requests asked about, and whether it goes first."""
        if not self.edge_priority > 0.0 and not self.cloud_priority > 0.0:
            return ((1.0, True),)
        return tuple(
            (share, first)
            for share, first in ((self.asked, True), (1.0 - self.asked, False))
            if share > 0.0
        )


class _Pattern(NamedTuple):
    """Which pattern the sources keep, if any."""

    periodic: bool
    synchronised: bool
    bursty: bool


def station_times(case: ChainInputs, first: bool = True) -> tuple[StationTime, ...]:
    """Time at the device and at the four shared stations, in the order of a request.

    Parameters
    ----------
    first
        Whether the request is urgent, where that counts.
    """
    pattern = _Pattern(case.periodic > 0.0, case.synchronised > 0.0, case.bursty > 0.0)
    own = (pattern, case.arrival_scv)
    device = _patterned(
        *own, case.device_arrival, case.device_service, case.compute_scv, 1.0,
        case.device_shared, 1.0, 1.0,
    )  # fmt: skip
    reaching = case.remote * case.onward
    sending_scv = case.message_scv
    if case.loss > 0.0:
        sending_scv = float(repeated_scv(case.message_scv, case.loss))
    shared = (
        (case.remote_arrival, case.uplink_service, sending_scv, 1.0,
         case.uplink_shared, case.remote),
        (case.remote_arrival, case.edge_service, case.compute_scv, case.edge_servers,
         case.edge_shared, case.remote),
        (case.cloud_arrival, case.backhaul_service, case.message_scv, 1.0,
         case.backhaul_shared, reaching),
        (case.cloud_arrival, case.cloud_service, case.compute_scv, case.cloud_servers,
         case.cloud_shared, reaching),
    )  # fmt: skip
    if case.synchronised > 0.0:
        return (device, *_burst_times(case, shared))
    found = []
    for place, (arrival, service, scv, servers, sharing, share) in enumerate(shared):
        batching = {1: case.edge_batch, 3: case.cloud_batch}.get(place, 0.0)
        each = {1: case.edge_each, 3: case.cloud_each}.get(place, 0.0)
        ahead = {1: case.edge_priority, 3: case.cloud_priority}.get(place, 0.0)
        if ahead > 0.0:
            interrupts = {1: case.edge_interrupts, 3: case.cloud_interrupts}[place]
            station = (arrival, service, scv, servers, case.urgent, interrupts)
            found.append(_class_time(station, first))
        elif place == 3 and case.elastic > 0.0:
            found.append(elastic_time(arrival, service, scv, case.cold_start, case.keep_alive))
        elif math.isfinite({1: case.edge_places, 3: case.cloud_places}.get(place, math.inf)):
            places = case.edge_places if place == 1 else case.cloud_places
            found.append(room_time(arrival, service, scv, servers, places))
        elif batching > 0.0:
            found.append(_batch_time(arrival, service, each, servers))
        elif place == 0 and case.fading > 0.0:
            fades = (case.slow_share, case.slow_rate, case.dwell)
            link = (case.remote_arrival, case.uplink_service, sending_scv, case.uplink_shared)
            found.append(_fading_time(*link, *fades))
        elif place == 0 and case.loss > 0.0 and case.periodic == case.bursty == 0.0:
            shared_link = case.uplink_shared > 0.0
            found.append(repeating_time(arrival, service, case.message_scv, case.loss, shared_link))
        else:
            inputs = (arrival, service, scv, servers, sharing, case.population, share)
            found.append(_patterned(*own, *inputs))
    return (device, *found)


# Many designs of a search share a station: it is solved once.
@lru_cache(maxsize=_STATIONS_KEPT)
def _patterned(
    pattern: _Pattern,
    arrival_scv: float,
    arrival: float,
    service: float,
    scv: float,
    servers: float,
    sharing: float,
    population: float,
    share: float,
) -> StationTime:
    """Time behind Poisson, periodic or bursty sources."""
    if service == 0.0:
        return StationTime(0.0)
    load = arrival * service / servers
    if math.isnan(load):
        return StationTime(math.nan)
    if load >= 1.0:
        return StationTime(math.inf)
    waiting = float(np.asarray(erlang_c(servers, arrival * service)))
    # One device of a synchronised crowd is periodic.
    if pattern.periodic or pattern.synchronised:
        wait = float(
            periodic_wait(arrival, service, scv, servers, waiting, population, share, sharing)
        )
    elif pattern.bursty:
        wait = float(
            bursty_wait(arrival, service, scv, servers, arrival_scv, population, share, sharing)
        )
    elif sharing > 0.0:
        return StationTime(0.0, tuple(shared_law(arrival, service, scv, servers)))
    else:
        wait_law = mgc_wait_law(arrival, service, scv, servers)
        return StationTime(0.0, (wait_law, gamma_law(service, scv)))
    if sharing > 0.0:
        variance = float(shared_variance(wait + service, service, scv))
        if not pattern.bursty:
            offered = arrival * service
            variance = float(
                periodic_variance(wait, waiting, offered, service, scv, servers, population, 1.0)
            )
        excess = _shared_excess(wait, variance, service, scv)
        return StationTime(0.0, (gamma_law(service, scv), excess))
    if pattern.bursty:
        poisson = float(np.asarray(mgc_wait_mean(arrival, service, scv, servers, waiting)))
        law = stretched(mgc_wait_law(arrival, service, scv, servers), wait / poisson)
    else:
        law = _periodic_law(wait, waiting, load, population)
    return StationTime(0.0, (law, gamma_law(service, scv)))


def _shared_excess(wait: float, variance: float, service: float, scv: float) -> StationLaw:
    """Return the gamma-distributed extra time of those who share, by its mean and variance."""
    spread = variance - scv * service * service
    load = wait / (wait + service)
    met = 1.0 - (1.0 - load) * math.exp(-load)
    if wait <= 0.0 or met <= 0.0:
        return gamma_law(0.0, 0.0)
    given = wait / met
    ratio = max((spread + wait * wait) / met - given * given, 0.0) / (given * given)
    return thinned_law(met, gamma_law(given, max(ratio, 1e-6)))


def _periodic_law(wait: float, waiting: float, load: float, population: float) -> StationLaw:
    """Wait behind periodic sources: the bridge's shape with the given mean."""
    if wait <= 0.0 or waiting <= 0.0:
        return gamma_law(0.0, 0.0)
    depth = (1.0 - load) * math.sqrt(0.5 * population)
    width = 0.5 * math.sqrt(math.pi) * float(special.erfcx(depth))
    scale = wait / waiting / width

    def transform(s: Complex) -> Complex:
        # erfcx of a complex number, through the Faddeeva function.
        inner: Complex = special.wofz(1j * (depth + 0.5 * scale * s))
        return 1.0 - waiting * s * scale * 0.5 * math.sqrt(math.pi) * inner

    offered = load
    variance = float(periodic_variance(wait, waiting, offered, 0.0, 0.0, 1.0, population, 0.0))
    return StationLaw(transform, wait, variance, 2.0 * variance * wait, atom=1.0 - waiting)


def _batch_time(arrival: float, service: float, each: float, servers: float) -> StationTime:
    """Time at a batching tier."""
    if service == 0.0:
        return StationTime(0.0)
    rate = arrival / servers
    load = rate * each
    if not load < 1.0:
        return StationTime(math.inf if load >= 1.0 else math.nan)
    if load < _CHAIN_LOAD and rate * (service - each) / (1.0 - load) < _CHAIN_BATCH:
        return StationTime(0.0, steps=(_batch_steps(rate, each, service - each),))
    wait = float(batch_wait(arrival, service, each, servers))
    variance = float(batch_variance(wait, arrival, service, each, servers))
    skew = float(batch_skew(wait, arrival, service, each, servers))
    # A gamma law with a shift of its own has these three cumulants.
    shape = 4.0 * variance**3 / (skew * skew)
    mean = math.sqrt(variance * shape)
    return StationTime(service + wait - mean, (gamma_law(mean, 1.0 / shape),))


@lru_cache(maxsize=512)
def _batch_steps(rate: float, each: float, fixed: float) -> Steps:
    """Exact distribution at a batching machine, on a grid of times."""
    law = batch_law(rate, each, fixed, math.inf)
    first = each + fixed
    grid = np.linspace(first, law.quantile(1.0 - 1e-7), _STEPS)
    above = law.exceedances(grid)
    weights = np.concatenate([[1.0 - above[0]], above[:-1] - above[1:]])
    values = np.concatenate([[first], 0.5 * (grid[1:] + grid[:-1])])
    return Steps(values, weights / weights.sum())


def _class_time(
    station: tuple[float, float, float, float, float, float], first: bool
) -> StationTime:
    """Time of urgent requests, or of the others, at a station where urgent ones go first."""
    service = station[1]
    if service == 0.0:
        return StationTime(0.0)
    wait = float(np.asarray((urgent_wait if first else others_wait)(*station)))
    if not math.isfinite(wait):
        return StationTime(wait)
    return StationTime(0.0, (urgent_laws if first else others_laws)(*station))


@lru_cache(maxsize=_STATIONS_KEPT)
def _fading_time(
    arrival: float,
    service: float,
    scv: float,
    sharing: float,
    slow_share: float,
    slow_rate: float,
    dwell: float,
) -> StationTime:
    if service == 0.0:
        return StationTime(0.0)
    if math.isnan(service):
        return StationTime(math.nan)
    inputs = (arrival, service, scv, slow_share, slow_rate, dwell)
    link = fading_link(*inputs)
    if not math.isfinite(link.jobs[0]):
        return StationTime(math.inf)
    law = modulated_link_law(link)
    if sharing == 0.0:
        return StationTime(0.0, (law,))
    time = service + float(fading_wait(*inputs, 1.0))
    return StationTime(0.0, (stretched(law, time / link.sojourn_s),))


def _burst_times(
    case: ChainInputs, shared: tuple[tuple[float, float, float, float, float, float], ...]
) -> list[StationTime]:
    """Follow a burst: its place is the same at every station, so one station carries it."""
    found: list[StationTime] = []
    spacing = 0.0
    for arrival, service, scv, servers, sharing, share in shared:
        load = arrival * service / servers
        if service == 0.0:
            found.append(StationTime(0.0))
            continue
        if not load < 1.0:
            found.append(StationTime(math.inf if load >= 1.0 else math.nan))
            continue
        count = 1.0 + (case.population - 1.0) * share
        own = (gamma_law(service, scv),)
        wait = burst_wait(load, service, scv, servers, case.population, share, spacing, sharing)
        before, spacing = spacing, float(burst_spacing(spacing, service, servers, sharing))
        if sharing > 0.0:
            found.append(StationTime(float(wait), own, mixes=True))
        elif spacing == before:
            # Requests come as slowly as this station serves them: it keeps their waits as they are.
            found.append(StationTime(float(wait), own))
        else:
            found.append(StationTime(0.0, own, place=_places(count, servers, spacing)))
    return found


def _places(count: float, servers: float, apart: float) -> Steps:
    """Return the waits of the places in a burst, evenly spread."""
    number = max(math.ceil(count), 1)
    if number <= _STEPS:
        place = np.arange(number, dtype=float)
    else:
        place = (np.arange(_STEPS) + 0.5) * number / _STEPS - 0.5
    waits: Floats = np.maximum(place - (servers - 1.0) * 0.5, 0.0) * max(apart, 0.0)
    return Steps(waits, np.full(len(waits), 1.0 / len(waits)))
