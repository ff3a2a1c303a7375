"""Pieces that several pages place: scenario buttons, the headline, cards of key figures."""

from __future__ import annotations

__all__ = ["key_numbers", "presets", "title"]

import html
from collections.abc import Sequence

import state
import streamlit as st
from components.cards import Card, cards
from drawing import ask_explanation
from text import markdown
from viewmodels.key_figures import KeyFigure

from analytic_models import load_scenarios
from analytic_models.evaluation import QUANTITIES

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
    """Draw the choice of a ready-made scenario; *Reset* takes the chosen one again."""
    found = load_scenarios()
    start = {} if state.seed("_preset", state.preset()) else {"default": state.preset()}
    st.pills(
        "Ready-made scenarios",
        list(found),
        format_func=lambda name: markdown(found[name].scenario.name, 40),
        **start,
        key="_preset",
        on_change=_load_preset,
        required=True,
        label_visibility="collapsed",
        wrap=None,
    )


def _load_preset() -> None:
    name = state.typed("_preset")
    if name is not None:
        state.load_preset(str(name))


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


def key_numbers(found: Sequence[KeyFigure]) -> None:
    """Draw the key figures, four in a row on a wide screen and two on a phone."""
    picked = cards([_card(figure) for figure in found], key="figures", label="Key figures")
    if picked is not None:
        ask_explanation(picked)


def _card(figure: KeyFigure) -> Card:
    words = QUANTITIES[figure.quantity][0].lower()
    return Card(
        figure.quantity,
        figure.value,
        figure.label,
        figure.verdict,
        VERDICTS[figure.status],
        figure.status,
        f"How {words} comes about. {figure.why}".strip(),
    )
