"""Playground: what happens when everybody takes what is fastest for oneself."""

from __future__ import annotations

import state
import streamlit as st
from charts.playground import flow_chart, herd_charts
from checking import Job, draw_comparison, play, ran_words
from drawing import draw
from family import finding, no_answer, picked
from mix_check import check_mix
from solving import flock, network
from text import markdown
from viewmodels.experiments import compare_flows, flow_text, play_flow
from viewmodels.playground import ARCS, ArcRow, flow_of

from analytic_models import DesignError

FLOWS = {"selfish": "selfish", "system": "coordinated"}
EXPERIMENTS = {"network": "A link that hurts", "herd": "A herd of devices"}
NETWORK_LEAD = (
    "A small network that you can edit: times when everybody takes the way that is fastest for "
    "oneself, beside those when the ways are shared out for the good of all (Braess's paradox)."
)
HERD_LEAD = (
    "What happens when many devices look at the same latencies and all move to the plan that is "
    "faster just now: shares and mean latency, round after round."
)
NETWORK_ASSUMES = (
    "Requests are many and small, so each takes the route that is fastest for it alone until no "
    "route is faster (Wardrop equilibrium). Steps with work are processor-sharing queues; fixed "
    "delays do not depend on the load. Both flows are solved as convex problems."
)
HERD_ASSUMES = (
    "In each round a share of the users looks at the latencies that hold now and moves to the "
    "faster of two plans; all who look see the same numbers. Latencies are the steady ones of that "
    "round's shares. The two plans are the load-blind one of your scenario and the one that shares "
    "nothing, or the next best."
)


def edited() -> tuple[tuple[ArcRow, ...], float]:
    """Draw the network as a table that can be edited, and the rate."""
    rate = st.slider("Requests per second", 10, 220, 175, key="_rate")
    rows = st.data_editor(
        [
            {"step": row.name, "fixed": row.fixed_ms, "work": row.work_ms, "there": row.there}
            for row in ARCS
        ],
        column_config={
            "step": st.column_config.TextColumn("Step", disabled=True),
            "fixed": st.column_config.NumberColumn("Fixed (ms)", min_value=0.0, max_value=500.0),
            "work": st.column_config.NumberColumn("Work (ms)", min_value=0.0, max_value=500.0),
            "there": st.column_config.CheckboxColumn("There"),
        },
        hide_index=True,
        key="_network",
    )
    arcs = tuple(
        ArcRow(
            row.tail,
            row.head,
            row.name,
            float(new["fixed"] or 0.0),
            float(new["work"] or 0.0),
            bool(new["there"]),
        )
        for row, new in zip(ARCS, rows, strict=True)
    )
    return arcs, float(rate)


def braess() -> None:
    """Draw the network experiment."""
    top = st.container()
    left, right = st.columns([1, 2], gap="medium")
    with left:
        arcs, rate = edited()
    try:
        found = network(arcs, rate)
    except ValueError:
        top.warning("No route leads from the device to the answer: switch a step on.")
        return
    with top:
        finding(found.sentence, found.badge, True, found.certificate, NETWORK_ASSUMES, NETWORK_LEAD)
    with left:
        head = ("", "selfish", "coordinated")
        cells = {name: [row[at] for row in found.rows] for at, name in enumerate(head)}
        st.table({name: [markdown(cell) for cell in column] for name, column in cells.items()})
    with right:
        draw([flow_chart(found.selfish), flow_chart(found.system)], key="flows", columns=1)
    by_simulation(arcs, rate)


def by_simulation(arcs: tuple[ArcRow, ...], rate: float) -> None:
    """Check one of the two flows by simulation."""
    st.subheader("Check by simulation")
    st.caption("Plays requests one by one over the routes and shares of a flow, without the laws.")
    key = picked("flow_played", "Play", list(FLOWS), "selfish", FLOWS.__getitem__)
    text = flow_text(arcs, rate, key)
    job = Job(text, lambda requests, seed, tick: play_flow(text, requests, seed, tick))
    run = play(job, "flow")
    if run is not None:
        draw_comparison(compare_flows(flow_of(arcs, rate, key), run), ran_words(run.whole))


def herding() -> None:
    """Draw the herding experiment."""
    top = st.container()
    columns = st.columns(2)
    with columns[0]:
        shares = [1, 2, 5, 10, 20, 30, 50, 75, 100]
        percent = picked(
            "herd_share", "Users who look again in a round", shares, 30, lambda p: f"{p} %"
        )
    try:
        with st.spinner("Letting the devices choose…"):
            found = flock(state.case(), percent)
    except DesignError as error:
        no_answer(error)
        return
    with columns[1]:
        last = len(found.shares) - 1
        until = st.slider("Rounds shown", 1, last, last, key="_until")
    with top:
        finding(found.sentence, found.badge, False, found.certificate, HERD_ASSUMES, HERD_LEAD)
    draw(herd_charts(found, until), key="herding", columns=2)
    check_mix(found.claims, "herd")


def page() -> None:
    """Draw the chosen experiment."""
    chosen = st.segmented_control(
        "Experiment",
        list(EXPERIMENTS),
        format_func=EXPERIMENTS.get,
        default="network",
        key="_experiment",
        label_visibility="collapsed",
    )
    if chosen == "herd":
        herding()
    else:
        braess()


page()
