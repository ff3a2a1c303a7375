"""The networks and language models on the page Your own: what was read, cuts, buttons."""

from __future__ import annotations

__all__ = ["language", "network"]

import own_data
import streamlit as st
from catalog_parts import kept
from charts.layers import cut_chart, work_chart
from drawing import draw
from model_profile import take
from own_forms import language_form, network_form
from pages import link_to
from text import markdown
from viewmodels.dnns import cut_curve, layer_bars
from viewmodels.own import OwnNetwork, own_network

from analytic_models import Case


def figures(found: OwnNetwork) -> None:
    """Draw the main figures of a network or language model."""
    with st.container(key=f"own_facts_{found.id}"):
        columns = st.columns(len(found.facts))
    for (words, text), column in zip(found.facts, columns, strict=True):
        column.metric(words, text)


def remarks(found: OwnNetwork) -> None:
    """Draw operators that are not known, and what was decided while the file was read."""
    if found.unknown:
        listed = ", ".join(f"{markdown(name, 40)} ({count}×)" for name, count in found.unknown)
        st.warning(
            f"Operators that are not known, counted without work: {listed}. Latency and energy "
            "leave them out."
        )
    if found.notes:
        with st.expander(f"What was decided while reading it ({len(found.notes)})"):
            st.markdown("\n".join(f"- {markdown(note, 300)}" for note in found.notes))


def actions(found: OwnNetwork, case: Case, tab: str) -> None:
    """Draw the buttons of an entry."""
    used = found.id == case.scenario.dnn
    with st.container(horizontal=True):
        if not found.decoder:
            st.button(
                "In your design" if used else "Use in my design",
                key=f"own_use_{found.id}",
                type="primary",
                disabled=used,
                on_click=take,
                args=(found.id,),
            )
        st.button(
            "Remove",
            key=f"own_remove_{found.id}",
            icon=":material/delete:",
            disabled=used,
            help="Choose another network for your design first." if used else None,
            on_click=own_data.remove,
            args=("dnns", found.id, tab, found.label),
        )


def network(case: Case) -> None:
    """Draw the upload, and each network that was brought."""
    network_form()
    dnns = case.user_data.dnns if case.user_data else ()
    mine = [found for found in map(own_network, dnns) if not found.decoder]
    if not mine:
        return
    names = {found.id: found.label for found in mine}
    ids = list(names)
    st.header("Your networks")
    id = kept(
        st.segmented_control,
        "own_network",
        ids[-1],
        "Show",
        options=ids,
        format_func=lambda key: markdown(names[key], 40),
    )
    found = next((item for item in mine if item.id == id), mine[-1])
    catalog = case.catalog()
    with st.container(border=True):
        st.markdown(f"**{markdown(found.label, 60)}** · {markdown(found.task)} · yours")
        figures(found)
        actions(found, case, "network")
        remarks(found)
        curve = cut_curve(found.id, "fp32", catalog)
        used = found.id == case.scenario.dnn
        cuts = (case.design.cut1, case.design.cut2) if used else ()
        draw(
            [cut_chart(curve, cuts), work_chart(layer_bars(found.id, "fp32", catalog))],
            key="own_cuts",
            columns=2,
        )
    link_to("models", "Compare it with the networks of the catalog")


def language(case: Case) -> None:
    """Draw the form of a language model, and each one that was brought."""
    language_form()
    dnns = case.user_data.dnns if case.user_data else ()
    for found in map(own_network, dnns):
        if not found.decoder:
            continue
        with st.container(border=True):
            st.markdown(f"**{markdown(found.label, 60)}** · yours")
            figures(found)
            remarks(found)
            actions(found, case, "language")
    link_to("language", "Place it on device, edge or cloud")
