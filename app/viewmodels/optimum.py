"""The best design in words: what was chosen, why, what stood in the way, and what it changes."""

from __future__ import annotations

__all__ = [
    "OBJECTIVES",
    "Change",
    "Gain",
    "Objective",
    "Optimum",
    "Relaxation",
    "Step",
    "changes",
    "design_words",
    "find_optimum",
    "gains",
    "is_current",
    "objective_words",
]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from analytic_models import Case, Design, Evaluation, Scenario, diff, load_catalog, optimize
from analytic_models.evaluation import QUANTITIES
from analytic_models.optimizers.solution import Constraint, Solution
from text import UNSTABLE, format_quantity, plain
from viewmodels.breakdown import waterfall
from viewmodels.choices import choice_label, field_value_words
from viewmodels.current import parsed
from viewmodels.cuts import boundary_words, last_boundary, placement_words
from viewmodels.display import against, short, significant
from viewmodels.front import Front, front_of
from viewmodels.key_figures import STATION_WORDS


@dataclass(frozen=True)
class Objective:
    """A quantity that can be made small (accuracy: large), its words and the theme's goal."""

    quantity: str
    label: str
    goal: str


OBJECTIVES: tuple[Objective, ...] = (
    Objective("latency_required_s", "latency that the deadline is held against", "latency"),
    Objective("latency_mean_s", "mean latency", "latency"),
    Objective("energy_device_j", "energy of the device", "energy"),
    Objective("energy_total_j", "energy of all tiers", "energy"),
    Objective("cost_usd", "cost", "cost"),
    Objective("carbon_gco2e", "carbon", "carbon"),
    Objective("accuracy_frac", "accuracy", "accuracy"),
    Objective("exposed_frac", "share of the raw input that leaves the device", "privacy"),
)


@dataclass(frozen=True)
class Step:
    """One stage of the funnel: what it asked for, how many it removed and left, and why."""

    label: str
    removed: int
    left: int
    reason: str = ""


@dataclass(frozen=True)
class Relaxation:
    """A constraint that no design meets, and the value at which the closest one would."""

    constraint: str
    value: str
    limit: str


@dataclass(frozen=True)
class Optimum:
    """The answer of the search as texts, numbers and JSON; small enough to be cached.

    Parameters
    ----------
    feasible
        Whether some design meets every constraint.
    best, runner_up, nearest
        Canonical JSON of cases; empty where there is none.
    after
        Deciding figures of the best design, in base units.
    value, sentence, why
        The objective with its unit, the answer in a sentence, and two sentences of reasons.
    badge, certificate
        Certificate in two words and in one sentence.
    funnel
        Stages in order.
    binding
        What each constraint costs, in words.
    margin
        The runner-up in words.
    relax
        When infeasible: what the closest design violates.
    front
        Trade-off with a second objective; None if not asked for or infeasible.
    elapsed_s
        Duration of the search.
    """

    feasible: bool
    objective: str
    best: str
    after: Mapping[str, float]
    value: str
    sentence: str
    why: tuple[str, ...]
    badge: str
    certificate: str
    funnel: tuple[Step, ...]
    binding: tuple[str, ...]
    runner_up: str
    margin: str
    nearest: str
    relax: tuple[Relaxation, ...]
    front: Front | None
    elapsed_s: float


def find_optimum(scenario_json: str, objective: str, second: str = "") -> Optimum:
    """Search the whole space of designs of a scenario.

    Parameters
    ----------
    scenario_json
        JSON of a case with this scenario; its design is not looked at.
    objective
        One of the quantities of ``OBJECTIVES``.
    second
        Another one, for the trade-off; empty for none.
    """
    case = parsed(scenario_json)
    solution = optimize(case.scenario, objective)
    found, runner, nearest = solution.case, solution.runner_up, solution.nearest
    unit = _unit(objective)
    return Optimum(
        feasible=found is not None,
        objective=objective,
        best=found.to_json() if found else "",
        after={name: solution.best.value(name) for name, *_ in _GAINS} if solution.best else {},
        value=short(solution.value, unit) if found else "",
        sentence=_sentence(case, solution),
        why=_why(solution) if found else (),
        badge=_badge(solution),
        certificate=_certificate(solution),
        funnel=tuple(
            Step(_sentence_case(s.label), s.removed, s.left, _reasons(s.reasons))
            for s in solution.funnel
        ),
        binding=tuple(_binding(solution, b) for b in solution.binding),
        runner_up=runner.case().to_json() if runner is not None else "",
        margin=_margin(solution),
        nearest=nearest.case.to_json() if nearest is not None else "",
        relax=tuple(_relax(c, v) for c, v in nearest.violated) if nearest is not None else (),
        front=front_of(solution, second, objective) if second else None,
        elapsed_s=solution.elapsed_s,
    )


def _unit(quantity: str) -> str:
    return str(QUANTITIES[quantity][1])


def _sentence_case(words: str) -> str:
    return words if words[1:2].isdigit() else words[:1].upper() + words[1:]


