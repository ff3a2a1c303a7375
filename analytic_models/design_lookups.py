"""Columns that depend on the design: segments, payloads and accuracy losses."""

from __future__ import annotations

__all__ = ["DesignLookup", "is_neural"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog
from analytic_models.design import PRECISIONS, TIERS, Scenario
from analytic_models.design_set import DesignSet, Ints
from analytic_models.encoding_losses import encoding_loss
from analytic_models.groups import Group, group_rows
from analytic_models.laws.workload import prefix_at
from analytic_models.lookups import Losses, encoder_rate, encoding_bits, losses
from analytic_models.origins import Looked
from analytic_models.segments import FORMATS, LayerTimes, WorkEffect, activation_peaks, layer_times
from analytic_models.units import Array, bit_to_byte


class DesignLookup:
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
            columns[f"{tier}_segment_s"] = _where(
                used, time[position, stop] - time[position, start]
            )
            columns[f"{tier}_weight_byte"] = weight[position, stop] - weight[position, start]
            columns[f"{tier}_activation_byte"] = bit_to_byte(peaks[start, stop] * bits[position])
            if tier != "device":
                columns[f"{tier}_used_flag"] = used
                columns[f"{tier}_batch_segment_s"] = self._batched(tier, codes, start, stop)
        columns["uplink_used_flag"] = self.uplink_used
        columns["backhaul_used_flag"] = self.used["cloud"]
        share = prefix_at(self.dnn.mac, self.dnn.boundary_row)
        columns["device_mac_frac"] = share[cut1] / share[-1]
        return columns

    def groups(self) -> dict[str, Group]:
        """Rows that agree in the fields which settle a part of the columns."""
        d = self.designs
        back = _choose(np.equal(d.cut1, d.cut2), d.uplink_encoding, d.backhaul_encoding)
        fields = {
            "near": (d.cut1, d.device_precision, d.input_encoding, d.uplink_encoding),
            "edge": (d.cut1, d.cut2, d.edge_precision),
            "far": (d.cut2, d.cloud_precision, d.input_encoding, back),
        }
        found = {
            name: group_rows([np.broadcast_to(np.asarray(v), (len(d),)) for v in values])
            for name, values in fields.items()
        }
        return {name: group for name, group in found.items() if group is not None}

    def _batched(self, tier: str, codes: Ints | int, start: Ints | int, stop: Ints | int) -> Array:
        """Time of a tier's segment for a whole batch; zero where the tier serves none."""
        if getattr(self.scenario, f"{tier}_discipline") != "batch":
            return 0.0
        time, _, _ = self._stack(tier, codes, self.scenario.batch_reference_count)
        position = codes if np.ndim(codes) else int(codes)
        return _where(self.used[tier], time[position, stop] - time[position, start])

    def _stack(
        self, tier: str, codes: Ints | int, batch: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Layer tables of the precisions in use, stacked by precision code."""
        boundaries = self.last + 1
        time = np.full((len(PRECISIONS), boundaries), np.nan)
        weight = np.full((len(PRECISIONS), boundaries), np.nan)
        bits = np.full(len(PRECISIONS), np.nan)
        for code in _present(codes):
            precision = PRECISIONS[int(code)]
            table = layer_times(
                self.catalog,
                self.scenario.dnn,
                getattr(self.scenario, tier),
                precision,
                self.scenario.timing,
                self.work_effects[tier],
                batch,
            )
            if batch == 1:
                self.tables[tier, precision] = table
            time[code], weight[code] = table.time_at, table.weight_at
            bits[code] = (
                FORMATS[precision][1]
                if not len(table.activation_bit)
                else table.activation_bit.max()
            )
            if table.reason:
                what = "segment_s" if batch == 1 else "batch_segment_s"
                self.reasons[f"{tier}_{what}"] = table.reason
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
        neural = [is_neural(self.catalog, name) for name in self.designs.encodings]
        rates = [encoder_rate(self.catalog, self.scenario.device, learned) for learned in neural]
        rate = np.array([looked.value for looked in rates])
        self._note("encoder_op_per_s", rates)
        plain = encoding_bits(
            self.catalog, _plain_encoding(self.catalog, self.dnn.task), raw_elements
        )[0]
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
            # What needs no work takes no time, even where the machine's rate is not known.
            "encoder_op_per_s": np.where(
                np.equal(np.where(np.equal(cut1, 0), work[sent], work[up]), 0.0),
                np.inf,
                np.where(np.equal(cut1, 0), rate[sent], rate[up]),
            ),
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
            self._note(
                f"{tier}_precision_loss_frac",
                [table.precision[p] for t, p in self.tables if t == tier],
            )
        if math.isnan(table.baseline.value):
            self.reasons["accuracy_baseline_frac"] = table.baseline.origin.note
        d, e, c = (getattr(self.designs, f"{tier}_precision") for tier in TIERS)
        used = {tier: np.greater(self.used[tier], 0) for tier in TIERS}
        first = used["device"]
        second = used["edge"] & ~(used["device"] & np.equal(d, e))
        third = (
            used["cloud"] & ~(used["device"] & np.equal(d, c)) & ~(used["edge"] & np.equal(e, c))
        )
        encoded = [
            encoding_loss(self.catalog, self.scenario.dnn, name) for name in self.designs.encodings
        ]
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
            "input_encoding_loss_frac": np.where(
                raw, by_encoding[self.designs.input_encoding], 0.0
            ),
            "uplink_feature_loss_frac": np.where(
                inner1, by_encoding[self.designs.uplink_encoding], 0.0
            ),
            "backhaul_feature_loss_frac": np.where(
                inner2, by_encoding[self.designs.backhaul_encoding], 0.0
            ),
        }


def is_neural(catalog: Catalog, encoding: str) -> bool:
    """Whether an encoding is a learned one, made for a certain dnn."""
    return bool(catalog.encodings[encoding].attributes.get("dnn"))


def _plain_encoding(catalog: Catalog, task: str) -> str:
    """Return the encoding that stands for the raw input of a task, to compare exposure with."""
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


def _present(codes: Ints | int) -> list[int]:
    """Codes that occur, in order; counting is faster than sorting."""
    if np.ndim(codes) == 0:
        return [int(codes)]
    return [int(code) for code in np.flatnonzero(np.bincount(codes))]
