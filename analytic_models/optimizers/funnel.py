"""What each requirement leaves of many designs, and which design comes closest if none is left."""

from __future__ import annotations

__all__ = ["funnel_of", "meets", "nearest_miss"]

import numpy as np
from numpy.typing import NDArray

from analytic_models.design import Case, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import QUANTITIES, Evaluation
from analytic_models.optimizers.solution import Constraint, FunnelStep, NearestMiss

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def meets(values: Floats, constraint: Constraint, slack: float = 0.0) -> Bools:
    """Whether each value meets a constraint; what is not known does not."""
    room = slack * abs(constraint.limit) + 1e-12 * abs(constraint.limit)
    if constraint.sense == "<=":
        return np.asarray(values <= constraint.limit + room)
    return np.asarray(values >= constraint.limit - room)


def funnel_of(
    constraints: tuple[Constraint, ...],
    met: Bools,
    screened: Evaluation,
    objective: Floats,
    minimise: str,
) -> tuple[FunnelStep, ...]:
    """Count what is left after each constraint in turn, gaps apart from violations."""
    left = np.ones(met.shape[1], dtype=bool)
    steps = [FunnelStep("all designs", 0, int(left.sum()))]
    for constraint, ok in zip(constraints, met, strict=True):
        unknown = np.isnan(screened[constraint.quantity]) & left
        if unknown.any():
            left &= ~unknown
            reason = screened.reason(constraint.quantity)
            label = f"{QUANTITIES[constraint.quantity][0].lower()} is not known"
            steps.append(
                FunnelStep(label, int(unknown.sum()), int(left.sum()), (reason,) if reason else ())
            )
        before = int(left.sum())
        left &= ok
        steps.append(
            FunnelStep(
                constraint.label or constraint.quantity, before - int(left.sum()), int(left.sum())
            )
        )
    gone = left & ~np.isfinite(objective)
    if gone.any():
        left &= ~gone
        reason = screened.reason(minimise)
        steps.append(
            FunnelStep(
                "the objective is not known",
                int(gone.sum()),
                int(left.sum()),
                (reason,) if reason else (),
            )
        )
    return tuple(steps)


def nearest_miss(
    screened: Evaluation,
    constraints: tuple[Constraint, ...],
    designs: DesignSet,
    scenario: Scenario,
) -> NearestMiss | None:
    """Return the design whose worst relative violation is smallest."""
    worst = np.zeros(len(screened))
    for constraint in constraints:
        values = screened[constraint.quantity]
        if constraint.quantity == "stable_flag":
            values, limit = screened["bottleneck_utilisation_frac"], 1.0
            gap = np.maximum(values - limit, 0.0)
            gap = np.where(values >= limit, np.maximum(gap, 1e-9), gap)
        else:
            scale = abs(constraint.limit) or 1.0
            signed = (values - constraint.limit) / scale
            gap = np.maximum(signed if constraint.sense == "<=" else -signed, 0.0)
        worst = np.maximum(worst, np.where(np.isnan(gap), np.inf, gap))
    if not np.isfinite(worst).any():
        return None
    row = int(np.argmin(worst))
    violated = tuple(
        (constraint, float(screened[constraint.quantity][row]))
        for constraint in constraints
        if not meets(screened[constraint.quantity][row : row + 1], constraint)[0]
    )
    return NearestMiss(Case(scenario, designs.design(row)), violated)
