"""The five stations: what arrives, how long it is served, how long it waits."""

from __future__ import annotations

__all__ = ["STATION_BINDINGS"]

from analytic_models.graph import Binding, bind, either, q, total
from analytic_models.laws import (
    arithmetic,
    communication,
    compute,
    erlang,
    queueing,
    sharing,
    sojourn,
)

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
    q(
        "total_arrival_per_s",
        "1/s",
        sojourn.class_arrival,
        population="population_count",
        per_device="arrival_per_s",
        label="Requests of all devices",
    ),
    q(
        "remote_arrival_per_s",
        "1/s",
        sojourn.passed_arrival,
        arrival="total_arrival_per_s",
        share="remote_share_frac",
        label="Requests that reach the edge site",
    ),
    q(
        "cloud_arrival_per_s",
        "1/s",
        sojourn.passed_arrival,
        arrival="remote_arrival_per_s",
        share="cloud_share_frac",
        label="Requests that reach the cloud",
    ),
    q(
        "reaching_cloud_frac",
        "frac",
        arithmetic.both_shares,
        first="remote_share_frac",
        second="cloud_share_frac",
        label="Share of requests that reach the cloud",
    ),
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
        q(
            f"{hop}_service_s",
            "s",
            communication.transfer_time,
            size=f"{hop}_message_bit",
            rate=f"{hop}_available_bit_per_s",
            label=f"Transfer alone on the {hop}",
        ),
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


def _station(station: str, arrival: str, servers: str, scv: str, words: str) -> tuple[Binding, ...]:
    """Utilisation, waiting and the first three cumulants of the time in a station."""
    service, shared = f"{station}_service_s", f"{station}_ps_flag"
    poisson = {"arrival": arrival, "service": service, "servers": servers}
    queued = {
        "wait": f"{station}_wait_s",
        "waiting": f"{station}_waiting_frac",
        "offered": f"{station}_offered_count",
        "service": service,
        "scv": scv,
        "servers": servers,
    }
    sharing_time = {"time": f"{station}_time_s", "service": service, "scv": scv}
    return (
        q(
            f"{station}_offered_count",
            "count",
            sojourn.offered_load,
            arrival=arrival,
            service=service,
            label=f"Offered load {words}",
        ),
        q(
            f"{station}_utilisation_frac",
            "frac",
            queueing.utilisation,
            **poisson,
            label=f"Utilisation {words}",
        ),
        q(
            f"{station}_waiting_frac",
            "frac",
            erlang.erlang_c,
            servers=servers,
            offered=f"{station}_offered_count",
            label=f"Requests that wait {words}",
        ),
        either(
            f"{station}_wait_s",
            "s",
            by=shared,
            off=bind(sojourn.fcfs_wait, **poisson, scv=scv, waiting=f"{station}_waiting_frac"),
            on=bind(sojourn.ps_wait_mean, **poisson),
            label=f"Waiting {words}",
        ),
        q(f"{station}_time_s", "s", total, service, f"{station}_wait_s", label=f"Time {words}"),
        either(
            f"{station}_variance_s2",
            "s2",
            by=shared,
            off=bind(sojourn.fcfs_variance, **queued),
            on=bind(sharing.shared_variance, **sharing_time),
            label=f"Variance of the time {words}",
        ),
        either(
            f"{station}_skew_s3",
            "s3",
            by=shared,
            off=bind(sojourn.fcfs_skew, **queued),
            on=bind(sharing.shared_skew, **sharing_time, variance=f"{station}_variance_s2"),
            label=f"Third cumulant of the time {words}",
        ),
    )


STATION_BINDINGS: tuple[Binding, ...] = (
    *WORKLOAD,
    *SERVICES,
    *_hop("uplink"),
    *_hop("backhaul"),
    *_station("device", "arrival_per_s", "one_count", "compute_scv", "on the device"),
    *_station("uplink", "remote_arrival_per_s", "one_count", "message_scv", "on the uplink"),
    *_station("edge", "remote_arrival_per_s", "edge_servers_count", "compute_scv", "at the edge"),
    *_station("backhaul", "cloud_arrival_per_s", "one_count", "message_scv", "on the backhaul"),
    *_station("cloud", "cloud_arrival_per_s", "cloud_servers_count", "compute_scv", "in the cloud"),
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
