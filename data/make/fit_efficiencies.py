"""Fit roofline efficiencies from the shipped latencies and record what they miss.

    python data/make/fit_efficiencies.py [--data FOLDER]

Reads ``data/measurements/latency_rows.csv``, the layer graphs and the machines of the catalog;
writes ``facts/efficiencies.csv`` and, under ``measurements/``, ``fit_predictions.csv`` (every row
predicted by a fit that has not seen its dnn, in any group, class or prior), ``fit_foreign.csv``
(class values on machines left out) and ``fit_report.csv`` (the error table). The shape of the
pulls was chosen while looking at these errors, so they are mildly optimistic.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from pathlib import Path

import fit_llm
import fit_power
import numpy as np
from fit_facts import FACT_COLUMNS, REPORT_COLUMNS, class_facts, group_facts, report_rows
from fit_graph import Machine, load_graph, load_machines
from fit_model import Observation, fit_all, observe, predict

ROOT = Path(__file__).resolve().parents[2]

PREDICTION_COLUMNS = [
    "group", "class", "dnn", "batch", "measured_s", "ours_s", "flops_s", "plain_s",
]  # fmt: skip

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


def unseen_rows(
    items: list[Observation], class_of: dict[str, str], dnns: list[str]
) -> list[dict[str, str]]:
    """Predictions of each dnn by fits that have not seen it, beside the two simpler models."""
    out = []
    for base in dnns:
        seen = [item for item in items if item.dnn.partition("@")[0] != base]
        found = fit_all(seen, class_of)
        for item in items:
            if item.dnn.partition("@")[0] != base:
                continue
            theta = found.get(item.group, found.get(class_of[item.group], found["any"]))
            peers = [other for other in seen if other.group == item.group]
            # FLOPs only: one rate per machine, the median of what its other dnns reached.
            rates = [p.seconds / p.compute.sum() for p in peers]
            flops = float(np.median(rates) * item.compute.sum()) if rates else math.nan
            plain = float(np.maximum(item.compute, item.memory).sum())
            values = [item.seconds, float(predict([item], theta)[0]), flops, plain]
            names = [item.group, class_of[item.group], item.dnn, str(item.batch)]
            texts = ["" if math.isnan(value) else f"{value:.5g}" for value in values]
            out.append(dict(zip(PREDICTION_COLUMNS, [*names, *texts], strict=True)))
    return out


def leave_models_out(rows: list[dict[str, str]]) -> dict[str, dict[str, list[float]]]:
    """Log errors per group of the fit and of the two simpler models."""
    errors: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for model in ("ours", "flops", "plain"):
            if row[f"{model}_s"]:
                error = math.log(float(row[f"{model}_s"]) / float(row["measured_s"]))
                errors[row["group"]][model].append(error)
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


def prepare(data: Path) -> tuple[list[Observation], dict[str, str], dict[str, Machine]]:
    """Observations, classes and machines from the shipped files."""
    folder = data / "measurements"
    machines = load_machines(data, folder / "reference_machines.csv")
    return *load(read_rows(folder / "latency_rows.csv"), data / "dnns", machines), machines


def all_dnns(items: list[Observation]) -> list[str]:
    """Names to leave out one by one; a dnn goes with its other sequence lengths."""
    return sorted({item.dnn.partition("@")[0] for item in items})


def build_facts(data: Path, predictions: list[dict[str, str]]) -> list[dict[str, str]]:
    """All fact rows, with ranges from the given out-of-sample predictions."""
    folder = data / "measurements"
    items, class_of, machines = prepare(data)
    found = fit_all(items, class_of)
    info = {row["group"]: row for row in read_rows(folder / "latency_rows.csv")}
    out = group_facts(items, found, leave_models_out(predictions), info, machines)
    out += class_facts(items, found, read_foreign(folder / "fit_foreign.csv"), class_of)
    out += fit_llm.facts(read_rows(folder / "llm_rows.csv"), data / "dnns", machines)
    return out + fit_power.facts(read_rows(folder / "power_rows.csv"))


def build_report(data: Path, predictions: list[dict[str, str]]) -> list[dict[str, str]]:
    """Make the error table: latencies, decoder speeds, power."""
    folder = data / "measurements"
    items, class_of, machines = prepare(data)
    unseen, foreign = leave_models_out(predictions), read_foreign(folder / "fit_foreign.csv")
    out = report_rows(items, unseen, foreign, class_of)
    out += fit_llm.report(read_rows(folder / "llm_rows.csv"), data / "dnns", machines)
    return out + fit_power.report(read_rows(folder / "power_rows.csv"))


def read_foreign(path: Path) -> dict[str, dict[str, list[float]]]:
    """Log errors of class values on unseen machines, per class and machine."""
    errors: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(path):
        errors[row["class"]][row["entity"]].append(float(row["log_error"]))
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    given = parser.parse_args()
    items, class_of, _ = prepare(given.data)
    folder = given.data / "measurements"
    predictions = unseen_rows(items, class_of, all_dnns(items))
    write(folder / "fit_predictions.csv", PREDICTION_COLUMNS, predictions)
    foreign = [
        {"class": name, "entity": entity, "log_error": f"{error:.4f}"}
        for name, machines in sorted(leave_machine_out(items, class_of).items())
        for entity, errors in sorted(machines.items())
        for error in errors
    ]
    write(folder / "fit_foreign.csv", ["class", "entity", "log_error"], foreign)
    facts, report = build_facts(given.data, predictions), build_report(given.data, predictions)
    write(given.data / "facts" / "efficiencies.csv", FACT_COLUMNS, facts)
    write(folder / "fit_report.csv", REPORT_COLUMNS, report)
    print(f"{len(facts)} facts, {len(report)} report rows")


if __name__ == "__main__":
    main()
