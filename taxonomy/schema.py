"""What a taxonomy entry may say: frozen records, hooks, laws and tags.

The package states choices, rules and effects as data. It computes no quantity of a design: the
only arithmetic is the product of named settings inside one argument of an effect.
"""

from __future__ import annotations

__all__ = [
    "CHECKED",
    "CLAIMS",
    "CLAIM_QUANTITIES",
    "EVIDENCE_TAGS",
    "HOOKS",
    "KINDS",
    "LAWS",
    "LAYER_HOOKS",
    "MODELLED_BY",
    "OPERATIONS",
    "PARAM_UNITS",
    "SETTER_LAWS",
    "STATUSES",
    "TIERS",
    "Axis",
    "DescribedEffect",
    "Effect",
    "EffectSource",
    "Formula",
    "Node",
    "Param",
    "ParameterRow",
    "Provenance",
    "Reference",
    "TaxonomyError",
    "TaxonomyFault",
    "Technique",
    "Tension",
]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

EVIDENCE_TAGS = ("seen:abs", "seen:ref", "seen:dig", "sister", "own")
KINDS = (
    "root",
    "layer",
    "group",
    "option",
    "attribute",
    "method",
    "workload",
    "metric",
    "tool",
    "outlook",
)
STATUSES = ("quantified", "parametric", "descriptive", "group")
OPERATIONS = ("set", "add", "mul", "split", "bound", "constrain", "measure")
CHECKED = ("no", "sim", "alg", "fit")
CLAIMS = ("up", "down", "same")
PARAM_UNITS = ("1", "frac", "count", "bit", "s", "w", "nat", "j")

TIERS = ("device", "edge", "cloud")
MODELLED_BY = ("scenario", "design", "optimizer", "quantity", "law", "data")

# Layer hooks act on the per-layer arrays of each tier's segment that the effect names.
LAYER_HOOKS = ("layer_mac", "layer_op", "layer_weight_bit", "layer_activation_bit")

HOOKS: Mapping[str, str] = MappingProxyType(
    {
        "layer_mac": "multiply-accumulates of each layer of the segment",
        "layer_op": "operations of each layer of the segment that are not multiply-accumulates",
        "layer_weight_bit": "bits stored per weight of the unchanged layer",
        "layer_activation_bit": "bits per activation element of the unchanged layer",
        "payload_bit": "feature payload on each hop",
        "remote_share_frac": "share of requests that leave the device",
        "cloud_share_frac": "share of the edge requests that go on to the cloud",
        "device_overhead_s": "fixed device time per request, part of the service",
        "edge_overhead_s": "fixed edge time per request, part of the service",
        "cloud_overhead_s": "fixed cloud time per request, part of the service",
        "uplink_overhead_s": "fixed latency per request on the uplink",
        "backhaul_overhead_s": "fixed latency per request on the backhaul",
        "uplink_overhead_bit": "extra bits per request on the uplink",
        "backhaul_overhead_bit": "extra bits per request on the backhaul",
        "device_active_w": "power of the device while it computes",
        "accuracy_keep_frac": "factor on the retained accuracy",
        "epsilon_nat": "differential-privacy budget of one request",
    }
)

# Name of each effect law and of its arguments after the value that it changes.
LAWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "scale": ("factor",),
        "add": ("amount",),
        "set_to": ("value",),
        "scale_bits": ("bits", "from_bits"),
        "keep_share": ("fraction",),
        "raise_to_at_least": ("value",),
    }
)
SETTER_LAWS = ("set_to",)

# What a claim may speak about: hooks themselves and the quantities right behind them.
CLAIM_QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        **HOOKS,
        "device_service_s": "time that the device works on a request",
        "edge_service_s": "time that the edge works on a request",
        "cloud_service_s": "time that the cloud works on a request",
        "device_memory_byte": "memory that the device's segment needs",
        "latency_s": "mean latency of a request",
    }
)

Argument: TypeAlias = "float | str | tuple[float | str, ...]"


@dataclass(frozen=True)
class TaxonomyFault:
    """One fault in the taxonomy files: where it is, what is wrong, what would be allowed."""

    path: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        tail = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{self.path}: {self.message}{tail}"


