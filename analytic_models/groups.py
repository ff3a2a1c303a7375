"""Rows of a batch that agree in a part of their design: that part is computed once for all of them.

A space of designs is a product of few cuts, precisions and encodings, so a hundred thousand rows
hold some hundred different devices, edge sites and clouds. What a quantity needs decides where it
is computed: once per combination, if all of it belongs to one group, else row by row.
"""

from __future__ import annotations

__all__ = ["GROUPED_COLUMNS", "Group", "group_rows", "run_groups"]

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.graph import AppliedEffect, Graph
from analytic_models.units import Array

# Columns that the fields of each group settle: what is on the device and sent by it, what is at
# the edge, and what the edge sends and the cloud computes.
GROUPED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "near": (
        "device_segment_s",
        "device_weight_byte",
        "device_activation_byte",
        "device_mac_frac",
        "uplink_used_flag",
        "uplink_raw_elem_count",
        "uplink_feature_elem_count",
        "uplink_feature_elem_bit",
        "raw_elem_bit",
        "raw_input_leaves_flag",
        "encode_elem_count",
        "encode_elem_op",
        "encoder_op_per_s",
    ),
    "edge": (
        "edge_segment_s",
        "edge_batch_segment_s",
        "edge_weight_byte",
        "edge_activation_byte",
        "edge_used_flag",
    ),
    "far": (
        "cloud_segment_s",
        "cloud_batch_segment_s",
        "cloud_weight_byte",
        "cloud_activation_byte",
        "cloud_used_flag",
        "backhaul_used_flag",
        "backhaul_raw_elem_count",
        "backhaul_feature_elem_count",
        "backhaul_feature_elem_bit",
        "raw_elem_bit",
    ),
}
# A group with more combinations than this share of the rows would save little.
_WORTH = 0.25


@dataclass(frozen=True)
class Group:
    """Rows that agree in some fields of their design.

    Parameters
    ----------
    first
        A row of each combination that occurs, of shape (combinations,).
    index
        The combination of each row, of shape (rows,).
    """

    first: NDArray[np.intp]
    index: NDArray[np.int32]


def group_rows(fields: Sequence[NDArray[np.int64]]) -> Group | None:
    """Find the combinations of some fields that occur; None where there are too many of them.

    Parameters
    ----------
    fields
        Whole numbers from zero, each of shape (rows,).
    """
    rows = len(fields[0])
    code, size = fields[0], int(fields[0].max()) + 1
    for field in fields[1:]:
        radix = int(field.max()) + 1
        code, size = code * radix + field, size * radix
        if size > rows:
            return None
    row_of = np.full(size, -1, dtype=np.intp)
    row_of[code] = np.arange(rows)
    present = np.flatnonzero(row_of >= 0)
    if len(present) > _WORTH * rows:
        return None
    rank = np.empty(size, dtype=np.int32)
    rank[present] = np.arange(len(present), dtype=np.int32)
    return Group(row_of[present], rank[code])


def run_groups(
    graph: Graph,
    columns: Mapping[str, Array],
    groups: Mapping[str, Group],
    wanted: Collection[str],
    effects: Mapping[str, Sequence[AppliedEffect]],
) -> dict[str, tuple[Array, Group]]:
    """Compute what the groups settle, once per combination.

    Returns
    -------
    Quantities that the rest of the table needs: values of shape (combinations,) and their group.
    """
    homes = _homes(graph, columns, groups, wanted)
    found: dict[str, tuple[Array, Group]] = {}
    for name, group in groups.items():
        here = [quantity for quantity, home in homes.items() if home == name]
        if not here:
            continue
        given = {column: v for column, v in columns.items() if not np.ndim(v)}
        for column in GROUPED_COLUMNS[name]:
            if column not in given:
                given[column] = np.asarray(columns[column])[group.first]
        values = graph.run(given, here, effects, keep_all=False)
        found |= {quantity: (values[quantity], group) for quantity in here}
    return found


def _homes(
    graph: Graph, columns: Mapping[str, Array], groups: Mapping[str, Group], wanted: Collection[str]
) -> dict[str, str]:
    """Return the quantities on the border of the groups: wanted, or needed row by row."""
    everywhere = frozenset(groups)
    settled: dict[str, frozenset[str]] = {
        column: frozenset(name for name in groups if column in GROUPED_COLUMNS[name])
        for column, value in columns.items()
        if np.ndim(value)
    }
    border = dict.fromkeys(wanted)
    plan = graph.plan(wanted, columns)
    for binding in plan:
        varying = [settled[n] for n in binding.needed(columns) if n in settled]
        if varying:
            settled[binding.name] = everywhere.intersection(*varying)
    for binding in plan:
        if not settled.get(binding.name, everywhere):
            border |= dict.fromkeys(binding.needed(columns))
    order = tuple(groups)
    return {
        name: next(group for group in order if group in settled[name])
        for name in border
        if name in graph.table and settled.get(name)
    }
