"""A language model on device, edge and cloud: curves, plane, drafting, caches, cascade, origins."""

from __future__ import annotations

__all__ = [
    "SHOWN",
    "Choice",
    "Curve",
    "Dot",
    "DraftMap",
    "Shipping",
    "Tier",
    "cascade_words",
    "curves_of",
    "draft_map",
    "measured_dots",
    "models_of",
    "origin_lines",
    "runnable",
    "shipping_of",
    "tiers_of",
    "verdict",
]

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import UNKNOWN, format_quantity, format_range, plain

from analytic_models import load_catalog
from analytic_models.catalog import Catalog
from analytic_models.language import LanguageEvaluation, serve_language
from analytic_models.language_tiers import (
    Draft,
    Served,
    break_even_grid,
    cascade,
    serve_at,
    ship_or_recompute,
)
from analytic_models.origins import Looked
from analytic_models.units import unit_of_name
from analytic_models.user_catalog import catalog_for
from analytic_models.user_data import UserData
from viewmodels.choices import choice_label, is_yours
from viewmodels.provenance import fact_text, field_words

TIERS = ("device", "edge", "cloud")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WINDOW = 16
_ACCEPTED = np.linspace(0.3, 0.95, 27)
_TRIPS = np.geomspace(1e-3, 0.5, 33)
_SMALLEST_BYTE = 1e9
# Numbers of a card and their names.
SHOWN = {
    "ttft_s": "First token after",
    "tpot_s": "Each further token",
    "answer_s": "Whole answer",
    "answer_j": "Energy of an answer",
    "token_per_s": "Tokens, all users",
    "memory_share_frac": "Memory used",
    "largest_batch_count": "Sequences that fit",
}


@dataclass(frozen=True)
class Choice:
    """What the page asks: model, drafter, machines, links, precision, load, and the user's data."""

    model: str
    drafter: str
    machines: tuple[str, str, str]
    uplink: str
    backhaul: str
    precision: str
    batch: int
    prompt: int
    output: int
    own: UserData | None = None

    @property
    def catalog(self) -> Catalog:
        """The catalog with the user's data laid over it."""
        return catalog_for(self.own)

    def hops(self, tier: str) -> tuple[str, ...]:
        """Return the links between the device and a tier."""
        return {"device": (), "edge": (self.uplink,), "cloud": (self.uplink, self.backhaul)}[tier]


@dataclass(frozen=True)
class Tier:
    """The model on one tier as a user sees it."""

    tier: str
    machine: str
    served: Served

    @property
    def fits(self) -> bool:
        """Whether the memory is known and large enough."""
        return self.served.alone.fits is True

    def number(self, name: str) -> Looked:
        """Return a number of the tier, of the network's view first."""
        return self.served.numbers.get(name) or self.served.alone.numbers[name]


@dataclass(frozen=True)
class Curve:
    """Tokens per second of one tier over the batch; ``wall`` is the largest batch that fits."""

    tier: str
    label: str
    batch: tuple[int, ...]
    rate: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    wall: float


@dataclass(frozen=True)
class Dot:
    """One published decode rate."""

    tier: str
    batch: float
    rate: float
    words: str


@dataclass(frozen=True)
class DraftMap:
    """Where drafting on the device beats streaming from a tier."""

    tier: str
    draft: Draft
    now_s: float
    sentence: str


@dataclass(frozen=True)
class Shipping:
    """Time to send the cache of the prompt over a link, and to compute it at its end."""

    rate_bit_per_s: tuple[float, ...]
    send_s: tuple[float, ...]
    recompute_s: float
    break_even: Looked
    links: tuple[tuple[str, float], ...]
    words: str


@lru_cache(maxsize=16)
def runnable(catalog: Catalog | None = None) -> dict[str, str]:
    """Return id and label of the machines with a bandwidth and at least a gigabyte of memory."""
    found, catalog = {}, catalog or load_catalog()
    machines = sorted(catalog.machines.items(), key=lambda item: not is_yours(catalog, item[0]))
    for id, machine in machines:
        memory = getattr(machine.memory().get("memory"), "value", 0.0)
        known = ("memory_bandwidth_byte_per_s", "") in machine.facts
        if known and memory >= _SMALLEST_BYTE:
            found[id] = choice_label("catalog:machines", id, catalog)
    return found


