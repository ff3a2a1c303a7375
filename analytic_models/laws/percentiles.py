"""Percentiles and deadline misses of the whole chain by transform inversion."""

from __future__ import annotations

__all__ = ["chain_branches", "chain_exceedance", "chain_quantile"]

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.laws.choice import every, some
from analytic_models.laws.paths import Path, paths_of
from analytic_models.laws.queueing import mgc_wait_mean
from analytic_models.laws.service_laws import exponential_law, gamma_law
from analytic_models.laws.sharing import shared_law
from analytic_models.laws.spaced import spaced_laws
from analytic_models.laws.station_laws import mg1_sojourn_law, mgc_wait_law
from analytic_models.laws.tandem import meeting_laws
from analytic_models.laws.transforms import (
    Branch,
    Complex,
    StationLaw,
    exceedance_of,
    mixture_exceedance,
    mixture_quantile,
    quantile_in_one_step,
    quantile_of,
)
from analytic_models.units import Array, Count, Frac, PerS, Pure, S


def _station(
    arrival: PerS, service: S, scv: Pure, servers: Count, shared: Pure
) -> list[StationLaw]:
    """Laws of the time in a station: nothing where no case uses it."""
    if isinstance(service, float) and service == 0.0:
        return []
    # A service that is not known is used, and its nan must reach the answer.
    used = np.not_equal(service, 0.0)
    if not some(used):
        return []
    if some(np.greater(shared, 0.0)):
        laws = shared_law(arrival, service, scv, servers)
    elif np.ndim(scv) == np.ndim(servers) == 0 and servers == 1.0 and scv > 0.0:
        # One law in place of two, and in M/M/1 an exponential one.
        laws = [
            exponential_law(service + mgc_wait_mean(arrival, service, scv, servers))
            if scv == 1.0
            else mg1_sojourn_law(arrival, service, scv)
        ]
    else:
        laws = [mgc_wait_law(arrival, service, scv, servers), gamma_law(service, scv)]
    return laws if every(used) else [_only_where(used, law) for law in laws]


def _hop_and_tier(
    arrival: PerS,
    message: S,
    message_scv: Pure,
    hop_shared: Pure,
    service: S,
    scv: Pure,
    servers: Count,
    shared: Pure,
) -> list[StationLaw]:
    """Laws of a hop and the tier behind it, which depend on each other where both are used."""
    shares = some(np.greater(hop_shared, 0.0))
    plain = np.equal(shared, 0.0) if shares else np.equal(message_scv, 0.0) & np.equal(scv, 0.0)
    linked = np.not_equal(message, 0.0) & np.not_equal(service, 0.0) & plain
    link: list[StationLaw] = []
    met: list[StationLaw] = []
    if shares and some(linked):
        met = meeting_laws(arrival, message, message_scv, service, scv, servers)
    else:
        link = _station(arrival, message, message_scv, 1.0, hop_shared)
        if some(linked):
            met = [*link, *spaced_laws(arrival, service, servers, shared, message)]
    if every(linked):
        return met
    link = link or _station(arrival, message, message_scv, 1.0, hop_shared)
    alone = [*link, *_station(arrival, service, scv, servers, shared)]
    if not met:
        return alone
    apart = np.logical_not(linked)
    return [*(_only_where(linked, law) for law in met), *(_only_where(apart, law) for law in alone)]


def _only_where(used: NDArray[np.bool_], law: StationLaw) -> StationLaw:
    """Take a law where a station is used; no time passes elsewhere."""

    def transform(s: Complex) -> Complex:
        return np.where(used, law.transform(s), 1.0)

    def where(value: Array, otherwise: float = 0.0) -> Array:
        return np.where(used, value, otherwise)

    return StationLaw(
        transform,
        where(law.mean),
        where(law.variance),
        where(law.skew),
        where(law.shift),
        where(law.atom, 1.0),
        law.smooth,
    )


