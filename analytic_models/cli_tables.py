"""What the commands print: aligned tables, numbers in display units, plain JSON."""

from __future__ import annotations

__all__ = ["design_words", "finite", "indented", "show", "table", "write_json"]

import json
import math
import sys
from collections.abc import Iterator, Sequence

from analytic_models.design import Case
from analytic_models.display import format_quantity, plain
from analytic_models.evaluation import QUANTITIES
from analytic_models.explanation import Node

_FLAGS = ("no", "yes")


def table(rows: Sequence[Sequence[str]], indent: int = 0) -> str:
    """Align rows in columns; the last column is as wide as it is."""
    cells = [[plain(cell, 240) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def show(name: str, value: float) -> str:
    """Write a value of a quantity in display units; flags become yes or no."""
    if name.endswith("_flag") and value in (0.0, 1.0):
        return _FLAGS[int(value)]
    return format_quantity(value, QUANTITIES[name][1].symbol)


def finite(value: float) -> float | None:
    """Return the value, or None for what JSON cannot hold."""
    return value if math.isfinite(value) else None


def write_json(value: object) -> None:
    """Write a value to standard output as readable JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def design_words(case: Case) -> list[tuple[str, str]]:
    """Say in rows of words what runs where, and how it is sent."""
    scenario, design = case.scenario, case.design
    catalog = case.catalog()
    dnn = catalog.dnns[scenario.dnn]
    last = len(dnn.boundary_row) - 1
    cuts = {
        "device": (0, design.cut1),
        "edge": (design.cut1, design.cut2),
        "cloud": (design.cut2, last),
    }
    rows = []
    for tier, (first, stop) in cuts.items():
        machine = catalog.machines[getattr(scenario, tier)].label
        if stop > first:
            where = f"{dnn.boundary_name[first]} to {dnn.boundary_name[stop]}"
            layers = int(dnn.boundary_row[stop] - dnn.boundary_row[first])
            what = f"{layers} layers ({where}) at {getattr(design, f'{tier}_precision')}"
        else:
            what = "no layers"
        rows.append((tier.capitalize(), f"{machine}: {what}"))
    if design.cut1 < last:
        sent = design.uplink_encoding if design.cut1 else design.input_encoding
        rows.append(("Uplink", f"{'features' if design.cut1 else 'raw input'} as {sent}"))
    if design.cut2 < last:
        if design.cut2 == design.cut1:
            sent = "what arrives, passed on"
        else:
            sent = f"features as {design.backhaul_encoding}"
        rows.append(("Backhaul", sent))
    rows += [("Technique", name) for name in design.techniques]
    return rows


def indented(node: Node, depth: int, level: int = 0) -> Iterator[str]:
    """Yield the lines of an explanation down to ``depth`` levels below its root."""
    flag = node.unit in ("flag", "1") and node.quantity.endswith("_flag")
    value = _FLAGS[int(node.value > 0)] if flag else format_quantity(node.value, node.unit, 4)
    origin = "" if node.children or node.law else f" [{node.origin}]"
    law = f" <- {plain(node.law, 160)}" if node.law else ""
    yield f"{'  ' * level}{plain(node.label)}: {value}{origin}{law}"
    pad = "  " * (level + 1)
    for name in node.effects:
        yield f"{pad}changed by {name}"
    for fact in node.facts:
        basis = f" ({fact.basis})" if fact.basis else ""
        place = f"{fact.source}, {fact.where}" if fact.where else fact.source
        yield plain(f"{fact.entity} {fact.field}{basis} = {fact.written}: {place}", 240).join(
            (pad, "")
        )
    if node.note and not node.children and not node.facts:
        yield f"{pad}{plain(node.note, 240)}"
    if depth > 0:
        for child in node.children:
            yield from indented(child, depth - 1, level + 1)
