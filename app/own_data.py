"""The doors through which a visitor's own data come into the case, and what they refuse."""

from __future__ import annotations

__all__ = [
    "LARGEST_ONNX_MB",
    "NO_FILE",
    "Part",
    "fresh",
    "ids_in_use",
    "keep",
    "language_model",
    "measurements",
    "network",
    "refuse",
    "refused",
    "remove",
    "spent",
    "with_entry",
]

import threading
from collections.abc import Callable

import state
import streamlit as st
from text import markdown, plain
from viewmodels.own import (
    Part,
    ids_in_use,
    new_id,
    parse_dims,
    with_entry,
    with_measurements,
    with_network,
    without_entry,
)

from analytic_models import Case
from analytic_models.decoder_import import import_decoder
from analytic_models.errors import DataError, EcccError, Problem
from analytic_models.onnx_import import import_onnx
from analytic_models.user_data import user_dnn
from analytic_models.user_measurements import read_measurements

LARGEST_ONNX_MB = 200
_REFUSAL = "Not taken; your design and your data are as they were."
_KEPT_REFUSALS = "own_refused"
NO_FILE = (Problem("file", "is missing", "choose a file first"),)


@st.cache_resource(show_spinner=False)
def _slot() -> threading.BoundedSemaphore:
    """Let one file be read at a time: each is read by a process of its own."""
    return threading.BoundedSemaphore(1)


def refused(tab: str) -> state.Message | None:
    """Return why the last entry of a tab was not taken; None if it was."""
    found = state.ui(_KEPT_REFUSALS, {}).get(tab)
    return found if isinstance(found, state.Message) else None


def refuse(tab: str, problems: tuple[Problem, ...]) -> None:
    """Keep why an entry was not taken, for the line below its form."""
    said = state.Message("error", _REFUSAL, problems)
    state.set_ui(_KEPT_REFUSALS, state.ui(_KEPT_REFUSALS, {}) | {tab: said})


def _accept(tab: str) -> None:
    kept = {name: said for name, said in state.ui(_KEPT_REFUSALS, {}).items() if name != tab}
    state.set_ui(_KEPT_REFUSALS, kept)


def fresh(name: str) -> str:
    """Return the key of a form that is empty again after each accepted entry."""
    return f"_own_{name}_{state.ui('own_count', {}).get(name, 0)}"


def spent(name: str) -> None:
    """Empty a form: what was uploaded is let go."""
    count = state.ui("own_count", {})
    state.set_ui("own_count", count | {name: count.get(name, 0) + 1})


def keep(tab: str, build: Callable[[Case], Case], done: str) -> bool:
    """Put data into the case; returns whether they were taken.

    Parameters
    ----------
    tab
        Which form they come from.
    build
        Makes the new case of the present one, or raises what is wrong.
    done
        What to say when they were taken, as Markdown.
    """
    try:
        new = build(state.case())
        found = Case.from_json(new.to_json())
    except EcccError as error:
        refuse(tab, tuple(error.problems))
        return False
    _accept(tab)
    return state.take(found, done)


def remove(part: Part, id: str, tab: str, label: str) -> None:
    """Take an entry out of the case."""
    keep(
        tab,
        lambda case: without_entry(case, part, id),
        f"{markdown(label, 60)} was removed. Undo brings it back.",
    )


def network(raw: bytes, name: str, label: str, task: str, sizes: str) -> str:
    """Read an ONNX file and put the network into the case; returns its id, empty if refused.

    Parameters
    ----------
    raw, name
        Bytes and name of the file.
    label
        What to call it; the name of the file if empty.
    task
        A task of the catalog: encodings of the input follow it.
    sizes
        Sizes of open dimensions as ``name=number``.
    """
    case = state.case()
    words = plain(label.strip() or name.rsplit(".", 1)[0], 60) or "network"
    id = new_id(words, ids_in_use(case, "dnns"))
    try:
        if len(raw) > LARGEST_ONNX_MB * 1_000_000:
            allowed = f"at most {LARGEST_ONNX_MB} MB; export it with external data"
            raise DataError(Problem(name, f"has {len(raw)} bytes", allowed))
        with _slot():
            found = import_onnx(raw, id, parse_dims(sizes), label=words, task=task)
        entry = user_dnn(found.dnn_json)
    except DataError as error:
        refuse("network", tuple(_in_words(problem, name) for problem in error.problems))
        return ""
    done = f"{markdown(words, 60)} was read and is one of your networks now."
    return id if keep("network", lambda now: with_network(now, entry), done) else ""


def language_model(raw: bytes, label: str, origin: str) -> bool:
    """Read the configuration of a language model into the case; returns whether it was taken."""
    words = plain(label, 60) or "Language model"
    id = new_id(words, ids_in_use(state.case(), "dnns"))
    try:
        found = import_decoder(_text(raw, "config.json"), id, label=words, origin=origin)
        entry = user_dnn(found.decoder_json)
    except DataError as error:
        refuse("language", tuple(error.problems))
        return False
    done = f"{markdown(words, 60)} is one of your language models now."
    return keep("language", lambda now: with_network(now, entry), done)


def measurements(raw: bytes) -> bool:
    """Read measured latencies into the case and fit their machines; returns whether it was done."""
    try:
        rows = read_measurements(_text(raw, "csv"))
    except DataError as error:
        refuse("measurements", tuple(error.problems))
        return False
    done = f"{len(rows)} measurements were taken; everything is computed with them from now on."
    return keep("measurements", lambda now: with_measurements(now, rows), done)


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(Problem(name, "is not text", "UTF-8")) from None


def _in_words(problem: Problem, name: str) -> Problem:
    """Say where on this page a command-line option stands."""
    allowed = problem.allowed.replace(
        "a number for it: --dim NAME=VALUE", "its size as name=number under Sizes left open"
    )
    return Problem(problem.path or name, problem.message, allowed)
