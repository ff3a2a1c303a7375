"""Latency of a request: mean, percentiles, deadline."""

from __future__ import annotations

__all__ = ["LATENCY_BINDINGS"]

from analytic_models.graph import Binding, bind, either, q, total
from analytic_models.laws import (
    arithmetic,
    closed_tails,
    percentiles,
    room_station,
    sojourn,
    special_tails,
    tails,
    tandem,
    urgent_waits,
)
from analytic_models.pipeline.room import missed

_CHAIN = {
    f"{station}_{item}": f"{station}_{column}"
    for station in ("device", "uplink", "edge", "backhaul", "cloud")
    for item, column in (("service", "service_s"), ("shared", "ps_flag"))
} | {
    "device_arrival": "arrival_per_s",
    "remote_arrival": "remote_arrival_per_s",
    "cloud_arrival": "cloud_arrival_per_s",
    "edge_servers": "edge_servers_count",
    "cloud_servers": "cloud_servers_count",
    "compute_scv": "compute_scv",
    "message_scv": "message_scv",
    "uplink_fixed": "uplink_fixed_s",
    "backhaul_fixed": "backhaul_fixed_s",
    "remote": "remote_share_frac",
    "onward": "cloud_share_frac",
}
_SPECIAL = _CHAIN | {
    # Of the requests that are answered: some may be lost at a tier without room.
    "remote": "answered_remote_frac",
    "onward": "answered_cloud_frac",
    "edge_places": "edge_places_count",
    "cloud_places": "cloud_places_count",
    "elastic": "cloud_elastic_flag",
    "cold_start": "cloud_cold_start_s",
    "keep_alive": "cloud_keep_alive_s",
    "population": "population_count",
    "arrival_scv": "arrival_scv",
    "periodic": "periodic_flag",
    "synchronised": "synchronised_flag",
    "bursty": "bursty_flag",
    "edge_batch": "edge_batch_flag",
    "edge_each": "edge_batch_each_s",
    "cloud_batch": "cloud_batch_flag",
    "cloud_each": "cloud_batch_each_s",
    "fading": "uplink_fading_flag",
    "slow_share": "uplink_slow_frac",
    "slow_rate": "uplink_slow_rate_frac",
    "dwell": "uplink_dwell_s",
    "loss": "uplink_loss_frac",
    "edge_priority": "edge_priority_flag",
    "edge_interrupts": "edge_preemptive_flag",
    "cloud_priority": "cloud_priority_flag",
    "cloud_interrupts": "cloud_preemptive_flag",
    "urgent": "urgent_frac",
    "asked": "asked_urgent_frac",
}
_CLOSED = {
    "device_service": "device_service_s",
    "compute_scv": "compute_scv",
    "message_scv": "message_scv",
    "uplink_fixed": "uplink_fixed_s",
    "backhaul_fixed": "backhaul_fixed_s",
    "remote": "remote_share_frac",
    "onward": "cloud_share_frac",
} | {
    f"{station}_{item}": f"{station}_{column}"
    for station in ("uplink", "edge", "backhaul", "cloud")
    for item, column in (
        ("service", "service_s"),
        ("shared", "ps_flag"),
        ("wait", "wait_s"),
        ("waiting", "waiting_frac"),
        ("variance", "variance_s2"),
    )
}
_CUMULANTS = {
    "mean": "latency_mean_s",
    "variance": "latency_variance_s2",
    "skew": "latency_skew_s3",
}


def _percentile(name: str, level: str, label: str) -> Binding:
    """Declare a percentile: three cumulants for sweeps, transform inversion for what is shown."""
    return either(
        name,
        "s",
        by="exact_tail_flag",
        off=bind(tails.pearson3_quantile, **_CUMULANTS, level=level),
        on=bind(percentiles.chain_quantile, **_CHAIN, level=level),
        label=label,
        more=(
            ("closed_tail_flag", bind(closed_tails.closed_quantile, **_CLOSED, level=level)),
            ("special_tail_flag", bind(special_tails.special_quantile, **_SPECIAL, level=level)),
        ),
    )


