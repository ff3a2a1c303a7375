"""Run the table over cases and return every quantity."""

from __future__ import annotations

__all__ = ["QUANTITIES", "Evaluation", "evaluate", "run_batch", "sweep"]

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytic_models.batch import Batch, batch_of
from analytic_models.catalog import Catalog
from analytic_models.design import Case, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.errors import DesignError, Problem
from analytic_models.fields import check_value, declared_fields
from analytic_models.groups import run_groups
from analytic_models.pipeline import LABELS, PIPELINE
from analytic_models.units import Array, Unit

# Cases per block: temporaries of this size stay in the second-level cache.
_BLOCK = 16_384

QUANTITIES: Mapping[str, tuple[str, Unit]] = {
    name: (LABELS[name], PIPELINE.unit(name)) for name in (*PIPELINE.order, *PIPELINE.sources)
}


@dataclass(frozen=True)
class Evaluation:
    """Every quantity of n cases.

    Parameters
    ----------
    batch
        The cases.
    values
        Quantity to a number, if all cases share it, or an array of shape (n,).
    """

    batch: Batch
    values: Mapping[str, Array]

    def __len__(self) -> int:
        return self.batch.size

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return a quantity as an array of shape (n,).

        Raises
        ------
        DesignError
            If it was not computed or is not known.
        """
        if name not in self.values:
            raise DesignError(
                Problem(name, "is not a quantity of this evaluation", ", ".join(QUANTITIES))
            )
        return np.broadcast_to(np.asarray(self.values[name], dtype=np.float64), (self.batch.size,))

    def value(self, name: str, case: int = 0) -> float:
        """Return a quantity of one case as a float."""
        found = self.values.get(name)
        if isinstance(found, float) and case == 0:
            return float(found)
        if isinstance(found, np.ndarray) and found.shape == (self.batch.size,):
            return float(found[case])
        return float(self[name][case])

    def reason(self, name: str) -> str:
        """Say why a quantity is not known, from the gaps of the inputs it needs; else empty."""
        needed = {name}
        for binding in reversed(PIPELINE.plan((name,))):
            needed.update(binding.needs)
        found = [text for column, text in self.batch.reasons.items() if column in needed]
        return "; ".join(dict.fromkeys(found))

    def case(self, index: int = 0) -> Case:
        """Return one case; swept scenario fields take their value of that case."""
        changes: dict[str, Any] = {
            name: _as_field(self.batch.scenario, name, float(self[name][index]))
            for name in self.batch.columns
            if name not in self.batch.origins and hasattr(self.batch.scenario, name)
        }
        # A copy would check every field again.
        scenario = self.batch.scenario
        if any(getattr(scenario, name) != value for name, value in changes.items()):
            scenario = dataclasses.replace(scenario, **changes)
        designs = self.batch.designs
        design = designs.design(index if len(designs) > 1 else 0)
        return Case(scenario, design, self.batch.user_data)


def _as_field(scenario: Scenario, name: str, value: float) -> float | int:
    return int(value) if isinstance(getattr(scenario, name), int) else value


def run_batch(batch: Batch, quantities: Collection[str] | None = None) -> Evaluation:
    """Compute quantities of a batch, block by block.

    Parameters
    ----------
    quantities
        Names to compute and keep; all by default.

    Raises
    ------
    DesignError
        If a name is not a quantity.
    """
    wanted = PIPELINE.order if quantities is None else tuple(dict.fromkeys(quantities))
    unknown = [] if quantities is None else [name for name in wanted if name not in QUANTITIES]
    if unknown:
        raise DesignError(
            [Problem(name, "is not a quantity", ", ".join(QUANTITIES)) for name in unknown]
        )
    if batch.size <= _BLOCK:
        values = PIPELINE.run(batch.columns, wanted, batch.effects)
        if quantities is not None:
            values = {name: values[name] for name in (*wanted, *batch.columns)}
        return Evaluation(batch, values)
    names = [name for name in wanted if name not in batch.columns]
    settled = run_groups(PIPELINE, batch.columns, batch.groups, names, batch.effects)
    # One piece of memory: its pages are huge, so that fewer of them must be fetched.
    kept = dict(zip(names, np.empty((len(names), batch.size)), strict=True))
    varying = {name: np.asarray(v) for name, v in batch.columns.items() if np.ndim(v)}
    fixed = {name: v for name, v in batch.columns.items() if not np.ndim(v)}
    for start in range(0, batch.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        part = PIPELINE.run(
            fixed
            | {name: v[block] for name, v in varying.items()}
            | {name: _spread(v, group.index[block]) for name, (v, group) in settled.items()},
            kept,
            batch.effects,
            keep_all=False,
        )
        for name, out in kept.items():
            out[block] = part[name]
    return Evaluation(batch, {**batch.columns, **kept})


def _spread(values: Array, index: NDArray[np.int32]) -> Array:
    """Give every row the value of its combination."""
    return values.take(index, mode="clip") if isinstance(values, np.ndarray) else values


def evaluate(
    cases: Case | Sequence[Case],
    quantities: Collection[str] | None = None,
    *,
    exact: bool = True,
    catalog: Catalog | None = None,
) -> Evaluation:
    """Evaluate one case, or several that share scenario and techniques.

    Parameters
    ----------
    cases
        One case, or cases with the same scenario and the same techniques.
    quantities
        Names to compute; all by default.
    exact
        Percentiles by transform inversion; otherwise from three cumulants, which is faster.
    catalog
        Catalog to look up in; the shipped one by default.

    Raises
    ------
    DesignError
        If the cases differ in scenario or techniques, or a name is not a quantity.

    Examples
    --------
    >>> result = evaluate(Case())
    >>> bool(result.value("latency_p99_s") > result.value("latency_mean_s"))
    True
    """
    if isinstance(cases, Case):
        catalog = cases.catalog(catalog)
        batch = batch_of(cases.scenario, DesignSet.of(cases.design), None, exact, catalog)
        return run_batch(batch, quantities)
    if not cases:
        raise DesignError(Problem("cases", "there is no case to evaluate", "at least one"))
    if any(case.scenario != cases[0].scenario for case in cases):
        raise DesignError(
            Problem("cases", "differ in their scenario", "one scenario for a set of cases")
        )
    if any(case.user_data != cases[0].user_data for case in cases):
        raise DesignError(Problem("cases", "differ in their user data", "the same user data"))
    designs = DesignSet.of_many([case.design for case in cases])
    catalog = cases[0].catalog(catalog)
    return run_batch(batch_of(cases[0].scenario, designs, None, exact, catalog), quantities)


def sweep(
    case: Case,
    over: Mapping[str, ArrayLike],
    quantities: Collection[str] | None = None,
    *,
    exact: bool = False,
    catalog: Catalog | None = None,
) -> Evaluation:
    """Evaluate a case while scenario fields vary together.

    Parameters
    ----------
    over
        Scenario field to values of shape (n,); all of one length.
    exact
        Percentiles by transform inversion instead of three cumulants.

    Returns
    -------
    Evaluation
        Of n cases.

    Raises
    ------
    DesignError
        If a field cannot be swept, a value is out of its bounds, or the lengths differ.

    Examples
    --------
    >>> result = sweep(Case(), {"population_count": [1, 10]}, ["latency_mean_s"])
    >>> len(result)
    2
    """
    arrays = {
        name: np.atleast_1d(np.asarray(values, dtype=np.float64)) for name, values in over.items()
    }
    problems = _sweep_problems(arrays)
    if problems:
        raise DesignError(problems)
    catalog = case.catalog(catalog)
    batch = batch_of(case.scenario, DesignSet.of(case.design), arrays, exact, catalog)
    return run_batch(batch, quantities)


def _sweep_problems(arrays: Mapping[str, NDArray[np.float64]]) -> list[Problem]:
    """Return what a scenario would refuse, first value first."""
    if len({len(values) for values in arrays.values()}) > 1:
        return [Problem("over", "the fields have different numbers of values", "one number")]
    problems = []
    for name, values in arrays.items():
        if not len(values):
            problems.append(Problem(f"over.{name}", "has no value", "one or more"))
        declared = declared_fields(Scenario).get(name)
        if declared is None or declared.kind not in ("number", "integer"):
            continue
        wrong = ~((values >= declared.low) & (values <= declared.high))
        if declared.kind == "integer":
            wrong |= values != np.round(values)
        if wrong.any():
            problems += check_value(f"over.{name}", declared, float(values[wrong][0]))
    return problems
