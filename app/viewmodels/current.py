"""Cases and evaluations remembered for a while: a rerun that changes nothing costs nothing."""

from __future__ import annotations

__all__ = ["evaluated", "parsed", "remember"]

import threading
from functools import lru_cache

from analytic_models import Case, Evaluation, evaluate

_KEPT = 512

_cases: dict[str, Case] = {}
_keeping = threading.Lock()


@lru_cache(maxsize=_KEPT)
def evaluated(case: Case) -> Evaluation:
    """Evaluate a case with exact percentiles, or return the evaluation of an equal one."""
    return evaluate(case)


def parsed(text: str) -> Case:
    """Read a case from its JSON, or return the one that was read or remembered before.

    Raises
    ------
    analytic_models.DesignError
        If the text is not a valid case.
    """
    found = _cases.get(text)
    if found is None:
        found = Case.from_json(text)
        remember(text, found)
    return found


def remember(text: str, case: Case) -> None:
    """Keep a case under its own JSON, so that the run that shows it need not check it again."""
    with _keeping:
        while len(_cases) >= _KEPT:
            _cases.pop(next(iter(_cases)))
        _cases[text] = case
