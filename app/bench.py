"""Measure the speed of the app as a visitor feels it, in headless Chromium.

Run with ``python app/bench.py`` or ``eccc bench --app``. Two servers run side by side: a bare page
with one chart, and Explore. One slider is moved by key presses, on both pages in turn, so that
what else the machine does meets both alike; the ratio of the two is the figure to watch.
"""

from __future__ import annotations

__all__ = ["measure"]

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

HERE = Path(__file__).resolve().parent
PAGES = {"bare": HERE / "bench_page.py", "explore": HERE / "streamlit_app.py"}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SLIDER = "Devices"
# Moved once at each turn, so that no case comes back and is answered from memory.
TURN_SLIDER = "Deadline (ms)"
WARM_MOVES = 5
MOVES = 40
# Stops that the slider walks up and down, near where the preset stands.
WALK = 8
SETTLE_S = 0.2
FLUSH_S = 0.1
LIMIT_S = 60.0
LARGEST_OTHERS = 0.15

# In the page: from the key to the moment when the first chart has been redrawn with other numbers.
ARM = """() => {
  const plot = document.querySelector('.eccc-plot');
  const numbers = () => JSON.stringify((plot.data ?? []).map((t) => [t.x, t.y, t.base]));
  const before = numbers();
  window.__took = null;
  window.__key = null;
  const press = () => { window.__key = performance.now(); };
  window.addEventListener('keydown', press, { capture: true, once: true });
  const drawn = () => {
    if (window.__key === null || numbers() === before) return;
    window.__took = performance.now() - window.__key;
    plot.removeListener('plotly_afterplot', drawn);
  };
  plot.on('plotly_afterplot', drawn);
}"""
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
SEARCH = ".eccc-waiting"
FIRST = ".eccc-plot svg.main-svg"


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its ended children so far [s], to the clock tick."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def process_clock(pid: int) -> float:
    """CPU time of a process so far [s], finer than the clock tick."""
    # The clock of another process, as clock_getcpuclockid(3) numbers it on Linux.
    return time.clock_gettime((~pid << 3) | 2)


def machine_busy() -> float:
    """CPU time that the whole machine has spent on processes so far [s]."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    spent = (int(fields[at]) for at in (0, 1, 2, 5, 6))
    return sum(spent) / os.sysconf("SC_CLK_TCK")


def own_busy() -> float:
    """CPU time of this process and everything that it started so far [s]."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        if not more:
            return sum(cpu_seconds(pid) for pid in ours)
        ours |= more


@dataclass
class Server:
    """One running server and what was measured on it.

    Parameters
    ----------
    took_ms
        From the key to the redrawn first chart, for each move.
    cpu_ms
        CPU time of the server from the key until all charts are sent, for each move.
    best_ms, search_cpu_ms
        From the key until the best design of the new scenario stands beside the charts, and the CPU
        time of the server for it after that; nothing on a page without a search.
    """

    name: str
    process: subprocess.Popen[bytes]
    url: str
    healthy_s: float = 0.0
    cold_s: float = 0.0
    took_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    best_ms: list[float] = field(default_factory=list)
    search_cpu_ms: list[float] = field(default_factory=list)
    missed: int = 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _serve(name: str, page: Path) -> Iterator[Server]:
    port = _free_port()
    command = [sys.executable, str(HERE / "server.py"), "--port", str(port), "--page", str(page)]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE
    ) as process:
        server = Server(name, process, f"http://127.0.0.1:{port}")
        try:
            _await_ready(server)
            server.healthy_s = time.perf_counter() - begun
            yield server
        finally:
            process.terminate()


def _await_ready(server: Server) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline and server.process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{server.url}/ready", timeout=2),
        ):
            return
        time.sleep(0.02)
    raise SystemExit(f"The server of the page {server.name} did not start.")


@contextlib.contextmanager
def _browser() -> Iterator[BrowserContext]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise SystemExit("Playwright is not installed: pip install playwright") from None
    found = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    if found is None:
        raise SystemExit(f"No browser was found; looked for {', '.join(CHROMIUM)}.")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=found,
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1440, "height": 900},
        )
        context.set_default_timeout(LIMIT_S * 1e3)
        yield context
        context.close()


