"""Whatever text arrives, it becomes a valid case or a refusal with a place, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytic_models import Case, Design, DesignError, Scenario, load_scenarios
from analytic_models.fields import declared_fields

NAMES = [*declared_fields(Scenario), *declared_fields(Design), "techniques", "schema", "x"]
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 0, -1])
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["eccc-case/1", "resnet50", "fp32", "rpi4b", "\ud800", "<b>", "../etc"])
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=12,
)
PARTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)


def _read(text: str) -> Case | None:
    """Read a case; a refusal must carry problems, a success must survive a round trip."""
    try:
        case = Case.from_json(text)
    except DesignError as error:
        refused = (error.problems, str(error))
    else:
        refused = None
    if refused is not None:
        assert all(refused)
        return None
    assert Case.from_json(case.to_json()) == case
    return case


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    _read(text)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_any_json_value_is_read_or_refused(value: Any) -> None:
    _read(json.dumps(value))


@given(PARTS, PARTS, st.dictionaries(st.text(max_size=8), VALUES, max_size=3))
@settings(max_examples=300, deadline=None)
@example({"population_count": 10**400}, {}, {})
@example({"arrival_per_s": float("nan")}, {"cut1": float("inf")}, {})
@example({}, {"techniques": {"sec-auth": {"round_trip_count": 10**400}}}, {})
@example({}, {"techniques": {"sec-auth": {"round_trip_count": float("nan")}}}, {})
@example({"name": "\ud800"}, {}, {})
def test_any_values_in_the_place_of_fields_are_read_or_refused(
    scenario: dict[str, Any], design: dict[str, Any], more: dict[str, Any]
) -> None:
    value = {"schema": "eccc-case/1", "scenario": scenario, "design": design, **more}
    _read(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        "1" * 900_000,
        '{"schema": "eccc-case/1", "scenario": {"name": "' + "a" * 999_000 + '"}}',
        "x" * 1_000_001,
        "",
        "null",
        "\x00",
        '{"schema": NaN}',
        "\ufeff{}",
    ],
    ids=["deep list", "deep object", "long number", "long name", "too long", "empty", "null",
         "zero byte", "nan", "byte order mark"],
)  # fmt: skip
def test_a_hostile_file_is_refused_quickly_and_politely(text: str) -> None:
    with pytest.raises(DesignError) as caught:
        Case.from_json(text)
    assert len(str(caught.value)) < 2_000_000
    assert caught.value.problems


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_a_truncated_file_is_refused_at_every_length(name: str) -> None:
    text = load_scenarios()[name].to_json()
    for length in range(0, len(text), 37):
        with pytest.raises(DesignError, match="not JSON"):
            Case.from_json(text[:length])


def test_the_last_of_two_equal_keys_is_taken_and_stays_valid() -> None:
    case = _read('{"schema":"eccc-case/1","scenario":{"population_count":1,"population_count":3}}')
    assert case is not None
    assert case.scenario.population_count == 3
