"""Every case of the reference set, and what happens to cases that are not what they must be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytic_models.errors import DataError
from analytic_models.reference import SYSTEMS, answer, run_reference

FILE = Path(__file__).with_name("queueing_reference.json")
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_reference_case_lies_within_its_tolerance(case: dict[str, Any]) -> None:
    assert answer(case) == pytest.approx(case["expected"], rel=case["rtol"], abs=0.0)


def test_the_set_covers_every_system() -> None:
    assert {case["system"] for case in CASES} == set(SYSTEMS)


def write(folder: Path, cases: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps({"schema": "queueing-cases/1", "cases": cases}), encoding="utf-8")
    return file


def test_a_file_is_answered_row_by_row(tmp_path: Path) -> None:
    rows, passed, failed = run_reference(write(tmp_path, CASES[:5]))
    assert (passed, failed) == (5, 0)
    assert [row.case for row in rows] == [case["id"] for case in CASES[:5]]
    assert all(row.passed and row.relative_error <= row.rtol for row in rows)


def test_a_wrong_expectation_fails_with_its_distance(tmp_path: Path) -> None:
    rows, passed, failed = run_reference(write(tmp_path, [{**CASES[0], "expected": 0.5}]))
    assert (passed, failed) == (0, 1)
    assert rows[0].relative_error == pytest.approx(1.0 / 3.0, rel=1e-9)
    assert rows[0].reason == ""


@pytest.mark.parametrize(
    ("change", "part", "allowed"),
    [
        ({"system": "oracle"}, "system", "erlang_b"),
        ({"quantity": "colour"}, "quantity", "blocking"),
        ({"params": [1]}, "params", "object"),
        ({"params": {"c": 1}}, "params.a", "number"),
        ({"params": {"c": -1, "a": 1}}, "params.c", "0"),
        ({"params": {"c": "one", "a": 1}}, "params.c", "number"),
        ({"expected": "many"}, "expected", "number"),
        ({"rtol": -1}, "rtol", "zero or more"),
    ],
)
def test_a_malformed_case_is_named_with_what_is_allowed(
    tmp_path: Path, change: dict[str, Any], part: str, allowed: str
) -> None:
    rows, passed, failed = run_reference(write(tmp_path, [{**CASES[0], **change}, CASES[1]]))
    assert (passed, failed) == (1, 1)
    assert CASES[0]["id"] in rows[0].reason
    assert part in rows[0].reason
    assert allowed in rows[0].reason
    assert np.isnan(rows[0].value)


def test_a_case_that_is_no_object_and_a_file_without_cases_are_refused(tmp_path: Path) -> None:
    rows, passed, failed = run_reference(write(tmp_path, [3]))
    assert (len(rows), passed, failed) == (1, 0, 1)
    assert "object" in rows[0].reason
    for text in ("not json", "3", '{"cases": 1}'):
        file = tmp_path / "bad.json"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=r"bad\.json"):
            run_reference(file)
    with pytest.raises(DataError, match="cannot be read"):
        run_reference(tmp_path / "absent.json")


def test_an_unstable_case_is_infinite() -> None:
    case = {"system": "mmc", "params": {"lam": 5, "mu": 1, "c": 4}, "quantity": "mean_wait"}
    assert answer(case) == np.inf
    assert answer({**case, "quantity": "p99_sojourn"}) == np.inf
    assert answer({**case, "quantity": "prob_wait"}) == 1.0


OTHERS = [
    ("mmc", {"lam": 3.0, "mu": 1.0, "c": 4}, "p50_wait", np.log(54 / 53)),
    ("mmc", {"lam": 3.0, "mu": 1.0, "c": 4}, "mean_jobs", 4.5283018868),
    ("mg1", {"service": "exp", "lam": 0.5, "mean": 1.0}, "p999_sojourn", 2 * np.log(1000)),
    ("mg1", {"service": "exp", "lam": 0.5, "mean": 1.0}, "var_wait", 3.0),
    ("gigc", {"arrival": "exp", "arrival_mean": 2.0, "mu": 1.0, "c": 1}, "mean_wait", 1.0),
    ("mm1_ps", {"lam": 0.5, "mu": 1.0, "c": 1}, "mean_jobs", 1.0),
    ("mg1_ps", {"lam": 0.5, "service": "h2", "mean": 1.0, "scv": 4.0}, "mean_sojourn", 2.0),
    ("hypoexponential", {"rates": [2.0, 2.0]}, "mean", 1.0),
    ("tandem_mm1", {"lam": 1.0, "mu": [2.0, 3.0]}, "mean_sojourn", 1.5),
    ("tandem_mm1", {"lam": 1.0, "mu": [2.0, 3.0]}, "var_sojourn", 1.25),
    ("jackson", {"gamma": [1], "P": [[0.5]], "mu": [4], "c": [1]}, "utilisation_station_0", 0.5),
    ("kleinrock_capacity", {"lam": [1.0, 4.0], "total_capacity": 8.0}, "capacity_station_1", 6.0),
    ("erlang_a", {"lam": 3, "mu": 1, "theta": 1, "c": 4}, "throughput", 2.680642688251606),
]


@pytest.mark.parametrize(("system", "params", "quantity", "expected"), OTHERS)
def test_other_quantities_of_the_same_systems_are_answered(
    system: str, params: dict[str, Any], quantity: str, expected: float
) -> None:
    found = answer({"system": system, "params": params, "quantity": quantity})
    assert found == pytest.approx(expected, rel=1e-6, abs=0.0)
