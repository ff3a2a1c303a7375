"""Fit roofline efficiencies from the shipped latencies and record what they miss.

    python data/make/fit_efficiencies.py [--data FOLDER] [--out FOLDER]

Reads ``data/measurements/latency_rows.csv``, the layer graphs and the machines of the catalog;
writes ``data/facts/efficiencies.csv`` and ``data/measurements/fit_report.csv``. Every error is
out of sample: the dnn that is predicted was left out of *all* groups, classes and priors.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from fit_facts import FACT_COLUMNS, REPORT_COLUMNS, class_facts, group_facts, report_rows
from fit_graph import Machine, load_graph, load_machines
from fit_model import Observation, fit_all, observe, predict

ROOT = Path(__file__).resolve().parents[2]

# Measured on a processor other than the one whose peak the catalog holds: no evidence for a class.
OWN_CLASS = {"snapdragon_x_elite|QNN NPU|fp16", "hailo8|HailoRT|int8"}
# A laptop or phone SoC runs these on the same kind of neural processor.
KIND = {"snapdragon_x_elite": "phone"}


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load(
    rows: list[dict[str, str]], dnns: Path, machines: dict[str, Machine]
) -> tuple[list[Observation], dict[str, str]]:
    """Observations (the median of repeated measurements) and the class of each group."""
    repeated: dict[tuple[str, str, str, int, str], list[float]] = defaultdict(list)
    for row in rows:
        key = (row["group"], row["entity"], row["dnn"], int(row["batch"]), row["precision"])
        repeated[key].append(float(row["latency_s"]))
    names = sorted({row["dnn"] for row in rows})
    graphs = {name: load_graph(dnns, name) for name in names}
    items, class_of = [], {}
    for (group, entity, dnn, batch, precision), seconds in repeated.items():
        machine = machines[entity]
        middle = float(np.median(seconds))
        items.append(observe(group, dnn, batch, middle, graphs[dnn], machine, precision))
        kind = KIND.get(entity, machine.kind)
        class_of[group] = group if group in OWN_CLASS else f"{kind}|{precision}"
    return items, class_of


def leave_models_out(
    items: list[Observation], class_of: dict[str, str]
) -> dict[str, dict[str, list[float]]]:
    """Log errors per group of the fit and of the two simpler models, dnn by dnn unseen."""
    errors: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for base in sorted({item.dnn.partition("@")[0] for item in items}):
        seen = [item for item in items if item.dnn.partition("@")[0] != base]
        held = [item for item in items if item.dnn.partition("@")[0] == base]
        found = fit_all(seen, class_of)
        for item in held:
            theta = found.get(item.group, found.get(class_of[item.group], found["any"]))
            target = np.log(item.seconds)
            errors[item.group]["ours"].append(float(np.log(predict([item], theta)[0]) - target))
            peers = [other for other in seen if other.group == item.group]
            if peers:
                rate = np.median([np.log(p.seconds) - np.log(p.compute.sum()) for p in peers])
                errors[item.group]["flops"].append(
                    float(np.log(item.compute.sum()) + rate - target)
                )
            plain = np.log(np.maximum(item.compute, item.memory).sum())
            errors[item.group]["plain"].append(float(plain - target))
    return errors


def leave_machine_out(
    items: list[Observation], class_of: dict[str, str]
) -> dict[str, dict[str, list[float]]]:
    """Log errors of the class values on a machine that no fit has seen, per class."""
    errors: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entity in sorted({item.group.partition("|")[0] for item in items}):
        seen = [item for item in items if item.group.partition("|")[0] != entity]
        held = [item for item in items if item.group.partition("|")[0] == entity]
        found = fit_all(seen, class_of)
        for item in held:
            name = class_of[item.group]
            theta = found.get(name, found["any"])
            error = float(np.log(predict([item], theta)[0] / item.seconds))
            if name in found and name not in OWN_CLASS:
                errors[name][entity].append(error)
            theta = found["any"]
            errors["any"][entity].append(float(np.log(predict([item], theta)[0] / item.seconds)))
    return errors


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def build(data: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Facts and report rows from the shipped measurements."""
    folder = data / "measurements"
    rows = read_rows(folder / "latency_rows.csv")
    machines = load_machines(data, folder / "reference_machines.csv")
    items, class_of = load(rows, data / "dnns", machines)
    found = fit_all(items, class_of)
    unseen = leave_models_out(items, class_of)
    foreign = leave_machine_out(items, class_of)
    info = {row["group"]: row for row in rows}
    out = group_facts(items, found, unseen, info, machines)
    out += class_facts(items, found, foreign, class_of)
    return out, report_rows(items, unseen, foreign, class_of, info)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "data")
    given = parser.parse_args()
    facts, report = build(given.data)
    write(given.out / "facts" / "efficiencies.csv", FACT_COLUMNS, facts)
    write(given.out / "measurements" / "fit_report.csv", REPORT_COLUMNS, report)
    print(f"{len(facts)} facts, {len(report)} report rows")


if __name__ == "__main__":
    main()
