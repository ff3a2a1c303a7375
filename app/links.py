"""A JSON text as a short string for a link, and back, with every bound checked.

The string is ``1.<body>``: a version, then base64url of the raw-deflated canonical JSON. A preset
dictionary of the words that every case contains makes the first hundred bytes cheap.
"""

from __future__ import annotations

__all__ = ["LIMIT_BYTE", "MAX_LINK_CHARS", "LinkError", "canonical", "decode", "encode"]

import base64
import binascii
import json
import zlib

LIMIT_BYTE = 64 * 1024
MAX_LINK_CHARS = 32 * 1024
_MAX_DEPTH = 24

# Written once per version: changing a dictionary would break every link that was made with it.
_DICTIONARIES: dict[str, bytes] = {
    "1": (
        b'"application":"population":"replicas":"servers":"percentile":"constraints":"overrides":'
        b'"arrival_per_s":"accuracy_floor_frac":"deadline_s":"energy_j":"memory_byte":"price_usd":'
        b'"rtt_s":"up_bit_per_s":"down_bit_per_s":"latency_s":"cost_usd":"carbon_gco2e":'
        b'"precision":{"device":"int8","edge":"fp16","cloud":"fp32"}"int4""encoding":"payload":'
        b'"jpeg""png""raw""feature-quantisation""early-exit""cascade""pruning":true,false,null,'
        b'"tiers":{"device":{"entity":"raspberry-pi-4","count":1},"edge":{"entity":"jetson-orin",'
        b'"count":1},"cloud":{"entity":"nvidia-a100","count":1}},"hops":{"uplink":{"entity":"5g"},'
        b'"backhaul":{"entity":"fibre"}},"techniques":[{"id":"bits":8}],"classes":[{"name":"main",'
        b'"dnn":"resnet50","cut1":0,"cut2":0}],"design":{"cuts":[0,0]},"scenario":{"id":"name":'
        b'"schema":"eccc-case/1",'
    ),
}
_CURRENT = "1"


class LinkError(ValueError):
    """The string is not a link that this version can read; the message says why."""


def canonical(text: str) -> str:
    """Rewrite a JSON text with sorted keys and without spaces, so equal values are equal text.

    Raises
    ------
    LinkError
        If the text is not JSON, nests too deeply or holds a number that JSON does not know.

    Examples
    --------
    >>> canonical('{"b": 1.50, "a": [1, 2]}')
    '{"a":[1,2],"b":1.5}'
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        _check_depth(value)
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except RecursionError:
        raise LinkError("the text nests too deeply") from None
    except LinkError:
        raise
    except ValueError as error:
        raise LinkError(f"the text is not JSON: {error}") from None


def encode(text: str) -> str:
    """Turn a JSON text into a short string of letters that are safe in a link.

    Parameters
    ----------
    text
        A JSON text of at most ``LIMIT_BYTE`` bytes in canonical form.

    Raises
    ------
    LinkError
        If the text is not JSON or is too large.
    """
    raw = canonical(text).encode()
    if len(raw) > LIMIT_BYTE:
        raise LinkError(f"the text has {len(raw)} bytes, more than the {LIMIT_BYTE} allowed")
    press = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _words(_CURRENT))
    body = press.compress(raw) + press.flush()
    return f"{_CURRENT}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}"


def decode(link: str) -> str:
    """Turn the string of a link back into its canonical JSON text.

    Parameters
    ----------
    link
        What ``encode`` returned; anything else is refused.

    Returns
    -------
    str
        Canonical JSON of at most ``LIMIT_BYTE`` bytes.

    Raises
    ------
    LinkError
        If the string is too long, damaged, of an unknown version, or unpacks to too much.

    Examples
    --------
    >>> decode(encode('{"design": {"cuts": [3, 7]}}'))
    '{"design":{"cuts":[3,7]}}'
    """
    if len(link) > MAX_LINK_CHARS:
        raise LinkError(f"the link is longer than {MAX_LINK_CHARS} characters")
    version, dot, body = link.strip().partition(".")
    if not dot or version not in _DICTIONARIES:
        known = ", ".join(_DICTIONARIES)
        raise LinkError(f"the link has version {version[:8]!r}; this program reads {known}")
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise LinkError("the link holds characters that do not belong there") from None
    text = _inflate(packed, version)
    if canonical(text) != text:
        raise LinkError("the link does not hold canonical JSON")
    return text


def _words(version: str) -> bytes:
    return _DICTIONARIES[version]


def _inflate(packed: bytes, version: str) -> str:
    unpack = zlib.decompressobj(-15, zdict=_words(version))
    try:
        raw = unpack.decompress(packed, LIMIT_BYTE)
    except zlib.error:
        raise LinkError("the link is damaged") from None
    if unpack.unconsumed_tail:
        raise LinkError(f"the link unpacks to more than {LIMIT_BYTE} bytes")
    if not unpack.eof or unpack.unused_data:
        raise LinkError("the link was cut off or has something behind its end")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise LinkError("the link is damaged") from None


def _refuse_constant(name: str) -> object:
    raise LinkError(f"the number {name} is not allowed in a link")


def _check_depth(value: object, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise LinkError(f"the text nests deeper than {_MAX_DEPTH} levels")
    if isinstance(value, dict):
        for child in value.values():
            _check_depth(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            _check_depth(child, depth + 1)
