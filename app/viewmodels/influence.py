"""Facts behind a design, and how far each plausible range moves a quantity of it."""

from __future__ import annotations

__all__ = ["Influence", "influences", "used_facts"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from text import format_quantity, plain

from analytic_models import Case, explain
from analytic_models.catalog import Catalog, Fact
from analytic_models.evaluation import QUANTITIES
from analytic_models.explanation import Node
from viewmodels.current import parsed
from viewmodels.provenance import entity_words, fact_value, field_words

_USED = (
    "latency_p99_s",
    "energy_total_j",
    "cost_usd",
    "carbon_gco2e",
    "accuracy_frac",
    "exposed_frac",
    "device_memory_frac",
    "edge_memory_frac",
    "cloud_memory_frac",
)

FactKey = tuple[str, str, str]


@dataclass(frozen=True)
class Influence:
    """What the range of one fact does to a quantity.

    Parameters
    ----------
    key
        Entity, field and basis of the fact.
    words, value, origin, why
        The fact in words, its value and range, its origin, and why it is assumed or from where.
    low, high
        The quantity at both ends, as text.
    span
        Larger relative change of the two; infinite where an end overloads the design.
    low_value, high_value
        The quantity at both ends in base units.
    """

    key: FactKey
    words: str
    value: str
    origin: str
    why: str
    low: str
    high: str
    span: float
    low_value: float
    high_value: float


def _key(fact: Fact) -> FactKey:
    return fact.entity, fact.field, fact.basis


@lru_cache(maxsize=64)
def _used(case_json: str) -> frozenset[FactKey]:
    found: set[FactKey] = set()
    for quantity in _USED:
        for leaf in explain(parsed(case_json), quantity).leaves():
            # An override carries the fact that it replaces; the design does not rest on it.
            if leaf.origin != "override":
                found.update(_key(fact) for fact in leaf.facts)
    return frozenset(found)


def used_facts(case: Case) -> frozenset[FactKey]:
    """Return the facts on which the key figures of a case rest: entity, field and basis."""
    return _used(case.to_json())


def _nodes(root: Node) -> list[Node]:
    """List every node below a root once, children before parents."""
    done: dict[int, Node] = {}
    waiting = [(root, False)]
    while waiting:
        node, opened = waiting.pop()
        if opened:
            done[id(node)] = node
        elif id(node) not in done:
            waiting.append((node, True))
            waiting.extend((child, False) for child in node.children if id(child) not in done)
    return list(done.values())


def _again(nodes: list[Node], changed: Mapping[int, float]) -> float:
    """Compute the last node again with some leaves changed; untouched branches keep their value."""
    values: dict[int, float] = {}
    moved: set[int] = set(changed)
    for node in nodes:
        if id(node) in changed:
            values[id(node)] = changed[id(node)]
        elif node.compute is not None and any(id(child) in moved for child in node.children):
            values[id(node)] = node.compute([values[id(child)] for child in node.children])
            moved.add(id(node))
        else:
            values[id(node)] = node.value
    return values[id(nodes[-1])]


@lru_cache(maxsize=64)
def _influences(case_json: str, quantity: str) -> tuple[Influence, ...]:
    case = parsed(case_json)
    root, catalog = explain(case, quantity), case.catalog()
    nodes = _nodes(root)
    by_fact: dict[FactKey, tuple[Fact, list[Node]]] = {}
    for node in nodes:
        if len(node.facts) == 1 and not node.children and node.origin != "override":
            fact = node.facts[0]
            if fact.low is not None and fact.high is not None and fact.value > 0:
                by_fact.setdefault(_key(fact), (fact, []))[1].append(node)
    found = []
    for key, (fact, leaves) in by_fact.items():
        assert fact.low is not None
        assert fact.high is not None
        ends = [
            _again(nodes, {id(leaf): leaf.value * end / fact.value for leaf in leaves})
            for end in (fact.low, fact.high)
        ]
        found.append(_influence(key, fact, root.value, ends, quantity, catalog))
    return tuple(sorted(found, key=lambda item: -item.span))


def _influence(
    key: FactKey, fact: Fact, now: float, ends: list[float], quantity: str, catalog: Catalog
) -> Influence:
    unit = str(QUANTITIES[quantity][1])
    changes = [abs(end / now - 1.0) if math.isfinite(end) and now else math.inf for end in ends]
    source = catalog.sources[fact.source]
    why = source.why if source.kind == "assumption" else source.title
    assert fact.low is not None
    assert fact.high is not None
    low, high = (format_quantity(end, fact.unit, 2) for end in (fact.low, fact.high))
    return Influence(
        key,
        f"{entity_words(fact.entity, catalog)}: {field_words(fact.field, fact.basis)}",
        f"{fact_value(fact)}, plausible {low} to {high}",
        fact.origin,
        plain(why, 300),
        *(format_quantity(end, unit).replace("unstable", "overloaded") for end in ends),
        max(changes),
        *ends,
    )


def influences(case: Case, quantity: str = "latency_p99_s") -> tuple[Influence, ...]:
    """Rank the facts with a range by how far the range moves a quantity of a case.

    The quantity is computed again from its explanation tree with one fact at either end of its
    range and all others as they are; nothing of the catalog is changed.

    Parameters
    ----------
    quantity
        Name in the pipeline.
    """
    return _influences(case.to_json(), quantity)