def chain_branches(
    device_arrival: PerS,
    device_service: S,
    device_shared: Pure,
    remote_arrival: PerS,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_servers: Count,
    cloud_arrival: PerS,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_servers: Count,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
) -> list[Branch]:
    """Return the paths that a request may take, each with its share, constant time and stations.

    Parameters
    ----------
    device_arrival, remote_arrival, cloud_arrival
        Requests that reach the device, the edge site and the cloud [1/s].
    device_service, uplink_service, edge_service, backhaul_service, cloud_service
        Service times [s].
    device_shared, uplink_shared, edge_shared, backhaul_shared, cloud_shared
        1 for processor sharing, 0 for first come first served; the same for all cases.
    uplink_fixed, backhaul_fixed
        Delays that load does not change [s].
    edge_servers, cloud_servers
        Servers.
    compute_scv, message_scv
        Squared coefficient of variation of compute times and message sizes.
    remote, onward
        Share of requests that leaves the device, and of those that goes on to the cloud.

    Returns
    -------
    list of Branch
        Device only, up to the edge, up to the cloud; paths that nothing takes are left out.
    """
    near = _station(device_arrival, device_service, compute_scv, 1.0, device_shared)
    uplink = (remote_arrival, uplink_service, message_scv, uplink_shared)
    backhaul = (cloud_arrival, backhaul_service, message_scv, backhaul_shared)
    middle = [
        *near,
        *_hop_and_tier(*uplink, edge_service, compute_scv, edge_servers, edge_shared),
    ]
    far = [
        *middle,
        *_hop_and_tier(*backhaul, cloud_service, compute_scv, cloud_servers, cloud_shared),
    ]
    paths = [
        Branch(np.subtract(1.0, remote), 0.0, near),
        Branch(np.multiply(remote, np.subtract(1.0, onward)), uplink_fixed, middle),
        Branch(np.multiply(remote, onward), np.add(uplink_fixed, backhaul_fixed), far),
    ]
    return [path for path in paths if some(np.greater(path.share, 0.0))]


# Levels that are asked for together: a single case solves them in one go.
_LEVELS = (0.5, 0.95, 0.99, 0.999)


@lru_cache(maxsize=256)
def _single(values: tuple[float, ...]) -> list[Path]:
    with np.errstate(all="ignore"):
        return paths_of(chain_branches(*values))


@lru_cache(maxsize=256)
def _percentiles(values: tuple[float, ...]) -> tuple[float, ...]:
    found = np.asarray(quantile_of(_single(values), np.array(_LEVELS)))
    return tuple(found.tolist()) if found.ndim else (float(found),) * len(_LEVELS)


# Cases solved together: few enough that their parameters stay in the cache.
_PART = 16_384
# Below this many cases, laws for each set of stations cost more than they save.
_FEW = 2048
# Places of the services among the arguments of ``chain_branches``.
_SERVICES = (1, 4, 7, 11, 14)


