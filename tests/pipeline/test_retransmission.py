"""Messages that are lost and sent again: moments, limits, energy, and the whole chain simulated."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, explain, load_scenarios, optimize
from analytic_models.demand import demand_table
from analytic_models.laws.retransmission import (
    repeat_shares,
    repeated_law,
    repeated_scv,
    repeated_skew,
    repeated_variance,
    shared_spread,
)
from analytic_models.laws.sharing import shared_variance
from analytic_models.laws.sojourn import fcfs_skew, fcfs_variance
from analytic_models.laws.station_laws import mg1_wait_law
from analytic_models.lights import lights, relieved
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.simulation.case import case_route, simulate
from analytic_models.simulation.parts import Service
from analytic_models.simulation.sampling import draw

FACTORY = load_scenarios()["1-factory"].with_scenario(uplink_bit_per_s=200e6, edge_servers_count=8)
TAILS = ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s")
EVERYTHING = (*TAILS, "latency_mean_s", "energy_device_j", "cost_usd", "deadline_miss_frac")


@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("loss", [0.02, 0.1, 0.3])
def test_drawn_times_have_the_moments_of_the_law(scv: float, loss: float) -> None:
    kind = "gamma" if scv else "deterministic"
    times = draw(Service(kind, 1.0, scv, loss), np.random.default_rng(4), 400_000)
    assert times.mean() == pytest.approx(1.0 / (1.0 - loss), rel=5e-3)
    spread = times.var() / times.mean() ** 2
    assert spread == pytest.approx(float(repeated_scv(scv, loss)), rel=2e-2)


def test_a_simulated_link_that_always_loses_is_refused() -> None:
    with pytest.raises(DesignError, match="repeat_frac"):
        Service("deterministic", 1.0, repeat_frac=1.0)


@pytest.mark.parametrize("scv", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("load", [0.2, 0.7])
def test_without_losses_the_laws_are_those_of_the_plain_link(scv: float, load: float) -> None:
    wait = load / (1.0 - load) * (1.0 + scv) / 2.0
    plain = {"waiting": load, "offered": load, "service": 1.0, "scv": scv, "servers": 1.0}
    assert float(repeated_variance(load, 1.0, scv, 0.0, wait)) == pytest.approx(
        float(fcfs_variance(wait, **plain)), rel=1e-12
    )
    assert float(repeated_skew(load, 1.0, scv, 0.0, wait)) == pytest.approx(
        float(fcfs_skew(wait, **plain)), rel=1e-12
    )
    shared = float(shared_variance(1.0 / (1.0 - load), 1.0, scv)) - scv
    assert float(shared_spread(load, 1.0, scv, 0.0, 1.0)) == pytest.approx(shared, rel=1e-12)


@pytest.mark.parametrize("loss", [0.0, 1e-9, 0.02, 0.5])
def test_the_shares_of_the_transmissions_are_geometric_and_complete(loss: float) -> None:
    shares = repeat_shares(loss)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    mean = float(shares @ np.arange(1, len(shares) + 1))
    assert mean == pytest.approx(1.0 / (1.0 - loss), rel=1e-6)


@pytest.mark.parametrize("loss", [0.05, 0.4])
def test_the_transform_of_the_wait_has_the_moments_of_takacs(loss: float) -> None:
    arrival, service, scv = 0.6, 1.0, 0.4
    law = mg1_wait_law(arrival, repeated_law(service, scv, loss))
    step = 1e-4
    one, two = (1.0 - law.transform(np.asarray(k * step + 0j)).real for k in (1, 2))
    # Richardson: the slope at zero without its first error.
    slope = (2.0 * one - 0.5 * two) / step
    spread = float(repeated_scv(scv, loss))
    assert slope == pytest.approx(0.6 / 0.4 * (1.0 + spread) / 2.0, rel=1e-4)


@pytest.mark.parametrize("discipline", ["fcfs", "ps"])
@pytest.mark.parametrize("scv", [0.0, 0.4, 1.0])
def test_rare_losses_change_nothing(discipline: str, scv: float) -> None:
    case = FACTORY.with_scenario(uplink_discipline=discipline, message_scv=scv)
    plain = evaluate(case)
    rare = evaluate(case.with_scenario(uplink_loss_frac=1e-9))
    for name in EVERYTHING:
        assert rare.value(name) == pytest.approx(plain.value(name), rel=2e-4, abs=1e-7), name


def test_no_losses_are_the_same_numbers_bit_for_bit() -> None:
    written = FACTORY.with_scenario(uplink_loss_frac=0.0)
    first, second = evaluate(FACTORY), evaluate(written)
    assert all(first.value(name) == second.value(name) for name in EVERYTHING)


def test_time_and_radio_energy_count_the_repeats_and_exposure_does_not() -> None:
    plain, lossy = evaluate(FACTORY), evaluate(FACTORY.with_scenario(uplink_loss_frac=0.2))
    longer = plain.value("uplink_service_s") / 0.8
    assert lossy.value("uplink_service_s") == pytest.approx(longer, rel=1e-12)
    sent = plain.value("uplink_message_bit") / 0.8
    assert lossy.value("uplink_sent_bit") == pytest.approx(sent, rel=1e-12)
    received = lossy.value("uplink_rx_j_per_bit") * lossy.value("response_bit")
    assert lossy.value("device_radio_j") - received == pytest.approx(
        (plain.value("device_radio_j") - received) / 0.8, rel=1e-12
    )
    assert lossy.value("exposed_bit") == plain.value("exposed_bit")


def test_more_losses_make_everything_slower_until_the_link_is_full() -> None:
    found = [evaluate(FACTORY.with_scenario(uplink_loss_frac=p)) for p in (0.0, 0.05, 0.2, 0.5)]
    for name in ("latency_mean_s", *TAILS, "energy_device_j"):
        values = [one.value(name) for one in found]
        assert values == sorted(values), name
    full = evaluate(FACTORY.with_scenario(uplink_loss_frac=0.5, uplink_bit_per_s=70e6))
    assert full.value("uplink_utilisation_frac") > 1.0
    assert full.value("latency_p99_s") == np.inf


# Load and losses, and how far mean, p95 and p99 may be off: what the light says.
SIMULATED: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "in order, few losses": ({"uplink_discipline": "fcfs"}, 0.01, 0.02, 0.02),
    "in order, varying sizes": (
        {"uplink_discipline": "fcfs", "message_scv": 1.0, "uplink_loss_frac": 0.3,
         "population_count": 9},
        0.01, 0.02, 0.02,
    ),
    "in order, busy": (
        {"uplink_discipline": "fcfs", "uplink_bit_per_s": 110e6}, 0.01, 0.02, 0.02,
    ),
    "shared, few losses": ({"uplink_loss_frac": 0.02}, 0.01, 0.04, 0.04),
    "shared, varying sizes": ({"message_scv": 1.0}, 0.01, 0.04, 0.04),
    "shared, many losses": ({"uplink_loss_frac": 0.3, "population_count": 9}, 0.01, 0.04, 0.04),
    "shared, busy": ({"uplink_bit_per_s": 110e6}, 0.01, 0.04, 0.04),
    "in bursts": ({"arrivals": "bursty"}, 0.01, 0.03, 0.06),
    "fading": ({"uplink_slow_frac": 0.2, "uplink_dwell_s": 0.02}, 0.01, 0.07, 0.14),
}  # fmt: skip


@pytest.mark.parametrize("name", SIMULATED)
def test_the_chain_lies_within_the_stated_envelope_of_its_simulation(name: str) -> None:
    changes, mean, p95, p99 = SIMULATED[name]
    case = FACTORY.with_scenario(**{"uplink_loss_frac": 0.1, **changes})
    found, run = evaluate(case), simulate(case, 120_000, seed=5)
    for quantity, estimate, envelope in (
        ("latency_mean_s", run.mean_s, mean),
        ("latency_p95_s", run.p95_s, p95),
        ("latency_p99_s", run.p99_s, p99),
    ):
        off = abs(found.value(quantity) - estimate.value)
        assert off <= envelope * estimate.value + estimate.half_width, quantity
    link = run.stations[0]
    assert link.utilisation_frac == pytest.approx(found.value("uplink_utilisation_frac"), rel=0.1)


def test_the_run_draws_the_repeats_itself() -> None:
    route, _ = case_route(FACTORY.with_scenario(uplink_loss_frac=0.25))
    law = route.stations[0].service
    assert law is not None
    assert law.repeat_frac == 0.25
    assert law.mean_s == pytest.approx(evaluate(FACTORY).value("uplink_service_s"), rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "words"),
    [("uplink_service_s", "repeats included"), ("uplink_variance_s2", "repeats lost messages")],
)
def test_the_explanation_names_the_repeats_and_recomputes(quantity: str, words: str) -> None:
    case = FACTORY.with_scenario(uplink_loss_frac=0.1, uplink_discipline="fcfs")
    node = explain(case, quantity)
    assert words in node.law
    assert node.recompute() == pytest.approx(node.value, rel=1e-9)
    assert "uplink_loss_frac" in {leaf.quantity for leaf in node.leaves()}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "green"),
        ({"uplink_discipline": "fcfs"}, "green"),
        ({"arrivals": "bursty"}, "amber"),
        ({"uplink_slow_frac": 0.2}, "amber"),
        ({"arrivals": "synchronised"}, "red"),
    ],
)
def test_a_light_states_how_far_it_holds(changes: dict[str, Any], state: str) -> None:
    case = FACTORY.with_scenario(uplink_loss_frac=0.1, **changes)
    light = next(one for one in lights(evaluate(case)) if one.id == "repeats")
    assert light.state == state
    assert "1.11 times" in light.message
    after = relieved(case.scenario, light)
    assert all(one.id != "repeats" for one in lights(evaluate(Case(after, case.design))))


def test_populations_share_out_the_repeats_too() -> None:
    scenario = FACTORY.scenario
    lossy = dataclasses.replace(scenario, uplink_loss_frac=0.2)
    designs = enumerate_designs(scenario, Space())
    plain, repeated = demand_table(scenario, designs), demand_table(lossy, designs)
    sending = plain.work_s[:, 0] > 0
    ratio = repeated.work_s[sending, 0] / plain.work_s[sending, 0]
    assert ratio == pytest.approx(np.full(ratio.shape, 1.25), rel=1e-12)
    second = repeated.work2_s2[sending, 0] / plain.work2_s2[sending, 0]
    assert second == pytest.approx(np.full(second.shape, 1.25**2 * 1.2), rel=1e-12)


def test_the_optimum_on_a_lossy_link_is_what_it_says() -> None:
    scenario = dataclasses.replace(FACTORY.scenario, uplink_loss_frac=0.2)
    best = optimize(scenario, over=Space()).best
    assert best is not None
    again = evaluate(best.case())
    assert again.value("latency_p99_s") == pytest.approx(best.value("latency_p99_s"), rel=1e-9)


def test_an_old_case_without_the_field_still_opens() -> None:
    value = FACTORY.to_dict()
    value["scenario"].pop("uplink_loss_frac", None)
    assert Case.from_dict(value) == FACTORY
