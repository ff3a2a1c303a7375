"""A language model that many people ask: figures, curves, and what a run says."""

from __future__ import annotations

__all__ = [
    "RATES",
    "Crowd",
    "Growth",
    "answers",
    "compare_answers",
    "error_words",
    "growth",
    "order_rows",
    "play_answers",
    "spoken",
]

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from text import UNKNOWN, format_quantity

from analytic_models import DesignError
from analytic_models.language_load import (
    SERVED,
    Asked,
    TokenLoad,
    answer_times,
    measured_error,
    step_times,
    straight_batch,
)
from analytic_models.lights_envelope import Envelope
from analytic_models.simulation import SimulationResult, simulate_route
from analytic_models.simulation.parts import BatchTime
from analytic_models.simulation.tokens import token_route
from viewmodels.checking import Comparison, Figure, compare_figures
from viewmodels.language import TIERS, Choice, tiers_of

# Questions per second that can be chosen: every step about a quarter more.
RATES = (
    0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0,
    2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 70.0, 100.0,
)  # fmt: skip
_LOADS = np.linspace(0.04, 0.96, 16)
_FIGURES = (("mean", "mean_s"), ("p50", "p50_s"), ("p95", "p95_s"), ("p99", "p99_s"))


@dataclass(frozen=True)
class Crowd:
    """What the page asks of one server: the model's choice, the tier, and the load."""

    choice: Choice
    tier: str
    asked: Asked

    def served(self, how: str) -> Crowd:
        """Return the same crowd before a server that takes requests in another way."""
        varied = self.asked.varied and how != "batch"
        return replace(self, asked=replace(self.asked, served=how, varied=varied))


@dataclass(frozen=True)
class Growth:
    """Time of an answer over the questions per second.

    Parameters
    ----------
    rates
        Questions per second, shape ``(n,)``.
    lines
        Name and times in seconds, network included.
    now
        Present rate, and the times there; nan where the server cannot keep up.
    capacity
        Rate that it can just not keep up with.
    words
        The finding as a sentence.
    """

    rates: tuple[float, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]
    now: float
    at_now: tuple[float, ...]
    capacity: float
    words: str


def _steps(crowd: Crowd) -> tuple[np.ndarray, float]:
    choice = crowd.choice
    machine = choice.machines[TIERS.index(crowd.tier)]
    return step_times(
        choice.catalog,
        choice.model,
        machine,
        choice.precision,
        float(choice.prompt),
        float(choice.output),
        crowd.asked.largest_count,
    )


@lru_cache(maxsize=512)
def answers(crowd: Crowd) -> TokenLoad | None:
    """Evaluate a server under load; None where the model does not fit or is not known there."""
    try:
        return answer_times(*_steps(crowd), float(crowd.choice.output), crowd.asked)
    except DesignError:
        return None


def _network_s(crowd: Crowd) -> float:
    """Time that the links add to an answer."""
    tier = tiers_of(crowd.choice)[TIERS.index(crowd.tier)]
    return tier.number("answer_s").value - tier.served.alone["request_s"].value


@lru_cache(maxsize=32)
def growth(crowd: Crowd) -> Growth | None:
    """Follow the time of an answer from an idle server to one that cannot keep up."""
    now = answers(crowd)
    if now is None:
        return None
    rates = _LOADS * now.capacity_per_s
    found = [
        answers(replace(crowd, asked=replace(crowd.asked, arrival_per_s=float(rate))))
        for rate in rates
    ]
    links = _network_s(crowd)
    lines = tuple(
        (name, tuple(getattr(one, field) + links for one in found if one is not None))
        for name, field in _FIGURES
    )
    at_now = tuple(getattr(now, field) + links for _, field in _FIGURES)
    return Growth(
        tuple(float(rate) for rate in rates),
        lines,
        crowd.asked.arrival_per_s,
        at_now,
        now.capacity_per_s,
        spoken(crowd),
    )


def spoken(crowd: Crowd) -> str:
    """Say in one sentence what the load does."""
    now = answers(crowd)
    if now is None:
        return "The model does not fit on this machine, or its times there are not known."
    most, rate = f"{now.capacity_per_s:.2g}", f"{crowd.asked.arrival_per_s:g}"
    where = {"device": "on the device", "edge": "at the edge", "cloud": "in the cloud"}[crowd.tier]
    if not math.isfinite(now.mean_s):
        return (
            f"One server {where} gives at most {most} answers per second: {rate} questions per "
            "second pile up."
        )
    tail = format_quantity(now.p99_s + _network_s(crowd), "s", 2)
    return (
        f"99 % of the answers are complete within {tail}; one server {where} gives at most {most} "
        "answers per second."
    )


def order_rows(crowd: Crowd) -> tuple[tuple[str, str, str, str, str, bool], ...]:
    """Compare the ways to take requests: words, mean, p99, most answers, together, chosen."""
    rows, links = [], _network_s(crowd)
    for how, words in SERVED.items():
        found = answers(crowd.served(how))
        chosen = how == crowd.asked.served
        if found is None:
            rows.append((words, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, chosen))
            continue
        slow = not math.isfinite(found.mean_s)
        mean, tail = (
            "cannot keep up" if slow else format_quantity(time + links, "s", 2)
            for time in (found.mean_s, found.p99_s)
        )
        most = format_quantity(found.capacity_per_s, "1/s", 2)
        if how == "batch" and crowd.asked.varied:
            words += ", answers all alike"
        rows.append((words, mean, tail, most, f"{found.active_count:.1f}", chosen))
    return tuple(rows)


def play_answers(
    crowd: Crowd, requests: int, seed: int, tick: Callable[[float], bool]
) -> SimulationResult:
    """Run the server step by step."""
    steps, prefill = _steps(crowd)
    asked, output = crowd.asked, float(crowd.choice.output)
    batch = None
    if asked.served == "batch":
        each, fixed = straight_batch(steps, prefill, output)
        batch = BatchTime(each, max(fixed, 0.0), float(len(steps)))
    table = steps[:1] if asked.served == "single" else steps
    route, arrivals = token_route(
        table.tolist(),
        prefill,
        float(crowd.choice.prompt),
        output,
        asked.arrival_per_s,
        asked.varied,
        batch,
    )
    return simulate_route(route, arrivals, requests=requests, seed=seed, progress=tick)


def compare_answers(crowd: Crowd, run: SimulationResult) -> Comparison:
    """Set the closed form beside a run; both without the network."""
    found = answers(crowd)
    if found is None or not math.isfinite(found.mean_s):
        return compare_figures((), "The server cannot keep up: a run only shows the queue grow.")
    expected = {name: Envelope(*ends) for name, ends in measured_error(found, crowd.asked).items()}
    figures = [
        Figure(f"{name} of an answer", "s", getattr(found, f), getattr(run, f), expected.get(name))
        for name, f in _FIGURES
    ]
    sentence = (
        "Times at the server, without the network. Expected differences were measured at loads up "
        "to 0.95."
    )
    return compare_figures(figures, sentence, run.unsteady)


def error_words(crowd: Crowd) -> str:
    """Say how far p99 of such a server was from simulation."""
    found = answers(crowd)
    if found is None:
        return ""
    ends = measured_error(found, crowd.asked)["p99"]
    low, high = (f"{100 * end:+.0f}".replace("-", "−") for end in ends)
    return f"Against simulation, p99 of such a server was {low} to {high} % off."
