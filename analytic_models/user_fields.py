"""What a user may state about an own machine or hop: every field with its unit and bounds.

A form, the checks of a file and the JSON Schema all read these declarations. What is left out stays
unknown: the catalog then answers with a gap, or with the value of the machine's class.
"""

from __future__ import annotations

__all__ = [
    "HOP_FIELDS",
    "MACHINE_FIELDS",
    "MACHINE_KINDS",
    "MACHINE_TIERS",
    "POSITIONS",
    "TECHNOLOGIES",
    "UserField",
    "value_problems",
]

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analytic_models.errors import Problem
from analytic_models.fields import Field, check_value

MACHINE_TIERS = ("device", "edge", "cloud")
MACHINE_KINDS = (
    "mcu", "npu", "sbc", "edge-gpu", "phone", "laptop", "automotive", "gpu", "cpu", "tpu",
)  # fmt: skip
POSITIONS = ("uplink", "backhaul")
TECHNOLOGIES = (
    "3g", "lte", "5g", "6g", "wi-fi", "bluetooth", "lpwan", "ethernet", "fibre", "wan",
    "satellite", "other",
)  # fmt: skip


@dataclass(frozen=True)
class UserField:
    """A number that a user may state, and the fact that it becomes.

    ``name`` and ``basis`` are those of the fact; ``declared`` has label, bounds and the unit to
    show.
    """

    name: str
    basis: str
    declared: Field


def _number(label: str, help: str, low: float, high: float, unit: str, log: bool = True) -> Field:
    return Field(
        "number", label, help, "Machines", low, high, unit, log, (), True, "not known to you"
    )


def _peak(precision: str) -> UserField:
    words = f"Dense rate that the datasheet states at {precision}; a multiply-add counts as two."
    return UserField(
        "peak_op_per_s",
        f"{precision}-dense",
        _number(f"Peak rate at {precision}", words, 1e5, 1e18, "Top/s"),
    )


# Bounds are those that the catalog's audit holds every shipped fact to, or wider.
MACHINE_FIELDS: Mapping[str, UserField] = MappingProxyType(
    {
        "fp32_peak_op_per_s": _peak("fp32"),
        "fp16_peak_op_per_s": _peak("fp16"),
        "int8_peak_op_per_s": _peak("int8"),
        "memory_bandwidth_byte_per_s": UserField(
            "memory_bandwidth_byte_per_s",
            "",
            _number("Memory bandwidth", "Peak rate of the main memory.", 1e5, 1e14, "GB/s"),
        ),
        "memory_byte": UserField(
            "memory_byte",
            "",
            _number("Memory", "Main memory for weights and activations.", 1e3, 1e13, "GB"),
        ),
        "flash_byte": UserField(
            "flash_byte",
            "",
            _number("Flash", "Where a microcontroller keeps weights.", 1e3, 1e10, "kB"),
        ),
        "sram_byte": UserField(
            "sram_byte",
            "",
            _number("SRAM", "Where a microcontroller keeps activations.", 1e3, 1e10, "kB"),
        ),
        "idle_w": UserField(
            "idle_w", "measured", _number("Idle power", "Power without work.", 1e-6, 1e4, "W")
        ),
        "active_w": UserField(
            "active_w",
            "measured-inference",
            _number("Power under load", "Power while it infers.", 1e-6, 1e4, "W"),
        ),
        "tdp_w": UserField(
            "tdp_w",
            "datasheet",
            _number("Design power", "Power that the datasheet states.", 1e-6, 1e4, "W"),
        ),
        "price_usd": UserField(
            "price_usd", "list", _number("Price", "What one costs to buy.", 0.01, 1e7, "USD")
        ),
        "rent_usd_per_s": UserField(
            "rent_usd_per_s",
            "on-demand",
            _number("Rent", "What one costs to rent.", 0.0, 1.0, "USD/h"),
        ),
        "compute_efficiency_frac": UserField(
            "compute_efficiency_frac",
            "any",
            _number("Share of the peak", "Share of the peak rate that layers reach.", 1e-6, 2, ""),
        ),
        "memory_efficiency_frac": UserField(
            "memory_efficiency_frac",
            "any",
            _number("Share of the bandwidth", "Share of it that layers reach.", 1e-6, 2, ""),
        ),
        "launch_overhead_s": UserField(
            "launch_overhead_s",
            "",
            _number("Time per layer", "Fixed time to start a layer.", 0.0, 0.1, "us"),
        ),
    }
)
HOP_FIELDS: Mapping[str, UserField] = MappingProxyType(
    {
        "up_bit_per_s": UserField(
            "up_bit_per_s",
            "measured",
            _number("Rate up", "Usual rate away from the device.", 1e2, 1e13, "Mbit/s"),
        ),
        "down_bit_per_s": UserField(
            "down_bit_per_s",
            "measured",
            _number("Rate down", "Usual rate towards the device.", 1e2, 1e13, "Mbit/s"),
        ),
        "rtt_s": UserField(
            "rtt_s", "measured", _number("Round trip", "Idle round-trip time.", 1e-6, 12, "ms")
        ),
        "tx_j_per_bit": UserField(
            "tx_j_per_bit",
            "",
            _number("Energy to send", "Of the device, for each bit.", 0.0, 1e-3, "nJ/bit"),
        ),
        "rx_j_per_bit": UserField(
            "rx_j_per_bit",
            "",
            _number("Energy to receive", "Of the device, for each bit.", 0.0, 1e-3, "nJ/bit"),
        ),
        "radio_base_w": UserField(
            "radio_base_w",
            "up",
            _number("Power of the radio", "While it is on, besides bits.", 0.0, 100, "W"),
        ),
    }
)


def value_problems(values: object, declared: Mapping[str, UserField], path: str) -> list[Problem]:
    """Return what is wrong with stated values: unknown names, no numbers, out of bounds."""
    if not isinstance(values, Mapping):
        return [Problem(path, "must be an object from field to number", ", ".join(declared))]
    problems = []
    for name, item in values.items():
        if name not in declared:
            problems.append(Problem(f"{path}.{name}", "unknown key", ", ".join(declared)))
        elif item is None:
            problems.append(Problem(f"{path}.{name}", "is null", "a number, or leave it out"))
        else:
            problems += check_value(f"{path}.{name}", declared[name].declared, item)
    return problems
