"""ECCC Explorer: the page list, and what every page shares.

Run with ``eccc app`` or ``python -m streamlit run app/streamlit_app.py``.
"""

from __future__ import annotations

from checkout import HERE  # first: it makes the packages of a bare checkout importable

import state
import streamlit as st
from drawing import page_style, show_explanation
from toolbar import toolbar

# Title and file of each page; a page is listed as soon as its file exists.
PAGES = (
    ("Explore", "explore"),
    ("Optimise", "optimise"),
    ("Map", "map"),
    ("Load", "load"),
    ("Tail", "tail"),
    ("Population", "population"),
    ("Prices", "prices"),
    ("Robustness", "robustness"),
    ("Techniques", "techniques"),
    ("Hardware", "hardware"),
    ("Links", "links"),
    ("Models", "models"),
    ("Validation", "validation"),
    ("Sources", "sources"),
)


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="ECCC Explorer", page_icon="🛰️", layout="wide")
    listed = [
        st.Page(HERE / "views" / f"{name}.py", title=title, default=name == "explore")
        for title, name in PAGES
        if (HERE / "views" / f"{name}.py").exists()
    ]
    chosen = st.navigation(listed, position="top")
    page_style()
    state.open_session()
    toolbar()
    chosen.run()
    show_explanation()


main()
