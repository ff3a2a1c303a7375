"""Closed form beside simulation: what each says, and whether the difference means anything."""

from __future__ import annotations

__all__ = ["Comparison", "Row", "compare", "verdict"]

import math
from dataclasses import dataclass

from text import format_quantity, format_range

from analytic_models import Evaluation
from analytic_models.simulation import Estimate, SimulationResult

_NAMES = (
    ("mean", "latency_mean_s", "mean_s"),
    ("half of the requests (p50)", "latency_p50_s", "p50_s"),
    ("95 % (p95)", "latency_p95_s", "p95_s"),
    ("99 % (p99)", "latency_p99_s", "p99_s"),
    ("99.9 % (p99.9)", "latency_p999_s", "p999_s"),
)


@dataclass(frozen=True)
class Row:
    """One figure twice.

    Parameters
    ----------
    label, closed, simulated, interval, difference
        Words, value by the laws, value by simulation, its 95 % interval, relative difference.
    inside
        Whether the closed form lies in the interval; None where there is none.
    """

    label: str
    closed: str
    simulated: str
    interval: str
    difference: str
    inside: bool | None


@dataclass(frozen=True)
class Comparison:
    """All figures of a run beside the laws', a sentence, and what speaks against the run."""

    rows: tuple[Row, ...]
    sentence: str
    remarks: tuple[str, ...]


def compare(evaluation: Evaluation, result: SimulationResult) -> Comparison:
    """Set the laws beside a run."""
    rows = [
        _row(label, "s", evaluation.value(quantity), getattr(result, name))
        for label, quantity, name in _NAMES
    ]
    rows.append(_row("too late", "frac", evaluation.value("deadline_miss_frac"), result.miss_frac))
    return Comparison(tuple(rows), verdict(evaluation, result), result.unsteady)


def _row(label: str, unit: str, closed: float, estimate: Estimate) -> Row:
    known = math.isfinite(estimate.half_width) and math.isfinite(estimate.value)
    interval = format_range(max(estimate.low, 0.0), estimate.high, unit) if known else "too few"
    difference, inside = "", None
    if math.isfinite(closed) and math.isfinite(estimate.value) and estimate.value > 0:
        difference = f"{100 * (closed / estimate.value - 1):+.1f} %".replace("-", "−")
    if known and math.isfinite(closed):
        inside = estimate.covers(closed)
    simulated = format_quantity(estimate.value, unit)
    return Row(label, format_quantity(closed, unit), simulated, interval, difference, inside)


def verdict(evaluation: Evaluation, result: SimulationResult) -> str:
    """Say in a sentence what a run means for the closed form."""
    if not result.steady:
        return "The run has not settled: its figures are a glimpse, not a check."
    closed = evaluation.value("latency_p99_s")
    found = result.p99_s
    if not math.isfinite(closed):
        return "The laws see no steady state; a run only shows how the queue grows."
    off = closed / found.value - 1
    if found.covers(closed):
        return "The closed form lies within the uncertainty of the run at p99."
    side = "above" if off > 0 else "below"
    return f"At p99 the closed form is {abs(100 * off):.0f} % {side} the run."
