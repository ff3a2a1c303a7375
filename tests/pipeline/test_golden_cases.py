"""Key figures of the ready-made cases and a split of each move only with a dated note."""

from __future__ import annotations

import datetime
import json
import math

import pin_golden
import pytest
from pipeline_cases import SPLITS

from analytic_models import evaluate

GOLDEN = json.loads(pin_golden.FILE.read_text(encoding="utf-8"))
HOW = 'if the change is meant: python tests/pipeline/pin_golden.py "why the values moved"'


@pytest.mark.parametrize("name", list(SPLITS))
def test_the_key_figures_of_a_case_have_not_moved(name: str) -> None:
    assert name in GOLDEN["values"], HOW
    result = evaluate(SPLITS[name])
    moved = {}
    for quantity, pinned in GOLDEN["values"][name].items():
        value, expected = result.value(quantity), float(pinned)
        same = math.isclose(value, expected, rel_tol=1e-8) or value == expected
        if not same and not (math.isnan(value) and math.isnan(expected)):
            moved[quantity] = (expected, value)
    assert moved == {}, HOW


def test_every_pin_has_a_date_and_a_reason() -> None:
    assert GOLDEN["notes"]
    dates = [datetime.date.fromisoformat(note["date"]) for note in GOLDEN["notes"]]
    assert dates == sorted(dates)
    assert all(len(note["why"].split()) >= 3 for note in GOLDEN["notes"])


def test_no_pinned_case_is_gone() -> None:
    assert set(GOLDEN["values"]) == set(SPLITS)
