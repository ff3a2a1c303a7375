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
    "LazyMapping",
    "Machine",
    "Region",
    "Source",
    "data_folder",
    "load_catalog",
    "read_catalog",
]

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from analytic_models.catalog_entities import (
    Encoding,
    Entity,
    Gap,
    Hop,
    Machine,
    Region,
    noted,
)
from analytic_models.catalog_read import Fact, Source, Tables, read_tables
from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import DecoderLm, Dnn, parse_decoder, parse_dnn

if TYPE_CHECKING:
    from analytic_models.user_data import UserData

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
    user_data: UserData | None = None

    def with_user_data(self, user_data: UserData) -> Catalog:
        """Return this catalog with a user's machines, hops, dnns and measurements laid over it.

        Equal data give the same catalog again, so that what is cached by catalog stays cached.

        Raises
        ------
        DataError
            If an id is taken, or a measurement cannot be used.
        """
        # The overlay is built on the catalog, which therefore cannot import it first.
        from analytic_models.user_catalog import catalog_for

        return catalog_for(user_data, self)

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
        newest = max(str(e.attributes["date"]) for e in cited)
        latest = [e for e in cited if str(e.attributes["date"]) == newest]
        offer = min(latest, key=lambda e: (float(e.attributes["machines"]), e.id))
        fact, share = self.price(offer.id), float(offer.attributes["machines"])
        if share == 1:
            return fact
        return noted(
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
                    return found if own else noted(found, f"from {entity}: no fit of its own")
        return Gap(machine_id, name, basis, "neither the machine nor its class has a fit")


def data_folder() -> Path:
    """Return the data folder: ``analytic_models/_data``, else ``data/`` beside the package."""
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
