"""The presets of the applications repeat their rows and fill no gap."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import taxonomy
from taxonomy import load_taxonomy
from taxonomy.presets import Preset, load_presets, read_presets
from taxonomy.schema import TaxonomyError

TEXT = (Path(taxonomy.__file__).parent / "presets.toml").read_text(encoding="utf-8")
PRESETS = load_presets()


def test_each_of_the_seven_applications_has_one_preset_in_tree_order() -> None:
    assert list(PRESETS) == [leaf.id for leaf in load_taxonomy().leaves("applications")]
    assert len(PRESETS) == 7


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.application)
def test_every_number_lies_in_its_range_and_has_a_row_or_a_reason(preset: Preset) -> None:
    rows = {row.name: row for row in load_taxonomy().techniques[preset.application].parameter_rows}
    for value in preset.values.values():
        assert value.low <= value.default <= value.high
        assert value.low < value.high
        assert value.why
        assert not value.row or rows[value.row].evidence == value.evidence


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.application)
def test_a_gap_sets_no_scenario_field(preset: Preset) -> None:
    fields = preset.scenario_fields()
    assert not set(preset.gaps) & set(fields)
    assert set(preset.values) <= set(fields)
    assert fields["application"] == preset.application


def test_a_number_of_devices_is_a_whole_number() -> None:
    population = PRESETS["app-smart-city"].scenario_fields()["population_count"]
    assert isinstance(population, int)
    assert population == 10_000


def test_body_signals_stay_on_the_device_and_parts_on_a_belt_need_not() -> None:
    assert PRESETS["app-healthcare"].scenario_fields()["raw_input_stays_flag"] is True
    assert PRESETS["app-industrial"].scenario_fields()["raw_input_stays_flag"] is False


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("default = 20.0", "default = 99.0", ".values.arrival_per_s", "out of range"),
        ('row = "camera"', 'row = "lidar"', ".values.arrival_per_s.row", "is no row"),
        ('evidence = "own"', 'evidence = "sister"', ".values.arrival_per_s.evidence", "tag of"),
        ('deadline_at = "p99.9"', 'deadline_at = "p90"', ".deadline_at", "is not known"),
        ("raw_input_why", "raw_input_reason", ".raw_input_reason", "unknown key"),
        ("accuracy_drop_max_pp = ", "accuracy = ", "", "a value or a gap"),
    ],
)
def test_a_fault_is_refused_with_its_path(old: str, new: str, place: str, message: str) -> None:
    with pytest.raises(TaxonomyError) as caught:
        read_presets(TEXT.replace(old, new, 1), load_taxonomy())
    path = f"presets.toml: app-autonomous-driving{place}"
    assert any(p.path == path and message in p.message for p in caught.value.problems)


def test_a_missing_application_is_refused() -> None:
    start = TEXT.index("[[preset]]", TEXT.index("app-arvr"))
    with pytest.raises(TaxonomyError, match="'app-llm-service' has no preset"):
        read_presets(TEXT[:start], load_taxonomy())


def test_an_unknown_application_is_refused() -> None:
    with pytest.raises(TaxonomyError, match="is no application"):
        read_presets(TEXT.replace("app-arvr", "app-golf"), load_taxonomy())


def test_what_is_written_is_what_is_loaded() -> None:
    for row in tomllib.loads(TEXT)["preset"]:
        preset = PRESETS[row["application"]]
        assert {name: value.default for name, value in preset.values.items()} == {
            name: value["default"] for name, value in row["values"].items()
        }
        assert dict(preset.gaps) == row["gaps"]
