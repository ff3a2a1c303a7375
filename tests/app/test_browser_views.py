"""Checks by simulation and several classes of devices in a real browser: quiet, local, complete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.browsing import BEYOND, PATIENCE_MS, expect_patiently, go, opened, quiet
from tests.app.conftest import Server, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def explorer(page: Page, serve: Callable[[Path], Server]) -> Iterator[Page]:
    """Open the app."""
    yield from opened(page, serve)


def _simulate(page: Page) -> str:
    """Press the button and return the table that compares laws and run."""
    button = page.get_by_role("button", name="Simulate", exact=True)
    button.scroll_into_view_if_needed()
    button.click()
    table = page.locator("table.eccc-gains", has_text="95 % interval")
    table.first.wait_for(timeout=PATIENCE_MS)
    quiet(page)
    return str(table.first.inner_text())


def test_the_optimum_is_checked_behind_its_button(explorer: Page) -> None:
    go(explorer, "Design", "Optimise")
    explorer.get_by_role("button", name="Check by simulation").click()
    found = _simulate(explorer)
    assert "lights expect" in found
    assert "99 % (p99)" in found


def test_several_classes_are_edited_and_their_mix_is_played(explorer: Page) -> None:
    go(explorer, "Load", "Population")
    explorer.get_by_role("radio", name="Several classes").click()
    explorer.locator("strong", has_text="Price of anarchy").wait_for(timeout=PATIENCE_MS)
    quiet(explorer)
    before = explorer.locator(".eccc-headline").inner_text()
    devices = explorer.get_by_role("spinbutton", name="Devices").first
    devices.fill("90")
    devices.press("Enter")
    expect_patiently(explorer.locator(".eccc-headline")).not_to_have_text(before)
    quiet(explorer)
    assert "Factory inspection: mean" in _simulate(explorer)
    with explorer.expect_download() as waiting:
        explorer.get_by_role("button", name="Export classes and result").click()
    saved = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert saved["classes"][0]["population_count"] == 90
    assert explorer.evaluate(BEYOND) <= 0


def test_several_classes_fit_on_a_phone(explorer: Page) -> None:
    go(explorer, "Load", "Population")
    explorer.get_by_role("radio", name="Several classes").click()
    explorer.set_viewport_size({"width": 390, "height": 844})
    explorer.locator("strong", has_text="Price of anarchy").wait_for(timeout=PATIENCE_MS)
    quiet(explorer)
    assert explorer.evaluate(BEYOND) <= 0


@pytest.mark.parametrize(
    ("section", "name", "said"),
    [
        ("Design", "Map", "99 % (p99)"),
        ("Design", "Robustness", "99 % (p99)"),
        ("Load", "Prices", "mean of all requests"),
        ("Load", "Playground", "mean of all requests"),
        ("Load", "Policy", "cost per slot"),
    ],
)
def test_a_page_of_the_family_is_checked_by_simulation(
    explorer: Page, section: str, name: str, said: str
) -> None:
    go(explorer, section, name)
    assert said in _simulate(explorer)
    assert explorer.locator(".eccc-lead").count() == 1
    assert explorer.evaluate(BEYOND) <= 0


def test_a_run_can_be_cancelled_in_the_middle(explorer: Page) -> None:
    go(explorer, "Load", "Policy")
    slots = explorer.get_by_role("combobox", name="Slots")
    slots.scroll_into_view_if_needed()
    settle(explorer)
    slots.click()
    explorer.get_by_role("option").last.click()
    quiet(explorer)
    explorer.get_by_role("button", name="Simulate", exact=True).click()
    cancel = explorer.get_by_role("button", name="Cancel")
    cancel.click()
    cancel.wait_for(state="detached", timeout=PATIENCE_MS)
    quiet(explorer)
    assert explorer.locator("table.eccc-gains", has_text="95 % interval").count() == 0