def _thinned(name: str, share: str, of: str, label: str) -> tuple[Binding, ...]:
    """Cumulants of a part that only a share of the requests passes through."""
    return (
        q(f"{name}_mean_s", "s", tails.thinned_mean, share=share, mean=f"{of}_mean_s", label=label),
        q(
            f"{name}_variance_s2",
            "s2",
            tails.thinned_variance,
            share=share,
            mean=f"{of}_mean_s",
            variance=f"{of}_variance_s2",
            label=f"Variance: {label.lower()}",
        ),
        q(
            f"{name}_skew_s3",
            "s3",
            tails.thinned_skew,
            share=share,
            mean=f"{of}_mean_s",
            variance=f"{of}_variance_s2",
            skew=f"{of}_skew_s3",
            label=f"Third cumulant: {label.lower()}",
        ),
    )


def _spread(name: str, parts: tuple[str, ...], label: str) -> tuple[Binding, ...]:
    """Variance and third cumulant of a sum of independent parts."""
    return (
        q(
            f"{name}_variance_s2",
            "s2",
            total,
            *(f"{p}_variance_s2" for p in parts),
            label=f"Variance: {label.lower()}",
        ),
        q(
            f"{name}_skew_s3",
            "s3",
            total,
            *(f"{p}_skew_s3" for p in parts),
            label=f"Third cumulant: {label.lower()}",
        ),
    )


def _meeting(hop: str, tier: str, arrival: str, words: str) -> tuple[Binding, ...]:
    """Dependence of the time in a shared hop and the wait in the queue behind it."""
    link = {"service": f"{hop}_service_s", "time": f"{hop}_time_s", "scv": "message_scv"}
    waiting = f"{tier}_waiting_frac"
    queue = {
        "wait": f"{tier}_wait_s",
        "waiting": waiting,
        "offered": f"{tier}_offered_count",
        "service": f"{tier}_service_s",
        "servers": f"{tier}_servers_count",
    }
    delays, forgetting = f"{hop}_one_more_s", f"{hop}_forgetting_frac"
    queued, forgotten = f"{tier}_one_more_s", f"{tier}_forgetting_frac"
    found = {"delay": delays, "queued": queued, "link": forgetting, "queue": forgotten}
    added = f"Added where requests that shared the {hop} meet again {words}"
    return (
        q(delays, "s", tandem.shared_delay, **link, label=f"One more request adds on the {hop}"),
        q(
            queued,
            "s",
            tandem.queue_delay,
            arrival=arrival,
            waiting=waiting,
            label=f"One more request adds to the wait {words}",
        ),
        q(
            forgetting,
            "frac",
            tandem.shared_forgetting,
            **link,
            label=f"Share of its past that the {hop} forgets with each request",
        ),
        q(
            forgotten,
            "frac",
            tandem.queue_forgetting,
            **queue,
            label=f"Share of its past that the queue forgets with each request {words}",
        ),
        q(f"{hop}_meeting_s2", "s2", tandem.meeting_variance, **found, label=added),
    )


def _linked_spread(name: str, hop: str, tier: str, label: str) -> tuple[Binding, ...]:
    """Variance and third cumulant of a hop and the tier behind it, dependent where they are."""
    flag, met = f"{hop}_meeting_flag", f"{hop}_meeting_s2"
    variances, skews = ([f"{s}_{c}" for s in (hop, tier)] for c in ("variance_s2", "skew_s3"))
    stretched = bind(
        tandem.dependent_skew,
        first=skews[0],
        second=skews[1],
        first_variance=variances[0],
        second_variance=variances[1],
        meeting=met,
    )
    words = label.lower()
    return (
        either(
            f"{name}_variance_s2",
            "s2",
            by=flag,
            off=bind(total, *variances),
            on=bind(total, *variances, met),
            label=f"Variance: {words}",
        ),
        either(
            f"{name}_skew_s3",
            "s3",
            by=flag,
            off=bind(total, *skews),
            on=stretched,
            label=f"Third cumulant: {words}",
        ),
    )


