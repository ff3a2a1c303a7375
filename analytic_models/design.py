"""Scenario (what is given), design (what is chosen), and the case that joins them."""

from __future__ import annotations

__all__ = ["PRECISIONS", "SCHEMA", "TIERS", "Case", "Design", "Scenario", "case_schema", "load_scenarios"]

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from taxonomy.load import load_taxonomy
from taxonomy.rules import check

from analytic_models.catalog import Catalog, data_folder, load_catalog
from analytic_models.errors import DesignError, Problem
from analytic_models.fields import Field, check_value, choice, field_of, flag, integer, number, text

SCHEMA = "eccc-case/1"
TIERS = ("device", "edge", "cloud")
PRECISIONS = ("fp32", "fp16", "int8", "int4")
DISCIPLINES = ("fcfs", "ps")
PERCENTILES = ("mean", "p50", "p95", "p99", "p99.9")
_LONGEST_JSON = 1_000_000


@dataclass(frozen=True)
class Scenario:
    """What is given: application, dnn, machines, hops, load, prices and requirements.

    Every attribute carries its declaration (label, unit, bounds, help); see ``fields``.
    A value of None means "as the catalog states it".
    """

    name: str = text("Factory inspection", "Name", "How this scenario is called.", "Application", 80)
    application: str = choice(
        "app-industrial", "Application", "The application domain of the survey that this scenario stands for.",
        "Application", "catalog:applications",
    )
    dnn: str = choice(
        "resnet50", "Neural network", "The layer graph that is placed over the tiers.", "Application", "catalog:dnns"
    )
    timing: str = choice(
        "roofline", "Layer times",
        "roofline: from peak rates, bandwidth and measured efficiencies; measured: the block times measured on these machines.",
        "Application", ("roofline", "measured"),
    )
    device: str = choice("rpi4b", "Device", "The machine that holds the sensor.", "Machines", "catalog:machines")
    edge: str = choice("jetson_agx_orin", "Edge", "The machine at the edge site.", "Machines", "catalog:machines")
    cloud: str = choice("a100_sxm", "Cloud", "The machine in the cloud.", "Machines", "catalog:machines")
    edge_servers_count: int = integer(
        1, "Edge servers", "Machines at the edge site that share one queue.", "Machines", 1, 256, log=True
    )
    cloud_servers_count: int = integer(
        8, "Cloud servers", "Cloud machines that share one queue.", "Machines", 1, 4096, log=True
    )
    uplink: str = choice(
        "wifi5_80mhz_2ss", "Uplink", "The hop between the devices and the edge site.", "Network", "catalog:hops"
    )
    backhaul: str = choice(
        "wan_fibre", "Backhaul", "The hop between the edge site and the cloud.", "Network", "catalog:hops"
    )
    uplink_bit_per_s: float | None = number(
        None, "Uplink rate", "Rate of the shared uplink, device to edge.", "Network", 1e2, 1e12, "Mbit/s",
        log=True, none_means="as the hop's fact states",
    )
    downlink_bit_per_s: float | None = number(
        None, "Downlink rate", "Rate from the edge site back to a device.", "Network", 1e2, 1e12, "Mbit/s",
        log=True, none_means="as the hop's fact states",
    )
    uplink_rtt_s: float | None = number(
        None, "Uplink round trip", "Idle round-trip time between device and edge.", "Network", 0.0, 10.0, "ms",
        none_means="as the hop's fact states",
    )
    backhaul_bit_per_s: float | None = number(
        None, "Backhaul rate", "Rate of the shared backhaul, edge to cloud.", "Network", 1e2, 1e13, "Mbit/s",
        log=True, none_means="as the hop's fact states",
    )
    backhaul_rtt_s: float | None = number(
        None, "Backhaul round trip", "Idle round-trip time between edge and cloud.", "Network", 0.0, 10.0, "ms",
        none_means="as the hop's fact states",
    )
    uplink_background_frac: float = number(
        0.0, "Uplink taken by others", "Share of the uplink's rate that other traffic takes.", "Network", 0.0, 0.99,
        assumption="no other traffic unless you say so",
    )
    backhaul_background_frac: float = number(
        0.0, "Backhaul taken by others", "Share of the backhaul's rate that other traffic takes.", "Network",
        0.0, 0.99, assumption="no other traffic unless you say so",
    )
    response_byte: float = number(
        1000.0, "Response size", "Bytes that come back to the device for each inference.", "Network", 0.0, 1e8, "kB",
        assumption="class scores or a few boxes: 0.1 to 10 kB",
    )
    population_count: int = integer(
        20, "Devices", "Devices that share the uplink, the edge site, the backhaul and the cloud.", "Load",
        1, 1_000_000, log=True,
    )
    arrival_per_s: float = number(
        5.0, "Requests per device", "Inferences that each device asks for.", "Load", 0.0, 1e4, "1/s", log=True
    )
    device_discipline: str = choice(
        "fcfs", "Device queue", "First come first served, or processor sharing.", "Queueing", DISCIPLINES
    )
    uplink_discipline: str = choice(
        "ps", "Uplink queue", "Packets interleave (processor sharing), or whole messages queue.", "Queueing", DISCIPLINES
    )
    edge_discipline: str = choice(
        "fcfs", "Edge queue", "First come first served, or processor sharing.", "Queueing", DISCIPLINES
    )
    backhaul_discipline: str = choice(
        "ps", "Backhaul queue", "Packets interleave (processor sharing), or whole messages queue.", "Queueing", DISCIPLINES
    )
    cloud_discipline: str = choice(
        "fcfs", "Cloud queue", "First come first served, or processor sharing.", "Queueing", DISCIPLINES
    )
    compute_scv: float = number(
        0.0, "Spread of compute times", "Squared coefficient of variation of a segment's service time.", "Queueing",
        0.0, 16.0, assumption="a fixed layer graph does the same work each time; 0 to 0.3 with jitter",
    )
    message_scv: float = number(
        0.0, "Spread of message sizes", "Squared coefficient of variation of the payload's size.", "Queueing",
        0.0, 16.0, assumption="tensors have a fixed size; compressed images 0.05 to 0.5",
    )
    device_region: str = choice(
        "country:EU", "Region of the devices and the edge", "Whose electricity the devices and the edge site use.",
        "Economics", "catalog:regions",
    )
    cloud_region: str = choice(
        "gcp:europe-west4", "Region of the cloud", "Whose electricity the cloud uses.", "Economics", "catalog:regions"
    )
    edge_pue: float = number(
        1.5, "PUE of the edge site", "Energy of the whole site over energy of the machines.", "Economics", 1.0, 3.0,
        assumption="small rooms: 1.2 to 2.0",
    )
    cloud_pue: float = number(
        1.1, "PUE of the cloud", "Energy of the data centre over energy of the machines.", "Economics", 1.0, 3.0,
        assumption="large operators report 1.08 to 1.2",
    )
    edge_usd_per_s: float | None = number(
        None, "Price of an edge server", "Cost of owning and running one edge server.", "Economics", 0.0, 0.1, "USD/h",
        none_means="purchase price over its lifetime plus electricity",
    )
    cloud_usd_per_s: float | None = number(
        None, "Price of a cloud server", "Rent of one cloud machine.", "Economics", 0.0, 0.1, "USD/h",
        none_means="as the price list states",
    )
    egress_usd_per_byte: float | None = number(
        None, "Egress price", "Price of a byte that leaves the cloud.", "Economics", 0.0, 1e-6, "USD/GB",
        none_means="as the price list states",
    )
    electricity_usd_per_j: float | None = number(
        None, "Electricity price", "Price of electricity at the edge site.", "Economics", 0.0, 1e-6, "USD/kWh",
        none_means="as the price list states",
    )
    cloud_target_frac: float = number(
        0.6, "Paid share of cloud time in use", "Autoscaling keeps this share of the rented time busy.", "Economics",
        0.05, 1.0, assumption="0.3 to 0.8",
    )
    deadline_s: float = number(
        0.1, "Deadline", "Time within which an answer must be back.", "Requirements", 1e-4, 3600.0, "ms", log=True
    )
    deadline_at: str = choice(
        "p99", "Deadline holds for", "The mean, or the percentile of requests that must meet it.", "Requirements",
        PERCENTILES,
    )
    energy_max_j: float | None = number(
        None, "Device energy at most", "Energy that one inference may take from the device.", "Requirements",
        0.0, 1e6, "mJ", log=True, none_means="no limit",
    )
    accuracy_drop_max_pp: float | None = number(
        2.0, "Accuracy loss at most", "Percentage points below the uncompressed network.", "Requirements",
        0.0, 100.0, "pp", none_means="no limit",
    )
    cost_max_usd: float | None = number(
        None, "Cost at most", "Cost of one inference (shown per million).", "Requirements", 0.0, 10.0, "USD",
        log=True, none_means="no limit",
    )
    raw_input_stays_flag: bool = flag(
        False, "Raw input stays on the device", "The sensor's data must not leave; features may.", "Requirements"
    )  # fmt: skip

    def __post_init__(self) -> None:
        problems = _field_problems("scenario", self)
        if problems:
            raise DesignError(problems)


