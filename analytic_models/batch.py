"""Many cases as arrays: ids and settings become the input columns of the table by look-up."""

from __future__ import annotations

__all__ = ["Batch", "DesignSet", "batch_of", "column_origins", "encoding_loss"]

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from taxonomy.load import load_taxonomy

from analytic_models.catalog import Catalog, load_catalog
from analytic_models.design import PRECISIONS, TIERS, Design, Scenario
from analytic_models.effects import EFFECTS
from analytic_models.errors import DesignError, Problem
from analytic_models.graph import AppliedEffect
from analytic_models.laws.workload import prefix_at
from analytic_models.lookups import Losses, encoding_bits, losses, scenario_columns
from analytic_models.origins import Looked, Origin, missing
from analytic_models.segments import FORMATS, LayerTimes, WorkEffect, activation_peaks, layer_times
from analytic_models.units import Array, bit_to_byte

Ints = NDArray[np.int64]
_CODES = {name: code for code, name in enumerate(PRECISIONS)}
# Scenario fields that a sweep may turn into an array: they are input columns of the same name.
SWEEPABLE = (
    "population_count", "arrival_per_s", "edge_servers_count", "cloud_servers_count", "uplink_bit_per_s",
    "downlink_bit_per_s", "uplink_rtt_s", "backhaul_bit_per_s", "backhaul_rtt_s", "uplink_background_frac",
    "backhaul_background_frac", "response_byte", "compute_scv", "message_scv", "edge_pue", "cloud_pue",
    "edge_usd_per_s", "cloud_usd_per_s", "egress_usd_per_byte", "cloud_target_frac", "deadline_s",
)  # fmt: skip


@dataclass(frozen=True)
class DesignSet:
    """Designs as arrays of shape (n,), or numbers for a single design.

    Precisions are codes into ``PRECISIONS``, encodings codes into ``encodings``; the techniques and
    their settings are common to the set.
    """

    cut1: Ints | int
    cut2: Ints | int
    device_precision: Ints | int
    edge_precision: Ints | int
    cloud_precision: Ints | int
    input_encoding: Ints | int
    uplink_encoding: Ints | int
    backhaul_encoding: Ints | int
    encodings: tuple[str, ...]
    techniques: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        return int(np.size(self.cut1))

    @classmethod
    def of(cls, design: Design) -> DesignSet:
        """Turn one design into numbers."""
        names = (design.input_encoding, design.uplink_encoding, design.backhaul_encoding)
        encodings = tuple(dict.fromkeys(names))
        code = encodings.index
        return cls(
            design.cut1, design.cut2, _CODES[design.device_precision], _CODES[design.edge_precision],
            _CODES[design.cloud_precision], code(names[0]), code(names[1]), code(names[2]), encodings,
            design.techniques,
        )  # fmt: skip

    @classmethod
    def of_many(cls, designs: Sequence[Design]) -> DesignSet:
        """Turn designs that share their techniques into arrays.

        Raises
        ------
        DesignError
            If the designs differ in their techniques.
        """
        first = designs[0].techniques
        if any(design.techniques != first for design in designs):
            raise DesignError(Problem("designs", "one set of designs shares its techniques"))
        names = [n for d in designs for n in (d.input_encoding, d.uplink_encoding, d.backhaul_encoding)]
        encodings = tuple(dict.fromkeys(names))
        position = {name: code for code, name in enumerate(encodings)}
        columns = {
            "cut1": [d.cut1 for d in designs],
            "cut2": [d.cut2 for d in designs],
            **{f"{t}_precision": [_CODES[getattr(d, f"{t}_precision")] for d in designs] for t in TIERS},
            **{
                name: [position[getattr(d, name)] for d in designs]
                for name in ("input_encoding", "uplink_encoding", "backhaul_encoding")
            },
        }
        arrays: dict[str, Any] = {name: np.asarray(values, dtype=np.int64) for name, values in columns.items()}
        return cls(**arrays, encodings=encodings, techniques=first)

    def design(self, index: int = 0) -> Design:
        """Return one design of the set."""

        def at(value: Ints | int) -> int:
            return int(np.atleast_1d(value)[index])

        return Design(
            cut1=at(self.cut1),
            cut2=at(self.cut2),
            device_precision=PRECISIONS[at(self.device_precision)],
            edge_precision=PRECISIONS[at(self.edge_precision)],
            cloud_precision=PRECISIONS[at(self.cloud_precision)],
            input_encoding=self.encodings[at(self.input_encoding)],
            uplink_encoding=self.encodings[at(self.uplink_encoding)],
            backhaul_encoding=self.encodings[at(self.backhaul_encoding)],
            techniques=self.techniques,
        )

    def take(self, rows: NDArray[Any]) -> DesignSet:
        """Return the designs at some rows."""
        changes = {
            f.name: np.atleast_1d(getattr(self, f.name))[rows]
            for f in dataclasses.fields(self)
            if f.name not in ("encodings", "techniques")
        }
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Batch:
    """Input columns of n cases, with the origins of the columns that all cases share.

    Parameters
    ----------
    columns
        Number or array of shape (n,) of every input column.
    effects
        Effects of the active techniques by hook.
    origins
        Origin of every column that is the same for all cases.
    reasons
        Why a column is not known, where some of it is nan.
    tables
        Layer tables by (tier, precision).
    """

    scenario: Scenario
    designs: DesignSet
    size: int
    columns: Mapping[str, Array]
    effects: Mapping[str, tuple[AppliedEffect, ...]]
    origins: Mapping[str, Looked]
    reasons: Mapping[str, str]
    tables: Mapping[tuple[str, str], LayerTimes]


