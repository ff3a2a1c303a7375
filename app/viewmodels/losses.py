"""Requests that find no place at a tier, in words and as a figure."""

from __future__ import annotations

__all__ = ["has_room", "lost_words", "of_answered", "piling_up"]

from collections.abc import Collection

from text import format_quantity

from analytic_models import Evaluation, Scenario


def has_room(scenario: Scenario) -> bool:
    """Whether a tier has a last place, so that requests may be lost.

    Examples
    --------
    >>> has_room(Scenario()), has_room(Scenario(edge_places_count=4))
    (False, True)
    """
    return scenario.edge_places_count is not None or scenario.cloud_places_count is not None


def of_answered(scenario: Scenario) -> str:
    """Say that latencies are those of the answered requests; nothing where none is lost.

    Examples
    --------
    >>> of_answered(Scenario(edge_places_count=4)), of_answered(Scenario())
    (' of the answered', '')
    """
    return " of the answered" if has_room(scenario) else ""


def lost_words(evaluation: Evaluation) -> str:
    """Say how many requests are lost; nothing where none can be."""
    if not has_room(evaluation.batch.scenario):
        return ""
    lost = evaluation.value("lost_frac")
    if lost != lost:
        return "how many are lost is not known"
    shown = "fewer than 0.001 %" if lost < 1e-5 else format_quantity(lost, "frac", 2)
    return f"{shown} of the requests are lost"


def piling_up(scenario: Scenario, stations: Collection[str]) -> tuple[str, ...]:
    """Return the stations whose queue can grow without bound.

    Examples
    --------
    >>> piling_up(Scenario(edge_places_count=4), ("uplink", "edge"))
    ('uplink',)
    """
    return tuple(s for s in stations if getattr(scenario, f"{s}_places_count", None) is None)
