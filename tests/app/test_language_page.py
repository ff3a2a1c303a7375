"""The page of language models: its sentence, cards, charts, controls, and purity of its parts."""

from __future__ import annotations

import ast
import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
import theme
from charts.chart import Chart
from charts.language import batch_chart, draft_chart, plane_chart, shipping_chart
from streamlit.testing.v1 import AppTest
from viewmodels.language import (
    SHOWN,
    Choice,
    cascade_words,
    curves_of,
    draft_map,
    measured_dots,
    origin_lines,
    runnable,
    shipping_of,
    tiers_of,
    verdict,
)

from analytic_models import load_catalog, load_scenarios
from tests.app.conftest import APP

VIEW = APP / "views" / "language.py"
USUAL = Choice(
    "llama_3_1_8b", "llama_3_2_1b", ("apple_m3_max", "rtx4090", "h200_sxm"),
    "wifi_80211n", "wan_fibre", "int4", 8, 512, 128,
)  # fmt: skip
LARGE = Choice(
    "llama_3_1_70b", "llama_3_2_1b", ("rpi5", "jetson_orin_nano", "b200_sxm"),
    "lte", "wan_azure_east", "fp16", 16, 2048, 256,
)  # fmt: skip
NOWHERE = Choice(
    "llama_3_1_70b", "llama_3_2_1b", ("rpi5", "rpi5", "rpi4b"),
    "lte", "wan_fibre", "fp16", 16, 2048, 256,
)  # fmt: skip
CHOICES = {"usual": USUAL, "large": LARGE, "nowhere": NOWHERE}


def _open() -> AppTest:
    at = AppTest.from_file(str(VIEW), default_timeout=60)
    at.session_state["case"] = next(iter(load_scenarios().values())).to_json()
    at.run()
    assert not at.exception
    return at


def _headline(at: AppTest) -> str:
    return next(e.proto.body for e in at.get("html") if "eccc-headline" in e.proto.body)


def _charts(choice: Choice) -> list[Chart]:
    points = [(t.tier, t.machine, t.number("ttft_s"), t.number("tpot_s")) for t in tiers_of(choice)]
    charts = [batch_chart(curves_of(choice), measured_dots(choice)), plane_chart(points)]
    found, shipping = draft_map(choice, "cloud"), shipping_of(choice, "edge")
    if found is not None:
        draft = found.draft
        charts.append(
            draft_chart(
                draft.acceptance.tolist(), draft.round_trip_s.tolist(), draft.speedup.tolist(),
                draft.break_even_s.tolist(), found.now_s, found.sentence,
            )
        )  # fmt: skip
    return charts if shipping is None else [*charts, shipping_chart(shipping)]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", list(CHOICES))
def test_every_chart_is_valid_plotly_without_infinite_numbers(name: str, mode: theme.Mode) -> None:
    for chart in _charts(CHOICES[name]):
        figure = go.Figure(
            theme.resolve({"data": list(chart.data), "layout": dict(chart.layout)}, mode)
        )
        assert len(figure.data) == len(chart.data)
        assert chart.alt
        assert chart.title
        assert "inf" not in json.dumps(list(chart.data)).lower().replace("info", "")


def test_the_page_opens_with_a_sentence_cards_and_four_charts() -> None:
    at = _open()
    assert "answers fastest" in _headline(at)
    assert len(at.get("popover")) == 3 * len(SHOWN)
    assert "language" in {element.key for element in at.get("bidi_component")}


def test_every_control_changes_what_is_said_and_leaves_the_design_alone() -> None:
    at = _open()
    case = at.session_state["case"]
    before = _headline(at)
    at.select_slider(key="_lm_output").set_value(1024).run()
    assert not at.exception
    assert _headline(at) != before
    before = _headline(at)
    at.selectbox(key="_lm_model").set_value("qwen2_5_14b").run()
    assert not at.exception
    assert "Qwen2.5" in _headline(at)
    assert _headline(at) != before
    assert at.session_state["case"] == case
    assert at.session_state["ui"]["lm_model"] == "qwen2_5_14b"


def test_a_model_that_fits_nowhere_is_said_to() -> None:
    assert "fits on none" in verdict(NOWHERE)
    assert all(tier.served.alone.fits is False for tier in tiers_of(NOWHERE))


def test_the_verdict_names_the_tier_with_the_shortest_answer() -> None:
    tiers = {tier.tier: tier for tier in tiers_of(USUAL)}
    best = min(tiers.values(), key=lambda tier: tier.number("answer_s").value)
    assert best.machine in verdict(USUAL)
    assert "no room" in verdict(LARGE)


def test_curves_end_at_the_memory_and_published_rates_are_dots() -> None:
    for curve in curves_of(USUAL):
        assert curve.batch[-1] <= curve.wall
        assert all(low <= rate <= high for low, rate, high in
                   zip(curve.low, curve.rate, curve.high, strict=True))  # fmt: skip
    dots = measured_dots(USUAL)
    assert {dot.tier for dot in dots} == {"device", "edge"}
    assert all(dot.words and dot.rate > 0 for dot in dots)


def test_the_map_of_drafts_is_one_on_its_break_even_line() -> None:
    found = draft_map(LARGE, "cloud")
    assert found is not None
    draft = found.draft
    for at, edge in enumerate(draft.break_even_s):
        if draft.round_trip_s[0] < edge < draft.round_trip_s[-1]:
            gain = float(np.interp(edge, draft.round_trip_s, draft.speedup[:, at]))
            assert gain == pytest.approx(1.0, abs=0.02)


def test_a_cache_takes_as_long_to_send_as_to_compute_at_the_break_even() -> None:
    found = shipping_of(USUAL, "edge")
    assert found is not None
    sent = np.interp(found.break_even.value, found.rate_bit_per_s, found.send_s)
    assert float(sent) == pytest.approx(found.recompute_s, rel=0.1)


def test_every_number_tells_where_it_comes_from() -> None:
    for tier in tiers_of(USUAL):
        for name in SHOWN:
            lines = origin_lines(tier.number(name), "s")
            assert lines
            assert all(line.strip() for line in lines)
    unknown = [t.number("prefill_s") for t in tiers_of(NOWHERE)]
    assert all(math.isfinite(n.value) or "not known" in origin_lines(n, "s")[0] for n in unknown)


def test_a_cascade_that_hands_on_nothing_is_the_small_model() -> None:
    never, always = cascade_words(USUAL, 0, 80, 90), cascade_words(USUAL, 100, 80, 90)
    assert never[0][1].startswith("80.0")
    assert always[0][1].startswith("90.0")
    assert never[1] != always[1]


def test_machines_that_are_offered_can_hold_a_model() -> None:
    known = load_catalog().machines
    assert len(runnable()) > 30
    assert all(known[id].kind != "mcu" for id in runnable())


def test_the_view_is_short_and_does_no_arithmetic_of_its_own() -> None:
    text = VIEW.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    names = {alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    assert "numpy" not in names
