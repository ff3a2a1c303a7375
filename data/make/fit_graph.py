"""Layer graphs as the arrays that the roofline needs, and the peaks it is measured against."""

from __future__ import annotations

import csv
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Graph operator -> operator type of an efficiency fact.
OPERATOR_TYPE = {
    "conv": "conv", "pwconv": "conv", "dwconv": "depthwise", "linear": "linear",
    "attention": "attention", "matmul": "matmul", "lstm": "recurrent", "pool": "pool",
    "add": "elementwise", "mul": "elementwise", "norm": "norm", "softmax": "norm",
}  # fmt: skip
WEIGHT_BYTE = {"fp32": 4.0, "fp16": 2.0, "int8": 1.0}
ACTIVATION_BYTE = {"fp32": 4.0, "fp16": 2.0, "int8": 1.0}

# Which peak an efficiency at a precision is relative to: the same choice as the product makes
# (dense before unstated; sparse never), so that efficiency times peak is what was measured.
FORMATS = {"fp32": ("fp32",), "fp16": ("fp16", "bf16", "fp16-vector"), "int8": ("int8",)}


@dataclass(frozen=True)
class Graph:
    """Rows of one dnn: type index, MAC, weight elements, input plus output elements."""

    kind: NDArray[np.str_]
    mac: Floats
    weight: Floats
    activation: Floats


@dataclass(frozen=True)
class Machine:
    """Catalog figures of one machine; ``nan`` bandwidth means that the catalog has none."""

    name: str
    kind: str
    peaks: dict[str, float]
    bandwidth: float

    def peak(self, precision: str) -> tuple[str, float] | None:
        """Basis and op/s that an efficiency at this precision is relative to."""
        for sparsity in ("dense", "unstated"):
            for name in FORMATS[precision]:
                basis = f"{name}-{sparsity}"
                if basis in self.peaks:
                    return basis, self.peaks[basis]
        return None


def load_graph(folder: Path, name: str) -> Graph:
    """Read ``<dnn>[@tokens]``; ``bert_large`` is BERT-base with its published larger sizes."""
    base, _, tokens = name.partition("@")
    origin, change = DERIVED.get(base, (base, None))
    if change and (folder / f"{base}.json").exists():
        origin, change = base, None
    nodes = json.loads((folder / f"{origin}.json").read_text())
    rows = [list(node) for node in nodes["nodes"]]
    size = math.prod(nodes["inputs"][0]["shape"])
    if change:
        rows = change(rows)
    if tokens:
        rows = [_at_tokens(row, size, int(tokens)) for row in rows]
    out = np.array([float(math.prod(row[2])) for row in rows])
    read = np.array([sum(out[p] if p >= 0 else size for p in row[6]) for row in rows])
    # An embedding reads the rows it looks up, not its whole table.
    weight = np.array([0.0 if row[0] == "embedding" else float(row[5]) for row in rows])
    kind = np.array([OPERATOR_TYPE.get(row[0], "other") for row in rows])
    return Graph(kind, np.array([float(row[3]) for row in rows]), weight, read + out)


def _at_tokens(row: list, old: int, new: int) -> list:
    """Return the row at another sequence length: linear work grows once, attention twice."""
    op, name, shape, macs, ops, params, preds, dims, fused = row
    if old not in shape:
        return row
    power = 2 if op == "attention" else 1
    shape = [new if side == old else side for side in shape]
    return [op, name, shape, macs * (new / old) ** power, ops, params, preds, dims, fused]


def _bert_large(rows: list[list]) -> list[list]:
    """24 blocks, hidden 1024, 16 heads, inner 4096 (Devlin et al. 2019) from the base rows."""
    wider = {768: 1024, 3072: 4096, 12: 16, 2304: 3072}
    head, block, tail = rows[:2], rows[2:13], rows[134:]

    def widen(row: list, shift: int) -> list:
        op, name, shape, macs, ops, params, preds, dims, fused = row
        shape = [wider.get(side, side) for side in shape]
        factor = {"linear": (4 / 3) ** 2, "attention": 4 / 3}.get(op, 1.0)
        preds = [p + shift if p >= 0 else p for p in preds]
        return [op, name, shape, macs * factor, ops, params * factor, preds, dims, fused]

    blocks = [widen(row, 11 * k) for k in range(24) for row in block]
    return [widen(row, 0) for row in head] + blocks + [widen(row, 11 * 12) for row in tail]


def _vgg19(rows: list[list]) -> list[list]:
    """One more 3x3 convolution in each of the last three blocks of VGG16 (Simonyan 2014)."""
    out: list[list] = []
    for row in rows:
        op, name, shape, macs, ops, params, _, dims, fused = row
        out.append([op, name, shape, macs, ops, params, [len(out) - 1], dims, fused])
        if name in {"features.14", "features.21", "features.28"}:
            out.append([op, f"{name}b", shape, macs, ops, params, [len(out) - 1], dims, fused])
    return out


# Published dnns that are measured but have no graph file of their own.
DERIVED = {"bert_large": ("bert_base", _bert_large), "vgg19": ("vgg16", _vgg19)}


def load_machines(data: Path, reference: Path) -> dict[str, Machine]:
    """Machines of the catalog, plus the measured machines that it does not hold (``ref:``)."""
    entities = tomllib.loads((data / "entities.toml").read_text(encoding="utf-8"))
    kinds = {name: entry["kind"] for name, entry in entities["machines"].items()}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for path in (data / "facts" / "machines.csv", reference):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["field"] == "machine_kind":
                    kinds[row["entity"]] = row["value"]
                if row["field"] in {"peak_op_per_s", "memory_bandwidth_byte_per_s"}:
                    fields = found.setdefault(row["entity"], {}).setdefault(row["field"], {})
                    fields[row["basis"]] = float(row["value"]) * _SCALE[row["unit"]]
    machines = {}
    for name, fields in found.items():
        peaks = fields.get("peak_op_per_s", {})
        widths = list(fields.get("memory_bandwidth_byte_per_s", {}).values())
        machines[name] = Machine(
            name, kinds.get(name, ""), peaks, widths[0] if widths else math.nan
        )
    return machines


_SCALE = {
    "op/s": 1.0, "Gop/s": 1e9, "Top/s": 1e12, "TOPS": 1e12, "TFLOPS": 1e12, "GFLOPS": 1e9,
    "byte/s": 1.0, "B/s": 1.0, "GB/s": 1e9, "TB/s": 1e12,
}  # fmt: skip
