"""What is chosen, and the case that joins it with what is given."""

from __future__ import annotations

__all__ = ["PRECISIONS", "SCHEMA", "TIERS", "Case", "Design", "Scenario", "load_scenarios"]

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from analytic_models.case_checks import (
    SCHEMA,
    cut_problems,
    id_problems,
    rule_problems,
    shape_problems,
)
from analytic_models.catalog import Catalog, data_folder
from analytic_models.errors import DataError, DesignError, Problem
from analytic_models.fields import (
    check_value,
    choice,
    coerce,
    declared_fields,
    field_of,
    field_problems,
    integer,
)
from analytic_models.scenario import PRECISIONS, TIERS, Scenario
from analytic_models.user_catalog import catalog_for
from analytic_models.user_data import UserData

_LONGEST_JSON = 1_000_000


@dataclass(frozen=True)
class Design:
    """What is chosen: cuts, precisions, payload encodings and techniques.

    ``cut1`` and ``cut2`` are boundaries of the dnn: layers before ``cut1`` run on the device, those
    up to ``cut2`` at the edge, the rest in the cloud. Boundary 0 is the raw input.
    """

    cut1: int = integer(
        0,
        "Device–edge cut",
        "Boundary up to which layers run on the device.",
        "Placement",
        0,
        10_000,
    )
    cut2: int = integer(
        0, "Edge–cloud cut", "Boundary up to which layers run at the edge.", "Placement", 0, 10_000
    )
    device_precision: str = choice(
        "fp32", "Device precision", "Numbers on the device.", "Precision", PRECISIONS
    )
    edge_precision: str = choice(
        "fp32", "Edge precision", "Numbers at the edge.", "Precision", PRECISIONS
    )
    cloud_precision: str = choice(
        "fp32", "Cloud precision", "Numbers in the cloud.", "Precision", PRECISIONS
    )
    input_encoding: str = choice(
        "raw-uint8",
        "Encoding of the raw input",
        "How the sensor's data is sent when it leaves the device.",
        "Payload",
        "catalog:encodings",
    )
    uplink_encoding: str = choice(
        "fp32",
        "Encoding of features, device to edge",
        "How an intermediate tensor is sent over the uplink.",
        "Payload",
        "catalog:encodings",
    )
    backhaul_encoding: str = choice(
        "fp32",
        "Encoding of features, edge to cloud",
        "How an intermediate tensor is sent over the backhaul.",
        "Payload",
        "catalog:encodings",
    )
    techniques: Mapping[str, Mapping[str, float]] = dataclasses.field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )

    def __post_init__(self) -> None:
        frozen = {
            name: MappingProxyType(dict(sorted(settings.items())))
            for name, settings in sorted(self.techniques.items())
        }
        object.__setattr__(self, "techniques", MappingProxyType(frozen))
        problems = field_problems("design", self)
        if not problems and self.cut1 > self.cut2:
            problems.append(
                Problem(
                    "design.cut1",
                    f"{self.cut1} lies behind cut2 = {self.cut2}",
                    f"at most {self.cut2}",
                )
            )
        if problems:
            raise DesignError(problems)


@dataclass(frozen=True)
class Case:
    """A scenario and a design; immutable, and equal cases have equal JSON.

    ``user_data`` are the user's own machines, hops, dnns and measurements, if there are any: they
    travel in the JSON, and the case is looked up in the catalog with them laid over it.
    """

    scenario: Scenario = dataclasses.field(default_factory=Scenario)
    design: Design = dataclasses.field(default_factory=Design)
    user_data: UserData | None = None

    def __post_init__(self) -> None:
        if not self.user_data:
            object.__setattr__(self, "user_data", None)

    def with_scenario(self, **changes: Any) -> Case:  # noqa: ANN401 - values of any declared field
        """Return a case with some scenario fields replaced."""
        scenario = dataclasses.replace(self.scenario, **changes)
        return dataclasses.replace(self, scenario=scenario)

    def with_design(self, **changes: Any) -> Case:  # noqa: ANN401 - values of any declared field
        """Return a case with some design fields replaced."""
        return dataclasses.replace(self, design=dataclasses.replace(self.design, **changes))

    def catalog(self, base: Catalog | None = None) -> Catalog:
        """Return the catalog that this case is looked up in.

        Parameters
        ----------
        base
            Catalog to lay the user's data over; the shipped one by default.

        Raises
        ------
        DesignError
            If the user's data do not fit the catalog; every problem names its place.
        """
        try:
            return catalog_for(self.user_data, base)
        except DataError as error:
            raise DesignError(error.problems) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        value = {"schema": SCHEMA, "scenario": _plain(self.scenario), "design": _plain(self.design)}
        return value if self.user_data is None else value | {"user_data": self.user_data.to_dict()}

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
            raise DesignError(
                Problem("", "the text is too long", f"at most {_LONGEST_JSON} characters")
            )
        try:
            value = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise DesignError(
                Problem("", f"not JSON: {error}", "a case as eccc-case/1 JSON")
            ) from None
        return cls.from_dict(value, catalog)

    @classmethod
    def from_dict(cls, value: object, catalog: Catalog | None = None) -> Case:
        """Read a case from a plain JSON value; see :meth:`from_json`."""
        shape = shape_problems(value, _PARTS)
        if shape:
            raise DesignError(shape)
        assert isinstance(value, dict)
        ranges: list[Problem] = []
        for part, owner in _PARTS.items():
            for name, item in value.get(part, {}).items():
                declared = field_of(owner, name)
                if declared is not None:
                    ranges += check_value(f"{part}.{name}", declared, item)
        try:
            own = UserData.from_dict(value["user_data"]) if "user_data" in value else None
        except DataError as error:
            ranges += error.problems
        if ranges:
            raise DesignError(ranges)
        case = cls(
            Scenario(**coerce(Scenario, value.get("scenario", {}))),
            Design(**coerce(Design, value.get("design", {}))),
            own,
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
        catalog = self.catalog(catalog)
        for step in (id_problems, rule_problems, cut_problems):
            problems = step(self, catalog)
            if problems:
                raise DesignError(problems)


_PARTS: Mapping[str, type] = {"scenario": Scenario, "design": Design}


def _plain(value: Scenario | Design) -> dict[str, Any]:
    """Return the declared fields as plain JSON values."""
    values: dict[str, Any] = {name: getattr(value, name) for name in declared_fields(type(value))}
    if isinstance(value, Design):
        values["techniques"] = {name: dict(settings) for name, settings in value.techniques.items()}
    return values


@cache
def load_scenarios() -> Mapping[str, Case]:
    """Return the ready-made cases of ``data/scenarios`` by file name, in order."""
    found = {}
    for path in sorted((data_folder() / "scenarios").glob("*.json")):
        found[path.stem] = Case.from_json(path.read_text(encoding="utf-8"))
    return MappingProxyType(found)
