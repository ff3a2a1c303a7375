"""A batch repeated over worlds: inputs whose facts have a range take another value in each."""

from __future__ import annotations

__all__ = ["Uncertain", "batch_in_worlds", "uncertain_inputs"]

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analytic_models.batch import Batch
from analytic_models.catalog import Catalog, Fact
from analytic_models.design import PRECISIONS
from analytic_models.encoding_losses import encoding_loss
from analytic_models.laws.compute import roofline_time
from analytic_models.lookups import encoding_bits, losses
from analytic_models.origins import Looked
from analytic_models.segments import LayerTimes

Floats = NDArray[np.float64]

# Room in memory decides what fits, not how a design fares; it is not varied.
_FIXED = ("_room_byte",)
_LOADS = ("population_count", "arrival_per_s")
_MEASURED = "measured"
_LOSS_KEYS = ("precision-loss:", "encoding-loss:")


@dataclass(frozen=True)
class Uncertain:
    """An input that is only known within a range.

    Parameters
    ----------
    key
        What identifies it in a set of worlds.
    label
        What a person calls it.
    value, low, high
        Nominal value and the plausible range, in base units.
    unit
        Symbol of the base unit.
    why
        Where the range comes from.
    law
        ``"lognormal"``: low and high are the 5 % and 95 % quantiles. ``"halves"``: half of the
        worlds lie evenly below the nominal value, half above it, none outside the range.
    """

    key: str
    label: str
    value: float
    low: float
    high: float
    unit: str
    why: str
    law: Literal["lognormal", "halves"] = "lognormal"


def uncertain_inputs(
    batch: Batch, catalog: Catalog, load_frac: float, *, accuracy: bool = False
) -> tuple[Uncertain, ...]:
    """List the inputs of a batch that have a range, each once.

    Parameters
    ----------
    batch
        Designs under one scenario.
    catalog
        The catalog that the batch was looked up in.
    load_frac
        How far the number of devices and their requests may be off, to both sides.
    accuracy
        Whether losses of accuracy count as well: those of the precisions and encodings in use.

    Returns
    -------
    Rates, round trips, powers and prices; efficiencies, peaks and overheads of every machine and
    precision in use; sizes of encoded inputs; the load. Numbers that the user has typed are taken
    as they are.
    """
    found: dict[str, Uncertain] = {}
    for name, looked in batch.origins.items():
        if _has_range(looked) and not name.endswith(_FIXED):
            found[name] = _of(name, name, looked)
    for key, label, looked in _layer_inputs(batch):
        found.setdefault(key, _of(key, label, looked))
    for key, looked in _encodings(batch, catalog):
        if _has_range(looked):
            found[key] = _of(key, f"{key.partition(':')[2]}, bits per element", looked)
    for name in _LOADS:
        value = float(getattr(batch.scenario, name))
        if load_frac > 0.0 and value > 0.0:
            low, high = value * (1.0 - load_frac), value * (1.0 + load_frac)
            unit = "count" if name.endswith("count") else "1/s"
            found[name] = Uncertain(name, name, value, low, high, unit, "load that may differ")
    if accuracy:
        for key, looked in _losses(batch, catalog):
            # Unlike a rate, a loss may be nothing at all.
            if 0.0 <= looked.low <= looked.value <= looked.high < 1.0 and looked.low < looked.high:
                label = f"{key.partition(':')[2]}, share of the accuracy lost"
                item = _of(key, label, looked)
                found[key] = dataclasses.replace(item, unit="frac", law="halves")
    return tuple(found.values())


def _has_range(looked: Looked) -> bool:
    return math.isfinite(looked.low) and 0.0 < looked.low < looked.high < math.inf


def _of(key: str, label: str, looked: Looked) -> Uncertain:
    fact = looked.origin.facts[0] if looked.origin.facts else None
    unit = fact.unit if isinstance(fact, Fact) else "1"
    why = looked.origin.note or (f"range of {fact.source}" if isinstance(fact, Fact) else "")
    return Uncertain(key, label, looked.value, looked.low, looked.high, unit, why)


def _fact_key(looked: Looked) -> str:
    fact = looked.origin.facts[0]
    return f"{fact.entity}.{fact.field}.{fact.basis}"


def _parts(table: LayerTimes) -> Iterator[tuple[str, str, Looked]]:
    """Yield what a layer table was computed from: part, operator type, and the number."""
    yield "peak", "", table.peak
    yield "bandwidth", "", table.bandwidth
    yield "launch", "", table.launch
    for kind, looked in table.compute_efficiency.items():
        yield "compute", kind, looked
    for kind, looked in table.memory_efficiency.items():
        yield "memory", kind, looked


