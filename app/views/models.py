"""Models: every network of the catalog layer by layer, its cuts and its published accuracy."""

from __future__ import annotations

import state
import streamlit as st
from catalog_parts import COMPARED, browse, catalog_style, chosen_ids, kept, title
from charts.layers import cut_comparison, work_accuracy
from drawing import draw
from model_profile import profile
from viewmodels.choices import choice_label
from viewmodels.dnns import LmRow, cut_curve, find_dnns, lm_rows

from analytic_models.catalog import Catalog

COLUMNS = {
    "label": "Network",
    "task": "Task",
    "mmac": "MMAC",
    "mparams": "M parameters",
    "layers": "Layers",
    "cuts": "Boundaries",
    "input_kb": "Input kB",
    "small_cuts": "Cuts below it",
    "accuracy": "Accuracy %",
    "metric": "Metric",
    "int8_lost": "Lost at int8",
}
LM_COLUMNS = {
    "label": "Language model",
    "params_b": "Billion parameters",
    "active_b": "Active",
    "layers": "Layers",
    "hidden": "Width",
    "kv_heads": "KV heads",
    "gmac_per_token": "GMAC per token",
    "kv_kb_per_token": "KV kB per token",
    "fp16_gb": "GB at fp16",
    "int4_gb": "GB at int4",
    "context": "Context",
}


def filters(catalog: Catalog) -> tuple[str, str]:
    """Draw search and filter."""
    tasks = ["all", *sorted({row.task for row in find_dnns(catalog=catalog)})]
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        words = kept(
            st.text_input,
            "dnn_words",
            "",
            "Search networks",
            placeholder="resnet, bert, detection …",
            max_chars=60,
        )
    with right:
        task = kept(st.selectbox, "dnn_task", "all", "Task", options=tasks)
    return words, task


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    catalog = case.catalog()
    dnns, lms = catalog.dnns, lm_rows(catalog)
    title(
        "Models: where the work is, what a cut sends, what compression costs",
        f"{len(dnns)} networks as graphs and {len(lms)} language models in formulas.",
    )
    rows = find_dnns(*filters(catalog), catalog)
    start = [case.scenario.dnn]
    browse(rows, COLUMNS, "dnns", list(dnns), start)
    ids = chosen_ids(
        "dnns", start, list(dnns), lambda id: choice_label("catalog:dnns", id, catalog)
    )
    scored = [
        row for row in find_dnns(catalog=catalog) if row.metric.startswith("top-1 on ImageNet")
    ]
    charts = [work_accuracy(scored, ids)]
    if ids:
        charts.append(cut_comparison([cut_curve(id, "fp32", catalog) for id in ids]))
    clicked = draw(charts, key="overview", columns=2)
    if clicked is not None and clicked.id in dnns and clicked.id not in ids:
        state.set_ui("dnns", [*ids, clicked.id][-COMPARED:])
        st.rerun()
    if ids:
        profile(ids, case)
    with st.expander(f"Language models ({len(lms)})"):
        browse_lms(lms)


def browse_lms(rows: tuple[LmRow, ...]) -> None:
    """Draw the table of language models; they are judged on the page Validation."""
    st.dataframe(
        {LM_COLUMNS[name]: [getattr(row, name) for row in rows] for name in LM_COLUMNS},
        hide_index=True,
        key="lms",
    )


page()
