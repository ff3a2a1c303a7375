"""Hardware: every machine of the catalog, its roofline with your dnn, and a place in the design."""

from __future__ import annotations

from collections.abc import Sequence

import state
import streamlit as st
from catalog_parts import (
    browse,
    catalog_style,
    cell,
    chosen_ids,
    html_table,
    kept,
    title,
    use_button,
)
from charts.roofline import roofline_chart
from drawing import draw
from text import markdown, plain
from viewmodels.choices import choice_label
from viewmodels.kinds import class_words
from viewmodels.machines import TIER_WORDS, comparison, find_machines, fitted, roof_of
from viewmodels.provenance import FactText

from analytic_models import Case
from analytic_models.catalog import Catalog
from analytic_models.scenario import PRECISIONS

COLUMNS = {
    "label": "Machine",
    "tier": "Usual tier",
    "kind": "Class",
    "year": "Year",
    "fp32_gop_per_s": "fp32 Gop/s",
    "fp16_gop_per_s": "fp16 Gop/s",
    "int8_gop_per_s": "int8 Gop/s",
    "bandwidth_gb_per_s": "Memory GB/s",
    "memory_gb": "Memory GB",
    "power_w": "Power W",
    "price_usd": "Price $",
    "error_frac": "Median error",
    "assumed": "Assumed",
    "facts": "Facts",
}


def filters(catalog: Catalog) -> tuple[str, str, str]:
    """Draw search and filters."""
    kinds = ["all", *sorted({machine.kind for machine in catalog.machines.values()})]
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    with left:
        words = kept(
            st.text_input,
            "machine_words",
            "",
            "Search machines",
            placeholder="jetson, phone, 2023, gpu …",
            max_chars=60,
        )
    with middle:
        tier = kept(
            st.segmented_control,
            "machine_tier",
            "all",
            "Usual tier",
            options=["all", *TIER_WORDS],
            format_func=lambda name: TIER_WORDS.get(name, "All"),
        )
    with right:
        kind = kept(
            st.selectbox, "machine_kind", "all", "Class", options=kinds, format_func=class_words
        )
    return words, tier or "all", kind


def roofs(ids: list[str], case: Case) -> None:
    """Draw the rooflines of the chosen machines."""
    precision = (
        kept(
            st.segmented_control,
            "machine_precision",
            "fp32",
            "Precision",
            options=list(PRECISIONS),
        )
        or "fp32"
    )
    dnn, catalog = case.scenario.dnn, case.catalog()
    found = [roof_of(id, dnn, precision, catalog) for id in ids]
    name = plain(catalog.dnns.label(dnn), 40)
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        draw([roofline_chart(found, name)], key="roofs", columns=1)
    with right, st.container(border=True):
        st.markdown(f"**{markdown(name)} alone on it, {precision}**")
        for roof in found:
            st.markdown(f"- **{markdown(roof.label)}**: {markdown(roof.total_words, 220)}")
        st.caption(
            "One inference at batch one, nobody waits. The error is that of dnns that the fit had "
            "not seen; a machine without measurements takes that of its class. See Validation."
        )
        for id in ids:
            st.markdown(f"Use {markdown(catalog.machines[id].label, 40)} as")
            with st.container(horizontal=True, gap="small"):
                for tier in TIER_WORDS:
                    use_button(tier, id, f"{tier}", getattr(case.scenario, tier) == id)


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    catalog = case.catalog()
    machines = catalog.machines
    title(
        "Hardware: what each machine can do, and what your network gets out of it",
        f"{len(machines)} machines from microcontrollers to accelerators, each figure with its "
        "source. Choose up to four rows to compare them.",
    )
    rows = find_machines(*filters(catalog), catalog)
    start = list(dict.fromkeys((case.scenario.device, case.scenario.edge, case.scenario.cloud)))
    browse(rows, COLUMNS, "machines", list(machines), start, {"error_frac": "percent"})
    ids = chosen_ids(
        "machines", start, list(machines), lambda id: choice_label("catalog:machines", id, catalog)
    )
    if not ids:
        st.info("Choose a machine in the table or above.")
        return
    roofs(ids, case)
    facts(comparison(ids, catalog), ids, "Facts of the chosen machines", catalog)
    precision = state.ui("machine_precision", "fp32") or "fp32"
    with st.expander(f"Shares of the peak that were reached, {precision}"):
        facts(fitted(ids, precision, catalog), ids, "Fitted efficiencies", catalog)


def facts(
    rows: Sequence[tuple[str, Sequence[FactText]]], ids: list[str], label: str, catalog: Catalog
) -> None:
    """Draw facts side by side, each with badge and source."""
    machines = catalog.machines
    body = [
        (cell(words), *(cell(t.value, t.origin, f"{t.source}. {t.remark}") for t in texts))
        for words, texts in rows
    ]
    html_table(("", *(plain(machines[id].label, 40) for id in ids)), body, label)


page()
