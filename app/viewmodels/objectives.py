"""What can be made best, in words."""

from __future__ import annotations

__all__ = [
    "OBJECTIVES",
    "Objective",
    "constraint_words",
    "objective_words",
    "sentence_case",
    "unit_of",
]

from dataclasses import dataclass

from analytic_models import Scenario
from analytic_models.evaluation import QUANTITIES
from analytic_models.optimizers.solution import Constraint
from viewmodels.classes import whose


@dataclass(frozen=True)
class Objective:
    """A quantity that can be made small (accuracy: large), its words and the theme's goal."""

    quantity: str
    label: str
    goal: str


OBJECTIVES: tuple[Objective, ...] = (
    Objective("latency_required_s", "latency that the deadline is held against", "latency"),
    Objective("latency_mean_s", "mean latency", "latency"),
    Objective("energy_device_j", "energy of the device", "energy"),
    Objective("energy_total_j", "energy of all tiers", "energy"),
    Objective("cost_usd", "cost", "cost"),
    Objective("carbon_gco2e", "carbon of running", "carbon"),
    Objective("footprint_gco2e", "carbon of running and making", "carbon"),
    Objective("accuracy_frac", "accuracy", "accuracy"),
    Objective("exposed_frac", "share of the raw input that leaves the device", "privacy"),
)


def unit_of(quantity: str) -> str:
    """Return the unit symbol of a quantity."""
    return str(QUANTITIES[quantity][1])


_CONSTRAINTS = {
    "stable_flag": "every queue stays finite",
    "memory_frac": "it fits into memory",
    "raw_input_leaves_flag": "the raw input stays on the device",
    "latency_required_s": "the deadline",
    "accuracy_drop_pp": "the accuracy limit",
    "energy_device_j": "the energy limit",
    "cost_usd": "the cost limit",
}


def constraint_words(constraint: Constraint) -> str:
    """Name a requirement in a few words."""
    return _CONSTRAINTS.get(constraint.quantity, constraint.label or constraint.quantity)


def sentence_case(words: str) -> str:
    """Return words with a capital first letter; p99 stays as it is."""
    return words if words[1:2].isdigit() else words[:1].upper() + words[1:]


def objective_words(scenario: Scenario, quantity: str) -> str:
    """Name of an objective; the percentile is named where the deadline decides it."""
    if quantity == "latency_required_s":
        at = scenario.deadline_at
        return f"{at} latency{whose(scenario)}"
    return next((o.label for o in OBJECTIVES if o.quantity == quantity), "")
