"""What each ONNX operator is in a layer graph: its kind, multiply-accumulates and dimensions."""

from __future__ import annotations

__all__ = ["TRAINABLE", "Reader", "classify"]

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytic_models.layer_graph_reduce import Raw

Shape = tuple[int, ...]
# ONNX numbers of the element types that weights have: floats of 8 to 64 bits, and int8 and uint8.
TRAINABLE = frozenset((1, 2, 3, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23))

_VIEWS = frozenset((
    "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast",
    "CastLike",
))  # fmt: skip
_CONSTANTS = frozenset((
    "Constant", "Shape", "Size", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike", "EyeLike",
))  # fmt: skip
_UNARIES = frozenset((
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BatchNormalization", "Bernoulli",
    "BitwiseNot", "Ceil", "Celu", "Clip", "Cos", "Cosh", "DequantizeLinear",
    "DynamicQuantizeLinear", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish",
    "Hardmax", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "PRelu",
    "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
    "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Trilu",
))  # fmt: skip
_ADDS = frozenset((
    "Add", "Sub", "Max", "Min", "Where", "Equal", "Less", "LessOrEqual", "Greater",
    "GreaterOrEqual", "And", "Or", "Xor", "Sum", "Mean", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
    "BitShift",
))  # fmt: skip
_MULS = frozenset(["Mul", "Div", "Mod", "Pow"])
_MOVES = frozenset((
    "Pad", "GatherElements", "GatherND", "Expand", "Tile", "DepthToSpace", "SpaceToDepth",
    "ScatterND", "ScatterElements", "ReverseSequence", "CumSum", "OneHot", "Compress",
    "CenterCropPad", "TensorScatter",
))  # fmt: skip
_NORMS = frozenset((
    "LayerNormalization", "GroupNormalization", "InstanceNormalization", "RMSNormalization",
    "LRN", "LpNormalization", "MeanVarianceNormalization", "SimplifiedLayerNormalization",
))  # fmt: skip
_SHORT = {
    "BatchNormalization": "bn",
    "DequantizeLinear": "dequantize",
    "QuantizeLinear": "quantize",
}
_LONGEST_NAME = 80


@dataclass
class Reader:
    """One ONNX operator with what is known about the tensors that it reads.

    ``inputs`` are names, ``places`` the rows of known ones, ``constant`` whether each is constant.
    """

    op: str
    attributes: Mapping[str, Any]
    inputs: Sequence[str]
    shapes: Sequence[Shape | None]
    constant: Sequence[bool]
    out: Shape
    missing: list[str] = field(default_factory=list)

    @property
    def elem(self) -> int:
        """Number of elements that it writes."""
        return math.prod(self.out)

    def shape(self, place: int) -> Shape:
        """Return the shape of an input; an unknown one is noted and read as empty."""
        found = self.shapes[place] if place < len(self.shapes) else None
        if found is None:
            self.missing.append(self.inputs[place] if place < len(self.inputs) else f"#{place}")
            return (1, 1, 1)
        return found

    def attribute(self, name: str, default: int) -> int:
        """Return a whole-number attribute."""
        value = self.attributes.get(name, default)
        return value if isinstance(value, int) else default


def _conv_op(groups: int, cin: int, kernel: Shape, transposed: bool) -> str:
    if transposed:
        return "tconv"
    if groups > 1 and groups == cin:
        return "dwconv"
    return "pwconv" if math.prod(kernel) == 1 and groups == 1 else "conv"


def _conv(node: Reader, raw: Raw) -> None:
    transposed = node.op == "ConvTranspose"
    weight = node.shape(3 if node.op == "QLinearConv" else 1)
    groups, kernel = max(1, node.attribute("group", 1)), weight[2:]
    if transposed:
        cin, cout = weight[0], weight[1] * groups
        raw.macs = math.prod(node.shape(0)) * weight[1] * math.prod(kernel)
    else:
        cin, cout = weight[1] * groups, weight[0]
        raw.macs = node.elem * weight[1] * math.prod(kernel)
    raw.op, raw.ops = _conv_op(groups, cin, kernel, transposed), 0
    raw.dims = [cin, cout, *([1] * (2 - len(kernel))), *kernel, groups]


