"""The machines and links on the page Your own: facts, gaps, what their class gives, buttons."""

from __future__ import annotations

__all__ = ["entries"]

import own_data
import streamlit as st
from catalog_parts import cell, html_table, use_button
from text import markdown, plain
from viewmodels.hops import hop_comparison
from viewmodels.machines import comparison, fitted
from viewmodels.own import gaps_of, hop_form, machine_form

from analytic_models import Case
from analytic_models.catalog import Catalog


def entries(case: Case, part: own_data.Part) -> None:
    """Draw the machines or links that were brought: facts, gaps, and their buttons."""
    mine = getattr(case.user_data, part) if case.user_data else ()
    if not mine:
        return
    catalog, ids = case.catalog(), [entry.id for entry in mine]
    rows = (comparison if part == "machines" else hop_comparison)(ids, catalog)
    body = [
        (cell(words), *(cell(t.value, t.origin, f"{t.source}. {t.remark}") for t in texts))
        for words, texts in rows
    ]
    heads = ("", *(plain(entry.label, 40) for entry in mine))
    html_table(heads, body, f"Your own {'machines' if part == 'machines' else 'links'}")
    if part == "machines":
        _from_class(ids, catalog)
    make = machine_form if part == "machines" else hop_form
    for entry in mine:
        gaps = gaps_of(make(case.user_data, entry.id))
        if gaps:
            st.caption(
                f"{markdown(entry.label, 40)} leaves open: {gaps}. What needs them stays a gap."
            )
        places = entry.serves if part == "hops" else ("device", "edge", "cloud")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Use {markdown(entry.label, 40)} as")
            for place in places:
                use_button(place, entry.id, place, getattr(case.scenario, place) == entry.id)
            used = any(getattr(case.scenario, place) == entry.id for place in places)
            st.button(
                "Remove",
                key=f"own_remove_{part}_{entry.id}",
                icon=":material/delete:",
                disabled=used,
                help="Choose another one in your design first." if used else None,
                on_click=own_data.remove,
                args=(part, entry.id, part, entry.label),
            )


def _from_class(ids: list[str], catalog: Catalog) -> None:
    """Draw the shares of peak and bandwidth that the model takes, and where they come from."""
    with st.expander("Shares of the peak that are counted on, fp32"):
        body = [
            (cell(words), *(cell(t.value, t.origin, f"{t.source}. {t.remark}") for t in texts))
            for words, texts in fitted(ids, "fp32", catalog)
        ]
        heads = ("", *(plain(catalog.machines[id].label, 40) for id in ids))
        html_table(heads, body, "Shares of the peak")
