"""Transforms of the time at stations where urgent requests go first, class by class."""

from __future__ import annotations

__all__ = ["busy_transform", "others_laws", "urgent_laws"]

import math
from collections.abc import Callable

import numpy as np

from analytic_models.laws.erlang import erlang_c
from analytic_models.laws.inversion import Complex
from analytic_models.laws.service_laws import gamma_law, gamma_transform
from analytic_models.laws.station_laws import mgc_wait_law
from analytic_models.laws.transforms import StationLaw
from analytic_models.laws.urgent import classes
from analytic_models.laws.urgent_waits import urgent_wait
from analytic_models.laws.waits import waited_law
from analytic_models.units import Count, Frac, PerS, Pure, S

_STEPS = 60
_ACCURACY = 1e-14


def busy_transform(arrival: PerS, service: S, scv: Pure) -> Callable[[Complex], Complex]:
    r"""Transform of the busy period of one server, by Newton steps on its fixed point.

    .. math:: G(s) = B^*\left(s + \lambda - \lambda G(s)\right)

    Parameters
    ----------
    arrival
        Requests [1/s], fewer than the server can hold.
    service, scv
        Mean service time [s] and its squared coefficient of variation, gamma.

    References
    ----------
    takacs-1962

    Examples
    --------
    >>> g = busy_transform(0.5, 1.0, 1.0)(np.asarray([0.25 + 0j]))
    >>> round(float(g[0].real), 6)
    0.719224
    """
    own = gamma_transform(service, scv)

    def transform(s: Complex) -> Complex:
        # Exponential work has a closed form, which starts the search for other laws.
        middle = 1.0 + service * (s + arrival)
        found = 2.0 / (middle + np.sqrt(middle * middle - 4.0 * arrival * service))
        if scv == 1.0:
            return np.asarray(found, dtype=complex)
        for _ in range(_STEPS):
            argument = s + arrival * (1.0 - found)
            value = own(argument)
            slope = arrival * service * value / (1.0 + scv * service * argument)
            step = (value - found) / (1.0 - slope)
            found = found + step
            if float(np.max(np.abs(step), initial=0.0)) < _ACCURACY:
                break
        return np.asarray(found, dtype=complex)

    return transform


def urgent_laws(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, interrupts: Pure
) -> tuple[StationLaw, ...]:
    r"""Wait and service of urgent requests.

    .. math:: W_1^*(s)=\frac{(1-\rho)s+\lambda_2\left(1-B^*(s)\right)}
              {s-\lambda_1+\lambda_1 B^*(s)}

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts
        Numbers of one station, as for :func:`~analytic_models.laws.urgent_waits.urgent_wait`.

    Notes
    -----
    One server: exact. Several without interruption: zero or exponential, exact for exponential
    work. With interruption: the queue of the urgent requests alone.

    References
    ----------
    takacs-1964, kella-yechiali-1985

    Examples
    --------
    >>> wait, served = urgent_laws(0.5, 1.0, 1.0, 1.0, 0.4, 0.0)
    >>> round(float(wait.mean), 6)
    0.625
    """
    rate = share * arrival
    served = gamma_law(service, scv)
    if interrupts > 0.0:
        return mgc_wait_law(rate, service, scv, servers), served
    mean = urgent_wait(arrival, service, scv, servers, share, interrupts)
    found = classes(arrival, service, scv, servers, share, interrupts)
    if servers != 1.0:
        waited = np.subtract(found.urgent[1], served.variance)
        return waited_law(erlang_c(servers, arrival * service), mean, waited), served
    own = gamma_transform(service, scv)
    other = min(arrival - rate, 1.0 / service - rate)
    idle = 1.0 - service * (rate + other)

    def transform(s: Complex) -> Complex:
        missing = 1.0 - own(s)
        return (idle * s + other * missing) / (s - rate * missing)

    variance = np.subtract(found.urgent[1], served.variance)
    skew = np.subtract(found.urgent[2], served.skew)
    return StationLaw(transform, mean, variance, skew, atom=idle), served


def others_laws(
    arrival: PerS, service: S, scv: Pure, servers: Count, share: Frac, interrupts: Pure
) -> tuple[StationLaw, ...]:
    r"""Wait and service of the requests that are not urgent, interruptions included.

    .. math:: W_2^*(s)=W_F^*(\sigma), \quad B_2^*(s)=B^*(\sigma), \qquad
              \sigma=s+\lambda_1\left(1-G_1(s)\right)

    with :math:`W_F` the wait in order of arrival and :math:`G_1` the busy period of the urgent
    requests; without interruption the service stays its own.

    Parameters
    ----------
    arrival, service, scv, servers, share, interrupts
        Numbers of one station, as for :func:`~analytic_models.laws.urgent_waits.urgent_wait`.

    Notes
    -----
    One server: exact. Several: the urgent requests are served as by one server of all their speed.

    References
    ----------
    takacs-1964, kella-yechiali-1985

    Examples
    --------
    >>> wait, served = others_laws(0.5, 1.0, 1.0, 1.0, 0.4, 0.0)
    >>> round(float(wait.mean), 6)
    1.25
    """
    rate = share * arrival
    busy = busy_transform(rate, service / servers, scv)
    queued = mgc_wait_law(arrival, service, scv, servers)
    plain = classes(arrival, service, scv, servers, share, 0.0)
    served = gamma_law(service, scv)

    def waits(s: Complex) -> Complex:
        return queued.transform(s + rate * (1.0 - busy(s)))

    constant = float(np.asarray(served.shift))
    variance = np.subtract(plain.others[1], served.variance)
    skew = np.subtract(plain.others[2], served.skew)
    mean = np.subtract(plain.others[0], service)
    wait = StationLaw(waits, mean, variance, skew, atom=queued.atom)
    if interrupts <= 0.0 or rate <= 0.0:
        return wait, served
    cut = classes(arrival, service, scv, servers, share, interrupts)
    exposed = rate * float(np.asarray(cut.exposed))
    own = gamma_transform(service, scv)

    def serves(s: Complex) -> Complex:
        lost = exposed * (1.0 - busy(s))
        # Constant work is a shift; only its interruptions are random.
        return np.exp(-constant * lost) if constant > 0.0 else own(s + lost)

    return wait, StationLaw(
        serves,
        cut.others[0] - plain.others[0] + served.mean,
        cut.others[1] - plain.others[1] + served.variance,
        cut.others[2] - plain.others[2] + served.skew,
        shift=served.shift,
        atom=math.exp(-constant * exposed) if constant > 0.0 else 0.0,
    )
