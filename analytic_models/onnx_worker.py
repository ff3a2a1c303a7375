"""Infer the shapes of an ONNX file in a process of its own; run as a script.

Standard input holds the file without weights behind one line of JSON with dimensions; standard
output gets the graph as JSON. The inference is foreign compiled code: alone in this process, with
bounded time and memory, a hostile file can stop nothing but itself.
"""

from __future__ import annotations

__all__ = ["main"]

import contextlib
import importlib
import json
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_MEMORY_BYTE = 4 * 2**30
_CPU_S = 60
_MOST_NODES = 50_000
_MOST_VALUES = 1024
REFUSED = 3
# Operators that shapes are computed with.
_EVALUATED = frozenset((
    "Shape", "Size", "Gather", "Concat", "Unsqueeze", "Squeeze", "Slice", "Cast", "Add", "Sub",
    "Mul", "Div", "Mod", "Neg", "Floor", "Ceil", "Min", "Max", "Equal", "Less", "Greater", "Not",
    "And", "Or", "Where", "Range", "ConstantOfShape", "Reshape", "ReduceProd", "Identity", "Expand",
    "Sqrt", "Split", "Transpose", "Flatten", "ReduceSum", "ReduceMax", "LessOrEqual",
    "GreaterOrEqual", "Pow",
))  # fmt: skip


class _RefusedError(Exception):
    """The file cannot be used; the arguments are message and what would be allowed."""


def _limit() -> None:
    """Bound this process where the system can."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTE, _MEMORY_BYTE))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _axes(value: Any) -> list[Any]:  # noqa: ANN401 - a message of an untyped package
    """Return dimensions: a number, a name, or None; raise if the tensor has no shape."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type" or not value.type.tensor_type.HasField("shape"):
        raise _RefusedError(f"input {value.name!r} has no shape", "tensors with a stated shape")
    dims = value.type.tensor_type.shape.dim
    return [getattr(dim, dim.WhichOneof("value") or "", None) or None for dim in dims]


def _symbols(inputs: list[Any]) -> tuple[dict[str, str], set[str]]:
    """Return each unknown axis (``input[axis]`` to its name) and the names used for batches."""
    axes: dict[str, str] = {}
    first, later = set[str](), set[str]()
    for value in inputs:
        for place, dim in enumerate(_axes(value)):
            if isinstance(dim, int) and dim > 0:
                continue
            key = f"{value.name}[{place}]"
            axes[key] = dim if isinstance(dim, str) else key
            (later if place else first).add(axes[key])
    return axes, first - later


