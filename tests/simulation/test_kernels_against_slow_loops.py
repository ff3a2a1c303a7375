"""Each station machine against a slow, obvious program for the same rules, on random inputs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_models.simulation.batching import (
    BatchKernel,
    TokenKernel,
    continuous_batching,
    take_all_batches,
)
from analytic_models.simulation.fcfs import (
    ElasticKernel,
    FcfsKernel,
    Floats,
    Jobs,
    Kernel,
    LossKernel,
    elastic,
    fcfs,
    finite_buffer,
    jobs_of,
    lindley,
    run_alone,
)
from analytic_models.simulation.parts import BatchTime, Modulation, TokenLength, TokenServing
from analytic_models.simulation.priority import PriorityKernel, priority
from analytic_models.simulation.sharing import (
    ModulatedKernel,
    SharingKernel,
    SpeedClock,
    modulated,
    processor_sharing,
)

FEW = settings(max_examples=60, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def stream(seed: int, size: int = 60, load: float = 1.0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.exponential(size=size)), rng.exponential(load, size=size)


def close(found: Floats, expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def slow_fcfs(arrive: Floats, work: Floats, servers: int) -> list[float]:
    free = [0.0] * servers
    leave = []
    for at, need in zip(arrive.tolist(), work.tolist(), strict=True):
        k = free.index(min(free))
        free[k] = max(at, free[k]) + need
        leave.append(free[k])
    return leave


@FEW
@given(SEEDS, st.integers(1, 6))
def test_fcfs_departures_are_those_of_the_server_that_is_free_first(seed: int, c: int) -> None:
    arrive, work = stream(seed, load=0.9 * c)
    close(fcfs(arrive, work, c), slow_fcfs(arrive, work, c))


@FEW
@given(SEEDS, st.integers(2, 6), st.floats(0.1, 8.0))
def test_servers_with_equal_work_take_turns(seed: int, c: int, length: float) -> None:
    arrive, _ = stream(seed)
    work = np.full_like(arrive, length)
    close(fcfs(arrive, work, c), slow_fcfs(arrive, work, c))


def test_taking_turns_ends_when_the_work_stops_being_equal() -> None:
    arrive, work = stream(1, size=90, load=3.0)
    work[:40] = 3.0
    kernel = FcfsKernel(4)
    parts = []
    for begin, end in ((0, 13), (13, 40), (40, 71), (71, 90)):
        ids = np.arange(begin, end, dtype=np.int64)
        jobs = Jobs(arrive[begin:end], work[begin:end], ids, np.zeros_like(ids))
        parts.append(kernel.feed(jobs).depart)
    close(np.concatenate(parts), slow_fcfs(arrive, work, 4))


@FEW
@given(SEEDS, st.floats(0.0, 20.0))
def test_lindley_honours_the_time_at_which_the_server_becomes_free(seed: int, free: float) -> None:
    arrive, work = stream(seed)
    expected, last = [], free
    for at, need in zip(arrive.tolist(), work.tolist(), strict=True):
        last = max(at, last) + need
        expected.append(last)
    close(lindley(arrive, work, free), expected)


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(0, 4))
def test_finite_buffer_turns_away_exactly_those_that_find_it_full(
    seed: int, c: int, room: int
) -> None:
    arrive, work = stream(seed, load=1.5 * c)
    free, leave = [0.0] * c, []
    for at, need in zip(arrive.tolist(), work.tolist(), strict=True):
        if sum(done > at for done in leave) >= c + room:
            leave.append(math.nan)
            continue
        k = free.index(min(free))
        free[k] = max(at, free[k]) + need
        leave.append(free[k])
    close(finite_buffer(arrive, work, c, c + room), leave)


def slow_sharing(arrive: Floats, work: Floats, servers: int) -> list[float]:
    left: dict[int, float] = {}
    leave = [0.0] * arrive.size
    now, coming = 0.0, 0
    while left or coming < arrive.size:
        pace = min(1.0, servers / len(left)) if left else 1.0
        next_arrival = arrive[coming] if coming < arrive.size else math.inf
        first = min(left, key=left.__getitem__) if left else -1
        end = now + left[first] / pace if left else math.inf
        step = min(next_arrival, end) - now
        left = {k: v - step * pace for k, v in left.items()}
        now += step
        if end <= next_arrival:
            leave[first] = now
            del left[first]
        else:
            left[coming] = work[coming]
            coming += 1
    return leave


@FEW
@given(SEEDS, st.integers(1, 4))
def test_sharing_gives_everybody_inside_the_same_speed(seed: int, c: int) -> None:
    arrive, work = stream(seed, load=0.9 * c)
    close(processor_sharing(arrive, work, c), slow_sharing(arrive, work, c))


def test_sharing_with_a_limit_loses_those_that_find_it_full() -> None:
    leave = processor_sharing(np.array([0.0, 0.1, 0.2]), np.ones(3), capacity=2)
    np.testing.assert_allclose(leave, [1.9, 2.0, math.nan], rtol=1e-12)


def slow_priority(
    arrive: Floats, work: Floats, level: list[int], servers: int, preemptive: bool
) -> list[float]:
    left = dict(enumerate(work.tolist()))
    leave = [0.0] * arrive.size
    inside: list[int] = []
    running: list[int] = []
    now, coming = 0.0, 0
    while inside or coming < arrive.size:
        urgent = sorted(inside, key=lambda k: (level[k], k))
        if preemptive:
            running = urgent[:servers]
        else:
            waiting = [k for k in urgent if k not in running]
            running = running + waiting[: servers - len(running)]
        next_arrival = arrive[coming] if coming < arrive.size else math.inf
        ends = {k: now + left[k] for k in running}
        first = min(ends, key=ends.__getitem__) if ends else -1
        then = min(next_arrival, ends.get(first, math.inf))
        for k in running:
            left[k] -= then - now
        now = then
        if ends and ends[first] <= next_arrival:
            leave[first] = now
            inside.remove(first)
            running = [k for k in running if k != first]
        else:
            inside.append(coming)
            coming += 1
    return leave


@FEW
@given(SEEDS, st.integers(1, 3), st.booleans())
def test_priority_always_serves_the_most_urgent(seed: int, c: int, preemptive: bool) -> None:
    arrive, work = stream(seed, load=0.9 * c)
    level = np.random.default_rng(seed + 1).integers(0, 3, arrive.size)
    expected = slow_priority(arrive, work, level.tolist(), c, preemptive)
    close(priority(arrive, work, level, c, preemptive), expected)


@FEW
@given(SEEDS, st.sampled_from([1.0, 3.0, math.inf]), st.integers(1, 2))
def test_a_free_batch_server_takes_all_that_wait(seed: int, limit: float, c: int) -> None:
    arrive, _ = stream(seed)
    free, leave, first = [0.0] * c, [], 0
    while first < arrive.size:
        k = free.index(min(free))
        begin = max(free[k], arrive[first])
        size = int(min(int(np.sum(arrive[first:] <= begin)), limit))
        free[k] = begin + 0.4 * size + 0.5
        leave += [free[k]] * size
        first += size
    close(take_all_batches(arrive, 0.4, 0.5, limit, c), leave)


def slow_decoder(
    arrive: Floats, prompt: list[int], output: list[int], serving: TokenServing
) -> list[float]:
    """Run one iteration at a time."""
    leave = [math.nan] * arrive.size
    waiting = [k for k in range(arrive.size) if prompt[k] + output[k] <= serving.kv_limit_token]
    active: dict[int, int] = {}
    now = 0.0
    while waiting or active:
        if not active:
            now = max(now, float(arrive[waiting[0]]))
        prefill = 0
        while waiting and arrive[waiting[0]] <= now and len(active) < serving.batch_limit:
            k = waiting[0]
            held = sum(prompt[j] + output[j] for j in active)
            if held + prompt[k] + output[k] > serving.kv_limit_token:
                break
            waiting.pop(0)
            active[k] = 0
            prefill += prompt[k]
        stored = sum(prompt[k] + made for k, made in active.items())
        now += serving.fixed_s + serving.per_request_s * len(active)
        now += serving.per_kv_token_s * stored + serving.prefill_s_per_token * prefill
        active = {k: made + 1 for k, made in active.items()}
        for k in [k for k, made in active.items() if made == output[k]]:
            leave[k] = now
            del active[k]
    return leave


@FEW
@given(SEEDS, st.sampled_from([2.0, 5.0, math.inf]), st.sampled_from([0.0, 2e-4]))
def test_continuous_batching_equals_the_iteration_by_iteration_machine(
    seed: int, most: float, per_token: float
) -> None:
    arrive, _ = stream(seed, size=40)
    rng = np.random.default_rng(seed)
    prompt, output = rng.integers(1, 30, 40), rng.geometric(0.05, 40)
    serving = TokenServing(
        fixed_s=0.02,
        per_request_s=0.01,
        output=TokenLength("constant", 1),
        prompt=TokenLength("constant", 1),
        prefill_s_per_token=0.003,
        per_kv_token_s=per_token,
        kv_limit_token=90,
        batch_limit=most,
    )
    expected = slow_decoder(arrive, prompt.tolist(), output.tolist(), serving)
    close(continuous_batching(arrive, prompt, output, serving), expected)


@FEW
@given(SEEDS, st.integers(1, 4), st.floats(0.0, 3.0))
def test_elastic_instances_start_cold_and_expire(seed: int, most: int, keep: float) -> None:
    arrive, work = stream(seed, load=1.5)
    until: list[float] = []
    leave = []
    for at, need in zip(arrive.tolist(), work.tolist(), strict=True):
        until = [t for t in until if t + keep >= at]
        idle = [t for t in until if t <= at]
        if idle:
            until.remove(max(idle))
            done = at + need
        elif len(until) < most:
            done = at + 0.7 + need
        else:
            done = min(until) + need
            until.remove(min(until))
        until.append(done)
        leave.append(done)
    close(elastic(arrive, work, most, 0.7, keep), leave)


@FEW
@given(SEEDS)
def test_a_modulated_server_does_exactly_the_work_it_was_given(seed: int) -> None:
    arrive, work = stream(seed, load=0.4)
    speeds = Modulation((1.0, 0.0, 2.5), (0.5, 0.3, 0.2))
    clock = SpeedClock(speeds, np.random.default_rng(seed))
    leave = modulated(arrive, work, speeds, np.random.default_rng(seed))
    assert np.all(np.diff(leave) >= -1e-9)
    # Same seed, same path of speeds: between start and end the server does the request's work.
    done = clock.to_work(leave)
    start = np.maximum(clock.to_work(arrive), np.concatenate([[0.0], done[:-1]]))
    np.testing.assert_allclose(done - start, work, rtol=1e-9, atol=1e-9)


def test_a_modulated_clock_spends_its_time_as_the_dwell_times_say() -> None:
    speeds = Modulation((1.0, 0.0), (3.0, 1.0))
    clock = SpeedClock(speeds, np.random.default_rng(1))
    assert clock.mean_speed == pytest.approx(0.75, rel=1e-12)
    horizon = np.array([2e5])
    assert float(clock.to_work(horizon)[0]) / 2e5 == pytest.approx(0.75, rel=0.01)


SERVING = TokenServing(
    0.05, 0.01, TokenLength("constant", 9), TokenLength("constant", 4), 0.01, 1e-3, 40
)
KERNELS: dict[str, Callable[[], Kernel]] = {
    "one server": lambda: FcfsKernel(1),
    "three servers": lambda: FcfsKernel(3),
    "loss": lambda: LossKernel(2, 3),
    "elastic": lambda: ElasticKernel(3, 0.4, 1.0),
    "sharing": lambda: SharingKernel(2),
    "priority": lambda: PriorityKernel(1, preemptive=False),
    "preemptive": lambda: PriorityKernel(2, preemptive=True),
    "batch": lambda: BatchKernel(BatchTime(0.3, 0.5, 4.0), 2),
    "tokens": lambda: TokenKernel(SERVING, np.random.default_rng(5)),
    "modulated": lambda: ModulatedKernel(
        FcfsKernel(1), SpeedClock(Modulation((1.0, 0.3), (1.0, 1.0)), np.random.default_rng(2))
    ),
    "modulated sharing": lambda: ModulatedKernel(
        SharingKernel(1), SpeedClock(Modulation((1.0, 0.3), (1.0, 1.0)), np.random.default_rng(2))
    ),
}


@pytest.mark.parametrize("name", KERNELS)
@settings(max_examples=15, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 79), max_size=8, unique=True))
def test_cutting_the_arrivals_into_blocks_changes_nothing(
    name: str, seed: int, cuts: list[int]
) -> None:
    arrive, work = stream(seed, size=80)
    level = np.random.default_rng(seed).integers(0, 3, arrive.size)
    jobs = jobs_of(arrive, work, level)
    whole = run_alone(KERNELS[name](), jobs)
    kernel = KERNELS[name]()
    edges = [0, *sorted(cuts), arrive.size]
    pieces = [
        kernel.feed(Jobs(*(column[begin:end] for column in jobs)))
        for begin, end in itertools.pairwise(edges)
    ]
    pieces.append(kernel.finish())
    depart, held = np.full(80, -1.0), np.full(80, -1.0)
    for piece in pieces:
        depart[piece.ids] = piece.depart
        held[piece.ids] = piece.held
    np.testing.assert_allclose(depart, whole.depart, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(held, whole.held, rtol=1e-9, atol=1e-9)
