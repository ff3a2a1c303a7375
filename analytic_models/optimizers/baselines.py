"""What others would choose: the load-blind and greedy rules that optima are held against."""

from __future__ import annotations

__all__ = [
    "Baseline",
    "baseline_rows",
    "graph_cut",
    "greedy_rows",
    "load_blind_row",
    "only_row",
]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.mincut import DagPlan, Tensors, place_dag
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.protocols import BoolArray, DemandTable, FloatArray, IntArray


@dataclass(frozen=True)
class Baseline:
    """One rule's choice, judged under the load that it creates.

    Parameters
    ----------
    name
        The rule.
    row
        Chosen design, −1 if the rule finds none.
    idle_s
        Latency that the rule believes in, on an idle system, s.
    loaded_s
        Mean latency if the whole class follows, s; ``inf`` if that overloads a station.
    certificate
        Always heuristic: the rule promises nothing under load.
    """

    name: str
    row: int
    idle_s: float
    loaded_s: float
    certificate: Certificate


def idle_latency(table: DemandTable) -> FloatArray:
    """Return the latency of every design on an otherwise idle system, shape (n,), s."""
    total = np.asarray(table.delay_s + np.asarray(table.work_s).sum(axis=1))
    return np.where(np.isnan(total), np.inf, total)


def load_blind_row(table: DemandTable, allowed: BoolArray | None = None) -> int:
    """Return the design that is fastest on an idle system, as Neurosurgeon picks its cut.

    Parameters
    ----------
    table
        Demand table; for a chain its rows are the cuts.
    allowed
        Shape (n,): rows the rule may choose from, all by default.

    Returns
    -------
    Row number, −1 if none is allowed and finite.

    References
    ----------
    Kang et al. (2017). Neurosurgeon: collaborative intelligence between the cloud and mobile edge.
    ASPLOS.
    """
    idle = idle_latency(table)
    if allowed is not None:
        idle = np.where(allowed, idle, np.inf)
    best = int(idle.argmin())
    return best if np.isfinite(idle[best]) else -1


def graph_cut(
    near_s: FloatArray, far_s: FloatArray, tensors: Tensors, send_s: FloatArray
) -> DagPlan:
    """Return the two-tier cut of least idle latency, as DADS does at light load.

    Parameters
    ----------
    near_s, far_s
        Shape (n,): run time of every layer on the device and remotely, s; ``inf`` pins a layer.
    tensors
        Tensors of the layer graph.
    send_s
        Shape (k,): idle transmission time of every tensor, s.

    References
    ----------
    Hu, Bao, Wang, Liu (2019). Dynamic adaptive DNN surgery for inference acceleration on the edge.
    INFOCOM.
    """
    return place_dag(np.stack([near_s, far_s], axis=1), tensors, np.asarray(send_s)[:, None])


def only_row(table: DemandTable, mask: BoolArray) -> int:
    """Return the fastest design under load among those of one tier.

    Parameters
    ----------
    table
        Demand table.
    mask
        Shape (n,): the designs that run on one tier only.

    Returns
    -------
    Row number, −1 if the mask is empty. If all overload, the fastest on an idle system.
    """
    if not np.any(mask):
        return -1
    loaded = np.where(mask, single_plan_latency(table), np.inf)
    best = int(loaded.argmin())
    return best if np.isfinite(loaded[best]) else load_blind_row(table, mask)


def greedy_rows(classes: Sequence[DemandTable]) -> IntArray:
    """Let classes choose one after another, each for itself and seeing the load before it.

    Parameters
    ----------
    classes
        Demand tables that share their stations, in the order of their choice.

    Returns
    -------
    Shape (K,): row per class, −1 where every design overloads a station.
    """
    background = np.zeros(len(classes[0].servers))
    rows = []
    for table in classes:
        latency = single_plan_latency(table, background)
        latency = np.where(np.isnan(latency), np.inf, latency)
        best = int(latency.argmin())
        rows.append(best if np.isfinite(latency[best]) else -1)
        if rows[-1] >= 0:
            background = background + table.arrival_per_s * table.work_s[best]
    return np.array(rows)


def baseline_rows(
    table: DemandTable, tiers: Mapping[str, BoolArray], cuts: BoolArray | None = None
) -> list[Baseline]:
    """Return the choices of all simple rules for one class.

    Parameters
    ----------
    table
        Demand table.
    tiers
        Name such as ``"device only"`` → mask of the designs that run on that tier only.
    cuts
        Shape (n,): the designs that a two-tier splitting rule knows (no compression, no third
        tier); all by default.
    """
    loaded, idle = single_plan_latency(table), idle_latency(table)
    chosen = {name: only_row(table, mask) for name, mask in tiers.items()}
    chosen["load-blind cut"] = load_blind_row(table, cuts)
    return [
        Baseline(
            name=name,
            row=row,
            idle_s=float(idle[row]) if row >= 0 else np.inf,
            loaded_s=float(loaded[row]) if row >= 0 else np.inf,
            certificate=Certificate("heuristic", name, "a rule that ignores the load it creates"),
        )
        for name, row in chosen.items()
    ]
