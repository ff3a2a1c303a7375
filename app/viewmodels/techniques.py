"""One node of the taxonomy in words, and what switching it on does to a design."""

from __future__ import annotations

__all__ = [
    "Card",
    "Relation",
    "Setting",
    "Trial",
    "card",
    "control_fields",
    "settings_of",
    "switched",
    "trial",
]

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from analytic_models import Case, Design, DesignError, Scenario
from analytic_models.evaluation import QUANTITIES
from analytic_models.fields import declared_fields
from taxonomy import Node, Technique, Violation, check, given_by_placement, load_taxonomy
from taxonomy.schema import CLAIM_QUANTITIES, PARAM_UNITS
from viewmodels.certainty import certainty
from viewmodels.comparison import Gain
from viewmodels.current import evaluated
from viewmodels.cuts import last_boundary
from viewmodels.display import against
from viewmodels.key_figures import key_figures
from viewmodels.technique_map import KIND_WORDS, kind_of

_LAWS = {
    "scale": "times {factor}",
    "add": "plus {amount}",
    "set_to": "becomes {value}",
    "scale_bits": "bits from {from_bits} to {bits}",
    "keep_share": "keeps the share {fraction}",
    "raise_to_at_least": "at least {value}",
}
_DIRECTIONS = {"up": "rises", "down": "falls", "same": "stays"}
_CHECKED = {"no": "not checked", "sim": "checked by simulation", "alg": "derived", "fit": "fitted"}
# Quantities of the key figures of which more is better.
_MORE = {"accuracy_frac"}


@dataclass(frozen=True)
class Relation:
    """Another node that this one needs, shuts out, brings along or works against, and why."""

    kind: str
    id: str
    name: str
    why: str = ""


@dataclass(frozen=True)
class Setting:
    """A parameter of a technique, its present value, and where default and range come from."""

    name: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    whole: bool
    default: float
    help: str
    origin: str
    source: str


@dataclass(frozen=True)
class Card:
    """A node as texts; every row is plain text and has to be escaped where it is placed.

    Parameters
    ----------
    kind, kind_words
        What the program makes of it.
    path
        Names from the layer down.
    evidence, evidence_words
        Tag of its place in the tree, and what the tag means.
    effects
        Hook in words, what happens to it, and on which tiers.
    claims
        What moves when it is switched on at its defaults.
    formulas, ranges, references
        As noted for the node, each with its tag.
    """

    id: str
    name: str
    kind: str
    kind_words: str
    path: str
    evidence: str
    evidence_words: str
    definition: str
    entry: str
    note: str
    effects: tuple[tuple[str, str, str], ...]
    claims: tuple[str, ...]
    gaps: tuple[tuple[str, str], ...]
    limits: str
    modelled_by: str
    not_modelled: str
    described: tuple[str, ...]
    formulas: tuple[tuple[str, str, str], ...]
    ranges: tuple[tuple[str, str, str], ...]
    references: tuple[tuple[str, str, str], ...]
    relations: tuple[Relation, ...]
    children: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Trial:
    """A design with and without a technique.

    Parameters
    ----------
    on
        Whether the design has it now.
    gains
        Key figures now and after the switch.
    blocked
        Rules that forbid it, with what resolves them.
    remarks
        Tensions and notes.
    after
        The other case; None when it is forbidden.
    """

    on: bool
    gains: tuple[Gain, ...]
    blocked: tuple[Violation, ...]
    remarks: tuple[Violation, ...]
    after: Case | None


