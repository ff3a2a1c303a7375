"""Published serving measurements: every row has its place, and the report is what they give."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from analytic_models.catalog import data_folder, load_catalog

FOLDER = data_folder() / "measurements"


def _script() -> ModuleType:
    place = Path(__file__).parents[2] / "data" / "make" / "serving_errors.py"
    spec = importlib.util.spec_from_file_location("serving_errors", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_serving_row_states_its_source_and_place() -> None:
    sources = load_catalog().sources
    for row in _read("serving_rows.csv"):
        assert row["source"] in sources
        assert row["where"]
        assert float(row["measured_ms"]) > 0


def test_the_serving_report_is_what_the_rows_give() -> None:
    assert _script().report() == _read("serving_report.csv")


def test_the_batch_law_beats_single_requests_by_far() -> None:
    whole = next(row for row in _read("serving_report.csv") if row["model"] == "all")
    assert float(whole["ours_within_factor_2"]) > 0.5
    assert float(whole["naive_within_factor_2"]) < 0.1
    assert float(whole["ours_rank"]) > 0.75


def test_a_single_request_takes_what_was_measured_alone() -> None:
    row = {
        "machines": "1",
        "load": "0.001",
        "single_ms": "10",
        "capacity_per_s": "500",
        "measured_ms": "10",
    }
    _, ours, naive = _script().open_pair(row)
    assert ours == pytest.approx(0.010, rel=1e-3)
    assert naive == pytest.approx(0.010, rel=1e-3)
