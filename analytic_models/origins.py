"""Where a looked-up number comes from."""

from __future__ import annotations

__all__ = ["Looked", "Origin", "missing"]

import math
from dataclasses import dataclass
from typing import Literal

from analytic_models.catalog import Fact, Gap

Kind = Literal[
    "chosen", "cited", "measured", "assumed", "override", "convention", "computed", "missing"
]


@dataclass(frozen=True)
class Origin:
    """Origin of an input column: how it came about, and the facts behind it.

    Parameters
    ----------
    kind
        chosen by the user, cited, measured, assumed, override of a fact, convention, computed from
        facts, or missing.
    facts
        The facts used; for an override the fact that it replaces.
    note
        One sentence for people.
    """

    kind: Kind
    facts: tuple[Fact, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Looked:
    """A number with its origin and, if known, a plausible range."""

    value: float
    origin: Origin
    low: float = math.nan
    high: float = math.nan

    @classmethod
    def of_fact(cls, fact: Fact | Gap, note: str = "") -> Looked:
        """Take a fact as it is; a gap becomes nan with its reason."""
        if isinstance(fact, Gap):
            return missing(fact.reason)
        low = math.nan if fact.low is None else fact.low
        high = math.nan if fact.high is None else fact.high
        return cls(fact.value, Origin(fact.origin, (fact,), note or fact.note), low, high)


def missing(reason: str) -> Looked:
    """Return the number that is not known, and why."""
    return Looked(math.nan, Origin("missing", (), reason))
