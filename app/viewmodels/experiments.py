"""The experiments of Playground and Policy, played: flows of a network, rules for sending."""

from __future__ import annotations

__all__ = [
    "compare_flows",
    "compare_rule",
    "flow_text",
    "play_flow",
    "play_rule",
    "ran_slots",
    "rule_text",
]

import dataclasses
import json
import math
from collections.abc import Callable, Sequence

from text import format_quantity

from analytic_models import DesignError
from analytic_models.errors import Problem
from analytic_models.simulation.routing import NetworkRun, Step, simulate_network
from analytic_models.simulation.slots import SlotRun, simulate_slots
from viewmodels.checking import Comparison, Figure, compare_figures
from viewmodels.playground import ArcRow, Flow, flow_of
from viewmodels.policy_map import PolicyQuestion, PolicyView, rule_of

_Tick = Callable[[float], bool]


def flow_text(arcs: Sequence[ArcRow], rate_per_s: float, key: str) -> str:
    """Return all that matters for a run of a network, as a key."""
    return json.dumps(["network", key, rate_per_s, [dataclasses.astuple(arc) for arc in arcs]])


def play_flow(text: str, requests: int, seed: int, progress: _Tick | None = None) -> NetworkRun:
    """Play the flow that a text describes.

    Raises
    ------
    DesignError
        If the flow overloads a step.
    """
    _, key, rate, rows = json.loads(text)
    flow = flow_of([ArcRow(*row) for row in rows], rate, key)
    if not flow.ways:
        message = "every flow overloads a step of this network"
        raise DesignError(Problem("network", message, "fewer requests"))
    ways = [[Step(name, delay, work) for name, delay, work in way.steps] for way in flow.ways]
    shares = [way.share for way in flow.ways]
    return simulate_network(ways, shares, rate, requests, seed, progress)


def compare_flows(flow: Flow, run: NetworkRun) -> Comparison:
    """Set the flow of a network beside a run of it."""
    figures = [Figure("mean of all requests", "s", flow.mean_s, run.whole.mean_s)]
    figures += [
        Figure(f"{way.name} ({format_quantity(way.share, 'frac', 2)})", "s", way.mean_s, found)
        for way, found in zip(flow.ways, run.ways, strict=True)
    ]
    figures.append(Figure("99 % (p99)", "s", math.nan, run.whole.p99_s))
    inside = run.whole.mean_s.covers(flow.mean_s)
    sentence = (
        "The mean of the solver lies within the uncertainty of the run. "
        if inside
        else "The mean of the solver lies outside the interval of the run. "
    )
    if not run.whole.steady:
        sentence = "The run has not settled: its figures are a glimpse, not a check. "
    sentence += (
        "Work is exponential here; shared steps take the same mean for every law of work, and no "
        "law gives their percentiles."
    )
    return compare_figures(figures, sentence, run.whole.unsteady)


def rule_text(asked: PolicyQuestion, key: str) -> str:
    """Return all that matters for a run of a rule, as a key."""
    return json.dumps(["policy", key, dataclasses.astuple(asked)])


def play_rule(text: str, slots: int, seed: int, progress: _Tick | None = None) -> SlotRun:
    """Play the rule that a text describes, slot by slot."""
    _, key, values = json.loads(text)
    model, policy = rule_of(PolicyQuestion(*values), key)
    return simulate_slots(
        policy.action,
        model.arrivals,
        model.channel,
        model.price,
        model.hold,
        model.loss,
        slots,
        seed,
        progress,
    )


def compare_rule(view: PolicyView, run: SlotRun) -> Comparison:
    """Set the long-run means of a rule beside a run of it."""
    figures = [
        Figure("cost per slot", "1", view.cost, run.cost),
        Figure("jobs that wait", "1", view.queue, run.queue),
        Figure("price per slot", "1", view.price, run.price),
        Figure("jobs lost per slot", "1", math.nan, run.lost),
    ]
    inside = run.cost.covers(view.cost)
    sentence = (
        f"The exact long-run cost lies {'within' if inside else 'outside'} the uncertainty of the "
        "run, which knows the rule and the channel but no stationary distribution."
    )
    return compare_figures(figures, sentence)


def ran_slots(run: SlotRun) -> str:
    """Say how a run was made."""
    slots = format_quantity(run.slots, "count")
    return f"{slots} slots on 20 independent lines, seed {run.seed}, in {run.elapsed_s:.1f} s."
