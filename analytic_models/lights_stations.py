"""Lights of stations of their own kind: a link that repeats, a last place, cold starts."""

from __future__ import annotations

__all__ = ["cold_starts", "repeats", "room"]

from analytic_models.catalog import Catalog
from analytic_models.display import format_quantity
from analytic_models.evaluation import Evaluation
from analytic_models.lights_basis import (
    STATIONS,
    Light,
    State,
    limited,
    percent,
    sentence,
    used_stations,
)


def repeats(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far the time on an uplink that repeats lost messages holds."""
    scenario = evaluation.batch.scenario
    loss = scenario.uplink_loss_frac
    if loss == 0 or "uplink" not in used_stations(evaluation):
        return None
    words = (
        f"A message is sent {1.0 / (1.0 - loss):.3g} times on average: whole, at once, and each "
        "time lost independently of the last. "
    )
    state: State = "amber"
    if scenario.arrivals == "synchronised":
        state = "red" if loss > 0.05 else "amber"
        words += (
            "In a burst the mean was within 6 % of simulation, p95 4 to 14 % and p99 2 to 22 % off."
        )
    elif scenario.arrivals != "poisson":
        words += "With this pattern of arrivals p95 was within 3 % of simulation, p99 1 to 6 % low."
    elif scenario.uplink_slow_frac > 0 and scenario.uplink_discipline == "ps":
        words += "On a shared link that fades p95 was 6 % below simulation, p99 11 to 13 %."
    else:
        state = "green"
        words += (
            "The mean was within 1 % of simulation, p95 and p99 within 2 % in order of arrival and "
            "within 4 % on a shared link."
        )
    return Light(
        "repeats",
        "Messages sent again",
        state,
        words,
        ("mean", "tail"),
        {"uplink_loss_frac": 0.0},
        "Lose nothing",
    )


# Load of a link in order of arrival that makes what comes behind it more even than random.
_EVENS_OUT = 0.3


def room(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far the losses and times of a tier with a finite number of places hold."""
    scenario = evaluation.batch.scenario
    used = used_stations(evaluation)
    tiers = [tier for tier in ("edge", "cloud") if tier in used and limited(scenario, tier)]
    if not tiers:
        return None
    tier = max(tiers, key=lambda name: evaluation.value(f"{name}_lost_frac"))
    hop = {"edge": "uplink", "cloud": "backhaul"}[tier]
    servers = getattr(scenario, f"{tier}_servers_count")
    even = (
        getattr(scenario, f"{hop}_discipline") == "fcfs"
        and evaluation.value(f"{hop}_utilisation_frac") > _EVENS_OUT
    )
    exact = servers == 1 or scenario.compute_scv == 1
    lost = percent(evaluation.value(f"{tier}_lost_frac"))
    words = (
        f"{STATIONS[tier]} has {getattr(scenario, f'{tier}_places_count')} places and loses {lost} "
        "of what comes; times are of the answered requests, cost and energy of all. "
    )
    if exact:
        words += (
            "For arrivals at random this is exact: losses and means were within 1 % of simulation, "
            "p95 and p99 within 2 %"
        )
    else:
        words += (
            "Several machines: losses were within 4 % of simulation where more than 1 % is lost, "
            "means within 3 %, p95 and p99 within 9 %"
        )
    words += "; behind a shared link p99 up to 8 % too low. "
    if even:
        words += (
            f"{STATIONS[hop]} hands requests on more evenly than at random: losses were stated up "
            "to twice too high there."
        )
    state: State = "green" if exact and not even else "amber"
    return Light(
        "room",
        "Requests that find no place",
        state,
        sentence(words.strip()),
        ("mean", "tail"),
        {f"{tier}_places_count": None},
        "Let all of them wait",
    )


# Keeping times over starting times from which on clusters of cold starts stay apart, and how far
# the share of cold starts may be off there.
_APART, _COLD_ERROR = 10.0, 1.25
_TAILS = (0.05, 0.01, 0.001)


def cold_starts(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far the cold starts of an elastic cloud hold, and what is paid for."""
    scenario = evaluation.batch.scenario
    used = used_stations(evaluation)
    if scenario.cloud_discipline != "elastic" or "cloud" not in used:
        return None
    cold = evaluation.value("cloud_cold_frac")
    start, keep = scenario.cloud_cold_start_s, scenario.cloud_keep_alive_s
    words = (
        f"{format_quantity(cold, 'frac', 2)} of the requests at the cloud meet a cold machine and "
        f"wait {format_quantity(start, 's', 2)}; nobody queues, whatever the load. "
    )
    apart = keep >= _APART * start
    words += (
        "The share was within 25 % of simulation, mostly within 10 %, the mean within 1 %. "
        if apart
        else "Machines are kept for less than ten times as long as they take to start: the share "
        "was up to 1.9 times that of simulation. "
    )
    even = [
        hop
        for hop in ("uplink", "backhaul")
        if hop in used
        and getattr(scenario, f"{hop}_discipline") == "fcfs"
        and evaluation.value(f"{hop}_service_s") > evaluation.value("cloud_service_s")
    ]
    if even:
        words += (
            f"{sentence(STATIONS[even[0]])} hands requests on one by one, so that they hardly meet "
            "in the cloud: fewer machines start than stated. "
        )
    near = any(tail / _COLD_ERROR < cold < tail * _COLD_ERROR for tail in _TAILS)
    if near:
        words += "A percentile lies where the cold starts begin: it may be either time. "
    words += "Paid are services and starts, at the paid share of cloud time in use."
    state: State = "green" if apart and not even and not near else "amber"
    return Light("cold", "Cold starts in the cloud", state, words, ("mean", "tail"))
