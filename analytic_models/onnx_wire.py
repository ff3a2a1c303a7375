"""Read an ONNX file without its weights: shapes, names and small constants only.

The file is walked by offsets, so weights of gigabytes are skipped and never loaded, and files named
by external data are never opened. What remains is a small ONNX file for the shape inference.
"""

from __future__ import annotations

__all__ = ["LARGEST_FILE_BYTE", "without_weights"]

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from analytic_models.errors import DataError, Problem

# An ONNX file is one protocol buffer message, which cannot pass 2 GiB; weights beyond lie outside.
LARGEST_FILE_BYTE = 2**31
_LARGEST_KEPT_BYTE = 32 * 2**20
_LARGEST_CONSTANT_BYTE = 8 * 2**10
_MOST_FIELDS = 2_000_000
_DEEPEST = 24

# Message kind: field number to what becomes of it. "keep" copies, "small" copies what is short,
# another kind is walked in its turn; every other field is left out.
_FIELDS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {1: "keep", 2: "small", 3: "small", 7: "graph", 8: "keep", 25: "function"},
        "graph": {1: "node", 2: "small", 5: "tensor", 11: "keep", 12: "keep", 13: "keep"},
        "node": {1: "keep", 2: "keep", 3: "small", 4: "keep", 5: "attribute", 7: "keep"},
        "attribute": {
            1: "keep", 2: "keep", 3: "keep", 4: "small", 5: "tensor", 6: "graph", 7: "small",
            8: "small", 9: "small", 11: "graph", 20: "keep", 21: "keep",
        },
        "tensor": {
            1: "keep", 2: "keep", 4: "small", 5: "small", 7: "small", 8: "keep", 9: "small",
            10: "small", 11: "small",
        },
        "function": {
            1: "keep", 4: "keep", 5: "keep", 6: "keep", 7: "node", 9: "keep", 10: "keep",
            11: "attribute", 12: "keep", 13: "keep",
        },
    }
)  # fmt: skip
_ARCHIVES = {
    b"PK": "a zip archive", b"\x1f\x8b": "a gzip archive", b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive", b"\x89HDF": "an HDF5 file", b"(\xb5/\xfd": "a zstd archive",
}  # fmt: skip


@dataclass
class _Walk:
    """A file being read: where its bytes come from, and what may still be used up."""

    source: bytes | BinaryIO
    name: str
    fields: int = 0
    kept: int = 0
    external: bool = field(default=False)

    def read(self, start: int, count: int) -> bytes:
        if isinstance(self.source, bytes):
            return self.source[start : start + count]
        self.source.seek(start)
        return self.source.read(count)

    def broken(self, message: str, at: int) -> DataError:
        return DataError(Problem(self.name, f"is not a readable ONNX file: {message} at byte {at}"))

    def keep(self, count: int) -> None:
        self.kept += count
        if self.kept > _LARGEST_KEPT_BYTE:
            raise DataError(
                Problem(
                    self.name,
                    "has too much structure besides its weights",
                    f"at most {_LARGEST_KEPT_BYTE // 2**20} MiB",
                )
            )


def _varint(window: bytes, place: int) -> tuple[int, int] | None:
    """Return a variable-length number of the window and the place behind it, or None."""
    value = 0
    for shift in range(10):
        if place + shift >= len(window):
            return None
        byte = window[place + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, place + shift + 1
    return None


def _write_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _entries(walk: _Walk, start: int, stop: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (field, wire type, start, start of the payload, end) of each entry of a message."""
    place = start
    while place < stop:
        walk.fields += 1
        if walk.fields > _MOST_FIELDS:
            raise DataError(Problem(walk.name, "has too many parts", f"at most {_MOST_FIELDS}"))
        window = walk.read(place, min(24, stop - place))
        key = _varint(window, 0)
        if key is None:
            raise walk.broken("a key is cut off", place)
        tag, after = key
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value = _varint(window, after)
            payload, length = after, value[1] - after if value else -1
        elif wire == 2:
            value = _varint(window, after)
            payload, length = (value[1], value[0]) if value else (after, -1)
        else:
            payload, length = after, {1: 8, 5: 4}.get(wire, -1)
        end = place + payload + length
        if length < 0 or end > stop or not 0 < number < 2**29:
            raise walk.broken("a part runs past its end or has no known type", place)
        yield number, wire, place, place + payload, end
        place = end


def _message(walk: _Walk, kind: str, start: int, stop: int, depth: int = 0) -> bytes:
    """Return a message with only the fields that its kind keeps."""
    if depth > _DEEPEST:
        raise DataError(Problem(walk.name, "is nested too deeply", f"at most {_DEEPEST} levels"))
    rules, out = _FIELDS[kind], bytearray()
    for number, wire, first, payload, end in _entries(walk, start, stop):
        rule = rules.get(number, "drop")
        if kind == "tensor" and number in (13, 14):
            walk.external = True
        if rule == "drop" or (rule == "small" and end - payload > _LARGEST_CONSTANT_BYTE):
            continue
        if rule in ("keep", "small"):
            walk.keep(end - first)
            out += walk.read(first, end - first)
        elif wire != 2:
            raise walk.broken(f"a {rule} is not a message", first)
        else:
            inner = _message(walk, rule, payload, end, depth + 1)
            out += _write_varint(number << 3 | 2) + _write_varint(len(inner)) + inner
    return bytes(out)


def _check_start(walk: _Walk, size: int) -> None:
    if size == 0:
        raise DataError(Problem(walk.name, "is empty", "an ONNX file"))
    if size > LARGEST_FILE_BYTE:
        raise DataError(
            Problem(
                walk.name,
                f"has {size} bytes: more than one ONNX file can",
                f"at most {LARGEST_FILE_BYTE} bytes; save weights as external data",
            )
        )
    head = walk.read(0, 8)
    for magic, what in _ARCHIVES.items():
        if head.startswith(magic):
            raise DataError(Problem(walk.name, f"is {what}", "an ONNX file, not packed"))


def without_weights(source: bytes | Path, name: str) -> tuple[bytes, bool]:
    """Return the ONNX file without weights, and whether weights lie in other files.

    Parameters
    ----------
    source
        The file's bytes, or where it lies. It is read by pieces; other files are never opened.
    name
        How problems call the file.

    Raises
    ------
    DataError
        If it cannot be read, is cut off, nested too deeply, too large, or is no ONNX file.
    """
    if isinstance(source, bytes):
        walk, size = _Walk(source, name), len(source)
        _check_start(walk, size)
        return _message(walk, "model", 0, size), walk.external
    try:
        if not source.is_file():
            raise DataError(Problem(name, "is not a file", "the path of an ONNX file"))
        with source.open("rb") as stream:
            walk, size = _Walk(stream, name), os.fstat(stream.fileno()).st_size
            _check_start(walk, size)
            return _message(walk, "model", 0, size), walk.external
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise DataError(Problem(name, reason.lower(), "the path of an ONNX file")) from None
