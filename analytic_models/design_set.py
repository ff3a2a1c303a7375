"""Many designs as arrays of codes."""

from __future__ import annotations

__all__ = ["DesignSet", "Ints"]

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytic_models.design import PRECISIONS, TIERS, Design
from analytic_models.errors import DesignError, Problem

Ints = NDArray[np.int64]
_CODES = {name: code for code, name in enumerate(PRECISIONS)}


@dataclass(frozen=True)
class DesignSet:
    """Designs as arrays of shape (n,), or numbers for a single design.

    Precisions are codes into ``PRECISIONS``, encodings codes into ``encodings``; the techniques and
    their settings are common to the set.
    """

    cut1: Ints | int
    cut2: Ints | int
    device_precision: Ints | int
    edge_precision: Ints | int
    cloud_precision: Ints | int
    input_encoding: Ints | int
    uplink_encoding: Ints | int
    backhaul_encoding: Ints | int
    encodings: tuple[str, ...]
    techniques: Mapping[str, Mapping[str, float]] = dataclasses.field(
        default_factory=lambda: MappingProxyType({})
    )

    def __len__(self) -> int:
        return int(np.size(self.cut1))

    @classmethod
    def of(cls, design: Design) -> DesignSet:
        """Turn one design into numbers."""
        names = (design.input_encoding, design.uplink_encoding, design.backhaul_encoding)
        encodings = tuple(dict.fromkeys(names))
        code = encodings.index
        return cls(
            design.cut1,
            design.cut2,
            _CODES[design.device_precision],
            _CODES[design.edge_precision],
            _CODES[design.cloud_precision],
            code(names[0]),
            code(names[1]),
            code(names[2]),
            encodings,
            design.techniques,
        )

    @classmethod
    def of_many(cls, designs: Sequence[Design]) -> DesignSet:
        """Turn designs that share their techniques into arrays.

        Raises
        ------
        DesignError
            If the designs differ in their techniques.
        """
        first = designs[0].techniques
        if any(design.techniques != first for design in designs):
            raise DesignError(Problem("designs", "one set of designs shares its techniques"))
        names = [
            n for d in designs for n in (d.input_encoding, d.uplink_encoding, d.backhaul_encoding)
        ]
        encodings = tuple(dict.fromkeys(names))
        position = {name: code for code, name in enumerate(encodings)}
        columns = {
            "cut1": [d.cut1 for d in designs],
            "cut2": [d.cut2 for d in designs],
            **{
                f"{t}_precision": [_CODES[getattr(d, f"{t}_precision")] for d in designs]
                for t in TIERS
            },
            **{
                name: [position[getattr(d, name)] for d in designs]
                for name in ("input_encoding", "uplink_encoding", "backhaul_encoding")
            },
        }
        arrays: dict[str, Any] = {
            name: np.asarray(values, dtype=np.int64) for name, values in columns.items()
        }
        return cls(**arrays, encodings=encodings, techniques=first)

    def design(self, index: int = 0) -> Design:
        """Return one design of the set."""

        def at(value: Ints | int) -> int:
            return int(np.atleast_1d(value)[index])

        return Design(
            cut1=at(self.cut1),
            cut2=at(self.cut2),
            device_precision=PRECISIONS[at(self.device_precision)],
            edge_precision=PRECISIONS[at(self.edge_precision)],
            cloud_precision=PRECISIONS[at(self.cloud_precision)],
            input_encoding=self.encodings[at(self.input_encoding)],
            uplink_encoding=self.encodings[at(self.uplink_encoding)],
            backhaul_encoding=self.encodings[at(self.backhaul_encoding)],
            techniques=self.techniques,
        )

    def take(self, rows: NDArray[Any]) -> DesignSet:
        """Return the designs at some rows."""
        changes = {
            f.name: np.atleast_1d(getattr(self, f.name))[rows]
            for f in dataclasses.fields(self)
            if f.name not in ("encodings", "techniques")
        }
        return dataclasses.replace(self, **changes)
