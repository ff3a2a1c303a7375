"""Predicted against measured, on logarithmic axes."""

from __future__ import annotations

__all__ = ["KIND_TOKENS", "error_chart", "scatter_chart"]

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from charts.chart import Chart

KIND_TOKENS = {
    "gpu": "cloud",
    "cpu": "edge",
    "edge-gpu": "device",
    "sbc": "uplink",
    "mcu": "goal.energy",
    "phone": "backhaul",
    "npu": "goal.throughput",
    "other": "other",
}
_MILLI = 1e3
_PREDICTOR_TOKENS = {"ours": "best", "flops": "uplink", "plain": "other"}


class _Pair(Protocol):
    machine: str
    runtime: str
    precision: str
    kind: str
    dnn: str
    batch: int
    measured_s: float
    predicted: Mapping[str, float]

    @property
    def kind_words(self) -> str:
        """Name of the class."""


class _Error(Protocol):
    kind: str
    errors: Mapping[str, tuple[float, float]]

    @property
    def kind_words(self) -> str:
        """Name of the class."""


def scatter_chart(pairs: Sequence[_Pair], predictor: str, words: str) -> Chart:
    """Draw one dot per measurement; the diagonal is a perfect prediction.

    Parameters
    ----------
    pairs
        Measurements with predictions.
    predictor, words
        Which prediction, and its name.
    """
    known = [pair for pair in pairs if math.isfinite(pair.predicted[predictor])]
    ends = [pair.measured_s for pair in known] + [pair.predicted[predictor] for pair in known]
    low, high = (min(ends) * _MILLI / 2, max(ends) * _MILLI * 2) if ends else (0.1, 1000.0)
    data: list[dict[str, Any]] = [
        _line(low, high, 1.0, "exact", "solid"),
        _line(low, high, 2.0, "twice or half", "dot"),
        _line(low, high, 0.5, "", "dot"),
    ]
    for kind in dict.fromkeys(pair.kind for pair in known):
        mine = [pair for pair in known if pair.kind == kind]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": mine[0].kind_words,
                "x": [pair.measured_s * _MILLI for pair in mine],
                "y": [pair.predicted[predictor] * _MILLI for pair in mine],
                "marker": {
                    "color": f"@{KIND_TOKENS.get(kind, 'other')}",
                    "size": 7,
                    "opacity": 0.75,
                },
                "hovertext": [
                    f"{p.dnn} on {p.machine}<br>{p.runtime}, {p.precision}, batch {p.batch}"
                    for p in mine
                ],
                "hovertemplate": "%{hovertext}<br>measured %{x:.4g} ms, predicted %{y:.4g} ms"
                "<extra></extra>",
            }
        )
    axis = {
        "type": "log",
        "dtick": 1,
        "tickformat": "~g",
        "range": [math.log10(low), math.log10(high)],
    }
    return Chart(
        id="scatter",
        title=f"{words}: predicted against measured",
        alt=f"{len(known)} measured latencies and what {words} predicts",
        data=data,
        layout={
            "xaxis": {"title": {"text": "measured (ms)"}, **axis},
            "yaxis": {"title": {"text": "predicted (ms)"}, **axis},
            "margin": {"l": 68, "r": 16, "t": 66, "b": 48},
            "hovermode": "closest",
        },
        note="No dot was predicted by a fit that had seen that network on any machine.",
        columns=(
            "Machine",
            "Runtime",
            "Precision",
            "Network",
            "Batch",
            "Measured ms",
            "Predicted ms",
        ),
        rows=[
            (
                p.machine,
                p.runtime,
                p.precision,
                p.dnn,
                p.batch,
                p.measured_s * _MILLI,
                p.predicted[predictor] * _MILLI,
            )
            for p in known
        ],
        height=460,
    )


def _line(low: float, high: float, times: float, name: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "showlegend": bool(name),
        "x": [low, high],
        "y": [low * times, high * times],
        "line": {"color": "@ink", "width": 1.2, "dash": dash},
        "hoverinfo": "skip",
    }


def error_chart(rows: Sequence[_Error], predictors: Mapping[str, str]) -> Chart:
    """Draw the median relative error of each class of machine, by predictor.

    Parameters
    ----------
    rows
        One row per class.
    predictors
        Predictor to its name.
    """
    kinds = [row.kind_words for row in rows]
    return Chart(
        id="errors",
        title="Median error by class of machine",
        alt="Median relative error of latencies by class of machine and predictor",
        data=[
            {
                "type": "bar",
                "name": words,
                "x": kinds,
                "y": [100 * row.errors[name][0] for row in rows],
                "marker": {"color": f"@{_PREDICTOR_TOKENS[name]}"},
                "hovertemplate": "%{x}: %{y:.3g} %<extra>" + words + "</extra>",
            }
            for name, words in predictors.items()
        ],
        layout={
            "barmode": "group",
            "xaxis": {"title": {"text": "class of machine"}},
            "yaxis": {
                "title": {"text": "median error (%)"},
                "type": "log",
                "tickvals": [5, 10, 20, 50, 100, 200, 500, 1000, 2000],
            },
            "margin": {"l": 60, "r": 16, "t": 66, "b": 48},
        },
        note="100 % is twice or half of what was measured; the axis is logarithmic.",
        height=460,
    )
