"""What the pages of the catalog share: style, widgets that outlive a page, tables, choices."""

from __future__ import annotations

__all__ = [
    "COMPARED",
    "browse",
    "catalog_style",
    "cell",
    "chosen_ids",
    "html_table",
    "kept",
    "page_of",
    "title",
    "use_button",
]

import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import parts
import state
import streamlit as st
from viewmodels.display import significant

# Tables compare: more digits than this are noise there.
_DIGITS = 3
_STYLE = Path(__file__).parent / "catalog.css"
_Row = TypeVar("_Row")

# Side by side: more columns than this cannot be read on a laptop.
COMPARED = 4


def catalog_style() -> None:
    """Put the style of these pages in place, once per run."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")


def title(heading: str, lead: str) -> None:
    """Draw the heading of a page and the sentence that says what it is for."""
    parts.title(heading, below=lead)


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
    # An empty corner is no heading.
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' if name else '<td class="corner"></td>'
        for name in head
    )
    body = "".join(f"<tr>{''.join(f'<td>{item}</td>' for item in row)}</tr>" for row in rows)
    st.html(
        f'<div class="eccc-scroll" tabindex="0" role="region" aria-label="{html.escape(label)}">'
        f'<table class="eccc-facts"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def browse(
    rows: Sequence[Any],
    columns: Mapping[str, str],
    name: str,
    known: Sequence[str],
    start: Sequence[str],
    formats: Mapping[str, str] | None = None,
) -> None:
    """Draw a table that can be sorted; a chosen row joins the comparison.

    Parameters
    ----------
    rows
        View models with an ``id`` and the attributes that ``columns`` names.
    columns
        Attribute to heading.
    name
        Name of the comparison, see ``chosen_ids``.
    known, start
        Ids that may be compared, and those that are at first.
    formats
        Attribute to a number format of Streamlit; plain numbers by default.
    """
    if not rows:
        st.info("Nothing matches. Clear the search or widen the filters.")
        return
    ids = tuple(row.id for row in rows)
    # Another list gets another key: a mark on the third row must not stay on a different third row.
    key = f"_{name}_table_{hash(ids) & 0xFFFFFF:x}"
    numbers = {
        at: st.column_config.NumberColumn(format=(formats or {}).get(at, "localized"))
        for at in columns
        if isinstance(getattr(rows[0], at), (int, float)) and at != "year"
    }
    st.dataframe(
        {columns[at]: [_shown(getattr(row, at)) for row in rows] for at in columns},
        key=key,
        hide_index=True,
        height=min(330, 38 + 35 * len(rows)),
        column_config={columns[at]: config for at, config in numbers.items()},
        on_select=lambda: _add(name, key, ids, known, start),
        selection_mode="single-row",
        placeholder="–",
    )


def _shown(value: object) -> object:
    """Return a value of a table: numbers that are not counts with few digits."""
    return significant(value, _DIGITS) if isinstance(value, float) else value


def _add(
    name: str, key: str, ids: Sequence[str], known: Sequence[str], start: Sequence[str]
) -> None:
    """Add the row that was chosen to the comparison; the oldest one makes room."""
    picked = state.typed(key)["selection"]["rows"]
    before = [id for id in state.ui(name, list(start)) if id in known]
    new = [ids[at] for at in picked if at < len(ids) and ids[at] not in before]
    state.set_ui(name, [*before, *new][-COMPARED:])


def chosen_ids(
    name: str, start: Sequence[str], known: Sequence[str], label: Callable[[str], str]
) -> list[str]:
    """Draw what is compared, up to four, and return the ids."""
    found: list[str] = kept(
        st.multiselect,
        name,
        list(start),
        "Side by side (up to four)",
        options=list(known),
        format_func=label,
        max_selections=COMPARED,
        placeholder="Choose what to show",
    )
    return found


def use_button(name: str, value: str, words: str, used: bool) -> None:
    """Draw a button that puts something into the scenario; it is off where it already is there."""
    st.button(
        f"{words} (in use)" if used else words,
        key=f"use_{name}_{value}",
        disabled=used,
        on_click=_use,
        args=(name, value),
    )


def _use(name: str, value: str) -> None:
    state.change("scenario", **{name: value})
