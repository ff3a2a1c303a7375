"""Latency, misses and utilisation as the load grows, and what a little more capacity buys."""

from __future__ import annotations

__all__ = ["AXES", "Growth", "Offer", "growth", "offers"]

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from text import format_quantity, scale_for

from analytic_models import Case, Evaluation, evaluate, sweep
from viewmodels.certainty import certainty_of
from viewmodels.cliff import cliff
from viewmodels.current import evaluated
from viewmodels.key_figures import STATION_WORDS, required_quantity
from viewmodels.losses import piling_up

AXES = {"population_count": "devices", "arrival_per_s": "requests per second of each device"}
LINES = (
    ("mean", "latency_mean_s"),
    ("p95", "latency_p95_s"),
    ("p99", "latency_p99_s"),
)
_POINTS = 81
_BEYOND = 1.12
_LEAST = 1e-6
_STATIONS = tuple(STATION_WORDS)
_MORE_BIT_PER_S = 10e6


@dataclass(frozen=True)
class Growth:
    """Curves over the load, in display units.

    Parameters
    ----------
    axis, label
        Field that grows, and its words.
    loads
        Values of the axis.
    lines
        Name and latency of each curve; None where requests pile up.
    missed
        Share of late answers; None where it is too small to draw.
    busy
        Station, its words and its utilisation.
    bottleneck
        Words for the busiest station at each load.
    now, at_now
        Present load, and the latency of each curve there (None if unstable).
    limit
        Load at which the first queue grows without bound; None if beyond the axis.
    deadline, top, unit
        Deadline, end of the axis of latency, and display unit.
    sentence
        The finding.
    """

    axis: str
    label: str
    loads: tuple[float, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]
    missed: tuple[float | None, ...]
    busy: tuple[tuple[str, str, tuple[float, ...]], ...]
    bottleneck: tuple[str, ...]
    now: float
    at_now: tuple[float | None, ...]
    limit: float | None
    deadline: float
    top: float
    unit: str
    sentence: str


@dataclass(frozen=True)
class Offer:
    """What one more piece of capacity buys.

    Parameters
    ----------
    label
        Words for the piece.
    changes
        Scenario fields that add it.
    latency, missed, carried
        Latency that the deadline is held against, late answers, and devices until a queue grows
        without bound, each as text.
    gain
        Change of that latency in words.
    better
        Whether it helps by more than a per cent.
    """

    label: str
    changes: dict[str, Any]
    latency: str
    missed: str
    carried: str
    gain: str
    better: bool


@lru_cache(maxsize=128)
def growth(case: Case, axis: str) -> Growth:
    """Sweep the load of a case from next to nothing to beyond saturation.

    Percentiles come from three cumulants, as in every sweep; the point of the present load is
    exact.
    """
    now = float(getattr(case.scenario, axis))
    evaluation = evaluated(case)
    full = _saturation(evaluation, now)
    loads = _grid(axis, now, full)
    wanted = [quantity for _, quantity in LINES]
    names = [f"{station}_utilisation_frac" for station in _STATIONS]
    found = sweep(case, {axis: loads}, [*wanted, "deadline_miss_frac", "stable_flag", *names])
    stable = found["stable_flag"] > 0
    busy = np.stack([np.nan_to_num(found[name]) for name in names])
    scale = scale_for(case.scenario.deadline_s, "s")
    lines = tuple(
        (name, tuple(_curve(found[quantity], stable, scale.factor))) for name, quantity in LINES
    )
    missed = np.where(stable, found["deadline_miss_frac"], 1.0)
    deadline = case.scenario.deadline_s * scale.factor
    at_now = tuple(_finite(evaluation.value(quantity) * scale.factor) for _, quantity in LINES)
    return Growth(
        axis,
        AXES[axis],
        tuple(float(value) for value in loads),
        lines,
        tuple(float(share) if share >= _LEAST else None for share in missed),
        tuple(
            (station, STATION_WORDS[station], tuple(float(value) for value in row))
            for station, row in zip(_STATIONS, busy, strict=True)
            if row.max() > 0
        ),
        tuple(STATION_WORDS[_STATIONS[int(at)]] for at in busy.argmax(axis=0)),
        now,
        at_now,
        full if full <= loads[-1] else None,
        deadline,
        _top(deadline, lines),
        scale.label,
        _sentence(case, evaluation, axis, full),
    )


def _saturation(evaluation: Evaluation, now: float) -> float:
    """Load at which the busiest station is full: utilisation grows in proportion.

    Devices that wait for their answers never fill a station beyond what it can do.
    """
    if evaluation.batch.scenario.arrivals == "closed":
        return math.inf
    names = piling_up(evaluation.batch.scenario, _STATIONS)
    busiest = max(_known(evaluation.value(f"{s}_utilisation_frac")) for s in names)
    return now / busiest if busiest > 0 else math.inf


