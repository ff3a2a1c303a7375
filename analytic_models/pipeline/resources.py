"""Energy, money, carbon, memory, accuracy and exposure of one inference."""

from __future__ import annotations

__all__ = ["RESOURCE_BINDINGS"]

from analytic_models.graph import Binding, q, total
from analytic_models.laws import accuracy, arithmetic, compute, cost, energy, privacy

ENERGY = (
    q(
        "device_active_w",
        "w",
        arithmetic.nominal_power,
        nominal="device_load_w",
        label="Device power while computing",
        hook="device_active_w",
    ),
    q(
        "device_compute_j",
        "j",
        energy.compute_energy,
        power="device_active_w",
        time="device_service_s",
        label="Computing on the device",
    ),
    q(
        "device_radio_j",
        "j",
        energy.radio_energy,
        per_bit_sent="uplink_tx_j_per_bit",
        sent="uplink_sent_bit",
        per_bit_received="uplink_rx_j_per_bit",
        received="response_bit",
        base="uplink_base_w",
        time="uplink_service_s",
        share="remote_share_frac",
        label="Radio of the device",
    ),
    q("energy_device_j", "j", total, "device_compute_j", "device_radio_j", label="Device energy"),
    q(
        "edge_j",
        "j",
        energy.reserved_energy,
        active="edge_load_w",
        idle="edge_idle_w",
        service="edge_machine_s",
        servers="edge_servers_count",
        arrival="remote_arrival_per_s",
        share="remote_share_frac",
        overhead="edge_pue",
        used="edge_used_flag",
        label="Edge energy, idle time included",
    ),
    q(
        "cloud_j",
        "j",
        energy.scaled_energy,
        active="cloud_load_w",
        idle="cloud_idle_w",
        service="cloud_machine_s",
        busy="cloud_target_frac",
        share="reaching_cloud_frac",
        overhead="cloud_pue",
        label="Cloud energy, idle time included",
    ),
    q("energy_infrastructure_j", "j", total, "edge_j", "cloud_j", label="Infrastructure energy"),
    q(
        "energy_total_j",
        "j",
        total,
        "energy_device_j",
        "energy_infrastructure_j",
        label="Energy of all tiers",
    ),
)

MONEY = (
    q(
        "edge_usd",
        "usd",
        cost.reserved_cost,
        price="edge_usd_per_s",
        servers="edge_servers_count",
        arrival="remote_arrival_per_s",
        share="remote_share_frac",
        used="edge_used_flag",
        label="Edge site",
    ),
    q(
        "cloud_usd",
        "usd",
        cost.scaled_cost,
        price="cloud_usd_per_s",
        service="cloud_machine_s",
        busy="cloud_target_frac",
        share="reaching_cloud_frac",
        label="Cloud time",
    ),
    q(
        "egress_usd",
        "usd",
        cost.egress_cost,
        price="egress_usd_per_byte",
        answer="cloud_answer_byte",
        share="leaving_cloud_frac",
        label="Data that leaves the cloud",
    ),
    q(
        "cloud_answer_byte",
        "byte",
        cost.answer_from_cloud,
        answer="response_byte",
        used="cloud_used_flag",
        label="Answer that leaves the cloud",
    ),
    q("cost_usd", "usd", total, "edge_usd", "cloud_usd", "egress_usd", label="Cost"),
)

CARBON = (
    q(
        "device_gco2e",
        "gco2e",
        cost.emissions,
        energy="energy_device_j",
        intensity="device_gco2e_per_j",
        label="Emissions of the device",
    ),
    q(
        "edge_gco2e",
        "gco2e",
        cost.emissions,
        energy="edge_j",
        intensity="device_gco2e_per_j",
        label="Emissions of the edge",
    ),
    q(
        "cloud_gco2e",
        "gco2e",
        cost.emissions,
        energy="cloud_j",
        intensity="cloud_gco2e_per_j",
        label="Emissions of the cloud",
    ),
    q(
        "carbon_gco2e",
        "gco2e",
        total,
        "device_gco2e",
        "edge_gco2e",
        "cloud_gco2e",
        label="Operational emissions",
    ),
)


def _memory(tier: str) -> Binding:
    """Share of a tier's memory that its segment fills."""
    return q(
        f"{tier}_memory_frac",
        "frac",
        compute.memory_share,
        weights=f"{tier}_weight_byte",
        activations=f"{tier}_activation_byte",
        weight_room=f"{tier}_weight_room_byte",
        activation_room=f"{tier}_activation_room_byte",
        split=f"{tier}_split_flag",
        label=f"Memory filled on the {tier}",
    )


_LOSSES = {
    "baseline": "accuracy_baseline_frac",
    "device": "device_precision_loss_frac",
    "edge": "edge_precision_loss_frac",
    "cloud": "cloud_precision_loss_frac",
    "raw": "input_encoding_loss_frac",
    "uplink": "uplink_feature_loss_frac",
    "backhaul": "backhaul_feature_loss_frac",
    "keep": "accuracy_keep_frac",
}

ACCURACY = (
    q(
        "accuracy_keep_frac",
        "frac",
        arithmetic.nominal_share,
        nominal="nominal_share_frac",
        label="Accuracy kept by the techniques",
        hook="accuracy_keep_frac",
    ),
    q("accuracy_frac", "frac", accuracy.accuracy_point, **_LOSSES, label="Accuracy"),
    q("accuracy_low_frac", "frac", accuracy.accuracy_low, **_LOSSES, label="Accuracy at least"),
    q("accuracy_high_frac", "frac", accuracy.accuracy_high, **_LOSSES, label="Accuracy at most"),
    q(
        "accuracy_drop_pp",
        "pp",
        accuracy.percentage_points_lost,
        baseline="accuracy_baseline_frac",
        accuracy="accuracy_frac",
        label="Accuracy lost",
    ),
)

EXPOSURE = (
    q(
        "exposed_bit",
        "bit",
        privacy.exposed,
        size="uplink_message_bit",
        share="remote_share_frac",
        label="Bits that leave the device",
    ),
    q(
        "exposed_frac",
        "frac",
        privacy.exposed_share,
        size="exposed_bit",
        raw="plain_input_bit",
        label="Bits that leave the device, over the raw input",
    ),
    q(
        "epsilon_nat",
        "nat",
        arithmetic.nominal_budget,
        nominal="nominal_budget_nat",
        label="Privacy budget of a request",
        hook="epsilon_nat",
    ),
)

RESOURCE_BINDINGS: tuple[Binding, ...] = (
    *ENERGY,
    *MONEY,
    *CARBON,
    _memory("device"),
    _memory("edge"),
    _memory("cloud"),
    q(
        "memory_frac",
        "frac",
        arithmetic.largest_of_three,
        first="device_memory_frac",
        second="edge_memory_frac",
        third="cloud_memory_frac",
        label="Fullest memory",
    ),
    *ACCURACY,
    *EXPOSURE,
)
