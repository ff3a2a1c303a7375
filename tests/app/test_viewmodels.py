"""From numbers to words: what the pages say is what the model found."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from viewmodels.breakdown import resource_parts, waterfall
from viewmodels.certainty import certainty
from viewmodels.choices import choice_label, choices_of, field_value_words
from viewmodels.cliff import cliff
from viewmodels.comparison import DECIDING, changes, gains, is_current
from viewmodels.current import evaluated, parsed
from viewmodels.cuts import boundary_words, carry_cuts, placement_words, segment_words
from viewmodels.display import against, shown_unit
from viewmodels.facts import facts_of
from viewmodels.key_figures import headline, key_figures, overloaded_stations, scenario_words
from viewmodels.optimum import find_optimum
from viewmodels.panels import best_panel
from viewmodels.picture import payload_profile, picture
from viewmodels.tree import formula_text, tree_of

from analytic_models import Case, Design, Scenario, evaluate, explain, load_catalog, load_scenarios
from analytic_models.fields import declared_fields

PRESETS = load_scenarios()
FIRST = next(iter(PRESETS.values()))
OVERLOADED = FIRST.with_scenario(population_count=5000)
UNDONE = "inf|nan|None|e[+-]\\d\\d"


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_headline_names_dnn_devices_and_verdict(name: str) -> None:
    case = PRESETS[name]
    sentence, status = headline(case, evaluated(case))
    assert load_catalog().dnns.label(case.scenario.dnn)[:40] in sentence
    assert str(case.scenario.population_count) in sentence
    late = evaluated(case).value("latency_required_s") > case.scenario.deadline_s
    assert status == (
        "overloaded" if overloaded_stations(evaluated(case)) else "fail" if late else "pass"
    )


def test_an_overloaded_design_is_named_and_shows_no_large_number() -> None:
    sentence, status = headline(OVERLOADED, evaluated(OVERLOADED))
    assert status == "overloaded"
    assert "overloads the edge site" in sentence
    latencies = [f for f in key_figures(OVERLOADED, evaluated(OVERLOADED)) if f.goal == "latency"]
    assert [f.value for f in latencies] == ["overloaded", "overloaded", "all of them"]
    assert all("the edge site" in f.verdict for f in latencies)


def test_a_design_that_does_not_fit_says_where() -> None:
    small = FIRST.with_scenario(device="stm32f746").with_design(cut1=20, cut2=20)
    sentence, status = headline(small, evaluated(small))
    assert status == "misfit", "what does not fit never gets as far as a queue"
    roomy = small.with_scenario(arrival_per_s=1e-6, population_count=1)
    sentence, status = headline(roomy, evaluated(roomy))
    assert status == "misfit"
    assert sentence.endswith("does not fit into the memory of the device")


def test_what_is_asked_for_is_said_in_a_sentence() -> None:
    words = scenario_words(Scenario(arrival_per_s=2.5, deadline_s=0.05, deadline_at="p95"))
    assert words == (
        "Each device asks for 2.5 inferences per second; "
        "95 % of the answers must be back within 50 ms."
    )


def test_an_unknown_number_says_which_evidence_is_missing() -> None:
    case = FIRST.with_design(edge_precision="int4")
    figure = next(f for f in key_figures(case, evaluated(case)) if f.quantity == "accuracy_frac")
    assert figure.status == "unknown"
    assert figure.value == "not known"
    assert "int4" in figure.verdict


@pytest.mark.parametrize("name", list(PRESETS))
def test_key_figures_have_words_for_every_number(name: str) -> None:
    for figure in key_figures(PRESETS[name], evaluated(PRESETS[name])):
        assert not re.search(UNDONE, figure.value), figure
        assert figure.verdict


def test_figures_at_the_limit_show_enough_digits_to_tell_them_apart() -> None:
    assert against(0.1004, 0.1, "s") == ("100.4 ms", "100.0 ms")


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_pieces_of_the_waterfall_add_up_to_the_mean(name: str) -> None:
    evaluation = evaluated(PRESETS[name])
    mean = evaluation.value("latency_mean_s")
    model = waterfall(evaluation)
    if not math.isfinite(mean):
        assert model.total == ""
        return
    factor = {"µs": 1e6, "ms": 1e3, "s": 1.0}[model.unit]
    assert sum(part.size for part in model.parts) == pytest.approx(mean * factor, rel=1e-9)
    assert model.parts[-1].start + model.parts[-1].size == pytest.approx(mean * factor, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "total"),
    [("energy", "energy_total_j"), ("cost", "cost_usd"), ("carbon", "footprint_gco2e")],
)
def test_the_pieces_of_a_resource_add_up_to_its_total(kind: str, total: str) -> None:
    evaluation = evaluated(FIRST)
    parts, _, _ = resource_parts(evaluation, kind)
    whole = evaluation.value(total)
    first = next(part for part in parts if evaluation.value(part.quantity) > 0)
    factor = first.size / evaluation.value(first.quantity)
    assert sum(part.size for part in parts) == pytest.approx(whole * factor, rel=1e-9)


def test_the_picture_says_what_runs_where() -> None:
    case = FIRST.with_design(cut1=3, cut2=9)
    model = picture(case, evaluated(case))
    names = load_catalog().dnns[case.scenario.dnn].boundary_name
    assert [tier["runs"] for tier in model["tiers"]] == [
        f"{names[1]} to {names[3]}",
        f"{names[4]} to {names[9]}",
        f"{names[10]} to {names[-1]}",
    ]
    assert model["strip"]["cut1"] == 3
    assert len(model["strip"]["payload"]) == len(model["strip"]["names"]) + 1


def test_the_picture_marks_the_overloaded_station() -> None:
    model = picture(OVERLOADED, evaluated(OVERLOADED))
    edge = next(tier for tier in model["tiers"] if tier["id"] == "edge")
    assert edge["unstable"]
    assert edge["bottleneck"]


def test_the_payload_profile_starts_with_the_raw_input_and_ends_with_nothing() -> None:
    profile = payload_profile(FIRST)
    assert profile.payload_byte[0] == profile.raw_byte == 150528.0
    assert profile.payload_byte[-1] == 0.0
    assert max(profile.work_frac) == 1.0


def test_the_deadline_holds_up_to_the_number_of_devices_that_is_named() -> None:
    model = cliff(FIRST)
    named = int(re.search(r"up to (\d+) devices", model.sentence)[1])  # type: ignore[index]
    for count, holds in ((named, True), (named + 1, False)):
        value = evaluate(FIRST.with_scenario(population_count=count), exact=False)
        assert (value.value("latency_required_s") <= FIRST.scenario.deadline_s) is holds


@pytest.mark.parametrize("name", list(PRESETS))
def test_no_id_of_the_catalog_reaches_the_screen(name: str) -> None:
    case = PRESETS[name]
    for part, owner in (("scenario", Scenario), ("design", Design)):
        for field, declared in declared_fields(owner).items():
            if declared.kind != "choice" or not isinstance(declared.choices, str):
                continue
            offered = choices_of(part, field, case)
            assert getattr(getattr(case, part), field) in offered
            for chosen in offered:
                if "_" in chosen or ":" in chosen:
                    assert choice_label(declared.choices, chosen) != chosen


def test_hops_are_offered_only_where_they_can_stand() -> None:
    hops = load_catalog().hops
    for name in ("uplink", "backhaul"):
        offered = choices_of("scenario", name, FIRST)
        assert all(name in hops[key].serves for key in offered)


@settings(max_examples=100, deadline=None)
@given(value=st.floats(1e-4, 3600.0))
def test_a_value_survives_the_way_through_its_widget(value: float) -> None:
    shown = shown_unit("deadline_s", declared_fields(Scenario)["deadline_s"])
    assert shown.back(shown.out(value)) == pytest.approx(value, rel=1e-11)


def test_typed_round_numbers_are_stored_round() -> None:
    shown = shown_unit("uplink_bit_per_s", declared_fields(Scenario)["uplink_bit_per_s"])
    assert shown.label == "Mbit/s"
    assert shown.back(52.0) == 52e6


def test_an_override_keeps_the_fact_beside_it() -> None:
    plain = facts_of(evaluated(FIRST))["uplink_bit_per_s"]
    changed = FIRST.with_scenario(uplink_bit_per_s=5e6)
    kept = facts_of(evaluated(changed))["uplink_bit_per_s"]
    assert kept == plain
    assert kept.text == "186 Mbit/s"
    assert kept.origin == "measured"


def test_cuts_keep_their_ends_when_the_dnn_changes() -> None:
    assert carry_cuts(Design(cut1=0, cut2=20), "resnet50", "mobilenet_v2") == {
        "cut1": 0,
        "cut2": 34,
    }
    inner = carry_cuts(Design(cut1=5, cut2=10), "resnet50", "mobilenet_v2")
    assert 0 < inner["cut1"] <= inner["cut2"] < 34


def test_boundaries_and_segments_are_said_in_words() -> None:
    words = boundary_words("resnet50")
    assert words[0] == "before the first layer"
    assert words[1] == "after conv1"
    assert words[-1] == "after the last layer"
    dnn = load_catalog().dnns["resnet50"]
    assert segment_words(dnn, 4, 4) == ""
    assert segment_words(dnn, 0, 20) == "the whole network"
    assert segment_words(dnn, 1, 2) == "maxpool"


def test_a_split_is_said_to_be_one() -> None:
    assert placement_words("resnet50", Design(cut1=2, cut2=20)) == "is split over device and edge"
    assert placement_words("resnet50", Design(cut1=2, cut2=3)).endswith("device, edge and cloud")


def test_the_answer_of_the_search_is_the_best_design() -> None:
    found = find_optimum(FIRST.to_json(), "latency_required_s")
    assert found.feasible
    best = parsed(found.best)
    assert found.after["latency_required_s"] == evaluated(best).value("latency_required_s")
    assert found.value in found.sentence
    assert len(found.why) == 2
    assert found.badge.startswith("exact over ")
    assert is_current(best, best)


def test_the_funnel_adds_up() -> None:
    funnel = find_optimum(FIRST.to_json(), "latency_required_s").funnel
    for before, after in itertools.pairwise(funnel):
        assert before.left - after.removed == after.left


def test_an_infeasible_scenario_says_what_to_relax_and_the_relaxed_one_is_feasible() -> None:
    tight = FIRST.with_scenario(deadline_s=1e-3, deadline_at="mean")
    found = find_optimum(tight.to_json(), "latency_mean_s")
    assert not found.feasible
    assert found.best == ""
    needed = {row.constraint: row.value.split(" ") for row in found.relax}
    assert "The deadline" in needed
    time, unit = needed["The deadline"]
    loss = needed.get("The accuracy limit", ["1.0"])[0]
    relaxed = tight.with_scenario(
        deadline_s=float(time) * {"ms": 1e-3, "s": 1.0}[unit], accuracy_drop_max_pp=float(loss)
    )
    assert find_optimum(relaxed.to_json(), "latency_mean_s").feasible


def test_binding_requirements_say_what_they_cost() -> None:
    found = find_optimum(FIRST.to_json(), "latency_required_s")
    for line in found.binding:
        assert re.match(r"Without .+: .+ instead of .+\.", line)


def test_points_of_the_front_are_designs_that_can_be_taken() -> None:
    front = find_optimum(FIRST.to_json(), "latency_mean_s", "energy_device_j").front
    assert front is not None
    assert len(front.points) == min(front.best, 60)
    for point in front.points:
        value = evaluated(parsed(point.case)).value("energy_device_j")
        assert value * front.x_factor == pytest.approx(point.x, rel=1e-9)
    ys = [point.y for point in front.points]
    assert ys == sorted(ys, reverse=True)


def test_changes_add_up_and_leave_out_what_is_not_used() -> None:
    after = FIRST.with_design(edge_precision="int8", cloud_precision="int8")
    rows = changes(FIRST, after, "latency_mean_s")
    assert [row.label for row in rows] == ["Edge precision"]
    assert rows[0].before == "32-bit float"
    assert rows[0].effect.startswith("\u2212")


def test_gains_say_what_is_better_and_what_is_not() -> None:
    after = FIRST.with_design(edge_precision="int8")
    found = evaluated(after)
    values = {name: found.value(name) for name, *_ in DECIDING}
    rows = {
        row.label: row.better
        for row in gains(evaluated(FIRST), values, certainty(after).among(values))
    }
    assert rows["p99 latency"] is True
    assert rows["Device energy"] is None
    assert rows["Accuracy"] is False


def test_the_panel_has_nothing_to_apply_when_the_best_design_is_in_use() -> None:
    found = find_optimum(FIRST.to_json(), "latency_required_s")
    best = parsed(found.best)
    panel = best_panel(best, evaluated(best), found)
    assert panel.apply is None
    assert "You have the best design" in panel.html


def test_foreign_names_are_escaped_in_the_panel() -> None:
    case = FIRST.with_scenario(name="<img src=x onerror=alert(1)>")
    panel = best_panel(case, evaluated(case), find_optimum(case.to_json(), "latency_required_s"))
    assert "<img" not in panel.html


@pytest.mark.parametrize(
    "quantity", ["latency_p99_s", "latency_mean_s", "energy_device_j", "cost_usd"]
)
def test_an_explanation_becomes_a_tree_with_sources_at_its_leaves(quantity: str) -> None:
    root = tree_of(explain(FIRST, quantity))
    assert root["value"]
    sources, nodes = [], [root]
    while nodes:
        node = nodes.pop()
        assert node["origin"] in {"cited", "measured", "assumed", "chosen", "override", "computed"}
        assert len(node["children"]) <= 24
        sources += [node["source"]] if node["source"] else []
        nodes += node["children"]
    assert any(source["where"] for source in sources)


def test_a_formula_is_readable_as_plain_text() -> None:
    assert formula_text(r"W = \frac{\rho}{\mu (1 - \rho)}") == "W = (ρ)/(μ (1 - ρ))"


def test_values_of_fields_are_said_in_words() -> None:
    assert field_value_words("scenario", "uplink_bit_per_s", None, "resnet50") == (
        declared_fields(Scenario)["uplink_bit_per_s"].none_means
    )
    assert field_value_words("scenario", "deadline_s", 0.05, "resnet50") == "50.00 ms"
    assert field_value_words("design", "cut1", 1, "resnet50") == "after conv1"
    assert field_value_words("design", "techniques", {}, "resnet50") == "none"


def test_evaluating_an_equal_case_again_returns_the_same_object() -> None:
    assert evaluated(Case()) is evaluated(Case())