def _open(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(server.url)
    page.locator(FIRST).first.wait_for()
    server.cold_s = time.perf_counter() - begun
    page.locator(IDLE).wait_for()
    return page


class Driver:
    """Moves the slider of one page up and down, never to a value that was asked for before."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.steps = 0
        self.slider, self.turn = map(self._slider, (SLIDER, TURN_SLIDER))
        self.slider.wait_for(state="attached")

    def _slider(self, name: str) -> Locator:
        group = self.page.get_by_role("group", name=name, exact=True)
        return group.get_by_role("slider").first

    def _key(self) -> str:
        return "ArrowLeft" if (self.steps // WALK) % 2 == 0 else "ArrowRight"

    def move(self, *, keep: bool) -> None:
        """Press a key, wait for the chart and the end of the run, and note both."""
        server, page = self.server, self.page
        page.bring_to_front()
        if self.steps % WALK == 0 and self.turn.count():
            self.turn.press("ArrowRight")
            time.sleep(SETTLE_S)
            page.locator(IDLE).wait_for()
        self.slider.focus()
        page.evaluate(ARM)
        clock = process_clock(server.process.pid)
        page.keyboard.press(self._key())
        self.steps += 1
        took, end = None, time.monotonic() + LIMIT_S / 4
        while took is None and time.monotonic() < end:
            time.sleep(0.005)
            took = page.evaluate("window.__took")
        page.locator(f"{SEARCH}, {IDLE}").first.wait_for(state="attached")
        # The search pauses before it begins: by now the charts of this run are on their way.
        time.sleep(FLUSH_S)
        drawn = process_clock(server.process.pid)
        if took is None:
            server.missed += 1
        elif keep:
            server.took_ms.append(float(took))
            server.cpu_ms.append((drawn - clock) * 1e3)
        if page.locator(SEARCH).count():
            # Streamlit says that the run goes on until the search is over.
            page.locator(SEARCH).first.wait_for(state="detached")
            best = page.evaluate("performance.now() - window.__key")
            page.locator(IDLE).wait_for()
            if keep:
                server.best_ms.append(float(best))
                server.search_cpu_ms.append((process_clock(server.process.pid) - drawn) * 1e3)
        time.sleep(SETTLE_S)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _summary(server: Server) -> dict[str, Any]:
    if not server.took_ms:
        raise SystemExit(f"No move of the page {server.name} reached its first chart.")
    return {
        "moves": len(server.took_ms),
        "missed": server.missed,
        "dom_p50_ms": _quantile(server.took_ms, 0.5),
        "dom_p95_ms": _quantile(server.took_ms, 0.95),
        "server_cpu_ms": statistics.median(server.cpu_ms),
        "server_cpu_mean_ms": statistics.fmean(server.cpu_ms),
        "best_p50_ms": statistics.median(server.best_ms) if server.best_ms else None,
        "search_cpu_ms": statistics.median(server.search_cpu_ms) if server.best_ms else None,
        "start_to_healthy_s": server.healthy_s,
        "cold_page_to_first_figure_s": server.cold_s,
    }


def measure(moves: int = MOVES) -> dict[str, Any]:
    """Measure both pages.

    Parameters
    ----------
    moves
        Key presses on each page, after five to warm up.

    Returns
    -------
    dict
        Figures of the ``bare`` page and of ``explore``, their ``ratio_p50`` and ``ratio_p95``,
        ``others_cores`` (CPU that other processes used meanwhile) and ``comparable``.
    """
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(_serve(name, page)) for name, page in PAGES.items()]
        context = stack.enter_context(_browser())
        drivers = [Driver(_open(context, server), server) for server in servers]
        busy, own, begun = machine_busy(), own_busy(), time.perf_counter()
        for at in range(moves + WARM_MOVES):
            for driver in drivers:
                driver.move(keep=at >= WARM_MOVES)
        passed = time.perf_counter() - begun
        others = max(0.0, (machine_busy() - busy - (own_busy() - own)) / passed)
        found: dict[str, Any] = {server.name: _summary(server) for server in servers}
    bare, explore = found["bare"], found["explore"]
    found |= {f"ratio_{p}": explore[f"dom_{p}_ms"] / bare[f"dom_{p}_ms"] for p in ("p50", "p95")}
    return found | {"others_cores": others, "comparable": others <= LARGEST_OTHERS}


_ROWS = (
    ("dom_p50_ms", "key to first chart, p50", "ms", 1),
    ("dom_p95_ms", "key to first chart, p95", "ms", 1),
    ("server_cpu_ms", "server CPU per rerun, median", "ms", 1),
    ("server_cpu_mean_ms", "server CPU per rerun, mean", "ms", 1),
    ("best_p50_ms", "key to best design, p50", "ms", 1),
    ("search_cpu_ms", "server CPU of search and redraw", "ms", 1),
    ("start_to_healthy_s", "start to healthy", "s", 2),
    ("cold_page_to_first_figure_s", "cold page to first chart", "s", 2),
    ("moves", "moves", "", 0),
    ("missed", "moves without a new chart", "", 0),
)


def _table(found: dict[str, Any]) -> str:
    lines = [f"{'':32}{'one chart':>12}{'Explore':>12}"]
    for name, label, unit, digits in _ROWS:
        values = (found[page][name] for page in PAGES)
        cells = ("–" if v is None else f"{v:.{digits}f} {unit}".rstrip() for v in values)
        lines.append(f"{label:32}" + "".join(f"{cell:>12}" for cell in cells))
    lines.append(f"Explore / one chart: p50 {found['ratio_p50']:.2f}, p95 {found['ratio_p95']:.2f}")
    remark = "" if found["comparable"] else f" (above {LARGEST_OTHERS}: not comparable)"
    lines.append(f"others used {found['others_cores']:.2f} of {os.cpu_count()} cores{remark}")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure the speed of the app in a browser.")
    parser.add_argument("--moves", type=int, default=MOVES, help="key presses on each page")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    if not sys.platform.startswith("linux"):
        raise SystemExit("This measurement reads /proc and needs Linux.")
    found = measure(max(1, chosen.moves))
    sys.stdout.write((json.dumps(found, indent=2) if chosen.json else _table(found)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
