"""What a choice offers, in words: ids stay inside the program."""

from __future__ import annotations

__all__ = ["choice_label", "choices_of", "field_value_words", "is_yours"]

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from text import UNKNOWN, format_quantity, plain

from analytic_models import Case, Design, Scenario, load_catalog
from analytic_models.catalog import Catalog
from analytic_models.fields import declared_fields
from analytic_models.optimizers.space import MODALITIES
from taxonomy.load import load_taxonomy
from viewmodels.cuts import boundary_words
from viewmodels.display import shown_unit

_WORDS: Mapping[str, str] = {
    "fcfs": "first come, first served",
    "ps": "shared by all at once",
    "batch": "all that wait as one batch",
    "elastic": "elastic: machines start on demand",
    "priority": "urgent requests first",
    "preemptive": "urgent requests first, interrupting others",
    "urgent": "the urgent requests",
    "others": "the other requests",
    "all": "all requests",
    "poisson": "at random",
    "periodic": "at a fixed period, each at its own phase",
    "synchronised": "all at the same instant",
    "bursty": "in bursts",
    "closed": "a pause after each answer",
    "roofline": "from peak rates and efficiencies",
    "measured": "as measured, where published",
    "mean": "the mean",
    "p50": "half of the requests (p50)",
    "p95": "95 % of the requests (p95)",
    "p99": "99 % of the requests (p99)",
    "p99.9": "99.9 % of the requests (p99.9)",
    "fp32": "32-bit float",
    "fp16": "16-bit float",
    "int8": "8-bit integer",
    "int4": "4-bit weights",
}
_TIER_ORDER = {
    "device": ("device", "edge", "cloud"),
    "edge": ("edge", "device", "cloud"),
    "cloud": ("cloud", "edge", "device"),
}
_OWNERS = {"scenario": Scenario, "design": Design}


def choices_of(part: str, name: str, case: Case) -> tuple[str, ...]:
    """List the ids that a choice offers, the likely ones first; the chosen one is always there.

    Parameters
    ----------
    part
        ``"scenario"`` or ``"design"``.
    name
        Name of a field of kind choice.
    case
        Case that it belongs to: encodings depend on its dnn.
    """
    declared = declared_fields(_OWNERS[part])[name]
    if isinstance(declared.choices, tuple):
        return declared.choices
    collection = declared.choices.removeprefix("catalog:")
    found = _offered(collection, name, case.scenario.dnn, case.catalog())
    chosen = getattr(getattr(case, part), name)
    return found if chosen in found else (chosen, *found)


@lru_cache(maxsize=256)
def _offered(collection: str, name: str, dnn_id: str, catalog: Catalog) -> tuple[str, ...]:
    if collection == "machines":
        order, machines = _TIER_ORDER[name], catalog.machines
        place = {k: (not is_yours(catalog, k), order.index(m.tier)) for k, m in machines.items()}
        return tuple(sorted(machines, key=place.__getitem__))
    if collection == "hops":
        found = (key for key, hop in catalog.hops.items() if name in hop.serves)
        return tuple(sorted(found, key=lambda key: not is_yours(catalog, key)))
    if collection == "encodings":
        wanted = "features"
        if name == "input_encoding":
            wanted = MODALITIES.get(catalog.dnns[dnn_id].task, "image")
        entries = catalog.encodings.items()
        return tuple(k for k, e in entries if e.attributes.get("modality") == wanted)
    if collection == "dnns":
        label = catalog.dnns.label
        return tuple(
            sorted(catalog.dnns, key=lambda k: (not is_yours(catalog, k), label(k).lower()))
        )
    if collection == "regions":
        regions = catalog.regions
        clouds = {k for k, region in regions.items() if region.kind == "cloud region"}
        first = clouds if name == "cloud_region" else set(regions) - clouds
        return tuple(sorted(regions, key=lambda k: (k not in first, regions[k].label)))
    nodes = load_taxonomy().nodes
    return tuple(key for key, node in nodes.items() if node.parent == collection)


@lru_cache(maxsize=2048)
def choice_label(
    choices: tuple[str, ...] | str, chosen: str, catalog: Catalog | None = None
) -> str:
    """Words for one value of a choice.

    Parameters
    ----------
    choices
        What ``Field.choices`` holds.
    chosen
        One of the values.
    catalog
        That of the case; the shipped one where none is given.
    """
    if isinstance(choices, tuple):
        return _WORDS.get(chosen, chosen)
    catalog, collection = catalog or load_catalog(), choices.removeprefix("catalog:")
    yours = " (yours)" if is_yours(catalog, chosen) else ""
    if collection == "dnns":
        return f"{plain(catalog.dnns.label(chosen), 60)}{yours}"
    if collection == "regions":
        region = catalog.regions[chosen]
        provider = chosen.partition(":")[0].upper()
        cloud = region.kind == "cloud region"
        return plain(f"{region.label} ({provider})" if cloud else region.label, 60)
    if collection == "applications":
        return plain(load_taxonomy().nodes[chosen].name, 60)
    return f"{plain(getattr(catalog, collection)[chosen].label, 60)}{yours}"


def is_yours(catalog: Catalog, id: str) -> bool:
    """Whether the user of the case brought a machine, link, network or language model."""
    return id in _own_ids(catalog)


@lru_cache(maxsize=64)
def _own_ids(catalog: Catalog) -> frozenset[str]:
    data = catalog.user_data
    if data is None:
        return frozenset()
    return frozenset(entry.id for entry in (*data.machines, *data.hops, *data.dnns))


def field_value_words(
    part: str,
    name: str,
    value: Any,  # noqa: ANN401 - values of any declared field
    dnn_id: str,
    catalog: Catalog | None = None,
) -> str:
    """Write the value of any field for a table of changes."""
    declared = declared_fields(_OWNERS[part]).get(name)
    if declared is None:
        chosen = ", ".join(sorted(value)) if value else ""
        return plain(chosen, 80) or "none"
    if value is None:
        return declared.none_means
    if declared.kind == "choice":
        return choice_label(declared.choices, value, catalog)
    if declared.kind == "flag":
        return "yes" if value else "no"
    if name in ("cut1", "cut2"):
        words = boundary_words(dnn_id, catalog)
        return words[value] if value < len(words) else UNKNOWN
    if declared.kind in ("number", "integer"):
        shown = shown_unit(name, declared)
        return f"{format_quantity(shown.out(value), '1', 4)} {shown.label}".strip()
    return plain(value, 80)
