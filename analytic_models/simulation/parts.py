"""What stations and streams are made of: service laws and the parameters of each discipline.

Frozen value objects; each checks itself when it is made and reports every fault at once. Times are
seconds, rates are per second.
"""

from __future__ import annotations

__all__ = [
    "Background",
    "BatchTime",
    "ColdStart",
    "Modulation",
    "Service",
    "TokenLength",
    "TokenServing",
]

import math
from collections.abc import Iterable
from dataclasses import dataclass

from analytic_models.errors import DesignError, Problem

SERVICE_KINDS = (
    "deterministic",
    "exponential",
    "gamma",
    "lognormal",
    "erlang",
    "hyperexponential",
)


def refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise DesignError(found)


def need_positive(path: str, value: float) -> list[Problem]:
    if math.isfinite(value) and value > 0:
        return []
    return [Problem(path, f"is {value!r}", "a finite number above 0")]


def need_not_negative(path: str, value: float) -> list[Problem]:
    if math.isfinite(value) and value >= 0:
        return []
    return [Problem(path, f"is {value!r}", "a finite number, 0 or above")]


def need_possible_scv(path: str, kind: str, scv: float) -> list[Problem]:
    """Check that a distribution kind can have this squared coefficient of variation."""
    fixed = {"deterministic": 0.0, "exponential": 1.0}
    if kind in fixed:
        good, allowed = scv == fixed[kind], f"{fixed[kind]:g} for {kind}"
    elif kind == "erlang":
        stages = 1 / scv if scv > 0 else 0.0
        good = round(stages) >= 1 and math.isclose(stages, round(stages), rel_tol=1e-9)
        allowed = "1/k with a whole number of stages k"
    elif kind == "hyperexponential":
        good, allowed = math.isfinite(scv) and scv >= 1, "1 or above"
    else:
        good, allowed = math.isfinite(scv) and scv > 0, "above 0"
    return [] if good else [Problem(path, f"is {scv!r}", allowed)]


@dataclass(frozen=True)
class Service:
    """The law of one service time.

    Parameters
    ----------
    kind
        ``deterministic``, ``exponential``, ``gamma``, ``lognormal``, ``erlang`` or
        ``hyperexponential`` (two phases with balanced means).
    mean_s
        Mean in seconds.
    scv
        Squared coefficient of variation, variance over squared mean. May be left out where the
        kind fixes it (0 and 1).
    repeat_frac
        Probability that the work, drawn once, must be done again at once, and again after that.

    Raises
    ------
    DesignError
        If the kind is unknown, the mean not positive, the kind cannot have this scv, or every
        repeat would be followed by another.

    Examples
    --------
    >>> Service("exponential", 0.02).scv
    1.0
    """

    kind: str
    mean_s: float
    scv: float = math.nan
    repeat_frac: float = 0.0

    def __post_init__(self) -> None:
        if math.isnan(self.scv):
            natural = {"deterministic": 0.0, "exponential": 1.0}.get(self.kind, math.nan)
            object.__setattr__(self, "scv", natural)
        problems = need_positive("service.mean_s", self.mean_s)
        if self.kind not in SERVICE_KINDS:
            problems.append(Problem("service.kind", f"is {self.kind!r}", ", ".join(SERVICE_KINDS)))
        else:
            problems += need_possible_scv("service.scv", self.kind, self.scv)
        if not 0 <= self.repeat_frac < 1:
            problems.append(Problem("service.repeat_frac", f"is {self.repeat_frac!r}", "0 to 1"))
        refuse(problems)


@dataclass(frozen=True)
class Background:
    """Poisson load of other users at one station, with its own service law.

    Parameters
    ----------
    rate_per_s
        Arrival rate.
    service
        Its service law.
    priority
        At a priority station, 0 is served first.
    """

    rate_per_s: float
    service: Service
    priority: int = 0

    def __post_init__(self) -> None:
        refuse(need_positive("background.rate_per_s", self.rate_per_s))


@dataclass(frozen=True)
class BatchTime:
    """Time of one batch of ``b`` requests: ``per_request_s * b + fixed_s``, at most ``limit``.

    References
    ----------
    Inoue (2021). Queueing analysis of GPU-based inference servers with dynamic batching.
    Performance Evaluation 147.
    """

    per_request_s: float
    fixed_s: float
    limit: float = math.inf

    def __post_init__(self) -> None:
        problems = need_not_negative("batch.per_request_s", self.per_request_s)
        problems += need_not_negative("batch.fixed_s", self.fixed_s)
        if self.per_request_s + self.fixed_s <= 0:
            problems.append(Problem("batch", "takes no time", "a positive time"))
        if not self.limit >= 1:
            problems.append(Problem("batch.limit", f"is {self.limit!r}", "1 or more"))
        refuse(problems)


