"""Parts of the page Sources: ranges by influence, sources as cards, disagreements."""

from __future__ import annotations

__all__ = ["ROWS", "disagreeing", "ranges", "source_cards"]

import math

import streamlit as st
from catalog_parts import cell, html_table, kept, page_of
from charts.influence import tornado_chart
from drawing import draw
from text import UNKNOWN, format_quantity, markdown, scale_for
from viewmodels.current import evaluated
from viewmodels.influence import influences, used_facts
from viewmodels.sources import disagreements, find_sources

from analytic_models import Case

ROWS, CARDS = 25, 10
# A smaller relative change is rounding.
_STILL = 1e-4


def ranges(case: Case) -> None:
    """Draw which ranges move the present tail latency most, assumptions and fits alike."""
    value = evaluated(case).value("latency_p99_s")
    now = format_quantity(value, "s").replace("unstable", "overloaded")
    only = kept(st.toggle, "range_assumed", False, "Only assumptions")
    found = [item for item in influences(case) if not only or item.origin == "assumed"]
    st.markdown(
        f"The p99 latency is **{markdown(now)}** now. Each row puts one figure to either end of "
        "its plausible range and leaves all others alone: the top rows are what to measure first."
    )
    still = [item for item in found if item.span < _STILL]
    found = [item for item in found if item.span >= _STILL]
    if not found:
        st.info("No figure with a range moves the p99 latency of this design.")
        return
    if math.isfinite(value):
        scale = scale_for(value, "s")
        draw(
            [tornado_chart(found, value, scale.factor, scale.label, "p99 latency")],
            key="tornado",
            columns=1,
        )
    body = [
        (
            cell(item.words, item.origin, item.value),
            cell(f"{item.low} to {item.high}"),
            cell("overloads" if math.isinf(item.span) else format_quantity(item.span, "frac", 2)),
            cell("", small=item.why),
        )
        for item in page_of(found, "range_page", ROWS)
    ]
    html_table(
        ("Figure and range", "p99 at its ends", "Moves it by", "Why, or source"), body, "Ranges"
    )
    st.caption(
        "One at a time: ranges that act together are not seen. A figure made of several facts "
        "is left out. "
        f"{len(still)} more figures with a range do not move it."
    )


def source_cards(case: Case) -> None:
    """Draw the sources as cards."""
    catalog = case.catalog()
    kinds = ["all", *sorted({source.kind for source in catalog.sources.values()})]
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        words = kept(st.text_input, "source_words", "", "Search sources", max_chars=60)
    with right:
        kind = kept(st.selectbox, "source_kind", "all", "Kind", options=kinds)
    mine = kept(st.toggle, "source_used", False, "Used by my design")
    table = catalog.facts
    ids = {table[key].source for key in used_facts(case) if key in table} if mine else None
    found = find_sources(words, kind, ids, catalog)
    st.markdown(f"**{len(found)} sources**; addresses are text: nothing here is fetched.")
    for card in page_of(found, "source_page", CARDS):
        with st.container(border=True):
            rows = [
                f"**{markdown(card.title, 160)}**",
                " · ".join(
                    markdown(part, 170)
                    for part in (card.maker, card.year, card.kind, card.url)
                    if part
                ),
                f"Licence: {markdown(card.licence or UNKNOWN, 120)} · read: "
                f"{markdown(card.accessed or UNKNOWN)} · {card.facts} facts, {card.evidence} "
                "results",
            ]
            st.markdown("  \n".join(rows))
            for words in (card.why, card.setup):
                if words:
                    st.caption(markdown(words, 400))
            if card.examples:
                with st.expander(f"Facts from it ({card.facts})"):
                    st.markdown("\n".join(f"- {markdown(line, 160)}" for line in card.examples))


def disagreeing() -> None:
    """Draw figures that sources state differently, side by side."""
    found = disagreements()
    st.markdown(
        f"**{len(found)} figures** are stated differently elsewhere. The nearer source is used; "
        "the other one is kept and shown."
    )
    body = [
        (
            cell(row.entity, small=row.field),
            cell(row.used, row.used_origin, row.used_source),
            cell(row.other, small=row.other_source),
            cell(f"× {row.ratio:.3g}"),
        )
        for row in page_of(found, "other_page", ROWS)
    ]
    html_table(("Figure", "Used", "Another source", "Other over used"), body, "Disagreements")
