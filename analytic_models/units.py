"""Unit symbols, the suffix rule, and the two crossings between symbols.

Inside the program every number is a plain float in the base unit that its name ends in
(``latency_s``, ``uplink_bit_per_s``). Bit and byte, MAC and operation are *different* base symbols:
only :func:`byte_to_bit`, its inverse and :func:`mac_to_op` cross between them, so the rescaling
test of the laws notices a byte sent over a bit/s link.
"""

from __future__ import annotations

__all__ = [
    "BASES",
    "S2",
    "S3",
    "Array",
    "Bit",
    "BitPerS",
    "Byte",
    "BytePerS",
    "Count",
    "Frac",
    "Gram",
    "GramPerJ",
    "J",
    "JPerBit",
    "Mac",
    "Op",
    "OpPerS",
    "PerS",
    "Pure",
    "S",
    "Unit",
    "Usd",
    "UsdPerByte",
    "UsdPerS",
    "W",
    "bit_to_byte",
    "byte_to_bit",
    "convert",
    "mac_to_op",
    "parse_unit",
    "unit_of_name",
]

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic_models.errors import UnitError

# A law works on arrays of cases; a single number is an array of no dimension.
Array: TypeAlias = NDArray[np.float64] | float

BASES = ("s", "bit", "byte", "mac", "op", "j", "usd", "gco2e", "m", "token")
_DERIVED: Mapping[str, Mapping[str, int]] = {
    "w": {"j": 1, "s": -1},
    "hz": {"s": -1},
    # Fractions, counts, percentage points and flags are pure numbers.
    "frac": {},
    "count": {},
    "pp": {},
    "nat": {},
    "flag": {},
    "1": {},
}


@dataclass(frozen=True)
class Unit:
    """A unit made of base symbols with integer powers, for example ``bit/s``.

    Parameters
    ----------
    symbol
        Products with ``*``, one ``/``, powers as a trailing digit: ``s``, ``s2``, ``bit/s``.
    """

    symbol: str

    @property
    def powers(self) -> Mapping[str, int]:
        """Base symbol to power; empty for a pure number."""
        return _powers(self.symbol)

    def agrees(self, other: Unit) -> bool:
        """Whether both have the same dimension."""
        return dict(self.powers) == dict(other.powers)

    def __str__(self) -> str:
        return self.symbol


@cache
def _powers(symbol: str) -> Mapping[str, int]:
    powers: dict[str, int] = {}
    numerator, _, denominator = symbol.partition("/")
    for part, sign in ((numerator, 1), (denominator, -1)):
        for token in filter(None, part.split("*")):
            match = re.fullmatch(r"(1|[a-z]+(?:2e)?)(\d?)", token)
            if match is None:
                raise UnitError(f"unknown unit {token!r} in {symbol!r}")
            base, power = match[1], int(match[2] or 1)
            if base in BASES:
                parts: Mapping[str, int] = {base: 1}
            elif base in _DERIVED:
                parts = _DERIVED[base]
            else:
                raise UnitError(f"unknown unit {token!r} in {symbol!r}")
            for name, exponent in parts.items():
                powers[name] = powers.get(name, 0) + sign * power * exponent
    return {name: power for name, power in sorted(powers.items()) if power}


# The suffix that a name ends in, longest first, and the unit that it means.
_SUFFIXES = {
    **{
        f"_{s}": s
        for s in (
            "s",
            "s2",
            "s3",
            "bit",
            "byte",
            "mac",
            "op",
            "j",
            "w",
            "usd",
            "gco2e",
            "m",
            "token",
        )
    },
    **{f"_{s}": s for s in ("frac", "count", "pp", "nat", "flag", "hz")},
    "_scv": "1",
    "_pue": "1",
    "_ratio": "1",
    "_per_s": "1/s",
    "_bit_per_s": "bit/s",
    "_byte_per_s": "byte/s",
    "_op_per_s": "op/s",
    "_mac_per_s": "mac/s",
    "_token_per_s": "token/s",
    "_usd_per_s": "usd/s",
    "_usd_per_j": "usd/j",
    "_usd_per_byte": "usd/byte",
    "_gco2e_per_j": "gco2e/j",
    "_gco2e_per_s": "gco2e/s",
    "_j_per_bit": "j/bit",
    "_s_per_m": "s/m",
    "_s_per_token": "s/token",
    "_byte_per_token": "byte/token",
    "_j2": "j2",
}
_SUFFIX_ORDER = sorted(_SUFFIXES, key=len, reverse=True)