class TaxonomyError(ValueError):
    """The taxonomy files are not what they must be.

    Parameters
    ----------
    problems
        All faults found, each with path, message and what is allowed.
    """

    def __init__(self, problems: Sequence[TaxonomyFault]) -> None:
        self.problems: tuple[TaxonomyFault, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A work named at a node; ``authors`` is None where no stored source showed them."""

    title: str
    year: int
    id: str
    evidence: str
    in_survey_reference_list: bool
    authors: str | None = None


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula as noted for the node, with its origin and how it was checked."""

    expr: str
    meaning: str
    source: str
    evidence: str
    checked: str


@dataclass(frozen=True, kw_only=True)
class ParameterRow:
    """A published or estimated range, as text; it drives nothing by itself."""

    name: str
    range: str
    unit: str
    source: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class DescribedEffect:
    """What the literature says a technique changes, as text; it is not executed."""

    quantity: str
    op: str
    expr: str


@dataclass(frozen=True, kw_only=True)
class Tension:
    """Another node that this one works against, and why."""

    id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class EffectSource:
    """A work behind the default of a setting that the list of references does not hold."""

    id: str
    title: str
    year: int
    where: str
    evidence: str
    authors: str | None = None


@dataclass(frozen=True, kw_only=True)
class Param:
    """A setting of a technique.

    Parameters
    ----------
    unit
        One of ``PARAM_UNITS``.
    default, low, high
        Default and the bounds that the setting may take.
    help
        One sentence for the person who moves the slider.
    source
        Id of a reference of the same technique, or the source text of one of its rows; empty for
        an assumption.
    why
        Reason for the default where it is an assumption, or how it follows from the source.
    whole
        Whether only whole numbers make sense.
    """

    unit: str
    default: float
    low: float
    high: float
    help: str
    source: str = ""
    why: str = ""
    whole: bool = False

    @property
    def is_assumption(self) -> bool:
        """Whether the default rests on no published source."""
        return not self.source


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a technique does to one hook.

    Parameters
    ----------
    on
        Hook.
    law
        Name of the effect law.
    arguments
        Argument name to a number, the name of a setting, or a tuple whose product is meant.
    tiers
        Tiers whose segment a layer hook is changed on; of no meaning for the other hooks.
    """

    on: str
    law: str
    arguments: Mapping[str, Argument]
    tiers: tuple[str, ...] = TIERS

    def resolve(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Put settings in place of their names.

        Parameters
        ----------
        settings
            Value (a number or an array) of each setting of the technique.

        Returns
        -------
        dict
            Argument name to number or array.

        Raises
        ------
        KeyError
            If a setting is missing.

        Examples
        --------
        >>> effect = Effect(on="edge_overhead_s", law="add", arguments={"amount": ("t_s", "share")})
        >>> effect.resolve({"t_s": 0.5, "share": 0.25})
        {'amount': 0.125}
        """
        resolved: dict[str, Any] = {}
        for name, argument in self.arguments.items():
            factors = argument if isinstance(argument, tuple) else (argument,)
            values = [settings[f] if isinstance(f, str) else f for f in factors]
            product = values[0]
            for value in values[1:]:
                product = product * value
            resolved[name] = product
        return resolved

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that the effect reads."""
        names: list[str] = []
        for argument in self.arguments.values():
            factors = argument if isinstance(argument, tuple) else (argument,)
            names += [factor for factor in factors if isinstance(factor, str)]
        return tuple(dict.fromkeys(names))


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Node:
    """What every node of the tree has; ``evidence`` supports its place in the tree."""

    id: str
    parent: str | None
    order: int
    name: str
    kind: str
    status: str
    evidence: str
    definition: str
    model_entry: str
    note: str = ""
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    tensions: tuple[Tension, ...] = ()
    described_effects: tuple[DescribedEffect, ...] = ()
    formulas: tuple[Formula, ...] = ()
    parameter_rows: tuple[ParameterRow, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Axis(Node):
    """A branch; ``select`` says whether one or many of its children may be chosen."""

    select: str = ""


@dataclass(frozen=True, kw_only=True)
class Technique(Node):
    """A leaf, with the part that the program can execute.

    Parameters
    ----------
    effects
        What it does to the hooks; empty where the program cannot express it as an effect.
    params
        Settings that the effects read.
    claims
        Direction in which a quantity moves when the technique is switched on at its defaults.
    gaps
        Hook to the reason why no evidence exists. The loader appends an effect that scales each of
        these hooks by ``nan``, so the quantity is unknown and never keeps its old value.
    modelled_by
        The scenario field, design field, optimiser, quantity or law that expresses it instead.
    not_modelled
        Why the program does not express it at all.
    limits
        What the effects leave out.
    """

    effects: tuple[Effect, ...] = ()
    params: Mapping[str, Param] = field(default_factory=_empty)
    claims: Mapping[str, str] = field(default_factory=_empty)
    gaps: Mapping[str, str] = field(default_factory=_empty)
    modelled_by: str = ""
    not_modelled: str = ""
    limits: str = ""
    effect_sources: tuple[EffectSource, ...] = ()

    @property
    def is_executable(self) -> bool:
        """Whether the technique has at least one effect."""
        return bool(self.effects)

    @property
    def defaults(self) -> dict[str, float]:
        """Default of every setting."""
        return {name: param.default for name, param in self.params.items()}


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What the tree is based on: shown to the reader before any entry."""

    subject: str
    body_available: bool
    statement: str
    tags: Mapping[str, str]
    statuses: Mapping[str, str]
    checked: Mapping[str, str]
    layers: str
    selection: str
    discrepancies: tuple[str, ...]
    gaps: tuple[str, ...]
