"""What is published about the accuracy of a network: every row, and size against loss."""

from __future__ import annotations

__all__ = ["EncodingPoint", "EvidenceRow", "encoding_points", "evidence_of", "shown_metrics"]

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from text import plain

from analytic_models import load_catalog
from analytic_models.catalog import Catalog
from analytic_models.encoding_losses import encoding_loss
from analytic_models.lookups import encoding_bits
from viewmodels.provenance import source_words

_BYTE = 8.0
_PER_CENT = 100.0
TECHNIQUE_WORDS = {
    "none": "unchanged",
    "int8-ptq": "int8 after training",
    "int8-qat": "int8 in training",
    "int4-weight-only": "int4 weights",
    "int8-weight-only": "int8 weights",
    "int8-weight-int16-activation": "int8 weights, int16 activations",
    "other-bits-weight-only": "other weight bits",
    "prune-unstructured": "pruned, single weights",
    "prune-structured": "pruned, whole channels",
    "prune-2-4": "pruned 2 of 4",
    "prune-4-8": "pruned 4 of 8",
    "weight-sharing": "shared weights",
    "distillation": "distilled",
    "feature-bottleneck": "learned bottleneck",
    "feature-int8": "features int8",
    "feature-int6": "features int6",
    "feature-int4": "features int4",
    "feature-int3": "features int3",
    "jpeg": "JPEG input",
    "webp": "WebP input",
    "early-exit": "early exit",
}


@dataclass(frozen=True)
class EvidenceRow:
    """One published result; ``change`` is value minus baseline, nan where one is missing."""

    technique: str
    setting: str
    dataset: str
    metric: str
    baseline: float
    value: float
    change: float
    better_up: bool
    source: str
    where: str
    note: str
    origin: str


@dataclass(frozen=True)
class EncodingPoint:
    """One way to send the input: its size, what it costs in accuracy, and how that is known."""

    id: str
    label: str
    kilobyte: float
    lost_pp: float
    low_pp: float
    high_pp: float
    origin: str
    note: str


def _origin(source: str) -> str:
    kind = load_catalog().sources[source].kind
    return {"assumption": "assumed", "measurement": "measured"}.get(kind, "cited")


def _number(text: str) -> float:
    return float(text) if text else math.nan


@lru_cache(maxsize=128)
def evidence_of(id: str) -> tuple[EvidenceRow, ...]:
    """Return every published accuracy row of a network, unchanged ones first."""
    found = []
    for row in load_catalog().evidence:
        if row["dnn"] != id or not row["file"].endswith("accuracy.csv"):
            continue
        before, after = _number(row["baseline"]), _number(row["value"])
        technique = row["technique"]
        found.append(
            EvidenceRow(
                TECHNIQUE_WORDS.get(technique, technique),
                plain(row["setting"], 90),
                plain(row["dataset"], 60),
                plain(row["metric"], 30),
                before,
                after,
                after - before,
                row["higher_is_better"] == "yes",
                source_words(row["source"]),
                plain(row["where"], 120),
                plain(row["note"], 160),
                _origin(row["source"]),
            )
        )
    return tuple(sorted(found, key=lambda row: (row.technique != "unchanged", row.technique)))


def shown_metrics(rows: tuple[EvidenceRow, ...]) -> str:
    """Return the metric that most of the changed rows report; empty without any."""
    counts = Counter(row.metric for row in rows if row.technique != "unchanged")
    return counts.most_common(1)[0][0] if counts else ""


@lru_cache(maxsize=128)
def encoding_points(id: str, catalog: Catalog | None = None) -> tuple[EncodingPoint, ...]:
    """Return ways to send the input of a network whose loss of accuracy is known or assumed."""
    catalog = catalog or load_catalog()
    dnn = catalog.dnns[id]
    elements = float(dnn.boundary_elem[0])
    baseline = next(
        (row.value for row in evidence_of(id) if row.technique == "unchanged"), math.nan
    )
    modality = "image"
    found = []
    for key, entry in catalog.encodings.items():
        if entry.attributes.get("modality") != modality or entry.attributes.get("dnn", id) != id:
            continue
        loss = encoding_loss(catalog, id, key)
        if math.isnan(loss.value) or math.isnan(baseline):
            continue
        bits, _ = encoding_bits(catalog, key, elements)
        found.append(
            EncodingPoint(
                key,
                plain(entry.label, 48),
                elements * bits.value / _BYTE / 1000.0,
                loss.value * baseline,
                loss.low * baseline,
                loss.high * baseline,
                "cited" if loss.origin.kind == "convention" else loss.origin.kind,
                plain(loss.origin.note, 200),
            )
        )
    return tuple(sorted(found, key=lambda point: point.kilobyte))
