"""The latest searches themselves: what one page found is not searched for again by another part."""

from __future__ import annotations

__all__ = ["searched"]

from functools import lru_cache

from analytic_models import optimize
from analytic_models.optimizers.solution import Solution
from viewmodels.current import parsed

# A search holds every candidate, some tens of megabytes.
_KEPT = 1


@lru_cache(maxsize=_KEPT)
def searched(text: str, objective: str) -> Solution:
    """Look at every design of a scenario, or return a search that was just made.

    Parameters
    ----------
    text
        The case as JSON; its design does not matter.
    objective
        Quantity that is made small (accuracy: large).
    """
    return optimize(parsed(text), objective)