def models_of(catalog: Catalog) -> dict[str, str]:
    """Return id and label of the language models, the user's own first."""
    ids = sorted(catalog.language_models, key=lambda id: not is_yours(catalog, id))
    return {id: choice_label("catalog:language_models", id, catalog) for id in ids}


@lru_cache(maxsize=512)
def _alone(choice: Choice, tier: str, batch: int, model: str) -> LanguageEvaluation:
    machine = choice.machines[TIERS.index(tier)]
    return serve_language(
        choice.catalog, model, machine, choice.precision, batch, choice.prompt, choice.output
    )


def _load(choice: Choice, tier: str) -> int:
    """Return the batch on a tier: a device serves its owner only."""
    return 1 if tier == "device" else choice.batch


@lru_cache(maxsize=64)
def tiers_of(choice: Choice) -> tuple[Tier, ...]:
    """Evaluate the model on the three tiers."""
    catalog = choice.catalog
    found = []
    for tier, machine in zip(TIERS, choice.machines, strict=True):
        alone = _alone(choice, tier, _load(choice, tier), choice.model)
        label = plain(catalog.machines[machine].label, 40)
        found.append(Tier(tier, label, serve_at(catalog, alone, choice.hops(tier))))
    return tuple(found)


def _value(tier: Tier, name: str) -> str:
    found = tier.number(name).value
    return UNKNOWN if math.isnan(found) else format_quantity(found, str(unit_of_name(name)))


def verdict(choice: Choice) -> str:
    """Say where the model should run: the tier with the shortest answer among those that fit."""
    tiers = tiers_of(choice)
    model = plain(choice.catalog.language_models[choice.model].label, 40)
    able = [t for t in tiers if t.fits and not math.isnan(t.number("answer_s").value)]
    if not able:
        return f"{model} at {choice.precision} fits on none of the three machines."
    best = min(able, key=lambda t: t.number("answer_s").value)
    place = {"device": "on the device", "edge": "at the edge", "cloud": "in the cloud"}
    others = [
        f"{_value(t, 'answer_s')} {place[t.tier]}" if t.fits else f"no room {place[t.tier]}"
        for t in tiers
        if t is not best
    ]
    return (
        f"{model} at {choice.precision} answers fastest {place[best.tier]} ({best.machine}): "
        f"{choice.output} tokens in {_value(best, 'answer_s')}, against {' and '.join(others)}."
    )


