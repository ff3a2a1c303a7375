"""Chain placements equal enumeration and the mixed-integer programme, with and without budgets."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from analytic_models.bench_instances import budgeted_chain
from analytic_models.optimizers.chain import chain_arcs, place_chain
from analytic_models.optimizers.chain_budgets import place_chain_within
from analytic_models.optimizers.chain_dual import Dual, scaled
from analytic_models.optimizers.chain_labels import search_below

KINDS = ("even", "arcs", "heavy")


def random_chain(
    rng: np.random.Generator, layers: int, tiers: int, options: int, budgets: int
) -> tuple[np.ndarray, np.ndarray]:
    run = rng.exponential(size=(layers, tiers, options)) / np.arange(1, tiers + 1)[None, :, None]
    move = rng.exponential(size=(layers, tiers, tiers))
    move[:, np.arange(tiers), np.arange(tiers)] = 0.0
    arcs = chain_arcs(run, move)
    uses = rng.random((budgets, *arcs.shape)) * (1.0 + 1.0 / (0.2 + run[:, None]))
    return arcs, uses


def enumerate_paths(
    arcs: np.ndarray, uses: np.ndarray, budgets: np.ndarray, end: np.ndarray, end_uses: np.ndarray
) -> float:
    layers, tiers, _, options = arcs.shape
    best = np.inf
    for path in product(product(range(tiers), range(options)), repeat=layers):
        before, cost, used = 0, 0.0, np.zeros(len(budgets))
        for layer, (tier, option) in enumerate(path):
            cost += arcs[layer, before, tier, option]
            used = used + uses[:, layer, before, tier, option]
            before = tier
        if np.all(used + end_uses[:, before] <= budgets):
            best = min(best, cost + end[before])
    return best


def by_milp(arcs: np.ndarray, uses: np.ndarray, budgets: np.ndarray) -> float:
    layers, tiers = arcs.shape[:2]
    index = np.argwhere(np.isfinite(arcs))
    index = index[(index[:, 0] > 0) | (index[:, 1] == 0)]
    flow = np.zeros(((layers - 1) * tiers + 1, len(index)))
    for column, (layer, tail, head, _) in enumerate(index):
        if layer == 0:
            flow[-1, column] = 1.0
        else:
            flow[(layer - 1) * tiers + tail, column] -= 1.0
        if layer < layers - 1:
            flow[layer * tiers + head, column] += 1.0
    right = np.zeros(len(flow))
    right[-1] = 1.0
    taken = uses[(slice(None), *index.T)]
    answer = milp(
        arcs[tuple(index.T)],
        integrality=np.ones(len(index)),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(flow, right, right), LinearConstraint(taken, ub=budgets)],
        options={"mip_rel_gap": 1e-9},
    )
    return float(answer.fun) if answer.status == 0 else np.inf


@pytest.mark.parametrize("seed", range(10))
def test_chain_equals_enumeration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        arcs, uses = random_chain(rng, int(rng.integers(1, 6)), 3, 2, 0)
        end, none = rng.random(3), np.zeros((0, 3))
        expected = enumerate_paths(arcs, uses, np.zeros(0), end, none)
        plan = place_chain(arcs, end)
        assert plan.cost == pytest.approx(expected, rel=1e-12)
        assert np.all(np.diff(plan.tier) >= 0)
        assert (plan.status, plan.certificate.kind, plan.certificate.gap) == ("optimal", "exact", 0)
        before = np.concatenate([[0], plan.tier[:-1]])
        steps = arcs[np.arange(len(arcs)), before, plan.tier, plan.option]
        assert steps.sum() + end[plan.tier[-1]] == pytest.approx(plan.cost, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_budgeted_chain_equals_enumeration(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for _ in range(20):
        arcs, uses = random_chain(rng, 4, 2, 2, 2)
        end, end_uses = rng.random(2), rng.random((2, 2))
        budgets = uses.mean() * 4.0 * rng.uniform(0.3, 1.5, size=2)
        plan = place_chain_within(arcs, uses, budgets, end, end_uses)
        expected = enumerate_paths(arcs, uses, budgets, end, end_uses)
        assert plan.cost == pytest.approx(expected, rel=1e-12)
        assert plan.status == ("optimal" if np.isfinite(expected) else "infeasible")
        assert plan.certificate.kind == "exact"
        if plan.status == "optimal":
            assert np.all(plan.use <= budgets * (1 + 1e-9))
            assert plan.bound <= plan.cost


@pytest.mark.parametrize("seed", range(8))
def test_budgeted_chain_equals_the_mixed_integer_programme(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    for _ in range(3):
        arcs, uses = random_chain(rng, 12, 3, 3, 3)
        budgets = uses.mean() * 12 * rng.uniform(0.4, 1.0, size=3)
        plan, expected = place_chain_within(arcs, uses, budgets), by_milp(arcs, uses, budgets)
        assert plan.cost == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("beams", "modest"),
    [((), 30_000), ((), 1), (((1, 15.0, 1),), 30_000), (((2, np.inf, 8_000),), 30_000)],
)
def test_every_way_to_the_proof_gives_the_same_optimum(
    beams: tuple[tuple[int, float, int], ...], modest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the quick search the cut-off rises; without room for paths the programme decides;
    # a quick search of single paths dies out or finds a bad one, which proves nothing.
    cases = [budgeted_chain(14, 3, 4, seed, kind) for seed in range(4) for kind in KINDS]
    usual = [place_chain_within(c.arcs, c.uses, c.budgets) for c in cases]
    monkeypatch.setattr("analytic_models.optimizers.chain_budgets._BEAMS", beams)
    monkeypatch.setattr("analytic_models.optimizers.chain_budgets._MODEST", modest)
    for case, plan in zip(cases, usual, strict=True):
        other = place_chain_within(case.arcs, case.uses, case.budgets)
        assert other.status == plan.status != "stopped"
        assert other.cost == pytest.approx(plan.cost, rel=1e-6)


def test_a_quick_search_that_dies_out_proves_nothing() -> None:
    # The cheap first option breaks one budget or the other, but neither one alone foretells it.
    cost = np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 9.0], [0.0, 9.0]])
    first = np.array([[0.6, 0.0], [0.5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    second = np.array([[0.0, 0.0], [0.0, 1.1], [0.0, 0.0], [0.0, 0.0]])
    arcs, uses = cost[:, None, None], np.stack([first, second])[:, :, None, None]
    problem = scaled(arcs, uses, np.ones(2), None, None)
    unpriced = Dual(np.zeros(2), (), 0.0, None, np.inf)
    quick = search_below(problem, unpriced, problem.beyond, 1, beam=True)
    assert (quick.path, quick.complete) == (None, False)
    full = search_below(problem, unpriced, problem.beyond, 100)
    assert (full.cost, full.complete) == (1.0, True)
    assert place_chain_within(arcs, uses, np.ones(2)).cost == 1.0


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_chains_of_forty_layers_equal_the_mixed_integer_programme(kind: str, seed: int) -> None:
    case = budgeted_chain(40, 4, 4, seed, kind)
    plan = place_chain_within(case.arcs, case.uses, case.budgets)
    assert plan.status == "optimal"
    assert plan.cost == pytest.approx(by_milp(case.arcs, case.uses, case.budgets), rel=1e-6)
    assert np.all(plan.use <= case.budgets * (1 + 1e-9))


def test_looser_budgets_never_raise_the_cost() -> None:
    arcs, uses = random_chain(np.random.default_rng(5), 20, 3, 4, 2)
    tight = uses.mean(axis=(1, 2, 3, 4)) * 20 * 0.45
    costs = [place_chain_within(arcs, uses, tight * k).cost for k in (0.8, 1.0, 1.5, 3.0, 100.0)]
    assert np.all(np.diff(costs) <= 1e-12)
    assert costs[-1] == pytest.approx(place_chain(arcs).cost, rel=1e-12)


def test_cost_scales_with_time() -> None:
    arcs, _ = random_chain(np.random.default_rng(6), 30, 3, 4, 0)
    assert place_chain(arcs * 7.0).cost == pytest.approx(7.0 * place_chain(arcs).cost, rel=1e-12)


def test_a_zero_budget_allows_only_paths_that_use_nothing() -> None:
    arcs = np.array([[[[1.0, 5.0]]]])
    uses = np.array([[[[[1.0, 0.0]]]]])
    plan = place_chain_within(arcs, uses, np.zeros(1))
    assert (plan.cost, plan.option.tolist()) == (5.0, [1])


def test_a_spent_time_limit_leaves_a_stated_gap() -> None:
    arcs, uses = random_chain(np.random.default_rng(11), 60, 3, 6, 3)
    budgets = uses.mean(axis=(1, 2, 3, 4)) * 60 * 0.5
    stopped = place_chain_within(arcs, uses, budgets, time_limit_s=1e-3)
    assert stopped.status == "stopped"
    assert stopped.bound <= stopped.cost
    assert stopped.certificate.kind in ("gap", "heuristic")


def test_negative_uses_are_refused() -> None:
    arcs = np.ones((1, 1, 1, 1))
    with pytest.raises(ValueError, match="≥ 0"):
        place_chain_within(arcs, -arcs[None], np.ones(1))
