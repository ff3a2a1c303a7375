"""Faults that only show when all nodes are seen together."""

from __future__ import annotations

__all__ = ["tree_faults"]

from collections import Counter
from collections.abc import Iterable, Sequence

from taxonomy.schema import SETTER_LAWS, Axis, Node, TaxonomyFault, Technique


def tree_faults(nodes: Sequence[Node]) -> list[TaxonomyFault]:
    """Return every fault of the tree.

    Checked: ids are unique, there is one root, parents are branches, siblings have distinct
    orders, edges lead somewhere, ``excludes`` and ``tensions`` are mutual, and no two techniques
    that may be combined set the same hook.

    Parameters
    ----------
    nodes
        All nodes, in any order.
    """
    by_id = {node.id: node for node in nodes}
    faults = [
        TaxonomyFault(key, f"id is used {count} times")
        for key, count in Counter(node.id for node in nodes).items()
        if count > 1
    ]
    roots = [node.id for node in nodes if node.parent is None]
    if len(roots) != 1:
        faults.append(TaxonomyFault("parent", f"{len(roots)} nodes have no parent", "exactly one"))
    orders = Counter((node.parent, node.order) for node in nodes)
    for node in nodes:
        if node.parent is not None and not isinstance(by_id.get(node.parent), Axis):
            faults.append(TaxonomyFault(f"{node.id}.parent", f"{node.parent!r} is no branch"))
        if orders[node.parent, node.order] > 1:
            faults.append(TaxonomyFault(f"{node.id}.order", f"a sibling has {node.order} too"))
        faults += _edge_faults(node, by_id)
    if len(roots) == 1:
        faults += _unreachable(nodes, roots[0])
    return faults + _two_setters(nodes)


def _edge_faults(node: Node, by_id: dict[str, Node]) -> list[TaxonomyFault]:
    faults = []
    edges = {
        "requires": node.requires,
        "excludes": node.excludes,
        "implies": node.implies,
        "tensions": tuple(tension.id for tension in node.tensions),
    }
    for key, targets in edges.items():
        for target in targets:
            where = f"{node.id}.{key}"
            other = by_id.get(target)
            if other is None:
                faults.append(TaxonomyFault(where, f"{target!r} does not exist"))
            elif target == node.id:
                faults.append(TaxonomyFault(where, "points at itself"))
            elif key == "excludes" and node.id not in other.excludes:
                faults.append(TaxonomyFault(where, f"{target!r} does not exclude it in turn"))
            elif key == "tensions" and node.id not in {t.id for t in other.tensions}:
                faults.append(
                    TaxonomyFault(where, f"{target!r} does not state the tension in turn")
                )
    for target in set(node.requires) & set(node.excludes):
        faults.append(TaxonomyFault(node.id, f"requires and excludes {target!r}"))
    return faults


def _unreachable(nodes: Sequence[Node], root: str) -> list[TaxonomyFault]:
    reached = {root}
    waiting = list(nodes)
    while newly := [node for node in waiting if node.parent in reached]:
        reached |= {node.id for node in newly}
        waiting = [node for node in waiting if node.id not in reached]
    lost = (node for node in nodes if node.id not in reached)
    return [TaxonomyFault(f"{node.id}.parent", "does not lead to the root") for node in lost]


def _two_setters(nodes: Iterable[Node]) -> list[TaxonomyFault]:
    faults = []
    setters: dict[str, list[Technique]] = {}
    for node in nodes:
        if isinstance(node, Technique):
            hooks = [effect.on for effect in node.effects if effect.law in SETTER_LAWS]
            if len(set(hooks)) < len(hooks):
                faults.append(TaxonomyFault(f"{node.id}.effects", "set one hook twice"))
            for hook in set(hooks):
                setters.setdefault(hook, []).append(node)
    for hook, leaves in setters.items():
        for i, first in enumerate(leaves):
            for second in leaves[i + 1 :]:
                if second.id not in first.excludes:
                    message = f"sets {hook} as {second.id!r} does, and they may be combined"
                    faults.append(TaxonomyFault(f"{first.id}.effects", message))
    return faults
