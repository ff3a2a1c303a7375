"""The taxonomy of edge-cloud collaborative computing: choices, rules and effects as data."""

from __future__ import annotations

__all__ = [
    "Axis",
    "Effect",
    "Node",
    "Param",
    "Preset",
    "Taxonomy",
    "TaxonomyError",
    "Technique",
    "Violation",
    "check",
    "given_by_placement",
    "load_presets",
    "load_taxonomy",
]

from taxonomy.load import Taxonomy, load_taxonomy
from taxonomy.presets import Preset, load_presets
from taxonomy.rules import Violation, check, given_by_placement
from taxonomy.schema import Axis, Effect, Node, Param, TaxonomyError, Technique
