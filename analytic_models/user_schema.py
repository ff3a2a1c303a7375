"""The JSON Schema of a user's data, made from the declarations of its fields."""

from __future__ import annotations

__all__ = ["user_data_schema"]

from collections.abc import Mapping
from typing import Any

from analytic_models.scenario import PRECISIONS
from analytic_models.user_fields import (
    HOP_FIELDS,
    MACHINE_FIELDS,
    MACHINE_KINDS,
    MACHINE_TIERS,
    POSITIONS,
    TECHNOLOGIES,
    UserField,
)

_ID = "^[a-z0-9][a-z0-9_.-]{0,63}$"
_LABEL = {"type": "string", "minLength": 1, "maxLength": 80}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": dict(properties),
    }


def _values(declared: Mapping[str, UserField]) -> dict[str, Any]:
    return _object(
        {
            name: {
                "title": field.declared.label,
                "description": field.declared.help,
                "type": "number",
                "minimum": field.declared.low,
                "maximum": field.declared.high,
            }
            for name, field in declared.items()
        }
    )


def _by_id(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": _ID},
        "additionalProperties": dict(entry),
        "maxProperties": 100,
    }


def user_data_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``user_data``; a layer graph is checked when it is read."""
    machine = {
        "label": _LABEL,
        "tier": {"enum": list(MACHINE_TIERS)},
        "kind": {"enum": list(MACHINE_KINDS)},
        "year": {"type": "integer", "minimum": 1970, "maximum": 2100},
        "values": _values(MACHINE_FIELDS),
    }
    hop = {
        "label": _LABEL,
        "technology": {"enum": list(TECHNOLOGIES)},
        "serves": {"type": "array", "minItems": 1, "items": {"enum": list(POSITIONS)}},
        "values": _values(HOP_FIELDS),
    }
    measurement = {
        "machine": {"type": "string", "minLength": 1, "maxLength": 64},
        "dnn": {"type": "string", "minLength": 1, "maxLength": 64},
        "precision": {"enum": list(PRECISIONS)},
        "latency_s": {"type": "number", "minimum": 1e-7, "maximum": 1e4},
    }
    dnn = {
        "type": "object",
        "required": ["format", "id"],
        "properties": {"format": {"enum": ["layer-graph/1", "decoder-lm/1"]}},
    }
    rows = {"type": "array", "maxItems": 5000, "items": _object(measurement, *measurement)}
    return _object(
        {
            "machines": _by_id(_object(machine, "label", "tier", "kind", "year")),
            "hops": _by_id(_object(hop, "label", "technology", "serves")),
            "dnns": _by_id(dnn),
            "measurements": rows,
        }
    ) | {"description": "The user's own machines, hops, dnns and measured latencies."}
