"""Charts from plain plotly dicts, redrawn in place: zoom and hidden series survive a change."""

from __future__ import annotations

__all__ = ["Click", "Figure", "Table", "encode_figures", "figures"]

import json
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


_DIGITS = 7
_SMALLEST = 1e-290


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
        Plotly traces as dicts. Lists or numpy arrays; colours as hex or as ``theme`` tokens. What a
        trace has under ``meta.narrow`` replaces its entries on the screen of a phone.
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


_LOOKS = {
    "templates": {mode: theme.template(mode) for mode in theme.MODES},
    "palettes": {mode: theme.palette(mode) for mode in theme.MODES},
}

_mount = st.components.v2.component(
    "eccc_figures",
    # The looks are the same for every chart: they travel once, with the script.
    js=f"const LOOKS = {json.dumps(_LOOKS)};\n"
    + (_HERE / "figures.js").read_text(encoding="utf-8"),
    css=(_HERE / "figures.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


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
        library.mount_text()
    result = _mount(
        key=key,
        data=encode_figures(figs, columns, height, address),
        on_click_change=on_click or _nothing,
    )
    return _fresh_click(result.get("click"), key)


def encode_figures(
    figs: Sequence[Figure], columns: int, height: int, library_address: str = ""
) -> bytes:
    """Write the message to the browser; JSON once, since numbers cost most of a run.

    Values that JSON does not know (infinity, nan) become null, which is drawn as a gap.
    """
    message = {
        "figures": [_payload(fig, place, height) for place, fig in enumerate(figs)],
        "columns": columns,
        "library": library_address,
    }
    try:
        return json.dumps(message, default=_listed, allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(message)).encode()


def _nothing() -> None:
    """Declare the state without doing anything."""


def _payload(fig: Figure, place: int, height: int) -> dict[str, Any]:
    table = fig.table
    return {
        "id": fig.id or str(place),
        "data": list(fig.data),
        "layout": fig.layout,
        "alt": fig.alt,
        "title": fig.title,
        "note": fig.note,
        "height": fig.height or height,
        "table": table
        and {"columns": list(table.columns), "rows": list(table.rows), "ids": list(table.ids)},
    }


def _short(values: np.ndarray) -> np.ndarray:
    # Seven digits are finer than any pixel and half as long on the wire as sixteen.
    if values.dtype.kind != "f":
        return values
    usable = np.isfinite(values) & (np.abs(values) > _SMALLEST)
    size = np.where(usable, np.abs(values), 1.0).astype(float)
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(size)))
    return np.where(usable, np.round(np.where(usable, values, 0.0) * scale) / scale, values)


def _listed(value: object) -> object:
    if isinstance(value, np.ndarray):
        return _short(value).tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"a figure cannot hold a {type(value).__name__}")


def _finite(value: object) -> object:
    if isinstance(value, np.ndarray):
        return _finite(_short(value).tolist())
    if isinstance(value, np.generic):
        return _finite(value.item())
    if isinstance(value, Mapping):
        return {str(name): _finite(child) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
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
