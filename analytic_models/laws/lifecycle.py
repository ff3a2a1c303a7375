"""What machines cost before they run: emissions of their making, and charges of a battery."""

from __future__ import annotations

__all__ = ["charge_inferences", "made_while_reserved", "made_while_used"]

import numpy as np

from analytic_models.units import Count, Frac, Gram, J, PerS, Pure, S


def made_while_used(made: Gram, lifetime: S, time: S, busy: Frac, share: Frac) -> Gram:
    r"""Charge the making of a machine by the time that a request takes of its life.

    .. math:: m = \phi\,\frac{M\,S}{L\,u}

    Parameters
    ----------
    made
        Emissions of making one machine [gCO2e].
    lifetime
        Years of service, in seconds.
    time
        Machine time of a request [s].
    busy
        Share of the machine's time that is put to use; the rest is charged too.
    share
        Share of all requests that reach it.

    Notes
    -----
    Zero where no time is used, even if the making is not known.

    References
    ----------
    gsf-sci-2024

    Examples
    --------
    >>> float(made_while_used(50e3, 1e8, 0.1, 1.0, 1.0))
    5e-05
    """
    return np.where(np.equal(time, 0.0), 0.0, share * made * time / (lifetime * busy))


def made_while_reserved(
    made: Gram, lifetime: S, servers: Count, arrival: PerS, share: Frac, used: Pure
) -> Gram:
    r"""Share the making of machines that stand there whether busy or not among the requests.

    .. math:: m = u\,\phi\,\frac{M\,c}{L\,\Lambda}

    Parameters
    ----------
    made
        Emissions of making one machine [gCO2e].
    lifetime
        Years of service, in seconds.
    servers
        Machines.
    arrival
        Requests that reach them [1/s].
    share
        Share of all requests that reach them.
    used
        1 where the design uses them.

    Notes
    -----
    Infinite where nothing arrives; zero where they are not used, even if the making is not known.

    References
    ----------
    gsf-sci-2024

    Examples
    --------
    >>> float(made_while_reserved(100e3, 1e8, 2.0, 100.0, 1.0, 1.0))
    2e-05
    """
    spread = used * share * made * servers / (lifetime * arrival)
    return np.where(np.greater(used, 0.0), spread, 0.0)


def charge_inferences(battery: J, energy: J) -> Count:
    r"""Count the inferences that one charge of the battery pays for, with nothing else running.

    .. math:: n = \frac{B}{E}

    Examples
    --------
    >>> charge_inferences(36e3, 0.5)
    72000.0
    """
    return battery / energy