_PART_WORDS = {
    "peak": "peak rate",
    "bandwidth": "memory bandwidth",
    "launch": "overhead per layer",
    "compute": "share of the peak",
    "memory": "share of the bandwidth",
}


def _layer_inputs(batch: Batch) -> Iterator[tuple[str, str, Looked]]:
    for (tier, precision), table in batch.tables.items():
        if batch.scenario.timing == _MEASURED:
            continue
        for part, kind, looked in _parts(table):
            if _has_range(looked) and looked.origin.facts:
                what = f"{_PART_WORDS[part]}{f', {kind}' if kind else ''}"
                yield _fact_key(looked), f"{tier} {precision}: {what}", looked


def _encodings(batch: Batch, catalog: Catalog) -> Iterator[tuple[str, Looked]]:
    elements = float(catalog.dnns[batch.scenario.dnn].boundary_elem[0])
    for name in batch.designs.encodings:
        yield f"encoding:{name}", encoding_bits(catalog, name, elements)[0]


def _losses(batch: Batch, catalog: Catalog) -> Iterator[tuple[str, Looked]]:
    """Yield the losses of accuracy of the precisions and encodings in use."""
    by_precision = losses(catalog, batch.scenario.dnn).precision
    for name in dict.fromkeys(precision for _, precision in batch.tables):
        yield f"precision-loss:{name}", by_precision[name]
    for name in batch.designs.encodings:
        yield f"encoding-loss:{name}", encoding_loss(catalog, batch.scenario.dnn, name)


def batch_in_worlds(batch: Batch, catalog: Catalog, worlds: Mapping[str, Floats]) -> Batch:
    """Repeat the n cases of a batch in w worlds.

    Parameters
    ----------
    batch
        Designs under one scenario, not swept.
    catalog
        The catalog that the batch was looked up in.
    worlds
        Key of an uncertain input to its value in every world, shape (w,).

    Returns
    -------
    Batch of w · n cases, all designs of the first world first.
    """
    count = len(next(iter(worlds.values())))
    size = batch.size
    columns: dict[str, Any] = {}
    for name, column in batch.columns.items():
        if name in worlds:
            columns[name] = np.repeat(worlds[name], size)
        else:
            columns[name] = np.tile(column, count) if np.ndim(column) else column
    for tier in ("device", "edge", "cloud"):
        segment = _segments(batch, tier, worlds, count)
        if segment is not None:
            columns[f"{tier}_segment_s"] = segment.reshape(-1)
        if tier != "device" and getattr(batch.scenario, f"{tier}_discipline") == "batch":
            together = _segments(batch, tier, worlds, count, batch.scenario.batch_reference_count)
            if together is not None:
                columns[f"{tier}_batch_segment_s"] = together.reshape(-1)
    columns |= _payloads(batch, catalog, worlds)
    columns |= _accuracy(batch, catalog, worlds, count)
    return dataclasses.replace(
        batch,
        size=count * size,
        designs=batch.designs.take(np.tile(np.arange(size), count)),
        columns=columns,
    )


def _segments(
    batch: Batch, tier: str, worlds: Mapping[str, Floats], count: int, together: int = 0
) -> Floats | None:
    """Return the time of a tier's segment in every world, shape (w, n); None if none varies.

    With ``together``, the time of a batch of so many requests.
    """
    tables = {p: t for (place, p), t in batch.tables.items() if place == tier}
    varied = {
        p: t
        for p, t in tables.items()
        if batch.scenario.timing != _MEASURED
        and any(o.origin.facts and _fact_key(o) in worlds for _, _, o in _parts(t))
    }
    if not varied:
        return None
    designs = batch.designs
    spans = {
        "device": (np.zeros_like(designs.cut1), designs.cut1),
        "edge": (designs.cut1, designs.cut2),
        "cloud": (designs.cut2, np.full_like(designs.cut2, _last(batch))),
    }
    start, stop = (np.atleast_1d(side) for side in spans[tier])
    codes = np.atleast_1d(getattr(designs, f"{tier}_precision"))
    column = f"{tier}_batch_segment_s" if together else f"{tier}_segment_s"
    nominal = np.broadcast_to(np.asarray(batch.columns[column]), (batch.size,))
    result = np.tile(nominal, (count, 1))
    for precision, table in varied.items():
        mine = np.flatnonzero((codes == PRECISIONS.index(precision)) & (stop > start))
        if len(mine):
            at = _times_at(_of_batch(table, together) if together else table, worlds, count)
            result[:, mine] = at[:, stop[mine]] - at[:, start[mine]]
    return result


