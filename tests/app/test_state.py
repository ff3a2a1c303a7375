"""The state of a visitor: five doors, undo, and a copy that survives."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import sessions
import state
from components.storage import Stored

from analytic_models import Case, load_scenarios


class _Rerun(Exception):
    """Stands for ``st.rerun``."""


class _Stop(Exception):
    """Stands for ``st.stop``."""


def _raise(kind: type[Exception]) -> Any:
    def raised() -> None:
        raise kind

    return raised


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Replace Streamlit and the browser: what was kept, and what is written."""
    kept = SimpleNamespace(answer=Stored(arrived=True), written=None, query={})
    stand_in = SimpleNamespace(
        session_state={}, query_params=kept.query, stop=_raise(_Stop), rerun=_raise(_Rerun)
    )

    def storage(name: str, text: str | None, key: str) -> Stored:
        kept.written = text
        return kept.answer

    monkeypatch.setattr(state, "st", stand_in)
    monkeypatch.setattr(state, "browser_storage", storage)
    kept.session = stand_in.session_state
    return kept


def _open(browser: SimpleNamespace) -> None:
    with pytest.raises(_Rerun):
        state.open_session()
    state.open_session()


def test_a_first_visit_starts_with_the_first_preset(browser: SimpleNamespace) -> None:
    _open(browser)
    name, ready = next(iter(load_scenarios().items()))
    assert state.preset() == name
    assert state.case() == ready
    assert not state.can_undo()


def test_the_first_run_waits_for_the_browser(browser: SimpleNamespace) -> None:
    browser.answer = Stored(arrived=False)
    with pytest.raises(_Stop):
        state.open_session()
    assert "case" not in browser.session


def test_a_change_builds_one_new_case_and_leaves_the_rest(browser: SimpleNamespace) -> None:
    _open(browser)
    before = state.case()
    assert state.change("scenario", population_count=37)
    assert state.case() == before.with_scenario(population_count=37)
    assert before.scenario.population_count != 37


def test_undo_and_redo_walk_through_sixty_changes(browser: SimpleNamespace) -> None:
    _open(browser)
    start = state.case_json()
    texts = [start]
    for count in range(100, 160):
        state.change("scenario", population_count=count)
        texts.append(state.case_json())
    for expected in reversed(texts[:-1]):
        state.undo()
        assert state.case_json() == expected
    assert not state.can_undo()
    for expected in texts[1:]:
        state.redo()
        assert state.case_json() == expected
    assert not state.can_redo()


def test_a_change_after_undo_drops_what_was_undone(browser: SimpleNamespace) -> None:
    _open(browser)
    state.change("scenario", population_count=101)
    state.undo()
    state.change("scenario", population_count=102)
    assert not state.can_redo()


def test_an_equal_value_is_no_step_to_undo(browser: SimpleNamespace) -> None:
    _open(browser)
    state.change("scenario", population_count=state.case().scenario.population_count)
    assert not state.can_undo()


def test_reset_returns_to_the_preset_and_can_be_undone(browser: SimpleNamespace) -> None:
    _open(browser)
    name = list(load_scenarios())[1]
    state.load_preset(name)
    state.change("scenario", deadline_s=0.123)
    state.reset()
    assert state.case() == load_scenarios()[name]
    state.undo()
    assert state.case().scenario.deadline_s == 0.123


def test_crossing_cuts_are_refused_and_completed_by_the_next_change(
    browser: SimpleNamespace,
) -> None:
    _open(browser)
    state.change("design", cut1=2, cut2=5)
    before = state.case_json()
    assert not state.change("design", cut1=9)
    assert state.case_json() == before
    assert "lies behind" in state.refused("design.cut1")[0].message
    assert state.change("design", cut2=11)
    assert (state.case().design.cut1, state.case().design.cut2) == (9, 11)
    assert state.refused("design.cut1") == ()


def test_a_refused_value_stays_in_its_widget_until_it_is_corrected(
    browser: SimpleNamespace,
) -> None:
    _open(browser)
    state.change("design", cut1=2, cut2=5)
    browser.session["_design.cut1"] = 9
    state.change("design", cut1=9)
    state.seed("_design.cut1", 2, "design.cut1")
    assert state.typed("_design.cut1") == 9
    state.change("design", cut1=3)
    state.seed("_design.cut1", 3, "design.cut1")
    assert state.typed("_design.cut1") == 3


