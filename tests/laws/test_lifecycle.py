"""Making of the machines and battery charges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytic_models import Case, Design, Scenario, evaluate, load_catalog
from analytic_models.laws.lifecycle import (
    charge_inferences,
    made_while_reserved,
    made_while_used,
)

# The last place of a cut in ResNet-50.
LAST = len(load_catalog().dnns["resnet50"].boundary_name) - 1
YEARS_4 = 4 * 365.25 * 86400.0


def test_a_machine_that_is_never_idle_hands_its_whole_making_to_its_requests() -> None:
    life, time = 1e8, 0.25
    assert made_while_used(50e3, life, time, 1.0, 1.0) * (life / time) == pytest.approx(50e3)


def test_reserved_servers_hand_their_whole_making_to_their_requests() -> None:
    life, rate = 1e8, 40.0
    of_one = made_while_reserved(100e3, life, 3.0, rate, 1.0, 1.0)
    assert of_one * rate * life == pytest.approx(3 * 100e3)


def test_what_is_not_used_emits_nothing_even_if_its_making_is_not_known() -> None:
    assert made_while_used(math.nan, 1e8, 0.0, 1.0, 1.0) == 0.0
    assert made_while_reserved(math.nan, 1e8, 1.0, 10.0, 1.0, 0.0) == 0.0


def test_what_is_used_but_not_known_stays_not_known() -> None:
    assert math.isnan(made_while_used(math.nan, 1e8, 0.1, 1.0, 1.0))
    assert math.isnan(made_while_reserved(math.nan, 1e8, 1.0, 10.0, 1.0, 1.0))


@given(busy=st.floats(0.05, 1.0), share=st.floats(0.0, 1.0))
def test_a_machine_put_to_half_the_use_costs_each_request_twice_as_much(
    busy: float, share: float
) -> None:
    whole = made_while_used(50e3, 1e8, 0.1, busy, share)
    assert made_while_used(50e3, 1e8, 0.1, busy / 2, share) == pytest.approx(2 * whole)


def test_a_charge_lasts_until_its_energy_is_spent() -> None:
    assert charge_inferences(10.0, np.array([2.0, 4.0])).tolist() == [5.0, 2.5]


def test_a_phone_knows_its_charge_and_a_board_on_the_mains_says_why_not() -> None:
    device_only = Design(cut1=LAST, cut2=LAST, device_precision="int8")
    phone = evaluate(Case(Scenario(device="snapdragon_8_gen_3"), device_only))
    board = evaluate(Case(Scenario(), device_only))
    charge, energy = phone.value("charge_inferences_count"), phone.value("energy_device_j")
    assert charge * energy == pytest.approx(19.3 * 3600)
    assert math.isnan(board.value("charge_inferences_count"))
    assert "battery" in board.reason("charge_inferences_count")


def test_the_footprint_adds_the_making_of_every_machine_in_use() -> None:
    found = evaluate(Case())
    parts = sum(found.value(f"{tier}_made_gco2e") for tier in ("device", "edge", "cloud"))
    assert found.value("embodied_gco2e") == pytest.approx(parts)
    whole = found.value("carbon_gco2e") + parts
    assert found.value("footprint_gco2e") == pytest.approx(whole)


def test_the_reserved_edge_is_shared_by_the_requests_that_reach_it() -> None:
    scenario = Scenario(edge_servers_count=4)
    design = Design(cut1=0, cut2=LAST)
    found = evaluate(Case(scenario, design))
    made = found.value("edge_made_gco2e")
    rate = scenario.population_count * scenario.arrival_per_s
    assert made * rate * YEARS_4 == pytest.approx(4 * 120e3, rel=1e-3)
