"""Several classes of devices on one edge: what each does alone, together, and coordinated."""

from __future__ import annotations

__all__ = ["several_classes"]

import html
import json

import controls
import state
import streamlit as st
from catalog_parts import cell, html_table
from charts.fleet import class_chart, load_chart, plan_chart
from drawing import draw
from family import finding, picked
from fleet_editor import budgets, editor
from mix_check import check_mix
from solving import fleet
from text import chart_text, format_quantity, markdown
from toolbar import show_message
from viewmodels.current import evaluated
from viewmodels.facts import facts_of
from viewmodels.fleet import rows_to_dicts
from viewmodels.fleet_parts import Budgets, Fleet, export_json, latency_words

from analytic_models import Case, DesignError

LEAD = (
    "Describe up to six classes of devices that share one edge, and see what each gets when plans "
    "are blind, greedy, selfish, one per class or mixed for the good of all."
)
ASSUMES = (
    "Each class has its own network, device, rate and requirements; uplink, edge site, backhaul "
    "and cloud are those of your scenario and shared by all. Requests come at random. Stations "
    "share their processors: then the mix is a convex problem with a proven optimum; queues in "
    "order of arrival, unequal weights and percentiles make it a heuristic, which the check by "
    "simulation holds against a run. Means over all requests count every request by the weight of "
    "its class. Memory, raw input, accuracy and energy limits hold for every design of a class."
)
SHARED = ("edge_servers_count", "cloud_servers_count")
MACHINES = ("edge", "cloud", "uplink", "uplink_bit_per_s", "backhaul", "uplink_discipline",
            "edge_discipline")  # fmt: skip


def sidebar(case: Case) -> Budgets:
    """Draw what the classes share, and the limits on means."""
    facts = facts_of(evaluated(case))
    with st.sidebar:
        st.subheader("What the classes share")
        for name in SHARED:
            controls.control("scenario", name, facts, slider=True)
        for name in MACHINES:
            controls.control("scenario", name, facts)
        st.subheader("Limits on averages")
        return budgets()


def latencies(found: Fleet) -> None:
    """Draw the mean latency of every class under every way to choose."""
    body = []
    for number, row in enumerate(found.rows):
        deadline = format_quantity(found.deadlines_s[number], "s")
        small = f"deadline {deadline}, weight {row.weight:g}"
        cells = [cell(row.name, small=small)]
        for way in found.ways:
            mine = way.shares[number]
            plans = ", ".join(
                share.label if len(mine) == 1 else f"{100 * share.share:.0f} % {share.label}"
                for share in mine[:3]
            )
            cells.append(cell(latency_words(way.class_mean_s[number]), small=plans))
        body.append(tuple(cells))
    total = [cell("All requests", small="weighted mean")]
    total += [cell(latency_words(way.mean_s), small=way.proof) for way in found.ways]
    body.append(tuple(total))
    html_table(("Class", *(way.name for way in found.ways)), body, "Mean latency by class")


def tolls(found: Fleet) -> None:
    """Draw the price of anarchy and the toll of every station."""
    if found.anarchy == found.anarchy:
        ratio = "no equilibrium is stable"
        if found.anarchy < float("inf"):
            ratio = format_quantity(found.anarchy, "1", 3)
        st.markdown(f"**Price of anarchy {markdown(ratio)}**: selfish over coordinated latency.")
    if not found.tolls:
        st.caption("Tolls are for mixes without limits on averages.")
        return
    rows = "".join(
        f"<tr><td>{html.escape(toll.station)}</td><td>{100 * toll.busy:.0f} %</td>"
        f"<td>{html.escape(toll.text)} s per s of work</td></tr>"
        for toll in found.tolls
    )
    head = "".join(f'<th scope="col">{w}</th>' for w in ("busy at the optimum", "toll"))
    st.html(f'<table class="eccc-gains"><tr><td></td>{head}</tr>{rows}</table>')
    st.caption(
        "A toll is the delay that a second of work at a station imposes on others. Users who count "
        "it as their own choose the coordinated mix by themselves; a class of weight w counts the "
        "w-th part."
    )


def answer(case: Case, found: Fleet, limits: Budgets) -> None:
    """Draw what was found."""
    names = [chart_text(row.name, 40) for row in found.rows]
    latencies(found)
    for words in found.used:
        st.caption(markdown(words, 200))
    ways = {way.key: way for way in found.ways if any(way.shares)}
    keys = [key for key in ("system", "selfish", "best", "greedy", "blind") if key in ways]
    charts = [class_chart(names, found.deadlines_s, found.ways, found.sentence)]
    draw([*charts, load_chart(found.stations, found.ways)], key="fleet_times", columns=2)
    if keys:
        shown = picked("fleet_way", "Whose plans", keys, keys[0], lambda key: ways[key].name)
        draw([plan_chart(names, ways[shown if shown in ways else keys[0]])], "fleet_plans", 1)
    st.subheader("Prices")
    tolls(found)
    solved = [claim for claim in found.claims if claim.mean_s < float("inf")]
    order = sorted(solved, key=lambda claim: claim.name == "coordinated mix")
    check_mix(order, "fleet")
    st.download_button(
        "Export classes and result as JSON",
        export_json(case, found, limits),
        file_name="eccc-classes.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="fleet_export",
    )


def several_classes(case: Case) -> None:
    """Draw the page for several classes."""
    top = st.container()
    limits = sidebar(case)
    st.subheader("Classes of devices that share one edge")
    rows = editor(case)
    try:
        with st.spinner("Choosing plans for all classes together…"):
            found = fleet(case, json.dumps(rows_to_dicts(rows)), limits)
    except DesignError as error:
        with top:
            st.html('<h1 class="eccc-headline">These classes have no answer yet.</h1>')
            words = "Change what is named here; the last result is not shown."
            show_message(state.Message("error", words, tuple(error.problems)))
        return
    with top:
        finding(found.sentence, found.badge, found.proven, found.certificate, ASSUMES, LEAD)
    answer(case, found, limits)
