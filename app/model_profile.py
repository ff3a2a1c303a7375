"""One network on the page Models: layer by layer, what cuts send, what is known of its accuracy."""

from __future__ import annotations

__all__ = ["profile"]

import state
import streamlit as st
from catalog_parts import cell, html_table, kept
from charts.accuracy import drop_chart, encoding_chart
from charts.layers import bytes_chart, cut_chart, work_chart
from drawing import draw
from text import markdown, plain
from viewmodels.accuracy import encoding_points, evidence_of, shown_metrics
from viewmodels.dnns import cut_curve, layer_bars, with_dnn

from analytic_models import Case
from analytic_models.scenario import PRECISIONS

ROWS = 60


def take(id: str) -> None:
    """Put a network into the design; cuts and encoding follow, and the page says so."""
    new, words = with_dnn(state.case(), id)
    if state.take(new):
        state.set_ui("message", state.Message("done", f"{markdown(words, 500)}"))


def profile(ids: list[str], case: Case) -> None:
    """Draw one of the compared networks: work, bytes, cuts, and what is known of its accuracy."""
    catalog = case.catalog()
    label = catalog.dnns.label
    with st.container(horizontal=True, vertical_alignment="bottom"):
        id = kept(
            st.segmented_control,
            "dnn_shown",
            ids[-1],
            "Layer by layer",
            options=ids,
            format_func=lambda id: markdown(label(id), 40),
        )
        id = id or ids[-1]
        precision = kept(
            st.segmented_control, "dnn_precision", "fp32", "Numbers", options=list(PRECISIONS)
        )
        used = id == case.scenario.dnn
        name = markdown(label(id), 40)
        st.button(
            f"{name} is in your design" if used else f"Use {name} in my design",
            key="use_dnn",
            type="primary",
            disabled=used,
            on_click=take,
            args=(id,),
        )
    precision = precision or "fp32"
    bars, curve = layer_bars(id, precision, catalog), cut_curve(id, precision, catalog)
    cuts = (case.design.cut1, case.design.cut2) if used else ()
    draw([work_chart(bars), bytes_chart(bars)], key="layers", columns=2)
    draw([cut_chart(curve, cuts)], key="cuts", columns=1)
    evidence(id, plain(label(id), 40), case)


def evidence(id: str, label: str, case: Case) -> None:
    """Draw published accuracy: dots, the curve of input encodings, and every row."""
    rows, points = evidence_of(id), encoding_points(id, case.catalog())
    if not rows:
        st.info(f"Nothing is published here about the accuracy of {markdown(label)}.")
        return
    charts = []
    metric = shown_metrics(rows)
    if metric:
        charts.append(drop_chart(rows, label, metric))
    if len(points) > 1:
        charts.append(encoding_chart(points, label, case.design.input_encoding))
    draw(charts, key="accuracy", columns=2)
    with st.expander(f"Every published result ({len(rows)})"):
        from_to = [
            (
                cell(row.technique, row.origin, row.setting),
                cell(
                    f"{row.baseline:.4g} to {row.value:.4g}", small=f"{row.metric}, {row.dataset}"
                ),
                cell(row.source, small=f"{row.where}. {row.note}"),
            )
            for row in rows[:ROWS]
        ]
        html_table(("Technique", "Result", "Source"), from_to, "Published results")
