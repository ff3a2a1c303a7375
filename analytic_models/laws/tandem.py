r"""Stations in a row that depend on each other: what shared a link meets again behind it.

Departures of a shared link are Poisson, so the queue behind it waits by its own law. But the time
in the link and the wait behind it of one request are not independent. Looked at backwards in time
the link is a shared link again, and the requests that left before this one are Poisson arrivals
that come after it: they both lengthen its time in the link and stand in the queue before it.
"""

from __future__ import annotations

__all__ = [
    "dependent_skew",
    "meeting_laws",
    "meeting_variance",
    "queue_delay",
    "queue_forgetting",
    "shared_delay",
    "shared_forgetting",
]

from collections.abc import Callable

import numpy as np

from analytic_models.laws.choice import choose, some
from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.inversion import Complex, Formula
from analytic_models.laws.queueing import mgc_wait_mean, ps_sojourn_mean
from analytic_models.laws.service_laws import gamma_law
from analytic_models.laws.sharing import shared_law, shared_variance
from analytic_models.laws.station_laws import mgc_wait_law
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import S2, S3, Array, Count, Frac, PerS, Pure, S

# A wait scaled by 1 - 0.95 is as good as none: a larger sway would lengthen the other half only.
_MOST_SWAY = 0.95**2


def shared_delay(service: S, time: S, scv: Pure) -> S:
    r"""Time that one more request adds to another that leaves a shared link right after it.

    .. math:: \delta = S f,\quad f = \frac{e^\rho - 1}{\rho}\ (c_s^2 = 0),\qquad
        f = \frac{1}{2 - \rho}\ (c_s^2 = 1)

    Parameters
    ----------
    service, time
        Time alone in the link and mean time in it, whose ratio is :math:`1 - \rho` [s].
    scv
        Squared coefficient of variation of the work: linear between, as exponential beyond 1.

    Notes
    -----
    In the virtual time that each request gets, the one more and those that come while it delays
    form a branching process: :math:`S f = \int_0^S e^{\lambda v}\,dv` for fixed work, of which
    :math:`1/(1 - \rho/2 + \rho^2/12)` is the Padé form, within 0.25 %.

    References
    ----------
    yashkov-1983

    Examples
    --------
    >>> round(float(shared_delay(1.0, 2.0, 0.0)), 3)
    1.297
    """
    with np.errstate(all="ignore"):
        return _delay(service, np.divide(service, time), scv)


def shared_forgetting(service: S, time: S, scv: Pure) -> Frac:
    r"""One over the number of later requests whose traces a request finds in a shared link.

    .. math:: \frac{1}{n} = \frac{\delta}{T(f - 1)}\ (c_s^2 = 0),\qquad
        \frac{\delta}{T(2f - 1)}\ (c_s^2 = 1)

    Parameters
    ----------
    service, time, scv
        As for :func:`shared_delay`.

    Notes
    -----
    The denominator is the part of :math:`\lambda\,dT/d\lambda` that is due to departures during
    the stay, what the request leaves behind held fixed; exact at both ends of the spread.

    References
    ----------
    yashkov-1983

    Examples
    --------
    >>> round(float(shared_forgetting(1.0, 2.0, 1.0)), 12)
    1.0
    """
    with np.errstate(all="ignore"):
        alone = np.divide(service, time)
        half = _half(alone)
        later = _share_of(scv, half / (1.0 - half), (1.0 - alone) / (1.0 + alone))
        return _never(np.divide(_delay(service, alone, scv), time * later))


def _delay(service: S, alone: Frac, scv: Pure) -> S:
    own = _share_of(scv, 1.0 / (1.0 - _half(alone)), 1.0 / (1.0 + alone))
    return _where_any(service, service * own)


def _half(alone: Frac) -> Array:
    """Return 1 - 1/f for fixed work: rho/2 - rho^2/12."""
    load = 1.0 - alone
    return load * (0.5 - load / 12.0)


def _share_of(scv: Pure, fixed: Array, exponential: Array) -> Array:
    """Go from fixed to exponential work."""
    if np.ndim(scv) == 0 and scv == 0.0:
        return fixed
    return fixed + np.minimum(scv, 1.0) * (exponential - fixed)


