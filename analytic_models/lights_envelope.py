"""How far a closed form may lie from a simulation of the same case: the lights as numbers.

The lights say in words what was measured; here the same figures can be held against a run.
"""

from __future__ import annotations

__all__ = ["Envelope", "envelope"]

from collections.abc import Mapping
from dataclasses import dataclass

from analytic_models.design import Scenario
from analytic_models.evaluation import Evaluation
from analytic_models.lights import lights
from analytic_models.lights_basis import Light, limited, used_stations
from analytic_models.lights_classes import uneven_in_order
from analytic_models.lights_queues import evens_out, hands_on_clumps, meets_again
from analytic_models.scenario_load import PRIORITIES

_KNOWN = frozenset({
    "arrivals", "sources", "link", "load", "spread", "servers", "sharing", "batching", "layers",
    "discipline", "smoothing", "repeats", "room", "urgency",
})  # fmt: skip
# Lights that state no error of times outside their green range, unless there are several machines.
_GREEN_ONLY = frozenset({"room", "urgency"})
_FIGURES = ("mean", "p95", "p99")
# Chains of queues of random requests: within 3 % of simulation.
_PLAIN = dict.fromkeys(_FIGURES, (-0.03, 0.03))
# Keys as in the lights' words: (lowest, highest) of closed form over simulation minus 1.
_SMOOTHED = {"mean": (0.0, 0.07), "p95": (0.0, 0.05), "p99": (0.0, 0.05)}
_EVENED_OUT = {"mean": (0.0, 0.32), "p95": (0.0, 0.23), "p99": (0.0, 0.18)}
_EVENED_ALONE = dict.fromkeys(_FIGURES, (0.0, 1.0))
_SERVERS = {"mean": (-0.056, 0.015), "p95": (-0.03, 0.04), "p99": (-0.03, 0.04)}
_SERVERS_UNEVEN = {"mean": (-0.056, 0.015), "p95": (-0.08, 0.01), "p99": (-0.08, 0.01)}
_SHARED = {"p95": (-0.02, 0.02), "p99": (-0.02, 0.02)}
_SHARED_UNEVEN = {"p95": (-0.09, 0.02), "p99": (-0.09, 0.02)}
_CLUMPS = {"p95": (-0.11, 0.0), "p99": (-0.11, 0.0)}
_BATCHES = {"mean": (0.0, 0.09), "p95": (-0.04, 0.04), "p99": (-0.04, 0.04)}
_PERIODIC = {"mean": (-0.04, 0.04), "p95": (0.0, 0.03), "p99": (0.0, 0.03)}
_PERIODIC_SHARED = {"mean": (-0.04, 0.04), "p95": (0.0, 0.18), "p99": (0.0, 0.18)}
_BURSTY = {"mean": (-0.03, 0.0), "p95": (-0.18, 0.0), "p99": (-0.22, 0.0)}
_TOGETHER = {"mean": (-0.01, 0.01), "p95": (-0.01, 0.01), "p99": (-0.01, 0.01)}
_FADING = {"mean": (-0.03, 0.03), "p95": (-0.05, 0.05), "p99": (-0.07, 0.07)}
_MEETING = {"p95": (-0.07, 0.05), "p99": (-0.035, 0.05)}
_REPEATS = {"mean": (-0.01, 0.01), "p95": (-0.02, 0.02), "p99": (-0.02, 0.02)}
_REPEATS_SHARED = {"mean": (-0.01, 0.01), "p95": (-0.04, 0.04), "p99": (-0.04, 0.04)}
_REPEATS_TOGETHER = {"mean": (-0.06, 0.06), "p95": (-0.14, 0.14), "p99": (-0.22, 0.22)}
_REPEATS_PATTERN = {"p95": (-0.03, 0.03), "p99": (-0.06, 0.0)}
_REPEATS_FADING = {"p95": (-0.06, 0.0), "p99": (-0.13, 0.0)}
_ROOM = {"mean": (-0.01, 0.01), "p95": (-0.02, 0.02), "p99": (-0.02, 0.02)}
_ROOM_MANY = {"mean": (-0.03, 0.03), "p95": (-0.09, 0.09), "p99": (-0.09, 0.09)}
_ROOM_BEHIND_SHARED = {"p99": (-0.08, 0.0)}
_URGENT = {"mean": (-0.02, 0.02), "p95": (-0.02, 0.02), "p99": (-0.02, 0.02)}
_URGENT_MANY = {"mean": (-0.04, 0.03), "p95": (-0.08, 0.07), "p99": (-0.05, 0.17)}
_CLOSED = {"mean": (-0.015, 0.015), "p95": (-0.04, 0.05), "p99": (-0.04, 0.09)}
_CLOSED_UNEVEN = {"mean": (-0.01, 0.09), "p95": (-0.08, 0.09), "p99": (-0.08, 0.17)}
_IDLE_DEVICE = 0.3
_FADING_CLUMPS = {"p95": (-0.17, 0.0)}


@dataclass(frozen=True)
class Envelope:
    """Where the closed form of one figure may lie, as a fraction of the simulated one minus 1."""

    low: float
    high: float

    def holds(self, closed: float, low: float, high: float) -> bool:
        """Whether a closed form fits a simulated value between ``low`` and ``high``.

        Examples
        --------
        >>> Envelope(-0.03, 0.05).holds(1.08, 1.02, 1.06)
        True
        """
        return closed <= high * (1.0 + self.high) and closed >= low * (1.0 + self.low)


