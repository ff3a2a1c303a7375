"""Audit of the catalog: rules of sources, physical bounds, published totals, nothing unused.

The loader already refuses broken files; the audit finds what is well-formed and still wrong.
"""

from __future__ import annotations

__all__ = ["audit", "bound_problems", "source_problems", "total_problems", "usage_problems"]

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from analytic_models.catalog import Catalog, Fact, Gap, Hop, Machine
from analytic_models.catalog_read import Source
from analytic_models.errors import Problem

Bounds = Mapping[str, tuple[float, float]]

# Orders of magnitude that a class of machine can have: memory bandwidth in byte/s.
_BANDWIDTH: Bounds = {
    "mcu": (1e7, 1e10), "npu": (1e7, 2e11), "sbc": (1e9, 1e11), "edge-gpu": (1e10, 5e11),
    "phone": (1e10, 2e11), "laptop": (5e10, 1e12), "automotive": (5e10, 1e12), "gpu": (1e11, 2e13),
    "cpu": (1e10, 1e12), "tpu": (5e11, 1e13),
}  # fmt: skip
# Peak rates in op/s over all precisions.
_PEAK: Bounds = {
    "mcu": (5e6, 1e11), "npu": (1e9, 1e14), "sbc": (1e10, 2e13), "edge-gpu": (1e11, 5e15),
    "phone": (1e11, 1e14), "laptop": (1e12, 1e14), "automotive": (1e12, 5e15), "gpu": (1e12, 5e16),
    "cpu": (1e11, 1e15), "tpu": (5e13, 1e16),
}  # fmt: skip
# Design power in watts.
_POWER: Bounds = {
    "mcu": (1e-3, 2), "npu": (1e-3, 75), "sbc": (1, 30), "edge-gpu": (3, 150), "phone": (1, 20),
    "laptop": (5, 150), "automotive": (10, 1000), "gpu": (30, 2000), "cpu": (5, 500),
    "tpu": (50, 1000),
}  # fmt: skip
# Fields that mean the same for every entity.
_FIELD: Bounds = {
    "memory_byte": (1e5, 1e12), "flash_byte": (1e4, 1e8), "sram_byte": (1e4, 1e8),
    "clock_hz": (1e7, 1e10), "core_count": (1, 512), "price_usd": (1, 1e5),
    "up_bit_per_s": (1e2, 1e13), "down_bit_per_s": (1e2, 1e13), "phy_bit_per_s": (1e3, 1e13),
    "rtt_s": (1e-5, 12), "one_way_s": (1e-5, 5), "latency_s": (1e-4, 12),
    "rtt_residual_s": (1e-5, 5), "tx_j_per_bit": (1e-11, 1e-4), "rx_j_per_bit": (1e-11, 1e-4),
    "network_j_per_bit": (1e-11, 1e-3),
    "radio_base_w": (1e-3, 10), "radio_w": (1e-3, 10), "loss_frac": (0, 0.5),
    # Light in vacuum takes 3.34e-9 s for a metre; no path is ten times as slow.
    "rtt_s_per_m": (6.67e-9, 1e-7), "one_way_s_per_m": (3.33e-9, 5e-8),
    "grid_gco2e_per_j": (0, 2000 / 3.6e6), "rent_usd_per_s": (1e-3 / 3600, 1000 / 3600),
    "egress_usd_per_byte": (0, 0.5e-9), "electricity_usd_per_j": (0.01 / 3.6e6, 1 / 3.6e6),
    "compute_efficiency_frac": (1e-6, 2), "memory_efficiency_frac": (1e-6, 2),
    "launch_overhead_s": (0, 0.1),
}  # fmt: skip
_NUMBER = "fp32|tf32|fp16|fp16-vector|bf16|fp8|fp4|int8|int4"
_LINK = "measured|p05|p10|p50|p90|mean|peak|standard|shaped"
_WATT = r"measured(-[\w-]+)?|typical|log|scaled|stripped|load-\d+"
_BASES: Mapping[str, str] = {
    "peak_op_per_s": f"({_NUMBER})-(dense|sparse|unstated)",
    "memory_byte": "", "memory_bandwidth_byte_per_s": "", "tdp_w": "datasheet",
    "idle_w": _WATT, "active_w": _WATT,
    "price_usd": "list", "up_bit_per_s": _LINK, "down_bit_per_s": _LINK,
    "rtt_s": "measured|p10|p50|p90|mean|min|base|ping", "grid_gco2e_per_j": "annual-mean",
    "rent_usd_per_s": "on-demand", "egress_usd_per_byte": "list", "electricity_usd_per_j": "list",
}  # fmt: skip
# Operations per byte at which a roofline bends, from a scalar core to a matrix engine.
_RIDGE = (0.02, 3000.0)
_LIGHT_M_PER_S = 299_792_458.0
# Published totals: relative deviation allowed below and above, and slack in the printed unit.
_TOLERANCE: Mapping[tuple[str, str], tuple[float, float, float]] = {
    ("printed-3-decimals", "macs"): (0.0, 0.0, 0.00051),
    ("printed-3-decimals", "params"): (0.0, 0.0, 0.0),
    ("auxiliary-head", "params"): (0.13, 0.0, 0.0),
    ("exact", "macs"): (0.0, 0.0, 0.0),
    ("fvcore", "macs"): (0.062, 0.0, 0.0051),
    ("fvcore", "params"): (0.0015, 0.0015, 0.0051),
    ("readme", "macs"): (0.034, 0.0, 0.0),
    ("readme", "params"): (0.005, 0.005, 0.0),
    ("rounded", "params"): (0.005, 0.005, 0.0),
    ("rounded", "params_with_decoder"): (0.034, 0.0, 0.0),
    ("rounded-million", "params"): (0.0, 0.0, 0.5),
}


