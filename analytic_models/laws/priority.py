"""Stations that serve important requests first."""

from __future__ import annotations

__all__ = ["nonpreemptive_sojourn_mean", "preemptive_sojourn_mean"]

import numpy as np

from analytic_models.laws.erlang import erlang_c
from analytic_models.units import Array, Count, PerS, Pure, S


def nonpreemptive_sojourn_mean(arrival: PerS, service: S, scv: Pure, servers: Count) -> S:
    r"""Mean sojourn per class when a started request is never interrupted (Cobham).

    .. math:: T_k = \frac{W_0}{(1-\sigma_{k-1})(1-\sigma_k)} + s_k, \qquad
              W_0 = \frac{C}{c}\,\frac{\sum_i\lambda_i b_{2,i}}{2\sum_i\lambda_i s_i}

    with :math:`\sigma_k` the utilisation by classes 0 to k. Exact for one server and any service
    laws, and for several servers with one exponential service law.

    Parameters
    ----------
    arrival
        Rates, classes along the last axis, the most important first.
    service
        Mean service times per class.
    scv
        Squared coefficients of variation of the services.
    servers
        Number of servers, without the class axis.

    Returns
    -------
    S
        Mean sojourn per class; ``inf`` from the first class that the station cannot hold.

    References
    ----------
    Cobham (1954). Priority assignment in waiting line problems. Operations Research 2(1). Kella
    and Yechiali (1985). Waiting times in the non-preemptive priority M/M/c queue. Stochastic
    Models 1(2).

    Examples
    --------
    >>> nonpreemptive_sojourn_mean(np.array([0.2, 0.6]), 1.0, 1.0, 1.0).round(9).tolist()
    [2.0, 6.0]
    """
    rates = np.asarray(arrival, dtype=float)
    load = rates * service
    c = np.asarray(servers, dtype=float)[..., np.newaxis]
    total = load.sum(axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        second = (load * service * (1.0 + np.asarray(scv))).sum(axis=-1, keepdims=True)
        waiting = erlang_c(c, np.minimum(total, c))
        residual = waiting / c * second / (2.0 * total)
        return _cobham(residual, load / c) + service


def preemptive_sojourn_mean(arrival: PerS, service: S, scv: Pure) -> S:
    r"""Mean sojourn per class when important requests interrupt others, which resume later.

    .. math:: T_k = \frac{s_k}{1-\sigma_{k-1}} +
              \frac{\sum_{i\le k}\lambda_i b_{2,i}/2}{(1-\sigma_{k-1})(1-\sigma_k)}

    Exact for one server.

    Parameters
    ----------
    arrival
        Rates, classes along the last axis, the most important first.
    service
        Mean service times per class.
    scv
        Squared coefficients of variation of the services.

    Returns
    -------
    S
        Mean sojourn per class; ``inf`` from the first class that the server cannot hold.

    References
    ----------
    Jaiswal (1968). Priority Queues, chapter 4.

    Examples
    --------
    >>> t = preemptive_sojourn_mean(np.array([0.2, 0.3]), np.array([1.25, 1 / 0.6]), 1.0)
    >>> t.round(6).tolist()
    [1.666667, 8.333333]
    """
    rates = np.asarray(arrival, dtype=float)
    load = rates * service
    before = np.cumsum(load, axis=-1) - load
    with np.errstate(all="ignore"):
        residual = np.cumsum(0.5 * load * service * (1.0 + np.asarray(scv)), axis=-1)
        stretched = np.where(before < 1.0, service / (1.0 - before), np.inf)
        return _cobham(residual, load) + stretched


def _cobham(residual: Array, load: Array) -> Array:
    """Residual work over the idle shares seen by classes above, and above or equal."""
    through = np.cumsum(load, axis=-1)
    before = through - load
    return np.where(through < 1.0, residual / ((1.0 - before) * (1.0 - through)), np.inf)
