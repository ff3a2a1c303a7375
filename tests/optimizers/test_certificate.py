"""Certificates say what is promised and refuse contradictions."""

import math

import pytest

from analytic_models.optimizers.certificate import Certificate


def test_badge_states_the_gap_only_for_gap_certificates() -> None:
    assert Certificate("exact", "enumeration", gap=0.0).badge == "exact"
    assert Certificate("heuristic", "multi-start").badge == "heuristic"
    assert Certificate("gap", "column generation", gap=2e-9).badge == "optimal within 2e-09"


@pytest.mark.parametrize("gap", [-1e-12, math.nan])
def test_a_negative_or_undefined_gap_is_refused(gap: float) -> None:
    with pytest.raises(ValueError, match="gap"):
        Certificate("gap", "column generation", gap=gap)


def test_a_gap_certificate_without_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="states its gap"):
        Certificate("gap", "column generation")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown certificate kind"):
        Certificate("proved", "enumeration")  # type: ignore[arg-type]
