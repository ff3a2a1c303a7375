"""Charts of a growing population: latency of four ways to choose, shares, utilisation."""

from __future__ import annotations

__all__ = ["busy_chart", "latency_chart", "share_chart"]

from collections.abc import Sequence
from math import log10
from typing import Any, Protocol

from charts.chart import Chart
from charts.occupation import occupation_chart

_COLOURS = {
    "blind": "@bad",
    "best": "@warn",
    "selfish": "@goal.privacy",
    "system": "@best",
    "device": "@device",
    "edge": "@edge",
    "cloud": "@cloud",
}
_WAYS = {
    "load-blind plan": "@bad",
    "best single plan for all": "@warn",
    "everyone for oneself": "@goal.privacy",
    "coordinated mix (optimum)": "@best",
}
_SERIES = (
    "@goal.latency",
    "@goal.energy",
    "@goal.cost",
    "@goal.privacy",
    "@goal.accuracy",
    "@goal.carbon",
    "@goal.throughput",
    "@other",
)


class _Line(Protocol):
    key: str
    name: str
    values: Sequence[float | None]
    uses: Sequence[str]


class _Mark(Protocol):
    devices: float
    label: str
    words: str


def _axis(logarithmic: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": "devices"}}
    return found | ({"type": "log", "dtick": 1} if logarithmic else {"rangemode": "tozero"})


def latency_chart(
    devices: Sequence[int],
    lines: Sequence[_Line],
    marks: Sequence[_Mark],
    now: int,
    unit: str,
    logarithmic: bool,
    sentence: str,
) -> Chart:
    """Draw latency over the number of devices; each curve ends where it overloads a station.

    Parameters
    ----------
    devices, lines, marks, now, unit
        Populations, curves, thresholds, present population and display unit of latency.
    logarithmic
        Whether the axis of devices is logarithmic.
    sentence
        The finding, for the alternative text.
    """
    data = []
    for line in lines:
        rule = line.key in ("device", "edge", "cloud")
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": line.name,
                "x": list(devices),
                "y": list(line.values),
                "line": {
                    "color": _COLOURS[line.key],
                    "width": 1.5 if rule else 3,
                    "dash": "dot" if rule else "solid",
                },
                "text": list(line.uses),
                "hovertemplate": f"{line.name}: %{{y:.3g}} {unit}<br>%{{text}}<extra></extra>",
            }
        )
    finite = [value for line in lines for value in line.values if value is not None]
    best = [value for line in lines if line.key == "system" for value in line.values if value]
    low, high = (min(finite), max(best or finite)) if finite else (1.0, 10.0)
    shapes = [_vertical(now, "@ink", "solid")] + [
        _vertical(mark.devices, "@muted", "dash") for mark in marks
    ]
    notes = [_note(now, "now", 0.0, logarithmic)] + [
        _note(mark.devices, mark.label, place, logarithmic)
        for mark, place in zip(marks, (0.16, 0.08, 0.24), strict=False)
    ]
    return Chart(
        id="crowd",
        title=f"Mean latency ({unit}) as the population grows",
        alt=f"Mean latency over the number of devices for four ways to choose. {sentence}",
        data=data,
        layout={
            "xaxis": _axis(logarithmic),
            "yaxis": {
                "title": {"text": f"mean latency ({unit})"},
                "type": "log",
                "range": _decades(low * 0.8, high * 12),
                "tickvals": _ticks(low * 0.8, high * 12),
            },
            "shapes": shapes,
            "annotations": notes,
            "hovermode": "x unified",
            "margin": {"l": 64, "r": 16, "t": 64, "b": 44},
        },
        note="Curves end where the plan overloads a station. Dashed: where coordination starts to "
        "pay, where selfish users leave the plan, and where the plan saturates.",
        columns=("Devices", *(line.name for line in lines)),
        rows=[
            (
                count,
                *(
                    "overloaded" if line.values[at] is None else _digits(line.values[at])
                    for line in lines
                ),
            )
            for at, count in enumerate(devices)
        ],
        height=430,
    )


def _digits(value: float | None) -> str:
    return f"{value:.4g}" if value is not None else ""


def _decades(low: float, high: float) -> list[float]:
    return [log10(low), log10(high)]


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of every decade, so that each mark is written in full."""
    powers = range(int(log10(low)) - 1, int(log10(high)) + 1)
    steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    return [step for step in steps if low <= step <= high]


def _place(devices: float, logarithmic: bool) -> float:
    return log10(devices) if logarithmic else devices


def _vertical(devices: float, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": devices,
        "x1": devices,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }


def _note(devices: float, words: str, down: float, logarithmic: bool) -> dict[str, Any]:
    return {
        "x": _place(devices, logarithmic),
        "y": 1.0 - down,
        "yref": "paper",
        "text": words,
        "showarrow": False,
        "xanchor": "right" if down else "left",
        "yanchor": "top",
        "font": {"size": 11, "color": "@muted"},
        "xshift": -3 if down else 3,
    }


def share_chart(
    devices: Sequence[int],
    shares: Sequence[tuple[str, Sequence[float]]],
    now: int,
    logarithmic: bool,
    whose: str,
) -> Chart:
    """Draw which share of the devices uses which design, as a stack.

    Parameters
    ----------
    devices, shares, now, logarithmic
        Populations, name and shares of each design, present population, and kind of axis.
    whose
        Whose mix it is, in words.
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": list(devices),
            "y": [100 * value for value in values],
            "stackgroup": "one",
            "line": {"color": _colour(name, at), "width": 0.5},
            "hovertemplate": f"{name}: %{{y:.1f}} %<extra></extra>",
        }
        for at, (name, values) in enumerate(shares)
    ]
    return Chart(
        id="shares",
        title=f"Who uses which design: {whose}",
        alt=f"Shares of the devices per design over the population, {whose}.",
        data=data,
        layout={
            "xaxis": _axis(logarithmic),
            "yaxis": {"title": {"text": "share of devices (%)"}, "range": [0, 100]},
            "shapes": [_vertical(now, "@ink", "solid")],
            "hovermode": "x unified",
            "margin": {"l": 64, "r": 16, "t": 24, "b": 44},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
        },
        columns=("Devices", *(name for name, _ in shares)),
        rows=[
            (count, *(f"{100 * values[at]:.1f} %" for _, values in shares))
            for at, count in enumerate(devices)
        ],
        height=430,
    )


def _colour(name: str, at: int) -> str:
    return "@device" if name.startswith("device") and ":" not in name else _SERIES[at % 8]


def busy_chart(
    stations: Sequence[str], busy: Sequence[tuple[str, Sequence[float]]], now: int
) -> Chart:
    """Draw how busy every station is under each way to choose; above 100 % it overloads.

    Parameters
    ----------
    stations, busy, now
        Names, way to choose with a utilisation per station, and the present population.
    """
    return occupation_chart(
        "busy",
        f"How busy each station is with {now} devices",
        f"Utilisation of each station with {now} devices, for each way to choose.",
        stations,
        [(way, _WAYS[way], values) for way, values in busy],
    )
