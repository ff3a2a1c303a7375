"""How sure the best design is, in display units."""

from __future__ import annotations

__all__ = ["Certainty", "Contender", "Lever", "Threshold", "certainty_of", "thresholds_of"]

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from text import format_quantity, format_range, scale_for

from analytic_models import Case, Design, Scenario
from analytic_models.fields import declared_fields
from analytic_models.optimizers.rules import simple_rules
from analytic_models.optimizers.uncertainty import Doubt, Swing, doubt, switches
from viewmodels.current import evaluated
from viewmodels.display import shown_unit
from viewmodels.labels import distinct_labels, short_design
from viewmodels.objectives import objective_words, unit_of
from viewmodels.searched import searched

_SHOWN, _FEWEST_OTHERS = 8, 2
_SLACK = 1e-9
_SHORT = {
    "device": "device only",
    "edge": "edge only",
    "cloud": "cloud only",
    "blind": "blind cut",
    "blind-cloud": "blind cut to the cloud",
    "cut": "minimum cut",
    "greedy": "greedy",
}
_LEVERS = 12
_REACH = 10.0
_SWITCHED = ("population_count", "arrival_per_s", "uplink_bit_per_s", "uplink_rtt_s")
_FIELDS = declared_fields(Scenario)
_SURE = 0.9


@dataclass(frozen=True)
class Contender:
    """One design over the worlds; numbers in per cent or in the display unit."""

    label: str
    win: float
    win_error: float
    unstable: float
    over: float
    regret: float | None
    regret_text: str
    nominal: str
    median: str
    high: str
    role: str
    case: str


@dataclass(frozen=True)
class Lever:
    """An input with a range, and the objective of the nominal choice at its ends."""

    label: str
    low: float | None
    high: float | None
    span: str
    elasticity: str
    changes: bool


@dataclass(frozen=True)
class Threshold:
    """A value of a field at which the best design changes, and between which designs."""

    field: str
    value: str
    before: str
    after: str


@dataclass(frozen=True)
class Certainty:
    """Everything that the robustness page shows.

    Parameters
    ----------
    unit, objective, centre
        Display unit, words of the objective, and its nominal value.
    contenders
        Designs, the one that wins most often first.
    levers
        Inputs, the one that moves the objective most first.
    robust
        The robust choice if it is another one than the nominal choice; its case as JSON.
    """

    unit: str
    objective: str
    centre: float
    contenders: tuple[Contender, ...]
    levers: tuple[Lever, ...]
    robust: str
    nominal: str
    sentence: str
    badge: str
    certificate: str


def certainty_of(text: str, objective: str, load_percent: int, seed: int) -> Certainty:
    """Compare designs over worlds that are drawn from the ranges of facts.

    Parameters
    ----------
    text
        The case as JSON; its design is compared too.
    objective
        Quantity that is made small.
    load_percent
        How far the load may be off.
    seed
        Seed of the worlds.

    Raises
    ------
    analytic_models.DesignError
        If no design is feasible and stable.
    """
    case = Case.from_json(text)
    rules = _rules(case, objective)
    found = doubt(
        case.scenario,
        objective,
        seed=seed,
        load_frac=load_percent / 100.0,
        also=[case.design, *rules.values()],
        catalog=case.catalog(),
    )
    unit, result = unit_of(objective), found.robustness
    centre = float(found.nominal_value[result.nominal])
    scale = scale_for(centre, unit)
    labels = distinct_labels(case.scenario.dnn, found.designs, case.catalog())
    named = _named(found, rules)
    labels = [f"{label} ({named[at]})" if at in named else label for at, label in enumerate(labels)]
    return Certainty(
        scale.label,
        objective_words(case.scenario, objective),
        centre * scale.factor,
        _contenders(case, found, labels, unit, scale.factor, set(named)),
        tuple(_lever(s, scale.factor) for s in found.swings[:_LEVERS] if _moves(s, centre)),
        _json(case, found.designs[result.robust]) if result.robust != result.nominal else "",
        _json(case, found.designs[result.nominal]),
        _sentence(found, labels, unit),
        f"Monte-Carlo, {found.worlds} worlds, seed {found.seed}",
        result.certificate.detail,
    )


def _rules(case: Case, objective: str) -> dict[str, Design]:
    """Return the choices of simple rules that fit, keep the raw input and lose little accuracy."""
    found = {}
    solution = searched(dataclasses.replace(case, design=Design()).to_json(), objective)
    hard = ("memory_frac", "raw_input_leaves_flag", "accuracy_drop_pp")
    for rule in simple_rules(solution, case.catalog()):
        if rule.design is None or rule.design.techniques:
            continue
        evaluation = evaluated(dataclasses.replace(case, design=rule.design))
        needed = [c for c in solution.constraints if c.quantity in hard]
        if all(evaluation.value(c.quantity) <= c.limit * (1.0 + _SLACK) for c in needed):
            found[_SHORT[rule.key]] = rule.design
    return found


def _named(found: Doubt, rules: Mapping[str, Design]) -> dict[int, str]:
    """Return the rules that chose each design, by its number."""
    named: dict[int, list[str]] = {}
    for name, design in rules.items():
        for at, other in enumerate(found.designs):
            if other == design:
                named.setdefault(at, []).append(name)
    return {at: ", ".join(names) for at, names in named.items()}


def _json(case: Case, design: Design) -> str:
    return dataclasses.replace(case, design=design).to_json()


