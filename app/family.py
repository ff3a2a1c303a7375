"""What the pages of the optimiser family have in common: finding, badge, assumptions, no answer."""

from __future__ import annotations

__all__ = ["finding", "no_answer"]

import html

import streamlit as st
from text import markdown

from analytic_models import DesignError


def finding(sentence: str, badge: str, proven: bool, certificate: str, assumes: str) -> None:
    """Say what was found, how sure that is, and what it rests on.

    Parameters
    ----------
    sentence
        The finding.
    badge, proven, certificate
        Certificate in two words, whether it promises something, and in full.
    assumes
        What the answer assumes.
    """
    st.html(f'<h1 class="eccc-headline">{html.escape(sentence)}</h1>')
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="certificate"):
        st.badge(
            markdown(badge), color="green" if proven else "orange", help=markdown(certificate, 300)
        )
        with st.popover("What this assumes", icon=":material/info:", key="assumes"):
            st.markdown(markdown(assumes, 900))
            st.caption(markdown(certificate, 400))


def no_answer(error: DesignError) -> None:
    """Say why there is no answer for this scenario."""
    st.html('<h1 class="eccc-headline">No design meets the requirements of this scenario.</h1>')
    for problem in error.problems:
        st.warning(f"{markdown(problem.path)}: {markdown(problem.message, 200)}")
