"""Predictions beside measurements: the tables that the repository ships, in words and points."""

from __future__ import annotations

__all__ = [
    "PREDICTORS",
    "ErrorRow",
    "Pair",
    "Placement",
    "ServingError",
    "Total",
    "error_rows",
    "pairs",
    "placements",
    "serving_errors",
    "totals",
    "within",
]

import csv
import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import plain

from analytic_models import evaluate, load_catalog, load_scenarios
from viewmodels.kinds import class_words
from viewmodels.provenance import entity_words

PREDICTORS = {
    "ours": "This model",
    "flops": "Operations over a fitted rate",
    "plain": "Roofline without fitting",
}
_QUANTITIES = {
    "macs": "multiply-accumulates",
    "params": "parameters",
    "params_with_decoder": "parameters with the decoder",
}
_SCISSION = "5-scission"
# Seconds, cuts, edge and cloud machine: README of the measurements' repository, see the source.
_PUBLISHED = (
    (9.0106, 6, 11, "scission_vm_2core", "scission_i7_6700k_gpu"),
    (9.0594, 6, 11, "scission_i5_2500", "scission_i7_6700k_gpu"),
    (9.0721, 6, 11, "scission_vm_2core", "scission_i7_6700k"),
    (9.1209, 6, 11, "scission_i5_2500", "scission_i7_6700k"),
    (9.1511, 6, 12, "scission_vm_2core", "scission_i7_6700k_gpu"),
)


@dataclass(frozen=True)
class Pair:
    """One measured latency and three predictions of it, none of which had seen that network."""

    machine: str
    runtime: str
    precision: str
    kind: str
    dnn: str
    batch: int
    measured_s: float
    predicted: dict[str, float]

    @property
    def kind_words(self) -> str:
        """The class of machine in full words."""
        return class_words(self.kind)


@dataclass(frozen=True)
class ErrorRow:
    """Relative errors of one group of measurements; nan where a predictor does not apply."""

    kind: str
    group: str
    test: str
    dnns: str
    rows: int
    errors: dict[str, tuple[float, float]]

    @property
    def kind_words(self) -> str:
        """The class of machine in full words."""
        return class_words(self.kind)


@dataclass(frozen=True)
class Placement:
    """One published placement: what was published, and what the pipeline gives."""

    words: str
    published_s: float
    ours_s: float


@dataclass(frozen=True)
class Total:
    """A published total of a network beside that of the graph that ships."""

    dnn: str
    quantity: str
    published: float
    ours: float
    rule: str
    source: str
    where: str


def _read(name: str) -> list[dict[str, str]]:
    path = load_catalog().folder / "measurements" / name
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _entity(name: str) -> str:
    return entity_words(name) if name in load_catalog().machines else name.removeprefix("ref:")


@lru_cache(maxsize=1)
def pairs() -> tuple[Pair, ...]:
    """Return every measured latency with the predictions of it, left out of their own fit."""
    # A class with a single machine is reported under "other".
    kinds = {row["class"] for row in _read("fit_report.csv") if row["group"] == "all"}
    found = []
    for row in _read("fit_predictions.csv"):
        machine, runtime, precision = row["group"].split("|")
        kind = row["class"].partition("|")[0]
        found.append(
            Pair(
                _entity(machine),
                runtime,
                precision,
                kind if kind in kinds else "other",
                row["dnn"],
                int(row["batch"]),
                float(row["measured_s"]),
                {name: _number(row[f"{name}_s"]) for name in PREDICTORS},
            )
        )
    return tuple(found)


def within(predictor: str, factor: float, kind: str = "all") -> tuple[int, int]:
    """Count the predictions within a factor of the measurement, and all there are.

    Parameters
    ----------
    predictor
        A key of ``PREDICTORS``.
    factor
        Two for "at most twice or half".
    kind
        Class of machine, or ``all``.
    """
    ratios = [
        pair.predicted[predictor] / pair.measured_s
        for pair in pairs()
        if kind in ("all", pair.kind) and math.isfinite(pair.predicted[predictor])
    ]
    logs = np.abs(np.log(np.asarray(ratios)))
    return int((logs <= math.log(factor)).sum()), len(ratios)


