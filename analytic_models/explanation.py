"""Tell how a number came about: the tree of laws and facts that made it."""

from __future__ import annotations

__all__ = ["Difference", "Node", "diff", "explain"]

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analytic_models.batch import Batch, batch_of, column_origins
from analytic_models.catalog import Catalog, Fact
from analytic_models.design import TIERS, Case
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import QUANTITIES, Evaluation, evaluate, run_batch
from analytic_models.explanation_laws import law_formula, law_references, law_summary
from analytic_models.fields import declared_fields
from analytic_models.graph import Binding
from analytic_models.laws.compute import roofline_time
from analytic_models.origins import Looked, Origin
from analytic_models.pipeline import LABELS, PIPELINE
from analytic_models.segments import LayerTimes
from analytic_models.user_data import UserData


@dataclass(frozen=True)
class Node:
    """One number of an explanation.

    Parameters
    ----------
    quantity, label, value, unit
        Name, words, number and unit symbol.
    law, formula, references
        Law that made it, its formula as LaTeX, and ids of its sources; empty for leaves.
    effects
        Techniques that changed it after the law, in order.
    origin
        ``computed`` for inner nodes; the kind of origin for leaves.
    facts
        Facts behind a leaf.
    note
        One sentence for people.
    children
        What the law was given.
    """

    quantity: str
    label: str
    value: float
    unit: str
    law: str = ""
    formula: str = ""
    references: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    origin: str = "computed"
    facts: tuple[Fact, ...] = ()
    note: str = ""
    low: float = math.nan
    high: float = math.nan
    children: tuple[Node, ...] = ()
    compute: Callable[[Sequence[float]], float] | None = field(
        default=None, repr=False, compare=False
    )

    def recompute(self) -> float:
        """Compute the number again from the leaves below it."""
        if self.compute is None:
            return self.value
        return self.compute([child.recompute() for child in self.children])

    def leaves(self) -> Iterator[Node]:
        """Yield the leaves below, each quantity once."""
        seen: set[str] = set()
        stack = [self]
        while stack:
            node = stack.pop()
            if not node.children and node.quantity not in seen:
                seen.add(node.quantity)
                yield node
            stack.extend(reversed(node.children))

    def to_dict(self) -> dict[str, Any]:
        """Return the tree as plain JSON values; what is not finite becomes null."""
        plain: dict[str, Any] = {
            "quantity": self.quantity,
            "label": self.label,
            "value": self.value if math.isfinite(self.value) else None,
            "unit": self.unit,
            "origin": self.origin,
        }
        for name in ("law", "formula", "note"):
            if getattr(self, name):
                plain[name] = getattr(self, name)
        if self.references:
            plain["references"] = list(self.references)
        if self.effects:
            plain["effects"] = list(self.effects)
        if self.facts:
            plain["facts"] = [
                {
                    "entity": f.entity,
                    "field": f.field,
                    "basis": f.basis,
                    "written": f.written,
                    "source": f.source,
                    "where": f.where,
                    "origin": f.origin,
                }
                for f in self.facts
            ]
        if self.children:
            plain["children"] = [child.to_dict() for child in self.children]
        return plain

    def to_text(self, depth: int = 3, indent: int = 0) -> str:
        """Return the tree as indented text, down to ``depth`` levels below the root."""
        mark = f" [{self.origin}]" if not self.children else ""
        law = f"  = {self.law}" if self.law else ""
        lines = [f"{'  ' * indent}{self.label}: {self.value:.6g} {self.unit}{mark}{law}"]
        lines += [f"{'  ' * (indent + 1)}changed by {name}" for name in self.effects]
        for fact in self.facts:
            basis = f" ({fact.basis})" if fact.basis else ""
            words = f"{fact.entity} {fact.field}{basis}: {fact.written}"
            lines.append(f"{'  ' * (indent + 1)}{words}, {fact.source}, {fact.where}")
        if not self.facts and self.note and not self.children:
            lines.append(f"{'  ' * (indent + 1)}{self.note}")
        if depth > 0:
            lines += [child.to_text(depth - 1, indent + 1) for child in self.children]
        return "\n".join(lines)


