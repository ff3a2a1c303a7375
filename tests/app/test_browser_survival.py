"""The work survives a lost connection and a server that was started again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import APP, Watch, _await_health, _free_port, settle

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

LONG_MS = 30_000
RECONNECTING = ("WebSocket", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "_stcore")


class Restartable:
    """A server on one port that can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, str(APP / "server.py"), "--port", str(self.port)],
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        _await_health(self.url, self.process, self.log)

    def stop(self) -> None:
        """End it."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Restartable]:
    """Serve the app on a port of its own."""
    running = Restartable(tmp_path)
    running.start()
    yield running
    running.stop()


def _headline(page: Page) -> str:
    page.locator(".eccc-headline").wait_for(timeout=LONG_MS)
    page.locator("[data-testid=stSpinner]").wait_for(state="detached", timeout=LONG_MS)
    settle(page)
    return page.locator(".eccc-headline").inner_text()


def _one_more(page: Page) -> str:
    from playwright.sync_api import expect

    before = _headline(page)
    page.get_by_role("group", name="Devices").get_by_role("slider").press("ArrowRight")
    expect(page.locator(".eccc-headline")).not_to_have_text(before, timeout=LONG_MS)
    return _headline(page)


def test_the_design_survives_a_restart_of_the_server(
    page: Page, watch: Watch, own_server: Restartable
) -> None:
    watch.allowed += RECONNECTING
    page.goto(own_server.url)
    changed = _one_more(page)
    own_server.stop()
    own_server.start()
    page.reload()
    assert _headline(page) == changed


def test_the_design_survives_a_lost_connection(
    page: Page, context: BrowserContext, watch: Watch, own_server: Restartable
) -> None:
    watch.allowed += RECONNECTING
    page.goto(own_server.url)
    first = _one_more(page)
    context.set_offline(True)
    page.wait_for_function("() => !navigator.onLine")
    context.set_offline(False)
    page.wait_for_function("() => navigator.onLine")
    assert _headline(page) == first
    assert _one_more(page) != first
