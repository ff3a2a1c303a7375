"""Reduce raw operators to the rows of a layer graph, and write it.

Constants are folded into what reads them, views vanish, operators on one tensor are folded into the
row that made it, slices that together feed one row are one. What remains keeps every true edge.
"""

from __future__ import annotations

__all__ = ["Raw", "Rows", "fold_constants", "graph_text", "reduce_rows", "single_tensor_cuts"]

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_COLUMNS = ["op", "name", "shape", "macs", "ops", "params", "preds", "dims", "fused"]
Kind = Literal["input", "constant", "view", "slice", "unary", "row"]


@dataclass
class Raw:
    """One operator before the reduction; ``preds`` are places in the list of operators.

    ``params`` maps each weight tensor to its number of elements; ``made_by`` is the operator's name
    in the file.
    """

    kind: Kind
    op: str
    name: str
    shape: tuple[int, ...]
    preds: list[int] = field(default_factory=list)
    macs: int = 0
    ops: int = 0
    params: dict[str, int] = field(default_factory=dict)
    dims: list[int] = field(default_factory=list)
    dtype: str = "float32"
    fused: list[str] = field(default_factory=list)
    made_by: str = ""

    @property
    def elem(self) -> int:
        """Number of elements that it writes."""
        return math.prod(self.shape)


@dataclass
class Rows:
    """Raw operators during the reduction, in execution order.

    ``root[i]`` is the operator whose tensor ``i`` hands on; ``outputs`` are places of results.
    """

    raws: list[Raw]
    outputs: list[int]
    order: list[int] = field(default_factory=list)
    root: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, raws: list[Raw], outputs: Sequence[int]) -> Rows:
        """Fold constants, forget what no result needs, and look through views."""
        dynamic = fold_constants(raws)
        rows = cls(raws, [i for i in outputs if dynamic[i]])
        rows.drop_dead()
        for i in rows.order:
            source = raws[i].preds[0] if raws[i].kind == "view" else i
            rows.root[i] = rows.root.get(source, i)
        return rows

    def users(self) -> dict[int, list[int]]:
        """Return the operators that read each tensor."""
        found: dict[int, list[int]] = {i: [] for i in self.order}
        for i in self.order:
            if self.root[i] == i:
                for p in dict.fromkeys(self.root[p] for p in self.raws[i].preds):
                    found[p].append(i)
        return found

    def results(self) -> set[int]:
        """Return the operators that make the results."""
        return {self.root[i] for i in self.outputs}

    def settle(self) -> None:
        """Follow chains of tensors that are handed on."""
        for i in self.order:
            seen = i
            while self.root[seen] != seen:
                seen = self.root[seen]
            self.root[i] = seen

    def drop_dead(self) -> None:
        """Forget what no result needs."""
        live, stack = set(), list(self.outputs)
        while stack:
            i = stack.pop()
            if i not in live:
                live.add(i)
                stack += self.raws[i].preds
        self.order = [i for i in range(len(self.raws)) if i in live]


def fold_constants(raws: Sequence[Raw]) -> list[bool]:
    """Move parameters of constants to what reads them; return which operators are not constant."""
    dynamic = [False] * len(raws)
    carried: list[dict[str, int]] = [{} for _ in raws]
    for i, raw in enumerate(raws):
        dynamic[i] = raw.kind == "input" or (
            raw.kind != "constant" and any(dynamic[p] for p in raw.preds)
        )
        held: dict[str, int] = {}
        for p in raw.preds:
            if not dynamic[p]:
                held |= carried[p]
        if not dynamic[i]:
            carried[i] = held | raw.params
            continue
        raw.params = raw.params | held
        raw.preds = list(dict.fromkeys(p for p in raw.preds if dynamic[p]))
        one_sided = raw.op in ("add", "mul") and raw.kind == "row" and len(raw.preds) == 1
        if one_sided and raw.elem == raws[raw.preds[0]].elem:
            raw.kind = "unary"
    return dynamic


def _merge_slices(rows: Rows) -> None:
    """Let slices of one tensor that together feed one row vanish."""
    users, results = rows.users(), rows.results()
    for i in rows.order:
        readers = users[i]
        slices = [k for k in readers if rows.raws[k].kind == "slice"]
        if len(slices) < 2 or len(slices) != len(readers) or results.intersection(slices):
            continue
        targets = {tuple(users[k]) for k in slices}
        if len(targets) == 1 and len(next(iter(targets))) == 1:
            for k in slices:
                rows.root[k] = i
    rows.settle()


