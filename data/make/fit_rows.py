"""Select the published latencies that the efficiency fit uses, with their source and locator.

Run once, against a folder of collected public tables (``curated/*.csv``, ``raw/*``)::

    python data/make/fit_rows.py FOLDER

writes ``data/measurements/latency_rows.csv``. Everything downstream reads only that file.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import fit_names as names

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    "row", "entity", "group", "named_device", "runtime", "precision", "batch", "dnn", "named_model",
    "latency_s", "kind", "source", "where",
]  # fmt: skip

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """Rows of a CSV file as dictionaries."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def make(
    entity: str, runtime: str, precision: str, dnn: str, seconds: float, row: Row, **more: str
) -> Row:
    """One output row; the group is machine, runtime and precision."""
    out = dict.fromkeys(COLUMNS, "")
    out |= {
        "row": row.get("case_id", ""),
        "entity": entity,
        "group": f"{entity}|{runtime}|{precision}",
        "named_device": row.get("device", "")
        or row.get("system", "")
        or row.get("hardware_config", ""),
        "runtime": runtime,
        "precision": precision,
        "batch": row.get("batch", "") or "1",
        "dnn": dnn,
        "named_model": row.get("model", "") or row.get("benchmark", ""),
        "latency_s": f"{seconds:.6g}",
        "kind": "latency",
        "source": more.pop("source"),
        "where": f"{row.get('source', '')}:{row.get('source_locator', '')}",
    }
    return out | more


def ncnn_rows(table: list[Row]) -> Iterator[Row]:
    """Rows of the ncnn table whose device, processor and threads are those of a machine."""
    for row in table:
        if not row["source"].startswith("Tencent/ncnn") or row["model"] not in names.NCNN:
            continue
        for text, entity, processor, threads, precision in names.NCNN_DEVICES:
            asked = (row["processor"], row["threads"]) == (processor, threads)
            if not asked or not row["device"].startswith(text):
                continue
            quantised = row["precision"] == "int8"
            if quantised and processor != "CPU":
                continue  # its Vulkan path has no int8 arithmetic
            kind = "int8" if quantised else precision
            dnn, seconds = names.NCNN[row["model"]], float(row["latency_ms"]) / 1e3
            yield make(
                entity, f"ncnn {processor}", kind, dnn, seconds, row, source="ncnn-benchmark"
            )


def device_rows(table: list[Row]) -> Iterator[Row]:
    """Rows of the small tables: Paddle, Edge TPU, RKNN, Hailo, XNNPACK."""
    for row in table:
        for entry in names.TABLES:
            named = row["source"].startswith(entry.prefix) and row["device"] == entry.device
            wanted = all(row[column] == value for column, value in entry.only.items())
            if not named or not wanted or row["model"] not in entry.dnns:
                continue
            seconds = (
                1 / float(row["throughput_per_s"])
                if entry.kind == "throughput"
                else float(row["latency_ms"]) / 1e3
            )
            precision = row["precision"] if row["precision"] in {"fp32", "int8"} else "int8"
            yield make(
                entry.entity, entry.runtime, precision, entry.dnns[row["model"]], seconds, row,
                source=entry.source, kind=entry.kind,
            )  # fmt: skip


def qualcomm_rows(table: list[Row]) -> Iterator[Row]:
    """NPU rows of one compiler path (the plain QNN library); float there is computed in fp16."""
    for row in table:
        entity = names.QUALCOMM_DEVICES.get(row["device"])
        precision = {"float": "fp16", "w8a8": "int8"}.get(row["precision"])
        if entity == "ref:snapdragon_8_gen_2" and precision == "fp16":
            continue  # no published fp16 rate to be relative to
        if (
            not entity
            or not precision
            or row["processor"] != "NPU"
            or row["model"] not in names.QUALCOMM
        ):
            continue
        if row["runtime"] in names.QUALCOMM_RUNTIMES:
            yield make(
                entity,
                "QNN NPU",
                precision,
                names.QUALCOMM[row["model"]],
                float(row["latency_ms"]) / 1e3,
                row,
                source="qualcomm-ai-hub-models",
            )


def timm_rows(folder: Path) -> Iterator[Row]:
    """Whole-batch step times; the batch is printed per row."""
    for name, entity, precision, runtime in names.TIMM_FILES:
        for number, row in enumerate(read(folder / name), start=2):
            key = (row["model"].split(".")[0], int(float(row["infer_img_size"])))
            if key not in names.TIMM:
                continue
            row |= {
                "case_id": f"timm-{entity.removeprefix('ref:')}-{number}",
                "device": name.removesuffix(".csv"),
                "batch": row["infer_batch_size"],
                "source": "huggingface/pytorch-image-models@aa4b5850c1",
                "source_locator": f"results/{name} line {number}",
            }
            yield make(
                entity,
                runtime,
                precision,
                names.TIMM[key],
                float(row["infer_step_time"]) / 1e3,
                row,
                source="timm-benchmark",
            )


