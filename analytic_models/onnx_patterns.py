"""Recognise what exporters take apart: attention, activations of one tensor, normalisations.

A pattern is joined only where every tensor inside it is read inside it alone, so that nothing
changes but the number of rows: multiply-accumulates and the tensors outside stay what they were.
"""

from __future__ import annotations

__all__ = ["join_patterns"]

from collections.abc import Callable

from analytic_models.layer_graph_reduce import Raw, Rows

_DEEPEST = 16
# Operator inside an activation that takes its input twice, and the name of the whole.
_ACTIVATIONS = (
    ("erf", "gelu"), ("softplus", "mish"), ("tanh", "gelu"), ("sigmoid", "silu"),
    ("hardsigmoid", "hardswish"), ("clip", "hardswish"), ("relu", "hardswish"),
)  # fmt: skip


class _Joiner:
    """Search and join patterns in the rows of one graph."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.results = rows.results()
        # Ordered sets, so that a join costs what it changes.
        self.users = {i: dict.fromkeys(readers) for i, readers in rows.users().items()}

    def sources(self, i: int) -> list[int]:
        """Return the operators whose tensors an operator reads, views skipped, each once."""
        root = self.rows.root
        return list(dict.fromkeys(root[p] for p in self.rows.raws[i].preds))

    def closed(self, region: set[int], last: int) -> bool:
        """Whether tensors inside are read inside alone; ``last`` makes the pattern's result."""
        return all(
            i not in self.results and all(k in region for k in self.users[i])
            for i in region - {last}
        )

    def elementwise(self, i: int, elem: int) -> bool:
        raw = self.rows.raws[i]
        cheap = raw.kind == "unary" or (raw.kind == "row" and raw.op in ("add", "mul"))
        return cheap and raw.elem == elem

    def paths(self, start: int, wanted: Callable[[int], bool]) -> tuple[int, set[int]] | None:
        """Walk back from ``start`` over elementwise operators to the one operator wanted.

        Returns it and the operators between; None if there is none or more than one.
        """
        elem, ends, between = self.rows.raws[start].elem, set[int](), set[int]()
        seen: dict[int, bool] = {}

        def walk(i: int, depth: int) -> bool:
            if i in seen:
                return seen[i]
            seen[i] = wanted(i)
            if seen[i]:
                ends.add(i)
            elif depth <= _DEEPEST and self.elementwise(i, elem):
                hits = [walk(p, depth + 1) for p in self.sources(i)]
                seen[i] = any(hits)
                between.update([i] if seen[i] else [])
            return seen[i]

        found = walk(start, 0)
        return (next(iter(ends)), between) if found and len(ends) == 1 else None

    def unary_chain(self, i: int, stop: Callable[[int], bool]) -> tuple[int, list[int]] | None:
        """Walk back over operators on one tensor until ``stop``; return where, and the chain."""
        chain: list[int] = []
        while not stop(i):
            if self.rows.raws[i].kind != "unary" or len(chain) > _DEEPEST:
                return None
            chain.append(i)
            i = self.sources(i)[0]
        return i, chain

    def join(self, last: int, region: set[int], sources: list[int]) -> Raw:
        """Make ``last`` stand for the whole region and read only what lies outside."""
        raw = self.rows.raws[last]
        for i in sorted(region - {last}):
            raw.params = self.rows.raws[i].params | raw.params
        for i in region:
            for p in self.sources(i):
                self.users.get(p, {}).pop(i, None)
        for i in region - {last}:
            del self.users[i]
        raw.preds = list(dict.fromkeys(sources))
        for p in raw.preds:
            self.users[p][last] = None
        return raw

    def outside(self, region: set[int]) -> list[int]:
        found = [p for i in sorted(region) for p in self.sources(i) if p not in region]
        return list(dict.fromkeys(found))


def _scales(joiner: _Joiner, i: int) -> set[int]:
    """Return scalings of one tensor right before a product, which attention absorbs."""
    found: set[int] = set()
    raw = joiner.rows.raws[i]
    while raw.kind == "unary" and raw.op == "mul" and not raw.params and len(joiner.users[i]) == 1:
        found.add(i)
        i = joiner.sources(i)[0]
        raw = joiner.rows.raws[i]
    return found


