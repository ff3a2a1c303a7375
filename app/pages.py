"""The page list: title and file of each page, and links between pages."""

from __future__ import annotations

__all__ = ["PAGES", "SECTIONS", "existing", "link_to", "listed"]

import copy
from functools import cache
from typing import Any

import streamlit as st
from checkout import HERE
from streamlit.runtime.scriptrunner import get_script_run_ctx

FIRST = "explore"

# Sections of the menu: file (without .py) and title of each page; a page is listed as soon as its
# file exists.
SECTIONS = {
    "Design": {
        "explore": "Explore",
        "optimise": "Optimise",
        "map": "Map",
        "robustness": "Robustness",
        "language": "Language models",
    },
    "Load": {
        "load": "Load",
        "tail": "Tail",
        "population": "Population",
        "prices": "Prices",
        "playground": "Playground",
        "policy": "Policy",
    },
    "Know": {
        "bring": "Your own",
        "techniques": "Techniques",
        "hardware": "Hardware",
        "network": "Links",
        "models": "Models",
        "validation": "Validation",
        "sources": "Sources",
    },
}
PAGES = {name: title for pages in SECTIONS.values() for name, title in pages.items()}


_made: dict[str, Any] = {}


def _page(name: str) -> Any:  # noqa: ANN401 - the class of a page is not public
    # Making a page asks the file system. Each run gets a copy, since the menu marks the chosen one.
    if name not in _made:
        file = HERE / "views" / f"{name}.py"
        made = st.Page(file, title=PAGES[name], default=name == FIRST)
        if get_script_run_ctx(suppress_warning=True) is None:
            return made
        _made[name] = made
    return copy.copy(_made[name])


@cache
def existing() -> tuple[str, ...]:
    """Return the names of the pages whose files exist, in order."""
    return tuple(name for name in PAGES if (HERE / "views" / f"{name}.py").exists())


def listed() -> dict[str, list[Any]]:
    """Return the pages whose files exist by section, for ``st.navigation``."""
    there = set(existing())
    found = {
        section: [_page(name) for name in pages if name in there]
        for section, pages in SECTIONS.items()
    }
    return {section: pages for section, pages in found.items() if pages}


def link_to(name: str, label: str) -> None:
    """Draw a link to another page.

    Parameters
    ----------
    name
        A key of ``PAGES``.
    label
        Words of the link.
    """
    st.page_link(_page(name), label=label)
