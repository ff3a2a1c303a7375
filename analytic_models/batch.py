"""Many cases as arrays: ids and settings become the input columns of the table by look-up."""

from __future__ import annotations

__all__ = ["SWEEPABLE", "Batch", "batch_of", "column_origins"]

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, load_catalog
from analytic_models.design import TIERS, Scenario
from analytic_models.design_lookups import DesignLookup, is_neural
from analytic_models.design_set import DesignSet
from analytic_models.effects import EFFECTS
from analytic_models.encoding_losses import encoding_loss
from analytic_models.errors import DesignError, Problem
from analytic_models.graph import AppliedEffect
from analytic_models.groups import Group
from analytic_models.lookups import (
    edge_price,
    encoder_rate,
    encoding_bits,
    is_special,
    losses,
    scenario_columns,
)
from analytic_models.origins import Looked, Origin
from analytic_models.segments import LayerTimes, WorkEffect
from analytic_models.units import Array
from analytic_models.user_data import UserData
from taxonomy.load import load_taxonomy

# Scenario fields that a sweep may turn into an array: they are input columns of the same name.
SWEEPABLE = (
    "population_count",
    "arrival_per_s",
    "edge_servers_count",
    "cloud_servers_count",
    "uplink_bit_per_s",
    "downlink_bit_per_s",
    "uplink_rtt_s",
    "backhaul_bit_per_s",
    "backhaul_rtt_s",
    "uplink_background_frac",
    "backhaul_background_frac",
    "response_byte",
    "compute_scv",
    "message_scv",
    "edge_pue",
    "cloud_pue",
    "edge_usd_per_s",
    "cloud_usd_per_s",
    "egress_usd_per_byte",
    "cloud_target_frac",
    "deadline_s",
)


@dataclass(frozen=True)
class Batch:
    """Input columns of n cases, with the origins of the columns that all cases share.

    Parameters
    ----------
    columns
        Number or array of shape (n,) of every input column.
    effects
        Effects of the active techniques by hook.
    origins
        Origin of every column that is the same for all cases.
    reasons
        Why a column is not known, where some of it is nan.
    tables
        Layer tables by (tier, precision).
    user_data
        The user's data that the catalog had laid over it.
    groups
        Rows of a large set that agree on the device, at the edge or in the cloud.
    """

    scenario: Scenario
    designs: DesignSet
    size: int
    columns: Mapping[str, Array]
    effects: Mapping[str, tuple[AppliedEffect, ...]]
    origins: Mapping[str, Looked]
    reasons: Mapping[str, str]
    tables: Mapping[tuple[str, str], LayerTimes]
    user_data: UserData | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)


def batch_of(
    scenario: Scenario,
    designs: DesignSet,
    swept: Mapping[str, NDArray[np.float64]] | None = None,
    exact_tail: bool = False,
    catalog: Catalog | None = None,
) -> Batch:
    """Look up the input columns of designs under one scenario.

    Parameters
    ----------
    swept
        Scenario fields that vary over the cases: name to array of shape (n,).
    exact_tail
        Percentiles by transform inversion instead of three cumulants.

    Raises
    ------
    DesignError
        If a swept name is not a scenario field that may vary.
    """
    catalog = catalog or load_catalog()
    swept = swept or {}
    for name in swept:
        if name not in SWEEPABLE:
            raise DesignError(Problem(f"scenario.{name}", "cannot be swept", ", ".join(SWEEPABLE)))
    effects, work_effects = _technique_effects(designs.techniques)
    looked = _scenario_columns(scenario, catalog)
    columns: dict[str, Array] = {name: item.value for name, item in looked.items()}
    columns["exact_tail_flag"] = float(exact_tail)
    columns["closed_tail_flag"] = float(exact_tail and scenario.arrivals == "closed")
    columns["special_tail_flag"] = float(exact_tail and is_special(scenario))
    reasons = {name: item.origin.note for name, item in looked.items() if math.isnan(item.value)}
    look_up, found, groups = _design_columns(scenario, catalog, designs, work_effects)
    columns |= found
    columns |= swept
    if "edge_pue" in swept and "edge_usd_per_s" not in swept and scenario.edge_usd_per_s is None:
        columns["edge_usd_per_s"] = edge_price(scenario, catalog, swept["edge_pue"])
    size = max([len(designs), *(len(np.atleast_1d(v)) for v in swept.values())])
    origins = {n: item for n, item in looked.items() if n not in swept} if swept else looked
    return Batch(
        scenario,
        designs,
        size,
        columns,
        effects,
        origins,
        reasons | look_up.reasons,
        look_up.tables,
        catalog.user_data,
        groups,
    )


# Look-ups are kept, of large sets by identity and of single designs by content: they depend on ids
# alone, and a slider moves numbers.
_KEPT_SETS, _KEPT_SINGLE = 4, 256
_KEPT_FROM = 1_000
_Found = tuple[DesignLookup, dict[str, Array], Mapping[str, Group]]
_Kept = dict[tuple[Any, ...], tuple[DesignSet, _Found]]
_set_lookups: _Kept = {}
_single_lookups: _Kept = {}
_keeping = threading.Lock()


