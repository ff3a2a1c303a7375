"""The figures that decide: value, unit, and whether the requirement holds."""

from __future__ import annotations

__all__ = [
    "KeyFigure",
    "Status",
    "headline",
    "key_figures",
    "overloaded_stations",
    "required_quantity",
    "scenario_words",
]

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from text import UNKNOWN, format_quantity, format_range, plain

from analytic_models import Case, Evaluation, Scenario
from analytic_models.lookups import losses
from viewmodels.certainty import Certainty, certainty
from viewmodels.classes import class_means, whose
from viewmodels.cuts import placement_words
from viewmodels.display import as_given, beside_limit, busy_words, short, significant
from viewmodels.losses import has_room, lost_words, of_answered
from viewmodels.objectives import unit_of

Status = Literal["pass", "fail", "free", "unknown", "overloaded", "misfit"]

STATION_WORDS: Mapping[str, str] = {
    "device": "the device",
    "uplink": "the uplink",
    "edge": "the edge site",
    "backhaul": "the backhaul",
    "cloud": "the cloud",
}
_TIERS = ("device", "edge", "cloud")
# Verdicts beside a number, which may have more digits than are known.
_NUMBERS = ("pass", "fail", "free")
_LEVELS: Mapping[str, tuple[str, str, float]] = {
    "mean": ("latency_mean_s", "mean", 0.5),
    "p50": ("latency_p50_s", "median", 0.5),
    "p95": ("latency_p95_s", "p95", 0.05),
    "p99": ("latency_p99_s", "p99", 0.01),
    "p99.9": ("latency_p999_s", "p99.9", 0.001),
}


@dataclass(frozen=True)
class KeyFigure:
    """One figure with its verdict.

    Parameters
    ----------
    quantity
        Name in the pipeline, for the explanation.
    label, value
        Words, and the number with its unit.
    status
        ``pass`` or ``fail`` against a requirement, ``free`` without one, ``unknown`` or
        ``overloaded``.
    verdict
        The requirement in words, or what evidence is missing.
    goal
        Which objective of the theme it belongs to.
    why
        Why the number is shown with few digits; empty where all that fit are known.
    """

    quantity: str
    label: str
    value: str
    status: Status
    verdict: str
    goal: str
    why: str = ""


def required_quantity(scenario: Scenario) -> tuple[str, str]:
    """Quantity that the deadline is held against, and its short name.

    Examples
    --------
    >>> required_quantity(Scenario(deadline_at="p99"))
    ('latency_p99_s', 'p99')
    """
    quantity, words, _ = _LEVELS[scenario.deadline_at]
    return quantity, words


def overloaded_stations(evaluation: Evaluation) -> tuple[tuple[str, float], ...]:
    """Stations that are asked for more than they can do, with their utilisation, worst first."""
    busy = [(name, evaluation.value(f"{name}_utilisation_frac")) for name in STATION_WORDS]
    return tuple(sorted((pair for pair in busy if pair[1] >= 1.0), key=lambda pair: -pair[1]))


def headline(case: Case, evaluation: Evaluation) -> tuple[str, Status]:
    """Say in one sentence what runs where and whether it is fast enough.

    Returns
    -------
    The sentence as plain text, to be escaped where it is placed, and the status of the deadline.
    """
    scenario = case.scenario
    catalog = case.catalog()
    dnn = plain(catalog.dnns.label(scenario.dnn), 60)
    many = format_quantity(scenario.population_count, "count")
    who = "one device" if scenario.population_count == 1 else f"{many} devices"
    start = f"{dnn} for {who} {placement_words(scenario.dnn, case.design, catalog)}"
    full = [name for name in _TIERS if evaluation.value(f"{name}_memory_frac") > 1.0]
    if full:
        return f"{start}, but does not fit into the memory of {STATION_WORDS[full[0]]}", "misfit"
    busy = overloaded_stations(evaluation)
    if busy:
        station, load = busy[0]
        asked = busy_words(load)
        of = "" if asked.endswith("×") else " of"
        return (
            f"{start} and overloads {STATION_WORDS[station]}: {asked}{of} what it can do",
            "overloaded",
        )
    quantity, name = required_quantity(scenario)
    value = evaluation.value(quantity)
    if math.isnan(value):
        return f"{start}; how long it takes is not known", "unknown"
    meets = evaluation.value("latency_required_s") <= scenario.deadline_s
    known = certainty(case).digits(quantity)
    shown, limit, clear = beside_limit(value, scenario.deadline_s, "s", known)
    verdict = f"meets the {limit} deadline" if meets else f"misses the {limit} deadline"
    verdict = verdict if clear else f"just {verdict}"
    of, lost = f"{whose(scenario)}{of_answered(scenario)}", lost_words(evaluation)
    lost = f", {lost}" if lost else ""
    return f"{start}; {name}{of} {shown}{lost}, {verdict}", "pass" if meets else "fail"


