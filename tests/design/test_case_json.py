"""A case survives JSON unchanged, and equal cases are equal text."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_models import Case, Design, DesignError, Scenario, load_catalog, load_scenarios
from analytic_models.case_schema import case_schema
from analytic_models.fields import GROUPS, Field, declared_fields
from taxonomy import load_taxonomy

PRESETS = load_scenarios()
CATALOG = load_catalog()


def _choices(declared: Field) -> list[str]:
    if isinstance(declared.choices, tuple):
        return list(declared.choices)
    name = declared.choices.removeprefix("catalog:")
    if name == "applications":
        nodes = load_taxonomy().nodes.values()
        return [node.id for node in nodes if node.parent == "applications"]
    return list(getattr(CATALOG, name))


def _values(declared: Field) -> st.SearchStrategy[Any]:
    if declared.kind == "number":
        found: st.SearchStrategy[Any] = st.floats(declared.low, declared.high)
    elif declared.kind == "integer":
        found = st.integers(int(declared.low), int(declared.high))
    elif declared.kind == "flag":
        found = st.booleans()
    elif declared.kind == "text":
        found = st.text(max_size=int(declared.high))
    else:
        found = st.sampled_from(_choices(declared))
    return found | st.none() if declared.optional else found


def _supported(values: dict[str, Any]) -> Scenario:
    """Build a scenario; batches, fades and last places have laws for arrivals at random only."""
    if values["arrivals"] != "poisson":
        values |= {"edge_discipline": "ps", "cloud_discipline": "fcfs", "uplink_slow_frac": 0.0}
    if values["arrivals"] == "closed":
        values["uplink_loss_frac"] = 0.0
    for tier in ("edge", "cloud"):
        places = values[f"{tier}_places_count"]
        alone = {values["edge_discipline"], values["cloud_discipline"]} == {"fcfs"}
        if places is not None and values["arrivals"] == "poisson" and alone:
            values[f"{tier}_places_count"] = max(places, values[f"{tier}_servers_count"])
        else:
            values[f"{tier}_places_count"] = None
    return Scenario(**values)


SCENARIOS = st.fixed_dictionaries(
    {name: _values(field) for name, field in declared_fields(Scenario).items()}
).map(_supported)


@given(SCENARIOS)
@settings(max_examples=60, deadline=None)
def test_any_scenario_within_its_bounds_survives_json(scenario: Scenario) -> None:
    case = Case(scenario, Design())
    again = Case.from_json(case.to_json())
    assert again == case
    assert again.to_json() == case.to_json()


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_ready_made_case_survives_json(name: str) -> None:
    case = PRESETS[name]
    assert Case.from_json(case.to_json()) == case
    assert Case.from_json(case.to_json(indent=2)) == case


def test_the_order_of_keys_and_of_techniques_does_not_matter() -> None:
    first = Case().with_design(techniques={"ra-early-exit": {"exit_frac": 0.3}, "sec-auth": {}})
    second = Case().with_design(techniques={"sec-auth": {}, "ra-early-exit": {"exit_frac": 0.3}})
    value = json.loads(first.to_json())
    turned = json.dumps({key: value[key] for key in reversed(value)})
    assert first.to_json() == second.to_json()
    assert Case.from_json(turned).to_json() == first.to_json()


def test_whole_numbers_and_floats_of_one_value_are_one_text() -> None:
    written = {"schema": "eccc-case/1", "scenario": {"population_count": 7.0, "arrival_per_s": 3}}
    case = Case.from_dict(written)
    assert case == Case().with_scenario(population_count=7, arrival_per_s=3.0)
    assert case.to_json() == Case().with_scenario(population_count=7, arrival_per_s=3.0).to_json()


def test_what_is_left_out_takes_its_default() -> None:
    assert Case.from_json('{"schema": "eccc-case/1"}') == Case()


def test_a_case_cannot_be_changed_in_place() -> None:
    case = Case().with_design(techniques={"sec-auth": {"round_trip_count": 1.0}})
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.scenario.dnn = "alexnet"  # type: ignore[misc]
    with pytest.raises(TypeError, match="does not support item assignment"):
        case.design.techniques["sec-auth"] = {}  # type: ignore[index]
    with pytest.raises(TypeError, match="does not support item assignment"):
        case.design.techniques["sec-auth"]["round_trip_count"] = 2.0  # type: ignore[index]


def test_equal_cases_have_equal_hashes() -> None:
    assert hash(Case()) == hash(Case.from_json(Case().to_json()))


@pytest.mark.parametrize("name", list(PRESETS))
def test_ready_made_cases_satisfy_the_published_schema(name: str) -> None:
    schema = case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(PRESETS[name].to_json()), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "eccc-case/2"},
        {"extra": 1},
        {"scenario": {"population_count": 0}},
        {"scenario": {"population_count": 1.5}},
        {"scenario": {"deadline_s": None}},
        {"scenario": {"speed": 1}},
        {"design": {"device_precision": "fp64"}},
        {"design": {"techniques": {"sec-auth": {"round_trip_count": "two"}}}},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(change: dict[str, Any]) -> None:
    value = {"schema": "eccc-case/1"} | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, case_schema())
    with pytest.raises(DesignError, match=r"allowed|must be"):
        Case.from_dict(value)


def test_every_declared_field_has_words_bounds_and_a_known_group() -> None:
    for owner in (Scenario, Design):
        for name, declared in declared_fields(owner).items():
            assert declared.label, name
            assert declared.help.endswith("."), name
            assert declared.group in GROUPS
            if declared.kind in ("number", "integer"):
                assert declared.low < declared.high, name
            if declared.optional:
                assert declared.none_means, name
