"""Requests that fail and try again: the exact law of their total time."""

from __future__ import annotations

__all__ = ["retry_law"]

import numpy as np

from analytic_models.laws.inversion import Complex
from analytic_models.laws.open_networks import retry_sojourn_mean
from analytic_models.laws.transforms import StationLaw

_LEFT_OUT = 1e-12
_STATES = 400


def retry_law(arrival_per_s: float, service_s: float, retry: float) -> StationLaw:
    r"""Sojourn in M/M/1 when a failed request rejoins the tail of the queue.

    A pass behind n others takes Erlang(n+1); at its end the request fails with probability p and
    meets those of the n that failed too and those who came meanwhile. With
    :math:`x(z)=\mu/(\mu+s+\lambda(1-z))` the transform by n solves

    .. math:: \phi_n = (1-p)\,x(1)^{n+1} + p\sum_m [z^m]\,(1-p+pz)^n x(z)^{n+1}\,\phi_m

    Parameters
    ----------
    arrival_per_s, service_s
        Rate of new requests, mean time of one attempt.
    retry
        Probability that an attempt fails, below 1.

    Returns
    -------
    StationLaw
        Exact sojourn over all attempts, up to a truncated queue mass of 1e-12. Variance and
        third cumulant are those of an exponential law with the exact mean; they only choose the
        starting point of a percentile search.

    References
    ----------
    Takács (1963). A single-server queue with feedback. Bell System Technical Journal 42(2).

    Examples
    --------
    >>> law = retry_law(0.5, 1.0, 0.2)
    >>> slope = (1.0 - law.transform(np.array([1e-6 + 0j]))[0].real) / 1e-6
    >>> round(float(slope), 3)
    3.333
    """
    mean = float(retry_sojourn_mean(arrival_per_s, service_s, retry))
    load = arrival_per_s * service_s / (1.0 - retry)
    rate = 1.0 / service_s
    states = _STATES
    if 0.0 < load < 1.0:
        states = min(_STATES, 32 + int(1.5 * np.log(_LEFT_OUT) / np.log(load)))
    met = (1.0 - load) * load ** np.arange(states)

    circle = np.exp(-2j * np.pi * np.arange(2 * states) / (2 * states))

    def at(s: complex) -> complex:
        # Coefficients of the generating function by a discrete Fourier transform on the circle.
        coming = rate / (rate + s + arrival_per_s * (1.0 - circle))
        rejoining = ((1.0 - retry) + retry * circle) * coming
        rows = np.broadcast_to(rejoining, (states, len(circle))).copy()
        rows[0] = coming
        kernel = np.fft.ifft(np.cumprod(rows, axis=0), axis=1)[:, :states]
        alone = (rate / (rate + s)) ** np.arange(1, states + 1)
        solved = np.linalg.solve(np.eye(states) - retry * kernel, (1.0 - retry) * alone)
        return complex(met @ solved)

    def transform(s: Complex) -> Complex:
        flat = [at(complex(value)) for value in np.ravel(s)]
        return np.array(flat, dtype=complex).reshape(np.shape(s))

    return StationLaw(transform, mean, mean * mean, 2.0 * mean**3)