def _where_any(of: Array, value: Array) -> Array:
    """Return the value, or zero where there is nothing that it could be of."""
    nothing = np.equal(of, 0.0)
    return choose(nothing, 0.0, value) if some(nothing) else value


def _never(value: Array) -> Array:
    """Return the value, or infinity where there is nothing to remember."""
    nothing = np.isnan(value)
    return choose(nothing, np.inf, value) if some(nothing) else value


def queue_delay(arrival: PerS, waiting: Frac) -> S:
    r"""Mean time that one more request right before another adds to the other's wait.

    .. math:: \beta = P(N \ge c - 1)\,\frac{S}{c} = \frac{C}{\lambda}

    Parameters
    ----------
    arrival, waiting
        Requests [1/s], and the probability that one waits.

    Notes
    -----
    Exact for one server and for M/M/c: the one more counts where c - 1 or more are there.

    References
    ----------
    tijms-2003

    Examples
    --------
    >>> float(queue_delay(0.5, 0.25))
    0.5
    """
    with np.errstate(all="ignore"):
        return _where_any(waiting, np.divide(waiting, arrival))


def queue_forgetting(wait: S, waiting: Frac, offered: Count, service: S, servers: Count) -> Frac:
    r"""One over the number of earlier requests whose traces a request finds in a queue.

    .. math:: \frac{1}{n} = \frac{\beta}{\lambda W'},\qquad
        \lambda\frac{dW}{d\lambda} = W\left(c - a + \frac{a(2 - C)}{c - a}\right)

    Parameters
    ----------
    wait, waiting, offered, service, servers
        Mean wait [s], probability to wait, offered load, service time [s] and servers.

    Notes
    -----
    Exact for one server, :math:`\lambda W' = W/(1-a)`, and for M/M/c, whose Erlang C has the
    derivative :math:`a C'/C = c - a + a(1 - C)/(c - a)`.

    References
    ----------
    tijms-2003

    Examples
    --------
    >>> round(float(queue_forgetting(0.5, 0.5, 0.5, 1.0, 1.0)), 12)
    1.0
    """
    with np.errstate(all="ignore"):
        spare = servers - offered
        growth = wait * (spare + np.divide(offered * (2.0 - waiting), spare))
        return _never(np.divide(waiting * service, offered * growth))


def meeting_variance(delay: S, queued: S, link: Frac, queue: Frac) -> S2:
    r"""Twice the covariance of the time in a shared link and the wait in the queue behind it.

    .. math:: 2\,\mathrm{Cov} = \frac{2\,\delta\,\beta}{1/n_1 + 1/n_2}

    Parameters
    ----------
    delay, queued
        What one more request adds in the link and in the queue [s].
    link, queue
        One over the number of requests that either remembers.

    Notes
    -----
    Backwards in time those who left the link u before a request are Poisson arrivals; each adds
    :math:`a(u)` to its time in the link and :math:`b(u)` to its wait, and
    :math:`\mathrm{Cov}\approx\lambda\int a\,b\,du`. Where the queue forgets fast this is
    :math:`a(0)\,\lambda W'`, where the link does, :math:`b(0)` times its growth: both exact for
    one server. Between them both memories are taken as exponential. Simulated covariances of
    fixed messages and one server at loads 0.2 to 0.9 were 0.88 to 1.17 times as large.

    References
    ----------
    yashkov-1983, kelly-1979-reversibility

    Examples
    --------
    >>> meeting_variance(1.0, 2.0, 1.0, 1.0)
    2.0
    """
    with np.errstate(all="ignore"):
        return 2.0 * delay * queued / (link + queue)


