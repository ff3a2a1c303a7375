"""A server, a browser and a page that refuses to be quiet about errors."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

HERE = Path(__file__).parent
APP = HERE.parent.parent / "app"
DEMO = HERE / "demo_components.py"
START_LIMIT_S = 90.0
WAIT_MS = 20_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWN = re.compile(r"^(data:|blob:|(https?|wss?)://(127\.0\.0\.1|localhost)[:/])")

# The modules of the app are found from its folder, as Streamlit finds them.
if str(APP) not in sys.path:
    sys.path.insert(0, str(APP))


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true does not allow browser tests to be left out")
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@dataclass
class Server:
    """A running server: where it answers, and what it wrote."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the process and wait until its port is free."""
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers by ``app/server.py``, one per script and port, and end them at the end."""
    running: dict[tuple[Path, int], Server] = {}

    def start(script: Path, port: int = 0) -> Server:
        known = running.get((script, port))
        if known and known.process.poll() is None:
            return known
        wanted, port = port, port or _free_port()
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, str(APP / "server.py"), "--port", str(port)]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [*command, "--page", str(script)], stdout=sink, stderr=subprocess.STDOUT, cwd=HERE
            )
        server = Server(f"http://127.0.0.1:{port}", log, process)
        running[script, wanted] = server
        _await_health(server.url, process, log)
        return server

    yield start
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """Serve the demo page."""
    return serve(DEMO)


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Start headless Chromium with one profile on disk, so that it keeps compiled scripts."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ModuleNotFoundError:
        _unavailable("playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        _unavailable("no Chromium was found")
    with sync_playwright() as driver:
        opened = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=found,
            headless=True,
            args=FLAGS,
            viewport={"width": 1440, "height": 900},
            color_scheme="light",
        )
        opened.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield opened
        opened.close()


@dataclass
class Watch:
    """What went wrong while a page was open."""

    allowed: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.seen.append(f"page error: {error}"))
        page.on("request", lambda request: self._request(request.url))

    def _note(self, kind: str, words: str) -> None:
        if kind == "error":
            self.seen.append(f"console: {words}")

    def _request(self, url: str) -> None:
        if not OWN.match(url):
            self.seen.append(f"foreign request: {url}")

    def faults(self) -> list[str]:
        """List everything that no test allowed by a part of its text."""
        return [line for line in self.seen if not any(part in line for part in self.allowed)]


@pytest.fixture
def watch() -> Watch:
    """Record what goes wrong; a test adds to ``allowed`` what it provokes."""
    return Watch()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    """Open a fresh page; the test fails when it shows an error or leaves this machine."""
    opened = context.new_page()
    watch.attach(opened)
    yield opened
    exceptions = opened.locator("[data-testid=stException]").count()
    opened.evaluate("() => location.protocol.startsWith('http') && localStorage.clear()")
    opened.close()
    assert watch.faults() == []
    assert exceptions == 0, "the page shows an exception"


@pytest.fixture
def demo(page: Page, server: Server) -> Iterator[Page]:
    """Open the demo page and wait for it; its server must not write a traceback."""
    page.goto(server.url)
    page.get_by_role("heading", name="Components").wait_for()
    page.locator(".eccc-plot svg.main-svg").first.wait_for()
    settle(page)
    yield page
    assert "Traceback" not in server.log.read_text()


def settle(page: Page) -> None:
    """Wait until the script of the page is not running."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
