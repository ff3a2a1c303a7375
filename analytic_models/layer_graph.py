"""Layer graphs of neural networks: rows with work and sizes, and the boundaries where one may cut.

Three file formats are read: ``layer-graph/1`` (a traced or written graph), ``measured-blocks/1``
(blocks with seconds measured on machines) and ``decoder-lm/1`` (a language model in closed form).
Sizes are in elements, not bytes: the precision is chosen by the design.
"""

from __future__ import annotations

__all__ = ["OPERATOR_TYPES", "DecoderLm", "Dnn", "Tensor", "parse_decoder", "parse_dnn"]

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic_models.errors import DataError, Problem

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

OPERATOR_TYPES = (
    "conv", "depthwise", "linear", "attention", "matmul", "recurrent", "pool", "elementwise",
    "norm", "other",
)  # fmt: skip
_TYPE_OF_OP = {
    "conv": "conv", "pwconv": "conv", "dwconv": "depthwise", "linear": "linear",
    "attention": "attention", "matmul": "matmul", "lstm": "recurrent", "gru": "recurrent",
    "rnn": "recurrent", "pool": "pool", "add": "elementwise", "mul": "elementwise",
    "softmax": "elementwise", "norm": "norm", "concat": "other", "slice": "other", "move": "other",
    "upsample": "other", "embedding": "other",
}  # fmt: skip
_GRAPH_COLUMNS = ["op", "name", "shape", "macs", "ops", "params", "preds", "dims", "fused"]
_BLOCK_COLUMNS = [
    "block", "first_layer", "last_layer", "op", "name", "shape", "macs", "ops", "params",
    "output_byte",
]  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """One input of a dnn: name, shape without the batch axis, type, number of elements."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def elem(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Dnn:
    """A neural network as rows in execution order.

    Row arrays have shape ``(n,)``: ``mac`` multiply-accumulates, ``op_count`` other operations,
    ``params`` weights, ``out_elem`` and ``in_elem`` elements written and read. ``preds[r]`` names
    the tensors that row ``r`` reads: ``k >= 0`` is the output of row ``k``, ``-1-k`` input ``k``.

    Boundaries have shape ``(k,)``: ``boundary_row[b]`` rows lie before boundary ``b`` and
    ``boundary_elem[b]`` elements cross it. Boundary 0 is the raw input, the last one is the result;
    between them exactly one tensor is alive. ``tied`` lists (first row, later row, shared weights).

    A dnn with measured blocks also has ``measured_s`` (machine id to seconds per row) and
    ``boundary_byte`` (bytes that were sent at each boundary); both are empty otherwise.
    """

    id: str
    label: str
    task: str
    source: Mapping[str, Any]
    inputs: tuple[Tensor, ...]
    op: tuple[str, ...]
    name: tuple[str, ...]
    shape: tuple[tuple[int, ...], ...]
    dims: tuple[tuple[int, ...], ...]
    operator_type: tuple[str, ...]
    mac: Floats
    op_count: Floats
    params: Floats
    out_elem: Floats
    in_elem: Floats
    preds: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]
    boundary_row: Ints
    boundary_elem: Floats
    boundary_name: tuple[str, ...]
    tied: tuple[tuple[int, int, int], ...] = ()
    measured_s: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    boundary_byte: Floats = field(default_factory=lambda: np.empty(0))
    decoder: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.op)

    @cached_property
    def last_use(self) -> Ints:
        """Last row that reads each tensor, inputs first: shape ``(inputs + n,)``.

        Results of the dnn are used at row ``n``; a tensor that nobody reads has -1.
        """
        first = len(self.inputs)
        last = np.full(first + len(self), -1, dtype=np.int64)
        for row, sources in enumerate(self.preds):
            for tensor in sources:
                last[_place(tensor, first)] = row
        for row in self.outputs:
            last[first + row] = len(self)
        return last

    @cached_property
    def _sizes(self) -> Floats:
        return np.concatenate([[float(t.elem) for t in self.inputs], self.out_elem])

    def live_across(self) -> Floats:
        """Return the elements that cross after each number of rows, shape ``(n + 1,)``.

        Entry ``k`` is the size of all tensors made by inputs and rows before ``k`` that a row from
        ``k`` on, or the result, still needs: what a cut there has to send.
        """
        first, n = len(self.inputs), len(self)
        made = np.concatenate([np.zeros(first, dtype=np.int64), np.arange(1, n + 1)])
        change = np.zeros(n + 2)
        alive = self.last_use >= made
        np.add.at(change, made[alive], self._sizes[alive])
        np.subtract.at(change, self.last_use[alive] + 1, self._sizes[alive])
        return np.cumsum(change)[: n + 1]

    @cached_property
    def live_elem(self) -> Floats:
        """Elements in memory while each row runs, shape ``(n,)``: read, written and waiting."""
        return self.live_across()[:-1] + self.out_elem

    def peak_elem(self, start: int, stop: int) -> float:
        """Return the largest number of activation elements alive while rows ``start:stop`` run."""
        return float(self.live_elem[start:stop].max(initial=0.0))


@dataclass(frozen=True)
class DecoderLm:
    """A decoder language model in closed form.

    Prefill of S tokens costs ``S * mac_per_token + S**2 * mac_per_token_per_context`` (half the
    square for causal kernels); decoding at context t costs
    ``mac_per_token + t * mac_per_token_per_context``.
    """

    id: str
    label: str
    task: str
    source: Mapping[str, Any]
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocabulary: int
    context_token: int
    tied: bool
    params: float
    params_active: float
    params_non_embedding: float
    mac_per_token: float
    mac_per_token_per_context: float
    kv_elem_per_token: float
    cut_elem_per_token: float
    logit_elem: float
    block: Mapping[str, float]
    embedding_params: float
    head_params: float
    head_mac_per_token: float
    config: Mapping[str, Any]


def _place(tensor: int, first: int) -> int:
    """Return the index of a tensor in arrays that list the inputs first."""
    return first + tensor if tensor >= 0 else -1 - tensor


def _frozen(values: Sequence[float]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _operator_type(op: str, dims: Sequence[int]) -> str:
    base = op.partition(":")[0]
    if base in ("conv", "pwconv", "dwconv") and len(dims) == 5:
        return "depthwise" if dims[4] == dims[0] > 1 else "conv"
    return _TYPE_OF_OP.get(base, "other")


def _read(text: str, path: str, formats: Sequence[str]) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(Problem(f"{path}:{error.lineno}", f"is not JSON: {error.msg}")) from None
    if not isinstance(value, dict) or value.get("format") not in formats:
        found = value.get("format") if isinstance(value, dict) else type(value).__name__
        raise DataError(Problem(f"{path}:format", f"unknown format {found!r}", ", ".join(formats)))
    return value


def _require(value: Mapping[str, Any], keys: Sequence[str], path: str) -> None:
    missing = [key for key in keys if key not in value]
    if missing:
        raise DataError([Problem(f"{path}:{key}", "is missing") for key in missing])


def _graph_problems(value: Mapping[str, Any], path: str) -> list[Problem]:
    nodes, inputs = value["nodes"], len(value["inputs"])
    problems = []
    for row, node in enumerate(nodes):
        at = f"{path}:nodes[{row}]"
        if len(node) != len(_GRAPH_COLUMNS):
            problems.append(Problem(at, f"has {len(node)} entries", f"{len(_GRAPH_COLUMNS)}"))
            continue
        if any(not -inputs <= tensor < row for tensor in node[6]):
            problems.append(
                Problem(
                    f"{at}.preds", f"{node[6]} is not before the row", f"-{inputs} to {row - 1}"
                )
            )
        for place in (3, 4, 5):
            if not isinstance(node[place], int) or node[place] < 0:
                problems.append(
                    Problem(f"{at}.{_GRAPH_COLUMNS[place]}", f"{node[place]!r} is not a count")
                )
    cuts = value["cuts"]
    if cuts != sorted(set(cuts)) or any(not -1 <= cut < len(nodes) for cut in cuts):
        problems.append(
            Problem(f"{path}:cuts", "are not increasing rows", f"-1 to {len(nodes) - 1}")
        )
    if not nodes:
        problems.append(Problem(f"{path}:nodes", "is empty"))
    return problems


def parse_dnn(text: str, path: str = "dnn") -> Dnn:
    """Return the dnn that the text of a ``layer-graph/1`` or ``measured-blocks/1`` file describes.

    Raises
    ------
    DataError
        If the text is not such a file; every problem names ``path`` and the place in it.
    """
    value = _read(text, path, ("layer-graph/1", "measured-blocks/1"))
    if value["format"] == "measured-blocks/1":
        return _parse_blocks(value, path)
    _require(value, ("id", "task", "source", "inputs", "columns", "nodes", "outputs", "cuts"), path)
    if value["columns"] != _GRAPH_COLUMNS:
        raise DataError(
            Problem(f"{path}:columns", f"are {value['columns']}", ", ".join(_GRAPH_COLUMNS))
        )
    problems = _graph_problems(value, path)
    if problems:
        raise DataError(problems)
    nodes = value["nodes"]
    inputs = _inputs(value)
    outs = [float(math.prod(node[2])) for node in nodes]
    sizes = [float(t.elem) for t in inputs] + outs
    preds = tuple(tuple(node[6]) for node in nodes)
    ins = [sum(sizes[_place(t, len(inputs))] for t in set(row)) for row in preds]
    outputs = tuple(value["outputs"])
    cuts = [cut for cut in value["cuts"] if cut < len(nodes) - 1]
    if not cuts or cuts[0] != -1:
        cuts.insert(0, -1)
    return Dnn(
        id=value["id"],
        label=value.get("label", value["id"]),
        task=value["task"],
        source=MappingProxyType(value["source"]),
        inputs=inputs,
        op=tuple(node[0] for node in nodes),
        name=tuple(node[1] for node in nodes),
        shape=tuple(tuple(node[2]) for node in nodes),
        dims=tuple(tuple(node[7]) for node in nodes),
        operator_type=tuple(_operator_type(node[0], node[7]) for node in nodes),
        mac=_frozen([node[3] for node in nodes]),
        op_count=_frozen([node[4] for node in nodes]),
        params=_frozen([node[5] for node in nodes]),
        out_elem=_frozen(outs),
        in_elem=_frozen(ins),
        preds=preds,
        outputs=outputs,
        boundary_row=np.array([cut + 1 for cut in cuts] + [len(nodes)], dtype=np.int64),
        boundary_elem=_frozen(
            [sum(sizes[: len(inputs)])]
            + [outs[cut] for cut in cuts[1:]]
            + [sum(outs[row] for row in outputs)]
        ),
        boundary_name=("input", *(nodes[cut][1] for cut in cuts[1:]), nodes[-1][1]),
        tied=tuple((int(a), int(b), int(c)) for a, b, c in value.get("tied", ())),
        decoder=MappingProxyType(
            {key: float(item) for key, item in value.get("decoder", {}).items()}
        ),
    )


def _inputs(value: Mapping[str, Any]) -> tuple[Tensor, ...]:
    return tuple(Tensor(t["name"], tuple(t["shape"]), t["dtype"]) for t in value["inputs"])


def _parse_blocks(value: Mapping[str, Any], path: str) -> Dnn:
    _require(
        value,
        ("id", "task", "source", "inputs", "input_byte", "columns", "nodes", "machines"),
        path,
    )
    if value["columns"] != _BLOCK_COLUMNS:
        raise DataError(
            Problem(f"{path}:columns", f"are {value['columns']}", ", ".join(_BLOCK_COLUMNS))
        )
    nodes, count = value["nodes"], len(value["nodes"])
    problems = [
        Problem(f"{path}:nodes[{row}]", f"has {len(node)} entries", str(len(_BLOCK_COLUMNS)))
        for row, node in enumerate(nodes)
        if len(node) != len(_BLOCK_COLUMNS)
    ]
    for machine, seconds in value["machines"].items():
        if len(seconds) != count or not all(s >= 0 for s in seconds):
            problems.append(
                Problem(f"{path}:machines.{machine}", "needs one time per block", f"{count}")
            )
    if problems:
        raise DataError(problems)
    inputs = _inputs(value)
    outs = [float(math.prod(node[5])) for node in nodes]
    ends = [float(inputs[0].elem), *outs]
    return Dnn(
        id=value["id"],
        label=value.get("label", value["id"]),
        task=value["task"],
        source=MappingProxyType(value["source"]),
        inputs=inputs,
        op=tuple(node[3] for node in nodes),
        name=tuple(node[4] for node in nodes),
        shape=tuple(tuple(node[5]) for node in nodes),
        dims=((),) * count,
        operator_type=tuple(_operator_type(node[3], ()) for node in nodes),
        mac=_frozen([node[6] for node in nodes]),
        op_count=_frozen([node[7] for node in nodes]),
        params=_frozen([node[8] for node in nodes]),
        out_elem=_frozen(outs),
        in_elem=_frozen(ends[:-1]),
        preds=tuple((row - 1,) for row in range(count)),
        outputs=(count - 1,),
        boundary_row=np.arange(count + 1, dtype=np.int64),
        boundary_elem=_frozen(ends),
        boundary_name=("input", *(node[4] for node in nodes)),
        measured_s=MappingProxyType(
            {m: _frozen(seconds) for m, seconds in value["machines"].items()}
        ),
        boundary_byte=_frozen([float(value["input_byte"]), *(float(node[9]) for node in nodes)]),
    )


def parse_decoder(text: str, path: str = "dnn") -> DecoderLm:
    """Return the language model that the text of a ``decoder-lm/1`` file describes.

    Raises
    ------
    DataError
        If the text is not such a file.
    """
    value = _read(text, path, ("decoder-lm/1",))
    _require(
        value, ("id", "task", "source", "config", "per_block", "embedding", "head", "totals"), path
    )
    config, totals, head = value["config"], value["totals"], value["head"]
    return DecoderLm(
        id=value["id"],
        label=value.get("label", value["id"]),
        task=value["task"],
        source=MappingProxyType(value["source"]),
        layers=config["layers"],
        hidden=config["hidden"],
        heads=config["heads"],
        kv_heads=config["kv_heads"],
        head_dim=config["head_dim"],
        ffn=config["ffn"],
        vocabulary=config["vocab"],
        context_token=config["context"],
        tied=config["tied"],
        params=float(totals["params"]),
        params_active=float(totals["params_active"]),
        params_non_embedding=float(totals["params_non_embedding"]),
        mac_per_token=float(totals["macs_per_token"]),
        mac_per_token_per_context=float(totals["macs_per_token_per_context"]),
        kv_elem_per_token=float(totals["kv_elems_per_token"]),
        cut_elem_per_token=float(value["cut_elems_per_token"]),
        logit_elem=float(value["logit_elems"]),
        block=MappingProxyType({key: float(item) for key, item in value["per_block"].items()}),
        embedding_params=float(value["embedding"]["params"]),
        head_params=float(head["params"]),
        head_mac_per_token=float(head["macs_per_token"]),
        config=MappingProxyType(config),
    )
