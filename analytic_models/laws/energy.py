"""Energy of one inference: device, radio, and infrastructure with its idle share."""

from __future__ import annotations

__all__ = ["compute_energy", "radio_energy", "reserved_energy", "scaled_energy"]

import numpy as np

from analytic_models.units import Bit, Count, Frac, J, JPerBit, PerS, Pure, S, W


def compute_energy(power: W, time: S) -> J:
    r"""Energy of a machine under load for a time.

    .. math:: E = P\,t

    Examples
    --------
    >>> compute_energy(5.0, 0.2)
    1.0
    """
    return power * time


def radio_energy(
    per_bit_sent: JPerBit,
    sent: Bit,
    per_bit_received: JPerBit,
    received: Bit,
    base: W,
    time: S,
    share: Frac,
) -> J:
    r"""Energy that the device's radio spends on one request.

    .. math:: E = \phi\left(e_u b_u + e_d b_d + P_0 t\right)

    Parameters
    ----------
    per_bit_sent, per_bit_received
        Slope of radio power over rate, up and down [J/bit].
    sent, received
        Bits up and down [bit].
    base
        Radio power that does not depend on rate while sending [W].
    time
        Time that the message holds the link [s].
    share
        Share of requests that leave the device.

    References
    ----------
    huang-2012-lte-power

    Examples
    --------
    >>> radio_energy(1e-7, 1e6, 1e-8, 0.0, 1.0, 0.1, 1.0)
    0.2
    """
    return share * (per_bit_sent * sent + per_bit_received * received + base * time)


def reserved_energy(
    active: W,
    idle: W,
    service: S,
    servers: Count,
    arrival: PerS,
    share: Frac,
    overhead: Pure,
    used: Pure,
) -> J:
    r"""Energy per request of machines that stay on: busy time, and idle time shared by requests.

    .. math:: E = u\,\mathrm{PUE}\,\phi\left(P_a S + P_i\left(\frac{c}{\Lambda} - S\right)\right)

    Parameters
    ----------
    active, idle
        Power under load and idle [W].
    service
        Service time of a request [s].
    servers
        Machines.
    arrival
        Requests that reach the machines [1/s].
    share
        Share of all requests that reach the machines.
    overhead
        PUE of the site.
    used
        1 where the site computes for the design.

    Notes
    -----
    Low load is expensive per inference: the idle power is divided by few requests. Infinite at
    no load; zero where the site is not used, even if its power is not known.

    Examples
    --------
    >>> float(reserved_energy(100.0, 20.0, 0.01, 1.0, 50.0, 1.0, 1.0, 1.0))
    1.2
    """
    spent = active * service + idle * (servers / arrival - service)
    return np.where(np.greater(used, 0.0), used * overhead * share * spent, 0.0)


def scaled_energy(active: W, idle: W, service: S, busy: Frac, share: Frac, overhead: Pure) -> J:
    r"""Energy per request of machines that are added and removed so that a share of time is busy.

    .. math:: E = \mathrm{PUE}\,\phi\,S\left(P_a + P_i\,\frac{1 - u}{u}\right)

    Examples
    --------
    >>> float(scaled_energy(100.0, 20.0, 0.01, 0.5, 1.0, 1.0))
    1.2
    """
    spent = overhead * share * service * (active + idle * (1.0 - busy) / busy)
    return np.where(np.equal(service, 0.0), 0.0, spent)
