"""The optimiser family in a real browser: quiet, local, and a cell of the map can be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.browsing import BEYOND, PATIENCE_MS, expect_patiently, go, opened, quiet
from tests.app.conftest import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PAGES = (
    ("Design", "Map"),
    ("Design", "Robustness"),
    ("Load", "Population"),
    ("Load", "Prices"),
    ("Load", "Playground"),
    ("Load", "Policy"),
)


@pytest.fixture
def explorer(page: Page, serve: Callable[[Path], Server]) -> Iterator[Page]:
    """Open the app."""
    yield from opened(page, serve)


def _go(page: Page, section: str, name: str) -> None:
    """Open a page from the menu on top and wait for its finding and figures."""
    go(page, section, name)
    page.locator(".eccc-plot svg.main-svg").first.wait_for(timeout=PATIENCE_MS)
    quiet(page)


def test_every_page_draws_its_figures_quietly(explorer: Page) -> None:
    for section, name in PAGES:
        _go(explorer, section, name)
        assert explorer.locator("[data-testid=stException]").count() == 0
        assert explorer.evaluate(BEYOND) <= 0


def test_a_chosen_cell_of_the_map_becomes_the_operating_point_and_can_be_undone(
    explorer: Page,
) -> None:
    _go(explorer, "Design", "Map")
    expect_patiently(explorer.get_by_role("button", name="Undo")).to_be_disabled()
    plot = explorer.locator(".eccc-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    explorer.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    expect_patiently(explorer.get_by_role("button", name="Undo")).to_be_enabled()
