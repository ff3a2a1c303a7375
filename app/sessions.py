"""A visitor's work: as text for the browser and for a link, its history, and what a door said.

Pure: no Streamlit. Everything that comes in is foreign and passes ``Case.from_json``.
"""

from __future__ import annotations

__all__ = [
    "History",
    "Kept",
    "Message",
    "changed",
    "pack_link",
    "pack_session",
    "read_file",
    "unpack_link",
    "unpack_session",
]

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import links
from viewmodels.cuts import carry_cuts

from analytic_models import Case, DesignError, load_scenarios
from analytic_models.design import SCHEMA
from analytic_models.errors import Problem

_PARTS = {"s": "scenario", "d": "design"}
_LINK_KEYS = {"p", "s", "d", "u", "c"}
LARGEST_FILE_BYTE = 1_000_000
STEPS_KEPT = 100
# With networks of its own a case is long: fewer steps are kept then.
LONGEST_HISTORY_CHARS = 20_000_000
# Longer addresses are cut off by mail programs and chats.
LONGEST_LINK_CHARS = 2000


@dataclass(frozen=True)
class Kept:
    """What came back from a link or from the browser.

    Parameters
    ----------
    case
        The checked case.
    preset
        Name of the scenario file that *reset* returns to.
    lesson
        Progress in the lessons, by lesson.
    warning
        One sentence when the case may differ from what was sent; empty otherwise.
    """

    case: Case
    preset: str
    lesson: Mapping[str, Any] = field(default_factory=dict)
    warning: str = ""


@dataclass(frozen=True)
class Message:
    """What a door had to say.

    Parameters
    ----------
    kind
        ``"error"`` when nothing was changed, ``"done"`` or ``"warning"`` otherwise.
    text
        One sentence.
    problems
        Place, fault and allowed values of each thing that was wrong.
    """

    kind: Literal["error", "done", "warning"]
    text: str
    problems: tuple[Problem, ...] = ()


@dataclass
class History:
    """Cases before and after the present one, each with its preset, the nearest last."""

    past: list[tuple[str, str]] = field(default_factory=list)
    future: list[tuple[str, str]] = field(default_factory=list)

    def push(self, before: tuple[str, str]) -> None:
        """Remember the case before a change; what was undone cannot come back after it."""
        kept = min(STEPS_KEPT, max(LONGEST_HISTORY_CHARS // len(before[1]), 1))
        self.past = [*self.past, before][-kept:]
        self.future = []


def read_file(name: str, raw: bytes) -> Case:
    """Read a case from the bytes of a file.

    Raises
    ------
    analytic_models.DesignError
        If it is too long, not text, or not a valid case.
    """
    if len(raw) > LARGEST_FILE_BYTE:
        allowed = f"at most {LARGEST_FILE_BYTE} bytes"
        raise DesignError(Problem(name, f"has {len(raw)} bytes", allowed))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise DesignError(Problem(name, "is not text", "JSON in UTF-8")) from None
    return Case.from_json(text)


def changed(now: Case, given: Mapping[tuple[str, str], Any]) -> Case:
    """Return a case with new values of some fields; a new dnn takes the cuts along.

    Parameters
    ----------
    given
        Part and name of a field to its value.

    Raises
    ------
    analytic_models.DesignError
        If the values are not valid together.
    """
    value = now.to_dict()
    dnn, catalog = given.get(("scenario", "dnn")), now.catalog()
    if isinstance(dnn, str) and dnn != now.scenario.dnn and dnn in catalog.dnns:
        value["design"] |= carry_cuts(now.design, now.scenario.dnn, dnn, catalog)
    for (part, name), item in given.items():
        value[part][name] = item
    return Case.from_json(json.dumps(value))


@lru_cache(maxsize=256)
def pack_link(case: Case, preset: str) -> str:
    """Write the differences of a case from a preset as a short string.

    Parameters
    ----------
    case
        What the link carries.
    preset
        A key of ``load_scenarios``; its file is the starting point.

    Returns
    -------
    str
        Letters that are safe in an address, about 100 to 700 of them; empty if the user's own data
        make them more than ``LONGEST_LINK_CHARS``.
    """
    if case.user_data is not None and len(case.to_json()) > links.LIMIT_BYTE // 2:
        return ""
    base, value = load_scenarios()[preset].to_dict(), case.to_dict()
    body: dict[str, Any] = {"p": preset, "c": _checksum(case)}
    for short, part in _PARTS.items():
        changed = {k: v for k, v in value[part].items() if base[part].get(k) != v}
        if changed:
            body[short] = changed
    if case.user_data is not None:
        body["u"] = value["user_data"]
    found = links.encode(json.dumps(body))
    return found if len(found) <= LONGEST_LINK_CHARS else ""


def unpack_link(link: str) -> Kept:
    """Read the string that ``pack_link`` wrote.

    Raises
    ------
    links.LinkError
        If the string is damaged, or starts from a scenario that is not shipped.
    analytic_models.DesignError
        If what it carries is not a valid case.
    """
    body = json.loads(links.decode(link))
    if not isinstance(body, dict) or set(body) - _LINK_KEYS:
        raise links.LinkError("the link does not hold a case")
    preset = body.get("p")
    if preset not in load_scenarios():
        raise links.LinkError("the link starts from a scenario that this version does not have")
    value = load_scenarios()[preset].to_dict()
    for short, part in _PARTS.items():
        changed = body.get(short, {})
        if not isinstance(changed, dict):
            raise links.LinkError("the link does not hold a case")
        value[part] = value[part] | changed
    if "u" in body:
        value["user_data"] = body["u"]
    case = Case.from_json(json.dumps(value))
    same = body.get("c") == _checksum(case)
    warning = "" if same else "The scenario of this link has changed since the link was made."
    return Kept(case, preset, warning=warning)


def pack_session(case: Case, preset: str, lesson: Mapping[str, Any]) -> str:
    """Write what the browser keeps: the case, its preset and the progress in the lessons."""
    rest = {"lesson": dict(lesson), "preset": preset}
    # The case is canonical already, and networks of one's own make it long.
    return f'{{"case":{_text(case)},{json.dumps(rest, sort_keys=True, separators=(",", ":"))[1:]}'


@lru_cache(maxsize=256)
def _text(case: Case) -> str:
    return case.to_json()


def unpack_session(text: str) -> Kept | None:
    """Read what the browser kept; None if it is not the work of this program.

    Raises
    ------
    analytic_models.DesignError
        If the case in it is not valid.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("case"), dict):
        return None
    if value["case"].get("schema") != SCHEMA:
        return None
    known = load_scenarios()
    preset = value.get("preset") if value.get("preset") in known else next(iter(known))
    lesson = value.get("lesson")
    case = Case.from_json(json.dumps(value["case"]))
    return Kept(case, str(preset), lesson if isinstance(lesson, dict) else {})


def _checksum(case: Case) -> str:
    return f"{zlib.crc32(case.to_json().encode()):08x}"
