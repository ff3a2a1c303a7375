"""What simple rules choose for a scenario: one tier for all, blind cuts, a minimum cut, greedy."""

from __future__ import annotations

__all__ = ["Rule", "simple_rules"]

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytic_models.batch import batch_of
from analytic_models.catalog import Catalog, load_catalog
from analytic_models.design import Design, Scenario
from analytic_models.evaluation import Evaluation, run_batch
from analytic_models.optimizers.dag_instance import dag_of
from analytic_models.optimizers.solution import Solution
from analytic_models.optimizers.space import Space, default_space, enumerate_designs

_TIERS = {"device": "device only", "edge": "edge only", "cloud": "cloud only"}
_NEEDED = ("latency_idle_s", "uplink_available_bit_per_s", "uplink_fixed_s", "stable_flag")
_PLAIN = "32-bit, nothing compressed"


@dataclass(frozen=True)
class Rule:
    """The choice of one rule.

    Parameters
    ----------
    key, name
        For colours, and in words.
    looks_at
        What the rule knows, in words.
    design
        Its choice; None where it has none.
    note
        Why it has none, or what its choice is about.
    """

    key: str
    name: str
    looks_at: str
    design: Design | None
    note: str = ""


def simple_rules(solution: Solution, catalog: Catalog | None = None) -> tuple[Rule, ...]:
    """Return what simple rules choose where an optimiser looked at every design.

    Parameters
    ----------
    solution
        Answer of :func:`analytic_models.optimize`; its objective and candidates are used.
    catalog
        Catalog of the case.

    Notes
    -----
    Rules that split know two tiers, 32-bit arithmetic and uncompressed tensors, as published. They
    judge an idle system; greedy alone sees the load.

    References
    ----------
    Kang et al. (2017). Neurosurgeon: collaborative intelligence between the cloud and mobile edge.
    ASPLOS.
    Hu, Bao, Wang, Liu (2019). Dynamic adaptive DNN surgery for inference acceleration on the edge.
    INFOCOM.
    """
    catalog = catalog or load_catalog()
    scenario = solution.screened.batch.scenario
    plain = _plain(scenario, catalog, solution.objective)
    return (*_tiers(solution), *_splits(scenario, plain, solution, catalog))


def _tiers(solution: Solution) -> list[Rule]:
    """Everything on one tier, at the precision and encoding that are best for the objective."""
    designs, values = solution.screened.batch.designs, solution.screened[solution.objective]
    allowed = np.zeros(len(values), dtype=bool)
    allowed[np.asarray(solution.feasible, dtype=int)] = True
    cut1, cut2 = np.asarray(designs.cut1), np.asarray(designs.cut2)
    last = int(cut2.max())
    masks = {"device": cut1 == last, "edge": (cut1 == 0) & (cut2 == last), "cloud": cut2 == 0}
    sign = -1.0 if solution.maximised else 1.0
    found = []
    for key, name in _TIERS.items():
        ok = masks[key] & np.isfinite(values)
        note = ""
        if (ok & allowed).any():
            ok &= allowed
        else:
            note = "meets the requirements with no precision and encoding"
        design = None
        if ok.any():
            design = designs.design(int(np.where(ok, sign * values, np.inf).argmin()))
        looks_at = "one tier, every precision and encoding"
        found.append(Rule(key, name, looks_at, design, note))
    return found


def _plain(scenario: Scenario, catalog: Catalog, objective: str) -> Evaluation:
    """Evaluate every cut at 32 bits without compression."""
    space = default_space(scenario, catalog)
    few = Space(input_encodings=space.input_encodings[:1])
    designs = enumerate_designs(scenario, few, catalog)
    wanted = tuple(dict.fromkeys((objective, *_NEEDED)))
    return run_batch(batch_of(scenario, designs, catalog=catalog), wanted)


def _splits(
    scenario: Scenario, plain: Evaluation, solution: Solution, catalog: Catalog
) -> list[Rule]:
    designs = plain.batch.designs
    cut1, cut2 = np.asarray(designs.cut1), np.asarray(designs.cut2)
    last = int(cut2.max())
    near, far = cut2 == last, cut1 == cut2
    idle = np.where(np.isnan(plain["latency_idle_s"]), np.inf, plain["latency_idle_s"])

    def quickest(mask: NDArray[np.bool_]) -> Design | None:
        row = int(np.where(mask, idle, np.inf).argmin())
        return designs.design(row) if mask[row] and np.isfinite(idle[row]) else None

    cut, words = _minimum_cut(plain, catalog)
    return [
        Rule(
            "blind",
            "load-blind cut to the edge (as Neurosurgeon)",
            f"idle latency of every cut, {_PLAIN}",
            quickest(near),
        ),
        Rule(
            "blind-cloud",
            "load-blind cut to the cloud (as Neurosurgeon)",
            f"idle latency of every cut, {_PLAIN}",
            quickest(far),
        ),
        Rule(
            "cut",
            "minimum cut of the layer graph (as DADS)",
            f"idle latency of every placement of layers, {_PLAIN}",
            cut,
            words,
        ),
        Rule(
            "greedy",
            "greedy, block by block",
            f"moves blocks to the edge while that helps under load, {_PLAIN}",
            _greedy(plain, solution, near),
        ),
    ]


def _greedy(plain: Evaluation, solution: Solution, near: NDArray[np.bool_]) -> Design | None:
    """Begin on the device and move the cut to the front as long as the objective gets better."""
    designs = plain.batch.designs
    sign = -1.0 if solution.maximised else 1.0
    value = sign * plain[solution.objective]
    value = np.where(np.isnan(value) | ~(plain["stable_flag"] > 0), np.inf, value)
    rows = np.flatnonzero(near)
    order = rows[np.argsort(-np.asarray(designs.cut1)[rows], kind="stable")]
    here = 0
    while here + 1 < len(order) and value[order[here + 1]] <= value[order[here]]:
        here += 1
    return designs.design(int(order[here])) if len(order) else None


def _minimum_cut(plain: Evaluation, catalog: Catalog) -> tuple[Design | None, str]:
    """Return the cut between device and edge, where it lies at a boundary of blocks."""
    batch = plain.batch
    dnn = catalog.dnns[batch.scenario.dnn]
    tables = [
        batch.tables[tier, "fp32"] for tier in ("device", "edge") if (tier, "fp32") in batch.tables
    ]
    rate = float(np.max(plain["uplink_available_bit_per_s"]))
    fixed = float(np.max(plain["uplink_fixed_s"]))
    if len(tables) < 2 or not (rate > 0.0 and np.isfinite(fixed)):
        return None, "the machines or the link have no known times"
    instance = dag_of(dnn, tables, np.array([rate]), np.array([fixed]))
    plan = instance.place()
    here = instance.row_tiers(plan) == 0
    count = int(here.sum())
    places = np.flatnonzero(dnn.boundary_row == count)
    if not (here[:count].all() and len(places)):
        return None, "cuts between the branches of a block, where no request can be split here"
    cut, last = int(places[0]), len(dnn.boundary_row) - 1
    design = batch.designs.design(0)
    return dataclasses.replace(design, cut1=cut, cut2=last), ""
