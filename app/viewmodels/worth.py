"""Prices of the stations that a population shares, in display units."""

from __future__ import annotations

__all__ = ["Prices", "Row", "prices_of"]

import math
from dataclasses import dataclass, replace

from text import format_quantity, scale_for

from analytic_models import Case
from analytic_models.demand import DemandTable
from analytic_models.optimizers.population import class_table
from analytic_models.optimizers.worth import CapacityWorth, Worth, capacity_worth
from viewmodels.current import evaluated
from viewmodels.key_figures import STATION_WORDS
from viewmodels.labels import certificate_words
from viewmodels.mixing import MixClaim, claim_of

_STEP = 1e7
_NOTHING = 1e-6
_TIE = 1.005
# A toll below this is the rounding of the search.
_FELT = 0.001


@dataclass(frozen=True)
class Row:
    """One station: numbers in display units, None where there is nothing to say."""

    station: str
    system: float
    selfish: float
    tolled: float
    price: float
    toll: str
    server: float
    server_text: str
    selfish_server: float
    rate: float | None
    rate_text: str
    selfish_rate: float | None


@dataclass(frozen=True)
class Prices:
    """Everything that the page of prices shows.

    Parameters
    ----------
    now, unit
        Devices, and the display unit of saved latency.
    rows
        Stations that somebody uses.
    means
        Mean latency of the optimum, the equilibrium and the tolled equilibrium, in words.
    sentence, badge, proven, certificate
        Finding and certificate.
    claims
        What the laws say about the three mixes, for a check by simulation.
    """

    now: int
    unit: str
    rows: tuple[Row, ...]
    means: tuple[str, str, str]
    sentence: str
    badge: str
    proven: bool
    certificate: str
    claims: tuple[MixClaim, ...] = ()


def prices_of(text: str) -> Prices:
    """Work out what every station is worth.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.

    Raises
    ------
    analytic_models.DesignError
        If no design meets the requirements.
    """
    case = Case.from_json(text)
    evaluation = evaluated(case)
    rates = {hop: evaluation.value(f"{hop}_available_bit_per_s") for hop in ("uplink", "backhaul")}
    table, _ = class_table(case.scenario, catalog=case.catalog())
    found = capacity_worth(table, rates, _STEP)
    saved = [abs(v) for w in found.stations for v in (w.value.server_s, w.rate_s) if v == v]
    scale = scale_for(max((v for v in saved if math.isfinite(v)), default=1e-3), "s")
    certificate = found.system.certificate
    return Prices(
        case.scenario.population_count,
        scale.label,
        tuple(
            _row(worth, float(found.tolled.utilisation[place]), scale.factor)
            for place, worth in enumerate(found.stations)
            if max(worth.value.utilisation, worth.selfish_utilisation) > _NOTHING
        ),
        tuple(
            format_quantity(mix.mean_s, "s") for mix in (found.system, found.selfish, found.tolled)
        ),
        _sentence(found, case.scenario.population_count),
        certificate_words(certificate),
        certificate.kind != "heuristic",
        f"{certificate.method}: {certificate.detail}",
        _claims(case, table, found),
    )


def _claims(case: Case, table: DemandTable, found: CapacityWorth) -> tuple[MixClaim, ...]:
    named = {"selfish": found.selfish, "selfish with tolls": found.tolled}
    named["coordinated"] = found.system
    claims = []
    for name, mix in named.items():
        rows = mix.shares[0] if mix.shares else {}
        cases = {
            row: replace(case, design=table.designs.design(int(table.rows[row]))).to_json()
            for row in rows
        }
        claims.append(claim_of(name, mix, cases, table.stations, name == "coordinated"))
    return tuple(claims)


def _row(worth: Worth, tolled: float, factor: float) -> Row:
    value = worth.value
    link = not math.isnan(worth.rate_s)
    return Row(
        value.station,
        value.utilisation,
        worth.selfish_utilisation,
        tolled,
        value.price,
        format_quantity(worth.toll, "1", 2) if worth.toll >= _FELT else f"under {_FELT}",
        value.server_s * factor,
        _saved(value.server_s),
        worth.selfish_server_s * factor,
        worth.rate_s * factor if link else None,
        _saved(worth.rate_s) if link else "",
        worth.selfish_rate_s * factor if link else None,
    )


def _saved(seconds: float) -> str:
    return format_quantity(seconds, "s", 2) if seconds > _NOTHING else "nothing"


def _sentence(found: CapacityWorth, now: int) -> str:
    devices = f"{format_quantity(now, 'count')} devices" if now != 1 else "one device"
    if not math.isfinite(found.system.mean_s):
        return f"With {devices} every mix overloads some station: capacity is needed at any price."
    best = max(found.stations, key=lambda worth: worth.value.server_s)
    if best.value.server_s <= _NOTHING:
        return f"With {devices} no station is worth enlarging: more servers would save nothing."
    station = STATION_WORDS[best.value.station]
    price = format_quantity(best.value.price, "1", 2)
    first = (
        f"With {devices} a second of work on {station} costs all together {price} seconds; "
        f"doubling it would save {_saved(best.value.server_s)} per request"
        if best.value.station in ("uplink", "backhaul")
        else f"With {devices} a second of work at {station} costs all together {price} seconds; "
        f"one more server would save {_saved(best.value.server_s)} per request"
    )
    if found.selfish.mean_s > found.system.mean_s * _TIE:
        tolls = format_quantity(found.selfish.mean_s - found.system.mean_s, "s", 2)
        return f"{first}, and tolls alone would save selfish users {tolls}."
    return f"{first}."
