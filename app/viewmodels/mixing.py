"""A mix that the laws speak of, and a run in which its requests are played one by one."""

from __future__ import annotations

__all__ = [
    "QUEUES",
    "MixClaim",
    "claim_of",
    "compare_mix",
    "mix_text",
    "needs_queues",
    "play_mix",
]

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from text import format_quantity

from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.simulation import Estimate
from analytic_models.simulation.mix import MixRun, Part, simulate_mix
from viewmodels.checking import Comparison, Figure, compare_figures, rare
from viewmodels.current import parsed
from viewmodels.key_figures import STATION_WORDS

Queues = Literal["scenario", "shared"]
QUEUES: dict[Queues, str] = {
    "scenario": "as the scenario says",
    "shared": "shared by all at once, as the mix assumes",
}


@dataclass(frozen=True)
class MixClaim:
    """What the laws say about a way to choose.

    Parameters
    ----------
    name
        The way to choose.
    parts
        Class, case as JSON and share of every design in use.
    classes
        Names of the classes.
    mean_s, class_mean_s
        Mean latency over all requests and of every class, s.
    busy
        Station to its utilisation.
    bound_s
        No mix of shared stations is faster, s; nan where nothing is proven.
    """

    name: str
    parts: tuple[tuple[int, str, float], ...]
    classes: tuple[str, ...]
    mean_s: float
    class_mean_s: tuple[float, ...]
    busy: tuple[tuple[str, float], ...]
    bound_s: float = math.nan


def claim_of(
    name: str,
    mix: MixSolution,
    cases: Mapping[int, str],
    stations: Sequence[str],
    proven: bool = False,
) -> MixClaim:
    """Return what the laws say about a mix of one class.

    Parameters
    ----------
    name
        The way to choose.
    mix
        The solution.
    cases
        Row of its table to the case as JSON.
    stations
        All shared stations, in the order of the mix.
    proven
        Whether no other mix is faster by more than the gap.
    """
    shares = mix.shares[0] if mix.shares else {}
    parts = tuple((0, cases[row], share) for row, share in shares.items())
    busy = tuple(
        (station, float(load))
        for station, load in zip(stations, mix.utilisation, strict=True)
        if load > 0.0
    )
    bound = mix.mean_s - mix.gap_s if proven and math.isfinite(mix.mean_s) else math.nan
    return MixClaim(name, parts, ("all devices",), mix.mean_s, (mix.mean_s,), busy, bound)


def needs_queues(claims: Sequence[MixClaim]) -> bool:
    """Whether some station serves in another way than a mix assumes."""
    return any(
        busy > 0.0 and getattr(parsed(claim.parts[0][1]).scenario, f"{name}_discipline") != "ps"
        for claim in claims
        if claim.parts
        for name, busy in claim.busy
    )


def mix_text(claim: MixClaim, queues: Queues) -> str:
    """Return all that matters for a run, as a key."""
    return json.dumps(["mix", queues, claim.parts])


def play_mix(
    text: str, requests: int, seed: int, progress: Callable[[float], bool] | None = None
) -> MixRun:
    """Simulate the mix that a text describes.

    Raises
    ------
    analytic_models.DesignError
        If it cannot be simulated.
    """
    _, queues, rows = json.loads(text)
    parts = [Part(parsed(case), share, owner) for owner, case, share in rows]
    catalog = parts[0].case.catalog() if parts else None
    return simulate_mix(parts, requests, seed, queues, progress, catalog)


def compare_mix(claim: MixClaim, run: MixRun, queues: Queues) -> Comparison:
    """Set what the laws say about a mix beside a run of it."""
    whole = run.whole
    figures = [Figure("mean of all requests", "s", claim.mean_s, whole.mean_s)]
    if len(claim.classes) > 1:
        pairs = zip(claim.classes, claim.class_mean_s, run.classes, strict=True)
        for name, mean, part in pairs:
            figures.append(Figure(f"{name}: mean", "s", mean, part.mean_s))
            figures.append(Figure(f"{name}: 99 % (p99)", "s", math.nan, part.p99_s))
            figures.append(
                Figure(f"{name}: too late", "frac", math.nan, rare(part.miss_frac, part.requests))
            )
    else:
        figures.append(Figure("95 % (p95)", "s", math.nan, whole.p95_s))
        figures.append(Figure("99 % (p99)", "s", math.nan, whole.p99_s))
        late = rare(run.classes[0].miss_frac, run.classes[0].requests)
        figures.append(Figure("too late", "frac", math.nan, late))
    seen = {station.name: station.utilisation_frac for station in whole.stations}
    figures += [
        Figure(f"how busy {STATION_WORDS[name]} is", "frac", busy, Estimate(seen[name], math.nan))
        for name, busy in claim.busy
        if name in seen
    ]
    return compare_figures(figures, _sentence(claim, run, queues), _remarks(run))


def _remarks(run: MixRun) -> tuple[str, ...]:
    return (*run.whole.unsteady, *run.rounded)


def _sentence(claim: MixClaim, run: MixRun, queues: Queues) -> str:
    """Say whether the mean of the mix stands, and what is a heuristic here."""
    found = run.whole.mean_s
    if not run.whole.steady:
        return "The run has not settled: its figures are a glimpse, not a check."
    if not math.isfinite(claim.mean_s):
        return "The laws see no steady state; a run only shows how the queue grows."
    off = claim.mean_s / found.value - 1.0
    if found.covers(claim.mean_s):
        start = "The mean of the laws lies within the uncertainty of the run"
    else:
        side = "above" if off > 0 else "below"
        start = f"The mean of the laws is {abs(100 * off):.1f} % {side} the run"
    tail = "; a mix has no law for percentiles, so those are the run's alone"
    if queues == "scenario" and needs_queues([claim]):
        tail = (
            "; queues in order of arrival make a mix a heuristic, so its mean and percentiles are "
            "to be taken from the run"
        )
    bound = ""
    if math.isfinite(claim.bound_s):
        least = format_quantity(claim.bound_s, "s")
        bound = f" Where stations share their processors no mix is below {least}."
    return f"{start}{tail}.{bound}"