def dependent_skew(
    first: S3, second: S3, first_variance: S2, second_variance: S2, meeting: S2
) -> S3:
    r"""Third cumulant of the time in two stations that depend on each other.

    .. math:: \kappa = (\kappa_1 + \kappa_2)
        \left(1 + \frac32\,\frac{2\,\mathrm{Cov}_{12}}{\sigma_1^2+\sigma_2^2}\right)

    Parameters
    ----------
    first, second
        Third cumulants of the two times [s3].
    first_variance, second_variance, meeting
        Their variances and twice their covariance [s2].

    Notes
    -----
    The dependence is taken to stretch the sum and to keep its skewness, to first order.

    References
    ----------
    tijms-2003

    Examples
    --------
    >>> float(dependent_skew(1.0, 1.0, 1.0, 1.0, 4.0))
    8.0
    """
    with np.errstate(all="ignore"):
        share = np.fmax(np.divide(meeting, first_variance + second_variance), 0.0)
        return (first + second) * (1.0 + 1.5 * share)


def meeting_laws(
    arrival: PerS, service: S, scv: Pure, tier: S, tier_scv: Pure, servers: Count
) -> list[StationLaw]:
    r"""Laws of the time in a shared link and in the queue behind it, as if independent.

    Means stay, and the sum has the variance of the two dependent times: what they add, by
    :func:`meeting_variance`, goes to those who meet somebody in the link, whose law is a fit.

    Parameters
    ----------
    arrival
        Requests [1/s].
    service, scv
        Time alone in the link [s], and squared coefficient of variation of the work, one number.
    tier, tier_scv, servers
        Service time [s], its squared coefficient of variation, and servers behind the link.

    Returns
    -------
    list of StationLaw
        At scv 1 the law of the link is exact and stays: the wait is then stretched and shrunk by
        the same factor, each with probability 1/2, as far as its own variance allows.

    Notes
    -----
    Link and queue together against 600,000 simulated requests each, 1, 2 or 8 servers of fixed
    work, 30 pairs of loads from 0.15 to 0.8: p99 -3.2 to +3.1 % for fixed and exponential messages,
    -2.8 to +4.8 % at variation 1/2; p95 -3.2 to +4.9 %, -6.7 % where the link's load is below 0.3.
    Independent times gave -14 to +9 %.

    References
    ----------
    yashkov-1983, tijms-2003

    Examples
    --------
    >>> link, excess, wait, own = meeting_laws(0.5, 1.0, 0.0, 1.0, 0.0, 1.0)
    >>> round(float(excess.variance + wait.variance), 3)
    3.019
    """
    offered = np.multiply(arrival, tier)
    waiting = erlang_c(servers, offered)
    mean = mgc_wait_mean(arrival, tier, tier_scv, servers, waiting)
    time = ps_sojourn_mean(arrival, service, 1.0)
    both = meeting_variance(
        shared_delay(service, time, scv),
        queue_delay(arrival, waiting),
        shared_forgetting(service, time, scv),
        queue_forgetting(mean, waiting, offered, tier, servers),
    )
    wait, own = mgc_wait_law(arrival, tier, tier_scv, servers), gamma_law(tier, tier_scv)
    if np.ndim(scv) == 0 and scv == 1.0:
        return [*shared_law(arrival, service, scv, 1.0), _swayed(wait, both), own]
    with np.errstate(all="ignore"):
        share = np.divide(both, shared_variance(time, service, scv))
        stretch = choose(np.isfinite(share), 1.0 + share, 1.0)
    return [*shared_law(arrival, service, scv, 1.0, stretch), wait, own]


def _swayed(law: StationLaw, added: S2) -> StationLaw:
    """Return a time of the same mean with a variance added by a random scale of two values."""
    with np.errstate(all="ignore"):
        square = np.divide(added, law.variance + law.mean * law.mean)
        square = choose(np.isfinite(square), np.minimum(square, _MOST_SWAY), 0.0)
    sway = np.sqrt(square)
    return StationLaw(
        Formula(_two_scales, (law.transform, 1.0 + sway, 1.0 - sway)),
        law.mean,
        law.variance + square * (law.variance + law.mean * law.mean),
        law.skew + 3.0 * square * (law.skew + 2.0 * law.mean * law.variance),
        atom=law.atom,
        smooth=law.smooth,
    )


def _two_scales(
    s: Complex, transform: Callable[[Complex], Complex], long: Pure, short: Pure
) -> Complex:
    return 0.5 * (transform(long * s) + transform(short * s))
