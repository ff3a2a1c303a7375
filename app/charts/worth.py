"""Charts of what the shared stations cost and what more of them is worth."""

from __future__ import annotations

__all__ = ["use_chart", "worth_chart"]

from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart


class _Row(Protocol):
    station: str
    system: float
    selfish: float
    tolled: float
    price: float
    toll: str
    server: float
    server_text: str
    selfish_server: float
    rate: float | None
    rate_text: str
    selfish_rate: float | None


def _bars(
    name: str,
    rows: Sequence[_Row],
    values: Sequence[float | None],
    texts: Sequence[str],
    token: str,
) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [row.station for row in rows],
        "y": list(values),
        "text": list(texts),
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": token},
        "hovertemplate": f"{name}: %{{text}}<extra></extra>",
    }


def _across(bars: dict[str, Any]) -> dict[str, Any]:
    """Lay bars on their side: their words then stand in rows of their own, also on a phone."""
    return bars | {"orientation": "h", "x": bars["y"], "y": bars["x"]}


def use_chart(rows: Sequence[_Row], tolls: bool) -> Chart:
    """Draw how busy each station is in the optimum and for selfish users, with or without tolls.

    Parameters
    ----------
    rows
        Stations.
    tolls
        Whether selfish users pay the tolls.
    """
    name = "selfish users who pay tolls" if tolls else "selfish users"
    ideal = [100 * row.system for row in rows]
    own = [100 * (row.tolled if tolls else row.selfish) for row in rows]
    return Chart(
        id="use",
        title="How busy each station is",
        alt="Utilisation: "
        + ", ".join(
            f"{row.station} {a:.0f} % in the optimum, {b:.0f} % by {name}"
            for row, a, b in zip(rows, ideal, own, strict=True)
        ),
        data=[
            _bars("coordinated optimum", rows, ideal, [f"{v:.0f} %" for v in ideal], "@best"),
            _bars(name, rows, own, [f"{v:.0f} %" for v in own], "@goal.privacy"),
        ],
        layout={
            "barmode": "group",
            "yaxis": {"title": {"text": "utilisation (%)"}, "range": [0, 112]},
            "margin": {"l": 64, "r": 16, "t": 44, "b": 44},
        },
        note="Tolls charge every user for the delay that others suffer; then selfish users do what "
        "a coordinator would."
        if tolls
        else "Selfish users fill the shared stations beyond what is best for all.",
        columns=("Station", "Optimum", "Selfish", "With tolls", "Toll (s per s of work)"),
        rows=[
            (
                row.station,
                f"{100 * row.system:.1f} %",
                f"{100 * row.selfish:.1f} %",
                f"{100 * row.tolled:.1f} %",
                row.toll,
            )
            for row in rows
        ],
        height=360,
    )


def worth_chart(rows: Sequence[_Row], unit: str) -> Chart:
    """Draw what one more server and a faster link would save, to both kinds of users.

    Parameters
    ----------
    rows, unit
        Stations, and the unit of saved latency.
    """
    links = [row for row in rows if row.rate is not None]
    data = [
        _bars(
            "one more server, coordinated",
            rows,
            [row.server for row in rows],
            [row.server_text for row in rows],
            "@best",
        ),
        _bars(
            "one more server, selfish",
            rows,
            [row.selfish_server for row in rows],
            [f"{row.selfish_server:.2g} {unit}" for row in rows],
            "@goal.privacy",
        ),
        _bars(
            "+10 Mbit/s, coordinated",
            links,
            [row.rate for row in links],
            [row.rate_text for row in links],
            "@uplink",
        ),
    ]
    return Chart(
        id="worth",
        title=f"Mean latency saved per request ({unit})",
        alt="Latency saved: "
        + ", ".join(f"one more {row.station} server {row.server_text}" for row in rows),
        data=[_across(bars) for bars in data],
        layout={
            "barmode": "group",
            "xaxis": {"title": {"text": f"saved ({unit})"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed"},
            "legend": {"traceorder": "normal"},
            "margin": {"l": 76, "r": 56, "t": 64, "b": 44},
        },
        note="For a link, one more server is a second link of the same rate. Where selfish users "
        "keep a private device, an upgrade saves them nothing: more of them come until the shared "
        "way is as slow as before.",
        columns=("Station", "One more server", "… selfish", "+10 Mbit/s", "… selfish", "Price"),
        rows=[
            (
                row.station,
                row.server_text,
                f"{row.selfish_server:.3g} {unit}",
                row.rate_text,
                "" if row.selfish_rate is None else f"{row.selfish_rate:.3g} {unit}",
                f"{row.price:.3g} s per s",
            )
            for row in rows
        ],
        height=360,
    )
