"""A network layer by layer: work, bytes, and what would cross each cut."""

from __future__ import annotations

__all__ = ["bytes_chart", "cut_chart", "cut_comparison", "work_accuracy", "work_chart"]

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from charts.chart import Chart
from charts.roofline import MACHINE_TOKENS, OPERATOR_TOKENS

_LOW = 1e-3


class _Bars(Protocol):
    label: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    mmac: tuple[float, ...]
    weight_kb: tuple[float, ...]
    output_kb: tuple[float, ...]
    words: str


class _Curve(Protocol):
    id: str
    label: str
    words: tuple[str, ...]
    kilobyte: tuple[float, ...]
    work_frac: tuple[float, ...]
    lines: tuple[tuple[str, float, str], ...]
    raw_kb: float


class _Row(Protocol):
    id: str
    label: str
    gmac: float
    accuracy: float
    metric: str


def _frame(y: str, log: bool = False) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": y}}
    if log:
        axis |= {"type": "log", "dtick": 1, "tickformat": "~g"}
    return {
        "barmode": "stack",
        "bargap": 0.08,
        "xaxis": {"title": {"text": "layer, in order"}, "nticks": 10},
        "yaxis": axis,
        "margin": {"l": 68, "r": 16, "t": 46, "b": 44},
    }


def work_chart(bars: _Bars) -> Chart:
    """Draw the multiply-accumulates of every layer, coloured by operator type."""
    data = []
    for kind in dict.fromkeys(bars.kinds):
        at = [row for row, name in enumerate(bars.kinds) if name == kind and bars.mmac[row] > 0]
        if at:
            data.append(
                {
                    "type": "bar",
                    "name": kind,
                    "x": at,
                    "y": [bars.mmac[row] for row in at],
                    "marker": {"color": f"@{OPERATOR_TOKENS[kind]}", "line": {"width": 0}},
                    "hovertext": [bars.names[row] for row in at],
                    "hovertemplate": "%{hovertext}: %{y:,.4g} MMAC<extra>" + kind + "</extra>",
                }
            )
    return Chart(
        id="work",
        title=f"{bars.label}: work",
        alt=f"Multiply-accumulates of each layer of {bars.label}: {bars.words}",
        data=data,
        layout=_frame("million multiply-accumulates"),
        note=bars.words,
        columns=("Layer", "Type", "MMAC", "Weights (kB)", "Output (kB)"),
        rows=list(
            zip(bars.names, bars.kinds, bars.mmac, bars.weight_kb, bars.output_kb, strict=True)
        ),
    )


def bytes_chart(bars: _Bars) -> Chart:
    """Draw weights and output of every layer in bytes."""
    rows = list(range(len(bars.names)))
    series = (
        ("weights", bars.weight_kb, "@goal.memory"),
        ("output", bars.output_kb, "@goal.throughput"),
    )
    return Chart(
        id="bytes",
        title=f"{bars.label}: bytes",
        alt=f"Weights and outputs of each layer of {bars.label} in kilobytes",
        data=[
            {
                "type": "bar",
                "name": name,
                "x": rows,
                "y": list(sizes),
                "marker": {"color": token, "line": {"width": 0}},
                "hovertext": list(bars.names),
                "hovertemplate": "%{hovertext}: %{y:,.4g} kB<extra>" + name + "</extra>",
            }
            for name, sizes, token in series
        ],
        layout=_frame("kB"),
        note="Weights lie in memory; outputs are what a cut behind the layer would have to send.",
    )


