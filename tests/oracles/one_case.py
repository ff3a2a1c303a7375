"""A per-case loop in plain Python floats: the chain from layers to key figures, written again.

It shares only look-ups (facts, layer graphs, losses) with the program; every formula is written out
from the textbook, with loops where the program has prefix sums and arrays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analytic_models.catalog import Catalog
from analytic_models.design import Case
from analytic_models.segments import FORMATS, layer_times

STATIONS = ("device", "uplink", "edge", "backhaul", "cloud")


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting by the defining sums."""
    if load >= servers:
        return 1.0
    terms = [1.0]
    for k in range(1, servers + 1):
        terms.append(terms[-1] * load / k)
    last = terms[-1] * servers / (servers - load)
    return last / (sum(terms[:-1]) + last)


def mean_wait(arrival: float, service: float, servers: int, scv: float, shared: bool) -> float:
    """Mean wait: processor sharing, Pollaczek-Khinchine, or Whitt's correction of M/M/c."""
    load = arrival * service
    if service == 0.0 or arrival == 0.0:
        return 0.0
    if load >= servers:
        return math.inf
    if shared:
        return erlang_c(servers, load) * service / (servers - load)
    exponential = erlang_c(servers, load) * service / (servers - load)
    factor = (1.0 + scv) / 2.0
    if servers > 1:
        # Whitt (1993), equations 2.18 to 2.24, for scv of arrivals 1.
        rho = load / servers
        gamma = min(
            0.24,
            (1 - rho) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2) / (16 * servers * rho),
        )
        factor *= whitt_phi(scv, gamma, rho)
    return factor * exponential


def whitt_phi(scv: float, gamma: float, rho: float) -> float:
    """Correction of the M/G/c wait for arrivals with scv 1."""
    phi1 = 1 + gamma
    phi3 = (1 - 4 * gamma) * math.exp(-2 * (1 - rho) / (3 * rho))
    phi4 = min(1.0, (phi1 + phi3) / 2)
    middle = (1.0 + scv) / 2.0
    psi = 1.0 if middle >= 1 else phi4 ** (2 * (1 - middle))
    if scv <= 1:
        return 4 * (1 - scv) / (4 - 3 * scv) * phi1 + scv / (4 - 3 * scv) * psi
    return (scv - 1) / (2 + 2 * scv) * phi3 + (scv + 3) / (2 + 2 * scv) * psi


@dataclass(frozen=True)
class Truth:
    """Key figures of a case."""

    idle: float
    mean: float
    utilisation: Mapping[str, float]
    device_energy: float
    cost: float
    carbon: float
    memory: float


