"""Combinations of a scenario's choices for which there is no law."""

from __future__ import annotations

__all__ = ["without_law"]

from analytic_models.errors import Problem
from analytic_models.scenario_load import DISCIPLINES, PRIORITIES, LoadFields


def without_law(given: LoadFields) -> list[Problem]:
    """Return the choices that cannot be computed together, each with the field that would help."""
    return [*_patterned(given), *_limited(given), *_waiting(given)]


def _limited(given: LoadFields) -> list[Problem]:
    """Return what a finite number of places cannot be combined with."""
    problems = []
    for tier in ("edge", "cloud"):
        places, path = getattr(given, f"{tier}_places_count"), f"scenario.{tier}_places_count"
        if places is None:
            continue
        chosen = getattr(given, f"{tier}_discipline")
        servers = getattr(given, f"{tier}_servers_count")
        other = given.cloud_discipline if tier == "edge" else given.edge_discipline
        if given.arrivals != "poisson":
            words = f"a finite number of places has no law for {given.arrivals} arrivals"
            problems.append(Problem(path, words, "null"))
        if chosen != "fcfs":
            words = f"{chosen!r} has no law for a finite number of places"
            problems.append(Problem(f"scenario.{tier}_discipline", words, "fcfs"))
        elif other in PRIORITIES:
            words = "a finite number of places has no law where urgent requests go first"
            problems.append(Problem(path, words, "null"))
        if places < servers:
            words = f"{places} places are fewer than {servers} servers"
            problems.append(Problem(path, words, f"{servers} or more, or null"))
            problems.append(Problem(f"scenario.{tier}_servers_count", words, f"up to {places}"))
    return problems


def _waiting(given: LoadFields) -> list[Problem]:
    """Return what devices that wait for their answers cannot be combined with."""
    if given.arrivals != "closed" or not given.uplink_loss_frac > 0:
        return []
    words = "repeats on the uplink have no law for closed arrivals"
    return [Problem("scenario.uplink_loss_frac", words, "0")]


def _patterned(given: LoadFields) -> list[Problem]:
    """Return what periodic, synchronised and bursty devices cannot be combined with."""
    if given.arrivals == "poisson":
        return []
    words = f"has no law for {given.arrivals} arrivals"
    problems = [
        Problem(f"scenario.{tier}_discipline", f"{chosen!r} {words}", ", ".join(DISCIPLINES))
        for tier in ("edge", "cloud")
        if (chosen := getattr(given, f"{tier}_discipline")) in ("batch", "elastic", *PRIORITIES)
    ]
    if given.uplink_slow_frac > 0:
        problems.append(Problem("scenario.uplink_slow_frac", f"a fading uplink {words}", "0"))
    return problems
