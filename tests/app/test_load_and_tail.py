"""Load and Tail: what they show, the check by simulation, and the assumptions behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from charts.load import busy_chart, growth_chart, missed_chart
from charts.tail import tail_chart
from streamlit.testing.v1 import AppTest
from viewmodels.checking import compare
from viewmodels.lights import strip
from viewmodels.load import AXES, growth, moved, offers
from viewmodels.tail import band, tail

from analytic_models import Case, evaluate, load_scenarios
from analytic_models.simulation.case import simulate
from tests.app.conftest import APP, Server, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOAD, TAIL = APP / "views" / "load.py", APP / "views" / "tail.py"
FACTORY = load_scenarios()["1-factory"]
PATIENCE_MS = 60_000
OVERLOADED = FACTORY.with_scenario(population_count=5000)
SPECIAL: tuple[dict[str, Any], ...] = (
    {},
    {"edge_discipline": "batch"},
    {"arrivals": "periodic"},
    {"arrivals": "synchronised"},
    {"arrivals": "bursty"},
    {"uplink_slow_frac": 0.2},
    {"arrival_per_s": 0.0},
)


def _open(file: Path, case: Case | None = None) -> AppTest:
    at = AppTest.from_file(str(file), default_timeout=60)
    if case is not None:
        at.session_state["case"] = case.to_json()
    at.run()
    assert not at.exception
    return at


def _texts(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


@pytest.mark.parametrize("file", [LOAD, TAIL], ids=["load", "tail"])
@pytest.mark.parametrize("changes", SPECIAL, ids=str)
def test_a_page_is_drawn_under_every_law(file: Path, changes: dict[str, Any]) -> None:
    at = _open(file, FACTORY.with_scenario(**changes))
    assert "ResNet-50 for" in _texts(at)


@pytest.mark.parametrize("name", list(load_scenarios()))
@pytest.mark.parametrize("file", [LOAD, TAIL], ids=["load", "tail"])
def test_a_page_is_drawn_for_every_ready_made_scenario(file: Path, name: str) -> None:
    at = _open(file, load_scenarios()[name])
    assert at.get("bidi_component")


def test_an_overloaded_design_has_no_tail_but_says_so() -> None:
    at = _open(TAIL, OVERLOADED)
    assert "no distribution" in at.info[0].value


def test_more_capacity_is_taken_with_one_button() -> None:
    at = _open(LOAD)
    at.button(key="take_1").click().run()
    assert not at.exception
    changed = Case.from_json(at.session_state["case"])
    assert changed.scenario.edge_servers_count == FACTORY.scenario.edge_servers_count + 1


def test_what_grows_can_be_chosen() -> None:
    at = _open(LOAD)
    at.session_state["_load_axis"] = "arrival_per_s"
    at.run()
    assert not at.exception


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("changes", SPECIAL, ids=str)
def test_curves_end_where_a_queue_grows_without_bound(axis: str, changes: dict[str, Any]) -> None:
    found = growth(FACTORY.with_scenario(**changes), axis)
    if found.limit is None:
        assert found.loads[-1] >= found.now
        return
    for _, values in found.lines:
        for load, value in zip(found.loads, values, strict=True):
            assert (value is None) == (load >= found.limit * (1 - 1e-9))
    assert found.now in found.loads


def test_the_order_of_the_curves_is_that_of_their_levels() -> None:
    found = growth(FACTORY, "population_count")
    at = found.loads.index(12.0)
    values = [values[at] or 0.0 for _, values in found.lines]
    assert values == sorted(values)
    assert values[2] == pytest.approx(found.at_now[2], rel=0.1)


def test_one_more_server_carries_more_devices() -> None:
    found = {offer.label: offer for offer in offers(FACTORY)}
    before, after = found["as it is"], found["one more edge server"]
    assert int(after.carried) > int(before.carried)
    assert after.better
    assert after.changes == {"edge_servers_count": FACTORY.scenario.edge_servers_count + 1}


def test_a_chosen_point_moves_the_load_there() -> None:
    assert moved(FACTORY, "population_count", 7.4).scenario.population_count == 7
    assert moved(FACTORY, "arrival_per_s", 2.5).scenario.arrival_per_s == 2.5


def test_the_tail_falls_and_meets_its_percentiles() -> None:
    found = tail(FACTORY)
    assert found is not None
    drawn = [share for share in found.above if share is not None]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(drawn))
    assert evaluate(FACTORY).value("latency_p99_s") * found.factor == found.marks[2][1]


def test_a_run_lies_in_its_band_and_beside_the_laws() -> None:
    found = tail(FACTORY)
    assert found is not None
    result = simulate(FACTORY, 30_000)
    run = band(found, result)
    for low, share, high in zip(run.low, run.above, run.high, strict=True):
        assert share is None or low <= share <= high
    rows = compare(evaluate(FACTORY), result).rows
    assert [row.label for row in rows][:1] == ["mean"]
    assert all(row.difference.endswith("%") for row in rows[:4])


@pytest.mark.parametrize("make", [growth_chart, missed_chart, busy_chart])
def test_the_charts_of_the_load_are_plain_json(make: Callable[..., Any]) -> None:
    chart = make(growth(FACTORY, "population_count"))
    assert json.loads(json.dumps([*chart.data, chart.layout]))
    assert len({len(row) for row in chart.rows} | {len(chart.columns)}) == 1


def test_the_chart_of_the_tail_is_plain_json_and_marks_the_deadline() -> None:
    found = tail(FACTORY)
    assert found is not None
    chart = tail_chart(found, band(found, simulate(FACTORY, 30_000)))
    assert json.loads(json.dumps([*chart.data, chart.layout]))
    assert chart.layout["shapes"][0]["x0"] == pytest.approx(found.deadline)
    assert len({len(row) for row in chart.rows} | {len(chart.columns)}) == 1


def test_the_strip_begins_with_the_most_serious_light() -> None:
    found = strip(FACTORY.with_scenario(population_count=18))
    assert found.lights[0].state == found.state == "red"
    assert "mislead" in found.sentence


@pytest.fixture
def on_tail(page: Page, serve: Callable[..., Server]) -> Iterator[Page]:
    """Open the app at Tail; its server must not write a traceback."""
    server = serve(APP / "streamlit_app.py")
    page.goto(server.url)
    page.locator(".eccc-headline").wait_for(timeout=PATIENCE_MS)
    settle(page)
    page.locator("[data-testid=stTopNavSection]", has_text="Load").click()
    page.locator("[data-testid=stTopNavDropdownLink]", has_text="Tail").first.click()
    page.get_by_role("button", name="Simulate").wait_for(timeout=PATIENCE_MS)
    settle(page)
    yield page
    assert "Traceback" not in server.log.read_text()


def test_a_simulation_is_laid_over_the_tail_and_the_assumptions_open(on_tail: Page) -> None:
    on_tail.get_by_role("button", name="Simulate").click()
    compared = on_tail.get_by_role("heading", name="Closed form and simulation")
    compared.wait_for(timeout=PATIENCE_MS)
    on_tail.get_by_text("95 % band of the run").first.wait_for()
    settle(on_tail)
    on_tail.get_by_role("button", name=re.compile("assumptions")).click()
    on_tail.get_by_text("Distance from saturation").wait_for(timeout=PATIENCE_MS)


def test_a_running_simulation_can_be_cancelled(on_tail: Page) -> None:
    on_tail.get_by_role("combobox", name=re.compile("Requests")).last.click()
    on_tail.get_by_role("option").last.click()
    settle(on_tail)
    on_tail.get_by_role("button", name="Simulate").click()
    cancel = on_tail.get_by_role("button", name="Cancel")
    cancel.click()
    cancel.wait_for(state="detached")
    settle(on_tail)
    assert on_tail.get_by_role("heading", name="Closed form and simulation").count() == 0
