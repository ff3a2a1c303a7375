"""A user's own machines, hops, dnns and measured latencies, as part of a case.

They travel inside the JSON of a case, so that whoever opens it sees the same numbers. Values are in
the unit that their name ends in; what is not stated stays unknown.
"""

from __future__ import annotations

__all__ = [
    "LONGEST_JSON",
    "Measurement",
    "UserData",
    "UserDnn",
    "UserHop",
    "UserMachine",
    "user_dnn",
]

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from analytic_models.errors import DataError, Problem
from analytic_models.fields import shown
from analytic_models.user_fields import (
    HOP_FIELDS,
    MACHINE_FIELDS,
    MACHINE_KINDS,
    MACHINE_TIERS,
    POSITIONS,
    TECHNOLOGIES,
    value_problems,
)
from analytic_models.user_graph import graph_problems
from analytic_models.user_measurements import MOST_ROWS, Measurement, keys_problems, measurement_of

# A case has at most a million characters; this leaves room for scenario and design.
LONGEST_JSON = 900_000
_LONGEST_LABEL = 80
_MOST = {"machines": 100, "hops": 100, "dnns": 100, "measurements": MOST_ROWS}
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_YEARS = (1970, 2100)

Values = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class UserMachine:
    """A machine of the user: what is stated, by the names of ``MACHINE_FIELDS``."""

    id: str
    label: str
    tier: str
    kind: str
    year: int
    values: Values

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        return {
            "label": self.label,
            "tier": self.tier,
            "kind": self.kind,
            "year": self.year,
            "values": dict(self.values),
        }


@dataclass(frozen=True)
class UserHop:
    """A hop of the user: what is stated, by the names of ``HOP_FIELDS``."""

    id: str
    label: str
    technology: str
    serves: tuple[str, ...]
    values: Values

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        return {
            "label": self.label,
            "technology": self.technology,
            "serves": list(self.serves),
            "values": dict(self.values),
        }


@dataclass(frozen=True)
class UserDnn:
    """A dnn of the user as the canonical text of its layer graph or closed form."""

    id: str
    text: str

    @property
    def format(self) -> str:
        """``layer-graph/1`` or ``decoder-lm/1``."""
        return str(json.loads(self.text)["format"])

    @property
    def label(self) -> str:
        """Its name for people."""
        return str(json.loads(self.text).get("label", self.id))


