"""Making and battery of machines: the machine's own figure, or the one of its class."""

from __future__ import annotations

__all__ = ["lifecycle_columns"]

from collections.abc import Mapping
from functools import lru_cache

from analytic_models.catalog import Catalog, Fact, Gap
from analytic_models.origins import Looked, missing

# The whole life without its use first; a card alone leaves out the server around it.
_MAKING = ("with-server", "life-cycle-without-use", "cradle-to-gate")
_BATTERY = ("product", "typical")
_NOTES = {"cradle-to-gate": "without the computer around it"}


@lru_cache(maxsize=128)
def lifecycle_columns(catalog: Catalog, device: str, edge: str, cloud: str) -> Mapping[str, Looked]:
    """Look up what making the machines emitted, how long they last, what a charge holds.

    Parameters
    ----------
    device, edge, cloud
        Ids of machines.
    """
    columns = {
        f"{tier}_embodied_gco2e": _of_machine(
            catalog, machine, "embodied_gco2e", _MAKING, "emissions of making it"
        )
        for tier, machine in (("device", device), ("edge", edge), ("cloud", cloud))
    }
    columns["device_battery_j"] = _of_machine(
        catalog, device, "battery_j", _BATTERY, "battery; it may run from the mains"
    )
    life = catalog.facts.get(("class:any", "lifetime_s", ""))
    columns["machine_life_s"] = (
        Looked.of_fact(life) if life else missing("no source states how long machines last")
    )
    return columns


def _of_machine(
    catalog: Catalog, machine_id: str, name: str, bases: tuple[str, ...], words: str
) -> Looked:
    """Return the machine's own fact, else that of its class, in the order of the bases."""
    machine = catalog.machines[machine_id]
    for basis in bases:
        own: Fact | Gap = machine.fact(name, basis)
        if isinstance(own, Fact):
            return Looked.of_fact(own, _NOTES.get(basis, ""))
    for basis in bases:
        found = catalog.facts.get((f"class:{machine.kind}", name, basis))
        if found is not None:
            return Looked.of_fact(found)
    return missing(f"{machine.label} has no published {words}")
