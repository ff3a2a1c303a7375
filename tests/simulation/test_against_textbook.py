"""The simulator against exact results, typed here so that nothing is shared with the laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import comb

from analytic_models.simulation import (
    Arrivals,
    Background,
    BatchTime,
    Branch,
    ColdStart,
    Estimate,
    Modulation,
    Route,
    Service,
    SimulationResult,
    Station,
    TokenLength,
    TokenServing,
    simulate_route,
)

POISSON_1 = Arrivals("poisson", 1.0)


def exponential(mean_s: float) -> Service:
    return Service("exponential", mean_s)


def agrees(found: Estimate, exact: float, precision: float) -> bool:
    """Whether a run is precise enough to say something, and says the exact value (3 sigma)."""
    assert found.half_width <= precision * exact, f"too imprecise: {found}"
    return abs(found.value - exact) <= 1.5 * found.half_width


def run(
    station: Station, arrivals: Arrivals = POISSON_1, requests: int = 300_000, seed: int = 7
) -> SimulationResult:
    return simulate_route(Route((station,)), arrivals, requests, seed)


def erlang_c(arrival: float, service: float, servers: int) -> float:
    """Probability of waiting in M/M/c (Erlang 1917; Kleinrock I, s.3.5)."""
    load = arrival / service
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(terms) + last)


def mmc_sojourn(arrival: float, service: float, servers: int) -> float:
    waiting = erlang_c(arrival, service, servers) / (servers * service - arrival)
    return waiting + 1 / service


def test_single_exponential_server_has_an_exponential_sojourn() -> None:
    # M/M/1, Kleinrock I s.3.2: the sojourn is exponential with rate mu - lambda.
    result = run(Station("s", service=exponential(1 / 1.6)), requests=1_000_000)
    rate = 0.6
    assert agrees(result.mean_s, 1 / rate, 0.02)
    for found, level in (
        (result.p50_s, 0.5),
        (result.p95_s, 0.95),
        (result.p99_s, 0.99),
        (result.p999_s, 0.999),
    ):
        assert agrees(found, -math.log(1 - level) / rate, 0.08)
    points = np.array([0.5, 2.0, 5.0, 10.0])
    curve = result.ccdf(points)
    exact = np.exp(-rate * points)
    assert np.all((curve.low <= exact) & (exact <= curve.high))


@pytest.mark.parametrize(
    ("kind", "scv"),
    [
        ("deterministic", 0.0),
        ("erlang", 0.25),
        ("gamma", 0.5),
        ("lognormal", 2.0),
        ("hyperexponential", 4.0),
    ],
)
def test_mean_wait_of_a_single_server_is_pollaczek_khinchine(kind: str, scv: float) -> None:
    # M/G/1, Kleinrock I s.5.6: W = lambda E[S^2] / (2 (1 - rho)).
    mean = 0.6
    result = run(Station("s", service=Service(kind, mean, scv)), requests=600_000)
    exact = mean**2 * (1 + scv) / (2 * (1 - mean))
    assert agrees(result.stations[0].wait_s, exact, 0.05)
    assert result.stations[0].utilisation_frac == pytest.approx(mean, rel=0.01)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.5), (4, 0.8), (16, 0.9)])
def test_mean_sojourn_of_several_servers_is_erlang_c(servers: int, load: float) -> None:
    service = 1 / (servers * load)
    result = run(Station("s", servers=servers, service=exponential(1 / service)))
    assert agrees(result.mean_s, mmc_sojourn(1.0, service, servers), 0.06)


def test_waiting_tail_of_four_servers_is_the_erlang_c_exponential() -> None:
    # lambda 10, mu 3.2, c 4: P(wait) = 0.563100400170678 (birth-death balance, 15 digits).
    assert erlang_c(10, 3.2, 4) == pytest.approx(0.563100400170678, rel=1e-12)
    arrivals = Arrivals("poisson", 10.0)
    result = run(Station("s", servers=4, service=exponential(1 / 3.2)), arrivals)
    assert agrees(result.stations[0].wait_s, 0.563100400170678 / 2.8, 0.06)


def test_evenly_spaced_arrivals_at_an_exponential_server_match_the_root_of_gi_m_1() -> None:
    # D/M/1, gaps 1.25, mu 1: W = 1.6927308399198975 (root of sigma = exp(-(1 - sigma) 1.25)).
    arrivals = Arrivals("renewal", 0.8, gap_kind="deterministic", scv=0.0)
    result = run(Station("s", service=exponential(1.0)), arrivals)
    assert agrees(result.stations[0].wait_s, 1.6927308399198975, 0.05)


@pytest.mark.parametrize(("kind", "scv"), [("deterministic", 0.0), ("hyperexponential", 4.0)])
def test_mean_under_processor_sharing_ignores_the_shape_of_the_work(kind: str, scv: float) -> None:
    # M/G/1-PS, Kleinrock II s.4.4: T = E[S] / (1 - rho).
    result = run(Station("s", "ps", service=Service(kind, 0.7, scv)))
    assert agrees(result.mean_s, 0.7 / 0.3, 0.05)


def test_variance_under_processor_sharing_is_that_of_coffman_muntz_and_trotter() -> None:
    # M/M/1-PS (1970): variance over squared mean = (2 + rho) / (2 - rho).
    result = run(Station("s", "ps", service=exponential(0.5)), requests=600_000)
    scv = float(result.sojourn_s.var()) / result.mean_s.value**2
    assert scv == pytest.approx(2.5 / 1.5, rel=0.03)


def test_mean_of_shared_servers_is_that_of_erlang_c_for_any_work() -> None:
    # M/G/c-PS has the queue length of M/M/c (Kelly 1979).
    work = Service("lognormal", 2.1, 4.0)
    result = run(Station("s", "ps", servers=3, service=work))
    assert agrees(result.mean_s, mmc_sojourn(1.0, 1 / 2.1, 3), 0.05)


def test_finite_buffer_loses_what_the_birth_death_chain_says() -> None:
    # M/M/2/5 at load 1.2 per server, Gross et al. s.3.5.
    weights = [2.4**k / (math.factorial(min(k, 2)) * 2 ** max(k - 2, 0)) for k in range(6)]
    blocked = weights[5] / sum(weights)
    inside = sum(k * w for k, w in enumerate(weights)) / sum(weights)
    station = Station("s", "loss", servers=2, service=exponential(2.4), capacity=5)
    result = run(station)
    assert agrees(result.lost_frac, blocked, 0.02)
    assert agrees(result.mean_s, inside / (1 - blocked), 0.02)
    assert result.stations[0].lost_frac == pytest.approx(blocked, rel=0.02)
    assert result.stations[0].utilisation_frac == pytest.approx(1.2 * (1 - blocked), rel=0.01)


def test_blocking_without_a_queue_ignores_the_shape_of_the_service() -> None:
    # Erlang B with load 3 and 4 servers: 27/131.
    station = Station("s", "loss", servers=4, service=Service("lognormal", 3.0, 2.0), capacity=4)
    assert agrees(run(station).lost_frac, 27 / 131, 0.02)


@pytest.mark.parametrize(
    ("preemptive", "own", "exact"),
    [
        # Cobham 1954, two exponential classes with mu 1: W0 = 0.7, T = 1 + W0/((1-s)(1-s')).
        (False, 0, 1 + 0.7 / 0.7),
        (False, 1, 1 + 0.7 / (0.7 * 0.3)),
        # Jaiswal 1968, preemptive resume.
        (True, 0, 1 / 0.7),
        (True, 1, 1 / 0.7 + 0.7 / (0.7 * 0.3)),
    ],
)
def test_priority_classes_wait_as_cobham_and_jaiswal_say(
    preemptive: bool, own: int, exact: float
) -> None:
    rates = (0.3, 0.4)
    other = Background(rates[1 - own], exponential(1.0), priority=1 - own)
    station = Station(
        "s",
        "priority",
        service=exponential(1.0),
        background=(other,),
        priority=own,
        preemptive=preemptive,
    )
    assert agrees(run(station, Arrivals("poisson", rates[own])).mean_s, exact, 0.05)


def test_background_load_makes_a_shared_queue_as_slow_as_the_merged_stream() -> None:
    for discipline in ("fcfs", "ps"):
        other = Background(3.0, exponential(0.2))
        station = Station("s", discipline, service=exponential(0.2), background=(other,))
        result = run(station, requests=200_000)
        assert agrees(result.mean_s, 1 / (5 - 4), 0.06)
        assert result.stations[0].utilisation_frac == pytest.approx(0.8, rel=0.01)


def batch_latency(arrival: float, per: float, fixed: float) -> float:
    """Exact mean latency of a take-all batch server from the chain of batch sizes.

    The next batch is what arrived meanwhile (n, Poisson), or one request after an idle time.
    """
    sizes = np.arange(1, 400)
    means = arrival * (per * sizes + fixed)
    counts = np.arange(0, 400)
    log_factorial = np.array([math.lgamma(k + 1) for k in counts])
    table = np.exp(counts * np.log(means)[:, None] - means[:, None] - log_factorial)
    step = table[:, 1:].copy()
    step[:, 0] += table[:, 0]
    step /= step.sum(axis=1, keepdims=True)
    share = np.full(sizes.size, 1 / sizes.size)
    for _ in range(2000):
        share = share @ step
    idle = np.exp(-means)
    spans = per * sizes + fixed
    total = means * spans / 2 + per * (means + means**2) + fixed * means + idle * (per + fixed)
    return float(share @ total / (share @ (means + idle)))


@pytest.mark.parametrize("arrival", [0.2, 0.5, 0.8])
def test_take_all_batches_match_the_chain_of_batch_sizes(arrival: float) -> None:
    if arrival == 0.5:
        # Inoue 2021 (arXiv 1912.06322), alpha = tau0 = 1: 4.417357204640821 from the exact chain.
        assert batch_latency(0.5, 1.0, 1.0) == pytest.approx(4.417357204640821, rel=1e-9)
    station = Station("s", "batch", batch=BatchTime(1.0, 1.0))
    result = run(station, Arrivals("poisson", arrival))
    assert agrees(result.mean_s, batch_latency(arrival, 1.0, 1.0), 0.05)


def test_continuous_batching_is_state_dependent_sharing() -> None:
    # Product form: in state b one token takes f + g b, so completions come at b/(m (f + g b)).
    fixed, per, tokens, arrival, most = 0.004, 0.0004, 100.0, 8.0, 40
    weights = [1.0]
    for inside in range(1, 600):
        batch = min(inside, most)
        weights.append(weights[-1] * arrival * tokens * (fixed + per * batch) / batch)
    number = sum(k * w for k, w in enumerate(weights)) / sum(weights)
    serving = TokenServing(
        fixed, per, TokenLength("geometric", tokens), TokenLength("constant", 1), batch_limit=most
    )
    station = Station("s", "continuous-batching", serving=serving)
    result = run(station, Arrivals("poisson", arrival), requests=60_000)
    # Requests join at iteration boundaries: about half an iteration of 100 is not in the formula.
    assert result.mean_s.value == pytest.approx(number / arrival, rel=0.03)


def test_link_with_two_speeds_matches_the_markov_chain_of_queue_and_state() -> None:
    arrival, service, speeds, dwell = 1.0, 2.5, (1.0, 0.25), (4.0, 2.0)
    most = 400
    size = 2 * (most + 1)
    generator = np.zeros((size, size))
    for number in range(most + 1):
        for state in (0, 1):
            here = 2 * number + state
            generator[here, 2 * number + 1 - state] += 1 / dwell[state]
            if number < most:
                generator[here, here + 2] += arrival
            if number:
                generator[here, here - 2] += service * speeds[state]
    generator -= np.diag(generator.sum(axis=1))
    system = np.vstack([generator.T[:-1], np.ones(size)])
    share = np.linalg.solve(system, np.append(np.zeros(size - 1), 1.0))
    number = float(share @ np.repeat(np.arange(most + 1), 2))
    link = Modulation(speeds, dwell)
    station = Station("s", "modulated", service=exponential(1 / service), modulation=link)
    fcfs = run(station, requests=1_000_000)
    assert agrees(fcfs.mean_s, number / arrival, 0.06)
    shared = Station("s", "ps", service=exponential(1 / service), modulation=link)
    assert agrees(run(shared).mean_s, number / arrival, 0.1)


def test_one_instance_with_cold_starts_waits_as_a_queue_with_set_up() -> None:
    # M/G/1 with set-up D (Welch 1964): adds (2 E[D] + lambda E[D^2]) / (2 (1 + lambda E[D])).
    start, keep = 1.5, 0.7
    cold = math.exp(-keep) * start
    square = math.exp(-keep) * start**2
    exact = 0.5 / 0.5 + (2 * cold + square) / (2 * (1 + cold))
    station = Station("s", "elastic", service=exponential(0.5), cold_start=ColdStart(start, keep))
    assert agrees(run(station).mean_s, exact, 0.03)


def test_instances_that_never_stop_are_plain_servers() -> None:
    station = Station(
        "s", "elastic", servers=3, service=exponential(2.1), cold_start=ColdStart(0.0, math.inf)
    )
    assert agrees(run(station).mean_s, mmc_sojourn(1.0, 1 / 2.1, 3), 0.05)


def test_periodic_sources_with_random_phases_match_the_n_d_d_1_queue() -> None:
    # Work found on arrival, N other sources, period D in service times (Eckberg 1979):
    # P(V > x) = sum_{n > x} C(N,n) ((n-x)/D)^n (1-(n-x)/D)^(N-n) (D-N+x)/(D-n+x).
    sources, period = 20, 25.0
    others = sources - 1

    def beyond(x: float) -> float:
        total = 0.0
        for n in range(math.floor(x) + 1, others + 1):
            p = (n - x) / period
            chance = comb(others, n) * p**n * (1 - p) ** (others - n)
            total += chance * (period - others + x) / (period - n + x)
        return total

    exact = sum(quad(beyond, k, k + 1)[0] for k in range(others))
    arrivals = Arrivals("periodic", sources / period, sources=sources)
    result = run(Station("s", service=Service("deterministic", 1.0)), arrivals)
    assert agrees(result.stations[0].wait_s, exact, 0.05)


def test_synchronised_sources_queue_behind_each_other() -> None:
    arrivals = Arrivals("synchronised", 50 / 100.0, sources=50)
    result = run(Station("s", service=Service("deterministic", 1.0)), arrivals, requests=50_000)
    assert result.mean_s.value == pytest.approx(51 / 2, rel=1e-9)
    assert float(result.sojourn_s.max()) == pytest.approx(50.0, rel=1e-9)


def test_retries_load_a_station_as_a_jackson_self_loop() -> None:
    # lambda/(1-p) into M/M/1, 1/(1-p) visits: T = 1/(mu (1-p) - lambda).
    station = Station("s", service=exponential(0.5), retry_frac=0.2)
    result = run(station)
    assert agrees(result.mean_s, 1 / (1.6 - 1.0), 0.05)
    assert result.stations[0].utilisation_frac == pytest.approx(1 / 1.6, rel=0.01)


def test_tandem_mean_is_the_sum_of_the_stations_and_p99_that_of_the_reference_run() -> None:
    # Jackson 1957 for the mean (1.69662); p99 4.670 +- 0.010 from 8e7 simulated requests.
    line = (
        Station("a", service=exponential(1 / 14)),
        Station("b", servers=4, service=exponential(1 / 3.2)),
        Station("c", servers=8, service=exponential(1 / 1.5)),
    )
    exact = 1 / 4 + mmc_sojourn(10, 3.2, 4) + mmc_sojourn(10, 1.5, 8)
    assert exact == pytest.approx(1.69662, rel=1e-5)
    result = simulate_route(Route(line), Arrivals("poisson", 10.0), 1_000_000, seed=3)
    assert agrees(result.mean_s, exact, 0.02)
    assert abs(result.p99_s.value - 4.670) <= 1.5 * result.p99_s.half_width + 0.010


def test_early_exits_thin_the_load_and_fixed_delays_only_shift() -> None:
    line = (Station("edge", service=exponential(0.5)), Station("cloud", service=exponential(1.2)))
    route = Route.tandem(
        line, delays_s=(0.1, 2.0, 3.0), exits={"edge": 0.4}, exit_delays_s={"edge": 0.2}
    )
    result = simulate_route(route, POISSON_1, 400_000, seed=5)
    edge, cloud = 1 / (2 - 1), 1 / (1 / 1.2 - 0.6)
    assert agrees(result.stations[1].sojourn_s, cloud, 0.06)
    exact = 0.1 + edge + 0.4 * 0.2 + 0.6 * (2.0 + cloud + 3.0)
    assert agrees(result.mean_s, exact, 0.03)


def test_branches_with_their_own_work_load_a_common_station_together() -> None:
    # Half with mean 0.4, half with 0.8, both exponential: M/G/1 with E[S^2] = 0.16 + 0.64.
    station = Station("s", service=exponential(0.4))
    branches = (
        Branch(0.5, ("s",)),
        Branch(0.5, ("s",), delays_s=(0.0, 5.0), services={"s": exponential(0.8)}),
    )
    result = simulate_route(Route((station,), branches), POISSON_1, 400_000, seed=4)
    wait = 0.8 / (2 * 0.4)
    assert agrees(result.stations[0].wait_s, wait, 0.05)
    assert agrees(result.mean_s, wait + 0.6 + 2.5, 0.03)


def test_bursty_renewal_sources_superpose_towards_poisson() -> None:
    station = Station("s", service=exponential(0.5))
    one = run(station, Arrivals("renewal", 1.0, sources=1, scv=9.0))
    many = run(station, Arrivals("renewal", 1.0, sources=200, scv=9.0))
    assert one.mean_s.value > 2.0
    assert many.mean_s.value == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("sources", [1, 20])
def test_private_queues_of_poisson_devices_are_single_servers(sources: int) -> None:
    # 20 devices, each M/M/1 with lambda 0.05 and mu 0.1.
    station = Station("device", "private", servers=20, service=exponential(10.0))
    result = run(station, Arrivals("poisson", 1.0, sources=sources))
    assert agrees(result.mean_s, 1 / (0.1 - 0.05), 0.05)
    assert result.stations[0].utilisation_frac == pytest.approx(0.5, rel=0.02)


def test_private_queues_of_periodic_devices_never_wait_for_constant_work() -> None:
    # Where phases change a request may come early; those periods are not counted.
    station = Station("device", "private", servers=20, service=Service("deterministic", 10.0))
    result = run(station, Arrivals("periodic", 1.0, sources=20), requests=50_000)
    assert result.p99_s.value == pytest.approx(10.0, rel=1e-9)
