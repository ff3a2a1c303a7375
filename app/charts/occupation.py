"""How busy each station is under several ways to choose, as groups of bars."""

from __future__ import annotations

__all__ = ["occupation_chart"]

from collections.abc import Sequence

from charts.chart import Chart

# Bars end here, so that one overload does not flatten the others.
_FULL = 1.3


def occupation_chart(
    id: str,
    title: str,
    alt: str,
    stations: Sequence[str],
    ways: Sequence[tuple[str, str, Sequence[float]]],
    top: int = 64,
    height: int = 380,
) -> Chart:
    """Draw the utilisation of every station under each way; above 100 % it overloads.

    Parameters
    ----------
    id, title, alt
        Name, heading and description of the chart.
    stations
        Names of the stations.
    ways
        Name, colour token and utilisation of every station.
    top, height
        Room for the legend, and height of the chart, in pixels.
    """
    return Chart(
        id=id,
        title=title,
        alt=alt,
        data=[
            {
                "type": "bar",
                "name": name,
                "x": list(stations),
                "y": [min(100 * value, 100 * _FULL) for value in values],
                "marker": {"color": colour},
                "text": [f"{100 * value:.0f}" for value in values],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": f"{name}: %{{text}} %<extra></extra>",
            }
            for name, colour, values in ways
        ],
        layout={
            "barmode": "group",
            "yaxis": {"title": {"text": "utilisation (%)"}, "range": [0, 100 * _FULL + 12]},
            "shapes": [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 100,
                    "y1": 100,
                    "line": {"color": "@bad", "dash": "dash", "width": 1.5},
                }
            ],
            "margin": {"l": 64, "r": 16, "t": top, "b": 44},
        },
        note="Above the dashed line work arrives faster than it is done.",
        columns=("Way to choose", *stations),
        rows=[(name, *(f"{100 * v:.1f} %" for v in values)) for name, _, values in ways],
        height=height,
    )
