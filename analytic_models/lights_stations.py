"""Lights of stations of their own kind: a link that repeats what it lost."""

from __future__ import annotations

__all__ = ["repeats"]

from analytic_models.catalog import Catalog
from analytic_models.evaluation import Evaluation
from analytic_models.lights_basis import Light, State, used_stations


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
