"""Every fact of the catalog as a row, its sources as cards, and where sources disagree."""

from __future__ import annotations

__all__ = [
    "Disagreement",
    "FactRow",
    "SourceCard",
    "collections",
    "disagreements",
    "fact_rows",
    "find_facts",
    "find_sources",
    "origin_counts",
    "rows_as_csv",
]

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from text import plain

from analytic_models import load_catalog
from analytic_models.calibration import SOURCE
from analytic_models.catalog import Catalog, Fact
from analytic_models.user_catalog import DATA_SOURCE
from viewmodels.provenance import entity_words, fact_text, fact_value, field_words, source_words

_COLLECTIONS = {
    "machines": "Machines",
    "hops": "Links",
    "regions": "Regions",
    "prices": "Prices",
    "encodings": "Encodings",
    "sites": "Sites",
    "classes": "Classes of machines",
}
_OWN = {DATA_SOURCE, SOURCE}
_CSV = ("entity", "field", "basis", "value", "unit", "low", "high", "origin", "source", "where")


@dataclass(frozen=True)
class FactRow:
    """One fact as texts, and the fact itself."""

    key: tuple[str, str, str]
    collection: str
    entity: str
    field: str
    value: str
    origin: str
    source: str
    source_id: str
    remark: str
    fact: Fact


@dataclass(frozen=True)
class SourceCard:
    """One source with what it is used for.

    Parameters
    ----------
    title, kind, maker, year, url, licence, accessed
        As the source file has them; the address is text, never a link.
    why
        Reason of an assumption; empty otherwise.
    facts, evidence
        How many facts and published results rest on it.
    examples
        A few of these facts in words.
    """

    id: str
    title: str
    kind: str
    maker: str
    year: str
    url: str
    licence: str
    accessed: str
    why: str
    setup: str
    facts: int
    evidence: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Disagreement:
    """One figure that sources state differently: what is used, and what others say."""

    entity: str
    field: str
    used: str
    used_origin: str
    used_source: str
    other: str
    other_source: str
    ratio: float


def _homes(catalog: Catalog) -> dict[str, str]:
    """Entity to its collection."""
    found = {}
    for name in ("machines", "hops", "regions", "prices", "encodings"):
        found.update(dict.fromkeys(getattr(catalog, name), name))
    for name, entities in catalog.others.items():
        found.update(dict.fromkeys(entities, name))
    return found


def collections() -> dict[str, str]:
    """Return the collections that facts belong to, with their words."""
    return dict(_COLLECTIONS)


@lru_cache(maxsize=4)
def fact_rows(catalog: Catalog | None = None) -> tuple[FactRow, ...]:
    """Return every fact that the model may use, yours first.

    Here and below ``catalog`` is that of the case, and the shipped one where none is given.
    """
    catalog = catalog or load_catalog()
    homes, found = _homes(catalog), []
    for key, fact in catalog.facts.items():
        text = fact_text(fact, basis=False)
        found.append(
            FactRow(
                key,
                homes.get(fact.entity, "classes"),
                entity_words(fact.entity, catalog),
                field_words(fact.field, fact.basis),
                text.value,
                text.origin,
                text.source,
                fact.source,
                text.remark,
                fact,
            )
        )
    # What was fitted comes last: it is the largest and the least telling part.
    order = list(_COLLECTIONS)
    fitted = "data/facts/efficiencies.csv"
    found.sort(
        key=lambda row: (
            row.source_id not in _OWN,
            row.fact.file == fitted,
            order.index(row.collection),
        )
    )
    return tuple(found)


@lru_cache(maxsize=4)
def _haystacks(catalog: Catalog | None) -> tuple[str, ...]:
    return tuple(
        " ".join((*row.key, row.entity, row.field, row.source, row.remark)).lower()
        for row in fact_rows(catalog)
    )


