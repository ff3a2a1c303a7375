"""A growing population in display units: four ways to choose, who uses what, how busy it gets."""

from __future__ import annotations

__all__ = ["Choice", "Crowd", "Line", "Mark", "crowd_of"]

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from text import format_quantity, scale_for

from analytic_models import Case, Design
from analytic_models.demand import DemandTable
from analytic_models.optimizers.mix_result import MixSolution
from analytic_models.optimizers.population import Population, class_table, population_curves
from analytic_models.optimizers.population_limits import Thresholds, thresholds
from viewmodels.current import evaluated
from viewmodels.display import against
from viewmodels.key_figures import STATION_WORDS
from viewmodels.labels import certificate_words, distinct_labels
from viewmodels.mixing import MixClaim

_POINTS = 44
_WIDE = 12.0
_SHOWN_DESIGNS = 7
_SMALLEST_SHARE = 5e-4
_TIE = 1.005


@dataclass(frozen=True)
class Line:
    """One curve: its key for a colour, name, values (None where overloaded) and what each uses."""

    key: str
    name: str
    values: tuple[float | None, ...]
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """A population that means something, and why."""

    devices: float
    label: str
    words: str


@dataclass(frozen=True)
class Choice:
    """One way to choose at the present population, with the case to apply (empty if a mix).

    ``check`` says what the design takes with the queues of the scenario, where that differs.
    """

    name: str
    latency: str
    uses: str
    case: str
    check: str


@dataclass(frozen=True)
class Crowd:
    """Everything that the population page shows.

    Parameters
    ----------
    devices, now, logarithmic
        Populations of the curves, the present one, and whether the axis should be logarithmic.
    unit, lines, marks
        Display unit of latency, the curves, and the thresholds.
    shares
        Per mix (``"system"``, ``"selfish"``): name of a design to its share at every population.
    stations, busy
        Stations in use, and the utilisation of each under every way to choose.
    choices
        The ways to choose at the present population.
    sentence, badge, certificate, closed
        Finding, certificate in short and in full, and the closed forms in a sentence.
    claims
        What the laws say about each way to choose, for a check by simulation.
    """

    devices: tuple[int, ...]
    now: int
    logarithmic: bool
    unit: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    shares: dict[str, tuple[tuple[str, tuple[float, ...]], ...]]
    stations: tuple[str, ...]
    busy: tuple[tuple[str, tuple[float, ...]], ...]
    choices: tuple[Choice, ...]
    sentence: str
    badge: str
    proven: bool
    certificate: str
    closed: str
    claims: tuple[MixClaim, ...] = ()


def crowd_of(text: str) -> Crowd:
    """Work out all curves of the scenario of a case.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.

    Raises
    ------
    analytic_models.DesignError
        If no design meets the requirements.
    """
    case = Case.from_json(text)
    now = case.scenario.population_count
    table, alone = class_table(case.scenario, catalog=case.catalog())
    limits = thresholds([table], [_idle_best(table)], now)
    counts, wide = _counts(now, limits)
    rules = {name: [found] for name, found in alone.items()}
    found = population_curves([table], np.array(counts, dtype=float), now, rules)
    words = _Words(case, table)
    here = counts.index(now)
    scale = scale_for(_typical(found, here), "s")
    certificate = found.certificate
    return Crowd(
        counts,
        now,
        wide,
        scale.label,
        _lines(found, words, alone, scale.factor),
        _marks(found.limits, counts[-1]),
        {name: words.shares(getattr(found, name)) for name in ("system", "selfish")},
        *_busy(found, here, table),
        _choices(found, here, words, case),
        _sentence(found, here, now),
        certificate_words(certificate),
        certificate.kind != "heuristic",
        f"{certificate.method}: {certificate.detail}",
        _closed(found.limits, case.scenario.arrival_per_s),
        _claims(found, here, words),
    )


def _idle_best(table: DemandTable) -> int:
    return int((table.delay_s + table.work_s.sum(axis=1)).argmin())