def batch_of(
    scenario: Scenario,
    designs: DesignSet,
    swept: Mapping[str, NDArray[np.float64]] | None = None,
    exact_tail: bool = False,
    catalog: Catalog | None = None,
) -> Batch:
    """Look up the input columns of designs under one scenario.

    Parameters
    ----------
    swept
        Scenario fields that vary over the cases: name to array of shape (n,).
    exact_tail
        Percentiles by transform inversion instead of three cumulants.

    Raises
    ------
    DesignError
        If a swept name is not a scenario field that may vary.
    """
    catalog = catalog or load_catalog()
    swept = swept or {}
    for name in swept:
        if name not in SWEEPABLE:
            raise DesignError(Problem(f"scenario.{name}", "cannot be swept", ", ".join(SWEEPABLE)))
    effects, work_effects = _technique_effects(designs.techniques)
    looked = _scenario_columns(scenario, catalog)
    columns: dict[str, Array] = {name: item.value for name, item in looked.items()}
    columns["exact_tail_flag"] = float(exact_tail)
    reasons = {name: item.origin.note for name, item in looked.items() if math.isnan(item.value)}
    look_up, found = _design_columns(scenario, catalog, designs, work_effects)
    columns |= found
    columns |= swept
    size = max([len(designs), *(len(np.atleast_1d(v)) for v in swept.values())])
    origins = {name: item for name, item in looked.items() if name not in swept}
    return Batch(scenario, designs, size, columns, effects, origins, reasons | look_up.reasons, look_up.tables)


# Look-ups of large design sets outlive a scenario: they depend on ids alone, and a slider moves numbers.
_KEPT_LOOKUPS = 4
_KEPT_FROM = 1_000
_lookups: dict[tuple[Any, ...], tuple[DesignSet, _DesignLookup, dict[str, Array]]] = {}


def _design_columns(
    scenario: Scenario,
    catalog: Catalog,
    designs: DesignSet,
    work_effects: Mapping[str, tuple[WorkEffect, ...]],
) -> tuple[_DesignLookup, dict[str, Array]]:
    key = (id(designs), id(catalog), scenario.dnn, scenario.device, scenario.edge, scenario.cloud, scenario.timing)
    if key in _lookups and _lookups[key][0] is designs:
        return _lookups[key][1:]
    look_up = _DesignLookup(scenario, catalog, designs, work_effects)
    columns = {**look_up.segments(), **look_up.payloads(), **look_up.accuracy()}
    if len(designs) >= _KEPT_FROM:
        while len(_lookups) >= _KEPT_LOOKUPS:
            _lookups.pop(next(iter(_lookups)), None)
        _lookups[key] = (designs, look_up, columns)
    return look_up, columns


@lru_cache(maxsize=64)
def _scenario_columns(scenario: Scenario, catalog: Catalog) -> Mapping[str, Looked]:
    return scenario_columns(scenario, catalog)