def unit_of_name(name: str) -> Unit:
    """Return the unit that a name ends in.

    Raises
    ------
    UnitError
        If the name ends in no known unit.

    Examples
    --------
    >>> unit_of_name("uplink_bit_per_s").symbol
    'bit/s'
    """
    for suffix in _SUFFIX_ORDER:
        if name.endswith(suffix):
            return Unit(_SUFFIXES[suffix])
    raise UnitError(f"the name {name!r} ends in no known unit")


# Units as sources write them: factor to the base unit that the right side names.
_SOURCE_UNITS: Mapping[str, tuple[float, str]] = {
    "s": (1.0, "s"),
    "ms": (1e-3, "s"),
    "us": (1e-6, "s"),
    "min": (60.0, "s"),
    "h": (3600.0, "s"),
    "d": (86400.0, "s"),
    "year": (365.25 * 86400.0, "s"),
    "bit": (1.0, "bit"),
    "kbit": (1e3, "bit"),
    "Mbit": (1e6, "bit"),
    "Gbit": (1e9, "bit"),
    "B": (1.0, "byte"),
    "byte": (1.0, "byte"),
    "kB": (1e3, "byte"),
    "MB": (1e6, "byte"),
    "GB": (1e9, "byte"),
    "KiB": (2.0**10, "byte"),
    "MiB": (2.0**20, "byte"),
    "GiB": (2.0**30, "byte"),
    "bit/s": (1.0, "bit/s"),
    "kbit/s": (1e3, "bit/s"),
    "Mbit/s": (1e6, "bit/s"),
    "Gbit/s": (1e9, "bit/s"),
    "B/s": (1.0, "byte/s"),
    "byte/s": (1.0, "byte/s"),
    "MB/s": (1e6, "byte/s"),
    "GB/s": (1e9, "byte/s"),
    "TB/s": (1e12, "byte/s"),
    "op": (1.0, "op"),
    "op/s": (1.0, "op/s"),
    "Gop/s": (1e9, "op/s"),
    "Top/s": (1e12, "op/s"),
    "mac": (1.0, "mac"),
    "MMAC": (1e6, "mac"),
    "GMAC": (1e9, "mac"),
    "mac/s": (1.0, "mac/s"),
    "J": (1.0, "j"),
    "j": (1.0, "j"),
    "mJ": (1e-3, "j"),
    "uJ": (1e-6, "j"),
    "kJ": (1e3, "j"),
    "Wh": (3600.0, "j"),
    "kWh": (3.6e6, "j"),
    "W": (1.0, "w"),
    "w": (1.0, "w"),
    "mW": (1e-3, "w"),
    "kW": (1e3, "w"),
    "USD": (1.0, "usd"),
    "usd": (1.0, "usd"),
    "USD/h": (1 / 3600.0, "usd/s"),
    "usd/s": (1.0, "usd/s"),
    "USD/GB": (1e-9, "usd/byte"),
    "usd/byte": (1.0, "usd/byte"),
    "USD/kWh": (1 / 3.6e6, "usd/j"),
    "usd/j": (1.0, "usd/j"),
    "gCO2e": (1.0, "gco2e"),
    "gco2e": (1.0, "gco2e"),
    "kgCO2e": (1e3, "gco2e"),
    "gCO2e/kWh": (1 / 3.6e6, "gco2e/j"),
    "gco2e/j": (1.0, "gco2e/j"),
    "J/bit": (1.0, "j/bit"),
    "j/bit": (1.0, "j/bit"),
    "nJ/bit": (1e-9, "j/bit"),
    "1/s": (1.0, "1/s"),
    "Hz": (1.0, "1/s"),
    "hz": (1.0, "1/s"),
    "MHz": (1e6, "1/s"),
    "GHz": (1e9, "1/s"),
    "1/h": (1 / 3600.0, "1/s"),
    "1": (1.0, "1"),
    "frac": (1.0, "frac"),
    "count": (1.0, "count"),
    "pp": (1.0, "pp"),
    "%": (1e-2, "frac"),
    "s/km": (1e-3, "s/m"),
    "s/m": (1.0, "s/m"),
    "km": (1e3, "m"),
    "m": (1.0, "m"),
    "mile": (1609.344, "m"),
    "token": (1.0, "token"),
    "token/s": (1.0, "token/s"),
}


