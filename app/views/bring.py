"""Your own: bring a network, a machine or link, measurements, or a language model."""

from __future__ import annotations

import own_data
import state
import streamlit as st
from catalog_parts import catalog_style, cell, html_table, kept, title
from charts.calibration import calibration_chart
from drawing import draw
from own_entries import entries
from own_forms import entry_form, measurement_form
from own_networks import language, network
from text import markdown
from viewmodels.calibrated import FitGroup, calibrated
from viewmodels.own import summary_words, without_measurements

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


def machine(case: Case) -> None:
    """Draw forms and entries of machines and links."""
    for part, words in (("machines", "Machines"), ("hops", "Links")):
        st.header(words)
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


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    held = f" Now in it: {summary_words(case.user_data)}." if case.user_data else ""
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
