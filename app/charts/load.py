"""Latency, late answers and utilisation over the load."""

from __future__ import annotations

__all__ = ["busy_chart", "growth_chart", "missed_chart"]

from math import log10
from typing import Any, Protocol

from charts.chart import Chart

_COLOURS = {"mean": "@goal.latency", "p95": "@goal.privacy", "p99": "@bad"}
_EVERY = 8


class _Growth(Protocol):
    axis: str
    label: str
    loads: tuple[float, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]
    missed: tuple[float | None, ...]
    busy: tuple[tuple[str, str, tuple[float, ...]], ...]
    bottleneck: tuple[str, ...]
    now: float
    at_now: tuple[float | None, ...]
    limit: float | None
    deadline: float
    top: float
    unit: str
    sentence: str


def growth_chart(model: _Growth) -> Chart:
    """Draw mean, p95 and p99 over the load; the curves end where a queue grows without bound.

    Parameters
    ----------
    model
        Curves over the load.
    """
    data = [_line(model, name, values) for name, values in model.lines]
    marks = [
        (name, value) for (name, _), value in zip(model.lines, model.at_now, strict=True) if value
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "now",
            "x": [model.now] * len(marks),
            "y": [min(value, model.top) for _, value in marks],
            "text": [name for name, _ in marks],
            "marker": {"color": "@ink", "size": 10, "symbol": "diamond"},
            "hovertemplate": f"now, %{{text}}: %{{y:.4g}} {model.unit}<extra></extra>",
        }
    )
    label = f"latency ({model.unit})"
    return Chart(
        id="growth",
        title=f"Latency over {model.label}",
        alt=f"Mean, p95 and p99 {label} over {model.label}. {model.sentence}",
        data=data,
        layout={
            "xaxis": _axis(model),
            "yaxis": {"title": {"text": label}, "range": [0, model.top]},
            "shapes": [_level(model.deadline), *_cliffs(model)],
            "annotations": _notes(model),
            "margin": {"l": 64, "r": 16, "t": 28, "b": 44},
        },
        note=model.sentence,
        columns=(model.label, *(name for name, _ in model.lines), "busiest"),
        rows=[
            (f"{model.loads[at]:.4g}", *_texts(model, at), model.bottleneck[at])
            for at in range(0, len(model.loads), _EVERY)
        ],
        height=420,
    )


def _texts(model: _Growth, at: int) -> list[str]:
    values = [values[at] for _, values in model.lines]
    return ["overloaded" if value is None else f"{value:.4g} {model.unit}" for value in values]


def _line(model: _Growth, name: str, values: tuple[float | None, ...]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(model.loads),
        "y": list(values),
        "customdata": list(model.loads),
        "text": list(model.bottleneck),
        "line": {"color": _COLOURS[name], "width": 3 if name == "p99" else 2.5},
        "hovertemplate": f"{name}: %{{y:.4g}} {model.unit} at %{{x:.4g}}<br>"
        "busiest: %{text}<extra></extra>",
    }


def _axis(model: _Growth) -> dict[str, Any]:
    return {"title": {"text": model.label}, "range": [0, model.loads[-1]]}


def _level(at: float) -> dict[str, Any]:
    line = {"color": "@bad", "width": 2, "dash": "dash"}
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": at, "y1": at, "line": line}


def _cliffs(model: _Growth) -> list[dict[str, Any]]:
    """Mark the present load, and fill what no queue can carry."""
    line = {"color": "@ink", "width": 1.5, "dash": "dot"}
    span = {"y0": 0, "y1": 1, "yref": "paper"}
    shapes: list[dict[str, Any]] = [
        {"type": "line", "x0": model.now, "x1": model.now, "line": line, **span}
    ]
    if model.limit is not None:
        fill = {"fillcolor": "@bad", "opacity": 0.12, "line": {"width": 0}, "layer": "below"}
        shapes.append({"type": "rect", "x0": model.limit, "x1": model.loads[-1], **fill, **span})
    return shapes


def _notes(model: _Growth) -> list[dict[str, Any]]:
    plain = {"showarrow": False, "font": {"size": 11, "color": "@muted"}}
    notes: list[dict[str, Any]] = [
        {"x": model.now, "y": 1, "yref": "paper", "text": "now", "xanchor": "left", "xshift": 4}
        | plain,
        {
            "x": 0,
            "xref": "paper",
            "y": model.deadline,
            "text": "deadline",
            "xanchor": "left",
            "yanchor": "bottom",
        }
        | plain,
    ]
    if model.limit is not None:
        text = {"x": model.limit, "y": 0.5, "yref": "paper", "text": "overload", "textangle": -90}
        notes.append(text | {"xanchor": "left"} | plain)
    return notes


def missed_chart(model: _Growth) -> Chart:
    """Draw the share of late answers over the load, on a logarithmic axis."""
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "too late",
        "x": list(model.loads),
        "y": list(model.missed),
        "text": list(model.bottleneck),
        "line": {"color": "@bad", "width": 3},
        "hovertemplate": "%{y:.2%} too late at %{x:.4g}<br>busiest: %{text}<extra></extra>",
    }
    return Chart(
        id="missed",
        title="Answers that come too late",
        alt=f"Share of answers later than the deadline over {model.label}.",
        data=[line],
        layout={
            "xaxis": _axis(model),
            "yaxis": {
                "title": {"text": "share too late"},
                "type": "log",
                "range": [log10(1e-5), 0.1],
                "tickvals": [1, 0.1, 0.01, 0.001, 0.0001, 0.00001],
                "ticktext": ["100 %", "10 %", "1 %", "0.1 %", "0.01 %", "0.001 %"],
            },
            "shapes": _cliffs(model),
            "showlegend": False,
            "margin": {"l": 76, "r": 16, "t": 28, "b": 44},
        },
        columns=(model.label, "too late"),
        rows=[
            (
                f"{model.loads[at]:.4g}",
                "under 0.0001 %"
                if model.missed[at] is None
                else f"{100 * (model.missed[at] or 0):.3g} %",
            )
            for at in range(0, len(model.loads), _EVERY)
        ],
    )


def busy_chart(model: _Growth) -> Chart:
    """Draw how busy each station is over the load."""
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": station,
            "x": list(model.loads),
            "y": list(values),
            "line": {"color": f"@{station}", "width": 2.5},
            "hovertemplate": f"{words}: %{{y:.0%}} at %{{x:.4g}}<extra></extra>",
        }
        for station, words, values in model.busy
    ]
    return Chart(
        id="busy",
        title="How busy each station is",
        alt=f"Utilisation of {', '.join(words for _, words, _ in model.busy)} over {model.label}.",
        data=data,
        layout={
            "xaxis": _axis(model),
            "yaxis": {
                "title": {"text": "utilisation"},
                "range": [0, 1.3],
                "tickvals": [0, 0.5, 1],
                "ticktext": ["0 %", "50 %", "100 %"],
            },
            "shapes": [_level(1.0), *_cliffs(model)],
            "margin": {"l": 76, "r": 16, "t": 28, "b": 44},
        },
        note="Above 100 % a queue grows without bound.",
        columns=(model.label, *(station for station, _, _ in model.busy)),
        rows=[
            (f"{model.loads[at]:.4g}", *(f"{values[at]:.0%}" for _, _, values in model.busy))
            for at in range(0, len(model.loads), _EVERY)
        ],
    )
