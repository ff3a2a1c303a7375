"""Check by simulation, on any page: a run in the background, with progress, cancel and result.

``check(case, key)`` draws the button with its settings, and the progress of the run; ``finished``
returns the run's result once it is there; ``check_popover`` hides both behind a button. Runs are
shared: who asks for the same case, number of requests and seed gets the same run.
``assumptions(case, key)`` draws the button that opens the lights.
"""

from __future__ import annotations

__all__ = ["assumptions", "check", "check_popover", "comparison_table", "finished"]

import html
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import state
import streamlit as st
from text import markdown
from viewmodels.checking import Comparison, compare
from viewmodels.current import evaluated
from viewmodels.lights import Strip, strip

from analytic_models import Case, DesignError
from analytic_models.simulation import SimulationCancelled, SimulationResult
from analytic_models.simulation.case import simulate

REQUESTS = (20_000, 100_000, 400_000, 1_000_000)
_KEPT_RUNS = 8
_POLL_S = 0.3
_COLOURS = {"green": "green", "amber": "orange", "red": "red"}


@dataclass(eq=False)
class Run:
    """One simulation: how far it is, and what came of it."""

    share: float = 0.0
    stopped: bool = False
    ended: bool = False
    result: SimulationResult | None = None
    fault: str = ""

    def tick(self, share: float) -> bool:
        """Note the progress; False ends the run."""
        self.share = share
        return not self.stopped


class _Store:
    """The runs that were asked for last, for all visitors; one at a time on the processor."""

    def __init__(self) -> None:
        self.runs: OrderedDict[tuple[str, int, int], Run] = OrderedDict()
        self.guard = threading.Lock()
        self.slot = threading.BoundedSemaphore(1)

    def start(self, key: tuple[str, int, int]) -> Run:
        """Begin a run, or return the one that is there."""
        with self.guard:
            found = self.runs.get(key)
            if found is not None and not found.stopped:
                return found
            run = self.runs[key] = Run()
            while len(self.runs) > _KEPT_RUNS:
                _, old = self.runs.popitem(last=False)
                old.stopped = True
        threading.Thread(target=self._work, args=(key, run), daemon=True).start()
        return run

    def _work(self, key: tuple[str, int, int], run: Run) -> None:
        text, requests, seed = key
        try:
            with self.slot:
                case = Case.from_json(text)
                run.result = simulate(case, requests, seed, progress=run.tick)
        except SimulationCancelled:
            run.stopped = True
        except DesignError as error:
            run.fault = "; ".join(f"{p.path}: {p.message}" for p in error.problems)
        finally:
            run.ended = True


@st.cache_resource(show_spinner=False)
def _store() -> _Store:
    return _Store()


def _asked(case: Case) -> Run | None:
    """Return the run that this visitor asked for, if it is of this case."""
    key = state.ui("check")
    if key is None or key[0] != case.to_json():
        return None
    return _store().runs.get(key)


def finished(case: Case) -> SimulationResult | None:
    """Return the result of the run of this case; None before it has ended."""
    run = _asked(case)
    return run.result if run is not None else None


def _begin(case: Case) -> None:
    requests = state.typed("_check_requests") or REQUESTS[1]
    seed = state.typed("_check_seed") or 1
    key = (case.to_json(), int(requests), int(seed))
    state.set_ui("check", key)
    _store().start(key)


def _stop(run: Run) -> None:
    run.stopped = True
    state.set_ui("check", None)


