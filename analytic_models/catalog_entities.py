"""Kinds of entities of the catalog and the questions that they answer.

A missing figure is a :class:`Gap` with its reason, never a default.
"""

from __future__ import annotations

__all__ = ["Encoding", "Entity", "Gap", "Hop", "Machine", "Region", "noted"]

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from analytic_models.catalog_read import Fact
from analytic_models.errors import DataError, Problem

_PEAK = "peak_op_per_s"
# Number formats that stand in for another one, best first, and why that is sound.
_PEAK_ORDER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "fp16": (
        ("fp16", ""),
        ("bf16", "16-bit rate as stated for bf16"),
        ("fp16-vector", "rate of the vector units: the source states none for matrix units"),
    ),
    "bf16": (("bf16", ""), ("fp16", "16-bit rate as stated for fp16")),
    "int4": (
        ("fp16", "4-bit weights are unpacked: the arithmetic runs at the 16-bit rate"),
        (
            "bf16",
            "4-bit weights are unpacked: the arithmetic runs at the 16-bit rate, stated for bf16",
        ),
        ("fp16-vector", "4-bit weights are unpacked: 16-bit rate of the vector units"),
    ),
}
_RATES = ("measured", "p50", "mean", "shaped", "peak", "p10", "p05", "standard")
_ROUND_TRIPS = ("measured", "p50", "mean", "ping", "base", "min", "p10")
_USUAL = ("measured", "measured-inference", "p50", "list")
# Which basis answers a question that names none, best first.
_PREFERRED: Mapping[str, tuple[str, ...]] = {
    "up_bit_per_s": _RATES,
    "down_bit_per_s": _RATES,
    "rtt_s": _ROUND_TRIPS,
    "idle_w": ("measured", "log", "scaled", "typical", "measured-2", "stripped"),
    "active_w": ("measured-inference", "measured", "load-100", "measured-2", "typical"),
    "price_usd": ("list",),
}


@dataclass(frozen=True)
class Gap:
    """A figure that the catalog does not have, and why."""

    entity: str
    field: str
    basis: str
    reason: str


@dataclass(frozen=True, eq=False)
class Entity:
    """Something that facts speak about: id, label, attributes, facts by (field, basis)."""

    id: str
    label: str
    attributes: Mapping[str, Any]
    facts: Mapping[tuple[str, str], Fact]
    alternatives: tuple[Fact, ...]
    known_fields: frozenset[str]

    def fact(self, name: str, basis: str = "") -> Fact | Gap:
        """Return the fact of a field, or the gap where there is none.

        With ``basis`` empty, a field that has a single basis is found too. Of several, the best one
        is taken for rates, round trips and powers, with a note; otherwise the gap names them.

        Raises
        ------
        DataError
            If no entity of the catalog has such a field: a misspelt name, not a gap.
        """
        found = self.facts.get((name, basis))
        if found is not None:
            return found
        if name not in self.known_fields:
            raise DataError(Problem(f"{self.id}.{name}", "no entity has such a field"))
        bases = [key[1] for key in self.facts if key[0] == name]
        if not basis and len(bases) == 1:
            return self.facts[name, bases[0]]
        if not basis and name in _PREFERRED:
            return self._first(name, _PREFERRED[name])
        reason = f"only stated for {', '.join(bases)}" if bases else "no source states it"
        return Gap(self.id, name, basis, reason)

    def bases(self, name: str) -> tuple[str, ...]:
        """Return the bases that a field is stated for."""
        return tuple(key[1] for key in self.facts if key[0] == name)

    def disagreements(self, name: str, tolerance: float = 0.01) -> tuple[Fact, ...]:
        """Return other sources' facts that differ from the chosen one by over ``tolerance``."""
        return tuple(
            other
            for other in self.alternatives
            if other.field == name
            and abs(other.value / self.facts[name, other.basis].value - 1.0) > tolerance
        )

    def _first(self, name: str, order: tuple[str, ...]) -> Fact | Gap:
        for basis in order:
            found = self.facts.get((name, basis))
            if found is not None:
                return found if basis in _USUAL else noted(found, f"{basis} figure")
        stated = ", ".join(self.bases(name))
        return Gap(
            self.id, name, "", f"only stated for {stated}" if stated else "no source states it"
        )


