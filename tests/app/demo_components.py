"""A page with every component and realistic content; the browser tests drive it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from components.figures import Figure, figures

st.set_page_config(page_title="Components", layout="wide")
st.title("Components")
load = st.slider("Load", 0, 100, 40)

x = np.linspace(0, 10, 60)
clicked = figures(
    [
        Figure(
            [
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": name,
                    "y": ["now"],
                    "x": [value],
                    "marker": {"color": token},
                }
                for name, value, token in [
                    ("Device compute", 12.0 + load / 10, "@device"),
                    ("Uplink", 23.5, "@uplink"),
                    ("Edge compute", 8.1, "@edge"),
                ]
            ],
            {"barmode": "stack", "xaxis": {"title": {"text": "latency (ms)"}}},
            alt=f"Latency by part at load {load}",
            title="Where the time goes",
        ),
        Figure(
            [
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": "p95",
                    "x": x,
                    "y": x * load,
                    "line": {"color": "@cloud"},
                },
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": "mean",
                    "x": x,
                    "y": x * load / 2,
                    "line": {"color": "@edge"},
                },
            ],
            {
                "xaxis": {"title": {"text": "requests per second"}},
                "yaxis": {"title": {"text": "ms"}},
            },
            alt="Latency over load",
            title="Latency over load",
        ),
    ],
    key="charts",
    columns=2,
)
st.write("clicked", clicked)
