"""The row of tools on every page: undo, redo, reset, link, export, import, and what a door said."""

from __future__ import annotations

__all__ = ["show_message", "toolbar"]

import html
import json
from functools import cache

import state
import streamlit as st
from components.storage import copy_button
from text import markdown

from analytic_models import load_scenarios
from analytic_models.case_schema import case_schema

_SHOWN_PROBLEMS = 6


@cache
def _schema() -> str:
    return json.dumps(case_schema(), indent=2)


def toolbar(page: str) -> None:
    """Draw where one is, the tools, and the last message.

    Parameters
    ----------
    page
        Title of the page.
    """
    st.html(f'<p class="eccc-here">ECCC Explorer <b>› {html.escape(page)}</b></p>')
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="small"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo",
            on_click=state.undo,
            disabled=not state.can_undo(),
        )
        st.button(
            "Redo",
            icon=":material/redo:",
            key="redo",
            on_click=state.redo,
            disabled=not state.can_redo(),
        )
        name = markdown(load_scenarios()[state.preset()].scenario.name, 40)
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            key="reset",
            on_click=state.reset,
            help=f"Back to the ready-made scenario: {name}",
        )
        _copy_link()
        files = st.popover("File", icon=":material/save:", key="file", on_change="rerun")
        if files.open:
            with files:
                _files()
    _message()


def _copy_link() -> None:
    """Draw the button that copies a link, or say why there is none."""
    found = state.link()
    if found:
        copy_button(found, key="copy_link", as_query=state.LINK_PARAMETER)
        return
    st.button(
        "Copy link",
        key="no_link",
        disabled=True,
        help="Your own data do not fit into a link. Use File, Export instead: the JSON holds them.",
    )
    st.caption("Too much of your own data for a link: use File, Export.")


def _files() -> None:
    st.download_button(
        "Export this design as JSON",
        state.case().to_json(indent=2),
        file_name="eccc-case.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="export",
        width="stretch",
    )
    st.file_uploader(
        "Import a design (JSON, at most 1 MB)",
        type="json",
        max_upload_size=1,
        key="_import",
        on_change=_import,
    )
    st.download_button(
        "JSON Schema of a design",
        _schema(),
        file_name="eccc-case.schema.json",
        mime="application/schema+json",
        icon=":material/description:",
        on_click="ignore",
        key="schema",
        width="stretch",
    )


def _import() -> None:
    upload = state.typed("_import")
    if upload is not None:
        state.import_file(upload.name, upload.getvalue())


def _message() -> None:
    found = state.message()
    if found is not None:
        show_message(found)


def show_message(found: state.Message) -> None:
    """Draw what a door said: one sentence, and every problem with place and allowed values."""
    show = {"error": st.error, "warning": st.warning, "done": st.success}[found.kind]
    lines = [found.text]
    for problem in found.problems[:_SHOWN_PROBLEMS]:
        where = f"**{markdown(problem.path, 60)}**: " if problem.path else ""
        allowed = f" Allowed: {markdown(problem.allowed, 160)}." if problem.allowed else ""
        lines.append(f"- {where}{markdown(problem.message, 160)}.{allowed}")
    more = len(found.problems) - _SHOWN_PROBLEMS
    if more > 0:
        lines.append(f"- and {more} more")
    show("\n".join(lines))
