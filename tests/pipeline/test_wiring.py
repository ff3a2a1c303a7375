"""The table refuses what does not fit together, and the shipped table has no loose end."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models import Case, evaluate
from analytic_models.catalog import load_catalog
from analytic_models.design import load_scenarios
from analytic_models.errors import WiringError
from analytic_models.graph import AppliedEffect, Binding, Graph, bind, either, law_units, q, total
from analytic_models.laws.communication import transfer_time
from analytic_models.laws.energy import compute_energy
from analytic_models.laws.sojourn import class_arrival
from analytic_models.pipeline import HOOKS, LABELS, OUTPUTS, PIPELINE
from analytic_models.pipeline.columns import COLUMNS, column_units
from analytic_models.units import Array, Bit, S, Unit, unit_of_name
from analytic_models.wiring_audit import wiring_problems
from taxonomy import load_taxonomy
from taxonomy.schema import LAYER_HOOKS

COLUMNS_OF_TWO = {
    "size_bit": Unit("bit"),
    "link_bit_per_s": Unit("bit/s"),
    "board_w": Unit("w"),
}
SEND = q("send_s", "s", transfer_time, size="size_bit", rate="link_bit_per_s")
SPEND = q("spent_j", "j", compute_energy, power="board_w", time="send_s")


def _refused(bindings: tuple[Binding, ...], outputs: tuple[str, ...] = ("spent_j",)) -> str:
    with pytest.raises(WiringError) as caught:
        Graph(COLUMNS_OF_TWO, bindings, outputs)
    return str(caught.value)


def _without_unit(size, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return size / rate


def _byte_law(size: Bit) -> S:
    return size


def test_two_laws_that_fit_run_in_any_order() -> None:
    graph = Graph(COLUMNS_OF_TWO, (SPEND, SEND), ("spent_j",))
    values = graph.run({"size_bit": 8.0, "link_bit_per_s": 2.0, "board_w": 3.0}, ["spent_j"])
    assert values["spent_j"] == 12.0
    assert graph.order == ("send_s", "spent_j")


def test_an_unknown_input_is_refused() -> None:
    wrong = q("spent_j", "j", compute_energy, power="board_w", time="sending_s")
    assert "spent_j: needs 'sending_s', which nothing makes" in _refused((SEND, wrong))


def test_a_name_declared_twice_is_refused() -> None:
    assert "send_s: is declared twice" in _refused((SEND, SEND, SPEND))


def test_a_quantity_named_as_a_column_is_refused() -> None:
    again = q("size_bit", "bit", transfer_time, size="size_bit", rate="link_bit_per_s")
    assert "size_bit: is declared twice" in _refused((SEND, SPEND, again))


def test_a_quantity_that_nothing_uses_is_refused() -> None:
    loose = q("again_s", "s", transfer_time, size="size_bit", rate="link_bit_per_s")
    assert "again_s: is used by nothing" in _refused((SEND, SPEND, loose))


def test_a_column_that_nothing_uses_is_refused() -> None:
    with pytest.raises(WiringError, match="spare_s: is used by nothing"):
        Graph({**COLUMNS_OF_TWO, "spare_s": Unit("s")}, (SEND, SPEND), ("spent_j",))


def test_an_output_that_nothing_makes_is_refused() -> None:
    found = _refused((SEND, SPEND), ("spent_j", "profit_usd"))
    assert "profit_usd: is an output that nothing makes" in found


def test_an_input_in_another_unit_is_refused() -> None:
    wrong = q("send_s", "s", transfer_time, size="size_bit", rate="board_w")
    found = _refused((wrong, SPEND), ("spent_j", "link_bit_per_s"))
    assert "transfer_time wants rate in bit/s, board_w is in w" in found


def test_bytes_over_a_link_in_bits_are_refused() -> None:
    columns = {**COLUMNS_OF_TWO, "size_byte": Unit("byte")}
    wrong = q("send_s", "s", transfer_time, size="size_byte", rate="link_bit_per_s")
    with pytest.raises(WiringError, match="wants size in bit, size_byte is in byte"):
        Graph(columns, (wrong, SPEND), ("spent_j", "size_bit"))


def test_a_result_in_another_unit_than_declared_is_refused() -> None:
    wrong = q("send_s", "s", compute_energy, power="board_w", time="wait_s")
    with pytest.raises(WiringError, match="is in s, its law gives j"):
        Graph({"board_w": Unit("w"), "wait_s": Unit("s")}, (wrong,), ("send_s",))


def test_a_name_that_ends_in_another_unit_is_refused() -> None:
    wrong = q("send_j", "s", transfer_time, size="size_bit", rate="link_bit_per_s")
    with pytest.raises(WiringError, match="its name says otherwise"):
        Graph({k: v for k, v in COLUMNS_OF_TWO.items() if k != "board_w"}, (wrong,), ("send_j",))


def test_a_name_without_unit_is_refused() -> None:
    wrong = q("duration", "s", transfer_time, size="size_bit", rate="link_bit_per_s")
    with pytest.raises(WiringError, match="ends in no known unit"):
        Graph({k: v for k, v in COLUMNS_OF_TWO.items() if k != "board_w"}, (wrong,), ("duration",))


def test_a_parameter_left_unbound_or_unknown_is_refused() -> None:
    wrong = q("send_s", "s", transfer_time, size="size_bit", speed="link_bit_per_s")
    assert "transfer_time and its inputs differ in ['rate', 'speed']" in _refused((wrong, SPEND))


def test_a_law_without_unit_annotations_is_refused() -> None:
    wrong = q("send_s", "s", _without_unit, size="size_bit", rate="link_bit_per_s")
    assert "has no unit annotation" in _refused((wrong, SPEND))


def test_a_cycle_is_refused() -> None:
    first = q("first_s", "s", total, "second_s")
    second = q("second_s", "s", total, "first_s")
    with pytest.raises(WiringError, match="cycle"):
        Graph({}, (first, second), ("first_s",))


def test_the_units_of_both_alternatives_are_checked() -> None:
    wrong = either(
        "send_s", "s", by="fast_flag",
        off=bind(transfer_time, size="size_bit", rate="link_bit_per_s"),
        on=bind(compute_energy, power="board_w", time="wait_s"),
    )  # fmt: skip
    columns = {**COLUMNS_OF_TWO, "fast_flag": Unit("flag"), "wait_s": Unit("s")}
    with pytest.raises(WiringError, match="its law gives j"):
        Graph(columns, (wrong,), ("send_s",))


def test_a_flag_chooses_the_law_case_by_case() -> None:
    either_way = either(
        "answer_s", "s", by="fast_flag",
        off=bind(total, "slow_s"), on=bind(total, "quick_s"),
    )  # fmt: skip
    columns = {"fast_flag": Unit("flag"), "slow_s": Unit("s"), "quick_s": Unit("s")}
    graph = Graph(columns, (either_way,), ("answer_s",))
    flags = np.array([0.0, 1.0, 0.0])
    found = graph.run({"fast_flag": flags, "slow_s": 2.0, "quick_s": 1.0}, ["answer_s"])
    assert np.asarray(found["answer_s"]).tolist() == [2.0, 1.0, 2.0]
    one = graph.run({"fast_flag": 1.0, "slow_s": 2.0, "quick_s": 1.0}, ["answer_s"])
    assert one["answer_s"] == 1.0


def test_an_effect_changes_only_the_cases_where_it_is_active() -> None:
    hooked = q("send_s", "s", total, "slow_s", hook="send_s")
    graph = Graph({"slow_s": Unit("s")}, (hooked,), ("send_s",))
    double = AppliedEffect("x", lambda x, factor: x * factor, {"factor": 2.0}, np.array([0.0, 1.0]))
    found = graph.run({"slow_s": np.array([1.0, 1.0])}, ["send_s"], {"send_s": [double]})
    assert np.asarray(found["send_s"]).tolist() == [1.0, 2.0]


def test_only_what_is_wanted_is_computed() -> None:
    names = [binding.name for binding in PIPELINE.plan(["cost_usd"])]
    assert "cost_usd" in names
    assert "latency_p99_s" not in names


def test_every_name_of_the_shipped_table_ends_in_its_unit() -> None:
    for name in (*PIPELINE.order, *PIPELINE.sources):
        assert unit_of_name(name).agrees(PIPELINE.unit(name)), name


def test_every_column_is_looked_up_and_every_look_up_is_a_column() -> None:

    assert set(evaluate(Case(), ["stable_flag"]).batch.columns) == set(COLUMNS)
    assert set(column_units()) == set(PIPELINE.sources)


def test_every_quantity_has_words_that_differ_from_those_of_all_others() -> None:
    assert all(LABELS[name] for name in (*PIPELINE.order, *PIPELINE.sources))
    outputs = [LABELS[name] for name in OUTPUTS]
    assert len(set(outputs)) == len(outputs)


def test_the_hooks_of_the_table_are_those_that_the_taxonomy_may_use() -> None:
    taxonomy = load_taxonomy()
    assert set(HOOKS) == set(taxonomy.hooks) - set(LAYER_HOOKS)


def test_the_audit_of_the_wiring_finds_nothing() -> None:
    problems = wiring_problems(load_catalog(), load_taxonomy(), load_scenarios())
    assert [str(problem) for problem in problems] == []


def test_a_law_states_the_unit_of_every_parameter_and_of_its_result() -> None:
    needs, result = law_units(class_arrival)
    assert {name: unit.symbol for name, unit in needs.items()} == {
        "population": "count",
        "per_device": "1/s",
    }
    assert result.symbol == "1/s"


def _annotated(size: Bit) -> Array:
    return size


def test_a_result_without_unit_is_refused() -> None:
    with pytest.raises(WiringError, match="return has no unit"):
        law_units(_annotated)
