"""How many digits of a number are known, and why not more: the lights of its case decide."""

from __future__ import annotations

__all__ = ["Certainty", "certainty", "certainty_of"]

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from analytic_models import Case, Evaluation
from analytic_models.lights import Light, digits, lights, limiting
from viewmodels.lights import Strip, strip

_COUNTED = {1: "one digit", 2: "two digits"}


@dataclass(frozen=True)
class Certainty:
    """The lights of a case, read as digits.

    Parameters
    ----------
    lights
        What the figures of the case rest on.
    """

    lights: tuple[Light, ...]

    def digits(self, quantity: str, most: int = 3) -> int:
        """Return the significant digits that a quantity may be shown with.

        Parameters
        ----------
        quantity
            Name in the pipeline.
        most
            Digits that there is room for.
        """
        return min(most, digits(self.lights, quantity))

    def among(self, quantities: Collection[str]) -> Mapping[str, int]:
        """Return the digits of several quantities."""
        return {name: self.digits(name) for name in quantities}

    def why(self, quantity: str) -> str:
        """Say which lights take digits away; empty where three are known.

        Examples
        --------
        >>> link = Light("link", "Rate of the uplink", "amber", "…")
        >>> Certainty((link,)).why("latency_p99_s")
        'Shown with two digits, as no more are known: “Rate of the uplink” needs care.'
        """
        found = limiting(self.lights, quantity)
        if not found:
            return ""
        shown = _COUNTED[self.digits(quantity)]
        names = f"“{found[0].label}”"
        if len(found) > 1:
            names += f" and {len(found) - 1} more"
        verb = Strip.word(found[0])
        if len(found) > 1:
            verb = {"needs care": "need care", "misleads": "mislead"}[verb]
        return f"Shown with {shown}, as no more are known: {names} {verb}."


def certainty(case: Case) -> Certainty:
    """Return what is known of the figures of a case."""
    return Certainty(strip(case).lights)


def certainty_of(evaluation: Evaluation) -> Certainty:
    """Return what is known of the figures of an evaluation of one case, all quantities."""
    return Certainty(lights(evaluation))
