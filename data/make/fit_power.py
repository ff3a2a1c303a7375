"""Power under inference per platform, and how well five dnns predict the others.

Board power hardly depends on the dnn, so energy is power times time. The fact is the mean over
the dnns; its range is the 5 and 95 % points of what single dnns drew.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from fit_facts import Row, factor

WHERE = "data/make/fit_power.py on data/measurements/power_rows.csv"
SCOPE = {
    "board": "whole board, wall side",
    "chip": "chip supply",
    "card": "card",
    "system": "whole system at its peak, wall side",
}
TRAINING_DNNS = 5


def _groups(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        load = "batches" if row["load"].startswith("batch ") else row["load"]
        groups[row["entity"], load].append(row)
    return groups


def _fact(entity: str, basis: str, watts: list[float], note: str) -> Row:
    low, high = np.quantile(watts, [0.05, 0.95])
    return {
        "entity": entity, "field": "active_w", "basis": basis, "value": f"{np.mean(watts):.4g}",
        "unit": "W", "low": f"{low:.4g}", "high": f"{high:.4g}", "source": "fit-power",
        "where": WHERE, "note": note,
    }  # fmt: skip


def facts(rows: list[Row]) -> list[Row]:
    """One ``active_w`` fact (basis ``measured-inference``) per catalog machine."""
    by_entity: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not row["entity"].startswith("ref:"):
            by_entity[row["entity"]].append(row)
    out = []
    for entity, own in sorted(by_entity.items()):
        watts = [float(row["power_w"]) for row in own]
        loads = ", ".join(sorted({row["load"] for row in own}))
        note = f"{SCOPE[own[0]['scope']]}; {len(own)} rows; {loads}"
        out.append(_fact(entity, "measured-inference", watts, note))
    return out


def report(rows: list[Row]) -> list[Row]:
    """Error of the mean of five dnns on all others, averaged over the choice of the five."""
    out = []
    random = np.random.default_rng(7)
    for (entity, load), own in sorted(_groups(rows).items()):
        watts = np.array([float(row["power_w"]) for row in own])
        if len(watts) <= 2 * TRAINING_DNNS:
            continue
        errors: list[float] = []
        for _ in range(200):
            order = random.permutation(len(watts))
            seen, held = watts[order[:TRAINING_DNNS]], watts[order[TRAINING_DNNS:]]
            errors.extend(np.log(seen.mean() / held).tolist())
        sizes = factor(errors)
        out.append({
            "class": "power", "group": f"{entity}|{load}",
            "test": f"{TRAINING_DNNS} dnns predict the rest",
            "dnns": str(len({row["dnn"] for row in own})), "rows": str(len(own)),
            "ours_median": f"{np.median(sizes):.3f}", "ours_p90": f"{np.quantile(sizes, 0.9):.3f}",
            "flops_median": "", "flops_p90": "", "plain_median": "", "plain_p90": "",
        })  # fmt: skip
    return out
