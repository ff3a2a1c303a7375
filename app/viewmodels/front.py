"""The trade-off between two objectives over every design that meets the requirements."""

from __future__ import annotations

__all__ = ["Front", "FrontPoint", "front_of"]

from dataclasses import dataclass

import numpy as np
from text import format_quantity, scale_for

from analytic_models import pareto_front
from analytic_models.evaluation import QUANTITIES
from analytic_models.optimizers.solution import Solution
from viewmodels.cuts import placement_words

_SHOWN_BEHIND = 400
_SHOWN_FRONT = 60


@dataclass(frozen=True)
class FrontPoint:
    """One design of the front: display values, their texts, what it is, and its case as JSON."""

    x: float
    y: float
    x_text: str
    y_text: str
    words: str
    case: str


@dataclass(frozen=True)
class Front:
    """Best designs in two objectives, and a sample of the designs that they beat.

    Parameters
    ----------
    x_quantity, y_quantity
        Names in the pipeline.
    x_unit, y_unit, x_factor, y_factor
        Display units of all numbers, and what turns base units into them.
    points
        Best designs by ascending x.
    behind_x, behind_y
        Sample of the other designs.
    designs, best
        How many designs meet the requirements, and how many of them are on the front.
    """

    x_quantity: str
    y_quantity: str
    x_unit: str
    y_unit: str
    x_factor: float
    y_factor: float
    points: tuple[FrontPoint, ...]
    behind_x: tuple[float, ...]
    behind_y: tuple[float, ...]
    designs: int
    best: int


def front_of(solution: Solution, x_quantity: str, y_quantity: str) -> Front | None:
    """Take the front out of a solution; None when no design meets the requirements.

    Percentiles are those of the screening, from three cumulants.
    """
    rows = np.asarray(solution.feasible, dtype=np.int64)
    known = (
        [np.isfinite(solution.screened[name][rows]) for name in (x_quantity, y_quantity)]
        if len(rows)
        else []
    )
    if not len(rows) or not np.logical_and(*known).any():
        return None
    rows = rows[np.logical_and(*known)]
    front = np.asarray(
        [
            row
            for row in pareto_front(solution, (x_quantity, y_quantity))
            if row in set(rows.tolist())
        ]
    )
    units = [str(QUANTITIES[name][1]) for name in (x_quantity, y_quantity)]
    xs, ys = (solution.screened[name] for name in (x_quantity, y_quantity))
    scales = [
        scale_for(float(np.max(np.abs(v[front]))), u) for v, u in zip((xs, ys), units, strict=True)
    ]
    shown = front[
        np.unique(np.linspace(0, len(front) - 1, min(len(front), _SHOWN_FRONT)).astype(int))
    ]
    points = []
    for row in shown:
        case = solution.screened.case(int(row))
        points.append(
            FrontPoint(
                float(xs[row] * scales[0].factor),
                float(ys[row] * scales[1].factor),
                format_quantity(float(xs[row]), units[0]),
                format_quantity(float(ys[row]), units[1]),
                placement_words(case.scenario.dnn, case.design, case.catalog()),
                case.to_json(),
            )
        )
    step = max(1, len(rows) // _SHOWN_BEHIND)
    sample = rows[::step]
    return Front(
        x_quantity,
        y_quantity,
        scales[0].label,
        scales[1].label,
        scales[0].factor,
        scales[1].factor,
        tuple(points),
        tuple(float(v) for v in xs[sample] * scales[0].factor),
        tuple(float(v) for v in ys[sample] * scales[1].factor),
        len(rows),
        len(front),
    )
