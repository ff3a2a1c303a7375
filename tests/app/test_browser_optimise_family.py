"""The optimiser family in a real browser: quiet, local, and a cell of the map can be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import APP, Server, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 90_000
PAGES = (
    ("Design", "Map"),
    ("Design", "Robustness"),
    ("Load", "Population"),
    ("Load", "Prices"),
    ("Load", "Playground"),
    ("Load", "Policy"),
)
BEYOND = "document.documentElement.scrollWidth - window.innerWidth"


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
    """Open a page from the menu on top and wait for its finding and figures."""
    before = page.locator(".eccc-headline").inner_text()
    page.locator("[data-testid=stTopNavSection]", has_text=section).click()
    page.locator("[data-testid=stTopNavDropdownLink]", has_text=name).first.click()
    _expect(page.locator(".eccc-headline")).not_to_have_text(before)
    page.locator(".eccc-plot svg.main-svg").first.wait_for(timeout=PATIENCE_MS)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(
        timeout=PATIENCE_MS
    )


def test_every_page_draws_its_figures_quietly(explorer: Page) -> None:
    for section, name in PAGES:
        _go(explorer, section, name)
        assert explorer.locator("[data-testid=stException]").count() == 0
        assert explorer.evaluate(BEYOND) <= 0


def test_a_chosen_cell_of_the_map_becomes_the_operating_point_and_can_be_undone(
    explorer: Page,
) -> None:
    _go(explorer, "Design", "Map")
    _expect(explorer.get_by_role("button", name="Undo")).to_be_disabled()
    plot = explorer.locator(".eccc-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    explorer.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    _expect(explorer.get_by_role("button", name="Undo")).to_be_enabled()
