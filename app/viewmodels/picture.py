"""The architecture as the canvas draws it, from one evaluated case."""

from __future__ import annotations

__all__ = ["PayloadProfile", "payload_profile", "picture"]

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from text import UNKNOWN, format_quantity, plain
from theme import utilisation_token

from analytic_models import Case, Design, Evaluation, Scenario, evaluate
from analytic_models.laws.workload import prefix_at
from analytic_models.units import bit_to_byte
from analytic_models.user_data import UserData
from viewmodels.certainty import certainty
from viewmodels.choices import choice_label
from viewmodels.cuts import placement_words, segment_words
from viewmodels.display import busy_words

_TIERS = (("device", "Device"), ("edge", "Edge"), ("cloud", "Cloud"))
_HOPS = (("uplink", "Uplink"), ("backhaul", "Backhaul"))
# Below this share a station is said to be hardly busy.
_HARDLY = 1e-3
_RADIO = {"wi-fi", "lte", "5g", "lpwan", "ble", "nb-iot"}


@dataclass(frozen=True)
class PayloadProfile:
    """What would cross a cut at each boundary.

    Parameters
    ----------
    boundaries
        Names, one per boundary.
    payload_byte
        Bytes on the uplink if it were cut there; 0 behind the last layer.
    raw_byte
        Bytes of the raw input as it is sent now.
    work_frac
        Share of the work between a boundary and the next one, over the largest such share.
    """

    boundaries: tuple[str, ...]
    payload_byte: tuple[float, ...]
    raw_byte: float
    work_frac: tuple[float, ...]


@lru_cache(maxsize=256)
def _profile(
    dnn_id: str,
    input_encoding: str,
    uplink_encoding: str,
    techniques: str,
    own: UserData | None,
) -> PayloadProfile:
    dnn = Case(user_data=own).catalog().dnns[dnn_id]
    last = len(dnn.boundary_row) - 1
    scenario = Scenario(dnn=dnn_id)
    chosen: Mapping[str, Mapping[str, float]] = json.loads(techniques)
    cases = [
        Case(
            scenario,
            Design(
                cut1=at,
                cut2=last,
                input_encoding=input_encoding,
                uplink_encoding=uplink_encoding,
                techniques=chosen,
            ),
            own,
        )
        for at in range(last + 1)
    ]
    sent = bit_to_byte(evaluate(cases, ["uplink_message_bit"], exact=False)["uplink_message_bit"])
    work = np.diff(prefix_at(dnn.mac, dnn.boundary_row))
    share = work / max(float(work.max()), 1.0)
    payload = tuple(float(value) for value in np.asarray(sent))
    names = tuple(plain(name, 32) for name in dnn.boundary_name)
    return PayloadProfile(names, payload, payload[0], tuple(float(value) for value in share))


def payload_profile(case: Case) -> PayloadProfile:
    """Return what would cross at each boundary under the encodings of a case."""
    design = case.design
    techniques = json.dumps(
        {name: dict(values) for name, values in design.techniques.items()}, sort_keys=True
    )
    encodings = design.input_encoding, design.uplink_encoding
    return _profile(case.scenario.dnn, *encodings, techniques, case.user_data)


def picture(
    case: Case, evaluation: Evaluation, selected: str = "", read_only: bool = False
) -> dict[str, Any]:
    """Build the mapping that ``components.canvas`` draws."""
    catalog = case.catalog()
    tiers = [_tier(evaluation, case, name, label) for name, label in _TIERS]
    hops = [_hop(evaluation, case, name, label) for name, label in _HOPS]
    _mark_bottleneck([*tiers, *hops])
    profile = payload_profile(case)
    largest = max(profile.payload_byte) or 1.0
    dnn = plain(catalog.dnns.label(case.scenario.dnn), 40)
    return {
        "alt": f"{dnn} {placement_words(case.scenario.dnn, case.design, catalog)}",
        "tiers": tiers,
        "hops": hops,
        "strip": {
            "names": list(profile.boundaries[1:]),
            "work": list(profile.work_frac),
            "payload": [_bytes(value) for value in profile.payload_byte],
            "payload_frac": [value / largest for value in profile.payload_byte],
            "valid": None,
            "cut1": case.design.cut1,
            "cut2": case.design.cut2,
        },
        "selected": selected,
        "read_only": read_only,
    }


