"""Input columns of the table: what a batch must look up for every case."""

from __future__ import annotations

__all__ = ["COLUMNS"]

from collections.abc import Mapping

from analytic_models.units import Unit, unit_of_name

STATIONS = ("device", "uplink", "edge", "backhaul", "cloud")
TIERS = ("device", "edge", "cloud")
HOPS = ("uplink", "backhaul")

# Label of each column; its unit is what its name ends in.
COLUMNS: Mapping[str, str] = {
    "population_count": "Devices",
    "arrival_per_s": "Requests per device",
    "one_count": "One server",
    **{f"{s}_ps_flag": f"{s.capitalize()} shares its capacity" for s in STATIONS},
    **{f"{t}_batch_flag": f"{t.capitalize()} serves batches" for t in ("edge", "cloud")},
    **{f"{t}_priority_flag": f"{t.capitalize()} serves urgent first" for t in ("edge", "cloud")},
    **{f"{t}_preemptive_flag": f"{t.capitalize()} interrupts" for t in ("edge", "cloud")},
    **{
        f"{h}_meeting_flag": f"Requests that share the {h} meet again in the queue behind it"
        for h in HOPS
    },
    **{
        f"{t}_spaced_flag": f"The link before it hands requests to the {t} in order of arrival"
        for t in ("edge", "cloud")
    },
    "urgent_frac": "Urgent requests",
    "asked_urgent_frac": "Urgent among the requests that the figures are about",
    "uplink_fading_flag": "Uplink fades",
    "closed_flag": "Devices wait for an answer before they ask again",
    "device_periodic_flag": "Each device sends at a fixed period",
    "periodic_flag": "Devices send periodically at phases of their own",
    "synchronised_flag": "Devices send together",
    "bursty_flag": "Devices send in bursts",
    "arrival_scv": "Burstiness of a device",
    "batch_reference_count": "Batch that the batch time is read at",
    "uplink_slow_frac": "Share of time in which the uplink fades",
    "uplink_slow_rate_frac": "Rate in a fade over the rate outside",
    "uplink_dwell_s": "Length of a fade",
    **{f"{t}_room_flag": f"{t.capitalize()} has a last place" for t in ("edge", "cloud")},
    "room_flag": "A tier has a last place",
    **{f"{t}_places_count": f"Room at the {t}" for t in ("edge", "cloud")},
    "cloud_elastic_flag": "Cloud starts machines on demand",
    "cloud_cold_start_s": "Start of a cold machine",
    "cloud_keep_alive_s": "Idle machines stay warm for",
    "uplink_loss_flag": "Uplink loses messages",
    "uplink_loss_frac": "Share of uplink transmissions that are lost",
    "compute_scv": "Spread of compute times",
    "message_scv": "Spread of message sizes",
    "edge_servers_count": "Edge servers",
    "cloud_servers_count": "Cloud servers",
    # Look-ups in the layer graph of the dnn.
    **{f"{t}_segment_s": f"Layers on the {t}" for t in TIERS},
    **{f"{t}_batch_segment_s": f"A batch of layers on the {t}" for t in ("edge", "cloud")},
    **{f"{t}_weight_byte": f"Weights on the {t}" for t in TIERS},
    **{f"{t}_activation_byte": f"Largest live activations on the {t}" for t in TIERS},
    **{f"{t}_used_flag": f"{t.capitalize()} computes" for t in ("edge", "cloud")},
    "uplink_used_flag": "Uplink is used",
    "backhaul_used_flag": "Backhaul is used",
    "device_mac_frac": "Share of the multiply-accumulates on the device",
    "raw_input_leaves_flag": "The raw input leaves the device",
    # Payloads.
    **{f"{h}_raw_elem_count": f"Raw input elements on the {h}" for h in HOPS},
    **{f"{h}_feature_elem_count": f"Feature elements on the {h}" for h in HOPS},
    "raw_elem_bit": "Bits per element of the encoded input",
    **{f"{h}_feature_elem_bit": f"Bits per feature element on the {h}" for h in HOPS},
    "plain_input_bit": "Raw input, not encoded",
    "encode_elem_count": "Elements that the device encodes",
    "encode_elem_op": "Operations to encode an element",
    "encoder_op_per_s": "Rate at which the device encodes",
    # Neutral starting points of the hooks.
    "nominal_share_frac": "All requests",
    "no_share_frac": "No requests",
    "nominal_budget_nat": "No promise of privacy",
    "nominal_duration_s": "No overhead",
    "nominal_message_bit": "Header of a message",
    # Hops.
    "uplink_bit_per_s": "Uplink rate",
    "downlink_bit_per_s": "Downlink rate",
    "uplink_rtt_s": "Uplink round trip",
    "uplink_background_frac": "Uplink taken by others",
    "backhaul_bit_per_s": "Backhaul rate",
    "backhaul_rtt_s": "Backhaul round trip",
    "backhaul_background_frac": "Backhaul taken by others",
    "response_byte": "Response size",
    # Power, memory, prices, carbon.
    "device_load_w": "Device power under load",
    **{f"{t}_load_w": f"{t.capitalize()} power under load" for t in ("edge", "cloud")},
    **{f"{t}_idle_w": f"{t.capitalize()} idle power" for t in ("edge", "cloud")},
    "uplink_tx_j_per_bit": "Radio energy per bit sent",
    "uplink_rx_j_per_bit": "Radio energy per bit received",
    "uplink_base_w": "Radio base power while sending",
    **{f"{t}_weight_room_byte": f"{t.capitalize()} memory for weights" for t in TIERS},
    **{f"{t}_activation_room_byte": f"{t.capitalize()} memory for activations" for t in TIERS},
    **{f"{t}_split_flag": f"{t.capitalize()} keeps weights in flash" for t in TIERS},
    "edge_pue": "PUE of the edge site",
    "cloud_pue": "PUE of the cloud",
    "edge_usd_per_s": "Price of an edge server",
    "cloud_usd_per_s": "Price of a cloud server",
    "egress_usd_per_byte": "Egress price",
    "cloud_target_frac": "Paid share of cloud time in use",
    "device_gco2e_per_j": "Carbon intensity at the devices and the edge",
    "cloud_gco2e_per_j": "Carbon intensity at the cloud",
    **{f"{t}_embodied_gco2e": f"Making of a machine of the {t}" for t in TIERS},
    "machine_life_s": "Life of a machine",
    "device_battery_j": "Charge of the device's battery",
    # Accuracy.
    "accuracy_baseline_frac": "Accuracy, uncompressed",
    **{f"{t}_precision_loss_frac": f"Loss by precision on the {t}" for t in TIERS},
    "input_encoding_loss_frac": "Loss by encoding the input",
    **{f"{h}_feature_loss_frac": f"Loss by encoding features on the {h}" for h in HOPS},
    # Requirements.
    "deadline_s": "Deadline",
    "deadline_level_frac": "Percentile of the deadline",
    "deadline_mean_flag": "Deadline holds for the mean",
    "exact_tail_flag": "Percentiles by transform inversion",
    "closed_tail_flag": "Percentiles where devices wait for their answers",
    "special_tail_flag": "Percentiles with batches, fades or patterned sources",
    "median_level_frac": "Level of the median",
    "p95_level_frac": "Level of p95",
    "p99_level_frac": "Level of p99",
    "p999_level_frac": "Level of p99.9",
}


def column_units() -> dict[str, Unit]:
    """Return the unit of every column."""
    return {name: unit_of_name(name) for name in COLUMNS}
