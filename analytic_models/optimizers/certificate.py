"""Why an optimum is one: exact, certified within a gap, or heuristic."""

from __future__ import annotations

__all__ = ["Certificate", "Kind"]

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["exact", "gap", "heuristic"]
_KINDS = ("exact", "gap", "heuristic")


@dataclass(frozen=True)
class Certificate:
    """The evidence that comes with every answer of an optimiser.

    Parameters
    ----------
    kind
        ``"exact"``: no better answer exists (up to float64 rounding). ``"gap"``: the answer is at
        most ``gap`` worse than the best one. ``"heuristic"``: nothing is promised.
    method
        Short name of the algorithm.
    detail
        One sentence for people: what was searched, under which assumptions.
    gap
        Bound on the distance to the optimum, in the unit of the objective; 0 or a rounding bound
        for exact answers, ``None`` where no bound is known.
    candidates
        Number of candidates that the method covered, if it is a search.
    seed
        Seed of the random numbers, if any were used.

    Raises
    ------
    ValueError
        If the kind is unknown, the gap is negative or not a number, or a gap certificate has none.

    Examples
    --------
    >>> Certificate("gap", "column generation", "pairwise Frank-Wolfe", gap=1e-9).badge
    'optimal within 1e-09'
    """

    kind: Kind
    method: str
    detail: str = ""
    gap: float | None = None
    candidates: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"unknown certificate kind {self.kind!r}; known: {', '.join(_KINDS)}")
        if self.gap is not None and (math.isnan(self.gap) or self.gap < 0.0):
            raise ValueError(f"a gap is a bound and cannot be {self.gap!r}")
        if self.kind == "gap" and self.gap is None:
            raise ValueError("a gap certificate states its gap")

    @property
    def badge(self) -> str:
        """Two or three words for the screen."""
        if self.kind == "gap":
            return f"optimal within {self.gap:.2g}"
        return self.kind
