"""Turn one TOML table into one record, collecting every fault on the way."""

from __future__ import annotations

__all__ = ["Collector", "read_axis", "read_provenance", "read_record", "read_technique"]

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from taxonomy.schema import (
    CHECKED,
    CLAIM_QUANTITIES,
    CLAIMS,
    EVIDENCE_TAGS,
    HOOKS,
    KINDS,
    LAWS,
    LAYER_HOOKS,
    MODELLED_BY,
    OPERATIONS,
    PARAM_UNITS,
    STATUSES,
    TIERS,
    Argument,
    Axis,
    DescribedEffect,
    Effect,
    EffectSource,
    Formula,
    Param,
    ParameterRow,
    Provenance,
    Reference,
    TaxonomyFault,
    Technique,
    Tension,
)

Row = TypeVar("Row")

_ROWS: Mapping[str, type] = {
    "tensions": Tension,
    "described_effects": DescribedEffect,
    "formulas": Formula,
    "parameter_rows": ParameterRow,
    "references": Reference,
    "effect_sources": EffectSource,
}
_ENUMERATIONS: Mapping[str, tuple[str, ...]] = {
    "kind": KINDS,
    "status": STATUSES,
    "op": OPERATIONS,
    "checked": CHECKED,
    "select": ("one", "many"),
}
_EMPTY_ALLOWED = (
    "note",
    "select",
    "modelled_by",
    "not_modelled",
    "limits",
    "source",
    "why",
    "meaning",
)


class Collector:
    """Gathers faults so that one run shows all of them."""

    def __init__(self) -> None:
        self.faults: list[TaxonomyFault] = []

    def add(self, path: str, message: str, allowed: str = "") -> None:
        """Note one fault."""
        self.faults.append(TaxonomyFault(path, message, allowed))

    def refuse_unknown(self, path: str, row: Mapping[str, Any], known: Sequence[str]) -> None:
        """Note every key of a table that is not known."""
        for key in row:
            if key not in known:
                self.add(f"{path}.{key}", "unknown key", ", ".join(known))


def read_axis(path: str, row: Mapping[str, Any], collector: Collector) -> Axis:
    """Read a branch; faults go to the collector and leave a placeholder."""
    return read_record(Axis, path, row, collector)


def read_technique(path: str, row: Mapping[str, Any], collector: Collector) -> Technique:
    """Read a leaf; faults go to the collector and leave a placeholder."""
    leaf = read_record(Technique, path, row, collector)
    _check_expressed(path, leaf, collector)
    _check_settings(path, leaf, collector)
    for key, allowed in (("claims", tuple(CLAIM_QUANTITIES)), ("gaps", tuple(HOOKS))):
        for name in getattr(leaf, key):
            if name not in allowed:
                collector.add(f"{path}.{key}.{name}", "unknown quantity", ", ".join(allowed))
    for name, claim in leaf.claims.items():
        if claim not in CLAIMS:
            collector.add(f"{path}.claims.{name}", f"{claim!r} is no direction", ", ".join(CLAIMS))
    # A quantity without evidence becomes unknown instead of keeping the value it had.
    unknown = tuple(
        Effect(on=hook, law="scale", arguments=MappingProxyType({"factor": math.nan}))
        for hook in leaf.gaps
    )
    return dataclasses.replace(leaf, effects=leaf.effects + unknown)


def read_provenance(path: str, row: object, collector: Collector) -> Provenance:
    """Read what the tree is based on."""
    return read_record(Provenance, path, row if isinstance(row, dict) else {}, collector)