def _of_batch(table: LayerTimes, together: int) -> LayerTimes:
    """Return the work and traffic of a batch: weights move once, all else for every request."""
    each = table.traffic_byte - table.weight_byte
    return dataclasses.replace(
        table,
        work_op=together * table.work_op,
        traffic_byte=table.weight_byte + together * each,
    )


def _last(batch: Batch) -> int:
    return len(next(iter(batch.tables.values())).dnn.boundary_row) - 1


def _times_at(table: LayerTimes, worlds: Mapping[str, Floats], count: int) -> Floats:
    """Return running times at the boundaries of a layer table in every world, shape (w, b)."""

    def drawn(looked: Looked) -> Floats:
        key = _fact_key(looked) if looked.origin.facts else ""
        value = worlds[key] if key in worlds else np.full(count, looked.value)
        return np.asarray(value)[:, None]

    kinds = np.array(table.dnn.operator_type)
    compute, memory = np.ones((count, len(kinds))), np.ones((count, len(kinds)))
    for kind, looked in table.compute_efficiency.items():
        compute[:, (kinds == kind) & (table.dnn.mac > 0)] = drawn(looked)
    for kind, looked in table.memory_efficiency.items():
        memory[:, kinds == kind] = drawn(looked)
    times = roofline_time(
        table.work_op,
        drawn(table.peak),
        compute,
        table.traffic_byte,
        drawn(table.bandwidth),
        memory,
        drawn(table.launch),
    )
    running = np.concatenate([np.zeros((count, 1)), np.cumsum(times, axis=1)], axis=1)
    return np.asarray(running[:, table.dnn.boundary_row])


def _payloads(batch: Batch, catalog: Catalog, worlds: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return bits per element in every world, for encodings that vary."""
    sizes = [
        worlds.get(key, np.array([looked.value])) for key, looked in _encodings(batch, catalog)
    ]
    if all(len(values) == 1 for values in sizes):
        return {}
    table = np.stack([np.broadcast_to(v, (max(map(len, sizes)),)) for v in sizes], axis=1)
    designs = batch.designs
    back = np.where(
        np.equal(designs.cut1, designs.cut2), designs.uplink_encoding, designs.backhaul_encoding
    )
    codes = {
        "raw_elem_bit": designs.input_encoding,
        "uplink_feature_elem_bit": designs.uplink_encoding,
        "backhaul_feature_elem_bit": back,
    }
    return {name: table[:, np.atleast_1d(code)].reshape(-1) for name, code in codes.items()}


def _accuracy(
    batch: Batch, catalog: Catalog, worlds: Mapping[str, Floats], count: int
) -> dict[str, Floats]:
    """Return the losses that the designs are charged in every world, where any varies."""
    if not any(key.startswith(_LOSS_KEYS) for key in worlds):
        return {}
    d, last = batch.designs, _last(batch)
    known = dict(_losses(batch, catalog))

    def drawn(key: str) -> Floats:
        value = known[key].value if key in known else math.nan
        return np.asarray(worlds.get(key, np.full(count, value)))

    precision = np.stack([drawn(f"precision-loss:{name}") for name in PRECISIONS], axis=1)
    encoding = np.stack([drawn(f"encoding-loss:{name}") for name in d.encodings], axis=1)
    away = np.less(d.cut1, last)
    used = (np.greater(d.cut1, 0), np.greater(d.cut2, d.cut1), np.less(d.cut2, last))
    codes = (d.device_precision, d.edge_precision, d.cloud_precision)
    seen = [used[0] & np.equal(codes[0], code) for code in codes[1:]]
    # A precision that two tiers share is charged once.
    charged = {
        "device_precision_loss_frac": (precision, codes[0], used[0]),
        "edge_precision_loss_frac": (precision, codes[1], used[1] & ~seen[0]),
        "cloud_precision_loss_frac": (
            precision,
            codes[2],
            used[2] & ~seen[1] & ~(used[1] & np.equal(codes[1], codes[2])),
        ),
        "input_encoding_loss_frac": (encoding, d.input_encoding, away & ~used[0]),
        "uplink_feature_loss_frac": (encoding, d.uplink_encoding, away & used[0]),
        "backhaul_feature_loss_frac": (encoding, d.backhaul_encoding, used[1] & used[2]),
    }
    return {
        name: np.where(paid, table[:, np.atleast_1d(code)], 0.0).reshape(-1)
        for name, (table, code, paid) in charged.items()
    }
