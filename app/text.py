"""Foreign strings made safe for the screen, and numbers written for people."""

from __future__ import annotations

__all__ = [
    "UNKNOWN",
    "UNSTABLE",
    "chart_text",
    "format_quantity",
    "format_range",
    "markdown",
    "plain",
    "quantity_parts",
    "scale_for",
    "unit_label",
]

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

UNSTABLE = "unstable"
UNKNOWN = "not known"

# What opens something anywhere in a line, and what opens a list or a rule at its start only.
_MARKDOWN = re.compile(r"([\\`*_\[\](){}!<>$:#|~^&]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")
_ADDRESS = re.compile(r"(?i)://|www\.|mailto:|xmpp:|\w@")
_JOINER = "\u2060"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_NARROW = "\u202f"
_MINUS = "\u2212"


def plain(foreign: object, limit: int = 80) -> str:
    r"""Cut a foreign string to one bounded line without control characters.

    Parameters
    ----------
    foreign
        Anything that came from a file, a link or the network; shown through ``str``.
    limit
        Largest number of characters, the ellipsis included.

    Examples
    --------
    >>> plain("two\nlines"), plain("abcdef", limit=4)
    ('two lines', 'abc…')
    """
    line = _CONTROL.sub(" ", str(foreign)[: 4 * limit]).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(foreign: object, limit: int = 80) -> str:
    r"""Escape a foreign string so that Markdown shows it letter by letter.

    Every character that opens a link, an image, emphasis, code, mathematics, a colour or an icon
    is escaped; the length is bounded before escaping.

    Examples
    --------
    >>> print(markdown("![x](a.png)"))
    \!\[x\]\(a.png\)
    """
    # An address would become a link even when escaped; an invisible joiner breaks its pattern.
    text = _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + found[0][-1], plain(foreign, limit))
    return _MARKDOWN.sub(r"\\\1", text)


def chart_text(foreign: object, limit: int = 60) -> str:
    """Escape a foreign string for a chart label, where a few HTML tags would be obeyed.

    Examples
    --------
    >>> chart_text("<a href='x'>conv</a>")
    "&lt;a href='x'&gt;conv&lt;/a&gt;"
    """
    return plain(foreign, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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


def quantity_parts(value: float, unit_symbol: str, digits: int = 3) -> tuple[str, str]:
    """Write number and unit apart, for a card that shows them in two sizes.

    Returns
    -------
    tuple of str
        The number with its sign (or a word), and the unit, empty where the number needs none.

    Examples
    --------
    >>> quantity_parts(3.5e-7, "usd"), quantity_parts(float("inf"), "s")
    (('0.350', '$ per million'), ('unstable', ''))
    """
    number = float(value)
    if math.isnan(number):
        return UNKNOWN, ""
    if math.isinf(number):
        return (UNSTABLE if number > 0 else _MINUS + "∞"), ""
    scale = scale_for(number, unit_symbol, digits)
    if unit_symbol == "count" and number == round(number) and abs(number) < 1e9:
        return f"{int(number):,}".replace(",", _NARROW), ""
    return _digits(number * scale.factor, digits), scale.label


def format_quantity(value: float, unit_symbol: str, digits: int = 3) -> str:
    """Write a number with its unit as people read it.

    Parameters
    ----------
    value
        The number in the base unit; ``inf`` is an unstable station, ``nan`` missing evidence.
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
    number, unit = quantity_parts(value, unit_symbol, digits)
    if not unit:
        return number
    return number + (_NARROW if unit == "%" else " ") + unit


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