def _design_columns(
    scenario: Scenario,
    catalog: Catalog,
    designs: DesignSet,
    work_effects: Mapping[str, tuple[WorkEffect, ...]],
) -> _Found:
    single = not np.ndim(designs.cut1)
    kept, most = (_single_lookups, _KEPT_SINGLE) if single else (_set_lookups, _KEPT_SETS)
    key = (
        _content(designs) if single else id(designs),
        id(catalog),
        scenario.dnn,
        scenario.device,
        scenario.edge,
        scenario.cloud,
        scenario.timing,
        (scenario.edge_discipline, scenario.cloud_discipline, scenario.batch_reference_count),
    )
    found = kept.get(key)
    if found is not None and (single or found[0] is designs):
        return found[1]
    look_up = DesignLookup(scenario, catalog, designs, work_effects)
    columns = {**look_up.segments(), **look_up.payloads(), **look_up.accuracy()}
    if single:
        columns = {name: np.asarray(value)[()] for name, value in columns.items()}
    large = not single and len(designs) >= _KEPT_FROM
    result = look_up, columns, look_up.groups() if large else {}
    if single or large:
        with _keeping:
            while len(kept) >= most:
                kept.pop(next(iter(kept)))
            kept[key] = (designs, result)
    return result


def _content(designs: DesignSet) -> tuple[Any, ...]:
    """Everything that tells a single design from another."""
    techniques = tuple((name, tuple(given.items())) for name, given in designs.techniques.items())
    return (
        designs.cut1,
        designs.cut2,
        designs.device_precision,
        designs.edge_precision,
        designs.cloud_precision,
        designs.input_encoding,
        designs.uplink_encoding,
        designs.backhaul_encoding,
        designs.encodings,
        techniques,
    )


@lru_cache(maxsize=64)
def _scenario_columns(scenario: Scenario, catalog: Catalog) -> Mapping[str, Looked]:
    return scenario_columns(scenario, catalog)


_Effects = tuple[Mapping[str, tuple[AppliedEffect, ...]], Mapping[str, tuple[WorkEffect, ...]]]


def _technique_effects(techniques: Mapping[str, Mapping[str, float]]) -> _Effects:
    """Split the effects of active techniques: on quantities by hook, on layers by tier."""
    return _split_effects(tuple((name, tuple(given.items())) for name, given in techniques.items()))


@lru_cache(maxsize=_KEPT_SINGLE)
def _split_effects(chosen: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]) -> _Effects:
    techniques = {name: dict(given) for name, given in chosen}
    on_case: dict[str, list[AppliedEffect]] = {}
    on_layers: dict[str, list[WorkEffect]] = {tier: [] for tier in TIERS}
    executable = load_taxonomy().executable
    # Axis order makes the result independent of the order of selection.
    for name in (id for id in executable if id in techniques):
        technique = executable[name]
        settings = technique.defaults | techniques[name]
        for effect in technique.effects:
            resolved = effect.resolve(settings)
            if effect.on.startswith("layer_"):
                item = (effect.on, effect.law, tuple(sorted(resolved.items())))
                for tier in effect.tiers:
                    on_layers[tier].append(item)
            else:
                applied = AppliedEffect(name, EFFECTS[effect.law], resolved, 1.0)
                on_case.setdefault(effect.on, []).append(applied)
    return {k: tuple(v) for k, v in on_case.items()}, {k: tuple(v) for k, v in on_layers.items()}


def column_origins(batch: Batch, catalog: Catalog) -> dict[str, Looked]:
    """Return the origins of the columns that depend on the design, for a batch of one.

    Names a layer graph, an encoding's fact or a published accuracy for each.
    """
    design, scenario = batch.designs.design(), batch.scenario
    dnn = catalog.dnns[scenario.dnn]
    elements = float(dnn.boundary_elem[0])
    names = {"cut1": dnn.boundary_name[design.cut1], "cut2": dnn.boundary_name[design.cut2]}
    graph = Origin(
        "computed",
        (),
        f"from the layer graph of {dnn.label}, cut after {names['cut1']} and {names['cut2']}",
    )

    def at(name: str, origin: Origin) -> Looked:
        return Looked(float(np.asarray(batch.columns[name]).reshape(-1)[0]), origin)

    found = {name: at(name, graph) for name in batch.columns if name not in batch.origins}
    relayed = design.cut1 == design.cut2
    back = design.uplink_encoding if relayed else design.backhaul_encoding
    for column, encoding in (
        ("raw_elem_bit", design.input_encoding),
        ("uplink_feature_elem_bit", design.uplink_encoding),
        ("backhaul_feature_elem_bit", back),
    ):
        found[column] = encoding_bits(catalog, encoding, elements)[0]
    sent = design.input_encoding if design.cut1 == 0 else design.uplink_encoding
    found["encode_elem_op"] = encoding_bits(catalog, sent, elements)[1]
    if np.isfinite(found["encoder_op_per_s"].value):
        neural = is_neural(catalog, sent)
        found["encoder_op_per_s"] = encoder_rate(catalog, scenario.device, neural)
    for column, encoding in (
        ("input_encoding_loss_frac", design.input_encoding),
        ("uplink_feature_loss_frac", design.uplink_encoding),
        ("backhaul_feature_loss_frac", design.backhaul_encoding),
    ):
        if found[column].value != 0.0:
            found[column] = encoding_loss(catalog, scenario.dnn, encoding)
    table = losses(catalog, scenario.dnn)
    found["accuracy_baseline_frac"] = table.baseline
    for tier in TIERS:
        column = f"{tier}_precision_loss_frac"
        if found[column].value != 0.0:
            found[column] = table.precision[getattr(design, f"{tier}_precision")]
    return found
