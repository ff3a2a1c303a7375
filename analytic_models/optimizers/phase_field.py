"""The designs of a phase map: candidates that could win somewhere, and their value at its cells."""

from __future__ import annotations

__all__ = ["ACCURACY_AXIS", "AXES", "Axis", "DesignField", "axis_over"]

from dataclasses import dataclass

import numpy as np

from analytic_models.batch import SWEEPABLE, batch_of
from analytic_models.catalog import Catalog
from analytic_models.design import Scenario
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import run_batch
from analytic_models.fields import declared_fields
from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.protocols import BoolArray, FloatArray, IntArray
from analytic_models.optimizers.space import Space, enumerate_designs
from analytic_models.scenario_load import PRIORITIES

ACCURACY_AXIS = "accuracy_drop_max_pp"
# A deadline changes no objective, only what is asked of it.
AXES = (*(name for name in SWEEPABLE if name != "deadline_s"), ACCURACY_AXIS)
# What an objective can depend on besides the scenario: less of each is never worse.
_DEMANDS = (
    "device_service_s",
    "uplink_service_s",
    "edge_service_s",
    "backhaul_service_s",
    "cloud_service_s",
    "uplink_used_flag",
    "edge_used_flag",
    "cloud_used_flag",
)


@dataclass(frozen=True)
class Axis:
    """A scenario field and its values, ascending, shape (k,), in base units."""

    name: str
    values: FloatArray


def axis_over(name: str, low: float, high: float, count: int, logarithmic: bool = True) -> Axis:
    """Return an axis between two values of a field.

    Parameters
    ----------
    name
        One of ``AXES``.
    low, high
        Ends, in base units; cut to the bounds of the field.
    count
        Values wanted; whole-number fields may have fewer.
    logarithmic
        Equal ratios instead of equal steps; needs a positive lower end.

    Raises
    ------
    DesignError
        If the field cannot be an axis or the ends are not ordered.
    """
    if name not in AXES:
        raise DesignError(Problem(f"axis.{name}", "cannot be an axis", ", ".join(AXES)))
    declared = declared_fields(Scenario)[name]
    low, high = max(low, declared.low), min(high, declared.high)
    if not low < high:
        raise DesignError(Problem(f"axis.{name}", "has no extent", "a lower end below the upper"))
    if logarithmic and low <= 0.0:
        raise DesignError(Problem(f"axis.{name}", "starts at 0", "a positive end, or equal steps"))
    values = np.geomspace(low, high, count) if logarithmic else np.linspace(low, high, count)
    values = np.clip(values, declared.low, declared.high)
    if declared.kind == "integer":
        values = np.unique(np.round(values))
    return Axis(name, values)


