"""Reference cases of single stations."""

from __future__ import annotations

__all__ = ["STATIONS"]

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analytic_models.laws.batch_chain import batch_law
from analytic_models.laws.constant_service import constant_service_wait
from analytic_models.laws.erlang import erlang_b, erlang_c
from analytic_models.laws.general_arrivals import ggc_wait_mean, gim1_root
from analytic_models.laws.multi_server import (
    erlang_a_abandonment,
    erlang_a_wait_mean,
    mmc_sojourn_quantile,
    mmc_wait_quantile,
    mmck_blocking,
    mmck_sojourn_mean,
    servers_for_wait,
)
from analytic_models.laws.open_networks import retrial_sojourn_mean, retry_sojourn_mean
from analytic_models.laws.priority import nonpreemptive_sojourn_mean, preemptive_sojourn_mean
from analytic_models.laws.queueing import ps_sojourn_mean
from analytic_models.laws.retries import retry_law
from analytic_models.laws.service_laws import exponential_law
from analytic_models.laws.station_laws import mg1_wait_law, mgc_wait_law, ps_law, wait_law
from analytic_models.laws.transforms import Branch, StationLaw, sojourn_quantile
from analytic_models.reference_parameters import Parameters, Randomness, level_of, statistic

_TIMES = ("mean", "var", "std", "scv", "p50", "p95", "p99", "p999")
_QUEUE = ("prob_wait", "utilisation", "mean_queue", "mean_jobs")


def _times(*subjects: str) -> tuple[str, ...]:
    return tuple(f"{word}_{subject}" for subject in subjects for word in _TIMES)


def _one_path(word: str, laws: Sequence[StationLaw]) -> float | None:
    return statistic(word, [Branch(1.0, 0.0, laws)])


def _queue(
    given: Parameters, quantity: str, arrival: float, servers: int, service: Randomness
) -> Callable[[float, float], float]:
    """Quantities that follow from the probability of waiting and the mean wait."""
    load = arrival * service.mean / servers

    def value(waiting: float, wait: float) -> float:
        values = {
            "prob_wait": waiting,
            "utilisation": load,
            "utilization": load,
            "mean_wait": wait,
            "mean_sojourn": wait + service.mean,
            "mean_queue": arrival * wait,
            "mean_jobs": arrival * (wait + service.mean),
        }
        if quantity not in values:
            given.unknown(quantity, (*_QUEUE, *_times("wait", "sojourn")))
        return values[quantity]

    return value


def _erlang_b(given: Parameters, quantity: str) -> float:
    if quantity != "blocking":
        given.unknown(quantity, ("blocking",))
    return float(erlang_b(given.number("c"), given.number("a")))


