"""Read the taxonomy files, refuse what they must not say, and serve the tree."""

from __future__ import annotations

__all__ = ["Taxonomy", "load_taxonomy", "read_taxonomy"]

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from taxonomy.audit import tree_faults
from taxonomy.records import Collector, read_axis, read_provenance, read_technique
from taxonomy.schema import (
    HOOKS,
    Axis,
    Node,
    Provenance,
    TaxonomyError,
    Technique,
)


@dataclass(frozen=True)
class Taxonomy:
    """The whole tree, in tree order.

    Parameters
    ----------
    nodes
        Every node by id, parents before children.
    provenance
        What the tree is based on and what its tags mean.
    """

    nodes: Mapping[str, Node]
    provenance: Provenance

    @cached_property
    def axes(self) -> Mapping[str, Axis]:
        """Branches by id, in tree order."""
        return MappingProxyType({k: n for k, n in self.nodes.items() if isinstance(n, Axis)})

    @cached_property
    def techniques(self) -> Mapping[str, Technique]:
        """Leaves by id, in tree order."""
        return MappingProxyType({k: n for k, n in self.nodes.items() if isinstance(n, Technique)})

    @cached_property
    def executable(self) -> Mapping[str, Technique]:
        """Leaves with at least one effect, by id, in the order in which effects are applied."""
        return MappingProxyType({k: t for k, t in self.techniques.items() if t.is_executable})

    @property
    def hooks(self) -> tuple[str, ...]:
        """Names of the hooks that an effect may act on."""
        return tuple(HOOKS)

    def children(self, id: str) -> tuple[Node, ...]:
        """Return the children of a node in their order.

        Raises
        ------
        KeyError
            If there is no such node.
        """
        parent = self.nodes[id].id
        return tuple(node for node in self.nodes.values() if node.parent == parent)

    def path(self, id: str) -> tuple[Node, ...]:
        """Return the nodes from the root down to ``id``, both included.

        Raises
        ------
        KeyError
            If there is no such node.
        """
        chain = [self.nodes[id]]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.nodes[parent])
        return tuple(reversed(chain))

    def leaves(self, id: str) -> tuple[Technique, ...]:
        """Return the leaves at or below a node, in tree order.

        Raises
        ------
        KeyError
            If there is no such node.
        """
        node = self.nodes[id]
        if isinstance(node, Technique):
            return (node,)
        return tuple(leaf for child in self.children(id) for leaf in self.leaves(child.id))


@cache
def load_taxonomy() -> Taxonomy:
    """Return the taxonomy that ships with the package; read once.

    Raises
    ------
    TaxonomyError
        With every fault found in the files.

    Examples
    --------
    >>> len(load_taxonomy().nodes)
    140
    """
    return read_taxonomy(files("taxonomy"))


def read_taxonomy(folder: Path | Traversable) -> Taxonomy:
    """Read ``axes.toml`` and ``techniques/*.toml`` of a folder.

    Parameters
    ----------
    folder
        Folder that holds both.

    Raises
    ------
    TaxonomyError
        With every fault found: file and key path, message, what is allowed.
    """
    collector = Collector()
    top = _parse(folder / "axes.toml", "axes.toml", collector)
    collector.refuse_unknown("axes.toml", top, ("provenance", "axis"))
    provenance = read_provenance("axes.toml: provenance", top.get("provenance"), collector)
    nodes: list[Node] = [
        read_axis(f"axes.toml: {_label('axis', i, row)}", row, collector)
        for i, row in enumerate(top.get("axis", ()))
    ]
    entries = (folder / "techniques").iterdir()
    for file in sorted((f for f in entries if f.name.endswith(".toml")), key=lambda f: f.name):
        name = f"techniques/{file.name}"
        content = _parse(file, name, collector)
        collector.refuse_unknown(name, content, ("technique",))
        for i, row in enumerate(content.get("technique", ())):
            path = f"{name}: {_label('technique', i, row)}"
            leaf = read_technique(path, row, collector)
            if leaf.parent != file.name.removesuffix(".toml"):
                collector.add(f"{path}.parent", "does not match the file's name", file.name)
            nodes.append(leaf)
    faults = collector.faults or tree_faults(nodes)
    if faults:
        raise TaxonomyError(faults)
    return Taxonomy(MappingProxyType(_in_tree_order(nodes)), provenance)


def _label(table: str, index: int, row: Mapping[str, Any]) -> str:
    return str(row["id"]) if isinstance(row.get("id"), str) else f"{table}[{index}]"


def _parse(file: Path | Traversable, name: str, collector: Collector) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        collector.add(name, "file is missing")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        collector.add(name, f"not TOML: {error}")
    raise TaxonomyError(collector.faults)


def _in_tree_order(nodes: list[Node]) -> dict[str, Node]:
    children: dict[str | None, list[Node]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node)
    ordered: dict[str, Node] = {}

    def visit(node: Node) -> None:
        ordered[node.id] = node
        for child in sorted(children.get(node.id, ()), key=lambda n: n.order):
            visit(child)

    for root in children[None]:
        visit(root)
    return ordered
