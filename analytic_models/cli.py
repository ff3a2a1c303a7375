"""The command line: what can be asked, and how errors leave it.

Exit codes: 0 done, 1 the answer is no (infeasible, a check or a reference failed), 2 wrong usage or
input.
"""

from __future__ import annotations

__all__ = ["build_parser", "main"]

import argparse
import os
import sys
from collections.abc import Sequence

from analytic_models import cli_commands as commands
from analytic_models import cli_import
from analytic_models.display import plain
from analytic_models.errors import EcccError
from taxonomy.schema import TaxonomyError

_CASE = "a case as JSON: a file, - for standard input, or the name of a ready-made one"
_LIMIT = "a limit on a quantity, for example latency_p99_s=50ms or cost_usd=2e-6; may be repeated"


def _with_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help=_CASE)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change a field of the case, for example population_count=50; may be repeated",
    )


def _with_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON instead of a table")


def _with_quantities(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quantity",
        action="append",
        default=[],
        metavar="NAME",
        help="a quantity to show, or all; may be repeated (see: eccc quantities)",
    )


def _add_models(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    evaluate = parsers.add_parser("evaluate", help="compute the quantities of a case")
    _with_case(evaluate)
    _with_quantities(evaluate)
    _with_json(evaluate)
    evaluate.set_defaults(run=commands.evaluate_case)

    optimize = parsers.add_parser("optimize", help="find the best design for a scenario")
    _with_case(optimize)
    optimize.add_argument(
        "--minimise",
        "--minimize",
        default="latency_required_s",
        metavar="NAME",
        help="quantity to minimise (accuracies are maximised); default: %(default)s",
    )
    for name, sense in (("--at-most", "<="), ("--at-least", ">=")):
        optimize.add_argument(
            name, action="append", default=[], metavar="NAME=LIMIT", help=f"({sense}) {_LIMIT}"
        )
    _with_json(optimize)
    optimize.set_defaults(run=commands.optimize_case)

    explain = parsers.add_parser("explain", help="show the tree of laws and facts behind a number")
    _with_case(explain)
    explain.add_argument("quantity", metavar="QUANTITY", help="name of the quantity")
    explain.add_argument("--depth", type=_depth, default=3, help="levels to show (default 3)")
    _with_json(explain)
    explain.set_defaults(run=commands.explain_case)

    sweep = parsers.add_parser("sweep", help="vary fields of a scenario; writes CSV")
    _with_case(sweep)
    sweep.add_argument(
        "--over",
        action="append",
        required=True,
        metavar="FIELD=FIRST:LAST:COUNT[:log]",
        help="field and its values, also FIELD=A,B,C; several fields vary together",
    )
    _with_quantities(sweep)
    sweep.add_argument(
        "--exact", action="store_true", help="percentiles by transform inversion (slower)"
    )
    _with_json(sweep)
    sweep.set_defaults(run=commands.sweep_case)


def _depth(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 50:
        raise argparse.ArgumentTypeError("allowed: 0 to 50")
    return value


def _instances(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 12:
        raise argparse.ArgumentTypeError("allowed: 0 to 12")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError("allowed: 1 to 65535")
    return value


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the ``eccc`` command."""
    parser = argparse.ArgumentParser(
        prog="eccc",
        description="Explore where a neural network should run over device, edge and cloud.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input.",
    )
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    app = parsers.add_parser("app", help="open the explorer in the browser")
    app.add_argument("--port", type=_port, default=8501, help="port to listen on (default 8501)")
    app.add_argument("--host", default="127.0.0.1", help="address to listen on (this machine)")
    app.set_defaults(run=commands.serve_app)
    _add_models(parsers)
    cli_import.add_parser(parsers)
    check = parsers.add_parser("check", help="audit data, taxonomy and wiring")
    check.set_defaults(run=commands.check_all)
    schema = parsers.add_parser("schema", help="write the JSON Schema of a case")
    schema.set_defaults(run=commands.write_schema)
    quantities = parsers.add_parser("quantities", help="list every quantity, its law and formula")
    _with_json(quantities)
    quantities.set_defaults(run=commands.list_quantities)
    reference = parsers.add_parser("reference", help="check the queueing laws with your own cases")
    reference.add_argument("file", metavar="FILE", help="a file in the format queueing-cases/1")
    _with_json(reference)
    reference.set_defaults(run=commands.run_references)
    bench = parsers.add_parser("bench", help="measure the speed on this machine")
    what = bench.add_mutually_exclusive_group()
    what.add_argument(
        "--app", action="store_true", help="measure the app in headless Chromium instead"
    )
    what.add_argument(
        "--optimisers",
        "--optimizers",
        action="store_true",
        help="measure the optimisers against their targets instead",
    )
    bench.add_argument(
        "--milp",
        type=_instances,
        default=1,
        metavar="N",
        help="with --optimisers: chains that scipy.optimize.milp solves too, 20 s each at most "
        "(0 to 12, default 1)",
    )
    _with_json(bench)
    bench.set_defaults(run=commands.run_bench)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # A terminal that lacks a sign, such as µ, shows its code instead of failing.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    arguments = build_parser().parse_args(argv)
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
    except (EcccError, TaxonomyError) as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"eccc: {plain(line, 2000)}\n")
        return 2
    except BrokenPipeError:
        # The reader of a pipe, such as head, had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return int(code)
