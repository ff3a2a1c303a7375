"""Explore: what one design does, beside the best one."""

from __future__ import annotations

import time

import controls
import state
import streamlit as st
from charts.latency import latency_waterfall
from charts.population import population_cliff
from charts.profile import payload_profile_chart
from charts.resources import resource_bars
from checking import assumptions, check_popover
from components.canvas import canvas
from components.figures import Click
from controls import Options
from drawing import ask_explanation, draw
from pages import link_to
from parts import key_numbers, presets, title
from searching import known, optimum
from viewmodels.breakdown import resource_parts, waterfall
from viewmodels.certainty import certainty
from viewmodels.cliff import cliff
from viewmodels.current import evaluated
from viewmodels.cuts import boundary_words
from viewmodels.facts import facts_of
from viewmodels.key_figures import headline, key_figures, scenario_words
from viewmodels.panels import best_panel, boundary_sizes
from viewmodels.picture import picture

from analytic_models import Case, Evaluation

OPEN_SCENARIO = ("dnn", "uplink", "population_count", "deadline_s")
# How long the controls rest before the best design is searched for: so many pauses of [s].
PAUSES, PAUSE_S = 8, 0.05
OPEN_DESIGN = ("cut1", "cut2")


def sidebar(case: Case, evaluation: Evaluation) -> None:
    """Draw the controls: the most important ones open, the rest in groups."""
    facts = facts_of(evaluation)
    words = boundary_words(case.scenario.dnn, case.catalog())
    cuts = Options(range(len(words)), words)
    with st.sidebar:
        st.header("Scenario: what is given")
        for name in OPEN_SCENARIO:
            controls.control("scenario", name, facts, slider=True)
        controls.groups("scenario", facts, without=OPEN_SCENARIO)
        st.header("Design: what is chosen")
        for name in OPEN_DESIGN:
            controls.control("design", name, options=cuts)
        controls.groups("design", facts, without=OPEN_DESIGN)


def architecture(case: Case, evaluation: Evaluation) -> None:
    """Draw the picture; a moved cut changes the design, a chosen part opens its explanation."""
    event = canvas(picture(case, evaluation), key="picture")
    if event is None:
        return
    if event.cuts is not None:
        state.change("design", cut1=event.cuts[0], cut2=event.cuts[1])
    else:
        ask_explanation(f"{event.target}_utilisation_frac")
    st.rerun()


def follow(clicked: Click | None, case: Case) -> None:
    """Do what a chosen bar asks for: explain its number, or move the cut there."""
    if clicked is None:
        return
    if clicked.figure == "profile":
        at = int(clicked.id)
        state.change("design", cut1=at, cut2=max(at, case.design.cut2))
    else:
        ask_explanation(str(clicked.id))
    st.rerun()


def diagrams(case: Case, evaluation: Evaluation) -> None:
    """Draw the charts below the figures."""
    known = certainty(case)
    energy, cost = (
        resource_parts(evaluation, kind, known.digits(kind, 2)) for kind in ("energy", "cost")
    )
    charts = [
        population_cliff(cliff(case)),
        payload_profile_chart(*boundary_sizes(case)),
        resource_bars("energy", "Energy of one inference", "energy", energy[1], *energy[::2]),
        resource_bars("cost", "Cost of a million inferences", "cost", cost[1], *cost[::2]),
    ]
    follow(draw(charts, key="diagrams", columns=2), case)


def best_design(case: Case, evaluation: Evaluation) -> None:
    """Draw the best design beside the present one, with the reason and a button."""
    place, before = st.empty(), state.ui("best", "")
    if before and known(case) is None:
        # A search costs more than the rest of a run: it waits until the controls rest. Each look
        # at the session is a point at which a newer run takes over.
        place.html(f'<div class="eccc-waiting" aria-busy="true">{before}</div>')
        for _ in range(PAUSES):
            time.sleep(PAUSE_S)
            state.ui("best")
    elif not before:
        place.caption("Searching every design…")
    panel = best_panel(case, evaluation, optimum(case))
    state.set_ui("best", panel.html)
    place.html(panel.html)
    if panel.apply is not None:
        st.button(
            "Apply this design",
            type="primary",
            key="apply",
            on_click=state.take,
            args=(panel.apply,),
        )
    link_to("optimise", "All reasons, other objectives")


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    evaluation = evaluated(case)
    presets()
    title(*headline(case, evaluation), scenario_words(case.scenario))
    top = st.container()
    left, right = st.columns([1.9, 1], gap="medium")
    numbers, first = left.container(), left.container()
    # The charts that a slider is watched for come first, the controls that it belongs to later.
    with first:
        times = latency_waterfall(
            waterfall(evaluation, certainty(case).digits("latency_mean_s", 2))
        )
        follow(draw([times], key="time", columns=1), case)
    with top:
        architecture(case, evaluation)
    with numbers:
        key_numbers(key_figures(case, evaluation))
        with st.container(horizontal=True, key="trust", gap="small"):
            assumptions(case)
            check_popover(case, "explore")
    sidebar(case, evaluation)
    panel = right.container(border=True, key="best")
    diagrams(case, evaluation)
    with panel:
        best_design(case, evaluation)


page()
