"""The error family: every error names the place it speaks about."""

from __future__ import annotations

__all__ = [
    "DataError",
    "DesignError",
    "EcccError",
    "Problem",
    "RuleError",
    "UnitError",
    "WiringError",
]

from collections.abc import Sequence
from dataclasses import dataclass

# Problems that the text of an error lists; all of them are in ``problems``.
_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """One fault in an input: where it is, what is wrong, what would be allowed."""

    path: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        tail = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{self.path}: {self.message}{tail}"


class EcccError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    problems
        The faults found, or one message. All faults of a step are collected before raising.
    """

    def __init__(self, problems: str | Problem | Sequence[Problem]) -> None:
        if isinstance(problems, str):
            problems = [Problem("", problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        lines = [str(p).removeprefix(": ") for p in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"… and {len(self.problems) - _SHOWN} more")
        super().__init__("\n".join(lines))


class DataError(EcccError):
    """A fact, source, layer graph or scenario file is not what it must be."""


class UnitError(EcccError):
    """A unit is unknown, or two units do not agree in dimension."""


class DesignError(EcccError):
    """A scenario, design or case given by a user is not valid."""


class WiringError(EcccError):
    """The table of quantities does not fit together."""


class RuleError(EcccError):
    """A taxonomy entry or a combination of techniques breaks a rule."""
