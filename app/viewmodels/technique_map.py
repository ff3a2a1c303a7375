"""The taxonomy as a map, a search and a count; which leaves a design can use."""

from __future__ import annotations

__all__ = ["KIND_WORDS", "Kind", "count_line", "kind_of", "matches", "technique_map_model"]

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal

from text import plain

from taxonomy import Axis, Node, Technique, load_taxonomy

Kind = Literal["use", "choice", "text"]
KIND_WORDS: dict[Kind, str] = {
    "use": "can be switched on here",
    "choice": "expressed by a choice",
    "text": "described only",
}


def kind_of(node: Node) -> Kind:
    """Say how the program treats a leaf.

    Examples
    --------
    >>> kind_of(load_taxonomy().nodes["prune-structured"])
    'use'
    """
    if isinstance(node, Technique) and node.is_executable:
        return "use"
    if isinstance(node, Technique) and node.modelled_by:
        return "choice"
    return "text"


@lru_cache(maxsize=1)
def count_line() -> str:
    """Count the leaves by what the program makes of them."""
    leaves = load_taxonomy().techniques.values()
    counts = {kind: sum(kind_of(leaf) == kind for leaf in leaves) for kind in KIND_WORDS}
    parts = ", ".join(f"{counts[kind]} {words}" for kind, words in KIND_WORDS.items())
    return f"{len(load_taxonomy().techniques)} leaves: {parts}"


@lru_cache(maxsize=1)
def _haystacks() -> dict[str, str]:
    found = {}
    for key, node in load_taxonomy().nodes.items():
        words = [key, node.name, node.definition, node.model_entry, node.note]
        words += [reference.title for reference in node.references]
        words += [reference.authors or "" for reference in node.references]
        found[key] = " ".join(words).lower()
    return found


def matches(query: str, show: str, chosen: Collection[str]) -> frozenset[str]:
    """Return the leaves that a search and a filter leave.

    Parameters
    ----------
    query
        Words that must all appear in name, definition or references.
    show
        ``all``, a kind, or ``chosen`` for those in the design.
    chosen
        Techniques of the design.
    """
    words = query.lower().split()
    return frozenset(
        key
        for key, leaf in load_taxonomy().techniques.items()
        if (show == "all" or show == kind_of(leaf) or (show == "chosen" and key in chosen))
        and all(word in _haystacks()[key] for word in words)
    )


def technique_map_model(
    selected: str, chosen: Collection[str], shown: Collection[str]
) -> dict[str, Any]:
    """Build the mapping that ``components.techmap`` draws.

    Parameters
    ----------
    selected
        Node shown beside the map.
    chosen
        Techniques of the design.
    shown
        Leaves that are on the map; a branch without any is left out.
    """
    taxonomy = load_taxonomy()
    root = next(iter(taxonomy.nodes))
    layers = []
    for layer in taxonomy.children(root):
        boxes: dict[str, list[Technique]] = {}
        for leaf in taxonomy.leaves(layer.id):
            if leaf.id in shown:
                boxes.setdefault(str(leaf.parent), []).append(leaf)
        if not boxes:
            continue
        layers.append(
            {
                "id": layer.id,
                "name": plain(layer.name, 80),
                "hint": plain(layer.definition, 200),
                "groups": [_box(key, layer.id, leaves, chosen) for key, leaves in boxes.items()],
            }
        )
    return {"alt": f"Map of the taxonomy: {count_line()}", "selected": selected, "layers": layers}


def _box(
    key: str,
    layer: str,
    leaves: list[Technique],
    chosen: Collection[str],
) -> dict[str, Any]:
    taxonomy = load_taxonomy()
    branch = taxonomy.nodes[key]
    path = [node.name for node in taxonomy.path(key)[2:]]
    one = isinstance(branch, Axis) and branch.select == "one"
    return {
        "id": key,
        "name": "" if key == layer else plain(" › ".join(path), 80),
        "rule": "one at most" if one else "",
        "hint": plain(branch.definition, 200),
        "items": [
            {
                "id": leaf.id,
                "name": plain(leaf.name, 70),
                "kind": kind_of(leaf),
                "on": leaf.id in chosen,
                "hint": plain(leaf.definition, 200),
            }
            for leaf in leaves
        ],
    }
