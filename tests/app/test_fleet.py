"""Several classes of devices: rows that are checked, plans that are proven, pages that say so."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
import pytest
from charts.fleet import class_chart, load_chart, plan_chart
from streamlit.testing.v1 import AppTest
from theme import MODES, resolve
from viewmodels.fleet import (
    FORMAT,
    ClassRow,
    default_rows,
    preset_row,
    rows_from_json,
    rows_of,
    rows_to_dicts,
    scenario_of,
    scenarios_of,
)
from viewmodels.fleet_parts import Budgets, Fleet, export_json
from viewmodels.fleet_result import fleet_of
from viewmodels.mixing import compare_mix, mix_text, play_mix

from analytic_models import Case, DesignError, load_scenarios
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.population import class_tables
from tests.app.conftest import APP

SHARED = load_scenarios()["6-coordination"]
FACTORY = load_scenarios()["1-factory"]
ROWS = default_rows()


NO_LIMITS = Budgets()


@lru_cache(maxsize=8)
def solved(
    case: Case = SHARED, rows: tuple[ClassRow, ...] = ROWS, budgets: Budgets = NO_LIMITS
) -> Fleet:
    return fleet_of(case.to_json(), json.dumps(rows_to_dicts(rows)), budgets)


def way(found: Fleet, key: str) -> Any:
    return next(one for one in found.ways if one.key == key)


def changed(number: int, **fields: Any) -> tuple[ClassRow, ...]:
    rows = list(ROWS)
    rows[number] = dataclasses.replace(rows[number], **fields)
    return tuple(rows)


def test_the_coordinated_mix_is_that_of_the_optimiser_and_below_every_other_way() -> None:
    found = solved()
    tables, _ = class_tables(scenarios_of(SHARED, ROWS))
    mix = solve_mix(tables)
    system = way(found, "system")
    assert system.mean_s == pytest.approx(mix.mean_s, rel=1e-6)
    assert system.class_mean_s == pytest.approx(tuple(mix.class_mean_s), rel=1e-6)
    assert all(system.mean_s <= one.mean_s * (1 + 1e-6) for one in found.ways)
    assert found.proven
    assert "price of anarchy" in found.sentence
    assert found.anarchy == pytest.approx(way(found, "selfish").mean_s / system.mean_s)


def test_one_plan_per_class_is_exact_and_between_mix_and_greedy() -> None:
    found = solved()
    single = way(found, "best")
    assert single.proof == "exact (integer programme)"
    assert all(len(mine) == 1 for mine in single.shares)
    assert way(found, "system").mean_s <= single.mean_s <= way(found, "greedy").mean_s


def test_a_way_that_overloads_a_station_says_so_and_keeps_its_plans() -> None:
    blind = way(solved(), "blind")
    assert math.isinf(blind.mean_s)
    assert max(blind.busy) > 1.0
    assert "overload the uplink" in solved().sentence


def test_only_tiers_that_every_class_may_use_alone_are_rules() -> None:
    assert [one.key for one in solved().ways[5:]] == ["device"]


def test_tolls_are_those_of_the_busy_stations() -> None:
    tolls = {toll.station: toll for toll in solved().tolls}
    assert tolls["uplink"].toll > tolls["edge"].toll > 0
    load = tolls["uplink"].busy
    assert tolls["uplink"].toll == pytest.approx(load / (1 - load) ** 2, rel=1e-6)


def test_a_class_of_more_weight_gets_less_latency_and_the_badge_becomes_heuristic() -> None:
    heavy = solved(rows=changed(2, weight=20.0))
    assert not heavy.proven
    assert "heuristic" in heavy.badge
    assert "no mix of shared stations is below" in heavy.certificate
    before, after = (way(one, "system").class_mean_s[2] for one in (solved(), heavy))
    assert after < before
    assert way(heavy, "system").mean_s <= way(heavy, "best").mean_s * (1 + 1e-6)


def test_limits_on_averages_hold_and_what_breaks_them_is_named() -> None:
    limit = Budgets(accuracy_pp=0.05)
    found = solved(budgets=limit)
    assert "0.05" in found.used[0]
    assert way(found, "system").mean_s > way(solved(), "system").mean_s
    assert "breaks the limit on accuracy loss" in way(found, "blind").proof
    assert found.tolls == ()


def test_limits_that_nothing_meets_leave_no_mix_and_say_so() -> None:
    found = solved(budgets=Budgets(energy_j=0.001))
    assert found.sentence == "No mix of these 3 classes meets the limits."
    assert (found.badge, found.proven) == ("no mix", False)
    assert math.isnan(found.anarchy)
    assert json.loads(export_json(SHARED, found, Budgets(energy_j=0.001)))


def test_limits_and_unequal_weights_are_refused_together() -> None:
    with pytest.raises(DesignError, match="equal weights"):
        solved(rows=changed(0, weight=2.0), budgets=Budgets(energy_j=0.3))


@pytest.mark.parametrize(
    ("number", "fields", "place", "allowed"),
    [
        (0, {"population_count": 0}, "class 1 (Factory inspection), Devices", "1"),
        (1, {"arrival_per_s": 0.0}, "class 2 (Hospital monitoring), Requests", "above 0"),
        (1, {"deadline_s": -1.0}, "class 2 (Hospital monitoring), Deadline", "0.0001"),
        (2, {"weight": 0.0}, "class 3 (Shared uplink), Weight", "at most 1000"),
        (2, {"name": "Hospital monitoring"}, "class 3, Name", "a name of its own"),
        (2, {"name": " "}, "class 3", "1 to 40 characters"),
        (0, {"dnn": "nothing"}, "class 1 (Factory inspection)", ""),
    ],
)
def test_a_wrong_row_is_named_with_the_allowed_values(
    number: int, fields: dict[str, Any], place: str, allowed: str
) -> None:
    with pytest.raises(DesignError) as caught:
        scenarios_of(SHARED, changed(number, **fields))
    found = [p for p in caught.value.problems if p.path.startswith(place)]
    assert found
    assert allowed in found[0].allowed


def test_a_class_that_no_design_serves_is_named() -> None:
    hopeless = json.dumps(rows_to_dicts(changed(1, start="")))
    with pytest.raises(DesignError) as caught:
        fleet_of(SHARED.with_scenario(energy_max_j=0.0).to_json(), hopeless, Budgets())
    assert [p.path for p in caught.value.problems] == ["class 2 (Hospital monitoring)"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not that of classes"),
        (json.dumps({"format": FORMAT, "classes": []}), "no list of classes"),
        (json.dumps({"format": FORMAT, "classes": [1, 2]}), "is no object"),
        (json.dumps({"format": FORMAT, "classes": [{}, {}]}), "is missing"),
        ("x" * 300_000, "characters"),
    ],
)
def test_a_file_that_holds_no_classes_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        rows_from_json(text)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("population_count", 1.5, "is not whole"),
        ("population_count", True, "is no number"),
        ("arrival_per_s", math.inf, "is not finite"),
        ("name", 3, "is no short text"),
        ("name", "n" * 50, "is too long"),
        ("start", "9-nowhere", "is no ready-made scenario"),
        ("colour", "red", "is unknown"),
    ],
)
def test_a_wrong_value_of_a_file_is_named_with_its_class(
    field: str, value: object, words: str
) -> None:
    values = rows_to_dicts(ROWS)
    values[1][field] = value
    with pytest.raises(DesignError, match=words) as caught:
        rows_of(values)
    assert all(problem.path.startswith("class 2") for problem in caught.value.problems)


def test_an_export_holds_classes_and_result_and_comes_back() -> None:
    text = export_json(SHARED, solved(), Budgets())
    assert rows_from_json(text) == ROWS
    value = json.loads(text)
    system = next(w for w in value["result"]["ways"] if w["way"] == "coordinated mix")
    assert value["result"]["price_of_anarchy"] == pytest.approx(solved().anarchy)
    for one in system["classes"]:
        assert sum(plan["share"] for plan in one["plans"]) == pytest.approx(1.0)


def test_a_class_takes_its_own_fields_and_shares_the_rest() -> None:
    scenario = scenario_of(FACTORY, ROWS[1])
    hospital = load_scenarios()["3-hospital"].scenario
    assert scenario.raw_input_stays_flag is hospital.raw_input_stays_flag
    assert (scenario.edge, scenario.uplink) == (FACTORY.scenario.edge, FACTORY.scenario.uplink)
    measured = scenario_of(FACTORY, dataclasses.replace(preset_row("5-scission"), dnn="resnet50"))
    assert measured.timing == "roofline"


def test_the_mix_of_all_classes_stands_against_a_run() -> None:
    claim = next(one for one in solved().claims if one.name == "coordinated mix")
    compared = compare_mix(claim, play_mix(mix_text(claim, "shared"), 100_000, 1), "shared")
    assert compared.rows[0].inside
    labels = [row.label for row in compared.rows]
    assert "Hospital monitoring: too late" in labels
    assert "how busy the uplink is" in labels


def test_the_charts_of_several_classes_are_valid_in_both_themes() -> None:
    found = solved()
    names = [row.name for row in found.rows]
    charts = [
        class_chart(names, found.deadlines_s, found.ways, found.sentence),
        load_chart(found.stations, found.ways),
        plan_chart(names, way(found, "system")),
    ]
    for chart in charts:
        assert chart.alt
        assert len({len(row) for row in chart.rows} | {len(chart.columns)}) == 1
        for mode in MODES:
            data, layout = resolve(list(chart.data), mode), resolve(chart.layout, mode)
            go.Figure({"data": data, "layout": layout})


def opened(case: Case = SHARED, **ui: Any) -> AppTest:
    at = AppTest.from_file(str(APP / "views" / "population.py"), default_timeout=120)
    at.session_state["case"] = case.to_json()
    at.session_state["ui"] = {"population_kind": "several"} | ui
    at.run()
    assert not at.exception
    return at


def headline(at: AppTest) -> str:
    return next(e.proto.body for e in at.get("html") if "eccc-headline" in e.proto.body)


def test_the_page_starts_with_three_classes_and_an_answer() -> None:
    at = opened()
    assert "25.8 ms" in headline(at)
    assert [at.text_input(key=f"_fleet_{n}_name").value for n in range(3)] == [
        row.name for row in ROWS
    ]
    words = " ".join(m.value for m in at.markdown).replace("\\", "")
    assert "Price of anarchy 1.77" in words


def test_classes_are_added_removed_and_reset() -> None:
    at = opened()
    at.button(key="fleet_add_2-driving").click().run()
    assert not at.exception
    assert headline(at).count("4 classes") == 1
    at.button(key="fleet_remove_0").click().run()
    at.button(key="fleet_remove_0").click().run()
    assert not at.exception
    assert at.text_input(key="_fleet_0_name").value == "Shared uplink"
    assert at.button(key="fleet_remove_0").disabled
    at.button(key="fleet_reset").click().run()
    assert at.text_input(key="_fleet_0_name").value == "Factory inspection"
    assert "25.8 ms" in headline(at)


def test_a_number_that_is_typed_changes_the_answer() -> None:
    at = opened()
    at.number_input(key="_fleet_2_population_count").set_value(10).run()
    assert not at.exception
    assert "25.8 ms" not in headline(at)
    assert at.session_state["ui"]["fleet"][2].population_count == 10


def test_a_row_without_an_answer_is_named_on_the_page() -> None:
    rows = changed(1, name="Factory inspection")
    at = opened(fleet=rows)
    assert "no answer yet" in headline(at)
    assert "class 2, Name" in at.error[0].value
    assert "a name of its own" in at.error[0].value


def test_limits_are_switched_on_in_the_sidebar() -> None:
    at = opened()
    at.toggle(key="_fleet_drop_on").set_value(True).run()
    at.number_input(key="_fleet_drop").set_value(0.05).run()
    assert not at.exception
    assert any("Accuracy loss: 0.05" in c.value.replace("\\", "") for c in at.caption)


@pytest.mark.parametrize("preset", list(load_scenarios()))
def test_several_classes_open_for_every_ready_made_scenario(preset: str) -> None:
    assert "eccc-headline" in headline(opened(load_scenarios()[preset]))