@dataclass(frozen=True)
class Design:
    """What is chosen: cuts, precisions, payload encodings and techniques.

    ``cut1`` and ``cut2`` are boundaries of the dnn: layers before ``cut1`` run on the device, those up
    to ``cut2`` at the edge, the rest in the cloud. Boundary 0 is the raw input.
    """

    cut1: int = integer(0, "Device–edge cut", "Boundary up to which layers run on the device.", "Placement", 0, 10_000)
    cut2: int = integer(0, "Edge–cloud cut", "Boundary up to which layers run at the edge.", "Placement", 0, 10_000)
    device_precision: str = choice("fp32", "Device precision", "Numbers on the device.", "Precision", PRECISIONS)
    edge_precision: str = choice("fp32", "Edge precision", "Numbers at the edge.", "Precision", PRECISIONS)
    cloud_precision: str = choice("fp32", "Cloud precision", "Numbers in the cloud.", "Precision", PRECISIONS)
    input_encoding: str = choice(
        "raw-uint8", "Encoding of the raw input", "How the sensor's data is sent when it leaves the device.",
        "Payload", "catalog:encodings",
    )
    uplink_encoding: str = choice(
        "fp32", "Encoding of features, device to edge", "How an intermediate tensor is sent over the uplink.",
        "Payload", "catalog:encodings",
    )
    backhaul_encoding: str = choice(
        "fp32", "Encoding of features, edge to cloud", "How an intermediate tensor is sent over the backhaul.",
        "Payload", "catalog:encodings",
    )
    techniques: Mapping[str, Mapping[str, float]] = dataclasses.field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )  # fmt: skip

    def __post_init__(self) -> None:
        frozen = {
            name: MappingProxyType(dict(sorted(settings.items())))
            for name, settings in sorted(self.techniques.items())
        }
        object.__setattr__(self, "techniques", MappingProxyType(frozen))
        problems = _field_problems("design", self)
        if self.cut1 > self.cut2:
            problems.append(
                Problem("design.cut1", f"{self.cut1} lies behind cut2 = {self.cut2}", f"at most {self.cut2}")
            )
        if problems:
            raise DesignError(problems)