def _resolve(inputs: list[Any], given: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """Return a number for every symbolic dimension, and notes on those set to a batch of one."""
    axes, batches = _symbols(inputs)
    unused = set(given) - set(axes) - set(axes.values())
    if unused:
        known = ", ".join(dict.fromkeys(axes.values())) or "none: all dimensions are numbers"
        raise _RefusedError(f"no dimension is called {', '.join(sorted(unused))}", known)
    values: dict[str, int] = {}
    missing: list[str] = []
    for key, name in axes.items():
        if key in given or name in given:
            values[key] = given.get(key, given.get(name, 0))
        elif name in batches:
            values[key] = 1
        else:
            missing.append(f"{name} of input {key.rpartition('[')[0]}")
    if missing:
        raise _RefusedError(
            f"the size of {', '.join(dict.fromkeys(missing))} is open",
            "a number for it: --dim NAME=VALUE",
        )
    batch = sorted({axes[key] for key in values if axes[key] in batches and axes[key] not in given})
    notes = [f"the open first dimension {name} was set to a batch of 1" for name in batch]
    return values | {axes[key]: value for key, value in values.items()}, notes


def _fix_dimensions(model: Any, values: Mapping[str, int]) -> None:  # noqa: ANN401
    """Write numbers over symbolic dimensions everywhere; unknown ones are left to the inference."""
    graph = model.graph
    for group, is_input in ((graph.input, True), (graph.output, False), (graph.value_info, False)):
        for value in group:
            for place, dim in enumerate(value.type.tensor_type.shape.dim):
                key = f"{value.name}[{place}]"
                known = dim.dim_param if dim.HasField("dim_param") else key
                open_axis = not dim.HasField("dim_value") or (is_input and dim.dim_value <= 0)
                if open_axis and is_input:
                    dim.dim_value = values[key]
                elif open_axis and known in values:
                    dim.dim_value = values[known]
                elif open_axis:
                    dim.Clear()


def _captured(graph: Any) -> Iterator[str]:  # noqa: ANN401 - a message of an untyped package
    """Yield names that a nested graph reads from outside."""
    made = {value.name for value in graph.input} | {value.name for value in graph.initializer}
    for node in graph.node:
        yield from (name for name in node.input if name and name not in made)
        for inner in _inner_graphs(node):
            yield from (name for name in _captured(inner) if name not in made)
        made.update(node.output)


def _inner_graphs(node: Any) -> Iterator[Any]:  # noqa: ANN401
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _attributes(node: Any) -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.type == 2:
            found[attribute.name] = attribute.i
        elif attribute.type == 7:
            found[attribute.name] = list(attribute.ints)
        elif attribute.type == 3:
            found[attribute.name] = attribute.s.decode("utf-8", "replace")
        elif attribute.type == 4:
            found[attribute.name] = [list(attribute.t.dims), attribute.t.data_type]
    return found


def _stated(kind: Any) -> list[Any] | None:  # noqa: ANN401
    """Return shape and element type of a tensor type, or None if its shape is not all numbers."""
    tensor = kind.tensor_type
    if kind.WhichOneof("value") != "tensor_type" or not tensor.HasField("shape"):
        return None
    dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    return None if None in dims else [dims, tensor.elem_type]


class _Sizes:
    """Infer shapes operator by operator, following the small numbers that shapes are made of."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        import onnx

        self.onnx, self.graph = onnx, model.graph
        self.opsets = {o.domain or "": o.version for o in model.opset_import}
        self.shapes: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        for value in (*self.graph.input, *self.graph.value_info, *self.graph.output):
            found = _stated(value.type)
            if found:
                self.shapes[value.name] = found
        for weight in self.graph.initializer:
            self._constant(weight.name, weight)

    def _constant(self, name: str, tensor: Any) -> None:  # noqa: ANN401
        self.shapes[name] = [list(tensor.dims), tensor.data_type]
        size = math.prod(tensor.dims)
        held = any(
            len(getattr(tensor, field))
            for field in ("raw_data", "int64_data", "int32_data", "float_data", "double_data")
        )
        if held and size <= _MOST_VALUES:
            with contextlib.suppress(ValueError, TypeError):
                self.values[name] = self.onnx.numpy_helper.to_array(tensor)

    def run(self) -> dict[str, Any]:
        """Return shape and element type of every tensor whose size is known."""
        for node in self.graph.node:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value":
                    self._constant(node.output[0], attribute.t)
            self._infer(node)
            if node.op_type in _EVALUATED and node.domain in ("", "ai.onnx"):
                self._evaluate(node)
        return self.shapes

    def _infer(self, node: Any) -> None:  # noqa: ANN401
        onnx = self.onnx
        version = self.opsets.get(node.domain or "", self.opsets.get("ai.onnx", 0))
        types, data = {}, {}
        for name in filter(None, node.input):
            if name not in self.shapes:
                return
            dims, kind = self.shapes[name]
            types[name] = onnx.helper.make_tensor_type_proto(kind, dims)
            if name in self.values:
                data[name] = onnx.numpy_helper.from_array(self.values[name], name)
        try:
            schema = onnx.defs.get_schema(node.op_type, version, node.domain)
            found = onnx.shape_inference.infer_node_outputs(
                schema, node, types, data, opset_imports=list(self._opset_list())
            )
        except (onnx.defs.SchemaError, onnx.shape_inference.InferenceError):
            return
        for name, kind in found.items():
            stated = _stated(kind)
            # What follows from the operators outweighs what the file states.
            if stated:
                self.shapes[name] = stated

    def _opset_list(self) -> Iterator[Any]:
        for domain, version in self.opsets.items():
            yield self.onnx.helper.make_opsetid(domain, version)

    def _evaluate(self, node: Any) -> None:  # noqa: ANN401
        """Compute small numbers; the size of the result is known and small before it is made."""
        import numpy as np

        out = node.output[0]
        found = self.shapes.get(out)
        if out in self.values or not found or math.prod(found[0]) > _MOST_VALUES:
            return
        if node.op_type == "Shape" and node.input[0] in self.shapes:
            first = next((a.i for a in node.attribute if a.name == "start"), 0)
            last = next((a.i for a in node.attribute if a.name == "end"), None)
            dims = self.shapes[node.input[0]][0][first:last]
            self.values[out] = np.array(dims, dtype=np.int64)
        elif all(name in self.values for name in node.input if name):
            from onnx.reference import ReferenceEvaluator

            given = {name: self.values[name] for name in node.input if name}
            try:
                answer = ReferenceEvaluator(node, opsets=self.opsets).run(None, given)
            except (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError):
                return
            self.values |= dict(zip(node.output, answer, strict=False))


def _document(model: Any, notes: list[str]) -> dict[str, Any]:  # noqa: ANN401
    graph = model.graph
    shapes = _Sizes(model).run()
    constants = {w.name: [list(w.dims), w.data_type] for w in graph.initializer}
    return {
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "opset": next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0),
        "inputs": [v.name for v in graph.input if v.name not in constants],
        "outputs": [v.name for v in graph.output],
        "constants": constants,
        "shapes": shapes,
        "notes": notes,
        "nodes": [
            {
                "op": node.op_type,
                "domain": node.domain,
                "name": node.name,
                "inputs": [*node.input, *(n for g in _inner_graphs(node) for n in _captured(g))],
                "outputs": list(node.output),
                "attributes": _attributes(node),
            }
            for node in graph.node
        ],
    }


def _read(text: bytes, given: Mapping[str, int]) -> dict[str, Any]:
    import onnx
    from onnx import inliner, shape_inference

    undecodable = importlib.import_module("google.protobuf.message").DecodeError
    try:
        model = onnx.load_model_from_string(text)
    except undecodable as error:
        raise _RefusedError(f"is not a readable ONNX file: {error}", "an ONNX file") from None
    if not model.graph.node:
        raise _RefusedError("holds no operator", "an ONNX file with a graph")
    if model.functions:
        model = inliner.inline_local_functions(model)
    if len(model.graph.node) > _MOST_NODES:
        raise _RefusedError(f"has {len(model.graph.node)} operators", f"at most {_MOST_NODES}")
    weights = {w.name for w in model.graph.initializer}
    values, notes = _resolve([v for v in model.graph.input if v.name not in weights], given)
    _fix_dimensions(model, values)
    return _document(shape_inference.infer_shapes(model, data_prop=True), notes)


def main() -> int:
    """Answer one file; 0 with the graph, ``REFUSED`` with message and what is allowed."""
    _limit()
    head, _, text = sys.stdin.buffer.read().partition(b"\n")
    try:
        answer: Any = _read(text, json.loads(head))
        code = 0
    except _RefusedError as error:
        answer, code = list(error.args), REFUSED
    sys.stdout.write(json.dumps(answer))
    return code


if __name__ == "__main__":
    sys.exit(main())
