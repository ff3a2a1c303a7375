"""The non-dominated set equals the definition on random and awkward inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytic_models.optimizers.pareto import pareto_mask
from analytic_models.optimizers.pareto_sweep import _by_merging, _by_stairs, sweep_3d


def by_definition(points: np.ndarray) -> np.ndarray:
    finite = np.isfinite(points).all(axis=1)
    below = (points[:, None, :] <= points[None, :, :]).all(axis=2)
    strictly = below & (points[:, None, :] < points[None, :, :]).any(axis=2)
    return finite & ~(strictly & finite[:, None]).any(axis=0)


@pytest.mark.parametrize("objectives", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("levels", [3, 30, 10**9])
def test_mask_equals_the_definition_on_small_random_sets(objectives: int, levels: int) -> None:
    rng = np.random.default_rng(objectives * 1000 + levels % 97)
    for _ in range(30):
        points = rng.integers(0, levels, size=(rng.integers(1, 60), objectives)).astype(float)
        points[rng.random(points.shape) < 0.02] = rng.choice([np.nan, np.inf, -np.inf])
        assert np.array_equal(pareto_mask(points), by_definition(points))


@pytest.mark.parametrize("objectives", [2, 3, 4])
@pytest.mark.parametrize("shape", ["uniform", "skewed", "surface", "rounded"])
def test_filters_for_many_points_lose_and_add_nothing(objectives: int, shape: str) -> None:
    rng = np.random.default_rng(17)
    points = rng.random((7_000, objectives))
    if shape == "skewed":
        points = np.exp(6.0 * rng.standard_normal(points.shape))
    if shape == "surface":
        points[:, -1] = 1.0 / points[:, :-1].sum(axis=1) * (1 + 0.3 * points[:, -1])
    if shape == "rounded":
        points = np.round(points, 2)
    mask = pareto_mask(points)
    front = points[mask]
    for start in range(0, len(points), 500):
        block = points[start : start + 500]
        below = (front[:, None, :] <= block[None]).all(axis=2)
        beaten = (below & (front[:, None, :] < block[None]).any(axis=2)).any(axis=0)
        assert np.array_equal(mask[start : start + 500], ~beaten)


@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.floats()))
@settings(max_examples=150, deadline=None)
def test_mask_equals_the_definition_for_any_float(points: np.ndarray) -> None:
    assert np.array_equal(pareto_mask(points), by_definition(points))


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_where_every_point_is_best_none_is_lost(objectives: int) -> None:
    rng = np.random.default_rng(31)
    points = rng.integers(0, 2**40, size=(6_000, objectives - 1)).astype(float)
    # All sums are equal and exact, so what is lower in one objective is higher in another.
    last = 4.0 * 2**40 - points.sum(axis=1)
    mask = pareto_mask(np.column_stack([points, last]))
    assert mask.all()


@pytest.mark.parametrize("levels", [4, 40, 10**9])
@pytest.mark.parametrize("count", [1, 2, 17, 129, 500, 1023, 1025])
def test_both_sweeps_in_three_objectives_equal_the_definition(count: int, levels: int) -> None:
    rng = np.random.default_rng(count + levels)
    points = np.unique(rng.integers(0, levels, size=(count, 3)).astype(float), axis=0)
    expected = by_definition(points)
    columns = list(points.T)
    assert np.array_equal(_by_merging(columns[1], columns[2]), expected)
    assert np.array_equal(_by_stairs(columns[1], columns[2]), expected)
    assert np.array_equal(sweep_3d(columns), expected)


@pytest.mark.parametrize("objectives", [2, 3])
def test_values_that_are_missing_among_many_points_change_nothing_else(objectives: int) -> None:
    rng = np.random.default_rng(23)
    points = rng.random((20_000, objectives))
    plain = pareto_mask(points)
    spoilt = points.copy()
    holes = rng.random(len(points)) < 0.3
    holes &= ~plain
    spoilt[holes, rng.integers(0, objectives, size=int(holes.sum()))] = np.nan
    assert np.array_equal(pareto_mask(spoilt), plain)
    spoilt[np.flatnonzero(plain)[0], 0] = np.inf
    assert not pareto_mask(spoilt)[np.flatnonzero(plain)[0]]


def test_ties_are_kept_all_or_once_on_request() -> None:
    points = np.array([[1.0, 2.0], [0.5, 3.0], [1.0, 2.0], [1.0, 2.5]])
    assert pareto_mask(points).tolist() == [True, True, True, False]
    assert pareto_mask(points, ties="first").tolist() == [True, True, False, False]


def test_maximised_objectives_are_mirrored() -> None:
    points = np.random.default_rng(3).random((200, 3))
    mirrored = points * np.array([1.0, -1.0, 1.0])
    assert np.array_equal(pareto_mask(points, [False, True, False]), pareto_mask(mirrored))


def test_rows_without_a_value_are_never_on_the_front() -> None:
    points = np.array([[np.nan, 0.0], [-np.inf, 0.0], [1.0, 1.0]])
    assert pareto_mask(points).tolist() == [False, False, True]


def test_values_whose_sum_overflows_are_handled() -> None:
    points = np.array([[1.7e308, 1.7e308], [1.6e308, -1.7e308], [-1.7e308, 1.7e308]])
    assert pareto_mask(points).tolist() == [False, True, True]


@pytest.mark.parametrize("points", [np.zeros(3), np.zeros((3, 0))])
def test_a_shape_without_objectives_is_refused(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="shape"):
        pareto_mask(points)


def test_maximise_must_name_every_column() -> None:
    with pytest.raises(ValueError, match="columns"):
        pareto_mask(np.zeros((2, 3)), [True])


def test_no_points_give_no_marks() -> None:
    assert pareto_mask(np.zeros((0, 3))).shape == (0,)
