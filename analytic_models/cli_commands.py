"""The commands: each takes the parsed arguments and returns an exit code."""

from __future__ import annotations

__all__ = [
    "check_all",
    "evaluate_case",
    "explain_case",
    "list_quantities",
    "optimize_case",
    "run_bench",
    "run_references",
    "serve_app",
    "sweep_case",
    "write_schema",
]

import argparse
import csv
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from analytic_models.bench import measure
from analytic_models.bench_optimisers import Goal, measure_optimisers
from analytic_models.case_schema import case_schema
from analytic_models.catalog import load_catalog
from analytic_models.catalog_audit import audit
from analytic_models.cli_input import read_case, read_limits, read_quantities, read_sweep
from analytic_models.cli_tables import design_words, finite, indented, show, table, write_json
from analytic_models.design import load_scenarios
from analytic_models.display import UNKNOWN, plain
from analytic_models.errors import DesignError, Problem
from analytic_models.evaluation import QUANTITIES, Evaluation, evaluate, sweep
from analytic_models.explanation import explain
from analytic_models.explanation_laws import law_formula, law_references, law_summary
from analytic_models.optimizers.placement import optimize
from analytic_models.optimizers.solution import Solution
from analytic_models.pipeline import HOOKS, OUTPUTS, PIPELINE
from analytic_models.reference import run_reference
from analytic_models.wiring_audit import wiring_problems
from taxonomy.load import load_taxonomy


def _out(text: str) -> None:
    """Write to what is standard output now, not when this module was read."""
    sys.stdout.write(text)


def serve_app(arguments: argparse.Namespace) -> int:
    """Start the explorer's server in place of this process."""
    return _run_script("server.py", "--port", str(arguments.port), "--host", arguments.host)


