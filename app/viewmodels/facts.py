"""What the catalog says where a field may be left to it, and what a new limit starts from."""

from __future__ import annotations

__all__ = ["FieldFact", "facts_of"]

import math
from collections.abc import Mapping
from dataclasses import dataclass

from text import format_quantity

from analytic_models import Evaluation, Scenario
from analytic_models.fields import declared_fields
from analytic_models.units import unit_of_name
from viewmodels.display import significant

# A limit that was not set starts at what the design now needs.
_LIMITS = {
    "energy_max_j": "energy_device_j",
    "accuracy_drop_max_pp": "accuracy_drop_pp",
    "cost_max_usd": "cost_usd",
}
# A tier that gets a last place starts with one to wait for each that is served.
_ROOMS = {"edge_places_count": "edge_servers_count", "cloud_places_count": "cloud_servers_count"}


@dataclass(frozen=True)
class FieldFact:
    """The number behind an optional field.

    Parameters
    ----------
    value
        In base units; what an override starts from.
    text
        The number with its unit; empty where there is no fact.
    origin
        ``cited``, ``measured``, ``assumed`` or empty.
    """

    value: float
    text: str = ""
    origin: str = ""


def facts_of(evaluation: Evaluation) -> Mapping[str, FieldFact]:
    """Return the fact behind every optional field of the scenario.

    An override keeps the fact that it replaces.
    """
    found = {}
    for name, declared in declared_fields(Scenario).items():
        if not declared.optional:
            continue
        if name in _LIMITS:
            now = evaluation.value(_LIMITS[name])
            start = significant(now, 2) if math.isfinite(now) and now > 0 else declared.low
            found[name] = FieldFact(min(max(start, declared.low), declared.high))
            continue
        if name in _ROOMS:
            servers = getattr(evaluation.batch.scenario, _ROOMS[name])
            found[name] = FieldFact(min(2 * servers, int(declared.high)))
            continue
        found[name] = _fact(evaluation, name, declared.low)
    return found


def _fact(evaluation: Evaluation, name: str, low: float) -> FieldFact:
    looked = evaluation.batch.origins.get(name)
    if looked is None:
        return FieldFact(low)
    value, kind, facts = looked.value, looked.origin.kind, looked.origin.facts
    if kind == "override":
        if len(facts) != 1:
            return FieldFact(value)
        value, kind = facts[0].value, facts[0].origin
    if math.isnan(value):
        return FieldFact(low)
    return FieldFact(value, format_quantity(value, str(unit_of_name(name))), kind)