def read_record(kind: type[Row], path: str, row: Mapping[str, Any], collector: Collector) -> Row:
    """Build a record from a table; every key, type and enumeration is checked.

    Parameters
    ----------
    kind
        Dataclass of the schema.
    path
        Where the table stands, for the messages.
    row
        The table.
    collector
        Takes the faults; a faulty value is replaced by an empty one.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = [
        "with" if n == "arguments" else {"low": "min", "high": "max"}.get(n, n) for n in fields
    ]
    collector.refuse_unknown(path, row, known)
    values: dict[str, Any] = {}
    for (name, field), key in zip(fields.items(), known, strict=True):
        if key in row:
            values[name] = _value(f"{path}.{key}", name, str(field.type), row[key], collector)
        elif name in ("parent", "authors"):
            values[name] = None
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            collector.add(f"{path}.{key}", "is missing")
            values[name] = _placeholder(str(field.type))
    return kind(**values)


def _value(path: str, name: str, type_: str, value: object, collector: Collector) -> object:
    """Check and convert one value by the declared type of its field."""
    if name == "effects":
        return _effects(path, value, collector)
    if name == "params":
        return _params(path, value, collector)
    if name == "arguments":
        return _arguments(path, value, collector)
    if name in _ROWS:
        rows = value if isinstance(value, list) else []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            collector.add(path, "must be a list of tables")
            rows = []
        return tuple(
            read_record(_ROWS[name], f"{path}[{i}]", r, collector) for i, r in enumerate(rows)
        )
    if type_.startswith("tuple"):
        return _strings(path, value, collector)
    if type_.startswith("Mapping"):
        return _string_map(path, value, collector)
    return _scalar(path, name, type_, value, collector)


def _scalar(path: str, name: str, type_: str, value: object, collector: Collector) -> object:
    if type_ == "bool":
        good = isinstance(value, bool)
    elif type_ == "int":
        good = isinstance(value, int) and not isinstance(value, bool)
    elif type_ == "float":
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and math.isfinite(float(str(value))):
            return float(str(value))
        good = False
    else:
        good = isinstance(value, str) and (bool(value.strip()) or name in _EMPTY_ALLOWED)
    if not good:
        collector.add(path, f"{value!r} is not a valid {type_.removesuffix(' | None')}")
        return _placeholder(type_)
    allowed = EVIDENCE_TAGS if name == "evidence" else _ENUMERATIONS.get(name, ())
    tags = str(value).split(" + ") if name == "evidence" else [value]
    for tag in tags:
        if allowed and tag not in allowed:
            collector.add(path, f"{tag!r} is not known", ", ".join(allowed))
    return value


def _placeholder(type_: str) -> object:
    if type_.startswith("tuple"):
        return ()
    if type_.startswith("Mapping"):
        return MappingProxyType({})
    return {"bool": False, "int": 0, "float": 0.0}.get(type_, "")


def _strings(path: str, value: object, collector: Collector) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        collector.add(path, "must be a list of strings")
        return ()
    if len(set(value)) < len(value):
        collector.add(path, "names something twice")
    return tuple(value)


def _string_map(path: str, value: object, collector: Collector) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
        collector.add(path, "must be a table of strings")
        return MappingProxyType({})
    return MappingProxyType(dict(value))


def _params(path: str, value: object, collector: Collector) -> Mapping[str, Param]:
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        collector.add(path, "must be a table of settings")
        return MappingProxyType({})
    params = {}
    for name, row in value.items():
        where = f"{path}.{name}"
        param = read_record(Param, where, row, collector)
        if param.unit not in PARAM_UNITS:
            collector.add(f"{where}.unit", f"{param.unit!r} is not known", ", ".join(PARAM_UNITS))
        if not param.low <= param.default <= param.high:
            allowed = f"{param.low:g} to {param.high:g}"
            collector.add(f"{where}.default", f"{param.default:g} is out of bounds", allowed)
        if not param.source and not param.why:
            collector.add(where, "has neither a source nor a reason why it is assumed")
        params[name] = param
    return MappingProxyType(params)


def _effects(path: str, value: object, collector: Collector) -> tuple[Effect, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        collector.add(path, "must be a list of effects")
        return ()
    effects = tuple(
        read_record(Effect, f"{path}[{i}]", row, collector) for i, row in enumerate(value)
    )
    for i, effect in enumerate(effects):
        where = f"{path}[{i}]"
        if effect.on not in HOOKS:
            collector.add(f"{where}.on", f"{effect.on!r} is no hook", ", ".join(HOOKS))
        if effect.law not in LAWS:
            collector.add(f"{where}.law", f"{effect.law!r} is no effect law", ", ".join(LAWS))
        elif set(effect.arguments) != set(LAWS[effect.law]):
            given = ", ".join(effect.arguments) or "none"
            collector.add(f"{where}.with", f"has {given}", ", ".join(LAWS[effect.law]))
        if effect.tiers != TIERS and effect.on not in LAYER_HOOKS:
            collector.add(f"{where}.tiers", "only layer hooks have tiers", ", ".join(LAYER_HOOKS))
        if not effect.tiers or not set(effect.tiers) <= set(TIERS):
            collector.add(f"{where}.tiers", "is not a list of tiers", ", ".join(TIERS))
    return effects


def _arguments(path: str, value: object, collector: Collector) -> Mapping[str, Argument]:
    if not isinstance(value, dict):
        collector.add(path, "must be a table of arguments")
        return MappingProxyType({})
    arguments: dict[str, Argument] = {}
    for name, given in value.items():
        factors = given if isinstance(given, list) else [given]
        if not factors or not all(_is_factor(factor) for factor in factors):
            collector.add(f"{path}.{name}", "must be a number, a setting, or a list of factors")
            continue
        read = tuple(f if isinstance(f, str) else float(f) for f in factors)
        arguments[name] = read if isinstance(given, list) else read[0]
    return MappingProxyType(arguments)


def _is_factor(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _check_expressed(path: str, leaf: Technique, collector: Collector) -> None:
    ways = [w for w in ("effects", "modelled_by", "not_modelled") if getattr(leaf, w)]
    if len(ways) != 1:
        found = ", ".join(ways) or "none"
        collector.add(
            path,
            f"must be expressed in one way, has {found}",
            "effects | modelled_by | not_modelled",
        )
    if leaf.gaps and not leaf.effects:
        collector.add(f"{path}.gaps", "only an executable technique leaves a gap")
    first = leaf.modelled_by.split(" ", maxsplit=1)[0]
    if leaf.modelled_by and first not in MODELLED_BY:
        collector.add(f"{path}.modelled_by", f"starts with {first!r}", ", ".join(MODELLED_BY))


def _check_settings(path: str, leaf: Technique, collector: Collector) -> None:
    read = {name for effect in leaf.effects for name in effect.settings}
    for name in sorted(read - set(leaf.params)):
        collector.add(
            f"{path}.effects", f"read the unknown setting {name!r}", ", ".join(leaf.params)
        )
    for name in sorted(set(leaf.params) - read):
        collector.add(f"{path}.params.{name}", "is read by no effect")
    known = {reference.id for reference in leaf.references}
    known |= {source.id for source in leaf.effect_sources}
    known |= {row.source for row in leaf.parameter_rows}
    for name, param in leaf.params.items():
        if param.source and param.source not in known:
            collector.add(f"{path}.params.{name}.source", f"{param.source!r} is not listed here")
