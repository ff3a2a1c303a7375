"""What several classes of devices come to, as plain parts: ways to choose, tolls, words, JSON."""

from __future__ import annotations

__all__ = [
    "Budgets",
    "Fleet",
    "Share",
    "Toll",
    "Way",
    "certified",
    "export_json",
    "finding_words",
    "latency_words",
    "used_words",
]

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from text import format_quantity

from analytic_models import Case
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.mix_result import MixSolution
from viewmodels.display import against
from viewmodels.fleet import FORMAT, ClassRow, rows_to_dicts
from viewmodels.key_figures import STATION_WORDS
from viewmodels.mixing import MixClaim

_TIE = 1.005


@dataclass(frozen=True)
class Budgets:
    """Limits on means over all requests: energy of the device (J) and accuracy loss (pp)."""

    energy_j: float | None = None
    accuracy_pp: float | None = None

    def limits(self) -> dict[str, float]:
        """Return metric to limit."""
        given = {"energy_device_j": self.energy_j, "accuracy_drop_pp": self.accuracy_pp}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Share:
    """One design of a class: label, share of the devices, and its case as JSON."""

    label: str
    share: float
    case: str


@dataclass(frozen=True)
class Way:
    """One way to choose.

    Parameters
    ----------
    key, name
        For colours, and in words.
    mean_s, class_mean_s
        Weighted mean over all requests, and the mean of every class; ``inf`` where overloaded.
    shares
        Per class, designs in use.
    busy
        Utilisation of every station that somebody uses.
    proof
        What is promised about it, in words; empty for rules.
    """

    key: str
    name: str
    mean_s: float
    class_mean_s: tuple[float, ...]
    shares: tuple[tuple[Share, ...], ...]
    busy: tuple[float, ...]
    proof: str = ""


@dataclass(frozen=True)
class Toll:
    """A station: how busy it is at the optimum, its toll (s per s of work), and that in words."""

    station: str
    busy: float
    toll: float
    text: str


@dataclass(frozen=True)
class Fleet:
    """Everything that the page shows about several classes.

    Parameters
    ----------
    rows, deadlines_s
        The classes, and how long their requests may take.
    stations, ways
        Stations in use, and the ways to choose, rules included.
    tolls
        Per station; empty where nothing is shared.
    anarchy
        Weighted mean of the equilibrium over that of the optimal mix.
    sentence, badge, proven, certificate
        Finding and certificate of the optimal mix.
    claims
        What the laws say about each way, for a check by simulation.
    used
        What the optimal mix takes of the budgets, in words.
    """

    rows: tuple[ClassRow, ...]
    deadlines_s: tuple[float, ...]
    stations: tuple[str, ...]
    ways: tuple[Way, ...]
    tolls: tuple[Toll, ...]
    anarchy: float
    sentence: str
    badge: str
    proven: bool
    certificate: str
    claims: tuple[MixClaim, ...]
    used: tuple[str, ...] = ()


def certified(certificate: Certificate, bound: float) -> str:
    """Write a certificate in full, with the bound that no mix is below (s)."""
    least = ""
    if math.isfinite(bound) and bound > 0.0:
        least = f"; no mix of shared stations is below {format_quantity(bound, 's', 4)}"
    return f"{certificate.method}: {certificate.detail}{least}"


def used_words(system: MixSolution, budgets: Budgets) -> tuple[str, ...]:
    """Say what a mix takes of its limits, and what more of each would save."""
    words = {"energy_device_j": ("Device energy", "j"), "accuracy_drop_pp": ("Accuracy loss", "pp")}
    found = []
    for name, value in system.used.items():
        label, unit = words[name]
        limit = budgets.limits()[name]
        price = system.limit_prices.get(name, 0.0)
        cost = "not felt"
        if price > 0.0:
            step = limit / 10.0
            cost = f"a tenth more would save about {format_quantity(price * step, 's', 2)}"
        used, most = (format_quantity(v, unit, 3) for v in (value, limit))
        found.append(f"{label}: {used} of {most} on average, {cost}")
    return tuple(found)


def latency_words(value: float) -> str:
    """Write a latency (s) that is without bound where a station is overloaded."""
    return format_quantity(value, "s") if math.isfinite(value) else "overloaded"


def finding_words(
    ways: Mapping[str, Way], rows: Sequence[ClassRow], stations: Sequence[str], limited: bool
) -> str:
    """State what coordination is worth to these classes."""
    system, blind, selfish = ways["system"], ways["blind"], ways["selfish"]
    single = ways["best"]
    many = f"{len(rows)} classes"
    if not math.isfinite(system.mean_s):
        if limited:
            return f"No mix of these {many} meets the limits."
        return f"{many} together overload some station under every mix: more capacity is needed."
    best = latency_words(system.mean_s)
    split = sum(len(mine) > 1 for mine in system.shares)
    if not math.isfinite(blind.mean_s):
        place = STATION_WORDS[stations[int(np.argmax(blind.busy))]]
        start = f"{many} on the plans that look best alone overload {place}; coordinated they need"
        start = f"{start} {best}"
    elif blind.mean_s <= system.mean_s * _TIE:
        words = "share the stations without loss: the plans that look best alone are the optimum"
        return f"{many} {words} ({best})."
    else:
        slow, fast = against(blind.mean_s, system.mean_s, "s")
        start = f"{many} on the plans that look best alone take {slow}, coordinated {fast}"
    own = ""
    if math.isfinite(selfish.mean_s) and selfish.mean_s > system.mean_s * _TIE:
        ratio = format_quantity(selfish.mean_s / system.mean_s, "1", 3)
        own = f"; everyone for oneself takes {ratio} times as long (price of anarchy)"
    one = ""
    if split and single.mean_s > system.mean_s * _TIE:
        value = latency_words(single.mean_s)
        one = f"; one plan per class takes {value}" if math.isfinite(single.mean_s) else ""
    return f"{start}{one}{own}."


def export_json(case: Case, fleet: Fleet, budgets: Budgets) -> str:
    """Write the classes and what was found as JSON; it can be imported again."""
    shared = dataclasses.asdict(case.scenario)

    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    ways: list[dict[str, Any]] = [
        {
            "way": way.name,
            "mean_s": known(way.mean_s),
            "certificate": way.proof,
            "classes": [
                {
                    "class": row.name,
                    "mean_s": known(mean),
                    "plans": [
                        {"share": s.share, "design": json.loads(s.case)["design"]} for s in mine
                    ],
                }
                for row, mean, mine in zip(fleet.rows, way.class_mean_s, way.shares, strict=True)
            ],
            "utilisation": dict(zip(fleet.stations, way.busy, strict=True)),
        }
        for way in fleet.ways
    ]
    value = {
        "format": FORMAT,
        "classes": rows_to_dicts(fleet.rows),
        "budgets": budgets.limits(),
        "shared_scenario": shared,
        "result": {
            "sentence": fleet.sentence,
            "certificate": fleet.certificate,
            "price_of_anarchy": known(fleet.anarchy),
            "tolls_s_per_s": {toll.station: toll.toll for toll in fleet.tolls},
            "ways": ways,
        },
    }
    return json.dumps(value, indent=2, allow_nan=False)