def _fold_unaries(rows: Rows) -> None:
    """Fold operators on one tensor into the row that makes it, if nothing else reads that."""
    users, results = rows.users(), rows.results()
    into: dict[int, int] = {}
    for i in rows.order:
        raw = rows.raws[i]
        if rows.root[i] != i or raw.kind != "unary":
            continue
        p = rows.root[raw.preds[0]]
        p = into.get(p, p)
        made = rows.raws[p]
        alone = len(users[p]) == 1 and p not in results
        if made.kind == "input" or not alone or made.elem != raw.elem:
            continue
        bias = raw.op == "add" and made.op == "linear" and not made.fused and bool(raw.params)
        scale = made.op == "norm" and bool(raw.params) and raw.op in ("add", "mul")
        made.params = made.params | raw.params
        if not (bias or scale):
            made.ops += raw.ops
            made.fused += [raw.op, *raw.fused]
        users[p] = users[i]
        rows.root[i] = into[i] = p
        if i in results:
            results.add(p)
    rows.settle()


def _short(shape: Sequence[int]) -> list[int]:
    return list(shape[1:] if len(shape) > 1 and shape[0] == 1 else shape)


def _number(rows: Rows) -> dict[str, Any]:
    """Give the rows numbers and count each parameter once."""
    inputs = [i for i in rows.order if rows.raws[i].kind == "input"]
    number = {i: -1 - k for k, i in enumerate(inputs)}
    nodes: list[list[Any]] = []
    seen: dict[str, int] = {}
    tied: list[list[int]] = []
    for i in rows.order:
        raw = rows.raws[i]
        if rows.root[i] != i or raw.kind == "input":
            continue
        number[i], params = len(nodes), 0
        for key, count in raw.params.items():
            if key in seen:
                tied.append([seen[key], number[i], count])
            else:
                seen[key], params = number[i], params + count
        preds = list(dict.fromkeys(number[rows.root[p]] for p in raw.preds))
        nodes.append(
            [
                *(raw.op, raw.name, _short(raw.shape), raw.macs, raw.ops, params, preds),
                *(list(raw.dims), list(raw.fused)),
            ]
        )
    shown = [
        {
            "name": rows.raws[i].name,
            "shape": _short(rows.raws[i].shape),
            "dtype": rows.raws[i].dtype,
        }
        for i in inputs
    ]
    outputs = sorted({number[i] for i in rows.results()} - set(range(-len(inputs), 0)))
    graph = {"inputs": shown, "columns": _COLUMNS, "nodes": nodes, "outputs": outputs}
    return graph | ({"tied": tied} if tied else {})


def single_tensor_cuts(graph: Mapping[str, Any]) -> list[int]:
    """Return the rows after which exactly one tensor is alive; -1 is the cut before the first."""
    nodes, inputs = graph["nodes"], len(graph["inputs"])
    last = dict.fromkeys(range(-inputs, 0), -1) | {i: i for i in range(len(nodes))}
    for i, node in enumerate(nodes):
        for tensor in node[6]:
            last[tensor] = i
    for i in graph["outputs"]:
        last[i] = len(nodes)
    alive, cuts = {t for t in last if t < 0 and last[t] >= 0}, []
    for i in range(-1, len(nodes) - 1):
        alive = {t for t in alive if last[t] > i}
        if i >= 0 and last[i] > i:
            alive.add(i)
        if len(alive) == 1:
            cuts.append(i)
    return cuts


def _totals(graph: Mapping[str, Any]) -> dict[str, int]:
    nodes = graph["nodes"]
    sizes = [math.prod(node[2]) for node in nodes]
    return {
        "macs": sum(node[3] for node in nodes),
        "ops": sum(node[4] for node in nodes),
        "params": sum(node[5] for node in nodes),
        "rows": len(nodes),
        "cuts": len(graph["cuts"]),
        "activation_elems": sum(sizes),
        "peak_row_elems": max(sizes, default=0),
    }


def reduce_rows(rows: Rows) -> dict[str, Any]:
    """Return inputs, columns, nodes, outputs, cuts and totals of a layer graph.

    Parameters
    ----------
    rows
        Operators whose constants are folded; patterns may have been joined already.
    """
    _merge_slices(rows)
    _fold_unaries(rows)
    graph = _number(rows)
    graph["cuts"] = single_tensor_cuts(graph)
    graph["totals"] = _totals(graph)
    return graph


def graph_text(document: Mapping[str, Any]) -> str:
    """Return the JSON text of a layer graph: one row of ``nodes`` per line."""

    def compact(value: object) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    parts = []
    for key, value in document.items():
        if key == "nodes":
            parts.append('"nodes":[\n' + ",\n".join(compact(node) for node in value) + "\n]")
        else:
            parts.append(f"{json.dumps(key)}:{compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
