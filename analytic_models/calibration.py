"""Fit a machine's efficiencies to a user's own measured latencies.

Three numbers are fitted for each machine and precision: factors on the shares of the peak rate, on
the shares of the bandwidth, and on the fixed time of a layer. Types of layers keep their
proportions to each other, so that a few measurements are enough.
"""

from __future__ import annotations

__all__ = ["CalibratedGroup", "CalibratedRow", "Calibration", "calibrate"]

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, Fact, Gap
from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import OPERATOR_TYPES
from analytic_models.segments import FORMATS, layer_times
from analytic_models.user_measurements import Measurement

Floats: TypeAlias = NDArray[np.float64]

SOURCE = "your-measurements"
# How far a factor may go unasked, as standard deviations of its logarithm, and the scale of a
# residual: those with which the shipped fit pulls a machine to its class.
PULLS = (1.0, 0.5, 1.0)
RESIDUAL_SCALE = 0.15
# Fast convolution needs fewer multiplications than are counted; a bus cannot pass its peak.
MOST_COMPUTE, MOST_MEMORY = 1.6, 1.0
_LEAST_LOG = -9.0
_FEWEST_UNSEEN = 3


@dataclass(frozen=True)
class CalibratedRow:
    """One measurement with the latency computed before and after, and from the other dnns alone.

    ``unseen_s`` is nan where fewer than three dnns were measured.
    """

    measurement: Measurement
    before_s: float
    after_s: float
    unseen_s: float


@dataclass(frozen=True)
class CalibratedGroup:
    """The fit of one machine at one precision of its arithmetic.

    Parameters
    ----------
    compute_factor, memory_factor, launch_factor
        What the shares of peak and bandwidth and the time per layer were multiplied with.
    rows
        The measurements, in the order given.
    """

    machine: str
    precision: str
    compute_factor: float
    memory_factor: float
    launch_factor: float
    rows: tuple[CalibratedRow, ...]

    @property
    def dnn_count(self) -> int:
        """Number of different dnns that were measured."""
        return len({row.measurement.dnn for row in self.rows})

    def error(self, which: str) -> tuple[float, float]:
        """Return the median relative error, and the factor that nine of ten rows stay within.

        Parameters
        ----------
        which
            ``before``, ``after`` (the rows of the fit itself) or ``unseen`` (each dnn from the
            others; nan with fewer than three).
        """
        computed = np.array([getattr(row, f"{which}_s") for row in self.rows])
        measured = np.array([row.measurement.latency_s for row in self.rows])
        if np.isnan(computed).any():
            return math.nan, math.nan
        spread = float(np.quantile(np.abs(np.log(computed / measured)), 0.9))
        return float(np.median(np.abs(computed / measured - 1.0))), math.exp(spread)


