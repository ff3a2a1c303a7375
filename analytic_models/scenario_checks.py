"""Combinations of a scenario's choices for which there is no law."""

from __future__ import annotations

__all__ = ["without_law"]

from analytic_models.errors import Problem
from analytic_models.scenario_load import DISCIPLINES, PRIORITIES, LoadFields


def without_law(given: LoadFields) -> list[Problem]:
    """Return the choices that cannot be computed together, each with the field that would help."""
    return _patterned(given)


def _patterned(given: LoadFields) -> list[Problem]:
    """Return what periodic, synchronised and bursty devices cannot be combined with."""
    if given.arrivals == "poisson":
        return []
    words = f"has no law for {given.arrivals} arrivals"
    problems = [
        Problem(f"scenario.{tier}_discipline", f"{chosen!r} {words}", ", ".join(DISCIPLINES))
        for tier in ("edge", "cloud")
        if (chosen := getattr(given, f"{tier}_discipline")) in ("batch", *PRIORITIES)
    ]
    if given.uplink_slow_frac > 0:
        problems.append(Problem("scenario.uplink_slow_frac", f"a fading uplink {words}", "0"))
    return problems