LATENCY_BINDINGS: tuple[Binding, ...] = (
    q(
        "latency_idle_s",
        "s",
        sojourn.idle_latency,
        device="device_service_s",
        uplink="uplink_service_s",
        uplink_fixed="uplink_fixed_s",
        edge="edge_service_s",
        remote="remote_share_frac",
        backhaul="backhaul_service_s",
        backhaul_fixed="backhaul_fixed_s",
        cloud="cloud_service_s",
        onward="cloud_share_frac",
        label="Latency without other requests",
    ),
    q(
        "cloud_part_mean_s",
        "s",
        total,
        "backhaul_time_s",
        "backhaul_fixed_s",
        "cloud_time_s",
        label="Backhaul and cloud",
    ),
    *_meeting("backhaul", "cloud", "cloud_arrival_per_s", "in the cloud"),
    *_linked_spread("cloud_part", "backhaul", "cloud", "Backhaul and cloud"),
    *_thinned(
        "onward",
        "answered_cloud_frac",
        "cloud_part",
        "Cloud part, averaged over requests at the edge",
    ),
    q(
        "remote_part_mean_s",
        "s",
        total,
        "uplink_time_s",
        "uplink_fixed_s",
        "edge_time_s",
        "onward_mean_s",
        label="Everything beyond the device",
    ),
    *_meeting("uplink", "edge", "remote_arrival_per_s", "at the edge"),
    *_linked_spread("edge_part", "uplink", "edge", "Uplink and edge"),
    *_spread("remote_part", ("edge_part", "onward"), "Everything beyond the device"),
    *_thinned(
        "away", "answered_remote_frac", "remote_part", "Remote part, averaged over all requests"
    ),
    q("latency_mean_s", "s", total, "device_time_s", "away_mean_s", label="Mean latency"),
    *_spread("latency", ("device", "away"), "Latency"),
    *(
        q(
            f"latency_{name}_mean_s",
            "s",
            urgent_waits.class_latency,
            device="device_time_s",
            uplink="uplink_time_s",
            uplink_fixed="uplink_fixed_s",
            edge="edge_service_s",
            edge_wait=f"edge_{name}_wait_s",
            remote="answered_remote_frac",
            backhaul="backhaul_time_s",
            backhaul_fixed="backhaul_fixed_s",
            cloud="cloud_service_s",
            cloud_wait=f"cloud_{name}_wait_s",
            onward="answered_cloud_frac",
            label=f"Mean latency of {words}",
        )
        for name, words in (("urgent", "urgent requests"), ("others", "the other requests"))
    ),
    _percentile("latency_p50_s", "median_level_frac", "Median latency"),
    _percentile("latency_p95_s", "p95_level_frac", "p95 latency"),
    _percentile("latency_p99_s", "p99_level_frac", "p99 latency"),
    _percentile("latency_p999_s", "p999_level_frac", "p99.9 latency"),
    _percentile(
        "latency_level_s", "answered_level_frac", "Latency at the percentile of the deadline"
    ),
    either(
        "latency_required_s",
        "s",
        by="room_flag",
        off=bind(arithmetic.nominal_duration, nominal="latency_level_s"),
        on=bind(room_station.time_of_all, answered="latency_level_s", level="answered_level_frac"),
        label="Latency that the deadline is held against",
        more=(
            (
                "deadline_mean_flag",
                bind(arithmetic.nominal_duration, nominal="latency_mean_s"),
            ),
        ),
    ),
    either(
        "late_frac",
        "frac",
        by="exact_tail_flag",
        off=bind(tails.pearson3_exceedance, **_CUMULANTS, threshold="deadline_s"),
        on=bind(percentiles.chain_exceedance, **_CHAIN, threshold="deadline_s"),
        label="Answers that come after the deadline",
        more=(
            (
                "closed_tail_flag",
                bind(closed_tails.closed_exceedance, **_CLOSED, threshold="deadline_s"),
            ),
            (
                "special_tail_flag",
                bind(special_tails.special_exceedance, **_SPECIAL, threshold="deadline_s"),
            ),
        ),
    ),
    missed(),
)