def _bytes(value: float) -> str:
    return format_quantity(value, "byte") if value > 0 else "nothing"


def _share(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mark_bottleneck(parts: list[dict[str, Any]]) -> None:
    busiest = max(parts, key=lambda part: part["utilisation"] or 0.0)
    busy = busiest["utilisation"] or 0.0
    busiest["bottleneck"] = utilisation_token(busy) != "@good"


def _tier(evaluation: Evaluation, case: Case, name: str, label: str) -> dict[str, Any]:
    scenario, design = case.scenario, case.design
    catalog = case.catalog()
    dnn = catalog.dnns[scenario.dnn]
    last = len(dnn.boundary_row) - 1
    spans = {
        "device": (0, design.cut1),
        "edge": (design.cut1, design.cut2),
        "cloud": (design.cut2, last),
    }
    runs = segment_words(dnn, *spans[name])
    counts = {
        "device": (scenario.population_count, "device"),
        "edge": (scenario.edge_servers_count, "server"),
        "cloud": (scenario.cloud_servers_count, "server"),
    }
    count, noun = counts[name]
    counted = f"{format_quantity(count, 'count')} {noun}{'' if count == 1 else 's'}"
    if name == "cloud" and scenario.cloud_discipline == "elastic":
        count, counted = 2, "on demand"
    busy = evaluation.value(f"{name}_utilisation_frac")
    filled = evaluation.value(f"{name}_memory_frac")
    used = evaluation.value(f"{name}_weight_byte") + evaluation.value(f"{name}_activation_byte")
    room = format_quantity(evaluation.value(f"{name}_weight_room_byte"), "byte", 2)
    held = format_quantity(used, "byte", 2)
    return {
        "id": name,
        "label": label,
        "machine": choice_label("catalog:machines", getattr(scenario, name), catalog),
        "count": count,
        "count_label": counted,
        "runs": runs,
        "precision": getattr(design, f"{name}_precision") if runs else "",
        "time": _time(evaluation, case, name) if runs else "",
        "utilisation": _share(busy),
        "utilisation_label": _busy_words(busy),
        "memory": f"{held} of {room}" if math.isfinite(used) and room != UNKNOWN else UNKNOWN,
        "memory_frac": _share(filled),
        "unstable": busy >= 1.0,
        "bottleneck": False,
    }


def _time(evaluation: Evaluation, case: Case, name: str) -> str:
    quantity = f"{name}_service_s"
    return format_quantity(evaluation.value(quantity), "s", certainty(case).digits(quantity, 2))


def _busy_words(busy: float) -> str:
    if math.isnan(busy):
        return UNKNOWN
    if 0.0 < busy < _HARDLY:
        return f"< {format_quantity(_HARDLY, 'frac', 1)}"
    return busy_words(busy)


def _hop(evaluation: Evaluation, case: Case, name: str, label: str) -> dict[str, Any]:
    hop = case.catalog().hops[getattr(case.scenario, name)]
    size = bit_to_byte(evaluation.value(f"{name}_message_bit"))
    busy = evaluation.value(f"{name}_utilisation_frac")
    crosses = size != 0.0
    round_trip = format_quantity(evaluation.value(f"{name}_rtt_s"), "s", 2)
    return {
        "id": name,
        "label": label,
        "technology": plain(hop.label, 40),
        "bandwidth": format_quantity(evaluation.value(f"{name}_bit_per_s"), "bit/s"),
        "rtt": f"RTT {round_trip}",
        "payload": format_quantity(float(size), "byte") if crosses else "",
        "time": _time(evaluation, case, name) if crosses else "",
        "utilisation": _share(busy) if crosses else 0.0,
        "utilisation_label": _busy_words(busy) if crosses else "",
        "radio": hop.technology in _RADIO,
        "unstable": busy >= 1.0,
        "bottleneck": False,
    }
