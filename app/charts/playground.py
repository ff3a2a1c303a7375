"""Charts of the playground: flows over a small network, and a herd over its rounds."""

from __future__ import annotations

__all__ = ["flow_chart", "herd_charts"]

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from charts.chart import Chart

_PLACES: Mapping[str, tuple[float, float]] = {
    "device": (0.0, 1.0),
    "access point": (1.0, 1.8),
    "edge site": (1.0, 0.2),
    "answer": (2.0, 1.0),
}
_BUSY = ((0.9, "@bad"), (0.7, "@warn"), (0.0, "@good"))
_GAP = 0.13


class _Arc(Protocol):
    tail: str
    head: str
    name: str
    share: float
    busy: float | None


class _Flows(Protocol):
    name: str
    mean: str
    arcs: Sequence[Any]


class _Herd(Protocol):
    labels: tuple[str, str]
    shares: Sequence[float]
    mean: Sequence[float | None]
    unit: str
    optimum: float
    equilibrium: float
    sentence: str


def _colour(arc: _Arc) -> str:
    if arc.share <= 0.0:
        return "@line"
    if arc.busy is None:
        return "@muted"
    busy = arc.busy
    return next(token for floor, token in _BUSY if busy >= floor)


def _arrow(arc: _Arc) -> dict[str, Any]:
    (x0, y0), (x1, y1) = _PLACES[arc.tail], _PLACES[arc.head]
    return {
        "x": x1 - _GAP * (x1 - x0),
        "y": y1 - _GAP * (y1 - y0),
        "ax": x0 + _GAP * (x1 - x0),
        "ay": y0 + _GAP * (y1 - y0),
        "xref": "x",
        "yref": "y",
        "axref": "x",
        "ayref": "y",
        "text": "",
        "showarrow": True,
        "arrowhead": 2,
        "arrowsize": 0.6 if arc.share > 0.3 else 1.0,
        "arrowwidth": 1.5 + 10 * arc.share,
        "arrowcolor": _colour(arc),
    }


def _words(arc: _Arc) -> str:
    busy = "" if arc.busy is None else f"<br>{100 * arc.busy:.0f} % busy"
    return f"{arc.name}<br>{100 * arc.share:.0f} % of requests{busy}"


def _label(arc: _Arc) -> dict[str, Any]:
    (x0, y0), (x1, y1) = _PLACES[arc.tail], _PLACES[arc.head]
    return {
        "x": (x0 + x1) / 2,
        "y": (y0 + y1) / 2,
        "text": _words(arc),
        "showarrow": False,
        "bgcolor": "@background",
        "opacity": 0.92,
        "borderpad": 2,
        "font": {"size": 12, "color": "@ink"},
    }


def flow_chart(flows: _Flows) -> Chart:
    """Draw the flow of every arc; the width is the share of requests, the colour how busy it is.

    Parameters
    ----------
    flows
        One way to route.
    """
    return Chart(
        id=f"flow_{flows.name}",
        title=f"{flows.name.capitalize()}: {flows.mean}",
        alt=f"{flows.name} flows, mean latency {flows.mean}: "
        + "; ".join(_words(arc).replace("<br>", " ") for arc in flows.arcs),
        data=[
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [x for x, _ in _PLACES.values()],
                "y": [y for _, y in _PLACES.values()],
                "text": list(_PLACES),
                "textposition": ["bottom center", "top center", "bottom center", "bottom center"],
                "marker": {"size": 20, "color": "@best"},
                "showlegend": False,
                "hoverinfo": "skip",
            },
        ],
        layout={
            # Words come after the arrows, so that they lie on top of them.
            "annotations": [
                *(_arrow(arc) for arc in flows.arcs),
                *(_label(arc) for arc in flows.arcs),
            ],
            "xaxis": {"visible": False, "range": [-0.35, 2.35], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-0.2, 2.2], "fixedrange": True},
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        },
        columns=("Step", "From", "To", "Share of requests", "Busy"),
        rows=[
            (
                arc.name,
                arc.tail,
                arc.head,
                f"{100 * arc.share:.1f} %",
                "" if arc.busy is None else f"{100 * arc.busy:.1f} %",
            )
            for arc in flows.arcs
        ],
        height=330,
    )


def herd_charts(herd: _Herd, until: int) -> list[Chart]:
    """Draw shares and mean latency up to a round.

    Parameters
    ----------
    herd
        Rounds.
    until
        Last round that is drawn.
    """
    rounds = list(range(until + 1))
    shared = {"xaxis": {"title": {"text": "round"}, "range": [0, len(herd.shares) - 1]}}
    finite = [value for value in herd.mean if value is not None]
    top = max([*finite, herd.equilibrium]) if finite else 1.0
    top = min(top, 6 * herd.equilibrium)
    latency = [None if value is None else min(value, top) for value in herd.mean[: until + 1]]
    return [
        Chart(
            id="herd",
            title="Who is where",
            alt=f"Share of users on {herd.labels[0]} in every round. {herd.sentence}",
            data=[
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": herd.labels[0],
                    "x": rounds,
                    "y": list(herd.shares[: until + 1]),
                    "line": {"color": "@uplink", "width": 2},
                    "marker": {"size": 5},
                    "hovertemplate": "round %{x}: %{y:.1f} %<extra></extra>",
                }
            ],
            layout={
                **shared,
                "yaxis": {"title": {"text": f"users on {herd.labels[0]} (%)"}, "range": [0, 104]},
                "margin": {"l": 64, "r": 16, "t": 24, "b": 44},
            },
            note=f"The others use {herd.labels[1]}.",
            height=330,
        ),
        Chart(
            id="herd_mean",
            title=f"What it costs ({herd.unit})",
            alt=f"Mean latency in every round. {herd.sentence}",
            data=[
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": "this round",
                    "x": rounds,
                    "y": latency,
                    "line": {"color": "@goal.latency", "width": 2},
                    "marker": {"size": 5},
                    "hovertemplate": f"round %{{x}}: %{{y:.3g}} {herd.unit}<extra></extra>",
                },
                _level("one by one (equilibrium)", herd.equilibrium, rounds, "@goal.privacy"),
                _level("coordinated", herd.optimum, rounds, "@best"),
            ],
            layout={
                **shared,
                "yaxis": {
                    "title": {"text": f"mean latency ({herd.unit})"},
                    "range": [0, 1.08 * top],
                },
                "margin": {"l": 64, "r": 16, "t": 44, "b": 44},
            },
            note="Gaps: the shared plan is overloaded in that round.",
            height=330,
        ),
    ]


def _level(name: str, value: float, rounds: Sequence[int], token: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [rounds[0], rounds[-1]],
        "y": [value, value],
        "line": {"color": token, "dash": "dash", "width": 2},
        "hoverinfo": "skip",
    }
