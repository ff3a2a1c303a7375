"""The command line answers, refuses with the place, and says yes or no by its exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from analytic_models import Case, cli_commands, evaluate, explain, load_scenarios, optimize
from analytic_models.cli import main
from analytic_models.cli_input import KEY_FIGURES
from analytic_models.errors import Problem
from analytic_models.evaluation import QUANTITIES

ROOT = Path(__file__).parents[2]
CAPTURE = pytest.CaptureFixture[str]


def _ask(capsys: CAPTURE, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def _json(capsys: CAPTURE, *arguments: str) -> object:
    code, out, err = _ask(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_evaluate_shows_the_key_figures_in_display_units(capsys: CAPTURE) -> None:
    code, out, _ = _ask(capsys, "evaluate", "factory")
    assert code == 0
    assert out.startswith("Factory inspection\n")
    for name in KEY_FIGURES:
        assert f"\n{name} " in out
    assert " ms " in out
    assert "e-0" not in out


def test_evaluate_as_json_holds_every_quantity_in_base_units(capsys: CAPTURE) -> None:
    found = _json(capsys, "evaluate", "2-driving")
    assert isinstance(found, dict)
    assert Case.from_dict(found["case"]) == load_scenarios()["2-driving"]
    assert set(found["quantities"]) == set(QUANTITIES)
    value = evaluate(load_scenarios()["2-driving"]).value("latency_p99_s")
    assert found["quantities"]["latency_p99_s"]["value"] == pytest.approx(value, rel=1e-12)
    assert found["quantities"]["latency_p99_s"]["unit"] == "s"


def test_what_is_not_known_or_without_bound_is_null_with_a_reason(capsys: CAPTURE) -> None:
    found = _json(capsys, "evaluate", "scission", "--quantity", "energy_total_j")
    assert isinstance(found, dict)
    assert found["quantities"]["energy_total_j"]["value"] is None
    assert "no idle power" in found["quantities"]["energy_total_j"]["reason"]
    busy = ("evaluate", "city", "--set", "population_count=1000000")
    found = _json(capsys, *busy, "--quantity", "latency_mean_s")
    assert isinstance(found, dict)
    assert found["quantities"]["latency_mean_s"] == {
        "value": None,
        "unit": "s",
        "label": "Mean latency",
        "reason": "without bound",
    }
    code, out, _ = _ask(capsys, *busy, "--quantity", "latency_mean_s")
    assert code == 0
    assert "unstable" in out


def test_a_case_comes_from_a_file_or_from_standard_input(
    capsys: CAPTURE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = load_scenarios()["4-city"].to_json(indent=2)
    file = tmp_path / "my case.json"
    file.write_text(text, encoding="utf-8")
    from_file = _ask(capsys, "evaluate", str(file))
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    from_input = _ask(capsys, "evaluate", "-")
    assert from_file == from_input == _ask(capsys, "evaluate", "city")


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ("population_count=7", "population_count", 7),
        ("deadline_s=80 ms", "deadline_s", 0.08),
        ("uplink_bit_per_s=12.5 Mbit/s", "uplink_bit_per_s", 12.5e6),
        ("uplink_bit_per_s=null", "uplink_bit_per_s", None),
        ("raw_input_stays_flag=true", "raw_input_stays_flag", True),
        ("scenario.edge=jetson_agx_orin", "edge", "jetson_agx_orin"),
    ],
)
def test_set_changes_a_field_and_takes_units(
    capsys: CAPTURE, change: str, field: str, value: object
) -> None:
    found = _json(capsys, "evaluate", "city", "--set", change, "--quantity", "stable_flag")
    assert isinstance(found, dict)
    assert found["case"]["scenario"][field] == value


@pytest.mark.parametrize(
    ("arguments", "place", "allowed"),
    [
        (["evaluate", "no-such-file"], "no-such-file: no such file", "factory"),
        (["evaluate", "."], ".: is a directory", "a file"),
        (["evaluate", "city", "--quantity", "speed"], "--quantity speed", "latency_mean_s"),
        (["evaluate", "city", "--set", "speed=1"], "--set speed=1", "population_count"),
        (["evaluate", "city", "--set", "deadline_s=1 km"], "--set deadline_s", "a number in s"),
        (["evaluate", "city", "--set", "deadline_s=soon"], "--set deadline_s", "a number in s"),
        (["evaluate", "city", "--set", "cut1=99"], "design.cut1", "at most"),
        (["evaluate", "city", "--set", "edge=abacus"], "scenario.edge", "rpi4b"),
        (["optimize", "city", "--minimise", "speed"], "--minimise speed", "latency_mean_s"),
        (["optimize", "city", "--at-most", "cost_usd"], "--at-most cost_usd", "NAME=LIMIT"),
        (["optimize", "city", "--at-most", "speed=1"], "--at-most speed", "cost_usd"),
        (["optimize", "city", "--at-least", "cost_usd=1 s"], "--at-least cost_usd", "in usd"),
        (["explain", "city", "speed"], "QUANTITY speed", "latency_mean_s"),
        (["sweep", "city", "--over", "edge=1:2:3"], "--over edge", "population_count"),
        (["sweep", "city", "--over", "arrival_per_s=1:2"], "--over arrival_per_s", "FIRST:LAST"),
        (["sweep", "city", "--over", "arrival_per_s=0:2:3:log"], "logarithmic", "FIRST:LAST"),
        (["sweep", "city", "--over", "arrival_per_s=1:2:0"], "0 is not a number", "1 to"),
        (["sweep", "city", "--over", "arrival_per_s=1:1e9:3"], "over.arrival_per_s", "0 to 10000"),
        (["reference", "no-such-file"], "no-such-file", "a JSON file"),
    ],
)
def test_wrong_input_is_refused_with_its_place_and_what_is_allowed(
    capsys: CAPTURE, arguments: list[str], place: str, allowed: str
) -> None:
    code, out, err = _ask(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert all(line.startswith("eccc: ") for line in err.splitlines())
    assert place in err
    assert allowed in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"{", b"[1]", b"\x1b[31m", b"x" * 2_000_000]
)
def test_a_hostile_file_is_refused_in_one_bounded_message(
    capsys: CAPTURE, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(content)
    code, _, err = _ask(capsys, "evaluate", str(file))
    assert code == 2
    assert 0 < len(err) < 3_000
    assert "\x1b" not in err


def test_foreign_names_cannot_steer_the_terminal(capsys: CAPTURE, tmp_path: Path) -> None:
    case = Case().with_scenario(name="\x1b[31mred\x07\n\u202eevil")
    file = tmp_path / "case.json"
    file.write_text(case.to_json(), encoding="utf-8")
    code, out, _ = _ask(capsys, "evaluate", str(file))
    assert code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["evaluate"],
        ["explain", "city"],
        ["app", "--port", "0"],
        ["explain", "city", "cost_usd", "--depth", "-1"],
    ],
)
def test_wrong_usage_ends_with_two(capsys: CAPTURE, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: eccc" in capsys.readouterr().err


def test_optimize_finds_what_the_library_finds_and_says_why(capsys: CAPTURE) -> None:
    solution = optimize(load_scenarios()["4-city"].with_scenario(population_count=3).scenario)
    found = _json(capsys, "optimize", "city", "--set", "population_count=3")
    assert isinstance(found, dict)
    assert found["status"] == "optimal"
    assert found["value"] == pytest.approx(solution.value, rel=1e-12)
    assert solution.case is not None
    assert Case.from_dict(found["case"]) == solution.case
    assert found["funnel"][0]["left"] == len(solution.screened)
    assert found["certificate"]["kind"] == "exact"
    code, out, _ = _ask(capsys, "optimize", "city", "--set", "population_count=3")
    assert code == 0
    assert "Exact: every one of" in out
    assert "Runner-up" in out


def test_limits_with_units_replace_the_requirements_of_the_scenario(capsys: CAPTURE) -> None:
    limits = ("--at-most", "latency_p99_s=60 s", "--at-least", "accuracy_frac=0.5")
    found = _json(capsys, "optimize", "city", "--minimise", "energy_device_j", *limits)
    assert isinstance(found, dict)
    labels = [step["label"] for step in found["funnel"]]
    assert "p99 latency" in labels
    assert "accuracy" in labels
    assert not any(label.startswith("the deadline") for label in labels)


def test_no_design_within_the_limits_is_the_answer_one(capsys: CAPTURE) -> None:
    code, out, err = _ask(capsys, "optimize", "driving", "--at-most", "latency_mean_s=1 us")
    assert code == 1
    assert err == ""
    assert out.startswith("No design meets every limit")
    assert "Nearest design" in out
    assert "limit 1.00 µs" in out


def test_explain_prints_the_tree_with_facts_down_to_the_asked_depth(capsys: CAPTURE) -> None:
    code, out, _ = _ask(capsys, "explain", "factory", "uplink_service_s", "--depth", "2")
    assert code == 0
    assert out.startswith("Transfer alone on the uplink: ")
    assert "wifi5_80mhz_2ss up_bit_per_s" in out
    shallow = _ask(capsys, "explain", "factory", "uplink_service_s", "--depth", "0")[1]
    assert len(shallow.splitlines()) == 1
    tree = _json(capsys, "explain", "factory", "uplink_service_s")
    assert tree == explain(load_scenarios()["1-factory"], "uplink_service_s").to_dict()


def test_a_sweep_is_csv_with_every_digit(capsys: CAPTURE) -> None:
    arguments = ("--over", "population_count=1:100:5:log", "--quantity", "latency_mean_s")
    code, out, _ = _ask(capsys, "sweep", "city", *arguments)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["population_count"] for row in rows] == ["1", "3", "10", "32", "100"]
    for row in rows:
        case = load_scenarios()["4-city"].with_scenario(
            population_count=int(row["population_count"])
        )
        alone = evaluate(case, ["latency_mean_s"], exact=False).value("latency_mean_s")
        np.testing.assert_allclose(float(row["latency_mean_s"]), alone, rtol=1e-12)
    found = _json(capsys, "sweep", "city", *arguments)
    assert isinstance(found, dict)
    assert found["population_count"] == [1.0, 3.0, 10.0, 32.0, 100.0]
    assert found["latency_mean_s"][-1] is None


def test_several_fields_of_a_sweep_vary_together_and_take_units(capsys: CAPTURE) -> None:
    over = ("--over", "uplink_rtt_s=10ms,20ms", "--over", "arrival_per_s=0.1,0.2")
    code, out, _ = _ask(capsys, "sweep", "city", *over, "--quantity", "latency_idle_s")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(r["uplink_rtt_s"], r["arrival_per_s"]) for r in rows] == [
        ("0.01", "0.1"),
        ("0.02", "0.2"),
    ]
    gap = float(rows[1]["latency_idle_s"]) - float(rows[0]["latency_idle_s"])
    assert gap == pytest.approx(0.01, rel=1e-9)


def test_check_counts_what_it_read_and_finds_no_problem(capsys: CAPTURE) -> None:
    code, out, _ = _ask(capsys, "check")
    assert out.endswith("no problems\n")
    assert code == 0
    for word in ("facts", "machines", "hops", "networks", "taxonomy", "scenarios", "quantities"):
        assert f"\n{word} " in f"\n{out}"


def test_check_ends_with_one_where_the_data_has_a_problem(
    capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_commands, "audit", lambda catalog: [Problem("data/x.csv:3", "is odd")])
    code, out, _ = _ask(capsys, "check")
    assert code == 1
    assert "data/x.csv:3: is odd\n1 problems\n" in out


def test_the_schema_accepts_a_ready_made_case(capsys: CAPTURE) -> None:
    code, out, _ = _ask(capsys, "schema")
    assert code == 0
    jsonschema.validate(load_scenarios()["1-factory"].to_dict(), json.loads(out))


def test_quantities_lists_each_with_unit_law_and_formula(capsys: CAPTURE) -> None:
    rows = _json(capsys, "quantities")
    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == list(QUANTITIES)
    by_name = {row["name"]: row for row in rows}
    assert by_name["uplink_service_s"]["formula"] == "t = b / R"
    assert by_name["uplink_bit_per_s"]["law"] == "input"
    code, out, _ = _ask(capsys, "quantities")
    assert code == 0
    assert len(out.splitlines()) == len(QUANTITIES) + 1


@pytest.mark.parametrize(("expected", "code"), [(0.5, 0), (0.4, 1)])
def test_reference_cases_pass_or_fail_by_their_tolerance(
    capsys: CAPTURE, tmp_path: Path, expected: float, code: int
) -> None:
    case = {
        "id": "loss", "system": "erlang_b", "params": {"c": 1, "a": 1.0}, "quantity": "blocking",
        "expected": expected, "rtol": 1e-9,
    }  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    found, out, _ = _ask(capsys, "reference", str(file))
    assert found == code
    assert out.endswith("1 passed, 0 failed\n" if code == 0 else "0 passed, 1 failed\n")
    assert _ask(capsys, "reference", str(file), "--json")[0] == code


def test_a_reference_file_without_cases_is_refused(capsys: CAPTURE, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text('{"cases": []}', encoding="utf-8")
    assert _ask(capsys, "reference", str(file))[0] == 2


def _module(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "analytic_models", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=False
    )


def test_the_module_runs_as_a_program_and_tells_its_exit_code() -> None:
    assert _module("evaluate", "city").returncode == 0
    assert _module("evaluate", "nothing").returncode == 2


def test_a_terminal_without_the_sign_for_micro_is_no_error() -> None:
    done = _module("optimize", "driving", "--at-most", "latency_mean_s=1us",
                   PYTHONIOENCODING="ascii")  # fmt: skip
    assert done.returncode == 1
    assert b"\\xb5s" in done.stdout
    assert done.stderr == b""


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = f"{sys.executable} -m analytic_models quantities | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.stdout.startswith(b"name")
    assert b"Traceback" not in done.stderr


def test_the_app_without_its_libraries_says_how_to_install_them(
    capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_commands, "find_spec", lambda name: None)
    code, _, err = _ask(capsys, "app")
    assert code == 2
    assert "streamlit and plotly" in err
    assert ".[app]" in err


def test_the_app_command_serves_with_security_headers(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "analytic_models", "app", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    log = tmp_path / "log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=stream, stderr=stream
        )
    try:
        headers = _wait_for(f"http://127.0.0.1:{port}/ready", server, log)
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return {key.lower(): value for key, value in answer.headers.items()}
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the app did not start:\n{log.read_text()}")