def _join_attention(joiner: _Joiner, last: int) -> bool:
    """Join product, scale, mask, softmax and product of ``softmax(q k) v``."""
    rows = joiner.rows
    product = rows.raws[last]
    if product.op != "matmul" or len(product.dims) != 4 or not product.preds:
        return False
    soft = joiner.paths(rows.root[product.preds[0]], lambda i: rows.raws[i].op == "softmax")
    if soft is None:
        return False
    before = joiner.sources(soft[0])
    first = joiner.paths(before[0], lambda i: rows.raws[i].op == "matmul" and i != last)
    if first is None or len(before) != 1 or len(rows.raws[first[0]].dims) != 4:
        return False
    inner = rows.raws[first[0]]
    heads, queries, dk, keys = inner.dims
    if product.dims[:3] != [heads, queries, keys]:
        return False
    region = {last, soft[0], first[0]} | soft[1] | first[1]
    for p in (*joiner.sources(first[0]), *joiner.sources(last)):
        region |= _scales(joiner, p) - region
    if not joiner.closed(region, last):
        return False
    product.op, product.macs = "attention", product.macs + inner.macs
    product.ops, product.dims = 5 * heads * queries * keys, [heads, queries, keys, dk]
    product.dims.append(product.elem // max(1, heads * queries))
    joiner.join(last, region, joiner.outside(region))
    return True


def _join_activation(joiner: _Joiner, last: int) -> bool:
    """Join an elementwise operator whose two tensors are both made of one tensor alone."""
    rows = joiner.rows
    raw, sources = rows.raws[last], joiner.sources(last)
    if raw.kind != "row" or raw.op not in ("add", "mul") or not 1 <= len(sources) <= 2:
        return False
    elem = raw.elem
    trails = []
    for i in sources:
        trail = [i]
        while (
            rows.raws[i].kind == "unary"
            and rows.raws[i].elem == elem
            and len(trail) <= _DEEPEST
            and rows.raws[joiner.sources(i)[0]].elem == elem
        ):
            i = joiner.sources(i)[0]
            trail.append(i)
        trails.append(trail)
    common = next((i for i in trails[0] if all(i in trail for trail in trails)), None)
    if common is None or rows.raws[common].elem != elem:
        return False
    region = {last} | {i for trail in trails for i in trail[: trail.index(common)]}
    if not joiner.closed(region, last) or any(rows.raws[i].params for i in region):
        return False
    inside = [rows.raws[i].op for i in region] + [f for i in region for f in rows.raws[i].fused]
    name = next((whole for part, whole in _ACTIVATIONS if part in inside), "mul")
    raw.kind, raw.op, raw.ops = "unary", name, elem
    joiner.join(last, region, [common])
    return True


def _join_halving(joiner: _Joiner, last: int) -> bool:
    """Let the factor of one half behind or inside GELU be part of it."""
    rows = joiner.rows
    raw = rows.raws[last]
    if raw.kind != "unary" or raw.op != "mul" or raw.params:
        return False
    (source,) = joiner.sources(last)
    made = rows.raws[source]
    if made.kind != "unary" or made.op != "gelu" or not joiner.closed({last, source}, last):
        return False
    raw.op = "gelu"
    joiner.join(last, {last, source}, joiner.sources(source))
    return True


def _join_norm(joiner: _Joiner, last: int) -> bool:
    """Join layer or root-mean-square normalisation: a tensor over the root of its mean square."""
    rows = joiner.rows
    raw, sources = rows.raws[last], joiner.sources(last)
    if raw.kind != "row" or raw.op != "mul" or len(sources) != 2:
        return False
    small, whole = sorted(sources, key=lambda i: rows.raws[i].elem)

    def is_mean(i: int) -> bool:
        return rows.raws[i].made_by == "ReduceMean"

    root = joiner.unary_chain(small, is_mean)
    if root is None or rows.raws[whole].elem != raw.elem:
        return False
    if not any(rows.raws[i].op == "sqrt" for i in root[1]):
        return False
    square = joiner.unary_chain(joiner.sources(root[0])[0], lambda i: i == whole)
    if square is None or not square[1]:
        return False
    region = {last, root[0], *root[1], *square[1]}
    inputs = [whole]
    centred = joiner.sources(whole)
    if rows.raws[whole].op == "add" and len(centred) == 2:
        means = [i for i in centred if is_mean(i)]
        bodies = [i for i in centred if not is_mean(i)]
        if means and bodies and joiner.sources(means[0]) == bodies:
            region |= {whole, means[0]}
            inputs = bodies
    if not joiner.closed(region, last):
        return False
    raw.op, raw.ops = "norm", 5 * raw.elem
    joiner.join(last, region, inputs)
    return True


def join_patterns(rows: Rows) -> None:
    """Join every pattern found, in execution order."""
    joiner = _Joiner(rows)
    for attempt in (_join_activation, _join_halving, _join_norm, _join_attention):
        for i in list(rows.order):
            if i in joiner.users and rows.root[i] == i:
                attempt(joiner, i)
    rows.drop_dead()
