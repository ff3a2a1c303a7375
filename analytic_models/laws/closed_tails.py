"""Percentiles of the latency of devices that wait for an answer before they ask again."""

from __future__ import annotations

__all__ = ["closed_exceedance", "closed_quantile"]

from dataclasses import replace
from functools import lru_cache

import numpy as np

from analytic_models.laws.service_laws import gamma_law, thinned_law
from analytic_models.laws.transforms import (
    Branch,
    StationLaw,
    mixture_exceedance,
    mixture_quantile,
)
from analytic_models.units import S2, Array, Frac, Pure, S

# Levels that are asked for together: a single case solves them in one go.
_LEVELS = (0.5, 0.95, 0.99, 0.999)
# Laws of less variation than this rise too steeply for the inversion.
_STEEP = 0.02


def closed_quantile(
    device_service: S,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_wait: S,
    uplink_waiting: Frac,
    uplink_variance: S2,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_wait: S,
    edge_waiting: Frac,
    edge_variance: S2,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_wait: S,
    backhaul_waiting: Frac,
    backhaul_variance: S2,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_wait: S,
    cloud_waiting: Frac,
    cloud_variance: S2,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    level: Frac,
) -> S:
    r"""Percentile of the latency where devices wait for their answers.

    .. math:: P(T > t_p) = 1 - p,\qquad T = d + \sum_m (S_m + V_m), \quad
              P(V_m > 0) = B_m, \quad V_m \mid V_m > 0 \sim \Gamma

    Parameters
    ----------
    device_service, uplink_service, edge_service, backhaul_service, cloud_service
        Mean service times [s].
    uplink_shared, edge_shared, backhaul_shared, cloud_shared
        1 for processor sharing.
    uplink_wait, edge_wait, backhaul_wait, cloud_wait
        Mean waits [s].
    uplink_waiting, edge_waiting, backhaul_waiting, cloud_waiting
        Share of visits that wait.
    uplink_variance, edge_variance, backhaul_variance, cloud_variance
        Variances of the times there, service included [s2].
    uplink_fixed, backhaul_fixed
        Delays that load does not change [s].
    compute_scv, message_scv
        Squared coefficients of variation of compute times and message sizes.
    remote, onward
        Share of requests that leaves the device, and of those that goes on to the cloud.
    level
        Probability below the percentile.

    Notes
    -----
    Gamma waits of the mean and variance that the arrival theorem gives, independent of each other.

    References
    ----------
    abate-whitt-2006, reiser-lavenberg-1980

    Examples
    --------
    >>> link, idle = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0)
    >>> edge = (1.0, 0.0, 1.0, 0.5, 4.0)
    >>> round(float(closed_quantile(0.0, *link, *edge, *link, *idle, 1.0, 1.0, 1.0, 0.0, 0.99)), 2)
    9.21
    """
    *values, asked = locals().values()
    single = _as_floats(tuple(values))
    if single is None:
        return np.asarray(mixture_quantile(_branches(*values), asked))
    if np.ndim(asked) == 0 and float(asked) in _LEVELS:
        return _percentiles(single)[_LEVELS.index(float(asked))]
    return mixture_quantile(_single(single), asked)


def closed_exceedance(
    device_service: S,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_wait: S,
    uplink_waiting: Frac,
    uplink_variance: S2,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_wait: S,
    edge_waiting: Frac,
    edge_variance: S2,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_wait: S,
    backhaul_waiting: Frac,
    backhaul_variance: S2,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_wait: S,
    cloud_waiting: Frac,
    cloud_variance: S2,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    threshold: S,
) -> Frac:
    r"""Probability that the latency exceeds a threshold, where devices wait for their answers.

    .. math:: P(T > t) = \sum_b \phi_b\,P(T_b > t)

    Parameters
    ----------
    threshold
        Time that should not be exceeded [s]; the others as for :func:`closed_quantile`.

    References
    ----------
    abate-whitt-2006, reiser-lavenberg-1980

    Examples
    --------
    >>> link, idle = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0)
    >>> edge = (1.0, 0.0, 1.0, 0.5, 4.0)
    >>> late = closed_exceedance(0.0, *link, *edge, *link, *idle, 1.0, 1.0, 1.0, 0.0, 2.0)
    >>> round(float(late), 4)
    0.3679
    """
    *values, asked = locals().values()
    single = _as_floats(tuple(values))
    return mixture_exceedance(_branches(*values) if single is None else _single(single), asked)


