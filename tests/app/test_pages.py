"""Each page of the app runs alone, follows its controls, and stays within its size."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pages
import pytest
from components import cards
from streamlit.testing.v1 import AppTest

from analytic_models import Case, Design, Scenario, load_scenarios
from analytic_models.fields import declared_fields
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


def _cards(at: AppTest) -> dict[str, dict[str, str]]:
    """Return the key figures as they are sent to the browser, by quantity."""
    for element in at.get("bidi_component"):
        data = json.loads(element.proto.bytes or b"{}")
        if "cards" in data:
            return {card["id"]: card for card in data["cards"]}
    return {}


def _load(at: AppTest, name: str) -> None:
    _widget(at, lambda a: a.button_group, "_preset").set_value(name).run()


def _texts(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def _widget(at: AppTest, kind: Callable[[AppTest], Any], key: str) -> Any:
    return next(widget for widget in kind(at) if widget.key == key)


def test_explore_says_what_runs_where_and_whether_it_is_in_time() -> None:
    at = _open(EXPLORE)
    assert "ResNet-50 for" in _texts(at)
    assert "deadline" in _texts(at)
    offered = _widget(at, lambda a: a.button_group, "_preset").options
    assert offered == [ready.scenario.name for ready in load_scenarios().values()]


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
    _load(at, name)
    assert not at.exception
    assert Case.from_json(at.session_state["case"]) == load_scenarios()[name]


def test_a_slider_changes_figures_and_headline() -> None:
    at = _open(EXPLORE)
    before = _texts(at)
    number = _cards(at)["latency_mean_s"]["value"]
    _widget(at, lambda a: a.select_slider, "_scenario.population_count").set_value(2).run()
    assert not at.exception
    assert _texts(at) != before
    assert _cards(at)["latency_mean_s"]["value"] != number


def test_an_overloaded_design_says_so_on_explore() -> None:
    at = _open(EXPLORE, OVERLOADED)
    assert "overloads the edge site" in _texts(at)
    assert _cards(at)["latency_mean_s"]["value"] == "overloaded"


def test_closed_groups_draw_nothing_and_open_ones_their_fields() -> None:
    at = _open(EXPLORE)
    assert "_scenario.edge" not in {box.key for box in at.selectbox}
    chooser = _widget(at, lambda a: a.button_group, "_open_scenario")
    chooser.set_value(["Queueing", "Machines"]).run()
    assert not at.exception
    assert "_scenario.edge" in {box.key for box in at.selectbox}
    assert [line.value for line in at.markdown if "###" in line.value] == [
        "### Machines",
        "### Queueing",
    ]
    _widget(at, lambda a: a.button_group, "_open_scenario").set_value([]).run()
    assert "_scenario.edge" not in {box.key for box in at.selectbox}


@pytest.mark.parametrize(("part", "owner"), [("scenario", Scenario), ("design", Design)])
def test_every_declared_field_is_in_a_group_that_explore_offers(part: str, owner: type) -> None:
    at = _open(EXPLORE)
    chooser = _widget(at, lambda a: a.button_group, f"_open_{part}")
    shown = {"dnn", "uplink", "population_count", "deadline_s", "cut1", "cut2"}
    wanted = {f.group for name, f in declared_fields(owner).items() if name not in shown}
    assert set(chooser.options) == wanted
    chooser.set_value(list(chooser.options)).run()
    assert not at.exception
    kinds = (at.selectbox, at.number_input, at.toggle, at.text_input, at.select_slider, at.slider)
    drawn = {str(widget.key).removesuffix("?") for kind in kinds for widget in kind}
    assert {f"_{part}.{name}" for name in declared_fields(owner)} <= drawn


def test_a_card_says_what_its_number_means_and_how_sure_it_is() -> None:
    card = _cards(_open(EXPLORE))["latency_p99_s"]
    assert (card["label"], card["mark"], card["status"]) == ("p99 latency", "✓", "pass")
    assert card["verdict"] == "at most 100 ms"
    assert "two digits" in card["help"]


def test_a_chosen_card_is_told_once_and_only_if_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, Any] = {}
    monkeypatch.setattr(cards.st, "session_state", session)
    event = {"id": "cost_usd", "serial": 7.0}
    assert cards._fresh_pick(event, "figures", {"cost_usd"}) == "cost_usd"
    assert cards._fresh_pick(event, "figures", {"cost_usd"}) is None
    assert cards._fresh_pick(event | {"id": "x", "serial": 8.0}, "figures", {"cost_usd"}) is None
    assert cards._fresh_pick(None, "figures", {"cost_usd"}) is None


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
    _load(at, "2-driving")
    assert not at.exception
    at.button(key="undo").click().run()
    assert Case.from_json(at.session_state["case"]) == START
    assert at.button(key="redo").disabled is False


def test_an_explanation_opens_as_a_dialog_in_the_whole_app() -> None:
    at = _open(APP / "streamlit_app.py", START)
    at.session_state["ui"] = {**at.session_state["ui"], "explain": "latency_p99_s"}
    at.run()
    assert not at.exception
    assert at.latex[0].value
    assert any("two digits" in caption.value for caption in at.caption)
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


def test_a_widget_that_the_browser_draws_late_still_starts_from_the_case() -> None:
    at = _open(EXPLORE, START.with_design(cut1=3, cut2=5))
    at.run()
    assert not at.exception
    boxes = {box.key: (box.proto.default, box.options, box.value) for box in at.selectbox}
    default, options, value = boxes["_scenario.dnn"]
    assert options[default] == "ResNet-50"
    assert value == START.scenario.dnn
    sliders = {slider.key: slider.proto for slider in at.select_slider}
    wanted = {
        "_scenario.population_count": "12",
        "_scenario.deadline_s": "100",
    }
    for key, shown in wanted.items():
        assert sliders[key].options[int(sliders[key].default[0])] == shown
    assert [int(sliders[f"_design.{cut}"].default[0]) for cut in ("cut1", "cut2")] == [3, 5]
    assert _widget(at, lambda a: a.button_group, "_preset").proto.default == [0]
