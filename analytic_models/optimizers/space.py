"""The designs that a scenario offers, each written once."""

from __future__ import annotations

__all__ = ["MODALITIES", "Space", "default_space", "enumerate_designs"]

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, Fact, load_catalog
from analytic_models.design import PRECISIONS, TIERS, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.encoding_losses import encoding_loss
from analytic_models.errors import DesignError, Problem
from analytic_models.lookups import losses
from analytic_models.segments import FORMATS

Ints = NDArray[np.int64]

# What the raw input of a task is; an encoding offers itself for one of these.
MODALITIES: Mapping[str, str] = {
    "text-encoding": "text",
    "text-generation": "text",
    "speech-encoding": "audio-waveform",
    "speech-recognition": "log-mel",
    "keyword-spotting": "mfcc",
    "anomaly-detection": "log-mel",
}


@dataclass(frozen=True)
class Space:
    """Which designs are looked at.

    Parameters
    ----------
    device_precisions, edge_precisions, cloud_precisions
        Precisions to try on each tier.
    input_encodings, feature_encodings
        Encodings to try for the raw input and for features.
    pins
        Row of the layer graph to the tier that must run it.
    use
        Tiers that must compute.
    left_out
        Choices that were not tried, and why.
    techniques
        Techniques with their settings, common to all designs.
    """

    device_precisions: tuple[str, ...] = ("fp32",)
    edge_precisions: tuple[str, ...] = ("fp32",)
    cloud_precisions: tuple[str, ...] = ("fp32",)
    input_encodings: tuple[str, ...] = ("raw-uint8",)
    feature_encodings: tuple[str, ...] = ("fp32",)
    pins: tuple[tuple[int, str], ...] = ()
    use: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    techniques: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )


def default_space(scenario: Scenario, catalog: Catalog | None = None) -> Space:
    """Return the precisions that the machines offer and the encodings that fit the input.

    Where the scenario limits the accuracy that may be lost, choices whose loss nobody has published
    cannot meet it; they are left out and named in ``Space.left_out``.

    Examples
    --------
    >>> default_space(Scenario()).feature_encodings[:3]
    ('fp32', 'fp16', 'int8')
    """
    catalog = catalog or load_catalog()
    dnn = catalog.dnns[scenario.dnn]
    if scenario.timing == "measured":
        offered: dict[str, tuple[str, ...]] = dict.fromkeys(TIERS, ("fp32",))
    else:
        offered = {tier: _offered(getattr(scenario, tier), catalog) for tier in TIERS}
    wanted = MODALITIES.get(dnn.task, "image")
    inputs = _of_modality(catalog, wanted, scenario.dnn)
    features = _of_modality(catalog, "features", scenario.dnn)
    if scenario.accuracy_drop_max_pp is None:
        return Space(offered["device"], offered["edge"], offered["cloud"], inputs, features)
    precisions = losses(catalog, scenario.dnn).precision
    found = {f"precision {p}": precisions[p] for tier in TIERS for p in offered[tier]} | {
        catalog.encodings[name].label: encoding_loss(catalog, scenario.dnn, name)
        for name in (*inputs, *features)
    }
    unknown = tuple(
        (label, looked.origin.note) for label, looked in found.items() if math.isnan(looked.value)
    )
    kept = {
        tier: tuple(p for p in offered[tier] if not math.isnan(precisions[p].value))
        or offered[tier]
        for tier in TIERS
    }
    return Space(
        kept["device"],
        kept["edge"],
        kept["cloud"],
        _known(catalog, scenario.dnn, inputs),
        _known(catalog, scenario.dnn, features),
        left_out=unknown,
    )


def _of_modality(catalog: Catalog, modality: str, dnn_id: str) -> tuple[str, ...]:
    """Return the encodings of a modality; learned ones only for the dnn that they were made for."""
    return tuple(
        key
        for key, entry in catalog.encodings.items()
        if entry.attributes.get("modality") == modality
        and entry.attributes.get("dnn", dnn_id) == dnn_id
    )


