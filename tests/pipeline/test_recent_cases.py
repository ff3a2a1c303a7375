"""A case that follows a similar one runs only what changed, and gives the same bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from analytic_models import Case, DesignError, evaluate, load_scenarios
from analytic_models.graph import AppliedEffect, Binding, Graph, q
from analytic_models.graph_recent import Recent
from analytic_models.pipeline import PIPELINE
from analytic_models.units import S, Unit

PRESETS = load_scenarios()
RANDOM = np.random.default_rng(29)
MOVES: Mapping[str, Sequence[Any]] = {
    "population_count": (1, 3, 40),
    "arrival_per_s": (0.01, 0.7, 2.0, 300.0),
    "uplink_bit_per_s": (1e6, 3e7, None),
    "uplink_rtt_s": (0.0, 0.02, None),
    "compute_scv": (0.0, 0.6, 1.0),
    "message_scv": (0.0, 1.0, 2.0),
    "deadline_s": (0.01, 0.1, 5.0),
    "deadline_at": ("mean", "p50", "p99.9"),
    "edge_servers_count": (1, 2, 9),
    "uplink_discipline": ("ps", "fcfs"),
    "edge_discipline": ("ps", "fcfs", "batch"),
    "arrivals": ("poisson", "periodic", "bursty"),
    "edge_pue": (1.0, 1.6),
    "cloud": ("a100_sxm", "l4"),
}


def _same(case: Case) -> None:
    """Evaluate a case after others, and alone."""
    after = evaluate(case)
    object.__setattr__(PIPELINE, "_recent", Recent())
    alone = evaluate(case)
    assert after.values.keys() == alone.values.keys()
    for name, value in alone.values.items():
        np.testing.assert_array_equal(after.values[name], value, err_msg=name)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_walk_of_sliders_gives_the_bits_of_every_case_alone(name: str) -> None:
    case = PRESETS[name]
    fields = list(MOVES)
    for _ in range(12):
        for field in RANDOM.choice(fields, 2, replace=False):
            options = MOVES[field]
            # Some combinations have no law and stay as they were.
            with suppress(DesignError):
                case = case.with_scenario(**{field: options[RANDOM.integers(len(options))]})
            evaluate(case)
        _same(case)
    _same(PRESETS[name])


def _counted(calls: list[str]) -> Graph:
    """Return a table of two sums that notes which of its laws ran."""

    def left(first: S, second: S) -> S:
        calls.append("left")
        return first + second

    def right(third: S) -> S:
        calls.append("right")
        return 2.0 * third

    # Annotations are strings here, which a table resolves in the module's names only.
    right.__annotations__ = {"third": S, "return": S}
    left.__annotations__ = {"first": S, "second": S, "return": S}
    table: tuple[Binding, ...] = (
        q("left_s", "s", left, first="a_s", second="b_s"),
        q("right_s", "s", right, third="c_s"),
    )
    second = Unit("s")
    return Graph({"a_s": second, "b_s": second, "c_s": second}, table, ("left_s", "right_s"))


def test_only_what_depends_on_a_changed_input_runs_again() -> None:
    calls: list[str] = []
    graph = _counted(calls)
    wanted = ("left_s", "right_s")
    columns = {"a_s": 1.0, "b_s": 2.0, "c_s": 3.0}
    assert graph.run(columns, wanted)["left_s"] == 3.0
    assert graph.run(columns | {"b_s": 5.0}, wanted)["left_s"] == 6.0
    assert calls == ["left", "right", "left"]
    assert graph.run(columns | {"b_s": 5.0}, wanted)["right_s"] == 6.0
    assert calls == ["left", "right", "left"]


def test_an_unknown_input_and_arrays_of_cases_run_everything_that_depends_on_them() -> None:
    calls: list[str] = []
    graph = _counted(calls)
    wanted = ("left_s", "right_s")
    columns = {"a_s": float("nan"), "b_s": 2.0, "c_s": 3.0}
    assert np.isnan(graph.run(columns, wanted)["left_s"])
    assert np.isnan(graph.run(columns | {"a_s": float("nan")}, wanted)["left_s"])
    assert calls == ["left", "right", "left"]
    many = graph.run({"a_s": np.ones(3), "b_s": 2.0, "c_s": 3.0}, wanted)
    assert many["left_s"].tolist() == [3.0, 3.0, 3.0]
    assert calls[3:] == ["left", "right"]


def test_other_effects_are_another_case() -> None:
    recent = Recent()
    effect = AppliedEffect("t", lambda x: 2.0 * x, {}, 1.0)
    recent.keep("kind", {"a_s": 1.0}, {"hook": (effect,)}, {"a_s": 1.0, "b_s": 2.0})
    assert recent.nearest("kind", {"a_s": 1.0}, {}) is None
    assert recent.nearest("other kind", {"a_s": 1.0}, {"hook": (effect,)}) is None


def test_the_most_similar_of_the_last_cases_is_taken_and_changing_the_copy_leaves_it_alone() -> (
    None
):
    recent, effects = Recent(), {"hook": ()}
    for a, b in ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0)):
        recent.keep("kind", {"a_s": a, "b_s": b, "c_s": 0.0}, effects, {"sum_s": a + b})
    found = recent.nearest("kind", {"a_s": 1.0, "b_s": 1.0, "c_s": 4.0}, effects)
    assert found is not None
    values, changed = found
    assert (values, changed) == ({"sum_s": 2.0}, frozenset({"c_s"}))
    values["sum_s"] = -1.0
    again = recent.nearest("kind", {"a_s": 1.0, "b_s": 1.0, "c_s": 4.0}, effects)
    assert again is not None
    assert again[0] == {"sum_s": 2.0}
