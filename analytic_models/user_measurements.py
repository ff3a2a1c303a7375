"""Measured latencies of a user: one row is one dnn on one machine at one precision."""

from __future__ import annotations

__all__ = ["CSV_COLUMNS", "Measurement", "keys_problems", "measurement_of", "read_measurements"]

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytic_models.errors import DataError, Problem
from analytic_models.fields import is_finite_number, shown
from analytic_models.scenario import PRECISIONS

CSV_COLUMNS = ("machine", "dnn", "precision", "latency_ms")
MOST_ROWS = 5000
_LONGEST_CSV = 900_000
_SHORTEST_S, _LONGEST_S = 1e-7, 1e4


@dataclass(frozen=True)
class Measurement:
    """The latency of one inference of a whole dnn on a machine at a precision, in seconds."""

    machine: str
    dnn: str
    precision: str
    latency_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        return {
            "machine": self.machine,
            "dnn": self.dnn,
            "precision": self.precision,
            "latency_s": self.latency_s,
        }


def keys_problems(value: object, keys: Sequence[str], path: str) -> list[Problem]:
    """Return keys that an object may not have."""
    if not isinstance(value, dict):
        return [Problem(path, "must be an object", ", ".join(keys))]
    return [
        Problem(f"{path}.{shown(key)}", "unknown key", ", ".join(keys))
        for key in value
        if key not in keys
    ]


def measurement_of(value: object, path: str, problems: list[Problem]) -> Measurement | None:
    """Return the measurement of a plain JSON value, or None and the problems added."""
    found = keys_problems(value, ("machine", "dnn", "precision", "latency_s"), path)
    if not found:
        assert isinstance(value, dict)
        for key in ("machine", "dnn"):
            if not isinstance(value.get(key), str) or not 1 <= len(value[key]) <= 64:
                message = f"{shown(value.get(key))} is not an id"
                found.append(Problem(f"{path}.{key}", message, f"an id of a {key}"))
        if value.get("precision") not in PRECISIONS:
            message = f"{shown(value.get('precision'))} is not a precision"
            found.append(Problem(f"{path}.precision", message, ", ".join(PRECISIONS)))
        seconds: Any = value.get("latency_s")
        if not is_finite_number(seconds) or not _SHORTEST_S <= float(seconds) <= _LONGEST_S:
            allowed = f"a number from {_SHORTEST_S:g} to {_LONGEST_S:g}"
            message = f"{shown(seconds)} is not a latency"
            found.append(Problem(f"{path}.latency_s", message, allowed))
    problems += found
    if found:
        return None
    assert isinstance(value, dict)
    return Measurement(
        value["machine"], value["dnn"], value["precision"], float(value["latency_s"])
    )


def read_measurements(text: str) -> tuple[Measurement, ...]:
    r"""Read measured latencies from CSV with the columns machine, dnn, precision, latency_ms.

    Raises
    ------
    DataError
        With every faulty line.

    Examples
    --------
    >>> read_measurements("machine,dnn,precision,latency_ms\nrpi4b,resnet18,fp32,250\n")
    (Measurement(machine='rpi4b', dnn='resnet18', precision='fp32', latency_s=0.25),)
    """
    if len(text) > _LONGEST_CSV:
        raise DataError(Problem("csv", "is too long", f"at most {_LONGEST_CSV} characters"))
    try:
        lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True))
    except csv.Error as error:
        raise DataError(Problem("csv", f"is not CSV: {error}", ",".join(CSV_COLUMNS))) from None
    lines = [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]
    if not lines or tuple(lines[0]) != CSV_COLUMNS:
        found = ",".join(lines[0]) if lines else "nothing"
        message = f"has the columns {shown(found)}"
        raise DataError(Problem("csv:1", message, ",".join(CSV_COLUMNS)))
    rows, problems = [], list[Problem]()
    for number, cells in enumerate(lines[1:], start=2):
        at = f"csv:{number}"
        if len(cells) != len(CSV_COLUMNS):
            problems.append(Problem(at, f"has {len(cells)} cells", str(len(CSV_COLUMNS))))
            continue
        try:
            seconds = float(cells[3]) * 1e-3
        except ValueError:
            message = f"{shown(cells[3])} is not a number"
            problems.append(Problem(f"{at}.latency_ms", message, "milliseconds"))
            continue
        named = dict(zip(("machine", "dnn", "precision"), cells, strict=False))
        row = measurement_of({**named, "latency_s": seconds}, at, problems)
        rows += [] if row is None else [row]
    if len(rows) > MOST_ROWS:
        message = f"has {len(rows)} rows"
        problems.append(Problem("csv", message, f"at most {MOST_ROWS}"))
    if not rows and not problems:
        problems.append(Problem("csv", "has no row besides its head", "at least one"))
    if problems:
        raise DataError(problems)
    return tuple(rows)
