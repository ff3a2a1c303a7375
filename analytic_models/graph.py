"""Check a table of bindings and run it over arrays of cases.

A binding names a quantity, gives its unit and says which law makes it from which named inputs. The
graph refuses, when it is built, unknown, duplicate, unused and wrongly-united names.
"""

from __future__ import annotations

__all__ = [
    "AppliedEffect",
    "Binding",
    "Bound",
    "Graph",
    "Law",
    "bind",
    "either",
    "law_units",
    "q",
    "total",
]

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import repeat

import numpy as np

from analytic_models.errors import Problem, UnitError, WiringError
from analytic_models.graph_bindings import (
    AppliedEffect,
    Binding,
    Bound,
    Law,
    bind,
    either,
    law_units,
    q,
    total,
)
from analytic_models.graph_recent import Recent
from analytic_models.units import Array, Unit, unit_of_name

# Of a plan: quantities wanted, quantities given, and what is known of the flags.
_Key = tuple[frozenset[str], frozenset[str], tuple[bool | None, ...]]
# A binding, what makes its value, and the names that nothing after it reads.
_Step = tuple[Binding, Callable[[Mapping[str, Array]], Array], Sequence[str]]
# Sets of changed inputs whose dependents are remembered.
_PARTS_KEPT = 256


def _state(flag: Array | None) -> bool | None:
    """Whether a flag is set for every case; None where it is not known or differs among cases."""
    if flag is None or (isinstance(flag, np.ndarray) and flag.ndim):
        return None
    return bool(flag > 0)


@dataclass(frozen=True)
class _Plan:
    """Bindings in running order, the names that each reads, and those that nothing later reads."""

    bindings: tuple[Binding, ...]
    read: tuple[tuple[str, ...], ...]
    drops: tuple[tuple[str, ...], ...]
    chosen: tuple[Callable[[Mapping[str, Array]], Array], ...]
    _parts: dict[frozenset[str], tuple[_Step, ...]] = field(default_factory=dict)

    def steps(self, keep_all: bool) -> Iterable[_Step]:
        """Return every step, with what to let go of after it unless everything is kept."""
        drops = repeat(()) if keep_all else self.drops
        return zip(self.bindings, self.chosen, drops, strict=False)

    def touched_by(self, changed: frozenset[str]) -> tuple[_Step, ...]:
        """Return the steps whose value may depend on some columns."""
        if changed not in self._parts:
            touched, part = set(changed), []
            for names, step in zip(self.read, self.steps(keep_all=True), strict=True):
                if not touched.isdisjoint(names):
                    touched.add(step[0].name)
                    part.append(step)
            if len(self._parts) >= _PARTS_KEPT:
                self._parts.clear()
            self._parts[changed] = tuple(part)
        return self._parts[changed]


def _compute(
    steps: Iterable[_Step],
    values: dict[str, Array],
    effects: Mapping[str, Sequence[AppliedEffect]],
) -> None:
    """Apply laws and effects one after the other, and let go of what each step is the last to read.

    Unstable or undefined rows carry inf and nan on purpose.
    """
    with np.errstate(all="ignore"):
        for binding, law, last_used in steps:
            value = law(values)
            # Laws work several times faster on a number than on an array without dimensions.
            if type(value) is np.ndarray and not value.ndim:
                value = value[()]
            if binding.hook:
                for effect in effects.get(binding.hook, ()):
                    value = effect(value)
            values[binding.name] = value
            for name in last_used:
                del values[name]