@lru_cache(maxsize=1)
def error_rows() -> tuple[ErrorRow, ...]:
    """Return the report of errors, as the fit wrote it."""
    found = []
    for row in _read("fit_report.csv"):
        group = row["group"].split("|")
        group[0] = _entity(group[0])
        found.append(
            ErrorRow(
                row["class"],
                ", ".join(group),
                row["test"],
                row["dnns"],
                int(row["rows"]),
                {
                    name: (_number(row[f"{name}_median"]), _number(row[f"{name}_p90"]))
                    for name in PREDICTORS
                },
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def placements() -> tuple[Placement, ...]:
    """Evaluate the five published placements of VGG-19 with the whole pipeline.

    One request at a time: the load of the scenario is taken out, as it was in the measurements.
    """
    base = load_scenarios()[_SCISSION]
    machines, found = load_catalog().machines, []
    for seconds, cut1, cut2, edge, cloud in _PUBLISHED:
        scenario = dataclasses.replace(base.scenario, edge=edge, cloud=cloud)
        case = dataclasses.replace(base, scenario=scenario).with_design(cut1=cut1, cut2=cut2)
        result = evaluate(case)
        waits = ("device", "uplink", "edge", "backhaul", "cloud")
        waited = math.fsum(result.value(f"{name}_wait_s") for name in waits)
        words = (
            f"blocks 1 to {cut1} on the Raspberry Pi, to {cut2} on {machines[edge].label}, "
            f"rest on {machines[cloud].label}"
        )
        found.append(Placement(plain(words, 160), seconds, result.value("latency_mean_s") - waited))
    return tuple(found)


@lru_cache(maxsize=1)
def totals() -> tuple[Total, ...]:
    """Return published totals beside those of the shipped graphs."""
    catalog, found = load_catalog(), []
    for row in _read("published_totals.csv"):
        if row["dnn"] not in catalog.dnns:
            continue
        dnn = catalog.dnns[row["dnn"]]
        ours = float({"macs": dnn.mac, "params": dnn.params}.get(row["quantity"], dnn.params).sum())
        if row["quantity"] == "params_with_decoder":
            ours += dnn.decoder["params"]
        found.append(
            Total(
                plain(dnn.label, 40),
                _QUANTITIES[row["quantity"]],
                float(row["value"]) * float(row["scale"]),
                ours,
                row["rule"],
                row["source"],
                plain(row["where"], 120),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class ServingError:
    """Errors of two laws against published latencies of one kind of server under load.

    Parameters
    ----------
    label, rows, series
        What was measured, how many figures, from how many systems or curves.
    ours, naive
        Names of the laws.
    ratio, quarter, three_quarters
        Predicted over measured by our law: median and quartiles.
    within, naive_within
        Share of predictions within a factor of two.
    naive_ratio
        Median of the naive law; inf where it mostly sees no steady state.
    unstable
        Share of the figures at which the naive law sees no steady state.
    """

    label: str
    rows: int
    series: int
    ours: str
    ratio: float
    quarter: float
    three_quarters: float
    within: float
    naive: str
    naive_ratio: float
    naive_within: float
    unstable: float


_SERVED = {
    ("open", "all"): "accelerators at a given rate, all networks",
    ("closed", "all"): "clients that wait for their answer, curves over their number",
}


@lru_cache(maxsize=1)
def serving_errors() -> tuple[ServingError, ...]:
    """Return how far the laws of servers under load are from published measurements."""
    found = []
    for row in _read("serving_report.csv"):
        key = row["kind"], row["model"]
        found.append(
            ServingError(
                _SERVED.get(key, f"accelerators at a given rate, {plain(row['model'], 30)}"),
                int(row["rows"]),
                int(row["series"]),
                row["ours"],
                float(row["ours_median_ratio"]),
                float(row["ours_q1"]),
                float(row["ours_q3"]),
                float(row["ours_within_factor_2"]),
                row["naive"],
                float(row["naive_median_ratio"]),
                float(row["naive_within_factor_2"]),
                float(row["naive_unstable"]),
            )
        )
    return tuple(found)
