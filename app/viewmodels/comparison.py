"""Two designs side by side: the deciding figures, and the fields that differ."""

from __future__ import annotations

__all__ = ["DECIDING", "Change", "Gain", "changes", "gains", "is_current"]

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from text import UNSTABLE

from analytic_models import Case, Design, Evaluation, diff
from viewmodels.certainty import certainty
from viewmodels.choices import field_value_words
from viewmodels.cuts import last_boundary
from viewmodels.display import against, short
from viewmodels.objectives import objective_words, sentence_case, unit_of

# Relative difference below which two figures are shown as the same.
_NOTICED = 1e-3


@dataclass(frozen=True)
class Gain:
    """One figure before and after a change; ``better`` is None when it stays the same."""

    label: str
    before: str
    after: str
    better: bool | None


DECIDING = (
    ("latency_required_s", "Latency for the deadline", False),
    ("energy_device_j", "Device energy", False),
    ("cost_usd", "Cost of a million", False),
    ("carbon_gco2e", "CO₂e of one", False),
    ("accuracy_frac", "Accuracy", True),
)


def gains(
    before: Evaluation, after: Mapping[str, float], digits: Mapping[str, int]
) -> tuple[Gain, ...]:
    """Compare the deciding figures of the present design with those of another one.

    Parameters
    ----------
    before
        The present design.
    after, digits
        Figures of the other one in base units, and how many digits of each are known.
    """
    found, known = [], certainty(before.case())
    for name, label, more in DECIDING:
        old, new = before.value(name), after[name]
        words = objective_words(before.batch.scenario, name) if name.startswith("latency") else ""
        better = None if _same(old, new) else (new > old) == more
        pair = _pair(old, new, unit_of(name), min(known.digits(name), digits[name]))
        better = better if pair[0] != pair[1] else None
        found.append(Gain(sentence_case(words or label), *pair, better))
    return tuple(found)


def _same(old: float, new: float) -> bool:
    """Whether two values differ by less than people would notice, or cannot be compared."""
    if math.isnan(old) or math.isnan(new):
        return True
    return math.isclose(old, new, rel_tol=_NOTICED)


def _pair(old: float, new: float, unit: str, known: int) -> tuple[str, str]:
    digits = min(known, 3 if unit == "frac" else 2)
    if math.isfinite(old) and math.isfinite(new) and not _same(old, new):
        return against(old, new, unit, digits, known)
    first, second = (short(v, unit, digits).replace(UNSTABLE, "overloaded") for v in (old, new))
    return first, second


@dataclass(frozen=True)
class Change:
    """One field that differs between two cases, and what switching it does to a quantity."""

    label: str
    before: str
    after: str
    effect: str


def changes(before: Case, after: Case, quantity: str) -> tuple[Change, ...]:
    """List the fields that matter and differ, with their share of the change of a quantity."""
    unit, found = unit_of(quantity), []
    silent = _unused(after) & _unused(before)
    for step in diff(before, after, quantity):
        part, name = step.path.split(".", 1)
        if name in silent:
            continue
        words: Mapping[str, str] = {
            side: field_value_words(part, name, value, case.scenario.dnn, case.catalog())
            for side, value, case in (("b", step.before, before), ("a", step.after, after))
        }
        found.append(Change(step.label, words["b"], words["a"], _effect(step.contribution, unit)))
    return tuple(found)


def _effect(contribution: float, unit: str) -> str:
    if math.isnan(contribution):
        return "not known"
    if math.isinf(contribution):
        return "ends the overload" if contribution < 0 else "overloads"
    if contribution == 0.0:
        return "with the next"
    sign = "+" if contribution > 0 else "\u2212"
    return f"{sign}{short(abs(contribution), unit)}"


def _unused(case: Case) -> set[str]:
    """Fields that a design does not use: precisions of idle tiers, encodings of silent hops."""
    design, last = case.design, last_boundary(case.scenario.dnn, case.catalog())
    spans = (
        ("device", 0, design.cut1),
        ("edge", design.cut1, design.cut2),
        ("cloud", design.cut2, last),
    )
    found = {f"{tier}_precision" for tier, start, stop in spans if stop <= start}
    if design.cut1 != 0:
        found.add("input_encoding")
    if design.cut1 in (0, last):
        found.add("uplink_encoding")
    if design.cut2 in (design.cut1, last):
        found.add("backhaul_encoding")
    return found


def is_current(best: Case, case: Case) -> bool:
    """Whether a case already is a design, apart from what that design does not use."""
    used = set(Design.__dataclass_fields__) - _unused(dataclasses.replace(case, design=best.design))
    return all(getattr(best.design, name) == getattr(case.design, name) for name in used)
