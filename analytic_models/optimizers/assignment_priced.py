"""One plan per class among the few that a mix's prices leave open, with the proof for the rest.

The prices of the best mix bound from below what any choice with a certain design costs. Designs
whose bound lies above a choice that is known cannot be part of a better one and are left out.
"""

from __future__ import annotations

__all__ = ["assign_priced"]

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analytic_models.optimizers.assignment import Assignment, assign
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.protocols import DemandTable, FloatArray, IntArray, Table

_MOST = 250  # designs per class up to which the programme is solved again with all that are open
_ROUNDS = 15
_METHOD = "mixed-integer programme over designs that prices leave open"


def assign_priced(
    classes: Sequence[DemandTable],
    mix: MixSolution,
    budgets: Mapping[str, float] | None = None,
    keep: int = 40,
    time_limit_s: float = 5.0,
) -> Assignment:
    """Choose one design per class, as :func:`assign`, among the cheapest at the prices of a mix.

    Parameters
    ----------
    classes
        Demand tables that share their stations.
    mix
        System optimum of these tables, within the budgets if there are any.
    budgets
        Metric → limit on its request-weighted mean over all classes.
    keep
        Designs per class to begin with.
    time_limit_s
        Limit for each programme, s.

    Returns
    -------
    As :func:`assign`; its bound covers the designs that were left out as well.
    """
    budgets = dict(budgets or {})
    if not np.isfinite(mix.mean_s):
        return assign(classes, budgets, time_limit_s=time_limit_s)
    excess = _excess(classes, mix, budgets)
    least = mix.mean_s - mix.gap_s
    rows = [np.sort(np.argsort(one, kind="stable")[:keep]) for one in excess]
    found = _among(classes, rows, budgets, time_limit_s)
    open_ = [np.flatnonzero(one <= found.mean_s - least) for one in excess]
    many = max(len(some) for some in open_)
    if np.isfinite(found.mean_s) and all(
        set(o) <= set(r) for o, r in zip(open_, rows, strict=True)
    ):
        return _placed(found, rows, found.bound_s, excess)
    if not np.isfinite(found.mean_s) or many <= _MOST:
        more = open_ if many <= _MOST else [np.arange(len(one)) for one in excess]
        again = _among(classes, more, budgets, time_limit_s)
        # What was left out costs more than the first answer, so this bound holds for all.
        if again.mean_s <= found.mean_s:
            return _placed(again, more, again.bound_s, excess)
        return _placed(found, rows, again.bound_s, excess)
    left_out = min(
        (float(np.delete(one, some).min()) for one, some in zip(excess, rows, strict=True)
         if len(some) < len(one)),
        default=np.inf,
    )  # fmt: skip
    return _placed(found, rows, min(found.bound_s, least + left_out), excess)


def _among(
    classes: Sequence[DemandTable],
    rows: Sequence[IntArray],
    budgets: Mapping[str, float],
    time_limit_s: float,
) -> Assignment:
    few = [_take(table, some) for table, some in zip(classes, rows, strict=True)]
    return assign(few, budgets, rounds=_ROUNDS, time_limit_s=time_limit_s)


def _excess(
    classes: Sequence[DemandTable], mix: MixSolution, budgets: Mapping[str, float]
) -> list[FloatArray]:
    """Mean latency that a design adds at least if a whole class takes it, per class, s."""
    total = float(sum(table.arrival_per_s for table in classes))
    found = []
    for table in classes:
        cost = np.asarray(table.delay_s + np.asarray(table.work_s) @ mix.prices)
        for name in budgets:
            cost = cost + mix.limit_prices.get(name, 0.0) * np.asarray(table.metrics[name])
        cost = np.where(np.isfinite(cost), cost, np.inf)
        found.append((cost - cost.min()) * table.arrival_per_s / total)
    return found


def _take(table: DemandTable, rows: IntArray) -> Table:
    return Table(
        table.stations,
        np.asarray(table.servers, dtype=np.float64),
        table.discipline,
        table.arrival_per_s,
        table.delay_s[rows],
        table.work_s[rows],
        table.work2_s2[rows],
        {name: np.asarray(values)[rows] for name, values in table.metrics.items()},
    )


def _placed(
    found: Assignment, rows: Sequence[IntArray], bound: float, excess: Sequence[FloatArray]
) -> Assignment:
    """Return the assignment in rows of the whole tables, with the bound for all of them."""
    candidates = int(np.prod([float(len(one)) for one in excess]))
    if int(found.rows.min()) < 0:
        return found
    chosen = np.array([some[row] for some, row in zip(rows, found.rows, strict=True)])
    gap = max(found.mean_s - bound, 0.0)
    kind = found.certificate.kind
    if kind != "heuristic":
        kind = "exact" if gap <= 1e-7 * found.mean_s else "gap"
    detail = f"lower bound {bound:.6g} s; designs that were left out cost more"
    certificate = Certificate(kind, _METHOD, detail, gap, candidates)
    return replace(found, rows=chosen, bound_s=min(bound, found.mean_s), certificate=certificate)
