"""Where a browser gets plotly.js: from the installed plotly package, never from another host."""

from __future__ import annotations

__all__ = ["ROUTE", "address", "announce_route", "compressed", "library_file", "mount_text"]

import functools
import gzip
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

ROUTE = "assets/plotly.min.js"

_served: list[bool] = []


def library_file() -> Path:
    """Path of ``plotly.min.js`` in the installed plotly package."""
    return Path(str(files("plotly") / "package_data" / "plotly.min.js"))


@functools.cache
def compressed() -> bytes:
    """Return the library, gzip'd once for all visitors of this process."""
    return gzip.compress(library_file().read_bytes(), compresslevel=6)


def announce_route() -> None:
    """Tell the figures that the server of this process serves ``ROUTE``."""
    _served[:] = [True]


def address() -> str:
    """Address of the library on this server, or an empty string when no route serves it."""
    if not _served:
        return ""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' + base if base else ''}/{ROUTE}?v={_version()}"


@functools.cache
def _version() -> str:
    return version("plotly")


@functools.cache
def _text() -> str:
    # The bundle is no module: it sets window.Plotly when it runs, and exports nothing.
    return library_file().read_text(encoding="utf-8") + "\nexport default function () {}\n"


def mount_text() -> None:
    """Send the library as the text of an empty component, for a server without our route.

    Streamlit keeps the message in the browser, so later runs send only its hash.
    """
    name = "eccc_plotly_library"
    try:
        st.components.v2.component(name, js=_text())(key=name, height=1)
    except StreamlitDuplicateElementKey:
        return  # an earlier grid of the same run has sent it
