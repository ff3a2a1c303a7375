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
from analytic_models.lights_basis import used_stations
from analytic_models.lights_queues import hands_on_clumps

_KNOWN = frozenset({
    "arrivals", "sources", "link", "load", "spread", "servers", "sharing", "batching", "layers",
    "discipline", "smoothing",
})  # fmt: skip
_FIGURES = ("mean", "p95", "p99")
# Chains of queues of random requests: within 3 % of simulation.
_PLAIN = dict.fromkeys(_FIGURES, (-0.03, 0.03))
# Keys as in the lights' words: (lowest, highest) of closed form over simulation minus 1.
_SMOOTHED = {"mean": (0.0, 0.07), "p95": (0.0, 0.05), "p99": (0.0, 0.05)}
_SERVERS = {"mean": (-0.056, 0.015), "p95": (-0.023, 0.076), "p99": (-0.023, 0.076)}
_SHARED = {"p95": (-0.02, 0.02), "p99": (-0.02, 0.02)}
_SHARED_UNEVEN = {"p95": (-0.09, 0.02), "p99": (-0.09, 0.02)}
_CLUMPS = {"p95": (-0.11, 0.0), "p99": (-0.11, 0.0)}
_BATCHES = {"mean": (0.0, 0.09), "p95": (-0.04, 0.04), "p99": (-0.04, 0.04)}
_PERIODIC = {"mean": (-0.04, 0.04), "p95": (0.0, 0.03), "p99": (0.0, 0.03)}
_PERIODIC_SHARED = {"mean": (-0.04, 0.04), "p95": (0.0, 0.18), "p99": (0.0, 0.18)}
_BURSTY = {"mean": (-0.03, 0.0), "p95": (-0.18, 0.0), "p99": (-0.22, 0.0)}
_TOGETHER = {"mean": (-0.01, 0.01), "p95": (-0.01, 0.01), "p99": (-0.01, 0.01)}
_FADING = {"mean": (-0.03, 0.03), "p95": (-0.05, 0.05), "p99": (-0.07, 0.07)}
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
    unknown = [light for light in found if light.id not in _KNOWN and light.state != "green"]
    if unknown or not evaluation.value("stable_flag") > 0 or _own_rhythm(evaluation):
        return {}
    parts = [_PLAIN, *_of_arrivals(evaluation), *_of_stations(evaluation)]
    return {
        name: Envelope(
            sum(part[name][0] for part in parts if name in part),
            sum(part[name][1] for part in parts if name in part),
        )
        for name in _FIGURES
    }


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
    if scenario.compute_scv != 1 and any(
        getattr(scenario, f"{tier}_servers_count") > 1
        for tier in ("edge", "cloud")
        if tier in ordered
    ):
        found.append(_SERVERS)
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
