"""Every light in each of its states, its remedies, and the digits that it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from analytic_models import Case, evaluate, load_scenarios
from analytic_models.lights import Light, digits, lights, relieved, worst

PRESETS = load_scenarios()
FACTORY = PRESETS["1-factory"]
SCISSION = PRESETS["5-scission"]


def _states(case: Case) -> dict[str, Light]:
    return {light.id: light for light in lights(evaluate(case))}


STATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("arrivals", "green", {}),
    ("arrivals", "green", {"arrivals": "synchronised"}),
    ("arrivals", "amber", {"arrivals": "synchronised", "compute_scv": 0.5}),
    ("arrivals", "green", {"arrivals": "periodic", "uplink_discipline": "fcfs"}),
    ("arrivals", "amber", {"arrivals": "periodic", "population_count": 18}),
    ("arrivals", "amber", {"arrivals": "bursty"}),
    ("arrivals", "red", {"arrivals": "bursty", "arrival_scv": 12.0}),
    ("sources", "amber", {"population_count": 12}),
    ("sources", "green", {"population_count": 20, "arrival_per_s": 1.0}),
    ("sources", "red", {"arrivals": "periodic", "population_count": 3}),
    ("link", "amber", {}),
    ("link", "red", {"uplink_bit_per_s": 85e6}),
    ("link", "green", {"uplink": "ethernet_1g"}),
    (
        "link",
        "green",
        {"uplink_slow_frac": 0.2, "population_count": 1, "uplink_discipline": "fcfs"},
    ),
    ("link", "amber", {"uplink_slow_frac": 0.2}),
    ("load", "green", {}),
    ("load", "amber", {"population_count": 15}),
    ("load", "red", {"population_count": 18}),
    ("load", "red", {"population_count": 40}),
    ("spread", "green", {"compute_scv": 0.3}),
    ("spread", "amber", {"compute_scv": 0.8}),
    ("spread", "red", {"compute_scv": 3.0}),
    ("servers", "green", {"edge_servers_count": 4}),
    ("servers", "amber", {"edge_servers_count": 2, "population_count": 30}),
    ("sharing", "green", {}),
    ("sharing", "amber", {"uplink_loss_frac": 0.05}),
    ("sharing", "green", {"edge_discipline": "ps", "message_scv": 1.0}),
    ("batching", "amber", {"edge_discipline": "batch"}),
    ("layers", "amber", {}),
    ("discipline", "amber", {}),
    ("discipline", "green", {"population_count": 1}),
    ("smoothing", "green", {}),
    ("smoothing", "green", {"uplink_discipline": "fcfs"}),
    ("smoothing", "amber", {"uplink_discipline": "fcfs", "compute_scv": 0.3}),
)


@pytest.mark.parametrize(("name", "state", "changes"), STATES)
def test_a_light_shows_the_state_of_its_assumption(
    name: str, state: str, changes: dict[str, Any]
) -> None:
    light = _states(FACTORY.with_scenario(**changes))[name]
    assert light.state == state
    assert light.message.endswith(".") or light.message.endswith("simulation.")


def test_measured_layer_times_are_green() -> None:
    assert _states(SCISSION)["layers"].state == "green"


def test_lights_without_their_subject_are_left_out() -> None:
    found = _states(FACTORY)
    assert "batching" not in found
    assert "servers" not in found
    assert "link" not in _states(FACTORY.with_design(cut1=20, cut2=20))


@pytest.mark.parametrize("name", PRESETS)
def test_equal_cases_have_equal_lights(name: str) -> None:
    first, second = lights(evaluate(PRESETS[name])), lights(evaluate(PRESETS[name]))
    assert first == second
    assert len({light.id for light in first}) == len(first)


@pytest.mark.parametrize("name", PRESETS)
def test_every_remedy_is_a_scenario_that_can_be_evaluated(name: str) -> None:
    case = PRESETS[name]
    for light in lights(evaluate(case)):
        if light.remedy:
            assert light.remedy_label
            changed = relieved(case.scenario, light)
            assert changed != case.scenario
            assert evaluate(Case(changed, case.design)).value("latency_mean_s") > 0


def test_a_remedy_switches_its_own_light() -> None:
    light = _states(FACTORY)["link"]
    after = _states(Case(relieved(FACTORY.scenario, light), FACTORY.design))["link"]
    assert light.message != after.message
    assert "fades" in after.message


def test_digits_follow_the_worst_light_that_a_figure_rests_on() -> None:
    amber_work = Light("a", "A", "amber", "m.", ("work",))
    red_tail = Light("b", "B", "red", "m.", ("tail",))
    assert digits((amber_work, red_tail), "latency_p99_s") == 1
    assert digits((amber_work, red_tail), "latency_mean_s") == 2
    assert digits((amber_work, red_tail), "energy_device_j") == 2
    assert digits((amber_work, red_tail), "accuracy_frac") == 3
    assert digits((), "latency_p99_s") == 3


def test_the_worst_state_is_the_most_serious_one() -> None:
    green, red = Light("a", "A", "green", "m."), Light("b", "B", "red", "m.")
    assert worst(()) == "green"
    assert worst((green, red)) == "red"
