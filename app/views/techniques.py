"""Techniques: the survey's taxonomy as the way around, and switches into the design."""

from __future__ import annotations

import state
import streamlit as st
from catalog_parts import catalog_style, kept, title
from components.techmap import technique_map
from technique_card import draw_card
from text import markdown
from viewmodels.current import evaluated
from viewmodels.technique_map import count_line, matches, technique_map_model

from analytic_models import Evaluation
from taxonomy import load_taxonomy

SHOWN = {
    "all": "All",
    "use": "Can be switched on",
    "choice": "Expressed by a choice",
    "text": "Described only",
    "chosen": "In my design",
}
START = "prune-structured"


def provenance() -> None:
    """Say what the tree rests on, before any entry."""
    found = load_taxonomy().provenance
    first = found.statement.split(". ")[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{markdown(first, 200)}.** {count_line()}.")
        with st.popover("What this tree rests on", icon=":material/info:"):
            st.markdown(markdown(found.subject, 500))
            st.markdown(markdown(found.statement, 1200))
            st.markdown(markdown(found.layers, 600))
            st.markdown("**Tags of evidence**")
            for tag, words in found.tags.items():
                st.markdown(f"- **{markdown(tag)}**: {markdown(words, 300)}")
            st.markdown("**Where sources disagree or fail**")
            for line in (*found.discrepancies, *found.gaps):
                st.markdown(f"- {markdown(line, 500)}")


def legend() -> None:
    """Draw what the marks mean."""
    st.html(
        '<div class="eccc-legend"><span><b class="use">●</b> can be switched on here</span>'
        '<span><b class="choice">◐</b> expressed by a choice of scenario or design</span>'
        '<span><b class="text">○</b> described only</span>'
        "<span><b>✓</b> in your design</span></div>"
    )


def in_design(evaluation: Evaluation) -> None:
    """List what the design uses, each as a button that shows it."""
    chosen = evaluation.case().design.techniques
    if not chosen:
        return
    nodes = load_taxonomy().nodes
    with st.container(horizontal=True, vertical_alignment="center", key="technique_chosen"):
        st.markdown("In your design:")
        for name in chosen:
            st.button(
                markdown(nodes[name].name, 60),
                key=f"show_{name}",
                icon=":material/check:",
                on_click=state.set_ui,
                args=("technique", name),
            )


def search() -> tuple[str, str]:
    """Draw search and filter."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        words = kept(
            st.text_input,
            "techniques_words",
            "",
            "Search",
            placeholder="name, definition, reference",
            max_chars=60,
        )
    with right:
        show = kept(
            st.segmented_control,
            "techniques_show",
            "all",
            "Show",
            options=list(SHOWN),
            format_func=SHOWN.__getitem__,
            label_visibility="collapsed",
        )
    return words, show or "all"


def page() -> None:
    """Draw the page from the case of this visitor."""
    evaluation = evaluated(state.case())
    chosen = evaluation.case().design.techniques
    catalog_style()
    title(
        "What the field offers, and what it would do to your design",
        "Five layers and two cross-cuts. Choose a leaf: blue ones can be switched on, and every "
        "figure of your design answers.",
    )
    provenance()
    in_design(evaluation)
    words, show = search()
    shown = matches(words, show, chosen)
    selected = state.ui("technique", START)
    with st.container(key="technique_columns"):
        left, right = st.columns([1.45, 1], gap="medium")
        with left:
            legend()
            if not shown:
                st.info("No leaf matches. Clear the search or show all.")
            picked = technique_map(technique_map_model(selected, chosen, shown), key="techmap")
            if len(shown) < len(load_taxonomy().techniques):
                st.caption(f"{len(shown)} leaves match; the others are left out.")
        if picked is not None and picked in load_taxonomy().nodes and picked != selected:
            state.set_ui("technique", picked)
            st.rerun()
        with right, st.container(border=True, key=f"technique_card_{selected}"):
            draw_card(selected, evaluation)


page()