def _badge(solution: Solution) -> str:
    count = format_quantity(solution.certificate.candidates or 0, "count")
    if solution.certificate.kind == "exact":
        return f"exact over {count} designs"
    return solution.certificate.badge


def _certificate(solution: Solution) -> str:
    return f"{_sentence_case(plain(solution.certificate.detail, 200))}."


def _reasons(reasons: Sequence[str]) -> str:
    """Shorten a list of gaps: what all have in common is said once."""
    parts = [part for reason in reasons for part in reason.split("; ") if part]
    if len(parts) <= 2:
        return plain("; ".join(parts), 240)
    return plain(f"{'; '.join(parts[:2])}; and {len(parts) - 2} more like these", 320)


def design_words(case: Case) -> str:
    """What a design does, in one clause: where it runs, at which precision, what it sends."""
    design, dnn = case.design, case.scenario.dnn
    last, words = last_boundary(dnn), boundary_words(dnn)
    spans = (
        ("device", 0, design.cut1, "on the device"),
        ("edge", design.cut1, design.cut2, "at the edge"),
        ("cloud", design.cut2, last, "in the cloud"),
    )
    used = [(tier, where) for tier, start, stop, where in spans if stop > start]
    precisions = {getattr(design, f"{tier}_precision") for tier, _ in used}
    start = placement_words(dnn, design)
    if len(precisions) == 1:
        start += f" at {next(iter(precisions))}"
    else:
        named = (f"{getattr(design, f'{tier}_precision')} {where}" for tier, where in used)
        start += f" ({', '.join(named)})"
    if design.cut1 == last:
        return f"{start}; nothing is sent"
    if design.cut1 == 0:
        sent = choice_label("catalog:encodings", design.input_encoding)
        return f"{start}; sends the input as {sent[:1].lower() + sent[1:] if sent[1:2].islower() else sent}"
    return f"{start}; cut {words[design.cut1]}, sent as {design.uplink_encoding}"


def _sentence(case: Case, solution: Solution) -> str:
    words = QUANTITIES[solution.objective][0].lower()
    if solution.case is None:
        if solution.nearest is None:
            return "No design can be judged: a figure that every design needs is missing."
        return "No design meets all requirements."
    best = "highest" if solution.maximised else "lowest"
    value = format_quantity(solution.value, _unit(solution.objective), 2)
    dnn = plain(load_catalog().dnns.label(case.scenario.dnn), 40)
    name = objective_words(case.scenario, solution.objective) or words
    return f"The {best} {name} is {value}: {dnn} {design_words(solution.case)}."


def objective_words(scenario: Scenario, quantity: str) -> str:
    """Name of an objective; the percentile is named where the deadline decides it."""
    if quantity == "latency_required_s":
        at = scenario.deadline_at
        return "mean latency" if at == "mean" else f"{at} latency"
    return next((o.label for o in OBJECTIVES if o.quantity == quantity), "")


def _why(solution: Solution) -> tuple[str, ...]:
    """Say how each tier alone would do, and what now takes the time."""
    assert solution.best is not None
    designs, values = solution.screened.batch.designs, solution.screened[solution.objective]
    last = last_boundary(solution.screened.batch.scenario.dnn)
    cut1, cut2 = np.asarray(designs.cut1), np.asarray(designs.cut2)
    allowed = np.zeros(len(values), dtype=bool)
    allowed[np.asarray(solution.feasible, dtype=int)] = True
    sign = -1.0 if solution.maximised else 1.0
    chosen = placement_words(solution.best.batch.scenario.dnn, solution.best.case().design)
    clauses = []
    for where, rows in (
        ("on the device", cut1 == last),
        ("at the edge", (cut1 == 0) & (cut2 == last)),
        ("in the cloud", cut2 == 0),
    ):
        if chosen == f"runs {where}":
            continue
        ok = rows & allowed & np.isfinite(values)
        if ok.any():
            value = float(sign * np.min(sign * values[ok]))
            shown, _ = against(value, solution.value, _unit(solution.objective))
            clauses.append(f"wholly {where} the best is {shown}")
        else:
            clauses.append(f"wholly {where} nothing meets the requirements")
    first = f"{_sentence_case('; '.join(clauses))}." if clauses else ""
    return tuple(filter(None, (first, _largest_part(solution.best))))


def _largest_part(best: Evaluation) -> str:
    pieces = waterfall(best)
    if not pieces.parts:
        return ""
    largest = max(pieces.parts, key=lambda part: part.size)
    where = STATION_WORDS[largest.group.lower()]
    return (
        f"Of its mean latency of {pieces.total}, {largest.label} on {where} takes {largest.text}."
    )


def _binding(solution: Solution, binding: object) -> str:
    constraint: Constraint = binding.constraint  # type: ignore[attr-defined]
    without = binding.objective_without  # type: ignore[attr-defined]
    at: float = binding.value  # type: ignore[attr-defined]
    now, other = against(solution.value, without, _unit(solution.objective))
    tail = "" if math.isfinite(at) else ", but that quantity is not known there"
    return f"Without {constraint.label or constraint.quantity}: {other} instead of {now}{tail}."


