"""What the browser keeps: a copy of the design that survives reload, and the clipboard."""

from __future__ import annotations

__all__ = ["MAX_STORED_CHARS", "Stored", "browser_storage", "copy_button"]

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

# The longest case, with what else is kept beside it.
MAX_STORED_CHARS = 1_100_000

_HERE = Path(__file__).parent

_storage = st.components.v2.component(
    "eccc_storage", js=(_HERE / "storage.js").read_text(encoding="utf-8")
)
_copy = st.components.v2.component(
    "eccc_copy",
    js=(_HERE / "copy.js").read_text(encoding="utf-8"),
    css=(_HERE / "copy.css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Stored:
    """What the browser had kept.

    Parameters
    ----------
    arrived
        False until the browser has answered, which takes one run at the start of a session.
    text
        The text of an earlier visit, foreign like an imported file; None when there is none.
    """

    arrived: bool
    text: str | None = None


def browser_storage(name: str, text: str | None, key: str) -> Stored:
    """Mirror a text in the storage of the browser.

    Parameters
    ----------
    name
        Name of the entry in the browser, with the version of what it holds.
    text
        What to keep from now on; None keeps what is there and is right until the first answer.
    key
        Name of the component in the page.

    Returns
    -------
    Stored
        What the browser had kept when the page was opened; later runs repeat it.

    Notes
    -----
    Call it once per run and stop the script while ``arrived`` is False. A browser that refuses
    storage answers that it has nothing.
    """
    if text is not None and len(text) > MAX_STORED_CHARS:
        text = None
    # After a restart of the server the page still holds its first answer, which is out of date.
    session = st.session_state.setdefault(f"_{key}_session", secrets.token_hex(8))
    result = _storage(
        key=key,
        data={"name": name, "text": text, "limit": MAX_STORED_CHARS, "session": session},
        on_loaded_change=_nothing,
        height=1,
    )
    loaded = result.get("loaded")
    if not isinstance(loaded, Mapping) or loaded.get("session") != session:
        return Stored(arrived=False)
    kept = loaded.get("text")
    usable = isinstance(kept, str) and len(kept) <= MAX_STORED_CHARS
    return Stored(arrived=True, text=kept if usable else None)


def copy_button(
    text: str, key: str, label: str = "Copy link", *, as_query: str = "", help_text: str = ""
) -> None:
    """Show a button that puts a text on the clipboard, without a run of the script.

    Parameters
    ----------
    text
        What is copied.
    key
        Name of the component in the page.
    label
        Words on the button.
    as_query
        If given, the address of this page with ``?<as_query>=<text>`` is copied instead.
    help_text
        Remark beside the button, as plain text.
    """
    _copy(key=key, data={"text": text, "label": label, "query": as_query, "help": help_text})


def _nothing() -> None:
    """Declare the state without doing anything."""
