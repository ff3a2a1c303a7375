"""A bare page with one slider and one chart: what the speed of the app is compared with."""

from __future__ import annotations

import checkout  # noqa: F401 - first: it makes the packages of a bare checkout importable
import numpy as np
import streamlit as st
from components.figures import Figure, figures

st.set_page_config(page_title="One chart", layout="wide")
count = st.select_slider("Devices", range(1, 1001), value=40)
across = np.linspace(0.0, 1.0, 200)
figures(
    [
        Figure(
            [
                {"type": "scatter", "x": across, "y": np.sin(across * count / part) / part}
                for part in (3.0, 5.0, 7.0)
            ],
            {"xaxis": {"title": {"text": "x"}}, "yaxis": {"title": {"text": "y"}}},
            alt=f"Three curves for {count}",
        )
    ],
    key="one",
)
