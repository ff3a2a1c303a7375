"""Quantities of devices that wait for an answer before they send the next request."""

from __future__ import annotations

__all__ = ["LOOP", "arrivals", "closed_laws", "closed_waits_of", "device_rate", "own_laws"]

from analytic_models.graph import Binding, Bound, bind, either
from analytic_models.laws import arithmetic, closed_stations, queueing, sojourn
from analytic_models.pipeline.special import Special

_FLAG = "closed_flag"
# What a station adds to the loop: its spread, its servers, and who visits it.
_STATIONS = {
    "uplink": ("message_scv", "one_count", "remote_share_frac"),
    "edge": ("compute_scv", "edge_servers_count", "remote_share_frac"),
    "backhaul": ("message_scv", "one_count", "closed_reaching_frac"),
    "cloud": ("compute_scv", "cloud_servers_count", "closed_reaching_frac"),
}

LOOP = (
    either(
        "closed_away_s",
        "s",
        by=_FLAG,
        off=bind(arithmetic.nominal_duration, nominal="nominal_duration_s"),
        on=bind(
            closed_stations.away_time,
            asked="arrival_per_s",
            device="device_service_s",
            uplink_fixed="uplink_fixed_s",
            remote="remote_share_frac",
            backhaul_fixed="backhaul_fixed_s",
            onward="cloud_share_frac",
        ),
        label="Time of a cycle without a queue, thinking included",
    ),
    either(
        "closed_reaching_frac",
        "frac",
        by=_FLAG,
        off=bind(arithmetic.nominal_share, nominal="no_share_frac"),
        on=bind(arithmetic.both_shares, first="remote_share_frac", second="cloud_share_frac"),
        label="Share of requests in the loop that reach the cloud",
    ),
)


def _loop(first: str) -> dict[str, str]:
    """Name the inputs of a law about one station of the loop."""
    order = (first, *(station for station in _STATIONS if station != first))
    inputs = {"population": "population_count", "away": "closed_away_s"}
    for prefix, station in zip(("", "second_", "third_", "fourth_"), order, strict=True):
        scv, servers, share = _STATIONS[station]
        inputs |= {
            f"{prefix}service": f"{station}_service_s",
            f"{prefix}scv": scv,
            f"{prefix}servers": servers,
            f"{prefix}shared": f"{station}_ps_flag",
            f"{prefix}share": share,
        }
    return inputs


def arrivals() -> Binding:
    """Declare the requests of all devices: as asked, or as their answers allow."""
    return either(
        "total_arrival_per_s",
        "1/s",
        by=_FLAG,
        off=bind(sojourn.class_arrival, population="population_count", per_device="arrival_per_s"),
        on=bind(closed_stations.closed_throughput, **_loop("uplink")),
        label="Requests of all devices",
    )


def device_rate() -> Binding:
    """Declare the requests of one device."""
    return either(
        "device_arrival_per_s",
        "1/s",
        by=_FLAG,
        off=bind(sojourn.passed_arrival, arrival="arrival_per_s", share="nominal_share_frac"),
        on=bind(
            closed_stations.own_rate,
            throughput="total_arrival_per_s",
            population="population_count",
        ),
        label="Requests of one device",
    )


def closed_laws(station: str) -> Special:
    """Laws of a shared station in the loop."""
    inputs = _loop(station)
    return (
        ((_FLAG, bind(closed_stations.closed_wait, **inputs)),),
        ((_FLAG, bind(closed_stations.closed_variance, **inputs)),),
        ((_FLAG, bind(closed_stations.closed_skew, **inputs)),),
    )


def own_laws() -> Special:
    """Laws of a device's own machine in the loop: it never waits for itself."""
    own = {"service": "device_service_s", "scv": "compute_scv"}
    return (
        ((_FLAG, bind(arithmetic.nominal_duration, nominal="nominal_duration_s")),),
        ((_FLAG, bind(queueing.service_variance, **own)),),
        ((_FLAG, bind(queueing.service_skew, **own)),),
    )


def closed_waits_of(station: str) -> tuple[str, Bound]:
    """Return the flag of the loop, and the law of the share of visits that wait."""
    if station == "device":
        return _FLAG, bind(closed_stations.never_waits, share="nominal_share_frac")
    return _FLAG, bind(closed_stations.closed_waiting, **_loop(station))
