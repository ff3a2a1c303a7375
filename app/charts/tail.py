"""The complementary distribution of the latency, with the deadline and a run's band."""

from __future__ import annotations

__all__ = ["tail_chart"]

from math import log10
from typing import Any, Protocol

from charts.chart import Chart


class _Tail(Protocol):
    times: tuple[float, ...]
    above: tuple[float | None, ...]
    marks: tuple[tuple[str, float, float, str], ...]
    deadline: float
    missed: str
    unit: str
    sentence: str
    least: float


class _Band(Protocol):
    times: tuple[float, ...]
    above: tuple[float | None, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


_EVERY = 8
# Shares of the axis up to which words stand at the right of what they name.
_LEFT, _MIDDLE = 0.25, 0.45


def tail_chart(model: _Tail, run: _Band | None = None, height: int = 440) -> Chart:
    """Draw the share of requests that take longer than each time, on a logarithmic axis.

    Parameters
    ----------
    model
        Curve of the closed form.
    run
        Curve of a simulation.
    height
        Pixels.
    """
    data = [*_simulated(run, model.unit)] if run is not None else []
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "closed form",
            "x": list(model.times),
            "y": list(model.above),
            "line": {"color": "@goal.latency", "width": 3},
            "hovertemplate": f"%{{y:.2%}} take longer than %{{x:.4g}} {model.unit}<extra></extra>",
        }
    )
    data.append(_percentiles(model))
    inside = model.times[0] <= model.deadline <= model.times[-1]
    return Chart(
        id="tail",
        title="Share of requests that take longer",
        alt=f"Share of requests over latency in {model.unit}, logarithmic. {model.sentence}",
        data=data,
        layout={
            "xaxis": {"title": {"text": f"latency ({model.unit})"}},
            "yaxis": {
                "title": {"text": "share that takes longer"},
                "type": "log",
                "range": [log10(model.least), 0.05],
                "tickvals": [1, 0.1, 0.01, 0.001, 0.0001],
                "ticktext": ["100 %", "10 %", "1 %", "0.1 %", "0.01 %"],
            },
            "shapes": [_deadline(model.deadline)] if inside else [],
            "annotations": [_words(model)] if inside else [],
            "margin": {"l": 72, "r": 16, "t": 28, "b": 44},
        },
        note=model.sentence,
        columns=(f"Latency ({model.unit})", "Take longer", *(("Simulated",) if run else ())),
        rows=[
            (
                f"{model.times[at]:.4g}",
                _percent(model.above[at]),
                *((_percent(run.above[at]),) if run else ()),
            )
            for at in range(0, len(model.times), _EVERY)
        ],
        height=height,
    )


def _percent(share: float | None) -> str:
    return "under 0.001 %" if share is None else f"{100 * share:.3g} %"


def _simulated(run: _Band, unit: str) -> list[dict[str, Any]]:
    """Return the band as a closed outline, and the run's curve."""
    outline = {
        "type": "scatter",
        "mode": "lines",
        "name": "95 % band of the run",
        "x": [*run.times, *reversed(run.times)],
        "y": [*run.high, *reversed(run.low)],
        "fill": "toself",
        "fillcolor": "@goal.privacy",
        "opacity": 0.25,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "simulation",
        "x": list(run.times),
        "y": list(run.above),
        "line": {"color": "@goal.privacy", "width": 2, "dash": "dot"},
        "hovertemplate": f"simulated: %{{y:.2%}} beyond %{{x:.4g}} {unit}<extra></extra>",
    }
    return [outline, line]


def _percentiles(model: _Tail) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "percentiles",
        "x": [time for _, time, _, _ in model.marks],
        "y": [share for _, _, share, _ in model.marks],
        "text": [f"{name} {words}" for name, _, _, words in model.marks],
        # Below the falling curve there is room at the left, also on a phone.
        "textposition": [
            "top right" if _place(model, time) < _LEFT else "bottom left"
            for _, time, _, _ in model.marks
        ],
        "marker": {"color": "@ink", "size": 8},
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _deadline(at: float) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "@bad", "width": 2, "dash": "dash"},
    }


def _place(model: _Tail, time: float) -> float:
    """Place of a time on the axis, from 0 to 1."""
    return (time - model.times[0]) / (model.times[-1] - model.times[0])


def _words(model: _Tail) -> dict[str, Any]:
    after = _place(model, model.deadline) < _MIDDLE
    return {
        "x": model.deadline,
        "y": 0.0,
        "yref": "paper",
        "text": f"deadline: {model.missed} later",
        "showarrow": False,
        "xanchor": "left" if after else "right",
        "yanchor": "bottom",
        "font": {"size": 12, "color": "@bad"},
        "xshift": 4 if after else -4,
    }