def _technique_effects(
    techniques: Mapping[str, Mapping[str, float]],
) -> tuple[Mapping[str, tuple[AppliedEffect, ...]], Mapping[str, tuple[WorkEffect, ...]]]:
    """Split the effects of active techniques: on quantities by hook, on layers by tier."""
    if not techniques:
        return {}, dict.fromkeys(TIERS, ())
    on_case: dict[str, list[AppliedEffect]] = {}
    on_layers: dict[str, list[WorkEffect]] = {tier: [] for tier in TIERS}
    executable = load_taxonomy().executable
    # Axis order makes the result independent of the order of selection.
    for name in (id for id in executable if id in techniques):
        technique = executable[name]
        settings = technique.defaults | dict(techniques[name])
        for effect in technique.effects:
            resolved = effect.resolve(settings)
            if effect.on.startswith("layer_"):
                item = (effect.on, effect.law, tuple(sorted(resolved.items())))
                for tier in effect.tiers:
                    on_layers[tier].append(item)
            else:
                applied = AppliedEffect(name, EFFECTS[effect.law], resolved, 1.0)
                on_case.setdefault(effect.on, []).append(applied)
    return {k: tuple(v) for k, v in on_case.items()}, {k: tuple(v) for k, v in on_layers.items()}


class _DesignLookup:
    """Columns that depend on the design: segments, payloads, losses."""

    def __init__(
        self,
        scenario: Scenario,
        catalog: Catalog,
        designs: DesignSet,
        work_effects: Mapping[str, tuple[WorkEffect, ...]],
    ) -> None:
        self.scenario, self.catalog, self.designs = scenario, catalog, designs
        self.work_effects = work_effects
        self.dnn = catalog.dnns[scenario.dnn]
        self.last = len(self.dnn.boundary_row) - 1
        self.reasons: dict[str, str] = {}
        self.tables: dict[tuple[str, str], LayerTimes] = {}
        cut1, cut2 = designs.cut1, designs.cut2
        self.used = {
            "device": _flag(np.greater(cut1, 0)),
            "edge": _flag(np.greater(cut2, cut1)),
            "cloud": _flag(np.less(cut2, self.last)),
        }
        self.uplink_used = _flag(np.less(cut1, self.last))

    def segments(self) -> dict[str, Array]:
        """Time, weights and activations of every tier's segment."""
        cut1, cut2 = self.designs.cut1, self.designs.cut2
        spans: dict[str, tuple[Ints | int, Ints | int]] = {
            "device": (0, cut1),
            "edge": (cut1, cut2),
            "cloud": (cut2, self.last),
        }
        peaks = activation_peaks(self.catalog, self.scenario.dnn)
        columns: dict[str, Array] = {}
        for tier, (start, stop) in spans.items():
            codes = getattr(self.designs, f"{tier}_precision")
            time, weight, bits = self._stack(tier, codes)
            used = self.used[tier]
            position = codes if np.ndim(codes) else int(codes)
            # An unused tier has no time even where its machine's rate is not known.
            columns[f"{tier}_segment_s"] = _where(used, time[position, stop] - time[position, start])
            columns[f"{tier}_weight_byte"] = weight[position, stop] - weight[position, start]
            columns[f"{tier}_activation_byte"] = bit_to_byte(peaks[start, stop] * bits[position])
            if tier != "device":
                columns[f"{tier}_used_flag"] = used
        columns["uplink_used_flag"] = self.uplink_used
        columns["backhaul_used_flag"] = self.used["cloud"]
        share = prefix_at(self.dnn.mac, self.dnn.boundary_row)
        columns["device_mac_frac"] = share[cut1] / share[-1]
        return columns

    def _stack(self, tier: str, codes: Ints | int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Layer tables of the precisions in use, stacked by precision code."""
        boundaries = self.last + 1
        time = np.full((len(PRECISIONS), boundaries), np.nan)
        weight = np.full((len(PRECISIONS), boundaries), np.nan)
        bits = np.full(len(PRECISIONS), np.nan)
        for code in _present(codes):
            precision = PRECISIONS[int(code)]
            table = layer_times(
                self.catalog, self.scenario.dnn, getattr(self.scenario, tier), precision, self.scenario.timing,
                self.work_effects[tier],
            )  # fmt: skip
            self.tables[tier, precision] = table
            time[code], weight[code] = table.time_at, table.weight_at
            bits[code] = FORMATS[precision][1] if not len(table.activation_bit) else table.activation_bit.max()
            if table.reason:
                self.reasons[f"{tier}_segment_s"] = table.reason
        return time, weight, bits

    def payloads(self) -> dict[str, Array]:
        """Elements and bits per element on both hops, and what the device encodes."""
        cut1, cut2, elements = self.designs.cut1, self.designs.cut2, self.dnn.boundary_elem
        raw1 = _flag(np.equal(cut1, 0)) * self.uplink_used
        raw2 = _flag(np.equal(cut2, 0)) * self.used["cloud"]
        relayed = np.equal(cut1, cut2)
        raw_elements = float(elements[0])
        bits = [encoding_bits(self.catalog, name, raw_elements) for name in self.designs.encodings]
        size = np.array([item[0].value for item in bits])
        work = np.array([item[1].value for item in bits])
        up = self.designs.uplink_encoding
        back = _choose(relayed, up, self.designs.backhaul_encoding)
        sent = self.designs.input_encoding
        self._note("encode_elem_op", [item[1] for item in bits])
        plain = encoding_bits(self.catalog, _plain_encoding(self.catalog, self.dnn.task), raw_elements)[0]
        features1 = (1.0 - _flag(np.equal(cut1, 0))) * self.uplink_used
        features2 = (1.0 - _flag(np.equal(cut2, 0))) * self.used["cloud"]
        return {
            "raw_input_leaves_flag": raw1,
            "uplink_raw_elem_count": raw1 * raw_elements,
            "backhaul_raw_elem_count": raw2 * raw_elements,
            "uplink_feature_elem_count": features1 * elements[cut1],
            "backhaul_feature_elem_count": features2 * elements[cut2],
            "raw_elem_bit": size[sent],
            "uplink_feature_elem_bit": size[up],
            "backhaul_feature_elem_bit": size[back],
            "plain_input_bit": raw_elements * plain.value,
            "encode_elem_count": self.uplink_used * elements[cut1],
            "encode_elem_op": np.where(np.equal(cut1, 0), work[sent], work[up]),
        }

    def _note(self, column: str, looked: Sequence[Looked]) -> None:
        """Keep the reasons of a column's numbers that are not known."""
        found = [item.origin.note for item in looked if math.isnan(item.value)]
        if found:
            self.reasons[column] = "; ".join(dict.fromkeys(found))

    def accuracy(self) -> dict[str, Array]:
        """Baseline and the relative loss of every lossy step, each precision counted once."""
        table: Losses = losses(self.catalog, self.scenario.dnn)
        by_code = np.array([table.precision[name].value for name in PRECISIONS])
        for tier in TIERS:
            self._note(f"{tier}_precision_loss_frac", [table.precision[p] for t, p in self.tables if t == tier])
        if math.isnan(table.baseline.value):
            self.reasons["accuracy_baseline_frac"] = table.baseline.origin.note
        d, e, c = (getattr(self.designs, f"{tier}_precision") for tier in TIERS)
        used = {tier: np.greater(self.used[tier], 0) for tier in TIERS}
        first = used["device"]
        second = used["edge"] & ~(used["device"] & np.equal(d, e))
        third = used["cloud"] & ~(used["device"] & np.equal(d, c)) & ~(used["edge"] & np.equal(e, c))
        encoded = [encoding_loss(self.catalog, self.scenario.dnn, name) for name in self.designs.encodings]
        by_encoding = np.array([looked.value for looked in encoded])
        for column, codes in (
            ("input_encoding_loss_frac", self.designs.input_encoding),
            ("uplink_feature_loss_frac", self.designs.uplink_encoding),
            ("backhaul_feature_loss_frac", self.designs.backhaul_encoding),
        ):
            self._note(column, [encoded[code] for code in _present(codes)])
        cut1, cut2 = self.designs.cut1, self.designs.cut2
        inner1 = np.greater(cut1, 0) & np.greater(self.uplink_used, 0)
        inner2 = np.greater(cut2, cut1) & np.greater(self.used["cloud"], 0)
        raw = np.equal(cut1, 0) & np.greater(self.uplink_used, 0)
        return {
            "accuracy_baseline_frac": table.baseline.value,
            "device_precision_loss_frac": np.where(first, by_code[d], 0.0),
            "edge_precision_loss_frac": np.where(second, by_code[e], 0.0),
            "cloud_precision_loss_frac": np.where(third, by_code[c], 0.0),
            "input_encoding_loss_frac": np.where(raw, by_encoding[self.designs.input_encoding], 0.0),
            "uplink_feature_loss_frac": np.where(inner1, by_encoding[self.designs.uplink_encoding], 0.0),
            "backhaul_feature_loss_frac": np.where(inner2, by_encoding[self.designs.backhaul_encoding], 0.0),
        }


@lru_cache(maxsize=1024)
def encoding_loss(catalog: Catalog, dnn_id: str, encoding: str) -> Looked:
    """Relative accuracy loss of sending a tensor in an encoding.

    Lossless encodings lose nothing. Features at a reduced precision are charged the loss of running
    the whole dnn at that precision: one tensor of many is rounded, so the charge is cautious.
    """
    entry = catalog.encodings[encoding]
    if entry.attributes.get("lossless"):
        return Looked(0.0, Origin("convention", (), "lossless, or the form that the dnn was trained on"))
    for row in catalog.evidence:
        if row["file"].endswith("accuracy.csv") and row["dnn"] == dnn_id and row["setting"] == encoding:
            before, after = float(row["baseline"]), float(row["value"])
            return Looked(max(0.0, (before - after) / before), Origin("measured", (), row["where"]))
    known = losses(catalog, dnn_id).precision
    if entry.attributes.get("modality") == "features" and encoding in known:
        looked = known[encoding]
        note = f"charged as if the whole dnn ran at {encoding}: {looked.origin.note}"
        return Looked(looked.value, Origin("assumed", looked.origin.facts, note), 0.0, looked.high)
    return missing(f"no published accuracy of {catalog.dnns[dnn_id].label} with {entry.label}")


def _plain_encoding(catalog: Catalog, task: str) -> str:
    """Encoding that stands for the raw input of a task, to compare exposure with."""
    if task in ("text-encoding", "text-generation"):
        return "token-u32"
    if task in ("speech-encoding",):
        return "pcm16"
    if task in ("speech-recognition", "keyword-spotting", "anomaly-detection"):
        return "log-mel-fp32"
    return "raw-uint8"


def _flag(value: NDArray[np.bool_] | np.bool_ | bool) -> Array:
    return np.asarray(value, dtype=np.float64) if np.ndim(value) else float(value)


def _where(flag: Array, value: Array) -> Array:
    if np.ndim(flag) == 0 and np.ndim(value) == 0:
        return value if flag else 0.0
    return np.where(np.greater(flag, 0), value, 0.0)


def _choose(flag: Any, on: Ints | int, off: Ints | int) -> Ints | int:  # noqa: ANN401
    if np.ndim(flag) == 0:
        return on if flag else off
    return np.where(flag, on, off)


def column_origins(batch: Batch, catalog: Catalog) -> dict[str, Looked]:
    """Return the origins of the columns that depend on the design, for a batch of one.

    Names a layer graph, an encoding's fact or a published accuracy for each.
    """
    design, scenario = batch.designs.design(), batch.scenario
    dnn = catalog.dnns[scenario.dnn]
    elements = float(dnn.boundary_elem[0])
    names = {"cut1": dnn.boundary_name[design.cut1], "cut2": dnn.boundary_name[design.cut2]}
    graph = Origin("computed", (), f"from the layer graph of {dnn.label}, cut after {names['cut1']} and {names['cut2']}")

    def at(name: str, origin: Origin) -> Looked:
        return Looked(float(np.asarray(batch.columns[name]).reshape(-1)[0]), origin)

    found = {name: at(name, graph) for name in batch.columns if name not in batch.origins}
    relayed = design.cut1 == design.cut2
    back = design.uplink_encoding if relayed else design.backhaul_encoding
    for column, encoding in (
        ("raw_elem_bit", design.input_encoding),
        ("uplink_feature_elem_bit", design.uplink_encoding),
        ("backhaul_feature_elem_bit", back),
    ):
        found[column] = encoding_bits(catalog, encoding, elements)[0]
    sent = design.input_encoding if design.cut1 == 0 else design.uplink_encoding
    found["encode_elem_op"] = encoding_bits(catalog, sent, elements)[1]
    for column, encoding in (
        ("input_encoding_loss_frac", design.input_encoding),
        ("uplink_feature_loss_frac", design.uplink_encoding),
        ("backhaul_feature_loss_frac", design.backhaul_encoding),
    ):
        if found[column].value != 0.0:
            found[column] = encoding_loss(catalog, scenario.dnn, encoding)
    table = losses(catalog, scenario.dnn)
    found["accuracy_baseline_frac"] = table.baseline
    for tier in TIERS:
        column = f"{tier}_precision_loss_frac"
        if found[column].value != 0.0:
            found[column] = table.precision[getattr(design, f"{tier}_precision")]
    return found


def _present(codes: Ints | int) -> list[int]:
    """Codes that occur, in order; counting is faster than sorting."""
    if np.ndim(codes) == 0:
        return [int(codes)]
    return [int(code) for code in np.flatnonzero(np.bincount(codes))]
