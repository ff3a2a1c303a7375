"""The taxonomy as a picture: bands of layers, boxes of branches, and a button for every leaf.

The map is drawn from one JSON-like mapping; every text is shown as text.

``alt``: str
    The whole map in one sentence.
``selected``: str
    Id of the node that is shown beside the map.
``layers``: list of mappings
    ``id``, ``name``, ``hint`` and ``groups``; a group has ``id``, ``name`` (empty when its leaves
    hang on the layer itself), ``rule`` ("one of these", may be empty) and ``items``; an item has
    ``id``, ``name``, ``kind`` (``use``, ``choice`` or ``text``), ``on`` (bool) and ``hint``.

Tab reaches the map once; the arrow keys move inside it, Enter or space chooses.
"""

from __future__ import annotations

__all__ = ["technique_map"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
import theme

_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "eccc_techmap",
    js=(_HERE / "techmap.js").read_text(encoding="utf-8"),
    css=theme.css_variables() + (_HERE / "techmap.css").read_text(encoding="utf-8"),
)


def technique_map(model: Mapping[str, Any], key: str) -> str | None:
    """Draw the map.

    Parameters
    ----------
    model
        The map as described at the head of this module.
    key
        Name of the map in the page.

    Returns
    -------
    str or None
        Id of the node whose choice caused this run, exactly once; None otherwise.
    """
    result = _mount(key=key, data=dict(model), on_pick_change=_nothing)
    picked = result.get("pick")
    if not isinstance(picked, Mapping):
        return None
    serial, seen = float(picked.get("serial", 0.0)), f"_{key}_seen_pick"
    if st.session_state.get(seen) == serial:
        return None
    st.session_state[seen] = serial
    return str(picked.get("id", ""))


def _nothing() -> None:
    """Declare the state without doing anything."""
