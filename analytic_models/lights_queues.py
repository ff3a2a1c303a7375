"""Lights of the queues: servers, sharing, batches, the order of service, stations in a row."""

from __future__ import annotations

__all__ = [
    "batching",
    "discipline",
    "evens_out",
    "few_servers",
    "hands_on_clumps",
    "meets_again",
    "sharing",
    "smoothing",
]

import math
from functools import lru_cache

import numpy as np

from analytic_models.catalog import Catalog
from analytic_models.design import Case
from analytic_models.display import format_quantity
from analytic_models.evaluation import Evaluation, evaluate
from analytic_models.lights_basis import (
    STATIONS,
    Light,
    State,
    busiest,
    limited,
    percent,
    sentence,
    used_stations,
)
from analytic_models.lookups import is_special

_NEARLY_FULL = 0.9
_SAME = 0.10
_MEETS_A_QUEUE = 0.05


def few_servers(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far the wait at several servers in order of arrival holds."""
    scenario = evaluation.batch.scenario
    many = [
        tier
        for tier in used_stations(evaluation, ("edge", "cloud"))
        if getattr(scenario, f"{tier}_servers_count") > 1
        and getattr(scenario, f"{tier}_discipline") == "fcfs"
        and not limited(scenario, tier)
    ]
    if not many or scenario.compute_scv == 1:
        return None
    name, load = busiest(evaluation, many)
    state: State = "amber" if load > 0.5 else "green"
    words = (
        f"Several machines at {STATIONS[name]} share a queue, at {percent(load)}: means were "
        "-5.6 to +1.5 %, p95 and p99 -3 to +4 % from simulation for 2 to 16 machines up to "
        "variation 1, -8 to +1 % at variation 4."
    )
    return Light("servers", "Waits behind several machines", state, words, ("tail",))


def sharing(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far percentiles hold where requests share a station."""
    scenario = evaluation.batch.scenario
    shared = [s for s in used_stations(evaluation) if getattr(scenario, f"{s}_discipline") == "ps"]
    if not shared or scenario.arrivals != "poisson":
        return None
    name, load = busiest(evaluation, shared)
    far = scenario.message_scv > 1 and name in ("uplink", "backhaul")
    clumps, meets = hands_on_clumps(evaluation), meets_again(evaluation)
    state: State = "amber" if far or clumps or load > _NEARLY_FULL else "green"
    words = (
        f"Percentiles of the time in {STATIONS[name]}, which is shared, are a fit where the work "
        "is not exponential: p95 and p99 were within 2 % of simulation up to variation 1, p95 9 % "
        "below it at 4."
    )
    if meets:
        words += (
            " Requests that share a link meet again in the queue behind it, and the figures count "
            "that: of link and queue together p99 was -3 to +3 % from simulation, up to +5 % "
            "where messages vary by half; p95 -3 to +5 %, -7 % on a link loaded below 30 %."
        )
    elif clumps:
        words += (
            " Requests that share a link leave it together: with a queue in order of arrival "
            "behind it, p95 and p99 of the whole were 3 to 11 % below simulation."
        )
    return Light("sharing", "Tail of shared stations", state, words, ("tail",))


def meets_again(evaluation: Evaluation) -> bool:
    """Whether the figures count that requests which shared a hop meet again behind it."""
    columns = evaluation.batch.columns
    return any(
        np.any(np.greater(columns[f"{hop}_meeting_flag"], 0.0))
        and evaluation.value(f"{hop}_service_s") > 0
        and evaluation.value(f"{tier}_service_s") > 0
        for hop, tier in (("uplink", "edge"), ("backhaul", "cloud"))
    )


def hands_on_clumps(evaluation: Evaluation) -> bool:
    """Whether a shared hop hands fixed messages on to a busy queue, and no figure counts it."""
    scenario = evaluation.batch.scenario
    return (
        is_special(scenario)
        and scenario.message_scv < 1
        and any(
            getattr(scenario, f"{hop}_discipline") == "ps"
            and evaluation.value(f"{hop}_service_s") > 0
            and getattr(scenario, f"{tier}_discipline") == "fcfs"
            and evaluation.value(f"{tier}_waiting_frac") > _MEETS_A_QUEUE
            for hop, tier in (("uplink", "edge"), ("backhaul", "cloud"))
        )
    )


def batching(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say how far the laws of batches hold."""
    scenario = evaluation.batch.scenario
    tiers = [
        tier
        for tier in used_stations(evaluation, ("edge", "cloud"))
        if getattr(scenario, f"{tier}_discipline") == "batch"
    ]
    if not tiers:
        return None
    words = (
        "The mean is an upper bound, 0 to 9 % above the exact chain; p95 and p99 were within 4 % "
        "of simulation. The time that one more request adds comes from efficiencies measured at "
        "single requests, so larger batches may be faster than stated."
    )
    return Light("batching", "Batches", "amber", words, ("mean", "tail", "work"))


@lru_cache(maxsize=512)
def _required(case: Case) -> float:
    return evaluate(case, ["latency_p99_s"]).value("latency_p99_s")


def discipline(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say what the other order of service at the busiest station would do."""
    scenario = evaluation.batch.scenario
    names = [
        s
        for s in used_stations(evaluation)
        if getattr(scenario, f"{s}_discipline") in ("fcfs", "ps") and not limited(scenario, s)
    ]
    names = [s for s in names if s != "device"]
    name, _ = busiest(evaluation, names)
    if not name or evaluation.batch.user_data is not None:
        return None
    now = getattr(scenario, f"{name}_discipline")
    other = "ps" if now == "fcfs" else "fcfs"
    change = {f"{name}_discipline": other}
    here = evaluation.value("latency_p99_s")
    there = _required(evaluation.case().with_scenario(**change))
    if not (math.isfinite(here) and math.isfinite(there)) or here <= 0:
        return None
    state: State = "green" if abs(there / here - 1.0) <= _SAME else "amber"
    kinds = {"fcfs": "first come, first served", "ps": "shared by all at once"}
    words = (
        f"{STATIONS[name]} is {kinds[now]}: p99 is {format_quantity(here, 's', 2)}; if it were "
        f"{kinds[other]}, {format_quantity(there, 's', 2)}."
    )
    return Light(
        "discipline",
        "How the busiest station serves",
        state,
        sentence(words),
        ("mean", "tail"),
        change,
        f"Make it {kinds[other]}",
    )


def smoothing(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say what it costs to feed each station as if it stood alone."""
    if len(used_stations(evaluation)) < 2:
        return None
    words = (
        "Each station is fed as if nothing stood before it; but behind a link in order of arrival "
        "with fixed transfers a tier of fixed work waits less, which the figures count: exact for "
        "one server, within 3 % of simulation for several. Chains of other work were up to 7 % "
        "above simulation in the mean, p99 up to 5 %."
    )
    if evens_out(evaluation):
        words += (
            " Here work that varies little stands before a queue and evens its flow out, which no "
            "figure counts: with equal loads the mean was up to 32 % and p99 up to 18 % above "
            "simulation, behind a single machine of fixed work up to twice as long."
        )
        return Light("smoothing", "Stations in a row", "amber", words)
    return Light("smoothing", "Stations in a row", "green", words)


def evens_out(evaluation: Evaluation) -> bool:
    """Whether even work in order of arrival stands before a queue that is taken as fed at random.

    The queue counts where its wait is a twentieth of the mean latency.
    """
    scenario, columns = evaluation.batch.scenario, evaluation.batch.columns
    fixed = scenario.message_scv == scenario.compute_scv == 0
    for before, station in (("uplink", "edge"), ("edge", "backhaul"), ("backhaul", "cloud")):
        scv = scenario.compute_scv if before == "edge" else scenario.message_scv
        alone = before != "edge" or scenario.edge_servers_count == 1
        counted = fixed and np.any(np.greater(columns.get(f"{station}_spaced_flag", 0.0), 0.0))
        waits = evaluation.value(f"{station}_wait_s")
        if (
            getattr(scenario, f"{before}_discipline") == "fcfs"
            and alone
            and not counted
            and scv < 1
            and evaluation.value(f"{before}_utilisation_frac") > _MEETS_A_QUEUE
            and math.isfinite(waits)
            and waits > _MEETS_A_QUEUE * evaluation.value("latency_mean_s")
        ):
            return True
    return False