def scenario_words(scenario: Scenario) -> str:
    """Say in one plain sentence what is asked for: load, answer, requirement."""
    each = f"{scenario.arrival_per_s:.3g}"
    limit = as_given(scenario.deadline_s, "s")
    who = {
        "mean": f"on average an answer must be back within {limit}",
        "p50": f"half of the answers must be back within {limit}",
    }
    share = scenario.deadline_at.removeprefix("p")
    must = who.get(scenario.deadline_at, f"{share} % of the answers must be back within {limit}")
    must = must.replace("answers", f"answers{whose(scenario).replace(' of ', ' to ', 1)}", 1)
    kept = "; the raw input must stay on the device" if scenario.raw_input_stays_flag else ""
    if scenario.arrivals == "closed" and scenario.arrival_per_s > 0:
        pause = format_quantity(1.0 / scenario.arrival_per_s, "s", 3)
        return f"Each device pauses for {pause} after an answer, then asks again; {must}{kept}."
    return f"Each device asks for {each} inferences per second; {must}{kept}."


def key_figures(case: Case, evaluation: Evaluation) -> tuple[KeyFigure, ...]:
    """List the figures of the first page in their order, with the digits that are known."""
    scenario, known = case.scenario, certainty(case)
    found = (
        *_latencies(evaluation, scenario, known),
        _missed(evaluation, scenario, known),
        *_lost(evaluation, scenario, known),
        _charged(evaluation, scenario, known),
        _limited(evaluation, known, "cost_usd", "Cost of a million", scenario.cost_max_usd, "cost"),
        _emitted(evaluation, known),
        _accuracy(evaluation, scenario),
        _exposure(evaluation, scenario),
    )
    return tuple(
        replace(figure, why=known.why(figure.quantity)) if figure.status in _NUMBERS else figure
        for figure in found
    )


def _latencies(
    evaluation: Evaluation, scenario: Scenario, known: Certainty
) -> tuple[KeyFigure, ...]:
    quantity, words = required_quantity(scenario)
    tail = (quantity, f"{words} latency") if words != "mean" else ("latency_p99_s", "p99 latency")
    found = []
    for name, label in (("latency_mean_s", "Mean latency"), tail):
        limit = scenario.deadline_s if name == quantity else None
        label += f"{whose(scenario)}{of_answered(scenario)}"
        figure = _limited(evaluation, known, name, label, limit, "latency")
        late = evaluation.value("latency_required_s") > scenario.deadline_s
        if name == quantity and figure.status == "pass" and late:
            # The answers are quick enough, but too few requests get one.
            figure = replace(figure, status="fail", verdict="too many requests are lost")
        digits = known.digits(name)
        means = class_means(evaluation, digits) if name == "latency_mean_s" else ""
        found.append(replace(figure, verdict=f"{figure.verdict}; {means}") if means else figure)
    return tuple(found)


def _limited(
    evaluation: Evaluation, known: Certainty, name: str, label: str, limit: float | None, goal: str
) -> KeyFigure:
    value, unit, digits = evaluation.value(name), unit_of(name), known.digits(name)
    if math.isnan(value):
        return KeyFigure(name, label, UNKNOWN, "unknown", _gap(evaluation, name), goal)
    if math.isinf(value):
        return KeyFigure(name, label, "overloaded", "overloaded", _overload(evaluation), goal)
    if limit is None:
        return KeyFigure(name, label, short(value, unit, digits), "free", "no limit set", goal)
    shown, bound, clear = beside_limit(value, limit, unit, digits)
    met = value <= limit
    verdict = f"at most {bound}" if met else f"more than the {bound} allowed"
    verdict = verdict if clear else f"{verdict}, but too close to be sure"
    return KeyFigure(name, label, shown, "pass" if met else "fail", verdict, goal)


def _charged(evaluation: Evaluation, scenario: Scenario, known: Certainty) -> KeyFigure:
    """Device energy; without a limit, how far a battery charge goes where one is known."""
    found = _limited(
        evaluation, known, "energy_device_j", "Device energy", scenario.energy_max_j, "energy"
    )
    name = "charge_inferences_count"
    charges = evaluation.value(name)
    if found.status != "free" or not math.isfinite(charges):
        return found
    rounded = significant(charges, known.digits(name, 2))
    return replace(found, verdict=f"a battery charge pays for {short(rounded, 'count')}")


