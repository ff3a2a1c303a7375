"""A map of the best design over two axes, in display units."""

from __future__ import annotations

__all__ = [
    "Atlas",
    "AtlasAxis",
    "Question",
    "Winner",
    "atlas_steps",
    "axis_choices",
    "axis_label",
    "cell_fields",
    "winner_here",
]

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from text import format_quantity, scale_for

from analytic_models import Case, Scenario
from analytic_models.fields import declared_fields
from analytic_models.optimizers.break_even import break_even
from analytic_models.optimizers.phase import PhaseMap, phase_map
from analytic_models.optimizers.phase_field import ACCURACY_AXIS, AXES, Axis, axis_over
from viewmodels.current import evaluated
from viewmodels.display import shown_unit
from viewmodels.labels import distinct_labels
from viewmodels.objectives import objective_words, unit_of

CELLS = 60
_REACH = 10.0
_NAMED = 9
# Where a field may be 0, an axis shows what is usual instead of ratios.
_SPANS: Mapping[str, tuple[float, float]] = {
    "uplink_background_frac": (0.0, 0.9),
    "backhaul_background_frac": (0.0, 0.9),
    "compute_scv": (0.0, 4.0),
    "message_scv": (0.0, 4.0),
    "edge_pue": (1.0, 3.0),
    "cloud_pue": (1.0, 3.0),
    "cloud_target_frac": (0.05, 1.0),
    ACCURACY_AXIS: (0.0, 3.0),
}
_FIELDS = declared_fields(Scenario)


@dataclass(frozen=True)
class Question:
    """Axes and objective of a map; ``zoom`` is how far the axes reach around the present value."""

    x: str
    y: str
    objective: str
    zoom: float = _REACH


@dataclass(frozen=True)
class AtlasAxis:
    """One axis: field, label with unit, display values, kind of scale, and the present value."""

    name: str
    label: str
    values: tuple[float, ...]
    logarithmic: bool
    now: float | None


@dataclass(frozen=True)
class Winner:
    """A design that wins somewhere: name, share of the cells, and the case to apply."""

    label: str
    share: str
    case: str


@dataclass(frozen=True)
class Atlas:
    """The map in display units; lists of lines, each from left to right.

    Parameters
    ----------
    winner
        Number of the winner per cell, −1 where no design is possible.
    value
        Objective per cell in ``unit``, None where no design is possible.
    tied
        Whether another design is practically as good.
    winners
        Designs by share of the map.
    border
        Break-even curve as (x, y) lists, empty if there is no closed form, and its words.
    box
        1 when final, else the side of the boxes that are still painted as one.
    """

    x: AtlasAxis
    y: AtlasAxis
    unit: str
    objective: str
    winner: tuple[tuple[int, ...], ...]
    value: tuple[tuple[float | None, ...], ...]
    tied: tuple[tuple[bool, ...], ...]
    winners: tuple[Winner, ...]
    border: tuple[tuple[float, ...], tuple[float, ...]]
    border_words: str
    box: int
    sentence: str
    badge: str
    proven: bool
    certificate: str


def axis_choices() -> tuple[str, ...]:
    """Return the fields that may be an axis."""
    return AXES


def axis_label(name: str) -> str:
    """Return what an axis is called, with its unit."""
    declared = _FIELDS[name]
    unit = shown_unit(name, declared).label
    return f"{declared.label} ({unit})" if unit else declared.label


def _present(case: Case, name: str) -> float | None:
    value = getattr(case.scenario, name)
    if value is None and name != ACCURACY_AXIS:
        value = evaluated(case).value(name)
    return None if value is None or math.isnan(value) else float(value)


def _axis(case: Case, name: str, zoom: float) -> tuple[Axis, bool]:
    """Return the axis around the present value, and whether it is logarithmic."""
    if name in _SPANS:
        return axis_over(name, *_SPANS[name], CELLS, False), False
    now, declared = _present(case, name), _FIELDS[name]
    if not now:
        low = max(declared.low, declared.high * 1e-6)
        return axis_over(name, low, declared.high, CELLS), True
    if declared.kind == "integer":
        return axis_over(name, now / zoom, max(now * zoom, 8.0), CELLS), True
    return axis_over(name, now / zoom, now * zoom, CELLS), True


def atlas_steps(text: str, question: Question) -> Iterator[Atlas]:
    """Work out the map, from coarse to fine; the last one is final.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.
    question
        Axes and objective.

    Raises
    ------
    analytic_models.DesignError
        If both axes are the same.
    """
    case = Case.from_json(text)
    x, x_log = _axis(case, question.x, question.zoom)
    y, y_log = _axis(case, question.y, question.zoom)
    for found in phase_map(case.scenario, x, y, question.objective, catalog=case.catalog()):
        yield _atlas(case, found, x_log, y_log)


def _shown_axis(case: Case, axis: Axis, logarithmic: bool) -> AtlasAxis:
    shown, now = shown_unit(axis.name, _FIELDS[axis.name]), _present(case, axis.name)
    inside = now is not None and axis.values[0] <= now <= axis.values[-1]
    return AtlasAxis(
        axis.name,
        axis_label(axis.name),
        tuple(shown.out(float(value)) for value in axis.values),
        logarithmic,
        shown.out(now) if inside and now is not None else None,
    )