def parse_unit(text: str) -> tuple[float, Unit]:
    """Return the factor to base units and the unit of a source's unit text.

    Raises
    ------
    UnitError
        If the text is not one of the known units.
    """
    try:
        factor, symbol = _SOURCE_UNITS[text]
    except KeyError:
        known = ", ".join(_SOURCE_UNITS)
        raise UnitError(f"unknown unit {text!r}; known units: {known}") from None
    return factor, Unit(symbol)


def convert(value: float, unit: str, target: Unit) -> float:
    """Return ``value``, written in a source's ``unit``, in the base unit ``target``.

    Raises
    ------
    UnitError
        If the unit is unknown or has another dimension.

    Examples
    --------
    >>> convert(80.0, "Mbit/s", Unit("bit/s"))
    80000000.0
    """
    factor, found = parse_unit(unit)
    if not found.agrees(target):
        raise UnitError(f"{unit!r} is a unit of {found}, not of {target}")
    return value * factor


S = Annotated[Array, Unit("s")]
S2 = Annotated[Array, Unit("s2")]
S3 = Annotated[Array, Unit("s3")]
PerS = Annotated[Array, Unit("1/s")]
Count = Annotated[Array, Unit("count")]
Frac = Annotated[Array, Unit("frac")]
Pure = Annotated[Array, Unit("1")]
Bit = Annotated[Array, Unit("bit")]
BitPerS = Annotated[Array, Unit("bit/s")]
Byte = Annotated[Array, Unit("byte")]
BytePerS = Annotated[Array, Unit("byte/s")]
Mac = Annotated[Array, Unit("mac")]
Op = Annotated[Array, Unit("op")]
OpPerS = Annotated[Array, Unit("op/s")]
J = Annotated[Array, Unit("j")]
W = Annotated[Array, Unit("w")]
JPerBit = Annotated[Array, Unit("j/bit")]
Usd = Annotated[Array, Unit("usd")]
UsdPerS = Annotated[Array, Unit("usd/s")]
UsdPerByte = Annotated[Array, Unit("usd/byte")]
Gram = Annotated[Array, Unit("gco2e")]
GramPerJ = Annotated[Array, Unit("gco2e/j")]


def byte_to_bit(value: Byte) -> Bit:
    """Cross from bytes to bits: eight bits in a byte.

    Examples
    --------
    >>> byte_to_bit(2.0)
    16.0
    """
    return value * 8.0


def bit_to_byte(value: Bit) -> Byte:
    """Cross from bits to bytes.

    Examples
    --------
    >>> bit_to_byte(16.0)
    2.0
    """
    return value / 8.0


def mac_to_op(value: Mac) -> Op:
    """Cross from multiply-accumulates to operations: one multiplication and one addition.

    Examples
    --------
    >>> mac_to_op(3.0)
    6.0
    """
    return value * 2.0
