"""Energy, cost and carbon of one inference by place, as bars."""

from __future__ import annotations

__all__ = ["resource_bars"]

import math
from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart


class _Part(Protocol):
    quantity: str
    label: str
    size: float
    text: str
    token: str


_ROW = 34
_FRAME = 92


def resource_bars(
    name: str, title: str, axis: str, unit: str, parts: Sequence[_Part], remark: str = ""
) -> Chart:
    """Draw one bar per place; a part that is not known is named without a bar.

    Parameters
    ----------
    name
        Id of the chart.
    title, axis, unit
        Heading, and words and unit of the axis.
    parts
        Pieces in display units, ``size`` nan where not known.
    remark
        Why something is missing.
    """
    known = [part for part in parts if math.isfinite(part.size)]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [part.label for part in parts],
            "x": [part.size if math.isfinite(part.size) else 0.0 for part in parts],
            "customdata": [part.quantity for part in parts],
            "marker": {"color": [f"@{part.token}" for part in parts]},
            "text": [part.text for part in parts],
            "textposition": "outside",
            "cliponaxis": False,
            "showlegend": False,
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        }
    ]
    largest = max((part.size for part in known), default=0.0)
    spoken = ", ".join(f"{part.label} {part.text}" for part in parts)
    return Chart(
        id=name,
        title=title,
        alt=f"{title}: {spoken}",
        data=data,
        layout={
            # Room on the right for the text of the longest bar.
            "xaxis": {"title": {"text": f"{axis} ({unit})"}, "range": [0, 1.35 * largest or 1.0]},
            "yaxis": {"autorange": "reversed"},
            "margin": {"l": 120, "r": 16, "t": 8, "b": 44},
        },
        note=remark,
        columns=("Part", "Value"),
        rows=[(part.label, part.text) for part in parts],
        ids=[part.quantity for part in parts],
        height=_FRAME + _ROW * len(parts),
    )
