"""Laws of decoder language models: published values, limits, units."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytic_models.graph import law_units
from analytic_models.laws import llm, llm_links
from analytic_models.units import BASES

LAWS: tuple[Callable[..., Any], ...] = tuple(
    getattr(module, name) for module in (llm, llm_links) for name in module.__all__
)

# Leviathan et al. (2023), Table 4: acceptance, window, cost, speed-up by their theorem as printed.
LEVIATHAN = (
    (0.75, 7, 0.02, 3.2),
    (0.80, 7, 0.04, 3.3),
    (0.82, 7, 0.11, 2.5),
    (0.62, 7, 0.02, 2.3),
    (0.68, 5, 0.04, 2.4),
    (0.71, 3, 0.11, 2.0),
    (0.65, 5, 0.02, 2.4),
    (0.73, 5, 0.04, 2.6),
    (0.74, 3, 0.11, 2.0),
)


@pytest.mark.parametrize(("acceptance", "window", "cost", "printed"), LEVIATHAN)
def test_speculation_agrees_with_the_table_of_its_paper(
    acceptance: float, window: int, cost: float, printed: float
) -> None:
    found = float(llm_links.speculative_speedup(acceptance, window, cost))
    assert found == pytest.approx(printed, abs=0.07)


def test_a_round_yields_one_token_without_luck_and_all_with_certainty() -> None:
    assert float(llm_links.tokens_per_round(0.0, 5.0)) == 1.0
    assert float(llm_links.tokens_per_round(1.0, 5.0)) == 6.0
    near = float(llm_links.tokens_per_round(1.0 - 1e-9, 5.0))
    assert near == pytest.approx(6.0, rel=1e-6)
    assert math.isnan(float(llm_links.tokens_per_round(1.2, 5.0)))


@pytest.mark.parametrize(
    ("remote_ms", "draft_ms", "expected_ms"),
    [
        (6.4, 0.0, (9, 25, 47)), (6.4, 3.0, (0.5, 3, 9)), (20, 0.0, (29, 77, 146)),
        (20, 3.0, (14, 42, 98)), (50, 3.0, (52, 148, 316)), (50, 13.0, (20, 67, 164)),
    ],
)  # fmt: skip
def test_the_largest_tolerable_round_trip_is_that_of_the_design_notes(
    remote_ms: float, draft_ms: float, expected_ms: tuple[float, ...]
) -> None:
    # Windows up to 16, a check costs 1.05 decode steps.
    windows = np.arange(1.0, 17.0)
    for acceptance, expected in zip((0.6, 0.8, 0.9), expected_ms, strict=True):
        found = llm_links.break_even_round_trip(
            acceptance, windows, draft_ms, remote_ms, 1.05 * remote_ms
        )
        assert float(np.max(found)) == pytest.approx(expected, abs=0.6, rel=0.02)


def test_a_slow_drafter_never_pays_before_a_fast_cloud() -> None:
    found = llm_links.break_even_round_trip(0.9, np.arange(1.0, 17.0), 13.0, 6.4, 6.72)
    assert np.all(np.asarray(found) < 0.0)


def test_drafting_and_streaming_take_the_same_time_at_the_break_even() -> None:
    edge = llm_links.break_even_round_trip(0.8, 4.0, 0.003, 0.02, 0.021)
    assert float(llm_links.speculative_token_time(0.8, 4.0, 0.003, edge, 0.021)) == pytest.approx(
        0.02, rel=1e-12
    )


def test_the_cache_of_an_8b_shape_with_grouped_heads_is_131072_byte_a_token() -> None:
    assert float(llm.cache_size(1.0, 1.0, 2 * 32 * 8 * 128 * 2)) == 131_072.0


def test_stored_bits_shorten_a_pass_bound_by_memory_and_only_that() -> None:
    def ratio(work: float) -> float:
        plain = llm.pass_time(work, 1e15, 0.4, 0.0, 16e9, 4e12, 0.7)
        packed = llm.pass_time(work, 1e15, 0.4, 0.75, 4e9, 4e12, 0.7)
        return float(plain / packed)

    assert ratio(1e9) == pytest.approx(4.0, rel=1e-12)
    assert ratio(1e15) == pytest.approx(1.0 / 1.75, rel=1e-12)
    assert np.all(np.diff([ratio(work) for work in np.geomspace(1e9, 1e15, 40)]) <= 1e-12)


def test_decode_is_a_line_in_the_batch_until_arithmetic_takes_over() -> None:
    batch = np.array([1.0, 2.0, 4.0, 8.0, 100_000.0])
    found = np.asarray(llm.iteration_time(5e-3, 1e-4, batch, 16e9, 1e15, 0.4, 0.0))
    np.testing.assert_allclose(found[:4], 5e-3 + 1e-4 * batch[:4], rtol=1e-12)
    slow = float(llm.iteration_time(5e-3, 0.0, 1000.0, 16e9, 1e15, 0.4, 0.0))
    assert slow == pytest.approx(1000.0 * 16e9 / 4e14, rel=1e-12)


def test_a_batch_touches_all_experts_in_the_end_and_a_token_only_its_own() -> None:
    assert float(llm.touched_experts(8.0, 2.0, 1.0)) == pytest.approx(2.0, rel=1e-12)
    assert float(llm.touched_experts(8.0, 2.0, 1000.0)) == pytest.approx(8.0, rel=1e-12)
    assert float(llm.touched_experts(1.0, 1.0, 7.0)) == 1.0


def test_attention_makes_a_prompt_quadratic() -> None:
    assert float(llm.prefill_work(2000.0, 0.0, 1.0)) == 4 * float(
        llm.prefill_work(1000.0, 0.0, 1.0)
    )


def test_no_sequence_fits_where_the_weights_do_not() -> None:
    assert float(llm.largest_batch(8e9, 16e9, 1000.0, 1e5)) == 0.0


def test_a_model_cut_by_a_link_pays_the_round_trip_at_every_token() -> None:
    split = float(llm_links.split_token_time(0.01, 0.01, 0.05, 0.0, 1e9))
    whole = float(llm.request_time(0.07, 0.02, 101.0, 1.0))
    assert 0.02 + 100 * split - whole == pytest.approx(100 * 0.05 - 0.05, rel=1e-9)


def test_shipping_the_cache_and_computing_it_take_the_same_time_at_the_break_even() -> None:
    rate = llm_links.recompute_rate(8 * 131_072.0, 2e-4)
    prompt = 1000.0
    there = llm_links.phase_split_time(0.0, 0.0, 1.0, 0.0, prompt * 8 * 131_072.0, rate)
    assert float(there) == pytest.approx(prompt * 2e-4, rel=1e-12)


def test_a_cascade_reaches_the_oracle_of_published_counts() -> None:
    # RouteLLM, GSM8K: 1319 questions, weak right 842, both right 747, strong right 1130.
    asked, weak, strong, both = 1319, 842, 1130, 747
    handed = (asked - weak) / asked
    rescued = (strong - both) / (asked - weak)
    assert float(llm_links.cascade_accuracy(handed, 1.0, rescued)) == pytest.approx(
        0.9287, abs=1e-4
    )
    blind = float(llm_links.cascade_accuracy(handed, weak / asked, strong / asked))
    assert weak / asked < blind < strong / asked


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_follows_its_units(law: Callable[..., Any]) -> None:
    rng = np.random.default_rng(11)
    needs, result = law_units(law)
    for _ in range(20):
        values = {name: float(rng.uniform(0.1, 0.9)) for name in needs}
        factors = {base: float(10.0 ** rng.uniform(-1.0, 1.0)) for base in BASES}

        def size(unit: Any, factors: dict[str, float] = factors) -> float:
            return math.prod(factors[base] ** power for base, power in unit.powers.items())

        scaled = {name: value * size(needs[name]) for name, value in values.items()}
        found, expected = float(law(**scaled)), float(law(**values)) * size(result)
        assert found == pytest.approx(expected, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_gives_arrays_what_it_gives_single_numbers(law: Callable[..., Any]) -> None:
    rng = np.random.default_rng(5)
    names = list(law_units(law)[0])
    rows = {name: rng.uniform(0.1, 0.9, 6) for name in names}
    together = np.asarray(law(**rows))
    alone = [float(law(**{name: float(rows[name][at]) for name in names})) for at in range(6)]
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=0.0)