def _emitted(evaluation: Evaluation, known: Certainty) -> KeyFigure:
    """Emissions of running, and with the making of the machines where it is known."""
    found = _limited(evaluation, known, "carbon_gco2e", "CO₂e of one", None, "carbon")
    name = "footprint_gco2e"
    whole = evaluation.value(name)
    if found.status != "free" or not math.isfinite(whole):
        return found
    words = f"{short(whole, 'gco2e', known.digits(name, 2))} with making the machines"
    return replace(found, verdict=words)


def _gap(evaluation: Evaluation, name: str) -> str:
    return evaluation.reason(name) or "a figure that it needs is missing"


def _overload(evaluation: Evaluation) -> str:
    busy = overloaded_stations(evaluation)
    if not busy:
        return "requests pile up without bound"
    station, load = busy[0]
    asked = format_quantity(load, "frac", 2)
    return f"{STATION_WORDS[station]} is asked for {asked} of what it can do"


def _missed(evaluation: Evaluation, scenario: Scenario, known: Certainty) -> KeyFigure:
    name, label = "deadline_miss_frac", "Answers too late"
    if has_room(scenario):
        label = "Lost or too late"
    value = evaluation.value(name)
    if math.isnan(value):
        return KeyFigure(name, label, UNKNOWN, "unknown", _gap(evaluation, name), "latency")
    if overloaded_stations(evaluation):
        return KeyFigure(name, label, "all of them", "overloaded", _overload(evaluation), "latency")
    digits = known.digits(name, 2)
    shown = "< 0.001 %" if value < 1e-5 else format_quantity(value, "frac", digits)
    if scenario.deadline_at == "mean":
        return KeyFigure(name, label, shown, "free", "the deadline holds for the mean", "latency")
    allowed = _LEVELS[scenario.deadline_at][2]
    met = evaluation.value("latency_required_s") <= scenario.deadline_s
    limit = format_quantity(allowed, "frac", 2)
    verdict = f"at most {limit}" if met else f"more than the {limit} allowed"
    return KeyFigure(name, label, shown, "pass" if met else "fail", verdict, "latency")


def _lost(evaluation: Evaluation, scenario: Scenario, known: Certainty) -> tuple[KeyFigure, ...]:
    """Say how many requests find no place, where a tier has a last one."""
    if not has_room(scenario):
        return ()
    name, label = "lost_frac", "Requests lost"
    value = evaluation.value(name)
    if math.isnan(value):
        return (KeyFigure(name, label, UNKNOWN, "unknown", _gap(evaluation, name), "latency"),)
    digits = known.digits(name, 2)
    shown = "< 0.001 %" if value < 1e-5 else format_quantity(value, "frac", digits)
    served = short(evaluation.value("served_per_s"), "1/s", known.digits("served_per_s"))
    return (KeyFigure(name, label, shown, "free", f"{served} are answered", "latency"),)


def _accuracy(evaluation: Evaluation, scenario: Scenario) -> KeyFigure:
    name = "accuracy_frac"
    metric = losses(evaluation.case().catalog(), scenario.dnn).metric
    label = "Accuracy"
    value, drop = evaluation.value(name), evaluation.value("accuracy_drop_pp")
    if math.isnan(value):
        return KeyFigure(name, label, UNKNOWN, "unknown", _gap(evaluation, name), "accuracy")
    low, high = evaluation.value("accuracy_low_frac"), evaluation.value("accuracy_high_frac")
    shown = format_quantity(value, "frac", 3)
    around = f"; {format_range(low, high, 'frac')}" if high - low > 5e-4 else ""
    around += f"; {metric}" if metric != "accuracy" else ""
    limit = scenario.accuracy_drop_max_pp
    if limit is None:
        return KeyFigure(name, label, shown, "free", f"no limit set{around}", "accuracy")
    met = drop <= limit
    lost = format_quantity(drop, "pp", 2)
    allowed = format_quantity(limit, "pp", 2)
    verdict = f"{lost} lost, {'' if met else 'only '}{allowed} allowed{around}"
    return KeyFigure(name, label, shown, "pass" if met else "fail", verdict, "accuracy")


def _exposure(evaluation: Evaluation, scenario: Scenario) -> KeyFigure:
    name, label = "exposed_frac", "Leaves the device"
    value = evaluation.value(name)
    raw = evaluation.value("raw_input_leaves_flag") > 0
    if math.isnan(value):
        return KeyFigure(name, label, UNKNOWN, "unknown", _gap(evaluation, name), "privacy")
    shown = format_quantity(value, "frac", 2) if value > 0 else "nothing"
    what = "the raw input" if raw else "features only" if value > 0 else "nothing is sent"
    if not scenario.raw_input_stays_flag:
        return KeyFigure(name, label, shown, "free", what, "privacy")
    verdict = "the raw input must stay" if raw else f"{what}; the raw input stays"
    return KeyFigure(name, label, shown, "fail" if raw else "pass", verdict, "privacy")
