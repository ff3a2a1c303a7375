"""Every chart is valid plotly, carries its words, and is pure."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import plotly.graph_objects as go
import pytest
import theme
from charts.chart import Chart
from charts.latency import latency_waterfall
from charts.population import population_cliff
from charts.profile import payload_profile_chart
from charts.resources import resource_bars
from charts.search import funnel_chart, pareto_chart
from viewmodels.breakdown import Part, resource_parts, waterfall
from viewmodels.cliff import cliff
from viewmodels.current import evaluated
from viewmodels.optimum import find_optimum
from viewmodels.panels import boundary_sizes

from analytic_models import Case, load_scenarios

APP = Path(__file__).parent.parent.parent / "app"
PURE = ("viewmodels", "charts")
OVERLOADED = next(iter(load_scenarios().values())).with_scenario(population_count=5000)


def _charts(case: Case) -> list[Chart]:
    evaluation = evaluated(case)
    bars = [
        resource_bars(kind, kind, kind, unit, parts, remark)
        for kind in ("energy", "cost", "carbon")
        for parts, unit, remark in [resource_parts(evaluation, kind)]
    ]
    return [
        latency_waterfall(waterfall(evaluation)),
        population_cliff(cliff(case)),
        payload_profile_chart(*boundary_sizes(case)),
        *bars,
    ]


CASES = [*load_scenarios().values(), OVERLOADED]


def _check(chart: Chart, mode: theme.Mode) -> None:
    figure = go.Figure(
        theme.resolve({"data": list(chart.data), "layout": dict(chart.layout)}, mode)
    )
    assert len(figure.data) == len(chart.data)
    assert chart.alt
    assert chart.title
    if chart.ids:
        assert len(chart.ids) == len(chart.rows)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("case", CASES, ids=[f"case{at}" for at in range(len(CASES))])
def test_every_chart_of_a_design_is_valid_plotly(case: Case, mode: theme.Mode) -> None:
    for chart in _charts(case):
        _check(chart, mode)


@pytest.mark.parametrize("second", ["energy_device_j", "cost_usd", "accuracy_frac"])
def test_the_charts_of_the_search_are_valid_plotly(second: str) -> None:
    case = next(iter(load_scenarios().values()))
    found = find_optimum(case.to_json(), "latency_required_s", second)
    _check(funnel_chart(found.funnel), "light")
    assert found.front is not None
    _check(pareto_chart(found.front, "x", "y", yours=(1.0, 2.0)), "light")


def test_no_number_of_a_chart_is_infinite() -> None:
    for case in CASES:
        for chart in _charts(case):
            for trace in chart.data:
                for axis in ("x", "y", "base"):
                    for value in trace.get(axis, ()):
                        assert not (isinstance(value, float) and math.isinf(value))


def test_an_overload_is_named_and_its_curve_ends() -> None:
    chart = latency_waterfall(waterfall(evaluated(OVERLOADED)))
    assert "without bound" in chart.note
    curve = population_cliff(cliff(OVERLOADED)).data[0]
    assert curve["y"][-1] is None


def test_a_part_that_is_not_known_has_no_bar_but_a_row() -> None:
    parts = [Part("edge_usd", "Edge site", "Edge site", 0.0, math.nan, "not known", "edge")]
    chart = resource_bars("cost", "Cost", "cost", "$", parts, "no list price")
    assert chart.data[0]["x"] == [0.0]
    assert chart.rows == [("Edge site", "not known")]
    assert chart.note == "no list price"


def test_bars_carry_the_quantity_that_explains_them() -> None:
    chart = latency_waterfall(waterfall(evaluated(CASES[0])))
    assert {trace["customdata"][0] for trace in chart.data} >= {"edge_service_s", "edge_wait_s"}


def test_every_colour_of_a_chart_has_a_meaning() -> None:
    for chart in _charts(CASES[0]):
        for trace in chart.data:
            colour = trace.get("marker", trace.get("line", {})).get("color")
            for token in colour if isinstance(colour, list) else [colour]:
                assert token.removeprefix("@") in theme.PALETTE


def test_view_models_and_charts_import_no_streamlit() -> None:
    names = [
        f"{part}.{file.stem}"
        for part in PURE
        for file in (APP / part).glob("*.py")
        if file.stem != "__init__"
    ]
    code = (
        f"import sys; sys.path[:0] = [{str(APP)!r}, {str(APP.parent)!r}]; "
        f"import importlib; [importlib.import_module(name) for name in {names!r}]; "
        "import sessions; "
        "raise SystemExit(1 if 'streamlit' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
