"""Check by simulation, on any page: a run in the background, with progress, cancel and result.

``check(case, key)`` draws the button with its settings, and the progress of the run, and returns
the run's result once it is there; ``check_popover`` hides both behind a button. A page that checks
something else than a case gives a ``Job`` instead. Runs are shared: who asks for the same job,
number of requests and seed gets the same run. ``assumptions(case, key)`` opens the lights.
"""

from __future__ import annotations

__all__ = [
    "Job",
    "assumptions",
    "case_job",
    "check",
    "check_popover",
    "comparison_table",
    "draw_comparison",
    "play",
    "ran_words",
]

import html
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import state
import streamlit as st
from text import format_quantity, markdown
from viewmodels.checking import Comparison, compare
from viewmodels.current import evaluated, parsed
from viewmodels.lights import Strip, strip

from analytic_models import Case, DesignError
from analytic_models.simulation import SimulationCancelled, SimulationResult
from analytic_models.simulation.case import simulate

REQUESTS = (20_000, 100_000, 400_000, 1_000_000)
_KEPT_RUNS = 8
_POLL_S = 0.3
_COLOURS = {"green": "green", "amber": "orange", "red": "red"}


@dataclass(frozen=True)
class Job:
    """Something that can be simulated.

    Parameters
    ----------
    text
        Says all that matters, for people who ask the same.
    play
        Number of requests, seed and progress to the result of the run.
    """

    text: str
    play: Callable[[int, int, Callable[[float], bool]], Any] = field(compare=False)


def case_job(case: Case) -> Job:
    """Return the simulation of a case."""
    text = case.to_json()
    return Job(text, lambda requests, seed, tick: simulate(parsed(text), requests, seed, tick))


def _job(asked: Case | Job) -> Job:
    return case_job(asked) if isinstance(asked, Case) else asked


@dataclass(eq=False)
class Run:
    """One simulation: how far it is, and what came of it."""

    share: float = 0.0
    stopped: bool = False
    ended: bool = False
    result: Any = None
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

    def start(self, job: Job, requests: int, seed: int) -> Run:
        """Begin a run, or return the one that is there."""
        key = (job.text, requests, seed)
        with self.guard:
            found = self.runs.get(key)
            if found is not None and not found.stopped:
                return found
            run = self.runs[key] = Run()
            while len(self.runs) > _KEPT_RUNS:
                _, old = self.runs.popitem(last=False)
                old.stopped = True
        threading.Thread(target=self._work, args=(job, requests, seed, run), daemon=True).start()
        return run

    def _work(self, job: Job, requests: int, seed: int, run: Run) -> None:
        try:
            with self.slot:
                run.result = job.play(requests, seed, run.tick)
        except SimulationCancelled:
            run.stopped = True
        except DesignError as error:
            run.fault = "; ".join(f"{p.path}: {p.message}" for p in error.problems)
        finally:
            run.ended = True


@st.cache_resource(show_spinner=False)
def _store() -> _Store:
    return _Store()


def _asked(job: Job) -> Run | None:
    """Return the run that this visitor asked for, if it is of this job."""
    key = state.ui("checks", {}).get(job.text)
    return None if key is None else _store().runs.get((job.text, *key))


def _begin(job: Job) -> None:
    requests = int(state.typed("_check_requests") or REQUESTS[1])
    seed = state.typed("_check_seed")
    seed = 1 if seed is None else int(seed)
    _note(job, (requests, seed))
    _store().start(job, requests, seed)


def _note(job: Job, key: tuple[int, int] | None) -> None:
    """Remember what this visitor asked for last."""
    known = {text: kept for text, kept in state.ui("checks", {}).items() if text != job.text}
    if key is not None:
        known[job.text] = key
    state.set_ui("checks", dict(list(known.items())[-_KEPT_RUNS:]))


def _stop(job: Job, run: Run) -> None:
    run.stopped = True
    _note(job, None)


def check(case: Case, key: str) -> SimulationResult | None:
    """Draw the check of a case; parameters and result as ``play``."""
    found = play(case, key)
    return found if isinstance(found, SimulationResult) else None


def play(asked: Case | Job, key: str, counted: str = "Requests") -> Any:  # noqa: ANN401 - what the job makes
    """Draw the check with its settings and progress; return the result once it is there.

    Parameters
    ----------
    asked
        What is simulated.
    key
        Name of the check in the page.
    counted
        What a run is counted in.
    """
    job = _job(asked)
    run = _asked(job)
    running = run is not None and not run.ended and not run.stopped
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"check_{key}"):
        st.button(
            "Simulate",
            icon=":material/science:",
            type="primary",
            key=f"_check_go_{key}",
            on_click=_begin,
            args=(job,),
            disabled=running,
            help="Plays everything step by step, without any of the laws.",
        )
        state.seed("_check_requests", state.ui("check_requests", REQUESTS[1]))
        st.selectbox(
            counted,
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
        st.fragment(_progress, run_every=_POLL_S)(job, run, key)
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


def _progress(job: Job, run: Run, key: str) -> None:
    """Draw how far a run is; redraw the page when it has ended."""
    if run.ended:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(run.share, text=f"Simulating: {run.share:.0%}")
    right.button("Cancel", key=f"_check_stop_{key}", on_click=_stop, args=(job, run))


def comparison_table(case: Case, result: SimulationResult) -> Comparison:
    """Draw laws and simulation side by side, with the sentence that says what it means."""
    found = compare(evaluated(case), result)
    draw_comparison(found)
    return found


def draw_comparison(found: Comparison, ran: str = "") -> None:
    """Draw figures beside those of a run, what they mean, and what speaks against the run.

    Parameters
    ----------
    found
        Closed form and simulation.
    ran
        How the run was made.
    """
    classes = {"agrees": "better", "within the envelope": "better", "outside the envelope": "worse"}
    lit = any(row.expected for row in found.rows)
    body = "".join(
        f"<tr><td>{html.escape(row.label)}</td><td>{html.escape(row.closed)}</td>"
        f"<td>{html.escape(row.simulated)}</td><td>{html.escape(row.interval)}</td>"
        f"<td>{html.escape(row.difference)}</td>"
        + (f"<td>{html.escape(row.expected)}</td>" if lit else "")
        + f'<td class="{classes.get(row.verdict, "")}">{html.escape(row.verdict)}</td></tr>'
        for row in found.rows
    )
    words = ["closed form", "simulation", "95 % interval", "difference"]
    words += ["lights expect", "verdict"] if lit else ["verdict"]
    head = "".join(f'<th scope="col">{word}</th>' for word in words)
    st.html(f'<table class="eccc-gains"><tr><td></td>{head}</tr>{body}</table>')
    st.caption(markdown(found.sentence, 300))
    for remark in found.remarks:
        st.caption(f"⚠ {markdown(remark, 200)}")
    if ran:
        st.caption(markdown(ran, 200))


def ran_words(result: SimulationResult) -> str:
    """Say how a run was made and what it is worth."""
    many, worth = (
        format_quantity(round(count), "count")
        for count in (result.requests, result.effective_samples)
    )
    return (
        f"{many} requests, seed {result.seed}, in {result.elapsed_s:.1f} s; they are worth {worth} "
        "independent ones."
    )


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
