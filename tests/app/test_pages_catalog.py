"""Techniques, Hardware, Links, Models, Validation and Sources run alone and change the design."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from analytic_models import Case, load_catalog, load_scenarios
from taxonomy import load_taxonomy
from tests.app.conftest import APP

NAMES = ("techniques", "hardware", "network", "models", "validation", "sources")
START = next(iter(load_scenarios().values()))
SCISSION = load_scenarios()["5-scission"]
# Processor time that drawing a warm page may take.
SWITCH_S = 0.150


def _open(name: str, case: Case = START, **ui: Any) -> AppTest:
    at = AppTest.from_file(str(APP / "views" / f"{name}.py"), default_timeout=60)
    at.session_state["case"] = case.to_json()
    at.session_state["ui"] = dict(ui)
    at.run()
    assert not at.exception
    return at


def _html(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def _said(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.markdown, *at.caption))


def _widget(at: AppTest, kind: Callable[[AppTest], Any], key: str) -> Any:
    return next(widget for widget in kind(at) if widget.key == key)


def _case(at: AppTest) -> Case:
    return Case.from_json(at.session_state["case"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", load_scenarios().values(), ids=load_scenarios())
def test_a_page_draws_for_every_scenario(name: str, case: Case) -> None:
    assert "eccc-headline" in _html(_open(name, case))


@pytest.mark.parametrize("name", NAMES)
def test_a_warm_page_costs_little_of_the_processor(name: str) -> None:
    at = _open(name)
    spent = []
    for _ in range(3):
        start = time.process_time()
        at.run()
        spent.append(time.process_time() - start)
    assert min(spent) <= SWITCH_S


def test_every_node_of_the_taxonomy_has_a_card() -> None:
    at = _open("techniques")
    for id, node in load_taxonomy().nodes.items():
        at.session_state["ui"] = {"technique": id}
        at.run()
        assert not at.exception, id
        assert html.escape(node.definition) in _html(at)


def test_techniques_say_that_the_body_of_the_survey_was_not_available() -> None:
    at = _open("techniques")
    assert "The body of the survey was not available" in _said(at)
    assert "29 can be switched on here" in _said(at)


def test_a_technique_is_switched_on_and_off_by_its_toggle() -> None:
    at = _open("techniques", technique="prune-structured")
    _widget(at, lambda a: a.toggle, "_use_prune-structured").set_value(True).run()
    assert not at.exception
    assert set(_case(at).design.techniques) == {"prune-structured"}
    _widget(at, lambda a: a.toggle, "_use_prune-structured").set_value(False).run()
    assert not _case(at).design.techniques


def test_a_setting_is_tried_first_and_taken_with_the_technique() -> None:
    at = _open("techniques", technique="prune-structured")
    key = "_set_prune-structured.channel_frac"
    before = _html(at)
    slider = _widget(at, lambda a: a.slider, key)
    slider.set_value(50.0).run()
    assert not _case(at).design.techniques
    assert _html(at) != before
    _widget(at, lambda a: a.toggle, "_use_prune-structured").set_value(True).run()
    assert _case(at).design.techniques["prune-structured"]["channel_frac"] == pytest.approx(0.5)


def test_a_technique_that_another_one_shuts_out_names_it_and_offers_the_way_out() -> None:
    pruned = START.with_design(techniques={"prune-unstructured": {}})
    at = _open("techniques", pruned, technique="prune-structured")
    assert _widget(at, lambda a: a.toggle, "_use_prune-structured").disabled
    assert "exclude each other" in _html(at)
    at.button(key="out_prune-unstructured").click().run()
    assert not _case(at).design.techniques
    assert not _widget(at, lambda a: a.toggle, "_use_prune-structured").disabled


def test_a_leaf_that_is_a_choice_shows_its_control() -> None:
    at = _open("techniques", technique="disc-fcfs")
    box = _widget(at, lambda a: a.selectbox, "_scenario.edge_discipline")
    box.set_value("ps").run()
    assert _case(at).scenario.edge_discipline == "ps"


def test_an_application_gives_its_typical_numbers() -> None:
    at = _open("techniques", technique="app-industrial")
    at.button(key="take_preset").click().run()
    assert not at.exception
    assert _case(at).scenario.application == "app-industrial"
    assert _case(at).scenario.deadline_s == pytest.approx(0.1)


def test_a_search_leaves_out_what_does_not_match() -> None:
    at = _open("techniques", techniques_words="homomorphic")
    model = json.loads(at.get("bidi_component")[0].proto.json)
    left = [
        item["id"]
        for layer in model["layers"]
        for group in layer["groups"]
        for item in group["items"]
    ]
    assert "priv-he" in left
    assert "tier-cloud" not in left
    assert all(group["items"] for layer in model["layers"] for group in layer["groups"])


@pytest.mark.parametrize("tier", ["device", "edge", "cloud"])
def test_a_machine_takes_a_place_in_the_design(tier: str) -> None:
    at = _open("hardware", machines=["jetson_nano"])
    at.button(key=f"use_{tier}_jetson_nano").click().run()
    assert not at.exception
    assert getattr(_case(at).scenario, tier) == "jetson_nano"
    assert at.button(key=f"use_{tier}_jetson_nano").disabled


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int4"])
def test_every_machine_has_a_roofline_or_a_reason(precision: str) -> None:
    known = list(load_catalog().machines)
    at = _open("hardware")
    for start in range(0, len(known), 4):
        at.session_state["ui"] = {
            "machines": known[start : start + 4],
            "machine_precision": precision,
        }
        at.run()
        assert not at.exception
        assert "alone on it" in _said(at)


def test_a_search_without_a_match_says_so() -> None:
    at = _open("hardware", machine_words="no such machine")
    assert any("Nothing matches" in info.value for info in at.info)


@pytest.mark.parametrize("place", ["uplink", "backhaul"])
def test_a_link_takes_a_place_in_the_design(place: str) -> None:
    id = next(
        key
        for key, hop in load_catalog().hops.items()
        if place in hop.serves and key != getattr(START.scenario, place)
    )
    at = _open("network", hops=[id])
    at.button(key=f"use_{place}_{id}").click().run()
    assert getattr(_case(at).scenario, place) == id


def test_every_network_has_a_profile() -> None:
    at = _open("models")
    for id in load_catalog().dnns:
        at.session_state["ui"] = {"dnns": [id], "dnn_shown": id}
        at.run()
        assert not at.exception, id
        assert at.button(key="use_dnn").disabled == (id == START.scenario.dnn)


def test_a_network_brings_cuts_and_encoding_along_and_the_page_says_so() -> None:
    split = START.with_design(cut1=8, cut2=12, input_encoding="jpeg-q75")
    at = _open("models", split, dnns=["bert_base"], dnn_shown="bert_base")
    at.button(key="use_dnn").click().run()
    assert not at.exception
    new = _case(at)
    last = len(load_catalog().dnns["bert_base"].boundary_row) - 1
    assert new.scenario.dnn == "bert_base"
    assert 0 <= new.design.cut1 <= new.design.cut2 <= last
    assert new.design.input_encoding == "token-u16"
    assert "cuts moved" in at.session_state["ui"]["message"].text


@pytest.mark.parametrize(
    "view", ["Latencies", "Language models", "Servers under load", "Power", "Placements and totals"]
)
def test_every_part_of_validation_draws(view: str) -> None:
    at = _open("validation", check_view=view)
    assert "eccc-facts" in _html(at)


def test_validation_names_the_failures_too() -> None:
    said = _said(_open("validation"))
    assert "Worst class: neural accelerator" in said
    assert "it did know the **machine**" in said


@pytest.mark.parametrize("view", ["Facts", "Assumptions and ranges", "Sources", "Disagreements"])
@pytest.mark.parametrize("case", [START, SCISSION], ids=["factory", "scission"])
def test_every_part_of_sources_draws(view: str, case: Case) -> None:
    at = _open("sources", case, source_view=view)
    assert "eccc-headline" in _html(at)


def test_facts_come_in_pages() -> None:
    at = _open("sources", fact_used=False)
    first = _html(at)
    at.button(key="fact_page_Later").click().run()
    assert not at.exception
    assert _html(at) != first
    at.button(key="fact_page_Earlier").click().run()
    assert _html(at) == first


def test_a_filter_narrows_the_facts() -> None:
    at = _open("sources", fact_used=False, fact_words="raspberry idle", fact_origin="measured")
    assert "Raspberry Pi 5" in _html(at)
    assert "A100" not in _html(at)


def test_a_search_with_markup_stays_text() -> None:
    at = _open("sources", source_view="Sources", source_words="<img src=x>")
    assert "<img" not in _html(at)
    assert "**0 sources**" in _said(at)