def _counts(now: int, limits: Thresholds) -> tuple[tuple[int, ...], bool]:
    """Return the populations to look at: dense around the thresholds, the present one included."""
    end = max(2 * now, 16)
    if math.isfinite(limits.saturated):
        end = max(end, int(2.5 * limits.saturated) + 1)
    marks = [v for v in (limits.hold, limits.selfish, limits.saturated) if math.isfinite(v)]
    near = [int(value) + step for value in marks for step in (0, 1)]
    wide = end > _WIDE * now and end > 400
    spaced = np.linspace(1, end, _POINTS)
    if wide:
        # The thresholds lie far out, where equal ratios alone would be too coarse.
        spaced = np.concatenate([np.geomspace(1, end, _POINTS // 2), spaced[::2]])
    found = {int(value) for value in np.round(spaced)} | {n for n in near if n > 0} | {now}
    return tuple(sorted(found)), wide


def _typical(found: Population, here: int) -> float:
    return found.system[here].mean_s if math.isfinite(found.system[here].mean_s) else 1.0


class _Words:
    """Names and cases of the rows of a table."""

    def __init__(self, case: Case, table: DemandTable) -> None:
        self.case, self.table = case, table
        self._names: dict[int, str] = {}

    def design(self, row: int) -> Design:
        return self.table.designs.design(int(self.table.rows[row]))

    def case_text(self, row: int) -> str:
        return dataclasses.replace(self.case, design=self.design(row)).to_json()

    def name(self, row: int) -> str:
        if row < 0:
            return "nothing is stable"
        if row not in self._names:
            # Equal names are told apart in the order of their appearance.
            rows = [*self._names, row]
            dnn = self.case.scenario.dnn
            names = distinct_labels(dnn, [self.design(r) for r in rows], self.case.catalog())
            self._names[row] = names[-1]
        return self._names[row]

    def mix(self, found: MixSolution) -> str:
        parts = list(found.shares[0].items()) if found.shares else []
        shown = [f"{format_quantity(v, 'frac', 2)} {self.name(r)}" for r, v in parts[:3]]
        more = len(parts) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more > 0 else "") or "nothing is stable"

    def shares(self, mixes: Sequence[MixSolution]) -> tuple[tuple[str, tuple[float, ...]], ...]:
        total: dict[int, float] = {}
        for mix in mixes:
            for row, share in mix.shares[0].items():
                total[row] = total.get(row, 0.0) + share
        rows = sorted(total, key=lambda row: -total[row])
        shown, rest = rows[:_SHOWN_DESIGNS], rows[_SHOWN_DESIGNS:]

        def share(mix: MixSolution, wanted: Sequence[int]) -> float:
            value = sum(mix.shares[0].get(row, 0.0) for row in wanted)
            return value if value > _SMALLEST_SHARE else 0.0

        found = [(self.name(row), tuple(share(mix, [row]) for mix in mixes)) for row in shown]
        if rest:
            found.append((f"{len(rest)} others", tuple(share(mix, rest) for mix in mixes)))
        return tuple(found)


def _shown(values: Sequence[float], factor: float) -> tuple[float | None, ...]:
    return tuple(float(v) * factor if math.isfinite(v) else None for v in values)


def _lines(
    found: Population, words: _Words, alone: dict[str, DemandTable], factor: float
) -> tuple[Line, ...]:
    system = [mix.mean_s for mix in found.system]
    selfish = [mix.mean_s for mix in found.selfish]
    lines = [
        Line("blind", "load-blind plan", _shown(found.blind.mean_s, factor), _named(found, words)),
        Line(
            "best",
            "best single plan for all",
            _shown(found.best.mean_s, factor),
            tuple(words.name(int(row)) for row in found.best.rows[:, 0]),
        ),
        Line(
            "selfish",
            "everyone for oneself",
            _shown(selfish, factor),
            tuple(words.mix(mix) for mix in found.selfish),
        ),
        Line(
            "system",
            "coordinated mix (optimum)",
            _shown(system, factor),
            tuple(words.mix(mix) for mix in found.system),
        ),
    ]
    for curve in found.baselines:
        other = _Words(words.case, alone[curve.name])
        uses = tuple(other.name(int(row)) for row in curve.rows[:, 0])
        key = curve.name.partition(" ")[0]
        lines.append(Line(key, curve.name, _shown(curve.mean_s, factor), uses))
    return tuple(line for line in lines if any(value is not None for value in line.values))


def _named(found: Population, words: _Words) -> tuple[str, ...]:
    return tuple(words.name(int(row)) for row in found.blind.rows[:, 0])


def _marks(limits: Thresholds, last: int) -> tuple[Mark, ...]:
    marks = (
        Mark(limits.hold, "coordination pays", "up to here one plan for all is the optimum"),
        Mark(limits.selfish, "users start to leave", "beyond this the selfish leave the plan"),
        Mark(limits.saturated, "blind plan overloads", "here the load-blind plan saturates"),
    )
    return tuple(mark for mark in marks if math.isfinite(mark.devices) and mark.devices <= last)


def _busy(
    found: Population, here: int, table: DemandTable
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[float, ...]], ...]]:
    """Return the stations that somebody uses, and their utilisation for each way to choose."""
    # The table is that of the present population.
    rate = table.arrival_per_s

    def single(row: int) -> np.ndarray:
        offered = rate * table.work_s[row] / table.servers
        return offered if row >= 0 else np.full(len(table.servers), np.nan)

    ways = (
        ("load-blind plan", single(int(found.blind.rows[here, 0]))),
        ("best single plan for all", single(int(found.best.rows[here, 0]))),
        ("everyone for oneself", found.selfish[here].utilisation),
        ("coordinated mix (optimum)", found.system[here].utilisation),
    )
    used = [
        place
        for place in range(len(table.stations))
        if any(np.nan_to_num(values)[place] > _SMALLEST_SHARE for _, values in ways)
    ]
    stations = tuple(table.stations[place] for place in used)
    return stations, tuple((n, tuple(float(v[p]) for p in used)) for n, v in ways)


