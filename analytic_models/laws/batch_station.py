"""A tier that serves all waiting requests together: load, wait and spread from its batch time."""

from __future__ import annotations

__all__ = [
    "batch_busy_time",
    "batch_load",
    "batch_marginal_time",
    "batch_skew",
    "batch_variance",
    "batch_wait",
]

import numpy as np

from analytic_models.laws.batching import batch_sojourn_bound
from analytic_models.laws.tails import thinned_skew, thinned_variance
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, S


def batch_marginal_time(one: S, many: S, size: Count) -> S:
    r"""Time that one more request adds to a batch.

    .. math:: \alpha = \frac{t(b) - t(1)}{b-1}

    Parameters
    ----------
    one, many
        Time of the tier's layers for one request and for a batch.
    size
        Requests in that batch.

    Notes
    -----
    What remains of t(1) is paid once for a batch: launch overheads and the weights' traffic.

    References
    ----------
    inoue-2021, williams-2009-roofline

    Examples
    --------
    >>> float(batch_marginal_time(3.0, 10.0, 8.0))
    1.0
    """
    return (many - one) / (size - 1.0)


def batch_load(arrival: PerS, each: S, servers: Count) -> Frac:
    r"""Load of machines that serve all waiting requests as one batch: :math:`\lambda\alpha/c`.

    Parameters
    ----------
    arrival
        Requests.
    each
        Time that one more request adds.
    servers
        Machines.

    References
    ----------
    inoue-2021

    Examples
    --------
    >>> batch_load(100.0, 0.004, 1.0)
    0.4
    """
    return arrival * each / servers


def batch_busy_time(arrival: PerS, service: S, servers: Count) -> S:
    r"""Machine time that a request takes: at most its own batch, at most all there is.

    .. math:: \min(S, c/\lambda)

    Parameters
    ----------
    arrival
        Requests.
    service
        Time of a batch of one.
    servers
        Machines.

    Notes
    -----
    An upper bound: larger batches share launches and weights.

    References
    ----------
    inoue-2021

    Examples
    --------
    >>> float(batch_busy_time(100.0, 0.02, 1.0))
    0.01
    """
    return np.minimum(service, servers / arrival)


def batch_wait(arrival: PerS, service: S, each: S, servers: Count) -> S:
    r"""Mean time that batching adds to a request that would be served alone.

    .. math:: W = \min(\phi_0,\phi_1) - (\alpha+\tau_0),\quad \tau_0 = S-\alpha

    Parameters
    ----------
    arrival
        Requests, dealt evenly to the machines.
    service
        Time of a batch of one, :math:`S=\alpha+\tau_0`.
    each
        Time :math:`\alpha` that one more request adds.
    servers
        Machines.

    Notes
    -----
    Upper bound of the mean, measured 0 to 8.7 % above the exact chain. Stable for
    :math:`\lambda\alpha<c`.

    References
    ----------
    inoue-2021

    Examples
    --------
    >>> round(float(batch_wait(0.5, 2.0, 1.0, 1.0)), 6)
    2.666667
    """
    time = batch_sojourn_bound(arrival / servers, each, service - each)
    used = np.greater(service, 0.0) | np.isnan(service)
    return np.where(used, np.maximum(time - service, 0.0), 0.0)[()]


def batch_variance(wait: S, arrival: PerS, service: S, each: S, servers: Count) -> S2:
    r"""Variance of the time at a batching tier.

    .. math:: T = S + B(R + \alpha K),\quad R\sim U(0,x),\ K\sim\mathrm{Poisson}(\lambda x)

    with x the length of a batch that an arrival meets, gamma distributed by the recursion of batch
    sizes, and P(B = 1) such that the mean is the given one.

    Parameters
    ----------
    wait
        Mean wait.
    arrival, service, each, servers
        As for :func:`batch_wait`.

    References
    ----------
    inoue-2021

    Examples
    --------
    >>> round(float(batch_variance(2.6666667, 0.5, 2.0, 1.0, 1.0)), 4)
    3.8519
    """
    share, mean, variance, _ = _met_batch(wait, arrival, service, each, servers)
    value = thinned_variance(share, mean, variance)
    return np.where(np.isinf(wait), np.inf, value)[()]


def batch_skew(wait: S, arrival: PerS, service: S, each: S, servers: Count) -> S3:
    r"""Third cumulant of the time at a batching tier.

    .. math:: T = S + B\left(R + \alpha K\right),\quad \kappa_3(R + \alpha K)=\alpha^3\lambda x

    Parameters
    ----------
    wait, arrival, service, each, servers
        As for :func:`batch_variance`.

    References
    ----------
    inoue-2021

    Examples
    --------
    >>> round(float(batch_skew(2.6666667, 0.5, 2.0, 1.0, 1.0)), 4)
    8.7407
    """
    share, mean, variance, skew = _met_batch(wait, arrival, service, each, servers)
    return np.where(np.isinf(wait), np.inf, thinned_skew(share, mean, variance, skew))[()]


def _met_batch(
    wait: S, arrival: PerS, service: S, each: S, servers: Count
) -> tuple[Array, Array, Array, Array]:
    """Probability of meeting a running batch, and cumulants of what it then adds."""
    load = arrival / servers * each
    # A batch that an arrival meets is gamma distributed: longer ones are met more often.
    scale = each * load / (1.0 - load * load)
    length = (service - each) / (1.0 - load) + scale
    part = 0.5 + load
    mean = length * part
    safe = np.where(np.greater(mean, 0.0), mean, 1.0)
    share = np.clip(wait / safe, 0.0, 1.0)
    # Where everybody meets a batch, the rest of the mean makes each of them longer.
    given = np.where(np.greater(share, 0.0), wait / np.maximum(share, 1e-300), 0.0)
    longer = np.where(np.greater(mean, 0.0), given / safe, 0.0)
    between = scale * length
    later = load * each * length
    variance = part * part * between + (length * length + between) / 12.0 + later
    mixed = 3.0 * part * between * (length / 6.0 + load * each)
    skew = 2.0 * part * part * part * scale * between + each * later + mixed
    return share, given, longer * longer * variance, longer * longer * longer * skew
