"""Turn a user's ONNX file into a layer graph.

Only shapes are read: weights, inside or outside of the file, are neither loaded nor needed. An
operator that is not known becomes a row ``other:Name`` without work and is listed, never guessed.
"""

from __future__ import annotations

__all__ = ["OnnxImport", "import_onnx"]

import json
import math
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import Dnn, parse_dnn
from analytic_models.layer_graph_reduce import Raw, Rows, graph_text, reduce_rows
from analytic_models.onnx_operators import TRAINABLE, Reader, classify, tidy
from analytic_models.onnx_patterns import join_patterns
from analytic_models.onnx_wire import without_weights
from analytic_models.onnx_worker import REFUSED

_TIMEOUT_S = 120.0
_LARGEST_DIMENSION = 2**31
_LARGEST_TENSOR_ELEM = 10**12
_LARGEST_WORK_MAC = 10**18
# A design names a cut by a number up to this.
_MOST_ROWS = 10_000
_SHOWN = 8
_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    16: "bfloat16",
}  # fmt: skip
_WORKING = frozenset((
    "Conv", "ConvInteger", "ConvTranspose", "QLinearConv", "Gemm", "MatMul", "MatMulInteger",
    "QLinearMatMul", "Einsum", "LSTM", "GRU", "RNN", "Attention",
))  # fmt: skip


@dataclass(frozen=True)
class OnnxImport:
    """What an ONNX file became.

    Parameters
    ----------
    dnn_json
        Text of a ``layer-graph/1`` file.
    dnn
        The same as a dnn.
    unknown
        Operators that are not known, with how often they occur; their rows have no work.
    notes
        What was decided on the way, one sentence each.
    """

    dnn_json: str
    dnn: Dnn
    unknown: Mapping[str, int]
    notes: tuple[str, ...]


def import_onnx(
    source: bytes | Path,
    id: str,
    dims: Mapping[str, int] | None = None,
    *,
    label: str = "",
    task: str = "user",
) -> OnnxImport:
    """Read an ONNX file as a layer graph.

    Parameters
    ----------
    source
        The file's bytes, or its path. Files that it names for weights are not opened.
    id
        Id of the dnn: lower-case letters, digits, ``_``, ``.`` and ``-``.
    dims
        Numbers for open dimensions, by their name or as ``input[axis]``. An open first dimension is
        a batch and becomes 1 unless given.
    label, task
        Words for people, and the task that the dnn does.

    Raises
    ------
    DataError
        If the file is broken, hostile, too large, has open dimensions or work of unknown size, or
        if the package ``onnx`` is not installed.
    """
    given = _checked_dims(id, dims or {})
    name = tidy(source.name) if isinstance(source, Path) else f"{id}.onnx"
    if find_spec("onnx") is None:
        raise DataError(
            Problem(name, "needs the package onnx", "pip install 'eccc-explorer[onnx]'")
        )
    text, external = without_weights(source, name)
    found = _inferred(text, given, name)
    notes = [*found["notes"]]
    if external:
        notes.append("weights lie in other files, which were not opened: only shapes were read")
    raws, outputs, unknown = _Builder(found, name, notes).build()
    rows = Rows.of(raws, outputs)
    join_patterns(rows)
    graph = reduce_rows(rows)
    _check_size(graph, name)
    notes += _batch_notes(raws)
    notes.append(
        "every constant of weights' type counts as parameters: ONNX does not say which are"
    )
    source_note = {"kind": "onnx", "file": name, "producer": tidy(found["producer"])}
    head = {"format": "layer-graph/1", "id": id, "task": task, "label": label or id}
    text_out = graph_text(
        head | {"source": source_note | {"opset": found["opset"], "notes": notes}} | graph
    )
    return OnnxImport(text_out, parse_dnn(text_out, name), MappingProxyType(unknown), tuple(notes))


def _checked_dims(id: str, dims: Mapping[str, int]) -> dict[str, int]:
    problems = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", id):
        problems.append(
            Problem("id", f"{tidy(id)!r} is not an id", "a-z, 0-9, _ . -, at most 64 characters")
        )
    for key, value in dims.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
            problems.append(Problem(f"dims.{tidy(key)}", f"{value!r} is not a size", "1 to 2^31-1"))
    if problems:
        raise DataError(problems)
    return dict(dims)


