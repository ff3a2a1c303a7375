"""Mean latency as a waterfall: one row per place, waiting apart from service."""

from __future__ import annotations

__all__ = ["latency_waterfall"]

from typing import Any, Protocol

from charts.chart import Chart


class _Part(Protocol):
    quantity: str
    group: str
    label: str
    start: float
    size: float
    text: str
    token: str


class _Waterfall(Protocol):
    parts: tuple[Any, ...]
    unit: str
    total: str
    remark: str


_ROW = 44
_FRAME = 96
# Pieces narrower than this share of the whole get no words inside.
_ROOM = 0.12


def latency_waterfall(model: _Waterfall) -> Chart:
    """Draw consecutive pieces; each carries the name of its quantity, for the explanation.

    Parameters
    ----------
    model
        A view model with parts, unit, total and remark.
    """
    rows = list(dict.fromkeys(part.group for part in model.parts))
    whole = sum(part.size for part in model.parts) or 1.0
    data = [_piece(part, whole, model.unit) for part in model.parts]
    title = f"Where the mean of {model.total} goes" if model.total else "Where the time goes"
    spoken = ", ".join(f"{part.group} {part.label} {part.text}" for part in model.parts)
    return Chart(
        id="latency",
        title=title,
        alt=f"Latency by part: {spoken or 'nothing to show'}",
        data=data,
        layout={
            "barmode": "overlay",
            # On a phone a piece may be narrower than its words.
            "uniformtext": {"minsize": 10, "mode": "hide"},
            "showlegend": False,
            "xaxis": {
                "title": {"text": f"time since the request ({model.unit})"},
                "rangemode": "tozero",
            },
            "yaxis": {"categoryorder": "array", "categoryarray": rows, "autorange": "reversed"},
            "margin": {"l": 76, "r": 16, "t": 8, "b": 44},
        },
        note=model.remark
        or "Pale: waiting for others. Full: own service. The pieces add up to the mean.",
        columns=("Place", "Part", "Time"),
        rows=[(part.group, part.label, part.text) for part in model.parts],
        ids=[part.quantity for part in model.parts],
        height=max(200, _FRAME + _ROW * len(rows)),
    )


def _piece(part: _Part, whole: float, unit: str) -> dict[str, Any]:
    wide = part.size / whole >= _ROOM
    return {
        "type": "bar",
        "orientation": "h",
        "name": f"{part.group}: {part.label}",
        "y": [part.group],
        "x": [part.size],
        "base": [part.start],
        "customdata": [part.quantity],
        "marker": {"color": f"@{part.token}"},
        "text": [f"{part.label}<br>{part.text}" if part.size / whole >= 2 * _ROOM else part.text],
        "textposition": "inside" if wide else "none",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"color": "@background"},
        "constraintext": "inside",
        "hovertemplate": f"{part.group}: {part.label}<br>{part.text}<extra></extra>",
    }
