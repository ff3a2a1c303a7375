"""Charts of policies: what each does for every queue and channel, and what it costs."""

from __future__ import annotations

__all__ = ["action_chart", "cost_chart", "weight_chart"]

from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_COLOURS = {
    "exact": "@best",
    "drift": "@goal.energy",
    "threshold": "@goal.cost",
    "greedy": "@bad",
    "wait": "@goal.privacy",
}
# Serving nothing, one job, two jobs.
_SCALE = [
    [0, "@panel"],
    [1 / 3, "@panel"],
    [1 / 3, "@part.uplink_wait"],
    [2 / 3, "@part.uplink_wait"],
    [2 / 3, "@best"],
    [1, "@best"],
]


class _View(Protocol):
    key: str
    name: str
    good: Sequence[int]
    bad: Sequence[int]
    cost: float
    queue: float
    price: float


def action_chart(views: Sequence[_View]) -> Chart:
    """Draw the jobs that each policy sends, over the queue, for both channels.

    Parameters
    ----------
    views
        Policies.
    """
    rows = [
        (f"{view.name}<br>{channel} channel", actions)
        for view in views
        for channel, actions in (("good", view.good), ("bad", view.bad))
    ]
    queue = list(range(len(views[0].good)))
    return Chart(
        id="actions",
        title="What each policy does",
        alt="Jobs sent for every queue and channel: "
        + "; ".join(f"{view.name} {_from(view.bad)} in the bad channel" for view in views),
        data=[
            {
                "type": "heatmap",
                "x": queue,
                "y": [name for name, _ in rows],
                "z": [list(actions) for _, actions in rows],
                "zmin": -0.5,
                "zmax": 2.5,
                "colorscale": _SCALE,
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "hovertemplate": "%{y}<br>%{x} waiting: sends %{z}<extra></extra>",
            },
            *(_key(name, token) for name, token in _KEYS),
        ],
        layout={
            "xaxis": {"title": {"text": "jobs waiting"}, "showgrid": False, "dtick": 4},
            "yaxis": {"autorange": "reversed", "showgrid": False, "tickfont": {"size": 11}},
            "margin": {"l": 200, "r": 16, "t": 44, "b": 44},
        },
        columns=("Policy", "Channel", "Sends from a queue of"),
        rows=[
            (view.name, channel, next((q for q, a in enumerate(actions) if a), "never"))
            for view in views
            for channel, actions in (("good", view.good), ("bad", view.bad))
        ],
        height=480,
    )


_KEYS = (("waits", "@panel"), ("sends one", "@part.uplink_wait"), ("sends two", "@best"))


def _key(name: str, token: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "name": name,
        "marker": {
            "color": token,
            "size": 12,
            "symbol": "square",
            "line": {"color": "@muted", "width": 1},
        },
        "hoverinfo": "skip",
    }


def cost_chart(views: Sequence[_View]) -> Chart:
    """Draw the long-run cost of each policy as waiting and price.

    Parameters
    ----------
    views
        Policies.
    """
    names = [view.name.partition(":")[0] for view in views]
    price = [view.price for view in views]
    wait = [view.cost - view.price for view in views]
    return Chart(
        id="costs",
        title="What each policy costs per slot",
        alt="Long-run cost: " + "; ".join(f"{view.name} {view.cost:.3g}" for view in views),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "name": "price of sending",
                "y": names,
                "x": price,
                "marker": {"color": "@uplink"},
                "hovertemplate": "price %{x:.3g}<extra></extra>",
            },
            {
                "type": "bar",
                "orientation": "h",
                "name": "waiting and losses",
                "y": names,
                "x": wait,
                "marker": {"color": "@part.uplink_wait"},
                "text": [f"{view.cost:.3g}" for view in views],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "waiting %{x:.3g}<extra></extra>",
            },
        ],
        layout={
            "barmode": "stack",
            "xaxis": {"title": {"text": "cost per slot"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True},
            "margin": {"l": 200, "r": 48, "t": 44, "b": 44},
        },
        columns=("Policy", "Cost", "Mean queue", "Price"),
        rows=[
            (view.name, f"{view.cost:.4g}", f"{view.queue:.3g}", f"{view.price:.3g}")
            for view in views
        ],
        height=340,
    )


def weight_chart(
    weights: Sequence[float], costs: Sequence[float], views: Sequence[_View], chosen: float
) -> Chart:
    """Draw the cost of drift-plus-penalty over V, against the exact and the greedy policy.

    Parameters
    ----------
    weights, costs
        V and long-run costs.
    views
        Policies.
    chosen
        V that is drawn elsewhere.
    """
    level = {view.key: view.cost for view in views}
    ends = [weights[0], weights[-1]]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "drift-plus-penalty",
            "x": list(weights),
            "y": list(costs),
            "marker": {
                "size": [14 if weight == chosen else 7 for weight in weights],
                "color": _COLOURS["drift"],
            },
            "line": {"color": _COLOURS["drift"], "width": 2},
            "hovertemplate": "V = %{x}: %{y:.3g}<extra></extra>",
        }
    ]
    data += [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": ends,
            "y": [level[key], level[key]],
            "line": {"color": _COLOURS[key], "dash": "dash", "width": 2},
            "hoverinfo": "skip",
        }
        for key, name in (("exact", "exact"), ("greedy", "greedy"))
    ]
    return Chart(
        id="weights",
        title="How much V matters",
        alt="Long-run cost of drift-plus-penalty over V: "
        + ", ".join(f"V {v:g} {c:.3g}" for v, c in zip(weights, costs, strict=True)),
        data=data,
        layout={
            "xaxis": {"title": {"text": "V"}, "type": "log", "dtick": 1},
            "yaxis": {
                "title": {"text": "cost per slot"},
                "type": "log",
                "dtick": "D2",
                "tickformat": "~g",
            },
            "margin": {"l": 64, "r": 16, "t": 44, "b": 44},
        },
        columns=("V", "Cost per slot"),
        rows=[(f"{v:g}", f"{c:.4g}") for v, c in zip(weights, costs, strict=True)],
        height=340,
    )


def _from(actions: Sequence[int]) -> str:
    """Say from which queue on something is sent."""
    first = next((jobs for jobs, sent in enumerate(actions) if sent), None)
    return "never sends" if first is None else f"sends from {first} waiting jobs on"