def check(case: Case, key: str) -> SimulationResult | None:
    """Draw the check with its settings and progress; return the result once it is there.

    Parameters
    ----------
    case
        What is simulated.
    key
        Name of the check in the page.
    """
    run = _asked(case)
    running = run is not None and not run.ended and not run.stopped
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"check_{key}"):
        st.button(
            "Simulate",
            icon=":material/science:",
            type="primary",
            key=f"_check_go_{key}",
            on_click=_begin,
            args=(case,),
            disabled=running,
            help="Plays requests one by one through the same stations, without any of the laws.",
        )
        state.seed("_check_requests", state.ui("check_requests", REQUESTS[1]))
        st.selectbox(
            "Requests",
            REQUESTS,
            key="_check_requests",
            format_func=lambda n: f"{n:,}".replace(",", "\u202f"),
            on_change=lambda: state.set_ui("check_requests", state.typed("_check_requests")),
            width=150,
        )
        state.seed("_check_seed", state.ui("check_seed", 1))
        st.number_input(
            "Seed",
            0,
            2**31 - 1,
            key="_check_seed",
            on_change=lambda: state.set_ui("check_seed", state.typed("_check_seed")),
            width=130,
        )
    if running and run is not None:
        st.fragment(_progress, run_every=_POLL_S)(run, key)
    elif run is not None and run.fault:
        st.warning(f"This cannot be simulated: {markdown(run.fault, 200)}")
    return run.result if run is not None else None


def check_popover(case: Case, key: str) -> None:
    """Draw a button that opens the check and, once a run has ended, its comparison."""
    opened = st.popover(
        "Check by simulation", icon=":material/science:", key=f"check_in_{key}", on_change="rerun"
    )
    if opened.open:
        with opened:
            result = check(case, key)
            if result is not None:
                comparison_table(case, result)


def _progress(run: Run, key: str) -> None:
    """Draw how far a run is; redraw the page when it has ended."""
    if run.ended:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(run.share, text=f"Simulating: {run.share:.0%}")
    right.button("Cancel", key=f"_check_stop_{key}", on_click=_stop, args=(run,))


def comparison_table(case: Case, result: SimulationResult) -> Comparison:
    """Draw laws and simulation side by side, with the sentence that says what it means."""
    found = compare(evaluated(case), result)
    marks = {True: "inside", False: "outside", None: ""}
    classes = {True: "better", False: "worse", None: ""}
    body = "".join(
        f"<tr><td>{html.escape(row.label)}</td><td>{html.escape(row.closed)}</td>"
        f"<td>{html.escape(row.simulated)}</td><td>{html.escape(row.interval)}</td>"
        f'<td>{html.escape(row.difference)}</td><td class="{classes[row.inside]}">'
        f"{marks[row.inside]}</td></tr>"
        for row in found.rows
    )
    head = "".join(
        f'<th scope="col">{word}</th>'
        for word in ("closed form", "simulation", "95 % interval", "difference", "verdict")
    )
    st.html(f'<table class="eccc-gains"><tr><td></td>{head}</tr>{body}</table>')
    st.caption(markdown(found.sentence, 200))
    for remark in found.remarks:
        st.caption(f"⚠ {markdown(remark, 200)}")
    return found


def assumptions(case: Case, key: str = "lights") -> Strip:
    """Draw one button that says how many assumptions need care, and opens all of them.

    Parameters
    ----------
    case
        Whose assumptions.
    key
        Name of the strip in the page.
    """
    found = strip(case)
    label = f":{_COLOURS[found.state]}[●] {markdown(found.sentence)}"
    opened = st.popover(label, key=key, on_change="rerun")
    if opened.open:
        with opened:
            for light in found.lights:
                _light(light, key)
    return found


def _light(light: Any, key: str) -> None:  # noqa: ANN401 - a light of the models
    mark = f":{_COLOURS[light.state]}[{Strip.mark(light)}]"
    st.markdown(f"{mark} **{markdown(light.label)}** ({Strip.word(light)})")
    st.caption(markdown(light.message, 600))
    if light.remedy:
        st.button(
            markdown(light.remedy_label),
            key=f"{key}_take_{light.id}",
            on_click=_remedy,
            args=(dict(light.remedy),),
        )


def _remedy(fields: dict[str, Any]) -> None:
    state.change("scenario", **fields)
