"""Select published decoder speeds: which device is which machine, which name is which decoder.

    python data/make/fit_llm_rows.py FOLDER

writes ``data/measurements/llm_rows.csv`` from the collected public tables. Only single-device rows
whose bandwidth is known and whose decoder has published shapes are kept.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    "row", "entity", "named_device", "runtime", "decoder", "named_model", "quantisation",
    "bit_per_weight", "batch", "context_token", "prompt_token", "decode_token_per_s",
    "prefill_token_per_s", "source", "where",
]  # fmt: skip
Row = dict[str, str]

# (source prefix, device pattern, machine). "ref:" machines are not in the catalog; their
# bandwidths stand in reference_machines.csv. H100 and A100 without a variant are left out.
DEVICES = [
    ("XiongjieDai", r"^3080 10GB$", "ref:rtx3080"),
    ("XiongjieDai", r"^3080 Ti 12GB$", "ref:rtx3080ti"),
    ("XiongjieDai", r"^4080 16GB$", "ref:rtx4080"),
    ("XiongjieDai", r"^3090 24GB$", "ref:rtx3090"),
    ("XiongjieDai", r"^4090 24GB$", "rtx4090"),
    ("XiongjieDai", r"^RTX 5000 Ada 32GB$", "ref:rtx5000ada"),
    ("XiongjieDai", r"^RTX 6000 Ada 48GB$", "ref:rtx6000ada"),
    ("XiongjieDai", r"^A40 48GB$", "ref:a40"),
    ("XiongjieDai", r"^L40S 48GB$", "l40s"),
    ("XiongjieDai", r"^H100 PCIe 80GB$", "h100_pcie"),
    ("XiongjieDai", r"^M1 Max 32-Core", "ref:m1_max"),
    ("XiongjieDai", r"^M2 Ultra 76-Core", "ref:m2_ultra"),
    ("XiongjieDai", r"^M3 Max 40-Core", "apple_m3_max"),
    ("geerlingguy", r"^Intel 265K Custom PC \(Nvidia RTX 4090\)", "rtx4090"),
    ("geerlingguy", r"^Intel 265K Custom PC \(Nvidia RTX 3060\)", "rtx3060"),
    ("geerlingguy", r"^Intel 265K Custom PC \(Nvidia RTX 3080 Ti\)", "ref:rtx3080ti"),
    ("geerlingguy", r"GB10", "dgx_spark"),
    ("geerlingguy", r"^Pi 5 - 8GB$", "rpi5"),
    ("geerlingguy", r"^Pi 400 - 4GB$", "rpi4b"),  # the same chip as the 4B
    ("airockchip", r"^Rockchip RK3588$", "rk3588"),
    ("NVIDIA-AI-IOT", r"^NVIDIA Jetson Orin Nano 8GB \(original", "jetson_orin_nano"),
    ("NVIDIA-AI-IOT", r"^NVIDIA Jetson AGX Thor$", "jetson_t5000"),
    ("ggml-org", r"^RTX PRO 6000 Blackwell$", "rtx_pro_6000"),
    ("ggml-org", r"^RTX 3060$", "rtx3060"),
    ("ggml-org", r"^RTX 3090$", "ref:rtx3090"),
    ("ggml-org", r"^RTX 5090$", "ref:rtx5090"),
    ("ggml-org", r"^RTX 5080$", "ref:rtx5080"),
    ("ggml-org", r"^DGX Spark", "dgx_spark"),
    ("ggml-org", r"^Apple M1 Ultra$", "ref:m1_ultra"),
    ("ggml-org", r"^Apple M2 Ultra$", "ref:m2_ultra"),
    ("ggml-org", r"^Apple M4 Max$", "ref:m4_max"),
    ("cactus", r"^iPhone 15 Pro", "a17_pro"),
    ("cactus", r"^Samsung Galaxy S24 Ultra$|^OnePlus 12$", "snapdragon_8_gen_3"),
    ("quic", r"^Snapdragon X Elite CRD$", "snapdragon_x_elite"),
    ("quic", r"^Snapdragon 8 Elite QRD$", "ref:snapdragon_8_elite"),
]
# Same shapes under another name: Llama 3 = 3.1, Qwen2-0.5B = Qwen2.5-0.5B, R1 14b = Qwen2.5-14B.
DECODERS = [
    (r"^(llama 7B|Llama-2-7B)$", "llama_2_7b"),
    (r"^(Llama-3-8B|Llama-3.1-8B.*|Llama 3.1 8B|Llama-v3(\.1)?-8B-Instruct)$", "llama_3_1_8b"),
    (r"^(Llama-3-70B|Llama 3.1:70b)$", "llama_3_1_70b"),
    (r"^(Llama 3.2:3b|Llama 3.2 3B|Llama-v3.2-3B-Instruct)$", "llama_3_2_3b"),
    (r"^Llama-v3.2-1B-Instruct$", "llama_3_2_1b"),
    (r"^DeepSeek R1 14b$", "qwen2_5_14b"),
    (r"^Qwen2-0.5B$", "qwen2_5_0_5b"),
    (r"^Qwen3-0.6B$", "qwen3_0_6b"),
    (r"^TinyLLAMA-1.1B$", "tinyllama_1_1b"),
    (r"^(Qwen2.5-1.5B|Qwen-2.5-1.5B|Qwen2.5-1.5B-Instruct)$", "qwen2_5_1_5b"),
    (r"^(Qwen2.5 7B|Qwen2.5-7B-Instruct|Qwen2-7B-Instruct)$", "qwen2_5_7b"),
    (r"^(Gemma2-2B|Gemma 2 2B)$", "gemma_2_2b"),
    (r"^Gemma 2 9B$", "gemma_2_9b"),
    (r"^(Phi3-3.8B|Phi 3.5 3B)$", "phi_3_mini"),
    (r"^Mistral-7B-Instruct-v0.3$", "mistral_7b"),
    (r"^Gemma-3-1B$", "gemma_3_1b"),
    (r"^Qwen/Qwen3-8B$", "qwen3_8b"),
    (r"^Qwen/Qwen3-14B$", "qwen3_14b"),
    (r"^Qwen/Qwen3-32B$", "qwen3_32b"),
    (r"^google/gemma-3-12b-it$", "gemma_3_12b"),
]
# Bits per weight as stored: block formats of llama.cpp carry scales (Q4_0: 18 byte per 32).
BITS = [
    (r"^Q4_K_M", 4.9), (r"^Q4_0", 4.5), (r"^(F16|FP16|bfloat16)$", 16.0), (r"^FP8$", 8.0),
    (r"^w8a8$|^Q8$", 8.0), (r"^INT4$", 4.5), (r"^w4a16$", 4.0),
]  # fmt: skip
SOURCES = {
    "XiongjieDai": "gpu-benchmarks-llm", "geerlingguy": "geerling-ai-benchmarks",
    "airockchip": "rknn-llm", "NVIDIA-AI-IOT": "jetson-ai-lab", "ggml-org": "llama-cpp-discussions",
    "cactus": "cactus-benchmarks", "quic": "qualcomm-ai-hub-models",
}  # fmt: skip


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def match(text: str, table: list[tuple[str, str]] | list[tuple[str, float]]) -> str:
    """Value of the first pattern that the text fits; empty if none does."""
    return next((str(value) for pattern, value in table if re.search(pattern, text)), "")


def decode_rows(table: list[Row]) -> Iterator[Row]:
    for row in table:
        hits = [
            (prefix, machine) for prefix, pattern, machine in DEVICES
            if row["source"].startswith(prefix) and re.search(pattern, row["device"])
        ]  # fmt: skip
        name = row["model"].removesuffix(" (workshop)")
        decoder, bits = match(name, DECODERS), match(row["quant"], BITS)
        if not hits or not decoder or not bits or not (row["decode_tok_s"] or row["prefill_tok_s"]):
            continue
        prefix, machine = hits[0]
        context = row["context_length"] if prefix != "quic" else ""
        prompt, made = float(row["prompt_tokens"] or 0), float(row["gen_tokens"] or 0)
        # Context in the middle of the run; 512 where the table does not say.
        middle = prompt + made / 2 if made else float(context or 512)
        middle = made / 2 if prefix == "ggml-org" else middle
        yield {
            "row": row["case_id"], "entity": machine, "named_device": row["device"],
            "runtime": row["runtime"], "decoder": decoder, "named_model": row["model"],
            "quantisation": row["quant"].partition(" ")[0], "bit_per_weight": bits, "batch": "1",
            "context_token": f"{middle:g}", "prompt_token": row["prompt_tokens"],
            "decode_token_per_s": row["decode_tok_s"],
            "prefill_token_per_s": row["prefill_tok_s"], "source": SOURCES[prefix],
            "where": f"{row['source']}:{row['source_locator']}",
        }  # fmt: skip


def serving_rows(table: list[Row]) -> Iterator[Row]:
    """Smallest-batch rows (eight sequences) of one GPU; inter-token latency gives the rate."""
    machines = {"H100": "h100_sxm", "B200": "b200_sxm"}
    for row in table:
        decoder = match(row["model"], DECODERS)
        if not decoder or row["num_gpus"] != "1" or row["gpu"] not in machines:
            continue
        if float(row["avg_batch_size"]) > 8.5 or row["task"] != "lm-arena-chat":
            continue
        batch, latency = float(row["avg_batch_size"]), float(row["median_itl_ms"]) / 1e3
        yield {
            "row": row["case_id"], "entity": machines[row["gpu"]], "named_device": row["gpu"],
            "runtime": "vLLM", "decoder": decoder, "named_model": row["model"],
            "quantisation": row["weight_precision"], "bit_per_weight": "16.0",
            "batch": f"{batch:.4g}", "context_token": f"{float(row['avg_output_len']) / 2:.4g}",
            "prompt_token": "", "decode_token_per_s": f"{batch / latency:.5g}",
            "prefill_token_per_s": "",
            "source": "ml-energy-leaderboard",
            "where": f"{row['source']}:{row['source_locator']}",
        }  # fmt: skip


def main(folder: Path) -> None:
    curated = folder / "curated"
    rows = [
        *decode_rows(read(curated / "llm_decode.csv")),
        *serving_rows(read(curated / "llm_serving_energy.csv")),
    ]
    rows.sort(key=lambda r: (r["entity"], r["decoder"], r["row"]))
    with (ROOT / "data" / "measurements" / "llm_rows.csv").open(
        "w", newline="", encoding="utf-8"
    ) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} decoder rows, {len({r['entity'] for r in rows})} machines")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