def _atlas(case: Case, found: PhaseMap, x_log: bool, y_log: bool) -> Atlas:
    areas = np.bincount(found.winner[found.winner >= 0], minlength=len(found.designs))
    order = np.argsort(-areas, kind="stable")
    order = order[areas[order] > 0]
    number = np.full(len(found.designs) + 1, -1)
    number[order] = np.arange(len(order))
    designs = [found.designs[at] for at in order]
    labels = distinct_labels(case.scenario.dnn, designs, case.catalog())
    unit = unit_of(found.objective)
    usual = float(np.nanmedian(found.value)) if np.isfinite(found.value).any() else 1.0
    scale = scale_for(usual, unit)
    winners = tuple(
        Winner(
            label,
            format_quantity(areas[at] / found.winner.size, "frac", 2),
            dataclasses.replace(case, design=design).to_json(),
        )
        for at, design, label in zip(order, designs, labels, strict=True)
    )
    winner = number[found.winner]
    border, words = _border(case, found)
    axes = _shown_axis(case, found.x, x_log), _shown_axis(case, found.y, y_log)
    return Atlas(
        *axes,
        scale.label,
        objective_words(case.scenario, found.objective) or found.objective,
        tuple(tuple(int(w) for w in line) for line in winner),
        tuple(
            tuple(float(v) * scale.factor if math.isfinite(v) else None for v in line)
            for line in found.value
        ),
        tuple(tuple(bool(t) for t in line) for line in found.tied),
        winners,
        border,
        words,
        found.box,
        _sentence(case, found, winner, winners, axes),
        found.certificate.badge,
        found.certificate.kind != "heuristic",
        f"{found.certificate.method}: {found.certificate.detail}",
    )


def _border(case: Case, found: PhaseMap) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], str]:
    """Return the closed-form curve between the device alone and all remote, where both win."""
    nothing: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    rate = "uplink_bit_per_s"
    if found.objective != "latency_mean_s" or rate not in (found.x.name, found.y.name):
        return nothing, ""
    other, along = (found.y, found.x) if found.x.name == rate else (found.x, found.y)
    areas = np.bincount(found.winner[found.winner >= 0], minlength=len(found.designs))
    ranked = [found.designs[at] for at in np.argsort(-areas) if areas[at] > 0]
    local = next(
        (
            d
            for d in ranked
            if not evaluated(dataclasses.replace(case, design=d)).value("exposed_bit")
        ),
        None,
    )
    remote = next((d for d in ranked if d.cut1 == 0), None)
    if local is None or remote is None:
        return nothing, ""
    curve = break_even(case.scenario, other, local, remote, case.catalog())
    if curve is None:
        return nothing, ""
    inside = (curve.rate_bit_per_s >= along.values[0]) & (curve.rate_bit_per_s <= along.values[-1])
    rates = shown_unit(rate, _FIELDS[rate])
    rest = shown_unit(other.name, _FIELDS[other.name])
    xs = tuple(rates.out(float(v)) for v in curve.rate_bit_per_s[inside])
    ys = tuple(rest.out(float(v)) for v in other.values[inside])
    return ((xs, ys) if found.x.name == rate else (ys, xs)), curve.words


def _sentence(
    case: Case,
    found: PhaseMap,
    winner: np.ndarray,
    winners: tuple[Winner, ...],
    axes: tuple[AtlasAxis, AtlasAxis],
) -> str:
    """Say who wins at the operating point and how the map is divided."""
    if not winners:
        return "No design meets the requirements anywhere on this map."
    tied = format_quantity(float(found.tied.mean()), "frac", 2)
    many = "one design wins" if len(winners) == 1 else f"{len(winners)} designs win"
    impossible = float((found.winner < 0).mean())
    tail = f"; in {tied} of the cells another is practically as good" if found.tied.any() else ""
    if impossible > 0.0:
        tail += f"; in {format_quantity(impossible, 'frac', 2)} none is possible"
    if axes[0].now is None or axes[1].now is None:
        return f"On this map {many}{tail}."
    at = _nearest(axes[1], axes[1].now), _nearest(axes[0], axes[0].now)
    here = int(winner[at])
    if here < 0:
        return f"At your operating point no design is possible; on this map {many}{tail}."
    return (
        f"At your operating point {winners[here].label} is best; on this map {many}, "
        f"that one in {winners[here].share} of it{tail}."
    )


def _nearest(axis: AtlasAxis, value: float) -> int:
    values = np.array(axis.values)
    if axis.logarithmic:
        return int(np.abs(np.log(values) - math.log(value)).argmin())
    return int(np.abs(values - value).argmin())


def winner_here(atlas: Atlas) -> Winner | None:
    """Return the best design at the operating point; None off the map or where none is possible."""
    if atlas.x.now is None or atlas.y.now is None:
        return None
    line, column = _nearest(atlas.y, atlas.y.now), _nearest(atlas.x, atlas.x.now)
    number = atlas.winner[line][column]
    return atlas.winners[number] if number >= 0 else None


def cell_fields(atlas: Atlas, cell: int) -> dict[str, float | int]:
    """Return the scenario fields of a cell in base units.

    Parameters
    ----------
    cell
        Number of the cell, line by line.
    """
    line, column = divmod(cell, len(atlas.x.values))
    found: dict[str, float | int] = {}
    for axis, place in ((atlas.x, column), (atlas.y, line)):
        value = shown_unit(axis.name, _FIELDS[axis.name]).back(axis.values[place])
        whole = _FIELDS[axis.name].kind == "integer"
        found[axis.name] = round(value) if whole else value
    return found
