"""Sources: every figure with its badge, every source, every assumption and disagreement."""

from __future__ import annotations

import state
import streamlit as st
from catalog_parts import catalog_style, cell, html_table, kept, page_of, title
from source_lists import ROWS, disagreeing, ranges, source_cards
from text import format_quantity
from viewmodels.influence import used_facts
from viewmodels.provenance import field_words
from viewmodels.sources import (
    collections,
    fact_rows,
    find_facts,
    origin_counts,
    rows_as_csv,
)

from analytic_models import Case

VIEWS = ("Facts", "Assumptions and ranges", "Sources", "Disagreements")
ORIGINS = {
    "all": "Any origin",
    "yours": "yours",
    "measured": "measured",
    "cited": "cited",
    "assumed": "assumed",
}


def facts(case: Case) -> None:
    """Draw the facts with search, filters, pages and a download."""
    homes, catalog = {"all": "Everything", **collections()}, case.catalog()
    fields = ["all", *sorted({row.fact.field for row in fact_rows(catalog)}, key=field_words)]
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    with left:
        words = kept(
            st.text_input,
            "fact_words",
            "",
            "Search facts",
            placeholder="jetson, fp16, wi-fi, ember …",
            max_chars=60,
        )
    with middle:
        home = kept(
            st.selectbox,
            "fact_home",
            "all",
            "About",
            options=list(homes),
            format_func=homes.__getitem__,
        )
    with right:
        field = kept(
            st.selectbox,
            "fact_field",
            "all",
            "Field",
            options=fields,
            format_func=lambda name: "Any field" if name == "all" else field_words(name),
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        origin = kept(
            st.segmented_control,
            "fact_origin",
            "all",
            "Origin",
            options=list(ORIGINS),
            format_func=ORIGINS.__getitem__,
        )
        mine = kept(st.toggle, "fact_used", True, "Used by my design")
    keys = used_facts(case) if mine else None
    rows = find_facts(words, home, origin or "all", field, keys, catalog)
    counts = ", ".join(f"{count} {name}" for name, count in origin_counts(rows).items())
    with st.container(horizontal=True, vertical_alignment="center"):
        few, all_ = (format_quantity(len(some), "count") for some in (rows, fact_rows(catalog)))
        st.markdown(f"**{few} of {all_} facts**: {counts}")
        st.download_button(
            "Download as CSV",
            lambda: rows_as_csv(rows),
            file_name="eccc-facts.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="facts_csv",
        )
    shown = page_of(rows, "fact_page", ROWS)
    body = [
        (
            cell(row.entity),
            cell(row.field),
            cell(row.value, row.origin),
            cell(row.source, small=row.remark),
        )
        for row in shown
    ]
    if body:
        html_table(("About", "Field", "Value", "Source and remark"), body, "Facts")


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    catalog = case.catalog()
    title(
        "Sources: where every number comes from",
        f"{format_quantity(len(fact_rows(catalog)), 'count')} facts from "
        f"{len(catalog.sources)} sources. What nobody states "
        "is an assumption with a reason and a range, or a gap; never a silent default.",
    )
    view = kept(st.segmented_control, "source_view", VIEWS[0], "Show", options=list(VIEWS))
    if view == VIEWS[1]:
        ranges(case)
    elif view == VIEWS[2]:
        source_cards(case)
    elif view == VIEWS[3]:
        disagreeing()
    else:
        facts(case)


page()