def noted(fact: Fact, text: str) -> Fact:
    """Return the fact with a remark put before its note."""
    return dataclasses.replace(fact, note=f"{text}; {fact.note}" if fact.note else text)


@dataclass(frozen=True, eq=False)
class Machine(Entity):
    """A computer or accelerator that can run layers."""

    @property
    def tier(self) -> str:
        """The tier where it is usually found: device, edge or cloud."""
        return str(self.attributes["tier"])

    @property
    def kind(self) -> str:
        """Class of machine: mcu, npu, sbc, edge-gpu, phone, laptop, automotive, gpu, cpu or tpu."""
        return str(self.attributes["kind"])

    @property
    def year(self) -> int:
        """Year of market entry."""
        return int(self.attributes["year"])

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to search by."""
        return tuple(self.attributes.get("tags", ()))

    def peak(self, precision: str) -> Fact | Gap:
        """Return the dense peak rate in op/s at a precision (fp32, fp16, int8, int4, bf16, fp8 …).

        Dense rates come first; a rate whose sparsity is not stated is used only where no dense one
        exists, and says so. A sparse rate is never halved here: where only that is printed, the
        answer is a gap.
        """
        formats = _PEAK_ORDER.get(precision, ((precision, ""),))
        for sparsity in ("dense", "unstated"):
            for name, reason in formats:
                found = self.facts.get((_PEAK, f"{name}-{sparsity}"))
                if found is not None:
                    caution = (
                        "the source does not say whether the rate is dense"
                        if sparsity == "unstated"
                        else ""
                    )
                    text = "; ".join(filter(None, (reason, caution)))
                    return noted(found, text) if text else found
        stated = ", ".join(self.bases(_PEAK)) or "nothing"
        return Gap(
            self.id, _PEAK, f"{precision}-dense", f"no dense {precision} rate; stated: {stated}"
        )

    def memory(self) -> Mapping[str, Fact | Gap]:
        """Return what holds weights and activations.

        ``{"memory": …}``, or ``{"flash": …, "sram": …}`` for microcontrollers, where weights lie in
        flash and activations in SRAM.
        """
        parts = {part: self.facts.get((f"{part}_byte", "")) for part in ("flash", "sram")}
        if all(parts.values()):
            return MappingProxyType(
                {part: fact for part, fact in parts.items() if fact is not None}
            )
        if ("memory_byte", "") not in self.facts and parts["sram"] is not None:
            return MappingProxyType({"memory": noted(parts["sram"], "the memory on the chip")})
        return MappingProxyType({"memory": self.fact("memory_byte")})


@dataclass(frozen=True, eq=False)
class Hop(Entity):
    """A link between neighbouring tiers."""

    @property
    def technology(self) -> str:
        """Family of the link: lte, 5g, wi-fi, ethernet, fibre, wan and so on."""
        return str(self.attributes["technology"])

    @property
    def serves(self) -> tuple[str, ...]:
        """Positions that the link can take: uplink, backhaul or both."""
        return tuple(self.attributes["serves"])

    def rate(self, direction: str) -> Fact | Gap:
        """Return the usual rate in bit/s, ``direction`` being ``up`` or ``down``.

        Measured or the median if stated; otherwise the mean, the peak or the requirement, with a
        note.
        """
        return self._first(f"{direction}_bit_per_s", _RATES)

    def round_trip(self) -> Fact | Gap:
        """Return the usual idle round-trip time in seconds.

        Measured or the median if stated; otherwise the mean, the value at distance zero or the
        minimum, with a note.
        """
        return self._first("rtt_s", _ROUND_TRIPS)


@dataclass(frozen=True, eq=False)
class Region(Entity):
    """A cloud region, country or larger area with the carbon intensity of its electricity."""

    @property
    def kind(self) -> str:
        """Cloud region, country or region."""
        return str(self.attributes["kind"])

    def carbon(self) -> Fact | Gap:
        """Return the mean carbon intensity in gCO2e/J."""
        return self.fact("grid_gco2e_per_j")


@dataclass(frozen=True, eq=False)
class Encoding(Entity):
    """A way to write a dnn's input, or the tensor at a cut, on the wire."""

    @property
    def default_basis(self) -> str:
        """The basis to use unless the user picks another."""
        return str(self.attributes.get("default_basis", ""))
