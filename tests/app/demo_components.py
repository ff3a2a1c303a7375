"""A page with every component and realistic content; the browser tests drive it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
import theme
from components.canvas import canvas
from components.figures import Figure, Table, figures
from components.storage import browser_storage, copy_button
from components.tree import explanation_tree
from text import format_quantity, markdown

DEPTHS = (2, 2, 4, 4, 4)
BLOCKS = [
    [*(f"conv{block}_{at}" for at in range(1, depth + 1)), f"pool{block}"]
    for block, depth in enumerate(DEPTHS, start=1)
]
LAYERS = (*(name for block in BLOCKS for name in block), "fc6", "fc7", "fc8")
BLOCK_WORK = [[0.04, 0.9], [0.46, 0.92], [0.46, *[0.92] * 3], [0.46, *[0.92] * 3], [0.23] * 4]
WORK = np.array([*(value for block in BLOCK_WORK for value in (*block, 0.01)), 0.06, 0.03, 0.01])
SIZES = ((3211264, 802816), (1605632, 401408), (802816, 200704), (401408, 100352), (100352, 25088))
OUTPUT_BYTE = [
    size
    for depth, (inside, pooled) in zip(DEPTHS, SIZES, strict=True)
    for size in (*[inside] * depth, pooled)
]
PAYLOAD_BYTE = np.array([150528, *OUTPUT_BYTE, 4096, 4096, 1000])
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://example.invalid/a.png)"


def _runs(start: int, stop: int) -> str:
    return f"{LAYERS[start]} to {LAYERS[stop - 1]}" if stop > start else ""


def _model(cut1: int, cut2: int, load: int) -> dict[str, Any]:
    busy = 0.35 + load / 150
    last = len(LAYERS)
    spans = {"device": (0, cut1), "edge": (cut1, cut2), "cloud": (cut2, last)}
    tier_facts = [
        ("device", "Device", "Raspberry Pi 4 B", 40, "40 cameras", "int8", 0.62, "118 MB of 4 GB"),
        ("edge", "Edge", "Jetson AGX Orin", 2, "2 machines", "fp16", busy, "1.1 GB of 64 GB"),
        ("cloud", "Cloud", "NVIDIA A100 80GB", 1, "1 machine", "fp16", 0.08, "0.4 GB of 80 GB"),
    ]
    tiers = [
        {
            "id": name,
            "label": label,
            "machine": machine,
            "count": count,
            "count_label": count_label,
            "runs": _runs(*spans[name]),
            "precision": precision,
            "time": format_quantity(0.004 * (spans[name][1] - spans[name][0]), "s"),
            "utilisation": used,
            "utilisation_label": format_quantity(used, "frac", 2),
            "memory": memory,
            "memory_frac": 0.03,
            "unstable": used >= 1,
            "bottleneck": name == "edge",
        }
        for name, label, machine, count, count_label, precision, used, memory in tier_facts
    ]
    hops = [
        {
            "id": name,
            "label": label,
            "technology": technology,
            "bandwidth": bandwidth,
            "rtt": rtt,
            "payload": format_quantity(float(PAYLOAD_BYTE[cut]), "byte") if crosses else "",
            "time": "23.5 ms",
            "utilisation": used if crosses else 0.0,
            "utilisation_label": format_quantity(used, "frac", 2) if crosses else "",
            "radio": name == "uplink",
            "unstable": False,
            "bottleneck": False,
        }
        for name, label, technology, bandwidth, rtt, cut, used, crosses in [
            ("uplink", "Uplink", "5G mid-band", "60 Mbit/s", "RTT 24 ms", cut1, 0.78, cut1 < last),
            ("backhaul", "Backhaul", "Fibre WAN", "1 Gbit/s", "RTT 31 ms", cut2, 0.05, cut2 < last),
        ]
    ]
    return {
        "alt": f"40 cameras run {cut1} layers, the edge {cut2 - cut1}, the cloud {last - cut2}",
        "tiers": tiers,
        "hops": hops,
        "strip": {
            "names": LAYERS,
            "work": WORK.tolist(),
            "payload": [format_quantity(float(size), "byte") for size in PAYLOAD_BYTE],
            "payload_frac": (PAYLOAD_BYTE / PAYLOAD_BYTE.max()).tolist(),
            "valid": None,
            "cut1": cut1,
            "cut2": cut2,
        },
        "selected": st.session_state.get("chosen_part", ""),
        "read_only": False,
    }


def _breakdown(load: int) -> Figure:
    parts = [
        ("Device compute", 12.0, "@part.device_compute"),
        ("Uplink wait", 1.5 + load / 8, "@part.uplink_wait"),
        ("Uplink transfer", 23.5, "@part.uplink_transfer"),
        ("Uplink propagation", 12.0, "@part.uplink_propagation"),
        ("Edge wait", 0.5 + load / 10, "@part.edge_wait"),
        ("Edge compute", 8.1, "@part.edge_compute"),
        ("Result back", 12.1, "@part.return"),
    ]
    starts = np.cumsum([0.0, *(value for _, value, _ in parts)])[:-1]
    return Figure(
        [
            {
                "type": "bar",
                "orientation": "h",
                "y": [name for name, _, _ in parts],
                "x": [value for _, value, _ in parts],
                "base": starts,
                "marker": {"color": [token for _, _, token in parts]},
                "text": [f"{value:.1f}" for _, value, _ in parts],
                "textposition": "outside",
                "cliponaxis": False,
                "showlegend": False,
            }
        ],
        {
            "xaxis": {"title": {"text": "time since capture (ms)"}},
            "yaxis": {"autorange": "reversed"},
        },
        alt=f"Latency by part at load {load}",
        title="Where the time goes",
        note="Mean of one request; the parts add up to the mean latency.",
        table=Table(("Part", "Time (ms)"), [(name, round(value, 1)) for name, value, _ in parts]),
        id="breakdown",
    )


def _pareto() -> Figure:
    energy = np.linspace(0.08, 1.2, 12)
    latency = 30 + 60 / (energy + 0.3)
    return Figure(
        [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "best designs",
                "x": energy,
                "y": latency,
                "customdata": [f"design-{at}" for at in range(12)],
                "line": {"color": "@best", "shape": "hv"},
                "marker": {"color": "@best", "size": 10},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "your design",
                "x": [0.9],
                "y": [118.0],
                "customdata": ["yours"],
                "marker": {"color": "@warn", "size": 13, "symbol": "diamond"},
            },
        ],
        {
            "xaxis": {"title": {"text": "device energy (J)"}},
            "yaxis": {"title": {"text": "latency p95 (ms)"}},
        },
        alt="Latency against energy: twelve best designs and yours",
        title="Latency against energy",
        id="pareto",
    )


def _explanation(load: int) -> dict[str, Any]:
    transfer = {
        "label": "Uplink transfer",
        "value": "23.5 ms",
        "origin": "computed",
        "formula": "payload / share of the cell",
        "children": [
            {"label": "Payload", "value": "25.1 kB", "origin": "computed", "formula": "cut × bits"},
            {
                "label": "Cell bandwidth, uplink",
                "value": "60.0 Mbit/s",
                "origin": "cited",
                "source": {
                    "title": "Narayanan et al. (2021), A variegated look at 5G in the wild",
                    "where": "Table 2, row mid-band",
                    "url": "https://doi.org/10.1145/3452296.3472923",
                },
            },
            {
                "label": "Share of the air time",
                "value": "71.0 %",
                "origin": "assumed",
                "note": "Scheduler overhead; plausible between 60 % and 85 %.",
            },
        ],
    }
    return {
        "label": "Mean latency",
        "value": format_quantity((69.7 + load / 4) / 1e3, "s"),
        "origin": "computed",
        "formula": "device + uplink + edge + return",
        "children": [
            {
                "label": "Device compute, conv1_1 to pool5",
                "value": "12.0 ms",
                "origin": "measured",
                "source": {"title": HOSTILE, "where": "row 4", "url": "javascript:alert(1)"},
            },
            transfer,
            {"label": "Arrival rate", "value": "8.00 /s", "origin": "chosen"},
            {"label": "Edge idle power", "value": "15.0 W", "origin": "override"},
        ],
    }


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Components", page_icon="🧭", layout="wide")
    st.html(theme.page_css())
    stored = browser_storage("eccc-demo", st.session_state.get("note"), key="store")
    if not stored.arrived:
        st.stop()
    st.title("Components")
    load = st.slider("Load", 0, 100, 40, key="load")
    cuts = st.session_state.setdefault("cuts", (7, 21))
    event = canvas(_model(*cuts, load), key="picture")
    if event and event.cuts:
        st.session_state["cuts"] = event.cuts
        st.rerun()
    if event and event.target:
        st.session_state["chosen_part"] = event.target
        st.rerun()
    st.write(f"cuts {cuts[0]} and {cuts[1]}, part {st.session_state.get('chosen_part', 'none')}")
    clicked = figures([_breakdown(load), _pareto()], key="charts", columns=2, height=320)
    if clicked:
        st.session_state["clicked"] = clicked.id
    figures([_pareto()], key="more_charts", height=200)
    st.write(f"clicked {markdown(st.session_state.get('clicked', 'nothing'))}")
    explanation_tree(_explanation(load), key="why")
    st.session_state.setdefault("note", stored.text or "")
    st.text_input("Keep this", key="note")
    copy_button("1.abc", key="copy", as_query="d", help_text="The link holds the whole case.")
    st.write(f"kept {markdown(stored.text or 'nothing')} {markdown(HOSTILE, 90)}")


main()
