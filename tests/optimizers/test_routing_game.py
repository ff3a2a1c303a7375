"""Braess, tolls and herding on small networks."""

import numpy as np
import pytest

from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.protocols import Table
from analytic_models.optimizers.routing_game import Arc, herd, routes_of, solve_routing

RATE = 150.0


def two_routes(*extra: Arc) -> list[Arc]:
    return [
        Arc("device", "a", work_s=0.005, station="wifi"),
        Arc("a", "server", delay_s=0.02),
        Arc("device", "b", delay_s=0.02),
        Arc("b", "server", work_s=0.005, station="gpu"),
        *extra,
    ]


def test_a_nearly_free_link_makes_selfish_users_slower_and_the_optimum_no_worse() -> None:
    before, _ = routes_of(two_routes(), "device", "server", RATE)
    after, routes = routes_of(two_routes(Arc("a", "b", delay_s=0.0005)), "device", "server", RATE)
    closed, opened = solve_routing([before]), solve_routing([after])
    assert len(routes) == 3
    assert closed.anarchy == pytest.approx(1.0, rel=1e-9)
    assert opened.selfish.mean_s > 1.4 * closed.selfish.mean_s
    assert opened.system.mean_s <= closed.system.mean_s * (1 + 1e-9)


def test_tolls_undo_the_paradox() -> None:
    table, _ = routes_of(two_routes(Arc("a", "b", delay_s=0.0005)), "device", "server", RATE)
    game = solve_routing([table])
    tolled = solve_mix([table], "selfish", tolls=game.tolls)
    assert tolled.mean_s == pytest.approx(game.system.mean_s, rel=1e-7)


def test_optimum_is_below_equilibrium_on_200_random_networks() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        places = ["s", "a", "b", "t"]
        arcs = [Arc("s", "t", delay_s=float(rng.uniform(1, 4)))]
        for tail, head in [("s", "a"), ("s", "b"), ("a", "b"), ("a", "t"), ("b", "t")]:
            name = f"{tail}{head}" if rng.random() < 0.7 else "shared"
            work = float(rng.uniform(0.1, 0.5))
            arcs.append(Arc(tail, head, float(rng.uniform(0, 0.5)), work, name))
        table, _ = routes_of(arcs, places[0], places[-1], float(rng.uniform(0.2, 3.0)))
        game = solve_routing([table])
        assert game.anarchy >= 1 - 1e-9
        assert game.selfish.gap_s <= 1e-9 * game.selfish.mean_s


def link(rate: float) -> Table:
    work = np.array([[0.0], [0.02]])
    return Table(("link",), np.ones(1), ("ps",), rate, np.array([0.1, 0.0]), work, work)


def test_all_revising_at_once_flip_and_few_revising_settle_near_the_equilibrium() -> None:
    table = link(48.0)
    everybody, few = herd(table, 1.0), herd(table, 0.02)
    assert everybody.amplitude.tolist() == [1.0, 1.0]
    assert np.ptp(few.shares[200:, 1]) < 0.05
    equilibrium = solve_mix([table], "selfish")
    assert few.shares[200:, 1].mean() == pytest.approx(equilibrium.shares[0][1], abs=0.03)
    assert everybody.settled_mean_s > few.settled_mean_s > solve_mix([table]).mean_s


def test_shares_always_sum_to_one_and_unstable_rounds_are_infinite() -> None:
    found = herd(link(60.0), 0.5, rounds=50)
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(51), rel=1e-12)
    assert np.isinf(found.mean_s[0])


@pytest.mark.parametrize(
    ("arcs", "message"),
    [
        ([Arc("a", "b")], "no route"),
        ([Arc("t", "s")], "no route"),
        ([Arc("s", "t", work_s=1.0)], "needs a station"),
    ],
)
def test_networks_that_make_no_sense_are_refused(arcs: list[Arc], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        routes_of(arcs, "s", "t", 1.0)


def test_a_fraction_outside_the_unit_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="fraction"):
        herd(link(1.0), 1.5)
