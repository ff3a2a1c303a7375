"""Links as rows and as points of the bandwidth and round-trip map."""

from __future__ import annotations

__all__ = [
    "DIRECTIONS",
    "HopPoint",
    "HopRow",
    "Reach",
    "find_hops",
    "hop_comparison",
    "points_of",
    "reach_of",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import format_quantity, plain

from analytic_models import Evaluation, load_catalog
from analytic_models.catalog import Catalog, Fact, Gap, Hop
from viewmodels.choices import is_yours
from viewmodels.kinds import technology_words
from viewmodels.provenance import FactText, fact_text, fact_value, field_words

DIRECTIONS = {"up": "Upwards", "down": "Downwards"}
_FIELDS = (
    ("tx_j_per_bit", ""),
    ("rx_j_per_bit", ""),
    ("radio_base_w", "up"),
    ("radio_base_w", "down"),
    ("radio_w", "transmit"),
    ("radio_w", "idle"),
    ("network_j_per_bit", "up"),
    ("loss_frac", ""),
    ("phy_bit_per_s", "standard"),
    ("reliability_frac", "standard"),
)
_POINTS = 60
_BYTE = 8.0


@dataclass(frozen=True)
class HopRow:
    """One line of the table; numbers in display units, nan where the catalog has none."""

    id: str
    label: str
    technology: str
    serves: str
    up_mbit_per_s: float
    down_mbit_per_s: float
    rtt_ms: float
    send_nj_per_bit: float
    rate_origin: str
    rtt_origin: str


@dataclass(frozen=True)
class HopPoint:
    """A link on the map: base units, nan ends where no spread is stated."""

    id: str
    label: str
    technology: str
    technology_words: str
    rtt_s: float
    rate_bit_per_s: float
    rate_low: float
    rate_high: float
    rtt_low: float
    rtt_high: float
    words: str


@dataclass(frozen=True)
class Reach:
    """Links that move one message in time: rate needed at each round trip.

    Parameters
    ----------
    rtt_s, rate_bit_per_s
        The curve; everything above it moves the message within the deadline.
    words
        Message and deadline in words.
    """

    rtt_s: tuple[float, ...]
    rate_bit_per_s: tuple[float, ...]
    words: str


def _number(found: Fact | Gap, scale: float) -> float:
    return math.nan if isinstance(found, Gap) else found.value * scale


def _origin(found: Fact | Gap) -> str:
    return "missing" if isinstance(found, Gap) else found.origin


@lru_cache(maxsize=256)
def _row(id: str, catalog: Catalog) -> HopRow:
    hop = catalog.hops[id]
    return HopRow(
        id,
        f"{plain(hop.label, 60)}{' (yours)' if is_yours(catalog, id) else ''}",
        technology_words(hop.technology),
        ", ".join(hop.serves),
        _number(hop.rate("up"), 1e-6),
        _number(hop.rate("down"), 1e-6),
        _number(hop.round_trip(), 1e3),
        _number(hop.fact("tx_j_per_bit"), 1e9),
        _origin(hop.rate("up")),
        _origin(hop.round_trip()),
    )


def find_hops(
    query: str = "", serves: str = "all", catalog: Catalog | None = None
) -> tuple[HopRow, ...]:
    """Return the links whose label, id or technology hold every word of a search, yours first.

    Here and below ``catalog`` is that of the case, and the shipped one where none is given.
    """
    words, catalog = query.lower().split(), catalog or load_catalog()
    found = [
        _row(key, catalog)
        for key, hop in catalog.hops.items()
        if (serves == "all" or serves in hop.serves)
        and all(word in f"{key} {hop.label} {hop.technology}".lower() for word in words)
    ]
    yours = {row.id: is_yours(catalog, row.id) for row in found}
    return tuple(
        sorted(found, key=lambda row: (not yours[row.id], row.technology, row.label.lower()))
    )


def _ends(hop: Hop, field: str) -> tuple[float, float]:
    """Return p10 and p90 of a field, else the plausible range of its usual fact; nan if neither."""
    ends = [hop.facts.get((field, basis)) for basis in ("p10", "p90")]
    low = ends[0] or hop.facts.get((field, "p05"))
    if low is not None and ends[1] is not None:
        return low.value, ends[1].value
    usual = hop.round_trip() if field == "rtt_s" else hop.fact(field)
    if isinstance(usual, Fact) and usual.low is not None and usual.high is not None:
        return usual.low, usual.high
    return math.nan, math.nan


@lru_cache(maxsize=8)
def points_of(
    ids: tuple[str, ...], direction: str, catalog: Catalog | None = None
) -> tuple[HopPoint, ...]:
    """Return the links that have both a rate and a round trip.

    Parameters
    ----------
    ids
        Links.
    direction
        ``up`` or ``down``.
    """
    found, hops = [], (catalog or load_catalog()).hops
    for id in ids:
        hop = hops[id]
        rate, trip = hop.rate(direction), hop.round_trip()
        if isinstance(rate, Gap) or isinstance(trip, Gap):
            continue
        words = f"{fact_value(rate)} ({rate.origin}), round trip {fact_value(trip)} ({trip.origin})"
        found.append(
            HopPoint(
                id,
                plain(hop.label, 48),
                hop.technology,
                technology_words(hop.technology),
                trip.value,
                rate.value,
                *_ends(hop, f"{direction}_bit_per_s"),
                *_ends(hop, "rtt_s"),
                words,
            )
        )
    return tuple(found)


def reach_of(evaluation: Evaluation, hop: str = "uplink") -> Reach | None:
    """Return what a link needs to move the present message within the deadline, if one is sent.

    The whole deadline is left to the link: nobody waits and nothing is computed.
    """
    bits = evaluation.value(f"{hop}_message_bit")
    deadline = evaluation.batch.scenario.deadline_s
    if not (math.isfinite(bits) and bits > 0):
        return None
    trips = np.geomspace(deadline / 1e4, deadline * 0.999, _POINTS)
    rates = bits / (deadline - trips)
    size, limit = format_quantity(bits / _BYTE, "byte"), format_quantity(deadline, "s", 2)
    return Reach(
        tuple(float(value) for value in trips),
        tuple(float(value) for value in rates),
        f"moves {size} in {limit}",
    )


def hop_comparison(
    ids: Sequence[str], catalog: Catalog | None = None
) -> tuple[tuple[str, tuple[FactText, ...]], ...]:
    """Return the facts of links side by side: field in words, one text per link."""
    known = (catalog or load_catalog()).hops
    hops = [known[id] for id in ids]
    rows = [
        ("Rate upwards, as used", tuple(fact_text(hop.rate("up")) for hop in hops)),
        ("Rate downwards, as used", tuple(fact_text(hop.rate("down")) for hop in hops)),
        ("Round trip, as used", tuple(fact_text(hop.round_trip()) for hop in hops)),
    ]
    spread = [
        (field, basis)
        for field in ("up_bit_per_s", "down_bit_per_s", "rtt_s")
        for basis in ("p05", "p10", "p90", "peak", "min")
    ]
    for field, basis in (*spread, *_FIELDS):
        cells = tuple(_stated(hop, field, basis) for hop in hops)
        if any(cell.origin != "missing" for cell in cells):
            rows.append((field_words(field, basis), cells))
    return tuple(rows)


def _stated(hop: Hop, field: str, basis: str) -> FactText:
    found = hop.facts.get((field, basis))
    return fact_text(found or Gap(hop.id, field, basis, "no source states it"))
