"""Errors of the batch law and of the asymptotic bound against published serving measurements.

``serving_rows.csv`` holds what was published. Open rows: requests at random at a known rate, the
offline capacity and the latency of a single request of the same accelerator. Closed rows: a number
of clients that each wait for their answer. Nothing is fitted to a row: the batch time comes from
the capacity and the single request, the bound from the first and the best row of a curve.

Run from the repository root: ``python data/make/serving_errors.py``.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np

from analytic_models.laws.batching import batch_sojourn_bound

HERE = Path(__file__).resolve().parent.parent / "measurements"
ROWS = HERE / "serving_rows.csv"
REPORT = HERE / "serving_report.csv"
COLUMNS = (
    "kind", "model", "rows", "series", "ours", "ours_median_ratio", "ours_q1", "ours_q3",
    "ours_median_error", "ours_within_factor_2", "ours_rank", "naive", "naive_median_ratio",
    "naive_median_error", "naive_within_factor_2", "naive_unstable",
)  # fmt: skip
Row = dict[str, str]
Pair = tuple[float, float, float]


def read() -> list[Row]:
    """Return the published rows."""
    with ROWS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def open_pair(row: Row) -> Pair:
    """Return measured latency, that of the batch law, and that of M/M/1, in seconds.

    A batch of b takes alpha b + tau0: alpha is one over the capacity of an accelerator, and a
    batch of one takes as long as a single request. M/M/1 serves single requests, one by one.
    """
    machines, single = float(row["machines"]), float(row["single_ms"]) / 1e3
    rate = float(row["load"]) / machines
    each = min(machines / float(row["capacity_per_s"]), single)
    ours = float(batch_sojourn_bound(rate, each, single - each))
    naive = single / (1.0 - rate * single) if rate * single < 1.0 else math.inf
    return float(row["measured_ms"]) / 1e3, ours, naive


def closed_pairs(rows: list[Row]) -> list[Pair]:
    """Return the triples of one curve, without the two rows that the bound takes its numbers from.

    The bound is max(R(1), N b / X); the naive model serves the clients one by one: N R(1).
    """
    first = min(rows, key=lambda row: float(row["load"]))
    best = max(rows, key=lambda row: float(row["capacity_per_s"]))
    alone, most = float(first["measured_ms"]) / 1e3, float(best["capacity_per_s"])
    found = []
    for row in rows:
        if row is first or row is best:
            continue
        clients = float(row["load"])
        ours = max(alone, clients * float(row["client_batch"]) / most)
        found.append((float(row["measured_ms"]) / 1e3, ours, clients * alone))
    return found


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's coefficient."""
    if len(first) < 3:
        return math.nan
    places = (np.argsort(np.argsort(values)) for values in (first, second))
    return float(np.corrcoef(*places)[0, 1])


def summary(kind: str, model: str, series: int, pairs: list[Pair]) -> Row:
    """Return one line of the report."""
    measured, ours, naive = (np.array(column) for column in zip(*pairs, strict=True))
    ratio, other = ours / measured, naive / measured
    stable = np.isfinite(other)
    quarter = np.quantile(ratio[np.isfinite(ratio)], [0.25, 0.75])
    words = ("batch law", "M/M/1") if kind == "open" else ("asymptotic bound", "one by one")
    within = [np.mean((r >= 0.5) & (r <= 2.0)) for r in (ratio, other)]
    return {
        "kind": kind, "model": model, "rows": str(len(pairs)), "series": str(series),
        "ours": words[0], "ours_median_ratio": f"{np.median(ratio):.3f}",
        "ours_q1": f"{quarter[0]:.3f}", "ours_q3": f"{quarter[1]:.3f}",
        "ours_median_error": f"{np.median(np.abs(ratio - 1)):.3f}",
        "ours_within_factor_2": f"{within[0]:.3f}",
        "ours_rank": f"{rank_correlation(measured, ours):.3f}",
        "naive": words[1],
        "naive_median_ratio": f"{np.median(other):.3f}" if stable.mean() > 0.5 else "inf",
        "naive_median_error": f"{np.median(np.abs(other - 1)):.3f}"
        if stable.mean() > 0.5 else "inf",
        "naive_within_factor_2": f"{within[1]:.3f}",
        "naive_unstable": f"{1 - stable.mean():.3f}",
    }  # fmt: skip


def report() -> list[Row]:
    """Return the whole report: open rows per model and together, closed curves together."""
    rows = read()
    by_model: dict[str, list[Row]] = defaultdict(list)
    curves: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "open":
            by_model[row["model"]].append(row)
        else:
            curves[row["series"]].append(row)
    opened = [row for group in by_model.values() for row in group]
    found = [("all", opened), *sorted(by_model.items())]
    lines = [
        summary("open", name, len({row["series"] for row in group}), [open_pair(r) for r in group])
        for name, group in found
        if len(group) > 2
    ]
    pairs = [pair for curve in curves.values() for pair in closed_pairs(curve)]
    lines.append(summary("closed", "all", len(curves), pairs))
    return lines


def main() -> None:
    """Write the report."""
    with REPORT.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(report())


if __name__ == "__main__":
    main()
