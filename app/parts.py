"""Pieces that several pages place: scenario buttons, the headline, cards of key figures."""

from __future__ import annotations

__all__ = ["figure_card", "key_numbers", "presets", "title"]

import html
from collections.abc import Sequence

import state
import streamlit as st
from drawing import explain_button
from text import markdown
from viewmodels.key_figures import KeyFigure

from analytic_models import load_scenarios

MARKS = {
    "pass": "✓ in time",
    "fail": "✗ too late",
    "overloaded": "✗ overloaded",
    "misfit": "✗ does not fit",
    "unknown": "? not known",
    "free": "",
}
VERDICTS = {"pass": "✓", "fail": "✗", "overloaded": "✗", "unknown": "?", "free": ""}


def presets() -> None:
    """Draw a button for every ready-made scenario."""
    with st.container(horizontal=True, key="presets", gap="small"):
        for name, ready in load_scenarios().items():
            st.button(
                markdown(ready.scenario.name, 40),
                key=f"preset_{name}",
                type="primary" if name == state.preset() else "secondary",
                on_click=state.load_preset,
                args=(name,),
            )


def title(sentence: str, status: str = "free", below: str = "") -> None:
    """Draw a plain sentence as the headline of the page, with the verdict as a mark behind it.

    Parameters
    ----------
    sentence
        Plain text; it is escaped here.
    status
        One of the statuses of a key figure; ``"free"`` draws no mark.
    below
        A plain sentence in small letters under it.
    """
    mark = f' <span class="mark {status}">{MARKS[status]}</span>' if MARKS[status] else ""
    small = f'<p class="eccc-lead">{html.escape(below)}</p>' if below else ""
    st.html(f'<h1 class="eccc-headline">{html.escape(sentence)}{mark}</h1>{small}')


def figure_card(figure: KeyFigure) -> None:
    """Draw one key figure: a number that opens its explanation, its name, its verdict."""
    with st.container(border=True, key=f"card_{figure.quantity}", height="stretch"):
        explain_button(
            figure.value, figure.quantity, key=f"number_{figure.quantity}", why=figure.why
        )
        label, verdict = html.escape(figure.label), html.escape(figure.verdict)
        st.html(
            f'<div class="eccc-verdict eccc-{figure.status}"><span class="label">{label}</span><br>'
            f"<b>{VERDICTS[figure.status]}</b> {verdict}</div>"
        )


def key_numbers(found: Sequence[KeyFigure]) -> None:
    """Draw the key figures, four in a row on a wide screen and two on a phone."""
    # The style makes this container a grid: columns would be ten more messages to the browser.
    with st.container(key="figures"):
        for figure in found:
            figure_card(figure)
