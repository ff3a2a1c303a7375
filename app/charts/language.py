"""Charts of a language model: rate over batch, first token against further ones, drafts, caches."""

from __future__ import annotations

__all__ = ["batch_chart", "draft_chart", "plane_chart", "shipping_chart"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_WORDS = {"device": "Device", "edge": "Edge", "cloud": "Cloud"}
# Whole decades, every label a full number.
_LOG = {"type": "log", "dtick": 1, "tickformat": "~g"}
_MILLI = 1e3


class _Curve(Protocol):
    tier: str
    label: str
    batch: Sequence[int]
    rate: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    wall: float


class _Dot(Protocol):
    tier: str
    batch: float
    rate: float
    words: str


class _Number(Protocol):
    value: float
    low: float
    high: float


class _Shipping(Protocol):
    rate_bit_per_s: Sequence[float]
    send_s: Sequence[float]
    recompute_s: float
    break_even: Any
    links: Sequence[tuple[str, float]]
    words: str


def batch_chart(curves: Sequence[_Curve], dots: Sequence[_Dot]) -> Chart:
    """Draw tokens per second over the batch; each curve ends at the wall of its memory.

    Parameters
    ----------
    curves
        One per tier, with the range of each point.
    dots
        Published rates on these machines.
    """
    data: list[dict[str, Any]] = []
    for curve in (c for c in curves if c.batch):
        colour = f"@{curve.tier}"
        data.append({
            "type": "scatter", "mode": "lines+markers", "name": _WORDS[curve.tier],
            "x": list(curve.batch), "y": list(curve.rate),
            "line": {"color": colour, "width": 2.5},
            "marker": {"color": colour, "size": 5},
            "error_y": {
                "type": "data", "symmetric": False, "color": colour, "thickness": 0.8, "width": 2,
                "array": [h - r for h, r in zip(curve.high, curve.rate, strict=True)],
                "arrayminus": [r - w for r, w in zip(curve.rate, curve.low, strict=True)],
            },
            "hovertemplate": f"{curve.label}: %{{y:.4g}} tokens/s at batch %{{x}}<extra></extra>",
        })  # fmt: skip
        if curve.wall <= curve.batch[-1]:
            data.append({
                "type": "scatter", "mode": "markers", "name": f"{_WORDS[curve.tier]}: memory full",
                "showlegend": False, "x": [curve.batch[-1]], "y": [curve.rate[-1]],
                "marker": {"symbol": "line-ns-open", "size": 26, "color": colour,
                           "line": {"width": 4, "color": colour}},
                "hovertemplate": f"{curve.label}: memory is full<extra></extra>",
            })  # fmt: skip
    if dots:
        data.append({
            "type": "scatter", "mode": "markers", "name": "published",
            "x": [dot.batch for dot in dots], "y": [dot.rate for dot in dots],
            "marker": {"symbol": "diamond", "size": 11, "color": [f"@{d.tier}" for d in dots],
                       "line": {"width": 1.5, "color": "@ink"}},
            "hovertext": [dot.words for dot in dots],
            "hovertemplate": "%{hovertext}<br>%{y:.4g} tokens/s<extra></extra>",
        })  # fmt: skip
    full = [f"{_WORDS[c.tier]} {c.wall:g}" for c in curves if math.isfinite(c.wall)]
    rows = [(c.label, b, r) for c in curves for b, r in zip(c.batch, c.rate, strict=True)]
    return Chart(
        id="lm_batch",
        title="Tokens per second over the batch",
        alt=f"Decode rate over batch size; sequences that fit: {', '.join(full) or 'not known'}",
        data=data,
        layout={
            "xaxis": {"title": {"text": "sequences at a time"}, "type": "log", "dtick": 1},
            "yaxis": {"title": {"text": "tokens per second, all"}, **_LOG},
            "margin": {"l": 64, "r": 16, "t": 48, "b": 48},
        },
        note=(
            "Bars: range of the fitted shares. A thick mark: memory full "
            f"({', '.join(full) or 'not known'}). Diamonds ({len(dots)}): published rates on these "
            "machines, at their own context; the shares were fitted to these and others."
        ),
        columns=("Machine", "Batch", "Tokens per second"),
        rows=rows,
        height=380,
    )


def plane_chart(points: Sequence[tuple[str, str, _Number, _Number]]) -> Chart:
    """Draw time to the first token against time per further token, one point per tier.

    Parameters
    ----------
    points
        Tier, machine, time to the first token and time per further token.
    """
    known = [p for p in points if math.isfinite(p[2].value) and math.isfinite(p[3].value)]
    data = [
        {
            "type": "scatter", "mode": "markers+text", "name": _WORDS[tier],
            "x": [first.value * _MILLI], "y": [later.value * _MILLI],
            "text": [_WORDS[tier]], "textposition": "top center", "cliponaxis": False,
            "marker": {"color": f"@{tier}", "size": 15},
            "error_x": _bar(first, tier), "error_y": _bar(later, tier),
            "hovertemplate": f"{machine}: first %{{x:.4g}} ms, further %{{y:.3g}} ms"
            "<extra></extra>",
        }
        for tier, machine, first, later in known
    ]  # fmt: skip
    return Chart(
        id="lm_plane",
        title="First token against further tokens",
        alt="; ".join(f"{_WORDS[t]}: {f.value:.3g} s to the first token and "
                      f"{n.value:.3g} s per further one" for t, _, f, n in known)
        or "No tier is known",
        data=data,
        layout={
            "xaxis": {"title": {"text": "to the first token (ms)"}, **_LOG},
            "yaxis": {"title": {"text": "per further token (ms)"}, **_LOG},
            "margin": {"l": 64, "r": 24, "t": 48, "b": 48},
            "showlegend": False,
        },
        note="With the network. Left is a quick start, down is a fast stream; bars are ranges.",
        columns=("Tier", "Machine", "First token (ms)", "Further token (ms)"),
        rows=[(_WORDS[t], m, f.value * _MILLI, n.value * _MILLI) for t, m, f, n in known],
        height=380,
    )  # fmt: skip


def _bar(number: _Number, tier: str) -> dict[str, Any]:
    there = math.isfinite(number.low) and math.isfinite(number.high)
    return {
        "type": "data", "symmetric": False, "color": f"@{tier}", "thickness": 1, "width": 3,
        "array": [(number.high - number.value) * _MILLI if there else 0.0],
        "arrayminus": [(number.value - number.low) * _MILLI if there else 0.0],
    }  # fmt: skip


def draft_chart(
    acceptance: Sequence[float],
    round_trip_s: Sequence[float],
    speedup: Sequence[Sequence[float]],
    break_even_s: Sequence[float],
    now_s: float,
    sentence: str,
) -> Chart:
    """Draw the gain of drafting on the device over round trip and acceptance.

    Parameters
    ----------
    acceptance, round_trip_s
        Axes.
    speedup
        Gain, one row per round trip.
    break_even_s
        Round trip at which the gain is one, for each acceptance; not drawn where it is negative.
    now_s
        Round trip of the links of the page.
    sentence
        The finding.
    """
    trips = [trip * _MILLI for trip in round_trip_s]
    ends = min(round_trip_s), max(round_trip_s)
    edge = [
        (a, t * _MILLI)
        for a, t in zip(acceptance, break_even_s, strict=True)
        if ends[0] <= t <= ends[1]
    ]
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap", "x": list(acceptance), "y": trips,
            "z": [[math.log2(gain) for gain in row] for row in speedup],
            "text": [[f"{gain:.2f}" for gain in row] for row in speedup],
            "zmin": -2, "zmax": 2, "zmid": 0,
            "colorscale": [[0, "@bad"], [0.5, "@background"], [1, "@good"]],
            "colorbar": {"title": {"text": "gain"}, "tickvals": [-2, -1, 0, 1, 2],
                         "ticktext": ["¼", "½", "1", "2", "4"], "thickness": 12},
            "hovertemplate": "acceptance %{x:.2f}, round trip %{y:.3g} ms: %{text} times as fast"
            "<extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines", "name": "break-even",
            "x": [a for a, _ in edge], "y": [t for _, t in edge],
            "line": {"color": "@ink", "width": 3}, "hoverinfo": "skip",
        },
    ]  # fmt: skip
    if now_s > 0:
        data.append({
            "type": "scatter", "mode": "lines", "name": "your links",
            "x": [acceptance[0], acceptance[-1]], "y": [now_s * _MILLI] * 2,
            "line": {"color": "@uplink", "width": 2, "dash": "dash"}, "hoverinfo": "skip",
        })  # fmt: skip
    return Chart(
        id="lm_draft",
        title="Draft here, check there: does it pay?",
        alt=sentence,
        data=data,
        layout={
            "xaxis": {"title": {"text": "share of drafted tokens accepted"}},
            "showlegend": True,
            "yaxis": {"title": {"text": "round trip (ms)"}, **_LOG},
            "margin": {"l": 64, "r": 16, "t": 48, "b": 48},
        },
        note=f"{sentence} Green: faster than streaming, at the best window of up to 16 tokens.",
        columns=("Acceptance", "Break-even round trip (ms)"),
        rows=[(a, t * _MILLI) for a, t in zip(acceptance, break_even_s, strict=True)],
        height=380,
    )


