"""A case carries the machines, hops, dnns and latencies of its user, and is evaluated so."""

import copy
import dataclasses
import json
import math
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_models import (
    Case,
    Design,
    DesignError,
    Scenario,
    diff,
    evaluate,
    explain,
    optimize,
    sweep,
)
from analytic_models.case_schema import case_schema
from analytic_models.catalog import Fact, Gap, data_folder, load_catalog
from analytic_models.errors import DataError
from analytic_models.explanation import Node
from analytic_models.user_catalog import DATA_SOURCE, catalog_for
from analytic_models.user_data import UserData, user_dnn
from analytic_models.user_fields import HOP_FIELDS, MACHINE_FIELDS

BOARD: dict[str, Any] = {
    "label": "My board",
    "tier": "edge",
    "kind": "sbc",
    "year": 2024,
    "values": {
        "fp32_peak_op_per_s": 2e11,
        "memory_bandwidth_byte_per_s": 2e10,
        "memory_byte": 8e9,
        "active_w": 10.0,
    },
}
LINK: dict[str, Any] = {
    "label": "My link",
    "technology": "wi-fi",
    "serves": ["uplink"],
    "values": {"up_bit_per_s": 5e7, "down_bit_per_s": 1e8, "rtt_s": 0.004},
}


def _shipped_as(id: str, name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((data_folder() / "dnns" / f"{name}.json").read_text("utf-8"))
    return value | {"id": id, "label": "My net"}


def _value() -> dict[str, Any]:
    return {
        "machines": {"my_board": copy.deepcopy(BOARD)},
        "hops": {"my_link": copy.deepcopy(LINK)},
        "dnns": {"my_net": _shipped_as("my_net", "resnet18")},
        "measurements": [
            {"machine": "my_board", "dnn": dnn, "precision": "fp32", "latency_s": seconds}
            for dnn, seconds in (("my_net", 0.05), ("mobilenet_v2", 0.02), ("resnet50", 0.11))
        ],
    }


@pytest.fixture(scope="module")
def user_data() -> UserData:
    """Return one of everything."""
    return UserData.from_dict(_value())


@pytest.fixture(scope="module")
def case(user_data: UserData) -> Case:
    """Return a case that uses one of everything."""
    scenario = Scenario(dnn="my_net", edge="my_board", uplink="my_link", population_count=2)
    return Case(scenario, Design(cut2=12), user_data)


def test_a_colleague_opens_the_text_and_gets_the_same_numbers(case: Case) -> None:
    opened = Case.from_json(case.to_json())
    assert opened == case
    assert hash(opened) == hash(case)
    assert opened.to_json() == case.to_json()
    names = ["latency_mean_s", "energy_total_j", "edge_utilisation_frac"]
    mine, theirs = evaluate(case, names), evaluate(opened, names)
    for name in names:
        assert math.isfinite(mine.value(name))
        assert mine.value(name) == theirs.value(name)


def test_the_order_in_which_data_are_given_does_not_matter(user_data: UserData) -> None:
    value = _value()
    value["measurements"].reverse()
    value["machines"]["my_board"]["values"] = dict(reversed(BOARD["values"].items()))
    assert UserData.from_dict(value) == user_data
    assert json.dumps(UserData.from_dict(value).to_dict()) == json.dumps(user_data.to_dict())


def test_a_case_without_own_data_has_none_of_it_in_its_text() -> None:
    assert "user_data" not in Case().to_dict()
    assert Case(user_data=UserData()) == Case()
    assert Case.from_dict({"schema": "eccc-case/1", "user_data": {}}) == Case()


def test_own_data_survive_every_way_of_changing_a_case(case: Case, user_data: UserData) -> None:
    assert case.with_scenario(population_count=3).user_data == user_data
    assert case.with_design(cut2=0).user_data == user_data
    assert evaluate(case, ["latency_mean_s"]).case() == case
    swept = sweep(case, {"population_count": [1, 2]}, ["latency_mean_s"])
    assert swept.case(1) == case


def test_a_dnn_brought_along_costs_what_the_same_shipped_one_costs() -> None:
    own = UserData.from_dict({"dnns": {"my_net": _shipped_as("my_net", "resnet18")}})
    mine = Case(Scenario(dnn="my_net"), Design(cut2=12), own)
    shipped = Case(Scenario(dnn="resnet18"), Design(cut2=12))
    for name in ("latency_mean_s", "energy_device_j", "memory_frac"):
        assert evaluate(mine, [name]).value(name) == evaluate(shipped, [name]).value(name)


def test_everything_else_in_the_catalog_stays_as_it_is(user_data: UserData) -> None:
    base = load_catalog()
    own = base.with_user_data(user_data)
    assert own is not base
    assert load_catalog() is base
    assert "my_board" not in base.machines
    assert set(own.machines) == {*base.machines, "my_board"}
    assert set(own.dnns) == {*base.dnns, "my_net"}
    assert own.dnns.label("my_net") == "My net"
    assert own.dnns["resnet50"] is base.dnns["resnet50"]
    assert all(own.facts[key] == fact for key, fact in base.facts.items())
    plain = Case()
    assert evaluate(plain, ["latency_p99_s"]).value("latency_p99_s") == evaluate(
        plain, ["latency_p99_s"], catalog=own
    ).value("latency_p99_s")


def test_equal_data_share_one_catalog_so_that_caches_hold(user_data: UserData) -> None:
    again = UserData.from_dict(_value())
    assert again is not user_data
    own = catalog_for(user_data)
    assert catalog_for(again) is own
    assert catalog_for(user_data, own) is own
    assert catalog_for(None) is load_catalog()
    assert catalog_for(UserData()) is load_catalog()


def test_stated_values_are_marked_as_chosen_and_missing_ones_are_gaps(
    user_data: UserData,
) -> None:
    machine = catalog_for(user_data).machines["my_board"]
    peak = machine.peak("fp32")
    assert isinstance(peak, Fact)
    assert (peak.value, peak.unit, peak.origin, peak.source) == (
        2e11,
        "op/s",
        "chosen",
        DATA_SOURCE,
    )
    assert DATA_SOURCE in catalog_for(user_data).sources
    assert isinstance(machine.peak("int8"), Gap)
    assert isinstance(machine.fact("price_usd", "list"), Gap)


def test_a_machine_without_a_peak_at_a_precision_gives_a_reason_not_a_number(case: Case) -> None:
    found = evaluate(case.with_design(edge_precision="int8"), ["latency_mean_s"])
    assert math.isnan(found.value("latency_mean_s"))
    assert "int8" in found.reason("latency_mean_s")


def _leaves(node: Node) -> list[Node]:
    return [node] if not node.children else [x for child in node.children for x in _leaves(child)]


def test_an_explanation_leads_down_to_what_the_user_stated_and_measured(case: Case) -> None:
    leaves = _leaves(explain(case, "edge_segment_s")) + _leaves(explain(case, "uplink_time_s"))
    origins = {fact.source: leaf.origin for leaf in leaves for fact in leaf.facts}
    assert origins["your-data"] == "chosen"
    assert origins["your-measurements"] == "measured"


def test_the_optimum_is_searched_with_own_data_and_carries_them(case: Case) -> None:
    relaxed = case.with_scenario(deadline_s=10.0)
    found = optimize(relaxed, "latency_mean_s", {"latency_mean_s": 10.0})
    assert found.best is not None
    best = found.best.case()
    assert best.user_data == case.user_data
    assert found.best.value("latency_mean_s") == evaluate(best).value("latency_mean_s")
    here = evaluate(relaxed, ["latency_mean_s"], exact=False).value("latency_mean_s")
    assert found.best.value("latency_mean_s") <= here


def test_differences_add_up_when_own_data_differ(case: Case) -> None:
    before = Case(Scenario(population_count=2), Design(cut1=1, cut2=1))
    name = "latency_idle_s"
    steps = diff(before, case, name)
    whole = evaluate(case, [name]).value(name) - evaluate(before, [name]).value(name)
    assert steps[0].path == "user_data"
    assert sum(step.contribution for step in steps) == pytest.approx(whole, rel=1e-9)


def test_cases_of_one_batch_share_their_own_data(case: Case) -> None:
    found = evaluate([case, case.with_design(cut2=0)], ["latency_mean_s"])
    assert len(found) == 2
    other = UserData(machines=case.user_data.machines if case.user_data else ())
    with pytest.raises(DesignError, match="differ in their user data"):
        evaluate([case, dataclasses.replace(case, user_data=other)])


def _set(*path: str, to: Any) -> dict[str, Any]:
    value: Any = _value()
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return dict(value)


NODES = ("dnns", "my_net", "nodes")
FAULTS: list[tuple[Any, str, str]] = [
    ([], "user_data", "must be an object"),
    ({"machine": {}}, "user_data.'machine'", "unknown key"),
    ({"machines": []}, "user_data.machines", "must be an object"),
    ({"measurements": {}}, "user_data.measurements", "must be a list"),
    ({"machines": {"My Board": BOARD}}, "user_data.machines.My Board", "is not an id"),
    ({"machines": {"a": []}}, "user_data.machines.a", "must be an object"),
    (_set("machines", "my_board", "tier", to="moon"), ".tier", "'moon' is not one of"),
    (_set("machines", "my_board", "kind", to=[]), ".kind", "is not one of"),
    (_set("machines", "my_board", "label", to=""), ".label", "is not a label"),
    (_set("machines", "my_board", "label", to="\ud800"), ".label", "is not a label"),
    (_set("machines", "my_board", "year", to="new"), ".year", "is not a year"),
    (_set("machines", "my_board", "speed", to=1), "'speed'", "unknown key"),
    (_set("machines", "my_board", "values", to=[]), ".values", "must be an object"),
    (_set("machines", "my_board", "values", to={"cores": 4}), ".values.cores", "unknown key"),
    (_set("machines", "my_board", "values", to={"tdp_w": "10 W"}), ".values.tdp_w", "number"),
    (_set("machines", "my_board", "values", to={"tdp_w": -1}), ".values.tdp_w", "below"),
    (_set("machines", "my_board", "values", to={"tdp_w": None}), ".values.tdp_w", "is null"),
    (_set("hops", "my_link", "serves", to=["sky"]), ".serves", "are not positions"),
    (_set("hops", "my_link", "technology", to="pigeon"), ".technology", "is not one of"),
    (_set("hops", "my_link", "values", to={"rtt_s": 1e9}), ".values.rtt_s", "above"),
    (_set("dnns", "my_net", "id", to="other"), "dnns.my_net.id", "differs from its key"),
    (_set("dnns", "my_net", "format", to="zip"), ".format", "is not known"),
    (_set("dnns", "my_net", "cuts", to=[-1]), ".cuts", "do not follow"),
    (_set("dnns", "my_net", "outputs", to=[99]), ".outputs", "are not rows"),
    (_set("dnns", "my_net", "totals", to={"macs": 1}), ".totals.macs", "is 1"),
    (_set("dnns", "my_net", "extra", to=1), "'extra'", "unknown key"),
    (_set(*NODES, to=[]), ".nodes", "is not a list"),
    (_set(*NODES, to=[1]), ".nodes[0]", "is not a row"),
    (
        _set(*NODES, to=[["conv", "a", [1], -1, 0, 0, [-1], [], []]]),
        ".nodes[0].macs",
        "is not valid",
    ),
    (_set(*NODES, to=[["conv", "a", [1], 1, 0, 0, [0], [], []]]), ".preds", "is not valid"),
    ({"measurements": [{"machine": "rpi4b"}]}, "[0].dnn", "is not an id"),
    ({"measurements": [1]}, "measurements[0]", "must be an object"),
]


@pytest.mark.parametrize(("value", "path", "message"), FAULTS)
def test_a_fault_is_named_with_its_place_and_what_is_allowed(
    value: Any, path: str, message: str
) -> None:
    with pytest.raises(DesignError) as caught:
        Case.from_dict({"schema": "eccc-case/1", "user_data": value})
    found = [p for p in caught.value.problems if path in p.path and message in p.message]
    assert found
    assert all(problem.allowed for problem in found)


def test_all_faults_of_own_data_are_told_at_once() -> None:
    value = _set("machines", "my_board", "tier", to="moon")
    value["hops"]["my_link"]["technology"] = "pigeon"
    value["measurements"][0]["latency_s"] = -1
    with pytest.raises(DataError) as caught:
        UserData.from_dict(value)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"machines": {"rpi4b": BOARD}}, r"user_data.machines.rpi4b: is an id of the catalog"),
        ({"hops": {"wan_fibre": LINK}}, r"user_data.hops.wan_fibre: is an id of the catalog"),
        (
            {"measurements": [_value()["measurements"][0]]},
            r"measurements\[0\].machine: 'my_board' is not",
        ),
        (
            {
                "machines": {"bare": BOARD | {"values": {}}},
                "measurements": [
                    {"machine": "bare", "dnn": "resnet18", "precision": "fp32", "latency_s": 1}
                ],
            },
            r"measurements\[0\].machine: no dense fp32 rate",
        ),
    ],
)
def test_data_that_do_not_fit_the_catalog_are_refused(value: Any, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        Case.from_dict({"schema": "eccc-case/1", "user_data": value})


def test_an_unknown_machine_is_still_refused_beside_own_ones() -> None:
    value = {"schema": "eccc-case/1", "scenario": {"edge": "your_board"}, "user_data": _value()}
    with pytest.raises(DesignError, match="'your_board' is not in the catalog"):
        Case.from_dict(value)


def test_more_than_a_megabyte_is_refused() -> None:
    value = _value()
    value["dnns"]["my_net"]["source"] = {"note": "x" * 1_000_000}
    with pytest.raises(DesignError, match="too long"):
        Case.from_dict({"schema": "eccc-case/1", "user_data": value})
    with pytest.raises(DesignError, match="too long"):
        Case.from_json(json.dumps({"schema": "eccc-case/1", "user_data": value}))


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
JUNK = st.recursive(
    ATOMS, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=4), x), max_leaves=5
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_replaces_a_part_is_read_or_refused(data: st.DataObject) -> None:
    value: Any = _value()
    value["dnns"]["my_net"]["nodes"] = value["dnns"]["my_net"]["nodes"][:3]
    inner = value
    for _ in range(data.draw(st.integers(1, 5))):
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = data.draw(st.sampled_from(keys))
        last, inner = inner, inner[key]
        if not isinstance(inner, dict | list) or not inner:
            break
    last[key] = data.draw(JUNK)
    try:
        UserData.from_dict(value)
        problems: tuple[Any, ...] = ("read",)
    except DataError as error:
        problems = error.problems
    assert problems


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not(case: Case) -> None:
    check = jsonschema.Draft202012Validator(case_schema())
    check.validate(case.to_dict())
    for value in (
        _set("machines", "my_board", "tier", to="moon"),
        _set("machines", "my_board", "values", to={"tdp_w": -1}),
        _set("hops", "my_link", "serves", to=[]),
        {"measurements": [{"machine": "a"}]},
        {"other": 1},
    ):
        assert not check.is_valid({"schema": "eccc-case/1", "user_data": value})


