"""Time of an answer of a language model over the questions per second."""

from __future__ import annotations

__all__ = ["serving_chart"]

import math
from typing import Any, Protocol

from charts.chart import Chart

_COLOURS = {"mean": "@goal.latency", "p50": "@goal.energy", "p95": "@goal.privacy", "p99": "@bad"}
# Times above this multiple of the p99 of an idle server leave the picture.
_TOP = 8.0


class _Growth(Protocol):
    rates: tuple[float, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]
    now: float
    at_now: tuple[float, ...]
    capacity: float
    words: str


def serving_chart(model: _Growth) -> Chart:
    """Draw mean and percentiles of an answer; the band begins where the server is overloaded.

    Parameters
    ----------
    model
        Curves over the questions per second.
    """
    top = _TOP * model.lines[-1][1][0]
    right = max(1.12 * model.capacity, min(model.now, 2.0 * model.capacity) * 1.05)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "name": name, "x": list(model.rates),
            "y": list(times), "line": {"color": _COLOURS[name], "width": 2.5},
            "hovertemplate": f"{name}: %{{y:.3g}} s at %{{x:.3g}} questions/s<extra></extra>",
        }
        for name, times in model.lines
    ]  # fmt: skip
    marks = [
        (name, time)
        for (name, _), time in zip(model.lines, model.at_now, strict=True)
        if math.isfinite(time)
    ]
    if marks:
        data.append({
            "type": "scatter", "mode": "markers", "name": "now",
            "x": [model.now] * len(marks), "y": [min(time, top) for _, time in marks],
            "text": [name for name, _ in marks],
            "marker": {"color": "@ink", "size": 10, "symbol": "diamond"},
            "hovertemplate": "now, %{text}: %{y:.3g} s<extra></extra>",
        })  # fmt: skip
    band = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": model.capacity, "x1": right,
        "y0": 0, "y1": 1, "fillcolor": "@bad", "opacity": 0.12, "line": {"width": 0},
    }  # fmt: skip
    line = {
        "type": "line", "xref": "x", "yref": "paper", "x0": model.now, "x1": model.now,
        "y0": 0, "y1": 1, "line": {"color": "@ink", "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    return Chart(
        id="lm_load",
        title="Time of a whole answer over the questions",
        alt=model.words,
        data=data,
        layout={
            "xaxis": {"title": {"text": "questions per second"}, "range": [0, right]},
            "yaxis": {"title": {"text": "whole answer (s)"}, "range": [0, top]},
            "margin": {"l": 64, "r": 16, "t": 48, "b": 48},
            "shapes": [band, line],
            "showlegend": True,
        },
        note="Red: the server cannot keep up. Network included.",
        columns=("Questions per second", *(f"{name} (s)" for name, _ in model.lines)),
        rows=[
            (rate, *(times[place] for _, times in model.lines))
            for place, rate in enumerate(model.rates)
        ],
        height=360,
    )
