"""What every chart is: plotly traces and layout as plain values, words, and the table behind it."""

from __future__ import annotations

__all__ = ["Chart"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """One chart.

    Parameters
    ----------
    id
        Stable name; the same name keeps zoom and hidden series.
    title, note, alt
        Heading, remark below, and the chart in one sentence for somebody who does not see it.
    data, layout
        Plotly traces and layout as plain values; colours as tokens of ``theme``.
    columns, rows, ids
        The numbers behind it as a table, and the id of each row that can be chosen.
    height
        Pixels; 0 takes the height of the page.
    """

    id: str
    title: str
    alt: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    note: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    ids: Sequence[str] = ()
    height: int = 0
