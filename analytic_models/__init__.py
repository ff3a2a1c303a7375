"""Closed-form models of edge-cloud collaborative computing: evaluate, explain, optimise.

>>> from analytic_models import Case, evaluate
>>> bool(evaluate(Case()).value("latency_mean_s") > 0)
True
"""

from __future__ import annotations

__all__ = [
    "Case",
    "Design",
    "DesignError",
    "EcccError",
    "Evaluation",
    "Scenario",
    "diff",
    "evaluate",
    "explain",
    "load_catalog",
    "load_scenarios",
    "optimize",
    "pareto_front",
    "sweep",
]

from analytic_models.catalog import load_catalog
from analytic_models.design import Case, Design, Scenario, load_scenarios
from analytic_models.errors import DesignError, EcccError
from analytic_models.evaluation import Evaluation, evaluate, sweep
from analytic_models.explanation import diff, explain
from analytic_models.optimizers.placement import optimize, pareto_front
