"""A link that repeats a lost message at once until it arrives: times, bits and their spread."""

from __future__ import annotations

__all__ = [
    "repeat_shares",
    "repeated_bits",
    "repeated_law",
    "repeated_scv",
    "repeated_skew",
    "repeated_transfer",
    "repeated_variance",
    "shared_spread",
]

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.inversion import Complex
from analytic_models.laws.service_laws import gamma_transform
from analytic_models.laws.sharing import shared_variance
from analytic_models.laws.transforms import StationLaw
from analytic_models.units import S2, S3, Array, Bit, BitPerS, Count, Frac, PerS, Pure, S

# In a transform, whose slope at zero is the mean.
_RARE = 1e-13


def repeated_transfer(size: Bit, rate: BitPerS, loss: Frac) -> S:
    r"""Time that a message holds the link until it has arrived, its repeats included.

    .. math:: S = \frac{b}{R\,(1 - p)}

    Parameters
    ----------
    size
        Bits of the message.
    rate
        Rate of the link.
    loss
        Share of transmissions that are lost, each independently of the others.

    Notes
    -----
    The link layer notices a loss at once and sends the same message again before the next one:
    the number of transmissions is geometric. What it waits for an acknowledgement is not counted.

    References
    ----------
    Bertsekas and Gallager (1992). Data Networks, 2nd edition, section 2.4.

    Examples
    --------
    >>> repeated_transfer(1e6, 2e6, 0.5)
    1.0
    """
    return size / (rate * (1.0 - loss))


def repeated_bits(size: Bit, loss: Frac) -> Bit:
    r"""Bits that are sent until a message has arrived.

    .. math:: b' = \frac{b}{1 - p}

    Examples
    --------
    >>> repeated_bits(800.0, 0.5)
    1600.0
    """
    return size / (1.0 - loss)


def repeated_scv(scv: Pure, loss: Frac) -> Pure:
    r"""Squared coefficient of variation of the time until a message has arrived.

    .. math:: c'^2 = p + (1 + p)\,c_s^2

    Parameters
    ----------
    scv
        Of one transmission.
    loss
        Share of transmissions that are lost.

    Notes
    -----
    A repeat has the size of the message that was lost. If its size were drawn anew, it would be
    :math:`p + (1-p)c_s^2`; the two agree for messages of a fixed size.

    Examples
    --------
    >>> repeated_scv(0.0, 0.1)
    0.1
    """
    return loss + (1.0 + loss) * scv


def _moments(service: S, scv: Pure, loss: Frac) -> tuple[Array, Array, Array]:
    """Second to fourth moments of a geometric number of gamma times of one and the same length."""
    once = service * (1.0 - loss)
    left = 1.0 - loss
    second = (1.0 + loss) / left**2
    third = (1.0 + 4.0 * loss + loss * loss) / left**3
    fourth = (1.0 + loss) * (1.0 + 10.0 * loss + loss * loss) / left**4
    own = once * once * (1.0 + scv)
    b2 = second * own
    own = own * once * (1.0 + 2.0 * scv)
    b3 = third * own
    return b2, b3, fourth * own * once * (1.0 + 3.0 * scv)


def repeated_variance(arrival: PerS, service: S, scv: Pure, loss: Frac, wait: S) -> S2:
    r"""Variance of the time on a link that repeats lost messages, in order of arrival.

    .. math:: \sigma^2 = W^2 + \frac{\lambda b_3}{3(1-\rho)} + b_2 - S^2,\qquad
        b_k = E[N^k]\,E[X^k]

    Parameters
    ----------
    arrival
        Messages [1/s].
    service
        Mean time until a message has arrived, repeats included [s].
    scv
        Squared coefficient of variation of one transmission, taken as gamma.
    loss
        Share of transmissions that are lost.
    wait
        Mean wait [s].

    Notes
    -----
    Exact (Takács) with the moments of a geometric number N of transmissions of length X.

    References
    ----------
    takacs-1962

    Examples
    --------
    >>> round(float(repeated_variance(5.0, 0.1, 1.0, 0.0, 0.1)), 9)
    0.04
    """
    b2, b3, _ = _moments(service, scv, loss)
    queued = wait * wait + arrival * b3 / (3.0 * (1.0 - arrival * service))
    return np.where(np.isinf(wait), np.inf, b2 - service * service + queued)


