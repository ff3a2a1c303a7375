"""Drop designs that cannot be best for any population, link rate or capacity."""

from __future__ import annotations

__all__ = ["cover_set", "prune"]

from collections.abc import Sequence

import numpy as np

from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.protocols import DemandTable, FloatArray, IntArray


def prune(
    table: DemandTable, minimised: Sequence[str] = (), maximised: Sequence[str] = ()
) -> IntArray:
    """Return the rows of a demand table that no other row dominates.

    Row i dominates row j if its delay, its mean works, second moments and named metrics are all
    at least as good. Every station delay grows with the offered work and with its second moment,
    so a dominated row is never needed: for every arrival rate and capacity, and for every mix,
    some kept row is at least as good. Rows equal in everything are kept once.

    Parameters
    ----------
    table
        Demand table with n rows.
    minimised, maximised
        Metrics that are an objective or a constraint later; the others are ignored. A row without
        a value (``nan``) counts as worst in that metric, because a constraint excludes it.

    Returns
    -------
    Ascending row numbers. Rows whose delay or work is not finite are dropped.

    Raises
    ------
    KeyError
        If a metric is not in the table.
    """
    size = len(table.delay_s)
    columns = [table.delay_s, *np.asarray(table.work_s).reshape(size, -1).T]
    columns += [*np.asarray(table.work2_s2).reshape(size, -1).T]
    columns += [_ranked(table.metrics[name]) for name in minimised]
    columns += [_ranked(-table.metrics[name]) for name in maximised]
    # A column that never varies cannot decide dominance and only costs time.
    varying = [column for column in columns[1:] if not np.all(column == column[:1])]
    points = np.stack([columns[0], *varying], axis=1) if size else np.zeros((0, 1))
    for column in columns[1:]:
        points[~np.isfinite(column), 0] = np.nan
    return np.flatnonzero(pareto_mask(points, ties="first"))


def _ranked(values: FloatArray) -> FloatArray:
    """Replace values by their dense ranks, so that a missing value can be the worst one."""
    if np.isfinite(values).all():
        return np.asarray(values, dtype=np.float64)
    worst = np.where(np.isnan(values), np.inf, values)
    return np.unique(worst, return_inverse=True)[1].astype(np.float64)


def cover_set(cost: FloatArray, tolerance: float = 0.0) -> IntArray:
    """Return few designs such that every world has one within a tolerance of its best.

    Greedy set cover: at most a factor 1 + ln(worlds) larger than the smallest such set, and
    exact in what it promises (every world with a finite best cost is covered).

    Parameters
    ----------
    cost
        Shape (worlds, n): cost of every design in every world; ``inf`` or ``nan`` where a design
        is not possible.
    tolerance
        Accepted relative excess over the best cost of a world, dimensionless, ≥ 0.

    Returns
    -------
    Design numbers, the one that covers most worlds first.

    Examples
    --------
    >>> cover_set(np.array([[1.0, 2.0, 9.0], [1.0, 3.0, 9.0], [9.0, 5.0, 4.0]])).tolist()
    [0, 2]
    """
    usable = np.where(np.isnan(cost), np.inf, cost)
    best = usable.min(axis=1, initial=np.inf)
    worlds = np.isfinite(best)
    usable, best = usable[worlds], best[worlds]
    covers = usable <= (best + tolerance * np.abs(best))[:, None]
    chosen: list[int] = []
    while len(covers):
        winner = int(covers.sum(axis=0).argmax())
        chosen.append(winner)
        covers = covers[~covers[:, winner]]
    return np.array(chosen, dtype=np.int64)
