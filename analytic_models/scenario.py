"""What is given: application, dnn, machines, hops, load, prices and requirements."""

from __future__ import annotations

__all__ = ["PRECISIONS", "TIERS", "Scenario"]

from dataclasses import dataclass

from analytic_models.errors import DesignError, Problem
from analytic_models.fields import choice, field_problems, flag, integer, number, text

TIERS = ("device", "edge", "cloud")
PRECISIONS = ("fp32", "fp16", "int8", "int4")
DISCIPLINES = ("fcfs", "ps")
TIER_DISCIPLINES = (*DISCIPLINES, "batch")
ARRIVALS = ("poisson", "periodic", "synchronised", "bursty")
PERCENTILES = ("mean", "p50", "p95", "p99", "p99.9")


@dataclass(frozen=True)
class Scenario:
    """What is given: application, dnn, machines, hops, load, prices and requirements.

    Every attribute carries its declaration (label, unit, bounds, help); see ``fields``.
    A value of None means "as the catalog states it".
    """

    name: str = text(
        "Factory inspection", "Name", "How this scenario is called.", "Application", 80
    )
    application: str = choice(
        "app-industrial",
        "Application",
        "The application domain of the survey that this scenario stands for.",
        "Application",
        "catalog:applications",
    )
    dnn: str = choice(
        "resnet50",
        "Neural network",
        "The layer graph that is placed over the tiers.",
        "Application",
        "catalog:dnns",
    )
    timing: str = choice(
        "roofline",
        "Layer times",
        "roofline: from peak rates, bandwidth and measured efficiencies; "
        "measured: the block times measured on these machines.",
        "Application",
        ("roofline", "measured"),
    )
    device: str = choice(
        "rpi4b", "Device", "The machine that holds the sensor.", "Machines", "catalog:machines"
    )
    edge: str = choice(
        "jetson_agx_orin", "Edge", "The machine at the edge site.", "Machines", "catalog:machines"
    )
    cloud: str = choice(
        "a100_sxm", "Cloud", "The machine in the cloud.", "Machines", "catalog:machines"
    )
    edge_servers_count: int = integer(
        1,
        "Edge servers",
        "Machines at the edge site that share one queue.",
        "Machines",
        1,
        256,
        log=True,
    )
    cloud_servers_count: int = integer(
        8, "Cloud servers", "Cloud machines that share one queue.", "Machines", 1, 4096, log=True
    )
    uplink: str = choice(
        "wifi5_80mhz_2ss",
        "Uplink",
        "The hop between the devices and the edge site.",
        "Network",
        "catalog:hops",
    )
    backhaul: str = choice(
        "wan_fibre",
        "Backhaul",
        "The hop between the edge site and the cloud.",
        "Network",
        "catalog:hops",
    )
    uplink_bit_per_s: float | None = number(
        None,
        "Uplink rate",
        "Rate of the shared uplink, device to edge.",
        "Network",
        1e2,
        1e12,
        "Mbit/s",
        log=True,
        none_means="as the hop's fact states",
    )
    downlink_bit_per_s: float | None = number(
        None,
        "Downlink rate",
        "Rate from the edge site back to a device.",
        "Network",
        1e2,
        1e12,
        "Mbit/s",
        log=True,
        none_means="as the hop's fact states",
    )
    uplink_rtt_s: float | None = number(
        None,
        "Uplink round trip",
        "Idle round-trip time between device and edge.",
        "Network",
        0.0,
        10.0,
        "ms",
        none_means="as the hop's fact states",
    )
    backhaul_bit_per_s: float | None = number(
        None,
        "Backhaul rate",
        "Rate of the shared backhaul, edge to cloud.",
        "Network",
        1e2,
        1e13,
        "Mbit/s",
        log=True,
        none_means="as the hop's fact states",
    )
    backhaul_rtt_s: float | None = number(
        None,
        "Backhaul round trip",
        "Idle round-trip time between edge and cloud.",
        "Network",
        0.0,
        10.0,
        "ms",
        none_means="as the hop's fact states",
    )
    uplink_background_frac: float = number(
        0.0,
        "Uplink taken by others",
        "Share of the uplink's rate that other traffic takes.",
        "Network",
        0.0,
        0.99,
        assumption="no other traffic unless you say so",
    )
    backhaul_background_frac: float = number(
        0.0,
        "Backhaul taken by others",
        "Share of the backhaul's rate that other traffic takes.",
        "Network",
        0.0,
        0.99,
        assumption="no other traffic unless you say so",
    )
    response_byte: float = number(
        1000.0,
        "Response size",
        "Bytes that come back to the device for each inference.",
        "Network",
        0.0,
        1e8,
        "kB",
        assumption="class scores or a few boxes: 0.1 to 10 kB",
    )
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
        "Inferences that each device asks for.",
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
        "the same instant; or in bursts from every device.",
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
        "First come first served, processor sharing, or all that wait served as one batch.",
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
        "First come first served, processor sharing, or all that wait served as one batch.",
        "Queueing",
        TIER_DISCIPLINES,
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
    device_region: str = choice(
        "country:EU",
        "Region of the devices and the edge",
        "Whose electricity the devices and the edge site use.",
        "Economics",
        "catalog:regions",
    )
    cloud_region: str = choice(
        "gcp:europe-west4",
        "Region of the cloud",
        "Whose electricity the cloud uses.",
        "Economics",
        "catalog:regions",
    )
    edge_pue: float = number(
        1.5,
        "PUE of the edge site",
        "Energy of the whole site over energy of the machines.",
        "Economics",
        1.0,
        3.0,
        assumption="small rooms: 1.2 to 2.0",
    )
    cloud_pue: float = number(
        1.1,
        "PUE of the cloud",
        "Energy of the data centre over energy of the machines.",
        "Economics",
        1.0,
        3.0,
        assumption="large operators report 1.08 to 1.2",
    )
    edge_usd_per_s: float | None = number(
        None,
        "Price of an edge server",
        "Cost of owning and running one edge server.",
        "Economics",
        0.0,
        0.1,
        "USD/h",
        none_means="purchase price over its lifetime plus electricity",
    )
    cloud_usd_per_s: float | None = number(
        None,
        "Price of a cloud server",
        "Rent of one cloud machine.",
        "Economics",
        0.0,
        0.1,
        "USD/h",
        none_means="as the price list states",
    )
    egress_usd_per_byte: float | None = number(
        None,
        "Egress price",
        "Price of a byte that leaves the cloud.",
        "Economics",
        0.0,
        1e-6,
        "USD/GB",
        none_means="as the price list states",
    )
    electricity_usd_per_j: float | None = number(
        None,
        "Electricity price",
        "Price of electricity at the edge site.",
        "Economics",
        0.0,
        1e-6,
        "USD/kWh",
        none_means="as the price list states",
    )
    cloud_target_frac: float = number(
        0.6,
        "Paid share of cloud time in use",
        "Autoscaling keeps this share of the rented time busy.",
        "Economics",
        0.05,
        1.0,
        assumption="0.3 to 0.8",
    )
    deadline_s: float = number(
        0.1,
        "Deadline",
        "Time within which an answer must be back.",
        "Requirements",
        1e-4,
        3600.0,
        "ms",
        log=True,
    )
    deadline_at: str = choice(
        "p99",
        "Deadline holds for",
        "The mean, or the percentile of requests that must meet it.",
        "Requirements",
        PERCENTILES,
    )
    energy_max_j: float | None = number(
        None,
        "Device energy at most",
        "Energy that one inference may take from the device.",
        "Requirements",
        0.0,
        1e6,
        "mJ",
        log=True,
        none_means="no limit",
    )
    accuracy_drop_max_pp: float | None = number(
        2.0,
        "Accuracy loss at most",
        "Percentage points below the uncompressed network.",
        "Requirements",
        0.0,
        100.0,
        "pp",
        none_means="no limit",
    )
    cost_max_usd: float | None = number(
        None,
        "Cost at most",
        "Cost of one inference (shown per million).",
        "Requirements",
        0.0,
        10.0,
        "USD",
        log=True,
        none_means="no limit",
    )
    raw_input_stays_flag: bool = flag(
        False,
        "Raw input stays on the device",
        "The sensor's data must not leave; features may.",
        "Requirements",
    )

    def __post_init__(self) -> None:
        problems = field_problems("scenario", self) or self._unsupported()
        if problems:
            raise DesignError(problems)

    def _unsupported(self) -> list[Problem]:
        """Return combinations for which there is no law."""
        if self.arrivals == "poisson":
            return []
        words = f"has no law for {self.arrivals} arrivals"
        problems = [
            Problem(f"scenario.{tier}_discipline", f"'batch' {words}", ", ".join(DISCIPLINES))
            for tier in ("edge", "cloud")
            if getattr(self, f"{tier}_discipline") == "batch"
        ]
        if self.uplink_slow_frac > 0:
            problems.append(Problem("scenario.uplink_slow_frac", f"a fading uplink {words}", "0"))
        return problems
