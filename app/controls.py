"""From a field's declaration to a widget; no field is known here by its name.

``control`` draws one field, ``group`` all fields of one ``Field.group``, ``groups`` a switch for
each group of a half of the case and the fields of those that are open. A widget has the key
``_<part>.<field>``; its ``on_change`` copies the value into the case through ``state.change``, and
the next run seeds it from the case, so undo, import and a link move the widgets too. A value that
the case refuses stays in the widget with the reason below it.
"""

from __future__ import annotations

__all__ = ["Options", "control", "group", "groups", "groups_of", "log_steps", "widget_key"]

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import state
import streamlit as st
from text import markdown
from viewmodels.choices import choice_label, choices_of
from viewmodels.display import Shown, shown_unit
from viewmodels.facts import FieldFact

from analytic_models import Case, Design, Scenario
from analytic_models.fields import GROUPS, Field, declared_fields

_OWNERS: Mapping[state.Part, type] = {"scenario": Scenario, "design": Design}
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


@dataclass(frozen=True)
class Options:
    """Allowed whole numbers of a field, with words for each: drawn as a slider with stops."""

    values: Sequence[int]
    words: Sequence[str]


def widget_key(part: state.Part, name: str) -> str:
    """Key of the widget of a field."""
    return f"_{part}.{name}"


def groups_of(part: state.Part) -> tuple[str, ...]:
    """Return the groups that hold fields of this part, in order."""
    used = {declared.group for declared in declared_fields(_OWNERS[part]).values()}
    return tuple(name for name in GROUPS if name in used)


def group(
    part: state.Part,
    name: str,
    facts: Mapping[str, FieldFact],
    without: Collection[str] = (),
) -> None:
    """Draw every field of a group.

    Parameters
    ----------
    part
        Which half of the case.
    name
        One of ``Field.group``.
    facts
        What the catalog says for optional fields.
    without
        Fields that are drawn elsewhere.
    """
    for field_name, declared in declared_fields(_OWNERS[part]).items():
        if declared.group == name and field_name not in without:
            control(part, field_name, facts)


def groups(part: state.Part, facts: Mapping[str, FieldFact], without: Collection[str] = ()) -> None:
    """Draw a switch for every group, and below them the fields of those that are open.

    One element names all groups: a closed one costs nothing, and what is open stays open when the
    page is left and entered again.

    Parameters
    ----------
    part, facts, without
        As for ``group``.
    """
    declared, key = declared_fields(_OWNERS[part]), f"_open_{part}"
    left = {item.group for field, item in declared.items() if field not in without}
    names = [name for name in groups_of(part) if name in left]
    opened = [name for name in state.ui(key, ()) if name in names]
    start = {} if state.seed(key, opened) else {"default": opened}
    st.pills(
        f"More of the {part}",
        names,
        selection_mode="multi",
        **start,
        key=key,
        on_change=_open,
        args=(key,),
        help="Each switch shows its settings below; several can be open.",
    )
    for name in opened:
        st.markdown(f"### {name}")
        group(part, name, facts, without)


def _open(key: str) -> None:
    """Keep which groups are open, in the order of the groups."""
    chosen = state.typed(key) or ()
    state.set_ui(key, tuple(name for name in GROUPS if name in chosen))


def control(
    part: state.Part,
    name: str,
    facts: Mapping[str, FieldFact] | None = None,
    options: Options | None = None,
    slider: bool = False,
) -> None:
    """Draw the widget of one field, and below it why its value was refused.

    Parameters
    ----------
    part, name
        The field.
    facts
        What the catalog says for optional fields.
    options
        Allowed whole numbers with words.
    slider
        Draw a bounded number as a slider instead of a box to type in.
    """
    case = state.case()
    declared = declared_fields(_OWNERS[part])[name]
    value = getattr(getattr(case, part), name)
    if declared.optional:
        _optional(part, name, declared, value, (facts or {}).get(name))
    elif options is not None:
        _stops(part, name, declared, value, options)
    elif declared.kind == "choice":
        _choice(part, name, declared, value, case)
    elif declared.kind == "flag":
        start = _seed(part, name, bool(value))
        st.toggle(declared.label, help=_help(declared), **start, **_wired(part, name, bool))
    elif declared.kind == "text":
        start = _seed(part, name, value)
        st.text_input(
            declared.label,
            max_chars=int(declared.high),
            help=_help(declared),
            **start,
            **_wired(part, name, str),
        )
    else:
        _number(part, name, declared, value, slider)
    _faults(part, name)


def _faults(part: state.Part, name: str) -> None:
    for problem in state.refused(f"{part}.{name}"):
        allowed = f" Allowed: {markdown(problem.allowed, 120)}." if problem.allowed else ""
        st.error(f"Not taken: {markdown(problem.message, 160)}.{allowed}")


def _help(declared: Field) -> str:
    why = f"\n\nAssumed: {declared.assumption}." if declared.assumption else ""
    return f"{declared.help}{why}"


