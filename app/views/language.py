"""Language models: where one should run, how fast it streams, and when a link helps or hurts."""

from __future__ import annotations

import state
import streamlit as st
from catalog_parts import catalog_style, kept, title
from charts.language import batch_chart, draft_chart, plane_chart, shipping_chart
from drawing import draw
from serving_section import crowd_section
from text import UNKNOWN, format_quantity, markdown
from viewmodels.language import (
    SHOWN,
    Choice,
    Tier,
    cascade_words,
    curves_of,
    draft_map,
    measured_dots,
    models_of,
    origin_lines,
    runnable,
    shipping_of,
    tiers_of,
    verdict,
)

from analytic_models import Case
from analytic_models.language import LANGUAGE_PRECISIONS
from analytic_models.units import unit_of_name

WORDS = {"device": "Device", "edge": "Edge", "cloud": "Cloud"}
USUAL = {"device": "apple_m3_max", "edge": "rtx4090", "cloud": "h200_sxm"}
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)


def machines(case: Case) -> tuple[str, str, str]:
    """Draw the three machines; those of the design come first where they can hold a model."""
    known, found = runnable(case.catalog()), []
    for tier, column in zip(WORDS, st.columns(3), strict=True):
        start = getattr(case.scenario, tier)
        start = start if start in known and tier != "device" else USUAL[tier]
        with column:
            found.append(
                kept(
                    st.selectbox,
                    f"lm_{tier}",
                    start,
                    WORDS[tier],
                    options=list(known),
                    format_func=known.__getitem__,
                )
            )
    return found[0], found[1], found[2]


def controls(case: Case) -> Choice:
    """Draw what can be chosen; all of it belongs to this page, none to the design."""
    models = models_of(case.catalog())
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    names = {"options": list(models), "format_func": models.__getitem__}
    with left:
        model = kept(st.selectbox, "lm_model", "llama_3_1_8b", "Language model", **names)
    with middle:
        drafter = kept(st.selectbox, "lm_small", "llama_3_2_1b", "Small model", **names)
    with right:
        options = list(LANGUAGE_PRECISIONS)
        precision = kept(st.segmented_control, "lm_bits", "int4", "Weights", options=options)
    chosen = machines(case)
    loads = (
        ("lm_batch", 8, "Users at a time, edge and cloud", BATCHES),
        ("lm_prompt", 512, "Tokens of the prompt", TOKENS),
        ("lm_output", 128, "Tokens of the answer", TOKENS),
    )
    found = []
    for (name, start, words, steps), column in zip(loads, st.columns(3), strict=True):
        with column:
            found.append(kept(st.select_slider, name, start, words, options=list(steps)))
    links = case.scenario.uplink, case.scenario.backhaul
    return Choice(model, drafter, chosen, *links, precision or "int4", *found, case.user_data)


def number(tier: Tier, name: str, words: str) -> None:
    """Draw a number that opens where it comes from."""
    found, unit = tier.number(name), str(unit_of_name(name))
    known = found.value == found.value
    text = format_quantity(found.value, unit) if known else UNKNOWN
    with st.popover(markdown(f"{words}: {text}", 60), type="tertiary"):
        st.markdown(f"**{markdown(found.origin.kind)}**")
        for line in origin_lines(found, unit):
            st.markdown(f"- {markdown(line, 300)}")


def cards(tiers: tuple[Tier, ...]) -> None:
    """Draw one card per tier, each number with its origin behind it."""
    for tier, column in zip(tiers, st.columns(3), strict=True):
        with column, st.container(border=True, height="stretch"):
            room = "" if tier.fits else ": does not fit" if tier.served.alone.fits is False else ""
            st.markdown(f"**{WORDS[tier.tier]}**{room} · {markdown(tier.machine, 40)}")
            for name, words in SHOWN.items():
                number(tier, name, words)


def pair(choice: Choice) -> None:
    """Draw the cascade of the small model here and the large one in the cloud."""
    with st.expander("Small model first, large one when needed"):
        asked = (
            ("lm_passed_on", 30, "Questions handed on (%)"),
            ("lm_kept", 85, "Small model right on what it keeps (%)"),
            ("lm_rescued", 80, "Large model right on what it is handed (%)"),
        )
        shares = []
        for (name, start, words), column in zip(asked, st.columns(3), strict=True):
            with column:
                shares.append(kept(st.slider, name, start, words, min_value=0, max_value=100))
        rows = cascade_words(choice, *shares)
        for (words, text), column in zip(rows, st.columns(4), strict=True):
            column.metric(words, text)
        st.caption("The two accuracies are yours: what is handed on is harder than the mean.")


def page() -> None:
    """Draw the page."""
    catalog_style()
    slot = st.container()
    choice = controls(state.case())
    tiers = tiers_of(choice)
    with slot:
        title(verdict(choice), "One decoder on three machines, with the links of your design.")
    cards(tiers)
    points = [(t.tier, t.machine, t.number("ttft_s"), t.number("tpot_s")) for t in tiers]
    charts = [batch_chart(curves_of(choice), measured_dots(choice)), plane_chart(points)]
    checker = kept(
        st.segmented_control, "lm_checker", "edge", "Drafts are checked", options=["edge", "cloud"]
    )
    found, shipping = draft_map(choice, checker or "edge"), shipping_of(choice, "edge")
    if found is not None:
        axes = (found.draft.acceptance.tolist(), found.draft.round_trip_s.tolist())
        gains = (found.draft.speedup.tolist(), found.draft.break_even_s.tolist())
        charts.append(draft_chart(*axes, *gains, found.now_s, found.sentence))
    if shipping is not None:
        charts.append(shipping_chart(shipping))
    draw(charts, key="language", columns=2)
    crowd_section(choice)
    pair(choice)


page()
