"""Answer queueing reference cases, so that anyone can check the laws with cases of their own.

A case names a system, its parameters, a quantity, the expected value and the accepted relative
error. The file format is ``queueing-cases/1``: ``{"cases": [{"id", "system", "params",
"quantity", "expected", "rtol"}, ...]}``.
"""

from __future__ import annotations

__all__ = ["SYSTEMS", "ReferenceRow", "answer", "run_reference"]

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from analytic_models.errors import DataError, EcccError, Problem
from analytic_models.reference_networks import NETWORKS
from analytic_models.reference_parameters import Parameters
from analytic_models.reference_stations import STATIONS

SYSTEMS = {**STATIONS, **NETWORKS}


@dataclass(frozen=True)
class ReferenceRow:
    """One answered case.

    Parameters
    ----------
    case
        Identifier of the case.
    system, quantity
        What was asked.
    expected, value
        Stated and computed value; the computed one is ``nan`` where the case has no answer.
    relative_error
        Distance of the two over the stated one.
    rtol
        Accepted relative error; 0 asks for equality.
    passed
        Whether the answer lies within it.
    reason
        Why there is no answer; empty otherwise.
    """

    case: str
    system: str
    quantity: str
    expected: float
    value: float
    relative_error: float
    rtol: float
    passed: bool
    reason: str = ""


def answer(case: Mapping[str, Any]) -> float:
    """Compute the quantity that a case asks for.

    Parameters
    ----------
    case
        Mapping with ``system``, ``params`` and ``quantity``.

    Returns
    -------
    float
        The value; ``inf`` for the delay of an unstable system.

    Raises
    ------
    DataError
        If the case names an unknown system or quantity, or a parameter is missing or out of
        range; the problem names the place and what is allowed.

    Examples
    --------
    >>> answer({"system": "erlang_b", "params": {"c": 1, "a": 0.5}, "quantity": "blocking"})
    0.3333333333333333
    """
    path = f"case {case.get('id', '?')}"
    missing = [
        Problem(f"{path}.{key}", "is missing", allowed)
        for key, allowed in (
            ("system", ", ".join(sorted(SYSTEMS))),
            ("params", "an object"),
            ("quantity", "a quantity of the system"),
        )
        if key not in case
    ]
    if missing:
        raise DataError(missing)
    system, params = case["system"], case["params"]
    if not isinstance(system, str) or system not in SYSTEMS:
        known = ", ".join(sorted(SYSTEMS))
        raise DataError(Problem(f"{path}.system", f"{system!r} is not known", known))
    if not isinstance(params, Mapping):
        raise DataError(Problem(f"{path}.params", "is not an object", "an object"))
    given = Parameters(f"{path}.params", params)
    return float(SYSTEMS[system](given, str(case["quantity"])))


def run_reference(path: str | Path) -> tuple[list[ReferenceRow], int, int]:
    """Answer every case of a file.

    Parameters
    ----------
    path
        A file in the format ``queueing-cases/1``.

    Returns
    -------
    tuple
        Rows in the order of the file, number passed, number failed. A malformed case or an
        unknown system is a failed row with its reason.

    Raises
    ------
    DataError
        If the file cannot be read or holds no list of cases.
    """
    file = Path(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(Problem(str(file), f"cannot be read: {error}", "a JSON file")) from error
    cases = content.get("cases") if isinstance(content, dict) else content
    if not isinstance(cases, list):
        raise DataError(Problem(f"{file}.cases", "is not a list", 'an object with a list "cases"'))
    rows = [_row(case, index) for index, case in enumerate(cases)]
    passed = sum(row.passed for row in rows)
    return rows, passed, len(rows) - passed


def _row(case: object, index: int) -> ReferenceRow:
    """Answer one case; whatever is wrong with it becomes the reason."""
    if not isinstance(case, Mapping):
        return _failed(f"#{index}", {}, f"case #{index}: is not an object (allowed: an object)")
    name = str(case.get("id", f"#{index}"))
    tolerance = case.get("rtol")
    expected = case.get("expected")
    if not _is_number(expected):
        return _failed(name, case, f"case {name}.expected: is not a number (allowed: a number)")
    if not _is_number(tolerance) or not float(tolerance) >= 0.0:
        return _failed(name, case, f"case {name}.rtol: is not valid (allowed: zero or more)")
    try:
        with np.errstate(all="ignore"):
            value = answer({**case, "id": name})
    except EcccError as error:
        return _failed(name, case, "; ".join(str(error).splitlines()))
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        return _failed(name, case, f"case {name}: has no number ({error})")
    accepted = float(tolerance)
    error_size = _relative_error(value, expected)
    return ReferenceRow(
        name,
        str(case["system"]),
        str(case["quantity"]),
        float(expected),
        value,
        error_size,
        accepted,
        error_size <= accepted,
    )


def _failed(name: str, case: Mapping[str, Any], reason: str) -> ReferenceRow:
    expected = case.get("expected")
    tolerance = case.get("rtol")
    return ReferenceRow(
        name,
        str(case.get("system", "")),
        str(case.get("quantity", "")),
        float(expected) if _is_number(expected) else math.nan,
        math.nan,
        math.nan,
        float(tolerance) if _is_number(tolerance) else math.nan,
        passed=False,
        reason=reason,
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def _relative_error(value: float, expected: float) -> float:
    """Relative to the expected value; absolute where that is zero."""
    if value == expected:
        return 0.0
    if math.isinf(expected) or math.isinf(value):
        return math.inf
    return abs(value - expected) / (abs(expected) if expected != 0.0 else 1.0)
