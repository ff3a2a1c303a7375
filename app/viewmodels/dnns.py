"""Networks as rows, layer by layer, and what would cross each cut."""

from __future__ import annotations

__all__ = [
    "CutCurve",
    "DnnRow",
    "LayerBars",
    "LmRow",
    "cut_curve",
    "find_dnns",
    "layer_bars",
    "lm_rows",
    "with_dnn",
]

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from text import format_quantity, plain

from analytic_models import Case, load_catalog
from analytic_models.catalog import Catalog, Dnn
from analytic_models.laws.workload import prefix_at
from analytic_models.lookups import encoding_bits, losses
from analytic_models.optimizers.space import MODALITIES
from analytic_models.segments import FORMATS
from viewmodels.choices import is_yours
from viewmodels.cuts import boundary_words, carry_cuts

_BYTE = 8.0
_IMAGE_LINES = ("raw-uint8", "png", "jpeg-q95", "jpeg-q75", "jpeg-q30")
_MOST_LINES = 5
_PER_CENT = 100.0


@dataclass(frozen=True)
class DnnRow:
    """One line of the table; numbers in display units, nan where nothing is published."""

    id: str
    label: str
    task: str
    gmac: float
    mparams: float
    layers: int
    cuts: int
    input_kb: float
    small_cuts: int
    accuracy: float
    metric: str
    int8_lost: float

    @property
    def mmac(self) -> float:
        """Work in millions of multiply-accumulates."""
        return self.gmac * 1000.0


@dataclass(frozen=True)
class LmRow:
    """One decoder language model in display units."""

    id: str
    label: str
    params_b: float
    active_b: float
    layers: int
    hidden: int
    kv_heads: int
    gmac_per_token: float
    kv_kb_per_token: float
    fp16_gb: float
    int4_gb: float
    context: int


@dataclass(frozen=True)
class LayerBars:
    """Every layer of a dnn: name, type, work and bytes at a precision."""

    label: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    mmac: tuple[float, ...]
    weight_kb: tuple[float, ...]
    output_kb: tuple[float, ...]
    words: str


@dataclass(frozen=True)
class CutCurve:
    """What would cross at each boundary.

    Parameters
    ----------
    words
        Boundaries in words.
    kilobyte
        Bytes at each, in kB.
    work_frac
        Share of the work done before it.
    lines
        Encodings of the raw input: name, kB, origin of the figure.
    raw_kb
        The input as it is without compression.
    """

    id: str
    label: str
    words: tuple[str, ...]
    kilobyte: tuple[float, ...]
    work_frac: tuple[float, ...]
    lines: tuple[tuple[str, float, str], ...]
    raw_kb: float


def _modality(dnn: Dnn) -> str:
    return MODALITIES.get(dnn.task, "image")


@lru_cache(maxsize=128)
def _lines(id: str, catalog: Catalog) -> tuple[tuple[str, float, str], ...]:
    """Sizes of the input in every encoding that suits the dnn, largest first."""
    dnn = catalog.dnns[id]
    elements = float(dnn.boundary_elem[0])
    found = []
    for key, entry in catalog.encodings.items():
        if entry.attributes.get("modality") != _modality(dnn):
            continue
        if entry.attributes.get("dnn", id) != id:
            continue
        bits, _ = encoding_bits(catalog, key, elements)
        size = elements * bits.value / _BYTE / 1000.0
        found.append((key, plain(entry.label, 48), size, bits.origin.kind))
    named = [item for item in found if item[0] in _IMAGE_LINES] or found
    named = sorted(named, key=lambda item: -item[2])[:_MOST_LINES]
    return tuple((label, size, origin) for _, label, size, origin in named)


def _raw_kb(id: str, catalog: Catalog) -> float:
    """Size of the input without loss and without compression: its smallest exact lossless form."""
    dnn = catalog.dnns[id]
    elements = float(dnn.boundary_elem[0])
    exact = [
        encoding_bits(catalog, key, elements)[0].value
        for key, entry in catalog.encodings.items()
        if entry.attributes.get("modality") == _modality(dnn)
        and entry.attributes.get("exact")
        and entry.attributes.get("lossless")
    ]
    return elements * min(exact, default=FORMATS["fp32"][1]) / _BYTE / 1000.0


def _cut_kb(dnn: Dnn, precision: str) -> np.ndarray:
    """Bytes at each boundary in kB; a dnn with measured blocks sends what was measured."""
    if len(dnn.boundary_byte) and precision == "fp32":
        return dnn.boundary_byte / 1000.0
    encoding = {"fp32": 32.0, "fp16": 16.0, "int8": 8.0, "int4": 4.0}[precision]
    return dnn.boundary_elem * encoding / _BYTE / 1000.0


@lru_cache(maxsize=128)
def _row(id: str, catalog: Catalog) -> DnnRow:
    dnn, known = catalog.dnns[id], losses(catalog, id)
    raw = _raw_kb(id, catalog)
    inner = _cut_kb(dnn, "fp32")[1:-1]
    lost = known.precision["int8"].value * known.baseline.value
    return DnnRow(
        id,
        f"{plain(dnn.label, 48)}{' (yours)' if is_yours(catalog, id) else ''}",
        dnn.task.replace("-", " "),
        float(dnn.mac.sum()) / 1e9,
        float(dnn.params.sum()) / 1e6,
        len(dnn),
        len(dnn.boundary_row),
        raw,
        int((inner < raw).sum()),
        known.baseline.value * _PER_CENT,
        "" if math.isnan(known.baseline.value) else known.metric,
        lost * _PER_CENT,
    )


