"""The command ``eccc import``: turn a user's ONNX file or configuration into a catalog file."""

from __future__ import annotations

__all__ = ["add_parser", "run"]

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from analytic_models.cli_tables import table, write_json
from analytic_models.decoder_import import import_decoder
from analytic_models.display import plain
from analytic_models.errors import DataError, Problem
from analytic_models.onnx_import import import_onnx

_LONGEST_JSON = 200_000
_SHOWN_NOTES = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``eccc``."""
    parser = subparsers.add_parser(
        "import",
        help="read a dnn from an ONNX file, or a language model from its config.json",
        description="Only shapes are read: weights are neither loaded nor needed. The result goes "
        "to standard output unless --out names a file; the summary goes to standard error.",
    )
    parser.add_argument("file", metavar="FILE", help="an .onnx file, or a config.json")
    parser.add_argument("--id", help="id of the dnn (default: from the file's name)")
    parser.add_argument("--label", default="", help="its name for people (default: the id)")
    parser.add_argument(
        "--task", default="image-classification", help="what it does (default: %(default)s)"
    )
    parser.add_argument(
        "--dim",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="size of an open dimension, by its name or as input[axis]; may be repeated",
    )
    parser.add_argument("--out", metavar="FILE", help="write the layer graph to this file")
    parser.add_argument("--json", action="store_true", help="write the summary as JSON")
    parser.set_defaults(run=run)


def _dims(texts: Sequence[str]) -> dict[str, int]:
    found = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name or not re.fullmatch(r"\d{1,10}", value):
            raise DataError(Problem(f"--dim {plain(text)}", "is not a size", "NAME=VALUE"))
        found[name] = int(value)
    return found


def _id(path: Path) -> str:
    stem = path.parent.name if path.name == "config.json" else path.stem
    return re.sub(r"[^a-z0-9_.-]+", "_", stem.lower()).strip("_.-")[:64] or "imported"


def _read_config(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.read(_LONGEST_JSON + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise DataError(Problem(plain(path.name), reason, "a file")) from None
    except ValueError:
        raise DataError(Problem(plain(path.name), "is not UTF-8 text", "a config.json")) from None


def _write(text: str, out: str | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise DataError(Problem(plain(out), reason, "a file that can be written")) from None


def run(arguments: argparse.Namespace) -> int:
    """Read the file and write the layer graph; 0 when done."""
    path = Path(arguments.file)
    id = arguments.id or _id(path)
    unknown: Mapping[str, int] = {}
    if path.suffix.lower() == ".json":
        model = import_decoder(_read_config(path), id, label=arguments.label, origin=path.name)
        text, notes, decoder = model.decoder_json, model.notes, model.decoder
        counts = {"layers": decoder.layers, "params": decoder.params}
        counts |= {"macs per token": decoder.mac_per_token}
    else:
        found = import_onnx(
            path, id, _dims(arguments.dim), label=arguments.label, task=arguments.task
        )
        text, notes, unknown, dnn = found.dnn_json, found.notes, found.unknown, found.dnn
        counts = {"macs": float(dnn.mac.sum()), "params": float(dnn.params.sum())}
        counts |= {"rows": len(dnn), "places to cut": len(dnn.boundary_row)}
    _write(text, arguments.out)
    if arguments.json and arguments.out:
        write_json({"id": id, **counts, "unknown": dict(unknown), "notes": list(notes)})
        return 0
    rows = [("id", id), *((name, f"{value:,.0f}") for name, value in counts.items())]
    rows += [("unknown", f"{plain(name)} ({count} times)") for name, count in unknown.items()]
    rows += [("note", note) for note in notes[:_SHOWN_NOTES]]
    sys.stderr.write(table(rows))
    return 0
