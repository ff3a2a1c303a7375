"""Decoder speed from bandwidth, prefill speed from peak: the two efficiencies per machine.

    decode  token/s = batch * eta * bandwidth / (weight byte + batch * context * cache byte)
    prefill token/s = eta * peak / (2 * (MAC per token + prompt/2 * MAC per token and context))

The logarithm of eta is a mean plus offsets of the machine kind, the machine and the weight
precision (ridge regression: each offset has a prior width). Errors leave the decoder out.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit_facts import Z90, Row, factor, spread
from fit_graph import Floats, Machine

# Decoders that are measured but not in the catalog: weights read per token (all but an untied
# input embedding), cache elements per token. From their published configurations.
EXTRA = {
    "gemma_3_1b": (999_885_952, 2 * 26 * 1 * 256),
    "gemma_3_12b": (11_765_788_416, 2 * 48 * 8 * 256),
    "qwen3_8b": (8_190_735_360 - 151_936 * 4096, 2 * 36 * 8 * 128),
    "qwen3_14b": (14_768_307_200 - 151_936 * 5120, 2 * 40 * 8 * 128),
    "qwen3_32b": (32_762_123_264 - 151_936 * 5120, 2 * 64 * 8 * 128),
}
WIDTH = {"mean": 1.0, "kind": 0.4, "machine": 0.3, "bits": 0.3}
RESIDUAL = 0.15
WHERE = "data/make/fit_llm.py on data/measurements/llm_rows.csv"


@dataclass(frozen=True)
class Speed:
    """One measured rate and the rate that the machine would reach at efficiency one."""

    entity: str
    kind: str
    decoder: str
    precision: str
    rate: float
    limit: float


def precision_of(bit_per_weight: float) -> str:
    """Catalog precision that a stored width belongs to."""
    return "int4" if bit_per_weight < 6 else "int8" if bit_per_weight < 12 else "fp16"


def _decoder(folder: Path, name: str) -> dict[str, float]:
    if name in EXTRA:
        read, cache = EXTRA[name]
        return {"read": read, "cache": cache}
    totals = json.loads((folder / f"{name}.json").read_text())
    every = totals["totals"]
    return {
        "read": every["macs_per_token"],
        "cache": every["kv_elems_per_token"],
        "prefill": every["macs_per_token"] - totals["head"]["macs_per_token"],
        "context": every["macs_per_token_per_context"],
    }


def speeds(rows: list[Row], folder: Path, machines: dict[str, Machine], phase: str) -> list[Speed]:
    """Rates of one phase, ``decode`` or ``prefill``, that have the figures they need."""
    out = []
    for row in rows:
        machine, text = machines[row["entity"]], row[f"{phase}_token_per_s"]
        if not text:
            continue
        lm, bits, batch = (
            _decoder(folder, row["decoder"]),
            float(row["bit_per_weight"]),
            float(row["batch"]),
        )
        if phase == "decode":
            moved = lm["read"] * bits / 8 + batch * float(row["context_token"]) * lm["cache"] * 2
            limit = batch * machine.bandwidth / moved
        else:
            peak, prompt = machine.peak("fp16"), float(row["prompt_token"] or 512)
            if peak is None or "prefill" not in lm:
                continue
            limit = peak[1] / (2 * (lm["prefill"] + prompt / 2 * lm["context"]))
        out.append(
            Speed(
                row["entity"], machine.kind, row["decoder"], precision_of(bits), float(text), limit
            )
        )
    return out


class Ridge:
    """Offsets of the logarithm of the efficiency, with their prior widths."""

    def __init__(self, items: list[Speed]) -> None:
        self.names = sorted({name for item in items for name in self._terms(item)})
        rows = np.array([self._row(item) for item in items])
        target = np.array([np.log(item.rate / item.limit) + 0.7 for item in items])
        prior = np.diag([RESIDUAL / WIDTH[name.partition(":")[0]] for name in self.names])
        stacked = np.vstack([rows, prior])
        wanted = np.concatenate([target, np.zeros(len(self.names))])
        self.offset: Floats = np.linalg.lstsq(stacked, wanted, rcond=None)[0]

    @staticmethod
    def _terms(item: Speed) -> list[str]:
        return ["mean:", f"kind:{item.kind}", f"machine:{item.entity}", f"bits:{item.precision}"]

    def _row(self, item: Speed) -> Floats:
        terms = self._terms(item)
        return np.array([float(name in terms) for name in self.names])

    def efficiency(self, entity: str, kind: str, precision: str) -> float:
        """Efficiency; unknown machines and kinds get the mean of what is known of them."""
        item = Speed(entity, kind, "", precision, 1.0, 1.0)
        return float(np.exp(self._row(item) @ self.offset - 0.7))


def held_out(items: list[Speed], by: str) -> dict[str, list[float]]:
    """Log errors per machine when the decoder (or the machine) of a row was not seen."""
    errors: dict[str, list[float]] = {}
    for value in sorted({getattr(item, by) for item in items}):
        model = Ridge([item for item in items if getattr(item, by) != value])
        for item in items:
            if getattr(item, by) == value:
                guess = model.efficiency(item.entity, item.kind, item.precision) * item.limit
                errors.setdefault(item.entity, []).append(float(np.log(guess / item.rate)))
    return errors


def _fact(entity: str, field: str, basis: str, value: float, sigma: float, note: str) -> Row:
    low, high = (value * np.exp(sign * Z90 * sigma) for sign in (-1, 1))
    # Neither the bus nor the arithmetic can do better than its stated rate.
    high = max(value, min(high, 1.0)) if field.endswith("efficiency_frac") else high
    return {
        "entity": entity, "field": field, "basis": basis, "value": f"{value:.4g}", "unit": "1",
        "low": f"{low:.4g}", "high": f"{high:.4g}", "source": "fit-llm", "where": WHERE,
        "note": note,
    }  # fmt: skip


def facts(rows: list[Row], folder: Path, machines: dict[str, Machine]) -> list[Row]:
    """Efficiency facts of both phases for measured machines, their classes and ``class:any``."""
    fields = {
        "decode": "decode_bandwidth_efficiency_frac",
        "prefill": "prefill_compute_efficiency_frac",
    }
    out = []
    for phase, field in fields.items():
        items = speeds(rows, folder, machines, phase)
        model, unseen, foreign = Ridge(items), held_out(items, "decoder"), held_out(items, "entity")
        wide = spread([e for v in foreign.values() for e in v], 0.2)
        for entity in sorted({item.entity for item in items if not item.entity.startswith("ref:")}):
            own = [item for item in items if item.entity == entity]
            seen = sorted({item.precision for item in own})
            sigma = spread(unseen[entity], 0.1)
            for precision in seen:
                count = sum(item.precision == precision for item in own)
                note = f"{count} rows at {precision}; decoders left out for the range"
                value = model.efficiency(entity, own[0].kind, precision)
                out.append(_fact(entity, field, f"@{precision}", value, sigma, note))
            usual = max(seen, key=lambda p: sum(item.precision == p for item in own))
            value = model.efficiency(entity, own[0].kind, usual)
            out.append(
                _fact(entity, field, "", value, max(sigma, 0.2), f"from the rows at {usual}")
            )
            median = float(np.median(factor(unseen[entity])))
            row = _fact(
                entity,
                f"{phase}_error_frac",
                "p50",
                median,
                0.0,
                "decoder left out; factor minus one",
            )
            out.append(row | {"low": "", "high": ""})
        for kind in [*sorted({item.kind for item in items}), "any"]:
            note = "machine left out for the range" + (
                "" if kind != "any" else "; mean of all kinds"
            )
            for basis, precision in (
                ("", "int4"),
                ("@int4", "int4"),
                ("@int8", "int8"),
                ("@fp16", "fp16"),
            ):
                if f"bits:{precision}" in model.names:
                    value = model.efficiency("", kind, precision)
                    out.append(_fact(f"class:{kind}", field, basis, value, wide, note))
    return out


def report(rows: list[Row], folder: Path, machines: dict[str, Machine]) -> list[Row]:
    """Error rows in the columns of ``fit_report.csv``."""
    out = []
    for phase in ("decode", "prefill"):
        items = speeds(rows, folder, machines, phase)
        for test, by in (("leave-models-out", "decoder"), ("leave-machine-out", "entity")):
            errors = held_out(items, by)
            groups = {
                "all": list(errors),
                **({e: [e] for e in sorted(errors)} if by == "decoder" else {}),
            }
            for group, members in groups.items():
                sizes = factor([e for name in members for e in errors[name]])
                own = [item for item in items if item.entity in members]
                plain = factor([float(np.log(item.limit / item.rate)) for item in own])
                out.append({
                    "class": f"llm-{phase}", "group": group, "test": test,
                    "dnns": str(len({item.decoder for item in own})), "rows": str(len(sizes)),
                    "ours_median": f"{np.median(sizes):.3f}",
                    "ours_p90": f"{np.quantile(sizes, 0.9):.3f}",
                    "flops_median": "", "flops_p90": "",
                    "plain_median": f"{np.median(plain):.3f}",
                    "plain_p90": f"{np.quantile(plain, 0.9):.3f}",
                })  # fmt: skip
    return out


def read(path: Path) -> list[Row]:
    """Shipped decoder rows."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
