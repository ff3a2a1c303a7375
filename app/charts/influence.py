"""How far each plausible range moves a quantity: bars around its present value."""

from __future__ import annotations

__all__ = ["tornado_chart"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_ROW, _FRAME = 30, 100
_BARS = 12
# An overloaded end is drawn this far beyond the largest finite one.
_BEYOND = 1.15
_TOKENS = {"measured": "badge.measured", "cited": "badge.cited", "assumed": "badge.assumed"}


class _Influence(Protocol):
    words: str
    value: str
    origin: str
    low: str
    high: str
    low_value: float
    high_value: float


def tornado_chart(
    rows: Sequence[_Influence], now: float, factor: float, unit: str, name: str
) -> Chart:
    """Draw the figures that matter most, the largest first.

    Parameters
    ----------
    rows
        Ranked figures; the first dozen are drawn.
    now
        Present value in base units.
    factor, unit
        What turns base units into the display unit, and its label.
    name
        What is moved, in words.
    """
    shown = rows[:_BARS]
    ends = [end for row in shown for end in (row.low_value, row.high_value) if math.isfinite(end)]
    top = max([*ends, now], default=1.0) * _BEYOND
    data: list[dict[str, Any]] = []
    for origin, token in _TOKENS.items():
        mine = [row for row in shown if row.origin == origin]
        if not mine:
            continue
        low = [min(row.low_value, row.high_value, top) for row in mine]
        high = [min(max(row.low_value, row.high_value), top) for row in mine]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": origin,
                "y": [row.words for row in mine],
                "base": [end * factor for end in low],
                "x": [(b - a) * factor for a, b in zip(low, high, strict=True)],
                "marker": {"color": f"@{token}"},
                "hovertext": [f"{row.value}<br>{row.low} to {row.high}" for row in mine],
                "hovertemplate": "%{y}<br>%{hovertext}<extra></extra>",
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "now",
            "x": [now * factor, now * factor],
            "y": [shown[0].words, shown[-1].words] if shown else [],
            "line": {"color": "@ink", "width": 2, "dash": "dash"},
            "hoverinfo": "skip",
        }
    )
    endless = sum(math.isinf(row.low_value) or math.isinf(row.high_value) for row in shown)
    more = f" {endless} of them overload the design at one end." if endless else ""
    return Chart(
        id="tornado",
        title=f"What to measure first: {name} over each plausible range",
        alt=f"{name} at both ends of the ranges of {len(shown)} figures, largest first",
        data=data,
        layout={
            "barmode": "overlay",
            "xaxis": {"title": {"text": f"{name} ({unit})"}},
            "yaxis": {
                "autorange": "reversed",
                "categoryorder": "array",
                "categoryarray": [row.words for row in shown],
            },
            "margin": {"l": 200, "r": 16, "t": 46, "b": 44},
        },
        note=f"Colour: how the figure is known.{more}",
        columns=("Figure", "Value and range", "Origin", "At the low end", "At the high end"),
        rows=[(row.words, row.value, row.origin, row.low, row.high) for row in shown],
        height=_FRAME + _ROW * max(len(shown), 2),
    )
