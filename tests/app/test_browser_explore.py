"""Explore and Optimise in a real browser: what a visitor does, and what must survive it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analytic_models import Case, load_scenarios
from tests.app.conftest import APP, Server, Watch, settle

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

pytestmark = pytest.mark.browser

PRESETS = load_scenarios()
FIRST = next(iter(PRESETS.values()))
SECOND = list(PRESETS.values())[1]
LONGEST_LINK = 2000
SEARCH_MS = 30_000
TO_OPTIMISE = "All reasons, other objectives"


def _expect(target: Any, timeout: int = SEARCH_MS) -> Any:
    from playwright.sync_api import expect

    expect.set_options(timeout=timeout)
    return expect(target)


@pytest.fixture
def server(serve: Callable[[Path], Server]) -> Server:
    """Serve the app itself."""
    return serve(APP / "streamlit_app.py")


@pytest.fixture
def explorer(page: Page, server: Server) -> Iterator[Page]:
    """Open the app as somebody who comes for the first time."""
    _visit(page, server.url)
    yield page
    assert "Traceback" not in server.log.read_text()


def _visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-toolbar").wait_for(timeout=SEARCH_MS)
    page.locator(".eccc-headline").wait_for(timeout=SEARCH_MS)
    _done(page)


def _done(page: Page) -> None:
    """Wait until the search has answered and the script rests."""
    page.locator("[data-testid=stSpinner]").wait_for(state="detached", timeout=SEARCH_MS)
    settle(page)


def _headline(page: Page) -> Locator:
    return page.locator(".eccc-headline")


def _devices(page: Page) -> Locator:
    return page.get_by_role("group", name="Devices").get_by_role("slider")


def _one_more(page: Page) -> None:
    """Move the number of devices one stop up, and wait until the headline says so."""
    before = _headline(page).inner_text()
    _devices(page).press("ArrowRight")
    _expect(_headline(page)).not_to_have_text(before)
    _done(page)


def _plot(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("figure", name=name).locator(".eccc-plot")


def _kept(page: Page) -> dict[str, Any]:
    """Return what the browser keeps, once it no longer changes: it is written after the page."""
    read = "localStorage.getItem('eccc-session-1')"
    text, before = page.evaluate(read), ""
    while text != before:
        page.wait_for_timeout(700)
        text, before = page.evaluate(read), text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_slider_changes_headline_numbers_and_figures(explorer: Page) -> None:
    plot = _plot(explorer, re.compile("^Where the mean"))
    plot.locator("svg.main-svg").first.wait_for()
    before, sentence = plot.get_attribute("aria-label"), _headline(explorer).inner_text()
    for _ in range(3):
        _devices(explorer).press("ArrowLeft")
    _expect(_headline(explorer)).not_to_have_text(sentence)
    _expect(plot).not_to_have_attribute("aria-label", before or "")
    _done(explorer)


def test_a_preset_is_one_click_and_can_be_undone_and_reset(explorer: Page) -> None:
    start = _headline(explorer).inner_text()
    explorer.get_by_role("radio", name=SECOND.scenario.name).click()
    _expect(_headline(explorer)).not_to_have_text(start)
    _done(explorer)
    explorer.get_by_role("button", name="Undo").click()
    _expect(_headline(explorer)).to_have_text(start)
    explorer.get_by_role("button", name="Redo").click()
    _expect(_headline(explorer)).not_to_have_text(start)
    _done(explorer)
    changed = _headline(explorer).inner_text()
    _one_more(explorer)
    explorer.get_by_role("button", name="Reset", exact=True).click()
    _expect(_headline(explorer)).to_have_text(changed)
    _done(explorer)


def test_a_cut_moved_by_keyboard_changes_the_design_and_the_slider(explorer: Page) -> None:
    explorer.get_by_role("slider", name="Cut between device and edge").press("PageUp")
    _expect(_headline(explorer)).to_have_text(re.compile("is split over|on the device"))
    _expect(explorer.get_by_role("group", name="Device–edge cut")).to_contain_text("after")
    _done(explorer)
    assert Case.from_json(json.dumps(_kept(explorer)["case"])).design.cut1 == 5


def test_apply_takes_the_best_design_and_says_so(explorer: Page) -> None:
    explorer.get_by_role("button", name="Apply this design").click()
    _expect(explorer.get_by_text("You have the best design")).to_be_visible()
    _done(explorer)


def test_groups_of_settings_are_opened_by_keyboard_and_stay_open(explorer: Page) -> None:
    switch = explorer.get_by_role("button", name="Machines", exact=True)
    switch.focus()
    explorer.keyboard.press("Enter")
    _expect(explorer.get_by_role("heading", name="Machines")).to_be_visible()
    _done(explorer)
    explorer.get_by_role("link", name=TO_OPTIMISE).click()
    _done(explorer)
    explorer.go_back()
    _expect(explorer.get_by_role("heading", name="Machines")).to_be_visible()
    _done(explorer)


def test_a_key_figure_is_named_in_full_and_says_how_sure_it_is(explorer: Page) -> None:
    card = explorer.get_by_role("button", name=re.compile("^p99 latency.*[0-9] ms.*explain$"))
    card.focus()
    _expect(explorer.get_by_role("tooltip").filter(has_text="two digits").first).to_be_visible()
    _one_more(explorer)
    _expect(explorer.get_by_role("list", name="Key figures").get_by_role("listitem")).to_have_count(
        8
    )


def test_a_number_opens_its_explanation_down_to_a_source(explorer: Page) -> None:
    explorer.get_by_role("button", name="Mean latency").click()
    dialog = explorer.get_by_role("dialog")
    _expect(dialog.get_by_role("tree")).to_be_visible()
    _expect(dialog.get_by_role("treeitem").first).to_contain_text("Mean latency")
    assert dialog.locator("li .badge").get_by_text("measured", exact=True).count() > 0
    explorer.keyboard.press("Escape")
    _expect(dialog).to_have_count(0)
    _one_more(explorer)
    assert explorer.get_by_role("dialog").count() == 0


def test_a_bar_opens_the_explanation_of_its_part(explorer: Page) -> None:
    figure = explorer.get_by_role("figure", name=re.compile("^Where the mean"))
    figure.get_by_role("button", name="Show as table").click()
    figure.get_by_role("button", name="Choose Edge").first.click()
    _expect(explorer.get_by_role("dialog").get_by_role("tree")).to_be_visible()


def test_an_export_is_imported_again_exactly(explorer: Page, tmp_path: Path) -> None:
    _one_more(explorer)
    explorer.get_by_role("button", name="File").click()
    with explorer.expect_download() as waiting:
        explorer.get_by_role("button", name="Export this design as JSON").click()
    file = tmp_path / "case.json"
    waiting.value.save_as(file)
    exported = Case.from_json(file.read_text())
    assert exported.scenario.population_count != FIRST.scenario.population_count
    explorer.keyboard.press("Escape")
    explorer.get_by_role("button", name="Reset", exact=True).click()
    _done(explorer)
    explorer.get_by_role("button", name="File").click()
    explorer.locator("input[type=file]").set_input_files(file)
    _expect(explorer.get_by_text("The file was taken")).to_be_visible()
    _done(explorer)
    assert Case.from_json(json.dumps(_kept(explorer)["case"])) == exported


def test_a_wrong_file_is_refused_with_its_place_and_the_design_stays(
    explorer: Page, tmp_path: Path
) -> None:
    start = _headline(explorer).inner_text()
    value = FIRST.to_dict()
    value["design"]["edge_precision"] = "fp8"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(value))
    explorer.get_by_role("button", name="File").click()
    explorer.locator("input[type=file]").set_input_files(file)
    alert = explorer.get_by_test_id("stAlert")
    _expect(alert).to_contain_text("design.edge_precision")
    _expect(alert).to_contain_text("Allowed: fp32, fp16, int8, int4")
    _expect(_headline(explorer)).to_have_text(start)
    _done(explorer)


def test_copy_link_restores_the_case_exactly(
    explorer: Page, context: BrowserContext, watch: Watch
) -> None:
    explorer.get_by_role("radio", name=SECOND.scenario.name).click()
    _done(explorer)
    _one_more(explorer)
    sent = _kept(explorer)["case"]
    explorer.get_by_role("button", name="Copy link").click()
    address = explorer.locator(".copy input").input_value()
    assert len(address) <= LONGEST_LINK
    explorer.evaluate("localStorage.clear()")
    other = context.new_page()
    watch.attach(other)
    _visit(other, address)
    assert _kept(other)["case"] == sent
    assert "d=" not in other.url
    _done(other)
    other.close()


def test_a_reload_keeps_the_design(explorer: Page) -> None:
    _one_more(explorer)
    sentence = _headline(explorer).inner_text()
    explorer.reload()
    _expect(_headline(explorer)).to_have_text(sentence)
    _done(explorer)


def test_the_design_survives_a_change_of_page(explorer: Page) -> None:
    _one_more(explorer)
    sentence = _headline(explorer).inner_text()
    explorer.get_by_role("link", name=TO_OPTIMISE).click()
    _expect(explorer.get_by_text("What should be best?")).to_be_visible()
    _done(explorer)
    explorer.get_by_role("button", name="Undo").click()
    _done(explorer)
    explorer.get_by_role("button", name="Redo").click()
    _done(explorer)
    explorer.get_by_role("link", name="See the design on Explore").click()
    _expect(_headline(explorer)).to_have_text(sentence)
    _done(explorer)


def test_a_point_of_the_trade_off_is_taken(explorer: Page) -> None:
    explorer.get_by_role("link", name=TO_OPTIMISE).click()
    figure = explorer.get_by_role("figure", name=re.compile("against"))
    figure.get_by_role("button", name="Show as table").click()
    figure.get_by_role("row").nth(1).get_by_role("button").click()
    _expect(explorer.get_by_role("button", name="Undo")).to_be_enabled()
    _done(explorer)
    assert Case.from_json(json.dumps(_kept(explorer)["case"])).design != FIRST.design


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(page: Page, server: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    beyond = "document.documentElement.scrollWidth - window.innerWidth"
    _visit(page, server.url)
    assert page.evaluate(beyond) <= 0
    page.get_by_role("link", name=TO_OPTIMISE).click()
    _expect(page.get_by_role("figure", name=re.compile("against"))).to_be_visible()
    _done(page)
    assert page.evaluate(beyond) <= 0
