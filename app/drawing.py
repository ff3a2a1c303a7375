"""Charts on a page, and the dialog that explains a number.

``draw(charts, key)`` places charts; ``ask_explanation`` asks for the explanation of a number, and
``show_explanation`` draws the dialog that was asked for in this run.
"""

from __future__ import annotations

__all__ = ["ask_explanation", "draw", "page_style", "show_explanation"]

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import state
import streamlit as st
import theme
from charts.chart import Chart
from components.figures import Click, Figure, Table, figures
from components.tree import explanation_tree
from text import markdown
from viewmodels.certainty import certainty
from viewmodels.tree import tree_of

from analytic_models import explain
from analytic_models.evaluation import QUANTITIES

_STYLE = Path(__file__).parent / "page.css"
_ASKED = "explain"


def page_style() -> None:
    """Put the style of the pages in place, once per run."""
    st.html(_style())


@cache
def _style() -> str:
    variables = theme.css_variables().replace(":host, .eccc-scope", ".stApp")
    return f"<style>{variables}{_STYLE.read_text(encoding='utf-8')}</style>"


def draw(charts: Sequence[Chart], key: str, columns: int = 2, height: int = 300) -> Click | None:
    """Place charts in a grid.

    Parameters
    ----------
    charts
        What is drawn, left to right.
    key
        Name of the grid in the page.
    columns, height
        Columns on a wide screen, and pixels of a chart without its own height.

    Returns
    -------
    Click or None
        The chosen point, once.
    """
    return figures([_figure(chart) for chart in charts], key=key, columns=columns, height=height)


def _figure(chart: Chart) -> Figure:
    table = Table(chart.columns, chart.rows, chart.ids) if chart.columns else None
    return Figure(
        chart.data,
        chart.layout,
        chart.alt,
        table=table,
        title=chart.title,
        note=chart.note,
        height=chart.height,
        id=chart.id,
    )


def ask_explanation(quantity: str) -> None:
    """Ask for the explanation of a quantity; the dialog opens in the same run."""
    if quantity in QUANTITIES:
        state.set_ui(_ASKED, quantity)


def show_explanation() -> None:
    """Open the dialog that a button asked for; call it at the end of a page."""
    quantity = state.ui(_ASKED)
    if quantity is None:
        return
    state.set_ui(_ASKED, None)
    label = QUANTITIES[quantity][0]

    @st.dialog(f"{label}: how it comes about", width="large")
    def opened() -> None:
        case = state.case()
        node = explain(case, quantity)
        if node.formula:
            st.latex(node.formula)
        tree = tree_of(node, case.catalog()) | {"formula": ""}
        explanation_tree(tree, key=f"tree_{quantity}")
        st.caption(
            "Open a line to see what it was computed from, down to the source of each figure."
        )
        why = certainty(case).why(quantity)
        if why:
            st.caption(markdown(f"{why} The lights of the assumptions say what would help.", 300))

    opened()
