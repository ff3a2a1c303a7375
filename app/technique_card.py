"""The card beside the map of techniques: words, switch, settings, and before and after."""

from __future__ import annotations

__all__ = ["draw_card"]

import html
from collections.abc import Mapping, Sequence
from typing import Any

import controls
import state
import streamlit as st
from catalog_parts import cell, html_table
from controls import Options
from pages import link_to
from text import format_quantity, markdown
from viewmodels.cuts import boundary_words
from viewmodels.display import shown_unit
from viewmodels.facts import facts_of
from viewmodels.panels import gains_table
from viewmodels.techniques import (
    Card,
    Setting,
    Trial,
    card,
    control_fields,
    settings_of,
    switched,
    trial,
)

from analytic_models import Evaluation, Scenario
from analytic_models.fields import declared_fields
from taxonomy import Violation, load_presets
from taxonomy.presets import PresetValue

# Units in which a setting is moved: factor and label.
_UNITS = {"frac": (100.0, "%"), "s": (1000.0, "ms"), "count": (1.0, ""), "1": (1.0, "")}
_WIDE = 200.0
_RULE_WORDS = {"error": "Not together", "warning": "Works against", "note": "Note"}


def draw_card(id: str, evaluation: Evaluation) -> None:
    """Draw one node of the taxonomy.

    Parameters
    ----------
    id
        Node.
    evaluation
        Of the present case.
    """
    found = card(id)
    _head(found)
    if found.kind == "use":
        _switch(found, evaluation)
    elif found.kind == "choice":
        _choice(found, evaluation)
    elif found.not_modelled:
        st.info(f"Not modelled: {markdown(found.not_modelled, 400)}")
    _children(found)
    _model(found)
    _relations(found)
    _literature(found)


def _e(words: str) -> str:
    return html.escape(words)


def _head(found: Card) -> None:
    entry = f"<p><b>In a model:</b> {_e(found.entry)}</p>" if found.entry else ""
    note = f'<p class="eccc-small">{_e(found.note)}</p>' if found.note else ""
    st.html(
        f'<div class="eccc-card"><p class="eccc-path">{_e(found.path)}</p><h2>{_e(found.name)}</h2>'
        f'<p><span class="eccc-badge eccc-o-{found.kind}">{_e(found.kind_words)}</span> '
        f'<span class="eccc-small">Its place in the tree: {_e(found.evidence_words)}</span></p>'
        f"<p>{_e(found.definition)}</p>{entry}{note}</div>"
    )


def _switch(found: Card, evaluation: Evaluation) -> None:
    """Draw the switch, the settings, and the figures without and with the technique."""
    case = evaluation.case()
    on = found.id in case.design.techniques
    tried = state.ui(f"tried_{found.id}", {})
    values: Mapping[str, float] = case.design.techniques.get(found.id, tried)
    result = trial(case, found.id, values)
    key = f"_use_{found.id}"
    start = {} if state.seed(key, on) else {"value": on}
    st.toggle(
        "Use in my design",
        **start,
        key=key,
        disabled=not on and result.after is None,
        on_change=_flip,
        args=(found.id, key),
    )
    _rules(found.id, result)
    if result.gains:
        st.html(gains_table(result.gains).replace(">now<", ">without<"))
        if all(gain.better is None for gain in result.gains):
            st.caption("No key figure moves: what it changes does not count in this placement.")
    for setting in settings_of(found.id, values):
        _setting(found.id, setting, dict(values))


def _flip(id: str, key: str) -> None:
    on = bool(state.typed(key))
    new = switched(state.case(), id, on, state.ui(f"tried_{id}", {}))
    state.change("design", techniques=new.to_dict()["design"]["techniques"])


def _rules(id: str, result: Trial) -> None:
    rules = (*result.blocked, *result.remarks)
    st.html("".join(_rule(rule) for rule in rules) or "<span></span>")
    for rule in result.blocked:
        for other in rule.ids:
            if other != id and other in state.case().design.techniques:
                name = card(other).name
                st.button(
                    f"Take {markdown(name, 50)} out",
                    key=f"out_{other}",
                    on_click=_take_out,
                    args=(other,),
                )


def _take_out(id: str) -> None:
    new = switched(state.case(), id, on=False)
    state.change("design", techniques=new.to_dict()["design"]["techniques"])


def _rule(rule: Violation) -> str:
    return (
        f'<div class="eccc-rule {rule.severity}"><b>{_RULE_WORDS[rule.severity]}.</b> '
        f"{_e(rule.message)} {_e(rule.resolve)}</div>"
    )


def _setting(id: str, setting: Setting, values: dict[str, float]) -> None:
    """Draw one parameter as a slider, with where its default and range come from."""
    key = f"_set_{id}.{setting.name}"
    factor, unit = _UNITS.get(setting.unit, (1.0, setting.unit))
    label = f"{setting.label} ({unit})" if unit else setting.label
    low, high, now = (round(v * factor, 10) for v in (setting.low, setting.high, setting.value))
    default = format_quantity(setting.default, setting.unit)
    if low == high:
        st.html(cell(f"{setting.label}: {default}, fixed", setting.origin, setting.source))
        return
    wired: dict[str, Any] = {
        "key": key,
        "on_change": _set,
        "args": (id, setting.name, key, factor, values),
    }
    value = int(now) if setting.whole else now
    wired |= {} if state.seed(key, value) else {"value": value}
    if not setting.whole and setting.default > 0 and setting.high > _WIDE * setting.default:
        steps = controls.log_steps(low, high, (now,), False)
        st.select_slider(label, steps, format_func=lambda at: f"{at:g}", help=setting.help, **wired)
    elif setting.whole:
        st.slider(label, int(low), int(high), help=setting.help, **wired)
    else:
        step = float(f"{(high - low) / 200:.0e}")
        st.slider(label, low, high, step=step, format="%g", help=setting.help, **wired)
    st.html(cell("", setting.origin, f"default {default}: {setting.source}"))


