"""What an optimiser of single designs returns: the choice, and why it is the choice."""

from __future__ import annotations

__all__ = ["Constraint", "FunnelStep", "NearestMiss", "Solution"]

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytic_models.design import Case
from analytic_models.evaluation import Evaluation
from analytic_models.optimizers.certificate import Certificate


@dataclass(frozen=True)
class Constraint:
    """A bound on a quantity; ``label`` says it in words."""

    quantity: str
    limit: float
    sense: Literal["<=", ">="] = "<="
    label: str = ""


@dataclass(frozen=True)
class FunnelStep:
    """How many candidates a constraint removed, and how many were left after it."""

    label: str
    removed: int
    left: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binding:
    """A constraint that costs something: the best objective without it."""

    constraint: Constraint
    value: float
    objective_without: float
    case_without: Case


@dataclass(frozen=True)
class NearestMiss:
    """The design that comes closest to the constraints when none meets all.

    Parameters
    ----------
    case
        The design.
    violated
        Constraint, its value there, and the limit at which it would be met.
    """

    case: Case
    violated: tuple[tuple[Constraint, float], ...]


@dataclass(frozen=True)
class Solution:
    """The answer of :func:`analytic_models.optimize`.

    Parameters
    ----------
    status
        ``optimal`` or ``infeasible``.
    objective
        Quantity that was minimised (or maximised).
    best
        Exact evaluation of the chosen design alone; None if infeasible.
    certificate
        Why the choice is one.
    funnel
        Candidates removed by each constraint, in order.
    binding
        Constraints whose removal would improve the objective.
    runner_up
        Exact evaluation of the best design with another placement or precision, if any.
    nearest
        When infeasible: the closest design and what it violates.
    screened
        Evaluation of all candidates with the quantities that were needed.
    feasible
        Rows of ``screened`` that met every constraint.
    elapsed_s
        Time of the search [s].
    left_out
        Choices that the space did not hold, and why.
    """

    status: Literal["optimal", "infeasible"]
    objective: str
    maximised: bool
    constraints: tuple[Constraint, ...]
    best: Evaluation | None
    certificate: Certificate
    funnel: tuple[FunnelStep, ...]
    binding: tuple[Binding, ...]
    runner_up: Evaluation | None
    nearest: NearestMiss | None
    screened: Evaluation
    feasible: NDArray[np.intp]
    elapsed_s: float
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def case(self) -> Case | None:
        """The chosen case."""
        return None if self.best is None else self.best.case()

    @property
    def value(self) -> float:
        """Objective of the chosen design; nan if infeasible."""
        return float("nan") if self.best is None else self.best.value(self.objective)

    @property
    def margin(self) -> float:
        """How much worse the runner-up is, relative to the choice; nan if there is none."""
        if self.best is None or self.runner_up is None:
            return float("nan")
        return abs(self.runner_up.value(self.objective) - self.value) / max(abs(self.value), 1e-300)
