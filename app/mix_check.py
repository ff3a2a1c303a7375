"""Check of mixes by simulation: what is played, how stations serve, and the comparison."""

from __future__ import annotations

__all__ = ["check_mix"]

from collections.abc import Sequence

import streamlit as st
from checking import Job, draw_comparison, play, ran_words
from family import picked
from viewmodels.mixing import QUEUES, MixClaim, compare_mix, mix_text, needs_queues, play_mix


def check_mix(claims: Sequence[MixClaim], key: str) -> None:
    """Draw the check of one of several mixes, and its comparison once a run has ended.

    Parameters
    ----------
    claims
        What can be played; those without a plan are left out.
    key
        Name of the check in the page.
    """
    there = [claim for claim in claims if claim.parts]
    if not there:
        return
    st.header("Check by simulation")
    st.caption(
        "Plays the requests of every device one by one through the same stations, without any of "
        "the laws: the mean of the mix is held against the run, percentiles come from the run."
    )
    numbers = list(range(len(there)))
    last = numbers[-1]
    with st.container(horizontal=True, gap="small", key=f"played_{key}"):
        at = picked(f"played_{key}", "Play", numbers, last, lambda number: there[number].name)
        queues = "shared"
        if needs_queues(there):
            queues = picked(
                f"queues_{key}", "Stations serve", list(QUEUES), "scenario", QUEUES.__getitem__
            )
    claim = there[at if at in numbers else last]
    text = mix_text(claim, queues)
    job = Job(text, lambda requests, seed, tick: play_mix(text, requests, seed, tick))
    run = play(job, key)
    if run is not None:
        draw_comparison(compare_mix(claim, run, queues), ran_words(run.whole))
