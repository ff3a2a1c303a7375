"""Checks of a case, step by step: shape, ids, rules, cuts; each returns every problem it finds."""

from __future__ import annotations

__all__ = ["SCHEMA", "cut_problems", "id_problems", "rule_problems", "shape_problems"]

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analytic_models.catalog import Catalog
from analytic_models.errors import Problem
from analytic_models.fields import declared_fields, is_finite_number, shown
from taxonomy.load import load_taxonomy
from taxonomy.rules import check

if TYPE_CHECKING:
    from analytic_models.design import Case

SCHEMA = "eccc-case/1"


def shape_problems(value: object, parts: Mapping[str, type]) -> list[Problem]:
    """Return unknown keys and wrong types of a plain JSON value."""
    if not isinstance(value, dict):
        return [Problem("", "a case is a JSON object", "an object with schema, scenario, design")]
    problems = []
    if "schema" not in value:
        words = "is missing: it says of which version the file is"
        problems.append(Problem("schema", words, f'"schema": "{SCHEMA}"'))
    elif value["schema"] != SCHEMA:
        problems.append(Problem("schema", f"{shown(value['schema'])} is not supported", SCHEMA))
    for key in sorted(set(value) - {"schema", "scenario", "design", "user_data"}):
        problems.append(Problem(str(key), "unknown key", "schema, scenario, design, user_data"))
    for part, owner in parts.items():
        given = value.get(part, {})
        if not isinstance(given, dict):
            problems.append(Problem(part, "must be an object", "{}"))
            continue
        known = [a.name for a in dataclasses.fields(owner)]
        for key in sorted(set(given) - set(known)):
            problems.append(Problem(f"{part}.{key}", "unknown key", ", ".join(known)))
    design = value.get("design")
    if isinstance(design, dict) and "techniques" in design:
        problems += _technique_shape(design["techniques"])
    return problems


def _technique_shape(value: object) -> list[Problem]:
    path = "design.techniques"
    if not isinstance(value, dict):
        return [Problem(path, "must be an object from technique to settings", "{}")]
    problems = []
    for name, settings in value.items():
        if not isinstance(settings, dict):
            problems.append(Problem(f"{path}.{name}", "must be an object of settings", "{}"))
            continue
        for key, item in settings.items():
            if not is_finite_number(item):
                where, message = f"{path}.{name}.{key}", f"{shown(item)} is not a finite number"
                problems.append(Problem(where, message, "a finite number"))
    return problems


def _collection(catalog: Catalog, name: str) -> Mapping[str, object]:
    if name == "applications":
        nodes = load_taxonomy().nodes
        return {key: node for key, node in nodes.items() if node.parent == "applications"}
    found: Mapping[str, object] = getattr(catalog, name)
    return found


def id_problems(case: Case, catalog: Catalog) -> list[Problem]:
    """Return the ids that the catalog does not have."""
    problems = []
    for part, value in (("scenario", case.scenario), ("design", case.design)):
        for name, declared in declared_fields(type(value)).items():
            if declared.kind == "choice" and isinstance(declared.choices, str):
                known = _collection(catalog, declared.choices.removeprefix("catalog:"))
                chosen = getattr(value, name)
                if chosen not in known:
                    some = ", ".join(sorted(known))
                    problems.append(
                        Problem(f"{part}.{name}", f"{chosen!r} is not in the catalog", some)
                    )
    return problems


def rule_problems(case: Case, catalog: Catalog) -> list[Problem]:
    """Return unknown techniques, settings out of range and broken rules of the taxonomy."""
    taxonomy = load_taxonomy()
    problems = []
    for name, settings in case.design.techniques.items():
        path = f"design.techniques.{name}"
        technique = taxonomy.executable.get(name)
        if technique is None:
            problems.append(
                Problem(
                    path, "is not an executable technique", ", ".join(sorted(taxonomy.executable))
                )
            )
            continue
        for key, item in settings.items():
            declared = technique.params.get(key)
            if declared is None:
                problems.append(
                    Problem(f"{path}.{key}", "unknown setting", ", ".join(technique.params))
                )
            elif not declared.low <= item <= declared.high:
                side = "above" if item > declared.high else "below"
                limit = declared.high if item > declared.high else declared.low
                problems.append(
                    Problem(
                        f"{path}.{key}",
                        f"{item:g} is {side} {limit:g}",
                        f"{declared.low:g} to {declared.high:g}",
                    )
                )
    for violation in check(tuple(case.design.techniques)):
        # Unknown ids were reported above, with what is allowed.
        if violation.severity == "error" and violation.kind != "unknown":
            problems.append(Problem("design.techniques", violation.message, violation.resolve))
    return problems


def cut_problems(case: Case, catalog: Catalog) -> list[Problem]:
    """Return the cuts that lie behind the dnn's last boundary."""
    dnn = catalog.dnns[case.scenario.dnn]
    last = len(dnn.boundary_row) - 1
    return [
        Problem(
            f"design.{name}", f"{value} is behind the last boundary of {dnn.label}", f"0 to {last}"
        )
        for name, value in (("cut1", case.design.cut1), ("cut2", case.design.cut2))
        if value > last
    ]
