"""No number of one case is shown with more digits than its assumptions leave."""

from __future__ import annotations

import re

import pytest
from viewmodels.certainty import certainty, certainty_of
from viewmodels.comparison import gains
from viewmodels.current import evaluated
from viewmodels.display import beside_limit
from viewmodels.key_figures import headline, key_figures, required_quantity
from viewmodels.load import offers
from viewmodels.optimum import find_optimum
from viewmodels.tail import tail

from analytic_models import Case, load_scenarios
from analytic_models.lights import lights, limiting, worst

PRESETS = load_scenarios()
FIRST, SURE, BUSY = (PRESETS[name] for name in ("1-factory", "3-hospital", "6-coordination"))
_NUMBER = re.compile(r"[0-9][0-9,.\u202f]*")


def _shown(text: str) -> int:
    """Significant digits that a text commits to: zeros at the end of a whole number do not."""
    number = _NUMBER.search(text)
    assert number is not None, text
    digits = number[0].replace("\u202f", "").replace(",", "")
    kept = digits.replace(".", "").lstrip("0")
    return max(len(kept if "." in digits else kept.rstrip("0")), 1)


@pytest.mark.parametrize("name", list(PRESETS))
def test_no_key_figure_has_more_digits_than_are_known(name: str) -> None:
    case = PRESETS[name]
    known = certainty(case)
    for figure in key_figures(case, evaluated(case)):
        if figure.status in ("pass", "fail", "free") and figure.value[0].isdigit():
            assert _shown(figure.value) <= known.digits(figure.quantity), figure


def test_a_case_without_doubt_shows_three_digits_and_no_reason() -> None:
    latency = next(f for f in key_figures(SURE, evaluated(SURE)) if f.quantity == "latency_p99_s")
    assert certainty(SURE).digits("latency_p99_s") == 3
    assert latency.value == "90.3 ms"
    assert latency.why == ""


def test_an_amber_light_takes_a_digit_and_is_named() -> None:
    latency = next(f for f in key_figures(FIRST, evaluated(FIRST)) if f.quantity == "latency_p99_s")
    assert _shown(latency.value) <= 2
    assert "two digits" in latency.why
    assert "need care" in latency.why
    assert limiting(lights(evaluated(FIRST)), "latency_p99_s")[0].label in latency.why


def test_a_red_light_leaves_one_digit_and_hides_the_amber_ones() -> None:
    found = limiting(lights(evaluated(BUSY)), "latency_p99_s")
    assert {light.state for light in found} == {"red"}
    latency = next(f for f in key_figures(BUSY, evaluated(BUSY)) if f.quantity == "latency_p99_s")
    assert _shown(latency.value) == 1
    assert "one digit" in latency.why
    assert "mislead" in latency.why


def test_a_number_that_no_light_touches_keeps_its_digits() -> None:
    assert certainty(BUSY).digits("accuracy_frac") == 3
    assert certainty(BUSY).why("accuracy_frac") == ""
    assert worst(limiting(lights(evaluated(BUSY)), "exposed_frac")) == "green"


def test_a_value_that_rounds_onto_its_limit_is_said_to_be_too_close() -> None:
    value = evaluated(FIRST).value("latency_required_s")
    near = FIRST.with_scenario(deadline_s=float(f"{value * 1.0002:.6f}"))
    assert "just meets" in headline(near, evaluated(near))[0]
    figure = next(f for f in key_figures(near, evaluated(near)) if f.status == "pass")
    assert figure.verdict.endswith("too close to be sure")
    assert "just" not in headline(FIRST, evaluated(FIRST))[0]


@pytest.mark.parametrize(
    ("value", "limit", "clear"),
    [(0.046, 0.047, False), (0.044, 0.047, True), (0.1, 0.1, True), (0.16, 0.1, True)],
)
def test_a_verdict_is_clear_only_where_the_limit_lies_beyond_the_last_digit(
    value: float, limit: float, clear: bool
) -> None:
    assert beside_limit(value, limit, "s", 1)[2] is clear


def test_the_best_design_is_compared_in_known_digits_only() -> None:
    found = find_optimum(BUSY.to_json(), "latency_required_s")
    assert found.digits["latency_required_s"] < 3
    rows = gains(evaluated(BUSY), found.after, found.digits)
    digits = min(found.digits["latency_required_s"], certainty(BUSY).digits("latency_required_s"))
    assert _shown(rows[0].before) <= digits
    assert _shown(rows[0].after) <= digits


def test_figures_that_known_digits_cannot_tell_apart_are_neither_better_nor_worse() -> None:
    evaluation = evaluated(BUSY)
    names = ("latency_required_s", "energy_device_j", "cost_usd", "carbon_gco2e", "accuracy_frac")
    after = {name: evaluation.value(name) for name in names}
    after["latency_required_s"] *= 0.97
    row = gains(evaluation, after, certainty(BUSY).among(names))[0]
    assert row.before == row.after
    assert row.better is None


@pytest.mark.parametrize("case", [FIRST, SURE])
def test_offers_and_percentiles_follow_the_same_rule(case: Case) -> None:
    quantity = required_quantity(case.scenario)[0]
    known = certainty(case)
    assert _shown(offers(case)[0].latency) <= known.digits(quantity)
    curve = tail(case)
    assert curve is not None
    assert all(_shown(words) <= known.digits(quantity) for *_, words in curve.marks)


def test_an_evaluation_and_its_case_know_the_same() -> None:
    assert certainty_of(evaluated(FIRST)).digits("cost_usd") == certainty(FIRST).digits("cost_usd")
