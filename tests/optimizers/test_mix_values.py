"""Prices, thresholds and the value of capacity follow from theory and from solving again."""

import numpy as np
import pytest

from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_values import (
    link_thresholds,
    price_of_anarchy,
    single_plan_latency,
    station_values,
)
from analytic_models.optimizers.protocols import Table


def one_link(rate: float, work: float, remote: float, local: float, servers: float = 1.0) -> Table:
    works = np.array([[0.0], [work]])
    delay = np.array([local, remote])
    return Table(("link",), np.array([servers]), ("ps",), rate, delay, works, works**2)


@pytest.mark.parametrize("seed", range(50))
def test_idle_share_under_selfishness_is_the_square_of_the_optimal_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(4):
        work, remote = rng.uniform(0.01, 1.0), rng.uniform(0.0, 2.0)
        local = remote + work * rng.uniform(1.5, 30.0)
        known = link_thresholds(work, remote, local)
        table = one_link(rng.uniform(1.01, 5.0) * known.selfish, work, remote, local)
        system, selfish = solve_mix([table]), solve_mix([table], "selfish")
        assert 1 - selfish.utilisation[0] == pytest.approx(
            (1 - system.utilisation[0]) ** 2, rel=1e-6
        )
        assert system.utilisation[0] == pytest.approx(known.optimal_utilisation, rel=1e-6)
        assert selfish.mean_s == pytest.approx(local, rel=1e-8)
        saved = (selfish.mean_s - system.mean_s) * table.arrival_per_s
        assert saved == pytest.approx(known.coordination_s_per_s, rel=1e-6)


def test_thresholds_separate_the_regimes() -> None:
    known = link_thresholds(0.02, 0.001, 0.1)
    below = solve_mix([one_link(0.999 * known.hold, 0.02, 0.001, 0.1)])
    above = solve_mix([one_link(1.01 * known.hold, 0.02, 0.001, 0.1)])
    assert set(below.shares[0]) == {1}
    assert set(above.shares[0]) == {0, 1}
    selfish = solve_mix([one_link(0.999 * known.selfish, 0.02, 0.001, 0.1)], "selfish")
    assert set(selfish.shares[0]) == {1}


def test_price_of_anarchy_peaks_at_the_selfish_threshold() -> None:
    known = link_thresholds(0.02, 0.001, 0.1)

    def ratio(factor: float) -> float:
        table = one_link(factor * known.selfish, 0.02, 0.001, 0.1)
        return price_of_anarchy(solve_mix([table]), solve_mix([table], "selfish"))

    assert ratio(1.0) == pytest.approx(known.anarchy, rel=1e-6)
    assert ratio(0.9) < known.anarchy
    assert ratio(1.1) < known.anarchy


def test_a_link_slower_than_the_device_is_never_used() -> None:
    known = link_thresholds(0.05, 0.0, 0.04)
    assert (known.hold, known.selfish, known.optimal_utilisation) == (0.0, 0.0, 0.0)


def test_single_plan_latency_is_infinite_when_overloaded() -> None:
    latency = single_plan_latency(one_link(10.0, 0.2, 0.0, 0.5))
    assert latency.tolist() == [0.5, np.inf]
    assert single_plan_latency(one_link(2.0, 0.2, 0.1, 0.5))[1] == pytest.approx(
        0.1 + 0.2 / 0.6, rel=1e-12
    )


def test_value_of_speed_equals_the_difference_quotient() -> None:
    rng = np.random.default_rng(5)
    work = rng.exponential(size=(30, 2))
    delay = rng.exponential(size=30)
    work[0], delay[0] = 0.0, 9.0
    servers = np.array([1.0, 3.0])
    table = Table(("a", "b"), servers, ("ps", "ps"), 2.0, delay, work, work)
    base = solve_mix([table], tolerance=1e-13)
    for place, value in enumerate(station_values([table], base)):
        faster = work.copy()
        faster[:, place] /= 1 + 1e-5
        changed = Table(table.stations, servers, table.discipline, 2.0, delay, faster, faster)
        quotient = (base.mean_s - solve_mix([changed], tolerance=1e-13).mean_s) / 1e-5
        assert value.faster_s == pytest.approx(quotient, rel=1e-3)
        assert value.server_s >= -1e-9