@dataclass(frozen=True)
class Case:
    """A scenario and a design; immutable, and equal cases have equal JSON."""

    scenario: Scenario = dataclasses.field(default_factory=Scenario)
    design: Design = dataclasses.field(default_factory=Design)

    def with_scenario(self, **changes: Any) -> Case:  # noqa: ANN401 - values of any declared field
        """Return a case with some scenario fields replaced."""
        return Case(dataclasses.replace(self.scenario, **changes), self.design)

    def with_design(self, **changes: Any) -> Case:  # noqa: ANN401 - values of any declared field
        """Return a case with some design fields replaced."""
        return Case(self.scenario, dataclasses.replace(self.design, **changes))

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        return {"schema": SCHEMA, "scenario": _plain(self.scenario), "design": _plain(self.design)}

    def to_json(self, indent: int | None = None) -> str:
        """Return canonical JSON: keys sorted, no needless space unless ``indent`` is given."""
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(self.to_dict(), sort_keys=True, indent=indent, separators=separators)

    @classmethod
    def from_json(cls, source: str, catalog: Catalog | None = None) -> Case:
        """Read a case and check it in five steps: shape, ranges, ids, rules, cuts.

        Raises
        ------
        DesignError
            With every problem of the first step that fails: path, message, allowed values.
        """
        if len(source) > _LONGEST_JSON:
            raise DesignError(Problem("", "the text is too long", f"at most {_LONGEST_JSON} characters"))
        try:
            value = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise DesignError(Problem("", f"not JSON: {error}", "a case as eccc-case/1 JSON")) from None
        return cls.from_dict(value, catalog)

    @classmethod
    def from_dict(cls, value: object, catalog: Catalog | None = None) -> Case:
        """Read a case from a plain JSON value; see :meth:`from_json`."""
        shape = _shape_problems(value)
        if shape:
            raise DesignError(shape)
        assert isinstance(value, dict)
        parts = {"scenario": Scenario, "design": Design}
        ranges: list[Problem] = []
        for part, owner in parts.items():
            for name, item in value.get(part, {}).items():
                declared = field_of(owner, name)
                if declared is not None:
                    ranges += check_value(f"{part}.{name}", declared, item)
        if ranges:
            raise DesignError(ranges)
        case = cls(
            Scenario(**_coerce(Scenario, value.get("scenario", {}))),
            Design(**_coerce(Design, value.get("design", {}))),
        )
        case.check(catalog)
        return case

    def check(self, catalog: Catalog | None = None) -> None:
        """Check ids, rules and cuts against the catalog and the taxonomy.

        Raises
        ------
        DesignError
            With all problems of the first step that fails.
        """
        catalog = catalog or load_catalog()
        for step in (_id_problems, _rule_problems, _cut_problems):
            problems = step(self, catalog)
            if problems:
                raise DesignError(problems)