@dataclass(frozen=True)
class UserData:
    """Everything that a user brings; equal data have equal JSON, whatever the order given."""

    machines: tuple[UserMachine, ...] = ()
    hops: tuple[UserHop, ...] = ()
    dnns: tuple[UserDnn, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    def __post_init__(self) -> None:
        for part in ("machines", "hops", "dnns"):
            members = tuple(sorted(getattr(self, part), key=lambda member: str(member.id)))
            object.__setattr__(self, part, members)
        rows = sorted(self.measurements, key=lambda m: (m.machine, m.dnn, m.precision, m.latency_s))
        object.__setattr__(self, "measurements", tuple(rows))

    def __bool__(self) -> bool:
        return bool(self.machines or self.hops or self.dnns or self.measurements)

    @cached_property
    def _hash(self) -> int:
        return hash((self.machines, self.hops, self.dnns, self.measurements))

    def __hash__(self) -> int:
        return self._hash

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value; empty parts are left out."""
        value: dict[str, Any] = {
            "machines": {machine.id: machine.to_dict() for machine in self.machines},
            "hops": {hop.id: hop.to_dict() for hop in self.hops},
            "dnns": {dnn.id: json.loads(dnn.text) for dnn in self.dnns},
            "measurements": [row.to_dict() for row in self.measurements],
        }
        return {key: item for key, item in value.items() if item}

    def summary(self) -> str:
        """Say in words what there is."""
        parts = (("machines", self.machines), ("hops", self.hops), ("dnns", self.dnns))
        counts = [f"{len(found)} {name}" for name, found in parts if found]
        counts += [f"{len(self.measurements)} measurements"] if self.measurements else []
        return ", ".join(counts) or "none"

    def merged(self, other: UserData) -> UserData:
        """Return both together; where ids are the same, ``other`` wins.

        Measurements of the same machine, dnn and precision are replaced too.
        """

        def key(row: Measurement) -> tuple[str, str, str]:
            return row.machine, row.dnn, row.precision

        replaced = {key(row) for row in other.measurements}
        return UserData(
            tuple({m.id: m for m in (*self.machines, *other.machines)}.values()),
            tuple({h.id: h for h in (*self.hops, *other.hops)}.values()),
            tuple({d.id: d for d in (*self.dnns, *other.dnns)}.values()),
            (*(r for r in self.measurements if key(r) not in replaced), *other.measurements),
        )

    @classmethod
    def from_dict(cls, value: object, path: str = "user_data") -> UserData:
        """Read and check a plain JSON value.

        Raises
        ------
        DataError
            With every problem found: path, message, allowed values.
        """
        problems = _shape(value, path)
        if problems:
            raise DataError(problems)
        assert isinstance(value, dict)
        machines = _members(value.get("machines", {}), f"{path}.machines", _machine, problems)
        hops = _members(value.get("hops", {}), f"{path}.hops", _hop, problems)
        dnns = _members(value.get("dnns", {}), f"{path}.dnns", _dnn, problems)
        rows = []
        for place, row in enumerate(value.get("measurements", [])):
            found = measurement_of(row, f"{path}.measurements[{place}]", problems)
            rows += [] if found is None else [found]
        if problems:
            raise DataError(problems)
        return cls(machines, hops, dnns, tuple(rows))


def _shape(value: object, path: str) -> list[Problem]:
    parts = ", ".join(_MOST)
    if not isinstance(value, dict):
        return [Problem(path, "must be an object", parts)]
    problems = [
        Problem(f"{path}.{shown(key)}", "unknown key", parts) for key in value if key not in _MOST
    ]
    for part, most in _MOST.items():
        kind: type = list if part == "measurements" else dict
        given: Any = value.get(part, kind())
        fits = isinstance(given, kind)
        if not fits:
            words = "a list" if kind is list else "an object from id to entry"
            problems.append(Problem(f"{path}.{part}", f"must be {words}", words))
        elif len(given) > most:
            problems.append(Problem(f"{path}.{part}", f"has {len(given)} entries", f"{most}"))
    if not problems and len(json.dumps(value)) > LONGEST_JSON:
        message = "is too long to travel in a case"
        problems.append(Problem(path, message, f"at most {LONGEST_JSON} characters"))
    return problems


_Member = TypeVar("_Member")


def _members(
    value: Mapping[str, Any],
    path: str,
    read: Callable[[str, Any, str, list[Problem]], _Member | None],
    problems: list[Problem],
) -> tuple[_Member, ...]:
    found = []
    for key, item in value.items():
        at = f"{path}.{shown(key)[1:-1]}"
        if not _ID.fullmatch(key):
            allowed = "a-z, 0-9, _ . -, at most 64 characters"
            problems.append(Problem(at, "is not an id", allowed))
            continue
        member = read(key, item, at, problems)
        found += [] if member is None else [member]
    return tuple(found)


def _words(
    value: Mapping[str, Any], path: str, choices: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """Check the label and words of a fixed list."""
    problems = []
    label: Any = value.get("label")
    good = isinstance(label, str) and 1 <= len(label) <= _LONGEST_LABEL
    if not good or not label.isprintable():
        allowed = f"printable text of 1 to {_LONGEST_LABEL} characters"
        problems.append(Problem(f"{path}.label", f"{shown(label)} is not a label", allowed))
    for key, allowed_words in choices.items():
        if value.get(key) not in allowed_words:
            message = f"{shown(value.get(key))} is not one of the choices"
            problems.append(Problem(f"{path}.{key}", message, ", ".join(allowed_words)))
    return problems


def _machine(id: str, value: Any, path: str, problems: list[Problem]) -> UserMachine | None:  # noqa: ANN401
    found = keys_problems(value, ("label", "tier", "kind", "year", "values"), path)
    if not found:
        found += _words(value, path, {"tier": MACHINE_TIERS, "kind": MACHINE_KINDS})
        year = value.get("year")
        if (
            not isinstance(year, int)
            or isinstance(year, bool)
            or not _YEARS[0] <= year <= _YEARS[1]
        ):
            allowed = f"a whole number from {_YEARS[0]} to {_YEARS[1]}"
            found.append(Problem(f"{path}.year", f"{shown(year)} is not a year", allowed))
        found += value_problems(value.get("values", {}), MACHINE_FIELDS, f"{path}.values")
    problems += found
    if found:
        return None
    return UserMachine(
        id, value["label"], value["tier"], value["kind"], value["year"], _values(value)
    )


def _hop(id: str, value: Any, path: str, problems: list[Problem]) -> UserHop | None:  # noqa: ANN401
    found = keys_problems(value, ("label", "technology", "serves", "values"), path)
    if not found:
        found += _words(value, path, {"technology": TECHNOLOGIES})
        serves = value.get("serves")
        if not isinstance(serves, list) or not serves or any(s not in POSITIONS for s in serves):
            message = f"{shown(serves)} are not positions"
            found.append(Problem(f"{path}.serves", message, ", ".join(POSITIONS)))
        found += value_problems(value.get("values", {}), HOP_FIELDS, f"{path}.values")
    problems += found
    if found:
        return None
    serves = tuple(p for p in POSITIONS if p in value["serves"])
    return UserHop(id, value["label"], value["technology"], serves, _values(value))


def _values(value: Mapping[str, Any]) -> Values:
    return tuple(sorted((key, float(item)) for key, item in value.get("values", {}).items()))


def _dnn(id: str, value: Any, path: str, problems: list[Problem]) -> UserDnn | None:  # noqa: ANN401
    found = graph_problems(value, path)
    if not found and value.get("id") != id:
        found.append(Problem(f"{path}.id", f"{shown(value.get('id'))} differs from its key", id))
    problems += found
    if found:
        return None
    return UserDnn(id, json.dumps(value, sort_keys=True, separators=(",", ":")))


def user_dnn(text: str) -> UserDnn:
    """Return a dnn from the text of a layer graph or closed form, as the imports write it.

    Raises
    ------
    DataError
        If it is not one; every problem names the place.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem("dnn", f"is not JSON: {error}", "a layer graph")) from None
    problems: list[Problem] = []
    id = value.get("id") if isinstance(value, dict) else None
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise DataError(Problem("dnn.id", f"{shown(id)} is not an id", "a-z, 0-9, _ . -"))
    found = _dnn(id, value, f"dnn {id}", problems)
    if found is None:
        raise DataError(problems)
    return found
