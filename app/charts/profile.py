"""What would cross a cut at each boundary, against the raw input."""

from __future__ import annotations

__all__ = ["payload_profile_chart"]

from collections.abc import Sequence

from charts.chart import Chart


def payload_profile_chart(
    boundaries: Sequence[str],
    sizes: Sequence[float],
    texts: Sequence[str],
    unit: str,
    cut1: int,
    raw_text: str,
) -> Chart:
    """Draw the bytes at every boundary; those above the raw input cost more than sending it.

    Parameters
    ----------
    boundaries
        Names in order; the first is the raw input, the last the result.
    sizes, texts
        Bytes at each in display units, and with their unit.
    unit
        Display unit.
    cut1
        Boundary of the present cut between device and edge.
    raw_text
        Size of the raw input with its unit.
    """
    inner = list(range(len(boundaries) - 1))
    raw = sizes[0]
    tokens = ["@uplink" if at == cut1 else "@good" if sizes[at] < raw else "@other" for at in inner]
    smaller = sum(sizes[at] < raw for at in inner)
    said = f"{smaller} of {len(inner)} boundaries send less than the raw input of {raw_text}"
    return Chart(
        id="profile",
        title="What would be sent at each cut",
        alt=f"Bytes at each boundary: {said}",
        data=[
            {
                "type": "bar",
                "x": inner,
                "y": [sizes[at] for at in inner],
                "customdata": [str(at) for at in inner],
                "marker": {"color": tokens},
                "hovertext": [f"{boundaries[at]}: {texts[at]}" for at in inner],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "showlegend": False,
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"raw input, {raw_text}",
                "x": [-0.5, len(inner) - 0.5],
                "y": [raw, raw],
                "line": {"color": "@ink", "dash": "dash", "width": 1.5},
                "hoverinfo": "skip",
            },
        ],
        layout={
            "xaxis": {"title": {"text": "boundary (layers before the cut)"}, "nticks": 8},
            "yaxis": {"title": {"text": f"bytes sent ({unit})"}, "type": "log", "dtick": 1},
            "bargap": 0.15,
            "margin": {"l": 64, "r": 16, "t": 28, "b": 44},
        },
        note=f"{said} (green); the present cut is orange. Choose a bar to cut there.",
        columns=("Boundary", "Size"),
        rows=[(boundaries[at], texts[at]) for at in inner],
        ids=[str(at) for at in inner],
    )
