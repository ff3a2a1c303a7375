"""The architecture as a picture: tiers, hops, what runs where, and two cuts that can be dragged.

The picture is drawn from one JSON-like mapping; texts arrive formatted and are shown as text only.

``alt``: str
    The whole picture in one sentence.
``tiers``: list of mappings, device first
    ``id`` (``device``, ``edge`` or ``cloud``), ``label``, ``machine``, ``count`` (number of
    machines, drawn as a stack), ``count_label`` ("40 cameras"), ``runs`` ("conv1_1 to pool3"; empty
    when nothing runs there), ``precision`` ("int8"), ``time`` ("12.3 ms"), ``utilisation`` (0 to 1
    and above, None when unknown), ``utilisation_label`` ("42 %"), ``memory`` ("210 MB of 4 GB"),
    ``memory_frac`` (0 to 1 and above, None when unknown), ``unstable`` and ``bottleneck`` (bool).
``hops``: list of mappings, one fewer than the tiers
    ``id`` (``uplink`` or ``backhaul``), ``label``, ``technology``, ``bandwidth``, ``rtt``,
    ``payload`` ("150 kB"; empty when nothing crosses), ``time``, ``utilisation``,
    ``utilisation_label``, ``unstable``, ``bottleneck``.
``strip``: mapping, or None to leave it out
    ``names`` (n layer names), ``work`` (n relative heights, 0 to 1), ``payload`` (n + 1 texts, what
    would cross at each boundary), ``payload_frac`` (n + 1 relative sizes, 0 to 1, for the line),
    ``valid`` (boundaries where a cut may stand, or None for all), ``cut1`` and ``cut2`` (boundary
    numbers: the device runs the layers before ``cut1``, the cloud those from ``cut2`` on).
``selected``: str
    Id of the tier or hop that is marked as chosen, or an empty string.
``read_only``: bool
    A picture without handles or buttons.
"""

from __future__ import annotations

__all__ = ["CanvasEvent", "canvas"]

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st
import theme

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class CanvasEvent:
    """What the user did: moved a cut, or chose a tier or hop.

    Parameters
    ----------
    kind
        ``"cuts"`` or ``"select"``.
    cuts
        Both boundaries after the move; None for a selection.
    target
        Id of the chosen tier or hop; empty for a move.
    """

    kind: Literal["cuts", "select"]
    cuts: tuple[int, int] | None = None
    target: str = ""
    serial: float = field(default=0.0, compare=False)


_mount = st.components.v2.component(
    "eccc_canvas",
    js=(_HERE / "canvas.js").read_text(encoding="utf-8"),
    css=theme.css_variables() + (_HERE / "canvas.css").read_text(encoding="utf-8"),
)


def canvas(
    model: Mapping[str, Any], key: str, on_event: Callable[[], None] | None = None
) -> CanvasEvent | None:
    """Draw the architecture.

    Parameters
    ----------
    model
        The picture as described at the head of this module.
    key
        Name of the picture in the page; focus stays on the same element between runs.
    on_event
        Called before the run that an event causes, as with any Streamlit element.

    Returns
    -------
    CanvasEvent or None
        The event that caused this run, exactly once; None otherwise.
    """
    # Of a mapping Streamlit would look at every entry for a table.
    sent = json.dumps(dict(model)).encode()
    result = _mount(key=key, data=sent, on_event_change=on_event or _nothing)
    return _fresh_event(result.get("event"), model, key)


def _nothing() -> None:
    """Declare the state without doing anything."""


def _fresh_event(state: object, model: Mapping[str, Any], key: str) -> CanvasEvent | None:
    if not isinstance(state, Mapping):
        return None
    serial = float(state.get("serial", 0.0))
    seen = f"_{key}_seen_event"
    if st.session_state.get(seen) == serial:
        return None
    st.session_state[seen] = serial
    if state.get("kind") == "select":
        known = {part["id"] for part in (*model["tiers"], *model["hops"])}
        target = str(state.get("target", ""))
        return CanvasEvent("select", target=target, serial=serial) if target in known else None
    cuts = _checked_cuts(state, model)
    return CanvasEvent("cuts", cuts=cuts, serial=serial) if cuts else None


def _checked_cuts(state: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[int, int] | None:
    strip = model.get("strip")
    cut1, cut2 = state.get("cut1"), state.get("cut2")
    if not strip or not isinstance(cut1, int) or not isinstance(cut2, int):
        return None
    layers = len(strip["names"])
    valid = strip.get("valid")
    allowed = range(layers + 1) if valid is None else valid
    if cut1 > cut2 or cut1 not in allowed or cut2 not in allowed:
        return None
    return cut1, cut2
