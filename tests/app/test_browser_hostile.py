"""Names that visitors bring are shown letter by letter: nothing runs, nothing is fetched."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from analytic_models import Case, load_scenarios
from analytic_models.catalog import data_folder
from analytic_models.user_data import UserData
from tests.app.conftest import APP, Server, Watch, settle
from tests.app.test_pages_bring import HOP, MACHINE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LONG_MS = 60_000
FIRST = "explore"
PAYLOADS = (
    "<script>window.ran=1</script>",
    "<img src=z onerror=window.ran=1>",
    "[go](javascript:window.ran=1)",
    "![x](http://z.invalid/x.png)",
    "<img src=http://z.invalid/y.png>",
    r"$\href{javascript:window.ran=1}{x}$",
    "http://z.invalid/z :material/bolt: :red[x]",
)
IMAGE = PAYLOADS[3]
# What would prove that a name was obeyed instead of shown.
TRACES = (
    "[src*='z.invalid']",
    "a[href*='z.invalid']",
    "a[href^='javascript']",
    "[onerror]",
    "[style*='z.invalid']",
)


def _graph(name: str, payload: str) -> dict[str, Any]:
    """Return a shipped dnn under a hostile name; a layer graph gets hostile layers as well."""
    value = json.loads((data_folder() / "dnns" / f"{name}.json").read_text(encoding="utf-8"))
    value |= {"label": payload, "id": "mine", "source": {"notes": list(PAYLOADS)}}
    for row in value.get("nodes", ()):
        row[1] = IMAGE
    return dict(value)


def hostile_case() -> Case:
    """Return a case in which every name that a file can bring is hostile."""
    start = next(iter(load_scenarios().values()))
    machines = {f"m{at}": MACHINE | {"label": words} for at, words in enumerate(PAYLOADS)}
    hops = {
        f"h{at}": HOP | {"label": words, "serves": ["uplink", "backhaul"]}
        for at, words in enumerate(PAYLOADS)
    }
    dnns = {
        "mine": _graph("alexnet", IMAGE),
        "talker": _graph("llama_3_2_1b", PAYLOADS[4]) | {"id": "talker"},
    }
    own = UserData.from_dict({"machines": machines, "hops": hops, "dnns": dnns})
    brought = dataclasses.replace(start, user_data=own)
    named = {"name": IMAGE, "dnn": "mine", "device": "m0", "edge": "m1", "cloud": "m3"}
    return brought.with_scenario(**named, uplink="h4", backhaul="h2").with_design(cut1=2, cut2=5)


def _visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".eccc-headline").first.wait_for(timeout=LONG_MS)
    page.locator("[data-testid=stSpinner]").wait_for(state="detached", timeout=LONG_MS)
    settle(page)


def _obeyed(page: Page) -> list[str]:
    """List the traces of names that were obeyed."""
    found = [trace for trace in TRACES if page.locator(trace).count()]
    return found + (["a script ran"] if page.evaluate("() => 'ran' in window") else [])


def _opened(page: Page, name: str) -> Iterator[None]:
    """Open one after the other what a page hides at first."""
    yield
    hidden = {
        FIRST: page.get_by_role("button", name="Mean latency"),
        "bring": page.locator("[data-testid=stButtonGroup]").first.get_by_role("radio"),
        "sources": page.locator("[data-testid=stButtonGroup]").first.get_by_role("radio"),
        "network": page.get_by_role("button", name="Show as table"),
    }.get(name)
    if hidden is None:
        return
    hidden.first.wait_for(timeout=LONG_MS)
    for at in range(hidden.count()):
        hidden.nth(at).click()
        settle(page)
        yield


def test_hostile_names_are_text_on_every_page(
    page: Page, watch: Watch, serve: Callable[[Path], Server]
) -> None:
    # A deep link asks for the health of the server beside itself first.
    watch.allowed += ["404"]
    server = serve(APP / "streamlit_app.py")
    _visit(page, server.url)
    page.locator(".st-key-file button").first.click()
    page.locator("input[type=file]").first.set_input_files(
        {
            "name": f"{IMAGE.replace('/', ' ')}.json",
            "mimeType": "application/json",
            "buffer": hostile_case().to_json().encode(),
        }
    )
    page.get_by_text("The file was taken").wait_for(timeout=LONG_MS)
    for name in sorted(path.stem for path in (APP / "views").glob("*.py")):
        _visit(page, server.url if name == FIRST else f"{server.url}/{name}")
        for _ in _opened(page, name):
            assert _obeyed(page) == [], name
            assert watch.faults() == [], name
            assert page.locator("[data-testid=stException]").count() == 0, name


@pytest.mark.parametrize("text", [*PAYLOADS, '{"scenario": {"name": "![x](http://z.invalid)"}}'])
def test_a_hostile_link_is_refused_in_plain_words(
    page: Page, serve: Callable[[Path], Server], text: str
) -> None:
    server = serve(APP / "streamlit_app.py")
    _visit(page, f"{server.url}/?d={quote(text)}")
    assert _obeyed(page) == []
    assert page.locator("[data-testid=stAlert]").count() == 1
