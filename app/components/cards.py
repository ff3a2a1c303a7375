"""Key figures as cards: a number that opens its explanation, its name, its verdict.

All cards are one element: a message to the browser for each of their pieces cost more than half of
what the model costs. Texts arrive formatted and are shown as text only.
"""

from __future__ import annotations

__all__ = ["Card", "cards"]

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
import theme

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Card:
    """One card.

    Parameters
    ----------
    id
        What a choice of the card returns.
    value, label, verdict
        The number with its unit, its name, and what it means.
    mark, status
        Sign before the verdict, and the class that colours it.
    help
        What choosing the card shows, and what else there is to say; seen on hover and focus.
    """

    id: str
    value: str
    label: str
    verdict: str
    mark: str = ""
    status: str = "free"
    help: str = ""


_mount = st.components.v2.component(
    "eccc_cards",
    js=(_HERE / "cards.js").read_text(encoding="utf-8"),
    css=theme.css_variables() + (_HERE / "cards.css").read_text(encoding="utf-8"),
)


def cards(found: Sequence[Card], key: str, label: str) -> str | None:
    """Draw cards, four in a row on a wide screen and two on a phone.

    Parameters
    ----------
    found
        The cards in their order.
    key
        Name of the cards in the page; focus stays on the same card between runs.
    label
        What they are, for somebody who does not see them.

    Returns
    -------
    str or None
        Id of the card whose choice caused this run, exactly once; None otherwise.
    """
    data = {"label": label, "cards": [asdict(card) for card in found]}
    # Of a mapping Streamlit would look at every entry for a table.
    result = _mount(key=key, data=json.dumps(data).encode(), on_pick_change=_nothing)
    return _fresh_pick(result.get("pick"), key, {card.id for card in found})


def _nothing() -> None:
    """Declare the state without doing anything."""


def _fresh_pick(state: object, key: str, known: set[str]) -> str | None:
    if not isinstance(state, Mapping):
        return None
    serial, seen = float(state.get("serial", 0.0)), f"_{key}_seen_pick"
    if st.session_state.get(seen) == serial:
        return None
    st.session_state[seen] = serial
    picked = str(state.get("id", ""))
    return picked if picked in known else None
