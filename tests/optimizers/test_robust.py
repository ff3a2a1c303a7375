"""Robust choices equal direct counts over the worlds."""

import numpy as np
import pytest

from analytic_models.optimizers.dominance import cover_set
from analytic_models.optimizers.robust import Interval, robustness, sample_worlds


def test_figures_equal_direct_counts() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        cost = rng.exponential(size=(int(rng.integers(5, 60)), 6))
        cost[rng.random(cost.shape) < 0.15] = np.inf
        cost[rng.random(cost.shape) < 0.05] = np.nan
        cost[:, 0] = rng.exponential(size=len(cost)) + 1.0
        found = robustness(cost, nominal=0, quantile=0.8)
        filled = np.where(np.isnan(cost), np.inf, cost)
        wins = np.bincount(filled.argmin(axis=1), minlength=6) / len(cost)
        regret = np.sort(filled - filled.min(axis=1, keepdims=True), axis=0)
        at = regret[int(np.ceil(0.8 * len(cost))) - 1]
        assert found.win_frac == pytest.approx(wins, abs=1e-12)
        assert np.array_equal(found.regret, at)
        assert found.unstable_frac == pytest.approx(np.isinf(filled).mean(axis=0), abs=1e-12)
        assert found.regret[found.robust] == at.min()


def test_ties_share_a_win_and_hopeless_worlds_are_counted_apart() -> None:
    cost = np.array([[1.0, 1.0, 2.0], [np.inf, np.nan, np.inf], [3.0, 1.0, 2.0]])
    found = robustness(cost, nominal=2)
    assert found.win_frac.tolist() == [0.25, 0.75, 0.0]
    assert found.hopeless_frac == pytest.approx(1 / 3, rel=1e-12)
    assert found.robust == 1


def test_worlds_without_any_finite_design_give_infinite_regret() -> None:
    found = robustness(np.full((4, 2), np.inf), nominal=0)
    assert found.hopeless_frac == 1.0
    assert np.isinf(found.regret).all()


def test_the_same_seed_gives_the_same_worlds_inside_the_interval() -> None:
    intervals = {"a": Interval(2.0, 3.0), "b": Interval(1.0, 16.0, "lognormal")}
    first, again = (sample_worlds(intervals, 4000, seed=5) for _ in range(2))
    assert np.array_equal(first["a"], again["a"])
    assert first["a"].min() >= 2.0
    assert first["a"].max() <= 3.0
    low, middle, high = np.quantile(first["b"], [0.05, 0.5, 0.95])
    assert (low, middle, high) == pytest.approx((1.0, 4.0, 16.0), rel=0.01)


@pytest.mark.parametrize(
    "ends", [(2.0, 1.0, "uniform"), (0.0, 1.0, "lognormal"), (0.0, np.inf, "uniform")]
)
def test_intervals_outside_the_model_are_refused(ends: tuple[float, float, str]) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(*ends)


def test_the_cover_set_serves_every_world() -> None:
    rng = np.random.default_rng(2)
    for tolerance in (0.0, 0.1):
        for _ in range(100):
            cost = rng.exponential(size=(40, 12)) + 0.2
            chosen = cover_set(cost, tolerance)
            served = cost[:, chosen].min(axis=1) <= cost.min(axis=1) * (1 + tolerance)
            assert served.all()
            if tolerance == 0.0:
                assert set(chosen) == set(cost.argmin(axis=1))


@pytest.mark.parametrize(("shape", "nominal"), [((0, 3), 0), ((3, 3), 3)])
def test_impossible_questions_are_refused(shape: tuple[int, int], nominal: int) -> None:
    with pytest.raises(ValueError, match=r"shape|exist"):
        robustness(np.ones(shape), nominal)


def test_half_of_the_worlds_lie_on_each_side_of_the_middle() -> None:
    drawn = sample_worlds({"loss": Interval(0.0, 0.04, "halves", 0.01)}, 1000, seed=3)["loss"]
    assert drawn.min() >= 0.0
    assert drawn.max() <= 0.04
    assert np.mean(drawn < 0.01) == pytest.approx(0.5, abs=1e-9)
    assert np.mean(drawn) == pytest.approx(0.5 * 0.005 + 0.5 * 0.025, rel=1e-2)
    with pytest.raises(ValueError, match="middle"):
        Interval(0.0, 0.04, "halves", 0.05)
