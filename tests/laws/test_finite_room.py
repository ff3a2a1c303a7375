"""Stations with a last place: textbook formulas, limits, two routes to one mean, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytic_models.laws.finite_room import arriving_more, room_of
from analytic_models.laws.finite_waits import room_steps, room_wait_law
from analytic_models.laws.multi_server import mmck_blocking, mmck_sojourn_mean
from analytic_models.laws.queueing import mgc_wait_mean, mgc_wait_variance
from analytic_models.laws.room_station import (
    answered_onward,
    answered_remote,
    carried_load,
    lost_share,
    room_lost,
    room_wait,
)
from analytic_models.laws.service_laws import gamma_law
from analytic_models.laws.transforms import sojourn_quantile
from analytic_models.simulation.network import Arrivals, Route, Station
from analytic_models.simulation.parts import Service
from analytic_models.simulation.run import SimulationResult, simulate_route

LEVELS = (0.5, 0.95, 0.99)


@pytest.mark.parametrize(("servers", "places"), [(1, 1), (1, 5), (4, 10), (8, 8), (3, 40)])
@pytest.mark.parametrize("load", [0.2, 0.9, 1.0, 1.5, 20.0])
def test_exponential_service_is_the_textbook_queue(servers: int, places: int, load: float) -> None:
    arrival = load * servers
    room = room_of(arrival, 1.0, 1.0, float(servers), float(places))
    lost = float(mmck_blocking(arrival, 1.0, servers, places))
    assert room.lost == pytest.approx(lost, rel=1e-9, abs=1e-14)
    mean = float(mmck_sojourn_mean(arrival, 1.0, servers, places))
    assert room.moments[0] + 1.0 == pytest.approx(mean, rel=1e-9)
    assert room.stretch == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("scv", [0.0, 0.5, 4.0])
@pytest.mark.parametrize("servers", [1, 5])
def test_without_a_queue_losses_do_not_depend_on_the_kind_of_service(
    scv: float, servers: int
) -> None:
    erlang = float(mmck_blocking(3.0, 1.0, servers, servers))
    assert room_of(3.0, 1.0, scv, servers, servers).lost == pytest.approx(erlang, rel=1e-12)


@pytest.mark.parametrize("scv", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("places", [2, 7, 40])
@pytest.mark.parametrize("load", [1e-3, 0.4, 0.95, 1.3, 6.0])
def test_the_service_left_and_the_law_of_little_give_one_mean(
    scv: float, places: int, load: float
) -> None:
    room = room_of(load, 1.0, scv, 1.0, float(places))
    inside = np.arange(places)
    below = room.found * (1.0 - room.lost)
    queued = float(np.maximum(inside - 1, 0) @ below) + (places - 1) * room.lost
    assert room.moments[0] == pytest.approx(queued / (load * (1.0 - room.lost)), rel=1e-8)


def test_two_places_with_fixed_service_are_solved_by_hand() -> None:
    # After a departure nobody is left with probability e^-a: the embedded chain has two states.
    load = 0.7
    empty = math.exp(-load)
    lost = 1.0 - 1.0 / (empty + load)
    assert room_of(load, 1.0, 0.0, 1.0, 2.0).lost == pytest.approx(lost, rel=1e-12)


@pytest.mark.parametrize("scv", [0.0, 0.4, 1.0, 3.0])
@pytest.mark.parametrize("load", [0.3, 0.7])
def test_many_places_are_the_queue_with_endless_room(scv: float, load: float) -> None:
    room = room_of(load, 1.0, scv, 1.0, 300.0)
    assert room.lost < 1e-9
    assert room.moments[0] == pytest.approx(float(mgc_wait_mean(load, 1.0, scv, 1.0)), rel=1e-6)
    variance = float(mgc_wait_variance(load, 1.0, scv, 1.0))
    assert room.cumulants[1] == pytest.approx(variance, rel=1e-5)


@pytest.mark.parametrize("scv", [0.0, 0.4, 3.0])
def test_many_places_at_several_servers_have_the_mean_of_the_plain_law(scv: float) -> None:
    for load in (0.3, 0.7, 0.9):
        room = room_of(4.0 * load, 1.0, scv, 4.0, 600.0)
        plain = float(mgc_wait_mean(4.0 * load, 1.0, scv, 4.0))
        assert room.moments[0] == pytest.approx(plain, rel=2e-3)


def test_more_places_lose_less_and_make_the_others_wait_longer() -> None:
    rooms = [room_of(0.9, 1.0, 0.5, 1.0, float(k)) for k in (1, 2, 4, 8, 16, 64)]
    lost = [room.lost for room in rooms]
    waits = [room.moments[0] for room in rooms]
    assert lost == sorted(lost, reverse=True)
    assert waits == sorted(waits)


@pytest.mark.parametrize("load", [0.5, 1.0, 5.0, 299.0, 301.0, 1e6])
def test_a_station_with_a_last_place_is_finite_at_every_load(load: float) -> None:
    for scv, servers in ((0.0, 1), (0.5, 1), (1.0, 3), (0.0, 3)):
        room = room_of(load * servers, 1.0, scv, float(servers), 9.0)
        busy = float(carried_load(load * servers, 1.0, servers, room.lost))
        assert 0.0 < busy < 1.0
        assert all(math.isfinite(moment) for moment in room.moments)
        assert room.moments[0] <= 9.0
        assert room.lost >= 1.0 - 1.0 / load - 1e-12


def test_nobody_and_no_work_lose_nothing_and_the_unknown_stays_unknown() -> None:
    assert float(room_lost(0.0, 1.0, 0.0, 1.0, 2.0)) == 0.0
    assert float(room_wait(2.0, 0.0, 0.0, 1.0, 2.0)) == 0.0
    assert math.isnan(float(room_lost(1.0, math.nan, 0.0, 1.0, 2.0)))
    found = room_lost(np.array([0.8, 0.8, 0.0]), 1.0, 1.0, 1.0, np.array([5.0, 1.0, 5.0]))
    assert found == pytest.approx([0.0888194987, 0.8 / 1.8, 0.0], rel=1e-8)


@pytest.mark.parametrize("scv", [0.0, 1.0])
def test_arrivals_in_a_service_add_up_to_its_load(scv: float) -> None:
    above = arriving_more(0.6, scv, 200)
    assert float(above.sum()) == pytest.approx(0.6, rel=1e-9)


def test_what_is_lost_and_what_is_answered_add_up() -> None:
    remote, edge, onward, cloud = 0.8, 0.3, 0.4, 0.2
    lost = float(lost_share(remote, edge, onward, cloud))
    beyond = float(answered_remote(remote, edge, onward, cloud, lost))
    far = beyond * float(answered_onward(onward, cloud))
    assert (1.0 - lost) * (1.0 - beyond) == pytest.approx(1.0 - remote, rel=1e-12)
    answered_far = remote * (1.0 - edge) * onward * (1.0 - cloud)
    assert (1.0 - lost) * far == pytest.approx(answered_far, rel=1e-12)


def _run(load: float, scv: float, servers: int, places: int) -> SimulationResult:
    service = Service("gamma", 1.0, scv) if scv else Service("deterministic", 1.0)
    station = Station("tier", "loss", servers, service, capacity=places)
    return simulate_route(
        Route((station,)), Arrivals("poisson", load * servers), requests=120_000, seed=11
    )


def _quantiles(load: float, scv: float, servers: int, places: int) -> list[float]:
    room = room_of(load * servers, 1.0, scv, float(servers), float(places))
    if scv == 0.0:
        times, shares = room_steps(room)
        order = np.argsort(times)
        reached = np.cumsum(shares[order])
        return [float(times[order][np.searchsorted(reached, q)]) + 1.0 for q in LEVELS]
    laws = [room_wait_law(room), gamma_law(1.0, scv)]
    return [float(sojourn_quantile(0.0, laws, level)) for level in LEVELS]


@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("load", "places"), [(0.5, 3), (0.8, 10), (1.2, 3), (2.0, 6)])
def test_one_server_is_exact(load: float, places: int, scv: float) -> None:
    run, room = _run(load, scv, 1, places), room_of(load, 1.0, scv, 1.0, float(places))
    assert abs(room.lost - run.lost_frac.value) <= 0.01 * room.lost + 2.0 * run.lost_frac.half_width
    off = abs(room.moments[0] + 1.0 - run.mean_s.value)
    assert off <= 0.01 * run.mean_s.value + run.mean_s.half_width
    for found, seen in zip(
        _quantiles(load, scv, 1, places), (run.p50_s, run.p95_s, run.p99_s), strict=True
    ):
        assert abs(found - seen.value) <= 0.02 * seen.value + seen.half_width


@pytest.mark.parametrize("scv", [0.0, 0.5, 4.0])
@pytest.mark.parametrize(
    ("load", "servers", "places"), [(0.8, 4, 6), (1.2, 4, 16), (2.0, 8, 24), (0.8, 8, 10)]
)
def test_several_servers_lie_within_the_stated_envelope(
    load: float, servers: int, places: int, scv: float
) -> None:
    run = _run(load, scv, servers, places)
    room = room_of(load * servers, 1.0, scv, float(servers), float(places))
    assert abs(room.lost - run.lost_frac.value) <= 0.04 * room.lost + run.lost_frac.half_width
    off = abs(room.moments[0] + 1.0 - run.mean_s.value)
    assert off <= 0.03 * run.mean_s.value + run.mean_s.half_width
    for found, seen in zip(
        _quantiles(load, scv, servers, places)[1:], (run.p95_s, run.p99_s), strict=True
    ):
        assert abs(found - seen.value) <= 0.09 * seen.value + seen.half_width


def test_a_wait_at_one_server_with_fixed_service_has_an_end() -> None:
    times, shares = room_steps(room_of(2.0, 1.0, 0.0, 1.0, 4.0))
    assert times.max() < 3.0
    assert float(shares @ times) == pytest.approx(room_of(2.0, 1.0, 0.0, 1.0, 4.0).moments[0], 1e-4)
