"""The catalog: machines, hops, dnns, regions, prices and encodings, each figure with its source.

Facts are read once and frozen. A missing figure is a :class:`Gap` with its reason, never a default.
"""

from __future__ import annotations

__all__ = [
    "Catalog",
    "DecoderLm",
    "Dnn",
    "Encoding",
    "Entity",
    "Fact",
    "Gap",
    "Hop",
    "Machine",
    "Region",
    "Source",
    "data_folder",
    "load_catalog",
]

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from analytic_models.catalog_read import Fact, Source, Tables, read_tables
from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import DecoderLm, Dnn, parse_decoder, parse_dnn

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
_RATES = ("p50", "mean", "shaped", "peak", "p10", "p05", "standard")
_ROUND_TRIPS = ("p50", "mean", "ping", "base", "min", "p10")


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

        With ``basis`` empty, a field that has a single basis is found too; with several, the gap
        names them.

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
                return (
                    found
                    if basis == order[0]
                    else _noted(found, f"{basis} figure: no {order[0]} is stated")
                )
        return Gap(self.id, name, order[0], "no source states it")


def _noted(fact: Fact, text: str) -> Fact:
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
                    return _noted(found, text) if text else found
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
            return MappingProxyType({"memory": _noted(parts["sram"], "the memory on the chip")})
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

        The median if stated; otherwise the mean, the peak or the requirement, with a note.
        """
        return self._first(f"{direction}_bit_per_s", _RATES)

    def round_trip(self) -> Fact | Gap:
        """Return the usual idle round-trip time in seconds.

        The median if stated; otherwise the mean, the value at distance zero or the minimum, with a
        note.
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


_Item = TypeVar("_Item")


