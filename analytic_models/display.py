"""Numbers as people read them: display units, a few digits, words for what is not a number."""

from __future__ import annotations

__all__ = [
    "UNBOUNDED",
    "UNKNOWN",
    "UNSTABLE",
    "Scale",
    "format_quantity",
    "format_range",
    "parse_quantity",
    "plain",
    "scale_for",
    "unit_label",
]

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from analytic_models.errors import DesignError, Problem, UnitError
from analytic_models.units import Unit, convert

UNSTABLE = "unstable"
UNKNOWN = "not known"
UNBOUNDED = "no bound"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
# Only times grow without bound because a queue does.
_TIMES = ("s", "s2", "s3")
_NARROW = "\u202f"
_MINUS = "\u2212"


def plain(foreign: object, limit: int = 80) -> str:
    r"""Cut a foreign string to one bounded line without control characters.

    Parameters
    ----------
    foreign
        Anything that came from a file or a user; shown through ``str``.
    limit
        Largest number of characters, the ellipsis included.

    Examples
    --------
    >>> plain("two\nlines"), plain("abcdef", limit=4)
    ('two lines', 'abc…')
    """
    line = _CONTROL.sub(" ", str(foreign)[: 4 * limit]).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


@dataclass(frozen=True)
class Scale:
    """How a quantity is displayed: ``shown = value * factor``, followed by ``label``."""

    factor: float
    label: str


_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SMALL = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


def _ladder(label: str, steps: Iterable[tuple[float, str]]) -> tuple[tuple[float, Scale], ...]:
    return tuple((size, Scale(1.0 / size, prefix + label)) for size, prefix in steps)


_BIG_AND_SMALL = _PREFIXES + _SMALL[1:]
# Base unit symbol -> steps, largest first; the first step not above the magnitude is taken.
_LADDERS: dict[str, tuple[tuple[float, Scale], ...]] = {
    "s": (
        (3600.0, Scale(1 / 3600, "h")),
        (120.0, Scale(1 / 60, "min")),
        (1.0, Scale(1.0, "s")),
        (1e-3, Scale(1e3, "ms")),
        (0.0, Scale(1e6, "µs")),
    ),
    "j": _ladder("J", _BIG_AND_SMALL),
    "w": _ladder("W", _BIG_AND_SMALL),
    "bit": _ladder("bit", _PREFIXES),
    "bit/s": _ladder("bit/s", _PREFIXES),
    "byte": _ladder("B", _PREFIXES),
    "byte/s": _ladder("B/s", _PREFIXES),
    "op": _ladder("op", _PREFIXES),
    "op/s": _ladder("op/s", _PREFIXES),
    "mac": _ladder("MAC", _PREFIXES),
    "mac/s": _ladder("MAC/s", _PREFIXES),
    "1/s": _ladder("/s", ((1e6, "M"), (1e3, "k"), (1.0, ""))),
    "j/bit": _ladder("J/bit", _BIG_AND_SMALL),
    "usd": ((0.0, Scale(1e6, "$ per million")),),
    "gco2e": (
        (1e3, Scale(1e-3, "kg CO₂e per inference")),
        (0.1, Scale(1.0, "g CO₂e per inference")),
        (1e-4, Scale(1e3, "mg CO₂e per inference")),
        (0.0, Scale(1e6, "µg CO₂e per inference")),
    ),
    "gco2e/j": ((0.0, Scale(3.6e6, "g CO₂e/kWh")),),
    "usd/s": ((0.0, Scale(3600.0, "$/h")),),
    "usd/byte": ((0.0, Scale(1e9, "$/GB")),),
    "frac": ((0.0, Scale(100.0, "%")),),
    "pp": ((0.0, Scale(1.0, "pp")),),
    "count": ((0.0, Scale(1.0, "")),),
    "1": ((0.0, Scale(1.0, "")),),
}


