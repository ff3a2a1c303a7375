"""Lay a user's own machines, hops, dnns and measurements over the catalog."""

from __future__ import annotations

__all__ = ["DATA_SOURCE", "calibration_of", "catalog_for", "overlay", "user_data_problems"]

import dataclasses
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from analytic_models.calibration import SOURCE, Calibration, calibrate
from analytic_models.catalog import Catalog, LazyMapping, load_catalog
from analytic_models.catalog_entities import Entity, Hop, Machine
from analytic_models.catalog_read import Fact, Source
from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import parse_decoder, parse_dnn
from analytic_models.units import unit_of_name
from analytic_models.user_data import UserData, UserDnn, UserHop, UserMachine
from analytic_models.user_fields import HOP_FIELDS, MACHINE_FIELDS, UserField

DATA_SOURCE = "your-data"
_SOURCES = {
    DATA_SOURCE: Source(DATA_SOURCE, "yours", "your data", note="entered by the user of this case"),
    SOURCE: Source(
        SOURCE, "measurement", "your measurements", setup="as the user of this case made them"
    ),
}
_Item = TypeVar("_Item")
_Own = TypeVar("_Own", bound=Entity)


class _Layered(LazyMapping[_Item]):
    """A mapping with a few items laid over another one."""

    def __init__(self, base: LazyMapping[_Item], added: Mapping[str, tuple[str, _Item]]) -> None:
        self._base, self._added = base, added

    def __getitem__(self, key: str) -> _Item:
        return self._added[key][1] if key in self._added else self._base[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._base
        yield from self._added

    def __len__(self) -> int:
        return len(self._base) + len(self._added)

    def __contains__(self, key: object) -> bool:
        return key in self._added or key in self._base

    def label(self, key: str) -> str:
        """Return the label of an item."""
        return self._added[key][0] if key in self._added else self._base.label(key)


def user_data_problems(user_data: UserData, catalog: Catalog) -> list[Problem]:
    """Return ids that the catalog has already."""
    taken = (
        ("machines", catalog.machines, user_data.machines),
        ("hops", catalog.hops, user_data.hops),
        ("dnns", {*catalog.dnns, *catalog.language_models}, user_data.dnns),
    )
    return [
        Problem(f"user_data.{part}.{member.id}", "is an id of the catalog", "an id of your own")
        for part, known, members in taken
        for member in members
        if member.id in known
    ]


def _facts_of(own: UserMachine | UserHop, declared: Mapping[str, UserField]) -> list[Fact]:
    found = []
    for key, value in own.values:
        field = declared[key]
        unit = unit_of_name(field.name).symbol
        found.append(
            Fact(
                own.id, field.name, field.basis, value, unit, None, None, DATA_SOURCE,
                "entered by you", "", f"{value:g} {unit}", "chosen",
            )
        )  # fmt: skip
    return found


def _entity(
    kind: type[_Own], own: UserMachine | UserHop, facts: list[Fact], known: frozenset[str]
) -> _Own:
    attributes = {key: item for key, item in own.to_dict().items() if key != "values"}
    return kind(
        own.id,
        own.label,
        MappingProxyType({**attributes, "tags": ["yours"]}),
        MappingProxyType({(fact.field, fact.basis): fact for fact in facts}),
        (),
        known,
    )


def _with_entities(catalog: Catalog, user_data: UserData) -> Catalog:
    """Return the catalog with the user's machines, hops and dnns, before any calibration."""
    known = frozenset(key[1] for key in catalog.facts)
    facts = dict(catalog.facts)
    machines, hops = dict(catalog.machines), dict(catalog.hops)
    prices = dict(catalog.prices)
    for machine in user_data.machines:
        own = _facts_of(machine, MACHINE_FIELDS)
        facts |= {(f.entity, f.field, f.basis): f for f in own}
        machines[machine.id] = _entity(Machine, machine, own, known)
        for rent in (fact for fact in own if fact.field == "rent_usd_per_s"):
            prices[f"rent:{machine.id}"] = _rent(machine, rent, known)
    for hop in user_data.hops:
        own = _facts_of(hop, HOP_FIELDS)
        facts |= {(f.entity, f.field, f.basis): f for f in own}
        hops[hop.id] = _entity(Hop, hop, own, known)
    graphs = [d for d in user_data.dnns if d.format == "layer-graph/1"]
    models = [d for d in user_data.dnns if d.format == "decoder-lm/1"]
    return dataclasses.replace(
        catalog,
        machines=MappingProxyType(machines),
        hops=MappingProxyType(hops),
        prices=MappingProxyType(prices),
        dnns=_Layered(catalog.dnns, {d.id: (d.label, parse_dnn(*_named(d))) for d in graphs}),
        language_models=_Layered(
            catalog.language_models, {d.id: (d.label, parse_decoder(*_named(d))) for d in models}
        ),
        sources=MappingProxyType({**catalog.sources, **_SOURCES}),
        facts=MappingProxyType(facts),
    )


def _named(dnn: UserDnn) -> tuple[str, str]:
    return dnn.text, f"user_data.dnns.{dnn.id}"


def _rent(machine: UserMachine, rent: Fact, known: frozenset[str]) -> Entity:
    """Return the price entry that says what a machine costs to rent."""
    attributes = {"label": machine.label, "machine": machine.id, "machines": 1, "date": "yours"}
    key = (rent.field, rent.basis)
    return Entity(
        f"rent:{machine.id}",
        machine.label,
        MappingProxyType(attributes),
        MappingProxyType({key: rent}),
        (),
        known,
    )


def overlay(catalog: Catalog, user_data: UserData) -> Catalog:
    """Return the catalog with a user's data laid over it; everything else stays as it is.

    Raises
    ------
    DataError
        If an id is taken, or a measurement cannot be used; every problem names its place.
    """
    problems = user_data_problems(user_data, catalog)
    if problems:
        raise DataError(problems)
    found = dataclasses.replace(_with_entities(catalog, user_data), user_data=user_data)
    if not user_data.measurements:
        return found
    fitted = calibrate(found, user_data.measurements, "user_data.measurements").facts
    added = {(fact.entity, fact.field, fact.basis): fact for fact in fitted}
    machines = dict(found.machines)
    for machine_id in {fact.entity for fact in fitted}:
        own = {(f.field, f.basis): f for f in fitted if f.entity == machine_id}
        machine = machines[machine_id]
        machines[machine_id] = dataclasses.replace(
            machine, facts=MappingProxyType({**machine.facts, **own})
        )
    return dataclasses.replace(
        found,
        machines=MappingProxyType(machines),
        facts=MappingProxyType({**found.facts, **added}),
    )


# Layer tables and look-ups are cached by the catalog's identity: one overlay for equal data.
_overlay = lru_cache(maxsize=16)(overlay)


def catalog_for(user_data: UserData | None, catalog: Catalog | None = None) -> Catalog:
    """Return the catalog that a case is looked up in.

    Parameters
    ----------
    user_data
        The user's data of the case, if it has any.
    catalog
        Catalog to lay them over; the shipped one by default. One that has them already is kept.

    Raises
    ------
    DataError
        As :func:`overlay`.
    """
    base = catalog or load_catalog()
    if not user_data or base.user_data == user_data:
        return base
    return _overlay(base, user_data)


def calibration_of(user_data: UserData, catalog: Catalog | None = None) -> Calibration:
    """Return the fits behind a user's measurements, with their errors before and after.

    Raises
    ------
    DataError
        As :func:`overlay`.
    """
    base = catalog or load_catalog()
    return calibrate(
        _with_entities(base, user_data), user_data.measurements, "user_data.measurements"
    )
