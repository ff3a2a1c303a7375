"""How sure the best design is when rates, efficiencies, powers and the load are known in ranges."""

from __future__ import annotations

__all__ = ["Doubt", "Swing", "Switch", "doubt", "switches"]

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from analytic_models.batch import SWEEPABLE, Batch, batch_of
from analytic_models.batch_worlds import Uncertain, batch_in_worlds, uncertain_inputs
from analytic_models.catalog import Catalog, load_catalog
from analytic_models.design import Design, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import run_batch
from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.phase_field import DesignField, axis_over
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray
from analytic_models.optimizers.robust import Interval, Robustness, robustness, sample_worlds
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

_SCOUTED = 2_000_000
_FEWEST_SCOUTS, _MOST_SCOUTS = 6, 24
_NEAR = 1.01
_COVER = 60
_STEP = 0.01
_AT_ONCE = 60_000
_ACCURACIES = ("accuracy_drop_pp", "accuracy_frac", "accuracy_low_frac", "accuracy_high_frac")


@dataclass(frozen=True)
class Swing:
    """What one input does to the objective of the nominal best design, all others nominal.

    Parameters
    ----------
    input
        The input with its range.
    low, high
        Objective at the two ends of the range; ``inf`` where the design becomes unstable.
    elasticity
        Relative change of the objective per relative change of the input, by central differences.
    best_low, best_high
        Number of the best design at the two ends.
    """

    input: Uncertain
    low: float
    high: float
    elasticity: float
    best_low: int
    best_high: int


@dataclass(frozen=True)
class Doubt:
    """How designs fare over the worlds.

    Parameters
    ----------
    designs
        The designs that were compared: those that win somewhere, or nearly.
    objective
        Quantity that is made small.
    nominal_value
        Shape (n,): objective of each design with all inputs nominal.
    robustness
        Shares won and unstable, quantile regret, nominal and robust choice.
    median, high
        Shape (n,): median and 95 % quantile of the objective over the worlds.
    swings
        Inputs with a range, the one that moves the nominal best design most first.
    worlds, seed
        How many worlds, and the seed that they were drawn with.
    scouted, considered
        Worlds in which every design was evaluated to find the candidates, and designs then.
    late_frac
        Share of the second half of the scouted worlds that a design won which had not won before:
        a measure of how many winners may have been missed.
    over_limit_frac
        Shape (n,): share of the worlds in which the design loses more accuracy than the scenario
        allows. It counts as failed there, in shares won and in regret, but not as unstable.
    """

    designs: tuple[Design, ...]
    objective: str
    nominal_value: FloatArray
    robustness: Robustness
    median: FloatArray
    high: FloatArray
    swings: tuple[Swing, ...]
    worlds: int
    seed: int
    scouted: int
    considered: int
    late_frac: float
    over_limit_frac: FloatArray = field(default_factory=lambda: np.zeros(0))


