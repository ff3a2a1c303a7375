"""The message to the browser: valid JSON, numbers kept, gaps for what is not a number."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from components.figures import Figure, Table, encode_figures
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

FLOATS = st.floats(width=64, allow_nan=True, allow_infinity=True)


def _trace(**parts: Any) -> dict[str, Any]:
    message = json.loads(
        encode_figures([Figure([parts], {}, alt="a")], 1, 300), parse_constant=pytest.fail
    )
    found: dict[str, Any] = message["figures"][0]["data"][0]
    return found


@given(arrays.arrays(np.float64, st.integers(0, 30), elements=FLOATS))
def test_an_array_arrives_within_seven_digits_and_with_gaps(values: np.ndarray) -> None:
    received = _trace(y=values)["y"]
    for sent, got in zip(values.tolist(), received, strict=True):
        if np.isfinite(sent):
            assert got == pytest.approx(sent, rel=1e-6, abs=1e-290)
        else:
            assert got is None


def test_lists_and_integers_arrive_unchanged() -> None:
    sent = {"x": [1, 2.5, "three", None, True], "y": np.arange(3), "z": np.float64(0.1)}
    assert _trace(**sent) == {"x": [1, 2.5, "three", None, True], "y": [0, 1, 2], "z": 0.1}


def test_a_list_with_infinity_becomes_a_gap() -> None:
    assert _trace(y=[1.0, float("inf"), float("nan")])["y"] == [1.0, None, None]


def test_what_a_figure_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold a object"):
        _trace(x=object())


def test_heights_ids_and_tables_have_their_defaults() -> None:
    plain = Figure([], {}, alt="a")
    own = Figure([], {}, alt="b", id="own", height=120, table=Table(("c",), [(1,)], ids=["i"]))
    first, second = json.loads(encode_figures([plain, own], 2, 300))["figures"]
    assert (first["id"], first["height"], first["table"]) == ("0", 300, None)
    assert (second["id"], second["height"]) == ("own", 120)
    assert second["table"] == {"columns": ["c"], "rows": [[1]], "ids": ["i"]}