def _known(catalog: Catalog, dnn_id: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the encodings whose loss is known, or all where none is."""
    return (
        tuple(n for n in names if not math.isnan(encoding_loss(catalog, dnn_id, n).value)) or names
    )


def _offered(machine_id: str, catalog: Catalog) -> tuple[str, ...]:
    machine = catalog.machines[machine_id]
    return tuple(p for p in PRECISIONS if isinstance(machine.peak(FORMATS[p][2]), Fact)) or (
        "fp32",
    )


@lru_cache(maxsize=32)
def _enumerate(boundaries: tuple[int, ...], space: Space) -> DesignSet:
    """List the designs of a space over the boundaries of a dnn."""
    last = len(boundaries) - 1
    encodings = tuple(dict.fromkeys((*space.input_encodings, *space.feature_encodings)))
    inputs = [encodings.index(name) for name in space.input_encodings]
    features = [encodings.index(name) for name in space.feature_encodings]
    codes = {
        tier: [PRECISIONS.index(p) for p in getattr(space, f"{tier}_precisions")] for tier in TIERS
    }
    # Cut pairs that use the same parts of the path share one grid of choices.
    groups: dict[tuple[bool, ...], list[tuple[int, int]]] = {}
    for cut1 in range(last + 1):
        for cut2 in range(cut1, last + 1):
            runs = dict(zip(TIERS, (cut1 > 0, cut2 > cut1, cut2 < last), strict=True))
            if all(runs[tier] for tier in space.use) and _pinned(
                boundaries, cut1, cut2, space.pins
            ):
                groups.setdefault(tuple(runs.values()), []).append((cut1, cut2))
    parts: list[Ints] = []
    for (device, edge, cloud), pairs in groups.items():
        # What a design does not use is written one way only, so that nothing is counted twice.
        choices = [
            codes[tier] if runs else codes[tier][:1]
            for tier, runs in zip(TIERS, (device, edge, cloud), strict=True)
        ]
        away = edge or cloud
        choices.append(inputs if not device and away else inputs[:1])
        choices.append(features if device and away else features[:1])
        choices.append(features if cloud and edge else features[:1])
        grid = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, len(choices))
        cuts = np.array(pairs, dtype=np.int64)
        parts.append(np.hstack([np.repeat(cuts, len(grid), axis=0), np.tile(grid, (len(cuts), 1))]))
    columns = (
        "cut1",
        "cut2",
        "device_precision",
        "edge_precision",
        "cloud_precision",
        "input_encoding",
        "uplink_encoding",
        "backhaul_encoding",
    )
    table = np.concatenate(parts) if parts else np.empty((0, len(columns)), dtype=np.int64)
    arrays: dict[str, Any] = {
        name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(columns)
    }
    return DesignSet(**arrays, encodings=encodings)


def _pinned(
    boundaries: tuple[int, ...], cut1: int, cut2: int, pins: tuple[tuple[int, str], ...]
) -> bool:
    for row, tier in pins:
        if row < boundaries[cut1]:
            place = "device"
        elif row < boundaries[cut2]:
            place = "edge"
        else:
            place = "cloud"
        if place != tier:
            return False
    return True


def enumerate_designs(
    scenario: Scenario, space: Space, catalog: Catalog | None = None
) -> DesignSet:
    """List every design of a space for the dnn of a scenario.

    Raises
    ------
    DesignError
        If a pin names a tier or a row that does not exist, or no design is left.
    """
    catalog = catalog or load_catalog()
    dnn = catalog.dnns[scenario.dnn]
    rows = len(dnn.mac)
    problems = [
        Problem(
            "over.pins", f"row {row} on {tier!r}", f"rows 0 to {rows - 1}, tiers {', '.join(TIERS)}"
        )
        for row, tier in space.pins
        if not 0 <= row < rows or tier not in TIERS
    ]
    if problems:
        raise DesignError(problems)
    designs = _enumerate(tuple(int(row) for row in dnn.boundary_row), space)
    if not np.size(designs.cut1):
        raise DesignError(Problem("over", "pins and tiers in use leave no design"))
    return (
        dataclasses.replace(designs, techniques=space.techniques) if space.techniques else designs
    )
