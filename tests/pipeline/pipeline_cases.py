"""Cases that exercise every station: each ready-made one, and splits over all three tiers."""

from __future__ import annotations

from collections.abc import Mapping

from analytic_models import Case, load_catalog, load_scenarios


def _split_cases() -> Mapping[str, Case]:
    """Return the ready-made cases and one split of each over all three tiers, at light load."""
    found = dict(load_scenarios())
    for name, case in load_scenarios().items():
        last = len(load_catalog().dnns[case.scenario.dnn].boundary_row) - 1
        light = case.with_scenario(population_count=2, arrival_per_s=0.001)
        found[f"{name}-split"] = light.with_design(cut1=last // 3, cut2=2 * last // 3)
    return found


SPLITS = _split_cases()