def audit(catalog: Catalog) -> list[Problem]:
    """Return every problem of a loaded catalog in the order of the checks; empty if all is well."""
    problems = [*source_problems(catalog), *usage_problems(catalog), *bound_problems(catalog)]
    problems += [*_basis_problems(catalog), *total_problems(catalog)]
    loaded = len(catalog.facts) + len(catalog.alternatives)
    if loaded != catalog.written:
        message = f"{catalog.written} facts are written, {loaded} were loaded"
        problems.append(Problem("data/facts", message))
    return problems


def source_problems(catalog: Catalog) -> Iterator[Problem]:
    """Yield what the kind of a source asks for and its entry lacks."""
    for source in catalog.sources.values():
        for name, reason in _missing(source):
            yield Problem(f"data/sources:{source.id}.{name}", reason)
    for fact in catalog.facts.values():
        if fact.source and not fact.where:
            yield Problem(f"{fact.file}:{fact.line}.where", "has no place in its source")


def _missing(source: Source) -> Iterator[tuple[str, str]]:
    if source.kind == "assumption":
        if not source.why:
            yield "why", "an assumption must say why"
        return
    if source.kind == "convention":
        return
    if not source.licence:
        yield "licence", "is missing"
    if not source.url and not source.doi:
        own = source.kind == "measurement" and source.setup
        if not own:
            yield "url", f"a {source.kind} needs a url or a doi"
    elif source.url and not source.doi and not source.accessed:
        yield "accessed", f"a {source.kind} read from the web needs the date of access"
    if source.kind == "measurement" and not source.setup:
        yield "setup", "a measurement must state its set-up"