def _as_floats(values: tuple[Array, ...]) -> tuple[float, ...] | None:
    """Return the numbers of a single case, or None for arrays of cases."""
    if any(isinstance(value, np.ndarray) and value.ndim for value in values):
        return None
    return tuple(map(float, values))


@lru_cache(maxsize=256)
def _single(values: tuple[float, ...]) -> list[Branch]:
    return _branches(*values)


@lru_cache(maxsize=256)
def _percentiles(values: tuple[float, ...]) -> tuple[float, ...]:
    found = np.asarray(mixture_quantile(_single(values), np.array(_LEVELS)))
    return tuple(float(value) for value in np.broadcast_to(found, (len(_LEVELS),)))


def _branches(
    device: S,
    uplink_service: S, uplink_shared: Pure, uplink_wait: S, uplink_waiting: Frac,
    uplink_variance: S2, uplink_fixed: S,
    edge_service: S, edge_shared: Pure, edge_wait: S, edge_waiting: Frac, edge_variance: S2,
    backhaul_service: S, backhaul_shared: Pure, backhaul_wait: S, backhaul_waiting: Frac,
    backhaul_variance: S2, backhaul_fixed: S,
    cloud_service: S, cloud_shared: Pure, cloud_wait: S, cloud_waiting: Frac, cloud_variance: S2,
    compute: Pure, message: Pure, remote: Frac, onward: Frac,
) -> list[Branch]:  # fmt: skip
    """Return the paths of a request, each with its share, constant time and stations."""
    near = _work(device, compute)
    middle = [
        *near,
        *_station(
            uplink_service, message, uplink_shared, uplink_wait, uplink_waiting, uplink_variance
        ),
        *_station(edge_service, compute, edge_shared, edge_wait, edge_waiting, edge_variance),
    ]
    far = [
        *middle,
        *_station(
            backhaul_service,
            message,
            backhaul_shared,
            backhaul_wait,
            backhaul_waiting,
            backhaul_variance,
        ),
        *_station(cloud_service, compute, cloud_shared, cloud_wait, cloud_waiting, cloud_variance),
    ]
    paths = [
        Branch(np.subtract(1.0, remote), 0.0, near),
        Branch(np.multiply(remote, np.subtract(1.0, onward)), uplink_fixed, middle),
        Branch(np.multiply(remote, onward), np.add(uplink_fixed, backhaul_fixed), far),
    ]
    return [path for path in paths if np.any(np.greater(path.share, 0.0))]


def _work(service: S, scv: Pure) -> list[StationLaw]:
    """Law of the service itself: nothing where no case has any."""
    used = np.not_equal(service, 0.0)
    if not used.any():
        return []
    if used.all() or (np.ndim(scv) == 0 and scv == 0.0):
        return [gamma_law(service, scv)]
    return [thinned_law(used.astype(float), gamma_law(np.where(used, service, 1.0), scv))]


def _station(
    service: S, scv: Pure, shared: Pure, wait: S, waiting: Frac, variance: S2
) -> list[StationLaw]:
    """Laws of the service and of what is lost to others: by few, or by all who share."""
    own = _work(service, scv)
    waits = np.greater(wait, 0.0)
    # A wait that is not known must reach the answer.
    if not own or not (waits | np.isnan(wait)).any():
        return own
    load = np.where(waits, wait / np.where(waits, wait + service, 1.0), 0.0)
    met = 1.0 - (1.0 - load) * np.exp(-load)
    chance = np.where(waits, np.where(np.greater(shared, 0.0), met, waiting), 1.0)
    mean = np.where(waits, wait, 1.0) + 0.0 * np.asarray(wait)
    spread = np.maximum(variance - scv * np.square(service), 0.0)
    ratio = np.where(waits, (spread / (mean * mean) + 1.0) * chance - 1.0, 1.0)
    steep = ratio < _STEEP
    chance, given = np.where(steep, 1.0, chance), np.where(steep, mean, mean / chance)
    # A steep rise is a constant and a time that varies as much.
    moving = np.where(steep, np.minimum(np.sqrt(spread / _STEEP), mean), given)
    law = thinned_law(np.where(waits, chance, 0.0), gamma_law(moving, np.maximum(ratio, _STEEP)))
    return [*own, replace(law, shift=np.where(waits & steep, mean - moving, 0.0))]