def _choices(found: Population, here: int, words: _Words, case: Case) -> tuple[Choice, ...]:
    rows = {
        "load-blind plan": (int(found.blind.rows[here, 0]), float(found.blind.mean_s[here])),
        "best single plan for all": (int(found.best.rows[here, 0]), float(found.best.mean_s[here])),
    }
    choices = []
    for name, (row, mean) in rows.items():
        if row < 0:
            choices.append(Choice(name, _latency(mean), words.name(row), "", ""))
            continue
        applied = dataclasses.replace(case, design=words.design(row))
        check = _check(applied, mean)
        choices.append(Choice(name, _latency(mean), words.name(row), applied.to_json(), check))
    for name, mix in (
        ("everyone for oneself", found.selfish[here]),
        ("coordinated mix (optimum)", found.system[here]),
    ):
        choices.append(Choice(name, _latency(mix.mean_s), words.mix(mix), "", ""))
    return tuple(choices)


def _claims(found: Population, here: int, words: _Words) -> tuple[MixClaim, ...]:
    """Return what the laws say about each way to choose at the present population."""
    table = words.table
    stations, ways = _busy(found, here, table)
    curves = {"load-blind plan": found.blind, "best single plan for all": found.best}
    claims = []
    for name, loads in ways:
        bound = math.nan
        if name in curves:
            row, mean = int(curves[name].rows[here, 0]), float(curves[name].mean_s[here])
            shares = {row: 1.0} if row >= 0 else {}
        else:
            mix = (found.selfish if name == "everyone for oneself" else found.system)[here]
            shares, mean = (mix.shares[0] if mix.shares else {}), mix.mean_s
            if name == "coordinated mix (optimum)":
                bound = mix.mean_s - mix.gap_s
        parts = tuple((0, words.case_text(row), share) for row, share in shares.items())
        busy = tuple(zip(stations, loads, strict=True))
        claims.append(MixClaim(name, parts, ("all devices",), mean, (mean,), busy, bound))
    return tuple(claims)


def _check(case: Case, mean: float) -> str:
    """Say what a single plan takes with the queues as the scenario has them, if that differs."""
    own = evaluated(case).value("latency_mean_s")
    if not math.isfinite(own) or math.isclose(own, mean, rel_tol=_TIE - 1.0):
        return ""
    return f"With queues in order of arrival: {_latency(own)}."


def _latency(value: float) -> str:
    return format_quantity(value, "s") if math.isfinite(value) else "overloaded"


def _sentence(found: Population, here: int, now: int) -> str:
    """State the finding at the present population."""
    limits = found.limits
    system, selfish = found.system[here].mean_s, found.selfish[here].mean_s
    blind = float(found.blind.mean_s[here])
    devices = f"{format_quantity(now, 'count')} devices" if now != 1 else "one device"
    if not math.isfinite(limits.saturated):
        return "The best plan shares nothing, so any number of devices does as well as one."
    if not math.isfinite(system):
        return f"With {devices} every mix overloads some station."
    station = STATION_WORDS[limits.station]
    coordinated = _latency(system)
    if not math.isfinite(blind):
        most = format_quantity(math.floor(limits.saturated), "count")
        return (
            f"With {devices} the plan that looks best on an idle system overloads {station} "
            f"(it carries {most}); a coordinated mix still needs only {coordinated}."
        )
    if blind <= system * _TIE:
        hold = format_quantity(math.floor(limits.hold), "count")
        return (
            f"With {devices} one plan for all is still the optimum ({coordinated}); "
            f"from {hold} devices on it pays to spread them over several plans."
        )
    slow, fast = against(blind, system, "s")
    own = f" and everyone for oneself {_latency(selfish)}" if selfish > system * _TIE else ""
    times = format_quantity(blind / system, "1", 2)
    return (
        f"With {devices} the plan that looks best on an idle system takes {slow}{own}; "
        f"a coordinated mix takes {fast}, {times} times faster."
    )


def _closed(limits: Thresholds, rate: float) -> str:
    """Say what the closed forms of one link predict, or why there are none."""
    if limits.link is None:
        return f"No closed form here: {limits.reason}." if limits.reason else ""
    link = limits.link
    three = [format_quantity(v / rate, "1", 3) for v in (link.hold, link.selfish, link.saturated)]
    idle = [format_quantity(1.0 - v, "frac", 3) for v in _shares(link)]
    return (
        f"Closed form of one shared link and a private device: coordination pays from {three[0]} "
        f"devices, users leave from {three[1]}, it saturates at {three[2]}. Beyond that the "
        f"optimum keeps {idle[0]} of the link idle and selfish users its square, {idle[1]}: they "
        "then are as slow as the device alone, whatever the link."
    )


def _shares(link: object) -> tuple[float, float]:
    return link.optimal_utilisation, link.selfish_utilisation  # type: ignore[attr-defined]
