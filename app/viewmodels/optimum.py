"""The best design in words: what was chosen, why, what stood in the way, and what it changes."""

from __future__ import annotations

__all__ = ["Optimum", "Relaxation", "Step", "design_words", "find_optimum"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from text import format_quantity, plain

from analytic_models import Case, Evaluation
from analytic_models.evaluation import QUANTITIES
from analytic_models.optimizers.solution import Constraint, Solution
from viewmodels.breakdown import waterfall
from viewmodels.certainty import Certainty, certainty_of
from viewmodels.choices import choice_label
from viewmodels.comparison import DECIDING
from viewmodels.current import parsed
from viewmodels.cuts import boundary_words, last_boundary, placement_words
from viewmodels.display import against, short, significant
from viewmodels.front import Front, front_of
from viewmodels.key_figures import STATION_WORDS
from viewmodels.objectives import constraint_words, objective_words, sentence_case, unit_of
from viewmodels.searched import searched


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
    after, digits
        Deciding figures of the best design, in base units, and how many digits of each are known.
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
    digits: Mapping[str, int]
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
    solution = searched(scenario_json, objective)
    found, runner, nearest = solution.case, solution.runner_up, solution.nearest
    known = certainty_of(solution.best) if solution.best else Certainty(())
    deciding = [name for name, *_ in DECIDING]
    most = known.digits(objective)
    return Optimum(
        feasible=found is not None,
        objective=objective,
        best=found.to_json() if found else "",
        after={name: solution.best.value(name) for name in deciding} if solution.best else {},
        digits=known.among(deciding),
        value=short(solution.value, unit_of(objective), min(most, 2)) if found else "",
        sentence=_sentence(case, solution, min(most, 2)),
        why=_why(solution, known) if found else (),
        badge=_badge(solution),
        certificate=_certificate(solution),
        funnel=_steps(solution),
        binding=tuple(_binding(solution, b, most) for b in solution.binding),
        runner_up=runner.case().to_json() if runner is not None else "",
        margin=_margin(solution, most),
        nearest=nearest.case.to_json() if nearest is not None else "",
        relax=tuple(_relax(c, v) for c, v in nearest.violated) if nearest is not None else (),
        front=front_of(solution, second, objective) if second else None,
        elapsed_s=solution.elapsed_s,
    )


def _badge(solution: Solution) -> str:
    count = format_quantity(solution.certificate.candidates or 0, "count")
    if solution.certificate.kind == "exact":
        return f"exact over {count} designs"
    return solution.certificate.badge


def _certificate(solution: Solution) -> str:
    return f"{sentence_case(plain(solution.certificate.detail, 200))}."


def _reasons(reasons: Sequence[str]) -> str:
    """Shorten a list of gaps: what all have in common is said once."""
    parts = [part for reason in reasons for part in reason.split("; ") if part]
    if len(parts) <= 2:
        return plain("; ".join(parts), 240)
    return plain(f"{'; '.join(parts[:2])}; and {len(parts) - 2} more like these", 320)


def design_words(case: Case) -> str:
    """Describe a design in one clause: where it runs, at which precision, what it sends."""
    design, dnn, catalog = case.design, case.scenario.dnn, case.catalog()
    last, words = last_boundary(dnn, catalog), boundary_words(dnn, catalog)
    spans = (
        ("device", 0, design.cut1, "on the device"),
        ("edge", design.cut1, design.cut2, "at the edge"),
        ("cloud", design.cut2, last, "in the cloud"),
    )
    used = [(tier, where) for tier, start, stop, where in spans if stop > start]
    precisions = {getattr(design, f"{tier}_precision") for tier, _ in used}
    start = placement_words(dnn, design, catalog)
    if len(precisions) == 1:
        start += f" at {next(iter(precisions))}"
    else:
        named = (f"{getattr(design, f'{tier}_precision')} {where}" for tier, where in used)
        start += f" ({', '.join(named)})"
    if design.cut1 == last:
        return f"{start}; nothing is sent"
    if design.cut1 == 0:
        sent = choice_label("catalog:encodings", design.input_encoding)
        lower = sent[:1].lower() + sent[1:] if sent[1:2].islower() else sent
        return f"{start}; sends the input as {lower}"
    return f"{start}; cut {words[design.cut1]}, sent as {design.uplink_encoding}"


def _sentence(case: Case, solution: Solution, digits: int) -> str:
    words = QUANTITIES[solution.objective][0].lower()
    if solution.case is None:
        if solution.nearest is None:
            return "No design can be judged: a figure that every design needs is missing."
        return "No design meets all requirements."
    best = "highest" if solution.maximised else "lowest"
    value = format_quantity(solution.value, unit_of(solution.objective), digits)
    dnn = plain(case.catalog().dnns.label(case.scenario.dnn), 40)
    name = objective_words(case.scenario, solution.objective) or words
    return f"The {best} {name} is {value}: {dnn} {design_words(solution.case)}."


def _why(solution: Solution, known: Certainty) -> tuple[str, ...]:
    """Say how each tier alone would do, and what now takes the time."""
    assert solution.best is not None
    designs, values = solution.screened.batch.designs, solution.screened[solution.objective]
    best = solution.best.case()
    last = last_boundary(best.scenario.dnn, best.catalog())
    cut1, cut2 = np.asarray(designs.cut1), np.asarray(designs.cut2)
    allowed = np.zeros(len(values), dtype=bool)
    allowed[np.asarray(solution.feasible, dtype=int)] = True
    sign = -1.0 if solution.maximised else 1.0
    chosen = placement_words(best.scenario.dnn, best.design, best.catalog())
    alone, without = [], []
    most = known.digits(solution.objective)
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
            shown, _ = against(value, solution.value, unit_of(solution.objective), most=most)
            alone.append(f"wholly {where} the best is {shown}")
        else:
            without.append(where)
    if without:
        alone.append(f"nothing that runs wholly {' or '.join(without)} meets the requirements")
    first = f"{sentence_case('; '.join(alone))}." if alone else ""
    digits = known.digits("latency_mean_s", 2)
    return tuple(filter(None, (first, _largest_part(solution.best, digits))))


def _largest_part(best: Evaluation, digits: int) -> str:
    pieces = waterfall(best, digits)
    if not pieces.parts:
        return ""
    largest = max(pieces.parts, key=lambda part: part.size)
    where = STATION_WORDS[largest.group.lower()]
    return (
        f"Of its mean latency of {pieces.total}, {largest.label} on {where} takes {largest.text}."
    )


def _binding(solution: Solution, binding: object, most: int) -> str:
    constraint: Constraint = binding.constraint  # type: ignore[attr-defined]
    without = binding.objective_without  # type: ignore[attr-defined]
    at: float = binding.value  # type: ignore[attr-defined]
    now, other = against(solution.value, without, unit_of(solution.objective), most=most)
    tail = "" if math.isfinite(at) else ", but that quantity is not known there"
    return f"Without {_without(constraint)}: {other} instead of {now}{tail}."


def _without(constraint: Constraint) -> str:
    words = constraint_words(constraint)
    return words if words.startswith("the ") and "stays" not in words else f"the rule that {words}"


def _steps(solution: Solution) -> tuple[Step, ...]:
    named = {c.label: constraint_words(c) for c in solution.constraints}
    return tuple(
        Step(sentence_case(named.get(s.label, s.label)), s.removed, s.left, _reasons(s.reasons))
        for s in solution.funnel
    )


def _margin(solution: Solution, most: int) -> str:
    if solution.runner_up is None:
        return ""
    unit, value = unit_of(solution.objective), solution.runner_up.value(solution.objective)
    _, other = against(solution.value, value, unit, most=most)
    share = format_quantity(solution.margin, "frac", 2)
    worse = f"{share} behind" if solution.margin >= 5e-4 else "practically as good"
    words = design_words(solution.runner_up.case())
    return f"Runner-up, {worse} at {other}: {words}."


def _relax(constraint: Constraint, value: float) -> Relaxation:
    unit = unit_of(constraint.quantity)
    label = sentence_case(constraint_words(constraint))
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
