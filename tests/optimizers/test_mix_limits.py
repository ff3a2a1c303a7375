"""Mixes within limits on mean metrics: optimal within their gap, and equal to a full grid."""

from itertools import product

import numpy as np
import pytest

from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.protocols import Table


def random_table(
    rng: np.random.Generator, rows: int, servers: np.ndarray, load: float, rule: str = "ps"
) -> Table:
    """Designs whose fast rows cost energy and accuracy; row 0 is private and slow."""
    work = rng.exponential(size=(rows, len(servers))) * (rng.random((rows, len(servers))) < 0.7)
    work[0] = 0.0
    delay = rng.exponential(size=rows)
    delay[0] = 6.0 + rng.exponential()
    metrics = {
        "energy_device_j": rng.uniform(0.5, 1.5, size=rows) * 10.0 / (1.0 + delay),
        "accuracy_drop_pp": rng.exponential(size=rows),
    }
    names = tuple(f"station-{i}" for i in range(len(servers)))
    return Table(names, servers, (rule,) * len(servers), load, delay, work, 2 * work**2, metrics)


def simplex(parts: int, steps: int) -> np.ndarray:
    """All shares in multiples of 1 / steps."""
    grid = [c for c in product(range(steps + 1), repeat=parts - 1) if sum(c) <= steps]
    array = np.array(grid, dtype=np.float64) / steps
    return np.hstack([array, 1.0 - array.sum(axis=1, keepdims=True)])


GRIDS = {2: simplex(2, 2000), 3: simplex(3, 80)}


@pytest.mark.parametrize("seed", range(12))
def test_a_limited_mix_is_below_every_point_of_a_grid_and_within_its_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(18):
        rows = int(rng.integers(2, 4))
        table = random_table(
            rng, rows, rng.integers(1, 4, size=2).astype(float), rng.uniform(0.2, 3)
        )
        energy = table.metrics["energy_device_j"]
        limit = float(rng.uniform(energy.min() - 0.05, energy.max()))
        shares = GRIDS[rows]
        work = table.arrival_per_s * shares @ table.work_s
        fits = np.all(work < table.servers, axis=1) & (shares @ energy <= limit)
        found = solve_mix([table], limits={"energy_device_j": limit})
        if not fits.any():
            assert np.isinf(found.mean_s) or found.used["energy_device_j"] <= limit + 1e-7
            continue
        sojourn = Stations(table.servers).sojourn(work[fits])
        mean = shares[fits] @ table.delay_s
        mean = mean + ((shares[fits] @ table.work_s) * sojourn).sum(axis=1)
        assert found.mean_s <= mean.min() * (1 + 1e-7)
        assert found.mean_s - found.gap_s <= mean.min()
        assert found.gap_s <= 1e-7 * found.mean_s
        assert found.used["energy_device_j"] <= limit + 1e-7
        assert found.certificate.kind == "gap"


@pytest.mark.parametrize("seed", range(10))
def test_used_designs_have_equal_priced_cost_and_slack_limits_cost_nothing(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    servers = rng.integers(1, 4, size=3).astype(float)
    classes = [random_table(rng, 25, servers, float(rng.uniform(0.3, 2.0))) for _ in range(2)]
    free = solve_mix(classes)
    limits = {}
    for name in ("energy_device_j", "accuracy_drop_pp"):
        rates = np.array([table.arrival_per_s for table in classes])
        mean = [
            sum(part * table.metrics[name][row] for row, part in share.items())
            for table, share in zip(classes, free.shares, strict=True)
        ]
        limits[name] = 0.8 * float(rates @ mean / rates.sum())
    found = solve_mix(classes, limits=limits)
    assert found.mean_s >= free.mean_s - 1e-9
    assert found.gap_s <= 1e-7 * found.mean_s
    for name, limit in limits.items():
        assert found.used[name] <= limit * (1 + 1e-7)
        assert found.limit_prices[name] >= 0.0
    loose = solve_mix(classes, limits=dict.fromkeys(limits, 1e6))
    assert loose.mean_s == pytest.approx(free.mean_s, rel=1e-9)
    assert all(price == 0.0 for price in loose.limit_prices.values())


def test_tighter_limits_never_make_the_optimum_faster() -> None:
    rng = np.random.default_rng(7)
    table = random_table(rng, 40, np.array([1.0, 2.0]), 1.5)
    energy = table.metrics["energy_device_j"]
    limits = np.linspace(energy.min() * 1.001, energy.max(), 12)
    means = [solve_mix([table], limits={"energy_device_j": float(x)}).mean_s for x in limits]
    assert np.all(np.diff(means) <= 1e-7)
    assert means[-1] == pytest.approx(solve_mix([table]).mean_s, rel=1e-9)


def test_a_limit_price_is_the_slope_of_the_optimum() -> None:
    rng = np.random.default_rng(11)
    table = random_table(rng, 40, np.array([1.0, 2.0]), 1.5)
    energy = table.metrics["energy_device_j"]
    limit = float(0.7 * energy.min() + 0.3 * energy[list(solve_mix([table]).shares[0])].min())
    step = 1e-3 * limit
    low, mid, high = (
        solve_mix([table], limits={"energy_device_j": limit + shift}) for shift in (-step, 0, step)
    )
    right, left = (mid.mean_s - high.mean_s) / step, (low.mean_s - mid.mean_s) / step
    assert right * (1 - 1e-3) - 1e-6 <= mid.limit_prices["energy_device_j"]
    assert mid.limit_prices["energy_device_j"] <= left * (1 + 1e-3) + 1e-6


def test_limits_that_no_mix_meets_are_a_result_with_a_reason() -> None:
    table = random_table(np.random.default_rng(3), 10, np.ones(2), 0.5)
    alone = solve_mix([table], limits={"energy_device_j": 0.0})
    assert alone.mean_s == np.inf
    assert "limits" in alone.certificate.detail
    worst = {name: float(values.min() * (1 + 1e-9)) for name, values in table.metrics.items()}
    together = solve_mix([table], limits=worst)
    assert together.mean_s == np.inf
    assert "together" in together.certificate.detail


def test_rows_without_a_value_of_a_limited_metric_are_never_used() -> None:
    table = random_table(np.random.default_rng(5), 15, np.ones(2), 0.5)
    chosen = next(iter(solve_mix([table]).shares[0]))
    table.metrics["accuracy_drop_pp"][chosen] = np.nan
    assert chosen not in solve_mix([table], limits={"accuracy_drop_pp": 9.0}).shares[0]


def test_queues_that_serve_in_order_keep_the_heuristic_badge_under_limits() -> None:
    table = random_table(np.random.default_rng(6), 15, np.ones(2), 0.5, "fcfs")
    assert solve_mix([table], limits={"accuracy_drop_pp": 9.0}).certificate.kind == "heuristic"


def test_limits_are_refused_where_they_mean_nothing() -> None:
    table = random_table(np.random.default_rng(8), 5, np.ones(2), 0.5)
    with pytest.raises(ValueError, match="system optimum"):
        solve_mix([table], "selfish", limits={"accuracy_drop_pp": 1.0})
    with pytest.raises(KeyError):
        solve_mix([table], limits={"unknown": 1.0})