def _gemm(node: Reader, raw: Raw) -> None:
    a, b = node.shape(0), node.shape(1)
    inner = a[0] if node.attribute("transA", 0) else a[-1]
    raw.macs, raw.ops, last = node.elem * inner, 0, max(1, node.out[-1])
    if node.constant[0] or node.constant[1]:
        raw.op, raw.dims = "linear", [inner, last, node.elem // last]
    else:
        raw.op, raw.dims = "matmul", [1, node.elem // last, inner, b[0] if len(b) == 1 else last]


def _matmul(node: Reader, raw: Raw) -> None:
    second = 3 if node.op == "QLinearMatMul" else 1
    inner = node.shape(0)[-1]
    raw.macs, raw.ops = node.elem * inner, 0
    last = max(1, node.out[-1]) if node.out else 1
    if node.constant[second] or node.constant[0]:
        raw.op, raw.dims = "linear", [inner, last, node.elem // last]
        return
    rows = node.out[-2] if len(node.out) > 1 else 1
    raw.op, raw.dims = "matmul", [node.elem // max(1, rows * last), rows, inner, last]


def _einsum(node: Reader, raw: Raw) -> None:
    equation = re.sub(r"\s", "", str(node.attributes.get("equation", "")))
    terms = equation.partition("->")[0].split(",")
    size: dict[str, int] = {}
    for place, term in enumerate(terms):
        size.update(zip(term, node.shape(place), strict=False))
    if len(terms) != 2 or "." in equation:
        raw.op = "other:Einsum"
        return
    raw.op, raw.macs, raw.ops = "matmul", math.prod(size.values()), 0


def _recurrent(node: Reader, raw: Raw) -> None:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[node.op]
    x, weight = node.shape(0), node.shape(1)
    hidden, directions = weight[1] // gates, weight[0]
    steps = x[1] if node.attribute("layout", 0) else x[0]
    raw.op = node.op.lower()
    raw.macs = math.prod(x[:-1]) * directions * gates * hidden * (x[-1] + hidden)
    raw.ops = math.prod(x[:-1]) * directions * hidden * gates * 2
    raw.dims = [x[-1], hidden, 1, directions, steps]


def _attention(node: Reader, raw: Raw) -> None:
    q, k, v = node.shape(0), node.shape(1), node.shape(2)
    if len(q) == 3:
        heads = max(1, node.attribute("q_num_heads", 1))
        shared = max(1, node.attribute("kv_num_heads", heads))
        batch, rows, columns = q[0] * heads, q[1], k[1]
        dk, dv = q[2] // heads, v[2] // shared
    else:
        batch, rows, columns, dk, dv = q[0] * q[1], q[-2], k[-2], q[-1], v[-1]
    raw.op, raw.macs = "attention", batch * rows * columns * (dk + dv)
    raw.ops, raw.dims = 5 * batch * rows * columns, [batch, rows, columns, dk, dv]


def _gather(node: Reader, raw: Raw) -> None:
    table = node.shape(0)
    if node.constant[0]:
        raw.op, raw.dims, raw.ops = "embedding", list(table), 0
    elif node.constant[1] and node.elem < math.prod(table):
        raw.kind, raw.op, raw.ops = "slice", "slice", 0
    else:
        raw.op, raw.ops = "move", 0


def _pool(node: Reader, raw: Raw) -> None:
    raw.op, raw.ops = "pool", math.prod(node.shape(0))
    kernel = node.attributes.get("kernel_shape")
    if isinstance(kernel, list):
        raw.ops = node.elem * math.prod(kernel)


_BY_OP: Mapping[str, Callable[[Reader, Raw], None]] = {
    "Conv": _conv, "ConvInteger": _conv, "QLinearConv": _conv, "ConvTranspose": _conv,
    "Gemm": _gemm, "MatMul": _matmul, "MatMulInteger": _matmul, "QLinearMatMul": _matmul,
    "Einsum": _einsum, "LSTM": _recurrent, "GRU": _recurrent, "RNN": _recurrent,
    "Attention": _attention, "Gather": _gather,
}  # fmt: skip
_POOLS = re.compile(r".*Pool|Reduce\w+|ArgMax|ArgMin|TopK")


def _plain(node: Reader, raw: Raw) -> bool:
    """Set an operator that needs its output's size only; False if it is not one."""
    op, elem = node.op, node.elem
    if op in _VIEWS:
        raw.kind, raw.ops = "view", 0
    elif op in _CONSTANTS:
        raw.kind, raw.preds = "constant", []
    elif op in _UNARIES:
        raw.kind, raw.op = "unary", _SHORT.get(op, op.lower())
    elif op in _ADDS or op in _MULS:
        raw.op = "add" if op in _ADDS else "mul"
    elif op in _MOVES:
        raw.op, raw.ops = "move", 0
    elif op in _NORMS or op in ("Softmax", "LogSoftmax"):
        raw.op, raw.ops = "norm" if op in _NORMS else "softmax", 5 * elem
    elif op == "Concat":
        raw.op, raw.ops = "concat", 0
    elif op in ("Resize", "Upsample", "GridSample"):
        raw.op, raw.ops = "upsample", 4 * elem
    elif op in ("Slice", "Split"):
        raw.kind, raw.op, raw.ops = "slice", "slice", 0
    elif op in ("Range", "ConstantOfShape"):
        raw.op, raw.ops = "move", 0
    else:
        return False
    return True


def classify(node: Reader, domain: str, raw: Raw) -> bool:
    """Fill in what an operator is; False, and a row ``other:Name`` without work, if not known."""
    if domain in ("", "ai.onnx"):
        if node.op in _BY_OP:
            _BY_OP[node.op](node, raw)
            return not raw.op.startswith("other:")
        if _POOLS.fullmatch(node.op):
            _pool(node, raw)
            return True
        if _plain(node, raw):
            return True
    label = f"{domain}.{node.op}" if domain not in ("", "ai.onnx") else node.op
    raw.op, raw.ops = f"other:{tidy(label)}", 0
    return False


def tidy(text: str) -> str:
    """Return a name for people: printable, short, without the slashes of module paths."""
    cleaned = "".join(c if c.isprintable() else "?" for c in text).strip("/")
    return cleaned[-_LONGEST_NAME:]