class DesignField:
    """Designs of a scenario, and their objective at the cells of a map.

    Parameters
    ----------
    scenario
        What is given apart from the axes.
    x, y
        The axes.
    objective
        Quantity that is made small.
    space
        Space of designs.
    catalog
        Catalog to look up in.

    Attributes
    ----------
    designs
        Designs that fit and that no other beats in everything, at every value of the axes.
    level
        Shape (n,): index of the first value of an accuracy axis that admits each; 0 without one.
    evaluated
        Evaluations so far.
    """

    def __init__(
        self, scenario: Scenario, x: Axis, y: Axis, objective: str, space: Space, catalog: Catalog
    ) -> None:
        self.scenario, self.x, self.y, self.objective = scenario, x, y, objective
        self.catalog, self.evaluated = catalog, 0
        limited = [t for t in ("edge", "cloud") if getattr(scenario, f"{t}_places_count")]
        if limited:
            # Losing more upstream can make the rest faster: no design beats another in general.
            words = "a map cannot rank designs where requests are lost"
            raise DesignError(
                [Problem(f"scenario.{t}_places_count", words, "null") for t in limited]
            )
        if scenario.cloud_discipline == "elastic":
            # Less work in the cloud keeps fewer machines warm.
            words = "a map cannot rank designs of an elastic cloud"
            raise DesignError(Problem("scenario.cloud_discipline", words, "fcfs, ps"))
        self.limits = [
            (name, limit)
            for name, limit in (
                ("energy_device_j", scenario.energy_max_j),
                ("cost_usd", scenario.cost_max_usd),
            )
            if limit is not None
        ]
        self.batched = tuple(
            f"{tier}_batch_each_s"
            for tier in ("edge", "cloud")
            if getattr(scenario, f"{tier}_discipline") == "batch"
        )
        self.floor = next((axis for axis in (x, y) if axis.name == ACCURACY_AXIS), None)
        self.designs, self.level = self._candidates(space)

    @property
    def plain(self) -> bool:
        """Whether all queues are those for which one-way objectives are proven."""
        scenario = self.scenario
        steady = scenario.arrivals == "poisson" and scenario.uplink_slow_frac == 0.0
        ranked = {scenario.edge_discipline, scenario.cloud_discipline} & set(PRIORITIES)
        return steady and not self.batched and not ranked

    def _candidates(self, space: Space) -> tuple[DesignSet, IntArray]:
        scenario = self.scenario
        designs = enumerate_designs(scenario, space, self.catalog)
        demands = (*_DEMANDS, *self.batched)
        wanted = (*demands, "memory_frac", "raw_input_leaves_flag", "accuracy_drop_pp")
        found = run_batch(batch_of(scenario, designs, catalog=self.catalog), wanted)
        allowed = np.ones(len(found), dtype=bool)
        # Blocks whose time was measured on a machine ran there, so they fit.
        if scenario.timing != "measured":
            allowed &= found["memory_frac"] <= 1.0
        if scenario.raw_input_stays_flag:
            allowed &= found["raw_input_leaves_flag"] <= 0.0
        drop, level = found["accuracy_drop_pp"], np.zeros(len(found), dtype=np.int64)
        if self.floor is not None:
            limits = self.floor.values * (1.0 + 1e-12)
            level = np.searchsorted(limits, np.where(np.isnan(drop), np.inf, drop))
            allowed &= level < len(limits)
        elif scenario.accuracy_drop_max_pp is not None:
            allowed &= drop <= scenario.accuracy_drop_max_pp * (1.0 + 1e-12)
        points = np.stack([found[name] for name in demands], axis=1)
        allowed &= np.isfinite(points).all(axis=1)
        kept: list[IntArray] = [np.zeros(0, dtype=np.int64)]
        for one in np.unique(level[allowed]):
            rows = np.flatnonzero(allowed & (level == one))
            varying = np.ptp(points[rows], axis=0) > 0.0
            shown = points[rows][:, varying] if varying.any() else points[rows][:, :1]
            kept.append(rows[pareto_mask(shown, ties="first")])
        chosen = np.concatenate(kept)
        return designs.take(chosen), np.asarray(level[chosen], dtype=np.int64)

    def at(self, rows: IntArray, i: IntArray, j: IntArray) -> tuple[FloatArray, BoolArray]:
        """Return the objective of designs at cells (i, j), and whether they are possible there.

        Parameters
        ----------
        rows, i, j
            Shape (p,): design, column and line of each evaluation. An accuracy axis is not looked
            at: see ``level``.
        """
        pairs = ((self.x, i), (self.y, j))
        return self.where(
            rows, {a.name: a.values[place] for a, place in pairs if a.name != ACCURACY_AXIS}
        )

    def where(self, rows: IntArray, swept: dict[str, FloatArray]) -> tuple[FloatArray, BoolArray]:
        """Return the objective of designs at values of scenario fields, and whether it is possible.

        Parameters
        ----------
        rows
            Shape (p,): design of each evaluation.
        swept
            Field to values of shape (p,).
        """
        wanted = [self.objective, "stable_flag", *(name for name, _ in self.limits)]
        batch = batch_of(self.scenario, self.designs.take(rows), swept, catalog=self.catalog)
        found = run_batch(batch, wanted)
        self.evaluated += len(rows)
        allowed = found["stable_flag"] > 0.0
        for name, limit in self.limits:
            allowed &= found[name] <= limit
        value = found[self.objective]
        return np.where(np.isnan(value), np.inf, value), allowed
