"""A calibration in display units: what was computed before and after, against what was measured."""

from __future__ import annotations

__all__ = ["FitDot", "FitGroup", "calibrated"]

import math
from dataclasses import dataclass
from functools import lru_cache

from text import UNKNOWN, format_quantity, plain

from analytic_models.calibration import CalibratedGroup
from analytic_models.user_catalog import calibration_of, catalog_for
from analytic_models.user_data import UserData

STAGES = {
    "before": "before",
    "after": "after, on the rows of the fit",
    "unseen": "after, on networks it has not seen",
}


@dataclass(frozen=True)
class FitDot:
    """One measurement: name, seconds measured, and seconds computed at each stage."""

    name: str
    measured_s: float
    before_s: float
    after_s: float
    unseen_s: float
    text: str


@dataclass(frozen=True)
class FitGroup:
    """The fit of one machine at one precision.

    Parameters
    ----------
    factors
        Name and value of what was multiplied.
    errors
        Stage in words, median error and the factor that nine of ten stay within, as texts.
    sentence
        The gain in one sentence.
    """

    machine: str
    label: str
    precision: str
    factors: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str, str], ...]
    dots: tuple[FitDot, ...]
    sentence: str


@lru_cache(maxsize=16)
def calibrated(data: UserData) -> tuple[FitGroup, ...]:
    """Describe the fits behind the measurements of a user."""
    catalog = catalog_for(data)
    found = []
    for group in calibration_of(data).groups:
        label = plain(catalog.machines[group.machine].label, 48)
        dots = tuple(
            FitDot(
                plain(catalog.dnns.label(row.measurement.dnn), 40),
                row.measurement.latency_s,
                row.before_s,
                row.after_s,
                row.unseen_s,
                format_quantity(row.measurement.latency_s, "s"),
            )
            for row in group.rows
        )
        found.append(
            FitGroup(
                group.machine,
                label,
                group.precision,
                (
                    ("Share of the peak", _times(group.compute_factor)),
                    ("Share of the bandwidth", _times(group.memory_factor)),
                    ("Time per layer", _times(group.launch_factor)),
                ),
                tuple(_error(group, stage) for stage in STAGES),
                dots,
                _sentence(group, label),
            )
        )
    return tuple(found)


def _times(factor: float) -> str:
    return f"× {factor:.3g}"


def _error(group: CalibratedGroup, stage: str) -> tuple[str, str, str]:
    median, spread = group.error(stage)
    if math.isnan(median):
        return STAGES[stage], UNKNOWN, "needs three networks"
    return STAGES[stage], format_quantity(median, "frac", 2), f"within × {spread:.3g}"


def _sentence(group: CalibratedGroup, label: str) -> str:
    before, _ = group.error("before")
    unseen, _ = group.error("unseen")
    after, _ = group.error("after")
    start = (
        f"{label} at {group.precision}: half of the computed latencies were off by more than "
        f"{format_quantity(before, 'frac', 2)}"
    )
    if not math.isnan(unseen):
        return f"{start}; on networks that the fit has not seen it is now {_per_cent(unseen)}."
    return (
        f"{start}; on the fitted rows it is now {_per_cent(after)}. With three measured networks "
        "the error on unseen ones is known too."
    )


def _per_cent(value: float) -> str:
    return format_quantity(value, "frac", 2)
