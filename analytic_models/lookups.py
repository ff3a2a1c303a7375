"""From a scenario's ids to numbers, each with its origin; arithmetic stays in the laws."""

from __future__ import annotations

__all__ = ["Losses", "edge_price", "encoder_rate", "encoding_bits", "losses", "scenario_columns"]

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np

from analytic_models.catalog import Catalog, Fact, Gap
from analytic_models.design import Scenario
from analytic_models.laws.communication import container
from analytic_models.laws.rates import lifetime_price, share_of_power, share_of_rate
from analytic_models.origins import Looked, Origin, missing
from analytic_models.segments import FORMATS
from analytic_models.units import Array

# Neutral numbers that start a hook, levels that name a percentile: conventions, not evidence.
_CONSTANTS = {
    "one_count": 1.0,
    "nominal_share_frac": 1.0,
    "nominal_budget_nat": math.inf,
    "nominal_duration_s": 0.0,
    "median_level_frac": 0.5,
    "p95_level_frac": 0.95,
    "p99_level_frac": 0.99,
    "p999_level_frac": 0.999,
}
_LEVELS = {"mean": 0.5, "p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
_CHOSEN = (
    "population_count",
    "arrival_per_s",
    "edge_servers_count",
    "cloud_servers_count",
    "compute_scv",
    "message_scv",
    "uplink_background_frac",
    "backhaul_background_frac",
    "response_byte",
    "edge_pue",
    "cloud_pue",
    "cloud_target_frac",
    "deadline_s",
)
# Power under load: measured while inferring first, then other loads, then the design power.
_LOAD_POWER = (
    ("active_w", "measured-inference"),
    ("active_w", "measured"),
    ("active_w", "load-100"),
    ("active_w", "typical"),
    ("tdp_w", "datasheet"),
)
_IDLE_POWER = (("idle_w", "measured"), ("idle_w", "measured-2"), ("idle_w", "typical"))


def _first(entity: object, wanted: Iterable[tuple[str, str]]) -> Fact | Gap:
    """Return the first fact that an entity has, or the last gap."""
    found: Fact | Gap | None = None
    for name, basis in wanted:
        found = entity.fact(name, basis)  # type: ignore[attr-defined]
        if isinstance(found, Fact):
            return found
    assert found is not None
    return found


def scenario_columns(scenario: Scenario, catalog: Catalog) -> dict[str, Looked]:
    """Look up every column that depends on the scenario alone."""
    columns = {name: Looked(value, Origin("convention")) for name, value in _CONSTANTS.items()}
    for name in _CHOSEN:
        columns[name] = Looked(float(getattr(scenario, name)), Origin("chosen"))
    for station in ("device", "uplink", "edge", "backhaul", "cloud"):
        shared = getattr(scenario, f"{station}_discipline") == "ps"
        columns[f"{station}_ps_flag"] = Looked(float(shared), Origin("chosen"))
    level = _LEVELS[scenario.deadline_at]
    columns["deadline_level_frac"] = Looked(level, Origin("chosen"))
    columns["deadline_mean_flag"] = Looked(float(scenario.deadline_at == "mean"), Origin("chosen"))
    columns["nominal_message_bit"] = _container(scenario, catalog)
    columns |= _hop_columns(scenario, catalog)
    columns |= _machine_columns(scenario, catalog)
    columns |= _money_columns(scenario, catalog)
    for column, region in (
        ("device_gco2e_per_j", scenario.device_region),
        ("cloud_gco2e_per_j", scenario.cloud_region),
    ):
        columns[column] = Looked.of_fact(
            catalog.regions[region].fact("grid_gco2e_per_j", "annual-mean")
        )
    return columns


def _container(scenario: Scenario, catalog: Catalog) -> Looked:
    """Bits of a message beyond its tensor: none, or the header of the files that were measured."""
    dnn = catalog.dnns[scenario.dnn]
    if scenario.timing != "measured" or not len(dnn.boundary_byte):
        return Looked(0.0, Origin("convention"))
    header = container(dnn.boundary_byte, dnn.boundary_elem, FORMATS["fp32"][1])
    note = f"header of the stored tensors that were sent: {dnn.source.get('where', '')}"
    return Looked(float(np.max(header)), Origin("measured", (), note))


def _class_fact(catalog: Catalog, entity: str, name: str, basis: str = "") -> Fact | Gap:
    """Return a fact about a class of machines or hops."""
    found = catalog.facts.get((entity, name, basis))
    return found or Gap(
        entity, name, basis, f"no source states it for {entity.removeprefix('class:')}"
    )


def _replaced(given: float | None, looked: Looked) -> Looked:
    """Take the user's number instead of the fact, and keep the fact beside it."""
    if given is None:
        return looked
    return Looked(
        float(given), Origin("override", looked.origin.facts, "replaces the catalog's fact")
    )


def _hop_columns(scenario: Scenario, catalog: Catalog) -> dict[str, Looked]:
    uplink, backhaul = catalog.hops[scenario.uplink], catalog.hops[scenario.backhaul]
    columns = {
        "uplink_bit_per_s": _replaced(scenario.uplink_bit_per_s, Looked.of_fact(uplink.rate("up"))),
        "downlink_bit_per_s": _replaced(
            scenario.downlink_bit_per_s, Looked.of_fact(uplink.rate("down"))
        ),
        "uplink_rtt_s": _replaced(scenario.uplink_rtt_s, Looked.of_fact(uplink.round_trip())),
        "backhaul_bit_per_s": _replaced(
            scenario.backhaul_bit_per_s, Looked.of_fact(backhaul.rate("up"))
        ),
        "backhaul_rtt_s": _replaced(scenario.backhaul_rtt_s, Looked.of_fact(backhaul.round_trip())),
    }
    for column, name, basis in (
        ("uplink_tx_j_per_bit", "tx_j_per_bit", ""),
        ("uplink_rx_j_per_bit", "rx_j_per_bit", ""),
        ("uplink_base_w", "radio_base_w", "up"),
    ):
        fact = uplink.fact(name, basis)
        if isinstance(fact, Gap):
            fact = _class_fact(catalog, f"class:{uplink.technology}", name, basis)
        columns[column] = Looked.of_fact(fact)
    return columns


def _machine_columns(scenario: Scenario, catalog: Catalog) -> dict[str, Looked]:
    columns: dict[str, Looked] = {}
    for tier in ("device", "edge", "cloud"):
        machine = catalog.machines[getattr(scenario, tier)]
        load = Looked.of_fact(_first(machine, _LOAD_POWER))
        columns[f"{tier}_load_w"] = load
        memory = machine.memory()
        split = "flash" in memory
        columns[f"{tier}_weight_room_byte"] = Looked.of_fact(memory["flash" if split else "memory"])
        columns[f"{tier}_activation_room_byte"] = Looked.of_fact(
            memory["sram" if split else "memory"]
        )
        columns[f"{tier}_split_flag"] = Looked(float(split), Origin("convention"))
        if tier != "device":
            columns[f"{tier}_idle_w"] = _idle_power(machine, load, catalog)
    return columns


def encoder_rate(catalog: Catalog, machine_id: str, neural: bool) -> Looked:
    """Rate at which a machine encodes: a learned encoder is convolutions, others plain code."""
    peak = Looked.of_fact(catalog.machines[machine_id].peak("fp32"))
    if neural:
        share = Looked.of_fact(catalog.efficiency(machine_id, "conv", "compute", "fp32"))
        note = "peak rate times the share that convolutions reach"
    else:
        share = Looked.of_fact(_class_fact(catalog, "class:any", "scalar_efficiency_frac"))
        note = "peak rate times the share that plain code reaches"
    if math.isnan(peak.value) or math.isnan(share.value):
        return missing("; ".join(x.origin.note for x in (peak, share) if math.isnan(x.value)))
    return Looked(
        float(share_of_rate(peak.value, share.value)),
        Origin("assumed", (*peak.origin.facts, *share.origin.facts), note),
    )


def _idle_power(machine: object, load: Looked, catalog: Catalog) -> Looked:
    """Idle power of a machine, or its class's idle share of the power under load."""
    fact = _first(machine, _IDLE_POWER)
    if isinstance(fact, Fact):
        return Looked.of_fact(fact)
    kind: str = machine.kind  # type: ignore[attr-defined]
    share = _class_fact(catalog, f"class:{kind}", "idle_share_frac")
    if isinstance(share, Gap):
        share = _class_fact(catalog, "class:any", "idle_share_frac")
    looked = Looked.of_fact(share)
    note = "no idle power is published: the class's idle share of the power under load"
    return Looked(
        float(share_of_power(load.value, looked.value)),
        Origin("assumed", (*load.origin.facts, *looked.origin.facts), note),
    )


def _ownership(scenario: Scenario, catalog: Catalog) -> tuple[Looked, Looked, Looked, Looked]:
    """Purchase price, lifetime and power of an edge server, and the price of its electricity."""
    edge = catalog.machines[scenario.edge]
    return (
        Looked.of_fact(edge.fact("price_usd", "list")),
        Looked.of_fact(_class_fact(catalog, "class:any", "lifetime_s")),
        Looked.of_fact(_first(edge, _LOAD_POWER)),
        _replaced(
            scenario.electricity_usd_per_j,
            Looked.of_fact(catalog.price("electricity:non-household:eu")),
        ),
    )


def edge_price(scenario: Scenario, catalog: Catalog, overhead: Array) -> Array:
    """Return the price of an owned edge server in usd/s, at given PUEs of its site."""
    price, life, power, electricity = _ownership(scenario, catalog)
    return lifetime_price(price.value, life.value, power.value, overhead, electricity.value)


def _money_columns(scenario: Scenario, catalog: Catalog) -> dict[str, Looked]:
    edge = catalog.machines[scenario.edge]
    price, life, power, electricity = _ownership(scenario, catalog)
    owned = Looked(
        float(edge_price(scenario, catalog, scenario.edge_pue)),
        Origin(
            "assumed" if not math.isnan(price.value) else "missing",
            (
                *price.origin.facts,
                *life.origin.facts,
                *power.origin.facts,
                *electricity.origin.facts,
            ),
            "purchase price over the lifetime, plus electricity at full load"
            if not math.isnan(price.value)
            else f"{edge.label} has no list price in the catalog",
        ),
    )
    provider = scenario.cloud_region.partition(":")[0]
    egress = "egress:gcp:internet:us" if provider == "gcp" else "egress:aws:internet:us-east-1"
    return {
        "edge_usd_per_s": _replaced(scenario.edge_usd_per_s, owned),
        "cloud_usd_per_s": _replaced(
            scenario.cloud_usd_per_s, Looked.of_fact(catalog.rent(scenario.cloud))
        ),
        "egress_usd_per_byte": _replaced(
            scenario.egress_usd_per_byte, Looked.of_fact(catalog.price(egress))
        ),
    }


@lru_cache(maxsize=256)
def encoding_bits(catalog: Catalog, encoding: str, elements: float) -> tuple[Looked, Looked]:
    """Bits per element of an encoding, and operations to encode one, for a tensor of some size.

    Where sizes were measured at several image sizes, the row nearest to this input is taken.
    """
    entry = catalog.encodings[encoding]
    rows = [fact for (name, _), fact in entry.facts.items() if name == "bits_per_elem_bit"]
    bits = min(rows, key=lambda fact: _distance(fact.basis, entry.default_basis, elements))
    work = [fact for (name, _), fact in entry.facts.items() if name == "encode_op_per_elem_op"]
    operations = (
        Looked.of_fact(work[0]) if work else missing(f"no encoding cost of {entry.label} is known")
    )
    return Looked.of_fact(bits), operations


def _distance(basis: str, default: str, elements: float) -> float:
    """How far a row's image size lies from the input in octaves; the default breaks ties."""
    match = re.fullmatch(r"(\d+)px", basis)
    near = 0.0 if basis == default else 1e-6
    if match is None:
        return near if basis == default else 100.0
    return abs(math.log2(int(match[1]) ** 2 * 3 / max(elements, 1.0))) + near


@dataclass(frozen=True)
class Losses:
    """Relative accuracy losses of a dnn: baseline, and the loss of each precision and encoding."""

    baseline: Looked
    metric: str
    precision: Mapping[str, Looked]


@lru_cache(maxsize=128)
def losses(catalog: Catalog, dnn_id: str) -> Losses:
    """Look up the measured accuracy losses of a dnn.

    The median over the published rows is the point, their smallest and largest are the range.
    """
    rows = [
        row
        for row in catalog.evidence
        if row["dnn"] == dnn_id and row["file"].endswith("accuracy.csv")
    ]
    plain = [row for row in rows if row["technique"] == "none"]
    label = catalog.dnns[dnn_id].label
    if plain:
        first = plain[0]
        baseline = Looked(
            float(first["value"]) / 100.0,
            Origin("cited", (), f"{first['metric']} on {first['dataset']}: {first['where']}"),
        )
        metric = f"{first['metric'].removesuffix(' %')} on {first['dataset']}"
    else:
        baseline, metric = (
            missing(f"no published accuracy of {label} is in the catalog"),
            "accuracy",
        )
    precision = {"fp32": Looked(0.0, Origin("convention", (), "the reference precision"))}
    precision["fp16"] = Looked.of_fact(_class_fact(catalog, "class:any", "fp16_loss_frac"))
    for name, techniques in (("int8", ("int8-ptq", "int8-qat")), ("int4", ("int4-weight-only",))):
        precision[name] = _loss_of(rows, techniques, label, name)
    return Losses(baseline, metric, precision)


def _loss_of(
    rows: list[Mapping[str, str]], techniques: tuple[str, ...], label: str, name: str
) -> Looked:
    found = []
    for row in rows:
        if (
            row["technique"] in techniques
            and row["higher_is_better"] == "yes"
            and "%" in row["metric"]
        ):
            before, after = float(row["baseline"]), float(row["value"])
            if before > 0:
                found.append(max(0.0, (before - after) / before))
    if not found:
        return missing(f"no published accuracy of {label} at {name} is in the catalog")
    note = f"median of {len(found)} published {name} results of {label}"
    return Looked(median(found), Origin("measured", (), note), min(found), max(found))
