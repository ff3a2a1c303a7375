"""Answers that take a moment: computed once for all visitors, one at a time on the processor."""

from __future__ import annotations

__all__ = [
    "atlas",
    "certainty",
    "crowd",
    "fleet",
    "flock",
    "network",
    "policies",
    "prices",
    "rules",
    "thresholds",
]

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Iterator

import streamlit as st
from viewmodels.atlas import Atlas, Question, atlas_steps
from viewmodels.baselines import RuleRow, rules_of
from viewmodels.crowd import Crowd, crowd_of
from viewmodels.doubt import Certainty, Threshold, certainty_of, thresholds_of
from viewmodels.fleet_parts import Budgets, Fleet
from viewmodels.fleet_result import fleet_of
from viewmodels.playground import ArcRow, Herd, Network, herd_of, network_of
from viewmodels.policy_map import Policies, PolicyQuestion, policies_of
from viewmodels.worth import Prices, prices_of

from analytic_models import Case, Design

_KEPT = 64


def scenario_text(case: Case) -> str:
    """Return the key of a scenario: the case without its design."""
    return dataclasses.replace(case, design=Design()).to_json()


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


def fleet(case: Case, rows_json: str, budgets: Budgets) -> Fleet:
    """Return plans for several classes; the design of the case does not matter."""
    return _fleet(scenario_text(case), rows_json, budgets)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _fleet(text: str, rows_json: str, budgets: Budgets) -> Fleet:
    with _slot():
        return fleet_of(text, rows_json, budgets)


def prices(case: Case) -> Prices:
    """Return what every station is worth; the design of the case does not matter."""
    return _prices(scenario_text(case))


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _prices(text: str) -> Prices:
    with _slot():
        return prices_of(text)


def rules(case: Case, objective: str) -> tuple[RuleRow, ...]:
    """Return what simple rules choose; the design of the case does not matter."""
    return _rules(scenario_text(case), objective)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _rules(text: str, objective: str) -> tuple[RuleRow, ...]:
    with _slot():
        return rules_of(text, objective)


@st.cache_resource(show_spinner=False)
def _maps() -> OrderedDict[tuple[str, Question], Atlas]:
    """Keep the maps that were asked for last, for all visitors."""
    return OrderedDict()


def atlas(case: Case, question: Question) -> Iterator[Atlas]:
    """Yield ever finer maps; only the final one if it is known."""
    key, kept = (scenario_text(case), question), _maps()
    found = kept.get(key)
    if found is not None:
        yield found
        return
    with _slot():
        for found in atlas_steps(*key):
            yield found
    if found is not None:
        kept[key] = found
        while len(kept) > _KEPT:
            kept.popitem(last=False)


def certainty(case: Case, objective: str, load_percent: int, seed: int) -> Certainty:
    """Return how designs fare over worlds; the design of the case is compared too."""
    return _certainty(case.to_json(), objective, load_percent, seed)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _certainty(text: str, objective: str, load_percent: int, seed: int) -> Certainty:
    with _slot():
        return certainty_of(text, objective, load_percent, seed)


def thresholds(case: Case, objective: str) -> tuple[Threshold, ...]:
    """Return where the best design changes; the design of the case does not matter."""
    return _thresholds(scenario_text(case), objective)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _thresholds(text: str, objective: str) -> tuple[Threshold, ...]:
    with _slot():
        return thresholds_of(text, objective)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def network(arcs: tuple[ArcRow, ...], rate_per_s: float) -> Network:
    """Return selfish and coordinated flows of an edited network."""
    with _slot():
        return network_of(arcs, rate_per_s)


def flock(case: Case, percent: int) -> Herd:
    """Return the rounds of a herd; the design of the case does not matter."""
    return _flock(scenario_text(case), percent)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _flock(text: str, percent: int) -> Herd:
    with _slot():
        return herd_of(text, percent)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def policies(asked: PolicyQuestion) -> Policies:
    """Return the exact policy of a queue and a channel, and the rules that stand in for it."""
    with _slot():
        return policies_of(asked)
