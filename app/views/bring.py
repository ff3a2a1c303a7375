"""Your own: bring a network, a machine or link, measurements, or a language model."""

from __future__ import annotations

import own_data
import state
import streamlit as st
from catalog_parts import catalog_style, cell, html_table, kept, title, use_button
from charts.calibration import calibration_chart
from charts.layers import cut_chart, work_chart
from drawing import draw
from model_profile import take
from own_forms import entry_form, language_form, measurement_form, network_form
from pages import link_to
from text import markdown, plain
from viewmodels.calibrated import FitGroup, calibrated
from viewmodels.dnns import cut_curve, layer_bars
from viewmodels.hops import hop_comparison
from viewmodels.machines import comparison
from viewmodels.own import OwnNetwork, own_network, without_measurements

from analytic_models import Case

TABS = {
    "network": "A network",
    "machine": "A machine or link",
    "measurements": "Measurements",
    "language": "A language model",
}
LEADS = {
    "network": "Upload an ONNX file: layers, work, parameters and every possible cut are read from "
    "its graph. Weights are not read, and an operator that is not known is listed, never guessed.",
    "machine": "State what you know; what you leave empty stays a gap, or comes from machines of "
    "its class, and both are said.",
    "measurements": "Latencies that you measured correct the shares of peak and bandwidth that a "
    "machine reaches. The fit is judged on networks that it has not seen.",
    "language": "The sizes in a published config.json fix weights, work and cache of every token.",
}


def figures(found: OwnNetwork) -> None:
    """Draw the main figures of a network or language model."""
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
    st.subheader("Your networks")
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
        remarks(found)
        curve = cut_curve(found.id, "fp32", catalog)
        used = found.id == case.scenario.dnn
        cuts = (case.design.cut1, case.design.cut2) if used else ()
        draw(
            [cut_chart(curve, cuts), work_chart(layer_bars(found.id, "fp32", catalog))],
            key="own_cuts",
            columns=2,
        )
        actions(found, case, "network")
    link_to("models", "Compare it with the networks of the catalog")


def entries(case: Case, part: own_data.Part) -> None:
    """Draw the machines or links that were brought: facts, gaps, and their buttons."""
    mine = getattr(case.user_data, part) if case.user_data else ()
    if not mine:
        return
    catalog, ids = case.catalog(), [entry.id for entry in mine]
    rows = (comparison if part == "machines" else hop_comparison)(ids, catalog)
    body = [
        (cell(words), *(cell(t.value, t.origin, f"{t.source}. {t.remark}") for t in texts))
        for words, texts in rows
    ]
    heads = ("", *(plain(entry.label, 40) for entry in mine))
    html_table(heads, body, f"Your own {'machines' if part == 'machines' else 'links'}")
    for entry in mine:
        places = entry.serves if part == "hops" else ("device", "edge", "cloud")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Use {markdown(entry.label, 40)} as")
            for place in places:
                use_button(place, entry.id, place, getattr(case.scenario, place) == entry.id)
            used = any(getattr(case.scenario, place) == entry.id for place in places)
            st.button(
                "Remove",
                key=f"own_remove_{part}_{entry.id}",
                icon=":material/delete:",
                disabled=used,
                help="Choose another one in your design first." if used else None,
                on_click=own_data.remove,
                args=(part, entry.id, part, entry.label),
            )


def machine(case: Case) -> None:
    """Draw forms and entries of machines and links."""
    for part, words in (("machines", "Machines"), ("hops", "Links")):
        st.subheader(words)
        entry_form(case, part)
        entries(case, part)


def fit(group: FitGroup) -> None:
    """Draw the fit of one machine: picture, errors, factors."""
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        chart = calibration_chart(group.label, group.precision, group.dots, group.sentence)
        draw([chart], key=f"fit_{group.machine}_{group.precision}", columns=1)
    with right:
        html_table(
            ("Error", "Median", "Nine of ten"),
            [tuple(cell(text) for text in row) for row in group.errors],
            f"Errors of {group.label}",
        )
        html_table(
            ("Fitted", "Value"),
            [tuple(cell(text) for text in row) for row in group.factors],
            f"Factors of {group.label}",
        )


def measurements(case: Case) -> None:
    """Draw the form of measurements and every fit."""
    measurement_form(case)
    if not case.user_data or not case.user_data.measurements:
        return
    groups = calibrated(case.user_data)
    for group in groups:
        fit(group)
    for id, label in {group.machine: group.label for group in groups}.items():
        st.button(
            f"Remove the measurements of {markdown(label, 40)}",
            key=f"own_forget_{id}",
            icon=":material/delete:",
            on_click=own_data.keep,
            args=(
                "measurements",
                lambda now, id=id: without_measurements(now, id),
                f"The measurements of {markdown(label, 40)} were removed. Undo brings them back.",
            ),
        )


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
    link_to("language", "Place a language model on device, edge and cloud")


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    held = f" Now in it: {case.user_data.summary()}." if case.user_data else ""
    title(
        "Your own: bring your network, your machine, your measurements",
        "Everything you bring is part of your design: it can be undone, it survives a reload of "
        f"this browser and travels in the exported JSON.{held}",
    )
    tab = kept(
        st.segmented_control,
        "own_tab",
        "network",
        "What do you bring?",
        options=list(TABS),
        format_func=TABS.__getitem__,
        label_visibility="collapsed",
    )
    tab = tab or "network"
    st.html(f'<p class="eccc-lead">{LEADS[tab]}</p>')
    {
        "network": network,
        "machine": machine,
        "measurements": measurements,
        "language": language,
    }[tab](case)


page()
