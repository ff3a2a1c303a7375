"""One assumption of a result as a light, and what the lights look at: stations and their loads."""

from __future__ import annotations

__all__ = [
    "STATES",
    "STATIONS",
    "Light",
    "State",
    "busiest",
    "limited",
    "percent",
    "sentence",
    "used_stations",
]

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from analytic_models.design import Scenario
from analytic_models.evaluation import Evaluation

State = Literal["green", "amber", "red"]
STATES: tuple[State, ...] = ("green", "amber", "red")

STATIONS: Mapping[str, str] = {
    "device": "the device",
    "uplink": "the uplink",
    "edge": "the edge site",
    "backhaul": "the backhaul",
    "cloud": "the cloud",
}


@dataclass(frozen=True)
class Light:
    """One assumption of a result.

    Parameters
    ----------
    id, label
        Name for programs and words for people.
    state
        ``green`` inside what was measured to hold, ``amber`` outside it, ``red`` where the figure
        misleads.
    message
        What is assumed and how far off that was measured to be.
    touches
        Which figures rest on it: ``mean``, ``tail`` (percentiles, misses), ``work`` (also energy
        and cost).
    remedy
        Scenario fields that take the assumption away, or None.
    remedy_label
        What the remedy does, for a button.
    """

    id: str
    label: str
    state: State
    message: str
    touches: tuple[str, ...] = ("mean", "tail")
    remedy: Mapping[str, Any] | None = field(default=None, hash=False)
    remedy_label: str = ""


def used_stations(evaluation: Evaluation, names: Collection[str] = tuple(STATIONS)) -> list[str]:
    """Return the stations that requests visit, in their order."""
    return [n for n in STATIONS if n in names and evaluation.value(f"{n}_service_s") > 0]


def limited(scenario: Scenario, name: str) -> bool:
    """Whether a station has a last place, so that it loses requests and never grows its queue."""
    return getattr(scenario, f"{name}_places_count", None) is not None


def busiest(evaluation: Evaluation, names: Collection[str]) -> tuple[str, float]:
    """Return the busiest of some stations and its load."""
    loads = {name: evaluation.value(f"{name}_utilisation_frac") for name in names}
    known = {name: load for name, load in loads.items() if not math.isnan(load)}
    name = max(known, key=lambda key: known[key], default="")
    return name, known.get(name, 0.0)


def percent(share: float) -> str:
    """Write a share in whole per cent."""
    return f"{100 * share:.0f} %"


def sentence(words: str) -> str:
    """Begin with a capital letter."""
    return words[:1].upper() + words[1:]