def find_dnns(
    query: str = "", task: str = "all", catalog: Catalog | None = None
) -> tuple[DnnRow, ...]:
    """Return the networks whose label, id or task hold every word of a search, yours first.

    Here and below ``catalog`` is that of the case, and the shipped one where none is given.
    """
    catalog = catalog or load_catalog()
    words = query.lower().split()
    rows = [_row(key, catalog) for key in catalog.dnns]
    return tuple(
        sorted(
            (
                row
                for row in rows
                if task in ("all", row.task)
                and all(word in f"{row.id} {row.label} {row.task}".lower() for word in words)
            ),
            key=lambda row: (not is_yours(catalog, row.id), row.task, row.gmac),
        )
    )


@lru_cache(maxsize=16)
def lm_rows(catalog: Catalog | None = None) -> tuple[LmRow, ...]:
    """Return the decoder language models, yours first and then the smallest."""
    found, catalog = [], catalog or load_catalog()
    for key, lm in catalog.language_models.items():
        found.append(
            LmRow(
                key,
                f"{plain(lm.label, 48)}{' (yours)' if is_yours(catalog, key) else ''}",
                lm.params / 1e9,
                lm.params_active / 1e9,
                lm.layers,
                lm.hidden,
                lm.kv_heads,
                lm.mac_per_token / 1e9,
                lm.kv_elem_per_token * FORMATS["fp16"][1] / _BYTE / 1000.0,
                lm.params * FORMATS["fp16"][0] / _BYTE / 1e9,
                lm.params * FORMATS["int4"][0] / _BYTE / 1e9,
                lm.context_token,
            )
        )
    return tuple(sorted(found, key=lambda row: (not is_yours(catalog, row.id), row.params_b)))


@lru_cache(maxsize=128)
def layer_bars(id: str, precision: str, catalog: Catalog | None = None) -> LayerBars:
    """Return work and bytes of every layer.

    Parameters
    ----------
    id
        Network.
    precision
        One of fp32, fp16, int8, int4.
    """
    dnn = (catalog or load_catalog()).dnns[id]
    weight_bits, activation_bits, _ = FORMATS[precision]
    total = format_quantity(float(dnn.mac.sum()), "mac")
    weights = format_quantity(float(dnn.params.sum()) * weight_bits / _BYTE, "byte")
    return LayerBars(
        plain(dnn.label, 48),
        tuple(plain(name, 40) for name in dnn.name),
        dnn.operator_type,
        tuple((dnn.mac / 1e6).tolist()),
        tuple((dnn.params * weight_bits / _BYTE / 1000.0).tolist()),
        tuple((dnn.out_elem * activation_bits / _BYTE / 1000.0).tolist()),
        f"{len(dnn)} layers, {total}, {weights} of weights at {precision}",
    )


@lru_cache(maxsize=128)
def cut_curve(id: str, precision: str, catalog: Catalog | None = None) -> CutCurve:
    """Return the sizes at every boundary, and those of the input in several encodings."""
    catalog = catalog or load_catalog()
    dnn = catalog.dnns[id]
    done = prefix_at(dnn.mac, dnn.boundary_row)
    # Before the first layer the input itself is sent, at no precision of the network.
    first = float(dnn.boundary_byte[0]) / 1000.0 if len(dnn.boundary_byte) else _raw_kb(id, catalog)
    return CutCurve(
        id,
        plain(dnn.label, 40),
        boundary_words(id, catalog),
        (first, *_cut_kb(dnn, precision).tolist()[1:]),
        tuple((done / max(done[-1], 1.0)).tolist()),
        _lines(id, catalog),
        _raw_kb(id, catalog),
    )


def with_dnn(case: Case, id: str) -> tuple[Case, str]:
    """Return the case with another network, and what had to change with it, in a sentence.

    The cuts move to the nearest share of the work. An input encoding of another modality, or one
    that was trained for another network, gives way to the plain form of the new input.
    """
    catalog = case.catalog()
    dnn = catalog.dnns[id]
    cuts = carry_cuts(case.design, case.scenario.dnn, id, catalog)
    changes: dict[str, object] = dict(cuts)
    words = [f"{plain(dnn.label, 40)} is in your design"]
    if (case.design.cut1, case.design.cut2) != (cuts["cut1"], cuts["cut2"]):
        words.append("the cuts moved to the same share of its work")
    entry = catalog.encodings[case.design.input_encoding]
    fits = entry.attributes.get("modality") == _modality(dnn)
    if not fits or entry.attributes.get("dnn", id) != id:
        plainest = next(
            key
            for key, item in catalog.encodings.items()
            if item.attributes.get("modality") == _modality(dnn) and item.attributes.get("lossless")
        )
        changes["input_encoding"] = plainest
        words.append(f"its input is sent as {catalog.encodings[plainest].label}")
    if case.scenario.timing == "measured" and not dnn.measured_s:
        timing = {"timing": "roofline"}
        words.append("times come from peak rates, since no block times were measured")
    else:
        timing = {}
    limited = case.scenario.accuracy_drop_max_pp is not None
    if limited and math.isnan(losses(catalog, id).baseline.value):
        words.append(
            "nobody has published its accuracy, so the limit on lost accuracy under Requirements "
            "excludes every design until you take that limit away"
        )
    design = dataclasses.replace(case.design, **changes)  # type: ignore[arg-type]
    scenario = dataclasses.replace(case.scenario, dnn=id, **timing)  # type: ignore[arg-type]
    new = dataclasses.replace(case, scenario=scenario, design=design)
    return new, f"{'; '.join(words)}."
