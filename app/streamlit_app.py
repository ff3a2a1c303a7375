"""ECCC Explorer: the entry script, and what every page shares.

Run with ``eccc app`` or ``python -m streamlit run app/streamlit_app.py``.
"""

from __future__ import annotations

import checkout  # noqa: F401 - first, and first in the alphabet: it finds our packages
import pages
import state
import streamlit as st
from drawing import page_style, show_explanation
from toolbar import toolbar


def main() -> None:
    """Draw the page that the address names."""
    chosen = st.navigation(pages.listed(), position="top")
    st.set_page_config(f"{chosen.title} · ECCC Explorer", page_icon="🛰️", layout="wide")
    page_style()
    state.open_session()
    toolbar(chosen.title)
    chosen.run()
    show_explanation()


main()
