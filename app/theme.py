"""Colours with one meaning each, in light and in dark, and the layout template of the charts.

A chart names a colour by its token (``"@edge"``); the figures component puts in the shade of the
theme that the browser shows, so a chart never has to know which one that is.
"""

from __future__ import annotations

__all__ = [
    "BADGES",
    "HOPS",
    "MODES",
    "OBJECTIVES",
    "PALETTE",
    "PARTS",
    "STATIONS",
    "SURFACE",
    "TIERS",
    "UTILISATION_STEPS",
    "Shade",
    "contrast",
    "css_variables",
    "page_css",
    "palette",
    "resolve",
    "template",
    "utilisation_token",
]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")


@dataclass(frozen=True)
class Shade:
    """One meaning in two shades of one hue.

    Parameters
    ----------
    light, dark
        ``#rrggbb`` for marks and words on a light and on a dark page.
    """

    light: str
    dark: str

    def of(self, mode: Mode) -> str:
        """Hex colour for the named theme."""
        return self.light if mode == "light" else self.dark


# Surfaces and inks; the first four repeat app/.streamlit/config.toml (a test holds them equal).
SURFACE: dict[str, Shade] = {
    "background": Shade("#ffffff", "#10151c"),
    "panel": Shade("#f3f5f8", "#1a212b"),
    "ink": Shade("#1b2430", "#e8edf3"),
    "primary": Shade("#0b5cad", "#5aa9ff"),
    "muted": Shade("#566273", "#a3afbd"),
    "line": Shade("#d3d9e1", "#37424f"),
    "grid": Shade("#e6eaef", "#28313c"),
}

TIERS: dict[str, Shade] = {
    "device": Shade("#0b7a5c", "#3fc79c"),
    "edge": Shade("#1d63c4", "#6fa8ff"),
    "cloud": Shade("#7b3fb5", "#bf8ff2"),
}

HOPS: dict[str, Shade] = {
    "uplink": Shade("#a85500", "#f0a24a"),
    "backhaul": Shade("#a83263", "#f07aa6"),
}

STATIONS: dict[str, Shade] = {
    "device": TIERS["device"],
    "uplink": HOPS["uplink"],
    "edge": TIERS["edge"],
    "backhaul": HOPS["backhaul"],
    "cloud": TIERS["cloud"],
}

# A part of the latency has the hue of its place; waiting is the paler shade of the same hue.
PARTS: dict[str, Shade] = {
    "device_compute": TIERS["device"],
    "device_wait": Shade("#45957b", "#23805f"),
    "uplink_transfer": HOPS["uplink"],
    "uplink_wait": Shade("#b97a38", "#a56a1f"),
    "uplink_propagation": Shade("#8f6f4d", "#b79a78"),
    "edge_compute": TIERS["edge"],
    "edge_wait": Shade("#5f8cce", "#3f6fb8"),
    "backhaul_transfer": HOPS["backhaul"],
    "backhaul_wait": Shade("#c2698f", "#b84c7b"),
    "backhaul_propagation": Shade("#8d6678", "#b58fa2"),
    "cloud_compute": TIERS["cloud"],
    "cloud_wait": Shade("#9d75c6", "#8a62b8"),
    "codec": Shade("#6b6f2a", "#bcbf5c"),
    "return": Shade("#5d6b7a", "#8fa0b2"),
}

OBJECTIVES: dict[str, Shade] = {
    "latency": Shade("#1a6f8e", "#57bfe0"),
    "energy": Shade("#8a6500", "#e3bb3d"),
    "cost": Shade("#3f7a1f", "#8fce63"),
    "carbon": Shade("#6a5a4a", "#c2ad98"),
    "accuracy": Shade("#b3312f", "#ff8a80"),
    "memory": Shade("#4f5d95", "#9fb0f0"),
    "privacy": Shade("#5b4b8a", "#b3a1ee"),
    "throughput": Shade("#00706e", "#4fcfcb"),
}

BADGES: dict[str, Shade] = {
    "cited": Shade("#1d63c4", "#7db1ff"),
    "measured": Shade("#0b7a5c", "#3fc79c"),
    "assumed": Shade("#955300", "#f0a24a"),
    "chosen": Shade("#7b3fb5", "#c49af5"),
    "override": Shade("#a83263", "#f58ab1"),
    "computed": Shade("#566273", "#a3afbd"),
}

_STATES: dict[str, Shade] = {
    "good": Shade("#1f7a34", "#5fce7a"),
    "warn": Shade("#955300", "#f0b04a"),
    "bad": Shade("#b3261e", "#ff8b82"),
    "best": Shade("#0b5cad", "#5aa9ff"),
    "other": Shade("#7a8797", "#7f8c9b"),
}

# Smallest utilisation -> state; the words beside it never depend on the colour alone.
UTILISATION_STEPS: tuple[tuple[float, str], ...] = ((0.9, "bad"), (0.7, "warn"), (0.0, "good"))


