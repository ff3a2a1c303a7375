"""The table of quantities: which law makes which number from which inputs.

One tuple per stage, concatenated here; the graph refuses names that do not fit together.
"""

from __future__ import annotations

__all__ = ["HOOKS", "LABELS", "OUTPUTS", "PIPELINE"]

from collections.abc import Mapping

from analytic_models.graph import Graph
from analytic_models.pipeline.columns import COLUMNS, column_units
from analytic_models.pipeline.latency import LATENCY_BINDINGS
from analytic_models.pipeline.lifecycle import LIFECYCLE_BINDINGS
from analytic_models.pipeline.resources import RESOURCE_BINDINGS
from analytic_models.pipeline.stations import STATION_BINDINGS

# Quantities that people read and nothing else in the table uses.
OUTPUTS = (
    "latency_idle_s",
    "latency_urgent_mean_s",
    "latency_others_mean_s",
    "latency_p50_s",
    "latency_p95_s",
    "latency_p99_s",
    "latency_p999_s",
    "latency_required_s",
    "deadline_miss_frac",
    "served_per_s",
    "stable_flag",
    "energy_total_j",
    "cost_usd",
    "footprint_gco2e",
    "charge_inferences_count",
    "memory_frac",
    "accuracy_low_frac",
    "accuracy_high_frac",
    "accuracy_drop_pp",
    "exposed_frac",
    "device_mac_frac",
    "raw_input_leaves_flag",
    "epsilon_nat",
)

PIPELINE = Graph(
    column_units(),
    (*STATION_BINDINGS, *LATENCY_BINDINGS, *RESOURCE_BINDINGS, *LIFECYCLE_BINDINGS),
    OUTPUTS,
)

HOOKS: tuple[str, ...] = tuple(b.hook for b in PIPELINE.bindings if b.hook)

LABELS: Mapping[str, str] = {**COLUMNS, **{b.name: b.label for b in PIPELINE.bindings}}
