"""Read the tables of ``data/`` into frozen records, refusing what is not what it must be.

Every fault is collected with its file and line before :class:`DataError` is raised.
"""

from __future__ import annotations

__all__ = ["COLUMNS", "SOURCE_KINDS", "Fact", "Source", "Tables", "parse_sources", "read_tables"]

import csv
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from analytic_models.errors import DataError, Problem, UnitError
from analytic_models.units import Unit, parse_unit, unit_of_name

COLUMNS = ("entity", "field", "basis", "value", "unit", "low", "high", "source", "where", "note")
ALTERNATIVES = "alternatives.csv"
SOURCE_KINDS = (
    "paper", "standard", "datasheet", "dataset", "measurement", "price list", "convention",
    "assumption",
)  # fmt: skip
_SOURCE_KEYS = (
    "kind", "title", "authors", "publisher", "year", "url", "doi", "accessed", "licence", "why",
    "setup", "tier", "note",
)  # fmt: skip
COLLECTIONS = ("machines", "hops", "regions", "prices")

Origin = Literal["cited", "measured", "assumed", "chosen"]


@dataclass(frozen=True)
class Source:
    """One bibliography entry; ``tier`` says how far the publisher is from the thing's maker."""

    id: str
    kind: str
    title: str
    authors: str = ""
    publisher: str = ""
    year: int | None = None
    url: str = ""
    doi: str = ""
    accessed: str = ""
    licence: str = ""
    why: str = ""
    setup: str = ""
    tier: str = ""
    note: str = ""


@dataclass(frozen=True)
class Fact:
    """One cited value in SI base units.

    ``value``, ``low`` and ``high`` are in ``unit``, the unit that the field's name ends in; ``low``
    and ``high`` are None where the source gives no range. ``written`` is the value as the file has
    it, ``where`` the place in the source, ``file`` and ``line`` the place in ``data/``.
    """

    entity: str
    field: str
    basis: str
    value: float
    unit: str
    low: float | None
    high: float | None
    source: str
    where: str
    note: str
    written: str
    origin: Origin
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Tables:
    """All tables of a data folder, checked but not yet sorted into entities."""

    sources: Mapping[str, Source]
    entities: Mapping[str, Mapping[str, Mapping[str, Any]]]
    facts: Mapping[tuple[str, str, str], Fact]
    alternatives: tuple[Fact, ...]
    evidence: tuple[Mapping[str, str], ...]
    written: int


def _origin(source: Source) -> Origin:
    if source.kind == "assumption":
        return "assumed"
    return "measured" if source.kind == "measurement" else "cited"


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except tomllib.TOMLDecodeError as error:
        raise DataError(Problem(_relative(path), f"is not TOML: {error}")) from None


def _relative(path: Path) -> str:
    parts = path.parts
    for anchor in ("facts", "sources", "evidence", "dnns", "measurements"):
        if anchor in parts:
            return "/".join(("data", *parts[parts.index(anchor) :]))
    return f"data/{path.name}"


def _source_problems(at: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    for key in entry:
        if key not in _SOURCE_KEYS:
            yield Problem(f"{at}.{key}", "unknown key", ", ".join(_SOURCE_KEYS))
    if entry.get("kind") not in SOURCE_KINDS:
        message = f"{entry.get('kind')!r} is not a kind of source"
        yield Problem(f"{at}.kind", message, ", ".join(SOURCE_KINDS))
    if not entry.get("title"):
        yield Problem(f"{at}.title", "is missing")


def parse_sources(folder: Path) -> tuple[dict[str, Source], list[Problem]]:
    """Return the sources of all TOML files in ``folder`` and the problems found."""
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        for key, entry in _toml(path).items():
            at = f"{_relative(path)}:{key}"
            found = list(_source_problems(at, entry))
            if key in sources:
                found.append(Problem(at, "is defined in two files"))
            problems += found
            kept = {name: item for name, item in entry.items() if name in _SOURCE_KEYS}
            sources[key] = Source(**{"id": key, "kind": "", "title": "", **kept})
    return sources, problems


def _entities(folder: Path) -> tuple[dict[str, dict[str, Mapping[str, Any]]], list[Problem]]:
    """Read ``entities.toml`` (one table per collection) and ``entities_<collection>.toml``."""
    collections: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in COLLECTIONS}
    problems = []
    for path in sorted(folder.glob("entities*.toml")):
        value = _toml(path)
        if path.stem != "entities":
            value = {path.stem.removeprefix("entities_"): value}
        for collection, members in value.items():
            known = collections.setdefault(collection, {})
            for key, attributes in members.items():
                at = f"{_relative(path)}:{collection}.{key}"
                if key in known:
                    problems.append(Problem(at, "is defined twice"))
                if not attributes.get("label"):
                    problems.append(Problem(f"{at}.label", "is missing"))
                known[key] = MappingProxyType(attributes)
    return collections, problems


@cache
def _factor(field: str, unit: str) -> tuple[float, str]:
    """Return the factor from a source's unit to the field's base unit, and that unit."""
    factor, found = parse_unit(unit)
    target = unit_of_name(field)
    if not found.agrees(target):
        raise UnitError(f"{unit!r} is a unit of {found}, but {field!r} ends in {target}")
    return factor, _symbol(target)


def _symbol(unit: Unit) -> str:
    return unit.symbol


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


@dataclass(frozen=True)
class _Context:
    sources: Mapping[str, Source]
    known: frozenset[str]


