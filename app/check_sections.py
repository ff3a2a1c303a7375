"""Sections of the page Validation besides latencies: tables of errors, placements, totals."""

from __future__ import annotations

__all__ = ["ROWS", "error_table", "language_models", "power", "published", "serving", "share"]

import math
from collections.abc import Sequence

import streamlit as st
from catalog_parts import cell, html_table, page_of
from text import format_quantity, markdown
from viewmodels.checks import (
    PREDICTORS,
    ErrorRow,
    error_rows,
    placements,
    serving_errors,
    totals,
)
from viewmodels.provenance import source_words

ROWS = 15


def share(value: float) -> str:
    """Write an error; a predictor that does not apply is named as such."""
    return "not applicable" if math.isnan(value) else format_quantity(value, "frac", 2)


def error_table(rows: Sequence[ErrorRow], label: str, predictors: Sequence[str]) -> None:
    """Draw median and 90 % point of relative errors."""
    body = [
        (
            cell(row.kind_words if row.group == "all" else row.group),
            cell(f"{row.rows} rows, {row.dnns} networks"),
            *(
                cell(
                    share(row.errors[name][0]),
                    small=f"one in ten above {share(row.errors[name][1])}",
                )
                for name in predictors
            ),
        )
        for row in rows
    ]
    head = ("Group", "Measured", *(f"{PREDICTORS[name]}: median" for name in predictors))
    html_table(head, body, label)


def language_models() -> None:
    """Draw the errors of decoding and prefill rates."""
    for name, words in (("llm-decode", "Decoding"), ("llm-prefill", "Prefill")):
        rows = [row for row in error_rows() if row.kind == name]
        st.header(f"{words} rates of language models")
        whole = [row for row in rows if row.group == "all"]
        for row in whole:
            st.markdown(
                f"- {row.test.replace('-', ' ')}: median **{share(row.errors['ours'][0])}**, one "
                f"in ten above {share(row.errors['ours'][1])}; without fitting "
                f"{share(row.errors['plain'][0])} ({row.rows} rows, {row.dnns} models)"
            )
        mine = [row for row in rows if row.group != "all"]
        with st.expander(f"By machine ({len(mine)})", expanded=True):
            error_table(mine, f"{words} by machine", ["ours", "plain"])


def power() -> None:
    """Draw how well the power of five networks predicts that of the rest."""
    rows = [row for row in error_rows() if row.kind == "power"]
    st.markdown(
        "The power that five networks draw predicts that of all others on the same board. A board "
        "that nobody measured has only its design power, and says so."
    )
    error_table(rows, "Errors of power", ["ours"])


def published() -> None:
    """Draw the golden placements and the totals of networks."""
    st.header("Five published placements of VGG-19")
    body = [
        (
            cell(p.words),
            cell(f"{p.published_s:.4f} s", "measured"),
            cell(f"{p.ours_s:.4f} s", "computed"),
        )
        for p in placements()
    ]
    html_table(("Placement", "Published", "This pipeline"), body, "Placements")
    st.caption(
        f"{markdown(source_words('scission'), 200)}. Block times are theirs, so this checks how "
        "parts are put together and what a cut sends, not how fast a layer is."
    )
    st.header("Work and weights of the networks")
    found = sorted(totals(), key=lambda t: -abs(t.ours / t.published - 1.0))
    st.markdown(
        f"{len(found)} published totals beside those of the graphs that ship, the furthest first. "
        "Rules differ: some sources count additions, biases or an auxiliary head."
    )
    rows = [
        (
            cell(t.dnn, small=t.quantity),
            cell(
                format_quantity(t.published, "count", 4),
                small=f"{source_words(t.source)}, {t.rule}",
            ),
            cell(format_quantity(t.ours, "count", 4)),
            cell(f"{100 * (t.ours / t.published - 1.0):+.2f} %"),
        )
        for t in page_of(found, "total_page", ROWS)
    ]
    html_table(("Network", "Published", "Shipped graph", "Difference"), rows, "Totals")


def serving() -> None:
    """Draw the errors of the laws of servers under load, beside those of naive ones."""
    rows = serving_errors()
    st.markdown(
        "Published latencies of servers under load against two laws each. **Nothing is fitted to a "
        "latency**: the batch time comes from the stated capacity and the time of a single "
        "request, the bound of a curve from its first and its best point, which do not count."
    )
    body = [
        (
            cell(row.label, small=f"{row.rows} figures, {row.series} systems or curves"),
            cell(
                f"{row.ratio:.2g} times",
                small=f"{row.ours}; half between {row.quarter:.2g} and {row.three_quarters:.2g}",
            ),
            cell(share(row.within)),
            cell(
                f"{row.naive_ratio:.2g} times"
                if math.isfinite(row.naive_ratio)
                else f"overloaded in {share(row.unstable)}",
                small=row.naive,
            ),
            cell(share(row.naive_within)),
        )
        for row in rows
    ]
    head = (
        "Measured",
        "This model, over measured: median",
        "Within a factor of two",
        "Naive law, over measured: median",
        "Within a factor of two",
    )
    html_table(head, body, "Errors under load")
    st.caption(
        "Batches of real servers wait for a timer or a size and share their machine with the "
        "network stack, which no law here knows: the spread above is what remains. "
        f"Sources: {markdown(source_words('mlperf-inference'), 200)}; "
        f"{markdown(source_words('nvidia-deeplearningexamples'), 200)}."
    )
