"""Starting points for the applications: loads, deadlines and requirements, with their evidence."""

from __future__ import annotations

__all__ = ["PERCENTILES", "Preset", "PresetValue", "load_presets", "read_presets"]

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from taxonomy.load import Taxonomy, load_taxonomy
from taxonomy.records import Collector, read_record
from taxonomy.schema import TaxonomyError

PERCENTILES = ("mean", "p50", "p95", "p99", "p99.9")
_FIELDS = ("population_count", "arrival_per_s", "deadline_s", "accuracy_drop_max_pp")


@dataclass(frozen=True, kw_only=True)
class PresetValue:
    """One number of a preset, in the unit that its field's name ends in.

    Parameters
    ----------
    default, low, high
        Starting value and the range that the evidence spans.
    row
        Name of the application's parameter row that states the range; empty for an assumption.
    why
        How the default follows from the row, or why it is assumed.
    evidence
        Tag of the row; ``own`` for an assumption.
    """

    default: float
    low: float
    high: float
    why: str
    row: str = ""
    evidence: str = "own"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What is typical of one application.

    Parameters
    ----------
    application
        Id of the application in the taxonomy.
    deadline_at
        Mean, or the percentile of requests that must meet the deadline.
    deadline_at_why
        Why this one.
    raw_input_stays_flag
        Whether the sensor's data must not leave the device.
    raw_input_why
        Why, or why not.
    values
        Scenario field to its number.
    gaps
        Scenario field to the reason why no evidence states it.
    """

    application: str
    deadline_at: str
    deadline_at_why: str
    raw_input_stays_flag: bool
    raw_input_why: str
    values: Mapping[str, PresetValue]
    gaps: Mapping[str, str]

    def scenario_fields(self) -> dict[str, float | str | bool]:
        """Return the scenario fields that the preset sets; a gap sets nothing.

        Examples
        --------
        >>> load_presets()["app-industrial"].scenario_fields()["deadline_s"]
        0.1
        """
        numbers = {
            name: int(value.default) if name.endswith("_count") else value.default
            for name, value in self.values.items()
        }
        return {
            "application": self.application,
            "deadline_at": self.deadline_at,
            "raw_input_stays_flag": self.raw_input_stays_flag,
            **numbers,
        }


@cache
def load_presets() -> Mapping[str, Preset]:
    """Return the preset of each application, by its id, in tree order.

    Raises
    ------
    TaxonomyError
        With every fault found in ``presets.toml``.
    """
    text = (files("taxonomy") / "presets.toml").read_text(encoding="utf-8")
    return read_presets(text, load_taxonomy())


def read_presets(text: str, taxonomy: Taxonomy) -> Mapping[str, Preset]:
    """Read presets from TOML text and check them against the taxonomy.

    Raises
    ------
    TaxonomyError
        With every fault found.
    """
    collector = Collector()
    content = tomllib.loads(text)
    collector.refuse_unknown("presets.toml", content, ("preset",))
    presets: dict[str, Preset] = {}
    for i, row in enumerate(content.get("preset", ())):
        path = f"presets.toml: {row.get('application', f'preset[{i}]')}"
        preset = _read(path, row, collector)
        if preset.application in presets:
            collector.add(path, "has two presets")
        presets[preset.application] = preset
        _check(path, preset, taxonomy, collector)
    wanted = [leaf.id for leaf in taxonomy.leaves("applications")]
    for id in wanted:
        if id not in presets:
            collector.add("presets.toml", f"{id!r} has no preset")
    if collector.faults:
        raise TaxonomyError(collector.faults)
    return MappingProxyType({id: presets[id] for id in wanted})


def _read(path: str, row: Mapping[str, Any], collector: Collector) -> Preset:
    plain = {key: value for key, value in row.items() if key != "values"}
    values = {
        name: read_record(PresetValue, f"{path}.values.{name}", value, collector)
        for name, value in row.get("values", {}).items()
    }
    preset = read_record(Preset, path, {**plain, "values": {}}, collector)
    return Preset(**{**vars(preset), "values": MappingProxyType(values)})


def _check(path: str, preset: Preset, taxonomy: Taxonomy, collector: Collector) -> None:
    applications = {leaf.id: leaf for leaf in taxonomy.leaves("applications")}
    leaf = applications.get(preset.application)
    if leaf is None:
        collector.add(path, "is no application", ", ".join(applications))
        return
    if preset.deadline_at not in PERCENTILES:
        collector.add(f"{path}.deadline_at", "is not known", ", ".join(PERCENTILES))
    stated = [*preset.values, *preset.gaps]
    if sorted(stated) != sorted(_FIELDS):
        collector.add(path, "must give each field a value or a gap", ", ".join(_FIELDS))
    rows = {row.name: row for row in leaf.parameter_rows}
    for name, value in preset.values.items():
        where = f"{path}.values.{name}"
        if not value.low <= value.default <= value.high:
            collector.add(where, "default is out of range", f"{value.low:g} to {value.high:g}")
        if value.row and value.row not in rows:
            collector.add(f"{where}.row", f"{value.row!r} is no row", ", ".join(rows))
        elif value.evidence != (rows[value.row].evidence if value.row else "own"):
            collector.add(f"{where}.evidence", "does not repeat the tag of its row")
