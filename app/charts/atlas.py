"""A map of the best design: colours for winners, contours of the objective, ties paler."""

from __future__ import annotations

__all__ = ["map_chart"]

from collections.abc import Sequence
from math import log10
from typing import Any, Protocol

from charts.chart import Chart

# Neighbouring winners should differ in hue; what comes later shares the last one.
_TOKENS = (
    "@part.device_wait",
    "@part.edge_wait",
    "@part.cloud_wait",
    "@part.uplink_wait",
    "@goal.energy",
    "@part.backhaul_wait",
    "@goal.latency",
    "@goal.cost",
    "@goal.carbon",
    "@other",
)
_PHONE_LABEL = 44


class _Axis(Protocol):
    label: str
    values: Sequence[float]
    logarithmic: bool
    now: float | None


class _Winner(Protocol):
    label: str
    share: str


class _Atlas(Protocol):
    x: Any
    y: Any
    unit: str
    objective: str
    winner: Sequence[Sequence[int]]
    value: Sequence[Sequence[float | None]]
    tied: Sequence[Sequence[bool]]
    winners: Sequence[Any]
    border: tuple[Sequence[float], Sequence[float]]
    border_words: str
    box: int
    sentence: str


def _tokens(winners: Sequence[_Winner]) -> list[str]:
    """Return a colour for each winner: the largest of a tier alone has the hue of that tier."""
    own = {"device": _TOKENS[0], "edge": _TOKENS[1], "cloud": _TOKENS[2]}
    rest = list(_TOKENS[3:])
    found = []
    for winner in winners:
        tiers = winner.label.partition(":")[0]
        token = "" if " + " in tiers else own.pop(tiers.partition(" ")[0], "")
        found.append(token or (rest.pop(0) if len(rest) > 1 else rest[0]))
    return found


def _scale(tokens: Sequence[str]) -> list[list[Any]]:
    """Return a colour scale of even steps, one for each winner."""
    count = max(len(tokens), 1)
    steps: list[list[Any]] = []
    for at, colour in enumerate(tokens or ["@other"]):
        steps += [[at / count, colour], [(at + 1) / count, colour]]
    return steps


def _axis(axis: _Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": axis.label}, "showgrid": False}
    if axis.logarithmic:
        low, high = log10(axis.values[0]), log10(axis.values[-1])
        return found | {
            "type": "log",
            "range": [low, high],
            "dtick": "D2" if high - low < 1.5 else 1,
            "tickformat": "~g",
        }
    return found | {"range": [axis.values[0], axis.values[-1]]}


def map_chart(atlas: _Atlas) -> Chart:
    """Draw the map; a chosen cell carries its number, line by line, as id.

    Parameters
    ----------
    atlas
        View model of the map.
    """
    xs, ys = list(atlas.x.values), list(atlas.y.values)
    tokens = _tokens(atlas.winners)
    count = max(len(tokens), 1)
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "x": xs,
            "y": ys,
            "z": [[w if w >= 0 else None for w in line] for line in atlas.winner],
            "zmin": -0.5,
            "zmax": count - 0.5,
            "colorscale": _scale(tokens),
            "showscale": False,
            "customdata": [[j * len(xs) + i for i in range(len(xs))] for j in range(len(ys))],
            "text": _texts(atlas),
            "hovertemplate": "%{text}<extra></extra>",
            "opacity": 0.75,
        },
        {
            "type": "heatmap",
            "x": xs,
            "y": ys,
            "z": [[1 if tied else None for tied in line] for line in atlas.tied],
            "colorscale": [[0, "@background"], [1, "@background"]],
            "showscale": False,
            "opacity": 0.35,
            "hoverinfo": "skip",
        },
        {
            "type": "contour",
            "x": xs,
            "y": ys,
            "z": [
                [None if v is None or v <= 0 else log10(v) for v in line] for line in atlas.value
            ],
            "contours": {"coloring": "none", "showlabels": False},
            "line": {"color": "@ink", "width": 1},
            "ncontours": 10,
            "showscale": False,
            "hoverinfo": "skip",
            "name": f"equal {atlas.objective}",
            "showlegend": False,
        },
    ]
    data += [
        _key(winner, token)
        for winner, token in zip(atlas.winners[: len(_TOKENS)], tokens, strict=False)
    ]
    if atlas.border[0]:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": list(atlas.border[0]),
                "y": list(atlas.border[1]),
                "name": "break-even, closed form",
                "line": {"color": "@bad", "dash": "dash", "width": 3},
                "hoverinfo": "skip",
            }
        )
    if atlas.x.now is not None and atlas.y.now is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [atlas.x.now],
                "y": [atlas.y.now],
                "name": "your operating point",
                "marker": {
                    "color": "@ink",
                    "size": 15,
                    "symbol": "diamond",
                    "line": {"color": "@background", "width": 2},
                },
                "hoverinfo": "skip",
            }
        )
    words = f" Red dashes: {atlas.border_words}." if atlas.border_words else ""
    return Chart(
        id="atlas",
        title=f"Which design has the lowest {atlas.objective}",
        alt=f"Best design over {atlas.x.label} and {atlas.y.label}. {atlas.sentence}",
        data=data,
        layout={
            "xaxis": _axis(atlas.x),
            "yaxis": _axis(atlas.y),
            "margin": {"l": 72, "r": 16, "t": 16, "b": 44},
            "hovermode": "closest",
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.14, "x": 0},
        },
        note=f"Lines: equal {atlas.objective}. Paler: another design is within 1 %. "
        f"Choose a cell to take its values.{words}",
        columns=("Design", "Share of the map"),
        rows=[(winner.label, winner.share) for winner in atlas.winners],
        height=620,
    )


def _texts(atlas: _Atlas) -> list[list[str]]:
    found = []
    for winners, values, ties in zip(atlas.winner, atlas.value, atlas.tied, strict=True):
        line = []
        for winner, value, tied in zip(winners, values, ties, strict=True):
            if winner < 0 or value is None:
                line.append("no design is possible")
                continue
            tie = ", a tie" if tied else ""
            line.append(f"{atlas.winners[winner].label}<br>{value:.3g} {atlas.unit}{tie}")
        found.append(line)
    return found


def _key(winner: _Winner, token: str) -> dict[str, Any]:
    """Return an entry of the legend for a colour of the map."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "name": f"{winner.label[:_PHONE_LABEL]} ({winner.share})",
        "marker": {"color": token, "size": 12, "symbol": "square", "opacity": 0.75},
        "hoverinfo": "skip",
    }
