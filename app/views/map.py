"""Map: which design is best over two axes of the scenario."""

from __future__ import annotations

import state
import streamlit as st
from charts.atlas import map_chart
from checking import assumptions, check, comparison_table, ran_words
from drawing import draw
from family import finding, no_answer, picked
from rule_section import beside_rules
from solving import atlas
from text import markdown
from viewmodels.atlas import Atlas, Question, axis_choices, axis_label, cell_fields, winner_here
from viewmodels.objectives import objective_words

from analytic_models import Case, DesignError

OBJECTIVES = (
    "latency_mean_s",
    "latency_p95_s",
    "latency_p99_s",
    "energy_device_j",
    "energy_total_j",
    "cost_usd",
    "carbon_gco2e",
)
NAMES = {"latency_p95_s": "p95 latency", "latency_p99_s": "p99 latency"}
ZOOMS = {3.0: "a third to three times", 10.0: "a tenth to ten times", 100.0: "a hundredth to 100×"}
LEAD = (
    "Which design is best as two things change at once, where the choice flips, and where two "
    "designs are as good as each other (paler)."
)
ASSUMES = (
    "Everybody uses the same design. Memory, raw input, accuracy, energy and cost requirements of "
    "the scenario hold in every cell, the deadline does not. Each objective moves one way along "
    "each axis, so values at the corners of a box bound what lies inside; percentiles are "
    "approximations here and are evaluated exactly once a design is applied."
)


def question(case: Case) -> Question:
    """Draw the choice of axes and objective."""
    axes = list(axis_choices())
    with st.container(horizontal=True, gap="small", key="axes", vertical_alignment="bottom"):
        x = picked("map_x", "Across", axes, "uplink_bit_per_s", axis_label)
        y = picked("map_y", "Up", axes, "population_count", axis_label)
        goal = picked(
            "map_goal",
            "What should be low",
            list(OBJECTIVES),
            "latency_mean_s",
            lambda name: NAMES.get(name) or objective_words(case.scenario, name),
        )
        zoom = picked("map_zoom", "Reach around now", list(ZOOMS), 10.0, lambda z: ZOOMS[z])
    return Question(x, y, goal, zoom)


def refined(case: Case, asked: Question) -> Atlas:
    """Show ever finer maps while the final one is worked out, and return that."""
    place = st.empty()
    bar = place.progress(0.0, "Looking at the whole map…")
    for found in atlas(case, asked):
        if found.box > 1:
            bar.progress(1 / found.box, f"Blocks of {found.box} by {found.box} cells…")
    place.empty()
    return found


def winners(found: Atlas) -> None:
    """List the designs that win most, each with a button."""
    st.subheader("Winners by share of the map")
    for at, winner in enumerate(found.winners[:5]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"winner_{at}"):
            st.button(
                "Apply",
                key=f"apply_{at}",
                on_click=state.take,
                args=(Case.from_json(winner.case),),
            )
            st.markdown(f"{markdown(winner.share)} {markdown(winner.label)}")


def by_simulation(found: Atlas) -> None:
    """Check the best design at the operating point by simulation."""
    st.subheader("Check by simulation")
    winner = winner_here(found)
    if winner is None:
        st.caption("Choose a cell in which a design is possible: its best design is played then.")
        return
    case = Case.from_json(winner.case)
    st.caption(
        markdown(
            f"The best design at your operating point, {winner.label}, request by request. Choose "
            "another cell to move there.",
            300,
        )
    )
    assumptions(case, "map_lights")
    result = check(case, "map")
    if result is not None:
        comparison_table(case, result)
        st.caption(ran_words(result))


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    top = st.container()
    asked = question(case)
    try:
        found = refined(case, asked)
    except DesignError as error:
        no_answer(error, "This map cannot be drawn.")
        return
    with top:
        finding(found.sentence, found.badge, found.proven, found.certificate, ASSUMES, LEAD)
    clicked = draw([map_chart(found)], key="map", columns=1)
    if clicked is not None and state.change("scenario", **cell_fields(found, int(clicked.id))):
        st.rerun()
    winners(found)
    beside_rules(case, asked.objective, NAMES.get(asked.objective, ""))
    by_simulation(found)


page()
