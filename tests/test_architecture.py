"""Who may import what: the one-way flow from facts to the screen, read from the source with ast.

Facts, then design, then batch and table, then evaluation; optimisers, simulation, command line and
app only call these. A module may import what lies in its own row of the table or above it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import analytic_models

ROOT = Path(__file__).parents[1]
PRODUCT = ("analytic_models", "taxonomy", "app")
FILES = [
    path
    for folder in PRODUCT
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "__pycache__" not in path.parts
]
# Modules of analytic_models from the ground up; a folder stands for all that it holds.
ROWS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("units",),
    ("fields", "display"),
    ("scenario",),
    (
        "layer_graph", "catalog", "onnx", "decoder_import",
        "user_fields", "user_data", "user_graph", "user_measurements", "user_schema",
    ),
    ("laws", "effects", "graph"),
    ("origins", "segments"),
    ("calibration", "user_catalog"),
    ("case", "design", "design_set"),
    ("pipeline",),
    ("encoding_losses", "lookups", "groups", "design_lookups", "batch"),
    ("evaluation",),
    ("explanation", "demand", "language", "lights"),
    ("optimizers",),
    ("reference",),
    ("wiring_audit", "bench"),
    ("cli", "__main__"),
    ("__init__",),
)  # fmt: skip
# The catalog joins the user's own entries when it is asked to, inside the function that does so.
LATE = {"catalog": {"user_catalog"}}
RANK = {name: rank for rank, row in enumerate(ROWS) for name in row}
# Parts of a module that grew share its row: onnx_wire that of onnx.
# The simulation is an independent witness: it stands beside the rows, on designs and demand only.
BESIDE = "simulation"


def _row(module: str) -> str:
    """Return the entry of the table that stands for a module: its own name or its beginning."""
    words = module.split("_")
    options = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((option for option in options if option in RANK), module)


def _name(path: Path) -> str:
    """Return the part of a module's name that the table of rows knows."""
    return _row(path.relative_to(ROOT / "analytic_models").parts[0].removesuffix(".py"))


def _imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def _under(*folders: str) -> list[Path]:
    return [p for p in FILES if any(p.is_relative_to(ROOT / folder) for folder in folders)]


def _own(path: Path) -> set[str]:
    """Return the modules of analytic_models that a file imports, as the table knows them."""
    found = set()
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "analytic_models":
            row = _row(parts[1])
            found.add(row if row in RANK or row == BESIDE else "__init__")
    return found


def _ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


CORE = _under("analytic_models")


@pytest.mark.parametrize("path", CORE, ids=_ids(CORE))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    name = _name(path)
    if name == BESIDE:
        return
    assert name in RANK, f"{name} has no row in the table of this test: give it one"
    too_high = {other for other in _own(path) if RANK.get(other, 99) > RANK[name]}
    assert too_high - LATE.get(name, set()) - ({BESIDE} if name == "__init__" else set()) == set()


def test_no_module_of_the_table_is_gone() -> None:
    present = {_name(path) for path in CORE}
    assert set(RANK) - present == set()


LAWS = _under("analytic_models/laws")


@pytest.mark.parametrize("path", LAWS, ids=_ids(LAWS))
def test_a_law_knows_numbers_and_units_only(path: Path) -> None:
    assert _own(path) <= {"units", "laws"}
    assert _tops(path) <= {"analytic_models", "numpy", "scipy", *sys.stdlib_module_names}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("errors", set()),
        ("units", {"errors"}),
        ("fields", {"errors", "units"}),
        ("effects", {"units"}),
        ("graph", {"errors", "units", "graph"}),
        ("display", {"errors", "units"}),
    ],
)
def test_the_ground_floor_stays_small(module: str, allowed: set[str]) -> None:
    path = ROOT / "analytic_models" / f"{module}.py"
    assert _own(path) <= allowed
    assert _tops(path) <= {"analytic_models", "numpy", *sys.stdlib_module_names}


def test_the_taxonomy_uses_the_standard_library_only() -> None:
    for path in _under("taxonomy"):
        assert _tops(path) <= {"taxonomy", *sys.stdlib_module_names}, path


SIMULATION = _under("analytic_models/simulation")


@pytest.mark.parametrize("path", SIMULATION, ids=_ids(SIMULATION))
def test_the_simulation_never_calls_a_queueing_law(path: Path) -> None:
    assert "laws" not in _own(path)
    assert not _own(path) & {"optimizers", "reference", "cli"}
    names = {name.rpartition(".")[2] for name in _imports(path)}
    assert not {name for name in names if "wait" in name and "law" in name}


