"""Lights of urgent requests: who goes first, and how far the laws of two classes hold."""

from __future__ import annotations

__all__ = ["urgency"]

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
