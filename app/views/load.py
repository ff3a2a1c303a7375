"""Load: what happens as more requests come, where it breaks, and what more capacity buys."""

from __future__ import annotations

import html

import controls
import state
import streamlit as st
from charts.load import busy_chart, growth_chart, missed_chart
from checking import assumptions, check, comparison_table
from drawing import draw
from parts import presets, title
from text import markdown
from viewmodels.current import evaluated
from viewmodels.facts import facts_of
from viewmodels.key_figures import headline, required_quantity
from viewmodels.load import AXES, Offer, growth, moved, offers

from analytic_models import Case, Evaluation

MOVES = ("population_count", "arrival_per_s")
CAPACITY = ("edge_servers_count", "cloud_servers_count")
LINKS = ("uplink_bit_per_s", "backhaul_bit_per_s")
QUEUES = (
    "arrivals",
    "uplink_discipline",
    "edge_discipline",
    "cloud_discipline",
    "cloud_cold_start_s",
    "cloud_keep_alive_s",
    "edge_places_count",
    "cloud_places_count",
    "urgent_frac",
    "latency_of",
)


def sidebar(evaluation: Evaluation) -> None:
    """Draw what moves the operating point, and what the stations can do."""
    facts = facts_of(evaluation)
    with st.sidebar:
        st.header("Operating point")
        for name in (*MOVES, "deadline_s"):
            controls.control("scenario", name, facts, slider=True)
        st.header("Capacity")
        for name in CAPACITY:
            controls.control("scenario", name, facts, slider=True)
        for name in LINKS:
            controls.control("scenario", name, facts)
        st.header("How requests come and queue")
        for name in QUEUES:
            controls.control("scenario", name, facts)


def chosen_axis() -> str:
    """Draw the choice of what grows, and return it."""
    names = list(AXES)
    now = state.ui("load_axis", names[0])
    start = {} if state.seed("_load_axis", now) else {"default": now}
    st.segmented_control(
        "What grows",
        names,
        **start,
        format_func=lambda name: AXES[name],
        key="_load_axis",
        on_change=lambda: state.set_ui("load_axis", state.typed("_load_axis") or names[0]),
    )
    return str(state.typed("_load_axis") or names[0])


def buys(found: tuple[Offer, ...], name: str) -> None:
    """Draw what a little more capacity buys, with a button to take each."""
    st.header("What a little more buys")
    body = "".join(
        f"<tr><td>{html.escape(offer.label)}</td><td>{html.escape(offer.latency)}</td>"
        f'<td class="{"better" if offer.better else ""}">{html.escape(offer.gain)}</td>'
        f"<td>{html.escape(offer.missed)}</td><td>{html.escape(offer.carried)}</td></tr>"
        for offer in found
    )
    words = (name, "change", "too late", "devices before overload")
    head = "".join(f'<th scope="col">{html.escape(word)}</th>' for word in words)
    st.html(f'<table class="eccc-gains"><tr><td></td>{head}</tr>{body}</table>')
    with st.container(horizontal=True, key="offers", gap="small"):
        for place, offer in enumerate(found):
            if offer.changes:
                label = f"Take {markdown(offer.label)}"
                st.button(label, key=f"take_{place}", on_click=take, args=(offer.changes,))


def take(changes: dict[str, float]) -> None:
    """Add the capacity to the scenario."""
    state.change("scenario", **changes)


def page() -> None:
    """Draw the page from the case of this visitor."""
    case: Case = state.case()
    evaluation = evaluated(case)
    presets()
    title(*headline(case, evaluation))
    sidebar(evaluation)
    assumptions(case)
    axis = chosen_axis()
    found = growth(case, axis)
    click = draw([growth_chart(found)], key="growth", columns=1)
    if click is not None and click.id is not None:
        state.take(moved(case, axis, float(click.id)))
        st.rerun()
    st.caption(
        "Choose a point of a curve to move there. p95 and p99 along the curves are close "
        "approximations; the diamonds are exact."
    )
    draw([missed_chart(found), busy_chart(found)], key="busy", columns=2)
    buys(offers(case), required_quantity(case.scenario)[1])
    result = check(case, "load")
    if result is not None:
        comparison_table(case, result)


page()
