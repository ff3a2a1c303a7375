"""What a mix is, and how its figures follow from its shares."""

from __future__ import annotations

__all__ = ["Column", "MixSolution", "Pricing", "check_shared", "describe", "unstable"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.protocols import DemandTable, FloatArray

_METHOD = "column generation, reduced Newton and pairwise Frank–Wolfe steps"


@dataclass(frozen=True)
class Column:
    """One design of a class: its delay (s), works (m,) (s), and what a person calls it."""

    delay_s: float
    work_s: FloatArray
    label: object = None


# Given prices of shape (m,) (seconds per second of work), return the cheapest column.
Pricing: TypeAlias = Callable[[FloatArray], Column]


@dataclass(frozen=True)
class MixSolution:
    """Shares of every class over its designs, and why they are right.

    Parameters
    ----------
    shares
        Per class: design number → share, shares > 0 that sum to 1. With a pricing oracle the
        numbers refer to ``columns``; otherwise to the rows of the demand table.
    columns
        Per class: design number → delay and works of the designs in use.
    work, utilisation
        Shape (m,): offered works (erlangs) and utilisations.
    sojourn, prices
        Shape (m,): seconds in each station per second of work; what one more second of work costs
        (all users for the system optimum, the user alone plus tolls for the equilibrium).
    mean_s, class_mean_s
        Mean latency over all requests and per class, shape (K,), s; ``inf`` if no mix is stable.
    gap_s
        Duality gap per request, s. System optimum: no mix is better by more. Equilibrium: what
        users could save on average by changing their design.
    iterations
        Rounds of column generation.
    method, certificate
        How it was found and what is promised.
    used, limit_prices
        Limited metric → its mean over all requests, and the latency that one more unit of its
        limit saves, s per unit; empty without limits.
    """

    shares: tuple[Mapping[int, float], ...]
    columns: tuple[Mapping[int, Column], ...]
    work: FloatArray
    utilisation: FloatArray
    sojourn: FloatArray
    prices: FloatArray
    mean_s: float
    class_mean_s: FloatArray
    gap_s: float
    iterations: int
    method: str
    certificate: Certificate
    used: Mapping[str, float] = field(default_factory=dict)
    limit_prices: Mapping[str, float] = field(default_factory=dict)


def check_shared(classes: Sequence[DemandTable]) -> None:
    """Refuse classes that do not describe the same stations.

    Raises
    ------
    ValueError
        If there is no class, or stations, servers or disciplines differ.
    """
    if not classes:
        raise ValueError("a mix needs at least one class")
    first = classes[0]
    for table in classes[1:]:
        same = table.stations == first.stations and table.discipline == first.discipline
        if not (same and np.array_equal(table.servers, first.servers)):
            raise ValueError("the classes of a mix must share their stations")


def describe(
    classes: Sequence[DemandTable],
    objective: Literal["system", "selfish"],
    shares: Sequence[Mapping[int, float]],
    columns: Sequence[Mapping[int, Column]],
    tolls: FloatArray,
    gap: float,
    rounds: int,
) -> MixSolution:
    """Work out utilisations, prices and latencies of given shares.

    Parameters
    ----------
    classes, objective, shares, columns
        As in :class:`MixSolution`.
    tolls
        Shape (m,): seconds per second of work on top of the sojourn, for the equilibrium.
    gap
        Absolute duality gap, seconds of latency per second (request-weighted).
    rounds
        Rounds of column generation.
    """
    stations = Stations(np.asarray(classes[0].servers, dtype=np.float64))
    rates = np.array([float(table.arrival_per_s) for table in classes])
    mean_work, mean_delay = [], []
    for share, used in zip(shares, columns, strict=True):
        mean_work.append(sum(share[i] * np.asarray(used[i].work_s) for i in share))
        mean_delay.append(sum(share[i] * used[i].delay_s for i in share))
    per_class = np.asarray(mean_work, dtype=np.float64)
    work = rates @ per_class
    sojourn = stations.sojourn(work)
    prices = stations.number_slope(work) if objective == "system" else sojourn + tolls
    class_mean = np.asarray(mean_delay) + per_class @ sojourn
    total = float(rates.sum())
    mean = float(rates @ class_mean) / total if total > 0.0 else float(class_mean.mean())
    per_request = gap / total if total > 0.0 else 0.0
    return MixSolution(
        shares=tuple(shares),
        columns=tuple(columns),
        work=work,
        utilisation=work / stations.servers,
        sojourn=sojourn,
        prices=prices,
        mean_s=mean,
        class_mean_s=class_mean,
        gap_s=per_request,
        iterations=rounds,
        method=_METHOD,
        certificate=_certificate(classes, objective, per_request),
    )


def _certificate(classes: Sequence[DemandTable], objective: str, gap: float) -> Certificate:
    used_at = np.any([np.any(table.work_s > 0.0, axis=0) for table in classes], axis=0)
    queued = [
        name
        for name, rule, used in zip(
            classes[0].stations, classes[0].discipline, used_at, strict=True
        )
        if rule != "ps" and used
    ]
    if queued:
        detail = f"{', '.join(queued)} treated as processor sharing; first come first served is not"
        return Certificate("heuristic", _METHOD, f"{detail} convex", gap)
    promise = {
        "system": "no mix has a mean latency lower by more than the gap",
        "selfish": "users could save on average no more than the gap by changing their design",
    }
    return Certificate("gap", _METHOD, promise[objective], gap)


def unstable(classes: Sequence[DemandTable]) -> MixSolution:
    """Return the result for classes that overload a station under every mix."""
    shape = len(classes[0].servers)
    unknown = np.full(shape, np.nan)
    detail = "every mix overloads some station"
    return MixSolution(
        shares=tuple({} for _ in classes),
        columns=tuple({} for _ in classes),
        work=unknown,
        utilisation=unknown,
        sojourn=unknown,
        prices=unknown,
        mean_s=np.inf,
        class_mean_s=np.full(len(classes), np.inf),
        gap_s=np.inf,
        iterations=0,
        method=_METHOD,
        certificate=Certificate("gap", _METHOD, detail, np.inf),
    )
