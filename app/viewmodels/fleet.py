"""Several classes of devices at one edge: the rows that describe them, checked one by one."""

from __future__ import annotations

__all__ = [
    "FEWEST",
    "FORMAT",
    "MOST",
    "ClassRow",
    "default_rows",
    "preset_row",
    "rows_from_json",
    "rows_of",
    "rows_to_dicts",
    "scenario_of",
    "scenarios_of",
]

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from text import plain

from analytic_models import Case, DesignError, Scenario, load_scenarios
from analytic_models.errors import Problem
from analytic_models.fields import declared_fields

FORMAT = "eccc-classes/1"
FEWEST, MOST = 2, 6
LONGEST_JSON = 200_000
_LONGEST_NAME = 40
_HEAVIEST = 1000.0
# Where the classes of a fleet come from before anybody changes them.
_FIRST = ("1-factory", "3-hospital", "6-coordination")
# What a class brings of its own; everything else is that of the present scenario.
_OWN = (
    "application",
    "dnn",
    "device",
    "population_count",
    "arrival_per_s",
    "deadline_s",
    "deadline_at",
    "accuracy_drop_max_pp",
    "energy_max_j",
    "raw_input_stays_flag",
    "timing",
)
_FIELDS = declared_fields(Scenario)
_TYPED = ("dnn", "device", "population_count", "arrival_per_s", "deadline_s")


@dataclass(frozen=True)
class ClassRow:
    """One class of devices.

    Parameters
    ----------
    name
        What a person calls it.
    start
        Key of a ready-made scenario that gives its requirements; empty for those of the present
        scenario.
    dnn, device
        Ids of neural network and device machine.
    population_count, arrival_per_s, deadline_s
        Devices, requests per second of each, and deadline (s).
    weight
        How much the latency of one of its requests counts.
    """

    name: str
    start: str
    dnn: str
    device: str
    population_count: int
    arrival_per_s: float
    deadline_s: float
    weight: float = 1.0


def preset_row(start: str, names: Sequence[str] = ()) -> ClassRow:
    """Return a class as a ready-made scenario has it, under a name that is not taken.

    Examples
    --------
    >>> preset_row("1-factory", ["Factory inspection"]).name
    'Factory inspection 2'
    """
    found = load_scenarios()[start].scenario
    name, number = found.name, 2
    while name in names:
        name, number = f"{found.name} {number}", number + 1
    return ClassRow(name, start, *(getattr(found, field) for field in _TYPED))


def default_rows() -> tuple[ClassRow, ...]:
    """Return three classes of the ready-made scenarios."""
    return tuple(preset_row(start) for start in _FIRST)


def rows_to_dicts(rows: Sequence[ClassRow]) -> list[dict[str, Any]]:
    """Return rows as plain JSON values."""
    return [dataclasses.asdict(row) for row in rows]


def scenario_of(case: Case, row: ClassRow) -> Scenario:
    """Return the scenario of one class: its own fields, and what it shares with the others.

    Raises
    ------
    DesignError
        If a value is out of range.
    """
    own: dict[str, Any] = {}
    if row.start:
        ready = load_scenarios()[row.start].scenario
        own = {name: getattr(ready, name) for name in _OWN}
    own |= {name: getattr(row, name) for name in _TYPED}
    if own.get("timing") == "measured" and row.dnn != load_scenarios()[row.start].scenario.dnn:
        own["timing"] = "roofline"
    return dataclasses.replace(case.scenario, name=row.name, **own)


def scenarios_of(case: Case, rows: Sequence[ClassRow]) -> tuple[Scenario, ...]:
    """Return the scenarios of all classes.

    Raises
    ------
    DesignError
        With every row that is wrong, what is wrong about it, and what is allowed.
    """
    problems = _of_all(rows)
    found = []
    for number, row in enumerate(rows, 1):
        problems += _of_row(number, row)
        try:
            scenario = scenario_of(case, row)
        except DesignError as error:
            problems += [_placed(number, row.name, problem) for problem in error.problems]
            continue
        problems += _of_catalog(number, row, case)
        found.append(scenario)
    if problems:
        raise DesignError(problems)
    return tuple(found)


def _place(number: int, name: str) -> str:
    return f"class {number} ({plain(name, 30)})" if name else f"class {number}"


def _placed(number: int, name: str, problem: Problem) -> Problem:
    """Say which class a problem of a scenario is about."""
    field = problem.path.rpartition(".")[2]
    label = _FIELDS[field].label if field in _FIELDS else problem.path
    return Problem(f"{_place(number, name)}, {label}", problem.message, problem.allowed)


