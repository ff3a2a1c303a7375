"""A language model that many people ask: how its server takes requests, and what that does."""

from __future__ import annotations

__all__ = [
    "SERVED",
    "Asked",
    "OneByOne",
    "TokenLoad",
    "answer_times",
    "measured_error",
    "step_times",
    "straight_batch",
]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, DecoderLm
from analytic_models.errors import DesignError, Problem
from analytic_models.language import LanguageEvaluation, serve_language
from analytic_models.laws.batch_chain import BatchLaw, batch_law
from analytic_models.laws.service_laws import gamma_law
from analytic_models.laws.station_laws import mgc_wait_law
from analytic_models.laws.token_queue import TokenQueue, token_queue
from analytic_models.laws.transforms import StationLaw, exceedance, sojourn_quantile

Floats = NDArray[np.float64]

SERVED: Mapping[str, str] = MappingProxyType(
    {
        "continuous": "continuous batching",
        "batch": "batches",
        "single": "one at a time",
    }
)
# Batches at which a step is evaluated; those between lie on straight lines.
_SIZES = 24
_LEVELS = (0.5, 0.95, 0.99)
# Closed form over simulation minus 1, lowest and highest of 40,000 to 60,000 answers on an A100, an
# H100 and a Jetson at loads of 0.3, 0.7 and 0.85, and at 0.95 beyond.
_VARIED = {"mean": (-0.04, 0.03), "p95": (-0.07, 0.02), "p99": (-0.10, 0.02)}
_VARIED_FULL = {"mean": (-0.07, 0.03), "p95": (-0.10, 0.02), "p99": (-0.14, 0.02)}
_ALIKE = {"mean": (-0.06, 0.02), "p95": (-0.05, 0.03), "p99": (-0.06, 0.04)}
_ALIKE_READING = {"mean": (-0.14, 0.0), "p95": (-0.16, 0.0), "p99": (-0.17, 0.17)}
_ALIKE_FULL = {"mean": (-0.14, 0.02), "p95": (-0.08, 0.06), "p99": (-0.02, 0.17)}
_BATCHED = {"mean": (-0.01, 0.02), "p95": (-0.01, 0.04), "p99": (-0.01, 0.04)}
_SINGLE = {"mean": (0.0, 0.02), "p95": (-0.01, 0.03), "p99": (-0.06, 0.05)}
_FULL, _READING = 0.86, 0.36


@dataclass(frozen=True)
class Asked:
    """What is asked of one server.

    Parameters
    ----------
    arrival_per_s
        Questions of all users [1/s].
    largest_count
        Requests that the server takes into one batch at most; the memory may allow fewer.
    served
        One of ``SERVED``.
    varied
        Whether the length of answers is geometric; otherwise all are alike.
    """

    arrival_per_s: float
    largest_count: int = 32
    served: str = "continuous"
    varied: bool = True

    def __post_init__(self) -> None:
        problems = []
        if not (math.isfinite(self.arrival_per_s) and self.arrival_per_s > 0):
            problems.append(Problem("arrival_per_s", f"is {self.arrival_per_s!r}", "above 0"))
        if self.largest_count < 1:
            problems.append(Problem("largest_count", f"is {self.largest_count!r}", "1 or more"))
        if self.served not in SERVED:
            problems.append(Problem("served", f"is {self.served!r}", ", ".join(SERVED)))
        if self.served == "batch" and self.varied:
            message = "batches of answers of varied lengths end with the longest: no law is known"
            problems.append(Problem("varied", message, "False"))
        if problems:
            raise DesignError(problems)


@dataclass(frozen=True, eq=False)
class OneByOne:
    """Answers given one at a time: a constant, the wait, and the varied part of the service."""

    shift_s: float
    laws: tuple[StationLaw, ...]
    stable: bool

    @property
    def mean_s(self) -> float:
        """Mean time of an answer."""
        moving = math.fsum(float(np.asarray(law.mean)) for law in self.laws)
        return self.shift_s + moving if self.stable else math.inf

    def exceedance(self, threshold: float) -> float:
        """Return the probability that an answer takes longer."""
        if not self.stable:
            return 1.0
        return float(np.asarray(exceedance(self.shift_s, self.laws, threshold)))

    def quantile(self, level: float) -> float:
        """Return the time that a share ``level`` of the answers does not exceed."""
        if not self.stable:
            return math.inf
        return float(np.asarray(sojourn_quantile(self.shift_s, self.laws, level)))


@dataclass(frozen=True)
class TokenLoad:
    """Times of a whole answer under load, without the network.

    Parameters
    ----------
    load_frac
        Questions over the most that the server can answer.
    capacity_per_s
        That most [1/s].
    mean_s, p50_s, p95_s, p99_s
        Time from question to last token; inf where the server cannot keep up.
    active_count
        Mean number of requests in a batch or step.
    slots_count
        Most requests in one.
    prefill_frac
        Share of time that reading prompts takes.
    law
        What gave the distribution.
    """

    load_frac: float
    capacity_per_s: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    active_count: float
    slots_count: int
    prefill_frac: float
    law: TokenQueue | BatchLaw | OneByOne

    def above(self, threshold_s: float) -> float:
        """Return the share of answers that take longer."""
        return self.law.exceedance(threshold_s)


