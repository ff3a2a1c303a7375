"""Cases and evaluations remembered for a while: a rerun that changes nothing costs nothing."""

from __future__ import annotations

__all__ = ["evaluated", "parsed"]

from functools import lru_cache

from analytic_models import Case, Evaluation, evaluate

_KEPT = 512


@lru_cache(maxsize=_KEPT)
def evaluated(case: Case) -> Evaluation:
    """Evaluate a case with exact percentiles, or return the evaluation of an equal one."""
    return evaluate(case)


@lru_cache(maxsize=_KEPT)
def parsed(text: str) -> Case:
    """Read a case from its JSON, or return the one that was read before.

    Raises
    ------
    analytic_models.DesignError
        If the text is not a valid case.
    """
    return Case.from_json(text)
