"""When many people ask a language model: figures, curves, the way requests are taken, the check."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import plotly.graph_objects as go
import pytest
import theme
from charts.serving import serving_chart
from streamlit.testing.v1 import AppTest
from viewmodels.serving import (
    Crowd,
    answers,
    compare_answers,
    growth,
    order_rows,
    play_answers,
    spoken,
)

from analytic_models import load_scenarios
from analytic_models.language_load import SERVED, Asked
from tests.app.conftest import APP
from tests.app.test_language_page import NOWHERE, USUAL

VIEW = APP / "views" / "language.py"
BUSY = Crowd(USUAL, "cloud", Asked(5.0))


def asked(**fields: object) -> Crowd:
    return replace(BUSY, asked=replace(BUSY.asked, **fields))  # type: ignore[arg-type]


def _open() -> AppTest:
    at = AppTest.from_file(str(VIEW), default_timeout=60)
    at.session_state["case"] = next(iter(load_scenarios().values())).to_json()
    at.run()
    assert not at.exception
    return at


@pytest.mark.parametrize("how", list(SERVED))
def test_the_curve_passes_the_present_point_and_rises(how: str) -> None:
    crowd = BUSY.served(how)
    half = answers(crowd)
    assert half is not None
    crowd = replace(crowd, asked=replace(crowd.asked, arrival_per_s=0.5 * half.capacity_per_s))
    found = growth(crowd)
    assert found is not None
    for (_, times), now in zip(found.lines, found.at_now, strict=True):
        assert list(times) == sorted(times)
        at = next(i for i, rate in enumerate(found.rates) if rate >= found.now)
        assert times[at - 1] <= now <= times[at]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_chart_is_valid_plotly_without_infinite_numbers(mode: theme.Mode) -> None:
    for crowd in (BUSY, asked(arrival_per_s=1e3)):
        found = growth(crowd)
        assert found is not None
        chart = serving_chart(found)
        figure = go.Figure(theme.resolve({"data": chart.data, "layout": chart.layout}, mode))
        assert "Infinity" not in json.dumps(figure.to_plotly_json(), allow_nan=True)
        assert len(chart.rows) == len(found.rates)


def test_the_sentence_says_when_the_server_cannot_keep_up() -> None:
    assert "are complete within" in spoken(BUSY)
    assert "pile up" in spoken(asked(arrival_per_s=1e3))
    nowhere = Crowd(NOWHERE, "edge", Asked(1.0))
    assert "does not fit" in spoken(nowhere)
    assert growth(nowhere) is None


def test_the_ways_to_take_requests_are_compared_and_the_chosen_one_is_named() -> None:
    rows = order_rows(BUSY)
    assert [row[-1] for row in rows] == [True, False, False]
    assert rows[1][0].endswith("answers all alike")
    assert not order_rows(BUSY.served("batch"))[1][0].endswith("all alike")


def test_a_run_agrees_with_the_closed_form_and_says_so() -> None:
    crowd = asked(arrival_per_s=4.0)
    run = play_answers(crowd, 20_000, 3, lambda share: True)
    found = compare_answers(crowd, run)
    assert [row.label for row in found.rows] == [
        f"{name} of an answer" for name in ("mean", "p50", "p95", "p99")
    ]
    assert all(row.verdict in ("agrees", "within the envelope") for row in found.rows)


def test_a_larger_batch_carries_more() -> None:
    few, many = answers(asked(largest_count=2)), answers(asked(largest_count=64))
    assert few is not None
    assert many is not None
    assert math.isfinite(few.capacity_per_s)
    assert many.capacity_per_s > few.capacity_per_s


def test_the_page_follows_its_controls() -> None:
    at = _open()
    assert any("answers per second" in m.value for m in at.markdown)
    before = next(m.value for m in at.markdown if "answers per second" in m.value)
    at.select_slider(key="_lm_rate").set_value(100.0).run()
    assert not at.exception
    assert any("pile up" in m.value for m in at.markdown)
    at.select_slider(key="_lm_rate").set_value(2.0).run()
    assert next(m.value for m in at.markdown if "answers per second" in m.value) == before
