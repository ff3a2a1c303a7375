"""Fields of a scenario: load, and what the queues do with it."""

from __future__ import annotations

__all__ = ["DISCIPLINES", "PRIORITIES", "LoadFields"]

from dataclasses import dataclass

from analytic_models.fields import choice, integer, number
from analytic_models.scenario_system import SystemFields

DISCIPLINES = ("fcfs", "ps")
PRIORITIES = ("priority", "preemptive")
TIER_DISCIPLINES = (*DISCIPLINES, "batch", *PRIORITIES)
CLOUD_DISCIPLINES = (*TIER_DISCIPLINES, "elastic")
ASKED = ("urgent", "others", "all")
ARRIVALS = ("poisson", "periodic", "synchronised", "bursty", "closed")


@dataclass(frozen=True)
class LoadFields(SystemFields):
    """How many requests come, when, and how stations serve them."""

    population_count: int = integer(
        20,
        "Devices",
        "Devices that share the uplink, the edge site, the backhaul and the cloud.",
        "Load",
        1,
        1_000_000,
        log=True,
    )
    arrival_per_s: float = number(
        5.0,
        "Requests per device",
        "Inferences that each device asks for. Where devices wait for an answer first, one over "
        "the mean pause between an answer and the next request.",
        "Load",
        0.0,
        1e4,
        "1/s",
        log=True,
    )
    arrivals: str = choice(
        "poisson",
        "When requests come",
        "At random; from every device at a fixed period with its own phase; from all devices at "
        "the same instant; in bursts from every device; or, after an answer: every device waits "
        "for it and asks again after a pause, on average one over the requests per device, so "
        "slow answers mean fewer requests and no queue grows without bound.",
        "Load",
        ARRIVALS,
    )
    arrival_scv: float = number(
        4.0,
        "Burstiness",
        "Squared coefficient of variation of the time between two requests of a device: 1 is "
        "random. Counts for bursts only.",
        "Load",
        1.0,
        64.0,
        assumption="motion triggers and user actions: 2 to 10",
    )
    device_discipline: str = choice(
        "fcfs",
        "Device queue",
        "First come first served, or processor sharing.",
        "Queueing",
        DISCIPLINES,
    )
    uplink_discipline: str = choice(
        "ps",
        "Uplink queue",
        "Packets interleave (processor sharing), or whole messages queue.",
        "Queueing",
        DISCIPLINES,
    )
    edge_discipline: str = choice(
        "fcfs",
        "Edge queue",
        "First come first served; processor sharing; all that wait served as one batch; urgent "
        "requests first; or urgent requests first, and one that runs is interrupted for them.",
        "Queueing",
        TIER_DISCIPLINES,
    )
    backhaul_discipline: str = choice(
        "ps",
        "Backhaul queue",
        "Packets interleave (processor sharing), or whole messages queue.",
        "Queueing",
        DISCIPLINES,
    )
    cloud_discipline: str = choice(
        "fcfs",
        "Cloud queue",
        "First come first served; processor sharing; all that wait served as one batch; urgent "
        "requests first; urgent requests first, and one that runs is interrupted for them; or "
        "elastic (serverless): a machine is started whenever none is warm, so nobody queues, and "
        "the number of cloud servers is not used.",
        "Queueing",
        CLOUD_DISCIPLINES,
    )
    cloud_cold_start_s: float = number(
        0.5,
        "Start of a cold machine",
        "Time until a machine that an elastic cloud starts can serve: the request that finds none "
        "warm waits for it. Counts where the cloud is elastic.",
        "Queueing",
        0.0,
        600.0,
        "ms",
        assumption="a container with its runtime and model: 0.2 to 3 s; WebAssembly below 0.01 s; "
        "loading a large model into a GPU: 5 to 60 s",
    )
    cloud_keep_alive_s: float = number(
        600.0,
        "Idle machines stay warm for",
        "Time after which an elastic cloud stops a machine that has nothing to do. Longer means "
        "fewer cold starts. Counts where the cloud is elastic.",
        "Queueing",
        0.0,
        86400.0,
        "s",
        assumption="serverless offers keep an idle instance for some minutes: 60 to 900 s",
    )
    edge_places_count: int | None = integer(
        None,
        "Room at the edge",
        "Requests that fit into the edge site at once, those in service included. One that finds "
        "it full is turned away: it is lost, misses the deadline and goes no further. Percentiles "
        "are then those of the answered requests. A short queue keeps them low; it needs arrivals "
        "at random and a queue in order of arrival.",
        "Queueing",
        1,
        8192,
        log=True,
        none_means="as many as come",
    )
    cloud_places_count: int | None = integer(
        None,
        "Room in the cloud",
        "Requests that fit into the cloud at once, those in service included. One that finds it "
        "full is turned away: it is lost, misses the deadline and goes no further. Percentiles "
        "are then those of the answered requests. A short queue keeps them low; it needs arrivals "
        "at random and a queue in order of arrival.",
        "Queueing",
        1,
        8192,
        log=True,
        none_means="as many as come",
    )
    urgent_frac: float = number(
        0.2,
        "Urgent requests",
        "Share of all requests that is urgent: an alarm among measurements. They go first where a "
        "queue lets urgent requests go first, and count for nothing elsewhere.",
        "Queueing",
        0.0,
        1.0,
        assumption="alarms and control loops among monitoring: 0.01 to 0.5",
    )
    latency_of: str = choice(
        "urgent",
        "Latency of",
        "Whose latency the figures and the deadline are about: the urgent requests, the others, or "
        "all of them together. Counts where a queue lets urgent requests go first.",
        "Queueing",
        ASKED,
    )
    batch_reference_count: int = integer(
        16,
        "Batch that the batch time is read at",
        "A batch of n takes a fixed time plus n times a marginal one, read from the layers' "
        "roofline at one request and at this many. Counts where a queue serves batches.",
        "Queueing",
        2,
        1024,
        log=True,
        assumption="between the usual limits of serving systems, 8 to 64",
    )
    uplink_slow_frac: float = number(
        0.0,
        "Uplink fades for",
        "Share of time in which the uplink is slow. Its mean rate stays the one stated above; 0 is "
        "a steady link.",
        "Queueing",
        0.0,
        0.95,
        assumption="a steady link unless you say so; 5 to 30 % for people and vehicles on the move",
    )
    uplink_slow_rate_frac: float = number(
        0.2,
        "Rate while the uplink fades",
        "Rate in a fade over the rate outside it.",
        "Queueing",
        0.0,
        1.0,
        assumption="a few steps down the ladder of modulations: 0.1 to 0.5",
    )
    uplink_dwell_s: float = number(
        0.2,
        "Length of a fade",
        "Mean time that the uplink stays slow.",
        "Queueing",
        1e-4,
        600.0,
        "ms",
        log=True,
        assumption="multipath while walking: 0.02 to 0.2 s; shadowing by buildings: 1 to 10 s",
    )
    uplink_loss_frac: float = number(
        0.0,
        "Uplink messages that are sent again",
        "Share of transmissions on the uplink that are lost. The link repeats a lost message at "
        "once, as often as it takes, so messages hold the link for longer and cost the device "
        "more energy; 0 is a link that loses nothing.",
        "Queueing",
        0.0,
        0.5,
        assumption="nothing is lost unless you say so; 1 to 10 % on a usual radio link, 30 % at "
        "the edge of a cell",
    )
    compute_scv: float = number(
        0.0,
        "Spread of compute times",
        "Squared coefficient of variation of a segment's service time.",
        "Queueing",
        0.0,
        16.0,
        assumption="a fixed layer graph does the same work each time; 0 to 0.3 with jitter",
    )
    message_scv: float = number(
        0.0,
        "Spread of message sizes",
        "Squared coefficient of variation of the payload's size.",
        "Queueing",
        0.0,
        16.0,
        assumption="tensors have a fixed size; compressed images 0.05 to 0.5",
    )
