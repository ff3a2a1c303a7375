"""The classes of devices as a visitor edits them: rows, add, remove, reset, import, export."""

from __future__ import annotations

__all__ = ["budgets", "editor", "rows_now"]

import dataclasses
from typing import Any

import state
import streamlit as st
from catalog_parts import kept
from text import markdown
from toolbar import show_message
from viewmodels.choices import choice_label, choices_of
from viewmodels.fleet import (
    FEWEST,
    MOST,
    ClassRow,
    default_rows,
    preset_row,
    rows_from_json,
)
from viewmodels.fleet_parts import Budgets

from analytic_models import Case, DesignError, load_scenarios

_NAME = "fleet"
# Field of a row: label, help, smallest, largest and step of what is typed, and its unit in base.
_NUMBERS = {
    "population_count": ("Devices", "Devices of this class.", 1, 1_000_000, 1, 1),
    "arrival_per_s": ("Requests per device (1/s)", "Of each device.", 0.0, 1e4, 0.5, 1.0),
    "deadline_s": ("Deadline (ms)", "Answers must be back by then.", 0.1, 3.6e6, 10.0, 1e-3),
    "weight": ("Weight", "How much the latency of one request counts.", 0.01, 1000.0, 0.5, 1.0),
}  # fmt: skip


def rows_now() -> tuple[ClassRow, ...]:
    """Return the classes of this visitor."""
    found = state.ui(_NAME)
    return found if found is not None else default_rows()


def _assign(rows: tuple[ClassRow, ...]) -> None:
    state.set_ui(_NAME, rows)
    state.set_ui("fleet_fault", None)


def _typed(number: int, field: str, key: str, unit: float) -> None:
    """Take what was typed into one field of one class."""
    value: Any = state.typed(key)
    if value is None:
        return
    if field in _NUMBERS:
        value = int(value) if field == "population_count" else float(value) * unit
    rows = list(rows_now())
    if number < len(rows):
        rows[number] = dataclasses.replace(rows[number], **{field: value})
        _assign(tuple(rows))


def _add(start: str) -> None:
    rows = rows_now()
    _assign((*rows, preset_row(start, [row.name for row in rows])))


def _remove(number: int) -> None:
    rows = rows_now()
    _assign((*rows[:number], *rows[number + 1 :]))


def _reset() -> None:
    _assign(default_rows())


def _import() -> None:
    upload = state.typed("_fleet_file")
    if upload is None:
        return
    try:
        _assign(rows_from_json(upload.getvalue().decode("utf-8", "replace")))
    except DesignError as error:
        words = "The file was not taken and the classes are as they were."
        state.set_ui("fleet_fault", state.Message("error", words, tuple(error.problems)))


def editor(case: Case) -> tuple[ClassRow, ...]:
    """Draw the classes as rows that can be edited, and return them.

    Parameters
    ----------
    case
        What the classes share; its catalog offers networks and machines.
    """
    rows = rows_now()
    for number, row in enumerate(rows):
        with st.container(border=True, key=f"fleet_row_{number}"):
            _row(number, row, case, len(rows))
    with st.container(horizontal=True, gap="small", key="fleet_tools", vertical_alignment="center"):
        with st.popover("Add a class", icon=":material/add:", disabled=len(rows) >= MOST):
            st.caption(f"Up to {MOST} classes. A class starts as one of the ready-made scenarios.")
            for start, ready in load_scenarios().items():
                st.button(
                    markdown(ready.scenario.name, 40),
                    key=f"fleet_add_{start}",
                    on_click=_add,
                    args=(start,),
                )
        st.button("Reset the classes", icon=":material/restart_alt:", key="fleet_reset",
                  on_click=_reset)  # fmt: skip
        with st.popover("Import classes", icon=":material/upload:", key="fleet_import"):
            st.file_uploader(
                "Classes as exported here (JSON)",
                type="json",
                max_upload_size=1,
                key="_fleet_file",
                on_change=_import,
            )
    fault = state.ui("fleet_fault")
    if fault is not None:
        show_message(fault)
    return rows


def _row(number: int, row: ClassRow, case: Case, count: int) -> None:
    """Draw one class: who it is on the first line, how much it asks on the second."""
    catalog = case.catalog()
    first = st.columns([2, 2, 2, 0.9], vertical_alignment="bottom")
    with first[0]:
        key = f"_fleet_{number}_name"
        state.seed(key, row.name)
        st.text_input(
            f"Class {number + 1}",
            key=key,
            max_chars=40,
            on_change=_typed,
            args=(number, "name", key, 1.0),
        )
    for column, (field, label) in zip(
        first[1:3], (("dnn", "Neural network"), ("device", "Device machine")), strict=True
    ):
        with column:
            key = f"_fleet_{number}_{field}"
            now = getattr(row, field)
            known = choices_of("scenario", field, case)
            options = list(known if now in known else (now, *known))
            state.seed(key, now)
            st.selectbox(
                label,
                options,
                key=key,
                format_func=lambda id, kind=_COLLECTIONS[field]: choice_label(kind, id, catalog),
                on_change=_typed,
                args=(number, field, key, 1.0),
            )
    first[3].button(
        "Remove",
        icon=":material/delete:",
        key=f"fleet_remove_{number}",
        on_click=_remove,
        args=(number,),
        disabled=count <= FEWEST,
        help=f"At least {FEWEST} classes stay." if count <= FEWEST else None,
    )
    for column, (field, parts) in zip(st.columns(4), _NUMBERS.items(), strict=True):
        label, words, low, high, step, unit = parts
        key = f"_fleet_{number}_{field}"
        with column:
            state.seed(key, _shown(getattr(row, field), unit))
            st.number_input(
                label,
                low,
                high,
                step=step,
                key=key,
                help=words,
                on_change=_typed,
                args=(number, field, key, unit),
            )


_COLLECTIONS = {"dnn": "catalog:dnns", "device": "catalog:machines"}


def _shown(value: float, unit: float) -> float:
    """Return a value in the unit that is typed, without the dust of floating point."""
    return value if isinstance(value, int) else float(f"{value / unit:.10g}")


def budgets() -> Budgets:
    """Draw the limits on means over all requests, and return them."""
    found = []
    for name, words, start, step, help_words in (
        ("fleet_energy", "Device energy on average at most (mJ)", 200.0, 10.0,
         "Mean over all requests of all classes."),
        ("fleet_drop", "Accuracy loss on average at most (percentage points)", 0.5, 0.1,
         "Mean over all requests; every class keeps its own limit too."),
    ):  # fmt: skip
        on = kept(st.toggle, f"{name}_on", False, words.partition(" at most")[0], help=help_words)
        value = None
        if on:
            value = kept(st.number_input, name, start, words, min_value=0.0, step=step)
        found.append(value)
    energy, drop = found
    return Budgets(None if energy is None else energy * 1e-3, drop)
