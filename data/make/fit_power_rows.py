"""Select measured power under inference per platform.

    python data/make/fit_power_rows.py FOLDER

writes ``data/measurements/power_rows.csv``: whole-board watts of boards, core watts of
microcontrollers (MLPerf Tiny energy runs), card watts of the V100 by batch.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["row", "entity", "named_device", "load", "scope", "dnn", "power_w", "source", "where"]
Row = dict[str, str]

BOARDS = {
    "rpi4-tflite-v2.7.1-ruy": ("rpi4b", "TFLite on the CPU"),
    "rpi4-armnn-v21.11-neon": ("rpi4b", "ArmNN on the CPU"),
    "xavier-power.0-fan.cool-tflite-v2.7.1-ruy": ("jetson_agx_xavier", "TFLite on the CPU"),
    "odroid-armnn-v21.11-neon": ("ref:odroid_n2", "ArmNN on the CPU"),
    "odroid-armnn-v21.11-opencl": ("ref:odroid_n2", "ArmNN on the GPU"),
}
TINY = [
    (r"L4R5", "stm32l4r5"),
    (r"H7A3", "stm32h7a3"),
    (r"U575", "stm32u575"),
    (r"syntiant_9120", "ndp9120"),
]
# Peak wall watts while decoding; the board is the whole system there.
DECODING = [(r"^Pi 5 - 8GB$", "rpi5"), (r"GB10", "dgx_spark")]


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def select(folder: Path) -> Iterator[Row]:
    for row in read(folder / "mlperf_inference.csv"):
        if row["system"] in BOARDS and row["avg_system_power_w"]:
            entity, load = BOARDS[row["system"]]
            yield _row(row, entity, row["system"], load, "board", row["benchmark"],
                       float(row["avg_system_power_w"]), "mlperf-inference")  # fmt: skip
    for row in read(folder / "mlperf_tiny.csv"):
        if row["mode"] != "energy" or not row["avg_power_mw"]:
            continue
        for pattern, entity in TINY:
            if re.search(pattern, row["system"]):
                yield _row(row, entity, row["system"], "MLPerf Tiny", "chip", row["benchmark"],
                           float(row["avg_power_mw"]) / 1e3, "mlperf-tiny")  # fmt: skip
    for row in read(folder / "power.csv"):
        if row["kind"].startswith("GPU board power vs batch") and row["device"].endswith("V100"):
            yield _row(row, "v100_sxm", row["device"], f"batch {row['batch_size']}", "card",
                       "resnet50", float(row["avg_power_w"]), "inoue-2021")  # fmt: skip
    for row in read(folder / "llm_decode.csv"):
        for pattern, entity in DECODING:
            named = row["source"].startswith("geerlingguy") and re.search(pattern, row["device"])
            if named and row["system_power_w_peak"]:
                yield _row(row, entity, row["device"], "decoding, peak", "system", row["model"],
                           float(row["system_power_w_peak"]), "geerling-ai-benchmarks")  # fmt: skip


def _row(
    row: Row, entity: str, named: str, load: str, scope: str, dnn: str, watts: float, source: str
) -> Row:
    where = f"{row['source']}:{row['source_locator']}"
    values = [row["case_id"], entity, named, load, scope, dnn, f"{watts:.5g}", source, where]
    return dict(zip(COLUMNS, values, strict=True))


def main(folder: Path) -> None:
    rows = sorted(select(folder / "curated"), key=lambda r: (r["entity"], r["load"], r["row"]))
    with (ROOT / "data" / "measurements" / "power_rows.csv").open(
        "w", newline="", encoding="utf-8"
    ) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} power rows, {len({r['entity'] for r in rows})} machines")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
