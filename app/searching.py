"""The search behind the best design: cached for all visitors, one at a time on the processor."""

from __future__ import annotations

__all__ = ["optimum"]

import threading

import streamlit as st
from viewmodels.optimum import Optimum, find_optimum

from analytic_models import Case, Design

_KEPT = 128


def optimum(case: Case, objective: str = "latency_required_s", second: str = "") -> Optimum:
    """Return the best design of the scenario of a case.

    Parameters
    ----------
    case
        Its design does not matter.
    objective, second
        Quantity that is made small, and another one for the trade-off; see ``find_optimum``.
    """
    return _cached(Case(case.scenario, Design()).to_json(), objective, second)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _cached(scenario_json: str, objective: str, second: str) -> Optimum:
    with _slot():
        return find_optimum(scenario_json, objective, second)


@st.cache_resource(show_spinner=False)
def _slot() -> threading.BoundedSemaphore:
    """Let one search run at a time, so that sliders of others stay quick."""
    return threading.BoundedSemaphore(1)