def mlperf_rows(table: list[Row]) -> Iterator[Row]:
    """Single-stream mean latency of one-accelerator entries and of the Raspberry Pi 4."""
    for row in table:
        if (
            row["scenario"].replace(" ", "") != "SingleStream"
            or row["benchmark"] not in names.MLPERF
        ):
            continue
        dnn, system, seconds = (
            names.MLPERF[row["benchmark"]],
            row["system"],
            float(row["mean_ms"]) / 1e3,
        )
        if system in {"rpi4-armnn-v21.11-neon", "rpi4-tflite-v2.7.1-ruy"}:
            quantised = re.search(r"(?<!non-)quantized|uint8", row["benchmark"])
            runtime = "ArmNN" if "armnn" in system else "TFLite"
            yield make(
                "rpi4b",
                runtime,
                "int8" if quantised else "fp32",
                dnn,
                seconds,
                row,
                source="mlperf-inference",
            )
            continue
        excluded = re.search(r"MIG|Triton|MaxQ|armnn|tflite|x[2-9]", system, re.IGNORECASE)
        if excluded or row["accelerators_per_node"] != "1" or row["division"] != "closed":
            continue
        for pattern, entity, precision in names.MLPERF_SYSTEMS:
            if re.search(pattern, row["accelerator"]):
                yield make(
                    entity, "TensorRT", precision, dnn, seconds, row, source="mlperf-inference"
                )


def tiny_rows(table: list[Row]) -> Iterator[Row]:
    """Performance-mode latencies of the four tiny benchmarks."""
    for row in table:
        if (
            row["mode"] != "performance"
            or row["benchmark"] not in names.TINY
            or not row["latency_ms"]
        ):
            continue
        precision = "fp32" if "float" in row["system"].lower() else "int8"
        for pattern, entity in names.TINY_SYSTEMS:
            if re.search(pattern, row["system"]):
                yield make(
                    entity,
                    "MLPerf Tiny",
                    precision,
                    names.TINY[row["benchmark"]],
                    float(row["latency_ms"]) / 1e3,
                    row,
                    source="mlperf-tiny",
                )


def batching_rows(table: list[Row]) -> Iterator[Row]:
    """NVIDIA's published ResNet-50 tables with the card named in the table's title."""
    cards = {"A100": "a100_sxm", "DGX-1": "v100_sxm", "NVIDIA T4": "t4"}
    for row in table:
        entity = next((m for text, m in cards.items() if text in row["hardware_config"]), None)
        if row["model"] not in names.DLE_MODELS or entity is None or not row["latency_ms"]:
            continue
        if row["model"].startswith("MxNet"):
            continue  # the two precisions of that table are not told apart by column
        yield make(
            entity,
            "TensorRT",
            row["precision"].lower(),
            names.DLE_MODELS[row["model"]],
            float(row["latency_ms"]) / 1e3,
            row,
            source="nvidia-deeplearningexamples",
        )


def scission_rows(folder: Path) -> Iterator[Row]:
    """Whole-model time as the sum of the measured blocks (additive within a few percent)."""
    for name, entity in [("device-raspi4", "rpi4b"), ("cloud-6700k_NoGPU", "ref:i7_6700k")]:
        totals: dict[str, float] = {}
        for row in read(folder / f"{name}.csv"):
            totals[row["model"]] = totals.get(row["model"], 0.0) + float(row["latency_s"])
        for model, seconds in totals.items():
            if model in names.SCISSION:
                row = {
                    "case_id": f"scission-{name}-{model}",
                    "device": name,
                    "model": model,
                    "source": "qub-blesson/Scission@b765b2bd4c",
                    "source_locator": f"benchmark_data, sum of the blocks of {model} on {name}",
                }
                yield make(
                    entity, "Keras", "fp32", names.SCISSION[model], seconds, row, source="scission"
                )


def main(folder: Path) -> None:
    """Write ``data/measurements/latency_rows.csv``."""
    curated, raw = folder / "curated", folder / "raw"
    devices = read(curated / "device_inference_latency.csv")
    rows = [
        *ncnn_rows(devices),
        *device_rows(devices),
        *qualcomm_rows(read(curated / "device_inference_latency_qualcomm.csv")),
        *timm_rows(raw / "timm"),
        *mlperf_rows(read(curated / "mlperf_inference.csv")),
        *tiny_rows(read(curated / "mlperf_tiny.csv")),
        *batching_rows(read(curated / "batching.csv")),
        *scission_rows(raw / "scission"),
    ]
    rows.sort(key=lambda r: (r["group"], r["dnn"], int(r["batch"]), r["row"]))
    target = ROOT / "data" / "measurements" / "latency_rows.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows of {len({r['group'] for r in rows})} groups -> {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
