"""What capacity is worth: to a coordinated population something, to a selfish one often nothing."""

from __future__ import annotations

import numpy as np
import pytest

from analytic_models import load_scenarios
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.population import at_population, class_table
from analytic_models.optimizers.protocols import Table
from analytic_models.optimizers.worth import CapacityWorth, capacity_worth


@pytest.fixture(scope="module")
def crowded() -> CapacityWorth:
    scenario = load_scenarios()["6-coordination"].scenario
    table = at_population(class_table(scenario)[0], 80 / scenario.population_count)
    return capacity_worth(table, {"uplink": 376.32e6}, 1e7)


def test_selfish_users_of_a_private_device_gain_nothing_from_an_upgrade(
    crowded: CapacityWorth,
) -> None:
    uplink = crowded.stations[0]
    assert uplink.value.station == "uplink"
    assert uplink.rate_s > 1e-4
    assert uplink.selfish_rate_s == pytest.approx(0.0, abs=1e-9)
    assert uplink.value.server_s > 1e-3


def test_tolls_turn_the_equilibrium_into_the_optimum(crowded: CapacityWorth) -> None:
    np.testing.assert_allclose(
        crowded.tolled.utilisation, crowded.system.utilisation, rtol=0.0, atol=1e-6
    )
    assert crowded.tolled.mean_s == pytest.approx(crowded.system.mean_s, rel=1e-8)


def test_a_little_more_rate_is_worth_its_derivative() -> None:
    work = np.array([[0.0032], [0.0]])
    delay = np.array([0.0047, 0.0594])
    table = Table(("uplink",), np.ones(1), ("ps",), 500.0, delay, work, work**2)
    found = capacity_worth(table, {"uplink": 1e8}, 1e3)
    assert found.stations[0].rate_s == pytest.approx(
        found.stations[0].value.faster_s * 1e3 / 1e8, rel=1e-3
    )


def test_machines_have_no_rate_and_idle_stations_no_worth(crowded: CapacityWorth) -> None:
    by_name = {item.value.station: item for item in crowded.stations}
    assert np.isnan(by_name["edge"].rate_s)
    assert by_name["cloud"].value.server_s == pytest.approx(0.0, abs=1e-12)
    assert crowded.system.mean_s == pytest.approx(
        solve_mix(
            [at_population(class_table(load_scenarios()["6-coordination"].scenario)[0], 80 / 62)]
        ).mean_s,
        rel=1e-9,
    )