def test_a_later_entry_replaces_an_earlier_one_of_the_same_id(user_data: UserData) -> None:
    faster = UserData.from_dict(
        {
            "machines": {"my_board": BOARD | {"label": "Faster"}},
            "measurements": [_value()["measurements"][0] | {"latency_s": 0.01}],
        }
    )
    both = user_data.merged(faster)
    assert [machine.label for machine in both.machines] == ["Faster"]
    assert {m.latency_s for m in both.measurements if m.dnn == "my_net"} == {0.01}
    assert len(both.measurements) == 3


def test_every_field_has_a_label_a_help_and_bounds_in_its_unit() -> None:
    for field in (*MACHINE_FIELDS.values(), *HOP_FIELDS.values()):
        declared = field.declared
        assert declared.label
        assert declared.help
        assert declared.low < declared.high


def test_a_dnn_from_an_import_is_taken_as_it_is_written() -> None:
    text = (data_folder() / "dnns" / "mistral_7b.json").read_text(encoding="utf-8")
    value = json.loads(text) | {"id": "my_model", "label": "Mine"}
    own = UserData(dnns=(user_dnn(json.dumps(value)),))
    catalog = catalog_for(own)
    assert catalog.language_models["my_model"].params == 7_241_732_096
    assert "my_model" not in catalog.dnns
    broken = json.dumps(value | {"totals": {}})
    with pytest.raises(DataError, match="does not follow from the configuration"):
        user_dnn(broken)
    with pytest.raises(DataError, match="is not JSON"):
        user_dnn("{")


def test_a_rent_of_an_own_machine_is_charged() -> None:
    board = BOARD | {"tier": "cloud", "values": BOARD["values"] | {"rent_usd_per_s": 1e-4}}
    own = UserData.from_dict({"machines": {"my_cloud": board}})
    rent = catalog_for(own).rent("my_cloud")
    assert isinstance(rent, Fact)
    assert (rent.value, rent.origin) == (1e-4, "chosen")
