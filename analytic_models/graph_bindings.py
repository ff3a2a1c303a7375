"""Bindings of a table: which law makes a quantity from which named inputs."""

from __future__ import annotations

__all__ = [
    "AppliedEffect",
    "Binding",
    "Bound",
    "Law",
    "bind",
    "either",
    "law_units",
    "q",
    "total",
]

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from analytic_models.errors import Problem, WiringError
from analytic_models.units import Array, Unit

Law = Callable[..., Array]


@dataclass(frozen=True)
class Bound:
    """A law with the names of its inputs, parameter by parameter."""

    law: Law
    inputs: Mapping[str, str]

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """Apply the law to named values."""
        return self.law(*map(values.__getitem__, self._names))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Names of the inputs in the order of the law's parameters, so that they go by place."""
        if self.law is total:
            return tuple(self.inputs.values())
        order = inspect.signature(self.law).parameters
        return tuple(self.inputs[name] for name in order if name in self.inputs)


@dataclass(frozen=True)
class Binding:
    """A quantity: name, unit and the law that makes it; or several laws and flags that choose.

    ``more`` are further laws with their flags; the first whose flag is set comes before
    ``alternative``, which its flag ``by`` chooses, and ``bound``, which is left without a flag.
    """

    name: str
    unit: Unit
    bound: Bound
    alternative: Bound | None = None
    by: str = ""
    label: str = ""
    hook: str = ""
    more: tuple[tuple[str, Bound], ...] = ()

    @cached_property
    def choices(self) -> tuple[tuple[str, Bound], ...]:
        """Flags and the laws that they choose, in the order in which they are asked."""
        last = () if self.alternative is None else ((self.by, self.alternative),)
        return (*self.more, *last)

    @property
    def laws(self) -> tuple[Bound, ...]:
        """Every law that may make the quantity."""
        return (self.bound, *(bound for _, bound in self.choices))

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of all inputs, the choosing flags included."""
        names = dict.fromkeys(self.bound.inputs.values())
        for flag, bound in self.choices:
            names |= dict.fromkeys((flag, *bound.inputs.values()))
        return tuple(names)

    def needed(self, columns: Mapping[str, Array]) -> tuple[str, ...]:
        """Names of the inputs of the laws that the flags leave possible for these columns."""
        names: dict[str, None] = {}
        for flag, bound in self.choices:
            state = columns.get(flag)
            if state is not None and not np.ndim(state):
                if state > 0:
                    return tuple(names | dict.fromkeys(bound.inputs.values()))
                continue
            names |= dict.fromkeys((flag, *bound.inputs.values()))
        return tuple(names | dict.fromkeys(self.bound.inputs.values()))

    def settled(self, columns: Mapping[str, Array]) -> Callable[[Mapping[str, Array]], Array]:
        """Return the law that the flags select for every case, or the choice case by case."""
        for flag, bound in self.choices:
            state = columns.get(flag)
            if state is None or np.ndim(state):
                return self.compute
            if state > 0:
                return bound
        return self.bound

    def chosen(self, flag: Callable[[str], float]) -> Bound:
        """Return the law that the flags of one case select."""
        return next((bound for name, bound in self.choices if flag(name) > 0), self.bound)

    def compute(self, values: Mapping[str, Array]) -> Array:
        """Apply the law, or the law that the flags select case by case."""
        if self.alternative is None:
            return self.bound(values)
        last: list[tuple[Array, Bound]] = []
        for name, bound in self.choices:
            flag = values[name]
            if np.ndim(flag):
                last.append((flag, bound))
            elif flag > 0:
                break
        else:
            bound = self.bound
        value = bound(values)
        for flag, other in reversed(last):
            value = np.where(np.asarray(flag) > 0, other(values), value)
        return value


@dataclass(frozen=True)
class AppliedEffect:
    """One effect of an active technique on one quantity, with its settings as arrays."""

    technique: str
    law: Law
    settings: Mapping[str, Array]
    active: Array

    def __call__(self, value: Array) -> Array:
        """Change the quantity where the technique is active."""
        changed = self.law(value, **self.settings)
        if np.ndim(self.active) == 0:
            return changed if self.active else value
        return np.where(np.asarray(self.active) > 0, changed, value)


def total(*terms: Array) -> Array:
    """Sum of terms in one unit."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def bind(law: Law, *terms: str, **inputs: str) -> Bound:
    """Bind a law to named inputs; positional names are the terms of a ``total``."""
    if terms:
        inputs = {f"term{i}": name for i, name in enumerate(terms)}
    return Bound(law, inputs)


def q(
    name: str, unit: str, law: Law, *terms: str, label: str = "", hook: str = "", **inputs: str
) -> Binding:
    """Declare a quantity made by one law."""
    return Binding(name, Unit(unit), bind(law, *terms, **inputs), label=label, hook=hook)


def either(
    name: str,
    unit: str,
    by: str,
    off: Bound,
    on: Bound,
    label: str = "",
    more: tuple[tuple[str, Bound], ...] = (),
) -> Binding:
    """Declare a quantity made by the law ``on`` where the flag ``by`` is 1, else by ``off``.

    Parameters
    ----------
    more
        Further flags with their laws, asked in this order before ``by``.
    """
    return Binding(name, Unit(unit), off, on, by, label, more=more)


@cache
def law_units(law: Law) -> tuple[Mapping[str, Unit], Unit]:
    """Return the annotated unit of each required parameter of a law, and of its result.

    Raises
    ------
    WiringError
        If a parameter or the result has no unit.
    """
    given, names = law.__annotations__, getattr(law, "__globals__", {})

    def hint(name: str) -> object:
        # Nearly every annotation is the name of an alias, which need not be evaluated.
        text = given.get(name)
        if not isinstance(text, str):
            return text
        return (
            names[text] if text in names else typing.get_type_hints(law, include_extras=True)[name]
        )

    def unit(name: str) -> Unit:
        for extra in getattr(hint(name), "__metadata__", ()):
            if isinstance(extra, Unit):
                return extra
        raise WiringError(Problem(law.__name__, f"{name} has no unit annotation"))

    # Parameters with a default only save work and are left out of the table.
    needed = [name for name, p in inspect.signature(law).parameters.items() if p.default is p.empty]
    return {name: unit(name) for name in needed}, unit("return")
