"""Answers that take a moment: computed once for all visitors, one at a time on the processor."""

from __future__ import annotations

__all__ = ["crowd", "prices"]

import threading

import streamlit as st
from viewmodels.crowd import Crowd, crowd_of
from viewmodels.worth import Prices, prices_of

from analytic_models import Case, Design

_KEPT = 64


def scenario_text(case: Case) -> str:
    """Return the key of a scenario: the case without its design."""
    return Case(case.scenario, Design()).to_json()


@st.cache_resource(show_spinner=False)
def _slot() -> threading.BoundedSemaphore:
    """Let one of these run at a time, so that sliders of others stay quick."""
    return threading.BoundedSemaphore(1)


def crowd(case: Case) -> Crowd:
    """Return the curves over the population; the design of the case does not matter."""
    return _crowd(scenario_text(case))


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _crowd(text: str) -> Crowd:
    with _slot():
        return crowd_of(text)


def prices(case: Case) -> Prices:
    """Return what every station is worth; the design of the case does not matter."""
    return _prices(scenario_text(case))


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _prices(text: str) -> Prices:
    with _slot():
        return prices_of(text)