def usage_problems(catalog: Catalog) -> Iterator[Problem]:
    """Yield sources that nothing uses, and citations of sources that do not exist."""
    used = {fact.source for fact in (*catalog.facts.values(), *catalog.alternatives)}
    used |= {row["source"] for row in catalog.evidence}
    for path in sorted((catalog.folder / "measurements").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as stream:
            cited = {row["source"] for row in csv.DictReader(stream) if row.get("source")}
        for name in sorted(cited - set(catalog.sources)):
            yield Problem(f"data/measurements/{path.name}", f"cites the unknown source {name!r}")
        used |= cited
    for collection in (catalog.dnns, catalog.language_models):
        for key in collection:
            cite = collection[key].source.get("cite", "")
            used.add(cite)
            if cite not in catalog.sources:
                yield Problem(f"data/dnns/{key}.json:source.cite", f"unknown source {cite!r}")
    text = _prose(catalog.folder)
    for name in catalog.sources:
        if name not in used and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            yield Problem(f"data/sources:{name}", "is used by nothing")


def _prose(folder: Path) -> str:
    """Return the text outside the tables that may cite a source: laws, taxonomy, scenarios."""
    package = Path(__file__).resolve().parent
    files = [*package.rglob("*.py"), *(package.parent / "taxonomy").rglob("*.toml")]
    for part in ("scenarios", "lessons"):
        files += [path for path in (folder / part).rglob("*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def bound_problems(catalog: Catalog) -> Iterator[Problem]:
    """Yield figures that no machine, hop or grid can have."""
    for fact in (*catalog.facts.values(), *catalog.alternatives):
        if fact.field in _FIELD:
            yield from _outside(fact, _FIELD[fact.field], "any entity")
    for machine in catalog.machines.values():
        yield from _machine_bounds(machine)
    for hop in catalog.hops.values():
        yield from _hop_bounds(hop)


def _outside(fact: Fact, bounds: tuple[float, float], of: str) -> Iterator[Problem]:
    low, high = bounds
    if not low <= fact.value <= high:
        message = f"{fact.entity}.{fact.field} = {fact.written} is outside what {of} can have"
        yield Problem(f"{fact.file}:{fact.line}", message, f"{low:g} to {high:g} {fact.unit}")


def _machine_bounds(machine: Machine) -> Iterator[Problem]:
    for fact in machine.facts.values():
        limits = {
            "memory_bandwidth_byte_per_s": _BANDWIDTH,
            "peak_op_per_s": _PEAK,
            "tdp_w": _POWER,
        }
        if fact.field in limits and machine.kind in limits[fact.field]:
            yield from _outside(
                fact, limits[fact.field][machine.kind], f"a machine of kind {machine.kind}"
            )
    bandwidth = machine.fact("memory_bandwidth_byte_per_s")
    for precision in ("fp32", "fp16", "int8"):
        peak = machine.peak(precision)
        if isinstance(bandwidth, Gap) or isinstance(peak, Gap):
            continue
        ridge = peak.value / bandwidth.value
        if not _RIDGE[0] <= ridge <= _RIDGE[1]:
            message = (
                f"{machine.id}: {precision} ridge point of {ridge:.3g} op/byte is not physical"
            )
            yield Problem(f"{peak.file}:{peak.line}", message, f"{_RIDGE[0]:g} to {_RIDGE[1]:g}")
    idle, design = machine.fact("idle_w"), machine.fact("tdp_w")
    if not isinstance(idle, Gap) and not isinstance(design, Gap) and idle.value > design.value:
        message = (
            f"{machine.id} idles at {idle.written}, above its design power of {design.written}"
        )
        yield Problem(f"{idle.file}:{idle.line}", message)


def _hop_bounds(hop: Hop) -> Iterator[Problem]:
    for name in ("up_bit_per_s", "down_bit_per_s", "rtt_s"):
        values = [hop.facts.get((name, basis)) for basis in ("p10", "p50", "p90")]
        present = [fact for fact in values if fact is not None]
        for smaller, larger in pairwise(present):
            if smaller.value > larger.value:
                message = f"{hop.id}.{name}: {smaller.basis} is above {larger.basis}"
                yield Problem(f"{smaller.file}:{smaller.line}", message)
    distance, trip = hop.facts.get(("distance_m", "")), hop.facts.get(("rtt_s", "min"))
    if distance is not None and trip is not None:
        least = 2.0 * distance.value / _LIGHT_M_PER_S
        if trip.value < least:
            message = (
                f"{hop.id}: round trip of {trip.written} is faster than light over the distance"
            )
            yield Problem(f"{trip.file}:{trip.line}", message, f"at least {least:.4g} s")


def _basis_problems(catalog: Catalog) -> Iterator[Problem]:
    for fact in catalog.facts.values():
        pattern = _BASES.get(fact.field)
        if pattern is not None and not re.fullmatch(pattern, fact.basis):
            message = f"{fact.basis!r} is not a basis of {fact.field}"
            yield Problem(f"{fact.file}:{fact.line}.basis", message, pattern or "empty")


def total_problems(catalog: Catalog) -> Iterator[Problem]:
    """Yield dnns whose totals differ from published ones by more than the definition explains."""
    path = catalog.folder / "measurements" / "published_totals.csv"
    if not path.is_file():
        yield Problem("data/measurements/published_totals.csv", "is missing")
        return
    with path.open(newline="", encoding="utf-8") as stream:
        for line, row in enumerate(csv.DictReader(stream), start=2):
            at = f"data/measurements/{path.name}:{line}"
            ours = _total(catalog, row["dnn"], row["quantity"])
            rule = _TOLERANCE.get((row["rule"], row["quantity"]))
            if ours is None or rule is None:
                known = ", ".join(sorted({name for name, _ in _TOLERANCE}))
                yield Problem(at, f"unknown dnn {row['dnn']!r} or rule {row['rule']!r}", known)
                continue
            scale = float(row["scale"])
            published = float(row["value"]) * scale
            below, above, slack = rule
            low = published * (1.0 - below) - slack * scale
            high = published * (1.0 + above) + slack * scale
            if not low <= ours <= high:
                message = f"{row['dnn']}: {row['quantity']} are {ours:g}, published {published:g}"
                yield Problem(at, message, f"{low:g} to {high:g}")


def _total(catalog: Catalog, dnn: str, quantity: str) -> float | None:
    if dnn in catalog.language_models:
        return catalog.language_models[dnn].params if quantity == "params" else None
    if dnn not in catalog.dnns:
        return None
    graph = catalog.dnns[dnn]
    if quantity == "params_with_decoder":
        return float(graph.params.sum()) + graph.decoder["params"]
    return float({"macs": graph.mac, "params": graph.params}[quantity].sum())
