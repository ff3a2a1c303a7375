"""Population: what happens to a good plan when everybody follows it."""

from __future__ import annotations

import html

import controls
import state
import streamlit as st
from catalog_parts import catalog_style, kept
from charts.crowd import busy_chart, latency_chart, share_chart
from drawing import draw
from family import finding, no_answer
from fleet_page import several_classes
from mix_check import check_mix
from pages import link_to
from solving import crowd
from text import markdown
from viewmodels.crowd import Crowd
from viewmodels.current import evaluated
from viewmodels.facts import facts_of

from analytic_models import Case, DesignError

KINDS = {"one": "One class of devices", "several": "Several classes"}
MIXES = {"system": "coordinated", "selfish": "everyone for oneself"}
LEAD = (
    "What happens to a good plan when everybody follows it: mean latency over the number of "
    "devices, for one plan for all, for users who choose for themselves, and for the best mix."
)
ASSUMES = (
    "All devices are alike and send their requests at random times. Stations share their "
    "processors, which makes the mix a convex problem whose optimum can be proven; queues in order "
    "of arrival are replaced by that here. Latencies are means: percentiles are no part of a mix. "
    "Accuracy, memory, energy and privacy requirements hold for every design; the deadline is "
    "not looked at."
)


def sidebar(case: Case) -> None:
    """Draw the fields that move the curves."""
    facts = facts_of(evaluated(case))
    with st.sidebar:
        st.header("What moves the curves")
        for name in ("population_count", "arrival_per_s", "edge_servers_count"):
            controls.control("scenario", name, facts, slider=True)
        for name in ("device", "edge", "uplink_bit_per_s", "accuracy_drop_max_pp"):
            controls.control("scenario", name, facts)
        controls.control("scenario", "raw_input_stays_flag", facts)


def choices(found: Crowd) -> None:
    """List the four ways to choose at the present population."""
    columns = st.columns(4)
    for column, choice in zip(columns, found.choices, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{markdown(choice.name[:1].upper() + choice.name[1:])}**")
            st.html(f'<p class="eccc-number">{html.escape(choice.latency)}</p>')
            st.caption(markdown(f"{choice.uses}. {choice.check}", 320))
            if choice.case:
                st.button(
                    "Apply this design",
                    key=f"apply_{choice.name}",
                    on_click=state.take,
                    args=(Case.from_json(choice.case),),
                )


def figures(found: Crowd) -> None:
    """Draw the curves, the mix and the utilisation."""
    curves = latency_chart(
        found.devices,
        found.lines,
        found.marks,
        found.now,
        found.unit,
        found.logarithmic,
        found.sentence,
    )
    draw([curves], key="crowd", columns=1)
    if found.closed:
        st.caption(markdown(found.closed, 600))
    whose = st.segmented_control(
        "Whose mix", list(MIXES), format_func=MIXES.get, default="system", key="_whose"
    )
    mix = whose or "system"
    shares = share_chart(found.devices, found.shares[mix], found.now, found.logarithmic, MIXES[mix])
    draw([shares, busy_chart(found.stations, found.busy, found.now)], key="mix", columns=2)


def one_class(case: Case) -> None:
    """Draw what happens when the devices are all alike."""
    sidebar(case)
    try:
        with st.spinner("Working out what every population would do…"):
            found = crowd(case)
    except DesignError as error:
        no_answer(error)
        return
    finding(found.sentence, found.badge, found.proven, found.certificate, ASSUMES, LEAD)
    choices(found)
    figures(found)
    check_mix(found.claims, "population")
    link_to("prices", "What more capacity is worth")


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    kinds = list(KINDS)
    kind = kept(
        st.segmented_control,
        "population_kind",
        kinds[0],
        "Devices",
        options=kinds,
        format_func=KINDS.__getitem__,
        label_visibility="collapsed",
    )
    if kind == "several":
        catalog_style()
        several_classes(case)
    else:
        one_class(case)


page()
