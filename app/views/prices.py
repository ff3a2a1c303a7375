"""Prices: what a second of each shared station costs everybody, and what more of it is worth."""

from __future__ import annotations

import controls
import state
import streamlit as st
from charts.worth import use_chart, worth_chart
from drawing import draw
from family import finding, no_answer
from mix_check import check_mix
from solving import prices
from text import markdown
from viewmodels.current import evaluated
from viewmodels.facts import facts_of
from viewmodels.worth import Prices

from analytic_models import Case, DesignError

LEAD = (
    "What a second of work at each shared station costs everybody, what more capacity would save, "
    "and the tolls that make selfish users do what is best for all."
)
ASSUMES = (
    "All devices are alike. Stations share their processors, so that the price of a station is the "
    "derivative of the mean number of requests in it; prices are those of the coordinated mix. "
    "What capacity saves is solved again with the capacity added, not extrapolated. Mean latency "
    "only; requirements other than the deadline hold for every design."
)


def sidebar(case: Case) -> None:
    """Draw the fields that move the prices."""
    facts = facts_of(evaluated(case))
    with st.sidebar:
        st.header("What moves the prices")
        for name in ("population_count", "arrival_per_s", "edge_servers_count"):
            controls.control("scenario", name, facts, slider=True)
        for name in ("cloud_servers_count", "uplink_bit_per_s", "backhaul_bit_per_s"):
            controls.control("scenario", name, facts)


def stations(found: Prices) -> None:
    """List the price and toll of every station that is used."""
    for column, row in zip(st.columns(max(len(found.rows), 1)), found.rows, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{markdown(row.station[:1].upper() + row.station[1:])}**")
            st.html(f'<p class="eccc-number">{row.price:.3g} s per s</p>')
            st.caption("What a second of work here costs all users together, in seconds.")
            st.markdown(f"Toll {markdown(row.toll)} s per s, the part that others bear")


def page() -> None:
    """Draw the page from the case of this visitor."""
    case = state.case()
    sidebar(case)
    try:
        with st.spinner("Pricing every station…"):
            found = prices(case)
    except DesignError as error:
        no_answer(error)
        return
    finding(found.sentence, found.badge, found.proven, found.certificate, ASSUMES, LEAD)
    stations(found)
    tolls = st.toggle("Charge tolls", key="_tolls")
    ideal, selfish, tolled = found.means
    own = tolled if tolls else selfish
    st.markdown(
        f"Mean latency: coordinated **{markdown(ideal)}**, "
        f"selfish users{' with tolls' if tolls else ''} **{markdown(own)}**"
    )
    charts = [use_chart(found.rows, tolls), worth_chart(found.rows, found.unit)]
    draw(charts, key="prices", columns=2)
    check_mix(found.claims, "prices")


page()
