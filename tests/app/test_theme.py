"""Colours can be read and told apart, and mean the same in light and dark."""

from __future__ import annotations

import colorsys
import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
import theme

MODES = ("light", "dark")
CONFIG = Path(theme.__file__).parent / ".streamlit" / "config.toml"
WORDS = ("ink", "muted", "primary", "good", "warn", "bad", "best", *theme.STATIONS)
WORDS += tuple(f"badge.{name}" for name in theme.BADGES)
MARKS = tuple(f"part.{name}" for name in theme.PARTS)
MARKS += tuple(f"goal.{name}" for name in theme.OBJECTIVES)


def _hue(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[0] * 360


def _apart(one: float, other: float) -> float:
    return min(abs(one - other), 360 - abs(one - other))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("surface", ["background", "panel"])
@pytest.mark.parametrize("name", WORDS)
def test_words_have_a_contrast_of_at_least_four_and_a_half(
    mode: theme.Mode, surface: str, name: str
) -> None:
    shades = theme.palette(mode)
    assert theme.contrast(shades[name], shades[surface]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", MARKS)
def test_marks_have_a_contrast_of_at_least_three(mode: theme.Mode, name: str) -> None:
    shades = theme.palette(mode)
    assert theme.contrast(shades[name], shades["background"]) >= 3.0


@pytest.mark.parametrize("name", sorted(theme.PALETTE.keys() - theme.SURFACE.keys()))
def test_a_meaning_keeps_its_hue_from_light_to_dark(name: str) -> None:
    shade = theme.PALETTE[name]
    assert _apart(_hue(shade.light), _hue(shade.dark)) <= 15.0


@pytest.mark.parametrize("mode", MODES)
def test_stations_differ_in_hue(mode: theme.Mode) -> None:
    hues = [_hue(shade.of(mode)) for shade in theme.STATIONS.values()]
    assert min(_apart(a, b) for a, b in itertools.combinations(hues, 2)) >= 30.0


def test_every_station_has_the_colour_of_its_tier_or_hop() -> None:
    assert {**theme.TIERS, **theme.HOPS} == theme.STATIONS


@pytest.mark.parametrize("mode", MODES)
def test_surfaces_are_those_of_the_streamlit_theme(mode: theme.Mode) -> None:
    chosen: dict[str, Any] = tomllib.loads(CONFIG.read_text())["theme"][mode]
    named = {"background": "backgroundColor", "panel": "secondaryBackgroundColor"}
    named |= {"ink": "textColor", "primary": "primaryColor"}
    assert {k: chosen[v] for k, v in named.items()} == {k: theme.palette(mode)[k] for k in named}


def test_nothing_in_the_settings_points_to_another_host() -> None:
    text = CONFIG.read_text()
    assert "http" not in text
    settings = tomllib.loads(text)
    assert settings["runner"]["postScriptGC"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["fileWatcherType"] == "none"


@pytest.mark.parametrize(
    ("utilisation", "token"), [(0.0, "@good"), (0.7, "@warn"), (0.9, "@bad"), (5.0, "@bad")]
)
def test_utilisation_turns_from_good_to_bad(utilisation: float, token: str) -> None:
    assert theme.utilisation_token(utilisation) == token


@pytest.mark.parametrize("mode", MODES)
def test_the_template_is_valid_plotly(mode: theme.Mode) -> None:
    from plotly import graph_objects

    made = graph_objects.layout.Template(theme.template(mode))
    assert made.layout.font.color == theme.SURFACE["ink"].of(mode)


def test_a_token_is_resolved_only_where_a_colour_stands() -> None:
    trace = {"name": "@edge", "marker": {"color": ["@edge"], "colorbar": {"title": "@edge"}}}
    assert theme.resolve(trace, "dark") == {
        "name": "@edge",
        "marker": {"color": ["#6fa8ff"], "colorbar": {"title": "@edge"}},
    }


def test_an_unknown_token_is_an_error() -> None:
    with pytest.raises(KeyError):
        theme.resolve({"color": "@nowhere"}, "light")
