"""The populations at which a plan stops being optimal, selfish and stable."""

from __future__ import annotations

__all__ = ["Thresholds", "thresholds"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix_values import LinkThresholds, link_thresholds
from analytic_models.optimizers.protocols import DemandTable as AnyTable

_STEPS = 512


@dataclass(frozen=True)
class Thresholds:
    """Populations at which the load-blind plan stops being right.

    Parameters
    ----------
    hold
        Largest population for which everybody on the load-blind plan is the system optimum.
    selfish
        Largest population for which nobody wants to leave it.
    saturated
        Population at which a station saturates if everybody stays on it; ``inf`` if it needs none.
    station
        The station that saturates first; empty if none.
    link
        Closed forms for that station alone (requests per second), where the plan that relieves it
        needs no shared station and the station has one processor-sharing server; else None.
    reason
        Why there is no closed form; empty if there is one.
    """

    hold: float
    selfish: float
    saturated: float
    station: str = ""
    link: LinkThresholds | None = None
    reason: str = ""


def thresholds(classes: Sequence[AnyTable], rows: Sequence[int], present: float) -> Thresholds:
    """Return the populations at which a plan stops being optimal, selfish and stable.

    Parameters
    ----------
    classes
        Tables of the classes at the present population.
    rows
        The plan: a row per class.
    present
        Devices of all classes together at the tables' arrival rates.

    Notes
    -----
    The plan is optimal while no other row has a smaller cost at the marginal prices N′, and an
    equilibrium while none has at the sojourns h. The first sign change is bracketed on 512 loads
    up to saturation and then bisected.
    """
    servers = np.asarray(classes[0].servers, dtype=np.float64)
    pairs = list(zip(classes, rows, strict=True))
    work = np.sum([table.arrival_per_s * table.work_s[row] for table, row in pairs], axis=0)
    load = work / present / servers
    tight = int(load.argmax())
    if not load[tight] > 0.0:
        return Thresholds(np.inf, np.inf, np.inf, reason="the plan uses no shared station")
    saturated = 1.0 / float(load[tight])
    stations = Stations(servers)

    def margin(count: float, prices: str) -> tuple[float, int, int]:
        price = getattr(stations, prices)(work * (count / present))
        best = (np.inf, 0, 0)
        for place, (table, row) in enumerate(pairs):
            cost = table.delay_s + table.work_s @ price
            other = int(cost.argmin())
            # Rounding of equal costs is no reason to leave.
            slack = 1e-12 * abs(float(cost[row]))
            best = min(best, (float(cost[other] - cost[row]) + slack, place, other))
        return best

    found = {name: _first_leave(margin, name, saturated) for name in ("number_slope", "sojourn")}
    hold, selfish = found["number_slope"], found["sojourn"]
    link, reason = None, "no plan relieves the station before it saturates"
    if selfish < saturated * (1.0 - 1e-9):
        _, place, other = margin(min(selfish * (1.0 + 1e-6), saturated * (1.0 - 1e-9)), "sojourn")
        link, reason = _closed_form(classes, place, rows, other, tight)
    return Thresholds(hold, selfish, saturated, classes[0].stations[tight], link, reason)


def _first_leave(
    margin: Callable[[float, str], tuple[float, int, int]], prices: str, saturated: float
) -> float:
    """Return the smallest population at which some other row is cheaper, at most saturation."""
    counts = saturated * (1.0 - (1.0 - np.arange(1, _STEPS) / _STEPS) ** 3) * (1.0 - 1e-12)
    low = 0.0
    for count in counts:
        if margin(float(count), prices)[0] < 0.0:
            high = float(count)
            for _ in range(60):
                middle = 0.5 * (low + high)
                low, high = (low, middle) if margin(middle, prices)[0] < 0.0 else (middle, high)
            return low
        low = float(count)
    return saturated


def _closed_form(
    classes: Sequence[AnyTable], place: int, rows: Sequence[int], other: int, tight: int
) -> tuple[LinkThresholds | None, str]:
    """Return the closed forms of one link with a private alternative, or why there are none."""
    table, row = classes[place], rows[place]
    if len(classes) > 1:
        return None, "the closed form knows one class"
    if table.servers[tight] != 1.0 or table.discipline[tight] != "ps":
        return None, f"{table.stations[tight]} is not one processor-sharing server"
    if np.any(table.work_s[other] > 0.0):
        return None, "the plan that relieves the station needs a shared station itself"
    rest = float(table.delay_s[row] + np.delete(table.work_s[row], tight).sum())
    return link_thresholds(float(table.work_s[row, tight]), rest, float(table.delay_s[other])), ""
