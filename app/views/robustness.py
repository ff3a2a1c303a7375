"""Robustness: whether the best design stays best when the facts are a little off."""

from __future__ import annotations

import state
import streamlit as st
from charts.doubt import regret_chart, tornado_chart, win_chart
from checking import assumptions, check, comparison_table, ran_words
from drawing import draw
from family import finding, no_answer, picked
from solving import certainty, thresholds
from text import markdown
from viewmodels.doubt import Certainty
from viewmodels.objectives import objective_words

from analytic_models import Case, DesignError

OBJECTIVES = ("latency_mean_s", "energy_device_j", "energy_total_j", "cost_usd", "carbon_gco2e")
LOADS = (0, 10, 20, 40)
LEAD = (
    "Every fact has a range. This page draws worlds from the ranges and shows how often the best "
    "design stays best, and which choice loses little in nearly all of them."
)
ASSUMES = (
    "Every fact with a range (rates, round trips, powers, efficiencies, overheads, sizes of "
    "encoded inputs) is drawn independently from a log-normal law whose 5 % and 95 % quantiles are "
    "the ends of its range; the same fact has one value wherever it is used. Numbers that you "
    "typed are taken as they are. Accuracy, memory and privacy requirements are judged at nominal "
    "values. Candidates are the winners of a smaller set of worlds over all designs."
)


def question(case: Case) -> tuple[str, int, int]:
    """Draw the choice of objective, doubt about the load, and the seed."""
    with st.container(horizontal=True, gap="small", key="doubts", vertical_alignment="bottom"):
        goal = picked(
            "doubt_goal",
            "What should be low",
            list(OBJECTIVES),
            OBJECTIVES[0],
            lambda name: objective_words(case.scenario, name),
        )
        load = picked("doubt_load", "Load may be off by", list(LOADS), 20, lambda p: f"± {p} %")
        seed = picked("doubt_seed", "Seed", [1, 2, 3, 4, 5], 1, str)
    return goal, load, seed


def choices(found: Certainty) -> None:
    """Offer the nominal and the robust choice side by side."""
    named = [one for one in found.contenders if one.role]
    for column, one in zip(st.columns(max(len(named), 2)), named, strict=False):
        with column.container(border=True, height="stretch"):
            role = one.role[:1].upper() + one.role[1:]
            st.markdown(f"**{markdown(role)}**: {markdown(one.label)}")
            st.markdown(
                f"{markdown(one.nominal)} at nominal values, {markdown(one.high)}; "
                f"best in {one.win:.0f}\u202f%, overloaded in {one.unstable:.0f}\u202f%"
                + (f", over the accuracy limit in {one.over:.0f}\u202f%" if one.over else "")
            )
            st.button(
                "Apply this design",
                key=f"apply_{one.role}",
                on_click=state.take,
                args=(Case.from_json(one.case),),
                disabled="yours" in one.role,
            )


def by_simulation(found: Certainty) -> None:
    """Check the nominal and the robust choice by simulation, one at a time."""
    named = {one.role: one for one in found.contenders if one.role}
    if not named:
        return
    st.subheader("Check by simulation")
    first = next(iter(named))
    role = picked("doubt_checked", "Play", list(named), first, lambda r: r[:1].upper() + r[1:])
    chosen = named.get(role, named[first])
    case = Case.from_json(chosen.case)
    st.caption(
        markdown(
            f"{chosen.label}, request by request at nominal values: what the figures above rest "
            "on, not how sure the facts are.",
            300,
        )
    )
    assumptions(case, "doubt_lights")
    result = check(case, "robustness")
    if result is not None:
        comparison_table(case, result)
        st.caption(ran_words(result))


def changes(case: Case, goal: str) -> None:
    """List where the best design changes."""
    st.subheader("Where the best design changes")
    with st.spinner("Looking for thresholds…"):
        rows = thresholds(case, goal)
    if not rows:
        st.caption(
            "Nowhere between a tenth and ten times of the load, the rate and the round trip."
        )
        return
    head = ("Field", "Changes at", "Best below", "Best above")
    cells = [(row.field, row.value, row.before, row.after) for row in rows]
    st.table({name: [markdown(cell[at]) for cell in cells] for at, name in enumerate(head)})


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    top = st.container()
    goal, load, seed = question(case)
    try:
        with st.spinner("Drawing worlds and comparing designs in each…"):
            found = certainty(case, goal, load, seed)
    except DesignError as error:
        no_answer(error, "There is nothing to compare.")
        return
    with top:
        finding(found.sentence, found.badge, False, found.certificate, ASSUMES, LEAD)
    choices(found)
    shares = [win_chart(found.contenders), regret_chart(found.contenders, found.unit)]
    draw(shares, key="doubt", columns=2)
    if found.levers:
        draw(
            [tornado_chart(found.levers, found.centre, found.unit, found.objective)],
            key="tornado",
            columns=1,
        )
    by_simulation(found)
    changes(case, goal)


page()