def _mmc(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    servers = given.whole("c")
    word, _, subject = quantity.partition("_")
    level = level_of(word)
    if level is not None and subject == "wait":
        return float(mmc_wait_quantile(arrival, service, float(servers), level))
    if level is not None and subject == "sojourn":
        return float(mmc_sojourn_quantile(arrival, service, float(servers), level))
    law = mgc_wait_law(arrival, service, 1.0, float(servers))
    exponential = Randomness("exp", service, 1.0, exponential_law(service))
    return _wait_or_sojourn(given, quantity, arrival, servers, exponential, law)


def _wait_or_sojourn(
    given: Parameters,
    quantity: str,
    arrival: float,
    servers: int,
    service: Randomness,
    law: StationLaw,
) -> float:
    """Any quantity of a first-come queue, from the law of its wait."""
    word, _, subject = quantity.partition("_")
    mean = float(law.mean)
    value: float | None = None
    if word != "mean" and subject == "wait":
        value = _one_path(word, [law])
    elif word != "mean" and subject == "sojourn":
        value = _one_path(word, [law, service.law])
    if value is not None:
        return value
    waiting = 1.0 - float(law.atom)
    return _queue(given, quantity, arrival, servers, service)(waiting, mean)


def _mmck(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    servers = float(given.whole("c"))
    places = float(given.whole("K"))
    if places < servers:
        given.fail("K", f"{places:g} is below c", f"{servers:g} or more")
    blocked = float(mmck_blocking(arrival, service, servers, places))
    sojourn = float(mmck_sojourn_mean(arrival, service, servers, places))
    accepted = arrival * (1.0 - blocked)
    values = {
        "blocking": blocked,
        "throughput": accepted,
        "mean_sojourn_accepted": sojourn,
        "mean_wait_accepted": sojourn - service,
        "mean_jobs": accepted * sojourn,
        "mean_queue": accepted * (sojourn - service),
        "utilisation": accepted * service / servers,
    }
    if quantity not in values:
        given.unknown(quantity, tuple(values))
    return values[quantity]


def _mg1(given: Parameters, quantity: str) -> float:
    service = given.randomness("service", default="exp")
    return _poisson_queue(given, quantity, given.positive("lam"), service, 1)


def _poisson_queue(
    given: Parameters, quantity: str, arrival: float, service: Randomness, servers: int
) -> float:
    """M/G/c: exact for one server and for constant or exponential service."""
    word, _, subject = quantity.partition("_")
    level = level_of(word)
    if service.kind == "det" and (servers > 1 or (level is not None and subject == "wait")):
        wait = constant_service_wait(arrival, service.mean, servers)
        if level is not None and subject in ("wait", "sojourn"):
            return wait.quantile(level) + (service.mean if subject == "sojourn" else 0.0)
        waiting = 1.0 if np.isinf(wait.mean_s) else wait.exceedance(0.0)
        return _queue(given, quantity, arrival, servers, service)(waiting, wait.mean_s)
    if service.kind == "det" and level is not None and subject == "sojourn":
        return constant_service_wait(arrival, service.mean, 1).quantile(level) + service.mean
    if servers == 1:
        law = mg1_wait_law(arrival, service.law)
    else:
        law = mgc_wait_law(arrival, service.mean, service.scv, float(servers))
    return _wait_or_sojourn(given, quantity, arrival, servers, service, law)


def _gigc(given: Parameters, quantity: str) -> float:
    arrivals = given.randomness("arrival", "arrival_")
    servers = given.whole("c")
    default = "exp" if "mu" in given else None
    service = given.randomness("service", "service_", default)
    rate = 1.0 / arrivals.mean
    if arrivals.kind == "exp" or (arrivals.kind == "gamma" and arrivals.scv == 1.0):
        return _poisson_queue(given, quantity, rate, service, servers)
    if servers == 1 and service.kind == "exp":
        root = float(np.asarray(gim1_root(arrivals.transform, service.mean)))
        law = wait_law(root, root * service.mean / (1.0 - root))
    else:
        mean = ggc_wait_mean(rate, service.mean, arrivals.scv, service.scv, float(servers))
        law = wait_law(erlang_c(float(servers), rate * service.mean), mean)
    return _wait_or_sojourn(given, quantity, rate, servers, service, law)


def _classes(given: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Rates, means and scv per class, and the class that is asked for."""
    rates = given.row("lam")
    if "services" in given:
        laws = [child.randomness("dist") for child in given.children("services")]
        means = np.array([law.mean for law in laws])
        scv = np.array([law.scv for law in laws])
    else:
        kind = given.choice("service", ("exp", "det"), "exp")
        means = 1.0 / given.row("mu", np.finfo(float).tiny)
        scv = np.full(len(means), 1.0 if kind == "exp" else 0.0)
    if len(means) != len(rates):
        given.fail("lam", f"has {len(rates)} classes", f"{len(means)}, as many as services")
    chosen = given.whole("cls", 0)
    if chosen >= len(rates):
        given.fail("cls", f"{chosen} is not a class", f"0 to {len(rates) - 1}")
    return rates, means, scv, chosen


def _priority(given: Parameters, quantity: str, *, interrupts: bool) -> float:
    rates, means, scv, chosen = _classes(given)
    servers = given.whole("c") if "c" in given else 1
    if interrupts and servers != 1:
        given.fail("c", f"{servers} is not possible when requests are interrupted", "1")
    if interrupts:
        sojourn = float(np.asarray(preemptive_sojourn_mean(rates, means, scv))[chosen])
    else:
        found = nonpreemptive_sojourn_mean(rates, means, scv, float(servers))
        sojourn = float(np.asarray(found)[chosen])
    wait = sojourn - float(means[chosen])
    rate = float(rates[chosen])
    values = {"mean_sojourn": sojourn, "mean_wait": wait}
    values |= {"mean_jobs": rate * sojourn, "mean_queue": rate * wait}
    if quantity not in values:
        given.unknown(quantity, tuple(values))
    return values[quantity]


def _nonpreemptive(given: Parameters, quantity: str) -> float:
    return _priority(given, quantity, interrupts=False)


def _preemptive(given: Parameters, quantity: str) -> float:
    return _priority(given, quantity, interrupts=True)


def _mm1_ps(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    servers = float(given.whole("c")) if "c" in given else 1.0
    word, _, subject = quantity.partition("_")
    law = ps_law(arrival, service, servers)
    value = _one_path(word, [law]) if subject == "sojourn" else None
    if quantity == "mean_jobs":
        value = arrival * float(law.mean)
    if value is None:
        given.unknown(quantity, (*_times("sojourn"), "mean_jobs"))
    return value


def _mg1_ps(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), given.randomness("service")
    servers = float(given.whole("c")) if "c" in given else 1.0
    mean = float(ps_sojourn_mean(arrival, service.mean, servers))
    word, _, subject = quantity.partition("_")
    if quantity == "mean_sojourn":
        return mean
    if quantity == "mean_jobs":
        return arrival * mean
    value: float | None = None
    if service.kind == "exp" and subject == "sojourn":
        value = _one_path(word, [ps_law(arrival, service.mean, servers)])
    if value is None:
        # Only the mean is insensitive to the law of the sizes.
        given.unknown(quantity, ("mean_sojourn", "mean_jobs", "and tails for exp"))
    return value


def _batch_service(given: Parameters, quantity: str) -> float:
    largest = float(given.whole("bmax")) if "bmax" in given else float("inf")
    law = batch_law(given.positive("lam"), given.number("alpha"), given.number("tau0"), largest)
    word, _, subject = quantity.partition("_")
    level = level_of(word)
    if level is not None and subject in ("latency", "sojourn"):
        return law.quantile(level)
    values = {"mean_latency": law.mean_s, "mean_sojourn": law.mean_s}
    values["mean_batch_size"] = law.mean_batch
    if quantity not in values:
        given.unknown(quantity, (*values, "p50_latency", "p95_latency", "p99_latency"))
    return values[quantity]


def _retrial(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    sojourn = float(retrial_sojourn_mean(arrival, service, 1.0 / given.positive("theta")))
    values = {"mean_sojourn": sojourn, "mean_wait": sojourn - service}
    values |= {"mean_jobs": arrival * sojourn, "mean_orbit": arrival * (sojourn - service)}
    if quantity not in values:
        given.unknown(quantity, tuple(values))
    return values[quantity]


def _feedback(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    retry = given.number("p_retry", 0.0, 1.0 - 1e-9)
    mean = float(retry_sojourn_mean(arrival, service, retry))
    if quantity == "mean_sojourn":
        return mean
    word, _, subject = quantity.partition("_")
    level = level_of(word)
    if level is None or subject != "sojourn":
        given.unknown(quantity, ("mean_sojourn", "p50_sojourn", "p95_sojourn", "p99_sojourn"))
    # One value of this transform is a linear system: five digits are enough.
    return float(sojourn_quantile(0.0, [retry_law(arrival, service, retry)], level))


def _erlang_a(given: Parameters, quantity: str) -> float:
    arrival, service = given.positive("lam"), 1.0 / given.positive("mu")
    patience, servers = 1.0 / given.positive("theta"), float(given.whole("c"))
    values = {
        "prob_abandon": float(erlang_a_abandonment(arrival, service, servers, patience)),
        "mean_wait": float(erlang_a_wait_mean(arrival, service, servers, patience)),
    }
    values["mean_queue"] = arrival * values["mean_wait"]
    values["throughput"] = arrival * (1.0 - values["prob_abandon"])
    if quantity not in values:
        given.unknown(quantity, tuple(values))
    return values[quantity]


def _staffing(given: Parameters, quantity: str) -> float:
    if quantity != "min_servers":
        given.unknown(quantity, ("min_servers",))
    miss = given.number("max_prob", 0.0, 1.0)
    if miss == 0.0:
        given.fail("max_prob", "cannot be reached by a finite number of servers", "above 0")
    limit = given.number("wait_limit")
    return float(servers_for_wait(given.positive("lam"), 1.0 / given.positive("mu"), limit, miss))


STATIONS: Mapping[str, Callable[[Parameters, str], float]] = {
    "erlang_b": _erlang_b,
    "mmc": _mmc,
    "mmck": _mmck,
    "mg1": _mg1,
    "gigc": _gigc,
    "priority_nonpreemptive": _nonpreemptive,
    "priority_preemptive_resume": _preemptive,
    "mm1_ps": _mm1_ps,
    "mg1_ps": _mg1_ps,
    "batch_service": _batch_service,
    "mm1_retrial": _retrial,
    "mm1_feedback_retry": _feedback,
    "erlang_a": _erlang_a,
    "staffing": _staffing,
}
