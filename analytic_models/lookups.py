"""From a scenario's ids to numbers, each with its origin; arithmetic stays in the laws."""

from __future__ import annotations

__all__ = [
    "Losses",
    "edge_price",
    "encoder_rate",
    "encoding_bits",
    "is_special",
    "losses",
    "scenario_columns",
]

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
from analytic_models.lookups_lifecycle import lifecycle_columns
from analytic_models.origins import Looked, Origin, missing
from analytic_models.scenario_load import PRIORITIES
from analytic_models.segments import FORMATS
from analytic_models.units import Array

# Neutral numbers that start a hook, levels that name a percentile: conventions, not evidence.
_CONSTANTS = {
    "one_count": 1.0,
    "nominal_share_frac": 1.0,
    "no_share_frac": 0.0,
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
    "arrival_scv",
    "batch_reference_count",
    "urgent_frac",
    "uplink_slow_frac",
    "uplink_slow_rate_frac",
    "uplink_dwell_s",
    "uplink_loss_frac",
    "cloud_cold_start_s",
    "cloud_keep_alive_s",
    "uplink_background_frac",
    "backhaul_background_frac",
    "response_byte",
    "edge_pue",
    "cloud_pue",
    "cloud_target_frac",
    "deadline_s",
)
# What depends on ids alone is looked up once, so that a slider pays for numbers only.
_IDS_KEPT = 128
_CHOSEN_ORIGIN = Origin("chosen")
_FLAGS = (Looked(0.0, _CHOSEN_ORIGIN), Looked(1.0, _CHOSEN_ORIGIN))
_CONSTANT_COLUMNS = {
    name: Looked(value, Origin("convention")) for name, value in _CONSTANTS.items()
}
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
    columns = dict(_CONSTANT_COLUMNS)
    for name in _CHOSEN:
        columns[name] = _chosen(float(getattr(scenario, name)))
    for station in ("device", "uplink", "edge", "backhaul", "cloud"):
        columns[f"{station}_ps_flag"] = _FLAGS[getattr(scenario, f"{station}_discipline") == "ps"]
    for tier in ("edge", "cloud"):
        places = getattr(scenario, f"{tier}_places_count")
        columns[f"{tier}_places_count"] = Looked(
            math.inf if places is None else float(places), _CHOSEN_ORIGIN
        )
    for name, value in _queue_flags(scenario).items():
        columns[name] = _FLAGS[value]
    for hop, tier in (("uplink", "edge"), ("backhaul", "cloud")):
        columns[f"{hop}_meeting_flag"] = _FLAGS[meets_again(scenario, hop, tier)]
        columns[f"{tier}_spaced_flag"] = _FLAGS[comes_spaced(scenario, hop)]
    urgent = {"urgent": 1.0, "others": 0.0, "all": scenario.urgent_frac}[scenario.latency_of]
    columns["asked_urgent_frac"] = Looked(urgent, _CHOSEN_ORIGIN)
    columns["deadline_level_frac"] = Looked(_LEVELS[scenario.deadline_at], _CHOSEN_ORIGIN)
    columns["deadline_mean_flag"] = _FLAGS[scenario.deadline_at == "mean"]
    columns["nominal_message_bit"] = _container(catalog, scenario.dnn, scenario.timing)
    columns |= _hop_columns(scenario, catalog)
    columns |= _machine_columns(catalog, scenario.device, scenario.edge, scenario.cloud)
    columns |= _money_columns(scenario, catalog)
    columns |= lifecycle_columns(catalog, scenario.device, scenario.edge, scenario.cloud)
    columns["device_gco2e_per_j"] = _grid(catalog, scenario.device_region)
    columns["cloud_gco2e_per_j"] = _grid(catalog, scenario.cloud_region)
    return columns


@lru_cache(maxsize=4 * _IDS_KEPT)
def _chosen(value: float) -> Looked:
    return Looked(value, _CHOSEN_ORIGIN)


def _queue_flags(scenario: Scenario) -> dict[str, bool]:
    """Return which laws other than those of random arrivals and steady stations apply."""
    rooms = {t: getattr(scenario, f"{t}_places_count") is not None for t in ("edge", "cloud")}
    return {
        "edge_room_flag": rooms["edge"],
        "cloud_room_flag": rooms["cloud"],
        "room_flag": any(rooms.values()),
        "edge_batch_flag": scenario.edge_discipline == "batch",
        "cloud_batch_flag": scenario.cloud_discipline == "batch",
        **{
            f"{tier}_{kind}_flag": getattr(scenario, f"{tier}_discipline") in rules
            for tier in ("edge", "cloud")
            for kind, rules in (("priority", PRIORITIES), ("preemptive", PRIORITIES[1:]))
        },
        "uplink_fading_flag": scenario.uplink_slow_frac > 0,
        "cloud_elastic_flag": scenario.cloud_discipline == "elastic",
        "uplink_loss_flag": scenario.uplink_loss_frac > 0,
        "closed_flag": scenario.arrivals == "closed",
        # A device of a synchronised crowd, too, sends at a fixed period.
        "device_periodic_flag": scenario.arrivals in ("periodic", "synchronised"),
        "periodic_flag": scenario.arrivals == "periodic",
        "synchronised_flag": scenario.arrivals == "synchronised",
        "bursty_flag": scenario.arrivals == "bursty",
    }


def is_special(scenario: Scenario) -> bool:
    """Whether a station has a law of its own kind, or devices keep a pattern."""
    return any(_queue_flags(scenario).values())