def explain(
    evaluation: Evaluation | Case,
    quantity: str,
    case: int = 0,
    *,
    layers: bool = True,
    catalog: Catalog | None = None,
) -> Node:
    """Return the tree behind a quantity of one case.

    Parameters
    ----------
    evaluation
        An evaluation, of which ``case`` is a row, or a case itself.
    quantity
        Name of the quantity.
    layers
        Whether a segment's time is opened down to its layers.

    Raises
    ------
    DesignError
        If the name is not a quantity.

    Notes
    -----
    The case is run alone through the same table, and the tree is read from the bindings that ran.
    """
    if quantity not in QUANTITIES:
        raise DesignError(Problem(quantity, "is not a quantity", ", ".join(QUANTITIES)))
    chosen = evaluation if isinstance(evaluation, Case) else evaluation.case(case)
    catalog = chosen.catalog(catalog)
    batch = batch_of(
        chosen.scenario, DesignSet.of(chosen.design), None, exact_tail=True, catalog=catalog
    )
    result = run_batch(batch)
    return _Explainer(result, catalog, layers).node(quantity)


class _Explainer:
    """Build the nodes of one evaluated case, each quantity once."""

    def __init__(self, result: Evaluation, catalog: Catalog, layers: bool) -> None:
        self.result, self.layers = result, layers
        self.batch: Batch = result.batch
        self.origins: Mapping[str, Looked] = {
            **self.batch.origins,
            **column_origins(self.batch, catalog),
        }
        self.done: dict[str, Node] = {}

    def node(self, name: str) -> Node:
        if name not in self.done:
            binding = PIPELINE.table.get(name)
            self.done[name] = self._leaf(name) if binding is None else self._inner(binding)
        return self.done[name]

    def _leaf(self, name: str) -> Node:
        value = self.result.value(name)
        looked = self.origins.get(name, Looked(value, Origin("computed")))
        unit = str(PIPELINE.unit(name))
        tier, _, what = name.partition("_")
        if what == "segment_s" and tier in TIERS and value > 0:
            table = self.batch.tables[
                tier, getattr(self.batch.designs.design(), f"{tier}_precision")
            ]
            return self._segment(name, tier, table, value)
        return Node(
            name,
            LABELS[name],
            value,
            unit,
            origin=looked.origin.kind,
            facts=looked.origin.facts,
            note=looked.origin.note,
            low=looked.low,
            high=looked.high,
        )

    def _inner(self, binding: Binding) -> Node:
        bound = binding.chosen(self.result.value)
        names = tuple(bound.inputs.values())
        applied = self.batch.effects.get(binding.hook, ()) if binding.hook else ()

        def compute(values: Sequence[float]) -> float:
            with np.errstate(all="ignore"):
                result = bound(dict(zip(names, map(np.float64, values), strict=True)))
                for effect in applied:
                    result = effect(result)
            return float(result)

        return Node(
            binding.name,
            LABELS[binding.name],
            self.result.value(binding.name),
            str(binding.unit),
            law=law_summary(bound.law),
            formula=law_formula(bound.law),
            references=law_references(bound.law),
            effects=tuple(effect.technique for effect in applied),
            children=tuple(self.node(name) for name in names),
            compute=compute,
        )

    def _segment(self, name: str, tier: str, table: LayerTimes, value: float) -> Node:
        """Open a segment's time into its layers, and every layer into its roofline."""
        design = self.batch.designs.design()
        first, last = {
            "device": (0, design.cut1),
            "edge": (design.cut1, design.cut2),
            "cloud": (design.cut2, len(table.dnn.boundary_row) - 1),
        }[tier]
        rows = range(int(table.dnn.boundary_row[first]), int(table.dnn.boundary_row[last]))
        note = f"{len(rows)} layers of {table.dnn.label} on {table.machine} at {table.precision}"
        measured = self.batch.scenario.timing == "measured"
        children: tuple[Node, ...] = ()
        if self.layers:
            children = tuple(self._layer(table, row, measured) for row in rows)
        return Node(
            name,
            LABELS[name],
            value,
            "s",
            law="Sum over the layers",
            formula=r"\textstyle\sum_v t_v",
            note=note,
            children=children,
            compute=math.fsum if children else None,
        )

    def _layer(self, table: LayerTimes, row: int, measured: bool) -> Node:
        name, kind = table.dnn.name[row], table.dnn.operator_type[row]
        label = f"{name} ({kind})"
        value = float(table.time_s[row])
        if measured:
            return Node(
                f"layer.{row}",
                label,
                value,
                "s",
                origin="measured",
                note=str(table.dnn.source.get("title", "")),
            )
        one = Looked(1.0, Origin("convention", (), "no arithmetic to speak of"))
        parts = (
            (
                "work",
                "Work",
                "op",
                Looked(
                    float(table.work_op[row]), Origin("computed", (), "two per multiply-accumulate")
                ),
            ),
            ("peak", "Peak rate", "op/s", table.peak),
            (
                "compute_efficiency",
                "Share of the peak",
                "frac",
                table.compute_efficiency.get(kind, one),
            ),
            (
                "traffic",
                "Bytes moved",
                "byte",
                Looked(
                    float(table.traffic_byte[row]),
                    Origin("computed", (), "weights and activations, once each"),
                ),
            ),
            ("bandwidth", "Memory bandwidth", "byte/s", table.bandwidth),
            ("memory_efficiency", "Share of the bandwidth", "frac", table.memory_efficiency[kind]),
            ("launch", "Launch overhead", "s", table.launch),
        )
        children = tuple(
            Node(
                f"layer.{row}.{key}",
                words,
                looked.value,
                unit,
                origin=looked.origin.kind,
                facts=looked.origin.facts,
                note=looked.origin.note,
                low=looked.low,
                high=looked.high,
            )
            for key, words, unit, looked in parts
        )
        return Node(
            f"layer.{row}",
            label,
            value,
            "s",
            law=law_summary(roofline_time),
            formula=law_formula(roofline_time),
            references=law_references(roofline_time),
            children=children,
            compute=lambda values: float(roofline_time(*values)),
        )


