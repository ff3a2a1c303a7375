"""Batching servers: take-all batches, and continuous batching of a decoder."""

from __future__ import annotations

__all__ = ["BatchKernel", "TokenKernel", "continuous_batching", "take_all_batches"]

import math
from bisect import bisect_right
from collections import deque
from heapq import heappop, heappush, heapreplace

import numpy as np

from analytic_models.simulation.fcfs import Done, Floats, Ints, Jobs, jobs_of, run_alone
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


class TokenKernel:
    """Continuous batching at iteration level; see :class:`TokenServing`.

    Between two joins or completions all iterations are alike, so runs of them are taken in one
    step; the result is that of the iteration-by-iteration machine.
    """

    def __init__(self, serving: TokenServing, rng: np.random.Generator) -> None:
        self._serving = serving
        self._rng = rng
        self._now = 0.0
        self._step = 0
        self._active: list[tuple[int, int, float, int]] = []
        self._reserved = 0
        self._stored = 0
        self._coming: deque[tuple[float, int, int, int]] = deque()
        self._out: list[tuple[int, float, float]] = []
        self._waiting: deque[tuple[float, int, int, int]] = deque()
        self.busy_s = 0.0
        self.first_token: dict[int, float] = {}

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
            self._advance()
        return self._emit()

    def finish(self) -> Done:
        """Serve everything that is still inside."""
        while self._coming or self._waiting or self._active:
            self._advance()
        return self._emit()

    def _emit(self) -> Done:
        columns = list(zip(*self._out, strict=True)) or [(), (), ()]
        self._out.clear()
        return Done(np.array(columns[0], np.int64), np.array(columns[1]), np.array(columns[2]))

    def _advance(self) -> None:
        """Go from one iteration boundary to the next at which anything can change."""
        coming, waiting = self._coming, self._waiting
        if not self._active and not waiting and coming:
            self._now = max(self._now, coming[0][0])
        while coming and coming[0][0] <= self._now:
            waiting.append(coming.popleft())
        prefill = self._join()
        if not self._active:
            return
        serving = self._serving
        size = len(self._active)
        base = serving.fixed_s + serving.per_request_s * size
        base += serving.per_kv_token_s * self._stored
        growth = serving.per_kv_token_s * size
        if prefill:
            steps, span = 1, base + serving.prefill_s_per_token * prefill
        else:
            steps = self._active[0][0] - self._step
            if coming and not waiting:
                steps = min(steps, _steps_until(coming[0][0] - self._now, base, growth))
            span = steps * base + growth * (steps * (steps - 1) / 2)
        self._step += steps
        self._now += span
        self._stored += steps * size
        self.busy_s += span
        self._leave()

    def _join(self) -> int:
        """Admit from the queue; return the prompt tokens to process."""
        serving, waiting = self._serving, self._waiting
        prefill = 0
        while waiting and len(self._active) < serving.batch_limit:
            _, who, prompt, output = waiting[0]
            need = prompt + output
            if need > serving.kv_limit_token:
                waiting.popleft()
                self._out.append((who, math.nan, math.nan))
                continue
            if self._reserved + need > serving.kv_limit_token:
                break
            waiting.popleft()
            heappush(self._active, (self._step + output, who, self._now, need))
            self._reserved += need
            self._stored += prompt
            prefill += prompt
        return prefill

    def _leave(self) -> None:
        active, step = self._active, self._step
        while active and active[0][0] <= step:
            _, who, joined, need = heappop(active)
            self._reserved -= need
            self._stored -= need
            self._out.append((who, self._now, self._now - joined))


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
