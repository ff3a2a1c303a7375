"""Making of the machines, and the battery of the device."""

from __future__ import annotations

__all__ = ["LIFECYCLE_BINDINGS"]

from analytic_models.graph import Binding, q, total
from analytic_models.laws import lifecycle

LIFECYCLE_BINDINGS: tuple[Binding, ...] = (
    q(
        "device_made_gco2e",
        "gco2e",
        lifecycle.made_while_used,
        made="device_embodied_gco2e",
        lifetime="machine_life_s",
        time="device_service_s",
        busy="nominal_share_frac",
        share="nominal_share_frac",
        label="Making of the device, by the time it computes",
    ),
    q(
        "edge_made_gco2e",
        "gco2e",
        lifecycle.made_while_reserved,
        made="edge_embodied_gco2e",
        lifetime="machine_life_s",
        servers="edge_servers_count",
        arrival="remote_arrival_per_s",
        share="remote_share_frac",
        used="edge_used_flag",
        label="Making of the edge site",
    ),
    q(
        "cloud_made_gco2e",
        "gco2e",
        lifecycle.made_while_used,
        made="cloud_embodied_gco2e",
        lifetime="machine_life_s",
        time="cloud_machine_s",
        busy="cloud_target_frac",
        share="reaching_cloud_frac",
        label="Making of the cloud machines",
    ),
    q(
        "embodied_gco2e",
        "gco2e",
        total,
        "device_made_gco2e",
        "edge_made_gco2e",
        "cloud_made_gco2e",
        label="Emissions of making the machines",
    ),
    q(
        "footprint_gco2e",
        "gco2e",
        total,
        "carbon_gco2e",
        "embodied_gco2e",
        label="Emissions of running and making",
    ),
    q(
        "charge_inferences_count",
        "count",
        lifecycle.charge_inferences,
        battery="device_battery_j",
        energy="energy_device_j",
        label="Inferences on one battery charge",
    ),
)
