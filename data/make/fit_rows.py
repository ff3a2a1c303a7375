"""Select the published latencies that the efficiency fit uses, with their source and locator.

Run once, against a folder of collected public tables (``curated/*.csv``, ``raw/*``)::

    python data/make/fit_rows.py FOLDER

writes ``data/measurements/latency_rows.csv``. Everything downstream reads only that file. The
name maps below say which published name is which of our layer graphs; a name is mapped only if
resolution and variant agree, and left out otherwise (the reasons stand beside the maps).
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    "row", "entity", "group", "named_device", "runtime", "precision", "batch", "dnn", "named_model",
    "latency_s", "kind", "source", "where",
]  # fmt: skip

Row = dict[str, str]

# ncnn's benchmark models, 224 or 227 pixels. Its AlexNet and GoogLeNet are the Caffe versions
# (0.72 and 1.58 GMAC against 0.71 and 1.50 of ours); its mobilenet is v1, its shufflenet v1,
# its vision_transformer runs at 384 pixels and its detectors have no graph here: left out.
NCNN = {
    "squeezenet": "squeezenet1_1",
    "mobilenet_v2": "mobilenet_v2",
    "mobilenet_v3": "mobilenet_v3_large",
    "shufflenet_v2": "shufflenet_v2_x1_0",
    "mnasnet": "mnasnet1_0",
    "efficientnet_b0": "efficientnet_b0",
    "regnety_400m": "regnet_y_400mf",
    "googlenet": "googlenet",
    "resnet18": "resnet18",
    "alexnet": "alexnet",
    "vgg16": "vgg16",
    "resnet50": "resnet50",
}
# device text -> (machine, processor, threads, precision). Arithmetic is fp16 where the cores have
# it (Cortex-A76, Vulkan GPUs); the Cortex-A72 of the Pi 4 computes in fp32.
NCNN_DEVICES = [
    ("Raspberry Pi 4 Model B", "rpi4b", "CPU", "4", "fp32"),
    ("Raspberry Pi 5 Broadcom BCM2712, Cortex-A76", "rpi5", "CPU", "4", "fp16"),
    ("NVIDIA Jetson Nano", "jetson_nano", "GPU0", "4", "fp16"),
    ("NVIDIA Jetson TX2 NX", "jetson_tx2", "GPU0", "6", "fp16"),
    ("NVIDIA Jetson AGX Xavier", "jetson_agx_xavier", "GPU0", "1", "fp16"),
    ("NVIDIA Jetson AGX Orin", "jetson_agx_orin", "GPU0", "1", "fp16"),
    ("AWS c5.4xlarge", "ref:aws_c5_4xlarge", "CPU", "8", "fp32"),
    ("AMD EPYC 7742", "ref:epyc_7742", "CPU", "64", "fp32"),
]
# Qualcomm's model zoo; parameter counts agree with ours. Left out: Inception-v3 (224 pixels there,
# 299 here), Mobile-VIT (224, 256), MNASNet05, RegNet (3.2 GF), Shufflenet-v2 (x0.5).
QUALCOMM = {
    "ConvNext-Tiny": "convnext_tiny",
    "DenseNet-121": "densenet121",
    "EfficientFormer": "efficientformer_l1",
    "EfficientNet-B0": "efficientnet_b0",
    "EfficientNet-B4": "efficientnet_b4",
    "EfficientNet-V2-s": "efficientnet_v2_s",
    "GoogLeNet": "googlenet",
    "MobileNet-v2": "mobilenet_v2",
    "MobileNet-v3-Large": "mobilenet_v3_large",
    "MobileNet-v3-Small": "mobilenet_v3_small",
    "ResNet18": "resnet18",
    "ResNet50": "resnet50",
    "SqueezeNet-1.1": "squeezenet1_1",
    "VIT": "vit_b_16",
    "Segformer-Base": "segformer_b0",
    "Yolo-X": "yolox_s",
    "Bert-Base-Uncased-Hf": "bert_base@384",
    "Distil-Bert-Base-Uncased-Hf": "distilbert_base@384",
    "Mobile-Bert-Uncased-Google": "mobilebert@384",
    "whisper_tiny::HfWhisperEncoder": "whisper_tiny",
    "whisper_base::HfWhisperEncoder": "whisper_base",
    "whisper_small::HfWhisperEncoder": "whisper_small",
}
QUALCOMM_DEVICES = {
    "Snapdragon X Elite CRD": "snapdragon_x_elite",
    "QCS8550 (Proxy)": "ref:snapdragon_8_gen_2",
}
QUALCOMM_RUNTIMES = ("qnn_dlc", "qnn_context_binary")
PADDLE = {
    "AlexNet": "alexnet",
    "DeiT_small_patch16_224": "deit_small_patch16_224",
    "DeiT_tiny_patch16_224": "deit_tiny_patch16_224",
    "DenseNet121": "densenet121",
    "EfficientNetB0": "efficientnet_b0",
    "EfficientNetB4": "efficientnet_b4",
    "GhostNet_x1_0": "ghostnet_100",
    "GoogLeNet": "googlenet",
    "InceptionV3": "inception_v3",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3_large_x1_0": "mobilenet_v3_large",
    "MobileNetV3_small_x1_0": "mobilenet_v3_small",
    "ResNet18": "resnet18",
    "ResNet50": "resnet50",
    "ResNet152": "resnet152",
    "ShuffleNetV2": "shufflenet_v2_x1_0",
    "SqueezeNet1_0": "squeezenet1_0",
    "SqueezeNet1_1": "squeezenet1_1",
    "SwinTransformer_tiny_patch4_window7_224": "swin_t",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "ViT_base_patch16_224": "vit_b_16",
    "ViT_large_patch16_224": "vit_l_16",
}
# timm names with the input size of our graph.
TIMM = {
    ("mobilenetv3_small_100", 224): "mobilenet_v3_small",
    ("mobilenetv3_large_100", 224): "mobilenet_v3_large",
    ("mobilenetv4_conv_small", 224): "mobilenetv4_conv_small",
    ("mobilenetv2_100", 224): "mobilenet_v2",
    ("mnasnet_100", 224): "mnasnet1_0",
    ("deit_tiny_patch16_224", 224): "deit_tiny_patch16_224",
    ("deit_small_patch16_224", 224): "deit_small_patch16_224",
    ("resnet18", 224): "resnet18",
    ("resnet50", 224): "resnet50",
    ("resnet152", 224): "resnet152",
    ("ghostnet_100", 224): "ghostnet_100",
    ("regnety_004", 224): "regnet_y_400mf",
    ("efficientformer_l1", 224): "efficientformer_l1",
    ("efficientnet_b0", 224): "efficientnet_b0",
    ("convnext_tiny", 224): "convnext_tiny",
    ("mobilevit_s", 256): "mobilevit_s",
    ("swin_tiny_patch4_window7_224", 224): "swin_t",
    ("inception_v3", 299): "inception_v3",
    ("densenet121", 224): "densenet121",
    ("efficientnetv2_s", 384): "efficientnet_v2_s",
    ("tf_efficientnetv2_s", 384): "efficientnet_v2_s",
    ("vit_base_patch16_224", 224): "vit_b_16",
    ("vit_large_patch16_224", 224): "vit_l_16",
    ("vgg16", 224): "vgg16",
    ("vgg19", 224): "vgg19",
}
TIMM_FILES = [
    ("benchmark-infer-amp-nchw-pt240-cu124-rtx4090.csv", "rtx4090", "fp16", "PyTorch amp"),
    ("benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv", "ref:rtx3090", "fp16", "PyTorch amp"),
    ("benchmark-infer-amp-nchw-pt291-cu130-pro6000maxq.csv", "rtx_pro_6000", "fp16", "PyTorch amp"),
    ("benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv", "ref:i9_10940x", "fp32", "PyTorch"),
]  # fmt: skip
# MLPerf single stream, one accelerator, the vendor's own TensorRT entry where there is one.
# BERT there is BERT-large at 384 tokens. mobilenet is v1 and ssd has no graph here: left out.
MLPERF = {
    "resnet": "resnet50",
    "resnet50": "resnet50",
    "bert-99": "bert_large@384",
    "mobilenet-v2-1.0-224": "mobilenet_v2",
    "mobilenet-v2-1.0-224-non-quantized": "mobilenet_v2",
    "mobilenet-v2-1.0-224-quantized": "mobilenet_v2",
    "mobilenet-v3-large_224_1.0_float": "mobilenet_v3_large",
    "mobilenet-v3-large_224_1.0_uint8": "mobilenet_v3_large",
    "mobilenet-v3-small_224_1.0_float": "mobilenet_v3_small",
    "mobilenet-v3-small_224_1.0_uint8": "mobilenet_v3_small",
}
MLPERF_SYSTEMS = [
    (r"^(NVIDIA )?A100-SXM-80GB$|^NVIDIA A100-SXM-80GB$", "a100_sxm", "int8"),
    (r"^NVIDIA A30$", "a30", "int8"),
    (r"^NVIDIA A2$", "a2", "int8"),
    (r"^NVIDIA A10$", "a10", "int8"),
    (r"^NVIDIA T4$", "t4", "int8"),
    (r"^NVIDIA Orin$", "jetson_agx_orin", "int8"),
    (r"^NVIDIA Xavier NX$", "jetson_xavier_nx", "int8"),
    (r"^NVIDIA AGX Xavier$|^NVIDIA Xavier$", "jetson_agx_xavier", "int8"),
]
TINY = {
    "ad": "mlperf_tiny_autoencoder",
    "ic": "mlperf_tiny_resnet8",
    "kws": "mlperf_tiny_dscnn",
    "vww": "mlperf_tiny_mobilenet_v1_025",
}
TINY_SYSTEMS = [
    (r"L4R5", "stm32l4r5"),
    (r"H7A3", "stm32h7a3"),
    (r"U575", "stm32u575"),
    (r"F746", "stm32f746"),
    (r"G0B1", "stm32g0b1"),
    (r"CY8CPROTO_062", "psoc62"),
    (r"Snapdragon_8_Gen_3", "snapdragon_8_gen_3"),
]
# Edge TPU table: "Inception v1" is GoogLeNet; SqueezeNet's version is not given (1.1 assumed no:
# left out), DenseNet is 121 at 224 pixels, VGG at 224.
CORAL = {
    "DenseNet": "densenet121",
    "Inception v1": "googlenet",
    "MobileNet v2": "mobilenet_v2",
    "ResNet-50 V1": "resnet50",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
}
RKNN = {"mobilenetv2-12": "mobilenet_v2", "resnet50-v2-7": "resnet50", "yolox_s": "yolox_s"}
HAILO = {
    "deit_small": "deit_small_patch16_224",
    "deit_tiny": "deit_tiny_patch16_224",
    "efficientformer_l1": "efficientformer_l1",
    "inception_v1": "googlenet",
    "mobilenet_v2_1.0": "mobilenet_v2",
    "mobilenet_v3": "mobilenet_v3_large",
    "resnet_v1_18": "resnet18",
    "resnet_v1_50": "resnet50",
    "squeezenet_v1.1": "squeezenet1_1",
    "swin_tiny": "swin_t",
    "vit_base": "vit_b_16",
    "yolox_tiny": "yolox_tiny",
}
XNNPACK = {
    "MobileNet v2 1.0X": "mobilenet_v2",
    "MobileNet v3 Large": "mobilenet_v3_large",
    "MobileNet v3 Small": "mobilenet_v3_small",
}
# Keras applications at 224 (Inception 299); v2 ResNets and Xception have no graph here.
SCISSION = {
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "resnet50": "resnet50",
    "resnet152": "resnet152",
    "mobilenetv2": "mobilenet_v2",
    "densenet121": "densenet121",
    "inception_v3": "inception_v3",
}
DLE_MODELS = {
    "PyTorch/Classification/ConvNets/triton/resnet50": "resnet50",
    "MxNet/Classification/RN50v1.5": "resnet50",
}


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


def device_rows(table: list[Row]) -> Iterator[Row]:
    """Rows of the per-device table: ncnn, Paddle, Edge TPU, RKNN, Hailo, XNNPACK."""
    for row in table:
        source = row["source"]
        if source.startswith("Tencent/ncnn") and row["model"] in NCNN:
            for text, entity, processor, threads, precision in NCNN_DEVICES:
                if row["precision"] == "int8" and processor != "CPU":
                    continue  # its Vulkan path has no int8 arithmetic
                right = row["device"].startswith(text) and row["processor"] == processor
                if not right or row["threads"] != threads:
                    continue
                kind = "int8" if row["precision"] == "int8" else precision
                yield make(entity, f"ncnn {processor}", kind, NCNN[row["model"]],
                           float(row["latency_ms"]) / 1e3, row, source="ncnn-benchmark")  # fmt: skip
        elif source.startswith("PaddlePaddle/PaddleClas") and row["device"] == "NVIDIA V100":
            if row["model"] in PADDLE:
                yield make("v100_sxm", "Paddle TensorRT", row["precision"], PADDLE[row["model"]],
                           float(row["latency_ms"]) / 1e3, row, source="paddleclas")  # fmt: skip
        elif source.startswith("coral.ai") and row["processor"] == "EdgeTPU":
            if row["model"] in CORAL:
                yield make("coral_edgetpu", "Edge TPU", "int8", CORAL[row["model"]],
                           float(row["latency_ms"]) / 1e3, row, source="coral-edgetpu-benchmarks")  # fmt: skip
        elif (
            source.startswith("airockchip") and row["device"] == "Rockchip RK3588 (single NPU core)"
        ):
            if row["model"] in RKNN and row["precision"] == "INT8":
                yield make("rk3588", "RKNN one core", "int8", RKNN[row["model"]],
                           float(row["latency_ms"]) / 1e3, row, source="rknn-model-zoo",
                           kind="npu-only")  # fmt: skip
        elif source.startswith("hailo-ai") and row["device"] == "Hailo-8" and row["batch"] == "1":
            if row["model"] in HAILO and row["throughput_per_s"]:
                yield make("hailo8", "HailoRT", "int8", HAILO[row["model"]],
                           1 / float(row["throughput_per_s"]), row, source="hailo-model-zoo",
                           kind="throughput")  # fmt: skip
        elif source.startswith("google/XNNPACK") and row["device"] == "RPi 4 (BCM2711, ARM64)":
            if row["model"] in XNNPACK:
                yield make("rpi4b", "XNNPACK", row["precision"], XNNPACK[row["model"]],
                           float(row["latency_ms"]) / 1e3, row, source="xnnpack")  # fmt: skip


def qualcomm_rows(table: list[Row]) -> Iterator[Row]:
    """NPU rows of one compiler path (the plain QNN library); float there is computed in fp16."""
    for row in table:
        entity = QUALCOMM_DEVICES.get(row["device"])
        precision = {"float": "fp16", "w8a8": "int8"}.get(row["precision"])
        if entity == "ref:snapdragon_8_gen_2" and precision == "fp16":
            continue  # no published fp16 rate to be relative to
        if not entity or not precision or row["processor"] != "NPU" or row["model"] not in QUALCOMM:
            continue
        if row["runtime"] in QUALCOMM_RUNTIMES:
            yield make(entity, "QNN NPU", precision, QUALCOMM[row["model"]],
                       float(row["latency_ms"]) / 1e3, row, source="qualcomm-ai-hub-models")  # fmt: skip


def timm_rows(folder: Path) -> Iterator[Row]:
    """Whole-batch step times; the batch is printed per row."""
    for name, entity, precision, runtime in TIMM_FILES:
        for number, row in enumerate(read(folder / name), start=2):
            key = (row["model"].split(".")[0], int(float(row["infer_img_size"])))
            if key not in TIMM:
                continue
            row |= {
                "case_id": f"timm-{entity.removeprefix('ref:')}-{number}",
                "device": name.removesuffix(".csv"),
                "batch": row["infer_batch_size"],
                "source": "huggingface/pytorch-image-models@aa4b5850c1",
                "source_locator": f"results/{name} line {number}",
            }
            yield make(entity, runtime, precision, TIMM[key],
                       float(row["infer_step_time"]) / 1e3, row, source="timm-benchmark")  # fmt: skip


def mlperf_rows(table: list[Row]) -> Iterator[Row]:
    """Single-stream mean latency of one-accelerator entries and of the Raspberry Pi 4."""
    for row in table:
        if row["scenario"].replace(" ", "") != "SingleStream" or row["benchmark"] not in MLPERF:
            continue
        dnn, system, seconds = MLPERF[row["benchmark"]], row["system"], float(row["mean_ms"]) / 1e3
        if system in {"rpi4-armnn-v21.11-neon", "rpi4-tflite-v2.7.1-ruy", "rpi4-armnn-v20.08-neon"}:
            quantised = re.search(r"(?<!non-)quantized|uint8", row["benchmark"])
            runtime = "ArmNN" if "armnn" in system else "TFLite"
            yield make("rpi4b", runtime, "int8" if quantised else "fp32", dnn, seconds, row,
                       source="mlperf-inference")  # fmt: skip
            continue
        excluded = re.search(r"MIG|Triton|MaxQ|armnn|tflite|x[2-9]", system, re.IGNORECASE)
        if excluded or row["accelerators_per_node"] != "1" or row["division"] != "closed":
            continue
        for pattern, entity, precision in MLPERF_SYSTEMS:
            if re.search(pattern, row["accelerator"]):
                yield make(
                    entity, "TensorRT", precision, dnn, seconds, row, source="mlperf-inference"
                )


def tiny_rows(table: list[Row]) -> Iterator[Row]:
    """Performance-mode latencies of the four tiny benchmarks."""
    for row in table:
        if row["mode"] != "performance" or row["benchmark"] not in TINY or not row["latency_ms"]:
            continue
        precision = "fp32" if "float" in row["system"].lower() else "int8"
        for pattern, entity in TINY_SYSTEMS:
            if re.search(pattern, row["system"]):
                yield make(entity, "MLPerf Tiny", precision, TINY[row["benchmark"]],
                           float(row["latency_ms"]) / 1e3, row, source="mlperf-tiny")  # fmt: skip


def batching_rows(table: list[Row]) -> Iterator[Row]:
    """NVIDIA's published ResNet-50 tables with the card named in the table's title."""
    cards = {"A100": "a100_sxm", "DGX-1": "v100_sxm", "NVIDIA T4": "t4"}
    for row in table:
        entity = next((m for text, m in cards.items() if text in row["hardware_config"]), None)
        if row["model"] not in DLE_MODELS or entity is None or not row["latency_ms"]:
            continue
        if row["model"].startswith("MxNet"):
            continue  # the two precisions of that table are not told apart by column
        yield make(entity, "TensorRT", row["precision"].lower(), DLE_MODELS[row["model"]],
                   float(row["latency_ms"]) / 1e3, row, source="nvidia-deeplearningexamples")  # fmt: skip


def scission_rows(folder: Path) -> Iterator[Row]:
    """Whole-model time as the sum of the measured blocks (additive within a few percent)."""
    for name, entity in [("device-raspi4", "rpi4b"), ("cloud-6700k_NoGPU", "ref:i7_6700k")]:
        totals: dict[str, float] = {}
        for row in read(folder / f"{name}.csv"):
            totals[row["model"]] = totals.get(row["model"], 0.0) + float(row["latency_s"])
        for model, seconds in totals.items():
            if model in SCISSION:
                row = {
                    "case_id": f"scission-{name}-{model}",
                    "device": name,
                    "model": model,
                    "source": "qub-blesson/Scission@b765b2bd4c",
                    "source_locator": f"benchmark_data, sum of the blocks of {model} on {name}",
                }
                yield make(
                    entity, "Keras", "fp32", SCISSION[model], seconds, row, source="scission"
                )


def main(folder: Path) -> None:
    """Write ``data/measurements/latency_rows.csv``."""
    curated, raw = folder / "curated", folder / "raw"
    rows = [
        *device_rows(read(curated / "device_inference_latency.csv")),
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