def scale_for(magnitude: float, unit_symbol: str, digits: int = 3) -> Scale:
    """Choose the display unit for a magnitude, so that a whole axis can share it.

    Parameters
    ----------
    magnitude
        A typical absolute value in the base unit (for an axis: its largest value).
    unit_symbol
        A symbol of ``analytic_models.units``; an unknown one is shown as it is written.
    digits
        Significant digits that will be shown.

    Examples
    --------
    >>> scale_for(0.012, "s")
    Scale(factor=1000.0, label='ms')
    """
    steps = _LADDERS.get(unit_symbol)
    if steps is None:
        return Scale(1.0, unit_symbol)
    size = abs(magnitude) if math.isfinite(magnitude) else 0.0
    if size == 0.0:
        size = 1.0
    # What rounds up to the next step takes that step: 999.7 kB is read as 1.00 MB.
    reach = size * (1 + 5 * 10.0 ** -(digits + 1))
    return next((scale for floor, scale in steps if reach >= floor), steps[-1][1])


def unit_label(unit_symbol: str, magnitude: float = 1.0) -> str:
    """Label of the display unit that ``scale_for`` chooses.

    Examples
    --------
    >>> unit_label("bit/s", 3e7)
    'Mbit/s'
    """
    return scale_for(magnitude, unit_symbol).label


def _digits(value: float, digits: int) -> str:
    if value == 0.0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    magnitude = math.floor(math.log10(abs(rounded)))
    if magnitude < -4 or magnitude >= 9:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}·10^{int(power)}".replace("-", _MINUS)
    decimals = max(0, digits - 1 - magnitude)
    body = f"{abs(rounded):,.{decimals}f}".replace(",", _NARROW)
    return (_MINUS if rounded < 0 else "") + body


def format_quantity(value: float, unit_symbol: str, digits: int = 3) -> str:
    """Write a number with its unit as people read it.

    Parameters
    ----------
    value
        The number in the base unit; an infinite time means an unstable queue, ``nan`` missing
        evidence.
    unit_symbol
        A symbol of ``analytic_models.units``.
    digits
        Significant digits.

    Returns
    -------
    str
        For example ``"12.3 ms"``; dollars are per million inferences.

    Examples
    --------
    >>> format_quantity(0.01234, "s"), format_quantity(4.2e7, "bit/s"), format_quantity(3e-6, "usd")
    ('12.3 ms', '42.0 Mbit/s', '3.00 $ per million')
    >>> format_quantity(float("inf"), "s"), format_quantity(float("nan"), "j")
    ('unstable', 'not known')
    """
    number = float(value)
    if math.isnan(number):
        return UNKNOWN
    if math.isinf(number):
        return UNSTABLE if unit_symbol in _TIMES else UNBOUNDED
    scale = scale_for(number, unit_symbol, digits)
    whole = unit_symbol == "count" and number == round(number) and abs(number) < 1e9
    shown = f"{int(number):,}".replace(",", _NARROW) if whole else ""
    shown = shown or _digits(number * scale.factor, digits)
    if scale.label in ("", "%"):
        return shown + (f"{_NARROW}%" if scale.label else "")
    return f"{shown} {scale.label}"


def format_range(low: float, high: float, unit_symbol: str, digits: int = 3) -> str:
    """Write an interval with one shared display unit.

    Examples
    --------
    >>> format_range(0.010, 0.0125, "s")
    '10.0 to 12.5 ms'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{format_quantity(low, unit_symbol)} to {format_quantity(high, unit_symbol)}"
    scale = scale_for(max(abs(low), abs(high)), unit_symbol)
    left, right = (_digits(end * scale.factor, digits) for end in (low, high))
    return f"{left} to {right} {scale.label}".rstrip()


def parse_quantity(path: str, text: str, unit: Unit) -> float:
    """Read a number with an optional unit, as a person writes it.

    Parameters
    ----------
    path
        Place that an error names.
    text
        A number in the base unit, or a number and a unit of the same dimension.
    unit
        Base unit of the quantity.

    Raises
    ------
    DesignError
        If it is not a number or the unit does not fit.

    Examples
    --------
    >>> parse_quantity("deadline_s", "50 ms", Unit("s"))
    0.05
    """
    found = re.fullmatch(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*?)?\s*", text)
    if found is None:
        allowed = f"a number in {unit}, or with its unit"
        raise DesignError(Problem(path, f"{plain(text)!r} is not a number", allowed))
    value = float(found[1])
    try:
        return convert(value, found[2], unit) if found[2] else value
    except UnitError as error:
        raise DesignError(Problem(path, plain(error, 200), f"a number in {unit}")) from None
