"""Audit of what lies between the parts: hooks of techniques, sources of laws, ready-made cases."""

from __future__ import annotations

__all__ = ["wiring_problems"]

import re
from collections.abc import Iterator, Mapping

from analytic_models.catalog import Catalog
from analytic_models.design import Case
from analytic_models.effects import EFFECTS
from analytic_models.errors import Problem
from analytic_models.explanation_laws import law_formula, law_references
from analytic_models.graph import Law, total
from analytic_models.pipeline import HOOKS, LABELS, PIPELINE
from taxonomy.load import Taxonomy
from taxonomy.schema import LAYER_HOOKS

_SOURCE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def wiring_problems(
    catalog: Catalog, taxonomy: Taxonomy, scenarios: Mapping[str, Case]
) -> list[Problem]:
    """Return every place where two parts do not fit together; empty if all is well.

    Parameters
    ----------
    catalog
        Sources that the laws cite.
    taxonomy
        Techniques whose effects must reach the table.
    scenarios
        Ready-made cases, which must be valid and named apart.
    """
    problems = [*_effect_problems(taxonomy), *_law_problems(catalog)]
    names: dict[str, str] = {}
    for key, case in scenarios.items():
        name = case.scenario.name
        if name in names:
            problems.append(Problem(f"data/scenarios/{key}.json", f"is named as {names[name]} is"))
        names[name] = key
    return problems


def _effect_problems(taxonomy: Taxonomy) -> Iterator[Problem]:
    known = tuple(dict.fromkeys((*HOOKS, *LAYER_HOOKS)))
    for technique in taxonomy.executable.values():
        for effect in technique.effects:
            path = f"taxonomy:{technique.id}.effects"
            if effect.on not in known:
                yield Problem(path, f"{effect.on!r} is no hook of the table", ", ".join(known))
            if effect.law not in EFFECTS:
                yield Problem(path, f"{effect.law!r} is no effect", ", ".join(EFFECTS))


def _laws() -> dict[Law, str]:
    """Return every law of the table with the first quantity that it makes."""
    found: dict[Law, str] = {}
    for binding in PIPELINE.bindings:
        for bound in binding.laws:
            found.setdefault(bound.law, binding.name)
    return found


def _law_problems(catalog: Catalog) -> Iterator[Problem]:
    for name, label in LABELS.items():
        if not label:
            yield Problem(name, "has no label")
    for law, quantity in _laws().items():
        path = f"{quantity}: {law.__name__}"
        for reference in law_references(law):
            if _SOURCE_ID.fullmatch(reference) and reference not in catalog.sources:
                yield Problem(path, f"cites the unknown source {reference!r}")
        if law is not total and not law_formula(law) and not law.__name__.startswith("nominal_"):
            yield Problem(path, "has no formula in its documentation")
