"""Tiers with a finite number of places: what is lost, and what becomes of the rest."""

from __future__ import annotations

__all__ = ["LOSS_BINDINGS", "going_on", "missed", "room_laws", "used_load"]

from analytic_models.graph import Binding, Bound, bind, either, q
from analytic_models.laws import arithmetic, room_station, sojourn
from analytic_models.pipeline.special import Special


def _station(tier: str) -> dict[str, str]:
    arrival = "remote_arrival_per_s" if tier == "edge" else "cloud_arrival_per_s"
    return {
        "arrival": arrival,
        "service": f"{tier}_service_s",
        "scv": "compute_scv",
        "servers": f"{tier}_servers_count",
        "places": f"{tier}_places_count",
    }


def room_laws(tier: str) -> Special:
    """Laws of the requests that find a place at a tier."""
    flag, inputs = f"{tier}_room_flag", _station(tier)
    return (
        ((flag, bind(room_station.room_wait, **inputs)),),
        ((flag, bind(room_station.room_variance, **inputs)),),
        ((flag, bind(room_station.room_skew, **inputs)),),
    )


def used_load(tier: str) -> tuple[str, Bound]:
    """Share of time that a tier with finite room is busy, with its flag."""
    inputs = {k: v for k, v in _station(tier).items() if k in ("arrival", "service", "servers")}
    return f"{tier}_room_flag", bind(room_station.carried_load, **inputs, lost=f"{tier}_lost_frac")


def _lost(tier: str, words: str) -> Binding:
    return either(
        f"{tier}_lost_frac",
        "frac",
        by=f"{tier}_room_flag",
        off=bind(arithmetic.nominal_share, nominal="no_share_frac"),
        on=bind(room_station.room_lost, **_station(tier)),
        label=f"Requests that find no place {words}",
    )


def going_on() -> tuple[Binding, ...]:
    """Declare what goes on to the cloud: a share of what the edge did not lose."""
    return (
        either(
            "cloud_arrival_per_s",
            "1/s",
            by="edge_room_flag",
            off=bind(
                sojourn.passed_arrival, arrival="remote_arrival_per_s", share="cloud_share_frac"
            ),
            on=bind(
                room_station.kept_arrival,
                arrival="remote_arrival_per_s",
                lost="edge_lost_frac",
                share="cloud_share_frac",
            ),
            label="Requests that reach the cloud",
        ),
        either(
            "reaching_cloud_frac",
            "frac",
            by="edge_room_flag",
            off=bind(arithmetic.both_shares, first="remote_share_frac", second="cloud_share_frac"),
            on=bind(
                room_station.kept_share,
                first="remote_share_frac",
                lost="edge_lost_frac",
                second="cloud_share_frac",
            ),
            label="Share of requests that reach the cloud",
        ),
    )


_CHAIN = {
    "remote": "remote_share_frac",
    "edge": "edge_lost_frac",
    "onward": "cloud_share_frac",
    "cloud": "cloud_lost_frac",
}

LOSS_BINDINGS: tuple[Binding, ...] = (
    _lost("edge", "at the edge"),
    _lost("cloud", "in the cloud"),
    either(
        "lost_frac",
        "frac",
        by="room_flag",
        off=bind(arithmetic.nominal_share, nominal="no_share_frac"),
        on=bind(room_station.lost_share, **_CHAIN),
        label="Requests that are lost",
    ),
    q(
        "served_per_s",
        "1/s",
        room_station.served_rate,
        arrival="total_arrival_per_s",
        lost="lost_frac",
        label="Answers per second",
    ),
    either(
        "answered_remote_frac",
        "frac",
        by="room_flag",
        off=bind(arithmetic.nominal_share, nominal="remote_share_frac"),
        on=bind(room_station.answered_remote, **_CHAIN, lost="lost_frac"),
        label="Answers that come from beyond the device",
    ),
    either(
        "answered_cloud_frac",
        "frac",
        by="room_flag",
        off=bind(arithmetic.nominal_share, nominal="cloud_share_frac"),
        on=bind(room_station.answered_onward, onward="cloud_share_frac", cloud="cloud_lost_frac"),
        label="Answers from beyond the device that come from the cloud",
    ),
    either(
        "leaving_cloud_frac",
        "frac",
        by="cloud_room_flag",
        off=bind(arithmetic.nominal_share, nominal="reaching_cloud_frac"),
        on=bind(
            room_station.kept_share,
            first="reaching_cloud_frac",
            lost="cloud_lost_frac",
            second="nominal_share_frac",
        ),
        label="Share of requests that the cloud answers",
    ),
    either(
        "answered_level_frac",
        "frac",
        by="room_flag",
        off=bind(arithmetic.nominal_share, nominal="deadline_level_frac"),
        on=bind(room_station.answered_level, level="deadline_level_frac", lost="lost_frac"),
        label="Percentile of the deadline among the answered requests",
    ),
)


def missed() -> Binding:
    """Declare the share that misses the deadline: late, or lost."""
    return either(
        "deadline_miss_frac",
        "frac",
        by="room_flag",
        off=bind(arithmetic.nominal_share, nominal="late_frac"),
        on=bind(room_station.missed_share, lost="lost_frac", late="late_frac"),
        label="Requests that miss the deadline",
    )