def shipping_chart(shipping: _Shipping) -> Chart:
    """Draw the time to send a cache over the rate of a link, and the time to compute it."""
    rates = [rate / 1e6 for rate in shipping.rate_bit_per_s]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "name": "send the cache", "x": rates,
            "y": list(shipping.send_s), "line": {"color": "@uplink", "width": 2.5},
            "hovertemplate": "%{x:.4g} Mbit/s: %{y:.3g} s<extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines", "name": "compute it there",
            "x": [rates[0], rates[-1]], "y": [shipping.recompute_s] * 2,
            "line": {"color": "@edge", "width": 2.5},
            "hovertemplate": "prefill %{y:.3g} s<extra></extra>",
        },
        {
            "type": "scatter", "mode": "markers", "name": "break-even",
            "x": [shipping.break_even.value / 1e6], "y": [shipping.recompute_s],
            "marker": {"color": "@ink", "size": 11},
            "hovertemplate": "break-even at %{x:.4g} Mbit/s<extra></extra>",
        },
    ]  # fmt: skip
    if shipping.links:
        product = shipping.break_even.value * shipping.recompute_s
        data.append({
            "type": "scatter", "mode": "markers+text", "name": "your links",
            "x": [rate / 1e6 for _, rate in shipping.links],
            "y": [product / rate for _, rate in shipping.links],
            "text": [name for name, _ in shipping.links],
            "textposition": "bottom left", "cliponaxis": False,
            "marker": {"color": "@backhaul", "symbol": "star", "size": 12},
            "hovertemplate": "%{text}: %{y:.3g} s<extra></extra>",
        })  # fmt: skip
    return Chart(
        id="lm_ship",
        title="Send the cache, or compute it again?",
        alt=shipping.words,
        data=data,
        layout={
            "xaxis": {"title": {"text": "rate of the link (Mbit/s)"}, **_LOG},
            "yaxis": {"title": {"text": "seconds"}, **_LOG},
            "margin": {"l": 64, "r": 72, "t": 48, "b": 48},
        },
        note=shipping.words,
        columns=("Rate (Mbit/s)", "Send (s)", "Compute (s)"),
        rows=[(r, s, shipping.recompute_s) for r, s in zip(rates, shipping.send_s, strict=True)],
        height=380,
    )
