"""Laws of stations that batch, fade, repeat or are fed by devices that keep a pattern."""

from __future__ import annotations

__all__ = [
    "Laws",
    "Special",
    "batch_laws",
    "batching",
    "class_waits",
    "fading_laws",
    "pattern_laws",
    "repeat_laws",
    "repeats",
    "spacing",
    "tier_laws",
    "transfer",
]

from analytic_models.graph import Binding, Bound, bind, either
from analytic_models.laws import (
    arithmetic,
    batch_station,
    burst_patterns,
    communication,
    elastic_cloud,
    fading_station,
    retransmission,
    room_station,
    sharing,
    source_patterns,
    spaced,
    urgent,
    urgent_waits,
)
from analytic_models.units import Unit

Laws = tuple[tuple[str, Bound], ...]
# Wait, variance and third cumulant by the laws that a flag chooses.
Special = tuple[Laws, Laws, Laws]


def batching(tier: str, words: str) -> tuple[Binding, ...]:
    """Time that one more request adds to a batch, and machine time that a request takes."""
    arrival = "remote_arrival_per_s" if tier == "edge" else "cloud_arrival_per_s"
    flag = f"{tier}_batch_flag"
    return (
        either(
            f"{tier}_batch_each_s",
            "s",
            by=flag,
            off=bind(arithmetic.nominal_duration, nominal="nominal_duration_s"),
            on=bind(
                batch_station.batch_marginal_time,
                one=f"{tier}_segment_s",
                many=f"{tier}_batch_segment_s",
                size="batch_reference_count",
            ),
            label=f"Time that one more request adds to a batch {words}",
        ),
        either(
            f"{tier}_machine_s",
            "s",
            by=flag,
            off=bind(arithmetic.nominal_duration, nominal=f"{tier}_service_s"),
            on=bind(
                batch_station.batch_busy_time,
                arrival=arrival,
                service=f"{tier}_service_s",
                servers=f"{tier}_servers_count",
            ),
            label=f"Machine time of a request {words}",
            more=_machine_laws(tier),
        ),
    )


def _machine_laws(tier: str) -> Laws:
    """Machine time of a request where some are lost, or machines start on demand."""
    service, lost = f"{tier}_service_s", f"{tier}_lost_frac"
    room = bind(room_station.served_time, service=service, lost=lost)
    if tier == "edge":
        return ((f"{tier}_room_flag", room),)
    rented = bind(
        elastic_cloud.rented_time,
        service=service,
        cold="cloud_cold_frac",
        start="cloud_cold_start_s",
    )
    return ((f"{tier}_room_flag", room), ("cloud_elastic_flag", rented))


def spacing(station: str, before: str, spaced: str, servers: str, words: str) -> Binding:
    """Time between the requests of a burst when they reach a station."""
    return either(
        f"{station}_spacing_s",
        "s",
        by="synchronised_flag",
        off=bind(arithmetic.nominal_duration, nominal="nominal_duration_s"),
        on=bind(
            burst_patterns.burst_spacing,
            spacing=spaced,
            service=f"{before}_service_s",
            servers=servers,
            shared=f"{before}_ps_flag",
        ),
        label=f"Time between requests of a burst {words}",
    )


def batch_laws(tier: str, arrival: str) -> Special:
    """Laws of a tier that serves batches."""
    inputs = {
        "arrival": arrival,
        "service": f"{tier}_service_s",
        "each": f"{tier}_batch_each_s",
        "servers": f"{tier}_servers_count",
    }
    wait, flag = {"wait": f"{tier}_wait_s"}, f"{tier}_batch_flag"
    return (
        ((flag, bind(batch_station.batch_wait, **inputs)),),
        ((flag, bind(batch_station.batch_variance, **wait, **inputs)),),
        ((flag, bind(batch_station.batch_skew, **wait, **inputs)),),
    )


def _urgency(tier: str, arrival: str) -> dict[str, str]:
    """Name the inputs of the laws of a tier that serves urgent requests first."""
    return {
        "arrival": arrival,
        "service": f"{tier}_service_s",
        "scv": "compute_scv",
        "servers": f"{tier}_servers_count",
        "share": "urgent_frac",
        "interrupts": f"{tier}_preemptive_flag",
    }


def tier_laws(tier: str, arrival: str) -> Special:
    """Laws of a tier that is fed at a distance, serves batches, or urgent requests first."""
    inputs = _urgency(tier, arrival) | {"asked": "asked_urgent_frac"}
    flag, apart = f"{tier}_priority_flag", f"{tier}_spaced_flag"
    waits, variances, skews = batch_laws(tier, arrival)
    hop = {"edge": "uplink", "cloud": "backhaul"}[tier]
    fed = {
        "arrival": arrival,
        "service": f"{tier}_service_s",
        "scv": "compute_scv",
        "servers": f"{tier}_servers_count",
        "shared": f"{tier}_ps_flag",
        "gap": f"{hop}_service_s",
        "gap_scv": "message_scv",
    }
    return (
        (
            (apart, bind(spaced.spaced_wait, **fed)),
            *waits,
            (flag, bind(urgent.priority_wait, **inputs)),
        ),
        (
            (apart, bind(spaced.spaced_variance, **fed)),
            *variances,
            (flag, bind(urgent.priority_variance, **inputs)),
        ),
        (
            (apart, bind(spaced.spaced_skew, **fed)),
            *skews,
            (flag, bind(urgent.priority_skew, **inputs)),
        ),
    )


