"""The pages of the catalog in a real browser: quiet, local, and able to change the design."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import APP, Server, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
PAGES = ("Techniques", "Hardware", "Links", "Models", "Validation", "Sources")


def _expect(target: Any) -> Any:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)
    return expect(target)


@pytest.fixture
def explorer(page: Page, serve: Callable[[Path], Server]) -> Iterator[Page]:
    """Open the app; its server must not write a traceback."""
    server = serve(APP / "streamlit_app.py")
    page.goto(server.url)
    page.locator(".eccc-headline").wait_for(timeout=PATIENCE_MS)
    settle(page)
    yield page
    assert "Traceback" not in server.log.read_text()


def _go(page: Page, section: str, name: str) -> None:
    """Open a page from the menu on top."""
    menu = page.locator("[data-testid=stTopNavSection]", has_text=section)
    menu.click()
    page.locator("[data-testid=stTopNavDropdownLink]", has_text=name).first.click()


def test_every_page_opens_quietly_and_asks_nobody_else(explorer: Page) -> None:
    for name in PAGES:
        before = explorer.locator(".eccc-headline").inner_text()
        _go(explorer, "Know", name)
        _expect(explorer.locator(".eccc-headline")).not_to_have_text(before)
        settle(explorer)
        assert explorer.locator("[data-testid=stException]").count() == 0


def test_a_technique_switched_on_changes_a_key_figure_on_explore(explorer: Page) -> None:
    figure = explorer.get_by_role("button", name="Mean latency")
    before = figure.inner_text()
    _go(explorer, "Know", "Techniques")
    explorer.get_by_role("button", name="Structured (channel/filter/block) pruning").click()
    settle(explorer)
    explorer.get_by_text("Use in my design").click()
    _expect(explorer.locator(".st-key-technique_chosen")).to_be_visible()
    _go(explorer, "Design", "Explore")
    _expect(figure).not_to_have_text(before)


def test_the_map_is_walked_with_the_keys(explorer: Page) -> None:
    _go(explorer, "Know", "Techniques")
    chosen = explorer.locator(".map button[aria-pressed=true]")
    _expect(chosen).to_have_count(1)
    first = chosen.get_attribute("data-id")
    chosen.focus()
    explorer.keyboard.press("ArrowRight")
    explorer.keyboard.press("Enter")
    _expect(explorer.locator(f'.map button[data-id="{first}"]')).to_have_attribute(
        "aria-pressed", "false"
    )
    _expect(explorer.locator('[class*="st-key-technique_card"] h2')).to_contain_text("N:M")
