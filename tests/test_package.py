"""The wheel carries its data and its app, and works from a folder that has a data/ of its own."""

from __future__ import annotations

import configparser
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("pip", "setuptools")


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _copy_of_the_tree(target: Path) -> Path:
    """Copy what git tracks or would track, so that building leaves no trace in the tree."""
    listed = _run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the files of the distribution are not known")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
    return target


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"a wheel cannot be built without {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("wheel")
    tree = _copy_of_the_tree(tmp_path_factory.mktemp("tree"))
    command = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q")
    done = _run(*command, "--no-index", "-w", str(folder), str(tree), cwd=folder)
    if done.returncode != 0 and "setuptools" in done.stderr and "77" in done.stderr:
        pytest.skip("the installed setuptools is older than the build needs")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Return a working folder whose own data, app and taxonomy must not be taken for ours."""
    for name in ("data", "app", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('foreign')\n")
    (tmp_path / "data" / "entities.toml").write_text("not toml at all")
    return tmp_path


def _python(installed: Path, foreign: Path, code: str) -> str:
    program = f"import sys; sys.path.insert(0, {str(installed)!r})\n{code}"
    done = _run(sys.executable, "-c", program, cwd=foreign)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_our_two_packages_are_importable_names_of_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {
        "analytic_models",
        "taxonomy",
    }


def test_the_wheel_carries_every_fact_scenario_and_layer_graph(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    data = [p for p in (ROOT / "data").rglob("*") if p.is_file()]
    wanted = {p.relative_to(ROOT / "data").as_posix() for p in data if "__pycache__" not in p.parts}
    wanted = {name for name in wanted if not name.startswith("make/")}
    assert {f"analytic_models/_data/{name}" for name in wanted} - packed == set()
    assert not [name for name in packed if "/make/" in name or "__pycache__" in name]


def test_the_wheel_carries_the_app_with_its_settings(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for name in (
        "server.py",
        "streamlit_app.py",
        ".streamlit/config.toml",
        "components/figures.js",
    ):
        assert f"analytic_models/_app/{name}" in packed
    techniques = {p.name for p in (ROOT / "taxonomy" / "techniques").glob("*.toml")}
    assert {f"taxonomy/techniques/{name}" for name in techniques} - packed == set()


def test_the_catalog_of_the_wheel_loads_in_a_foreign_folder(installed: Path, foreign: Path) -> None:
    code = (
        "import json, analytic_models as am\n"
        "catalog = am.load_catalog()\n"
        "value = am.evaluate(am.Case()).value('latency_mean_s')\n"
        "print(json.dumps([am.__file__, str(catalog.folder), len(catalog.facts), value]))"
    )
    file, folder, facts, value = json.loads(_python(installed, foreign, code))
    assert Path(file).is_relative_to(installed)
    assert Path(folder) == installed / "analytic_models" / "_data"
    assert facts > 1_000
    assert value > 0


def test_the_command_of_the_wheel_is_the_command_line(installed: Path, foreign: Path) -> None:
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    points = configparser.ConfigParser()
    points.read(entry)
    assert points["console_scripts"]["eccc"] == "analytic_models.cli:main"
    code = "from analytic_models.cli import main\nraise SystemExit(main(['evaluate', 'factory']))"
    assert "Mean latency" in _python(installed, foreign, code)


def test_the_audit_of_the_wheel_finds_no_problem(installed: Path, foreign: Path) -> None:
    code = "from analytic_models.cli import main\nraise SystemExit(main(['check']))"
    assert "no problems" in _python(installed, foreign, code)


def test_the_wheel_states_what_it_needs(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    text = metadata.read_text(encoding="utf-8")
    for line in ("Name: eccc-explorer", "Requires-Python: >=3.11", "Requires-Dist: numpy>=2.0"):
        assert line in text
    assert "streamlit" in text
    assert "Provides-Extra: app" in text
