"""The work of one visitor: one canonical JSON, five doors into it, undo, and where it is kept.

No other module of the app touches ``st.session_state``, ``st.query_params`` or the storage of the
browser.

Reading
    ``case()`` the checked, immutable :class:`analytic_models.Case`; ``case_json()`` its canonical
    text; ``preset()`` the scenario file it started from; ``link()`` the string of *Copy link*;
    ``ui(name, default)`` a view choice; ``lesson()`` progress in the lessons; ``message()`` what
    the last door had to say; ``refused(path)`` why a value of a control was not taken.
Changing
    Every door goes through ``Case.from_json``; on a fault nothing changes and the fault is kept.
    ``load_preset(name)``, ``import_file(name, raw)``, a link and the browser's copy (both in
    ``open_session``), and ``change(part, **fields)`` for controls. ``take(case)`` replaces the
    whole case, as *Apply* does. ``undo()``, ``redo()``, ``reset()``; ``set_ui``, ``set_lesson``.
Widgets
    ``seed(key, value)`` before a widget with that key, and ``typed(key)`` in its ``on_change``
    (None when nobody typed it); ``stops(path, now)`` for sliders with stops.

A callback calls one of these once; the run that follows reads the new case. ``open_session`` is
called once per run by the entry script, before anything else reads the case.
"""

from __future__ import annotations

__all__ = [
    "Message",
    "can_redo",
    "can_undo",
    "case",
    "case_json",
    "change",
    "import_file",
    "lesson",
    "link",
    "load_preset",
    "message",
    "open_session",
    "preset",
    "redo",
    "refused",
    "reset",
    "seed",
    "set_lesson",
    "set_ui",
    "start",
    "stops",
    "take",
    "typed",
    "ui",
    "undo",
]

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import sessions
import streamlit as st
from components.storage import browser_storage
from links import LinkError
from sessions import History, Message
from viewmodels.current import parsed, remember

from analytic_models import Case, DesignError, load_scenarios
from analytic_models.errors import Problem

Part = Literal["scenario", "design"]

STOPS_KEPT = 24
# A value that comes back this soon after the program moved its widget was not typed [s].
ECHO_S = 0.7
_NOTHING = object()
LINK_PARAMETER = "d"
STORAGE_NAME = "eccc-session-1"


def _first_preset() -> str:
    return next(iter(load_scenarios()))


def open_session() -> None:
    """Bring the case into this run: from the session, else from the browser, a link or a preset.

    Stops the script on the very first run, until the browser has answered what it kept.
    """
    known = "case" in st.session_state
    text = sessions.pack_session(case(), preset(), lesson()) if known else None
    stored = browser_storage(STORAGE_NAME, text, key="_browser")
    if not known:
        if not stored.arrived:
            st.stop()
        _restore(stored.text)
        _open_link()
        # The answer of the browser was read before the link was opened: write once more.
        st.rerun()


def _restore(text: str | None) -> None:
    """Door 4: what the browser kept."""
    found = None
    if text is not None:
        try:
            found = sessions.unpack_session(text)
        except DesignError as error:
            words = "What this browser had kept no longer fits and was left out."
            _say(Message("warning", words, tuple(error.problems)))
    if found is None:
        name = _first_preset()
        found = sessions.Kept(load_scenarios()[name], name)
    st.session_state["lesson"] = dict(found.lesson)
    _assign(found.case, found.preset)


def _open_link() -> None:
    """Door 3: a link; read once, then taken out of the address."""
    if LINK_PARAMETER not in st.query_params:
        return
    given = st.query_params[LINK_PARAMETER]
    del st.query_params[LINK_PARAMETER]
    try:
        found = sessions.unpack_link(given)
    except LinkError as error:
        _say(Message("error", f"This link cannot be opened: {error}."))
    except DesignError as error:
        words = "This link cannot be opened: it does not hold a valid design."
        _say(Message("error", words, tuple(error.problems)))
    else:
        _push(found.case, found.preset)
        if found.warning:
            _say(Message("warning", found.warning))


def case() -> Case:
    """Return the case of this visitor; the first preset before a session was opened."""
    return parsed(case_json())


def case_json() -> str:
    """Return the canonical JSON of the case."""
    # Asked some ten times a run: one access each, because an access to the session is slow.
    found = st.session_state.get("case")
    if found is None:
        name = _first_preset()
        found = _assign(load_scenarios()[name], name)
    return str(found)


def preset() -> str:
    """Return the key of the scenario that *reset* returns to."""
    return str(ui("preset", _first_preset()))


def link() -> str:
    """Return the string that carries the whole case in an address; empty if it is too long."""
    return sessions.pack_link(case(), preset())


def load_preset(name: str) -> None:
    """Door 1: take a ready-made scenario with its design; the user's own data stay.

    Raises
    ------
    KeyError
        If there is no such scenario.
    """
    _push(dataclasses.replace(load_scenarios()[name], user_data=case().user_data), name)


def import_file(name: str, raw: bytes) -> bool:
    """Door 2: take a file; returns whether it was taken.

    Parameters
    ----------
    name
        What the file is called, for the message.
    raw
        Its bytes.
    """
    try:
        found = sessions.read_file(name, raw)
    except DesignError as error:
        refusal = "The file was not taken and your design is as it was."
        _say(Message("error", refusal, tuple(error.problems)))
        return False
    _push(found, preset())
    _say(Message("done", "The file was taken. Undo brings the earlier design back."))
    return True


