"""Batching servers: take-all batches, and continuous batching of a decoder."""

from __future__ import annotations

__all__ = [
    "BatchKernel",
    "DealtBatchKernel",
    "Decoder",
    "TokenKernel",
    "continuous_batching",
    "take_all_batches",
]

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush, heapreplace

import numpy as np

from analytic_models.simulation.fcfs import Done, Floats, Ints, Jobs, done_of, jobs_of, run_alone
from analytic_models.simulation.parts import BatchTime, TokenServing
from analytic_models.simulation.sampling import draw_tokens


class BatchKernel:
    """A free server takes all that wait, up to the limit, and serves them together."""

    def __init__(self, batch: BatchTime, servers: int = 1) -> None:
        self._batch = batch
        self._free = [0.0] * servers
        self._arrive: list[float] = []
        self._ids: list[int] = []
        self.busy_s = 0.0

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; return the batches that begin before its last arrival."""
        self._arrive += jobs.arrive.tolist()
        self._ids += jobs.ids.tolist()
        return self._serve(self._arrive[-1] if self._arrive else -math.inf)

    def finish(self) -> Done:
        """Serve everything that still waits."""
        return self._serve(math.inf)

    def _serve(self, horizon: float) -> Done:
        # A batch that begins at or after the horizon may still gain members.
        arrive, free, limit = self._arrive, self._free, self._batch.limit
        per, fixed = self._batch.per_request_s, self._batch.fixed_s
        first, total = 0, len(arrive)
        sizes: list[int] = []
        leaves: list[float] = []
        spans: list[float] = []
        while first < total:
            begin = max(arrive[first], free[0])
            if begin >= horizon:
                break
            size = bisect_right(arrive, begin, first) - first
            if size > limit:
                size = int(limit)
            span = per * size + fixed
            heapreplace(free, begin + span)
            sizes.append(size)
            spans.append(span)
            leaves.append(begin + span)
            first += size
        self.busy_s += math.fsum(spans)
        ids = np.array(self._ids[:first], np.int64)
        del arrive[:first], self._ids[:first]
        return Done(ids, np.repeat(leaves, sizes), np.repeat(spans, sizes))


class DealtBatchKernel:
    """Machines with queues of their own, to which requests are dealt at random."""

    def __init__(self, batch: BatchTime, servers: int, rng: np.random.Generator) -> None:
        self._machines = [BatchKernel(batch) for _ in range(servers)]
        self._rng = rng

    @property
    def busy_s(self) -> float:
        """Time of all machines in which a batch runs."""
        return math.fsum(machine.busy_s for machine in self._machines)

    def feed(self, jobs: Jobs) -> Done:
        """Deal the next block; return the batches that begin before the last arrivals."""
        dealt = self._rng.integers(len(self._machines), size=jobs.arrive.size)
        parts = (
            machine.feed(Jobs(*(column[dealt == place] for column in jobs)))
            for place, machine in enumerate(self._machines)
        )
        return _together(parts)

    def finish(self) -> Done:
        """Serve everything that still waits."""
        return _together(machine.finish() for machine in self._machines)


def _together(parts: Iterable[Done]) -> Done:
    return Done(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class Decoder:
    """The iteration-level machine of :class:`TokenServing`, between two iteration boundaries.

    Between two joins or completions all iterations are alike, so runs of them are taken in one
    step; the result is that of the iteration-by-iteration machine.
    """

    def __init__(self, serving: TokenServing) -> None:
        self._serving = serving
        # active: (step of the last token, id, joined at, reserved tokens)
        self._active: list[tuple[int, int, float, int]] = []
        self._step = 0
        self._reserved = 0
        self._stored = 0
        self._begin = 0.0
        self._run = (0, 0.0, 0.0, 0.0)
        # waiting: (id, prompt, output)
        self.waiting: deque[tuple[int, int, int]] = deque()
        self.busy_s = 0.0

    @property
    def active(self) -> int:
        """Number of requests in the batch."""
        return len(self._active)

    def begin(self, now: float) -> list[int]:
        """Admit from the queue and plan a run of iterations; return requests that never fit."""
        refused, prefill = self._join(now)
        serving, size = self._serving, len(self._active)
        base = serving.step_s(size) + serving.per_kv_token_s * self._stored
        growth = serving.per_kv_token_s * size
        extra = serving.prefill_s_per_token * prefill
        steps = self._active[0][0] - self._step if size else 0
        self._begin = now
        self._run = (1 if prefill and size else steps, base, growth, extra)
        return refused

    def end(self) -> float:
        """Return when the planned run ends."""
        steps, base, growth, extra = self._run
        return self._begin + steps * base + growth * (steps * (steps - 1) / 2) + extra

    def shorten(self, arrival: float) -> None:
        """End the run at the first boundary at or after ``arrival``, where it can join."""
        steps, base, growth, extra = self._run
        most = _steps_until(arrival - self._begin - extra, base, growth)
        self._run = (min(steps, most), base, growth, extra)

    def complete(self) -> list[tuple[int, float]]:
        """Finish the run; return the requests that got their last token and their service."""
        now, steps = self.end(), self._run[0]
        self._step += steps
        self._stored += steps * len(self._active)
        self.busy_s += now - self._begin
        gone = []
        while self._active and self._active[0][0] <= self._step:
            _, who, joined, need = heappop(self._active)
            self._reserved -= need
            self._stored -= need
            gone.append((who, now - joined))
        return gone

    def _join(self, now: float) -> tuple[list[int], int]:
        serving, waiting = self._serving, self.waiting
        refused: list[int] = []
        prefill = 0
        while waiting and len(self._active) < serving.batch_limit:
            who, prompt, output = waiting[0]
            need = prompt + output
            if need > serving.kv_limit_token:
                refused.append(who)
            elif self._reserved + need > serving.kv_limit_token:
                break
            else:
                heappush(self._active, (self._step + output, who, now, need))
                self._reserved += need
                self._stored += prompt
                prefill += prompt
            waiting.popleft()
        return refused, prefill


class TokenKernel:
    """Continuous batching as a station: whole numbers of tokens are drawn for each arrival."""

    def __init__(self, serving: TokenServing, rng: np.random.Generator) -> None:
        self._serving = serving
        self._rng = rng
        self._now = 0.0
        self._decoder = Decoder(serving)
        self._coming: deque[tuple[float, int, int, int]] = deque()
        self._out: list[tuple[int, float, float]] = []

    @property
    def busy_s(self) -> float:
        """Time with at least one request in the batch."""
        return self._decoder.busy_s

    def feed(self, jobs: Jobs) -> Done:
        """Take the next block; return what completes before its last arrival."""
        size = jobs.arrive.size
        prompts = draw_tokens(self._serving.prompt, self._rng, size)
        outputs = draw_tokens(self._serving.output, self._rng, size)
        return self.feed_tokens(jobs, prompts, outputs)

    def feed_tokens(self, jobs: Jobs, prompts: Ints, outputs: Ints) -> Done:
        """Take the next block with given numbers of prompt and output tokens."""
        columns = (jobs.arrive, jobs.ids, prompts, outputs)
        self._coming.extend(zip(*(column.tolist() for column in columns), strict=True))
        while self._coming:
            self._advance(last=False)
        return done_of(self._out)

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        while self._decoder.waiting or self._decoder.active:
            self._advance(last=True)
        return done_of(self._out)

    def _advance(self, last: bool) -> None:
        """Go from one iteration boundary to the next at which anything can change."""
        coming, decoder = self._coming, self._decoder
        if coming and not decoder.active and not decoder.waiting:
            self._now = max(self._now, coming[0][0])
        while coming and coming[0][0] <= self._now:
            decoder.waiting.append(coming.popleft()[1:])
        if not coming and not last:
            # The next block may hold more arrivals before this boundary.
            return
        self._out += [(who, math.nan, math.nan) for who in decoder.begin(self._now)]
        if coming and not decoder.waiting:
            decoder.shorten(coming[0][0])
        gone = decoder.complete()
        self._now = decoder.end()
        self._out += [(who, self._now, held) for who, held in gone]


def _steps_until(gap: float, base: float, growth: float) -> int:
    """Return the least number of iterations, at least 1, that last ``gap`` or longer."""
    if growth == 0:
        return max(math.ceil(gap / base), 1)
    linear = base - growth / 2
    steps = (math.sqrt(linear * linear + 2 * growth * max(gap, 0.0)) - linear) / growth
    return max(math.ceil(steps), 1)


def take_all_batches(
    arrive: Floats,
    per_request_s: float,
    fixed_s: float,
    limit: float = math.inf,
    servers: int = 1,
) -> Floats:
    """Departure times when a free server takes all that wait as one batch.

    Parameters
    ----------
    arrive
        Ascending arrival times, seconds, shape ``(n,)``.
    per_request_s, fixed_s
        A batch of ``b`` takes ``per_request_s * b + fixed_s``.
    limit
        Largest batch.
    servers
        Number of servers.

    Returns
    -------
    Floats
        Departure times, seconds, shape ``(n,)``.

    Examples
    --------
    >>> take_all_batches(np.array([0.0, 0.5, 0.7]), per_request_s=1.0, fixed_s=1.0)
    array([2., 5., 5.])
    """
    kernel = BatchKernel(BatchTime(per_request_s, fixed_s, limit), servers)
    return run_alone(kernel, jobs_of(arrive, np.zeros_like(arrive))).depart


def continuous_batching(
    arrive: Floats, prompt_tokens: Ints, output_tokens: Ints, serving: TokenServing
) -> Floats:
    """Departure times of a decoder with continuous batching.

    Parameters
    ----------
    arrive
        Ascending arrival times, seconds, shape ``(n,)``.
    prompt_tokens, output_tokens
        Whole numbers, shape ``(n,)``; they replace the laws of ``serving``.
    serving
        Iteration times and limits.

    Returns
    -------
    Floats
        Time of the last token, seconds, shape ``(n,)``; nan if it can never fit into the memory.
    """
    kernel = TokenKernel(serving, np.random.default_rng(0))
    jobs = jobs_of(arrive, np.zeros_like(arrive))
    depart = np.full(arrive.size, math.nan)
    for done in (kernel.feed_tokens(jobs, prompt_tokens, output_tokens), kernel.finish()):
        depart[done.ids] = done.depart
    return depart