@dataclass(frozen=True)
class TokenLength:
    """Law of a number of tokens: ``constant``, ``geometric`` (from 1) or ``lognormal``.

    Log-normal lengths are rounded to whole tokens, at least one.
    """

    kind: str
    mean: float
    scv: float = 0.0

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        if self.kind not in ("constant", "geometric", "lognormal"):
            allowed = "constant, geometric, lognormal"
            problems.append(Problem("tokens.kind", f"is {self.kind!r}", allowed))
        if not (math.isfinite(self.mean) and self.mean >= 1):
            problems.append(Problem("tokens.mean", f"is {self.mean!r}", "1 or more"))
        if self.kind == "lognormal":
            problems += need_positive("tokens.scv", self.scv)
        refuse(problems)


@dataclass(frozen=True)
class TokenServing:
    """Continuous batching of a decoder at iteration level.

    One iteration of ``b`` active requests that hold ``kv`` tokens gives each one token and takes
    ``fixed_s + per_request_s * b + per_kv_token_s * kv``, plus ``prefill_s_per_token`` for each
    prompt token of the requests that join in it. Requests join at iteration boundaries in order of
    arrival while ``batch_limit`` and ``kv_limit_token`` allow; a request reserves its prompt and
    its whole output, so none is ever evicted. One that can never fit is lost. ``steps_s``, where
    given, is the time of an iteration of 1, 2, … requests in place of ``fixed_s`` and
    ``per_request_s``; its length is the largest ``batch_limit``.
    """

    fixed_s: float
    per_request_s: float
    output: TokenLength
    prompt: TokenLength
    prefill_s_per_token: float = 0.0
    per_kv_token_s: float = 0.0
    kv_limit_token: float = math.inf
    batch_limit: float = math.inf
    steps_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        problems = need_positive("serving.fixed_s", self.fixed_s)
        for name in ("per_request_s", "prefill_s_per_token", "per_kv_token_s"):
            problems += need_not_negative(f"serving.{name}", getattr(self, name))
        for name in ("kv_limit_token", "batch_limit"):
            if not getattr(self, name) >= 1:
                problems.append(Problem(f"serving.{name}", "is below 1", "1 or more"))
        for place, step in enumerate(self.steps_s):
            problems += need_positive(f"serving.steps_s[{place}]", step)
        if self.steps_s and self.batch_limit > len(self.steps_s):
            most = f"up to {len(self.steps_s)}, the number of steps_s"
            problems.append(Problem("serving.batch_limit", f"is {self.batch_limit!r}", most))
        refuse(problems)

    def step_s(self, requests: int) -> float:
        """Time of an iteration of so many requests, prompts and stored tokens left out."""
        if self.steps_s and requests:
            return self.steps_s[requests - 1]
        return self.fixed_s + self.per_request_s * requests


@dataclass(frozen=True)
class Modulation:
    """A server whose speed follows a continuous-time Markov chain.

    Parameters
    ----------
    speeds
        Speed in each state; work of 1 s takes ``1 / speed`` seconds.
    dwell_s
        Mean time spent in each state at a visit, exponential.
    jumps
        Row-stochastic matrix of the next state; left out, all other states are equally likely.
    """

    speeds: tuple[float, ...]
    dwell_s: tuple[float, ...]
    jumps: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        states = len(self.speeds)
        problems: list[Problem] = []
        if states < 2 or len(self.dwell_s) != states:
            problems.append(Problem("modulation", "needs a speed and a dwell time per state", "2+"))
        for speed in self.speeds:
            problems += need_not_negative("modulation.speeds", speed)
        if not sum(self.speeds) > 0:
            problems.append(Problem("modulation.speeds", "are all 0", "one above 0"))
        for dwell in self.dwell_s:
            problems += need_positive("modulation.dwell_s", dwell)
        if self.jumps:
            square = len(self.jumps) == states and all(len(row) == states for row in self.jumps)
            if not square or any(
                min(row) < 0 or not math.isclose(sum(row), 1.0, abs_tol=1e-9) for row in self.jumps
            ):
                problems.append(
                    Problem("modulation.jumps", "is not a stochastic matrix", "rows that sum to 1")
                )
        refuse(problems)


@dataclass(frozen=True)
class ColdStart:
    """Instances that start on demand and stop when idle for ``keep_alive_s``.

    A request takes the idle instance used last; with none idle a new one starts and the request
    waits ``start_s``; with all ``servers`` instances running it queues for the first to be free.
    """

    start_s: float
    keep_alive_s: float

    def __post_init__(self) -> None:
        problems = need_not_negative("cold_start.start_s", self.start_s)
        if not self.keep_alive_s >= 0:
            problems.append(Problem("cold_start.keep_alive_s", "is negative", "0 or above"))
        refuse(problems)
