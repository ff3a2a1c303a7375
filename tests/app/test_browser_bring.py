"""A network of one's own in a real browser: uploaded, used, exported, and opened by a colleague."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analytic_models import Case, evaluate
from tests.app.conftest import APP, Server, Watch, settle
from tests.app.test_pages_bring import small_onnx

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LONG_MS = 30_000
KEPT = "eccc-session-1"


@pytest.fixture
def explorer(
    page: Page, watch: Watch, serve: Callable[[Path], Server]
) -> Iterator[tuple[Page, str]]:
    """Open the page Your own as somebody who comes for the first time."""
    server = serve(APP / "streamlit_app.py")
    # A deep link asks for the health of the server beside itself first.
    watch.allowed += ["404"]
    _visit(page, f"{server.url}/bring")
    yield page, server.url
    assert "Traceback" not in server.log.read_text()


def _visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".eccc-headline").wait_for(timeout=LONG_MS)
    _done(page)


def _done(page: Page) -> None:
    page.locator("[data-testid=stSpinner]").wait_for(state="detached", timeout=LONG_MS)
    settle(page)


def _upload(page: Page, name: str, raw: bytes) -> None:
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": raw}
    )
    page.locator("[data-testid=stFileChipName]").wait_for()
    page.get_by_role("button", name="Read this network").click()


def _export(page: Page) -> str:
    page.locator(".st-key-file button").first.click()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Export this design as JSON").click()
    page.keyboard.press("Escape")
    return Path(waited.value.path()).read_text(encoding="utf-8")


def _shown(page: Page) -> str:
    button = page.get_by_role("button", name="p99 latency")
    button.wait_for(timeout=LONG_MS)
    return button.inner_text()


def _tail(page: Page, url: str) -> str:
    """Return the p99 latency that Explore shows."""
    _visit(page, url)
    return _shown(page)


def _kept(page: Page) -> Any:
    return json.loads(page.evaluate(f"() => localStorage.getItem('{KEPT}')"))["case"]


def test_a_network_is_uploaded_used_exported_and_opened_elsewhere(
    explorer: tuple[Page, str], tmp_path: Path
) -> None:
    page, url = explorer
    _upload(page, "my net.onnx", small_onnx())
    page.get_by_role("heading", name="Your networks").wait_for(timeout=LONG_MS)
    page.get_by_role("button", name="Use in my design").click()
    page.get_by_role("button", name="In your design").wait_for(timeout=LONG_MS)
    _done(page)
    text = _export(page)
    case = Case.from_json(text)
    assert case.scenario.dnn == "my-net"
    before = _tail(page, url)
    assert evaluate(case).value("latency_p99_s") > 0.0

    page.evaluate("() => localStorage.clear()")
    _visit(page, url)
    assert _shown(page) != before
    file = tmp_path / "colleague.json"
    file.write_text(text, encoding="utf-8")
    page.locator(".st-key-file button").first.click()
    page.locator(".st-key-_import input[type=file]").set_input_files(file)
    page.get_by_text("The file was taken").wait_for(timeout=LONG_MS)
    _done(page)
    assert _shown(page) == before
    assert Case.from_dict(_kept(page)) == case


def test_own_data_survive_a_reload_and_a_broken_file_harms_nothing(
    explorer: tuple[Page, str],
) -> None:
    page, url = explorer
    _upload(page, "my net.onnx", small_onnx())
    page.get_by_role("heading", name="Your networks").wait_for(timeout=LONG_MS)
    _done(page)
    _upload(page, "![x](http~z.invalid).onnx", b"\x08\x07 broken")
    page.get_by_text("Not taken").wait_for(timeout=LONG_MS)
    assert page.locator("[data-testid=stAlert] img").count() == 0
    _visit(page, f"{url}/bring")
    page.get_by_role("heading", name="Your networks").wait_for(timeout=LONG_MS)
    assert re.search(r"\bmy net\b", page.locator("[data-testid=stMain]").inner_text())
    assert list(_kept(page)["user_data"]["dnns"]) == ["my-net"]
