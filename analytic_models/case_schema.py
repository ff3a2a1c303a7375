"""The JSON Schema of a case, made from the declarations of its fields."""

from __future__ import annotations

__all__ = ["case_schema"]

from typing import Any

from analytic_models.case_checks import SCHEMA
from analytic_models.design import Design, Scenario
from analytic_models.fields import Field, declared_fields
from analytic_models.user_schema import user_data_schema


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a case."""

    def of(declared: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {"title": declared.label, "description": declared.help}
        types = {"number": "number", "integer": "integer", "flag": "boolean"}
        kind = types.get(declared.kind, "string")
        schema["type"] = [kind, "null"] if declared.optional else kind
        if declared.kind in ("number", "integer"):
            schema |= {"minimum": declared.low, "maximum": declared.high}
        if declared.kind == "text":
            schema["maxLength"] = int(declared.high)
        if isinstance(declared.choices, tuple) and declared.choices:
            schema["enum"] = list(declared.choices)
        return schema

    def part(owner: type) -> dict[str, Any]:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: of(declared) for name, declared in declared_fields(owner).items()},
        }

    design = part(Design)
    design["properties"]["techniques"] = {
        "type": "object",
        "description": "Technique id to its settings; an empty object takes the defaults.",
        "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "ECCC Explorer case",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": {
            "schema": {"const": SCHEMA},
            "scenario": part(Scenario),
            "design": design,
            "user_data": user_data_schema(),
        },
    }