def _by_path(
    values: tuple[Array, ...],
    asked: Array,
    solve: Callable[[tuple[Array, ...], Array], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Solve cases that use the same stations together, some at a time."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in (*values, asked)))
    if len(shape) != 1 or shape[0] < _FEW:
        return solve(values, asked)
    flat = [np.broadcast_to(v, shape) if np.ndim(v) else v for v in (*values, asked)]
    pattern = np.zeros(shape[0], dtype=np.int8)
    for place in _SERVICES:
        pattern = 2 * pattern + np.not_equal(flat[place], 0.0)
    result = np.empty(len(pattern))
    for used in np.unique(pattern):
        rows = np.flatnonzero(pattern == used)
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            *some, question = _rows(flat, part)
            result[part] = solve(tuple(some), question)
    return result


def _rows(values: Sequence[Array], rows: NDArray[np.intp]) -> list[Array]:
    """Take some cases of arrays; numbers are those of every case."""
    return [v[rows] if isinstance(v, np.ndarray) and v.ndim else v for v in values]


def _refined(values: tuple[Array, ...], level: Array) -> NDArray[np.float64]:
    """Percentiles of many cases: one step for all, more for the few that need them."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in (*values, level)))
    if len(shape) != 1 or shape[0] < _FEW:
        return np.asarray(mixture_quantile(chain_branches(*values), level))
    found, settled = quantile_in_one_step(chain_branches(*values), level)
    found, settled = np.broadcast_to(found, shape), np.broadcast_to(settled, shape)
    if settled.all():
        return found
    rows = np.flatnonzero(~settled)
    *some, asked = _rows((*values, level), rows)
    found = found.copy()
    found[rows] = mixture_quantile(chain_branches(*some), asked)
    return found


def _exceeded(values: tuple[Array, ...], threshold: Array) -> NDArray[np.float64]:
    return np.asarray(mixture_exceedance(chain_branches(*values), threshold))


def _as_floats(values: tuple[Array, ...]) -> tuple[float, ...] | None:
    """Return the numbers of a single case, or None for arrays of cases."""
    if np.ndarray in map(type, values) and any(map(np.ndim, values)):
        return None
    return tuple(map(float, values))


def chain_quantile(
    device_arrival: PerS,
    device_service: S,
    device_shared: Pure,
    remote_arrival: PerS,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_servers: Count,
    cloud_arrival: PerS,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_servers: Count,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    level: Frac,
) -> S:
    r"""Percentile of the latency, by inverting the transform of every path.

    .. math:: P(T > t_p) = 1 - p,\quad
        P(T > t) = \sum_b \phi_b\,\mathcal{L}^{-1}
        \!\left[\frac{1 - e^{-s d_b}\prod_m T_m^*(s)}{s}\right](t)

    Parameters
    ----------
    level
        Probability below the percentile; the others as for :func:`chain_branches`.

    Notes
    -----
    Stations are taken as independent. Infinite where a station on a used path is unstable.

    References
    ----------
    abate-whitt-2006, trefethen-weideman-schmelzer-2006, reich-1963

    Examples
    --------
    >>> device, edge = (5.0, 0.1, 0.0), (5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    >>> one = (*device, *edge, 5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    >>> round(float(chain_quantile(*one, 1.0, 1.0, 0.99)), 4)
    0.921
    """
    values = (
        device_arrival,
        device_service,
        device_shared,
        remote_arrival,
        uplink_service,
        uplink_shared,
        uplink_fixed,
        edge_service,
        edge_shared,
        edge_servers,
        cloud_arrival,
        backhaul_service,
        backhaul_shared,
        backhaul_fixed,
        cloud_service,
        cloud_shared,
        cloud_servers,
        compute_scv,
        message_scv,
        remote,
        onward,
    )
    single = _as_floats(values)
    if single is None:
        return _by_path(values, level, _refined)
    if np.ndim(level) == 0 and float(level) in _LEVELS:
        return _percentiles(single)[_LEVELS.index(float(level))]
    return quantile_of(_single(single), level)


def chain_exceedance(
    device_arrival: PerS,
    device_service: S,
    device_shared: Pure,
    remote_arrival: PerS,
    uplink_service: S,
    uplink_shared: Pure,
    uplink_fixed: S,
    edge_service: S,
    edge_shared: Pure,
    edge_servers: Count,
    cloud_arrival: PerS,
    backhaul_service: S,
    backhaul_shared: Pure,
    backhaul_fixed: S,
    cloud_service: S,
    cloud_shared: Pure,
    cloud_servers: Count,
    compute_scv: Pure,
    message_scv: Pure,
    remote: Frac,
    onward: Frac,
    threshold: S,
) -> Frac:
    r"""Probability that the latency exceeds a threshold, by inverting the transform of every path.

    .. math:: P(T > t) = \sum_b \phi_b\,P(T_b > t)

    Parameters
    ----------
    threshold
        Time that should not be exceeded [s]; the others as for :func:`chain_branches`.

    References
    ----------
    abate-whitt-2006, trefethen-weideman-schmelzer-2006, reich-1963

    Examples
    --------
    >>> device, edge = (5.0, 0.1, 0.0), (5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    >>> one = (*device, *edge, 5.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    >>> round(float(chain_exceedance(*one, 1.0, 1.0, 0.2)), 4)
    0.3679
    """
    values = (
        device_arrival,
        device_service,
        device_shared,
        remote_arrival,
        uplink_service,
        uplink_shared,
        uplink_fixed,
        edge_service,
        edge_shared,
        edge_servers,
        cloud_arrival,
        backhaul_service,
        backhaul_shared,
        backhaul_fixed,
        cloud_service,
        cloud_shared,
        cloud_servers,
        compute_scv,
        message_scv,
        remote,
        onward,
    )
    single = _as_floats(values)
    if single is None:
        return _by_path(values, threshold, _exceeded)
    return exceedance_of(_single(single), threshold)
