"""Sources that do not arrive at random, and clouds that grow with the load."""

from __future__ import annotations

__all__ = [
    "burst_sojourn_mean",
    "burst_sojourn_quantile",
    "elastic_sojourn_mean",
    "periodic_wait_exceedance",
    "periodic_wait_exceedance_bridge",
    "periodic_wait_mean_bridge",
]

import numpy as np

from analytic_models.laws.late import special
from analytic_models.units import Array, Count, Frac, S


def burst_sojourn_mean(sources: Count, service: S, period: S, servers: Count) -> S:
    r"""Mean sojourn when all sources send at the same instant, constant service.

    .. math:: T = \frac{s}{N}\left(N + c\,\frac{g(g-1)}{2} + g\,(N-gc)\right), \qquad
              g=\lfloor N/c\rfloor

    which is (N+1)s/2 for one server.

    Parameters
    ----------
    sources
        Number N of sources that a common trigger starts.
    service
        Service time of one request.
    period
        Time between triggers.
    servers
        Number of servers c.

    Returns
    -------
    S
        Exact mean where the burst clears within a period; ``inf`` where N s > c period.

    References
    ----------
    Counting argument: c requests leave after each service time.

    Examples
    --------
    >>> float(burst_sojourn_mean(5.0, 1.0, 10.0, 1.0))
    3.0
    """
    rounds = np.floor(np.divide(sources, servers))
    late = sources - rounds * servers
    waits = servers * rounds * (rounds - 1.0) / 2.0 + rounds * late
    mean = service * (1.0 + waits / sources)
    return np.where(np.less_equal(np.multiply(sources, service), servers * period), mean, np.inf)[
        ()
    ]


def burst_sojourn_quantile(sources: Count, service: S, period: S, servers: Count, level: Frac) -> S:
    r"""Percentile of the sojourn in a synchronised burst: :math:`s\lceil\lceil qN\rceil/c\rceil`.

    Parameters
    ----------
    sources, service, period, servers
        As for :func:`burst_sojourn_mean`.
    level
        Probability q below the percentile.

    Returns
    -------
    S
        Exact percentile over the requests of a burst; ``inf`` where the burst does not clear.

    References
    ----------
    Counting argument: c requests leave after each service time.

    Examples
    --------
    >>> float(burst_sojourn_quantile(50.0, 0.01, 1.0, 1.0, 0.99))
    0.5
    """
    # Rounding guards a product such as 0.95 * 20 against its last digit.
    place = np.maximum(np.ceil(np.round(np.multiply(level, sources), 9)), 1.0)
    value = service * np.ceil(place / servers)
    clears = np.less_equal(np.multiply(sources, service), servers * period)
    return np.where(clears, value, np.inf)[()]


def periodic_wait_exceedance(sources: Count, service: S, period: S, threshold: S) -> Frac:
    r"""Probability that a request of N periodic sources with random phases waits longer.

    .. math:: P(W>t)=\sum_{x<n\le N-1}\binom{N-1}{n}\left(\frac{n-x}{D}\right)^n
              \left(1-\frac{n-x}{D}\right)^{N-1-n}\frac{D-N+1+x}{D-n+x}

    with :math:`x=t/s`, :math:`D` the period over the service time. Exact for N D/D/1: a request
    meets the work of the N - 1 others.

    Parameters
    ----------
    sources
        Number N of sources.
    service
        Constant service time.
    period
        Time between the requests of one source.
    threshold
        Time t, zero or more.

    Returns
    -------
    Frac
        Exact probability; 1 where N s > period.

    References
    ----------
    Roberts and Virtamo (1991). The superposition of periodic cell arrival streams in an ATM
    multiplexer. IEEE Transactions on Communications 39(2).

    Examples
    --------
    >>> round(float(periodic_wait_exceedance(2.0, 1.0, 4.0, 0.0)), 12)
    0.25
    """
    others, steps, start = np.broadcast_arrays(
        np.subtract(sources, 1.0), np.divide(period, service), np.divide(threshold, service)
    )
    count = np.arange(1, int(others.max(initial=1.0)) + 1, dtype=float)
    count = count.reshape((-1,) + (1,) * others.ndim)
    with np.errstate(all="ignore"):
        part = (count - start) / steps
        logs = special.gammaln(others + 1.0) - special.gammaln(count + 1.0)
        logs = logs - special.gammaln(others - count + 1.0)
        logs = logs + special.xlogy(count, part) + special.xlog1py(others - count, -part)
        terms = np.exp(logs) * (steps - others + start) / (steps - count + start)
        counted = (count > start) & (count <= others) & (part <= 1.0)
        above = np.where(counted, terms, 0.0).sum(axis=0)
        return np.where(others + 1.0 <= steps, np.clip(above, 0.0, 1.0), 1.0)[()]


def periodic_wait_exceedance_bridge(sources: Count, service: S, period: S, threshold: S) -> Frac:
    r"""Brownian-bridge form of the wait behind periodic sources with random phases.

    .. math:: P(W>t)\approx\exp\left(-\frac{2t}{s}\left(\frac{t}{sN}+1-\rho\right)\right)

    Parameters
    ----------
    sources, service, period, threshold
        As for :func:`periodic_wait_exceedance`.

    Returns
    -------
    Frac
        Conservative approximation; 99th percentile measured 8 to 10 % above simulation.

    References
    ----------
    Roberts and Virtamo (1991). The superposition of periodic cell arrival streams in an ATM
    multiplexer. IEEE Transactions on Communications 39(2).

    Examples
    --------
    >>> float(periodic_wait_exceedance_bridge(50.0, 0.01, 1.0, 0.0))
    1.0
    """
    scaled = np.divide(threshold, service)
    load = sources * np.asarray(service) / period
    above = np.exp(-2.0 * scaled * (scaled / sources + 1.0 - load))
    return np.where(load <= 1.0, above, 1.0)[()]


def periodic_wait_mean_bridge(sources: Count, service: S, period: S) -> S:
    r"""Mean wait of the Brownian-bridge form.

    .. math:: W = \frac{s}{2}\sqrt{\frac{\pi N}{2}}\;
              \mathrm{erfcx}\left((1-\rho)\sqrt{N/2}\right)

    Parameters
    ----------
    sources, service, period
        As for :func:`periodic_wait_exceedance`.

    Returns
    -------
    S
        Conservative approximation, measured 16 to 46 % above simulation.

    References
    ----------
    Roberts and Virtamo (1991), integrated over the threshold.

    Examples
    --------
    >>> round(float(periodic_wait_mean_bridge(2.0, 1.0, 2.0)), 9)
    0.886226925
    """
    load = sources * np.asarray(service) / period
    half = np.sqrt(np.asarray(sources) / 2.0)
    mean = 0.5 * service * np.sqrt(np.pi) * half * special.erfcx((1.0 - load) * half)
    return np.where(load <= 1.0, mean, np.inf)[()]


def elastic_sojourn_mean(service: S, cold_share: Frac, cold_start: S) -> S:
    r"""Mean sojourn in a cloud that always has room, some requests waiting for a start.

    .. math:: T = s + p_{\mathrm{cold}}\,T_{\mathrm{cold}}

    Parameters
    ----------
    service
        Mean service time.
    cold_share
        Probability that a request finds no warm instance.
    cold_start
        Time to start one.

    Returns
    -------
    S
        Mean sojourn; M/G/inf has no queue.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 3.4.

    Examples
    --------
    >>> float(elastic_sojourn_mean(0.1, 0.5, 1.0))
    0.6
    """
    value: Array = service + np.multiply(cold_share, cold_start)
    return value
