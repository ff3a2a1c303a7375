"""Check a dnn that came from outside: its layer graph or closed form, value by value.

The shipped files are trusted; these are not. Everything that a reader relies on is checked here,
and what follows from other values (cuts, totals) must follow.
"""

from __future__ import annotations

__all__ = ["graph_problems"]

import math
from collections.abc import Mapping
from typing import Any

from analytic_models.decoder_import import closed_form, config_problems
from analytic_models.errors import Problem
from analytic_models.fields import shown
from analytic_models.layer_graph_reduce import single_tensor_cuts

FORMATS = ("layer-graph/1", "decoder-lm/1")
_COLUMNS = ["op", "name", "shape", "macs", "ops", "params", "preds", "dims", "fused"]
_KEYS = (
    "format", "id", "task", "label", "source", "inputs", "columns", "nodes", "outputs", "cuts",
    "tied", "totals",
)  # fmt: skip
_DECODER_KEYS = (
    "format", "id", "task", "label", "source", "config", "per_block", "embedding", "head",
    "cut_elems_per_token", "logit_elems", "totals",
)  # fmt: skip
_MOST_ROWS = 10_000
_MOST_INPUTS = 64
_MOST_AXES = 12
_LONGEST_TEXT = 200
_LARGEST = 10**18
_SHOWN = 12


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()


def _is_counts(value: object, most: int = _MOST_AXES) -> bool:
    return isinstance(value, list) and len(value) <= most and all(_is_count(v) for v in value)


def _head_problems(value: Mapping[str, Any], keys: tuple[str, ...], path: str) -> list[Problem]:
    problems = [
        Problem(f"{path}.{shown(key)}", "unknown key", ", ".join(keys))
        for key in value
        if key not in keys
    ]
    for key in ("task", "label"):
        if not _is_text(value.get(key, "")):
            problems.append(Problem(f"{path}.{key}", "is not text", f"{_LONGEST_TEXT} characters"))
    if not isinstance(value.get("source", {}), dict):
        problems.append(Problem(f"{path}.source", "is not an object", "{}"))
    return problems


def _input_problems(value: object, path: str) -> list[Problem]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_INPUTS:
        return [Problem(path, "is not a list of inputs", f"1 to {_MOST_INPUTS} inputs")]
    problems = []
    for place, item in enumerate(value):
        good = isinstance(item, dict) and set(item) == {"name", "shape", "dtype"}
        if not good or not (_is_text(item["name"]) and _is_text(item["dtype"])):
            problems.append(Problem(f"{path}[{place}]", "is no input", "name, shape, dtype"))
        elif not _is_counts(item["shape"]) or math.prod(item["shape"]) > _LARGEST:
            problems.append(Problem(f"{path}[{place}].shape", "is no shape", "whole numbers"))
    return problems


def _row_problems(row: object, place: int, inputs: int, path: str) -> list[Problem]:
    if not isinstance(row, list) or len(row) != len(_COLUMNS):
        return [Problem(path, "is not a row", ", ".join(_COLUMNS))]
    good = {
        "op": _is_text(row[0]),
        "name": _is_text(row[1]),
        "shape": _is_counts(row[2]) and math.prod(row[2]) <= _LARGEST,
        "macs": _is_count(row[3]),
        "ops": _is_count(row[4]),
        "params": _is_count(row[5]),
        "preds": isinstance(row[6], list)
        and len(row[6]) >= 1
        and len(set(map(repr, row[6]))) == len(row[6])
        and all(
            isinstance(p, int) and not isinstance(p, bool) and -inputs <= p < place for p in row[6]
        ),
        "dims": _is_counts(row[7]),
        "fused": isinstance(row[8], list) and all(_is_text(item) for item in row[8]),
    }
    allowed = {"preds": f"different tensors from {-inputs} to {place - 1}", "op": "text"}
    return [
        Problem(f"{path}.{name}", "is not valid", allowed.get(name, "counts of at least 0, text"))
        for name, fits in good.items()
        if not fits
    ]


def _end_problems(value: Mapping[str, Any], path: str) -> list[Problem]:
    """Check what follows from the rows: results, cuts, shared weights and totals."""
    nodes, problems = value["nodes"], []
    outputs = value.get("outputs")
    if not _is_counts(outputs, _MOST_ROWS) or not outputs or max(outputs) >= len(nodes):
        return [Problem(f"{path}.outputs", "are not rows", f"0 to {len(nodes) - 1}")]
    found = single_tensor_cuts(value)
    if value.get("cuts") != found:
        problems.append(
            Problem(f"{path}.cuts", "do not follow from the rows", shown(found[:_SHOWN]))
        )
    for place, tie in enumerate(value.get("tied", [])):
        if not _is_counts(tie) or len(tie) != 3 or not tie[0] <= tie[1] < len(nodes):
            problems.append(
                Problem(f"{path}.tied[{place}]", "is not valid", "row, later row, count")
            )
    totals = value.get("totals", {})
    wanted = {"macs": 3, "ops": 4, "params": 5}
    for key, column in wanted.items():
        total = sum(node[column] for node in nodes)
        stated = totals.get(key, total) if isinstance(totals, dict) else None
        if stated != total:
            problems.append(Problem(f"{path}.totals.{key}", f"is {shown(stated)}", str(total)))
    return problems


def _layer_problems(value: Mapping[str, Any], path: str) -> list[Problem]:
    problems = _head_problems(value, _KEYS, path)
    problems += _input_problems(value.get("inputs"), f"{path}.inputs")
    if value.get("columns") != _COLUMNS:
        problems.append(Problem(f"{path}.columns", "are not these", ", ".join(_COLUMNS)))
    nodes = value.get("nodes")
    if not isinstance(nodes, list) or not 1 <= len(nodes) <= _MOST_ROWS:
        problems.append(Problem(f"{path}.nodes", "is not a list", f"1 to {_MOST_ROWS} rows"))
    if not isinstance(value.get("tied", []), list):
        problems.append(Problem(f"{path}.tied", "is not a list", "[row, later row, count]"))
    if problems:
        return problems
    assert isinstance(nodes, list)
    for place, row in enumerate(nodes):
        problems += _row_problems(row, place, len(value["inputs"]), f"{path}.nodes[{place}]")
    return problems or _end_problems(value, path)


def _decoder_problems(value: Mapping[str, Any], path: str) -> list[Problem]:
    problems = _head_problems(value, _DECODER_KEYS, path)
    config = value.get("config")
    problems += config_problems(config, f"{path}.config")
    if problems:
        return problems
    assert isinstance(config, dict)
    return [
        Problem(f"{path}.{key}", "does not follow from the configuration", shown(item))
        for key, item in closed_form(config).items()
        if value.get(key) != item
    ]


def graph_problems(value: object, path: str) -> list[Problem]:
    """Return what is wrong with a layer graph or a closed form that came from outside."""
    if not isinstance(value, dict):
        return [Problem(path, "is not an object", ", ".join(FORMATS))]
    if value.get("format") == "layer-graph/1":
        return _layer_problems(value, path)
    if value.get("format") == "decoder-lm/1":
        return _decoder_problems(value, path)
    return [
        Problem(f"{path}.format", f"{shown(value.get('format'))} is not known", ", ".join(FORMATS))
    ]
