"""Section of the page of language models: what happens when many people ask one server."""

from __future__ import annotations

__all__ = ["crowd_section"]

import streamlit as st
from catalog_parts import cell, html_table, kept
from charts.serving import serving_chart
from checking import Job, draw_comparison, play, ran_words
from drawing import draw
from text import markdown
from viewmodels.language import Choice
from viewmodels.serving import (
    RATES,
    Crowd,
    compare_answers,
    error_words,
    growth,
    order_rows,
    play_answers,
    spoken,
)

from analytic_models.language_load import SERVED, Asked

WORDS = {"edge": "Edge", "cloud": "Cloud"}
LARGEST = (1, 2, 4, 8, 16, 32, 64, 128)
SERVED_HELP = (
    "Continuous batching: a request joins at the next token and leaves with its last one. Batches: "
    "all that wait are answered together, nobody joins. One at a time: in order of arrival."
)


def crowd_of(choice: Choice) -> Crowd:
    """Draw what is asked of one server."""
    left, middle, right = st.columns([1, 2, 1], vertical_alignment="bottom")
    with left:
        tier = kept(
            st.segmented_control, "lm_where", "cloud", "Server", options=["edge", "cloud"],
            format_func=WORDS.__getitem__,
        )  # fmt: skip
    with middle:
        how = kept(
            st.segmented_control, "lm_how", "continuous", "Takes requests",
            options=list(SERVED), format_func=SERVED.__getitem__, help=SERVED_HELP,
        )  # fmt: skip
    with right:
        most = kept(
            st.selectbox, "lm_most", 32, "Largest batch", options=list(LARGEST),
            help="Requests that the server answers at the same time at most; the memory may allow "
            "fewer. An assumption: serving systems are set to 8 to 256.",
        )  # fmt: skip
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        rate = kept(
            st.select_slider, "lm_rate", 2.0, "Questions per second, all users",
            options=list(RATES), help="They come at random, independently of each other.",
        )  # fmt: skip
    with right:
        alike = kept(
            st.segmented_control, "lm_lengths", "varied", "Length of answers",
            options=["varied", "all alike"],
            help="Varied: geometric with the mean above. The mean time hardly depends on it, the "
            "tail does.",
        )  # fmt: skip
    how = how or "continuous"
    varied = (alike or "varied") == "varied" and how != "batch"
    return Crowd(choice, tier or "cloud", Asked(rate, most, how, varied))


def crowd_section(choice: Choice) -> None:
    """Draw what happens when many people ask, and the check of it."""
    st.header("When many people ask")
    slot = st.container()
    crowd = crowd_of(choice)
    slot.markdown(f"**{markdown(spoken(crowd), 300)}**")
    found = growth(crowd)
    if found is None:
        return
    if crowd.asked.served == "batch":
        st.caption("Batches are evaluated with answers that are all alike.")
    draw([serving_chart(found)], key="serving", columns=1)
    body = [
        (
            cell(words, small="chosen" if chosen else ""),
            *(cell(text) for text in (mean, tail, most, together)),
        )
        for words, mean, tail, most, together, chosen in order_rows(crowd)
    ]
    head = ("Takes requests", "Mean answer", "p99 answer", "Answers at most", "Together")
    html_table(head, body, "Ways to take requests")
    st.caption(
        f"{error_words(crowd)} Step times come from "
        "fitted shares of the peak, whose ranges the cards above show."
    )
    job = Job(f"lm {crowd!r}", lambda n, seed, tick: play_answers(crowd, n, seed, tick))
    run = play(job, "language")
    if run is not None:
        draw_comparison(compare_answers(crowd, run), ran_words(run))
