"""A fact in words: its value, its field, whom it is about, how it came about and who says so."""

from __future__ import annotations

__all__ = ["FactText", "entity_words", "fact_text", "fact_value", "field_words", "source_words"]

from dataclasses import dataclass
from functools import lru_cache

from text import UNKNOWN, format_quantity, format_range, plain

from analytic_models import load_catalog
from analytic_models.calibration import SOURCE
from analytic_models.catalog import Catalog, Fact, Gap
from analytic_models.user_catalog import DATA_SOURCE
from viewmodels.kinds import class_words, technology_words

_FIELDS = {
    "active_w": "Power under load",
    "battery_j": "Battery",
    "bits_per_elem_bit": "Bits per element",
    "clock_hz": "Clock",
    "compute_efficiency_frac": "Share of the peak rate",
    "core_count": "Cores",
    "decode_bandwidth_efficiency_frac": "Share of the bandwidth in decoding",
    "decode_error_frac": "Error of decoding rates",
    "dequantisation_overhead_frac": "Extra time to unpack weights",
    "distance_m": "Distance",
    "down_bit_per_s": "Rate downwards",
    "egress_usd_per_byte": "Price of data out",
    "electricity_usd_per_j": "Price of electricity",
    "embodied_gco2e": "Carbon of making it",
    "encode_op_per_elem_op": "Work to encode an element",
    "encode_per_elem_s": "Time to encode an element",
    "flash_byte": "Flash memory",
    "fp16_loss_frac": "Accuracy lost at half precision",
    "grid_gco2e_per_j": "Carbon of the grid",
    "int8_mixed_time_ratio": "Time of LLM.int8 over 16 bit",
    "idle_share_frac": "Idle share of the power",
    "idle_w": "Idle power",
    "latency_error_frac": "Error of latencies",
    "latency_s": "Latency",
    "launch_overhead_s": "Overhead of a layer",
    "lifetime_s": "Lifetime",
    "loss_frac": "Packet loss",
    "memory_bandwidth_byte_per_s": "Memory bandwidth",
    "memory_byte": "Memory",
    "memory_efficiency_frac": "Share of the bandwidth",
    "network_j_per_bit": "Energy of the network",
    "one_way_s": "One-way delay",
    "one_way_s_per_m": "One-way delay by distance",
    "peak_op_per_s": "Peak rate",
    "phy_bit_per_s": "Physical rate",
    "prefill_compute_efficiency_frac": "Share of the peak in prefill",
    "prefill_error_frac": "Error of prefill rates",
    "price_usd": "Price",
    "pue_frac": "Power usage effectiveness",
    "radio_base_w": "Radio power",
    "radio_w": "Radio power",
    "reliability_frac": "Reliability",
    "rent_usd_per_s": "Rent",
    "rtt_residual_s": "Spread of the round trip",
    "rtt_s": "Round trip",
    "rtt_s_per_m": "Round trip by distance",
    "rx_j_per_bit": "Energy to receive",
    "scalar_efficiency_frac": "Share of the peak, encoders",
    "stored_weight_bit": "Bits per weight as stored",
    "sram_byte": "SRAM",
    "tdp_w": "Design power",
    "tx_j_per_bit": "Energy to send",
    "up_bit_per_s": "Rate upwards",
}
# Units that people do not read as they are: factor and label.
_SHOWN = {
    "gco2e": (1e-3, "kg CO₂e"),
    "hz": (1e-6, "MHz"),
    "usd/j": (3.6e6, "$/kWh"),
    "s/m": (1e9, "µs/km"),
}
_OWN = {DATA_SOURCE: "your data", SOURCE: "your measurements"}


@dataclass(frozen=True)
class FactText:
    """A fact as four texts.

    Parameters
    ----------
    value
        With its unit; "not known" for a gap.
    origin
        ``cited``, ``measured``, ``assumed``, ``yours`` or ``missing``.
    source
        Title of the source and place in it; the reason for a gap.
    remark
        Basis, range and note.
    """

    value: str
    origin: str
    source: str = ""
    remark: str = ""


def field_words(field: str, basis: str = "") -> str:
    """Name a field and its basis.

    Examples
    --------
    >>> field_words("peak_op_per_s", "int8-dense")
    'Peak rate (int8-dense)'
    """
    words = _FIELDS.get(field, field.replace("_", " "))
    return f"{words} ({basis})" if basis else words


def fact_value(fact: Fact, digits: int = 3) -> str:
    """Write the value of a fact with its unit; a price is dollars, not dollars per million."""
    return _written(fact.field, fact.value, fact.unit, digits)


def _written(field: str, value: float, unit: str, digits: int = 3) -> str:
    if field == "price_usd":
        return f"${format_quantity(value, '1', digits)}" if value < 1e9 else f"${value:.3g}"
    if unit in _SHOWN:
        factor, label = _SHOWN[unit]
        return f"{format_quantity(value * factor, '1', digits)} {label}"
    return format_quantity(value, unit, digits)


@lru_cache(maxsize=8192)
def entity_words(entity: str, catalog: Catalog | None = None) -> str:
    """Return the label of whatever a fact is about; in the shipped catalog unless one is given.

    Examples
    --------
    >>> entity_words("class:any")
    'Any machine'
    """
    catalog = catalog or load_catalog()
    collections = (
        catalog.machines,
        catalog.hops,
        catalog.regions,
        catalog.prices,
        catalog.encodings,
        *catalog.others.values(),
    )
    for collection in collections:
        found = collection.get(entity)
        if found is not None:
            return plain(found.label, 80)
    kind, _, name = entity.partition(":")
    if kind == "class":
        return "Any machine" if name == "any" else f"Any {class_words(technology_words(name))}"
    return plain(entity, 80)


@lru_cache(maxsize=512)
def source_words(id: str) -> str:
    """Name a source: who, when, what.

    Examples
    --------
    >>> source_words("scission").startswith("Lockhart")
    True
    """
    source = load_catalog().sources.get(id)
    if source is None:
        return _OWN.get(id, plain(id, 80))
    maker = source.authors or source.publisher
    year = f" ({source.year})" if source.year else ""
    return plain(f"{maker}{year}. {source.title}" if maker else f"{source.title}{year}", 160)


def fact_text(found: Fact | Gap, digits: int = 3, basis: bool = True) -> FactText:
    """Write a fact, or the gap where there is none.

    Parameters
    ----------
    digits
        Significant digits.
    basis
        Whether the remark names the basis; not where the field beside it already does.
    """
    if isinstance(found, Gap):
        return FactText(UNKNOWN, "missing", plain(found.reason, 160))
    parts = []
    if basis and found.basis:
        parts.append(found.basis)
    if found.low is not None and found.high is not None:
        if found.unit in _SHOWN or found.field == "price_usd":
            ends = (_written(found.field, end, found.unit) for end in (found.low, found.high))
            parts.append(" to ".join(ends))
        else:
            parts.append(format_range(found.low, found.high, found.unit))
    if found.note:
        parts.append(found.note)
    source = f"{source_words(found.source)}, {found.where}" if found.where else found.source
    return FactText(
        fact_value(found, digits),
        "yours" if found.source == DATA_SOURCE else found.origin,
        plain(source, 240),
        plain("; ".join(parts), 240),
    )
