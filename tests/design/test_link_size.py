"""The whole case fits into a link of 2,000 characters and comes back exactly."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from analytic_models import Case, load_scenarios
from taxonomy import load_taxonomy
from taxonomy.rules import check

APP = Path(__file__).parents[2] / "app"
if str(APP) not in sys.path:
    sys.path.append(str(APP))

from links import decode, encode  # noqa: E402 - the folder of the app is not a package

LIMIT = 2_000


@pytest.mark.parametrize("name", list(load_scenarios()))
def test_a_ready_made_case_fits_and_comes_back(name: str) -> None:
    case = load_scenarios()[name]
    link = encode(case.to_json())
    assert len(link) <= LIMIT
    assert Case.from_json(decode(link)) == case


def test_a_case_with_every_field_changed_and_all_compatible_techniques_fits() -> None:
    chosen: dict[str, dict[str, float]] = {}
    for technique in load_taxonomy().executable.values():
        if not any(v.severity == "error" for v in check((*chosen, technique.id))):
            chosen[technique.id] = {
                name: round(0.37 * p.low + 0.63 * p.high, 6) for name, p in technique.params.items()
            }
    assert len(chosen) >= 15
    case = (
        load_scenarios()["3-hospital"]
        .with_scenario(
            name="Ward 7 – night shift, β test",
            uplink_bit_per_s=17_345_678.9,
            downlink_bit_per_s=93_456_789.1,
            uplink_rtt_s=0.01234567,
            backhaul_bit_per_s=812_345_678.0,
            backhaul_rtt_s=0.00765432,
            edge_usd_per_s=0.000123456,
            cloud_usd_per_s=0.000987654,
            egress_usd_per_byte=8.7654e-11,
            electricity_usd_per_j=5.4321e-8,
            energy_max_j=0.98765,
            cost_max_usd=1.2345e-6,
            population_count=12_345,
            arrival_per_s=0.0123456,
        )
        .with_design(techniques=chosen)
    )
    link = encode(case.to_json())
    assert len(link) <= LIMIT
    assert Case.from_json(decode(link)) == case
