"""Latencies computed before and after a calibration, against those that were measured."""

from __future__ import annotations

__all__ = ["calibration_chart"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_STAGES = (
    ("before", "before", "@other", "x"),
    ("after", "after, on the rows of the fit", "@edge", "circle-open"),
    ("unseen", "after, on networks not seen", "@good", "circle"),
)


class _Dot(Protocol):
    name: str
    measured_s: float
    before_s: float
    after_s: float
    unseen_s: float


def calibration_chart(label: str, precision: str, dots: Sequence[_Dot], sentence: str) -> Chart:
    """Draw computed over measured for every row and stage; a perfect model lies on the line.

    Parameters
    ----------
    label, precision
        Machine and numbers of the fit.
    dots
        One per measurement.
    sentence
        What the picture shows.
    """
    names = [dot.name for dot in dots]
    rows = list(range(len(dots)))
    data: list[dict[str, Any]] = []
    for stage, words, token, symbol in _STAGES:
        ratio = [getattr(dot, f"{stage}_s") / dot.measured_s for dot in dots]
        if any(math.isnan(value) for value in ratio):
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": words,
                "x": ratio,
                "y": rows,
                "marker": {"color": token, "symbol": symbol, "size": 11, "line": {"width": 2}},
                "hovertext": names,
                "hovertemplate": "%{hovertext}: × %{x:.3g} of the measured<extra></extra>",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "as measured",
            "x": [1, 1],
            "y": [-0.5, len(dots) - 0.5],
            "line": {"color": "@ink", "dash": "dash", "width": 1.5},
            "hoverinfo": "skip",
        }
    )
    return Chart(
        id=f"calibration_{precision}",
        title=f"{label}, {precision}: computed over measured",
        alt=f"Computed over measured latency of {len(dots)} measurements: {sentence}",
        data=data,
        layout={
            "xaxis": {
                "title": {"text": "computed ÷ measured"},
                "type": "log",
                "tickformat": "~g",
            },
            "yaxis": {
                "tickmode": "array",
                "tickvals": rows,
                "ticktext": names,
                "automargin": True,
                "range": [len(dots) - 0.5, -0.5],
            },
            "margin": {"l": 120, "r": 16, "t": 64, "b": 44},
            "hovermode": "closest",
        },
        note=sentence,
        columns=("Network", "Measured (ms)", "Before (ms)", "After (ms)", "Unseen (ms)"),
        rows=[
            (
                dot.name,
                *(
                    f"{1e3 * value:.4g}" if not math.isnan(value) else "not known"
                    for value in (dot.measured_s, dot.before_s, dot.after_s, dot.unseen_s)
                ),
            )
            for dot in dots
        ],
        height=min(150 + 26 * max(len(dots), 3), 640),
    )