class LazyMapping(Mapping[str, _Item], Generic[_Item]):
    """A frozen mapping whose values are read from files when they are first asked for."""

    def __init__(
        self, files: Mapping[str, tuple[Path, str]], parse: Callable[[str, str], _Item]
    ) -> None:
        self._files = files
        self._parse = parse
        self._done: dict[str, _Item] = {}

    def __getitem__(self, key: str) -> _Item:
        if key not in self._done:
            path = self._files[key][0]
            self._done[key] = self._parse(
                path.read_text(encoding="utf-8"), f"data/dnns/{path.name}"
            )
        return self._done[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def label(self, key: str) -> str:
        """Return the label of an item without reading all of its file."""
        return self._files[key][1]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything that the data folder states, by id."""

    machines: Mapping[str, Machine]
    hops: Mapping[str, Hop]
    regions: Mapping[str, Region]
    prices: Mapping[str, Entity]
    encodings: Mapping[str, Encoding]
    dnns: LazyMapping[Dnn]
    language_models: LazyMapping[DecoderLm]
    sources: Mapping[str, Source]
    facts: Mapping[tuple[str, str, str], Fact]
    alternatives: tuple[Fact, ...]
    evidence: tuple[Mapping[str, str], ...]
    folder: Path
    written: int
    others: Mapping[str, Mapping[str, Entity]] = field(default_factory=dict)

    def price(self, item: str) -> Fact:
        """Return a price: rent in usd/s, egress in usd/byte, electricity in usd/j.

        Raises
        ------
        DataError
            If there is no such item.
        """
        entity = self.prices.get(item)
        if entity is None:
            raise DataError(Problem(f"prices.{item}", "is not in the price list"))
        return next(iter(entity.facts.values()))

    def rent(self, machine_id: str) -> Fact | Gap:
        """Return the rent of one machine in usd/s: newest list price over its accelerators."""
        offers = [e for e in self.prices.values() if e.attributes.get("machine") == machine_id]
        if not offers:
            return Gap(machine_id, "rent_usd_per_s", "on-demand", "no price list has it")
        cited = [e for e in offers if self.price(e.id).origin != "assumed"] or offers
        offer = max(cited, key=lambda e: str(e.attributes["date"]))
        fact, share = self.price(offer.id), float(offer.attributes["machines"])
        if share == 1:
            return fact
        return _noted(
            dataclasses.replace(
                fact,
                value=fact.value / share,
                low=None if fact.low is None else fact.low / share,
                high=None if fact.high is None else fact.high / share,
            ),
            f"one of {share:g} accelerators of {offer.label}",
        )

    def efficiency(
        self, machine_id: str, op: str, kind: str = "compute", precision: str = ""
    ) -> Fact | Gap:
        """Return the share of the peak that an operator type reaches on a machine.

        The peak is the op rate (``kind="compute"``) or the memory bandwidth (``"memory"``). The
        machine's own fit comes first (at ``precision`` if given), then that of its class, then that
        of any machine; the note says which.
        """
        return self._of_class(machine_id, f"{kind}_efficiency_frac", op, precision)

    def launch_overhead(self, machine_id: str, precision: str = "") -> Fact | Gap:
        """Return the fixed time per layer in seconds: the machine's own fit, else its class's."""
        return self._of_class(machine_id, "launch_overhead_s", "", precision)

    def _of_class(self, machine_id: str, name: str, basis: str, precision: str) -> Fact | Gap:
        kind = self.machines[machine_id].kind
        exact = tuple(f"{b}@{precision}" for b in (basis, "")) if precision else ()
        for entity in (machine_id, f"class:{kind}", "class:any"):
            for option in (*exact, basis, "any", ""):
                found = self.facts.get((entity, name, option))
                if found is not None:
                    own = entity == machine_id
                    return found if own else _noted(found, f"from {entity}: no fit of its own")
        return Gap(machine_id, name, basis, "neither the machine nor its class has a fit")


def data_folder() -> Path:
    """Return the folder of the facts: ``analytic_models/_data``, else ``data/`` beside the package."""
    package = Path(__file__).resolve().parent
    packaged = package / "_data"
    return packaged if packaged.is_dir() else package.parent / "data"


_Kind = TypeVar("_Kind", bound=Entity)


def _build(tables: Tables, collection: str, kind: type[_Kind]) -> Mapping[str, _Kind]:
    by_entity: dict[str, dict[tuple[str, str], Fact]] = {}
    for (entity, name, basis), fact in tables.facts.items():
        by_entity.setdefault(entity, {})[name, basis] = fact
    others: dict[str, list[Fact]] = {}
    for fact in tables.alternatives:
        others.setdefault(fact.entity, []).append(fact)
    known = frozenset(key[1] for key in tables.facts)
    return MappingProxyType(
        {
            key: kind(
                key,
                str(attributes["label"]),
                attributes,
                MappingProxyType(by_entity.get(key, {})),
                tuple(others.get(key, ())),
                known,
            )
            for key, attributes in tables.entities.get(collection, {}).items()
        }
    )


def _graph_files(folder: Path) -> tuple[dict[str, tuple[Path, str]], dict[str, tuple[Path, str]]]:
    """Return the files of dnns and of language models by id, with labels read from their heads."""
    dnns: dict[str, tuple[Path, str]] = {}
    decoders: dict[str, tuple[Path, str]] = {}
    for path in sorted(folder.glob("*.json")):
        with path.open(encoding="utf-8") as stream:
            head = stream.read(600)
        label = re.search(r'"label":\s*"([^"]*)"', head)
        files = decoders if '"decoder-lm/1"' in head else dnns
        files[path.stem] = (path, label[1] if label else path.stem)
    return dnns, decoders


def read_catalog(folder: Path) -> Catalog:
    """Read the catalog of a data folder; :func:`load_catalog` is the cached way to the shipped one.

    Raises
    ------
    DataError
        With every fault found, each naming file and line.
    """
    tables = read_tables(folder)
    dnns, decoders = _graph_files(folder / "dnns")
    named = {"machines", "hops", "regions", "prices", "encodings"}
    return Catalog(
        machines=_build(tables, "machines", Machine),
        hops=_build(tables, "hops", Hop),
        regions=_build(tables, "regions", Region),
        prices=_build(tables, "prices", Entity),
        encodings=_build(tables, "encodings", Encoding),
        dnns=LazyMapping(dnns, parse_dnn),
        language_models=LazyMapping(decoders, parse_decoder),
        sources=tables.sources,
        facts=tables.facts,
        alternatives=tables.alternatives,
        evidence=tables.evidence,
        folder=folder,
        written=tables.written,
        others=MappingProxyType(
            {c: _build(tables, c, Entity) for c in tables.entities if c not in named}
        ),
    )


@cache
def load_catalog() -> Catalog:
    """Return the shipped catalog, read once.

    Raises
    ------
    DataError
        If a file of the data folder is broken.
    """
    return read_catalog(data_folder())
