"""The components in a real browser: they draw, keep their state, answer keys and stay at home."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.conftest import APP, DEMO, Server, Watch, settle

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def _expect(target: Any) -> Any:
    from playwright.sync_api import expect

    return expect(target)


def _slider(page: Page) -> Locator:
    return page.get_by_role("group", name="Load").get_by_role("slider")


def _plot(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=name).first.locator(".eccc-plot")


def _move_load(page: Page) -> None:
    before = int(_slider(page).input_value())
    _slider(page).press("ArrowRight")
    _expect(page.get_by_role("group", name=f"Latency by part at load {before + 1}")).to_be_visible()
    settle(page)


def _first_cut(page: Page) -> Locator:
    return page.get_by_role("slider", name="Cut between device and edge")


def test_a_slider_changes_the_figure_without_a_new_plot(demo: Page) -> None:
    plot = _plot(demo, "Where the time goes")
    plot.evaluate("node => { node.dataset.mark = 'first' }")
    before = plot.evaluate("node => node.data[0].x[1]")
    _move_load(demo)
    assert plot.get_attribute("data-mark") == "first"
    assert plot.evaluate("node => node.data[0].x[1]") == pytest.approx(before + 1 / 8, rel=1e-9)


def test_zoom_and_hidden_series_survive_a_change(demo: Page) -> None:
    plot = _plot(demo, "Latency against energy")
    box = plot.locator(".nsewdrag").bounding_box()
    assert box is not None
    demo.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    demo.mouse.down()
    demo.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    demo.mouse.up()
    demo.wait_for_function("node => node.layout.xaxis.autorange === false", arg=_node(plot))
    assert plot.locator("[data-title*=Share]").count() == 0
    zoomed = plot.evaluate("node => node.layout.xaxis.range")
    plot.locator(".legendtoggle").last.click()
    demo.wait_for_function("node => node._fullData[1].visible === 'legendonly'", arg=_node(plot))
    _move_load(demo)
    assert plot.evaluate("node => node.layout.xaxis.range") == zoomed
    assert plot.evaluate("node => node._fullData[1].visible") == "legendonly"


def _node(locator: Locator) -> Any:
    return locator.element_handle()


def test_a_click_on_a_point_sends_its_id_once(demo: Page) -> None:
    plot = _plot(demo, "Latency against energy")
    plot.locator(".point").nth(3).hover(force=True)
    demo.mouse.down()
    demo.mouse.up()
    _expect(demo.get_by_text("clicked design-3")).to_be_visible()


def test_the_table_behind_a_figure_opens_by_keyboard_and_can_choose(demo: Page) -> None:
    figure = demo.get_by_role("figure", name="Latency against energy").first
    toggle = figure.get_by_role("button", name="Show as table")
    toggle.focus()
    demo.keyboard.press("Enter")
    _expect(figure.get_by_role("table")).to_be_visible()
    _expect(figure.get_by_role("button", name="Hide table")).to_be_focused()
    figure.get_by_role("row", name=re.compile("your design")).get_by_role("button").click()
    _expect(demo.get_by_text("clicked yours")).to_be_visible()


def test_charts_and_picture_follow_the_colour_scheme(demo: Page) -> None:
    plot = _plot(demo, "Where the time goes")
    light = plot.evaluate("node => node.data[0].marker.color[0]")
    demo.emulate_media(color_scheme="dark")
    demo.wait_for_function(
        "([node, old]) => node.data[0].marker.color[0] !== old", arg=[_node(plot), light]
    )
    ink = plot.locator(".xtick text").first.evaluate("node => getComputedStyle(node).fill")
    assert ink == "rgb(163, 175, 189)"
    assert demo.locator(".tier .machine").first.evaluate("e => getComputedStyle(e).color") == (
        "rgb(232, 237, 243)"
    )


def test_arrow_keys_move_a_cut_and_keep_the_focus(demo: Page) -> None:
    _first_cut(demo).focus()
    demo.keyboard.press("ArrowRight")
    _expect(demo.get_by_text("cuts 8 and 21")).to_be_visible()
    settle(demo)
    _expect(_first_cut(demo)).to_be_focused()
    demo.keyboard.press("End")
    _expect(demo.get_by_text("cuts 21 and 21")).to_be_visible()
    _expect(demo.get_by_role("button", name=re.compile("^Edge, .*runs nothing"))).to_be_visible()


def test_a_cut_is_dragged_with_the_mouse_and_sent_on_release(demo: Page) -> None:
    handle = _first_cut(demo).bounding_box()
    stage = demo.locator(".stage").bounding_box()
    assert handle is not None
    assert stage is not None
    middle = handle["y"] + handle["height"] / 2
    demo.mouse.move(handle["x"] + handle["width"] / 2, middle)
    demo.mouse.down()
    demo.mouse.move(stage["x"] + stage["width"] * 12.2 / 24, middle, steps=5)
    _expect(_first_cut(demo)).to_have_attribute("aria-valuenow", "12")
    _expect(demo.get_by_text("cuts 7 and 21")).to_be_visible()
    demo.mouse.up()
    _expect(demo.get_by_text("cuts 12 and 21")).to_be_visible()


def test_a_tier_is_chosen_by_keyboard_and_an_overload_is_said(demo: Page) -> None:
    _slider(demo).press("End")
    edge = demo.get_by_role("button", name=re.compile("^Edge, Jetson"))
    _expect(edge).to_have_attribute("aria-label", re.compile("overloaded"))
    _expect(edge.get_by_text("overloaded")).to_be_visible()
    edge.focus()
    demo.keyboard.press("Enter")
    _expect(demo.get_by_text("part edge")).to_be_visible()
    _expect(edge).to_have_attribute("aria-pressed", "true")
    _expect(edge).to_be_focused()


def test_the_tree_is_walked_with_arrow_keys_and_stays_open(demo: Page) -> None:
    root = demo.get_by_role("treeitem", name=re.compile("^Mean latency"))
    root.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        demo.keyboard.press(key)
    cell = demo.get_by_role("treeitem", name=re.compile("^Cell bandwidth"))
    _expect(cell).to_be_visible()
    _move_load(demo)
    _expect(cell).to_be_visible()
    links = demo.locator(".tree a")
    _expect(links).to_have_count(1)
    _expect(links).to_have_attribute("rel", "noopener noreferrer")
    demo.get_by_role("treeitem", name=re.compile("^Uplink transfer")).focus()
    demo.keyboard.press("ArrowLeft")
    _expect(cell).to_be_hidden()


def test_what_was_kept_is_there_after_a_reload(demo: Page) -> None:
    box = demo.get_by_label("Keep this")
    box.fill("design seven")
    box.press("Enter")
    demo.wait_for_function("() => localStorage.getItem('eccc-demo') === 'design seven'")
    demo.reload()
    _expect(demo.get_by_text("kept design seven")).to_be_visible()
    _expect(box).to_have_value("design seven")


def test_the_newest_copy_comes_back_when_the_server_was_restarted(
    serve: Callable[..., Server], page: Page, watch: Watch
) -> None:
    watch.allowed.append("ERR_CONNECTION_REFUSED")
    watch.allowed.append("WebSocket")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first = serve(DEMO, port)
    page.goto(first.url)
    box = page.get_by_label("Keep this")
    for words in ("early", "late"):
        box.fill(words)
        box.press("Enter")
        page.wait_for_function("w => localStorage.getItem('eccc-demo') === w", arg=words)
    first.stop()
    serve(DEMO, port)
    # The page notices the new server in its own time; what is moved before that is not sent.
    _expect(page.get_by_test_id("stConnectionStatus")).to_have_count(0, timeout=60_000)
    _slider(page).press("ArrowRight")
    _expect(page.get_by_text("kept late")).to_be_visible(timeout=60_000)


def test_a_link_is_copied_or_shown_for_copying(demo: Page, server: Server) -> None:
    demo.get_by_role("button", name="Copy link").click()
    field = demo.locator(".copy input")
    _expect(field).to_have_value(f"{server.url}/?d=1.abc")
    _expect(demo.locator(".copy").get_by_role("status")).not_to_be_empty()


def test_foreign_strings_are_shown_and_never_obeyed(demo: Page) -> None:
    _expect(demo.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    assert demo.locator("img[src='x']").count() == 0
    assert demo.locator("a[href*='example.invalid']").count() == 0


def test_a_phone_needs_no_sideways_scrolling(demo: Page) -> None:
    demo.set_viewport_size({"width": 390, "height": 844})
    tiers = demo.locator(".tier")
    demo.wait_for_function("() => document.querySelector('.modebar')?.offsetParent === null")
    lefts = {round(tiers.nth(at).bounding_box()["x"]) for at in range(3)}  # type: ignore[index]
    assert len(lefts) == 1
    main = demo.locator("[data-testid=stMain]")
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth")
    plot = _plot(demo, "Where the time goes")
    demo.wait_for_function("n => n.layout.width === n.clientWidth", arg=_node(plot))


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    for path in ("/", "/ready", "/_stcore/health"):
        with urllib.request.urlopen(server.url + path, timeout=5) as answer:
            policy = answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert "'unsafe-eval'" not in policy


def test_the_chart_library_comes_from_the_installed_package_and_is_cached(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.url}/assets/plotly.min.js", headers={"accept-encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert "max-age=31536000" in answer.headers["cache-control"]
        assert len(answer.read()) < 2_000_000


def test_the_plain_script_draws_the_same_charts_without_our_server(
    page: Page, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(DEMO), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    paths = {**os.environ, "PYTHONPATH": str(APP)}
    with (tmp_path / "log.txt").open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=paths)
    try:
        _open_when_ready(page, f"http://127.0.0.1:{port}")
        page.locator(".eccc-plot svg.main-svg").first.wait_for()
        _move_load(page)
        page.goto("about:blank")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _open_when_ready(page: Page, url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                break
        except (urllib.error.URLError, OSError):
            page.wait_for_timeout(100)
    page.goto(url)


def test_a_taken_port_is_said_in_plain_words(server: Server) -> None:
    port = server.url.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, str(APP / "server.py"), "--port", port],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_settings_that_matter_for_speed_are_in_force(
    serve: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    script = tmp_path / "settings.py"
    script.write_text(
        "import gc, json, sys\nimport streamlit as st\n"
        "names = ['runner.postScriptGC', 'server.fileWatcherType', 'client.showErrorDetails']\n"
        "facts = [*(st.get_option(n) for n in names), gc.get_freeze_count() > 10_000]\n"
        "facts.append(sys.getswitchinterval() < 0.001)\n"
        "st.code(json.dumps(facts), language=None)\n"
    )
    page.goto(serve(script).url)
    shown = page.locator("code").first
    shown.wait_for()
    assert json.loads(shown.inner_text()) == [False, "none", "none", True, True]
