"""The best design beside simple rules: one table for the pages that look for the best."""

from __future__ import annotations

__all__ = ["beside_rules"]

import streamlit as st
from catalog_parts import catalog_style, cell, html_table
from solving import rules
from viewmodels.objectives import objective_words, sentence_case

from analytic_models import Case


def beside_rules(case: Case, objective: str, words: str = "") -> None:
    """Draw the choices of simple rules, each judged under the same load.

    Parameters
    ----------
    case
        Its design does not matter.
    objective, words
        Quantity that is made small, and its name where it is none of the usual objectives.
    """
    st.header("Beside simple rules")
    st.caption(
        "What would be chosen without looking at every design: each choice is judged under the "
        "load of your scenario, in the unit of the objective."
    )
    catalog_style()
    with st.spinner("Asking simple rules…"):
        found = rules(case, objective)
    body = [
        (
            cell(row.name, small=row.looks_at),
            cell(row.design),
            cell(row.value, small=row.against),
            cell(row.verdict),
        )
        for row in found
    ]
    name = objective_words(case.scenario, objective) or words
    head = ("Rule and what it looks at", "Its choice", sentence_case(name), "Requirements")
    html_table(head, body, "Choices of simple rules")
