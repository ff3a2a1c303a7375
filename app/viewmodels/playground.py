"""Two experiments with selfish choices: a network in which a new link hurts, and a herd."""

from __future__ import annotations

__all__ = [
    "ARCS",
    "ArcFlow",
    "ArcRow",
    "Flow",
    "Flows",
    "Herd",
    "Network",
    "Way",
    "flow_of",
    "herd_of",
    "network_of",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from text import format_quantity, scale_for

from analytic_models import Case
from analytic_models.optimizers.baselines import load_blind_row
from analytic_models.optimizers.mix import solve_mix
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.mix_values import single_plan_latency
from analytic_models.optimizers.population import class_table
from analytic_models.optimizers.routing_game import Arc, herd, routes_of, solve_routing
from viewmodels.labels import certificate_words, distinct_labels
from viewmodels.mixing import MixClaim, claim_of

_TIE = 1.005


@dataclass(frozen=True)
class ArcRow:
    """One arc as it is edited: ends, name, fixed delay and work in ms, and whether it is there."""

    tail: str
    head: str
    name: str
    fixed_ms: float
    work_ms: float
    there: bool = True


# Two routes with one queue and one fixed path each, and a link that joins them: Braess's network.
ARCS = (
    ArcRow("device", "access point", "Wi-Fi", 0.0, 4.4),
    ArcRow("access point", "answer", "private line", 19.5, 0.0),
    ArcRow("device", "edge site", "cable", 19.5, 0.0),
    ArcRow("edge site", "answer", "GPU", 0.0, 4.4),
    ArcRow("access point", "edge site", "new link", 0.1, 0.0),
)


@dataclass(frozen=True)
class ArcFlow:
    """One arc with its flow as a share of all requests, and how busy its station is."""

    tail: str
    head: str
    name: str
    share: float
    busy: float | None


@dataclass(frozen=True)
class Flows:
    """One way to route: its name, mean latency in words, and the flow of every arc."""

    name: str
    mean: str
    arcs: tuple[ArcFlow, ...]


@dataclass(frozen=True)
class Way:
    """One way through a network: name, share, mean time (s), steps as name, delay and work (s)."""

    name: str
    share: float
    mean_s: float
    steps: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Flow:
    """A flow with its ways; none where every flow overloads a step."""

    mean_s: float
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Network:
    """Selfish and coordinated flows of a network, and what its last arc does to them.

    Parameters
    ----------
    selfish, system
        Flows.
    sentence, badge, certificate
        Finding and certificate.
    rows
        Mean latency with and without the last arc, selfish and coordinated.
    """

    selfish: Flows
    system: Flows
    sentence: str
    badge: str
    certificate: str
    rows: tuple[tuple[str, str, str], ...]


def network_of(arcs: Sequence[ArcRow], rate_per_s: float) -> Network:
    """Route requests over a network, selfishly and coordinated.

    Parameters
    ----------
    arcs
        Rows of the network; the last one is the arc whose effect is shown.
    rate_per_s
        Requests per second from ``device`` to ``answer``.

    Raises
    ------
    ValueError
        If no route is left.
    """
    there = [row for row in arcs if row.there]
    selfish, system, certificate = _flows(there, rate_per_s)
    last = arcs[-1]
    without = [row for row in arcs[:-1] if row.there]
    both = {
        f"with the {last.name}": _means([*without, last], rate_per_s),
        f"without the {last.name}": _means(without, rate_per_s),
    }
    rows = tuple((name, *(_latency(v) for v in pair)) for name, pair in both.items())
    pairs = list(both.values())
    return Network(
        selfish,
        system,
        _sentence(last.name, pairs[0], pairs[1]),
        certificate_words(certificate),
        f"{certificate.method}: {certificate.detail}",
        rows,
    )


def _game(rows: Sequence[ArcRow], rate: float) -> tuple[object, list[tuple[int, ...]]]:
    arcs = [
        Arc(row.tail, row.head, row.fixed_ms / 1e3, row.work_ms / 1e3, _station(row))
        for row in rows
    ]
    table, routes = routes_of(arcs, "device", "answer", rate)
    return solve_routing([table]), routes


def flow_of(arcs: Sequence[ArcRow], rate_per_s: float, key: str) -> Flow:
    """Return the ways of a network and what each takes.

    Parameters
    ----------
    arcs, rate_per_s
        As :func:`network_of`.
    key
        ``"selfish"`` or ``"system"``.

    Raises
    ------
    ValueError
        If no route is left.
    """
    rows = [row for row in arcs if row.there]
    game, routes = _game(rows, rate_per_s)
    mix: MixSolution = getattr(game, key)
    shares = mix.shares[0] if mix.shares else {}
    ways = []
    for number, share in shares.items():
        steps = [rows[arc] for arc in routes[number]]
        column = mix.columns[0][number]
        ways.append(
            Way(
                ", ".join(step.name for step in steps),
                share,
                float(column.delay_s + column.work_s @ mix.sojourn),
                tuple((step.name, step.fixed_ms / 1e3, step.work_ms / 1e3) for step in steps),
            )
        )
    return Flow(mix.mean_s, tuple(ways))


def _station(row: ArcRow) -> str:
    return row.name if row.work_ms > 0.0 else ""


def _means(rows: Sequence[ArcRow], rate: float) -> tuple[float, float]:
    try:
        game, _ = _game(rows, rate)
    except ValueError:
        return math.inf, math.inf
    return game.selfish.mean_s, game.system.mean_s  # type: ignore[attr-defined]


def _flows(rows: Sequence[ArcRow], rate: float) -> tuple[Flows, Flows, object]:
    game, routes = _game(rows, rate)
    pair = []
    for name, mix in (("selfish", game.selfish), ("coordinated", game.system)):  # type: ignore[attr-defined]
        shares = [0.0] * len(rows)
        for route, share in (mix.shares[0] or {}).items():
            for arc in routes[route]:
                shares[arc] += share
        pair.append(Flows(name, _latency(mix.mean_s), _arcs(rows, shares, rate)))
    return pair[0], pair[1], game.selfish.certificate  # type: ignore[attr-defined]


def _arcs(rows: Sequence[ArcRow], shares: Sequence[float], rate: float) -> tuple[ArcFlow, ...]:
    return tuple(
        ArcFlow(
            row.tail,
            row.head,
            row.name,
            share,
            share * rate * row.work_ms / 1e3 if row.work_ms > 0.0 else None,
        )
        for row, share in zip(rows, shares, strict=True)
    )


def _latency(value: float) -> str:
    return format_quantity(value, "s") if math.isfinite(value) else "overloaded"


def _sentence(name: str, after: tuple[float, float], before: tuple[float, float]) -> str:
    """Say what the last arc does to those who choose for themselves."""
    if not math.isfinite(after[0]):
        return "This many requests overload the network, whichever way they go."
    if not math.isfinite(before[0]):
        return f"Only the {name} keeps the network from being overloaded."
    change = after[0] / before[0] - 1.0
    percent = format_quantity(abs(change), "frac", 2)
    old, new = _latency(before[0]), _latency(after[0])
    if change > _TIE - 1.0:
        best = _latency(after[1])
        return (
            f"The {name} makes everybody {percent} slower, from {old} to {new}: each takes it "
            f"because it is the faster way for one; coordinated, it would be {best}."
        )
    if change < 1.0 - _TIE:
        return f"The {name} helps: selfish users get from {old} down to {new}, {percent} less."
    return f"The {name} changes nothing for selfish users: {new} with and without it."


@dataclass(frozen=True)
class Herd:
    """Rounds in which some users switch to what is fastest now, in display units.

    Parameters
    ----------
    labels, shares
        The two designs, and the share of the first in per cent before every round.
    mean, unit
        Mean latency of every round (None where overloaded), and its unit.
    optimum, equilibrium
        Mean latency of the coordinated mix and of the equilibrium of the two.
    claims
        What the laws say about both, for a check by simulation.
    """

    labels: tuple[str, str]
    shares: tuple[float, ...]
    mean: tuple[float | None, ...]
    unit: str
    optimum: float
    equilibrium: float
    sentence: str
    badge: str
    certificate: str
    claims: tuple[MixClaim, ...] = ()


def herd_of(text: str, percent: int, rounds: int = 60) -> Herd:
    """Let users choose between the load-blind plan and the best plan that relieves it.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.
    percent
        Share of the users that look again in each round.
    rounds
        Number of rounds.

    Raises
    ------
    analytic_models.DesignError
        If no design meets the requirements.
    """
    case = Case.from_json(text)
    table, alone = class_table(case.scenario, catalog=case.catalog())
    blind = load_blind_row(table)
    other = int(
        np.where(np.arange(len(table)) == blind, np.inf, single_plan_latency(table)).argmin()
    )
    if "device only" in alone:
        local = np.flatnonzero(table.work_s.sum(axis=1) == 0.0)
        other = int(local[table.delay_s[local].argmin()]) if len(local) else other
    two = table.take(np.array([blind, other]))
    found = herd(two, percent / 100.0, rounds)
    designs = [table.designs.design(int(table.rows[row])) for row in (blind, other)]
    system, selfish = solve_mix([two]), solve_mix([two], "selfish")
    scale = scale_for(selfish.mean_s if math.isfinite(selfish.mean_s) else 1.0, "s")
    labels = distinct_labels(case.scenario.dnn, designs, case.catalog())
    cases = {row: replace(case, design=design).to_json() for row, design in enumerate(designs)}
    claims = (
        claim_of("coordinated", system, cases, two.stations, proven=True),
        claim_of("one by one", selfish, cases, two.stations),
    )
    return Herd(
        (labels[0], labels[1]),
        tuple(100.0 * float(share) for share in found.shares[:, 0]),
        tuple(float(m) * scale.factor if math.isfinite(m) else None for m in found.mean_s),
        scale.label,
        system.mean_s * scale.factor,
        selfish.mean_s * scale.factor,
        _herd_sentence(percent, found, labels, selfish),
        certificate_words(system.certificate),
        f"{system.certificate.method}: {system.certificate.detail}",
        claims,
    )


def _herd_sentence(percent: int, found: object, labels: list[str], selfish: MixSolution) -> str:
    swing = float(found.amplitude[0])  # type: ignore[attr-defined]
    settled = float(found.settled_mean_s)  # type: ignore[attr-defined]
    calm = _latency(selfish.mean_s)
    if swing < 1e-3:
        return f"The best plan stays {labels[0]} for everybody: nobody wants to change."
    width = format_quantity(swing, "frac", 2)
    if not math.isfinite(settled):
        return (
            f"When {percent} % look again in each round, they swing by {width} together and "
            f"overload the shared plan again and again; one by one they would settle at {calm}."
        )
    return (
        f"When {percent} % look again in each round, {width} of all swing to and fro and requests "
        f"take {_latency(settled)} on average; one by one they would settle at {calm}."
    )
