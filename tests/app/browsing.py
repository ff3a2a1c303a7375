"""What the browser tests of several pages share: patience, the menu, and an opened explorer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.app.conftest import APP, Server, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE_MS = 90_000
BEYOND = "document.documentElement.scrollWidth - window.innerWidth"


def expect_patiently(target: Any) -> Any:
    """Expect something of a page that may have to search first."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)
    return expect(target)


def opened(page: Page, serve: Callable[[Path], Server]) -> Iterator[Page]:
    """Open the app; its server must not write a traceback."""
    server = serve(APP / "streamlit_app.py")
    page.goto(server.url)
    page.locator(".eccc-headline").wait_for(timeout=PATIENCE_MS)
    settle(page)
    yield page
    assert "Traceback" not in server.log.read_text()


def quiet(page: Page) -> None:
    """Wait until the script rests."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(
        timeout=PATIENCE_MS
    )


def go(page: Page, section: str, name: str) -> None:
    """Open a page from the menu on top and wait for its finding."""
    before = page.locator(".eccc-headline").inner_text()
    page.locator("[data-testid=stTopNavSection]", has_text=section).click()
    page.locator("[data-testid=stTopNavDropdownLink]", has_text=name).first.click()
    expect_patiently(page.locator(".eccc-headline")).not_to_have_text(before)
    quiet(page)
