"""The five stations: what arrives, how long it is served, how long it waits."""

from __future__ import annotations

__all__ = ["STATION_BINDINGS"]

from collections.abc import Mapping

from analytic_models.graph import Binding, Bound, bind, either, q, total
from analytic_models.laws import (
    arithmetic,
    batch_station,
    communication,
    compute,
    erlang,
    queueing,
    sojourn,
)
from analytic_models.pipeline.closed import (
    LOOP,
    arrivals,
    closed_laws,
    closed_waits_of,
    device_rate,
    own_laws,
)
from analytic_models.pipeline.elastic import COLD_BINDINGS, elastic_laws, no_load
from analytic_models.pipeline.room import LOSS_BINDINGS, going_on, room_laws, used_load
from analytic_models.pipeline.special import (
    Laws,
    Special,
    batching,
    class_waits,
    fading_laws,
    pattern_laws,
    repeat_laws,
    repeats,
    spacing,
    tier_laws,
    transfer,
)
from analytic_models.units import Unit

WORKLOAD = (
    q(
        "remote_share_frac",
        "frac",
        arithmetic.nominal_share,
        nominal="nominal_share_frac",
        label="Requests that leave the device",
        hook="remote_share_frac",
    ),
    q(
        "cloud_share_frac",
        "frac",
        arithmetic.nominal_share,
        nominal="nominal_share_frac",
        label="Edge requests that go on to the cloud",
        hook="cloud_share_frac",
    ),
    *(
        q(
            f"{tier}_overhead_s",
            "s",
            arithmetic.nominal_duration,
            nominal="nominal_duration_s",
            label=f"Fixed compute overhead on the {tier}",
            hook=f"{tier}_overhead_s",
        )
        for tier in ("device", "edge", "cloud")
    ),
    *(
        q(
            f"{hop}_overhead_s",
            "s",
            arithmetic.nominal_duration,
            nominal="nominal_duration_s",
            label=f"Fixed network overhead on the {hop}",
            hook=f"{hop}_overhead_s",
        )
        for hop in ("uplink", "backhaul")
    ),
    *(
        q(
            f"{hop}_overhead_bit",
            "bit",
            arithmetic.nominal_message,
            nominal="nominal_message_bit",
            label=f"Extra bits per message on the {hop}",
            hook=f"{hop}_overhead_bit",
        )
        for hop in ("uplink", "backhaul")
    ),
    *LOOP,
    arrivals(),
    device_rate(),
    q(
        "remote_arrival_per_s",
        "1/s",
        sojourn.passed_arrival,
        arrival="total_arrival_per_s",
        share="remote_share_frac",
        label="Requests that reach the edge site",
    ),
    *going_on(),
    q("response_bit", "bit", communication.response, size="response_byte", label="Response"),
)

SERVICES = (
    q(
        "device_encode_s",
        "s",
        compute.encode_time,
        elements="encode_elem_count",
        work_per_element="encode_elem_op",
        rate="encoder_op_per_s",
        label="Encoding on the device",
    ),
    q(
        "device_service_s",
        "s",
        total,
        "device_segment_s",
        "device_encode_s",
        "device_overhead_s",
        label="Service on the device",
    ),
    *(
        q(
            f"{tier}_service_s",
            "s",
            compute.service_total,
            segment=f"{tier}_segment_s",
            overhead=f"{tier}_overhead_s",
            used=f"{tier}_used_flag",
            label=f"Service {where}",
        )
        for tier, where in (("edge", "at the edge"), ("cloud", "in the cloud"))
    ),
)


def _hop(hop: str) -> tuple[Binding, ...]:
    """Payload, service and fixed delay of a hop."""
    name = hop.capitalize()
    back = "downlink_bit_per_s" if hop == "uplink" else "backhaul_bit_per_s"
    return (
        q(
            f"{hop}_raw_bit",
            "bit",
            communication.payload,
            elements=f"{hop}_raw_elem_count",
            bits_per_element="raw_elem_bit",
            label=f"Raw input on the {hop}",
        ),
        q(
            f"{hop}_feature_bit",
            "bit",
            communication.payload,
            elements=f"{hop}_feature_elem_count",
            bits_per_element=f"{hop}_feature_elem_bit",
            label=f"Features on the {hop}",
            hook="payload_bit",
        ),
        q(
            f"{hop}_message_bit",
            "bit",
            communication.message,
            raw=f"{hop}_raw_bit",
            features=f"{hop}_feature_bit",
            overhead=f"{hop}_overhead_bit",
            used=f"{hop}_used_flag",
            label=f"Message on the {hop}",
        ),
        q(
            f"{hop}_available_bit_per_s",
            "bit/s",
            communication.available_rate,
            rate=f"{hop}_bit_per_s",
            background=f"{hop}_background_frac",
            label=f"{name} rate left by others",
        ),
        transfer(hop),
        q(
            f"{hop}_fixed_s",
            "s",
            communication.fixed_delay,
            round_trip=f"{hop}_rtt_s",
            answer="response_bit",
            rate=back,
            overhead=f"{hop}_overhead_s",
            used=f"{hop}_used_flag",
            label=f"Round trip and answer on the {hop}",
        ),
    )


