"""Fields of a scenario: application, dnn, machines and hops."""

from __future__ import annotations

__all__ = ["TIERS", "SystemFields"]

from dataclasses import dataclass

from analytic_models.fields import choice, integer, number, text

TIERS = ("device", "edge", "cloud")


@dataclass(frozen=True)
class SystemFields:
    """What runs where, and over which hops."""

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
        8,
        "Cloud servers",
        "Cloud machines that share one queue; not used where the cloud is elastic.",
        "Machines",
        1,
        4096,
        log=True,
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
