"""Every chart of the catalog's pages is valid plotly and carries its words and numbers."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go
import pytest
import theme
from charts.accuracy import drop_chart, encoding_chart
from charts.chart import Chart
from charts.checks import error_chart, scatter_chart
from charts.hops import TECHNOLOGY_TOKENS, link_map
from charts.influence import tornado_chart
from charts.layers import bytes_chart, cut_chart, cut_comparison, work_accuracy, work_chart
from charts.roofline import OPERATOR_TOKENS, roofline_chart
from viewmodels.accuracy import encoding_points, evidence_of, shown_metrics
from viewmodels.checks import PREDICTORS, error_rows, pairs
from viewmodels.dnns import cut_curve, find_dnns, layer_bars
from viewmodels.hops import find_hops, points_of, reach_of
from viewmodels.influence import influences
from viewmodels.machines import roof_of

from analytic_models import evaluate, load_catalog, load_scenarios
from analytic_models.layer_graph import OPERATOR_TYPES

START = next(iter(load_scenarios().values()))
DNNS = ("resnet50", "bert_base", "vgg19_scission", "mobilenet_v2")


def _machines() -> Iterator[Chart]:
    for ids in (["rpi4b"], ["rpi4b", "jetson_nano", "a100_sxm", "coral_edgetpu"]):
        for precision in ("fp32", "int4"):
            yield roofline_chart([roof_of(id, "resnet50", precision) for id in ids], "ResNet-50")


def _links() -> Iterator[Chart]:
    ids = tuple(row.id for row in find_hops())
    used = {START.scenario.uplink: "uplink"}
    for way in ("up", "down"):
        points = points_of(ids, way)
        yield link_map(points, way, reach_of(evaluate(START)), used, ["lte"])
    yield link_map([], "up", None, {})


def _networks() -> Iterator[Chart]:
    for id in DNNS:
        bars = layer_bars(id, "fp32")
        rows = evidence_of(id)
        yield work_chart(bars)
        yield bytes_chart(bars)
        yield cut_chart(cut_curve(id, "fp32"), (2, 3))
        yield drop_chart(rows, id, shown_metrics(rows))
        yield encoding_chart(encoding_points(id), id, "raw-uint8")
    yield cut_comparison([cut_curve(id, "int8") for id in DNNS])
    yield work_accuracy([row for row in find_dnns() if row.metric.startswith("top-1")], DNNS)


def _checks() -> Iterator[Chart]:
    for name, words in PREDICTORS.items():
        yield scatter_chart(pairs(), name, words)
    rows = [row for row in error_rows() if row.group == "all" and row.test == "leave-models-out"]
    yield error_chart(rows, PREDICTORS)
    for case in load_scenarios().values():
        now = evaluate(case).value("latency_p99_s")
        yield tornado_chart(influences(case), now, 1e3, "ms", "p99 latency")


@pytest.mark.parametrize("mode", theme.MODES)
@pytest.mark.parametrize(
    "source", [_machines, _links, _networks, _checks], ids=lambda f: f.__name__
)
def test_charts_are_valid_plotly_with_words(source: object, mode: theme.Mode) -> None:
    for chart in source():  # type: ignore[operator]
        figure = go.Figure(
            theme.resolve({"data": list(chart.data), "layout": dict(chart.layout)}, mode)
        )
        assert len(figure.data) == len(chart.data)
        assert chart.title
        assert chart.alt
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        assert not chart.ids or len(chart.ids) == len(chart.rows)


def test_every_operator_and_technology_has_a_colour() -> None:
    assert set(OPERATOR_TYPES) == set(OPERATOR_TOKENS)
    known = {hop.technology for hop in load_catalog().hops.values()}
    assert known <= set(TECHNOLOGY_TOKENS)
    assert {*OPERATOR_TOKENS.values(), *TECHNOLOGY_TOKENS.values()} <= set(theme.PALETTE)


def test_a_ceiling_bends_at_the_ridge() -> None:
    roof = roof_of("jetson_agx_orin", "resnet50", "fp32")
    line = roofline_chart([roof], "ResNet-50").data[0]
    assert line["x"][1] == pytest.approx(roof.ridge)
    assert line["y"][1] == pytest.approx(roof.peak_op_per_s / 1e9)
    assert line["y"][1] == line["y"][2]


def test_points_of_the_link_map_carry_their_ids() -> None:
    points = points_of(tuple(row.id for row in find_hops()), "up")
    chart = link_map(points, "up", None, {})
    drawn = [id for trace in chart.data for id in trace["customdata"]]
    assert sorted(drawn) == sorted(point.id for point in points)
    assert list(chart.ids) == [point.id for point in points]


def test_bars_of_the_tornado_span_both_ends_and_the_present() -> None:
    found, now = influences(START), evaluate(START).value("latency_p99_s")
    chart = tornado_chart(found, now, 1.0, "s", "p99 latency")
    assert chart.rows[0][0] == found[0].words
    for trace in chart.data[:-1]:
        for start, length in zip(trace["base"], trace["x"], strict=True):
            assert length >= 0
            assert start <= now * (1 + 1e-9)
            assert start + length >= now * (1 - 1e-9)
