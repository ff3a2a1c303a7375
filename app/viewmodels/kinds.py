"""Classes of machines and technologies of links in full words."""

from __future__ import annotations

__all__ = ["class_words", "technology_words"]

_CLASSES = {
    "mcu": "microcontroller",
    "sbc": "single-board computer",
    "edge-gpu": "edge GPU module",
    "npu": "neural accelerator",
    "cpu": "server CPU",
    "gpu": "GPU",
    "tpu": "TPU",
    "automotive": "automotive computer",
}
_TECHNOLOGIES = {
    "3g": "3G",
    "5g": "5G",
    "6g": "6G",
    "lte": "LTE",
    "wi-fi": "Wi-Fi",
    "bluetooth": "Bluetooth",
    "ethernet": "Ethernet",
    "wan": "wide-area network",
    "lpwan": "low-power wide area",
}


def class_words(kind: str) -> str:
    """Name a class of machines; one without an entry is a word already.

    Examples
    --------
    >>> class_words("sbc"), class_words("phone")
    ('single-board computer', 'phone')
    """
    return _CLASSES.get(kind, kind)


def technology_words(technology: str) -> str:
    """Name the technology of a link; one without an entry is a word already.

    Examples
    --------
    >>> technology_words("lpwan"), technology_words("fibre")
    ('low-power wide area', 'fibre')
    """
    return _TECHNOLOGIES.get(technology, technology)
