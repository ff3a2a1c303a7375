"""Latency over the number of devices: where the deadline falls, and where a station gives way."""

from __future__ import annotations

__all__ = ["Cliff", "cliff"]

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import format_quantity, scale_for

from analytic_models import Case, sweep
from viewmodels.current import evaluated
from viewmodels.key_figures import STATION_WORDS, required_quantity
from viewmodels.losses import has_room

_POINTS = 65
_REACH, _LEAST_REACH = 8, 64
_STATIONS = tuple(STATION_WORDS)
_NEEDED = ("latency_required_s", "stable_flag", *(f"{name}_utilisation_frac" for name in _STATIONS))


@dataclass(frozen=True)
class Cliff:
    """The curve in display units.

    Parameters
    ----------
    devices
        Numbers of devices.
    latency
        Latency at each; None where requests pile up.
    unit, name
        Display unit, and which latency it is.
    deadline, now, shown, at_now
        Deadline in the same unit, the present number of devices, the right end of the axis, and the
        latency now (None if unstable).
    sentence
        Up to how many devices the deadline holds, and what gives way first.
    beyond
        Why there is no latency to show.
    """

    devices: tuple[int, ...]
    latency: tuple[float | None, ...]
    unit: str
    name: str
    deadline: float
    now: int
    shown: int
    at_now: float | None
    sentence: str
    beyond: str


@lru_cache(maxsize=256)
def cliff(case: Case) -> Cliff:
    """Evaluate a case for other numbers of devices, percentiles from three cumulants.

    The point of the present number is exact.
    """
    now = case.scenario.population_count
    reach = 2 ** math.ceil(math.log2(max(now * _REACH, _LEAST_REACH)))
    # The curve does not depend on where the slider of the devices stands.
    found, limit = _curve(case.with_scenario(population_count=1), reach)
    scale = scale_for(case.scenario.deadline_s, "s")
    evaluation = evaluated(case)
    stable = evaluation.value("stable_flag") > 0
    at_now = evaluation.value("latency_required_s") * scale.factor if stable else math.inf
    return Cliff(
        tuple(found),
        tuple(
            value * scale.factor if math.isfinite(value) else None for value, _ in found.values()
        ),
        scale.label,
        required_quantity(case.scenario)[1],
        case.scenario.deadline_s * scale.factor,
        now,
        _axis_end(now, limit, max(found)),
        at_now if math.isfinite(at_now) else None,
        _sentence(found, limit),
        "too many are lost" if has_room(case.scenario) else "overloaded",
    )


@lru_cache(maxsize=64)
def _curve(case: Case, reach: int) -> tuple[dict[int, tuple[float, str]], int | None]:
    """Latency and busiest station by number of devices, and the largest number in time."""
    found = _run(case, _grid(1, reach))
    return found, _last_in_time(case, found)


def _axis_end(now: int, limit: int | None, most: int) -> int:
    """Right end that shows both the present number and where the deadline falls."""
    return min(most, max(2 * now, 2 * (now if limit is None else limit), 8))


def _grid(low: int, high: int) -> list[int]:
    spaced = np.unique(np.round(np.geomspace(low, high, _POINTS)).astype(int))
    return [int(value) for value in spaced]


def _run(case: Case, devices: list[int]) -> dict[int, tuple[float, str]]:
    """Latency at each number of devices, and the busiest station there."""
    result = sweep(case, {"population_count": devices}, _NEEDED)
    busy = np.stack([result[f"{name}_utilisation_frac"] for name in _STATIONS])
    latency = np.where(result["stable_flag"] > 0, result["latency_required_s"], np.inf)
    filled = np.nan_to_num(busy)
    return {
        count: (float(latency[at]), _STATIONS[int(np.argmax(filled[:, at]))])
        for at, count in enumerate(devices)
    }


def _last_in_time(case: Case, found: dict[int, tuple[float, str]]) -> int | None:
    """Largest number of devices within the deadline; None when the curve never leaves it."""
    late = [n for n in sorted(found) if not found[n][0] <= case.scenario.deadline_s]
    if not late:
        return None
    high = late[0]
    low = max((n for n in found if n < high), default=0)
    while high - low > 1:
        inner = sorted({int(value) for value in np.linspace(low, high, 34)[1:-1]} - {low, high})
        closer = _run(case, inner)
        late = [n for n in inner if not closer[n][0] <= case.scenario.deadline_s]
        high = late[0] if late else high
        low = max([n for n in inner if n < high], default=low)
    return low


def _sentence(found: dict[int, tuple[float, str]], limit: int | None) -> str:
    most = max(found)
    if math.isnan(found[most][0]):
        return "A figure that the latency needs is not known."
    if limit is None:
        return f"The deadline holds for {format_quantity(most, 'count')} devices and more."
    station = STATION_WORDS[found[min(n for n in found if n > limit)][1]]
    if limit == 0:
        return f"Not even one device is served in time; {station} is the busiest part."
    many = format_quantity(limit, "count")
    return f"The deadline holds for up to {many} devices; then {station} gives way."
