"""A link carries any JSON exactly, stays short, and never unpacks to more than it may."""

from __future__ import annotations

import base64
import json
import zlib

import links
import pytest
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


def _raw(body: bytes, version: str = "1") -> str:
    return f"{version}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}"


def _deflate(raw: bytes) -> bytes:
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    return press.compress(raw) + press.flush()


@given(JSON)
def test_every_json_value_comes_back_exactly(value: object) -> None:
    text = json.dumps(value)
    restored = links.decode(links.encode(text))
    assert json.loads(restored) == value
    assert restored == links.canonical(text)


@given(JSON)
def test_a_link_holds_only_letters_that_need_no_escaping(value: object) -> None:
    link = links.encode(json.dumps(value))
    assert set(link) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_equal_values_make_equal_links() -> None:
    assert links.encode('{"b": 2, "a": 1.50}') == links.encode('{"a":1.5,"b":2}')


def test_a_link_of_version_one_stays_readable() -> None:
    # Made when version 1 was fixed; a change of its dictionary would break this and every link.
    pinned = "1.q0Y1B2iLMcwWc7BhWDTVAgA"
    assert links.decode(pinned) == '{"design":{"cut1":3,"cut2":7},"schema":"eccc-case/1"}'


def test_a_realistic_case_fits_into_two_thousand_characters() -> None:
    tiers = {
        name: {"entity": f"machine-{name}-{at}", "count": at + 1, "precision": "int8"}
        for at, name in enumerate(["device", "edge", "cloud"])
    }
    overrides = {f"tiers.edge.field_{at}_per_s": 1234.5678 * (at + 1) for at in range(10)}
    case = {"scenario": {"tiers": tiers, "overrides": overrides}, "design": {"cuts": [3, 17]}}
    assert len(links.encode(json.dumps(case))) <= 2000


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("", "version"),
        ("abc", "version"),
        ("9.abc", "version"),
        ("1.", "damaged|cut off"),
        ("1.%%%", "characters"),
        ("1.AAAA", "damaged|cut off|canonical"),
        ("1." + "A" * 40_000, "longer"),
        (_raw(_deflate(b"0" * 50_000_000)), "unpacks to more|longer"),
        (_raw(_deflate(b"0" * 100_000)), "unpacks to more"),
        (_raw(_deflate(b'{"a":1}') + b"tail"), "behind its end"),
        (_raw(_deflate(b'{"a":1}')[:-2]), "damaged|cut off"),
        (_raw(_deflate(b'{"a": 1}')), "canonical"),
        (_raw(_deflate(b'{"a":NaN}')), "NaN"),
        (_raw(_deflate(b"\xff\xfe")), "damaged"),
        (_raw(_deflate(b"[" * 60_000)), "deep"),
        (_raw(_deflate(b"[" * 40 + b"]" * 40)), "deep"),
    ],
)
def test_what_is_no_link_is_refused_with_a_reason(link: str, reason: str) -> None:
    with pytest.raises(links.LinkError, match=reason):
        links.decode(link)


def test_a_text_larger_than_the_limit_is_not_encoded() -> None:
    with pytest.raises(links.LinkError, match="more than"):
        links.encode(json.dumps("x" * links.LIMIT_BYTE))


@given(st.text(max_size=200))
def test_no_string_whatever_breaks_the_decoder(link: str) -> None:
    for candidate in (link, "1." + link):
        try:
            text = links.decode(candidate)
        except links.LinkError:
            continue
        assert links.canonical(text) == text