def declared_fields(owner: type) -> dict[str, Field]:
    """Return every declared field of ``Scenario`` or ``Design`` in order."""
    found = ((a.name, field_of(owner, a.name)) for a in dataclasses.fields(owner))
    return {name: declared for name, declared in found if declared is not None}


def _field_problems(part: str, value: Scenario | Design) -> list[Problem]:
    problems: list[Problem] = []
    for name, declared in declared_fields(type(value)).items():
        problems += check_value(f"{part}.{name}", declared, getattr(value, name))
    return problems


def _plain(value: Scenario | Design) -> dict[str, Any]:
    plain = {name: getattr(value, name) for name in declared_fields(type(value))}
    if isinstance(value, Design):
        plain["techniques"] = {name: dict(settings) for name, settings in value.techniques.items()}
    return plain


def _coerce(owner: type, given: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(given)
    for name, declared in declared_fields(owner).items():
        if name in result and result[name] is not None:
            if declared.kind == "integer":
                result[name] = int(result[name])
            elif declared.kind == "number":
                result[name] = float(result[name])
    return result


def _shape_problems(value: object) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem("", "a case is a JSON object", "an object with schema, scenario, design")]
    problems = []
    if value.get("schema") != SCHEMA:
        problems.append(Problem("schema", f"{value.get('schema')!r} is not supported", SCHEMA))
    for key in sorted(set(value) - {"schema", "scenario", "design"}):
        problems.append(Problem(str(key), "unknown key", "schema, scenario, design"))
    for part, owner in (("scenario", Scenario), ("design", Design)):
        given = value.get(part, {})
        if not isinstance(given, dict):
            problems.append(Problem(part, "must be an object"))
            continue
        known = [a.name for a in dataclasses.fields(owner)]
        for key in sorted(set(given) - set(known)):
            problems.append(Problem(f"{part}.{key}", "unknown key", ", ".join(known)))
    design = value.get("design")
    if isinstance(design, dict) and "techniques" in design:
        problems += _technique_shape(design["techniques"])
    return problems


