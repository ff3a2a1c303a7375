"""Remember the last single cases of a table, so that a change of few inputs costs little."""

from __future__ import annotations

__all__ = ["Recent"]

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from analytic_models.units import Array

# Several people, or several figures of a page, may take turns.
_CASES_KEPT, _KINDS_KEPT = 4, 32


@dataclass(frozen=True)
class _Case:
    columns: Mapping[str, Array]
    effects: Mapping[str, Any]
    values: Mapping[str, Array]


class Recent:
    """The last cases of each kind: same quantities wanted, same columns given, same flags.

    Entries are replaced as a whole, so that threads may share them: at worst one is forgotten.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[_Case, ...]] = {}

    def nearest(
        self, kind: Hashable, columns: Mapping[str, Array], effects: Mapping[str, Any]
    ) -> tuple[dict[str, Array], frozenset[str]] | None:
        """Return a copy of the values of the most similar case, and the columns that differ.

        A case counts only if it has the same columns and the very same effects. A column that is
        not a number differs from another one, as nan differs from itself.
        """
        best: tuple[_Case, list[str]] | None = None
        for case in self._kept.get(kind, ()):
            same = case.effects is effects or not (case.effects or effects)
            if not same or case.columns.keys() != columns.keys():
                continue
            old = case.columns
            changed = [n for n, v in columns.items() if v is not old[n] and v != old[n]]
            if best is None or len(changed) < len(best[1]):
                best = case, changed
            if len(changed) <= 1:
                break
        return None if best is None else (dict(best[0].values), frozenset(best[1]))

    def keep(
        self,
        kind: Hashable,
        columns: Mapping[str, Array],
        effects: Mapping[str, Any],
        values: Mapping[str, Array],
    ) -> None:
        """Remember a case, and forget the oldest beyond a few."""
        if kind not in self._kept and len(self._kept) >= _KINDS_KEPT:
            self._kept.clear()
        earlier = self._kept.get(kind, ())
        self._kept[kind] = (_Case(columns, effects, values), *earlier[: _CASES_KEPT - 1])
