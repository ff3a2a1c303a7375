"""Optimise: the best design for an objective, with everything that stood in the way."""

from __future__ import annotations

import controls
import state
import streamlit as st
from charts.search import funnel_chart, pareto_chart
from checking import assumptions, check_popover
from drawing import draw
from pages import link_to
from parts import title
from rule_section import beside_rules
from searching import optimum
from text import markdown
from viewmodels.comparison import changes, gains
from viewmodels.current import evaluated, parsed
from viewmodels.facts import facts_of
from viewmodels.objectives import OBJECTIVES, objective_words
from viewmodels.optimum import Optimum
from viewmodels.panels import gains_table, point_of

from analytic_models import Case, Evaluation, Scenario

LEAD = (
    "This page looks at every design of your scenario and says which one is best for what you care "
    "about, why, and what each requirement costs."
)
LABELS = {goal.quantity: goal.label for goal in OBJECTIVES}


def chosen(name: str, label: str, options: list[str], scenario: Scenario) -> str:
    """Draw a choice of objective that survives a change of page."""
    now = state.ui(name)
    key = f"_{name}"
    first = now if now in options else options[0]
    start = {} if state.seed(key, first) else {"index": options.index(first)}
    st.selectbox(
        label,
        options,
        **start,
        format_func=lambda quantity: objective_words(scenario, quantity),
        key=key,
        on_change=lambda: state.set_ui(name, state.typed(key)),
    )
    return str(state.typed(key))


def questions(scenario: Scenario, evaluation: Evaluation) -> tuple[str, str]:
    """Draw what is asked: objective, trade-off, and the requirements of the scenario."""
    with st.sidebar:
        st.header("What should be best?")
        first = chosen("objective", "Objective", list(LABELS), scenario)
        others = [quantity for quantity in LABELS if quantity != first]
        order = sorted(others, key=lambda quantity: quantity.startswith("latency_mean"))
        if first.startswith("latency"):
            order.sort(key=lambda quantity: quantity != "energy_device_j")
        second = chosen("tradeoff", "Trade-off with", order, scenario)
        st.header("Requirements")
        controls.group("scenario", "Requirements", facts_of(evaluation))
    return first, second


def answer(case: Case, evaluation: Evaluation, found: Optimum) -> None:
    """Say what is best, how sure that is, and what it changes."""
    title(found.sentence, below=LEAD)
    st.badge(
        markdown(found.badge), color="green" if found.feasible else "orange", help=found.certificate
    )
    if not found.feasible:
        nearest(case, found)
        return
    best = parsed(found.best)
    with st.container(horizontal=True, key="trust", gap="small"):
        assumptions(best, "best_lights")
        check_popover(best, "optimise")
    left, right = st.columns([1, 1], gap="medium")
    with left.container(border=True):
        st.header("Why this one")
        for line in (*found.why, *found.binding, found.margin):
            if line:
                st.markdown(f"- {markdown(line, 300)}")
    with right.container(border=True):
        st.header("What it changes")
        st.html(gains_table(gains(evaluation, found.after, found.digits)))
        st.button(
            "Apply this design", type="primary", key="apply", on_click=state.take, args=(best,)
        )
    differences(case, best, found.objective)


def nearest(case: Case, found: Optimum) -> None:
    """Say which requirement to relax, and by how much."""
    if not found.nearest:
        return
    st.header("What would have to give")
    for row in found.relax:
        words = f"{markdown(row.value)} instead of {markdown(row.limit)}"
        st.markdown(f"- **{markdown(row.constraint)}**: {words}")
    closest = parsed(found.nearest)
    st.button("Apply the closest design", key="apply", on_click=state.take, args=(closest,))
    differences(case, closest, found.objective)


def differences(now: Case, then: Case, quantity: str) -> None:
    """Draw the fields that differ from the present design and what each does."""
    rows = changes(now, then, quantity)
    if not rows:
        st.caption("Your design already is this one.")
        return
    with st.expander(f"Changes from your design, step by step ({len(rows)})", expanded=True):
        head = ("What", "Now", "Then", f"Effect on {objective_words(now.scenario, quantity)}")
        cells = [(row.label, row.before, row.after, row.effect) for row in rows]
        st.table({name: [markdown(row[at]) for row in cells] for at, name in enumerate(head)})


def figures(case: Case, evaluation: Evaluation, found: Optimum) -> None:
    """Draw the funnel, and the trade-off whose points can be taken."""
    charts = [funnel_chart(found.funnel)]
    front = found.front
    if front is not None:
        words = [
            objective_words(case.scenario, name) for name in (front.x_quantity, front.y_quantity)
        ]
        charts.insert(0, pareto_chart(front, *words, yours=point_of(evaluation, front)))
    clicked = draw(charts, key="search", columns=2, height=380)
    if clicked is None or clicked.figure != "pareto" or front is None:
        return
    if state.take(parsed(front.points[int(clicked.id)].case)):
        st.rerun()


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    evaluation = evaluated(case)
    first, second = questions(case.scenario, evaluation)
    with st.spinner("Searching every design…"):
        found = optimum(case, first, second)
    answer(case, evaluation, found)
    figures(case, evaluation, found)
    beside_rules(case, first)
    link_to("explore", "See the design on Explore")


page()
