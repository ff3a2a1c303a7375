"""Latency over the number of devices, with the deadline and the present number."""

from __future__ import annotations

__all__ = ["population_cliff"]

from typing import Any, Protocol

from charts.chart import Chart


class _Cliff(Protocol):
    devices: tuple[int, ...]
    latency: tuple[float | None, ...]
    unit: str
    name: str
    deadline: float
    now: int
    shown: int
    at_now: float | None
    sentence: str
    beyond: str


# The curve is cut off above this many deadlines: what lies beyond is too late in any case.
_TOP = 3.0


def population_cliff(model: _Cliff) -> Chart:
    """Draw the curve; it ends where requests pile up without bound.

    Parameters
    ----------
    model
        A view model with the curve in display units.
    """
    label = f"{model.name} latency ({model.unit})"
    finite = [value for value in model.latency if value is not None]
    top = _TOP * model.deadline
    if finite and min(finite) > model.deadline:
        top = max(top, 1.5 * min(finite))
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{model.name} latency",
            "x": list(model.devices),
            "y": list(model.latency),
            "line": {"color": "@goal.latency", "width": 3},
            "hovertemplate": "%{x} devices: %{y:.3g} " + model.unit + "<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "deadline",
            "x": [model.devices[0], model.devices[-1]],
            "y": [model.deadline, model.deadline],
            "line": {"color": "@bad", "dash": "dash", "width": 2},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "now" if model.at_now is not None else f"now: {model.beyond}",
            "x": [model.now],
            "y": [top if model.at_now is None else min(model.at_now, top)],
            "marker": {
                "color": "@bad" if model.at_now is None else "@ink",
                "size": 11,
                "symbol": "x" if model.at_now is None else "diamond",
            },
            "cliponaxis": False,
            "hovertemplate": f"{model.now} devices now<extra></extra>",
        },
    ]
    return Chart(
        id="cliff",
        title="How many devices it carries",
        alt=f"{label} over the number of devices. {model.sentence}",
        data=data,
        layout={
            "xaxis": {"title": {"text": "devices"}, "range": [0, model.shown]},
            "yaxis": {"title": {"text": label}, "range": [0, top]},
            "margin": {"l": 64, "r": 16, "t": 28, "b": 44},
        },
        note=model.sentence,
        columns=("Devices", label),
        rows=[
            (count, model.beyond if value is None else round(value, 1))
            for count, value in zip(model.devices, model.latency, strict=True)
        ],
    )