@dataclass(frozen=True)
class Difference:
    """What one changed input contributes to the difference between two cases.

    Parameters
    ----------
    path
        Field that differs.
    before, after
        Its two values.
    contribution
        Change of the quantity when this field is switched, after all earlier ones.
    """

    path: str
    label: str
    before: Any
    after: Any
    contribution: float


def _user_data_step(
    before: Case, after: Case, quantity: str, catalog: Catalog | None
) -> tuple[list[Difference], Case, Case]:
    """Give both cases the user's data of both, and return what that alone changes."""
    if before.user_data == after.user_data:
        return [], before, after
    own, other = before.user_data or UserData(), after.user_data or UserData()
    both = own.merged(other)
    joined = [replace(case, user_data=both) for case in (before, after)]

    def value(case: Case) -> float:
        return evaluate(case, [quantity], catalog=catalog).value(quantity)

    share = value(joined[0]) - value(before) + value(after) - value(joined[1])
    step = Difference("user_data", "Your data", own.summary(), other.summary(), share)
    return [step], joined[0], joined[1]


def diff(
    before: Case, after: Case, quantity: str = "latency_mean_s", catalog: Catalog | None = None
) -> tuple[Difference, ...]:
    """Return the fields that differ between two cases and what each contributes.

    Fields are switched one at a time in the order of their declaration, scenario first, so that the
    contributions add up to the whole difference. A step whose case is not valid alone (cuts that
    cross) is taken together with the next one.

    Parameters
    ----------
    quantity
        Quantity whose change is shared out.
    """
    steps, before, after = _user_data_step(before, after, quantity, catalog)
    value = evaluate(before, [quantity], catalog=catalog).value(quantity)
    current, pending = before, []
    for part in ("scenario", "design"):
        old, new = getattr(before, part), getattr(after, part)
        names = {**declared_fields(type(old)), **({"techniques": None} if part == "design" else {})}
        for name, declared in names.items():
            first, second = getattr(old, name), getattr(new, name)
            if first == second:
                continue
            pending.append(
                (part, name, declared.label if declared else "Techniques", first, second)
            )
            try:
                changes = {n: s for _, n, _, _, s in pending}
                step = (
                    current.with_scenario(**changes)
                    if part == "scenario"
                    else current.with_design(**changes)
                )
            except DesignError:
                continue
            reached = evaluate(step, [quantity], catalog=catalog).value(quantity)
            for i, (where, n, words, a, b) in enumerate(pending):
                share = reached - value if i == len(pending) - 1 else 0.0
                steps.append(Difference(f"{where}.{n}", words, a, b, share))
            current, value, pending = step, reached, []
    return tuple(steps)
