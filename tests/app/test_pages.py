"""Each page of the app runs alone, follows its controls, and stays within its size."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pages
import pytest
from streamlit.testing.v1 import AppTest

from analytic_models import Case, load_scenarios
from tests.app.conftest import APP

EXPLORE, OPTIMISE = APP / "views" / "explore.py", APP / "views" / "optimise.py"
START = next(iter(load_scenarios().values()))
OVERLOADED = START.with_scenario(population_count=5000)
LONGEST_VIEW = 150


def _open(file: Any, case: Case | None = None) -> AppTest:
    at = AppTest.from_file(str(file), default_timeout=60)
    if case is not None:
        at.session_state["case"] = case.to_json()
    at.run()
    assert not at.exception
    return at


def _data(at: AppTest, place: int) -> dict[str, Any]:
    return json.loads(at.get("bidi_component")[place].proto.mixed.json or "{}")


def _texts(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def _widget(at: AppTest, kind: Callable[[AppTest], Any], key: str) -> Any:
    return next(widget for widget in kind(at) if widget.key == key)


def test_explore_says_what_runs_where_and_whether_it_is_in_time() -> None:
    at = _open(EXPLORE)
    assert "ResNet-50 for" in _texts(at)
    assert "deadline" in _texts(at)
    assert {f"preset_{name}" for name in load_scenarios()} <= {b.key for b in at.button}


def test_explore_offers_the_best_design_and_applies_it() -> None:
    at = _open(EXPLORE)
    before = at.session_state["case"]
    at.button(key="apply").click().run()
    assert not at.exception
    assert at.session_state["case"] != before
    assert "You have the best design" in _texts(at)


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_every_preset_is_one_click_away(name: str) -> None:
    at = _open(EXPLORE)
    at.button(key=f"preset_{name}").click().run()
    assert not at.exception
    assert Case.from_json(at.session_state["case"]) == load_scenarios()[name]


def test_a_slider_changes_figures_and_headline() -> None:
    at = _open(EXPLORE)
    before = _texts(at)
    number = at.button(key="number_latency_mean_s").label
    _widget(at, lambda a: a.select_slider, "_scenario.population_count").set_value(2).run()
    assert not at.exception
    assert _texts(at) != before
    assert at.button(key="number_latency_mean_s").label != number


def test_an_overloaded_design_says_so_on_explore() -> None:
    at = _open(EXPLORE, OVERLOADED)
    assert "overloads the edge site" in _texts(at)
    assert at.button(key="number_latency_mean_s").label == "overloaded"


def test_closed_groups_draw_nothing_and_open_ones_their_fields() -> None:
    at = _open(EXPLORE)
    keys = {box.key for box in at.selectbox}
    assert "_scenario.edge" not in keys
    at.session_state["_open_scenario_Machines"] = True
    at.run()
    assert "_scenario.edge" in {box.key for box in at.selectbox}


def test_a_number_asks_for_its_explanation() -> None:
    at = _open(EXPLORE)
    at.button(key="number_latency_mean_s").click().run()
    assert at.session_state["ui"]["explain"] == "latency_mean_s"


def test_optimise_answers_in_a_sentence_with_its_certificate() -> None:
    at = _open(OPTIMISE)
    assert "The lowest p99 latency is" in _texts(at)
    assert any("exact over" in badge.value for badge in at.get("markdown"))


def test_optimise_follows_the_objective_and_keeps_it() -> None:
    at = _open(OPTIMISE)
    _widget(at, lambda a: a.selectbox, "_objective").set_value("energy_device_j").run()
    assert not at.exception
    assert "The lowest energy of the device is" in _texts(at)
    assert at.session_state["ui"]["objective"] == "energy_device_j"


def test_optimise_applies_the_answer() -> None:
    at = _open(OPTIMISE)
    at.button(key="apply").click().run()
    assert not at.exception
    assert any("already is this one" in caption.value for caption in at.caption)


def test_optimise_says_what_to_relax_when_nothing_fits() -> None:
    at = _open(OPTIMISE, START.with_scenario(deadline_s=1e-3, deadline_at="mean"))
    assert "No design meets all requirements." in _texts(at)
    lines = [line.value for line in at.markdown if "instead of" in line.value]
    assert lines
    assert all("**" in line for line in lines)
    at.button(key="apply").click().run()
    assert not at.exception


def test_optimise_takes_requirements_into_the_scenario() -> None:
    at = _open(OPTIMISE)
    _widget(at, lambda a: a.number_input, "_scenario.deadline_s").set_value(60.0).run()
    assert not at.exception
    assert Case.from_json(at.session_state["case"]).scenario.deadline_s == 0.06


def test_a_case_reaches_the_page_with_hostile_names_as_text() -> None:
    at = _open(EXPLORE, START.with_scenario(name="<script>x</script> ![y](http://z.invalid)"))
    assert "<script>" not in _texts(at)


def test_the_whole_app_runs_with_its_tools() -> None:
    at = _open(APP / "streamlit_app.py", START)
    assert {"undo", "redo", "reset", "file"} <= {b.key for b in at.button} | {"file"}
    assert at.button(key="undo").disabled
    at.button(key="preset_2-driving").click().run()
    assert not at.exception
    at.button(key="undo").click().run()
    assert Case.from_json(at.session_state["case"]) == START
    assert at.button(key="redo").disabled is False


def test_an_explanation_opens_as_a_dialog_in_the_whole_app() -> None:
    at = _open(APP / "streamlit_app.py", START)
    at.button(key="number_latency_p99_s").click().run()
    assert not at.exception
    assert at.latex[0].value
    at.run()
    assert not at.latex


def test_the_entry_script_lists_existing_pages_only() -> None:
    assert len((APP / "streamlit_app.py").read_text().splitlines()) <= 60
    assert pages.existing()[:2] == ("explore", "optimise")
    assert set(pages.existing()) == {file.stem for file in (APP / "views").glob("*.py")}


@pytest.mark.parametrize("file", sorted((APP / "views").glob("*.py")), ids=lambda file: file.stem)
def test_a_view_is_short_and_has_no_numpy(file: Any) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= LONGEST_VIEW
    imported = [
        name.name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for name in node.names
    ]
    assert "numpy" not in imported


def test_only_state_touches_the_session() -> None:
    for file in sorted([*APP.glob("*.py"), *(APP / "views").glob("*.py")]):
        if file.stem == "state":
            continue
        text = file.read_text()
        assert "session_state" not in text.replace("``st.session_state``", ""), file
        assert "query_params" not in text, file