def envelope(evaluation: Evaluation) -> Mapping[str, Envelope]:
    """Return the envelopes of mean, p95 and p99 under the lights of a case.

    Several broken assumptions add up. Nothing is returned where a light is lit whose error was not
    measured, or where the case has no steady state.

    Examples
    --------
    >>> from analytic_models import Case, evaluate
    >>> envelope(evaluate(Case()))["p99"].low < 0
    True
    """
    found = lights(evaluation)
    unknown = any(_unmeasured(evaluation, light) for light in found)
    if unknown or not evaluation.value("stable_flag") > 0 or _own_rhythm(evaluation):
        return {}
    if evaluation.batch.scenario.arrivals == "closed":
        known = _CLOSED_UNEVEN if uneven_in_order(evaluation) else _CLOSED
        return {name: Envelope(*known[name]) for name in _FIGURES}
    parts = [_PLAIN, *_of_arrivals(evaluation), *_of_stations(evaluation)]
    parts += _of_special(evaluation)
    return {
        name: Envelope(
            sum(part[name][0] for part in parts if name in part),
            sum(part[name][1] for part in parts if name in part),
        )
        for name in _FIGURES
    }


def _unmeasured(evaluation: Evaluation, light: Light) -> bool:
    """Whether a light is lit where nobody measured what it does to times."""
    if light.state == "green":
        return False
    several = any(
        getattr(evaluation.batch.scenario, f"{tier}_servers_count") > 1
        for tier in used_stations(evaluation, ("edge", "cloud"))
    )
    return light.id not in _KNOWN or (light.id in _GREEN_ONLY and not several)


def _own_rhythm(evaluation: Evaluation) -> bool:
    """Whether a busy device sends at a fixed period: only queues of many sources were measured."""
    periodic = evaluation.batch.scenario.arrivals == "periodic"
    return periodic and evaluation.value("device_utilisation_frac") > _IDLE_DEVICE


def _of_arrivals(evaluation: Evaluation) -> list[Mapping[str, tuple[float, float]]]:
    scenario = evaluation.batch.scenario
    if scenario.arrivals == "synchronised":
        return [_TOGETHER]
    if scenario.arrivals == "bursty":
        return [_BURSTY]
    if scenario.arrivals == "periodic":
        return [_PERIODIC_SHARED if _serves(evaluation, "ps") else _PERIODIC]
    return []


def _serves(evaluation: Evaluation, discipline: str) -> list[str]:
    scenario: Scenario = evaluation.batch.scenario
    used = used_stations(evaluation)
    return [name for name in used if getattr(scenario, f"{name}_discipline") == discipline]


def _of_stations(evaluation: Evaluation) -> list[Mapping[str, tuple[float, float]]]:
    scenario = evaluation.batch.scenario
    ordered, shared = _serves(evaluation, "fcfs"), _serves(evaluation, "ps")
    found: list[Mapping[str, tuple[float, float]]] = []
    if len(used_stations(evaluation)) > 1:
        found.append(_SMOOTHED)
    if evens_out(evaluation):
        found.append(_EVENED_OUT if scenario.compute_scv else _EVENED_ALONE)
    if scenario.compute_scv != 1 and any(
        getattr(scenario, f"{tier}_servers_count") > 1
        for tier in ("edge", "cloud")
        if tier in ordered
    ):
        found.append(_SERVERS_UNEVEN if scenario.compute_scv > 1 else _SERVERS)
    if shared:
        uneven = scenario.message_scv > 1 and {"uplink", "backhaul"} & set(shared)
        found.append(_SHARED_UNEVEN if uneven else _SHARED)
    clumps = hands_on_clumps(evaluation)
    if clumps:
        found.append(_CLUMPS)
    if _serves(evaluation, "batch"):
        found.append(_BATCHES)
    if scenario.uplink_slow_frac > 0 and "uplink" in used_stations(evaluation):
        found += [_FADING, _FADING_CLUMPS] if clumps else [_FADING]
    return found


def _of_special(evaluation: Evaluation) -> list[Mapping[str, tuple[float, float]]]:
    """Return the errors of links that repeat, tiers with a last place, and urgent requests."""
    scenario, used = evaluation.batch.scenario, used_stations(evaluation)
    shared = bool({"uplink", "backhaul"} & set(_serves(evaluation, "ps")))
    found: list[Mapping[str, tuple[float, float]]] = []
    if meets_again(evaluation):
        found.append(_MEETING)
    if scenario.uplink_loss_frac > 0 and "uplink" in used:
        found.append(_repeats(scenario))
    rooms = [tier for tier in ("edge", "cloud") if tier in used and limited(scenario, tier)]
    for tier in rooms:
        single = getattr(scenario, f"{tier}_servers_count") == 1 or scenario.compute_scv == 1
        found.append(_ROOM if single else _ROOM_MANY)
    if rooms and shared:
        found.append(_ROOM_BEHIND_SHARED)
    for tier in ("edge", "cloud"):
        if tier in used and getattr(scenario, f"{tier}_discipline") in PRIORITIES:
            single = getattr(scenario, f"{tier}_servers_count") == 1 or scenario.compute_scv == 1
            found.append(_URGENT if single else _URGENT_MANY)
    return found


def _repeats(scenario: Scenario) -> Mapping[str, tuple[float, float]]:
    if scenario.arrivals == "synchronised":
        return _REPEATS_TOGETHER
    if scenario.arrivals != "poisson":
        return _REPEATS_PATTERN
    if scenario.uplink_discipline == "ps":
        return _REPEATS_FADING if scenario.uplink_slow_frac > 0 else _REPEATS_SHARED
    return _REPEATS
