"""Reference cases of chains, networks and shared media."""

from __future__ import annotations

__all__ = ["NETWORKS"]

import re
from collections.abc import Callable, Mapping

import numpy as np

from analytic_models.laws.closed_networks import closed_network, closed_network_multiclass
from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.general_arrivals import departure_scv, ggc_wait_mean
from analytic_models.laws.inversion import Complex
from analytic_models.laws.open_networks import (
    capacity_split,
    capacity_split_sojourn_mean,
    fork_join_sojourn_bound,
    fork_join_sojourn_mean,
    jackson_sojourn_mean,
    traffic_per_s,
)
from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.laws.service_laws import exponential_law
from analytic_models.laws.station_laws import mg1_wait_law, mgc_wait_law, wait_law
from analytic_models.laws.transforms import Branch, StationLaw
from analytic_models.laws.wireless import dcf_collision, dcf_throughput, dcf_transmission
from analytic_models.reference_parameters import Parameters, Randomness, level_of, statistic

_STATISTICS = ("mean_sojourn", "var_sojourn", "p50_sojourn", "p95_sojourn", "p99_sojourn")
_TINY = float(np.finfo(float).tiny)


def _sojourn(given: Parameters, quantity: str, branches: list[Branch]) -> float:
    """Compute a statistic of the total time."""
    word, _, subject = quantity.partition("_")
    value = statistic(word, branches) if subject in ("", "sojourn") else None
    if value is None:
        given.unknown(quantity, _STATISTICS)
    return value


def _mm1(arrival: float, rate: float) -> StationLaw:
    """Sojourn in M/M/1; infinite where unstable."""
    return exponential_law(1.0 / (rate - arrival) if rate > arrival else float("inf"))


def _hypoexponential(given: Parameters, quantity: str) -> float:
    laws = [exponential_law(1.0 / float(r)) for r in given.row("rates", _TINY)]
    return _sojourn(given, quantity, [Branch(1.0, 0.0, laws)])


def _tandem_mm1(given: Parameters, quantity: str) -> float:
    arrival = given.positive("lam")
    laws = [_mm1(arrival, float(rate)) for rate in given.row("mu", _TINY)]
    return _sojourn(given, quantity, [Branch(1.0, 0.0, laws)])


def _tandem_ggc(given: Parameters, quantity: str) -> float:
    arrival = given.positive("lam")
    scv = 1.0
    laws: list[StationLaw] = []
    for station in given.children("stations"):
        servers, service = station.whole("c"), station.randomness("dist")
        laws += [_general_wait(arrival, scv, servers, service), service.law]
        load = min(arrival * service.mean / servers, 1.0)
        scv = float(departure_scv(load, scv, service.scv, float(servers)))
    return _sojourn(given, quantity, [Branch(1.0, 0.0, laws)])


def _general_wait(arrival: float, scv: float, servers: int, service: Randomness) -> StationLaw:
    """Wait behind a flow of any variability, shaped like the wait behind a Poisson flow."""
    if abs(scv - 1.0) < 1e-12:
        if servers == 1:
            return mg1_wait_law(arrival, service.law)
        return mgc_wait_law(arrival, service.mean, service.scv, float(servers))
    mean = float(ggc_wait_mean(arrival, service.mean, scv, service.scv, float(servers)))
    if servers > 1:
        return wait_law(erlang_c(float(servers), arrival * service.mean), mean)
    poisson = mg1_wait_law(arrival, service.law)
    return _stretched(poisson, mean / float(poisson.mean))


def _stretched(law: StationLaw, factor: float) -> StationLaw:
    """Return the same law on a longer or shorter time scale."""

    def transform(s: Complex) -> Complex:
        return law.transform(factor * s)

    return StationLaw(
        transform,
        factor * law.mean,
        factor**2 * law.variance,
        factor**3 * law.skew,
        atom=law.atom,
    )


def _early_exit(given: Parameters, quantity: str) -> float:
    arrival, exits = given.positive("lam"), given.number("exit_prob", 0.0, 1.0)
    first = _mm1(arrival, given.positive("mu1"))
    onward = arrival * (1.0 - exits)
    remote = [_mm1(onward, float(rate)) for rate in given.row("remote_mu", _TINY)]
    branches = [Branch(exits, 0.0, [first]), Branch(1.0 - exits, 0.0, [first, *remote])]
    return _sojourn(given, quantity, branches)


def _jackson(given: Parameters, quantity: str) -> float:
    external, routing = given.row("gamma"), given.table("P")
    service, servers = 1.0 / given.row("mu", _TINY), given.row("c", 1.0)
    size = len(external)
    if routing.shape != (size, size) or len(service) != size or len(servers) != size:
        given.fail("P", "does not fit to gamma, mu and c", f"{size} stations in each")
    if np.any(routing.sum(axis=1) > 1.0 + 1e-12):
        given.fail("P", "has a row above 1", "rows that sum to at most 1")
    rates = np.asarray(traffic_per_s(external, routing))
    if quantity == "mean_sojourn":
        return float(jackson_sojourn_mean(external, routing, service, servers))
    waits = np.asarray(mgc_wait_mean(rates, service, 1.0, servers))
    values = {
        "arrival_rate_station": rates,
        "utilisation_station": rates * service / servers,
        "mean_wait_station": waits,
        "mean_sojourn_station": waits + service,
        "queue_length_station": rates * (waits + service),
    }
    return _indexed(given, quantity, values, ("mean_sojourn",))


