"""The arrays of the program against a loop over layers and stations in plain Python."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analytic_models import Case, evaluate, load_catalog, load_scenarios

CATALOG = load_catalog()
STATIONS = ("device", "uplink", "edge", "backhaul", "cloud")


def _oracle() -> ModuleType:
    path = Path(__file__).parents[1] / "oracles" / "one_case.py"
    spec = importlib.util.spec_from_file_location("oracle_one_case", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ORACLE = _oracle()


def _cases(name: str) -> list[Case]:
    """Return cases over a grid of cuts, precisions, servers, spreads and disciplines."""
    case = load_scenarios()[name]
    last = len(CATALOG.dnns[case.scenario.dnn].boundary_row) - 1
    rng = np.random.default_rng(20261125)
    measured = case.scenario.timing == "measured"
    cuts = list(itertools.combinations_with_replacement(range(0, last + 1, max(1, last // 6)), 2))
    found = []
    for cut1, cut2 in [*cuts, (last, last), (0, last)]:
        scenario = case.with_scenario(
            population_count=int(rng.integers(1, 30)),
            arrival_per_s=float(rng.choice([0.001, 0.1, 1.0])),
            edge_servers_count=int(rng.choice([1, 2, 7])),
            cloud_servers_count=int(rng.choice([1, 3, 16])),
            compute_scv=float(rng.choice([0.0, 0.4, 1.0, 3.0])),
            message_scv=float(rng.choice([0.0, 0.5, 2.0])),
            uplink_background_frac=float(rng.choice([0.0, 0.3])),
            **{f"{s}_discipline": str(rng.choice(["ps", "fcfs"])) for s in STATIONS},
        )
        choices = ["fp32"] if measured else ["fp32", "fp16", "int8"]
        precisions = {
            f"{t}_precision": str(rng.choice(choices)) for t in ("device", "edge", "cloud")
        }
        encodings = {
            f"{hop}_encoding": str(rng.choice(["fp32", "fp16", "int8"]))
            for hop in ("uplink", "backhaul")
        }
        found.append(scenario.with_design(cut1=cut1, cut2=cut2, **precisions, **encodings))
    return found


def _close(value: float, truth: float) -> bool:
    return bool(np.isclose(value, truth, rtol=1e-9, atol=1e-15, equal_nan=True))


@pytest.mark.parametrize("name", [n for n in load_scenarios() if n != "5-scission"])
def test_every_key_figure_agrees_with_the_loop_to_nine_digits(name: str) -> None:
    compared = 0
    for case in _cases(name):
        result = evaluate(case, exact=False)
        column = {key: result.value(key) for key in result.batch.columns}
        truth = ORACLE.one_case(case, column, CATALOG)
        pairs = {
            "latency_idle_s": truth.idle,
            "latency_mean_s": truth.mean,
            "energy_device_j": truth.device_energy,
            "cost_usd": truth.cost,
            "carbon_gco2e": truth.carbon,
            "memory_frac": truth.memory,
            **{f"{s}_utilisation_frac": truth.utilisation[s] for s in STATIONS},
        }
        for quantity, expected in pairs.items():
            assert _close(result.value(quantity), expected), (quantity, case.to_json())
            compared += np.isfinite(expected)
    assert compared > 150
