"""Urgent requests and devices that wait for answers, in the words of the pages."""

from __future__ import annotations

import math

from viewmodels.classes import class_means, whose
from viewmodels.cliff import cliff
from viewmodels.key_figures import headline, key_figures, scenario_words
from viewmodels.load import growth, offers

from analytic_models import evaluate, load_scenarios

FACTORY = load_scenarios()["1-factory"]
URGENT = FACTORY.with_scenario(edge_discipline="priority")
CLOSED = FACTORY.with_scenario(arrivals="closed", population_count=20)


def test_figures_say_whose_latency_they_are() -> None:
    found = evaluate(URGENT)
    assert "p99 of urgent requests" in headline(URGENT, found)[0]
    mean, tail = key_figures(URGENT, found)[:2]
    assert mean.label == "Mean latency of urgent requests"
    assert "urgent 28 ms, others 36 ms" in mean.verdict
    assert tail.label == "p99 latency of urgent requests"
    assert "answers to urgent requests must" in scenario_words(URGENT.scenario)


def test_nothing_is_said_of_classes_where_all_are_served_alike() -> None:
    found = evaluate(FACTORY)
    assert whose(FACTORY.scenario) == class_means(found) == ""
    assert key_figures(FACTORY, found)[0].label == "Mean latency"


def test_devices_that_wait_for_answers_have_a_pause_and_no_overload() -> None:
    assert "pauses for 200 ms after an answer" in scenario_words(CLOSED.scenario)
    for axis in ("population_count", "arrival_per_s"):
        found = growth(CLOSED, axis)
        assert found.limit is None
        assert all(value is not None for _, values in found.lines for value in values)
    assert {offer.carried for offer in offers(CLOSED)} == {"any"}
    assert "not known" not in cliff(CLOSED).sentence


def test_a_thousand_waiting_devices_still_have_percentiles() -> None:
    many = evaluate(CLOSED.with_scenario(population_count=1280), exact=False)
    assert math.isfinite(many.value("latency_p99_s"))