def meets_again(scenario: Scenario, hop: str, tier: str) -> bool:
    """Whether requests that share a hop wait in order of arrival behind it, by plain laws."""
    disciplines = (f"{hop}_discipline", f"{tier}_discipline")
    shared, queued = (getattr(scenario, name) for name in disciplines)
    return shared == "ps" and queued == "fcfs" and not is_special(scenario)


def comes_spaced(scenario: Scenario, hop: str) -> bool:
    """Whether a hop serves in order of arrival, by plain laws: its transfers space the requests."""
    return getattr(scenario, f"{hop}_discipline") == "fcfs" and not is_special(scenario)


@lru_cache(maxsize=_IDS_KEPT)
def _grid(catalog: Catalog, region: str) -> Looked:
    """Emissions of the electricity of a region."""
    return Looked.of_fact(catalog.regions[region].fact("grid_gco2e_per_j", "annual-mean"))


@lru_cache(maxsize=_IDS_KEPT)
def _container(catalog: Catalog, dnn_id: str, timing: str) -> Looked:
    """Bits of a message beyond its tensor: none, or the header of the files that were measured."""
    dnn = catalog.dnns[dnn_id]
    if timing != "measured" or not len(dnn.boundary_byte):
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
    columns = dict(_hop_facts(catalog, scenario.uplink, scenario.backhaul))
    for column in (
        "uplink_bit_per_s",
        "downlink_bit_per_s",
        "uplink_rtt_s",
        "backhaul_bit_per_s",
        "backhaul_rtt_s",
    ):
        columns[column] = _replaced(getattr(scenario, column), columns[column])
    return columns


@lru_cache(maxsize=_IDS_KEPT)
def _hop_facts(catalog: Catalog, uplink_id: str, backhaul_id: str) -> Mapping[str, Looked]:
    """Rates, round trips and radio energies of both hops as the catalog states them."""
    uplink, backhaul = catalog.hops[uplink_id], catalog.hops[backhaul_id]
    columns = {
        "uplink_bit_per_s": Looked.of_fact(uplink.rate("up")),
        "downlink_bit_per_s": Looked.of_fact(uplink.rate("down")),
        "uplink_rtt_s": Looked.of_fact(uplink.round_trip()),
        "backhaul_bit_per_s": Looked.of_fact(backhaul.rate("up")),
        "backhaul_rtt_s": Looked.of_fact(backhaul.round_trip()),
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


@lru_cache(maxsize=_IDS_KEPT)
def _machine_columns(catalog: Catalog, device: str, edge: str, cloud: str) -> Mapping[str, Looked]:
    columns: dict[str, Looked] = {}
    for tier, machine_id in (("device", device), ("edge", edge), ("cloud", cloud)):
        machine = catalog.machines[machine_id]
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


@lru_cache(maxsize=_IDS_KEPT)
def _ownership(
    catalog: Catalog, edge_id: str, electricity_usd_per_j: float | None
) -> tuple[Looked, Looked, Looked, Looked]:
    """Purchase price, lifetime and power of an edge server, and the price of its electricity."""
    edge = catalog.machines[edge_id]
    return (
        Looked.of_fact(edge.fact("price_usd", "list")),
        Looked.of_fact(_class_fact(catalog, "class:any", "lifetime_s")),
        Looked.of_fact(_first(edge, _LOAD_POWER)),
        _replaced(
            electricity_usd_per_j, Looked.of_fact(catalog.price("electricity:non-household:eu"))
        ),
    )


def edge_price(scenario: Scenario, catalog: Catalog, overhead: Array) -> Array:
    """Return the price of an owned edge server in usd/s, at given PUEs of its site."""
    parts = _ownership(catalog, scenario.edge, scenario.electricity_usd_per_j)
    price, life, power, electricity = parts
    return lifetime_price(price.value, life.value, power.value, overhead, electricity.value)


def _money_columns(scenario: Scenario, catalog: Catalog) -> dict[str, Looked]:
    owned = _owned(catalog, scenario.edge, scenario.electricity_usd_per_j)
    price = float(edge_price(scenario, catalog, scenario.edge_pue))
    rent, egress = _cloud_prices(catalog, scenario.cloud, scenario.cloud_region)
    return {
        "edge_usd_per_s": _replaced(scenario.edge_usd_per_s, Looked(price, owned)),
        "cloud_usd_per_s": _replaced(scenario.cloud_usd_per_s, rent),
        "egress_usd_per_byte": _replaced(scenario.egress_usd_per_byte, egress),
    }


@lru_cache(maxsize=_IDS_KEPT)
def _owned(catalog: Catalog, edge_id: str, electricity_usd_per_j: float | None) -> Origin:
    """Where the price of an owned edge server comes from."""
    parts = _ownership(catalog, edge_id, electricity_usd_per_j)
    known = not math.isnan(parts[0].value)
    return Origin(
        "assumed" if known else "missing",
        tuple(fact for part in parts for fact in part.origin.facts),
        "purchase price over the lifetime, plus electricity at full load"
        if known
        else f"{catalog.machines[edge_id].label} has no list price in the catalog",
    )


@lru_cache(maxsize=_IDS_KEPT)
def _cloud_prices(catalog: Catalog, cloud: str, region: str) -> tuple[Looked, Looked]:
    """Rent of a cloud machine, and the price of what leaves its region."""
    provider = region.partition(":")[0]
    egress = "egress:gcp:internet:us" if provider == "gcp" else "egress:aws:internet:us-east-1"
    return Looked.of_fact(catalog.rent(cloud)), Looked.of_fact(catalog.price(egress))


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
