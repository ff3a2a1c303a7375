"""Every declared field gets a widget that copies into the case and follows it."""

from __future__ import annotations

from typing import Any

import pytest
from controls import log_steps, widget_key
from streamlit.testing.v1 import AppTest

from analytic_models import Case, Design, Scenario, load_scenarios
from analytic_models.fields import declared_fields

START = next(iter(load_scenarios().values()))


def _page() -> None:
    import controls
    import state
    import streamlit as st
    from viewmodels.current import evaluated
    from viewmodels.facts import facts_of

    facts = facts_of(evaluated(state.case()))
    for part in ("scenario", "design"):
        for name in controls.groups_of(part):
            controls.group(part, name, facts)
    st.button("Undo", key="undo", on_click=state.undo)


def _slider_page() -> None:
    import controls

    for name in ("population_count", "deadline_s", "uplink_background_frac"):
        controls.control("scenario", name, slider=True)
    words = [f"boundary {at}" for at in range(21)]
    for name in ("cut1", "cut2"):
        controls.control("design", name, options=controls.Options(range(21), words))


def _case(at: AppTest) -> Case:
    return Case.from_json(at.session_state["case"])


@pytest.fixture
def every() -> AppTest:
    """Draw all fields."""
    return AppTest.from_function(_page, default_timeout=30).run()


def _widgets(at: AppTest) -> dict[str, Any]:
    kinds = (at.selectbox, at.number_input, at.toggle, at.text_input, at.select_slider, at.slider)
    return {widget.key: widget for kind in kinds for widget in kind}


def test_every_field_has_a_widget_without_an_exception(every: AppTest) -> None:
    assert not every.exception
    drawn = _widgets(every)
    for part, owner in (("scenario", Scenario), ("design", Design)):
        for name in declared_fields(owner):
            key = widget_key(part, name)
            assert key in drawn or f"{key}?" in drawn


def test_no_choice_shows_an_id(every: AppTest) -> None:
    for box in every.selectbox:
        shown = box.options
        assert not [words for words in shown if "_" in words or words.startswith("app-")], box.key


def test_a_choice_changes_only_its_field(every: AppTest) -> None:
    box = _widgets(every)[widget_key("scenario", "edge")]
    box.set_value("l4").run()
    assert _case(every) == START.with_scenario(edge="l4")


def test_a_number_is_typed_in_the_unit_of_its_label(every: AppTest) -> None:
    box = _widgets(every)[widget_key("scenario", "deadline_s")]
    assert box.label == "Deadline (ms)"
    assert box.value == START.scenario.deadline_s * 1e3
    box.set_value(42.0).run()
    assert _case(every).scenario.deadline_s == 0.042


def test_a_share_is_typed_in_per_cent(every: AppTest) -> None:
    box = _widgets(every)[widget_key("scenario", "uplink_background_frac")]
    assert box.label == "Uplink taken by others (%)"
    box.set_value(25.0).run()
    assert _case(every).scenario.uplink_background_frac == 0.25


def test_an_optional_number_starts_from_the_fact_and_returns_to_it(every: AppTest) -> None:
    key = widget_key("scenario", "uplink_bit_per_s")
    assert "186 Mbit/s, measured" in _widgets(every)[f"{key}?"].label
    _widgets(every)[f"{key}?"].set_value(False).run()
    box = _widgets(every)[key]
    assert box.value == 186.0
    assert _case(every).scenario.uplink_bit_per_s == 186e6
    box.set_value(20.0).run()
    assert _case(every).scenario.uplink_bit_per_s == 20e6
    assert "186 Mbit/s, measured" in _widgets(every)[f"{key}?"].label
    _widgets(every)[f"{key}?"].set_value(True).run()
    assert _case(every) == START


def test_a_new_limit_starts_from_what_the_design_needs(every: AppTest) -> None:
    key = widget_key("scenario", "energy_max_j")
    assert _widgets(every)[f"{key}?"].label == "Device energy at most: no limit"
    _widgets(every)[f"{key}?"].set_value(False).run()
    assert _case(every).scenario.energy_max_j == pytest.approx(0.13, rel=0.05)


def test_undo_moves_the_widget_back(every: AppTest) -> None:
    key = widget_key("scenario", "population_count")
    _widgets(every)[key].set_value(55).run()
    every.button(key="undo").click().run()
    assert _widgets(every)[key].value == START.scenario.population_count
    assert _case(every) == START


def test_crossing_cuts_show_the_reason_and_keep_both_values() -> None:
    at = AppTest.from_function(_slider_page, default_timeout=30).run()
    drawn = _widgets(at)
    drawn[widget_key("design", "cut2")].set_value(4).run()
    _widgets(at)[widget_key("design", "cut1")].set_value(9).run()
    assert "lies behind" in at.error[0].value
    assert "Allowed: at most 4" in at.error[0].value
    assert _widgets(at)[widget_key("design", "cut1")].value == 9
    assert _case(at).design.cut1 == START.design.cut1
    _widgets(at)[widget_key("design", "cut2")].set_value(12).run()
    assert not at.error
    assert (_case(at).design.cut1, _case(at).design.cut2) == (9, 12)


def test_sliders_have_stops_in_display_units() -> None:
    at = AppTest.from_function(_slider_page, default_timeout=30).run()
    drawn = _widgets(at)
    assert drawn[widget_key("scenario", "deadline_s")].label == "Deadline (ms)"
    drawn[widget_key("scenario", "population_count")].set_value(30).run()
    assert _case(at).scenario.population_count == 30
    _widgets(at)[widget_key("scenario", "uplink_background_frac")].set_value(50.0).run()
    assert _case(at).scenario.uplink_background_frac == 0.5


def test_stops_hold_both_ends_and_the_current_value() -> None:
    stops = log_steps(1, 1_000_000, (17,), True)
    assert (stops[0], stops[-1]) == (1, 1_000_000)
    assert 17 in stops
    assert list(stops) == sorted(set(stops))
    assert all(value == int(value) for value in stops)
    assert log_steps(0.0, 100.0, (3.5,), False)[0] == 0.0
