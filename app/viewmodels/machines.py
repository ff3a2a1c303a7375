"""Machines as rows, their facts side by side, and the roofline with a dnn's layers."""

from __future__ import annotations

__all__ = [
    "MAIN_FIELDS",
    "TIER_WORDS",
    "LayerDot",
    "MachineRow",
    "Roof",
    "comparison",
    "find_machines",
    "fitted",
    "roof_of",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import UNKNOWN, format_quantity, plain

from analytic_models import load_catalog
from analytic_models.catalog import Catalog, Fact, Gap, Machine
from analytic_models.segments import FORMATS, layer_times
from viewmodels.choices import is_yours
from viewmodels.kinds import class_words
from viewmodels.provenance import FactText, fact_text, fact_value, field_words

TIER_WORDS = {"device": "Device", "edge": "Edge", "cloud": "Cloud"}
MAIN_FIELDS = (
    "memory_bandwidth_byte_per_s",
    "memory_byte",
    "flash_byte",
    "sram_byte",
    "idle_w",
    "active_w",
    "tdp_w",
    "price_usd",
    "battery_j",
)
_PEAKS = ("fp32", "fp16", "int8")


@dataclass(frozen=True)
class MachineRow:
    """One line of the table; numbers in display units, nan where the catalog has none."""

    id: str
    label: str
    tier: str
    kind: str
    year: int
    fp32_gop_per_s: float
    fp16_gop_per_s: float
    int8_gop_per_s: float
    bandwidth_gb_per_s: float
    memory_gb: float
    power_w: float
    price_usd: float
    assumed: int
    facts: int
    error_frac: float


@dataclass(frozen=True)
class LayerDot:
    """One layer under a roof: arithmetic intensity, rate reached, time, and what bounds it."""

    name: str
    kind: str
    intensity: float
    rate: float
    time_s: float
    bound: str


@dataclass(frozen=True)
class Roof:
    """The roofline of one machine at one precision with the layers of one dnn.

    Parameters
    ----------
    peak_op_per_s, bandwidth_byte_per_s
        Ceilings; nan where the catalog has none.
    dots
        Layers with arithmetic.
    total_s, silent_s
        Time of the whole dnn alone on the machine, and the part of layers without arithmetic.
    error_median, error_p90
        Relative errors of such times on dnns that the fit had not seen; nan where not known.
    origin
        Origins of peak and bandwidth.
    reason
        Why there is no time, if so.
    """

    machine: str
    label: str
    precision: str
    peak_op_per_s: float
    bandwidth_byte_per_s: float
    dots: tuple[LayerDot, ...]
    total_s: float
    silent_s: float
    error_median: float
    error_p90: float
    origin: str
    reason: str

    @property
    def ridge(self) -> float:
        """Operations per byte at which the two ceilings meet."""
        return self.peak_op_per_s / self.bandwidth_byte_per_s

    @property
    def total_words(self) -> str:
        """Time of the whole dnn, with how far such times were off."""
        if math.isnan(self.total_s):
            return f"{UNKNOWN}: {self.reason}"
        words = format_quantity(self.total_s, "s")
        if math.isnan(self.error_median):
            return f"{words}; no error is known"
        median = format_quantity(self.error_median, "frac", 2)
        return f"{words}; half of such times were off by less than {median}"


def _number(found: Fact | Gap, scale: float = 1.0) -> float:
    return math.nan if isinstance(found, Gap) else found.value / scale


def _error(machine_id: str, basis: str, precision: str, catalog: Catalog) -> float:
    """Error of latencies: the machine's own or, where it has none, that of its class."""
    kind = catalog.machines[machine_id].kind
    for entity in (machine_id, f"class:{kind}", "class:any"):
        for option in (f"{basis}@{precision}", basis):
            found = catalog.facts.get((entity, "latency_error_frac", option))
            if found is not None:
                return found.value
    return math.nan


@lru_cache(maxsize=256)
def _row(id: str, catalog: Catalog) -> MachineRow:
    machine = catalog.machines[id]
    peaks = [_number(machine.peak(name), 1e9) for name in _PEAKS]
    memory = [_number(found) for found in machine.memory().values()]
    power = machine.fact("active_w")
    power = machine.fact("tdp_w") if isinstance(power, Gap) else power
    return MachineRow(
        id,
        f"{plain(machine.label, 60)}{' (yours)' if is_yours(catalog, id) else ''}",
        machine.tier,
        class_words(machine.kind),
        machine.year,
        *peaks,
        _number(machine.fact("memory_bandwidth_byte_per_s"), 1e9),
        math.fsum(memory) / 1e9,
        _number(power),
        _number(machine.fact("price_usd")),
        sum(fact.origin == "assumed" for fact in machine.facts.values()),
        len(machine.facts),
        _error(id, "p50", "", catalog),
    )


def find_machines(
    query: str = "", tier: str = "all", kind: str = "all", catalog: Catalog | None = None
) -> tuple[MachineRow, ...]:
    """Return the machines whose label, id, class or tags hold every word of a search, yours first.

    Here and below ``catalog`` is that of the case, and the shipped one where none is given.
    """
    words, catalog = query.lower().split(), catalog or load_catalog()
    found = []
    for key, machine in catalog.machines.items():
        text = " ".join(
            (
                key,
                machine.label,
                machine.kind,
                class_words(machine.kind),
                str(machine.year),
                *machine.tags,
            )
        )
        wanted = tier in ("all", machine.tier) and kind in ("all", machine.kind)
        if wanted and all(word in text.lower() for word in words):
            found.append(_row(key, catalog))
    order = list(TIER_WORDS)
    yours = {row.id: is_yours(catalog, row.id) for row in found}
    return tuple(
        sorted(found, key=lambda row: (not yours[row.id], order.index(row.tier), row.label.lower()))
    )


def comparison(
    ids: Sequence[str], catalog: Catalog | None = None
) -> tuple[tuple[str, tuple[FactText, ...]], ...]:
    """Return the facts of machines side by side: field in words, one text per machine."""
    known = (catalog or load_catalog()).machines
    machines = [known[id] for id in ids]
    rows = [
        (field_words("peak_op_per_s", name), tuple(fact_text(m.peak(name)) for m in machines))
        for name in _PEAKS
    ]
    for field in MAIN_FIELDS:
        cells = tuple(_cell(machine, field) for machine in machines)
        if any(cell.origin != "missing" for cell in cells):
            rows.append((field_words(field), cells))
    return tuple(rows)


def _cell(machine: Machine, field: str) -> FactText:
    found = machine.fact(field)
    text = fact_text(found)
    if isinstance(found, Fact):
        others = machine.disagreements(field)
        if others:
            said = ", ".join(fact_value(other) for other in others[:3])
            remark = f"{text.remark}; others say {said}".strip("; ")
            return FactText(text.value, text.origin, text.source, remark)
    return text


def fitted(
    ids: Sequence[str], precision: str, catalog: Catalog | None = None
) -> tuple[tuple[str, tuple[FactText, ...]], ...]:
    """Return the shares of peak and bandwidth that are reached, as the model takes them."""
    catalog, computed = catalog or load_catalog(), FORMATS[precision][2]
    machines = [catalog.machines[id] for id in ids]
    rows = [
        (
            f"Share of the peak, {op}",
            tuple(fact_text(catalog.efficiency(m.id, op, "compute", computed)) for m in machines),
        )
        for op in ("conv", "depthwise", "linear", "attention")
    ]
    rows.append(
        (
            "Share of the bandwidth",
            tuple(
                fact_text(catalog.efficiency(m.id, "conv", "memory", computed)) for m in machines
            ),
        )
    )
    rows.append(
        (
            "Overhead of a layer",
            tuple(fact_text(catalog.launch_overhead(m.id, computed)) for m in machines),
        )
    )
    return tuple(rows)


@lru_cache(maxsize=128)
def roof_of(machine_id: str, dnn_id: str, precision: str, catalog: Catalog | None = None) -> Roof:
    """Place the layers of a dnn under the roofline of a machine.

    Parameters
    ----------
    machine_id, dnn_id
        Ids of the catalog.
    precision
        One of fp32, fp16, int8, int4.
    """
    catalog = catalog or load_catalog()
    table = layer_times(catalog, dnn_id, machine_id, precision, "roofline", ())
    peak, bandwidth = table.peak, table.bandwidth
    work, traffic, time = table.work_op, table.traffic_byte, table.time_s
    busy = (table.dnn.mac > 0) & (traffic > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        intensity, rate = work / traffic, work / time
    dots = []
    for row in np.flatnonzero(busy & np.isfinite(rate)):
        kind = table.dnn.operator_type[row]
        arithmetic = work[row] / (peak.value * table.compute_efficiency[kind].value)
        memory = traffic[row] / (bandwidth.value * table.memory_efficiency[kind].value)
        bounds = {"arithmetic": arithmetic, "memory": memory, "overhead": table.launch.value}
        name = plain(table.dnn.name[row], 40)
        bound = max(bounds, key=bounds.__getitem__)
        dots.append(
            LayerDot(name, kind, float(intensity[row]), float(rate[row]), float(time[row]), bound)
        )
    computed = FORMATS[precision][2]
    origins = {peak.origin.kind, bandwidth.origin.kind}
    return Roof(
        machine_id,
        plain(catalog.machines[machine_id].label, 48),
        precision,
        peak.value,
        bandwidth.value,
        tuple(dots),
        float(time.sum()),
        float(time[~busy].sum()),
        _error(machine_id, "p50", computed, catalog),
        _error(machine_id, "p90", computed, catalog),
        next((kind for kind in ("missing", "assumed", "cited") if kind in origins), "measured"),
        plain(table.reason, 200),
    )
