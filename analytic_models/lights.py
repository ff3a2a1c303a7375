"""Say which assumptions a result rests on, how far they hold, and what would be right instead.

Every light has a measured envelope: what the closed form was off by, against simulation, when its
assumption was broken by so much. A light that is not green limits how many digits may be shown.
"""

from __future__ import annotations

__all__ = ["STATES", "Light", "digits", "lights", "limiting", "relieved", "worst"]

import dataclasses
import math
from collections.abc import Callable, Collection, Sequence

from analytic_models.catalog import Catalog
from analytic_models.design import Scenario
from analytic_models.evaluation import Evaluation
from analytic_models.lights_basis import (
    STATES,
    STATIONS,
    Light,
    State,
    busiest,
    limited,
    percent,
    sentence,
    used_stations,
)
from analytic_models.lights_classes import urgency, waiting_devices
from analytic_models.lights_queues import (
    batching,
    discipline,
    few_servers,
    hands_on_clumps,
    sharing,
    smoothing,
)
from analytic_models.lights_stations import cold_starts, repeats, room

_WIRED = ("wan", "fibre", "ethernet")
# Error of a stated load that nobody notices, and what it does to waiting: e / (1 - rho).
_LOAD_ERROR = 0.05
_BUSY, _NEARLY_FULL = 0.7, 0.9
# Squared variations up to which the gamma law of service times stayed within 5 %, and within 12 %.
_EVEN, _UNEVEN = 0.5, 1.0
_FEW, _HARDLY_ANY = 20, 5
_FADING_MATTERS, _FADES_OVERLOAD = 0.35, 0.8


def lights(evaluation: Evaluation, catalog: Catalog | None = None) -> tuple[Light, ...]:
    """Return the assumptions behind the first case of an evaluation.

    Parameters
    ----------
    evaluation
        Of one case, all quantities.
    catalog
        Catalog that it was looked up in; that of the case by default.

    Returns
    -------
    tuple of Light
        In a fixed order; the same case gives the same lights.

    Examples
    --------
    >>> from analytic_models import Case, evaluate
    >>> found = lights(evaluate(Case()))
    >>> found[0].id, found[0].state
    ('arrivals', 'green')
    """
    catalog = catalog or evaluation.case().catalog()
    makers: tuple[Callable[[Evaluation, Catalog], Light | None], ...] = (
        _arrivals,
        _sources,
        _link,
        _load,
        _spread,
        few_servers,
        sharing,
        batching,
        repeats,
        room,
        cold_starts,
        urgency,
        _layer_times,
        discipline,
        smoothing,
    )
    found = (make(evaluation, catalog) for make in makers)
    return tuple(light for light in found if light is not None)


def worst(found: Sequence[Light]) -> State:
    """Return the most serious state.

    Examples
    --------
    >>> worst(())
    'green'
    """
    return max((light.state for light in found), key=STATES.index, default="green")


def digits(found: Sequence[Light], quantity: str) -> int:
    """Return how many significant digits a quantity may show: 3 if all is green, 2, or 1.

    Parameters
    ----------
    found
        Lights of the case.
    quantity
        Name of the quantity.

    Examples
    --------
    >>> digits((), "latency_mean_s")
    3
    """
    limits = {"green": 3, "amber": 2, "red": 1}
    return limits[worst(limiting(found, quantity))]


def limiting(found: Sequence[Light], quantity: str) -> tuple[Light, ...]:
    """Return the lights that take digits from a quantity: the most serious ones that touch it.

    Parameters
    ----------
    found
        Lights of the case.
    quantity
        Name of the quantity.

    Examples
    --------
    >>> limiting((), "latency_mean_s")
    ()
    """
    touched = _touched(quantity)
    near = [light for light in found if touched & set(light.touches)]
    state = worst(near)
    return () if state == "green" else tuple(light for light in near if light.state == state)


def _touched(quantity: str) -> set[str]:
    if quantity.startswith(
        ("latency_p", "latency_level", "latency_required", "deadline_miss", "late_")
    ):
        return {"mean", "tail", "work"}
    if quantity.startswith("latency_idle"):
        return {"work"}
    if quantity.startswith(("latency", "served_")) or quantity.endswith(
        ("_wait_s", "_time_s", "lost_frac")
    ):
        return {"mean", "work"}
    worked = ("energy", "cost", "carbon", "footprint", "charge_")
    if quantity.startswith(worked) or quantity.endswith("_service_s"):
        return {"work"}
    return set()


