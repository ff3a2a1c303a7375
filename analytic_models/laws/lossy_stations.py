"""Times at stations that repeat, turn away or start machines: for whole distributions."""

from __future__ import annotations

__all__ = ["elastic_time", "repeating_time", "room_time"]

import math
from functools import lru_cache

import numpy as np

from analytic_models.laws.elastic_cloud import cold_share
from analytic_models.laws.finite_room import room_of
from analytic_models.laws.finite_waits import room_steps, room_wait_law
from analytic_models.laws.retransmission import repeat_shares, repeated_law, shared_spread
from analytic_models.laws.service_laws import gamma_law, joined_law, mixed_law, thinned_law
from analytic_models.laws.station_laws import mg1_wait_law, mgc_wait_law, ps_law
from analytic_models.laws.station_time import StationTime, Steps, stretched
from analytic_models.laws.transforms import StationLaw

# Messages that are sent more often than this share of them are counted with the last number.
_RARE = 1e-5
# Losses below which a last place changes nothing.
_NOTHING_LOST = 1e-9
# Cases of a search share their stations.
_KEPT = 1024


@lru_cache(maxsize=_KEPT)
def repeating_time(
    arrival: float, service: float, scv: float, loss: float, shared: bool
) -> StationTime:
    """Time on an uplink that repeats lost messages.

    Parameters
    ----------
    arrival, service
        Messages [1/s], and mean time until one has arrived [s].
    scv, loss
        Spread of one transmission, and share that is lost.
    shared
        Whether messages share the link.

    Examples
    --------
    >>> repeating_time(5.0, 0.1, 0.0, 0.5, False).steps[0].weights[:2].tolist()
    [0.5, 0.25]
    """
    if service == 0.0:
        return StationTime(0.0)
    load = arrival * service
    if not load < 1.0:
        return StationTime(math.inf if load >= 1.0 else math.nan)
    once, shares = service * (1.0 - loss), repeat_shares(loss, _RARE)
    if not shared:
        own = repeated_law(service, scv, loss)
        wait = mg1_wait_law(arrival, own)
        if scv > 0.0:
            return StationTime(0.0, (wait, own))
        return StationTime(0.0, (wait,), (Steps(once * np.arange(1.0, len(shares) + 1.0), shares),))
    # Who is sent again is delayed again: a law for each number of transmissions.
    found = [_shared_passes(arrival, service, scv, loss, n) for n in range(1, len(shares) + 1)]
    if scv > 0.0:
        return StationTime(0.0, (mixed_law(shares.tolist(), found),))
    options = zip(shares.tolist(), found, strict=True)
    return StationTime(
        0.0,
        options=tuple(
            (share, StationTime(passes * once, (law,)))
            for passes, (share, law) in enumerate(options, start=1)
        ),
    )


def _shared_passes(
    arrival: float, service: float, scv: float, loss: float, passes: int
) -> StationLaw:
    """Time on a shared link of a message that is sent a given number of times.

    Without the sending itself where it has a fixed length.
    """
    work, load = passes * service * (1.0 - loss), arrival * service
    if scv == 1.0:
        return stretched(ps_law(arrival, service, 1.0), work / service)
    mean = work * load / (1.0 - load)
    met = 1.0 - (1.0 - load) * math.exp(-arrival * work)
    spread = float(shared_spread(arrival, service, scv, loss, float(passes)))
    ratio = (spread + mean * mean) * met / (mean * mean) - 1.0
    excess = thinned_law(met, gamma_law(mean / met, max(ratio, 1e-6)))
    return joined_law(gamma_law(work, scv), excess) if scv > 0.0 else excess


@lru_cache(maxsize=_KEPT)
def room_time(
    arrival: float, service: float, scv: float, servers: float, places: float
) -> StationTime:
    """Time of the requests that find a place at a tier.

    Parameters
    ----------
    arrival, service, scv, servers, places
        As for :func:`analytic_models.laws.finite_room.room_of`.

    Examples
    --------
    >>> len(room_time(0.8, 1.0, 1.0, 1.0, 5.0).laws)
    2
    """
    if service == 0.0:
        return StationTime(0.0)
    if math.isnan(arrival * service):
        return StationTime(math.nan)
    own = gamma_law(service, scv)
    if arrival == 0.0:
        return StationTime(0.0, (own,))
    room = room_of(arrival, service, scv, servers, places)
    if room.lost < _NOTHING_LOST and servers == 1.0:
        return StationTime(0.0, (mgc_wait_law(arrival, service, scv, servers), own))
    if scv == 0.0:
        return StationTime(0.0, (own,), (Steps(*room_steps(room)),))
    return StationTime(0.0, (room_wait_law(room), own))


@lru_cache(maxsize=_KEPT)
def elastic_time(
    arrival: float, service: float, scv: float, start: float, keep: float
) -> StationTime:
    """Time in a cloud that starts machines when none is warm.

    Parameters
    ----------
    arrival, service, start, keep
        As for :func:`analytic_models.laws.elastic_cloud.cold_share`.
    scv
        Squared coefficient of variation of the service time.

    Examples
    --------
    >>> elastic_time(1.0, 0.1, 0.0, 2.0, 0.0).steps[0].values.tolist()
    [0.0, 2.0]
    """
    if service == 0.0:
        return StationTime(0.0)
    cold = float(np.asarray(cold_share(arrival, service, start, keep)))
    if math.isnan(cold):
        return StationTime(math.nan)
    starts = Steps(np.array([0.0, start]), np.array([1.0 - cold, cold]))
    return StationTime(0.0, (gamma_law(service, scv),), (starts,))