def _of_all(rows: Sequence[ClassRow]) -> list[Problem]:
    problems = []
    if not FEWEST <= len(rows) <= MOST:
        problems.append(Problem("classes", f"there are {len(rows)}", f"{FEWEST} to {MOST}"))
    names = [row.name for row in rows]
    for number, row in enumerate(rows, 1):
        if row.name in names[: number - 1]:
            message = f"the name {plain(row.name, 30)!r} is taken by an earlier class"
            problems.append(Problem(f"class {number}, Name", message, "a name of its own"))
    return problems


def _of_row(number: int, row: ClassRow) -> list[Problem]:
    place, problems = _place(number, row.name), []
    if not row.name.strip():
        problems.append(Problem(f"{place}, Name", "is empty", "1 to 40 characters"))
    if not (math.isfinite(row.weight) and 0.0 < row.weight <= _HEAVIEST):
        allowed = f"above 0, at most {_HEAVIEST:g}"
        problems.append(Problem(f"{place}, Weight", f"is {row.weight:g}", allowed))
    if not row.arrival_per_s > 0.0:
        label = _FIELDS["arrival_per_s"].label
        problems.append(Problem(f"{place}, {label}", f"is {row.arrival_per_s:g}", "above 0"))
    return problems


def _of_catalog(number: int, row: ClassRow, case: Case) -> list[Problem]:
    catalog, problems = case.catalog(), []
    for name, known in (("dnn", catalog.dnns), ("device", catalog.machines)):
        if getattr(row, name) not in known:
            found = f"{plain(getattr(row, name), 40)!r} is not in the catalog"
            allowed = f"one of {len(known)} ids, such as {', '.join(list(known)[:3])}"
            label = _FIELDS[name].label
            problems.append(Problem(f"{_place(number, row.name)}, {label}", found, allowed))
    return problems


def rows_from_json(text: str) -> tuple[ClassRow, ...]:
    """Read classes as the page exports them.

    Raises
    ------
    DesignError
        With the row, the field and the allowed values.
    """
    if len(text) > LONGEST_JSON:
        raise DesignError(Problem("file", f"has {len(text)} characters", f"{LONGEST_JSON} or less"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise DesignError(Problem("file", "is not JSON", "classes as exported here")) from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DesignError(Problem("format", "is not that of classes", FORMAT))
    return rows_of(value.get("classes"))


def rows_of(values: object) -> tuple[ClassRow, ...]:
    """Return rows of plain values; numbers may be whole, nothing may be missing.

    Raises
    ------
    DesignError
        With the row, the field and the allowed values.
    """
    if not isinstance(values, list) or not FEWEST <= len(values) <= MOST:
        raise DesignError(Problem("classes", "is no list of classes", f"{FEWEST} to {MOST} rows"))
    problems: list[Problem] = []
    rows = [_read(number, value, problems) for number, value in enumerate(values, 1)]
    if problems:
        raise DesignError(problems)
    return tuple(row for row in rows if row is not None)


def _read(number: int, value: object, problems: list[Problem]) -> ClassRow | None:
    if not isinstance(value, Mapping):
        problems.append(Problem(f"class {number}", "is no object", "fields with values"))
        return None
    wanted = {field.name: field for field in dataclasses.fields(ClassRow)}
    place = f"class {number}"
    before = len(problems)
    for name in sorted(set(value) - set(wanted), key=str):
        problems.append(Problem(f"{place}, {plain(name, 30)}", "is unknown", ", ".join(wanted)))
    given: dict[str, Any] = {}
    for name, field in wanted.items():
        if name not in value:
            if field.default is dataclasses.MISSING:
                problems.append(Problem(f"{place}, {name}", "is missing", _KINDS[str(field.type)]))
            continue
        problem = _fault(value[name], str(field.type))
        if problem:
            problems.append(Problem(f"{place}, {name}", problem, _KINDS[str(field.type)]))
        elif name == "name" and len(value[name]) > _LONGEST_NAME:
            problems.append(Problem(f"{place}, name", "is too long", "1 to 40 characters"))
        given[name] = value[name]
    if len(problems) > before:
        return None
    if given["start"] and given["start"] not in load_scenarios():
        allowed = ", ".join(["empty", *load_scenarios()])
        problems.append(Problem(f"{place}, start", "is no ready-made scenario", allowed))
        return None
    return ClassRow(**{k: float(v) if wanted[k].type == "float" else v for k, v in given.items()})


_KINDS = {"str": "text of up to 60 characters", "int": "a whole number", "float": "a finite number"}


def _fault(value: object, kind: str) -> str:
    """Say what is wrong with a plain value, or nothing."""
    if kind == "str":
        return "" if isinstance(value, str) and len(value) <= 60 else "is no short text"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is no number"
    if kind == "int":
        return "" if isinstance(value, int) else "is not whole"
    return "" if math.isfinite(value) else "is not finite"