def _arrivals(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    scenario = evaluation.batch.scenario
    label = "When requests come"
    if scenario.arrivals == "poisson":
        return Light(
            "arrivals",
            label,
            "green",
            "Requests come at random, independently of each other; chains of such queues were "
            "within 3 % of simulation at p99. For devices on a common trigger p99 would be stated "
            "61 % too low, for devices with a fixed period each up to 24 % too high.",
            remedy={"arrivals": "synchronised"},
            remedy_label="They send together",
        )
    if scenario.arrivals == "closed":
        return waiting_devices(evaluation)
    if scenario.arrivals == "synchronised":
        even = scenario.compute_scv == 0 and scenario.message_scv == 0
        return Light(
            "arrivals",
            label,
            "green" if even else "amber",
            "All devices send at the same instant; a burst of fixed work was within 1 % of "
            "simulation." + ("" if even else " Work that varies makes bursts less regular."),
        )
    if scenario.arrivals == "periodic":
        shared = [
            s for s in used_stations(evaluation) if getattr(scenario, f"{s}_discipline") == "ps"
        ]
        _, load = busiest(evaluation, shared)
        state: State = "amber" if load > 0.5 else "green"
        return Light(
            "arrivals",
            label,
            state,
            "Every device sends at a fixed period with its own phase: with 20 devices the mean "
            "was within 4 % of simulation and p99 0 to 3 % above it first come, first served, "
            "10 to 18 % above it on a shared link.",
            touches=("tail",),
        )
    state = "amber" if scenario.arrival_scv <= 9 else "red"
    return Light(
        "arrivals",
        label,
        state,
        "Devices send in bursts: with variation 4 the mean was 1 to 3 % below simulation, p95 5 to "
        "18 % and p99 13 to 22 % below it. Check by simulation.",
    )


def _sources(evaluation: Evaluation, catalog: Catalog) -> Light:
    scenario = evaluation.batch.scenario
    count = scenario.population_count
    label = "Number of sources"
    if scenario.arrivals == "closed":
        words = f"The loop counts its {count} devices one by one."
        return Light("sources", label, "green", words)
    if count >= _FEW or scenario.arrivals == "synchronised":
        words = f"{count} devices together look random even where each is regular."
        return Light("sources", label, "green", words)
    if scenario.arrivals == "periodic":
        state: State = "amber" if count > _HARDLY_ANY else "red"
        words = (
            f"{count} periodic devices: the mean wait was up to 18 % above the exact one for 20, "
            "43 % for 2 to 5 at high load."
        )
        return Light("sources", label, state, words)
    words = f"{count} devices are random together only if each of them is."
    remedy = {"arrivals": "periodic"}
    if scenario.arrivals == "bursty":
        return Light("sources", label, "amber", words)
    return Light("sources", label, "amber", words, ("mean", "tail"), remedy, "Each has its period")


def _link(evaluation: Evaluation, catalog: Catalog) -> Light | None:
    if "uplink" not in used_stations(evaluation):
        return None
    scenario = evaluation.batch.scenario
    label = "Rate of the uplink"
    load = evaluation.value("uplink_utilisation_frac")
    share, ratio = scenario.uplink_slow_frac, scenario.uplink_slow_rate_frac
    if share > 0:
        mean_rate = 1.0 - share + share * ratio
        in_fade = load * mean_rate / ratio if ratio > 0 else math.inf
        heavy = in_fade > _FADES_OVERLOAD
        words = (
            "The uplink fades; the mean was within 3 % of simulation, p95 within 5 % and p99 "
            f"within 7 %. In a fade the load is {percent(in_fade)}"
        )
        words += ": long fades pile requests up, and a run must see many of them." if heavy else "."
        clumps = hands_on_clumps(evaluation)
        if clumps:
            words += " With a queue in order of arrival behind it, p95 was 17 % too low."
        return Light("link", label, "amber" if heavy or clumps else "green", words)
    if catalog.hops[scenario.uplink].technology in _WIRED:
        return Light("link", label, "green", "A wired link keeps its rate.")
    state: State = "green" if load < 0.05 else "red" if load > _FADES_OVERLOAD else "amber"
    words = (
        "A radio link is taken as steady. At a load of 35 % fades of 0.02 s made the mean 36 % and "
        f"p99 60 % too low, fades of 2 s 76 % and 91 %; the load here is {percent(load)}."
    )
    remedy = {"uplink_slow_frac": 0.2}
    return Light("link", label, state, words, ("mean", "tail"), remedy, "Let it fade 20 % of time")


def _load(evaluation: Evaluation, catalog: Catalog) -> Light:
    scenario = evaluation.batch.scenario
    growing = [name for name in used_stations(evaluation) if not limited(scenario, name)]
    name, load = busiest(evaluation, growing)
    label = "Distance from saturation"
    where = STATIONS.get(name, "no station")
    if load >= 1.0:
        words = f"{where} is asked for {percent(load)} of what it can do: there is no steady state."
        return Light("load", label, "red", sentence(words))
    if evaluation.batch.scenario.arrivals == "closed":
        words = f"{where} is at {percent(load)}; devices that wait ask less, so nothing piles up."
        return Light("load", label, "green", sentence(words))
    error = _LOAD_ERROR / (1.0 - load)
    words = (
        f"{where} is at {percent(load)}; a load that is {percent(_LOAD_ERROR)} off changes "
        f"waiting by about {percent(error)}."
    )
    state: State = "green" if load < _BUSY else "amber" if load < _NEARLY_FULL else "red"
    return Light("load", label, state, sentence(words))


def _spread(evaluation: Evaluation, catalog: Catalog) -> Light:
    scenario = evaluation.batch.scenario
    used = used_stations(evaluation)
    compute = scenario.compute_scv if any(s in used for s in ("device", "edge", "cloud")) else 0.0
    message = scenario.message_scv if any(s in used for s in ("uplink", "backhaul")) else 0.0
    scv = max(compute, message)
    state: State = "green" if scv <= _EVEN else "amber" if scv <= _UNEVEN else "red"
    words = (
        f"Service times have a squared variation of {scv:g}, in a gamma law. Where they were "
        "lognormal instead, p99 was 5 % too low at 0.5, 12 % at 1 and 29 % at 4."
    )
    return Light("spread", "Spread of service times", state, words, ("tail",))


def _layer_times(evaluation: Evaluation, catalog: Catalog) -> Light:
    batch = evaluation.batch
    label = "Times of the layers"
    if batch.scenario.timing == "measured":
        words = "Block times were measured on these machines; sums were within 1 to 4 %."
        return Light("layers", label, "green", words, ("work",))
    design = batch.designs.design()
    used = [t for t in ("device", "edge", "cloud") if evaluation.value(f"{t}_segment_s") > 0]
    foreign, wide = [], 1.0
    for tier in used:
        table = batch.tables[tier, getattr(design, f"{tier}_precision")]
        for looked in table.compute_efficiency.values():
            facts = looked.origin.facts
            if facts and facts[0].entity.startswith("class:"):
                foreign.append(tier)
            if looked.low > 0 and looked.high > 0:
                wide = max(wide, math.sqrt(looked.high / looked.low))
    state: State = "green"
    if foreign or wide > 1.5:
        state = "amber"
    if foreign and wide > 4.0:
        state = "red"
    where = f" No fit of its own for {_listed(dict.fromkeys(foreign))}." if foreign else ""
    words = (
        "Layer times come from a roofline with fitted efficiencies; the widest fit here is "
        f"uncertain by a factor of {wide:.1f}.{where} A layer without any fit is off by 1.4 to 1.9 "
        "in the median, 4 to 6 in one case out of ten."
    )
    return Light("layers", label, state, words, ("work",))


def _listed(tiers: Collection[str]) -> str:
    return " and ".join(STATIONS[tier] for tier in tiers)


def relieved(scenario: Scenario, light: Light) -> Scenario:
    """Return the scenario that a light's remedy leads to."""
    return dataclasses.replace(scenario, **(light.remedy or {}))
