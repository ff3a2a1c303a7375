"""Mixes: optimal within their gap, ordered as theory says, and equal to independent solutions."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from analytic_models.optimizers.certificate import Certificate
from analytic_models.optimizers.congestion import Stations
from analytic_models.optimizers.mincut import Tensors, crossings, place_dag
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import Column, MixSolution
from analytic_models.optimizers.mix_values import single_plan_latency, tolls_of
from analytic_models.optimizers.protocols import Table


def random_table(
    rng: np.random.Generator, rows: int, servers: np.ndarray, load: float, name: str = "ps"
) -> Table:
    """Designs with a private alternative in row 0 that uses no station."""
    work = rng.exponential(size=(rows, len(servers))) * (rng.random((rows, len(servers))) < 0.7)
    work[0] = 0.0
    delay = rng.exponential(size=rows)
    delay[0] = 6.0 + rng.exponential()
    names = tuple(f"station-{i}" for i in range(len(servers)))
    return Table(names, servers, (name,) * len(servers), load, delay, work, 2 * work**2)


def random_classes(rng: np.random.Generator, count: int) -> list[Table]:
    servers = rng.integers(1, 6, size=3).astype(float)
    return [
        random_table(rng, int(rng.integers(3, 40)), servers, float(rng.uniform(0.2, 4.0)))
        for _ in range(count)
    ]


def latency_of(classes: list[Table], mix: MixSolution) -> float:
    """Recompute the mean latency from the shares alone."""
    rates = [table.arrival_per_s for table in classes]
    rows = [(list(share), np.array(list(share.values()))) for share in mix.shares]
    pairs = list(zip(classes, rates, rows, strict=True))
    work = sum(rate * x @ table.work_s[i] for table, rate, (i, x) in pairs)
    sojourn = Stations(classes[0].servers).sojourn(work)
    total = sum(r * x @ (t.delay_s[i] + t.work_s[i] @ sojourn) for t, r, (i, x) in pairs)
    return float(total / sum(rates))


@pytest.mark.parametrize("seed", range(40))
def test_gap_is_small_and_optimum_is_below_everything_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(5):
        classes = random_classes(rng, 1 + seed % 3)
        system, selfish = solve_mix(classes), solve_mix(classes, "selfish")
        assert 0.0 <= system.gap_s <= 1e-9 * system.mean_s
        assert 0.0 <= selfish.gap_s <= 1e-9 * selfish.mean_s
        assert system.mean_s == pytest.approx(latency_of(classes, system), rel=1e-12)
        assert system.mean_s <= selfish.mean_s * (1 + 1e-9)
        assert system.certificate == Certificate(
            "gap", system.method, system.certificate.detail, system.gap_s
        )
        if len(classes) == 1:
            assert system.mean_s <= single_plan_latency(classes[0]).min() * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_mix_is_below_the_best_plan_which_is_below_every_rule(seed: int) -> None:
    rng = np.random.default_rng(4000 + seed)
    gained = 0
    for _ in range(50):
        table = random_table(
            rng, 30, rng.integers(1, 4, size=3).astype(float), rng.uniform(0.2, 4.0)
        )
        singles = single_plan_latency(table)
        best = singles.min()
        # By rule: as if idle, all private, least work on the busiest station.
        blind = int((table.delay_s + table.work_s.sum(axis=1)).argmin())
        for rule in (blind, 0, int(table.work_s.max(axis=1).argmin())):
            assert best <= singles[rule]
        mix = solve_mix([table])
        assert mix.mean_s <= best * (1 + 1e-9)
        gained += mix.mean_s < best * (1 - 1e-6)
    assert gained > 0


@pytest.mark.parametrize("seed", range(20))
def test_used_designs_have_equal_cost_and_unused_ones_no_less(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    classes = random_classes(rng, 2)
    for objective in ("system", "selfish"):
        mix = solve_mix(classes, objective)
        for table, share in zip(classes, mix.shares, strict=True):
            cost = table.delay_s + table.work_s @ mix.prices
            main = [row for row, part in share.items() if part > 1e-4]
            assert cost[main] == pytest.approx(cost.min(), rel=1e-5)
            assert sum(share.values()) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_tolls_make_the_equilibrium_the_optimum(seed: int) -> None:
    rng = np.random.default_rng(2000 + seed)
    harmed = 0
    for _ in range(50):
        classes = random_classes(rng, 2)
        system = solve_mix(classes, tolerance=1e-12)
        tolled = solve_mix(classes, "selfish", tolls=tolls_of(system, classes[0].servers))
        assert tolled.mean_s == pytest.approx(system.mean_s, rel=1e-7)
        assert tolled.utilisation == pytest.approx(system.utilisation, abs=1e-5)
        harmed += solve_mix(classes, "selfish").mean_s > system.mean_s * (1 + 1e-6)
    # Without tolls the equilibrium is another one, so the comparison can fail.
    assert harmed > 0


@pytest.mark.parametrize("seed", range(50))
def test_two_designs_equal_a_one_dimensional_search(seed: int) -> None:
    rng = np.random.default_rng(3000 + seed)
    for _ in range(4):
        table = random_table(rng, 2, rng.integers(1, 5, size=2).astype(float), rng.uniform(0.5, 5))
        stations = Stations(table.servers)
        ceiling = min(1.0, *(table.servers / (table.arrival_per_s * table.work_s[1] + 1e-300)))

        def mean(x: float, table: Table = table, stations: Stations = stations) -> float:
            sojourn = stations.sojourn(table.arrival_per_s * x * table.work_s[1])
            return (1 - x) * table.delay_s[0] + x * (table.delay_s[1] + table.work_s[1] @ sojourn)

        top = ceiling * (1 - 1e-9)
        found = minimize_scalar(mean, bounds=(0, top), options={"xatol": 1e-12}, method="bounded")
        best = min(found.fun, mean(0.0), mean(top))
        found = solve_mix([table]).mean_s
        assert found <= best * (1 + 1e-12)
        assert found == pytest.approx(best, rel=1e-6)


def test_optimum_is_monotone_in_load_servers_and_speed() -> None:
    rng = np.random.default_rng(7)
    table = random_table(rng, 60, np.array([1.0, 2.0]), 1.0)

    def mean(load: float = 2.0, servers: float = 0.0, speed: float = 1.0) -> float:
        work = table.work_s / speed
        changed = Table(
            table.stations,
            table.servers + servers,
            table.discipline,
            load,
            table.delay_s,
            work,
            work,
        )
        return solve_mix([changed]).mean_s

    loads = [mean(load=x) for x in (0.01, 0.5, 1.0, 3.0, 10.0)]
    assert np.all(np.diff(loads) >= -1e-9)
    assert np.all(np.diff([mean(servers=x) for x in (0, 1, 2, 5)]) <= 1e-9)
    assert np.all(np.diff([mean(speed=x) for x in (0.5, 1.0, 2.0, 1e6)]) <= 1e-9)


def test_optimum_scales_with_time() -> None:
    table = random_table(np.random.default_rng(8), 30, np.array([1.0, 3.0]), 2.0)
    slow = Table(
        table.stations,
        table.servers,
        table.discipline,
        table.arrival_per_s / 1000,
        table.delay_s * 1000,
        table.work_s * 1000,
        table.work2_s2,
    )
    assert solve_mix([slow]).mean_s == pytest.approx(1000 * solve_mix([table]).mean_s, rel=1e-9)


def test_a_design_that_is_better_by_a_millionth_is_still_found() -> None:
    delay = np.array([1.0, 1.0 - 1e-6, 1.0 - 2e-6])
    none = np.zeros((3, 1))
    mix = solve_mix([Table(("a",), np.ones(1), ("ps",), 1.0, delay, none, none)])
    assert mix.mean_s == pytest.approx(1.0 - 2e-6, rel=1e-10)
    assert mix.shares[0] == {2: 1.0}


def test_vanishing_load_gives_the_idle_optimum() -> None:
    table = random_table(np.random.default_rng(9), 50, np.array([1.0, 1.0]), 1e-9)
    idle = (table.delay_s + table.work_s.sum(axis=1)).min()
    assert solve_mix([table]).mean_s == pytest.approx(idle, rel=1e-7)


def test_overload_under_every_mix_is_a_result() -> None:
    work = np.array([[2.0], [1.5]])
    table = Table(("link",), np.ones(1), ("ps",), 1.0, np.zeros(2), work, work)
    mix = solve_mix([table])
    assert mix.mean_s == np.inf
    assert "overloads" in mix.certificate.detail


def test_a_mix_is_found_where_only_a_narrow_range_of_shares_is_stable() -> None:
    work = np.array([[1.9, 0.0], [0.0, 2.05]])
    table = Table(("a", "b"), np.ones(2), ("ps", "ps"), 1.0, np.zeros(2), work, work)
    mix = solve_mix([table])
    assert np.all(mix.utilisation < 1.0)
    assert mix.gap_s <= 1e-9 * mix.mean_s


def test_first_come_first_served_stations_lower_the_badge() -> None:
    table = random_table(np.random.default_rng(1), 20, np.ones(2), 1.0, "fcfs")
    assert solve_mix([table]).certificate.kind == "heuristic"


def test_classes_must_share_their_stations() -> None:
    rng = np.random.default_rng(2)
    tables = [random_table(rng, 3, np.ones(2), 1.0), random_table(rng, 3, np.full(2, 2.0), 1.0)]
    with pytest.raises(ValueError, match="share their stations"):
        solve_mix(tables)
    with pytest.raises(ValueError, match="at least one class"):
        solve_mix([])


def test_unusable_rows_are_never_chosen() -> None:
    table = random_table(np.random.default_rng(3), 20, np.ones(2), 1.0)
    table.delay_s[5], table.work_s[6, 0] = np.nan, np.inf
    assert not {5, 6} & set(solve_mix([table]).shares[0])


@pytest.mark.parametrize("seed", range(10))
def test_pricing_by_min_cut_equals_the_mix_over_all_placements(seed: int) -> None:
    rng = np.random.default_rng(4000 + seed)
    count = 6
    tensors = Tensors(np.arange(count - 1), np.arange(count - 1), np.arange(1, count))
    local = rng.exponential(size=count) * 3
    remote, bits = rng.exponential(size=count) * 0.5, rng.exponential(size=count - 1) * 0.6

    def column(tier: np.ndarray) -> Column:
        sent = crossings(tier, tensors, 1)[0][:, 0]
        works = np.array([bits[sent].sum(), remote[tier == 1].sum()])
        return Column(float(local[tier == 0].sum()), works, tier.tolist())

    def oracle(prices: np.ndarray) -> Column:
        run = np.stack([local, remote * prices[1]], axis=1)
        run[0, 1] = np.inf
        return column(place_dag(run, tensors, bits[:, None] * prices[0]).tier)

    cuts = [column(np.arange(count) >= cut) for cut in range(1, count + 1)]
    delay = np.array([cut.delay_s for cut in cuts])
    work = np.array([cut.work_s for cut in cuts])
    table = Table(("link", "edge"), np.array([1.0, 2.0]), ("ps", "ps"), 1.2, delay, work, work)
    priced, scanned = solve_mix([table], oracles=[oracle]), solve_mix([table])
    assert priced.mean_s == pytest.approx(scanned.mean_s, rel=1e-9)
