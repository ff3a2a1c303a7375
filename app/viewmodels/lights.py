"""The assumptions behind a result, ordered by how much care they need."""

from __future__ import annotations

__all__ = ["Strip", "strip"]

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from analytic_models import Case
from analytic_models.lights import STATES, Light, lights, worst
from viewmodels.current import evaluated

_WORDS = {"green": "holds", "amber": "needs care", "red": "misleads"}
_MARKS = {"green": "✓", "amber": "!", "red": "✗"}


@dataclass(frozen=True)
class Strip:
    """The lights of a case.

    Parameters
    ----------
    lights
        The most serious ones first.
    state
        The most serious state.
    sentence
        How many need care, in words.
    """

    lights: tuple[Light, ...]
    state: str
    sentence: str

    @staticmethod
    def mark(light: Light) -> str:
        """Return the sign that stands for a state beside its colour."""
        return _MARKS[light.state]

    @staticmethod
    def word(light: Light) -> str:
        """Return a state in words."""
        return _WORDS[light.state]


@lru_cache(maxsize=256)
def strip(case: Case) -> Strip:
    """Collect the lights of a case."""
    found = lights(evaluated(case), case.catalog())
    ordered = sorted(found, key=lambda light: -STATES.index(light.state))
    count = Counter(light.state for light in found)
    whole = len(found)
    if count["red"]:
        misleads = "assumption misleads" if count["red"] == 1 else "assumptions mislead"
        sentence = f"{count['red']} {misleads}, {count['amber']} of {whole} need care"
    elif count["amber"]:
        needs = "needs" if count["amber"] == 1 else "need"
        sentence = f"{count['amber']} of {whole} assumptions {needs} care"
    else:
        sentence = f"All {whole} assumptions hold here"
    return Strip(tuple(ordered), worst(found), sentence)
