"""Measure every base unit in another size: each law of the table must follow its unit.

Seconds become blinks, bits become pages: inputs are multiplied by the factor of their unit, and
the output must be multiplied by the factor of its own. Bit and byte, multiply-accumulate and
operation are separate units, so bytes over a link in bits, or a wrong power, do not pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from analytic_models.graph import law_units, total
from analytic_models.laws import closed_stations, communication, compute, rates, workload
from analytic_models.pipeline import PIPELINE
from analytic_models.units import BASES, Array, Bit, BitPerS, Byte, Mac, Op, OpPerS, S, Unit, W

Law = Callable[..., Array]

# Laws that cross from one base unit to another hold a dimensional constant: they are checked with
# both units rescaled alike, which still sees wrong powers of everything else.
CROSSINGS: Mapping[Law, tuple[str, str]] = {
    communication.response: ("bit", "byte"),
    communication.container: ("bit", "byte"),
    workload.moved_bytes: ("bit", "byte"),
}
# Laws that look-ups and layers use outside the table.
OUTSIDE = (
    compute.roofline_time,
    communication.container,
    workload.moved_bytes,
    rates.lifetime_price,
    rates.share_of_power,
    rates.share_of_rate,
)
TRIALS = 25


def _laws() -> list[Law]:
    found: dict[Law, None] = {}
    for binding in PIPELINE.bindings:
        for bound in filter(None, (binding.bound, binding.alternative)):
            if bound.law is not total:
                found[bound.law] = None
    return [*found, *(law for law in OUTSIDE if law not in found)]


def _factors(rng: np.random.Generator, law: Law) -> dict[str, float]:
    """Return a random size of every base unit."""
    factors = {base: float(10.0 ** rng.uniform(-1.0, 1.0)) for base in BASES}
    if law in CROSSINGS:
        first, second = CROSSINGS[law]
        factors[second] = factors[first]
    return factors


def _size(unit: Unit, factors: Mapping[str, float]) -> float:
    return math.prod(factors[base] ** power for base, power in unit.powers.items())


def _value(name: str, unit: Unit, rng: np.random.Generator) -> float:
    """Return an input for which no station is overloaded and nothing is degenerate."""
    if name == "servers" or name.endswith("_servers"):
        return float(rng.integers(1, 5))
    if name == "population":
        return float(rng.integers(2, 9))
    if name == "places":
        return float(rng.integers(4, 9))
    if name.endswith("_shared") or name in ("used", "split", "shared"):
        return float(rng.integers(0, 2))
    if unit.symbol == "frac":
        return float(rng.uniform(0.02, 0.15))
    if name in ("scv", "compute_scv", "message_scv"):
        return float(rng.choice([0.0, 0.3, 1.0, 1.7]))
    if unit.symbol == "s" or unit.symbol.startswith("s"):
        return float(rng.uniform(0.1, 0.3))
    return float(rng.uniform(0.5, 1.5))


def _inputs(law: Law, rng: np.random.Generator) -> dict[str, float]:
    needs, _ = law_units(law)
    values = {name: _value(name, unit, rng) for name, unit in needs.items()}
    if "waiting" in values and "offered" in values:
        # A load and the probability of waiting that belong together.
        values["offered"] = values["servers"] * float(rng.uniform(0.1, 0.9))
    if {"time", "service", "variance"} <= set(values):
        # Nobody is in a station for less than the service.
        values["time"] = values["service"] * float(rng.uniform(1.2, 3.0))
    return values


def _follows(law: Law, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Yield the rescaled output and what it must be."""
    needs, result = law_units(law)
    for _ in range(TRIALS):
        values = _inputs(law, rng)
        factors = _factors(rng, law)
        scaled = {name: v * _size(needs[name], factors) for name, v in values.items()}
        with np.errstate(all="ignore"):
            plain, other = float(law(**values)), float(law(**scaled))
        yield other, plain * _size(result, factors)


@pytest.mark.parametrize(
    "law", _laws(), ids=lambda law: f"{law.__module__.rpartition('.')[2]}.{law.__name__}"
)
def test_a_law_follows_its_units(law: Law) -> None:
    finite = 0
    for other, expected in _follows(law, np.random.default_rng(7)):
        np.testing.assert_allclose(other, expected, rtol=1e-6, atol=0.0)
        finite += math.isfinite(expected) and expected != 0.0
    if law is not closed_stations.never_waits:
        assert finite >= 5, "the inputs of this test say nothing about the law"


def _bytes_over_bits(size: Byte, rate: BitPerS) -> S:
    return size / rate


def _macs_over_operations(work: Mac, peak: OpPerS) -> S:
    return work / peak


def _squared_power(power: W, time: S) -> Op:
    return power * power * time


def _forgotten_constant(size: Bit, rate: BitPerS) -> S:
    return size / rate + 0.001


@pytest.mark.parametrize(
    "law", [_bytes_over_bits, _macs_over_operations, _squared_power, _forgotten_constant],
    ids=lambda law: law.__name__,
)  # fmt: skip
def test_the_test_sees_a_law_that_is_wrong(law: Law) -> None:
    pairs = list(_follows(law, np.random.default_rng(7)))
    assert any(not math.isclose(other, expected, rel_tol=1e-6) for other, expected in pairs)


def test_every_crossing_is_a_law_that_states_both_units() -> None:
    for law, (first, second) in CROSSINGS.items():
        needs, result = law_units(law)
        bases = {base for unit in (*needs.values(), result) for base in unit.powers}
        assert {first, second} <= bases
