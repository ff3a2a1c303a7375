"""Charts of several classes that share stations: latency by class, who uses what, how busy."""

from __future__ import annotations

__all__ = ["WAY_COLOURS", "class_chart", "load_chart", "plan_chart"]

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from charts.chart import Chart
from charts.occupation import occupation_chart

WAY_COLOURS: Mapping[str, str] = {
    "blind": "@bad",
    "greedy": "@goal.energy",
    "best": "@warn",
    "selfish": "@goal.privacy",
    "system": "@best",
    "device": "@device",
    "edge": "@edge",
    "cloud": "@cloud",
}
_SERIES = (
    "@goal.latency",
    "@goal.energy",
    "@goal.cost",
    "@goal.privacy",
    "@goal.accuracy",
    "@goal.carbon",
    "@goal.throughput",
)
_MILLI = 1e3
_SHOWN = 0.005


class _Share(Protocol):
    label: str
    share: float


class _Way(Protocol):
    key: str
    name: str
    class_mean_s: Sequence[float]
    shares: Sequence[Sequence[_Share]]
    busy: Sequence[float]


def class_chart(
    names: Sequence[str], deadlines_s: Sequence[float], ways: Sequence[_Way], sentence: str
) -> Chart:
    """Draw the mean latency of every class under every way to choose.

    Parameters
    ----------
    names, deadlines_s
        Classes and their deadlines.
    ways
        Ways to choose; a bar is left out where a station is overloaded.
    sentence
        The finding, for the alternative text.
    """
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": way.name,
            "x": list(names),
            "y": [v * _MILLI if math.isfinite(v) else None for v in way.class_mean_s],
            "marker": {"color": WAY_COLOURS[way.key]},
            "hovertemplate": f"{way.name}: %{{y:.3g}} ms<extra></extra>",
        }
        for way in ways
        if any(math.isfinite(v) for v in way.class_mean_s)
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "deadline",
            "x": list(names),
            "y": [d * _MILLI for d in deadlines_s],
            "marker": {"symbol": "line-ew-open", "size": 34, "color": "@ink", "line": {"width": 2}},
            "hovertemplate": "deadline %{y:.4g} ms<extra></extra>",
        }
    )
    return Chart(
        id="classes",
        title="Mean latency of each class (ms)",
        alt=f"Mean latency of each class under {len(ways)} ways to choose. {sentence}",
        data=data,
        layout={
            "barmode": "group",
            "yaxis": {
                "title": {"text": "mean latency (ms)"},
                "type": "log",
                "dtick": "D2",
                "tickformat": "~g",
            },
            "margin": {"l": 64, "r": 16, "t": 84, "b": 44},
        },
        note="A way without bars overloads some station. The deadlines hold for single requests: "
        "the check by simulation counts those that are late.",
        columns=("Way to choose", *(f"{name} (ms)" for name in names)),
        rows=[
            (
                way.name,
                *(
                    f"{v * _MILLI:.4g}" if math.isfinite(v) else "overloaded"
                    for v in way.class_mean_s
                ),
            )
            for way in ways
        ],
        height=430,
    )


def plan_chart(names: Sequence[str], way: _Way) -> Chart:
    """Draw which share of each class uses which design under one way to choose."""
    labels = list(
        dict.fromkeys(share.label for mine in way.shares for share in mine if share.share >= _SHOWN)
    )
    data = []
    for at, label in enumerate(labels):
        sizes = [100 * _size(mine, label) for mine in way.shares]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label,
                "y": list(names),
                "x": sizes,
                "marker": {"color": _SERIES[at % len(_SERIES)]},
                "text": [f"{size:.0f} %" if size >= 8 else "" for size in sizes],
                "hovertemplate": f"{label}: %{{x:.1f}} %<extra></extra>",
            }
        )
    return Chart(
        id="plans",
        title=f"Who uses which design: {way.name}",
        alt=f"Shares of the designs in each class, {way.name}.",
        data=data,
        layout={
            "barmode": "stack",
            "xaxis": {"title": {"text": "share of the devices of a class (%)"}, "range": [0, 100]},
            "yaxis": {"autorange": "reversed", "automargin": True},
            "margin": {"l": 120, "r": 16, "t": 24, "b": 44},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
        },
        columns=("Class", "Design", "Share"),
        rows=[
            (name, share.label, f"{100 * share.share:.1f} %")
            for name, mine in zip(names, way.shares, strict=True)
            for share in mine
        ],
        height=430,
    )


def _size(mine: Sequence[_Share], label: str) -> float:
    return sum(share.share for share in mine if share.label == label)


def load_chart(stations: Sequence[str], ways: Sequence[_Way]) -> Chart:
    """Draw how busy every shared station is under each way to choose; above 100 % it overloads."""
    solved = [way for way in ways if any(way.shares)]
    return occupation_chart(
        "loads",
        "How busy each shared station is",
        "Utilisation of each shared station for each way to choose.",
        stations,
        [(way.name, WAY_COLOURS[way.key], way.busy) for way in solved],
        top=84,
        height=430,
    )