def _row_problems(row: Sequence[str], at: str, context: _Context) -> list[Problem]:
    entity, field, _, value, unit, low, high, source, where, _ = row
    problems = []
    if entity not in context.known:
        problems.append(Problem(f"{at}.entity", f"{entity!r} is not in entities.toml"))
    if source not in context.sources:
        problems.append(Problem(f"{at}.source", f"{source!r} is not in data/sources"))
    elif context.sources[source].kind == "assumption" and not (low and high):
        problems.append(Problem(f"{at}.low", "an assumption needs a range: low and high"))
    if not where:
        problems.append(Problem(f"{at}.where", "has no place in its source"))
    try:
        _factor(field, unit)
    except UnitError as error:
        problems.append(Problem(f"{at}.unit", str(error)))
    try:
        number = _number(value)
        ends = [_number(low) if low else -math.inf, _number(high) if high else math.inf]
    except ValueError:
        problems.append(Problem(f"{at}.value", f"{value!r}, {low!r}, {high!r} must be numbers"))
    else:
        slack = 1e-9 * abs(number)
        if not ends[0] - slack <= number <= ends[1] + slack:
            problems.append(Problem(f"{at}.value", f"{value} is outside its range {low} to {high}"))
    return problems


def _fact(row: Sequence[str], source: Source, file: str, line: int) -> Fact:
    entity, field, basis, value, unit, low, high, source_id, where, note = row
    factor, symbol = _factor(field, unit)
    return Fact(
        entity=entity,
        field=field,
        basis=basis,
        value=float(value) * factor,
        unit=symbol,
        low=float(low) * factor if low else None,
        high=float(high) * factor if high else None,
        source=source_id,
        where=where,
        note=note,
        written=f"{value} {unit}",
        origin=_origin(source),
        file=file,
        line=line,
    )


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.reader(stream)
        for row in reader:
            yield reader.line_num, row


def _facts(path: Path, context: _Context) -> tuple[list[Fact], int, list[Problem]]:
    """Return the facts of one file, how many rows it has, and the problems."""
    name = _relative(path)
    rows = list(_rows(path))
    if not rows or tuple(rows[0][1]) != COLUMNS:
        found = ", ".join(rows[0][1]) if rows else "nothing"
        return [], 0, [Problem(f"{name}:1", f"unknown columns: {found}", ", ".join(COLUMNS))]
    facts, problems = [], []
    for line, row in rows[1:]:
        at = f"{name}:{line}"
        if len(row) != len(COLUMNS):
            problems.append(Problem(at, f"has {len(row)} cells", str(len(COLUMNS))))
            continue
        found_problems = _row_problems(row, at, context)
        problems += found_problems
        if not found_problems:
            facts.append(_fact(row, context.sources[row[7]], name, line))
    return facts, len(rows) - 1, problems


def _evidence(
    folder: Path, sources: Mapping[str, Source]
) -> tuple[list[Mapping[str, str]], list[Problem]]:
    rows: list[Mapping[str, str]] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.csv")):
        name = _relative(path)
        lines = list(_rows(path))
        header = lines[0][1] if lines else []
        if "source" not in header:
            problems.append(Problem(f"{name}:1", "has no column 'source'"))
            continue
        place = header.index("source")
        for line, cells in lines[1:]:
            if len(cells) != len(header):
                problems.append(
                    Problem(f"{name}:{line}", f"has {len(cells)} cells", str(len(header)))
                )
            elif cells[place] not in sources:
                problems.append(
                    Problem(f"{name}:{line}.source", f"{cells[place]!r} is not in data/sources")
                )
            else:
                row = dict(zip(header, cells, strict=True))
                rows.append(MappingProxyType({**row, "file": name, "line": str(line)}))
    return rows, problems


def read_tables(folder: Path) -> Tables:
    """Read sources, entities, facts and evidence of a data folder.

    Raises
    ------
    DataError
        With every fault found, each naming file and line.
    """
    sources, problems = parse_sources(folder / "sources")
    entities, found = _entities(folder)
    problems += found
    kinds = {str(attributes.get("kind", "")) for attributes in entities["machines"].values()}
    kinds |= {str(attributes.get("technology", "")) for attributes in entities["hops"].values()}
    kinds |= {"any"}
    known = {key for members in entities.values() for key in members} | {
        f"class:{kind}" for kind in kinds
    }
    context = _Context(sources, frozenset(known))
    facts: dict[tuple[str, str, str], Fact] = {}
    alternatives: list[Fact] = []
    written = 0
    for path in sorted((folder / "facts").glob("*.csv")):
        rows, count, found = _facts(path, context)
        problems += found
        written += count
        if path.name == ALTERNATIVES:
            alternatives += rows
            continue
        for fact in rows:
            key = (fact.entity, fact.field, fact.basis)
            if key in facts:
                first = facts[key]
                message = f"{', '.join(key)} is already stated at {first.file}:{first.line}"
                problems.append(Problem(f"{fact.file}:{fact.line}", message))
            facts[key] = fact
    evidence, found = _evidence(folder / "evidence", sources)
    problems += found
    if problems:
        raise DataError(problems)
    return Tables(
        sources=MappingProxyType(sources),
        entities=MappingProxyType(entities),
        facts=MappingProxyType(facts),
        alternatives=tuple(alternatives),
        evidence=tuple(evidence),
        written=written,
    )
