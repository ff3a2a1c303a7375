"""Charts of doubt: how often designs win and overload, what they regret, and what moves them."""

from __future__ import annotations

__all__ = ["regret_chart", "tornado_chart", "win_chart"]

from collections.abc import Sequence
from typing import Any, Protocol

from charts.chart import Chart

_ROW = 46
_FRAME = 110
# Pixels of a line of a name, and between two names.
_LINE, _BETWEEN = 14, 10


class _Contender(Protocol):
    label: str
    win: float
    win_error: float
    unstable: float
    over: float
    regret: float | None
    regret_text: str
    nominal: str
    median: str
    high: str
    role: str


class _Lever(Protocol):
    label: str
    low: float | None
    high: float | None
    span: str
    elasticity: str
    changes: bool


def _names(contenders: Sequence[_Contender]) -> list[str]:
    return [
        f"{_folded(one.label)}<br><b>{one.role}</b>" if one.role else _folded(one.label)
        for one in contenders
    ]


def _height(names: Sequence[str]) -> int:
    """Return the height at which the names, folded into lines, do not touch."""
    lines = max((name.count("<br>") + 1 for name in names), default=1)
    return _FRAME + max(_ROW, _LINE * lines + _BETWEEN) * len(names)


def _folded(label: str, width: int = 22) -> str:
    """Break a label into lines that leave room for the bars."""
    lines = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def _layout(title: str, contenders: int) -> dict[str, Any]:
    return {
        "barmode": "group",
        "xaxis": {"title": {"text": title}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "tickfont": {"size": 11}},
        "margin": {"l": 150, "r": 48, "t": 44, "b": 44},
    }


def win_chart(contenders: Sequence[_Contender]) -> Chart:
    """Draw how often each design is best, and how often it is overloaded.

    Parameters
    ----------
    contenders
        Designs.
    """
    names = _names(contenders)
    limited = any(one.over > 0.0 for one in contenders)
    over = {
        "type": "bar",
        "orientation": "h",
        "name": "over the accuracy limit",
        "y": names,
        "x": [one.over for one in contenders],
        "marker": {"color": "@goal.privacy"},
        "hovertemplate": "over the accuracy limit in %{x:.1f} %<extra></extra>",
    }
    return Chart(
        id="win",
        title="How often each design is best, and how often it breaks down",
        alt="Share of the worlds: "
        + "; ".join(
            f"{one.label} best in {one.win:.0f} %, overloaded in {one.unstable:.0f} %"
            for one in contenders
        ),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "name": "best",
                "y": names,
                "x": [one.win for one in contenders],
                "error_x": {
                    "type": "data",
                    "array": [one.win_error for one in contenders],
                    "color": "@ink",
                },
                "marker": {"color": "@best"},
                "hovertemplate": "best in %{x:.1f} %<extra></extra>",
            },
            {
                "type": "bar",
                "orientation": "h",
                "name": "overloaded",
                "y": names,
                "x": [one.unstable for one in contenders],
                "marker": {"color": "@bad"},
                "hovertemplate": "overloaded in %{x:.1f} %<extra></extra>",
            },
            *([over] if limited else []),
        ],
        layout=_layout("share of the worlds (%)", len(contenders)),
        columns=(
            "Design",
            "Best in",
            "Overloaded in",
            "Over the accuracy limit in",
            "Nominal",
            "Median",
            "Mostly",
        ),
        rows=[
            (
                f"{one.label} {one.role}".strip(),
                f"{one.win:.1f} %",
                f"{one.unstable:.1f} %",
                f"{one.over:.1f} %",
                one.nominal,
                one.median,
                one.high,
            )
            for one in contenders
        ],
        height=_height(names),
    )


def regret_chart(contenders: Sequence[_Contender], unit: str) -> Chart:
    """Draw what each design loses against the best one in 95 % of the worlds.

    Parameters
    ----------
    contenders, unit
        Designs, and the unit of the objective.
    """
    finite = [one for one in contenders if one.regret is not None]
    missing = [one.label for one in contenders if one.regret is None]
    broken = "Overloaded"
    if any(one.over > 0.0 for one in contenders):
        broken = "Overloaded or over the accuracy limit"
    rest = f" {broken} in more than 5 % of the worlds: {'; '.join(missing)}." if missing else ""
    return Chart(
        id="regret",
        title=f"What each design may lose ({unit})",
        alt="Regret: " + "; ".join(f"{one.label} {one.regret_text}" for one in contenders),
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": _names(finite),
                "x": [one.regret for one in finite],
                "text": [one.regret_text for one in finite],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {
                    "color": ["@best" if "robust" in one.role else "@other" for one in finite]
                },
                "showlegend": False,
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        layout=_layout(f"behind the best: 95 % point ({unit})", len(finite)),
        note=f"The robust choice loses least.{rest}",
        columns=("Design", "At most behind"),
        rows=[(one.label, one.regret_text) for one in contenders],
        height=max(_height(_names(finite)), _FRAME + 2 * _ROW),
    )


def tornado_chart(levers: Sequence[_Lever], centre: float, unit: str, objective: str) -> Chart:
    """Draw the objective of the nominal choice at both ends of every input's range.

    Parameters
    ----------
    levers, centre, unit, objective
        Inputs, nominal objective in the display unit, the unit, and words of the objective.
    """
    names = [f"{_folded(one.label)}{' ⇄' if one.changes else ''}" for one in levers]
    top = max([centre, *(v for one in levers for v in (one.low, one.high) if v is not None)])
    # An overloaded end reaches the edge of the chart.
    edge = centre + 1.3 * (top - centre) if top > centre else centre * 1.5

    def bar(which: str, token: str) -> dict[str, Any]:
        ends = [getattr(one, which) for one in levers]
        return {
            "type": "bar",
            "orientation": "h",
            "name": f"input at its {which} end",
            "y": names,
            "base": centre,
            "x": [(edge if end is None else end) - centre for end in ends],
            "marker": {"color": token},
            "text": ["overloaded" if end is None else f"{end:.3g}" for end in ends],
            "textposition": "none",
            "hovertemplate": f"{which} end: %{{text}} {unit}<extra></extra>",
        }

    return Chart(
        id="tornado",
        title=f"What moves the {objective} of the nominal best ({unit})",
        alt=f"{objective} at both ends of each input: "
        + "; ".join(_span(one, unit) for one in levers),
        data=[bar("low", "@goal.latency"), bar("high", "@goal.energy")],
        layout={
            **_layout(f"{objective} ({unit})", len(levers)),
            "barmode": "overlay",
            "xaxis": {"title": {"text": f"{objective} ({unit})"}},
            "shapes": [
                {
                    "type": "line",
                    "x0": centre,
                    "x1": centre,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": "@ink", "width": 1.5},
                }
            ],
        },
        note="One input moves over its range, all others stay. ⇄ marks inputs that change which "
        "design is best. Elasticities are in the table.",
        columns=("Input", "Range", "At the low end", "At the high end", "Elasticity"),
        rows=[
            (
                one.label,
                one.span,
                "overloaded" if one.low is None else f"{one.low:.3g} {unit}",
                "overloaded" if one.high is None else f"{one.high:.3g} {unit}",
                one.elasticity,
            )
            for one in levers
        ],
        height=_FRAME + 36 * max(len(levers), 2),
    )


def _span(lever: _Lever, unit: str) -> str:
    """Write both ends of a lever for somebody who does not see the bars."""
    ends = ("overloaded" if end is None else f"{end:.3g} {unit}" for end in (lever.low, lever.high))
    return f"{lever.label} {' to '.join(ends)}"
