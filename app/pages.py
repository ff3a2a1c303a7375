"""The page list: title and file of each page, and links between pages."""

from __future__ import annotations

__all__ = ["PAGES", "existing", "link_to", "listed"]

from typing import Any

import streamlit as st
from checkout import HERE

FIRST = "explore"

# File (without .py) and title of each page; a page is listed as soon as its file exists.
PAGES = {
    "explore": "Explore",
    "optimise": "Optimise",
    "map": "Map",
    "load": "Load",
    "tail": "Tail",
    "population": "Population",
    "prices": "Prices",
    "robustness": "Robustness",
    "techniques": "Techniques",
    "hardware": "Hardware",
    "network": "Links",
    "models": "Models",
    "validation": "Validation",
    "sources": "Sources",
}


def _page(name: str) -> Any:  # noqa: ANN401 - the class of a page is not public
    file = HERE / "views" / f"{name}.py"
    return st.Page(file, title=PAGES[name], default=name == FIRST)


def existing() -> tuple[str, ...]:
    """Return the names of the pages whose files exist, in order."""
    return tuple(name for name in PAGES if (HERE / "views" / f"{name}.py").exists())


def listed() -> list[Any]:
    """Return the existing pages for ``st.navigation``."""
    return [_page(name) for name in existing()]


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
