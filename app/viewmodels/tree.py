"""The explanation of a number as the tree component draws it."""

from __future__ import annotations

__all__ = ["formula_text", "tree_of"]

import math
import re
from typing import Any

from text import UNKNOWN, UNSTABLE, format_quantity, plain

from analytic_models import load_catalog
from analytic_models.catalog import Catalog, Source
from analytic_models.explanation import Node

# Of many equal pieces the largest are shown, the rest is summed up in one line.
_MOST_CHILDREN = 24
_SHOWN_CHILDREN = 10
_ORIGINS = {"convention": "computed", "missing": "computed"}

# LaTeX commands, and what stands for each.
_COMMANDS = (
    "lambda Lambda mu rho sigma Sigma phi Phi eta tau pi alpha beta gamma delta Delta kappa theta "
    "ell epsilon varepsilon sum prod cdot times le leq ge geq infty ldots dots ne neq approx in to"
)
_SIGNS = "λ Λ μ ρ σ Σ φ Φ η τ π α β γ δ Δ κ θ ℓ ε ε Σ Π · × ≤ ≤ ≥ ≥ ∞ … … ≠ ≠ ≈ ∈ →"
_SYMBOLS = dict(zip(_COMMANDS.split(" "), _SIGNS.split(" "), strict=True))
_SYMBOLS |= {"quad": "  ", "qquad": "  "}


def formula_text(latex: str) -> str:
    r"""Write a formula of a law as one line of plain text.

    Examples
    --------
    >>> formula_text(r"\frac{\lambda}{\mu - \lambda}")
    '(λ)/(μ - λ)'
    """
    text = re.sub(r"\\(?:textstyle|displaystyle|left|right|bigl|bigr|Bigl|Bigr|!)", "", latex)
    text = re.sub(r"\\[,;: ]", " ", text)
    text = re.sub(r"\\(?:mathrm|mathcal|text|operatorname|mathbf)\{([^{}]*)\}", r"\1", text)
    for _ in range(4):
        text = re.sub(r"\\d?t?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", text)
        text = re.sub(r"([_^])\{(\w|[^\w{}])\}", r"\1\2", text)
        text = re.sub(r"([_^])\{([^{}]*)\}", r"\1(\2)", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _SYMBOLS.get(m[1], m[1]), text)
    return " ".join(text.replace("{", "").replace("}", "").replace("\\", "").split())


def tree_of(node: Node, catalog: Catalog | None = None) -> dict[str, Any]:
    """Turn an explanation into the mapping of ``components.tree``.

    ``catalog`` is that of the case, and the shipped one where none is given.
    """
    catalog = catalog or load_catalog()
    facts = node.facts
    return {
        "label": plain(node.label, 90),
        "value": _value(node),
        "formula": formula_text(node.formula),
        "note": plain(_note(node, catalog), 400),
        "origin": _ORIGINS.get(node.origin, node.origin),
        "source": _source(node, catalog) if facts else None,
        "children": _children(node, catalog),
    }


def _value(node: Node) -> str:
    if node.unit == "flag":
        return UNKNOWN if math.isnan(node.value) else "yes" if node.value > 0 else "no"
    return format_quantity(node.value, node.unit).replace(UNSTABLE, "overloaded")


def _note(node: Node, catalog: Catalog) -> str:
    parts = [node.law, node.note]
    if node.effects:
        parts.append(f"changed by {', '.join(node.effects)}")
    if node.references and not node.children:
        parts.append(", ".join(node.references))
    elif node.references:
        parts.append(f"See {_references(node, catalog)}")
    if len(node.facts) > 1:
        parts.append(
            "; ".join(f"{f.entity} {f.field}: {f.written} ({f.source})" for f in node.facts)
        )
    low, high = node.low, node.high
    if math.isfinite(low) and math.isfinite(high) and low < high:
        ends = format_quantity(low, node.unit), format_quantity(high, node.unit)
        parts.append(f"plausible from {ends[0]} to {ends[1]}")
    return ". ".join(part.rstrip(".") for part in parts if part)


def _references(node: Node, catalog: Catalog) -> str:
    known = (catalog.sources.get(name) for name in node.references)
    return "; ".join(
        name if source is None else _who(source)
        for name, source in zip(node.references, known, strict=True)
    )


def _who(source: Source) -> str:
    maker = source.authors or source.publisher or source.title
    return f"{maker} ({source.year})" if source.year else maker


def _source(node: Node, catalog: Catalog) -> dict[str, str]:
    fact = node.facts[0]
    source = catalog.sources[fact.source]
    doi = f"https://doi.org/{source.doi}" if source.doi else ""
    named = source.authors or source.publisher
    title = f"{_who(source)}. {source.title}" if named else source.title
    basis = f", {fact.basis}" if fact.basis else ""
    return {
        "title": plain(title, 160),
        "where": plain(f"{fact.where}: {fact.written}{basis}", 160),
        "url": source.url or doi,
    }


def _children(node: Node, catalog: Catalog) -> list[dict[str, Any]]:
    children = node.children
    if len(children) <= _MOST_CHILDREN:
        return [tree_of(child, catalog) for child in children]
    ranked = sorted(
        children, key=lambda child: -abs(child.value) if math.isfinite(child.value) else -math.inf
    )
    rest = ranked[_SHOWN_CHILDREN:]
    total = math.fsum(child.value for child in rest)
    summary = {
        "label": f"{len(rest)} smaller ones together",
        "value": format_quantity(total, node.unit),
        "formula": "",
        "note": "",
        "origin": "computed",
        "source": None,
        "children": [],
    }
    return [*(tree_of(child, catalog) for child in ranked[:_SHOWN_CHILDREN]), summary]