@lru_cache(maxsize=256)
def card(id: str) -> Card:
    """Return the texts of a node.

    Raises
    ------
    KeyError
        If there is no such node.
    """
    taxonomy = load_taxonomy()
    node = taxonomy.nodes[id]
    leaf = node if isinstance(node, Technique) else None
    kind = kind_of(node)
    tags = taxonomy.provenance.tags
    return Card(
        id=id,
        name=node.name,
        kind=kind,
        kind_words=KIND_WORDS[kind] if leaf else "branch",
        path=" › ".join(part.name for part in taxonomy.path(id)[1:-1]),
        evidence=node.evidence,
        evidence_words="; ".join(tags[tag] for tag in node.evidence.split(" + ") if tag in tags),
        definition=node.definition,
        entry=node.model_entry,
        note=node.note,
        effects=_effects(leaf) if leaf else (),
        claims=_claims(leaf) if leaf else (),
        gaps=tuple((_hook(hook), why) for hook, why in leaf.gaps.items()) if leaf else (),
        limits=leaf.limits if leaf else "",
        modelled_by=leaf.modelled_by if leaf else "",
        not_modelled=leaf.not_modelled if leaf else "",
        described=tuple(f"{e.quantity} {e.op} {e.expr}" for e in node.described_effects),
        formulas=tuple(
            (f.expr, f.meaning, f"{f.source}, {f.evidence}, {_CHECKED[f.checked]}")
            for f in node.formulas
        ),
        ranges=tuple(
            (f"{row.name} ({row.unit})", row.range, f"{row.source}, {row.evidence}")
            for row in node.parameter_rows
        ),
        references=tuple(_references(node)),
        relations=_relations(node),
        children=tuple((c.id, c.name, KIND_WORDS[kind_of(c)]) for c in _children(node)),
    )


def _children(node: Node) -> tuple[Node, ...]:
    return () if isinstance(node, Technique) else load_taxonomy().children(node.id)


def _label(setting: str) -> str:
    """Name a setting without the unit that its name ends in."""
    words = setting.removesuffix("_frac") + (" share" if setting.endswith("_frac") else "")
    for unit in PARAM_UNITS:
        words = words.removesuffix(f"_{unit}")
    return words.replace("_", " ")


def _hook(name: str) -> str:
    known = CLAIM_QUANTITIES.get(name)
    return known[:1].upper() + known[1:] if known else name


def _effects(leaf: Technique) -> tuple[tuple[str, str, str], ...]:
    found: dict[tuple[str, str, str], int] = {}
    for effect in leaf.effects:
        if effect.on in leaf.gaps:
            continue
        words = {
            name: " × ".join(
                _label(part) if isinstance(part, str) else f"{part:g}"
                for part in (argument if isinstance(argument, tuple) else (argument,))
            )
            for name, argument in effect.arguments.items()
        }
        tiers = ", ".join(effect.tiers) if effect.on.startswith("layer_") else ""
        line = (_hook(effect.on), _LAWS[effect.law].format(**words), tiers)
        found[line] = found.get(line, 0) + 1
    return tuple((a, f"{b}, twice" if n == 2 else b, c) for (a, b, c), n in found.items())


def _claims(leaf: Technique) -> tuple[str, ...]:
    return tuple(f"{_hook(name)} {_DIRECTIONS[way]}" for name, way in leaf.claims.items())


def _references(node: Node) -> list[tuple[str, str, str]]:
    found = [
        (
            f"{r.authors or 'Authors not shown by any source at hand'} ({r.year}). {r.title}",
            r.id,
            r.evidence + (", in the survey's list" if r.in_survey_reference_list else ""),
        )
        for r in node.references
    ]
    for source in getattr(node, "effect_sources", ()):
        words = f"{source.authors or 'Authors not shown'} ({source.year}). {source.title}"
        found.append((words, f"{source.id}, {source.where}", source.evidence))
    return found


def _relations(node: Node) -> tuple[Relation, ...]:
    nodes = load_taxonomy().nodes
    found = [Relation("needs", key, nodes[key].name) for key in node.requires]
    found += [Relation("shuts out", key, nodes[key].name) for key in node.excludes]
    found += [Relation("implies", key, nodes[key].name) for key in node.implies]
    found += [Relation("works against", t.id, nodes[t.id].name, t.why) for t in node.tensions]
    found += [
        Relation("needed by", other.id, other.name)
        for other in nodes.values()
        if node.id in other.requires
    ]
    return tuple(found)


