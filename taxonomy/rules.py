"""Which choices go together: requires, excludes, implies and tensions, in readable words."""

from __future__ import annotations

__all__ = ["Severity", "Violation", "check", "given_by_placement"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from taxonomy.load import Taxonomy, load_taxonomy
from taxonomy.schema import Axis, Node

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Violation:
    """One rule that a selection breaks or strains.

    Parameters
    ----------
    kind
        ``unknown``, ``requires``, ``excludes``, ``select``, ``implies`` or ``tension``.
    severity
        ``error``: must not be evaluated; ``warning``: allowed, but the two work against each
        other; ``note``: something follows, or depends on scenario and placement.
    ids
        The nodes concerned, the one that states the rule first.
    message
        What is wrong, in words.
    resolve
        What would resolve it.
    """

    kind: str
    severity: Severity
    ids: tuple[str, ...]
    message: str
    resolve: str

    def __str__(self) -> str:
        return f"{self.message} {self.resolve}"


def check(selection: Iterable[str], given: Iterable[str] | None = None) -> list[Violation]:
    """Check a selection of techniques against the rules.

    Parameters
    ----------
    selection
        Ids of the techniques chosen; order and repetition do not matter.
    given
        Ids that scenario and placement already provide (see :func:`given_by_placement`). None
        means that they are not known: a requirement that a scenario or a placement would fulfil
        is then a note instead of an error.

    Returns
    -------
    list of Violation
        Errors first, then warnings, then notes; empty where all is well.

    Examples
    --------
    >>> [v.kind for v in check(["prune-structured", "prune-unstructured"])]
    ['select']
    >>> check(["prune-structured"])
    []
    """
    taxonomy = load_taxonomy()
    asked = list(dict.fromkeys(selection))
    found = [_unknown(id) for id in asked if id not in taxonomy.nodes]
    chosen = {id for id in asked if id in taxonomy.nodes}
    context = {id for id in given or () if id in taxonomy.nodes}
    # Tree order makes the answer independent of the order of the selection.
    order = [id for id in taxonomy.nodes if id in chosen]
    present = _with_ancestors(taxonomy, chosen | context)
    for id in order:
        node = taxonomy.nodes[id]
        found += _missing(taxonomy, node, present, given is not None)
        found += _implied(taxonomy, node, present)
    found += _pairs(taxonomy, order, chosen | context)
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda violation: rank[violation.severity])


def given_by_placement(tiers: Iterable[str], application: str | None = None) -> frozenset[str]:
    """Return the ids that a placement and an application provide by themselves.

    Parameters
    ----------
    tiers
        Tiers that do some of the work: ``device``, ``edge``, ``cloud``.
    application
        Id of the application, for example ``app-industrial``.

    Examples
    --------
    >>> sorted(given_by_placement(["cloud"]) - given_by_placement([]))
    ['collab-single-tier', 'tier-cloud']
    """
    names = {"device": "tier-end", "edge": "tier-edge", "cloud": "tier-cloud"}
    used = [name for name in names if name in set(tiers)]
    given = {"res-compute", "res-bandwidth", "res-storage"} | {names[name] for name in used}
    if len(used) == 1:
        given.add("collab-single-tier")
    if len(used) >= 2:
        given |= {"par-model", "ra-partition-inter"}
    if {"edge", "cloud"} <= set(used):
        given.add("collab-edge-cloud")
    if len(used) == len(names):
        given.add("collab-end-edge-cloud")
    if application is not None:
        given.add(application)
    return frozenset(given)


def _unknown(id: str) -> Violation:
    return Violation(
        "unknown",
        "error",
        (id,),
        f"'{id}' is not in the taxonomy.",
        "Choose an existing technique.",
    )


def _with_ancestors(taxonomy: Taxonomy, ids: Iterable[str]) -> set[str]:
    # A chosen leaf also stands for its branches: federated is met by any kind of it.
    return {node.id for id in ids for node in taxonomy.path(id)}


def _missing(
    taxonomy: Taxonomy, node: Node, present: set[str], context_known: bool
) -> list[Violation]:
    found = []
    for target in node.requires:
        if target in present:
            continue
        needed = taxonomy.nodes[target]
        leaves = taxonomy.leaves(target)
        by_choice = any(leaf.is_executable for leaf in leaves)
        by_context = any(leaf.modelled_by for leaf in leaves)
        severity: Severity = "error" if by_choice or (by_context and context_known) else "note"
        if severity == "error":
            message = f"{node.name} requires {needed.name}, which is not there."
        else:
            message = f"{node.name} only makes sense with {needed.name}."
        resolve = _how_to_get(taxonomy, needed)
        found.append(Violation("requires", severity, (node.id, target), message, resolve))
    return found


def _how_to_get(taxonomy: Taxonomy, needed: Node) -> str:
    leaves = taxonomy.leaves(needed.id)
    usable = [leaf.name for leaf in leaves if leaf.is_executable]
    if usable:
        return f"Add {' or '.join(usable)}."
    places = [leaf.modelled_by for leaf in leaves if leaf.modelled_by]
    if places:
        return f"It comes from: {places[0]}."
    return f"It is not modelled, and taken as given: {leaves[0].not_modelled}"


def _implied(taxonomy: Taxonomy, node: Node, present: set[str]) -> list[Violation]:
    return [
        Violation(
            "implies",
            "note",
            (node.id, target),
            f"{node.name} implies {taxonomy.nodes[target].name}, which is not chosen.",
            _how_to_get(taxonomy, taxonomy.nodes[target]),
        )
        for target in node.implies
        if target not in present
    ]


def _pairs(taxonomy: Taxonomy, order: list[str], present: set[str]) -> list[Violation]:
    found = []
    others = [id for id in taxonomy.nodes if id in present]
    for first in order:
        node = taxonomy.nodes[first]
        reasons = {tension.id: tension.why for tension in node.tensions}
        for second in others:
            # A pair of two chosen techniques is reported once, in tree order.
            if second == first or (second in order and order.index(second) < order.index(first)):
                continue
            other = taxonomy.nodes[second]
            if second in node.excludes:
                found.append(_excluded(taxonomy, node, other))
            if second in reasons:
                found.append(
                    Violation(
                        "tension",
                        "warning",
                        (first, second),
                        f"{node.name} works against {other.name}: {reasons[second]}.",
                        "Keep both only if the trade is meant.",
                    )
                )
    return found


def _excluded(taxonomy: Taxonomy, node: Node, other: Node) -> Violation:
    branch = taxonomy.nodes[node.parent] if node.parent == other.parent and node.parent else None
    if isinstance(branch, Axis) and branch.select == "one":
        message = f"{node.name} and {other.name} exclude each other: one choice of {branch.name}."
        kind = "select"
    else:
        message = f"{node.name} and {other.name} exclude each other."
        kind = "excludes"
    resolve = f"Leave out {node.name} or {other.name}."
    return Violation(kind, "error", (node.id, other.id), message, resolve)