@dataclass(frozen=True)
class Graph:
    """A checked table of bindings over named input columns.

    Parameters
    ----------
    sources
        Unit of every input column.
    bindings
        The table; its order does not matter.
    outputs
        Quantities that nothing else uses because people read them.

    Raises
    ------
    WiringError
        With every unknown, duplicate, unused or wrongly-united name.
    """

    sources: Mapping[str, Unit]
    bindings: Sequence[Binding]
    outputs: Collection[str]
    table: Mapping[str, Binding] = field(init=False)
    order: tuple[str, ...] = field(init=False)
    _flags: tuple[str, ...] = field(init=False)
    _plans: dict[_Key, _Plan] = field(init=False, default_factory=dict)
    _recent: Recent = field(init=False, default_factory=Recent, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", {b.name: b for b in self.bindings})
        flags = dict.fromkeys(flag for b in self.bindings for flag, _ in b.choices)
        object.__setattr__(self, "_flags", tuple(flags))
        problems = self._name_problems() or self._unit_problems()
        if problems:
            raise WiringError(problems)
        try:
            found = TopologicalSorter({b.name: b.needs for b in self.bindings}).static_order()
            order = tuple(name for name in found if name in self.table)
        except CycleError as error:
            raise WiringError(f"the table has a cycle: {error.args[1]}") from None
        object.__setattr__(self, "order", order)

    def unit(self, name: str) -> Unit:
        """Return the unit of a quantity or an input column."""
        return self.table[name].unit if name in self.table else self.sources[name]

    def _name_problems(self) -> list[Problem]:
        problems = []
        seen: set[str] = set()
        used = set(self.outputs)
        for binding in self.bindings:
            if binding.name in seen or binding.name in self.sources:
                problems.append(Problem(binding.name, "is declared twice"))
            seen.add(binding.name)
            used.update(binding.needs)
        known = seen | set(self.sources)
        for binding in self.bindings:
            for name in binding.needs:
                if name not in known:
                    problems.append(Problem(binding.name, f"needs {name!r}, which nothing makes"))
        problems += [Problem(name, "is used by nothing") for name in sorted(known - used)]
        problems += [
            Problem(name, "is an output that nothing makes")
            for name in sorted(set(self.outputs) - known)
        ]
        return problems

    def _unit_problems(self) -> list[Problem]:
        problems = []
        for name, unit in [*self.sources.items(), *((b.name, b.unit) for b in self.bindings)]:
            try:
                if not unit_of_name(name).agrees(unit):
                    problems.append(
                        Problem(name, f"is declared in {unit} but its name says otherwise")
                    )
            except UnitError as error:
                problems.append(Problem(name, str(error)))
        for binding in self.bindings:
            for bound in binding.laws:
                problems += self._edge_problems(binding, bound)
        return problems

    def _edge_problems(self, binding: Binding, bound: Bound) -> list[Problem]:
        if bound.law is total:
            wanted: Mapping[str, Unit] = dict.fromkeys(bound.inputs, binding.unit)
            result = binding.unit
        else:
            wanted, result = law_units(bound.law)
        problems = []
        if set(wanted) != set(bound.inputs):
            missing = sorted(set(wanted) ^ set(bound.inputs))
            problems.append(
                Problem(binding.name, f"{bound.law.__name__} and its inputs differ in {missing}")
            )
            return problems
        if not result.agrees(binding.unit):
            problems.append(Problem(binding.name, f"is in {binding.unit}, its law gives {result}"))
        for parameter, name in bound.inputs.items():
            if not self.unit(name).agrees(wanted[parameter]):
                problems.append(
                    Problem(
                        binding.name,
                        f"{bound.law.__name__} wants {parameter} in {wanted[parameter]}, "
                        f"{name} is in {self.unit(name)}",
                    )
                )
        return problems

    def plan(
        self, wanted: Collection[str], columns: Mapping[str, Array] | None = None
    ) -> tuple[Binding, ...]:
        """Return the bindings needed for some quantities, in running order.

        Parameters
        ----------
        columns
            Input columns: laws that their flags rule out need nothing, and quantities among them
            are given. By default every law counts.
        """
        return self._planned(wanted, columns or {})[1].bindings

    def _planned(self, wanted: Collection[str], columns: Mapping[str, Array]) -> tuple[_Key, _Plan]:
        """Return the plan, and what it is remembered by."""
        states = tuple(map(_state, map(columns.get, self._flags)))
        given = frozenset(self.table.keys() & columns.keys())
        key = (frozenset(wanted), given, states)
        if key not in self._plans:
            needs: dict[str, tuple[str, ...]] = {}
            needed = set(wanted)
            for name in reversed(self.order):
                if name in needed and name not in given:
                    needs[name] = self.table[name].needed(columns)
                    needed.update(needs[name])
            plan = tuple(self.table[name] for name in self.order if name in needs)
            seen = set(wanted)
            drops: list[tuple[str, ...]] = []
            for binding in reversed(plan):
                last = [n for n in (*needs[binding.name], binding.name) if n not in seen]
                seen.update(last)
                drops.append(tuple(name for name in last if name in self.table))
            read = tuple(needs[binding.name] for binding in plan)
            chosen = tuple(binding.settled(columns) for binding in plan)
            self._plans[key] = _Plan(plan, read, tuple(reversed(drops)), chosen)
        return key, self._plans[key]

    def run(
        self,
        columns: Mapping[str, Array],
        wanted: Collection[str],
        effects: Mapping[str, Sequence[AppliedEffect]] | None = None,
        *,
        keep_all: bool = True,
    ) -> dict[str, Array]:
        """Compute quantities for one block of cases.

        Parameters
        ----------
        columns
            Input columns, each a number or an array of shape (n,); a quantity among them is given.
        wanted
            Quantities to compute; what they need is computed too and returned with them.
        effects
            Effects per hook, in axis order.
        keep_all
            Whether to return what the wanted quantities need, too; letting go of it early keeps
            the temporaries of a block in the cache.
        """
        effects = effects or {}
        key, plan = self._planned(wanted, columns)
        # Most columns are plain numbers, which are told by their type.
        arrays = [v for v in columns.values() if type(v) is np.ndarray]
        if keep_all and not any(map(np.ndim, arrays)):
            return self._run_single(key, plan, columns, effects)
        # Numbers of numpy divide by zero to inf; those of Python would raise.
        values: dict[str, Array] = {
            name: v if isinstance(v, np.ndarray) and v.ndim else np.float64(v)
            for name, v in columns.items()
        }
        _compute(plan.steps(keep_all), values, effects)
        return values

    def _run_single(
        self,
        key: _Key,
        plan: _Plan,
        columns: Mapping[str, Array],
        effects: Mapping[str, Sequence[AppliedEffect]],
    ) -> dict[str, Array]:
        """Run what depends on the columns that changed since a similar case."""
        values, changed = self._recent.nearest(key, columns, effects) or ({}, None)
        steps = plan.steps(keep_all=True) if changed is None else plan.touched_by(changed)
        fresh = columns if changed is None else changed
        values.update((name, np.float64(columns[name])) for name in fresh)
        _compute(steps, values, effects)
        self._recent.keep(key, columns, effects, values)
        return values