def control_fields(id: str) -> tuple[tuple[str, str], ...]:
    """Return the fields (part, name) that express a leaf instead of a switch.

    Examples
    --------
    >>> control_fields("collab-edge-cloud")
    (('design', 'cut2'),)
    """
    leaf = load_taxonomy().techniques.get(id)
    if leaf is None or not leaf.modelled_by:
        return ()
    words = dict.fromkeys(re.findall(r"[a-z][a-z0-9_]+", leaf.modelled_by))
    found = []
    for part, owner in (("scenario", Scenario), ("design", Design)):
        named = leaf.modelled_by.startswith(f"{part} field")
        fields = declared_fields(owner)
        found += [(part, w) for w in words if w in fields and (named or "_" in w)]
    return tuple(found)


def settings_of(id: str, values: Mapping[str, float]) -> tuple[Setting, ...]:
    """Return the parameters of a technique at given values; those not given take their default."""
    leaf = load_taxonomy().techniques[id]
    return tuple(
        Setting(
            name=name,
            label=_label(name),
            unit=param.unit,
            value=values.get(name, param.default),
            low=param.low,
            high=param.high,
            whole=param.whole,
            default=param.default,
            help=param.help,
            origin="assumed" if param.is_assumption else "cited",
            source=". ".join(part.rstrip(".") for part in (param.source, param.why) if part),
        )
        for name, param in leaf.params.items()
    )


def switched(case: Case, id: str, on: bool, values: Mapping[str, float] | None = None) -> Case:
    """Return the case with a technique switched on at some settings, or off; unchecked."""
    techniques = {key: dict(item) for key, item in case.design.techniques.items() if key != id}
    if on:
        defaults = load_taxonomy().techniques[id].defaults
        techniques[id] = {**defaults, **(values or {})}
    return case.with_design(techniques=techniques)


def trial(case: Case, id: str, values: Mapping[str, float] | None = None) -> Trial:
    """Evaluate a case with a technique and without it.

    Parameters
    ----------
    values
        Settings to try; those of the design, else the defaults, where not given.
    """
    on = id in case.design.techniques
    without, with_it = switched(case, id, on=False), switched(case, id, on=True, values=values)
    found = check(tuple(with_it.design.techniques), _given(case))
    mine = [violation for violation in found if id in violation.ids]
    try:
        with_it.check()
    except DesignError:
        blocked = tuple(v for v in mine if v.severity == "error")
        return Trial(on, (), blocked, tuple(v for v in mine if v.severity != "error"), None)
    gains = _gains(without, with_it)
    return Trial(on, gains, (), tuple(mine), with_it)


def _given(case: Case) -> frozenset[str]:
    last = last_boundary(case.scenario.dnn, case.catalog())
    design = case.design
    spans = {"device": design.cut1, "edge": design.cut2 - design.cut1, "cloud": last - design.cut2}
    return given_by_placement(
        [tier for tier, size in spans.items() if size > 0], case.scenario.application
    )


def _gains(without: Case, with_it: Case) -> tuple[Gain, ...]:
    """Compare the key figures; those that no requirement needs are compared too."""
    before, after = evaluated(without), evaluated(with_it)
    pairs = zip(key_figures(without, before), key_figures(with_it, after), strict=True)
    found = []
    for old, new in pairs:
        name = old.quantity
        first, second = before.value(name), after.value(name)
        better = None
        known = not (math.isnan(first) or math.isnan(second))
        if known and not math.isclose(first, second, rel_tol=5e-4):
            better = (second > first) == (name in _MORE)
        texts = old.value, new.value
        if better is not None and texts[0] == texts[1] and math.isfinite(first + second):
            most = min(certainty(case).digits(name) for case in (without, with_it))
            texts = against(first, second, str(QUANTITIES[name][1]), most=most)
            better = better if texts[0] != texts[1] else None
        found.append(Gain(old.label, *texts, better))
    return tuple(found)
