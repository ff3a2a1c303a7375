"""Read what the command line was given: cases, limits, values of a sweep."""

from __future__ import annotations

__all__ = ["read_case", "read_limits", "read_quantities", "read_sweep"]

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analytic_models.batch import SWEEPABLE
from analytic_models.design import Case, Design, Scenario, load_scenarios
from analytic_models.display import parse_quantity, plain
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import QUANTITIES
from analytic_models.fields import declared_fields
from analytic_models.optimizers.solution import Constraint
from analytic_models.pipeline import OUTPUTS
from analytic_models.units import Unit, unit_of_name

# A case is a few thousand characters; a file beyond this is something else.
_LONGEST = 1_000_000
_MOST_VALUES = 1_000_000
KEY_FIGURES = (
    "latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s",
    "latency_idle_s", "latency_required_s", "deadline_miss_frac", "stable_flag",
    "bottleneck_utilisation_frac", "device_utilisation_frac", "uplink_utilisation_frac",
    "edge_utilisation_frac", "backhaul_utilisation_frac", "cloud_utilisation_frac",
    "energy_device_j", "energy_total_j", "cost_usd", "carbon_gco2e", "memory_frac", "accuracy_frac",
    "accuracy_drop_pp", "exposed_frac", "raw_input_leaves_flag",
)  # fmt: skip


def _presets() -> dict[str, Case]:
    """Return the ready-made cases by name, and by name without the leading number."""
    found = dict(load_scenarios())
    return found | {re.sub(r"^\d+-", "", name): case for name, case in found.items()}


def read_case(name: str, changes: Sequence[str] = ()) -> Case:
    """Return a case from standard input, a ready-made name or a file, with fields changed.

    Parameters
    ----------
    name
        ``-``, the name of a ready-made case, or a path.
    changes
        Texts ``field=value``; numbers may carry a unit.

    Raises
    ------
    DesignError
        If it cannot be read, or is not a valid case.
    """
    presets = _presets()
    if name in presets:
        case = presets[name]
    elif name == "-":
        case = Case.from_json(sys.stdin.read(_LONGEST + 1))
    else:
        case = Case.from_json(_read_file(name, ", ".join(presets)))
    return _changed(case, changes) if changes else case


def _read_file(name: str, presets: str) -> str:
    allowed = f"a file, - or one of: {presets}"
    try:
        with Path(name).open(encoding="utf-8") as stream:
            return stream.read(_LONGEST + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise DesignError(Problem(plain(name), reason.lower(), allowed)) from None
    except ValueError:
        raise DesignError(Problem(plain(name), "is not UTF-8 text", allowed)) from None


def _changed(case: Case, changes: Sequence[str]) -> Case:
    plain_case = case.to_dict()
    fields = dict.fromkeys(declared_fields(Scenario), "scenario")
    fields |= dict.fromkeys(declared_fields(Design), "design")
    for change in changes:
        name, equals, text = change.partition("=")
        name = name.strip().removeprefix("scenario.").removeprefix("design.")
        if name not in fields or not equals:
            raise DesignError(
                Problem(f"--set {plain(change)}", "names no field", ", ".join(fields))
            )
        plain_case[fields[name]][name] = _field_value(name, text.strip())
    return Case.from_dict(plain_case)


def _field_value(name: str, text: str) -> Any:  # noqa: ANN401 - a field is a number, a flag or text
    declared = {**declared_fields(Scenario), **declared_fields(Design)}[name]
    if declared.optional and text in ("null", "none"):
        return None
    if declared.kind == "number":
        return parse_quantity(f"--set {name}", text, unit_of_name(name))
    if declared.kind == "integer":
        return parse_quantity(f"--set {name}", text, Unit("1"))
    if declared.kind == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def read_quantities(names: Sequence[str], option: str = "--quantity") -> tuple[str, ...]:
    """Return the quantities asked for: the key figures by default, every one for ``all``.

    Raises
    ------
    DesignError
        If a name is not a quantity.
    """
    if not names:
        return KEY_FIGURES
    if "all" in names and option == "--quantity":
        return tuple(QUANTITIES)
    unknown = [name for name in names if name not in QUANTITIES]
    if unknown:
        allowed = ", ".join(dict.fromkeys((*KEY_FIGURES, *OUTPUTS)))
        raise DesignError(
            [
                Problem(
                    f"{option} {plain(name)}",
                    "is not a quantity",
                    f"{allowed}; eccc quantities lists all",
                )
                for name in unknown
            ]
        )
    return tuple(dict.fromkeys(names))


def read_limits(at_most: Sequence[str], at_least: Sequence[str]) -> tuple[Constraint, ...]:
    """Return constraints from texts ``quantity=limit``.

    Raises
    ------
    DesignError
        If a name is not a quantity or a limit is not a number in its unit.
    """
    return (*_limits("--at-most", "<=", at_most), *_limits("--at-least", ">=", at_least))


def _limits(
    option: str, sense: Literal["<=", ">="], texts: Sequence[str]
) -> tuple[Constraint, ...]:
    found = []
    for text in texts:
        name, equals, limit = text.partition("=")
        name = name.strip()
        if not equals:
            raise DesignError(Problem(f"{option} {plain(text)}", "has no limit", "NAME=LIMIT"))
        (quantity,) = read_quantities([name], option)
        label, unit = QUANTITIES[quantity]
        value = parse_quantity(f"{option} {name}", limit, unit)
        found.append(Constraint(name, value, sense, label.lower()))
    return tuple(found)


def read_sweep(texts: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
    """Return the values of each swept field from texts ``field=first:last:count[:log]``.

    Raises
    ------
    DesignError
        If a field may not vary, or its values are not numbers within its bounds.
    """
    found: dict[str, NDArray[np.float64]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        name = name.strip().removeprefix("scenario.")
        path = f"--over {plain(name)}"
        if name not in SWEEPABLE:
            raise DesignError(Problem(path, "cannot be swept", ", ".join(SWEEPABLE)))
        array = _values(path, values, unit_of_name(name))
        if declared_fields(Scenario)[name].kind == "integer":
            array = np.round(array)
        found[name] = array
    return found


def _values(path: str, text: str, unit: Unit) -> NDArray[np.float64]:
    if ":" not in text:
        return np.array([parse_quantity(path, part, unit) for part in text.split(",")])
    parts = text.split(":")
    allowed = "FIRST:LAST:COUNT, FIRST:LAST:COUNT:log or A,B,C"
    if len(parts) not in (3, 4) or parts[3:] not in ([], ["log"]):
        raise DesignError(Problem(path, f"{plain(text)!r} is not a range", allowed))
    first, last = (parse_quantity(path, part, unit) for part in parts[:2])
    count = parse_quantity(path, parts[2], Unit("1"))
    if count != int(count) or not 1 <= count <= _MOST_VALUES:
        raise DesignError(
            Problem(path, f"{count:g} is not a number of values", f"1 to {_MOST_VALUES}")
        )
    if parts[3:]:
        if first <= 0 or last <= 0:
            raise DesignError(Problem(path, "a logarithmic range starts and ends above 0", allowed))
        return np.geomspace(first, last, int(count))
    return np.linspace(first, last, int(count))
