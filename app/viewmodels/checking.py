"""Closed form beside simulation: what each says, and whether the difference means anything."""

from __future__ import annotations

__all__ = ["Comparison", "Figure", "Row", "compare", "compare_figures", "rare", "verdict"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

from text import format_quantity, format_range

from analytic_models import Evaluation
from analytic_models.lights_envelope import Envelope, envelope
from analytic_models.simulation import Estimate, SimulationResult
from viewmodels.losses import has_room

_NAMES = (
    ("mean", "latency_mean_s", "mean_s", "mean"),
    ("half of the requests (p50)", "latency_p50_s", "p50_s", ""),
    ("95 % (p95)", "latency_p95_s", "p95_s", "p95"),
    ("99 % (p99)", "latency_p99_s", "p99_s", "p99"),
    ("99.9 % (p99.9)", "latency_p999_s", "p999_s", ""),
)


@dataclass(frozen=True)
class Figure:
    """One figure twice: words, unit, value by the laws (nan: none), by a run, and its envelope."""

    label: str
    unit: str
    closed: float
    found: Estimate
    expected: Envelope | None = None


@dataclass(frozen=True)
class Row:
    """One figure twice, in words.

    Parameters
    ----------
    label, closed, simulated, interval, difference
        Words, value by the laws, value by simulation, its 95 % interval, relative difference.
    inside
        Whether the closed form lies in the interval; None where there is none.
    expected
        Difference that the lights lead one to expect; empty where it was not measured.
    verdict
        ``agrees``: within the interval; ``within`` or ``outside the envelope`` of the lights, or
        ``outside the interval`` where they state none; empty without a closed form.
    """

    label: str
    closed: str
    simulated: str
    interval: str
    difference: str
    inside: bool | None
    expected: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Comparison:
    """All figures of a run beside the laws', a sentence, and what speaks against the run."""

    rows: tuple[Row, ...]
    sentence: str
    remarks: tuple[str, ...]


def compare(evaluation: Evaluation, result: SimulationResult) -> Comparison:
    """Set the laws beside a run."""
    expected = envelope(evaluation)
    figures = [
        Figure(label, "s", evaluation.value(quantity), getattr(result, name), expected.get(allowed))
        for label, quantity, name, allowed in _NAMES
    ]
    if has_room(evaluation.batch.scenario):
        lost = rare(result.lost_frac, len(result.sojourn_s))
        figures.append(Figure("lost", "frac", evaluation.value("lost_frac"), lost))
    late = evaluation.value("deadline_miss_frac")
    figures.append(Figure("too late", "frac", late, rare(result.miss_frac, len(result.sojourn_s))))
    return compare_figures(figures, verdict(evaluation, result), result.unsteady)


def rare(found: Estimate, requests: int) -> Estimate:
    """Bound a share that no request of a run showed: up to 3/n remain possible (rule of three)."""
    return Estimate(0.0, 3.0 / requests) if found.value == 0.0 and requests else found


def compare_figures(
    figures: Sequence[Figure], sentence: str, remarks: Sequence[str] = ()
) -> Comparison:
    """Set figures beside those of a run.

    Parameters
    ----------
    figures
        What both say.
    sentence
        What it means.
    remarks
        What speaks against the run.
    """
    return Comparison(tuple(_row(figure) for figure in figures), sentence, tuple(remarks))


def _row(figure: Figure) -> Row:
    closed, found, unit = figure.closed, figure.found, figure.unit
    known = math.isfinite(found.half_width) and math.isfinite(found.value)
    low = max(found.low, 0.0)
    few = "" if math.isnan(found.half_width) else "too few"
    interval = format_range(low, found.high, unit) if known else few
    difference, inside, judged = "", None, ""
    if math.isfinite(closed) and math.isfinite(found.value) and found.value > 0:
        difference = f"{100 * (closed / found.value - 1):+.1f} %".replace("-", "−")
    if known and math.isfinite(closed):
        inside = found.covers(closed) or math.isclose(closed, found.value, rel_tol=1e-9)
        judged = "agrees" if inside else "outside the interval"
        if not inside and figure.expected is not None:
            fits = figure.expected.holds(closed, low, found.high)
            judged = "within the envelope" if fits else "outside the envelope"
    return Row(
        figure.label,
        "none" if math.isnan(closed) else format_quantity(closed, unit),
        format_quantity(found.value, unit),
        interval,
        difference,
        inside,
        _expected(figure.expected),
        judged,
    )


def _expected(found: Envelope | None) -> str:
    if found is None:
        return ""
    ends = (f"{100 * end:+.0f}".replace("-", "−") for end in (found.low, found.high))
    return " to ".join(ends) + " %"


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
    start = f"At p99 the closed form is {abs(100 * off):.0f} % {side} the run"
    expected = envelope(evaluation).get("p99")
    if expected is None:
        return f"{start}; the lights state no envelope for this case."
    fits = expected.holds(closed, max(found.low, 0.0), found.high)
    where = "inside" if fits else "outside"
    return f"{start}, {where} the envelope of the lights ({_expected(expected)})."