def _set(id: str, name: str, key: str, factor: float, values: dict[str, float]) -> None:
    typed = state.typed(key)
    if typed is None:
        return
    new = {**values, name: typed / factor}
    state.set_ui(f"tried_{id}", new)
    if id in state.case().design.techniques:
        after = switched(state.case(), id, on=True, values=new)
        state.change("design", techniques=after.to_dict()["design"]["techniques"])


def _choice(found: Card, evaluation: Evaluation) -> None:
    """Draw the controls that express a leaf, right here."""
    st.html(f'<div class="eccc-card"><p><b>Here it is:</b> {_e(found.modelled_by)}.</p></div>')
    case, facts = evaluation.case(), facts_of(evaluation)
    words = boundary_words(case.scenario.dnn, case.catalog())
    for part, name in control_fields(found.id):
        options = Options(range(len(words)), words) if name in ("cut1", "cut2") else None
        controls.control(part, name, facts, options=options)
    if found.modelled_by.startswith("optimizer"):
        link_to("optimise", "Search the best design")
    if found.id in load_presets():
        _preset(found.id)


def _preset(id: str) -> None:
    """Draw what is typical of an application, and a button that takes it."""
    preset, fields = load_presets()[id], declared_fields(Scenario)
    rows = [
        (
            cell(fields[name].label),
            _typical(name, v),
            cell("", small=v.why),
        )
        for name, v in preset.values.items()
    ]
    rows += [
        (cell(fields[n].label), cell("not known"), cell("", small=w))
        for n, w in preset.gaps.items()
    ]
    html_table(("Typical of it", "Start and range", "Why"), rows, "Typical numbers")
    st.button("Take these numbers", key="take_preset", on_click=_take_preset, args=(id,))


def _typical(name: str, value: PresetValue) -> str:
    shown = shown_unit(name, declared_fields(Scenario)[name])
    low, at, high = (f"{shown.out(v):g}" for v in (value.low, value.default, value.high))
    origin = "assumed" if value.evidence == "own" else "cited"
    return cell(f"{at} {shown.label}".strip(), origin, f"{low} to {high}, tag {value.evidence}")


def _take_preset(id: str) -> None:
    state.change("scenario", **load_presets()[id].scenario_fields())


def _children(found: Card) -> None:
    for key, name, words in found.children:
        st.button(
            markdown(name, 70),
            key=f"child_{key}",
            help=words,
            type="tertiary",
            icon=":material/subdirectory_arrow_right:",
            on_click=state.set_ui,
            args=("technique", key),
        )


def _list(heading: str, items: Sequence[str]) -> str:
    body = "".join(f"<li>{item}</li>" for item in items)
    return f"<h3>{_e(heading)}</h3><ul>{body}</ul>" if items else ""


def _model(found: Card) -> None:
    """Say what it does to the model, what is claimed, left out and not known."""
    tiers = [f"<b>{_e(a)}</b>: {_e(b)}{_e(f' ({c})' if c else '')}" for a, b, c in found.effects]
    parts = (
        _list("What it changes in the model", tiers),
        _list("What then moves, at the defaults (tested)", [_e(line) for line in found.claims]),
        _list(
            "Not known, so not shown as a number",
            [f"<b>{_e(a)}</b>: {_e(b)}" for a, b in found.gaps],
        ),
        f"<h3>What the model leaves out</h3><p>{_e(found.limits)}</p>" if found.limits else "",
    )
    if any(parts):
        st.html(f'<div class="eccc-card">{"".join(parts)}</div>')


def _relations(found: Card) -> None:
    if not found.relations:
        return
    with st.expander(f"Goes together with ({len(found.relations)})"):
        for relation in found.relations:
            st.button(
                f"{relation.kind} {markdown(relation.name, 70)}",
                key=f"rel_{relation.kind}_{relation.id}",
                type="tertiary",
                on_click=state.set_ui,
                args=("technique", relation.id),
            )
            if relation.why:
                st.caption(markdown(relation.why, 240))


def _literature(found: Card) -> None:
    """Draw formulas, published ranges and references, each with its tag."""
    if found.formulas or found.described:
        with st.expander(f"Formulas as noted ({len(found.formulas)})"):
            rows = [(cell(a), cell(b, small=c)) for a, b, c in found.formulas]
            html_table(("Formula", "Meaning, source, tag"), rows, "Formulas")
            if found.described:
                st.caption(
                    f"Described effects, not executed: {markdown('; '.join(found.described), 600)}"
                )
    if found.ranges:
        with st.expander(f"Published and estimated ranges ({len(found.ranges)})"):
            rows = [(cell(a), cell(b), cell("", small=c)) for a, b, c in found.ranges]
            html_table(("What", "Range", "Source, tag"), rows, "Ranges")
    if found.references:
        with st.expander(f"References ({len(found.references)})"):
            rows = [(cell(a), cell("", small=f"{b}, {c}")) for a, b, c in found.references]
            html_table(("Work", "Where, tag"), rows, "References")
