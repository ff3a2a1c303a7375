"""The tree behind a number: formula, inputs and sources, opened branch by branch.

A node is a mapping: ``label`` (str), ``value`` (formatted text), ``formula`` (text, may be empty),
``note`` (text), ``origin`` (``cited``, ``measured``, ``assumed``, ``chosen``, ``override`` or
``computed``), ``source`` (mapping with ``title``, ``where`` and ``url``, or None) and ``children``
(list of nodes). Every text is shown as text; an address becomes a link only when it is https.
"""

from __future__ import annotations

__all__ = ["explanation_tree"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
import theme

_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "eccc_tree",
    js=(_HERE / "tree.js").read_text(encoding="utf-8"),
    css=theme.css_variables() + (_HERE / "tree.css").read_text(encoding="utf-8"),
)


def explanation_tree(node: Mapping[str, Any], key: str, open_levels: int = 2) -> None:
    """Draw the tree behind one number.

    Parameters
    ----------
    node
        The root, as described at the head of this module.
    key
        Name of the tree in the page; open branches stay open when numbers change.
    open_levels
        Levels that are open at first, the root included.
    """
    _mount(key=key, data={"root": node, "open_levels": open_levels})
