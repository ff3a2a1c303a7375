"""Every refused case says where the fault is and what would be allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analytic_models import Case, Design, DesignError, EcccError, Scenario
from analytic_models.fields import declared_fields


def _refused(value: object) -> list[tuple[str, str, str]]:
    with pytest.raises(DesignError) as caught:
        Case.from_dict(value)
    return [(p.path, p.message, p.allowed) for p in caught.value.problems]


def _case(**parts: Any) -> dict[str, Any]:
    return {"schema": "eccc-case/1", **parts}


@pytest.mark.parametrize(
    ("value", "path", "message", "allowed"),
    [
        ([], "", "a case is a JSON object", "an object with schema, scenario, design"),
        (
            {},
            "schema",
            "is missing: it says of which version the file is",
            '"schema": "eccc-case/1"',
        ),
        (_case(schema="eccc-case/9"), "schema", "'eccc-case/9' is not supported", "eccc-case/1"),
        (_case(more=1), "more", "unknown key", "schema, scenario, design"),
        (_case(scenario=[]), "scenario", "must be an object", "{}"),
        (_case(design=None), "design", "must be an object", "{}"),
        (
            _case(design={"techniques": []}),
            "design.techniques",
            "must be an object from technique to settings",
            "{}",
        ),
        (
            _case(design={"techniques": {"sec-auth": 1}}),
            "design.techniques.sec-auth",
            "must be an object of settings",
            "{}",
        ),
        (
            _case(design={"techniques": {"sec-auth": {"round_trip_count": True}}}),
            "design.techniques.sec-auth.round_trip_count",
            "True is not a finite number",
            "a finite number",
        ),
        (
            _case(scenario={"population_count": 0}),
            "scenario.population_count",
            "0 is below 1",
            "a whole number from 1 to 1e+06",
        ),
        (
            _case(scenario={"population_count": 2.5}),
            "scenario.population_count",
            "2.5 is not a whole number",
            "a whole number from 1 to 1e+06",
        ),
        (
            _case(scenario={"arrival_per_s": 1e5}),
            "scenario.arrival_per_s",
            "100000 is above 10000",
            "a number from 0 to 10000",
        ),
        (
            _case(scenario={"arrival_per_s": "5"}),
            "scenario.arrival_per_s",
            "'5' is not a number",
            "a number from 0 to 10000",
        ),
        (
            _case(scenario={"arrival_per_s": True}),
            "scenario.arrival_per_s",
            "True is not a number",
            "a number from 0 to 10000",
        ),
        (
            _case(scenario={"uplink_rtt_s": -1}),
            "scenario.uplink_rtt_s",
            "-1 is below 0",
            "a number from 0 to 10, or null (as the hop's fact states)",
        ),
        (
            _case(scenario={"raw_input_stays_flag": 1}),
            "scenario.raw_input_stays_flag",
            "1 is not true or false",
            "true, false",
        ),
        (
            _case(scenario={"deadline_at": "p98"}),
            "scenario.deadline_at",
            "'p98' is not known",
            "mean, p50, p95, p99, p99.9",
        ),
        (
            _case(scenario={"name": "x" * 81}),
            "scenario.name",
            "is too long",
            "text of at most 80 characters",
        ),
        (_case(scenario={"name": 1}), "scenario.name", "1 is not text", "text of at most 80"),
        (
            _case(scenario={"deadline_s": None}),
            "scenario.deadline_s",
            "must not be null",
            "a number from 0.0001 to 3600",
        ),
        (
            _case(scenario={"device": "abacus"}),
            "scenario.device",
            "'abacus' is not in the catalog",
            "rpi4b",
        ),
        (
            _case(scenario={"application": "app-chess"}),
            "scenario.application",
            "'app-chess' is not in the catalog",
            "app-industrial",
        ),
        (
            _case(design={"input_encoding": "gif"}),
            "design.input_encoding",
            "'gif' is not in the catalog",
            "raw-uint8",
        ),
        (
            _case(design={"cut1": 3, "cut2": 2}),
            "design.cut1",
            "3 lies behind cut2 = 2",
            "at most 2",
        ),
        (
            _case(design={"cut1": 0, "cut2": 9_999}),
            "design.cut2",
            "9999 is behind the last boundary of ResNet-50",
            "0 to ",
        ),
        (
            _case(design={"techniques": {"warp-drive": {}}}),
            "design.techniques.warp-drive",
            "is not an executable technique",
            "ra-early-exit",
        ),
        (
            _case(design={"techniques": {"sec-auth": {"colour": 1}}}),
            "design.techniques.sec-auth.colour",
            "unknown setting",
            "round_trip_count",
        ),
        (
            _case(design={"techniques": {"sec-auth": {"round_trip_count": 64}}}),
            "design.techniques.sec-auth.round_trip_count",
            "64 is above 10",
            "0 to 10",
        ),
        (
            _case(design={"techniques": {"ra-early-exit": {"exit_frac": -0.5}}}),
            "design.techniques.ra-early-exit.exit_frac",
            "-0.5 is below 0",
            "0 to 0.95",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_is_allowed(
    value: object, path: str, message: str, allowed: str
) -> None:
    found = _refused(value)
    assert len(found) == 1
    assert found[0][0] == path
    assert found[0][1] == message
    assert allowed in found[0][2]


@pytest.mark.parametrize(("part", "owner"), [("scenario", Scenario), ("design", Design)])
def test_an_unknown_key_of_a_part_lists_the_known_ones(part: str, owner: type) -> None:
    ((path, message, allowed),) = _refused(_case(**{part: {"speed_kmh": 1}}))
    assert path == f"{part}.speed_kmh"
    assert message == "unknown key"
    assert set(declared_fields(owner)) <= set(allowed.split(", "))


def test_techniques_that_exclude_each_other_are_refused_with_a_way_out() -> None:
    value = _case(design={"techniques": {"prune-structured": {}, "prune-unstructured": {}}})
    ((path, message, allowed),) = _refused(value)
    assert path == "design.techniques"
    assert "exclude each other" in message
    assert allowed.startswith("Leave out")


def test_all_faults_of_a_step_are_reported_together() -> None:
    value = _case(
        scenario={"arrival_per_s": -1, "population_count": 0}, design={"edge_precision": "fp8"}
    )
    assert [path for path, _, _ in _refused(value)] == [
        "scenario.arrival_per_s",
        "scenario.population_count",
        "design.edge_precision",
    ]


def test_a_long_list_of_faults_is_cut_in_words_and_complete_as_data() -> None:
    value = _case(scenario={f"key_{i:03}": 1 for i in range(200)})
    with pytest.raises(DesignError, match="and 180 more") as caught:
        Case.from_dict(value)
    assert len(caught.value.problems) == 200


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [(Scenario, "arrival_per_s", float("nan")), (Design, "cut1", -1), (Design, "cut2", "3")],
)
def test_value_objects_check_themselves_too(owner: type, name: str, value: object) -> None:
    with pytest.raises(EcccError, match=name):
        owner(**{name: value})


def test_text_that_is_not_json_is_refused_with_the_position() -> None:
    with pytest.raises(DesignError, match=r"not JSON: .* column 2"):
        Case.from_json("{schema}")


def test_a_rule_is_checked_after_shape_ranges_and_ids() -> None:
    value = _case(
        scenario={"device": "abacus"},
        design={"techniques": {"prune-structured": {}, "prune-unstructured": {}}},
    )
    assert [path for path, _, _ in _refused(json.loads(json.dumps(value)))] == ["scenario.device"]