def one_case(case: Case, column: Mapping[str, float], catalog: Catalog) -> Truth:
    """Compute the key figures of a case without techniques.

    Parameters
    ----------
    case
        The case.
    column
        Numbers of the scenario's look-ups by column name: rates, round trips, powers, prices.
    """
    scenario, design = case.scenario, case.design
    dnn = catalog.dnns[scenario.dnn]
    rows = [int(row) for row in dnn.boundary_row]
    last = len(rows) - 1
    spans = {
        "device": (0, design.cut1),
        "edge": (design.cut1, design.cut2),
        "cloud": (design.cut2, last),
    }
    service: dict[str, float] = {}
    fullest = 0.0
    for tier, (first, stop) in spans.items():
        precision = getattr(design, f"{tier}_precision")
        table = layer_times(
            catalog, scenario.dnn, getattr(scenario, tier), precision, scenario.timing, ()
        )
        weight_bits, activation_bits, _ = FORMATS[precision]
        service[tier], weights, largest = 0.0, 0.0, 0.0
        for row in range(rows[first], rows[stop]):
            service[tier] += float(table.time_s[row])
            weights += float(dnn.params[row]) * weight_bits / 8.0
            live = (float(dnn.in_elem[row]) + float(dnn.out_elem[row])) * activation_bits / 8.0
            largest = max(largest, live)
        room = column[f"{tier}_weight_room_byte"]
        if column[f"{tier}_split_flag"]:
            share = max(weights / room, largest / column[f"{tier}_activation_room_byte"])
        else:
            share = (weights + largest) / room
        fullest = max(fullest, share)
    uplink, backhaul = design.cut1 < last, design.cut2 < last
    up_bits = column["raw_elem_bit"] if design.cut1 == 0 else column["uplink_feature_elem_bit"]
    back_bits = column["raw_elem_bit"] if design.cut2 == 0 else column["backhaul_feature_elem_bit"]
    up = float(dnn.boundary_elem[design.cut1]) * up_bits if uplink else 0.0
    back = float(dnn.boundary_elem[design.cut2]) * back_bits if backhaul else 0.0
    if uplink:
        encode = float(dnn.boundary_elem[design.cut1]) * column["encode_elem_op"]
        service["device"] += encode / column["encoder_op_per_s"]
    for hop, size in (("uplink", up), ("backhaul", back)):
        rate = column[f"{hop}_bit_per_s"] * (1.0 - column[f"{hop}_background_frac"])
        service[hop] = size / rate
    answer = 8.0 * scenario.response_byte
    fixed = {"device": 0.0, "edge": 0.0, "cloud": 0.0}
    fixed["uplink"] = (
        column["uplink_rtt_s"] + answer / column["downlink_bit_per_s"] if uplink else 0.0
    )
    fixed["backhaul"] = (
        column["backhaul_rtt_s"] + answer / column["backhaul_bit_per_s"] if backhaul else 0.0
    )
    everyone = scenario.population_count * scenario.arrival_per_s
    arrival = dict.fromkeys(STATIONS, everyone) | {"device": scenario.arrival_per_s}
    servers = dict.fromkeys(STATIONS, 1) | {
        "edge": scenario.edge_servers_count,
        "cloud": scenario.cloud_servers_count,
    }
    idle = mean = 0.0
    for station in STATIONS:
        scv = scenario.message_scv if station in ("uplink", "backhaul") else scenario.compute_scv
        shared = getattr(scenario, f"{station}_discipline") == "ps"
        idle += service[station] + fixed[station]
        mean += mean_wait(arrival[station], service[station], servers[station], scv, shared)
        hop = {"edge": "uplink", "cloud": "backhaul"}.get(station, "")
        spread = scenario.message_scv or scenario.compute_scv
        if hop and getattr(scenario, f"{hop}_discipline") == "fcfs" and not spread:
            # Fixed transfers in order of arrival space what comes: that part does not wait.
            part = min(service[station], servers[station] * service[hop])
            mean -= mean_wait(arrival[station], part, servers[station], scv, shared)
    mean += idle
    energy = column["device_load_w"] * service["device"]
    energy += column["uplink_tx_j_per_bit"] * up + column["uplink_rx_j_per_bit"] * answer
    energy += column["uplink_base_w"] * service["uplink"]
    edge_used, cloud_used = design.cut2 > design.cut1, design.cut2 < last
    edge_j = cloud_j = cost = 0.0
    if edge_used:
        idle_time = scenario.edge_servers_count / everyone - service["edge"]
        edge_j = column["edge_load_w"] * service["edge"] + column["edge_idle_w"] * idle_time
        edge_j *= scenario.edge_pue
        cost += column["edge_usd_per_s"] * scenario.edge_servers_count / everyone
    if cloud_used:
        busy = scenario.cloud_target_frac
        waiting = column["cloud_idle_w"] * service["cloud"] * (1.0 - busy) / busy
        cloud_j = scenario.cloud_pue * (column["cloud_load_w"] * service["cloud"] + waiting)
        cost += column["cloud_usd_per_s"] * service["cloud"] / busy
        cost += column["egress_usd_per_byte"] * scenario.response_byte
    carbon = (energy + edge_j) * column["device_gco2e_per_j"] + cloud_j * column[
        "cloud_gco2e_per_j"
    ]
    used = {s: arrival[s] * service[s] / servers[s] for s in STATIONS}
    return Truth(idle, mean, used, energy, cost, carbon, fullest)
