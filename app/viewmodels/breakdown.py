"""Where the time, the energy, the money and the carbon of one request go."""

from __future__ import annotations

__all__ = ["Part", "Waterfall", "resource_parts", "waterfall"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

from text import format_quantity, scale_for

from analytic_models import Evaluation
from viewmodels.display import short
from viewmodels.key_figures import STATION_WORDS, overloaded_stations

# Station, quantity, words, colour token of the theme; in the order in which a request meets them.
_TIMES = (
    ("device", "device_wait_s", "waiting", "part.device_wait"),
    ("device", "device_segment_s", "computing", "part.device_compute"),
    ("device", "device_encode_s", "encoding", "part.codec"),
    ("device", "device_overhead_s", "overhead", "part.codec"),
    ("uplink", "uplink_wait_s", "waiting", "part.uplink_wait"),
    ("uplink", "uplink_service_s", "sending", "part.uplink_transfer"),
    ("uplink", "uplink_fixed_s", "round trip and answer", "part.uplink_propagation"),
    ("edge", "edge_wait_s", "waiting", "part.edge_wait"),
    ("edge", "edge_service_s", "computing", "part.edge_compute"),
    ("backhaul", "backhaul_wait_s", "waiting", "part.backhaul_wait"),
    ("backhaul", "backhaul_service_s", "sending", "part.backhaul_transfer"),
    ("backhaul", "backhaul_fixed_s", "round trip and answer", "part.backhaul_propagation"),
    ("cloud", "cloud_wait_s", "waiting", "part.cloud_wait"),
    ("cloud", "cloud_service_s", "computing", "part.cloud_compute"),
)
_RESOURCES = {
    "energy": (
        "j",
        (
            ("device_compute_j", "Device, computing", "device"),
            ("device_radio_j", "Device, radio", "uplink"),
            ("edge_j", "Edge site", "edge"),
            ("cloud_j", "Cloud", "cloud"),
        ),
    ),
    "cost": (
        "usd",
        (
            ("edge_usd", "Edge site", "edge"),
            ("cloud_usd", "Cloud time", "cloud"),
            ("egress_usd", "Data out of the cloud", "backhaul"),
        ),
    ),
    "carbon": (
        "gco2e",
        (
            ("device_gco2e", "Device, running", "device"),
            ("edge_gco2e", "Edge site, running", "edge"),
            ("cloud_gco2e", "Cloud, running", "cloud"),
            ("device_made_gco2e", "Device, making", "device"),
            ("edge_made_gco2e", "Edge site, making", "edge"),
            ("cloud_made_gco2e", "Cloud, making", "cloud"),
        ),
    ),
}


@dataclass(frozen=True)
class Part:
    """One piece of a sum, in display units.

    Parameters
    ----------
    quantity
        Name in the pipeline.
    group, label
        Row of the chart, and what the piece is.
    start, size
        Where it begins and how large it is; ``size`` is nan when it is not known.
    text
        The size with its unit.
    token
        Colour token of the theme, without ``@``.
    """

    quantity: str
    group: str
    label: str
    start: float
    size: float
    text: str
    token: str


@dataclass(frozen=True)
class Waterfall:
    """Mean latency as consecutive pieces.

    Parameters
    ----------
    parts
        Pieces with a finite size, in order.
    unit
        Display unit of starts and sizes.
    total
        Their sum with its unit; empty when it is not finite.
    remark
        What is missing or without bound, as one sentence; empty otherwise.
    """

    parts: tuple[Part, ...]
    unit: str
    total: str
    remark: str


def waterfall(evaluation: Evaluation, digits: int = 2) -> Waterfall:
    """Split the mean latency by station into waiting, service and fixed delay.

    Pieces beyond the device count with the share of requests that get there, so that the pieces
    add up to the mean over all requests.

    Parameters
    ----------
    digits
        Significant digits of the texts: those that are known of the mean.
    """
    share = {"device": 1.0, "uplink": evaluation.value("answered_remote_frac")}
    share["edge"] = share["uplink"]
    onward = evaluation.value("answered_cloud_frac")
    share["backhaul"] = share["cloud"] = share["uplink"] * onward
    sizes = [evaluation.value(name) * share[station] for station, name, _, _ in _TIMES]
    finite = [size for size in sizes if math.isfinite(size)]
    scale = scale_for(sum(finite), "s")
    parts, start = [], 0.0
    for (station, name, words, token), size in zip(_TIMES, sizes, strict=True):
        if not math.isfinite(size) or size <= 0.0:
            continue
        shown = size * scale.factor
        text = format_quantity(size, "s", digits)
        if name == "cloud_wait_s" and evaluation.batch.scenario.cloud_discipline == "elastic":
            words = "cold starts"
        parts.append(Part(name, station.capitalize(), words, start, shown, text, token))
        start += shown
    mean = evaluation.value("latency_mean_s")
    total = format_quantity(mean, "s", digits) if math.isfinite(mean) else ""
    return Waterfall(tuple(parts), scale.label, total, _remark(evaluation, sizes))


def _remark(evaluation: Evaluation, sizes: Sequence[float]) -> str:
    busy = overloaded_stations(evaluation)
    if busy:
        where = " and ".join(STATION_WORDS[name] for name, _ in busy)
        verb = "is" if len(busy) == 1 else "are"
        return (
            f"Overloaded: {where} {verb} asked for too much, so waiting there grows without bound."
        )
    if any(math.isnan(size) for size in sizes):
        return f"A piece is not known: {evaluation.reason('latency_mean_s')}."
    return ""


def resource_parts(
    evaluation: Evaluation, kind: str, digits: int = 2
) -> tuple[tuple[Part, ...], str, str]:
    """Split energy, cost or carbon of one inference by place.

    Parameters
    ----------
    kind
        ``"energy"``, ``"cost"`` or ``"carbon"``.
    digits
        Significant digits of the texts.

    Returns
    -------
    The pieces (size nan where not known), their unit, and why something is missing.
    """
    unit, rows = _RESOURCES[kind]
    values = [(name, label, token, evaluation.value(name)) for name, label, token in rows]
    scale = scale_for(max((v for *_, v in values if math.isfinite(v)), default=1.0), unit)
    parts = tuple(
        Part(name, label, label, 0.0, value * scale.factor, short(value, unit, digits), token)
        for name, label, token, value in values
    )
    gaps = [evaluation.reason(name) for name, *_, value in values if math.isnan(value)]
    return parts, scale.label, "; ".join(dict.fromkeys(filter(None, gaps)))
