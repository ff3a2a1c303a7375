"""What the pages of the optimiser family have in common: finding, badge, assumptions, no answer."""

from __future__ import annotations

__all__ = ["finding", "no_answer", "picked"]

import html
from collections.abc import Callable
from typing import Any

import state
import streamlit as st
from parts import title
from text import markdown

from analytic_models import DesignError


def finding(
    sentence: str, badge: str, proven: bool, certificate: str, assumes: str, lead: str = ""
) -> None:
    """Say what was found, how sure that is, and what it rests on.

    Parameters
    ----------
    sentence
        The finding.
    badge, proven, certificate
        Certificate in two words, whether it promises something, and in full.
    assumes
        What the answer assumes.
    lead
        What the page is for, in a sentence.
    """
    title(sentence, below=lead)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="certificate"):
        st.badge(
            markdown(badge), color="green" if proven else "orange", help=markdown(certificate, 300)
        )
        with st.popover("What this assumes", icon=":material/info:", key="assumes"):
            st.markdown(markdown(assumes, 900))
            st.caption(markdown(certificate, 400))


def no_answer(error: DesignError, words: str = "There is no answer for this scenario.") -> None:
    """Say why there is no answer.

    Parameters
    ----------
    error
        What stood in the way.
    words
        Headline.
    """
    st.html(f'<h1 class="eccc-headline">{html.escape(words)}</h1>')
    for problem in error.problems:
        st.warning(f"{markdown(problem.path)}: {markdown(problem.message, 200)}")


def picked(
    name: str,
    label: str,
    options: list[Any],
    first: Any,  # noqa: ANN401 - options of any type
    words: Callable[[Any], str],
) -> Any:  # noqa: ANN401
    """Draw a choice that survives a change of page, and return it.

    Parameters
    ----------
    name
        Name of the view choice.
    label
        Words above it.
    options, first
        What can be chosen, and what is chosen at first.
    words
        Option to its words.
    """
    now, key = state.ui(name), f"_{name}"
    chosen = now if now in options else first
    start = {} if state.seed(key, chosen) else {"index": list(options).index(chosen)}
    st.selectbox(
        label,
        options,
        **start,
        format_func=words,
        key=key,
        on_change=lambda: state.set_ui(name, state.typed(key)),
    )
    return state.typed(key)