def _margin(solution: Solution) -> str:
    if solution.runner_up is None:
        return ""
    unit, value = _unit(solution.objective), solution.runner_up.value(solution.objective)
    _, other = against(solution.value, value, unit)
    share = format_quantity(solution.margin, "frac", 2)
    worse = f"{share} behind" if solution.margin >= 5e-4 else "practically as good"
    words = design_words(solution.runner_up.case())
    return f"Runner-up, {worse} at {other}: {words}."


def _relax(constraint: Constraint, value: float) -> Relaxation:
    unit = _unit(constraint.quantity)
    label = _sentence_case(constraint.label or QUANTITIES[constraint.quantity][0])
    if constraint.quantity in ("stable_flag", "raw_input_leaves_flag"):
        return Relaxation(label, "not met", "needed")
    if math.isnan(value):
        return Relaxation(label, "not known", format_quantity(constraint.limit, unit, 2))
    # Rounded towards the side that is enough.
    room = significant(value, 2)
    if (room < value) == (constraint.sense == "<="):
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.0
        room += step if constraint.sense == "<=" else -step
    return Relaxation(
        label, format_quantity(room, unit, 2), format_quantity(constraint.limit, unit, 2)
    )


@dataclass(frozen=True)
class Gain:
    """One figure before and after a design is applied; ``better`` is None when it stays the same."""

    label: str
    before: str
    after: str
    better: bool | None


_GAINS = (
    ("latency_required_s", "Latency for the deadline", False),
    ("energy_device_j", "Device energy", False),
    ("cost_usd", "Cost of a million", False),
    ("carbon_gco2e", "CO₂e of one", False),
    ("accuracy_frac", "Accuracy", True),
)


def gains(before: Evaluation, after: Mapping[str, float]) -> tuple[Gain, ...]:
    """Compare the deciding figures of the present design with those of another one."""
    found = []
    for name, label, more in _GAINS:
        old, new = before.value(name), after[name]
        words = (
            (objective_words(before.batch.scenario, name) or label)
            if name.startswith("latency")
            else label
        )
        better = None
        if not (math.isnan(old) or math.isnan(new)) and not math.isclose(old, new, rel_tol=5e-3):
            better = (new > old) == more
        first, second = _pair(old, new, _unit(name))
        found.append(Gain(_sentence_case(words), first, second, better))
    return tuple(found)


def _pair(old: float, new: float, unit: str) -> tuple[str, str]:
    if math.isfinite(old) and math.isfinite(new) and not math.isclose(old, new, rel_tol=5e-3):
        return against(old, new, unit)
    return tuple(short(v, unit).replace(UNSTABLE, "overloaded") for v in (old, new))  # type: ignore[return-value]


@dataclass(frozen=True)
class Change:
    """One field that differs between two cases, and what switching it does to a quantity."""

    label: str
    before: str
    after: str
    effect: str


def changes(before: Case, after: Case, quantity: str) -> tuple[Change, ...]:
    """List the fields that matter and differ, with their share of the change of a quantity."""
    unit, found = _unit(quantity), []
    silent = _unused(after.design, after.scenario.dnn) & _unused(before.design, before.scenario.dnn)
    for step in diff(before, after, quantity):
        part, name = step.path.split(".", 1)
        if name in silent:
            continue
        words: Mapping[str, str] = {
            side: field_value_words(part, name, value, case.scenario.dnn)
            for side, value, case in (("b", step.before, before), ("a", step.after, after))
        }
        found.append(Change(step.label, words["b"], words["a"], _effect(step.contribution, unit)))
    return tuple(found)


def _effect(contribution: float, unit: str) -> str:
    if math.isnan(contribution):
        return "not known"
    if math.isinf(contribution):
        return "ends the overload" if contribution < 0 else "overloads"
    if contribution == 0.0:
        return "with the next"
    sign = "+" if contribution > 0 else "\u2212"
    return f"{sign}{short(abs(contribution), unit)}"


def _unused(design: Design, dnn: str) -> set[str]:
    """Fields that a design does not use: precisions of idle tiers, encodings of silent hops."""
    last = last_boundary(dnn)
    spans = (
        ("device", 0, design.cut1),
        ("edge", design.cut1, design.cut2),
        ("cloud", design.cut2, last),
    )
    found = {f"{tier}_precision" for tier, start, stop in spans if stop <= start}
    if design.cut1 != 0:
        found.add("input_encoding")
    if design.cut1 in (0, last):
        found.add("uplink_encoding")
    if design.cut2 in (design.cut1, last):
        found.add("backhaul_encoding")
    return found


def is_current(optimum: Optimum, case: Case) -> bool:
    """Whether a case already is the best design, apart from what it does not use."""
    if not optimum.best:
        return False
    best = parsed(optimum.best).design
    used = set(Design.__dataclass_fields__) - _unused(best, case.scenario.dnn)
    return all(getattr(best, name) == getattr(case.design, name) for name in used)