def _seed(part: state.Part, name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    """Give a widget its value; returns the default to draw it with."""
    written = state.seed(widget_key(part, name), value, f"{part}.{name}")
    return {} if written else {"value": value}


def _wired(part: state.Part, name: str, back: Callable[[Any], Any]) -> dict[str, Any]:
    key = widget_key(part, name)
    return {"key": key, "on_change": _copy, "args": (part, name, key, back)}


def _copy(part: state.Part, name: str, key: str, back: Callable[[Any], Any]) -> None:
    """Copy what was typed into the case."""
    typed = state.typed(key)
    if typed is not None:
        state.change(part, **{name: back(typed)})


def _choice(part: state.Part, name: str, declared: Field, value: str, case: Case) -> None:
    ids, catalog = choices_of(part, name, case), case.catalog()
    start = {"index": ids.index(value)} if _seed(part, name, value) else {}
    st.selectbox(
        declared.label,
        ids,
        **start,
        format_func=lambda chosen: choice_label(declared.choices, chosen, catalog),
        help=_help(declared),
        **_wired(part, name, str),
    )


def _stops(part: state.Part, name: str, declared: Field, value: int, options: Options) -> None:
    words = dict(zip(options.values, _escaped(tuple(options.words)), strict=True))
    start = _seed(part, name, value)
    st.select_slider(
        declared.label,
        list(options.values),
        **start,
        format_func=lambda at: words.get(at, str(at)),
        help=_help(declared),
        **_wired(part, name, int),
    )


@lru_cache(maxsize=64)
def _escaped(words: tuple[str, ...]) -> tuple[str, ...]:
    """Escape what a slider shows: it is read as Markdown, and layers have foreign names."""
    return tuple(markdown(word) for word in words)


@lru_cache(maxsize=512)
def log_steps(low: float, high: float, also: tuple[float, ...], whole: bool) -> tuple[float, ...]:
    """List the stops of a logarithmic slider: eight in a decade, the ends, and some more.

    Examples
    --------
    >>> log_steps(1, 10, (7,), True)
    (1, 2, 3, 4, 5, 6, 7, 8, 10)
    """
    start = low if low > 0 else high / 1e6
    exponents = range(math.floor(math.log10(start)), math.ceil(math.log10(high)) + 1)
    found = {float(f"{step}e{power}") for power in exponents for step in _STEPS}
    inside = {value for value in found if start <= value <= high}
    inside |= {low, high, *also}
    if whole:
        return tuple(sorted({int(value) for value in inside if value == int(value)}))
    return tuple(sorted(inside))


def _number(part: state.Part, name: str, declared: Field, value: float, slider: bool) -> None:
    shown = shown_unit(name, declared)
    whole = declared.kind == "integer"
    if not slider:
        _typed_number(part, name, declared, shown, value)
        return
    label = f"{declared.label} ({shown.label})" if shown.label else declared.label
    now: float = int(value) if whole else shown.out(value)
    back: Callable[[Any], Any] = int if whole else shown.back
    start = _seed(part, name, now)
    if declared.log:
        bounds = shown.out(declared.low), shown.out(declared.high)
        st.select_slider(
            label,
            log_steps(*bounds, state.stops(f"{part}.{name}", now), whole),
            **start,
            format_func=lambda at: f"{at:,g}".replace(",", "\u202f"),
            help=_help(declared),
            **_wired(part, name, back),
        )
        return
    st.slider(
        label,
        shown.out(declared.low),
        shown.out(declared.high),
        **start,
        help=_help(declared),
        **_wired(part, name, back),
    )


def _typed_number(part: state.Part, name: str, declared: Field, shown: Shown, value: float) -> None:
    label = f"{declared.label} ({shown.label})" if shown.label else declared.label
    if declared.kind == "integer":
        start = _seed(part, name, int(value))
        st.number_input(
            label,
            int(declared.low),
            int(declared.high),
            **start,
            help=_help(declared),
            **_wired(part, name, int),
        )
        return
    start = _seed(part, name, float(shown.out(value)))
    st.number_input(
        label,
        float(shown.out(declared.low)),
        float(shown.out(declared.high)),
        **start,
        step=_step(declared, shown),
        format="%.6g",
        help=_help(declared),
        **_wired(part, name, shown.back),
    )


def _step(declared: Field, shown: Shown) -> float:
    """Step of the buttons beside a number: a hundredth of a bounded range, else one unit."""
    span = (declared.high - declared.low) * shown.factor
    return float(f"{span / 100:.0e}") if not declared.log and span <= 1e4 else 1.0


def _optional(
    part: state.Part, name: str, declared: Field, value: float | None, fact: FieldFact | None
) -> None:
    """Draw a switch between the catalog's fact and an own number, the fact beside it."""
    key = f"{widget_key(part, name)}?"
    beside = f" ({fact.text}, {fact.origin})" if fact is not None and fact.text else ""
    if value is not None:
        _typed_number(part, name, declared, shown_unit(name, declared), value)
    start = {} if state.seed(key, value is None) else {"value": value is None}
    without = f"{declared.none_means}{beside}"
    st.toggle(
        f"{declared.label}: {without}",
        **start,
        key=key,
        help=_help(declared),
        on_change=_switch,
        args=(part, name, key, fact.value if fact is not None else declared.low),
    )


def _switch(part: state.Part, name: str, key: str, start: float) -> None:
    """Go back to the catalog, or start an own number from its fact."""
    chosen = state.typed(key)
    if chosen is not None:
        state.change(part, **{name: None if chosen else start})
