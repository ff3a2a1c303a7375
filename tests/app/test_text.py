"""Foreign strings stay text; numbers read as people write them."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import text
from hypothesis import given
from hypothesis import strategies as st

APP = Path(text.__file__).parent
JOINER = "\u2060"

SHOWN = [
    (1.5e-7, "s", "0.150 µs"),
    (0.01234, "s", "12.3 ms"),
    (0.99999, "s", "1.00 s"),
    (300.0, "s", "5.00 min"),
    (0.0, "s", "0 s"),
    (-0.004, "s", "\u22124.00 ms"),
    (1.2e-9, "j", "1.20 nJ"),
    (3e5, "j", "300 kJ"),
    (6e7, "bit/s", "60.0 Mbit/s"),
    (999.9, "bit/s", "1.00 kbit/s"),
    (1_234_567, "byte", "1.23 MB"),
    (512, "byte", "512 B"),
    (2e-6, "usd", "2.00 $ per million"),
    (1.2345e-3, "gco2e", "1.23 mg CO₂e per inference"),
    (0.42, "frac", "42.0\u202f%"),
    (40, "count", "40"),
    (12_345, "count", "12\u202f345"),
    (8.5, "1/s", "8.50 /s"),
    (math.inf, "s", "unstable"),
    (math.inf, "1/s", "no bound"),
    (math.nan, "j", "not known"),
    (3.0, "furlong", "3.00 furlong"),
]


@pytest.mark.parametrize(("value", "unit", "expected"), SHOWN)
def test_a_quantity_is_written_in_the_unit_people_use(
    value: float, unit: str, expected: str
) -> None:
    assert text.format_quantity(value, unit) == expected


@given(st.floats(min_value=1e-11, max_value=1e11))
def test_the_number_shown_is_within_rounding_of_the_number_given(value: float) -> None:
    scale = text.scale_for(value, "bit/s")
    shown = text.format_quantity(value, "bit/s").removesuffix(scale.label).strip()
    mantissa, _, power = shown.replace("\u202f", "").replace("\u2212", "-").partition("·10^")
    read = float(mantissa) * 10 ** int(power or 0) / scale.factor
    assert read == pytest.approx(value, rel=5.001e-3)


@pytest.mark.parametrize("line", ["- item", "+ item", "1. item", "12) item", "===", "# head"])
def test_the_start_of_a_line_opens_neither_list_nor_heading(line: str) -> None:
    escaped = text.markdown(line)
    assert escaped.replace("\\", "") == line
    assert "\\" in escaped


def test_a_name_with_a_hyphen_stays_as_it_is() -> None:
    assert text.markdown("ResNet-50 + 2 heads") == "ResNet-50 + 2 heads"


def test_both_ends_of_a_range_share_one_unit() -> None:
    assert text.format_range(0.0005, 0.002, "s") == "0.500 to 2.00 ms"


@given(st.text(max_size=400))
def test_plain_text_is_one_bounded_line(foreign: str) -> None:
    shown = text.plain(foreign, limit=60)
    assert len(shown) <= 60
    assert "\n" not in shown
    assert "\u202e" not in shown


@given(st.text(alphabet="![](){}<>`*_$:#~|\\ax/.", max_size=60))
def test_no_markdown_sign_survives_unescaped(foreign: str) -> None:
    escaped = text.markdown(foreign, limit=200)
    rest = escaped.replace("\\\\", "")
    for sign in "![](){}<>`*_$:#~|":
        assert rest.count(sign) == rest.count("\\" + sign)


@pytest.mark.parametrize("address", ["http://a.b", "HTTPS://a.b", "www.a.b", "me@a.b", "mailto:me"])
def test_an_address_in_a_foreign_string_is_no_longer_an_address(address: str) -> None:
    assert JOINER in text.markdown(address)


def test_a_chart_label_obeys_no_tag() -> None:
    assert "<" not in text.chart_text("<a href='https://a.b'><b>conv</b></a>")


@pytest.mark.parametrize("module", ["text", "links", "theme"])
def test_the_pure_modules_do_not_load_streamlit(module: str) -> None:
    code = f"import checkout, sys, {module}; sys.exit('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=APP, check=False, timeout=60)
    assert done.returncode == 0
