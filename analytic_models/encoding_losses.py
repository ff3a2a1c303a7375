"""Accuracy lost by encoding a tensor, from published and measured points."""

from __future__ import annotations

__all__ = ["encoding_loss"]

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from analytic_models.catalog import Catalog
from analytic_models.lookups import losses
from analytic_models.origins import Looked, Origin, missing

_KIB = 1024.0


@lru_cache(maxsize=1024)
def encoding_loss(catalog: Catalog, dnn_id: str, encoding: str) -> Looked:
    """Relative accuracy loss of sending a tensor in an encoding.

    Lossless encodings lose nothing. JPEG takes the dnn's own published qualities, interpolated
    between their neighbours; a classifier without any takes the points of the others as an
    assumption with their spread as range. Features of classifiers take the worst cut that was
    measured; those of other dnns are charged the loss of running all of it at that precision, which
    is cautious: only one tensor of many is rounded.
    """
    entry = catalog.encodings[encoding]
    label = catalog.dnns[dnn_id].label
    if entry.attributes.get("lossless"):
        note = "lossless, or the form that the dnn was trained on"
        return Looked(0.0, Origin("convention", (), note))
    quality = re.match(r"jpeg-q(\d+)", encoding)
    if quality:
        return _jpeg(catalog, dnn_id, float(quality[1]))
    if entry.attributes.get("dnn") == dnn_id:
        return _bottleneck(catalog, dnn_id, encoding)
    if entry.attributes.get("modality") == "features":
        return _features(catalog, dnn_id, encoding)
    return missing(f"no published accuracy of {label} with {entry.label}")


def _features(catalog: Catalog, dnn_id: str, encoding: str) -> Looked:
    """Loss of rounding the tensor at a cut, without training for it."""
    label = catalog.dnns[dnn_id].label
    rows = _rows(catalog, f"feature-{encoding}")
    own = [_lost(row) for row in rows if row["dnn"] == dnn_id]
    if own:
        return Looked(max(own), Origin("measured", (), f"worst of {len(own)} cuts"), 0.0, max(own))
    whole = losses(catalog, dnn_id).precision.get(encoding)
    if catalog.dnns[dnn_id].task == "image-classification" and rows:
        worst = max(_lost(row) for row in rows)
        names = ", ".join(dict.fromkeys(row["dnn"].removeprefix("other:") for row in rows))
        note = f"not published for {label}: worst of {len(rows)} cuts measured on {names}"
        high = max(2.0 * worst, 0.0 if whole is None or math.isnan(whole.high) else whole.high)
        return Looked(worst, Origin("assumed", (), note), 0.0, high)
    if whole is None:
        return missing(f"no published accuracy of {label} with features at {encoding}")
    note = f"charged as if the whole dnn ran at {encoding}: {whole.origin.note}"
    if math.isnan(whole.value):
        return missing(note)
    return Looked(whole.value, Origin("assumed", whole.origin.facts, note), 0.0, whole.high)


def _rows(catalog: Catalog, technique: str) -> list[Mapping[str, str]]:
    return [
        row
        for row in catalog.evidence
        if row["file"].endswith("accuracy.csv")
        and row["technique"] == technique
        and row["metric"] == "top-1 %"
    ]


def _lost(row: Mapping[str, str]) -> float:
    before = float(row["baseline"])
    return max(0.0, (before - float(row["value"])) / before)


def _at_quality(rows: Sequence[Mapping[str, str]], quality: float) -> float:
    """Interpolate the loss over JPEG quality; nan outside the published qualities."""
    points = sorted((float(row["setting"].split()[1].rstrip(",")), _lost(row)) for row in rows)
    qualities = [point[0] for point in points]
    found = np.interp(quality, qualities, [point[1] for point in points], np.nan, np.nan)
    return float(found)


def _jpeg(catalog: Catalog, dnn_id: str, quality: float) -> Looked:
    by_dnn: dict[str, list[Mapping[str, str]]] = {}
    for row in _rows(catalog, "jpeg"):
        by_dnn.setdefault(row["dnn"], []).append(row)
    label = catalog.dnns[dnn_id].label
    if dnn_id in by_dnn:
        value = _at_quality(by_dnn[dnn_id], quality)
        where = by_dnn[dnn_id][0]["where"]
        if np.isnan(value):
            return missing(f"no published accuracy of {label} at JPEG quality {quality:g}")
        return Looked(value, Origin("measured", (), f"between published qualities; {where}"))
    if catalog.dnns[dnn_id].task != "image-classification" or not by_dnn:
        return missing(f"no published accuracy of {label} on JPEG images")
    others = [v for rows in by_dnn.values() if not np.isnan(v := _at_quality(rows, quality))]
    if not others:
        return missing(f"no published accuracy of a classifier at JPEG quality {quality:g}")
    names = ", ".join(name.removeprefix("other:") for name in by_dnn)
    note = f"not published for {label}: mean of {names}; range from none to twice their largest"
    return Looked(float(np.mean(others)), Origin("assumed", (), note), 0.0, 2.0 * max(others))


def _bottleneck(catalog: Catalog, dnn_id: str, encoding: str) -> Looked:
    """Return the point of a learned bottleneck that has the encoding's size."""
    size = re.search(r"(\d+)b$", encoding)
    for row in _rows(catalog, "feature-bottleneck"):
        found = re.match(r"Entropic Student, ([\d.]+) KiB", row["setting"])
        if not (size and found and row["dnn"] == dnn_id):
            continue
        # The encoding's id rounds its size to hundreds of bytes.
        if abs(float(found[1]) * _KIB - float(size[1])) <= 51.0:
            return Looked(_lost(row), Origin("measured", (), row["where"]))
    return missing(f"no published accuracy of {catalog.encodings[encoding].label}")
