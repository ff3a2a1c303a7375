"""Rooflines on logarithmic axes, with the layers of a dnn as dots below them."""

from __future__ import annotations

__all__ = ["MACHINE_TOKENS", "OPERATOR_TOKENS", "roofline_chart"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

OPERATOR_TOKENS = {
    "conv": "edge",
    "depthwise": "uplink",
    "linear": "device",
    "attention": "cloud",
    "matmul": "backhaul",
    "recurrent": "goal.energy",
    "pool": "goal.cost",
    "elementwise": "goal.carbon",
    "norm": "goal.memory",
    "other": "other",
}
MACHINE_TOKENS = ("edge", "uplink", "device", "cloud")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up")
_GIGA = 1e9
_LARGEST, _SMALLEST = 26.0, 6.0

# One tick per factor of ten, written out.
_LOG = {"type": "log", "dtick": 1, "tickformat": "~g"}


class _Dot(Protocol):
    name: str
    kind: str
    intensity: float
    rate: float
    time_s: float
    bound: str


class _Roof(Protocol):
    machine: str
    label: str
    precision: str
    peak_op_per_s: float
    bandwidth_byte_per_s: float
    dots: tuple[Any, ...]
    total_s: float
    silent_s: float
    ridge: float


def roofline_chart(roofs: Sequence[_Roof], dnn: str) -> Chart:
    """Draw the ceilings of up to four machines, and every layer where it ends up.

    Parameters
    ----------
    roofs
        Rooflines at one precision.
    dnn
        Name of the dnn whose layers are the dots.
    """
    known = [
        roof for roof in roofs if math.isfinite(roof.peak_op_per_s * roof.bandwidth_byte_per_s)
    ]
    reach = [dot.intensity for roof in known for dot in roof.dots]
    reach += [roof.ridge for roof in known]
    low, high = (min(reach) / 4, max(reach) * 8) if reach else (0.1, 1000.0)
    data: list[dict[str, Any]] = []
    for at, roof in enumerate(known):
        data.append(_ceiling(roof, MACHINE_TOKENS[at % 4], low, high, len(known) == 1))
    for at, roof in enumerate(known):
        data += _dots(roof, at, len(known))
    precision = roofs[0].precision if roofs else ""
    ridges = ", ".join(f"{roof.label} {roof.ridge:.3g}" for roof in known)
    return Chart(
        id="roofline",
        title=f"{dnn} under the roof, {precision}",
        alt=f"Roofline at {precision} with layers of {dnn}; ridge in operations per byte: {ridges}",
        data=data,
        layout={
            "xaxis": {
                "title": {"text": "operations per byte moved"},
                "type": "log",
                "dtick": 1,
                "tickformat": "~g",
                "range": [math.log10(low), math.log10(high)],
            },
            "yaxis": {"title": {"text": "rate reached (Gop/s)"}, **_LOG},
            "margin": {"l": 68, "r": 16, "t": 48, "b": 48},
            "hovermode": "closest",
        },
        note=(
            "Line: what the chip could do at best. Dots: layers as the model places them, larger "
            "where they take more time; the gap is the fitted share of the peak and the "
            f"overhead of starting a layer. Ridge (op per byte): {ridges or 'not known'}."
        ),
        columns=("Machine", "Layer", "Type", "op/byte", "Gop/s", "Time (µs)", "Bound by"),
        rows=[
            (
                roof.label,
                dot.name,
                dot.kind,
                dot.intensity,
                dot.rate / _GIGA,
                dot.time_s * 1e6,
                dot.bound,
            )
            for roof in known
            for dot in roof.dots
        ],
        height=460,
    )


def _ceiling(roof: _Roof, token: str, low: float, high: float, alone: bool) -> dict[str, Any]:
    peak, slope = roof.peak_op_per_s, roof.bandwidth_byte_per_s
    xs = [low, roof.ridge, high]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "ceiling" if alone else roof.label,
        "legendgroup": roof.machine,
        "x": xs,
        "y": [min(peak, slope * x) / _GIGA for x in xs],
        "line": {"color": "@ink" if alone else f"@{token}", "width": 2.5},
        "marker": {
            "size": [0, 11, 0],
            "symbol": "line-ns-open",
            "color": "@ink" if alone else f"@{token}",
        },
        "hovertemplate": f"{roof.label}: ridge at {roof.ridge:.3g} op per byte, "
        f"peak {peak / _GIGA:,.4g} Gop/s, memory {slope / _GIGA:,.4g} GB/s<extra></extra>",
    }


def _dots(roof: _Roof, at: int, machines: int) -> list[dict[str, Any]]:
    slowest = max((dot.time_s for dot in roof.dots), default=1.0)
    groups: dict[str, list[Any]] = {}
    for dot in roof.dots:
        groups.setdefault(dot.kind if machines == 1 else roof.label, []).append(dot)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "legendgroup": name if machines == 1 else roof.machine,
            "showlegend": machines == 1,
            "x": [dot.intensity for dot in dots],
            "y": [dot.rate / _GIGA for dot in dots],
            "marker": {
                "color": f"@{OPERATOR_TOKENS[name] if machines == 1 else MACHINE_TOKENS[at % 4]}",
                "symbol": _SYMBOLS[at % 4],
                "size": [
                    max(_SMALLEST, _LARGEST * math.sqrt(dot.time_s / slowest)) for dot in dots
                ],
                "opacity": 0.75,
                "line": {"width": 1, "color": "@background"},
            },
            "hovertext": [
                f"{roof.label}<br>{dot.name} ({dot.kind})<br>{dot.time_s * 1e6:,.4g} µs, "
                f"bound by {dot.bound}"
                for dot in dots
            ],
            "hovertemplate": "%{hovertext}<br>%{x:.3g} op/byte, %{y:.3g} Gop/s<extra></extra>",
        }
        for name, dots in groups.items()
    ]