@lru_cache(maxsize=64)
def step_times(
    catalog: Catalog,
    model: str | DecoderLm,
    machine: str,
    precision: str,
    prompt_token: float,
    output_token: float,
    largest_count: int,
) -> tuple[Floats, float]:
    """Time of a decode step with 1, 2, … requests inside, and of reading one prompt.

    Parameters
    ----------
    catalog, model, machine, precision, prompt_token, output_token
        As for :func:`analytic_models.language.serve_language`.
    largest_count
        Most requests at a time; the memory may allow fewer.

    Returns
    -------
    Step times in seconds, shape ``(slots,)``, empty where not even one request fits or the step is
    not known; and the prefill of one prompt in seconds.
    """

    def evaluated(batch: float) -> LanguageEvaluation:
        return serve_language(catalog, model, machine, precision, batch, prompt_token, output_token)

    first = evaluated(1.0)
    room = first["largest_batch_count"].value
    slots = largest_count if math.isnan(room) else int(min(room, largest_count))
    known = math.isfinite(first["iteration_s"].value)
    if slots < 1 or not known:
        return np.zeros(0), first["prefill_s"].value
    sizes = np.unique(np.rint(np.geomspace(1, slots, min(slots, _SIZES))))
    times = [evaluated(float(size))["iteration_s"].value for size in sizes]
    steps = np.interp(np.arange(1.0, slots + 1.0), sizes, times)
    return np.asarray(steps, dtype=np.float64), first["prefill_s"].value


def answer_times(steps: Floats, prefill_s: float, output_token: float, asked: Asked) -> TokenLoad:
    """Evaluate a server under load in closed form.

    Parameters
    ----------
    steps, prefill_s
        As :func:`step_times` returns them.
    output_token
        Mean tokens of an answer.
    asked
        Load and order of service.

    Raises
    ------
    DesignError
        If no request fits, or the times are not known.
    """
    if not len(steps) or math.isnan(prefill_s):
        raise DesignError(Problem("model", "does not fit on this machine, or is not known there"))
    rate, held = asked.arrival_per_s, asked.arrival_per_s * prefill_s
    if asked.served == "single":
        return _single(steps, prefill_s, output_token, asked)
    if asked.served == "batch":
        each, fixed = straight_batch(steps, prefill_s, output_token)
        capacity = len(steps) / (fixed + each * len(steps))
        law = batch_law(rate, each, fixed, float(len(steps)))
        return _load_of(law, law.mean_s, rate, capacity, law.mean_batch, len(steps), held)
    queue = token_queue(rate, output_token, steps, prefill_s, asked.varied)
    return _load_of(
        queue,
        queue.sojourn_mean_s,
        rate,
        queue.capacity_per_s,
        queue.active_count,
        len(steps),
        held,
    )


def measured_error(found: TokenLoad, asked: Asked) -> Mapping[str, tuple[float, float]]:
    """How far mean, p95 and p99 were from simulation where it was measured.

    Parameters
    ----------
    found, asked
        Closed form, and what it answers.

    Returns
    -------
    Lowest and highest relative difference of the closed form by figure.
    """
    if asked.served == "batch":
        return _BATCHED
    if asked.served == "single":
        return _SINGLE
    full = found.load_frac > _FULL
    if asked.varied:
        return _VARIED_FULL if full else _VARIED
    if found.prefill_frac > _READING:
        return _ALIKE_READING
    return _ALIKE_FULL if full else _ALIKE


def _load_of(
    law: TokenQueue | BatchLaw | OneByOne,
    mean_s: float,
    rate: float,
    capacity: float,
    active: float,
    slots: int,
    held: float,
) -> TokenLoad:
    """Read the percentiles of a law."""
    middle, p95, p99 = (law.quantile(level) for level in _LEVELS)
    return TokenLoad(rate / capacity, capacity, mean_s, middle, p95, p99, active, slots, held, law)


def straight_batch(steps: Floats, prefill_s: float, output_token: float) -> tuple[float, float]:
    """Time that one more request adds to a batch, and the rest: exact at one and at the largest.

    Parameters
    ----------
    steps, prefill_s, output_token
        As for :func:`answer_times`.
    """
    if len(steps) == 1:
        return output_token * steps[0] + prefill_s, 0.0
    slope = float(steps[-1] - steps[0]) / (len(steps) - 1)
    each = output_token * slope + prefill_s
    return each, output_token * float(steps[0] - slope)


def _single(steps: Floats, prefill_s: float, output_token: float, asked: Asked) -> TokenLoad:
    """Evaluate a server that gives one answer after the other."""
    written = output_token * float(steps[0])
    service, rate = prefill_s + written, asked.arrival_per_s
    scv = (written / service) ** 2 if asked.varied else 0.0
    load = rate * service
    with np.errstate(all="ignore"):
        wait = mgc_wait_law(rate, service, scv, 1.0)
    laws = (wait, gamma_law(written, 1.0)) if asked.varied else (wait,)
    law = OneByOne(prefill_s if asked.varied else service, laws, load < 1.0)
    return _load_of(law, law.mean_s, rate, 1.0 / service, 1.0, 1, rate * prefill_s)
