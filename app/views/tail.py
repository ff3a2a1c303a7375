"""Tail: how many requests take how long, by the laws and by a simulation."""

from __future__ import annotations

import controls
import state
import streamlit as st
from charts.tail import tail_chart
from checking import assumptions, check, comparison_table, ran_words
from drawing import draw
from pages import link_to
from parts import presets, title
from text import markdown
from viewmodels.current import evaluated
from viewmodels.facts import facts_of
from viewmodels.key_figures import headline
from viewmodels.tail import band, tail

from analytic_models import Case, Evaluation

QUEUES = (
    "arrivals",
    "arrival_scv",
    "device_discipline",
    "uplink_discipline",
    "edge_discipline",
    "backhaul_discipline",
    "cloud_discipline",
    "cloud_cold_start_s",
    "cloud_keep_alive_s",
    "edge_places_count",
    "cloud_places_count",
    "urgent_frac",
    "latency_of",
    "uplink_slow_frac",
    "uplink_slow_rate_frac",
    "uplink_dwell_s",
    "uplink_loss_frac",
    "batch_reference_count",
)


def sidebar(evaluation: Evaluation) -> None:
    """Draw what shapes the tail."""
    facts = facts_of(evaluation)
    with st.sidebar:
        st.header("What shapes the tail")
        for name in ("population_count", "arrival_per_s", "deadline_s"):
            controls.control("scenario", name, facts, slider=True)
        for name in ("compute_scv", "message_scv"):
            controls.control("scenario", name, facts)
        st.header("How requests come and queue")
        for name in QUEUES:
            controls.control("scenario", name, facts)


def page() -> None:
    """Draw the page from the case of this visitor."""
    case: Case = state.case()
    evaluation = evaluated(case)
    presets()
    title(*headline(case, evaluation))
    sidebar(evaluation)
    assumptions(case)
    result = check(case, "tail")
    found = tail(case)
    if found is None:
        st.info("Requests pile up without bound: there is no distribution to draw.")
        link_to("load", "How much load the stations carry")
        return
    run = band(found, result) if result is not None else None
    draw([tail_chart(found, run)], key="tail", columns=1)
    if result is None:
        st.caption(
            markdown(
                "p99 is the time within which 99 % of the answers are back. The curve comes from "
                "the laws of the whole path; press Simulate to lay a run over it.",
                200,
            )
        )
        return
    st.header("Closed form and simulation")
    comparison_table(case, result)
    st.caption(ran_words(result))


page()