def _grid(axis: str, now: float, full: float) -> NDArray[np.float64]:
    end = max(_BEYOND * full, 1.25 * now) if math.isfinite(full) else 4.0 * max(now, 1.0)
    end = min(end, 25.0 * max(now, 1e-3))
    least = 1.0 if axis == "population_count" else end / _POINTS
    end = max(end, 4.0) if axis == "population_count" else min(end, 1e4)
    # Far beyond saturation an even grid would leave the curves themselves a few points only.
    curved = np.linspace(least, min(full, end), _POINTS // 2)[:-1]
    loads = np.concatenate([np.linspace(least, end, _POINTS), curved, [now]])
    return np.unique(np.round(loads) if axis == "population_count" else loads)


def _curve(
    values: NDArray[np.float64], stable: NDArray[np.bool_], factor: float
) -> Iterator[float | None]:
    for value, keeps in zip(values, stable, strict=True):
        yield float(value) * factor if keeps and math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _top(deadline: float, lines: tuple[tuple[str, tuple[float | None, ...]], ...]) -> float:
    low = [values[0] for _, values in lines if values[0] is not None]
    return max(3.0 * deadline, 2.0 * max(low, default=0.0))


def _sentence(case: Case, evaluation: Evaluation, axis: str, full: float) -> str:
    if axis == "population_count":
        return cliff(case).sentence
    names = piling_up(evaluation.batch.scenario, _STATIONS)
    busiest = max(names, key=lambda s: _known(evaluation.value(f"{s}_utilisation_frac")))
    if case.scenario.arrivals == "closed":
        return f"Devices wait for their answers; {STATION_WORDS[busiest]} is the busiest part."
    if not math.isfinite(full):
        return "No queue can grow without bound."
    rate = format_quantity(full, "1/s", 3)
    return f"At {rate} from each device {STATION_WORDS[busiest]} is full and its queue grows."


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


@lru_cache(maxsize=128)
def offers(case: Case) -> tuple[Offer, ...]:
    """Evaluate one more server or 10 Mbit/s more, each alone; the present state comes first."""
    evaluation = evaluated(case)
    scenario = case.scenario
    quantity, _ = required_quantity(scenario)
    found = [_offer("as it is", {}, evaluation, evaluation, quantity)]
    for label, changes in _pieces(evaluation):
        other = evaluate(case.with_scenario(**changes))
        found.append(_offer(label, changes, other, evaluation, quantity))
    return tuple(found)


def _pieces(evaluation: Evaluation) -> Iterator[tuple[str, dict[str, Any]]]:
    scenario = evaluation.batch.scenario
    for tier, words in (("edge", "one more edge server"), ("cloud", "one more cloud server")):
        name = f"{tier}_servers_count"
        if evaluation.value(f"{tier}_service_s") > 0:
            more = getattr(scenario, name) + 1
            places = getattr(scenario, f"{tier}_places_count")
            # A server needs a place of its own.
            room = {f"{tier}_places_count": more} if places is not None and places < more else {}
            yield words, {name: more, **room}
    for hop in ("uplink", "backhaul"):
        rate = evaluation.value(f"{hop}_bit_per_s")
        if evaluation.value(f"{hop}_service_s") > 0 and math.isfinite(rate):
            yield f"10 Mbit/s more on the {hop}", {f"{hop}_bit_per_s": rate + _MORE_BIT_PER_S}
    if scenario.population_count > 1:
        fewer = max(int(0.9 * scenario.population_count), 1)
        if fewer < scenario.population_count:
            yield "10 % fewer devices", {"population_count": fewer}


def _offer(
    label: str, changes: dict[str, Any], after: Evaluation, before: Evaluation, quantity: str
) -> Offer:
    old, new = before.value(quantity), after.value(quantity)
    gain, better = "", False
    if changes and math.isfinite(new):
        better = not new > 0.99 * old
        gain = f"{100 * (new / old - 1):+.0f} %" if math.isfinite(old) else "stable now"
        gain = "next to nothing" if math.isfinite(old) and abs(new / old - 1) < 0.01 else gain
    full = _saturation(after, float(after.batch.scenario.population_count))
    carried = f"{math.ceil(full) - 1:,}".replace(",", "\u202f") if math.isfinite(full) else "any"
    missed, known = after.value("deadline_miss_frac"), certainty_of(after)
    digits = known.digits("deadline_miss_frac", 2)
    late = "all" if not math.isfinite(new) else format_quantity(missed, "frac", digits)
    late = "under 0.001 %" if missed < 1e-5 and math.isfinite(new) else late
    return Offer(
        label,
        changes,
        format_quantity(new, "s", known.digits(quantity)),
        late,
        carried,
        gain.replace("-", "\u2212"),
        better,
    )


def moved(case: Case, axis: str, to: float) -> Case:
    """Return the case at another load."""
    value: float = max(round(to), 1) if axis == "population_count" else to
    return case.with_scenario(**{axis: value})
