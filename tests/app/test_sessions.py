"""Links and kept sessions: short, exact, and closed to foreign text."""

from __future__ import annotations

import json

import links
import pytest
import sessions
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_models import Case, DesignError, load_scenarios

LONGEST_LINK = 2000


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_every_preset_is_a_short_link_to_itself(name: str) -> None:
    case = load_scenarios()[name]
    link = sessions.pack_link(case, name)
    assert sessions.unpack_link(link).case == case
    assert len(link) < 120


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_a_case_that_differs_in_everything_stays_below_two_thousand_characters(name: str) -> None:
    others = [case for key, case in load_scenarios().items() if key != name]
    for case in others:
        changed = case.with_scenario(
            name="x" * 80,
            uplink_bit_per_s=12_345_678.9,
            backhaul_bit_per_s=98_765_432.1,
            uplink_rtt_s=0.012345,
            backhaul_rtt_s=0.054321,
            energy_max_j=0.123456,
            cost_max_usd=1.23456e-6,
            edge_usd_per_s=1.23456e-5,
        )
        link = sessions.pack_link(changed, name)
        assert sessions.unpack_link(link).case == changed
        assert len(link) <= LONGEST_LINK


@settings(max_examples=60, deadline=None)
@given(
    population=st.integers(1, 1_000_000),
    deadline=st.floats(1e-4, 3600.0),
    rate=st.none() | st.floats(1e2, 1e12),
    words=st.text(max_size=80),
)
def test_any_case_comes_back_exactly_from_its_link(
    population: int, deadline: float, rate: float | None, words: str
) -> None:
    name = next(iter(load_scenarios()))
    case = load_scenarios()[name].with_scenario(
        population_count=population, deadline_s=deadline, uplink_bit_per_s=rate, name=words
    )
    found = sessions.unpack_link(sessions.pack_link(case, name))
    assert found.case == case
    assert found.preset == name
    assert found.warning == ""


def _link(**body: object) -> str:
    return links.encode(json.dumps(body))


def test_a_link_to_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(links.LinkError, match="does not have"):
        sessions.unpack_link(_link(p="nowhere"))


@pytest.mark.parametrize("body", [{"p": "1-factory", "x": 1}, {"p": "1-factory", "s": [1]}])
def test_a_link_with_another_shape_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(links.LinkError, match="does not hold a case"):
        sessions.unpack_link(_link(**body))


def test_a_link_with_a_wrong_value_names_the_place() -> None:
    with pytest.raises(DesignError) as caught:
        sessions.unpack_link(_link(p="1-factory", s={"deadline_s": "soon"}))
    assert caught.value.problems[0].path == "scenario.deadline_s"


def test_a_link_whose_preset_has_changed_since_says_so() -> None:
    found = sessions.unpack_link(_link(p="1-factory", c="00000000"))
    assert "has changed" in found.warning


def test_a_kept_session_without_a_known_preset_resets_to_the_first() -> None:
    text = json.dumps({"case": Case().to_dict(), "preset": "gone", "lesson": 3})
    found = sessions.unpack_session(text)
    assert found is not None
    assert found.preset == next(iter(load_scenarios()))
    assert found.lesson == {}
