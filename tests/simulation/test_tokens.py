"""Language models under load: closed form against a run, step by step."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analytic_models import DesignError, load_catalog
from analytic_models.language_load import Asked, answer_times, step_times, straight_batch
from analytic_models.laws.batching import continuous_batching_sojourn_mean
from analytic_models.laws.token_queue import token_queue
from analytic_models.simulation import SimulationResult, simulate_route
from analytic_models.simulation.parts import BatchTime, TokenLength, TokenServing
from analytic_models.simulation.tokens import token_route

Floats = NDArray[np.float64]

TOKENS, PROMPT = 128.0, 512.0
STEPS = 0.007 + 0.00004 * np.arange(1.0, 33.0)
PREFILL = 0.02
REQUESTS = 60_000


def played(steps: Floats, prefill: float, asked: Asked) -> SimulationResult:
    """Run what is asked, step by step."""
    batch = None
    if asked.served == "batch":
        batch = BatchTime(*straight_batch(steps, prefill, TOKENS), float(len(steps)))
    table = steps[:1] if asked.served == "single" else steps
    given = (table.tolist(), prefill, PROMPT, TOKENS, asked.arrival_per_s, asked.varied, batch)
    return simulate_route(*token_route(*given), requests=REQUESTS)


def loaded(share: float, served: str, varied: bool) -> Asked:
    """Ask for a share of what the server can do."""
    capacity = answer_times(STEPS, PREFILL, TOKENS, Asked(1e-6, 32, served, varied)).capacity_per_s
    return Asked(share * capacity, 32, served, varied)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.85])
@pytest.mark.parametrize(
    ("served", "varied"),
    [("continuous", True), ("continuous", False), ("batch", False), ("single", False)],
)
def test_answers_take_as_long_as_in_a_run(served: str, varied: bool, share: float) -> None:
    asked = loaded(share, served, varied)
    found = answer_times(STEPS, PREFILL, TOKENS, asked)
    run = played(STEPS, PREFILL, asked)
    for closed, seen, bound in (
        (found.mean_s, run.mean_s, 0.04),
        (found.p95_s, run.p95_s, 0.05),
        (found.p99_s, run.p99_s, 0.07),
    ):
        assert abs(closed / seen.value - 1.0) < bound + seen.half_width / seen.value


def test_reading_prompts_for_half_of_the_time_stays_within_the_stated_bounds() -> None:
    steps, prefill = np.linspace(0.003, 0.008, 32), 0.12
    asked = Asked(0.5 / prefill)
    found = answer_times(steps, prefill, TOKENS, asked)
    run = played(steps, prefill, asked)
    assert found.prefill_frac == pytest.approx(0.5)
    assert found.mean_s == pytest.approx(run.mean_s.value, rel=0.05)
    assert found.p99_s == pytest.approx(run.p99_s.value, rel=0.10)


def test_without_prompts_the_mean_is_that_of_equal_sharing() -> None:
    fixed, each, slots = 0.01, 0.0005, 16
    steps = fixed + each * np.arange(1.0, slots + 1.0)
    rate = 4.0
    exact = continuous_batching_sojourn_mean(rate, 100.0, fixed, each, float(slots))
    found = token_queue(rate, 100.0, steps, 0.0, geometric=True)
    assert found.sojourn_mean_s == pytest.approx(float(exact), rel=0.02)


def test_a_server_with_one_slot_waits_as_a_single_queue_does() -> None:
    service, rate = 1.28, 0.5
    found = token_queue(rate, TOKENS, np.array([0.01]), 0.0, geometric=True)
    assert found.wait_mean_s == pytest.approx(rate * service**2 / (1.0 - rate * service), rel=1e-6)


def test_an_idle_server_gives_an_answer_in_its_own_time() -> None:
    found = answer_times(STEPS, PREFILL, TOKENS, Asked(1e-9, varied=False))
    alone = PREFILL + TOKENS * STEPS[0]
    assert found.mean_s == pytest.approx(alone, rel=1e-6)
    assert found.p99_s == pytest.approx(alone, rel=1e-3)


def test_time_grows_with_the_load_until_the_server_cannot_keep_up() -> None:
    shares = (0.1, 0.4, 0.7, 0.9, 0.98)
    times = [
        answer_times(STEPS, PREFILL, TOKENS, loaded(share, "continuous", True)) for share in shares
    ]
    means = [found.mean_s for found in times]
    assert means == sorted(means)
    assert [found.p99_s for found in times] == sorted(found.p99_s for found in times)
    assert math.isinf(answer_times(STEPS, PREFILL, TOKENS, loaded(1.01, "continuous", True)).mean_s)


def test_sharing_steps_carries_more_than_one_at_a_time() -> None:
    many = answer_times(STEPS, PREFILL, TOKENS, Asked(0.1))
    one = answer_times(STEPS, PREFILL, TOKENS, Asked(0.1, served="single"))
    assert many.capacity_per_s > 5.0 * one.capacity_per_s


def test_the_distribution_and_its_percentiles_say_the_same() -> None:
    for served, varied in (("continuous", True), ("batch", False), ("single", True)):
        found = answer_times(STEPS, PREFILL, TOKENS, loaded(0.6, served, varied))
        assert found.above(found.p95_s) == pytest.approx(0.05, abs=2e-3)


def test_a_batch_of_one_and_the_largest_batch_keep_their_times() -> None:
    each, fixed = straight_batch(STEPS, PREFILL, TOKENS)
    assert each + fixed == pytest.approx(PREFILL + TOKENS * STEPS[0])
    assert 32 * each + fixed == pytest.approx(32 * PREFILL + TOKENS * STEPS[-1])


def test_the_memory_limits_how_many_are_served_together() -> None:
    steps, prefill = step_times(
        load_catalog(), "llama_3_1_8b", "rtx4090", "fp16", 8192.0, 1024.0, 256
    )
    assert 1 <= len(steps) < 256
    assert prefill > 0
    assert np.all(np.diff(steps) >= 0)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"arrival_per_s": 0.0}, "arrival_per_s"),
        ({"arrival_per_s": 1.0, "largest_count": 0}, "largest_count"),
        ({"arrival_per_s": 1.0, "served": "ps"}, "served"),
        ({"arrival_per_s": 1.0, "served": "batch"}, "varied"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(fields: dict[str, float], path: str) -> None:
    with pytest.raises(DesignError) as refused:
        Asked(**fields)  # type: ignore[arg-type]
    assert [problem.path for problem in refused.value.problems] == [path]


def test_a_model_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DesignError, match="fit"):
        answer_times(np.zeros(0), 0.1, TOKENS, Asked(1.0))


def test_a_table_of_steps_must_reach_the_largest_batch() -> None:
    length = TokenLength("constant", 10.0)
    with pytest.raises(DesignError, match="batch_limit"):
        TokenServing(0.01, 0.0, length, length, batch_limit=3.0, steps_s=(0.01, 0.02))


def test_a_table_of_steps_gives_what_a_straight_line_gives() -> None:
    (station,) = token_route(STEPS.tolist(), PREFILL, PROMPT, TOKENS, 1.0)[0].stations
    serving = station.serving
    assert serving is not None
    assert [serving.step_s(n) for n in (1, 7, 32)] == pytest.approx(
        [0.007 + 0.00004 * n for n in (1, 7, 32)]
    )