def test_an_echo_from_before_an_undo_is_not_taken_for_typing(
    browser: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open(browser)
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(state, "time", SimpleNamespace(monotonic=lambda: clock.now))
    state.seed("_x", 12)
    browser.session["_x"] = 30
    assert state.typed("_x") == 30
    state.seed("_x", 12)
    browser.session["_x"] = 30
    assert state.typed("_x") is None
    clock.now += state.ECHO_S
    assert state.typed("_x") == 30


def test_stops_of_a_slider_keep_what_the_browser_may_still_hold(browser: SimpleNamespace) -> None:
    _open(browser)
    state.stops("scenario.population_count", 12)
    assert state.stops("scenario.population_count", 4) == (4, 12)


def test_another_change_goes_through_while_a_value_is_refused(browser: SimpleNamespace) -> None:
    _open(browser)
    state.change("design", cut1=2, cut2=5)
    state.change("design", cut1=9)
    assert state.change("scenario", population_count=33)
    assert state.case().scenario.population_count == 33
    assert state.case().design.cut1 == 2
    assert state.refused("design.cut1")


def test_a_new_dnn_takes_the_cuts_along(browser: SimpleNamespace) -> None:
    _open(browser)
    state.change("scenario", dnn="resnet50")
    state.change("design", cut1=0, cut2=20)
    assert state.change("scenario", dnn="mobilenet_v2")
    assert (state.case().design.cut1, state.case().design.cut2) == (0, 34)


def test_a_file_is_taken_and_can_be_undone(browser: SimpleNamespace) -> None:
    _open(browser)
    before = state.case()
    other = before.with_scenario(population_count=7)
    assert state.import_file("case.json", other.to_json(indent=2).encode())
    assert state.case() == other
    state.undo()
    assert state.case() == before


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        (b"\xff\xfe", "case.json", "is not text"),
        (b"{", "", "not JSON"),
        (b"[]", "", "object"),
        (b"x" * 1_000_001, "case.json", "has 1000001 bytes"),
        (b'{"schema": "eccc-case/1", "scenario": {"speed": 1}}', "scenario.speed", "unknown key"),
        (
            b'{"schema": "eccc-case/1", "scenario": {"deadline_s": -1}}',
            "scenario.deadline_s",
            "is below",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_the_design_stays(
    browser: SimpleNamespace, raw: bytes, path: str, words: str
) -> None:
    _open(browser)
    before = state.case_json()
    assert not state.import_file("case.json", raw)
    assert state.case_json() == before
    message = state.message()
    assert message is not None
    assert message.kind == "error"
    assert message.problems[0].path == path
    assert words in message.problems[0].message


def test_a_wrong_file_names_the_allowed_values(browser: SimpleNamespace) -> None:
    _open(browser)
    value = state.case().to_dict()
    value["design"]["edge_precision"] = "fp8"
    state.import_file("case.json", json.dumps(value).encode())
    message = state.message()
    assert message is not None
    assert message.problems[0].allowed == "fp32, fp16, int8, int4"


def test_the_browser_brings_the_work_back(browser: SimpleNamespace) -> None:
    name = list(load_scenarios())[2]
    mine = load_scenarios()[name].with_scenario(population_count=5)
    browser.answer = Stored(True, sessions.pack_session(mine, name, {"queues": [1, 2]}))
    _open(browser)
    assert state.case() == mine
    assert state.preset() == name
    assert state.lesson() == {"queues": [1, 2]}


def test_the_browser_always_gets_the_newest_case(browser: SimpleNamespace) -> None:
    _open(browser)
    state.change("scenario", population_count=41)
    state.set_lesson("queues", 3)
    state.open_session()
    kept = sessions.unpack_session(browser.written)
    assert kept is not None
    assert kept.case == state.case()
    assert kept.lesson == {"queues": 3}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"case": 1}', '{"case": {"schema": "old"}}'])
def test_foreign_text_in_the_browser_is_left_out(browser: SimpleNamespace, text: str) -> None:
    browser.answer = Stored(True, text)
    _open(browser)
    assert state.case() == next(iter(load_scenarios().values()))


def test_work_that_no_longer_fits_is_said_to_be_left_out(browser: SimpleNamespace) -> None:
    value = {"case": Case().to_dict(), "preset": "1-factory"}
    value["case"]["scenario"]["device"] = "a machine that was removed"
    browser.answer = Stored(True, json.dumps(value))
    _open(browser)
    message = state.message()
    assert message is not None
    assert message.problems[0].path == "scenario.device"


def test_a_link_restores_the_case_exactly_and_leaves_the_address(
    browser: SimpleNamespace,
) -> None:
    name = list(load_scenarios())[1]
    sent = load_scenarios()[name].with_scenario(uplink_bit_per_s=1.25e7, name="Mine & <yours>")
    browser.query["d"] = sessions.pack_link(sent, name)
    _open(browser)
    assert state.case() == sent
    assert state.preset() == name
    assert browser.query == {}


def test_a_link_does_not_cost_the_own_work(browser: SimpleNamespace) -> None:
    name = next(iter(load_scenarios()))
    mine = load_scenarios()[name].with_scenario(population_count=3)
    browser.answer = Stored(True, sessions.pack_session(mine, name, {}))
    browser.query["d"] = sessions.pack_link(mine.with_scenario(population_count=9), name)
    _open(browser)
    assert state.case().scenario.population_count == 9
    state.undo()
    assert state.case() == mine


def test_a_damaged_link_is_refused_with_a_reason(browser: SimpleNamespace) -> None:
    browser.query["d"] = "1.abc"
    _open(browser)
    message = state.message()
    assert message is not None
    assert message.kind == "error"
    assert "cannot be opened" in message.text


def test_a_message_goes_with_the_next_change(browser: SimpleNamespace) -> None:
    _open(browser)
    state.import_file("x", b"{")
    state.change("scenario", population_count=77)
    assert state.message() is None


def test_applying_replaces_the_whole_case(browser: SimpleNamespace) -> None:
    _open(browser)
    other = state.case().with_design(cut1=1, cut2=3)
    assert state.take(other)
    assert state.case() == other
    assert state.can_undo()