def find_facts(
    query: str = "",
    collection: str = "all",
    origin: str = "all",
    field: str = "all",
    keys: Collection[tuple[str, str, str]] | None = None,
    catalog: Catalog | None = None,
) -> tuple[FactRow, ...]:
    """Return the facts that a search and filters leave.

    Parameters
    ----------
    query
        Words that must all appear in entity, field, source or remark.
    collection, origin, field
        Filters; ``all`` for none.
    keys
        Only these facts; None for all.
    """
    words = query.lower().split()
    return tuple(
        row
        for row, text in zip(fact_rows(catalog), _haystacks(catalog), strict=True)
        if collection in ("all", row.collection)
        and origin in ("all", row.origin)
        and field in ("all", row.fact.field)
        and (keys is None or row.key in keys)
        and all(word in text for word in words)
    )


def origin_counts(rows: Sequence[FactRow]) -> dict[str, int]:
    """Count rows by origin.

    Examples
    --------
    >>> sum(origin_counts(fact_rows()).values()) == len(fact_rows())
    True
    """
    counts = Counter(row.origin for row in rows)
    return {
        name: counts[name] for name in ("yours", "measured", "cited", "assumed") if counts[name]
    }


def rows_as_csv(rows: Sequence[FactRow]) -> str:
    """Write facts as CSV in base units, with the title of each source."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_CSV, "source_title"))
    for row in rows:
        fact = row.fact
        low, high = ("" if end is None else repr(end) for end in (fact.low, fact.high))
        line = [fact.entity, fact.field, fact.basis, repr(fact.value), fact.unit, low, high]
        line += [fact.origin, fact.source, fact.where, source_words(fact.source)]
        # A cell that starts like a formula would be run by a spreadsheet.
        writer.writerow([f"'{item}" if item[:1] in "=@" else item for item in line])
    return out.getvalue()


@lru_cache(maxsize=4)
def _cards(catalog: Catalog | None) -> tuple[SourceCard, ...]:
    catalog = catalog or load_catalog()
    facts: dict[str, list[FactRow]] = {}
    for row in fact_rows(catalog):
        facts.setdefault(row.source_id, []).append(row)
    evidence = Counter(row["source"] for row in catalog.evidence)
    found = []
    for key, source in catalog.sources.items():
        mine = facts.get(key, [])
        found.append(
            SourceCard(
                key,
                plain(source.title, 160),
                source.kind,
                plain(source.authors or source.publisher, 120),
                str(source.year or ""),
                plain(source.url or (f"doi:{source.doi}" if source.doi else ""), 160),
                plain(source.licence, 120),
                plain(source.accessed, 20),
                plain(source.why, 400),
                plain(source.setup or source.note, 300),
                len(mine),
                evidence[key],
                tuple(f"{row.entity}, {row.field}: {row.value}" for row in mine[:6]),
            )
        )
    return tuple(sorted(found, key=lambda card: -(card.facts + card.evidence)))


def find_sources(
    query: str = "",
    kind: str = "all",
    ids: Collection[str] | None = None,
    catalog: Catalog | None = None,
) -> tuple[SourceCard, ...]:
    """Return the sources that hold every word of a search, the most used first.

    Parameters
    ----------
    ids
        Only these; None for all.
    """
    words = query.lower().split()
    return tuple(
        card
        for card in _cards(catalog)
        if kind in ("all", card.kind)
        and (ids is None or card.id in ids)
        and all(word in f"{card.id} {card.title} {card.maker} {card.url}".lower() for word in words)
    )


@lru_cache(maxsize=1)
def disagreements() -> tuple[Disagreement, ...]:
    """Return figures that another source states differently by over one per cent, worst first."""
    catalog, found = load_catalog(), []
    for other in catalog.alternatives:
        used = catalog.facts.get((other.entity, other.field, other.basis))
        if used is None or used.value <= 0 or other.value <= 0:
            continue
        ratio = other.value / used.value
        if abs(ratio - 1.0) <= 0.01:
            continue
        found.append(
            Disagreement(
                entity_words(other.entity),
                field_words(other.field, other.basis),
                fact_value(used),
                used.origin,
                source_words(used.source),
                fact_value(other),
                source_words(other.source),
                ratio,
            )
        )
    return tuple(sorted(found, key=lambda row: -max(row.ratio, 1.0 / row.ratio)))