def _station(
    station: str,
    arrival: str,
    servers: str,
    scv: str,
    share: str,
    words: str,
    special: Special = ((), (), ()),
) -> tuple[Binding, ...]:
    """Utilisation, waiting and the first three cumulants of the time in a station."""
    service, shared = f"{station}_service_s", f"{station}_ps_flag"
    poisson = {"arrival": arrival, "service": service, "servers": servers}
    waiting = f"{station}_waiting_frac"
    queued = {
        "wait": f"{station}_wait_s",
        "waiting": waiting,
        "offered": f"{station}_offered_count",
        "service": service,
        "scv": scv,
        "servers": servers,
    }
    patterns = pattern_laws(station, arrival, servers, scv, share)
    own = _laws_of_its_own(station)
    loop = own_laws() if station == "device" else closed_laws(station)
    kinds = zip(loop, special, patterns, *own, strict=True)
    waits, variances, skews = (sum(laws, ()) for laws in kinds)
    closed, met = closed_waits_of(station)
    return (
        q(
            f"{station}_offered_count",
            "count",
            sojourn.offered_load,
            arrival=arrival,
            service=service,
            label=f"Offered load {words}",
        ),
        _utilisation(station, poisson, words),
        either(
            waiting,
            "frac",
            by=closed,
            off=bind(erlang.erlang_c, servers=servers, offered=f"{station}_offered_count"),
            on=met,
            label=f"Requests that wait {words}",
        ),
        either(
            f"{station}_wait_s",
            "s",
            by=shared,
            off=bind(sojourn.fcfs_wait, **poisson, scv=scv, waiting=waiting),
            on=bind(sojourn.ps_wait_mean, **poisson),
            label=f"Waiting {words}",
            more=waits,
        ),
        q(f"{station}_time_s", "s", total, service, f"{station}_wait_s", label=f"Time {words}"),
        _fcfs_or(
            f"{station}_variance_s2",
            "s2",
            bind(sojourn.fcfs_variance, **queued),
            variances,
            f"Variance of the time {words}",
        ),
        _fcfs_or(
            f"{station}_skew_s3",
            "s3",
            bind(sojourn.fcfs_skew, **queued),
            skews,
            f"Third cumulant of the time {words}",
        ),
    )


def _fcfs_or(name: str, unit: str, off: Bound, laws: Laws, label: str) -> Binding:
    """Declare a quantity of a first-come-first-served station, or of one with another law."""
    *more, (by, on) = laws
    return either(name, unit, by, off, on, label, tuple(more))


def _laws_of_its_own(station: str) -> tuple[Special, ...]:
    """Laws of a link that repeats, of a tier with a last place and of an elastic cloud."""
    if station == "uplink":
        return (repeat_laws(),)
    if station == "cloud":
        return (elastic_laws(), room_laws(station))
    return (room_laws(station),) if station == "edge" else ()


def _utilisation(station: str, poisson: Mapping[str, str], words: str) -> Binding:
    label = f"Utilisation {words}"
    name = f"{station}_utilisation_frac"
    off = bind(queueing.utilisation, **poisson)
    if station not in ("edge", "cloud"):
        return Binding(name, Unit("frac"), off, label=label)
    inputs = {"arrival": poisson["arrival"], "servers": poisson["servers"]}
    on = bind(batch_station.batch_load, **inputs, each=f"{station}_batch_each_s")
    more = (used_load(station), no_load()) if station == "cloud" else (used_load(station),)
    return either(name, "frac", f"{station}_batch_flag", off, on, label, more)


STATION_BINDINGS: tuple[Binding, ...] = (
    *WORKLOAD,
    *SERVICES,
    *_hop("uplink"),
    *_hop("backhaul"),
    *LOSS_BINDINGS,
    *COLD_BINDINGS,
    *repeats(),
    *batching("edge", "at the edge"),
    *batching("cloud", "in the cloud"),
    spacing("edge", "uplink", "nominal_duration_s", "one_count", "at the edge"),
    spacing("backhaul", "edge", "edge_spacing_s", "edge_servers_count", "on the backhaul"),
    spacing("cloud", "backhaul", "backhaul_spacing_s", "one_count", "in the cloud"),
    *_station(
        "device",
        "device_arrival_per_s",
        "one_count",
        "compute_scv",
        "nominal_share_frac",
        "on the device",
    ),
    *_station(
        "uplink",
        "remote_arrival_per_s",
        "one_count",
        "uplink_scv",
        "remote_share_frac",
        "on the uplink",
        fading_laws(),
    ),
    *_station(
        "edge",
        "remote_arrival_per_s",
        "edge_servers_count",
        "compute_scv",
        "remote_share_frac",
        "at the edge",
        tier_laws("edge", "remote_arrival_per_s"),
    ),
    *_station(
        "backhaul",
        "cloud_arrival_per_s",
        "one_count",
        "message_scv",
        "reaching_cloud_frac",
        "on the backhaul",
    ),
    *_station(
        "cloud",
        "cloud_arrival_per_s",
        "cloud_servers_count",
        "compute_scv",
        "reaching_cloud_frac",
        "in the cloud",
        tier_laws("cloud", "cloud_arrival_per_s"),
    ),
    *class_waits("edge", "remote_arrival_per_s", "at the edge"),
    *class_waits("cloud", "cloud_arrival_per_s", "in the cloud"),
    q(
        "bottleneck_utilisation_frac",
        "frac",
        arithmetic.largest_of_five,
        first="device_utilisation_frac",
        second="uplink_utilisation_frac",
        third="edge_utilisation_frac",
        fourth="backhaul_utilisation_frac",
        fifth="cloud_utilisation_frac",
        label="Utilisation of the bottleneck",
    ),
    q(
        "stable_flag",
        "flag",
        arithmetic.flag_below_one,
        share="bottleneck_utilisation_frac",
        label="Every queue stays finite",
    ),
)
