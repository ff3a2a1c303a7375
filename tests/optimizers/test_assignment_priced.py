"""One plan per class among priced designs is that of the whole integer programme."""

import numpy as np
import pytest

from analytic_models.optimizers.assignment import assign
from analytic_models.optimizers.assignment_priced import assign_priced
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.protocols import Table


def tables(seed: int, classes: int = 3, rows: int = 60) -> list[Table]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(classes):
        work = rng.uniform(0.001, 0.02, (rows, 2))
        work[0] = 0.0
        delay = rng.uniform(0.0, 0.02, rows)
        delay[0] = 0.09
        energy = rng.uniform(0.0, 1.0, rows)
        servers, rules = np.array([1.0, 1.0]), ("ps", "ps")
        rate = float(rng.uniform(10.0, 45.0))
        metrics = {"energy": energy}
        found.append(Table(("link", "edge"), servers, rules, rate, delay, work, work**2, metrics))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("budgets", [{}, {"energy": 0.3}], ids=["free", "budget"])
def test_few_priced_designs_give_the_choice_of_the_whole_programme(
    seed: int, budgets: dict[str, float]
) -> None:
    classes = tables(seed)
    mix = solve_mix(classes, limits=budgets or None)
    found = assign_priced(classes, mix, budgets, keep=5)
    whole = assign(classes, budgets)
    assert whole.status == "optimal"
    assert found.mean_s == pytest.approx(whole.mean_s, rel=1e-6)
    assert found.bound_s <= whole.mean_s * (1 + 1e-9)
    assert found.certificate.kind == "exact"
    rates = np.array([table.arrival_per_s for table in classes])
    work = sum(t.arrival_per_s * t.work_s[r] for t, r in zip(classes, found.rows, strict=True))
    assert found.utilisation == pytest.approx(work)
    if budgets:
        used = [t.metrics["energy"][r] for t, r in zip(classes, found.rows, strict=True)]
        assert float(rates @ np.array(used)) / rates.sum() <= 0.3 * (1 + 1e-9)


def test_a_budget_that_nobody_can_meet_is_infeasible() -> None:
    classes = tables(1)
    mix = solve_mix(classes, limits={"energy": -1.0})
    found = assign_priced(classes, mix, {"energy": -1.0})
    assert found.rows.tolist() == [-1, -1, -1]
    assert not np.isfinite(found.mean_s)
