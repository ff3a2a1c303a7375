"""Links by round trip and rate on logarithmic axes."""

from __future__ import annotations

__all__ = ["TECHNOLOGY_TOKENS", "link_map"]

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from charts.chart import Chart

TECHNOLOGY_TOKENS = {
    "wan": "cloud",
    "lpwan": "goal.carbon",
    "5g": "uplink",
    "wi-fi": "edge",
    "lte": "backhaul",
    "3g": "goal.energy",
    "ethernet": "device",
    "fibre": "goal.cost",
    "bluetooth": "goal.privacy",
    "satellite": "bad",
    "6g": "goal.throughput",
}
_MEGA, _MILLI = 1e6, 1e3

# One tick per factor of ten, written out.
_LOG = {"type": "log", "dtick": 1, "tickformat": "~g"}


class _Point(Protocol):
    id: str
    label: str
    technology: str
    technology_words: str
    rtt_s: float
    rate_bit_per_s: float
    rate_low: float
    rate_high: float
    rtt_low: float
    rtt_high: float
    words: str


class _Reach(Protocol):
    rtt_s: tuple[float, ...]
    rate_bit_per_s: tuple[float, ...]
    words: str


def link_map(
    points: Sequence[_Point],
    direction: str,
    reach: _Reach | None,
    used: Mapping[str, str],
    compared: Collection[str] = (),
) -> Chart:
    """Draw every link as a point with its spread; a point can be chosen.

    Parameters
    ----------
    points
        Links with rate and round trip.
    direction
        Words of the direction.
    reach
        Curve above which the present message arrives in time; None without one.
    used
        Link to the place that it has in the design, such as ``uplink``.
    compared
        Links that are shown side by side; they carry their name.
    """
    groups: dict[str, list[Any]] = {}
    for point in points:
        groups.setdefault(point.technology, []).append(point)
    data = [_series(name, group, used, compared) for name, group in groups.items()]
    if reach is not None and points:
        data.append(_curve(reach))
    return Chart(
        id="links",
        title="Rate against round trip",
        alt=f"{len(points)} links by round trip and rate {direction.lower()}",
        data=data,
        layout={
            "xaxis": {"title": {"text": "idle round trip (ms)"}, **_LOG},
            "yaxis": {"title": {"text": f"rate {direction.lower()} (Mbit/s)"}, **_LOG},
            "margin": {"l": 68, "r": 16, "t": 60, "b": 48},
            "hovermode": "closest",
        },
        note=(
            "Bars: 10 % to 90 % of measurements, or the plausible range of an assumption. Links "
            "above the dashed curve can move your present message within the deadline if nobody "
            "else is there and nothing is computed. Choose a point to compare it."
        ),
        columns=("Link", "Technology", "Round trip (ms)", "Rate (Mbit/s)", "Origin"),
        rows=[
            (p.label, p.technology_words, p.rtt_s * _MILLI, p.rate_bit_per_s / _MEGA, p.words)
            for p in points
        ],
        ids=[p.id for p in points],
        height=480,
    )


def _series(
    name: str, points: Sequence[_Point], used: Mapping[str, str], compared: Collection[str]
) -> dict[str, Any]:
    token = f"@{TECHNOLOGY_TOKENS.get(name, 'other')}"
    named = [p.id in used or p.id in compared for p in points]
    return {
        "type": "scatter",
        "mode": "markers+text",
        # On a phone the names would lie over each other; a tap and the table say them.
        "meta": {"narrow": {"mode": "markers"}},
        "name": points[0].technology_words,
        "x": [p.rtt_s * _MILLI for p in points],
        "y": [p.rate_bit_per_s / _MEGA for p in points],
        "customdata": [p.id for p in points],
        "text": [
            (f"{p.label} ({used[p.id]})" if p.id in used else p.label) if show else ""
            for p, show in zip(points, named, strict=True)
        ],
        "textposition": "top center",
        "textfont": {"size": 11, "color": token},
        "cliponaxis": False,
        "error_x": _bars(points, "rtt", _MILLI, token),
        "error_y": _bars(points, "rate", 1.0 / _MEGA, token),
        "marker": {
            "color": token,
            "size": [15 if p.id in used else 10 for p in points],
            "symbol": ["star" if p.id in used else "circle" for p in points],
            "line": {"width": 1, "color": "@background"},
        },
        "hovertext": [f"<b>{p.label}</b><br>{p.words}" for p in points],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _bars(points: Sequence[_Point], kind: str, scale: float, token: str) -> dict[str, Any]:
    up, down = [], []
    for p in points:
        value = p.rtt_s if kind == "rtt" else p.rate_bit_per_s
        low, high = getattr(p, f"{kind}_low"), getattr(p, f"{kind}_high")
        there = math.isfinite(low) and math.isfinite(high)
        up.append(max(high - value, 0.0) * scale if there else 0.0)
        down.append(max(value - low, 0.0) * scale if there else 0.0)
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": token,
        "thickness": 1,
        "width": 3,
    }


def _curve(reach: _Reach) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+text",
        "meta": {"narrow": {"mode": "lines"}},
        "name": reach.words,
        "showlegend": False,
        "text": [reach.words, *([""] * (len(reach.rtt_s) - 1))],
        "textposition": "top right",
        "x": [value * _MILLI for value in reach.rtt_s],
        "y": [value / _MEGA for value in reach.rate_bit_per_s],
        "line": {"color": "@ink", "dash": "dash", "width": 2},
        "hoverinfo": "skip",
    }
