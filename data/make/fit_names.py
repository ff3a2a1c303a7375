"""Which published name is which of our layer graphs, and which device is which machine.

A name is mapped only if resolution and variant agree; what is left out, and why, stands beside
each map. ``ref:`` marks measured machines that the catalog does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    (
        "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv", "ref:i9_10940x", "fp32",
        "PyTorch",
    ),
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


@dataclass(frozen=True)
class Table:
    """One published table: where it is found, what it measured, which rows are taken."""

    prefix: str
    device: str
    entity: str
    runtime: str
    source: str
    dnns: dict[str, str]
    kind: str = "latency"
    only: dict[str, str] = field(default_factory=dict)


TABLES = (
    Table(
        "PaddlePaddle/PaddleClas", "NVIDIA V100", "v100_sxm", "Paddle TensorRT", "paddleclas",
        PADDLE,
    ),
    Table(
        "coral.ai", "Coral Dev Board Edge TPU", "coral_edgetpu", "Edge TPU",
        "coral-edgetpu-benchmarks", CORAL,
    ),
    Table(
        "airockchip/rknn_model_zoo", "Rockchip RK3588 (single NPU core)", "rk3588", "RKNN one core",
        "rknn-model-zoo", RKNN, "npu-only", {"precision": "INT8"},
    ),
    Table(
        "hailo-ai", "Hailo-8", "hailo8", "HailoRT", "hailo-model-zoo", HAILO, "throughput",
        {"batch": "1"},
    ),
    Table("google/XNNPACK", "RPi 4 (BCM2711, ARM64)", "rpi4b", "XNNPACK", "xnnpack", XNNPACK),
)  # fmt: skip