def _indexed(
    given: Parameters,
    quantity: str,
    values: Mapping[str, np.ndarray],
    others: tuple[str, ...] = (),
) -> float:
    """Look up an entry of a named array: ``name_2``, or ``queue_length_station_0_class_1``."""
    match = re.fullmatch(r"(.*?)_(\d+)(?:_class_(\d+))?", quantity)
    if match is not None and match[1] in values:
        array = values[match[1]]
        place = tuple(int(part) for part in match.groups()[1:] if part is not None)
        if len(place) == array.ndim and all(i < n for i, n in zip(place, array.shape, strict=True)):
            return float(array[place])
    allowed = [
        f"{name}_<0..{array.shape[0] - 1}>"
        + (f"_class_<0..{array.shape[1] - 1}>" if array.ndim == 2 else "")
        for name, array in values.items()
    ]
    given.unknown(quantity, (*others, *allowed))


def _fork_join(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    branches = given.whole("k")
    if quantity == "mean_sojourn":
        return float(fork_join_sojourn_mean(arrival, service, branches))
    word, _, subject = quantity.partition("_")
    level = level_of(word)
    if level is None or subject != "sojourn":
        given.unknown(quantity, ("mean_sojourn", "p50_sojourn", "p95_sojourn", "p99_sojourn"))
    return float(fork_join_sojourn_bound(arrival, service, float(branches), level))


def _closed(given: Parameters, quantity: str) -> float:
    demand = given.row("demands", _TINY)
    servers = given.row("servers", 1.0) if "servers" in given else np.ones(len(demand))
    if len(servers) != len(demand):
        given.fail("servers", f"has {len(servers)} entries", f"{len(demand)} as in demands")
    think = given.number("think")
    net = closed_network(demand, servers, given.whole("population"), think)
    values = {
        "throughput": net.throughput_per_s,
        "mean_sojourn": net.sojourn_s,
        "cycle_time": net.sojourn_s + think,
    }
    if quantity in values:
        return values[quantity]
    arrays = {
        "queue_length_station": net.queue,
        "utilisation_station": net.utilisation,
        "mean_sojourn_station": net.queue / net.throughput_per_s,
    }
    return _indexed(given, quantity, arrays, tuple(values))


def _closed_multiclass(given: Parameters, quantity: str) -> float:
    demand = given.table("demands")
    servers = given.row("servers", 1.0) if "servers" in given else np.ones(len(demand))
    population = tuple(int(n) for n in given.row("population"))
    think = given.row("think")
    if demand.shape != (len(servers), len(population)) or len(think) != len(population):
        given.fail("demands", "does not fit", "a row per station, a column per class")
    net = closed_network_multiclass(demand, servers, population, think)
    with np.errstate(all="ignore"):
        arrays = {
            "throughput_class": net.throughput_per_s,
            "mean_sojourn_class": net.sojourn_s,
            "queue_length_station": net.queue,
            "utilisation_station": demand * net.throughput_per_s / servers[:, np.newaxis],
        }
    return _indexed(given, quantity, arrays)


def _bianchi(given: Parameters, quantity: str) -> float:
    stations, window = float(given.whole("n")), given.positive("W")
    stages = float(given.whole("m", 0))
    collision = float(dcf_collision(stations, window, stages))
    values = {
        "collision_prob": collision,
        "transmission_prob": float(dcf_transmission(collision, window, stages)),
    }
    if quantity in values:
        return values[quantity]
    if quantity != "saturation_throughput":
        given.unknown(quantity, (*values, "saturation_throughput"))
    bit_per_us = given.positive("rate_mbps") if "rate_mbps" in given else 1.0
    slot, success, failure = (given.positive(k) * 1e-6 for k in ("slot_us", "Ts_us", "Tc_us"))
    payload = given.positive("payload_bits")
    rate = dcf_throughput(stations, window, stages, payload, slot, success, failure)
    return float(rate) / (bit_per_us * 1e6)


def _kleinrock(given: Parameters, quantity: str) -> float:
    rates, total = given.row("lam"), given.positive("total_capacity")
    if quantity == "min_mean_sojourn":
        external = given.positive("gamma") if "gamma" in given else float(rates.sum())
        return float(capacity_split_sojourn_mean(rates, total, external))
    split = np.asarray(capacity_split(rates, total))
    return _indexed(given, quantity, {"capacity_station": split}, ("min_mean_sojourn",))


NETWORKS: Mapping[str, Callable[[Parameters, str], float]] = {
    "hypoexponential": _hypoexponential,
    "tandem_mm1": _tandem_mm1,
    "tandem_ggc": _tandem_ggc,
    "early_exit": _early_exit,
    "jackson": _jackson,
    "fork_join": _fork_join,
    "closed_network": _closed,
    "closed_network_multiclass": _closed_multiclass,
    "bianchi_dcf": _bianchi,
    "kleinrock_capacity": _kleinrock,
}
