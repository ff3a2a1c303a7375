"""What the pages of the catalog say is what the catalog and the model say."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
from viewmodels.accuracy import encoding_points, evidence_of
from viewmodels.checks import (
    error_rows,
    pairs,
    placements,
    serving_errors,
    totals,
    within,
)
from viewmodels.dnns import cut_curve, find_dnns, layer_bars, lm_rows, with_dnn
from viewmodels.hops import find_hops, points_of, reach_of
from viewmodels.influence import influences, used_facts
from viewmodels.machines import comparison, find_machines, fitted, roof_of
from viewmodels.provenance import entity_words, fact_text, fact_value, field_words
from viewmodels.sources import (
    disagreements,
    fact_rows,
    find_facts,
    find_sources,
    rows_as_csv,
)
from viewmodels.technique_map import count_line, kind_of, matches, technique_map_model
from viewmodels.techniques import card, control_fields, settings_of, switched, trial

from analytic_models import Case, evaluate, load_catalog, load_scenarios
from analytic_models.catalog import Gap
from analytic_models.segments import layer_times
from taxonomy import load_taxonomy

CATALOG = load_catalog()
START = next(iter(load_scenarios().values()))
# Sums of doubles in another order.
TIGHT = 1e-12


def test_every_leaf_is_counted_once() -> None:
    leaves = load_taxonomy().techniques
    kinds = [kind_of(leaf) for leaf in leaves.values()]
    assert len(leaves) == 111
    assert kinds.count("use") == len(load_taxonomy().executable) == 29
    assert count_line().startswith("111 leaves: 29 can be switched on here")


def test_the_map_holds_every_leaf_once() -> None:
    model = technique_map_model("", (), matches("", "all", ()))
    ids = [i["id"] for layer in model["layers"] for g in layer["groups"] for i in g["items"]]
    assert sorted(ids) == sorted(load_taxonomy().techniques)
    assert len(model["layers"]) == 7


def test_filters_of_the_map_split_the_leaves() -> None:
    parts = [matches("", kind, ()) for kind in ("use", "choice", "text")]
    assert frozenset().union(*parts) == matches("", "all", ())
    assert sum(len(part) for part in parts) == 111
    assert matches("", "chosen", ("caching",)) == {"caching"}
    assert "prune-structured" in matches("PRUNING channel", "all", ())


@pytest.mark.parametrize("id", load_taxonomy().nodes)
def test_a_card_says_what_its_evidence_tag_means(id: str) -> None:
    found = card(id)
    assert found.evidence_words
    assert found.definition


@pytest.mark.parametrize("id", load_taxonomy().executable)
def test_switching_on_matches_an_evaluation_by_hand(id: str) -> None:
    result = trial(START, id)
    if result.after is None:
        assert result.blocked
        assert all(rule.resolve for rule in result.blocked)
        return
    settings = load_taxonomy().techniques[id].defaults
    by_hand = START.with_design(techniques={id: settings})
    assert result.after == by_hand
    before, after = evaluate(START), evaluate(by_hand)
    moved = not math.isclose(
        before.value("latency_mean_s"), after.value("latency_mean_s"), rel_tol=5e-4
    )
    shown = next(gain for gain in result.gains if gain.label == "Mean latency")
    known = math.isfinite(before.value("latency_mean_s") + after.value("latency_mean_s"))
    # A change that the known digits do not show is neither better nor worse.
    seen = moved and shown.before != shown.after
    assert not known or (shown.better is not None) == seen


def test_a_trial_leaves_the_case_as_it_is() -> None:
    before = START.to_json()
    trial(START, "prune-structured", {"channel_frac": 0.5})
    assert START.to_json() == before


def test_rules_block_and_name_what_resolves_them() -> None:
    case = START.with_design(techniques={"prune-unstructured": {}})
    result = trial(case, "prune-structured")
    assert result.after is None
    assert result.blocked[0].ids[1:] or result.blocked[0].resolve
    assert "exclude each other" in result.blocked[0].message


def test_switching_twice_returns_the_same_design() -> None:
    on = switched(START, "caching", on=True)
    assert switched(on, "caching", on=False) == START


@pytest.mark.parametrize("id", load_taxonomy().executable)
def test_settings_lie_in_their_range_and_say_where_they_come_from(id: str) -> None:
    for setting in settings_of(id, {}):
        assert setting.low <= setting.value <= setting.high
        assert setting.source
        assert setting.origin in ("cited", "assumed")


def test_leaves_expressed_by_fields_lead_to_existing_fields() -> None:
    assert control_fields("tier-cloud") == (
        ("scenario", "cloud"),
        ("scenario", "cloud_servers_count"),
    )
    assert control_fields("met-energy") == ()
    assert control_fields("prune-structured") == ()


def test_a_fact_is_written_in_units_that_people_read() -> None:
    price = CATALOG.machines["jetson_agx_orin"].fact("price_usd")
    assert not isinstance(price, Gap)
    assert fact_value(price) == "$2\u202f000"
    assert fact_text(Gap("x", "idle_w", "", "no source states it")).origin == "missing"


@pytest.mark.parametrize("field", sorted({fact.field for fact in CATALOG.facts.values()}))
def test_every_field_has_words(field: str) -> None:
    assert "_" not in field_words(field)


def test_entities_have_labels() -> None:
    assert entity_words("rpi4b") == CATALOG.machines["rpi4b"].label
    assert entity_words("class:gpu") == "Any GPU"


@pytest.mark.parametrize("machine", CATALOG.machines)
def test_dots_of_a_roofline_are_the_layers_of_the_model(machine: str) -> None:
    roof = roof_of(machine, "resnet50", "fp32")
    table = layer_times(CATALOG, "resnet50", machine, "fp32", "roofline", ())
    if math.isnan(roof.total_s):
        assert roof.reason
        assert not roof.dots
        return
    busy = math.fsum(dot.time_s for dot in roof.dots)
    assert busy + roof.silent_s == pytest.approx(float(table.time_s.sum()), rel=TIGHT)
    assert roof.ridge == pytest.approx(roof.peak_op_per_s / roof.bandwidth_byte_per_s)


def test_no_dot_is_above_its_roof_unless_the_fit_says_so() -> None:
    for machine in ("rpi4b", "jetson_agx_orin", "a100_sxm"):
        roof = roof_of(machine, "resnet50", "fp32")
        for dot in roof.dots:
            ceiling = min(roof.peak_op_per_s, roof.bandwidth_byte_per_s * dot.intensity)
            assert dot.rate <= ceiling * (1 + TIGHT)


def test_search_finds_machines_by_every_word() -> None:
    assert {row.id for row in find_machines("jetson orin")} <= set(CATALOG.machines)
    assert find_machines("jetson orin")
    assert all(row.tier == "device" for row in find_machines("", "device"))
    assert len(find_machines()) == len(CATALOG.machines)


def test_comparison_has_one_cell_for_each_machine() -> None:
    ids = ["rpi4b", "jetson_nano", "a100_sxm"]
    for words, cells in (*comparison(ids), *fitted(ids, "int8")):
        assert words
        assert len(cells) == 3


def test_links_without_a_figure_stay_off_the_map_but_in_the_table() -> None:
    rows = find_hops()
    assert len(rows) == len(CATALOG.hops)
    points = points_of(tuple(row.id for row in rows), "up")
    known = sum(math.isfinite(row.up_mbit_per_s) and math.isfinite(row.rtt_ms) for row in rows)
    assert len(points) == known


def test_spread_of_a_link_is_its_p10_and_p90() -> None:
    lte = points_of(("lte",), "up")[0]
    assert lte.rate_low == pytest.approx(18_772_500)
    assert lte.rate_high == pytest.approx(35_222_000)
    assert lte.rate_low <= lte.rate_bit_per_s <= lte.rate_high


def test_the_curve_of_the_map_takes_exactly_the_deadline() -> None:
    evaluation = evaluate(START.with_design(cut1=0, cut2=0))
    reach = reach_of(evaluation)
    assert reach is not None
    bits = evaluation.value("uplink_message_bit")
    total = bits / np.asarray(reach.rate_bit_per_s) + np.asarray(reach.rtt_s)
    assert total == pytest.approx(START.scenario.deadline_s, rel=TIGHT)


def test_nothing_sent_gives_no_curve() -> None:
    last = len(CATALOG.dnns[START.scenario.dnn].boundary_row) - 1
    assert reach_of(evaluate(START.with_design(cut1=last, cut2=last))) is None


@pytest.mark.parametrize("id", CATALOG.dnns)
def test_layers_add_up_to_the_network(id: str) -> None:
    bars, curve, dnn = layer_bars(id, "int8"), cut_curve(id, "int8"), CATALOG.dnns[id]
    assert math.fsum(bars.mmac) * 1e6 == pytest.approx(float(dnn.mac.sum()), rel=TIGHT)
    assert math.fsum(bars.weight_kb) * 1e3 == pytest.approx(float(dnn.params.sum()), rel=TIGHT)
    assert curve.work_frac[0] == 0.0
    assert curve.work_frac[-1] == pytest.approx(1.0)
    assert len(curve.kilobyte) == len(curve.words) == len(dnn.boundary_row)
    assert curve.raw_kb > 0
    assert curve.lines


def test_raw_pixels_are_one_byte_each() -> None:
    assert cut_curve("resnet50", "fp32").raw_kb == pytest.approx(224 * 224 * 3 / 1000)


def test_rows_of_networks_and_language_models_are_complete() -> None:
    assert len(find_dnns()) == len(CATALOG.dnns)
    assert len(lm_rows()) == len(CATALOG.language_models)
    smallest = lm_rows()[0]
    assert smallest.fp16_gb == pytest.approx(4 * smallest.int4_gb)


@pytest.mark.parametrize("id", CATALOG.dnns)
def test_every_network_fits_into_every_scenario(id: str) -> None:
    for case in load_scenarios().values():
        new, words = with_dnn(case, id)
        assert Case.from_json(new.to_json()) == new
        assert words.endswith(".")
        assert new.scenario.timing == "roofline" or CATALOG.dnns[id].measured_s


def test_evidence_keeps_every_row_of_the_file() -> None:
    rows = [r for r in CATALOG.evidence if r["file"].endswith("accuracy.csv")]
    shown = sum(len(evidence_of(id)) for id in CATALOG.dnns)
    assert shown == sum(row["dnn"] in CATALOG.dnns for row in rows)


def test_a_smaller_jpeg_never_gains_accuracy() -> None:
    points = [p for p in encoding_points("resnet50") if p.id.startswith("jpeg")]
    assert len(points) >= 5
    losses = [p.lost_pp for p in sorted(points, key=lambda p: p.kilobyte)]
    assert losses == sorted(losses, reverse=True)


def test_every_fact_has_a_row_and_every_source_a_card() -> None:
    assert {row.key for row in fact_rows()} == set(CATALOG.facts)
    assert {found.id for found in find_sources()} == set(CATALOG.sources)
    assert all("_" not in row.field.split("(")[0] for row in fact_rows())


def test_filters_of_facts_agree_with_the_facts() -> None:
    assumed = find_facts(origin="assumed")
    assert len(assumed) == sum(fact.origin == "assumed" for fact in CATALOG.facts.values())
    mine = used_facts(START)
    assert {row.key for row in find_facts(keys=mine)} == mine
    assert find_facts("no such thing") == ()


def test_the_download_repeats_the_facts_exactly() -> None:
    rows = find_facts(collection="hops")
    read = list(csv.DictReader(io.StringIO(rows_as_csv(rows))))
    assert len(read) == len(rows)
    for line, row in zip(read, rows, strict=True):
        assert float(line["value"]) == row.fact.value
        assert line["source"] == row.fact.source


def test_disagreements_are_real_and_sorted() -> None:
    found = disagreements()
    assert found
    worst = [max(row.ratio, 1 / row.ratio) for row in found]
    assert worst == sorted(worst, reverse=True)
    assert min(worst) > 1.01


def test_a_used_fact_belongs_to_the_design() -> None:
    entities = {key[0] for key in used_facts(START)}
    scenario = START.scenario
    assert {scenario.edge, scenario.uplink} & entities
    assert "tpu_v4" not in entities


@pytest.mark.parametrize("field", ["uplink_bit_per_s", "uplink_rtt_s"])
def test_an_influence_equals_an_evaluation_with_the_fact_replaced(field: str) -> None:
    hop = CATALOG.hops[START.scenario.uplink]
    fact = hop.rate("up") if field == "uplink_bit_per_s" else hop.round_trip()
    assert not isinstance(fact, Gap)
    found = next(i for i in influences(START) if i.key == (fact.entity, fact.field, fact.basis))
    now = evaluate(START).value("latency_p99_s")
    ends = [
        evaluate(START.with_scenario(**{field: end})).value("latency_p99_s")
        for end in (fact.low, fact.high)
    ]
    assert found.span == pytest.approx(max(abs(end / now - 1) for end in ends), rel=1e-9)


def test_influences_are_ranked_and_leave_overridden_facts_out() -> None:
    spans = [item.span for item in influences(START)]
    assert spans == sorted(spans, reverse=True)
    own = START.with_scenario(uplink_bit_per_s=1e8)
    assert not any(
        item.key[:2] == (own.scenario.uplink, "up_bit_per_s") for item in influences(own)
    )


def test_the_published_placements_come_out_of_the_whole_pipeline() -> None:
    found = placements()
    assert [p.published_s for p in found] == [9.0106, 9.0594, 9.0721, 9.1209, 9.1511]
    for placement in found:
        assert placement.ours_s == pytest.approx(placement.published_s, abs=1e-4)


def test_errors_shown_are_those_of_the_pairs_shown() -> None:
    ratios = [pair.predicted["ours"] / pair.measured_s for pair in pairs()]
    errors = np.exp(np.abs(np.log(ratios))) - 1
    overall = next(row for row in error_rows() if row.kind == row.group == "all")
    assert overall.rows == len(pairs())
    # The report is written with three decimals.
    assert float(np.median(errors)) == pytest.approx(overall.errors["ours"][0], abs=2e-3)
    assert within("ours", 2.0)[0] == int((errors <= 1.0).sum())


def test_this_model_beats_the_two_simpler_ones_overall() -> None:
    overall = next(row for row in error_rows() if row.kind == row.group == "all")
    ours, flops, plain = (overall.errors[name][0] for name in ("ours", "flops", "plain"))
    assert ours < flops < plain


def test_totals_of_the_graphs_are_near_the_published_ones() -> None:
    found = totals()
    assert len(found) >= 100
    exact = [t for t in found if t.quantity == "parameters" and t.rule == "exact"]
    assert all(t.ours == t.published for t in exact)


def test_errors_of_servers_under_load_are_shown_beside_the_naive_laws() -> None:
    rows = serving_errors()
    assert sum(row.rows for row in rows[1:-1]) + 1 >= rows[0].rows
    assert {row.ours for row in rows} == {"batch law", "asymptotic bound"}
    assert all(row.within >= row.naive_within for row in rows)
    assert all(row.quarter <= row.ratio <= row.three_quarters for row in rows)
    assert math.isinf(rows[0].naive_ratio)
    assert rows[0].unstable > 0.9