def _inferred(text: bytes, dims: Mapping[str, int], name: str) -> dict[str, Any]:
    """Return the graph with shapes, from a process of its own with bounded time and memory."""
    worker = Path(__file__).with_name("onnx_worker.py")
    try:
        # -P: the folder of the script holds modules whose names others use too.
        done = subprocess.run(
            [sys.executable, "-P", str(worker)],
            input=json.dumps(dims).encode() + b"\n" + text,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise DataError(
            Problem(name, f"was not understood within {_TIMEOUT_S:g} s", "a smaller graph")
        ) from None
    if done.returncode == REFUSED:
        message, allowed = json.loads(done.stdout)
        raise DataError(Problem(name, tidy_words(message), tidy_words(allowed)))
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = tidy_words(lines[-1]) if lines else f"it ended with {done.returncode}"
        raise DataError(Problem(name, f"its shapes cannot be inferred: {reason}", "a valid graph"))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def tidy_words(text: str) -> str:
    """Return a foreign sentence, printable and not too long."""
    return "".join(c if c.isprintable() else " " for c in text)[:400]


class _Builder:
    """Turn operators of the file into raw operators."""

    def __init__(self, found: Mapping[str, Any], name: str, notes: list[str]) -> None:
        self.found, self.name, self.notes = found, name, notes
        self.raws: list[Raw] = []
        self.place: dict[str, int] = {}
        self.dynamic: list[bool] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.left_out: list[str] = []
        self.lost: set[str] = set()
        self.ends: list[int] = []
        self.unknown: dict[str, int] = {}

    def build(self) -> tuple[list[Raw], list[int], dict[str, int]]:
        """Return raw operators in execution order, the places of results, unknown operators."""
        self._check_shapes()
        for tensor, (shape, dtype) in self.found["constants"].items():
            self._constant(tensor, shape, dtype)
        for tensor in self.found["inputs"]:
            raw = Raw("input", "input", tidy(tensor), self.shapes[tensor])
            raw.dtype = _DTYPES.get(self.found["shapes"][tensor][1], "float32")
            self._add([tensor], raw)
        for node in self._ordered():
            self._node(node)
        ends = [self.place[t] for t in self.found["outputs"] if t in self.place] + self.ends
        results = [i for i in dict.fromkeys(ends) if self.dynamic[i]]
        if not any(self.raws[i].kind != "input" for i in results):
            raise DataError(Problem(self.name, "has no result that depends on its inputs"))
        if self.left_out:
            kinds = ", ".join(sorted(set(self.left_out))[:_SHOWN])
            self.notes.append(
                f"left out {len(self.left_out)} operators whose sizes depend on the data: {kinds}"
            )
        return self.raws, results, self.unknown

    def _check_shapes(self) -> None:
        problems = []
        stated = {n: s for n, (s, _) in self.found["shapes"].items()}
        stated |= {n: s for n, (s, _) in self.found["constants"].items()}
        for tensor, shape in stated.items():
            if shape is None:
                continue
            if any(not 0 <= d < _LARGEST_DIMENSION for d in shape) or (
                math.prod(shape) > _LARGEST_TENSOR_ELEM
            ):
                problems.append(
                    Problem(
                        f"{self.name}:{tidy(tensor)}",
                        f"has the absurd shape {shape[:_SHOWN]}",
                        f"at most {_LARGEST_TENSOR_ELEM:.0e} elements",
                    )
                )
            self.shapes[tensor] = tuple(shape)
        if problems:
            raise DataError(problems)

    def _ordered(self) -> list[dict[str, Any]]:
        """Return the operators in execution order; refuse circles and tensors made twice."""
        nodes: list[dict[str, Any]] = self.found["nodes"]
        maker: dict[str, int] = {}
        for k, node in enumerate(nodes):
            for tensor in filter(None, node["outputs"]):
                if tensor in maker or tensor in self.place:
                    raise DataError(Problem(self.name, f"makes {tidy(tensor)!r} twice"))
                maker[tensor] = k
        waiting = [0] * len(nodes)
        readers: dict[int, list[int]] = {}
        for k, node in enumerate(nodes):
            for tensor in filter(None, dict.fromkeys(node["inputs"])):
                if tensor in maker:
                    readers.setdefault(maker[tensor], []).append(k)
                    waiting[k] += 1
                elif tensor not in self.place:
                    raise DataError(Problem(self.name, f"nothing makes {tidy(tensor)!r}"))
        ready, order = deque(k for k, count in enumerate(waiting) if not count), []
        while ready:
            k = ready.popleft()
            order.append(k)
            for reader in readers.get(k, ()):
                waiting[reader] -= 1
                if not waiting[reader]:
                    ready.append(reader)
        if len(order) < len(nodes):
            stuck = next(n for k, n in enumerate(nodes) if waiting[k])
            raise DataError(Problem(self.name, f"runs in a circle through {tidy(stuck['op'])}"))
        in_order = all(maker[t] < k for k, n in enumerate(nodes) for t in n["inputs"] if t in maker)
        return nodes if in_order else [nodes[k] for k in order]

    def _constant(self, tensor: str, shape: Sequence[int], dtype: int) -> None:
        # One number is a setting, such as a scale, not a weight.
        trained = dtype in TRAINABLE and math.prod(shape) > 1
        params = {tensor: math.prod(shape)} if trained else {}
        self._add([tensor], Raw("constant", "constant", tidy(tensor), tuple(shape), params=params))

    def _add(self, tensors: Sequence[str], raw: Raw) -> None:
        for tensor in tensors:
            self.place[tensor] = len(self.raws)
        alive = any(self.dynamic[p] for p in raw.preds)
        self.dynamic.append(raw.kind == "input" or (raw.kind != "constant" and alive))
        self.raws.append(raw)

    def _node(self, node: dict[str, Any]) -> None:
        op, outs = node["op"], [t for t in node["outputs"] if t]
        reads = [t for t in node["inputs"] if t]
        if not outs:
            return
        value = node["attributes"].get("value")
        if op == "Constant" and isinstance(value, list) and len(value) == 2:
            self._constant(outs[0], *value)
            return
        constant = all(t in self.place and not self.dynamic[self.place[t]] for t in reads)
        known = constant or outs[0] in self.shapes
        if not known or self.lost.intersection(reads):
            self._lose(node, reads)
            return
        preds = [self.place[t] for t in reads]
        if op == "BatchNormalization":
            preds = preds[:3]
        name = tidy(node["name"].removesuffix(f"/{op}")) or tidy(outs[0])
        for tensor in outs if op == "Split" else outs[:1]:
            raw = Raw("row", op, name, self.shapes.get(tensor, ()), list(preds), made_by=op)
            raw.ops = raw.elem
            self._classify(node, raw)
            self._add([tensor] if op == "Split" else outs, raw)

    def _classify(self, node: dict[str, Any], raw: Raw) -> None:
        inputs = node["inputs"]
        reader = Reader(
            node["op"],
            node["attributes"],
            inputs,
            [self.shapes.get(t) for t in inputs],
            [bool(t) and not self.dynamic[self.place[t]] for t in inputs] + [False] * 4,
            raw.shape,
        )
        if node["op"] in _WORKING and any(len(reader.shape(k)) == 0 for k in (0, 1)):
            reader.missing.append(inputs[0])
        elif not classify(reader, node["domain"], raw):
            label = raw.op.removeprefix("other:")
            self.unknown[label] = self.unknown.get(label, 0) + 1
        if reader.missing:
            raise DataError(
                Problem(
                    f"{self.name}:{raw.name}",
                    f"{tidy(node['op'])} reads tensors of unknown shape",
                    "a file whose shapes can be inferred",
                )
            )
        if raw.kind == "view" and raw.elem != self.raws[raw.preds[0]].elem:
            raw.kind, raw.op = "row", "move"
        if raw.kind == "view":
            raw.preds = raw.preds[:1]

    def _lose(self, node: dict[str, Any], reads: Sequence[str]) -> None:
        """Leave out an operator whose sizes depend on the data, and what reads it."""
        op = tidy(node["op"])
        if node["op"] in _WORKING:
            raise DataError(
                Problem(
                    self.name,
                    f"the size of what {op} {tidy(node['name'])!r} makes is not known",
                    "a file with fixed sizes and standard operators",
                )
            )
        self.left_out.append(op)
        self.lost.update(filter(None, node["outputs"]))
        self.ends += [self.place[t] for t in reads if t in self.place]


def _check_size(graph: Mapping[str, Any], name: str) -> None:
    totals = graph["totals"]
    for found, most, words in (
        (totals["rows"], _MOST_ROWS, "rows"),
        (totals["macs"], _LARGEST_WORK_MAC, "multiply-accumulates"),
    ):
        if found > most:
            raise DataError(Problem(name, f"has {found} {words}", f"at most {most}"))
    if not totals["rows"]:
        raise DataError(Problem(name, "holds nothing but views and constants"))


def _batch_notes(raws: Sequence[Raw]) -> list[str]:
    firsts = {raw.shape[0] for raw in raws if raw.kind == "input" and len(raw.shape) > 1} - {1}
    if not firsts:
        return []
    sizes = ", ".join(str(size) for size in sorted(firsts))
    return [f"the first dimension of an input is {sizes}: work and sizes are those of all at once"]
