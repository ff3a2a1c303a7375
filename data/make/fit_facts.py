"""Turn fitted parameters and out-of-sample errors into fact rows and report rows."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from fit_graph import Floats, Machine
from fit_model import NAMES, TYPES, Observation

FACT_COLUMNS = [
    "entity", "field", "basis", "value", "unit", "low", "high", "source", "where", "note",
]  # fmt: skip
REPORT_COLUMNS = [
    "class", "group", "test", "dnns", "rows", "ours_median", "ours_p90", "flops_median",
    "flops_p90", "plain_median", "plain_p90",
]  # fmt: skip

Row = dict[str, str]
Errors = dict[str, dict[str, list[float]]]

WHERE = "data/make/fit_efficiencies.py on data/measurements/latency_rows.csv"

# Operator types that borrow the value of another when a dnn has them.
BORROWED = {"matmul": "attention", "recurrent": "linear"}
CEILING = {"memory_efficiency_frac": 1.0, "compute_efficiency_frac": 1.6}
# Standard normal quantile of 90 %: low and high are the 10 % and 90 % points.
Z90 = 1.2816
# Classes of the catalog that no measurement covers, and whose values stand in.
STANDS_IN = {"automotive": "edge-gpu", "tpu": "gpu", "laptop": "any"}


def factor(errors: list[float]) -> Floats:
    """Symmetric relative error: factor between prediction and measurement, minus one."""
    return np.asarray(np.expm1(np.abs(errors)))


def spread(errors: list[float], floor: float) -> float:
    """Robust standard deviation of log errors (from their median size)."""
    return max(floor, float(np.median(np.abs(errors))) / 0.6745)


def _fact(
    entity: str, field: str, basis: str, value: float, sigma: float, source: str, note: str
) -> Row:
    unit = "s" if field.endswith("_s") else "1"
    low, high = (value * np.exp(sign * Z90 * sigma) for sign in (-1, 1))
    if field in CEILING:
        # No machine moves data faster than its bus, nor computes beyond what the fit allows.
        high = max(value, min(high, CEILING[field]))
    return {
        "entity": entity, "field": field, "basis": basis, "value": f"{value:.4g}", "unit": unit,
        "low": f"{low:.4g}", "high": f"{high:.4g}", "source": source,
        "where": WHERE, "note": note,
    }  # fmt: skip


def _set(
    entity: str, suffix: str, theta: Floats, sigma: float, source: str, notes: Row
) -> list[Row]:
    """All efficiency facts of one entity at one precision (``suffix`` empty or ``@fp16``)."""
    values = dict(zip(NAMES, np.exp(theta), strict=True))
    out = []
    for name in (*TYPES, *BORROWED):
        origin = BORROWED.get(name, name)
        note = notes[origin] if origin == name else f"as {origin}; {notes[origin]}"
        out.append(
            _fact(
                entity,
                "compute_efficiency_frac",
                name + suffix,
                values[origin],
                sigma,
                source,
                note,
            )
        )
    if notes["memory"]:
        out.append(
            _fact(
                entity,
                "memory_efficiency_frac",
                suffix,
                values["memory"],
                sigma,
                source,
                notes["memory"],
            )
        )
    out.append(
        _fact(entity, "launch_overhead_s", suffix, values["launch"], sigma, source, notes["launch"])
    )
    return out


def _errors(entity: str, suffix: str, errors: list[float], source: str, note: str) -> list[Row]:
    sizes = factor(errors)
    out = []
    for basis, quantile in (("p50", 0.5), ("p90", 0.9)):
        value = float(np.quantile(sizes, quantile))
        row = _fact(entity, "latency_error_frac", basis + suffix, value, 0.0, source, note)
        out.append(row | {"low": "", "high": ""})
    return out


def group_facts(
    items: list[Observation], found: dict[str, Floats], unseen: Errors, info: dict[str, Row],
    machines: dict[str, Machine],
) -> list[Row]:  # fmt: skip
    """Facts of every catalog machine that was measured, one set per precision."""
    best: dict[str, dict[str, str]] = defaultdict(dict)
    dnns: dict[str, set[str]] = defaultdict(set)
    for item in items:
        dnns[item.group].add(item.dnn)
    for group in sorted(dnns, key=lambda g: (-len(dnns[g]), g)):
        entity, _, precision = group.split("|")
        if not entity.startswith("ref:"):
            best[entity].setdefault(precision, group)
    out = []
    for entity in sorted(best):
        for rank, (precision, group) in enumerate(best[entity].items()):
            suffixes = ([""] if rank == 0 else []) + (
                [f"@{precision}"] if len(best[entity]) > 1 else []
            )
            errors = unseen[group]["ours"]
            notes = _notes(group, items, machines[entity], precision, info[group])
            for suffix in suffixes:
                sigma = spread(errors, 0.15)
                out += _set(entity, suffix, found[group], sigma, "fit-efficiencies", notes)
                count = (
                    f"{len(dnns[group])} dnns, {len(errors)} rows, each left out; factor minus one"
                )
                out += _errors(entity, suffix, errors, "fit-efficiencies", count)
    return out


def _notes(
    group: str, items: list[Observation], machine: Machine, precision: str, info: Row
) -> Row:
    """Say what each value is relative to, and which values these measurements could not see."""
    own = [item for item in items if item.group == group]
    basis, peak = machine.peak(precision) or ("", 0.0)
    seen = {TYPES[k] for item in own for k in set(item.index.tolist()) if k >= 0}
    base = f"{info['runtime']}, {precision}, {len({i.dnn for i in own})} dnns"
    if info["kind"] == "throughput":
        base += "; from 1/throughput of pipelined execution, one inference takes longer"
    notes = {}
    for name in TYPES:
        note = f"{base}; relative to {basis} {peak:.4g} op/s"
        notes[name] = note if name in seen else f"not measured here, value of the class; {note}"
    has_width = bool(np.isfinite(machine.bandwidth))
    notes["memory"] = f"{base}; relative to {machine.bandwidth:.4g} byte/s" if has_width else ""
    notes["launch"] = f"{base}; per row of the layer graph"
    return notes


def class_facts(
    items: list[Observation], found: dict[str, Floats], foreign: Errors, class_of: dict[str, str]
) -> list[Row]:
    """Facts of each class, with the spread seen on machines left out, and of ``class:any``."""
    names = sorted({name for name in class_of.values() if name.count("|") == 1})
    pooled = {
        name: [e for v in foreign.get(name, {}).values() for e in v] for name in [*names, "any"]
    }
    wide = spread(pooled["any"], 0.5)
    out = []
    by_kind: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_kind[name.partition("|")[0]].append(name)
    for kind, members in sorted(by_kind.items()):
        members.sort(key=lambda n: -sum(class_of[i.group] == n for i in items))
        for rank, name in enumerate(members):
            precision = name.partition("|")[2]
            machines = {i.group.partition("|")[0] for i in items if class_of[i.group] == name}
            base = f"class value from {len(machines)} machines at {precision}"
            errors = pooled[name]
            if errors:
                sigma, how = spread(errors, 0.4), "spread on a machine left out"
            else:
                sigma, how = wide, "one machine only: spread of all classes"
            notes = dict.fromkeys(NAMES, f"{base}; {how}")
            for suffix in ([""] if rank == 0 else []) + [f"@{precision}"]:
                out += _set(f"class:{kind}", suffix, found[name], sigma, "fit-efficiencies", notes)
                if errors:
                    out += _errors(f"class:{kind}", suffix, errors, "fit-efficiencies", how)
    every = dict.fromkeys(NAMES, "all machines together; spread on a machine left out")
    out += _set("class:any", "", found["any"], wide, "fit-efficiencies", every)
    out += _errors(
        "class:any", "", pooled["any"], "fit-efficiencies", "spread on a machine left out"
    )
    for kind, other in STANDS_IN.items():
        source = found["any"] if other == "any" else found[by_kind[other][0]]
        text = f"not measured: value of class:{other}, spread of all classes"
        notes = dict.fromkeys(NAMES, text)
        out += _set(f"class:{kind}", "", source, wide, "fit-efficiencies", notes)
    return out


def report_rows(
    items: list[Observation], unseen: Errors, foreign: Errors, class_of: dict[str, str]
) -> list[Row]:
    """Error table: per group, per machine kind, over all, and class values on unseen machines."""
    table: dict[tuple[str, str], list[str]] = defaultdict(list)
    for group in sorted(unseen):
        kind = class_of[group].partition("|")[0] if class_of[group] != group else "other"
        table[kind, group].append(group)
        table[kind, "all"].append(group)
        table["all", "all"].append(group)
    out = []
    for (kind, label), groups in sorted(table.items(), key=lambda t: (t[0][1] != "all", t[0])):
        merged = {m: [e for g in groups for e in unseen[g][m]] for m in ("ours", "flops", "plain")}
        own = [i for i in items if i.group in groups]
        out.append(_report(kind, label, "leave-models-out", len({i.dnn for i in own}), merged))
    for name in sorted(foreign):
        errors = [e for v in foreign[name].values() for e in v]
        out.append(
            _report(
                name, f"{len(foreign[name])} machines", "leave-machine-out", 0, {"ours": errors}
            )
        )
    return out


def _report(kind: str, group: str, test: str, dnns: int, errors: dict[str, list[float]]) -> Row:
    row = {
        "class": kind,
        "group": group,
        "test": test,
        "dnns": str(dnns or ""),
        "rows": str(len(errors["ours"])),
    }
    for model in ("ours", "flops", "plain"):
        sizes = factor(errors.get(model, []))
        for label, quantile in (("median", 0.5), ("p90", 0.9)):
            row[f"{model}_{label}"] = f"{np.quantile(sizes, quantile):.3f}" if len(sizes) else ""
    return row
