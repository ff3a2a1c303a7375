"""Whose latency the figures are about, in words, where urgent requests go first."""

from __future__ import annotations

__all__ = ["class_means", "whose"]

from text import format_quantity

from analytic_models import Evaluation, Scenario
from analytic_models.scenario_load import PRIORITIES

_WORDS = {
    "urgent": " of urgent requests",
    "others": " of the other requests",
    "all": " of all requests",
}


def whose(scenario: Scenario) -> str:
    """Say whose latency is meant, with a space before; nothing where all are served alike.

    Examples
    --------
    >>> whose(Scenario(edge_discipline="priority")), whose(Scenario())
    (' of urgent requests', '')
    """
    first = PRIORITIES
    known = scenario.edge_discipline in first or scenario.cloud_discipline in first
    return _WORDS[scenario.latency_of] if known else ""


def class_means(evaluation: Evaluation, digits: int = 3) -> str:
    """Write the mean latency of both classes; nothing where all are served alike."""
    if not whose(evaluation.batch.scenario):
        return ""
    urgent, others = (
        format_quantity(evaluation.value(f"latency_{name}_mean_s"), "s", digits)
        for name in ("urgent", "others")
    )
    return f"urgent {urgent}, others {others}"
