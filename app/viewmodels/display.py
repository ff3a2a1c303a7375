"""Units in which a field is typed, and numbers in words that tell two of them apart."""

from __future__ import annotations

__all__ = [
    "Shown",
    "against",
    "as_given",
    "beside_limit",
    "busy_words",
    "short",
    "shown_unit",
    "significant",
]

import math
from dataclasses import dataclass

from text import format_quantity

from analytic_models.fields import Field, unit_of_field
from analytic_models.units import parse_unit

_LABELS = {
    "1/s": "per second",
    "USD/h": "$ per hour",
    "USD/GB": "$ per GB",
    "USD/kWh": "$ per kWh",
    "pp": "percentage points",
}
_MOST_DIGITS = 6
# From here on per cent would be large numbers that say nothing more.
_TIMES = 10.0


@dataclass(frozen=True)
class Shown:
    """How a field is typed: ``shown = value * factor``, in units of ``label``."""

    factor: float
    label: str

    def out(self, value: float) -> float:
        """Return a value of the case as it is typed, without the dust of floating point."""
        return significant(value * self.factor, 12)

    def back(self, typed: float) -> float:
        """Return what was typed in base units."""
        return significant(typed / self.factor, 14)


def shown_unit(name: str, declared: Field) -> Shown:
    """Choose the unit in which a numeric field is typed.

    Money is typed per million inferences, shares in per cent.
    """
    if declared.kind == "integer":
        return Shown(1.0, "")
    symbol = str(unit_of_field(name, declared))
    if symbol == "usd":
        return Shown(1e6, "$ per million")
    if symbol == "frac":
        return Shown(100.0, "%")
    if not declared.display_unit:
        return Shown(1.0, "")
    factor, _ = parse_unit(declared.display_unit)
    label = _LABELS.get(declared.display_unit, declared.display_unit)
    return Shown(1.0 / factor, label)


def significant(value: float, digits: int) -> float:
    """Round to significant digits.

    Examples
    --------
    >>> significant(0.1 + 0.2, 12)
    0.3
    """
    if value == 0.0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def short(value: float, unit: str, digits: int = 2) -> str:
    """Write a number where the words beside it already say per what.

    Money is of a million inferences; carbon is CO₂ equivalent of one.

    Examples
    --------
    >>> short(3.5e-7, "usd"), short(1.1e-4, "gco2e")
    ('$0.35', '0.11 mg')
    """
    text = format_quantity(value, unit, digits).removesuffix(" CO₂e per inference")
    money = text.endswith(" $ per million")
    return f"${text.removesuffix(' $ per million')}" if money else text


def against(
    value: float, other: float, unit: str, digits: int = 2, most: int = _MOST_DIGITS
) -> tuple[str, str]:
    """Write two values with as few digits as keep them apart.

    Parameters
    ----------
    value, other
        In base units.
    digits, most
        Fewest and most significant digits: those that are known of both.

    Examples
    --------
    >>> against(0.0996, 0.1, "s")
    ('99.6 ms', '100 ms')
    >>> against(0.0996, 0.1, "s", most=2)
    ('100 ms', '100 ms')
    """
    pair = "", ""
    for more in range(min(digits, most), most + 1):
        pair = short(value, unit, more), short(other, unit, more)
        if pair[0] != pair[1] or value == other:
            return pair
    return pair


def as_given(value: float, unit: str) -> str:
    """Write a number that somebody typed: all its digits, and no more.

    Examples
    --------
    >>> as_given(0.125, "s"), as_given(0.05, "s"), as_given(60.0, "s")
    ('125 ms', '50 ms', '60 s')
    """
    needed = (n for n in range(1, _MOST_DIGITS) if significant(value, n) == value)
    return short(value, unit, next(needed, _MOST_DIGITS))


def beside_limit(value: float, limit: float, unit: str, digits: int) -> tuple[str, str, bool]:
    """Write a value with the digits that are known, its limit, and whether these tell them apart.

    Examples
    --------
    >>> beside_limit(0.083, 0.1, "s", 2), beside_limit(0.0996, 0.1, "s", 2)
    (('83 ms', '100 ms', True), ('100 ms', '100 ms', False))
    """
    rounded = significant(value, digits)
    step = 10.0 ** (math.floor(math.log10(abs(rounded))) - digits + 1) if rounded else 0.0
    clear = value == limit or abs(limit - rounded) > step / 2
    return short(value, unit, digits), as_given(limit, unit), clear


def busy_words(load: float) -> str:
    """Write a utilisation: per cent of what a station can do, or how many times that.

    Examples
    --------
    >>> busy_words(0.64), busy_words(29000.0)
    ('64\u202f%', '29\u202f000×')
    """
    if load < _TIMES:
        return format_quantity(load, "frac", 2)
    return f"{format_quantity(significant(load, 2), 'count')}×"