def _role(at: int, found: Doubt, mine: Design) -> str:
    roles = []
    if at == found.robustness.nominal:
        roles.append("nominal best")
    if at == found.robustness.robust:
        roles.append("robust choice")
    if found.designs[at] == mine:
        roles.append("yours")
    return ", ".join(roles)


def _contenders(
    case: Case, found: Doubt, labels: list[str], unit: str, factor: float, rules: set[int]
) -> tuple[Contender, ...]:
    result, over = found.robustness, _over(found)
    order = np.lexsort((found.nominal_value, -result.win_frac))
    keep = [at for at in order if _role(int(at), found, case.design) or int(at) in rules]
    rest = [at for at in order if at not in keep]
    shown = sorted(
        [*keep, *rest[: max(_SHOWN - len(keep), 2)]], key=lambda at: -result.win_frac[at]
    )
    contenders = []
    for at in (int(a) for a in shown):
        regret = float(result.regret[at])
        contenders.append(
            Contender(
                labels[at],
                100 * float(result.win_frac[at]),
                100 * float(result.win_error_frac[at]),
                100 * float(result.unstable_frac[at]),
                100 * over[at],
                regret * factor if math.isfinite(regret) else None,
                format_quantity(regret, unit) if math.isfinite(regret) else _breaks(found),
                format_quantity(float(found.nominal_value[at]), unit),
                format_quantity(float(found.median[at]), unit),
                _bound(float(found.high[at]), unit),
                _role(at, found, case.design),
                _json(case, found.designs[at]),
            )
        )
    return tuple(contenders)


def _over(found: Doubt) -> list[float]:
    """Share of the worlds in which each design breaks the accuracy limit."""
    sampled = found.over_limit_frac
    return [float(share) for share in sampled] if sampled.size else [0.0] * len(found.designs)


def _breaks(found: Doubt) -> str:
    """Say why nothing bounds what a design loses."""
    return "breaks a limit too often" if any(_over(found)) else "overloaded too often"


def _often(found: Doubt) -> str:
    reason = _breaks(found)
    return reason if reason.startswith("breaks") else f"is {reason}"


def _bound(value: float, unit: str) -> str:
    """Say below what the objective stays in 95 % of the worlds."""
    if not math.isfinite(value):
        return "without bound in more than 5 % of the worlds"
    return f"below {format_quantity(value, unit)} in 95 % of the worlds"


def _moves(swing: Swing, centre: float) -> bool:
    return not abs(swing.high - swing.low) <= 1e-4 * centre


def _lever(swing: Swing, factor: float) -> Lever:
    item = swing.input
    declared = _FIELDS.get(item.key)
    label = declared.label if declared is not None else item.label.removesuffix("_s")
    ends = [v * factor if math.isfinite(v) else None for v in (swing.low, swing.high)]
    slope = swing.elasticity
    return Lever(
        label.replace("_", " "),
        ends[0],
        ends[1],
        format_range(item.low, item.high, item.unit),
        f"{slope:+.2f}" if math.isfinite(slope) else "not known",
        swing.best_low != swing.best_high,
    )


def _sentence(found: Doubt, labels: list[str], unit: str) -> str:
    """Say how often the nominal choice is right, how often it breaks, and what is safer."""
    result = found.robustness
    best, robust = result.nominal, result.robust
    win = format_quantity(float(result.win_frac[best]), "frac", 2)
    broken = float(result.unstable_frac[best])
    start = f"The nominal best, {labels[best]}, is best in {win} of {found.worlds} worlds"
    if broken > 0.0:
        start += f" and overloaded in {format_quantity(broken, 'frac', 2)}"
    missed = _over(found)[best]
    if missed > 0.0:
        joined = "," if broken > 0.0 else " and"
        start += f"{joined} over the accuracy limit in {format_quantity(missed, 'frac', 2)}"
    if robust != best:
        regret = format_quantity(float(result.regret[robust]), unit, 2)
        return (
            f"{start}; {labels[robust]} is the safer choice, at most {regret} behind the best in "
            "95 % of them."
        )
    if result.win_frac[best] >= _SURE:
        return f"{start}: the ranges of the facts do not matter for the choice."
    regret = float(result.regret[best])
    if not math.isfinite(regret):
        return f"{start}; every design {_often(found)} to bound what it loses."
    behind = format_quantity(regret, unit, 2)
    return f"{start}, and no other loses less: in 95 % of them it is at most {behind} behind."


def thresholds_of(text: str, objective: str) -> tuple[Threshold, ...]:
    """Find where the best design changes around the present values of the most telling fields.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.
    objective
        Quantity that is made small.
    """
    case = Case.from_json(text)
    found = []
    for name in _SWITCHED:
        now = getattr(case.scenario, name)
        now = evaluated(case).value(name) if now is None else float(now)
        if not (math.isfinite(now) and now > 0.0):
            continue
        shown = shown_unit(name, _FIELDS[name])
        start = max(now / _REACH, 1.0) if name == "population_count" else now / _REACH
        end = max(now * _REACH, start * 2)
        found_here = switches(case.scenario, name, start, end, objective, catalog=case.catalog())
        for switch in found_here:
            pair = [
                short_design(case.scenario.dnn, design, case.catalog())
                for design in (switch.before, switch.after)
            ]
            value = f"{shown.out(switch.value):.3g} {shown.label}".strip()
            found.append(Threshold(_FIELDS[name].label, value, *pair))
    return tuple(found)