def test_the_core_never_imports_the_app_or_a_page_toolkit() -> None:
    toolkit = {"app", "streamlit", "plotly", "pandas", "starlette"}
    for path in [*CORE, *_under("taxonomy")]:
        assert not _tops(path) & toolkit, path


ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.FloorDiv, ast.Mod)


def _arithmetic(path: Path, kinds: tuple[type[ast.operator], ...]) -> list[int]:
    """Return the lines on which a file computes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, kinds)
        and not isinstance(node.left, ast.Constant | ast.JoinedStr | ast.List | ast.Tuple)
    ]


def test_the_table_of_quantities_computes_nothing() -> None:
    for path in _under("analytic_models/pipeline"):
        assert _arithmetic(path, ARITHMETIC) == [], path


VIEWS = _under("app/views")


@pytest.mark.parametrize("path", VIEWS, ids=_ids(VIEWS))
def test_a_page_neither_computes_nor_knows_the_laws(path: Path) -> None:
    assert "numpy" not in _tops(path)
    assert not _own(path) & {"laws", "pipeline", "graph", "batch", "effects"}
    assert _arithmetic(path, (ast.Mult, ast.Div, ast.Pow)) == []


VIEWMODELS = _under("app/viewmodels")


@pytest.mark.parametrize("path", VIEWMODELS, ids=_ids(VIEWMODELS))
def test_a_view_model_knows_neither_page_nor_figure_library(path: Path) -> None:
    assert not _tops(path) & {"streamlit", "plotly", "charts", "views", "state", "components"}
    assert not _own(path) & {"pipeline", "graph", "effects"}


CHARTS = _under("app/charts")


@pytest.mark.parametrize("path", CHARTS, ids=_ids(CHARTS))
def test_a_chart_is_a_plain_dict_made_of_what_it_is_given(path: Path) -> None:
    forbidden = {"streamlit", "plotly", "analytic_models", "taxonomy", "viewmodels", "state"}
    assert not _tops(path) & forbidden


@pytest.mark.parametrize("module", ["links", "text"])
def test_links_and_text_stay_free_of_the_page(module: str) -> None:
    path = ROOT / "app" / f"{module}.py"
    allowed = {"analytic_models", *sys.stdlib_module_names}
    assert _tops(path) <= allowed
    assert _own(path) <= {"display"}


def test_components_know_nothing_of_the_models() -> None:
    for path in _under("app/components"):
        assert not _tops(path) & {"analytic_models", "taxonomy", "viewmodels", "state"}, path


def test_no_module_of_the_app_takes_the_name_of_another_package() -> None:
    taken = {"app", "data", "tests", *PRODUCT, *sys.stdlib_module_names}
    top = [p for p in (ROOT / "app").iterdir() if p.suffix == ".py" or p.is_dir()]
    names = {p.stem for p in top if not p.name.startswith((".", "__"))}
    assert names & taken == set()


def test_a_public_function_never_shares_its_name_with_a_module() -> None:
    modules = {_name(path) for path in CORE}
    assert set(analytic_models.__all__) & modules == set()


def _exports(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(item) for item in ast.literal_eval(node.value)]
    return None


PUBLIC = [p for p in CORE if p.name not in ("__init__.py", "__main__.py")]


@pytest.mark.parametrize("path", PUBLIC, ids=_ids(PUBLIC))
def test_a_module_says_what_is_public_and_has_it(path: Path) -> None:
    exports = _exports(path)
    assert exports, "__all__ is missing"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {
        name
        for node in tree.body
        for name in (
            [getattr(node, "name", "")]
            + [getattr(t, "id", "") for t in getattr(node, "targets", [])]
            + [getattr(getattr(node, "target", None), "id", "")]
            + [alias.asname or alias.name for alias in getattr(node, "names", [])]
        )
    }
    assert set(exports) - defined == set()
    assert len(set(exports)) == len(exports)


@pytest.mark.parametrize("path", FILES, ids=_ids(FILES))
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= 500, "a file of this length hides its parts"
    caught = [n for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)]
    broad = {"Exception", "BaseException"}
    assert all(n.type is not None and getattr(n.type, "id", "") not in broad for n in caught)
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX")
    assert not any(mark in text for mark in marks)
    calls = {getattr(n.func, "id", "") for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert not calls & {"eval", "exec", "__import__"}
    assert not _tops(path) & {"pickle", "marshal", "shelve"}


def test_only_one_line_of_the_product_changes_the_search_path() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "sys.path" in line and not line.strip().startswith(("#", '"'))
    ]
    assert found == ["app/checkout.py"]


def test_the_visible_top_level_is_the_agreed_one() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    top = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    visible = {name for name in top if not name.startswith(".")}
    assert visible == {
        "pyproject.toml", "README.md", "app", "analytic_models", "taxonomy", "data", "tests",
    }  # fmt: skip
