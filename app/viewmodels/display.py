"""Units in which a field is typed, and numbers in words that tell two of them apart."""

from __future__ import annotations

__all__ = ["Shown", "against", "busy_words", "short", "shown_unit", "significant"]

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


def against(value: float, limit: float, unit: str, digits: int = 2) -> tuple[str, str]:
    """Write a value and its limit with as few digits as keep them apart.

    Examples
    --------
    >>> against(0.0996, 0.1, "s")
    ('99.6 ms', '100 ms')
    """
    for more in range(digits, _MOST_DIGITS):
        pair = short(value, unit, more), short(limit, unit, more)
        if pair[0] != pair[1] or value == limit:
            return pair
    return pair


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