def curves_of(choice: Choice) -> tuple[Curve, ...]:
    """Return tokens per second over the batch of each tier, as far as the memory goes."""
    found = []
    for tier in tiers_of(choice):
        wall = tier.number("largest_batch_count").value
        last = wall if math.isfinite(wall) else BATCHES[-1]
        sizes = sorted({*(b for b in BATCHES if b <= last), *([int(last)] if last >= 1 else [])})
        sizes = [size for size in sizes if size <= BATCHES[-1]]
        rates = [_alone(choice, tier.tier, b, choice.model)["token_per_s"] for b in sizes]
        found.append(
            Curve(
                tier.tier,
                tier.machine,
                tuple(sizes),
                tuple(rate.value for rate in rates),
                tuple(rate.low for rate in rates),
                tuple(rate.high for rate in rates),
                wall,
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def _published() -> tuple[dict[str, str], ...]:
    path = load_catalog().folder / "measurements" / "llm_rows.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(row for row in csv.DictReader(file) if row["decode_token_per_s"])


def _near(bits: float) -> str:
    return "int4" if bits < 6 else "int8" if bits < 12 else "fp16"


def measured_dots(choice: Choice) -> tuple[Dot, ...]:
    """Return published rates of this model at this width on the machines of the page."""
    found = []
    for row in _published():
        same = row["decoder"] == choice.model and row["entity"] in choice.machines
        if same and _near(float(row["bit_per_weight"])) == choice.precision:
            tier = TIERS[choice.machines.index(row["entity"])]
            words = plain(
                f"{row['named_device']}, {row['runtime']}, {row['quantisation']}, "
                f"context {row['context_token']}: {row['source']}",
                140,
            )
            rate = float(row["decode_token_per_s"])
            found.append(Dot(tier, float(row["batch"]), rate, words))
    return tuple(found)


@lru_cache(maxsize=64)
def draft_map(choice: Choice, tier: str) -> DraftMap | None:
    """Map where drafting on the device pays; None where a time is not known."""
    catalog = choice.catalog
    small = _alone(choice, "device", 1, choice.drafter)
    large = _alone(choice, tier, _load(choice, tier), choice.model)
    checks = [
        serve_language(
            catalog, choice.model, large.machine, choice.precision, large.batch,
            choice.prompt, choice.output, step_token=window + 1.0,
        )
        for window in range(1, WINDOW + 1)
    ]  # fmt: skip
    times = [item["iteration_s"].value for item in (small, large, *checks)]
    if any(math.isnan(time) for time in times):
        return None
    found = break_even_grid(small, large, checks, _ACCEPTED, _TRIPS)
    now = serve_at(catalog, large, choice.hops(tier))["round_trip_s"].value
    edge = float(np.interp(0.8, found.acceptance, found.break_even_s))
    drafted, step = (format_quantity(time, "s") for time in times[:2])
    sentence = (
        f"At 80 % acceptance drafting pays below a round trip of {format_quantity(edge, 's')}"
        if edge > 0
        else "At 80 % acceptance drafting never pays"
    )
    sentence += f": a drafted token takes {drafted}, a remote one {step}"
    return DraftMap(tier, found, now, f"{sentence}. Yours is {format_quantity(now, 's')}.")


def shipping_of(choice: Choice, tier: str) -> Shipping | None:
    """Compare sending the prompt's cache to a tier with computing it there."""
    alone = _alone(choice, tier, _load(choice, tier), choice.model)
    edge = ship_or_recompute(alone)
    if math.isnan(edge.value):
        return None
    prefill = alone["prefill_s"].value
    rates = np.geomspace(edge.value / 1e4, edge.value * 30.0, 40)
    catalog = choice.catalog
    links = []
    for id in dict.fromkeys((choice.uplink, choice.backhaul)):
        rate = getattr(catalog.hops[id].rate("up"), "value", math.nan)
        if math.isfinite(rate):
            links.append((plain(catalog.hops[id].label, 30), rate))
    words = (
        f"Sending keys and values of {choice.prompt} tokens beats computing them on "
        f"{plain(catalog.machines[alone.machine].label, 40)} above "
        f"{format_quantity(edge.value, 'bit/s')}."
    )
    return Shipping(
        tuple(float(rate) for rate in rates),
        tuple(float(prefill * edge.value / rate) for rate in rates),
        prefill,
        edge,
        tuple(links),
        words,
    )


def cascade_words(
    choice: Choice, escalated: float, kept: float, passed: float
) -> tuple[tuple[str, str], ...]:
    """Return what a small model here before a large one in the cloud gives, in words.

    Parameters
    ----------
    escalated, kept, passed
        Share handed on, and accuracies on what is kept and handed on, in per cent.
    """
    catalog = choice.catalog
    here = serve_at(catalog, _alone(choice, "device", 1, choice.drafter))
    there = tiers_of(choice)[-1].served
    found = cascade(here, there, escalated / 100.0, kept / 100.0, passed / 100.0)
    times = {"Mean answer": found.answer_s, "Mean first token": found.ttft_s}
    rows = [
        (name, UNKNOWN if math.isnan(x.value) else format_quantity(x.value, "s"))
        for name, x in times.items()
    ]
    energy = found.answer_j.value
    rows.append(
        ("Energy of an answer", UNKNOWN if math.isnan(energy) else format_quantity(energy, "j"))
    )
    return (("Accuracy", format_quantity(found.accuracy, "frac")), *rows)


def origin_lines(number: Looked, unit: str) -> Sequence[str]:
    """Return in plain lines how a number came about, its range, and each fact behind it."""
    if math.isnan(number.value):
        return (f"{UNKNOWN}: {number.origin.note}",)
    lines = [number.origin.note] if number.origin.note else []
    if math.isfinite(number.low) and math.isfinite(number.high) and number.low < number.high:
        lines.append(f"Range {format_range(number.low, number.high, unit)}")
    for fact in number.origin.facts:
        text = fact_text(fact)
        lines.append(
            f"{field_words(fact.field, fact.basis)}: {text.value} ({text.origin}), "
            f"{text.source}. {text.remark}"
        )
    return tuple(lines)
