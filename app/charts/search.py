"""The search for the best design: its funnel, and the trade-off between two objectives."""

from __future__ import annotations

__all__ = ["funnel_chart", "pareto_chart"]

from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart


class _Step(Protocol):
    label: str
    removed: int
    left: int
    reason: str


class _Point(Protocol):
    x: float
    y: float
    x_text: str
    y_text: str
    words: str


class _Front(Protocol):
    x_unit: str
    y_unit: str
    points: tuple[Any, ...]
    behind_x: tuple[float, ...]
    behind_y: tuple[float, ...]
    designs: int
    best: int


_ROW = 50
_FRAME = 76


def _many(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _capital(words: str) -> str:
    return words if words[1:2].isdigit() else words[:1].upper() + words[1:]


def funnel_chart(steps: Sequence[_Step]) -> Chart:
    """Draw how many designs are left after each requirement.

    Parameters
    ----------
    steps
        Stages in order, the first with all designs.
    """
    places = list(range(len(steps)))
    texts = [
        f"{step.label}: <b>{_many(step.left)}</b>"
        + (f" left (−{_many(step.removed)})" if step.removed else " left" if at else "")
        for at, step in enumerate(steps)
    ]
    reasons = [step.reason for step in steps if step.reason]
    return Chart(
        id="funnel",
        title="What each requirement left",
        alt="Designs left after each requirement: "
        + ", ".join(f"{step.label} {step.left}" for step in steps),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": places,
                "x": [step.left for step in steps],
                "width": 0.42,
                "marker": {"color": ["@bad" if step.left == 0 else "@best" for step in steps]},
                "showlegend": False,
                "hovertext": texts,
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        ],
        layout={
            "xaxis": {"title": {"text": "designs"}, "rangemode": "tozero", "nticks": 5},
            "yaxis": {"autorange": "reversed", "showticklabels": False, "ticks": ""},
            "annotations": [_above(at, text) for at, text in zip(places, texts, strict=True)],
            "margin": {"l": 8, "r": 16, "t": 12, "b": 44},
        },
        note="".join(f"Not known: {reason}. " for reason in reasons).strip(),
        columns=("Requirement", "Removed", "Left", "Reason"),
        rows=[(step.label, step.removed, step.left, step.reason) for step in steps],
        height=_FRAME + _ROW * len(steps),
    )


def _above(at: int, text: str) -> dict[str, Any]:
    """Words above a bar, which fit a narrow screen too."""
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": at,
        "yshift": 17,
        "text": text,
        "showarrow": False,
        "align": "left",
    }


def pareto_chart(
    front: _Front, x_label: str, y_label: str, yours: tuple[float, float] | None = None
) -> Chart:
    """Draw the best designs in two objectives; each point carries its place in the front as id.

    Parameters
    ----------
    front
        A view model of the trade-off.
    x_label, y_label
        Words of the axes, without units.
    yours
        The present design in display units; None when it is overloaded or not known.
    """
    spoken = (
        f"{_many(front.best)} best of {_many(front.designs)} designs, {y_label} against {x_label}"
    )
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "other designs that meet the requirements",
            "x": list(front.behind_x),
            "y": list(front.behind_y),
            "marker": {"color": "@other", "size": 4, "opacity": 0.35},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "best designs: choose one",
            "x": [point.x for point in front.points],
            "y": [point.y for point in front.points],
            "customdata": [str(at) for at in range(len(front.points))],
            "line": {"color": "@best", "shape": "hv", "width": 2},
            "marker": {"color": "@best", "size": 10},
            "text": [f"{p.words}<br>{p.x_text}, {p.y_text}" for p in front.points],
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]
    if yours is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "your design",
                "x": [yours[0]],
                "y": [yours[1]],
                "marker": {"color": "@warn", "size": 14, "symbol": "diamond"},
                "hovertemplate": "your design<extra></extra>",
            }
        )
    return Chart(
        id="pareto",
        title=f"{_capital(y_label)} against {x_label}",
        alt=spoken,
        data=data,
        layout={
            "xaxis": {"title": {"text": f"{x_label} ({front.x_unit})"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": f"{y_label} ({front.y_unit})"}, "rangemode": "tozero"},
            "hovermode": "closest",
            "margin": {"l": 64, "r": 16, "t": 44, "b": 44},
        },
        note=f"{spoken}. Percentiles here are approximate; a chosen design is evaluated exactly.",
        columns=("Design", x_label, y_label),
        rows=[(p.words, p.x_text, p.y_text) for p in front.points],
        ids=[str(at) for at in range(len(front.points))],
        height=380,
    )