def _technique_shape(value: object) -> list[Problem]:
    path = "design.techniques"
    if not isinstance(value, dict):
        return [Problem(path, "must be an object from technique to settings")]
    problems = []
    for name, settings in value.items():
        if not isinstance(settings, dict):
            problems.append(Problem(f"{path}.{name}", "must be an object of settings"))
            continue
        for key, item in settings.items():
            if isinstance(item, bool) or not isinstance(item, int | float) or abs(item) == float("inf"):
                problems.append(Problem(f"{path}.{name}.{key}", f"{item!r} is not a finite number"))
    return problems


def _collection(catalog: Catalog, name: str) -> Mapping[str, object]:
    if name == "applications":
        nodes = load_taxonomy().nodes
        return {key: node for key, node in nodes.items() if node.parent == "applications"}
    found: Mapping[str, object] = getattr(catalog, name)
    return found


def _id_problems(case: Case, catalog: Catalog) -> list[Problem]:
    problems = []
    for part, value in (("scenario", case.scenario), ("design", case.design)):
        for name, declared in declared_fields(type(value)).items():
            if declared.kind == "choice" and isinstance(declared.choices, str):
                known = _collection(catalog, declared.choices.removeprefix("catalog:"))
                chosen = getattr(value, name)
                if chosen not in known:
                    some = ", ".join(sorted(known))
                    problems.append(Problem(f"{part}.{name}", f"{chosen!r} is not in the catalog", some))
    return problems


def _rule_problems(case: Case, catalog: Catalog) -> list[Problem]:
    taxonomy = load_taxonomy()
    problems = []
    for name, settings in case.design.techniques.items():
        path = f"design.techniques.{name}"
        technique = taxonomy.executable.get(name)
        if technique is None:
            problems.append(Problem(path, "is not an executable technique", ", ".join(sorted(taxonomy.executable))))
            continue
        for key, item in settings.items():
            declared = technique.params.get(key)
            if declared is None:
                problems.append(Problem(f"{path}.{key}", "unknown setting", ", ".join(technique.params)))
            elif not declared.low <= item <= declared.high:
                side = "above" if item > declared.high else "below"
                limit = declared.high if item > declared.high else declared.low
                problems.append(
                    Problem(f"{path}.{key}", f"{item:g} is {side} {limit:g}", f"{declared.low:g} to {declared.high:g}")
                )
    for violation in check(tuple(case.design.techniques)):
        if violation.severity == "error":
            problems.append(Problem("design.techniques", violation.message, violation.resolve))
    return problems


def _cut_problems(case: Case, catalog: Catalog) -> list[Problem]:
    dnn = catalog.dnns[case.scenario.dnn]
    last = len(dnn.boundary_row) - 1
    return [
        Problem(f"design.{name}", f"{value} is behind the last boundary of {dnn.label}", f"0 to {last}")
        for name, value in (("cut1", case.design.cut1), ("cut2", case.design.cut2))
        if value > last
    ]


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a case."""

    def of(declared: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {"title": declared.label, "description": declared.help}
        types = {"number": "number", "integer": "integer", "flag": "boolean"}
        kind = types.get(declared.kind, "string")
        schema["type"] = [kind, "null"] if declared.optional else kind
        if declared.kind in ("number", "integer"):
            schema |= {"minimum": declared.low, "maximum": declared.high}
        if declared.kind == "text":
            schema["maxLength"] = int(declared.high)
        if isinstance(declared.choices, tuple) and declared.choices:
            schema["enum"] = list(declared.choices)
        return schema

    def part(owner: type) -> dict[str, Any]:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: of(declared) for name, declared in declared_fields(owner).items()},
        }

    design = part(Design)
    design["properties"]["techniques"] = {
        "type": "object",
        "description": "Technique id to its settings; an empty object takes the defaults.",
        "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "ECCC Explorer case",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": {"schema": {"const": SCHEMA}, "scenario": part(Scenario), "design": design},
    }


@cache
def load_scenarios() -> Mapping[str, Case]:
    """Return the ready-made cases of ``data/scenarios`` by file name, in order."""
    found = {}
    for path in sorted((data_folder() / "scenarios").glob("*.json")):
        found[path.stem] = Case.from_json(path.read_text(encoding="utf-8"))
    return MappingProxyType(found)