def repeated_skew(arrival: PerS, service: S, scv: Pure, loss: Frac, wait: S) -> S3:
    r"""Third cumulant of the time on a link that repeats lost messages, in order of arrival.

    .. math:: \kappa_3 = 2W^3 + \frac{\lambda b_3 W}{1-\rho} + \frac{\lambda b_4}{4(1-\rho)}
        + b_3 - 3 b_2 S + 2 S^3

    Parameters
    ----------
    arrival, service, scv, loss, wait
        As for :func:`repeated_variance`.

    References
    ----------
    takacs-1962

    Examples
    --------
    >>> round(float(repeated_skew(5.0, 0.1, 1.0, 0.0, 0.1)), 9)
    0.016
    """
    b2, b3, b4 = _moments(service, scv, loss)
    spare = 1.0 - arrival * service
    queued = 2.0 * wait * wait * wait + arrival * (b3 * wait + 0.25 * b4) / spare
    own = b3 - 3.0 * b2 * service + 2.0 * service * service * service
    return np.where(np.isinf(wait), np.inf, own + queued)


def repeat_shares(loss: float, rare: float = 1e-7) -> NDArray[np.float64]:
    """Shares of the messages that arrive at the first, second, ... transmission.

    Parameters
    ----------
    loss
        Share of transmissions that are lost, below 1.
    rare
        Repeats that are rarer than this are counted with the last number that is kept.

    Returns
    -------
    numpy.ndarray
        Shares that sum to 1; the last one holds all that need more.

    Examples
    --------
    >>> repeat_shares(0.0).tolist()
    [1.0]
    >>> repeat_shares(0.25)[:2].tolist()
    [0.75, 0.1875]
    """
    if loss <= 0.0:
        return np.ones(1)
    most = int(np.ceil(np.log(rare) / np.log(loss)))
    shares = (1.0 - loss) * loss ** np.arange(most, dtype=float)
    shares[-1] = loss ** (most - 1)
    return shares


def repeated_law(service: S, scv: Pure, loss: Frac) -> StationLaw:
    r"""Time until a message has arrived, repeats included, for sizes that are spread.

    .. math:: B^*(s) = \sum_{n\ge 1} (1-p)\,p^{n-1}\,\beta(n s)

    Parameters
    ----------
    service, scv, loss
        As for :func:`repeated_variance`, numbers.

    Returns
    -------
    StationLaw
        Without a constant part, also for a fixed size, whose law then has jumps.

    References
    ----------
    Kleinrock (1975). Queueing Systems, Volume I, section 5.7.

    Examples
    --------
    >>> float(repeated_law(2.0, 1.0, 0.5).mean)
    2.0
    """
    once = gamma_transform(np.asarray(service * (1.0 - loss)), scv)
    shares = repeat_shares(float(loss), _RARE)

    def transform(s: Complex) -> Complex:
        first = once(s)
        if np.all(np.equal(scv, 0.0)):
            geometric: Complex = (1.0 - loss) * first / (1.0 - loss * first)
            return geometric
        value: Complex = shares[0] * first
        for passes, share in enumerate(shares[1:].tolist(), start=2):
            value = value + share * once(passes * s)
        return value

    b2, b3, _ = _moments(service, scv, loss)
    skew = b3 - 3.0 * b2 * service + 2.0 * service * service * service
    return StationLaw(transform, service, b2 - service * service, skew)


def shared_spread(arrival: PerS, service: S, scv: Pure, loss: Frac, passes: Count) -> S2:
    r"""Variance of the time that sharing adds to a message that is sent a given number of times.

    .. math:: v(x) = A x\left(1 - \frac{1 - e^{-\theta x}}{\theta x}\right),\quad
        A = \frac{\lambda b_2}{(1-\rho)^3},\quad \theta = \frac{2(1-\rho)S}{b_2}

    Parameters
    ----------
    arrival, service, scv, loss
        As for :func:`repeated_variance`.
    passes
        Times that this message is sent.

    Notes
    -----
    Given the work x, v is exact for exponential work; elsewhere it has the exact slope for much
    work and the exact curvature for little. The spread of one transmission is added, stretched by
    the mean slowdown. Scaled so that without losses it is that of :func:`shared_variance`.

    References
    ----------
    coffman-muntz-trotter-1970, yashkov-1983

    Examples
    --------
    >>> round(float(shared_spread(0.5, 1.0, 0.0, 0.0, 1.0)), 4)
    1.6205
    """
    load = arrival * service
    plain = shared_variance(1.0 / (1.0 - load), 1.0, scv) - scv
    fit = plain / _added(load, 1.0 + scv, 1.0, scv)
    second = (1.0 + loss) * (1.0 + scv)
    return fit * service * service * _added(load, second, passes * (1.0 - loss), scv)


def _added(load: Frac, second: Pure, work: Pure, scv: Pure) -> Pure:
    """Variance that sharing adds to some work, all in units of the mean time and its square."""
    spare = 1.0 - load
    bend = 2.0 * spare / second * work
    given = load * second / spare**3 * work * (1.0 + np.expm1(-bend) / bend)
    return given + scv * work * work * (1.0 / spare**2 - 1.0)