def _run_script(name: str, *options: str) -> int:
    """Run a script of the app in place of this process: the models know nothing of the app."""
    package = Path(__file__).resolve().parent
    folders = (package / "_app", package.parent / "app")
    script = next((f / name for f in folders if (f / name).is_file()), None)
    missing = [name for name in ("streamlit", "plotly") if find_spec(name) is None]
    if missing or script is None:
        lacking = " and ".join(missing) or "the app folder"
        sys.stderr.write(
            f"eccc: {lacking} cannot be found. Install the explorer with its app:\n"
            "  pip install 'eccc-explorer[app]'    or, in a checkout:    pip install -e '.[app]'\n"
        )
        return 2
    command = [sys.executable, str(script), *options]
    # A bare checkout is importable here only because of the current folder.
    search = os.pathsep.join(filter(None, (str(package.parent), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": search}
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, environment)
    return subprocess.call(command, env=environment)


def _figure(result: Evaluation, name: str, case: int = 0) -> dict[str, Any]:
    label, unit = QUANTITIES[name]
    value = result.value(name, case)
    figure: dict[str, Any] = {"value": finite(value), "unit": unit.symbol, "label": label}
    if math.isnan(value):
        figure["reason"] = result.reason(name) or UNKNOWN
    elif math.isinf(value):
        figure["reason"] = "without bound"
    return figure


def evaluate_case(arguments: argparse.Namespace) -> int:
    """Print the quantities of one case."""
    case = read_case(arguments.case, arguments.set)
    if arguments.json and not arguments.quantity:
        arguments.quantity = ["all"]
    names = read_quantities(arguments.quantity)
    result = evaluate(case, names)
    if arguments.json:
        figures = {name: _figure(result, name) for name in names}
        write_json({"case": case.to_dict(), "quantities": figures})
        return 0
    _out(f"{plain(case.scenario.name)}\n")
    _out(table(design_words(case), 2) + "\n")
    rows = []
    for name in names:
        value = result.value(name)
        reason = plain(result.reason(name), 90) if math.isnan(value) else ""
        rows.append((name, show(name, value), QUANTITIES[name][0], reason))
    _out(table(rows))
    return 0


def optimize_case(arguments: argparse.Namespace) -> int:
    """Print the best design for a scenario and why it is the best; 1 if there is none."""
    case = read_case(arguments.case, arguments.set)
    limits = read_limits(arguments.at_most, arguments.at_least) or None
    (objective,) = read_quantities([arguments.minimise], "--minimise")
    solution = optimize(case, objective, limits)
    if arguments.json:
        write_json(_solution_dict(solution))
    else:
        _print_solution(solution)
    return 0 if solution.best is not None else 1


def _solution_dict(solution: Solution) -> dict[str, Any]:
    best, second, nearest = solution.case, solution.runner_up, solution.nearest
    objective = solution.objective
    return {
        "status": solution.status,
        "objective": objective,
        "value": finite(solution.value),
        "unit": QUANTITIES[objective][1].symbol,
        "certificate": {"kind": solution.certificate.kind, "detail": solution.certificate.detail},
        "case": best.to_dict() if best else None,
        "funnel": [
            {"label": s.label, "removed": s.removed, "left": s.left, "reasons": list(s.reasons)}
            for s in solution.funnel
        ],
        "binding": [
            {
                "quantity": b.constraint.quantity,
                "limit": b.constraint.limit,
                "value": finite(b.value),
                "objective_without": finite(b.objective_without),
            }
            for b in solution.binding
        ],
        "runner_up": None
        if second is None
        else {"value": finite(second.value(objective)), "case": second.case().to_dict()},
        "nearest": None
        if nearest is None
        else {
            "case": nearest.case.to_dict(),
            "violated": [
                {"quantity": c.quantity, "limit": c.limit, "value": finite(v)}
                for c, v in nearest.violated
            ],
        },
    }


def _print_solution(solution: Solution) -> None:
    objective = solution.objective
    aim = f"{'highest' if solution.maximised else 'lowest'} {QUANTITIES[objective][0].lower()}"
    if solution.case is not None:
        _out(f"Best design ({aim}): {show(objective, solution.value)}\n")
        _out(table(design_words(solution.case), 2))
        _out(f"{solution.certificate.badge.capitalize()}: {solution.certificate.detail}.\n")
    else:
        _out(f"No design meets every limit ({aim}).\n")
    rows = [("", "removed", "left")]
    rows += [(s.label, f"{s.removed:,}", f"{s.left:,}") for s in solution.funnel]
    _out("\n" + table(rows))
    for binding in solution.binding:
        without = show(objective, binding.objective_without)
        _out(f"Without the limit on {binding.constraint.label}: {without}\n")
    if solution.runner_up is not None:
        second = show(objective, solution.runner_up.value(objective))
        _out(f"\nRunner-up ({100 * solution.margin:.2g} % behind): {second}\n")
        _out(table(design_words(solution.runner_up.case()), 2))
    if solution.nearest is not None:
        _out("\nNearest design:\n" + table(design_words(solution.nearest.case), 2))
        for constraint, value in solution.nearest.violated:
            limit = show(constraint.quantity, constraint.limit)
            found = show(constraint.quantity, value)
            _out(f"  {constraint.label or constraint.quantity}: {found}, limit {limit}\n")


def explain_case(arguments: argparse.Namespace) -> int:
    """Print the tree behind one number."""
    case = read_case(arguments.case, arguments.set)
    (name,) = read_quantities([arguments.quantity], "QUANTITY")
    node = explain(case, name)
    if arguments.json:
        write_json(node.to_dict())
    else:
        _out("\n".join(indented(node, arguments.depth)) + "\n")
    return 0


def sweep_case(arguments: argparse.Namespace) -> int:
    """Write a table with one row per value of the swept fields."""
    case = read_case(arguments.case, arguments.set)
    over = read_sweep(arguments.over)
    names = read_quantities(arguments.quantity)
    result = sweep(case, over, names, exact=arguments.exact)
    columns = tuple(dict.fromkeys((*over, *names)))
    if arguments.json:
        write_json({name: [finite(float(v)) for v in result[name]] for name in columns})
        return 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    # repr keeps every digit; inf is unstable and nan not known.
    whole = {name for name in over if isinstance(getattr(case.scenario, name), int)}
    cells = ([str(int(v)) if n in whole else repr(float(v)) for v in result[n]] for n in columns)
    writer.writerows(zip(*cells, strict=True))
    return 0


def check_all(arguments: argparse.Namespace) -> int:
    """Audit data, taxonomy and wiring; 1 if there are problems."""
    catalog, taxonomy = load_catalog(), load_taxonomy()
    scenarios = load_scenarios()
    problems = [*audit(catalog), *wiring_problems(catalog, taxonomy, scenarios)]
    counts = (
        ("facts", f"{catalog.written}", f"from {len(catalog.sources)} sources"),
        ("machines", f"{len(catalog.machines)}", ""),
        ("hops", f"{len(catalog.hops)}", ""),
        ("regions", f"{len(catalog.regions)}", ""),
        ("encodings", f"{len(catalog.encodings)}", ""),
        ("networks", f"{len(catalog.dnns)}", f"and {len(catalog.language_models)} language models"),
        ("taxonomy", f"{len(taxonomy.nodes)}", f"nodes, {len(taxonomy.executable)} executable"),
        ("scenarios", f"{len(scenarios)}", ""),
        (
            "quantities",
            f"{len(PIPELINE.order)}",
            f"from {len(PIPELINE.sources)} inputs, {len(OUTPUTS)} outputs, {len(HOOKS)} hooks",
        ),
    )
    _out(table(counts))
    for problem in problems:
        _out(f"{plain(problem, 400)}\n")
    _out(f"{len(problems)} problems\n" if problems else "no problems\n")
    return 1 if problems else 0


def write_schema(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a case."""
    write_json(case_schema())
    return 0


def _quantity_row(name: str) -> dict[str, Any]:
    label, unit = QUANTITIES[name]
    binding = PIPELINE.table.get(name)
    row: dict[str, Any] = {"name": name, "unit": unit.symbol, "label": label}
    row |= {"law": "input", "formula": "", "references": []}
    if binding is not None:
        law = binding.bound.law
        row |= {"law": law_summary(law), "formula": law_formula(law)}
        row["references"] = list(law_references(law))
        if binding.alternative is not None:
            other = binding.alternative.law
            row["alternative"] = {"law": law_summary(other), "formula": law_formula(other)}
    return row


def list_quantities(arguments: argparse.Namespace) -> int:
    """Print every quantity: name, unit, label, law, formula."""
    rows = [_quantity_row(name) for name in QUANTITIES]
    if arguments.json:
        write_json(rows)
        return 0
    head = ("name", "unit", "label", "law", "formula")
    _out(table([head, *(tuple(row[key] for key in head) for row in rows)]))
    return 0


def run_references(arguments: argparse.Namespace) -> int:
    """Answer queueing cases of a file and compare; 1 if one fails."""
    rows, passed, failed = run_reference(arguments.file)
    if not rows:
        raise DesignError(Problem(plain(arguments.file), "holds no case", "at least one"))
    if arguments.json:
        write_json(
            {
                "passed": passed,
                "failed": failed,
                "cases": [
                    {
                        "id": row.case,
                        "system": row.system,
                        "quantity": row.quantity,
                        "expected": finite(row.expected),
                        "value": finite(row.value),
                        "relative_error": finite(row.relative_error),
                        "rtol": finite(row.rtol),
                        "passed": row.passed,
                        "reason": row.reason,
                    }
                    for row in rows
                ],
            }
        )
    else:
        head = ("case", "system", "quantity", "expected", "computed", "error", "")
        body = [
            (
                row.case,
                row.system,
                row.quantity,
                f"{row.expected:.8g}",
                f"{row.value:.8g}",
                f"{row.relative_error:.1e}",
                "ok" if row.passed else f"FAILED {row.reason}".strip(),
            )
            for row in rows
        ]
        _out(table([head, *body]) + f"{passed} passed, {failed} failed\n")
    return 1 if failed else 0


def run_bench(arguments: argparse.Namespace) -> int:
    """Measure the speed of this machine, of the models or of the app, and print it."""
    if arguments.app:
        return _run_script("bench.py", *(["--json"] if arguments.json else []))
    if arguments.optimisers:
        return _bench_optimisers(arguments)
    figures = measure()
    if arguments.json:
        write_json({f.name: {"value": f.value, "unit": f.unit, "ratio": f.ratio} for f in figures})
        return 0
    head = ("figure", "value", "", "in units of one np.multiply of 16,384")
    body = [(f.label, f"{f.value:,.4g}", f.unit, f"{f.ratio:,.4g}") for f in figures]
    _out(table([head, *body]))
    return 0


def _bench_optimisers(arguments: argparse.Namespace) -> int:
    def say(words: str) -> None:
        sys.stderr.write(f"measuring: {words}\n")

    goals = measure_optimisers(say, arguments.milp)
    if arguments.json:
        write_json({g.name: _goal(g) for g in goals})
        return 0
    verdicts = {True: "met", False: "missed", None: ""}
    body = [
        (g.label, f"{g.value:,.3g} {g.unit}", _target(g), verdicts[g.met], g.note) for g in goals
    ]
    _out(table([("figure", "value", "target", "", "what was solved"), *body]))
    return 0


def _target(goal: Goal) -> str:
    if goal.met is None:
        return ""
    return f"{'≤' if goal.sense == '<=' else '≥'} {goal.target:g} {goal.unit}"


def _goal(goal: Goal) -> dict[str, object]:
    return {
        "value": goal.value,
        "unit": goal.unit,
        "target": finite(goal.target),
        "sense": goal.sense,
        "met": goal.met,
        "note": goal.note,
    }