def class_waits(tier: str, arrival: str, words: str) -> tuple[Binding, ...]:
    """Declare what each class waits, the same where nobody goes first."""
    inputs, flag = _urgency(tier, arrival), f"{tier}_priority_flag"
    alike = bind(arithmetic.nominal_duration, nominal=f"{tier}_wait_s")
    return (
        either(
            f"{tier}_urgent_wait_s",
            "s",
            by=flag,
            off=alike,
            on=bind(urgent_waits.urgent_wait, **inputs),
            label=f"Waiting of urgent requests {words}",
        ),
        either(
            f"{tier}_others_wait_s",
            "s",
            by=flag,
            off=alike,
            on=bind(urgent_waits.others_wait, **inputs),
            label=f"Waiting of the other requests {words}",
        ),
    )


def fading_laws() -> Special:
    """Laws of an uplink that fades."""
    inputs = {
        "arrival": "remote_arrival_per_s",
        "service": "uplink_service_s",
        "scv": "uplink_scv",
        "slow_share": "uplink_slow_frac",
        "slow_rate": "uplink_slow_rate_frac",
        "dwell": "uplink_dwell_s",
        "shared": "uplink_ps_flag",
    }
    flag = "uplink_fading_flag"
    return (
        ((flag, bind(fading_station.fading_wait, **inputs)),),
        ((flag, bind(fading_station.fading_variance, **inputs)),),
        ((flag, bind(fading_station.fading_skew, **inputs)),),
    )


def transfer(hop: str) -> Binding:
    """Time that a message holds a hop; on the uplink until it has arrived."""
    name, label = f"{hop}_service_s", f"Transfer alone on the {hop}"
    inputs = {"size": f"{hop}_message_bit", "rate": f"{hop}_available_bit_per_s"}
    once = bind(communication.transfer_time, **inputs)
    if hop != "uplink":
        return Binding(name, Unit("s"), once, label=label)
    until = bind(retransmission.repeated_transfer, **inputs, loss="uplink_loss_frac")
    return either(name, "s", "uplink_loss_flag", once, until, label)


def repeats() -> tuple[Binding, ...]:
    """Declare what repeats add to the bits on the uplink and to the spread of its times."""
    return (
        either(
            "uplink_sent_bit",
            "bit",
            by="uplink_loss_flag",
            off=bind(arithmetic.nominal_message, nominal="uplink_message_bit"),
            on=bind(
                retransmission.repeated_bits, size="uplink_message_bit", loss="uplink_loss_frac"
            ),
            label="Bits sent on the uplink, repeats included",
        ),
        either(
            "uplink_scv",
            "1",
            by="uplink_loss_flag",
            off=bind(arithmetic.nominal_ratio, nominal="message_scv"),
            on=bind(retransmission.repeated_scv, scv="message_scv", loss="uplink_loss_frac"),
            label="Spread of the times on the uplink",
        ),
    )


def repeat_laws() -> Special:
    """Laws of an uplink that repeats lost messages; its mean wait needs the two moments only."""
    inputs = {
        "arrival": "remote_arrival_per_s",
        "service": "uplink_service_s",
        "scv": "message_scv",
        "loss": "uplink_loss_frac",
        "wait": "uplink_wait_s",
    }
    flag = "uplink_loss_flag"
    return (
        (),
        ((flag, bind(retransmission.repeated_variance, **inputs)),),
        ((flag, bind(retransmission.repeated_skew, **inputs)),),
    )


def pattern_laws(station: str, arrival: str, servers: str, scv: str, share: str) -> Special:
    """Laws of periodic, synchronised and bursty devices."""
    own = station == "device"
    population = "one_count" if own else "population_count"
    service, shared = f"{station}_service_s", f"{station}_ps_flag"
    waiting, offered = f"{station}_waiting_frac", f"{station}_offered_count"
    place = {"service": service, "scv": scv, "servers": servers}
    crowd = {"population": population, "share": share}
    fed = {"arrival": arrival, **place}
    known = {"wait": f"{station}_wait_s", "waiting": waiting, "offered": offered, **place}
    periodic = "device_periodic_flag" if own else "periodic_flag"
    waits: Laws = (
        (
            periodic,
            bind(source_patterns.periodic_wait, **fed, waiting=waiting, shared=shared, **crowd),
        ),
        (
            "bursty_flag",
            bind(
                source_patterns.bursty_wait,
                **fed,
                arrival_scv="arrival_scv",
                shared=shared,
                **crowd,
            ),
        ),
    )
    given = {"time": f"{station}_time_s", "service": service, "scv": scv}
    variances: Laws = (
        (
            periodic,
            bind(source_patterns.periodic_variance, **known, population=population, shared=shared),
        ),
        (shared, bind(sharing.shared_variance, **given)),
        ("bursty_flag", bind(source_patterns.bursty_variance, **known, arrival=arrival)),
    )
    skews: Laws = (
        (shared, bind(sharing.shared_skew, **given, variance=f"{station}_variance_s2")),
        (periodic, bind(source_patterns.periodic_skew, **known, population=population)),
        ("bursty_flag", bind(source_patterns.bursty_skew, **known, arrival=arrival)),
    )
    if own:
        return waits, variances, skews
    burst = {**place, **crowd, "shared": shared}
    burst["spacing"] = "nominal_duration_s" if station == "uplink" else f"{station}_spacing_s"
    flag, busy = "synchronised_flag", f"{station}_utilisation_frac"
    return (
        ((flag, bind(burst_patterns.burst_wait, **burst, utilisation=busy)), *waits),
        ((flag, bind(burst_patterns.burst_variance, **burst)), *variances),
        ((flag, bind(burst_patterns.burst_skew, service=service, scv=scv)), *skews),
    )
