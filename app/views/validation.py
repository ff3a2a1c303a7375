"""Validation: predictions checked against measurements that others published."""

from __future__ import annotations

import streamlit as st
from catalog_parts import catalog_style, kept, page_of, title
from charts.checks import error_chart, scatter_chart
from check_sections import ROWS, error_table, language_models, power, published, serving, share
from drawing import draw
from viewmodels.checks import PREDICTORS, error_rows, pairs, within
from viewmodels.kinds import class_words

UNSEEN, NEW_MACHINE = "leave-models-out", "leave-machine-out"


def latencies() -> None:
    """Draw scatter and errors of latencies."""
    rows = [row for row in error_rows() if row.group == "all" and row.test == UNSEEN]
    classes = [row for row in rows if not row.kind.startswith("llm") and row.kind != "all"]
    overall = next(row for row in rows if row.kind == "all")
    good, known = within("ours", 2.0)
    st.markdown(
        f"Over **{overall.rows} published latencies** of {overall.dnns} networks, half of the "
        f"predictions are within **{share(overall.errors['ours'][0])}** and {good} of {known} "
        f"within a factor of two (an error of 100 % is twice or half). "
        "The fit never knew the network; it did know the **machine**. A machine without "
        "measurements takes the larger errors of its class, see below."
    )
    new = [
        row for row in error_rows() if row.test == NEW_MACHINE and not row.kind.startswith("llm")
    ]
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    with left:
        kinds = ["all", *(row.kind for row in classes)]
        kind = kept(
            st.selectbox,
            "check_kind",
            "all",
            "Class of machine",
            options=kinds,
            format_func=class_words,
        )
    with right:
        which = kept(
            st.segmented_control,
            "check_predictor",
            "ours",
            "Predicted by",
            options=list(PREDICTORS),
            format_func=PREDICTORS.__getitem__,
        )
    shown = [pair for pair in pairs() if kind in ("all", pair.kind)]
    charts = [scatter_chart(shown, which or "ours", PREDICTORS[which or "ours"])]
    draw([*charts, error_chart(classes, PREDICTORS)], key="checks", columns=2)
    worst = max(classes, key=lambda row: row.errors["ours"][0])
    st.caption(
        f"Worst class: {worst.kind_words}, median {share(worst.errors['ours'][0])} on "
        f"{worst.rows} rows. "
        "Operations over a fitted rate has one number per machine; the plain roofline has none."
    )
    error_table([overall, *classes], "Errors by class", list(PREDICTORS))
    with st.expander(f"On a machine that the fit has not seen ({len(new)} classes)"):
        error_table(new, "Errors on unseen machines", ["ours"])
    groups = [
        row
        for row in error_rows()
        if row.test == UNSEEN and row.group != "all" and "llm" not in row.kind
    ]
    with st.expander(f"Every machine and runtime ({len(groups)})"):
        error_table(page_of(groups, "group_page", ROWS), "Errors by machine", list(PREDICTORS))


SECTIONS = {
    "Latencies": latencies,
    "Language models": language_models,
    "Servers under load": serving,
    "Power": power,
    "Placements and totals": published,
}


def page() -> None:
    """Draw the page; it does not depend on the design."""
    catalog_style()
    title(
        "Validation: checked against what others measured",
        "How far to trust a number before you have measured anything yourself, with the failures "
        "left in.",
    )
    names = list(SECTIONS)
    view = kept(st.segmented_control, "check_view", names[0], "Show", options=names)
    SECTIONS[view or names[0]]()


page()
