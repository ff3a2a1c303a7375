"""The share of requests that take longer than each time, by the laws and by a run."""

from __future__ import annotations

__all__ = ["Band", "Tail", "band", "tail"]

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import format_quantity, scale_for

from analytic_models import Case, sweep
from analytic_models.simulation import SimulationResult
from viewmodels.certainty import certainty
from viewmodels.current import evaluated
from viewmodels.display import as_given
from viewmodels.losses import lost_words

_POINTS = 161
_LEAST = 1e-4
_PERCENTILES = (
    ("p50", "latency_p50_s", 0.5),
    ("p95", "latency_p95_s", 0.05),
    ("p99", "latency_p99_s", 0.01),
    ("p99.9", "latency_p999_s", 0.001),
)
# Bounds of the deadline, which the curve sweeps.
_SHORTEST, _LONGEST = 1e-4, 3600.0


@dataclass(frozen=True)
class Tail:
    """The curve in display units.

    Parameters
    ----------
    times, above
        Times and the share of requests beyond each.
    marks
        Percentiles: name, time, share beyond, and the time in words with the digits that are known.
    deadline, missed, unit, factor
        Deadline, share beyond it in words, display unit, and how many of it are a second.
    sentence
        What the curve says.
    least
        Smallest share that is drawn.
    """

    times: tuple[float, ...]
    above: tuple[float | None, ...]
    marks: tuple[tuple[str, float, float, str], ...]
    deadline: float
    missed: str
    unit: str
    factor: float
    sentence: str
    least: float = _LEAST


@dataclass(frozen=True)
class Band:
    """A run's curve with its 95 % band, on the times of a ``Tail``."""

    times: tuple[float, ...]
    above: tuple[float | None, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@lru_cache(maxsize=128)
def tail(case: Case) -> Tail | None:
    """Evaluate the curve of a case by transform inversion; None where requests pile up."""
    evaluation = evaluated(case)
    end = evaluation.value("latency_p999_s")
    if not math.isfinite(end):
        return None
    deadline = case.scenario.deadline_s
    first = max(0.8 * evaluation.value("latency_p50_s") * 0.4, _SHORTEST)
    last = min(max(1.25 * end, 1.1 * min(deadline, 3.0 * end)), _LONGEST)
    grid = np.unique(
        np.concatenate([np.linspace(first, last, _POINTS), [min(max(deadline, first), last)]])
    )
    above = sweep(case, {"deadline_s": grid}, ["late_frac"], exact=True)["late_frac"]
    scale = scale_for(end, "s")
    missed, lost = evaluation.value("late_frac"), lost_words(evaluation)
    known = certainty(case)
    digits = known.digits("late_frac", 2)
    shown = "fewer than 0.001 %" if missed < 1e-5 else format_quantity(missed, "frac", digits)
    limit = as_given(deadline, "s")
    return Tail(
        tuple(float(time) * scale.factor for time in grid),
        tuple(_drawn(float(share)) for share in above),
        tuple(
            (name, time * scale.factor, share, format_quantity(time, "s", known.digits(quantity)))
            for name, quantity, share in _PERCENTILES
            for time in (evaluation.value(quantity),)
        ),
        deadline * scale.factor,
        shown,
        scale.label,
        scale.factor,
        f"{shown} of the answers come later than the deadline of {limit}"
        + (f"; {lost}." if lost else "."),
    )


def band(found: Tail, result: SimulationResult) -> Band:
    """Put a run's curve on the times of the closed form's."""
    curve = result.ccdf(np.array(found.times) / found.factor)
    return Band(
        found.times,
        tuple(_drawn(float(share)) for share in curve.value),
        tuple(max(float(share), _LEAST / 10) for share in curve.low),
        tuple(max(float(share), _LEAST / 10) for share in curve.high),
    )


def _drawn(share: float) -> float | None:
    """Leave out what a logarithmic axis cannot show."""
    return share if share >= _LEAST / 10 else None