@dataclass(frozen=True)
class Calibration:
    """Fits of all machines and precisions measured, and the facts that follow."""

    groups: tuple[CalibratedGroup, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class _Times:
    """Times of a dnn's rows before the fit: by arithmetic, by memory, and to start a layer."""

    compute_s: Floats
    memory_s: Floats
    launch_s: float

    def total(self, log_factors: Floats) -> float:
        """Return the latency in seconds after the factors are applied."""
        compute, memory, launch = np.exp(log_factors)
        busy = np.maximum(self.compute_s / compute, self.memory_s / memory)
        return float(busy.sum() + len(busy) * self.launch_s * launch)


def _times(catalog: Catalog, row: Measurement, path: str) -> _Times:
    """Return the times of one measured dnn, or raise with what is missing."""
    problems = []
    if row.machine not in catalog.machines:
        problems.append(Problem(f"{path}.machine", f"{row.machine!r} is not in the catalog"))
    if row.dnn not in catalog.dnns:
        problems.append(Problem(f"{path}.dnn", f"{row.dnn!r} is not in the catalog"))
    if problems:
        raise DataError(problems)
    table = layer_times(catalog, row.dnn, row.machine, row.precision, "roofline", ())
    if table.reason:
        raise DataError(Problem(f"{path}.machine", table.reason, "a machine with these facts"))
    types, works = table.dnn.operator_type, table.dnn.mac > 0
    share = np.array(
        [
            table.compute_efficiency[kind].value if work else 1.0
            for kind, work in zip(types, works, strict=True)
        ]
    )
    flow = np.array([table.memory_efficiency[kind].value for kind in types])
    return _Times(
        np.where(works, table.work_op / (table.peak.value * share), 0.0),
        table.traffic_byte / (table.bandwidth.value * flow),
        table.launch.value,
    )


def _fit(times: Sequence[_Times], measured: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """Return the logarithms of the three factors."""
    target = np.log(measured)

    def residuals(log_factors: Floats) -> Floats:
        error = (np.log([t.total(log_factors) for t in times]) - target) / RESIDUAL_SCALE
        # A soft absolute loss: one odd measurement cannot steer the fit.
        soft = np.sign(error) * np.sqrt(2.0 * (np.sqrt(1.0 + error**2) - 1.0))
        return np.concatenate([soft, log_factors / np.array(PULLS)])

    # Only a calibration needs the solver, and it doubles the time of importing the package.
    from scipy.optimize import least_squares

    found = least_squares(residuals, np.zeros(3), bounds=bounds, max_nfev=200)
    return np.asarray(found.x, dtype=np.float64)


def _bounds(catalog: Catalog, machine: str, precision: str) -> tuple[Floats, Floats]:
    """Return how far the factors may go before a share passes what is physically possible."""
    highest = []
    for kind, most in (("compute", MOST_COMPUTE), ("memory", MOST_MEMORY)):
        facts = [catalog.efficiency(machine, op, kind, precision) for op in OPERATOR_TYPES]
        largest = max((f.value for f in facts if isinstance(f, Fact)), default=most)
        highest.append(max(math.log(most / largest), 1e-6))
    return np.full(3, _LEAST_LOG), np.array([*highest, -_LEAST_LOG])


def _unseen(
    rows: Sequence[Measurement], times: Sequence[_Times], bounds: tuple[Floats, Floats]
) -> Floats:
    """Return each row's latency from a fit to the other dnns; nan with fewer than three."""
    computed = np.full(len(rows), math.nan)
    dnns = dict.fromkeys(row.dnn for row in rows)
    if len(dnns) < _FEWEST_UNSEEN:
        return computed
    measured = np.array([row.latency_s for row in rows])
    for dnn in dnns:
        held = np.array([row.dnn == dnn for row in rows])
        others = [t for t, out in zip(times, held, strict=True) if not out]
        factors = _fit(others, measured[~held], bounds)
        computed[held] = [t.total(factors) for t, out in zip(times, held, strict=True) if out]
    return computed


def _facts(catalog: Catalog, group: CalibratedGroup) -> list[Fact]:
    """Return the facts of one fit: a share for each type of layer, and the time per layer."""
    count = len(group.rows)
    where = f"{count} latencies of {group.dnn_count} dnns at {group.precision}"
    width = math.log(group.error("unseen")[1]) if group.dnn_count >= _FEWEST_UNSEEN else math.nan

    def of(base: Fact | Gap, factor: float, basis: str, most: float) -> list[Fact]:
        if isinstance(base, Gap):
            return []
        value = min(base.value * factor, max(most, base.value))
        low, high = base.low, base.high
        if not math.isnan(width):
            low, high = value * math.exp(-width), min(value * math.exp(width), max(most, value))
        elif base.value > 0:
            low = None if low is None else low * value / base.value
            high = None if high is None else high * value / base.value
        return [
            dataclasses.replace(
                base,
                entity=group.machine,
                basis=basis,
                value=value,
                low=low,
                high=high,
                source=SOURCE,
                where=where,
                note=f"{factor:.3g} times the value of {base.entity}",
                written=f"{value:.4g} {base.unit}",
                origin="measured",
                file="",
                line=0,
            )
        ]

    precision, found = group.precision, list[Fact]()
    for op in OPERATOR_TYPES:
        compute = catalog.efficiency(group.machine, op, "compute", precision)
        memory = catalog.efficiency(group.machine, op, "memory", precision)
        found += of(compute, group.compute_factor, f"{op}@{precision}", MOST_COMPUTE)
        found += of(memory, group.memory_factor, f"{op}@{precision}", MOST_MEMORY)
    launch = catalog.launch_overhead(group.machine, precision)
    return found + of(launch, group.launch_factor, f"@{precision}", math.inf)


def calibrate(
    catalog: Catalog, rows: Sequence[Measurement], path: str = "measurements"
) -> Calibration:
    """Fit the machines that were measured.

    Parameters
    ----------
    catalog
        Where machines and dnns are looked up; its facts are what the factors multiply.
    rows
        Latencies of whole dnns, one inference at a time.
    path
        How problems call the rows.

    Raises
    ------
    DataError
        If a machine or dnn is unknown, or a peak rate or bandwidth that the fit needs is missing.

    Notes
    -----
    The fit minimises soft absolute residuals of log latencies under a pull of the logarithm of each
    factor to zero; it stays the catalog's value where nothing was measured.
    """
    problems: list[Problem] = []
    groups: dict[tuple[str, str], list[tuple[Measurement, _Times]]] = {}
    for place, row in enumerate(rows):
        try:
            times = _times(catalog, row, f"{path}[{place}]")
        except DataError as error:
            problems += error.problems
            continue
        groups.setdefault((row.machine, FORMATS[row.precision][2]), []).append((row, times))
    if problems:
        raise DataError(problems)
    found = []
    for (machine, precision), members in groups.items():
        measured = [row for row, _ in members]
        times_of = [times for _, times in members]
        bounds = _bounds(catalog, machine, precision)
        factors = _fit(times_of, np.array([row.latency_s for row in measured]), bounds)
        unseen = _unseen(measured, times_of, bounds)
        kept = tuple(
            CalibratedRow(row, t.total(np.zeros(3)), t.total(factors), float(u))
            for row, t, u in zip(measured, times_of, unseen, strict=True)
        )
        compute, memory, launch = (float(f) for f in np.exp(factors))
        found.append(CalibratedGroup(machine, precision, compute, memory, launch, kept))
    facts = [fact for group in found for fact in _facts(catalog, group)]
    return Calibration(tuple(found), tuple(facts))
