"""Policy: whether to send now, or to wait for a better channel."""

from __future__ import annotations

import streamlit as st
from charts.policy_map import action_chart, cost_chart, weight_chart
from checking import Job, draw_comparison, play
from drawing import draw
from family import finding, picked
from solving import policies
from viewmodels.experiments import compare_rule, play_rule, ran_slots, rule_text
from viewmodels.policy_map import Policies, PolicyQuestion

WEIGHTS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
LEAD = (
    "When a device should send and when it should wait for a better channel: the exact policy "
    "beside threshold, drift-plus-penalty and greedy rules. Costs are per slot, in the unit of the "
    "prices."
)
ASSUMES = (
    "Time runs in slots. In each, a device sees its queue and whether the channel is good or bad, "
    "and sends up to two jobs; the channel is a two-state Markov chain. Costs are long-run means "
    "from the stationary distribution, not from a simulation; a job beyond 60 in the queue is lost "
    "at a price of 100. Prices are in any one unit, for instance millijoules."
)


def question() -> PolicyQuestion:
    """Draw the model's controls."""
    first = PolicyQuestion()
    with st.sidebar:
        st.subheader("Queue and channel")
        return PolicyQuestion(
            st.slider("Jobs per slot", 0.05, 1.5, first.arrivals, 0.05, key="_policy_arrivals"),
            st.slider(
                "Price of a job, good channel", 0.0, 5.0, first.good, 0.25, key="_policy_good"
            ),
            st.slider("Price of a job, bad channel", 0.0, 30.0, first.bad, 0.5, key="_policy_bad"),
            st.slider(
                "A good channel stays good", 0.05, 0.99, first.stay_good, 0.01, key="_policy_stays"
            ),
            st.slider(
                "A bad channel stays bad", 0.05, 0.99, first.stay_bad, 0.01, key="_policy_stuck"
            ),
            st.slider(
                "Cost of waiting, per job and slot", 0.05, 5.0, first.hold, 0.05, key="_policy_hold"
            ),
            st.select_slider("V of drift-plus-penalty", WEIGHTS, first.weight, key="_policy_v"),
        )


def by_simulation(found: Policies, asked: PolicyQuestion) -> None:
    """Check a rule by playing it slot by slot."""
    st.subheader("Check by simulation")
    st.caption(
        "Plays one of the rules slot by slot, without the stationary distribution that the costs "
        "above come from."
    )
    views = {view.key: view for view in found.views}
    key = picked("policy_played", "Play", list(views), "exact", lambda name: views[name].name)
    text = rule_text(asked, key)
    job = Job(text, lambda slots, seed, tick: play_rule(text, slots, seed, tick))
    run = play(job, "policy", "Slots")
    if run is not None:
        draw_comparison(compare_rule(views[key], run), ran_slots(run))


def page() -> None:
    """Draw the page."""
    asked = question()
    with st.spinner("Solving the decision process…"):
        found = policies(asked)
    finding(found.sentence, found.badge, True, found.certificate, ASSUMES, LEAD)
    draw([action_chart(found.views)], key="actions", columns=1)
    costs = [
        cost_chart(found.views),
        weight_chart(found.weights, found.costs, found.views, asked.weight),
    ]
    draw(costs, key="policy_costs", columns=2)
    by_simulation(found, asked)


page()
