"""The best design beside what simple rules choose, each judged under the same load."""

from __future__ import annotations

__all__ = ["RuleRow", "rules_of"]

import dataclasses
import math
from dataclasses import dataclass

from text import format_quantity

from analytic_models import Case, Evaluation
from analytic_models.optimizers.rules import Rule, simple_rules
from analytic_models.optimizers.solution import Constraint, Solution
from viewmodels.certainty import certainty_of
from viewmodels.current import evaluated, parsed
from viewmodels.labels import short_design
from viewmodels.objectives import constraint_words, unit_of
from viewmodels.searched import searched

_SAME = 1.005
_SLACK = 1e-9


@dataclass(frozen=True)
class RuleRow:
    """One rule in words.

    Parameters
    ----------
    name, looks_at
        The rule and what it knows.
    design, value, against
        Its choice, the objective there under load, and how far from the best that is.
    verdict
        Which requirements its choice breaks, or that it meets them; why it has none.
    better
        Whether it meets the requirements; None where it has no choice.
    case
        Its case as JSON; empty where it has none.
    """

    name: str
    looks_at: str
    design: str
    value: str
    against: str
    verdict: str
    better: bool | None
    case: str


def rules_of(text: str, objective: str) -> tuple[RuleRow, ...]:
    """Judge the choices of simple rules for an objective.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.
    objective
        Quantity that is made small (accuracy: large).
    """
    case = parsed(text)
    solution = searched(text, objective)
    return tuple(_row(case, solution, rule) for rule in simple_rules(solution, case.catalog()))


def _row(case: Case, solution: Solution, rule: Rule) -> RuleRow:
    if rule.design is None:
        return RuleRow(rule.name, rule.looks_at, "none", "", "", rule.note, None, "")
    chosen = dataclasses.replace(case, design=rule.design)
    evaluation = evaluated(chosen)
    value = evaluation.value(solution.objective)
    broken = [constraint_words(c) for c in solution.constraints if not _met(evaluation, c)]
    verdict = f"breaks: {'; '.join(broken)}" if broken else "meets all requirements"
    if rule.note and not broken:
        verdict = rule.note
    known = certainty_of(evaluation).digits(solution.objective)
    unit = unit_of(solution.objective)
    shown = format_quantity(value, unit, known) if math.isfinite(value) else ""
    return RuleRow(
        rule.name,
        rule.looks_at,
        short_design(case.scenario.dnn, rule.design, case.catalog()),
        shown or "overloaded",
        _against(solution, value, known),
        verdict,
        not broken,
        chosen.to_json(),
    )


def _met(evaluation: Evaluation, constraint: Constraint) -> bool:
    value = evaluation.value(constraint.quantity)
    room = _SLACK * abs(constraint.limit)
    if constraint.sense == "<=":
        return value <= constraint.limit + room
    return value >= constraint.limit - room


def _against(solution: Solution, value: float, known: int) -> str:
    """Say how far a value is from the best one that meets the requirements."""
    best = solution.value
    if not (math.isfinite(best) and math.isfinite(value)) or best <= 0.0 or value <= 0.0:
        return ""
    ratio = best / value if solution.maximised else value / best
    if ratio <= 1.0 / _SAME:
        return "better, but see right"
    if ratio < _SAME:
        return "as good"
    return f"{format_quantity(ratio, '1', known)} times the best"
