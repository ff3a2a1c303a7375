"""Accuracy lost by compression and by encodings of the input."""

from __future__ import annotations

__all__ = ["drop_chart", "encoding_chart"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_ROW, _FRAME = 30, 110
_TOKENS = {"measured": "badge.measured", "cited": "badge.cited", "assumed": "badge.assumed"}


class _Row(Protocol):
    technique: str
    setting: str
    metric: str
    baseline: float
    value: float
    change: float
    source: str


class _Point(Protocol):
    id: str
    label: str
    kilobyte: float
    lost_pp: float
    low_pp: float
    high_pp: float
    origin: str
    note: str


def drop_chart(rows: Sequence[_Row], name: str, metric: str) -> Chart:
    """Draw how far each published result lies from its own baseline.

    Parameters
    ----------
    rows
        Results with the metric; unchanged ones are left out.
    name, metric
        The network, and what is measured.
    """
    shown = [r for r in rows if r.metric == metric and r.technique != "unchanged"]
    shown = [r for r in shown if math.isfinite(r.change)]
    kinds = list(dict.fromkeys(row.technique for row in shown))
    return Chart(
        id="drops",
        title=f"{name}: change of {metric}",
        alt=f"Change of {metric} against the baseline of each of {len(shown)} published results",
        data=[
            {
                "type": "scatter",
                "mode": "markers",
                "showlegend": False,
                "x": [row.change for row in shown],
                "y": [row.technique for row in shown],
                "marker": {"color": "@goal.accuracy", "size": 11, "opacity": 0.7},
                "hovertext": [
                    f"{row.setting}<br>{row.baseline:.4g} to {row.value:.4g}<br>{row.source}"
                    for row in shown
                ],
                "hovertemplate": "%{hovertext}<extra>%{x:+.3g}</extra>",
            }
        ],
        layout={
            "xaxis": {"title": {"text": f"change of {metric}"}, "zeroline": True},
            "yaxis": {"autorange": "reversed", "categoryorder": "array", "categoryarray": kinds},
            "margin": {"l": 150, "r": 16, "t": 12, "b": 44},
            "hovermode": "closest",
        },
        note="Each dot is one published result against the baseline of the same source.",
        columns=("Technique", "Setting", "Baseline", "Value", "Change", "Source"),
        rows=[(r.technique, r.setting, r.baseline, r.value, r.change, r.source) for r in shown],
        height=_FRAME + _ROW * max(len(kinds), 3),
    )


def encoding_chart(points: Sequence[_Point], name: str, used: str) -> Chart:
    """Draw the accuracy lost over the bytes of the encoded input.

    Parameters
    ----------
    points
        Encodings with size and loss.
    name, used
        The network, and the encoding in the design.
    """
    data: list[dict[str, Any]] = []
    for origin, token in _TOKENS.items():
        mine = [point for point in points if point.origin == origin]
        if not mine:
            continue
        spread = [
            (max(p.high_pp - p.lost_pp, 0.0), max(p.lost_pp - p.low_pp, 0.0))
            if math.isfinite(p.high_pp) and math.isfinite(p.low_pp)
            else (0.0, 0.0)
            for p in mine
        ]
        data.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": origin,
                "x": [p.kilobyte for p in mine],
                "y": [p.lost_pp for p in mine],
                "text": [f"{p.label} (yours)" if p.id == used else "" for p in mine],
                "textposition": "top center",
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [up for up, _ in spread],
                    "arrayminus": [down for _, down in spread],
                    "color": f"@{token}",
                    "thickness": 1,
                    "width": 3,
                },
                "marker": {"color": f"@{token}", "size": 10},
                "hovertext": [f"{p.label}<br>{p.note}" for p in mine],
                "hovertemplate": "%{hovertext}<br>%{x:.3g} kB, %{y:.3g} points lost<extra></extra>",
            }
        )
    return Chart(
        id="encodings",
        title=f"{name}: what a smaller input costs",
        alt=f"Accuracy lost over the size of the input in {len(points)} encodings",
        data=data,
        layout={
            "xaxis": {
                "title": {"text": "input sent (kB)"},
                "type": "log",
                "dtick": 1,
                "tickformat": "~g",
            },
            "yaxis": {"title": {"text": "points of accuracy lost"}, "rangemode": "tozero"},
            "margin": {"l": 60, "r": 16, "t": 46, "b": 44},
            "hovermode": "closest",
        },
        note="Encodings whose loss nobody published for this network or its kind are not shown.",
        columns=("Encoding", "kB", "Points lost", "Known by", "Note"),
        rows=[(p.label, p.kilobyte, p.lost_pp, p.origin, p.note) for p in points],
        height=320,
    )