def _named() -> dict[str, Shade]:
    parts = {f"part.{name}": shade for name, shade in PARTS.items()}
    goals = {f"goal.{name}": shade for name, shade in OBJECTIVES.items()}
    badges = {f"badge.{name}": shade for name, shade in BADGES.items()}
    return {**SURFACE, **STATIONS, **_STATES, **parts, **goals, **badges}


PALETTE: dict[str, Shade] = _named()


def palette(mode: Mode) -> dict[str, str]:
    """Token without its ``@`` to hex colour, for one theme."""
    return {name: shade.of(mode) for name, shade in PALETTE.items()}


def utilisation_token(utilisation: float) -> str:
    """Token for how busy a station is: good below 70 %, warn below 90 %, bad above.

    Examples
    --------
    >>> utilisation_token(0.4), utilisation_token(0.95), utilisation_token(float("inf"))
    ('@good', '@bad', '@bad')
    """
    return "@" + next((state for floor, state in UTILISATION_STEPS if utilisation >= floor), "bad")


def css_variables() -> str:
    """Write custom properties ``--eccc-<token>`` that follow the colour scheme of the page."""
    lines = (
        f"  --eccc-{name.replace('.', '-')}: light-dark({shade.light}, {shade.dark});"
        for name, shade in PALETTE.items()
    )
    return ":host, .eccc-scope {\n" + "\n".join(lines) + "\n}\n"


def page_css() -> str:
    """Write the few rules that the settings of Streamlit cannot state; for one ``st.html`` call.

    Streamlit writes white on the primary colour in both themes, which cannot be read on the light
    primary of the dark one; and a printed page needs neither menu nor sidebar.
    """
    on_primary = SURFACE["background"]
    return f"""<style>
[data-testid^="stBaseButton-primary"]:not(:disabled),
[data-testid^="stBaseButton-primary"]:not(:disabled) *,
[data-testid="stMultiSelect"] [data-tag],
[data-testid="stMultiSelect"] [data-tag] * {{
  color: light-dark({on_primary.light}, {on_primary.dark}) !important;
}}
@media print {{
  [data-testid="stSidebar"], [data-testid="stHeader"] {{ display: none; }}
}}
</style>"""


def template(mode: Mode) -> dict[str, Any]:
    """Layout defaults of every chart, as a plain plotly template."""
    ink, muted = SURFACE["ink"].of(mode), SURFACE["muted"].of(mode)
    grid, line = SURFACE["grid"].of(mode), SURFACE["line"].of(mode)
    axis = {
        "gridcolor": grid,
        "linecolor": line,
        "zerolinecolor": line,
        "tickcolor": line,
        "tickfont": {"color": muted, "size": 12},
        "title": {"font": {"color": ink, "size": 13}, "standoff": 8},
        "automargin": True,
        "ticks": "outside",
        "ticklen": 4,
    }
    series = [shade.of(mode) for shade in (*STATIONS.values(), *OBJECTIVES.values())]
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": series,
            "font": {"color": ink, "size": 13, "family": "system-ui, 'Segoe UI', Roboto, Arial"},
            "margin": {"l": 56, "r": 16, "t": 16, "b": 44},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {
                "orientation": "h",
                "traceorder": "normal",
                "yanchor": "bottom",
                "y": 1.02,
                "x": 0,
                "font": {"size": 12, "color": ink},
                "bgcolor": "rgba(0,0,0,0)",
            },
            "hoverlabel": {
                "bgcolor": SURFACE["panel"].of(mode),
                "bordercolor": line,
                "font": {"color": ink, "size": 12},
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": muted,
                "activecolor": SURFACE["primary"].of(mode),
            },
            "polar": {
                "bgcolor": "rgba(0,0,0,0)",
                "radialaxis": {"gridcolor": grid, "linecolor": line, "tickfont": {"color": muted}},
                "angularaxis": {"gridcolor": grid, "linecolor": line, "tickfont": {"color": ink}},
            },
            "bargap": 0.3,
        }
    }


def resolve(value: object, mode: Mode, key: str = "") -> object:
    """Copy of a figure in which every ``@token`` under a colour key is a hex colour.

    Raises
    ------
    KeyError
        If a token is not in the palette.

    Examples
    --------
    >>> resolve({"marker": {"color": ["@edge", "#123456"]}}, "light")
    {'marker': {'color': ['#1d63c4', '#123456']}}
    """
    if isinstance(value, Mapping):
        return {name: resolve(child, mode, _colour_key(name)) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(child, mode, key) for child in value]
    if isinstance(value, str) and value.startswith("@") and key == "color":
        return PALETTE[value[1:]].of(mode)
    return value


def _colour_key(name: str) -> str:
    return "color" if "color" in name.lower() and name != "colorbar" else ""


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two ``#rrggbb`` colours, from 1 to 21.

    References
    ----------
    W3C (2023). Web Content Accessibility Guidelines 2.2, definitions of relative luminance and
    contrast ratio.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    levels = []
    for colour in (one, other):
        red, green, blue = (_linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
        levels.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(levels) + 0.05) / (min(levels) + 0.05)
