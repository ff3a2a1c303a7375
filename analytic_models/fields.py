"""One declaration per input field: unit, bounds, default, label, help.

The JSON schema, the import checks, the widgets and the documentation all read these declarations.
"""

from __future__ import annotations

__all__ = [
    "GROUPS",
    "Field",
    "check_value",
    "choice",
    "coerce",
    "declared_fields",
    "field_of",
    "field_problems",
    "flag",
    "integer",
    "number",
    "text",
]

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from analytic_models.errors import Problem
from analytic_models.units import Unit, unit_of_name

# Characters of a foreign value that a message repeats; largest number that a float can hold.
_SHOWN = 80
_LARGEST = sys.float_info.max
Kind = Literal["number", "integer", "choice", "flag", "text"]

GROUPS = (
    "Application",
    "Machines",
    "Network",
    "Load",
    "Queueing",
    "Economics",
    "Requirements",
    "Placement",
    "Precision",
    "Payload",
    "Techniques",
)


@dataclass(frozen=True)
class Field:
    """What one input is, may be, and is called.

    Parameters
    ----------
    kind
        Sort of value.
    label, help
        Words for people; the help also says where a default comes from.
    group
        Panel in which the field is shown, one of ``GROUPS``.
    low, high
        Inclusive bounds in the unit that the field's name ends in.
    display_unit
        Unit as people write it (``ms``, ``Mbit/s``).
    log
        Whether a slider over this field should be logarithmic.
    choices
        Allowed values of a choice, or the name of the catalog collection that holds them
        (``"catalog:machines"``).
    optional
        Whether ``None`` is allowed; ``none_means`` says what it then stands for.
    assumption
        Why the default is what it is, when no source supports it.
    """

    kind: Kind
    label: str
    help: str
    group: str
    low: float = -math.inf
    high: float = math.inf
    display_unit: str = ""
    log: bool = False
    choices: tuple[str, ...] | str = ()
    optional: bool = False
    none_means: str = ""
    assumption: str = ""

    def allowed(self) -> str:
        """Describe the allowed values in words."""
        if self.kind == "choice":
            if isinstance(self.choices, str):
                return f"an id of the {self.choices.removeprefix('catalog:')} catalog"
            return ", ".join(self.choices)
        if self.kind == "flag":
            return "true, false"
        if self.kind == "text":
            return f"text of at most {int(self.high)} characters"
        words = "a whole number" if self.kind == "integer" else "a number"
        span = f"{words} from {self.low:g} to {self.high:g}"
        return f"{span}, or null ({self.none_means})" if self.optional else span


def _declare(default: Any, declared: Field) -> Any:  # noqa: ANN401 - a dataclass default is of any type
    return dataclasses.field(default=default, metadata={"field": declared})


def number(
    default: float | None,
    label: str,
    help: str,
    group: str,
    low: float,
    high: float,
    display_unit: str = "",
    *,
    log: bool = False,
    none_means: str = "",
    assumption: str = "",
) -> Any:  # noqa: ANN401
    """Declare a number; a default of None makes the field optional."""
    return _declare(
        default,
        Field(
            "number",
            label,
            help,
            group,
            low,
            high,
            display_unit,
            log,
            optional=bool(none_means),
            none_means=none_means,
            assumption=assumption,
        ),
    )


def integer(
    default: int | None,
    label: str,
    help: str,
    group: str,
    low: int,
    high: int,
    *,
    log: bool = False,
    none_means: str = "",
    assumption: str = "",
) -> Any:  # noqa: ANN401
    """Declare a whole number; a default of None makes the field optional."""
    declared = Field("integer", label, help, group, low, high, log=log, assumption=assumption)
    if none_means:
        declared = dataclasses.replace(declared, optional=True, none_means=none_means)
    return _declare(default, declared)


def choice(default: str, label: str, help: str, group: str, choices: tuple[str, ...] | str) -> Any:  # noqa: ANN401
    """Declare one of several words."""
    return _declare(default, Field("choice", label, help, group, choices=choices))


def flag(default: bool, label: str, help: str, group: str) -> Any:  # noqa: ANN401
    """Declare a yes or no."""
    return _declare(default, Field("flag", label, help, group))


def text(default: str, label: str, help: str, group: str, longest: int) -> Any:  # noqa: ANN401
    """Declare free text of bounded length."""
    return _declare(default, Field("text", label, help, group, high=longest))


@cache
def field_of(owner: type, name: str) -> Field | None:
    """Return the declaration of a dataclass attribute, or None if it is not a declared field."""
    for attribute in dataclasses.fields(owner):
        if attribute.name == name:
            declared = attribute.metadata.get("field")
            return declared if isinstance(declared, Field) else None
    return None


def unit_of_field(name: str, declared: Field) -> Unit:
    """Return the unit of a numeric field: what its name ends in."""
    return unit_of_name(name) if declared.kind in ("number", "integer") else Unit("1")


def shown(value: object) -> str:
    """Write a foreign value for a message, cut to a bounded length."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def is_finite_number(value: object) -> bool:
    """Whether a value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST <= value <= _LARGEST


def check_value(path: str, declared: Field, value: object) -> list[Problem]:
    """Return the problems of one value: its type, its range, its spelling.

    Ids of catalog collections are checked where the catalog is known (``design``).
    """
    # Nearly every value is a number in its range; sixty of them are checked whenever one changes.
    if (
        isinstance(value, float)
        and declared.kind == "number"
        and declared.low <= value <= declared.high
        and abs(value) <= _LARGEST
    ):
        return []

    def wrong(message: str) -> list[Problem]:
        return [Problem(path, message, declared.allowed())]

    if value is None:
        return [] if declared.optional else wrong("must not be null")
    if declared.kind == "flag":
        return [] if isinstance(value, bool) else wrong(f"{shown(value)} is not true or false")
    if declared.kind in ("text", "choice"):
        if not isinstance(value, str):
            return wrong(f"{shown(value)} is not text")
        if declared.kind == "text":
            return [] if len(value) <= declared.high else wrong("is too long")
        if isinstance(declared.choices, tuple) and value not in declared.choices:
            return wrong(f"{shown(value)} is not known")
        return []
    if isinstance(value, bool) or not isinstance(value, int | float):
        return wrong(f"{shown(value)} is not a number")
    if not is_finite_number(value):
        return wrong(f"{shown(value)} is not finite")
    if declared.kind == "integer" and value != int(value):
        return wrong(f"{shown(value)} is not a whole number")
    if value < declared.low:
        return wrong(f"{value:g} is below {declared.low:g}")
    if value > declared.high:
        return wrong(f"{value:g} is above {declared.high:g}")
    return []


def declared_fields(owner: type) -> Mapping[str, Field]:
    """Return every declared field of a dataclass in order."""
    return _declared_fields(owner)


@cache
def _declared_fields(owner: type) -> Mapping[str, Field]:
    found = ((a.name, field_of(owner, a.name)) for a in dataclasses.fields(owner))
    return MappingProxyType({name: declared for name, declared in found if declared is not None})


def field_problems(part: str, value: object) -> list[Problem]:
    """Return the problems of every declared field of a scenario or a design."""
    problems: list[Problem] = []
    for name, declared in declared_fields(type(value)).items():
        problems += check_value(f"{part}.{name}", declared, getattr(value, name))
    return problems


def coerce(owner: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Turn JSON numbers into the kinds that the fields declare."""
    result = dict(given)
    for name, declared in declared_fields(owner).items():
        if name in result and result[name] is not None:
            if declared.kind == "integer":
                result[name] = int(result[name])
            elif declared.kind == "number":
                result[name] = float(result[name])
    return result
