"""What the optimisers need to see of a demand table, and nothing more."""

from __future__ import annotations

__all__ = ["BoolArray", "DemandTable", "FloatArray", "IntArray", "Table"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


class DemandTable(Protocol):
    """Designs of one traffic class as rows, shared stations as columns."""

    @property
    def stations(self) -> tuple[str, ...]:
        """Names of the m shared stations."""
        ...

    @property
    def servers(self) -> FloatArray:
        """Shape (m,): servers of each station."""
        ...

    @property
    def discipline(self) -> tuple[str, ...]:
        """``"ps"`` or ``"fcfs"`` per station."""
        ...

    @property
    def arrival_per_s(self) -> float:
        """Requests per second of the whole class."""
        ...

    @property
    def delay_s(self) -> FloatArray:
        """Shape (n,): un-congested latency of each design, s."""
        ...

    @property
    def work_s(self) -> FloatArray:
        """Shape (n, m): mean work at each station, s at full speed of one server."""
        ...

    @property
    def work2_s2(self) -> FloatArray:
        """Shape (n, m): second moment of that work, s²."""
        ...

    @property
    def metrics(self) -> Mapping[str, FloatArray]:
        """Further additive quantities per design, each of shape (n,)."""
        ...


@dataclass(frozen=True)
class Table:
    """A plain demand table, for rows that do not come from the evaluator (priced columns, tests).

    The attributes are those of :class:`DemandTable`.
    """

    stations: tuple[str, ...]
    servers: FloatArray
    discipline: tuple[str, ...]
    arrival_per_s: float
    delay_s: FloatArray
    work_s: FloatArray
    work2_s2: FloatArray
    metrics: Mapping[str, FloatArray] = field(default_factory=dict)