def change(part: Part, **fields: Any) -> bool:  # noqa: ANN401 - values of any declared field
    """Door 5: a control; returns whether the new values were taken.

    Parameters
    ----------
    part
        Which half of the case the fields belong to.
    fields
        New values in base units. A new dnn takes the cuts along to the same share of its work. A
        value that was refused before is tried again together with these.
    """
    pending = ui("pending", {})
    together = {**pending, **{(part, name): value for name, value in fields.items()}}
    alone = {(part, name): value for name, value in fields.items()}
    faults: tuple[Problem, ...] = ()
    for given in (together, alone):
        try:
            found = sessions.changed(case(), given)
        except DesignError as error:
            faults = faults or tuple(error.problems)
            continue
        _push(found, preset())
        left = {key: value for key, value in pending.items() if key not in given}
        if left:
            _refuse(left, faults)
        return True
    _refuse(together, faults)
    return False


def take(new: Case, done: str = "", refusal: str = "This design cannot be applied.") -> bool:
    """Replace the whole case; returns whether it was taken.

    Parameters
    ----------
    new
        A design that was found, or the case with other data of the user.
    done, refusal
        What to say when it was taken, and when it was not.
    """
    try:
        found = Case.from_json(new.to_json())
    except DesignError as error:
        _say(Message("error", refusal, tuple(error.problems)))
        return False
    _push(found, preset())
    if done:
        _say(Message("done", done))
    return True


def can_undo() -> bool:
    """Whether there is an earlier case."""
    return bool(_history().past)


def can_redo() -> bool:
    """Whether an undone case can come back."""
    return bool(_history().future)


def undo() -> None:
    """Return to the case before the last change."""
    _move(_history().past, _history().future)


def redo() -> None:
    """Take the last undone change again."""
    _move(_history().future, _history().past)


def reset() -> None:
    """Return to the preset; one more step that can be undone."""
    load_preset(preset())


def ui(name: str, default: Any = None) -> Any:  # noqa: ANN401 - view choices of any type
    """Return a view choice."""
    return st.session_state.setdefault("ui", {}).get(name, default)


def set_ui(name: str, value: Any) -> None:  # noqa: ANN401 - view choices of any type
    """Keep a view choice for later runs and other pages."""
    st.session_state.setdefault("ui", {})[name] = value


def lesson() -> dict[str, Any]:
    """Return the progress in the lessons, by lesson."""
    return dict(st.session_state.get("lesson", {}))


def set_lesson(name: str, value: Any) -> None:  # noqa: ANN401 - progress is plain JSON
    """Keep progress in a lesson; it survives reload with the design."""
    st.session_state["lesson"] = lesson() | {name: value}


def message() -> Message | None:
    """Return what the last door had to say, until the next change."""
    found = ui("message")
    return found if isinstance(found, Message) else None


def refused(path: str) -> tuple[Problem, ...]:
    """Return why the value of a control was not taken; empty if it was."""
    return tuple(ui("refused", {}).get(path, ()))


def seed(key: str, value: Any, path: str = "") -> bool:  # noqa: ANN401 - any widget value
    """Give a widget the value that the case holds, before the widget is drawn.

    Parameters
    ----------
    path
        The field behind the widget; a refused value stays in the widget until it is corrected.

    Returns
    -------
    bool
        Whether the value was written. Where it was not, the widget is drawn with it as its default:
        a browser that has not drawn the widget before this run would start it from the first
        option, and send that back as if somebody had chosen it.
    """
    held = st.session_state.get(key, _NOTHING)
    if path and held is not _NOTHING and refused(path):
        return False
    if held is not _NOTHING and held == value:
        return False
    st.session_state[key] = value
    set_ui("moved", ui("moved", {}) | {key: (held, time.monotonic())})
    return True


def start(key: str, value: Any) -> None:  # noqa: ANN401 - any widget value
    """Give a widget of a form its first value; what was typed since then stays."""
    st.session_state.setdefault(key, value)


def typed(key: str) -> Any:  # noqa: ANN401 - any widget value
    """Return what a widget holds, in its callback.

    None if it is only an echo: a click that left the browser before it had heard that the widget
    was moved brings the value from before, which nobody typed.
    """
    value = st.session_state.get(key)
    before, when = ui("moved", {}).get(key, (_NOTHING, -math.inf))
    return None if value == before and time.monotonic() - when < ECHO_S else value


def stops(path: str, now: float) -> tuple[float, ...]:
    """Return the latest values of a field, the present one first.

    A slider with stops keeps them, so that what the browser still holds is one of its stops.
    """
    kept = ui("stops", {})
    found = tuple(dict.fromkeys((now, *kept.get(path, ()))))[:STOPS_KEPT]
    set_ui("stops", kept | {path: found})
    return found


def _history() -> History:
    found: History = st.session_state.setdefault("history", History())
    return found


def _assign(new: Case, name: str) -> str:
    text = new.to_json()
    remember(text, new)
    st.session_state["case"] = text
    set_ui("preset", name)
    _forget_refused()
    return text


def _push(new: Case, name: str) -> None:
    """Assign a new case and remember the one before it."""
    set_ui("message", None)
    before = (preset(), case_json())
    if (name, new.to_json()) == before:
        _forget_refused()
        return
    _history().push(before)
    _assign(new, name)


def _move(source: list[tuple[str, str]], target: list[tuple[str, str]]) -> None:
    if not source:
        return
    set_ui("message", None)
    target.append((preset(), case_json()))
    name, text = source.pop()
    _assign(parsed(text), name)


def _forget_refused() -> None:
    set_ui("refused", {})
    set_ui("pending", {})


def _say(message: Message) -> None:
    set_ui("message", message)


def _refuse(given: Mapping[tuple[str, str], Any], problems: Sequence[Problem]) -> None:
    """Keep what was wanted, and the faults at the fields that were changed or that they name."""
    named = {f"{part}.{name}": tuple(problems) for part, name in given}
    for problem in problems:
        named.setdefault(problem.path, (problem,))
    set_ui("pending", dict(given))
    set_ui("refused", named)
