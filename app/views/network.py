"""Links: every hop of the catalog by rate and round trip, and a place in the design."""

from __future__ import annotations

import state
import streamlit as st
from catalog_parts import (
    COMPARED,
    browse,
    catalog_style,
    cell,
    chosen_ids,
    html_table,
    kept,
    title,
    use_button,
)
from charts.hops import link_map
from drawing import draw
from text import markdown, plain
from viewmodels.choices import choice_label
from viewmodels.current import evaluated
from viewmodels.hops import DIRECTIONS, find_hops, hop_comparison, points_of, reach_of

from analytic_models import Case

COLUMNS = {
    "label": "Link",
    "technology": "Technology",
    "serves": "Can be",
    "up_mbit_per_s": "Up Mbit/s",
    "down_mbit_per_s": "Down Mbit/s",
    "rtt_ms": "Round trip ms",
    "send_nj_per_bit": "Send nJ/bit",
    "rate_origin": "Rate is",
    "rtt_origin": "Round trip is",
}
PLACES = {"all": "All", "uplink": "Uplink", "backhaul": "Backhaul"}


def filters() -> tuple[str, str, str]:
    """Draw search and filters."""
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    with left:
        words = kept(
            st.text_input,
            "hop_words",
            "",
            "Search links",
            placeholder="5g, fibre, satellite …",
            max_chars=60,
        )
    with middle:
        place = kept(
            st.segmented_control,
            "hop_place",
            "all",
            "Can serve as",
            options=list(PLACES),
            format_func=PLACES.__getitem__,
        )
    with right:
        way = kept(
            st.segmented_control,
            "hop_direction",
            "up",
            "Direction",
            options=list(DIRECTIONS),
            format_func=DIRECTIONS.__getitem__,
        )
    return words, place or "all", way or "up"


def places(ids: list[str], case: Case) -> None:
    """Draw the buttons that put a link into the design."""
    hops = case.catalog().hops
    for id in ids:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Use {markdown(hops[id].label, 50)} as")
            for place in hops[id].serves:
                use_button(place, id, place, getattr(case.scenario, place) == id)
    own = [
        name for name in ("uplink_bit_per_s", "backhaul_bit_per_s") if getattr(case.scenario, name)
    ]
    if own:
        st.caption("Your scenario sets its own rate, which goes before that of the link.")


def page() -> None:
    """Draw the page from the case of this visitor."""
    catalog_style()
    case = state.case()
    catalog = case.catalog()
    hops = catalog.hops
    title(
        "Links: how fast, how far, how sure",
        f"{len(hops)} links from LoRaWAN to fibre. Stars are in your design; choose a point or "
        "a row to compare.",
    )
    words, place, way = filters()
    rows = find_hops(words, place, catalog)
    start = list(dict.fromkeys((case.scenario.uplink, case.scenario.backhaul)))
    used = {case.scenario.backhaul: "backhaul", case.scenario.uplink: "uplink"}
    points = points_of(tuple(row.id for row in rows), way, catalog)
    reach = reach_of(evaluated(case))
    shown = state.ui("hops", start)
    clicked = draw(
        [link_map(points, DIRECTIONS[way], reach, used, shown)], key="link_map", columns=1
    )
    if clicked is not None and clicked.id in hops and clicked.id not in shown:
        state.set_ui("hops", [*shown, clicked.id][-COMPARED:])
        st.rerun()
    missing = len(rows) - len(points)
    if missing:
        st.caption(f"{missing} links lack a rate or a round trip and are only in the table.")
    browse(rows, COLUMNS, "hops", list(hops), start)
    ids = chosen_ids(
        "hops", start, list(hops), lambda id: choice_label("catalog:hops", id, catalog)
    )
    if not ids:
        return
    places(ids, case)
    body = [
        (cell(words), *(cell(t.value, t.origin, f"{t.source}. {t.remark}") for t in texts))
        for words, texts in hop_comparison(ids, catalog)
    ]
    html_table(("", *(plain(hops[id].label, 40) for id in ids)), body, "Facts of the chosen links")


page()