def doubt(
    scenario: Scenario,
    objective: str = "latency_mean_s",
    worlds: int = 400,
    seed: int = 1,
    load_frac: float = 0.2,
    also: Sequence[Design] = (),
    over: Space | None = None,
    catalog: Catalog | None = None,
) -> Doubt:
    """Compare the designs of a scenario over sampled worlds.

    Parameters
    ----------
    scenario
        What is given; memory, raw input and accuracy requirements hold at nominal values. Where
        accuracy is limited, its losses are sampled too, and the limit holds in every world.
    objective
        Quantity that is made small.
    worlds, seed
        Worlds to sample, and the seed.
    load_frac
        How far the number of devices and their requests may be off.
    also
        Designs to compare with the candidates, feasible or not; those with techniques are left out.
    over
        Space of designs, by default every precision and encoding that the scenario offers.

    Raises
    ------
    DesignError
        If no design meets the requirements, or none is stable at the nominal inputs.

    Notes
    -----
    Ranges of facts are taken as the 5 % and 95 % quantiles of independent log-normal laws; a fact
    that two tiers share has one value in a world. Losses of accuracy lie between the smallest and
    the largest that is plausible, with the nominal one as median.
    """
    catalog = catalog or load_catalog()
    designs = _feasible(scenario, over or default_space(scenario, catalog), catalog)
    batch = batch_of(scenario, designs, catalog=catalog)
    limited = scenario.accuracy_drop_max_pp is not None or objective in _ACCURACIES
    inputs = uncertain_inputs(batch, catalog, load_frac, accuracy=limited)
    if not inputs:
        raise DesignError(Problem("scenario", "no input has a range", "facts with low and high"))
    intervals = {i.key: Interval(i.low, i.high, i.law, i.value) for i in inputs}
    scouts = int(np.clip(_SCOUTED // batch.size, _FEWEST_SCOUTS, _MOST_SCOUTS))
    rows, late = _scout(batch, catalog, objective, sample_worlds(intervals, scouts, seed + 1))
    nominal_all = _values(batch, catalog, objective, {})[0][0]
    if not np.isfinite(nominal_all).any():
        raise DesignError(Problem("scenario", "no design is stable", "less load or more capacity"))
    best = 0
    chosen = [designs.design(int(nominal_all.argmin())), *(designs.design(int(r)) for r in rows)]
    few = _distinct([*chosen, *(design for design in also if not design.techniques)])
    small = batch_of(scenario, DesignSet.of_many(few), catalog=catalog)
    cost, lossy = _values(small, catalog, objective, sample_worlds(intervals, worlds, seed))
    nominal = _values(small, catalog, objective, {})[0][0]
    result = robustness(np.where(lossy, np.inf, cost), best, seed=seed)
    result = dataclasses.replace(result, unstable_frac=np.isinf(cost).mean(axis=0))
    return Doubt(
        tuple(few),
        objective,
        nominal,
        dataclasses.replace(result, certificate=_certificate(result, scouts, batch.size, late)),
        np.quantile(cost, 0.5, axis=0, method="higher"),
        np.quantile(cost, 0.95, axis=0, method="higher"),
        _swings(small, catalog, objective, inputs, best),
        worlds,
        seed,
        scouts,
        batch.size,
        late,
        lossy.mean(axis=0),
    )


def _distinct(designs: Sequence[Design]) -> list[Design]:
    found: list[Design] = []
    for design in designs:
        if design not in found:
            found.append(design)
    return found


def _certificate(found: Robustness, scouts: int, size: int, late: float) -> Certificate:
    detail = (
        f"{found.certificate.detail}; candidates are the winners of {scouts} worlds over "
        f"{size:,} designs ({late:.0%} of the later ones had a new winner)"
    )
    return dataclasses.replace(found.certificate, detail=detail)


def _feasible(scenario: Scenario, space: Space, catalog: Catalog) -> DesignSet:
    """Return the designs that fit, keep the raw input where it must stay, and lose little."""
    designs = enumerate_designs(scenario, space, catalog)
    wanted = ("memory_frac", "raw_input_leaves_flag", "accuracy_drop_pp", "latency_idle_s")
    found = run_batch(batch_of(scenario, designs, catalog=catalog), wanted)
    allowed = np.isfinite(found["latency_idle_s"])
    # Blocks whose time was measured on a machine ran there, so they fit.
    if scenario.timing != "measured":
        allowed &= found["memory_frac"] <= 1.0
    if scenario.raw_input_stays_flag:
        allowed &= found["raw_input_leaves_flag"] <= 0.0
    if scenario.accuracy_drop_max_pp is not None:
        allowed &= found["accuracy_drop_pp"] <= scenario.accuracy_drop_max_pp * (1.0 + 1e-12)
    if not allowed.any():
        wanted_words = "memory, raw input and accuracy requirements"
        raise DesignError(Problem("scenario", "no design meets its requirements", wanted_words))
    return designs.take(np.flatnonzero(allowed))


def _values(
    batch: Batch, catalog: Catalog, objective: str, worlds: dict[str, FloatArray]
) -> tuple[FloatArray, BoolArray]:
    """Return the objective and whether too much accuracy is lost in every world, shapes (w, n).

    The objective is ``inf`` where the design is unstable or its value is not known.
    """
    limit = batch.scenario.accuracy_drop_max_pp
    wanted = (objective, "stable_flag", *(() if limit is None else ("accuracy_drop_pp",)))
    count = len(next(iter(worlds.values()))) if worlds else 1
    step = max(1, _AT_ONCE // batch.size)
    parts, losing = [], []
    for start in range(0, count, step):
        some = {key: values[start : start + step] for key, values in worlds.items()}
        here = batch_in_worlds(batch, catalog, some) if worlds else batch
        found = run_batch(here, wanted)
        value = np.where(found["stable_flag"] > 0.0, found[objective], np.inf)
        parts.append(np.where(np.isnan(value), np.inf, value).reshape(-1, batch.size))
        over = np.zeros(here.size, dtype=bool)
        if limit is not None:
            over |= found["accuracy_drop_pp"] > limit * (1.0 + 1e-12)
        losing.append(over.reshape(-1, batch.size))
    return np.concatenate(parts), np.concatenate(losing)


def _scout(
    batch: Batch, catalog: Catalog, objective: str, worlds: dict[str, FloatArray]
) -> tuple[IntArray, float]:
    """Return designs that win, or nearly, in some world, and how often a new one still won."""
    near: dict[int, int] = {}
    winners: list[int] = []
    for world in range(len(next(iter(worlds.values())))):
        one = {key: values[world : world + 1] for key, values in worlds.items()}
        cost, lossy = (found[0] for found in _values(batch, catalog, objective, one))
        cost = np.where(lossy, np.inf, cost)
        best = float(cost.min())
        if not np.isfinite(best):
            continue
        winners.append(int(cost.argmin()))
        order = np.argsort(cost, kind="stable")[:8]
        for row in order[cost[order] <= best * _NEAR]:
            near[int(row)] = near.get(int(row), 0) + 1
    half = len(winners) // 2
    late = [row not in winners[: half + at] for at, row in enumerate(winners[half:])]
    often = sorted(near, key=lambda row: (row not in winners, -near[row], row))
    share = float(np.mean(late)) if late else 0.0
    return np.array(often[:_COVER], dtype=np.int64), share


def _swings(
    batch: Batch, catalog: Catalog, objective: str, inputs: tuple[Uncertain, ...], best: int
) -> tuple[Swing, ...]:
    """Move one input at a time: to its ends, and by a hundredth to both sides."""
    count = len(inputs)
    worlds = {item.key: np.full(4 * count, item.value) for item in inputs}
    for place, item in enumerate(inputs):
        ends = (item.low, item.high, item.value * (1.0 - _STEP), item.value * (1.0 + _STEP))
        worlds[item.key][4 * place : 4 * place + 4] = ends
    cost, lossy = _values(batch, catalog, objective, worlds)
    allowed = np.where(lossy, np.inf, cost)
    ratio = np.log((1.0 + _STEP) / (1.0 - _STEP))
    found = []
    for place, item in enumerate(inputs):
        low, high, down, up = (cost[4 * place + side] for side in range(4))
        known = np.isfinite([down[best], up[best]]).all() and down[best] > 0.0
        slope = float(np.log(up[best] / down[best]) / ratio) if known else float("nan")
        at_low, at_high = (int(allowed[4 * place + side].argmin()) for side in range(2))
        found.append(Swing(item, float(low[best]), float(high[best]), slope, at_low, at_high))
    # An unstable end is the widest swing of all.
    return tuple(sorted(found, key=lambda s: -np.nan_to_num(abs(s.high - s.low), nan=np.inf)))


@dataclass(frozen=True)
class Switch:
    """A value of a scenario field at which another design becomes the best.

    Parameters
    ----------
    field
        Name of the field.
    value
        Where the best design changes, in base units, between the two designs.
    before, after
        Best design below and above it.
    """

    field: str
    value: float
    before: Design
    after: Design


def switches(
    scenario: Scenario,
    name: str,
    low: float,
    high: float,
    objective: str = "latency_mean_s",
    points: int = 48,
    over: Space | None = None,
    catalog: Catalog | None = None,
) -> tuple[Switch, ...]:
    """Return the values of a field at which the best design changes.

    Parameters
    ----------
    name
        A field that can be swept.
    low, high
        Ends of the search, in base units, > 0.
    objective
        Quantity that is made small.
    points
        Values that are looked at first; changes between two of them that undo each other are
        missed.

    Returns
    -------
    In ascending order; each value is bisected to a relative width of 1e-6, whole-number fields to
    the last value of the design before.

    Raises
    ------
    DesignError
        If the field cannot be swept.
    """
    if name not in SWEEPABLE:
        raise DesignError(Problem(f"switch.{name}", "cannot be swept", ", ".join(SWEEPABLE)))
    catalog = catalog or load_catalog()
    axis = axis_over(name, low, high, points)
    space = over or default_space(scenario, catalog)
    # The line is not swept: only the field's own axis is looked at.
    field = DesignField(scenario, axis, axis, objective, space, catalog)
    whole = isinstance(getattr(scenario, name), int)
    best = _best_along(field, axis.values)
    found = []
    for at in range(len(best) - 1):
        before, after = int(best[at]), int(best[at + 1])
        if before < 0 or after < 0 or before == after:
            continue
        low_end, high_end = float(axis.values[at]), float(axis.values[at + 1])
        while high_end - low_end > (1.0 if whole else 1e-6 * high_end):
            inner = np.geomspace(low_end, high_end, 10)
            inner = np.unique(np.round(inner)) if whole else inner
            inner[0], inner[-1] = low_end, high_end
            there = _best_along(field, inner)
            last = int(np.flatnonzero(there == before)[-1])
            low_end, high_end, after = (
                float(inner[last]),
                float(inner[last + 1]),
                int(there[last + 1]),
            )
        value = low_end if whole else 0.5 * (low_end + high_end)
        pair = field.designs.design(before), field.designs.design(after)
        found.append(Switch(name, value, *pair))
    return tuple(found)


def _best_along(field: DesignField, values: FloatArray) -> IntArray:
    """Return the best design at every value of the field's axis, −1 where none is possible."""
    count = len(field.level)
    if not count:
        return np.full(len(values), -1)
    rows = np.tile(np.arange(count), len(values))
    cost, allowed = field.where(rows, {field.x.name: np.repeat(values, count)})
    table = np.where(allowed, cost, np.inf).reshape(len(values), count)
    return np.where(np.isfinite(table.min(axis=1)), table.argmin(axis=1), -1)
