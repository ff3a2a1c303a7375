"""What the pages of the catalog share: style, widgets that outlive a page, tables and their pages."""

from __future__ import annotations

__all__ = ["catalog_style", "cell", "html_table", "kept", "page_of", "title"]

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import state
import streamlit as st

_STYLE = Path(__file__).parent / "catalog.css"
_Row = TypeVar("_Row")


def catalog_style() -> None:
    """Put the style of these pages in place, once per run."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")


def title(heading: str, lead: str) -> None:
    """Draw the heading of a page and the sentence that says what it is for."""
    st.html(
        f'<h1 class="eccc-headline">{html.escape(heading)}</h1>'
        f'<p class="eccc-lead">{html.escape(lead)}</p>'
    )


def kept(
    draw: Callable[..., Any],
    name: str,
    default: Any,  # noqa: ANN401 - value of any widget
    *args: Any,  # noqa: ANN401
    **kwargs: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Draw a widget whose value survives a change of page; returns the value.

    Parameters
    ----------
    draw
        A Streamlit widget function.
    name
        Name of the view choice.
    default
        Value before somebody touched it, or where the kept one is no longer offered.
    """
    key, value = f"_{name}", state.ui(name, default)
    options = kwargs.get("options")
    if options is not None:
        if isinstance(value, list):
            value = [item for item in value if item in options]
        elif value not in options:
            value = default
    state.seed(key, value)
    draw(*args, key=key, on_change=_keep, args=(name, key), **kwargs)
    return value


def _keep(name: str, key: str) -> None:
    state.set_ui(name, state.typed(key))


def page_of(rows: Sequence[_Row], name: str, size: int) -> Sequence[_Row]:
    """Return one page of rows, with buttons to the others below when there are any.

    Parameters
    ----------
    name
        Name of the view choice that keeps the page.
    size
        Rows on a page.
    """
    last = max((len(rows) - 1) // size, 0)
    now = min(int(state.ui(name, 0)), last)
    if last:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{name}_pager"):
            for words, to, off in (("Earlier", now - 1, now == 0), ("Later", now + 1, now == last)):
                st.button(
                    words,
                    key=f"{name}_{words}",
                    on_click=state.set_ui,
                    args=(name, to),
                    disabled=off,
                )
            first = now * size
            st.caption(f"{first + 1} to {min(first + size, len(rows))} of {len(rows)}")
    return rows[now * size : (now + 1) * size]


def cell(text: str, origin: str = "", small: str = "") -> str:
    """Write one cell as HTML: a text, the badge of its origin, and a remark; all escaped."""
    badge = (
        f' <span class="eccc-badge eccc-o-{html.escape(origin)}">{html.escape(origin)}</span>'
        if origin
        else ""
    )
    remark = f'<div class="eccc-small">{html.escape(small)}</div>' if small else ""
    return f"<div>{html.escape(text)}{badge}</div>{remark}"


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> None:
    """Draw a table whose cells are HTML made by ``cell``; it scrolls sideways when narrow."""
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{item}</td>' for item in row)}</tr>" for row in rows)
    st.html(
        f'<div class="eccc-scroll" tabindex="0" role="region" aria-label="{html.escape(label)}">'
        f'<table class="eccc-facts"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )
