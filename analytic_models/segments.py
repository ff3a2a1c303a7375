"""Per-layer tables of a dnn on a machine, summed up to every boundary."""

from __future__ import annotations

__all__ = ["FORMATS", "LayerTimes", "WorkEffect", "activation_peaks", "layer_times"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, Dnn
from analytic_models.effects import EFFECTS
from analytic_models.laws.compute import roofline_time
from analytic_models.laws.workload import largest_between, moved_bytes, prefix_at
from analytic_models.origins import Looked
from analytic_models.units import Array, bit_to_byte, mac_to_op

Floats = NDArray[np.float64]

# Precision: bits of a weight, bits of an activation, precision at which the machine computes.
# int4 is weight-only: weights are unpacked and multiplied at half precision.
FORMATS: Mapping[str, tuple[float, float, str]] = {
    "fp32": (32.0, 32.0, "fp32"),
    "fp16": (16.0, 16.0, "fp16"),
    "int8": (8.0, 8.0, "int8"),
    "int4": (4.0, 16.0, "fp16"),
}

# A technique's effect on layers: hook, effect function, settings.
WorkEffect = tuple[str, str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class LayerTimes:
    """Times and bytes of a dnn's rows on one machine at one precision.

    Arrays have shape (rows,); those ending in ``_at`` have shape (boundaries,) and hold the sum of
    the rows left of each boundary.
    """

    dnn: Dnn
    machine: str
    precision: str
    time_s: Floats
    work_op: Floats
    traffic_byte: Floats
    weight_byte: Floats
    activation_bit: Floats
    peak: Looked
    bandwidth: Looked
    launch: Looked
    compute_efficiency: Mapping[str, Looked]
    memory_efficiency: Mapping[str, Looked]
    time_at: Floats
    weight_at: Floats
    reason: str = ""


def _apply(effects: tuple[WorkEffect, ...], hook: str, value: Floats) -> Floats:
    result: Array = value
    for on, law, settings in effects:
        if on == hook:
            function: Callable[..., Array] = EFFECTS[law]
            result = function(result, **dict(settings))
    return np.asarray(result, dtype=np.float64)


@lru_cache(maxsize=512)
def layer_times(
    catalog: Catalog,
    dnn_id: str,
    machine_id: str,
    precision: str,
    timing: str,
    effects: tuple[WorkEffect, ...],
    batch: int = 1,
) -> LayerTimes:
    """Compute the table of one dnn on one machine.

    Parameters
    ----------
    timing
        ``roofline`` from facts, or ``measured`` block times where the dnn has them.
    effects
        Effects of active techniques on the layers, in axis order.
    batch
        Requests that are computed together: weights move once, all else as often as requests.

    Returns
    -------
    Times are ``nan``, with the reason, where a peak rate, a bandwidth or a measurement is missing.
    """
    dnn = catalog.dnns[dnn_id]
    weight_bits, activation_bits, computed = FORMATS[precision]
    rows = len(dnn.mac)
    macs = batch * _apply(effects, "layer_mac", dnn.mac)
    bits = _apply(effects, "layer_weight_bit", np.full(rows, weight_bits))
    activation = _apply(effects, "layer_activation_bit", np.full(rows, activation_bits))
    work = np.asarray(mac_to_op(macs))
    traffic = np.asarray(
        moved_bytes(dnn.params, bits, batch * (dnn.in_elem + dnn.out_elem), activation)
    )
    machine = catalog.machines[machine_id]
    peak = Looked.of_fact(machine.peak(computed))
    bandwidth = Looked.of_fact(machine.fact("memory_bandwidth_byte_per_s"))
    launch = Looked.of_fact(catalog.launch_overhead(machine_id, computed))
    kinds = sorted(set(dnn.operator_type))
    # Rows without multiply-accumulates are bound by memory: they need no share of the peak.
    counted = {k for k, mac in zip(dnn.operator_type, dnn.mac, strict=True) if mac > 0}
    compute = {
        k: Looked.of_fact(catalog.efficiency(machine_id, k, "compute", computed))
        for k in kinds
        if k in counted
    }
    memory = {
        k: Looked.of_fact(catalog.efficiency(machine_id, k, "memory", computed)) for k in kinds
    }
    reason = ""
    if timing == "measured":
        time, reason = _measured(dnn, machine_id, precision, bool(effects), batch)
    else:
        time = np.asarray(
            roofline_time(
                work,
                peak.value,
                np.array(
                    [
                        compute[k].value if m else 1.0
                        for k, m in zip(dnn.operator_type, dnn.mac, strict=True)
                    ]
                ),
                traffic,
                bandwidth.value,
                np.array([memory[k].value for k in dnn.operator_type]),
                launch.value,
            )
        )
        looked_up = (peak, bandwidth, launch, *compute.values(), *memory.values())
        reason = "; ".join(
            dict.fromkeys(item.origin.note for item in looked_up if np.isnan(item.value))
        )
    weight = np.asarray(bit_to_byte(dnn.params * bits))
    return LayerTimes(
        dnn,
        machine_id,
        precision,
        time,
        work,
        traffic,
        weight,
        activation,
        peak,
        bandwidth,
        launch,
        compute,
        memory,
        prefix_at(time, dnn.boundary_row),
        prefix_at(weight, dnn.boundary_row),
        reason,
    )


def _measured(
    dnn: Dnn, machine_id: str, precision: str, changed: bool, batch: int
) -> tuple[Floats, str]:
    """Return measured block times, or nan and the reason."""
    times = dnn.measured_s.get(machine_id)
    if times is None:
        known = ", ".join(dnn.measured_s) or "no machine"
        return np.full(
            len(dnn.mac), np.nan
        ), f"block times of {dnn.label} were measured on {known} only"
    if batch > 1:
        return np.full(len(dnn.mac), np.nan), "block times were measured for single requests only"
    if precision != "fp32" or changed:
        return np.full(len(dnn.mac), np.nan), "block times were measured at fp32 without techniques"
    return times, ""


@lru_cache(maxsize=128)
def activation_peaks(catalog: Catalog, dnn_id: str) -> Floats:
    """Largest inputs plus outputs of a row in elements, for every pair of boundaries."""
    dnn = catalog.dnns[dnn_id]
    return largest_between(
        np.asarray(dnn.in_elem + dnn.out_elem, dtype=np.float64), dnn.boundary_row
    )