def cut_chart(curve: _Curve, cuts: Collection[int] = ()) -> Chart:
    """Draw what crosses at each boundary, with the input in several encodings as lines.

    Parameters
    ----------
    curve
        Sizes of one network.
    cuts
        Boundaries of the present cuts, when the network is the one in the design.
    """
    inner = list(range(len(curve.words) - 1))
    small = sum(curve.kilobyte[at] < curve.raw_kb for at in inner[1:])
    tokens = ["@uplink" if at in cuts else "@edge" for at in inner]
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": "crosses here",
            "showlegend": False,
            "x": inner,
            "y": [max(curve.kilobyte[at], _LOW) for at in inner],
            "marker": {"color": tokens, "line": {"width": 0}},
            "hovertext": [curve.words[at] for at in inner],
            "hovertemplate": "%{hovertext}: %{y:,.4g} kB<extra></extra>",
        }
    ]
    dashes = ("solid", "dash", "dot", "dashdot", "longdash")
    for at, (label, size, origin) in enumerate(curve.lines):
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{label}: {size:,.3g} kB ({origin})",
                "x": [-0.5, len(inner) - 0.5],
                "y": [size, size],
                "line": {"color": "@ink", "dash": dashes[at % len(dashes)], "width": 1.5},
                "hoverinfo": "skip",
            }
        )
    layout = _frame("kB sent", log=True)
    layout["xaxis"] = {"title": {"text": "boundary (0 is the input)"}, "nticks": 10}
    layout["margin"]["t"] = 76
    inside = len(inner) - 1
    return Chart(
        id="cuts",
        title=f"{curve.label}: what a cut would send",
        alt=f"Kilobytes at each of {len(inner)} boundaries of {curve.label}",
        data=data,
        layout=layout,
        note=(
            f"{small} of {inside} inner cuts send less than the raw input; lines are the input in "
            "encodings that a cut has to beat as well."
        ),
        columns=("Boundary", "kB", "Work before it"),
        rows=[(curve.words[at], curve.kilobyte[at], curve.work_frac[at]) for at in inner],
        height=380,
    )


def cut_comparison(curves: Sequence[_Curve]) -> Chart:
    """Draw cut sizes of several networks relative to their raw inputs over the work done."""
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": curve.label,
            "x": [100 * share for share in curve.work_frac[:-1]],
            "y": [max(size / curve.raw_kb, _LOW) for size in curve.kilobyte[:-1]],
            "line": {"color": f"@{MACHINE_TOKENS[at % 4]}", "width": 2, "shape": "hv"},
            "marker": {"size": 4},
            "hovertext": list(curve.words[:-1]),
            "hovertemplate": "%{hovertext}: %{y:.3g} times the raw input<extra></extra>",
        }
        for at, curve in enumerate(curves)
    ]
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "raw input",
            "x": [0, 100],
            "y": [1, 1],
            "line": {"color": "@ink", "dash": "dash", "width": 1.5},
            "hoverinfo": "skip",
        }
    )
    return Chart(
        id="cut_comparison",
        title="Where cutting pays: sent size over work done on the device",
        alt="Cut sizes relative to the raw input over the share of work done before the cut",
        data=data,
        layout={
            "xaxis": {"title": {"text": "share of the work before the cut (%)"}},
            "yaxis": {
                "title": {"text": "size over the raw input"},
                "type": "log",
                "dtick": 1,
                "tickformat": "~g",
            },
            "margin": {"l": 68, "r": 16, "t": 60, "b": 44},
        },
        note="A network is worth splitting where its curve falls below the dashed line early.",
        height=380,
    )


def work_accuracy(rows: Sequence[_Row], chosen: Collection[str]) -> Chart:
    """Draw published accuracy against work for the networks that share a metric."""
    data = []
    for name, token, picked in (("compared", "@edge", True), ("others", "@other", False)):
        mine = [row for row in rows if (row.id in chosen) == picked]
        data.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": name,
                "x": [row.gmac for row in mine],
                "y": [row.accuracy for row in mine],
                "customdata": [row.id for row in mine],
                "text": [row.label if picked else "" for row in mine],
                "textposition": "bottom center",
                "textfont": {"size": 11},
                "marker": {"color": token, "size": 13 if picked else 8},
                "hovertext": [row.label for row in mine],
                "hovertemplate": "%{hovertext}: %{y:.4g} % at %{x:.3g} GMAC<extra></extra>",
            }
        )
    metric = rows[0].metric if rows else ""
    return Chart(
        id="work_accuracy",
        title=f"Accuracy against work: {metric}",
        alt=f"{len(rows)} networks by work and {metric}",
        data=data,
        layout={
            "xaxis": {
                "title": {"text": "billion multiply-accumulates"},
                "type": "log",
                "dtick": 1,
                "tickformat": "~g",
            },
            "yaxis": {"title": {"text": f"{metric} (%)"}},
            "margin": {"l": 60, "r": 16, "t": 46, "b": 44},
            "hovermode": "closest",
        },
        note="Published results of the named weights. Choose a point to compare it.",
        columns=("Network", "GMAC", "Accuracy (%)"),
        rows=[(row.label, row.gmac, row.accuracy) for row in rows],
        ids=[row.id for row in rows],
        height=380,
    )
