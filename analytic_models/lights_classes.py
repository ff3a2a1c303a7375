"""Lights of urgent requests, and of devices that wait for their answers."""

from __future__ import annotations

__all__ = ["uneven_in_order", "urgency", "waiting_devices"]

from analytic_models.catalog import Catalog
from analytic_models.display import format_quantity
from analytic_models.evaluation import Evaluation
from analytic_models.lights_basis import (
    STATIONS,
    Light,
    State,
    busiest,
    percent,
    used_stations,
)
from analytic_models.scenario_load import PRIORITIES

_TESTED = 0.85


def urgency(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    """Say what each class gets where urgent requests go first, and how far that holds."""
    scenario = evaluation.batch.scenario
    tiers = [
        tier
        for tier in used_stations(evaluation, ("edge", "cloud"))
        if getattr(scenario, f"{tier}_discipline") in PRIORITIES
    ]
    if not tiers:
        return None
    many = [tier for tier in tiers if getattr(scenario, f"{tier}_servers_count") > 1]
    name, load = busiest(evaluation, tiers)
    fits = load <= _TESTED and (not many or scenario.compute_scv == 1)
    state: State = "green" if fits else "amber"
    urgent, others = (
        format_quantity(evaluation.value(f"latency_{which}_mean_s"), "s", 3)
        for which in ("urgent", "others")
    )
    words = f"Urgent requests take {urgent} on average, the others {others}. "
    if many:
        words += (
            f"Several machines at {STATIONS[many[0]]} are taken as one of their joint speed: with "
            "2 to 16 machines the means of both classes were -4 to +3 %, p95 -8 to +7 % and p99 "
            "-5 to +17 % from simulation for fixed work, all within 2 % for exponential work."
        )
    else:
        words += (
            f"One machine at {STATIONS[name]}: the laws are exact, means and percentiles were "
            f"within 2 % of simulation up to {percent(_TESTED)} load; it is at {percent(load)}."
        )
    return Light("urgency", "Who goes first", state, words, ("mean", "tail"))


def waiting_devices(evaluation: Evaluation) -> Light:
    """Say what follows from devices that wait for their answers, and how far the laws hold."""
    per_device = evaluation.value("device_arrival_per_s")
    _, load = busiest(evaluation, used_stations(evaluation))
    state: State = "amber" if uneven_in_order(evaluation) or load > _TESTED else "green"
    words = (
        "Every device waits for its answer before it pauses and asks again: "
        f"{format_quantity(per_device, '1/s', 3)} from each. Throughput and means are exact where "
        "stations share or work is exponential, and p95 and p99 were -4 to +9 % from simulation; "
        "with fixed work in order of arrival throughput was within 1.3 %, the mean -1 to +9 %, p95 "
        "-8 to +9 % and p99 -8 to +17 %. The busiest station is at "
        f"{percent(load)}."
    )
    return Light("arrivals", "When requests come", state, words)


def uneven_in_order(evaluation: Evaluation) -> bool:
    """Whether a shared station serves work that is not exponential in order of arrival."""
    scenario = evaluation.batch.scenario
    spread = {"uplink": scenario.message_scv, "backhaul": scenario.message_scv}
    return any(
        spread.get(station, scenario.compute_scv) != 1
        and getattr(scenario, f"{station}_discipline") == "fcfs"
        for station in used_stations(evaluation, ("uplink", "edge", "backhaul", "cloud"))
    )
