"""Laws of compute, links, energy, money, carbon, accuracy and exposure: values, limits, directions.

Reference values are worked by hand from the cited formula; the place is named beside each.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from analytic_models.graph import law_units
from analytic_models.laws import (
    accuracy,
    arithmetic,
    communication,
    compute,
    cost,
    energy,
    privacy,
    rates,
    sharing,
    sojourn,
    workload,
)
from analytic_models.units import Array

Law = Callable[..., Array]

# law, inputs by name, value, place of the formula, how the value follows from it.
REFERENCE: list[tuple[Law, dict[str, float], float, str]] = [
    (
        compute.roofline_time,
        {"work": 2e9, "peak": 1e12, "compute_efficiency": 0.5, "traffic": 4e6, "bandwidth": 1e10,
         "memory_efficiency": 0.8, "launch": 1e-5},
        2e9 / 5e11 + 1e-5,
        "Williams 2009, figure 1: the lower of peak and bandwidth x intensity; compute-bound",
    ),
    (
        compute.roofline_time,
        {"work": 1e6, "peak": 1e12, "compute_efficiency": 0.5, "traffic": 4e6, "bandwidth": 1e10,
         "memory_efficiency": 0.8, "launch": 1e-5},
        4e6 / 8e9 + 1e-5,
        "Williams 2009, figure 1; here memory-bound",
    ),
    (
        workload.moved_bytes,
        {"weights": 61_100_840, "weight_bits": 8, "activations": 0, "activation_bits": 32},
        61_100_840.0,
        "AlexNet has 61,100,840 parameters (torchvision); a byte each at int8",
    ),
    (
        communication.transfer_time,
        {"size": 7.5e6, "rate": 1.5e6},
        5.0,
        "Kurose and Ross 8e, section 1.3.1: L/R = 7.5 Mbit over 1.5 Mbit/s = 5 s",
    ),
    (communication.response, {"size": 1000.0}, 8000.0, "eight bits in a byte"),
    (
        communication.fixed_delay,
        {"round_trip": 0.04, "answer": 8e5, "rate": 1e7, "overhead": 0.01, "used": 1.0},
        0.13,
        "Kurose and Ross 8e, section 2.2.2: round trip plus transmission, plus 10 ms of handshakes",
    ),
    (
        energy.radio_energy,
        {"per_bit_sent": 438.39e-9, "sent": 1e6, "per_bit_received": 51.97e-9, "received": 1e5,
         "base": 1.28804, "time": 0.2, "share": 1.0},
        0.43839 + 0.005197 + 0.257608,
        "Huang 2012, table 4: LTE alpha_u 438.39 mW/Mbps, alpha_d 51.97 mW/Mbps, beta 1288.04 mW",
    ),
    (
        energy.reserved_energy,
        {"active": 250.0, "idle": 50.0, "service": 0.01, "servers": 2, "arrival": 20.0,
         "share": 1.0, "overhead": 1.5, "used": 1.0},
        1.5 * (250 * 20 * 0.01 + 50 * (2 - 20 * 0.01)) / 20,
        "energy of one second of the site over the requests of one second",
    ),
    (
        energy.scaled_energy,
        {"active": 400.0, "idle": 100.0, "service": 0.02, "busy": 0.25, "share": 1.0,
         "overhead": 1.1},
        1.1 * (400 * 0.25 + 100 * 0.75) * (0.02 / 0.25),
        "mean power of a machine that is busy a quarter of the time, over the time that is paid",
    ),
    (
        cost.reserved_cost,
        {"price": 3600 / 3600, "servers": 3, "arrival": 6.0, "share": 1.0, "used": 1.0},
        0.5,
        "three machines at 1 $/s serve six requests per second",
    ),
    (
        cost.scaled_cost,
        {"price": 3.6 / 3600, "service": 0.05, "busy": 0.5, "share": 0.4},
        0.4 * 0.001 * 0.1,
        "0.1 s are paid for each of the 40 % that arrive",
    ),
    (
        cost.egress_cost,
        {"price": 0.12e-9, "answer": 2e6, "share": 0.5},
        1.2e-4,
        "12 cents per gigabyte, half of the answers of 2 MB",
    ),
    (
        cost.emissions,
        {"energy": 3.6e6, "intensity": 400 / 3.6e6},
        400.0,
        "one kilowatt-hour at 400 g/kWh",
    ),
    (
        rates.lifetime_price,
        {"price": 1576.8, "lifetime": 5 * 365 * 86400.0, "power": 36.0, "overhead": 1.5,
         "electricity": 0.25 / 3.6e6},
        1e-5 + 3.75e-6,
        "1576.8 $ over five years of 31.536 Ms, and 54 W at 25 ct/kWh",
    ),
    (
        accuracy.accuracy_point,
        {"baseline": 0.8, "device": 0.1, "edge": 0.0, "cloud": 0.0, "raw": 0.05, "uplink": 0.0,
         "backhaul": 0.0, "keep": 1.0},
        0.8 * 0.9 * 0.95,
        "two independent losses multiply what is kept",
    ),
    (
        accuracy.accuracy_low,
        {"baseline": 0.8, "device": 0.1, "edge": 0.0, "cloud": 0.0, "raw": 0.05, "uplink": 0.0,
         "backhaul": 0.0, "keep": 1.0},
        0.8 * 0.85,
        "Frechet 1935: the union of two losses is at most their sum",
    ),
    (
        accuracy.accuracy_high,
        {"baseline": 0.8, "device": 0.1, "edge": 0.0, "cloud": 0.0, "raw": 0.05, "uplink": 0.0,
         "backhaul": 0.0, "keep": 1.0},
        0.8 * 0.9,
        "Frechet 1935: the union of two losses is at least the larger",
    ),
    (
        privacy.exposed,
        {"size": 800.0, "share": 0.25},
        200.0,
        "Cover and Thomas 2006, section 2.4: I(X;Z) <= H(Z) <= bits of Z",
    ),
    (
        compute.memory_share,
        {"weights": 6e5, "activations": 2e5, "weight_room": 1e6, "activation_room": 2.5e5,
         "split": 1.0},
        0.8,
        "flash is filled to 60 %, SRAM to 80 %",
    ),
    (
        sojourn.fcfs_wait,
        {"arrival": 0.8, "service": 1.0, "scv": 0.0, "servers": 1, "waiting": 0.8},
        2.0,
        "Pollaczek 1930: M/D/1 at rho = 0.8 waits rho/(2(1 - rho)) = 2 services",
    ),
    (
        sojourn.fcfs_variance,
        {"wait": 4.0, "waiting": 0.8, "offered": 0.8, "service": 1.0, "scv": 1.0, "servers": 1},
        25.0,
        "M/M/1 at rho = 0.8: the sojourn is exponential with mean 5",
    ),
    (
        sojourn.fcfs_skew,
        {"wait": 4.0, "waiting": 0.8, "offered": 0.8, "service": 1.0, "scv": 1.0, "servers": 1},
        250.0,
        "M/M/1 at rho = 0.8: third cumulant of an exponential law, 2 x 5^3",
    ),
    (
        sharing.shared_variance,
        {"time": 2.0, "service": 1.0, "scv": 1.0},
        20.0 / 3.0,
        "Coffman, Muntz and Trotter 1970: variance (2 + rho)/((2 - rho)(1 - rho)^2) at rho = 1/2",
    ),
    (
        sojourn.ps_wait_mean,
        {"arrival": 0.75, "service": 1.0, "servers": 1},
        3.0,
        "Kelly 1979, section 3.3: sojourn x/(1 - rho), here four services",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "inputs", "value", "place"),
    REFERENCE,
    ids=[f"{r[0].__name__}-{i}" for i, r in enumerate(REFERENCE)],
)
def test_a_reference_value_is_reproduced(
    law: Law, inputs: dict[str, float], value: float, place: str
) -> None:
    assert place
    assert float(law(**inputs)) == pytest.approx(value, rel=1e-9)


INF, NAN = math.inf, math.nan
LIMITS: list[tuple[str, Law, dict[str, float], float]] = [
    ("no bits take no time", communication.transfer_time, {"size": 0.0, "rate": 1e6}, 0.0),
    ("no rate takes for ever", communication.transfer_time, {"size": 1.0, "rate": 0.0}, INF),
    ("an unknown rate is not known", communication.transfer_time, {"size": 1.0, "rate": NAN}, NAN),
    (
        "a hop that is not used delays nothing",
        communication.fixed_delay,
        {"round_trip": 1.0, "answer": 1.0, "rate": 1.0, "overhead": 1.0, "used": 0.0},
        0.0,
    ),
    (
        "a site that is not used costs nothing, at an unknown price",
        cost.reserved_cost,
        {"price": NAN, "servers": 1, "arrival": 1.0, "share": 1.0, "used": 0.0},
        0.0,
    ),
    (
        "a reserved machine that nobody asks is infinitely expensive per answer",
        cost.reserved_cost,
        {"price": 1.0, "servers": 1, "arrival": 0.0, "share": 1.0, "used": 1.0},
        INF,
    ),
    (
        "no cloud time costs nothing, at an unknown price",
        cost.scaled_cost,
        {"price": NAN, "service": 0.0, "busy": 0.5, "share": 1.0},
        0.0,
    ),
    (
        "no answer has no egress, at an unknown price",
        cost.egress_cost,
        {"price": NAN, "answer": 0.0, "share": 1.0},
        0.0,
    ),
    (
        "a site that is not used draws no power, even an unknown one",
        energy.reserved_energy,
        {"active": NAN, "idle": NAN, "service": 0.0, "servers": 1, "arrival": 1.0, "share": 1.0,
         "overhead": 1.0, "used": 0.0},
        0.0,
    ),
    (
        "idle power over no requests is infinite per request",
        energy.reserved_energy,
        {"active": 1.0, "idle": 1.0, "service": 0.0, "servers": 1, "arrival": 0.0, "share": 1.0,
         "overhead": 1.0, "used": 1.0},
        INF,
    ),
    (
        "full use has no idle share",
        energy.scaled_energy,
        {"active": 10.0, "idle": 5.0, "service": 1.0, "busy": 1.0, "share": 1.0, "overhead": 1.0},
        10.0,
    ),
    (
        "without losses nothing is lost",
        accuracy.accuracy_low,
        dict.fromkeys(("device", "edge", "cloud", "raw", "uplink", "backhaul"), 0.0)
        | {"baseline": 0.7, "keep": 1.0},
        0.7,
    ),
    (
        "losses beyond everything leave nothing",
        accuracy.accuracy_low,
        dict.fromkeys(("device", "edge", "cloud", "raw", "uplink", "backhaul"), 0.4)
        | {"baseline": 0.7, "keep": 1.0},
        0.0,
    ),
    (
        "an unknown loss makes the accuracy unknown",
        accuracy.accuracy_point,
        dict.fromkeys(("device", "edge", "cloud", "raw", "uplink", "backhaul"), 0.0)
        | {"baseline": 0.7, "keep": 1.0, "edge": NAN},
        NAN,
    ),
    ("exposure is at most all", privacy.exposed_share, {"size": 9.0, "raw": 3.0}, 1.0),
    (
        "at full load a single server never catches up",
        sojourn.fcfs_wait,
        {"arrival": 1.0, "service": 1.0, "scv": 0.0, "servers": 1, "waiting": 1.0},
        INF,
    ),
    (
        "where nothing arrives nobody waits",
        sojourn.fcfs_wait,
        {"arrival": 0.0, "service": 1.0, "scv": 1.0, "servers": 3, "waiting": 0.0},
        0.0,
    ),
    (
        "sharing a full server never ends",
        sojourn.ps_wait_mean,
        {"arrival": 1.0, "service": 1.0, "servers": 1},
        INF,
    ),
    (
        "fixed work that meets nobody has no spread",
        sharing.shared_variance,
        {"time": 1.0, "service": 1.0, "scv": 0.0},
        0.0,
    ),
    (
        "the time in an overloaded shared station has no finite spread",
        sharing.shared_variance,
        {"time": INF, "service": 1.0, "scv": 0.0},
        INF,
    ),
    ("full is not below one", arithmetic.flag_below_one, {"share": 1.0}, 0.0),
    ("infinite is not below one", arithmetic.flag_below_one, {"share": INF}, 0.0),
    (
        "an unknown peak makes a layer's time unknown",
        compute.roofline_time,
        {"work": 1.0, "peak": NAN, "compute_efficiency": 1.0, "traffic": 1.0, "bandwidth": 1.0,
         "memory_efficiency": 1.0, "launch": 0.0},
        NAN,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("words", "law", "inputs", "value"), LIMITS, ids=[w for w, *_ in LIMITS])
def test_a_limit_has_its_value_and_raises_nothing(
    words: str, law: Law, inputs: dict[str, float], value: float
) -> None:
    with np.errstate(all="ignore"):
        found = float(law(**{name: np.float64(v) for name, v in inputs.items()}))
    np.testing.assert_allclose(found, value, rtol=1e-12, atol=0.0, err_msg=words)


# law, input that moves, direction of the answer; the other inputs come from the reference table.
MONOTONE: list[tuple[Law, str, int]] = [
    (compute.roofline_time, "work", 1),
    (compute.roofline_time, "peak", -1),
    (compute.roofline_time, "bandwidth", -1),
    (compute.roofline_time, "launch", 1),
    (workload.moved_bytes, "weight_bits", 1),
    (communication.transfer_time, "size", 1),
    (communication.transfer_time, "rate", -1),
    (communication.fixed_delay, "round_trip", 1),
    (communication.fixed_delay, "rate", -1),
    (energy.radio_energy, "sent", 1),
    (energy.radio_energy, "share", 1),
    (energy.reserved_energy, "arrival", -1),
    (energy.reserved_energy, "servers", 1),
    (energy.scaled_energy, "busy", -1),
    (cost.reserved_cost, "arrival", -1),
    (cost.scaled_cost, "busy", -1),
    (cost.scaled_cost, "service", 1),
    (cost.egress_cost, "answer", 1),
    (cost.emissions, "intensity", 1),
    (rates.lifetime_price, "lifetime", -1),
    (accuracy.accuracy_point, "device", -1),
    (accuracy.accuracy_low, "raw", -1),
    (accuracy.accuracy_high, "device", -1),
    (privacy.exposed, "share", 1),
    (compute.memory_share, "activations", 1),
    (sojourn.fcfs_wait, "scv", 1),
    (sojourn.ps_wait_mean, "arrival", 1),
    (sharing.shared_variance, "scv", 1),
]


@pytest.mark.parametrize(
    ("law", "name", "sign"), MONOTONE, ids=[f"{m[0].__name__}-{m[1]}" for m in MONOTONE]
)
def test_an_answer_moves_in_one_direction(law: Law, name: str, sign: int) -> None:
    moved = 0.0
    for inputs in (given for known, given, *_ in REFERENCE if known is law):
        values = np.linspace(0.9, 1.1, 41) * inputs[name]
        if inputs[name] == 0.0:
            values = np.linspace(0.0, 1.0, 41)
        found = np.broadcast_to(np.asarray(law(**{**inputs, name: values}), dtype=float), (41,))
        moves = np.diff(found) * sign
        assert (moves >= -1e-12 * np.abs(found).max()).all()
        moved += moves.sum()
    assert moved > 0.0


@pytest.mark.parametrize(
    ("law", "inputs"),
    [(r[0], r[1]) for r in REFERENCE],
    ids=[f"{r[0].__name__}-{i}" for i, r in enumerate(REFERENCE)],
)
def test_arrays_and_numbers_give_the_same_answer(law: Law, inputs: dict[str, float]) -> None:
    rng = np.random.default_rng(11)
    # Flags, servers and probabilities keep their value; the rest varies case by case.
    units, _ = law_units(law)
    fixed = {"servers", "used", "split", "waiting", "offered"}
    varied = {
        name: np.full(32, v) if name in fixed else v * rng.uniform(0.8, 1.0, 32)
        for name, v in inputs.items()
    }
    assert set(varied) == set(units)
    together = np.broadcast_to(np.asarray(law(**varied), dtype=float), (32,))
    alone = [float(law(**{name: v[i] for name, v in varied.items()})) for i in range(32)]
    np.testing.assert_allclose(together, alone, rtol=1e-13)
    column = {name: v.reshape(8, 4) for name, v in varied.items()}
    np.testing.assert_allclose(
        np.broadcast_to(np.asarray(law(**column), dtype=float), (8, 4)).ravel(), alone, rtol=1e-13
    )


def test_sums_up_to_every_boundary_give_every_segment() -> None:
    rng = np.random.default_rng(3)
    rows, boundaries = rng.random(40), np.array([0, 3, 4, 11, 30, 40])
    sums = workload.prefix_at(rows, boundaries)
    largest = workload.largest_between(rows, boundaries)
    for first in range(len(boundaries)):
        for stop in range(first, len(boundaries)):
            part = rows[boundaries[first] : boundaries[stop]]
            assert sums[stop] - sums[first] == pytest.approx(part.sum(), abs=1e-12)
            assert largest[first, stop] == part.max(initial=0.0)


def test_the_accuracy_interval_holds_the_point() -> None:
    rng = np.random.default_rng(5)
    losses = {
        n: rng.uniform(0, 0.3, 200)
        for n in ("device", "edge", "cloud", "raw", "uplink", "backhaul")
    }
    given = {"baseline": 0.8, "keep": 1.0, **losses}
    point = accuracy.accuracy_point(**given)
    assert np.all(accuracy.accuracy_low(**given) <= point)
    assert np.all(point <= accuracy.accuracy_high(**given))
