"""Charts from plain plotly dicts, redrawn in place: zoom and hidden series survive a change."""

from __future__ import annotations

__all__ = ["Click", "Figure", "Table", "figures"]

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import theme

from components import library

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """The numbers behind a figure, as they are shown to somebody who reads a table.

    Parameters
    ----------
    columns
        Head of each column, unit included.
    rows
        Cells, already formatted or plain numbers.
    ids
        One id per row, the same as the customdata of its point: the row gets a button that sends
        the same click. Empty when rows cannot be chosen.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    ids: Sequence[str | int] = ()


@dataclass(frozen=True)
class Figure:
    """One chart.

    Parameters
    ----------
    data
        Plotly traces as dicts. Lists or numpy arrays; colours as hex or as ``theme`` tokens.
    layout
        Plotly layout as a dict; the template of the theme in use is added in the browser.
    alt
        What the chart shows, in one sentence, for somebody who does not see it.
    table
        The numbers behind it; without one it is read from the traces.
    title, note
        Heading above and remark below, as plain text.
    height
        Pixels; 0 takes the height of the call.
    id
        Stable name when figures can change their order; else the position counts.
    """

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    alt: str
    table: Table | None = None
    title: str = ""
    note: str = ""
    height: int = 0
    id: str = ""


@dataclass(frozen=True)
class Click:
    """A chosen point: the figure, the ``customdata`` of the point (its id) and its place."""

    figure: str
    id: Any
    x: Any = None
    y: Any = None
    trace: str = ""
    serial: float = field(default=0.0, compare=False)


_mount = st.components.v2.component(
    "eccc_figures",
    js=(_HERE / "figures.js").read_text(encoding="utf-8"),
    css=(_HERE / "figures.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)

_TEMPLATES: dict[str, Any] = {"light": theme.template("light"), "dark": theme.template("dark")}
_PALETTES: dict[str, Any] = {"light": theme.palette("light"), "dark": theme.palette("dark")}


def figures(
    figs: Sequence[Figure],
    key: str,
    height: int = 300,
    columns: int = 1,
    on_click: Callable[[], None] | None = None,
) -> Click | None:
    """Draw charts in a grid.

    Parameters
    ----------
    figs
        The charts, left to right and top to bottom.
    key
        Name of this grid in the page; the same name keeps the drawn charts between runs.
    height
        Pixels of each plot that does not state its own.
    columns
        Columns on a wide screen; a narrow one gets one.
    on_click
        Called before the run that a click causes, as with any Streamlit element.

    Returns
    -------
    Click or None
        The click that caused this run, exactly once; None otherwise.
    """
    address = library.address()
    if not address:
        library.mount_text(f"{key}_library")
    result = _mount(
        key=key,
        data={
            "figures": [_payload(fig, place, height) for place, fig in enumerate(figs)],
            "columns": columns,
            "library": address,
            "templates": _TEMPLATES,
            "palettes": _PALETTES,
        },
        on_click_change=on_click or _nothing,
    )
    return _fresh_click(result.get("click"), key)


def _nothing() -> None:
    """Declare the state without doing anything."""


def _payload(fig: Figure, place: int, height: int) -> dict[str, Any]:
    table = fig.table
    return {
        "id": fig.id or str(place),
        "data": _plain(fig.data),
        "layout": _plain(fig.layout),
        "alt": fig.alt,
        "title": fig.title,
        "note": fig.note,
        "height": fig.height or height,
        "table": table
        and {"columns": list(table.columns), "rows": _plain(table.rows), "ids": _plain(table.ids)},
    }


def _plain(value: object) -> object:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.ndarray):
        listed = value.tolist()
        finite = value.dtype.kind not in "fcO" or (
            value.dtype.kind == "f" and bool(np.isfinite(value).all())
        )
        return listed if finite else _plain(listed)
    if isinstance(value, Mapping):
        return {str(name): _plain(child) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(child) for child in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no infinity; a gap in a line is drawn as a gap
    return value


def _fresh_click(state: object, key: str) -> Click | None:
    if not isinstance(state, Mapping):
        return None
    serial = float(state.get("serial", 0.0))
    seen = f"_{key}_seen_click"
    if st.session_state.get(seen) == serial:
        return None
    st.session_state[seen] = serial
    return Click(
        figure=str(state.get("figure", "")),
        id=state.get("id"),
        x=state.get("x"),
        y=state.get("y"),
        trace=str(state.get("trace", "")),
        serial=serial,
    )
