"""Wrong files are refused, with the place and what is allowed."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import taxonomy
from taxonomy.load import read_taxonomy
from taxonomy.schema import TaxonomyError

SHIPPED = Path(taxonomy.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the shipped files so that a test may spoil them."""
    shutil.copy(SHIPPED / "axes.toml", tmp_path / "axes.toml")
    shutil.copytree(SHIPPED / "techniques", tmp_path / "techniques")
    return tmp_path


def spoil(folder: Path, file: str, old: str, new: str) -> TaxonomyError:
    """Replace the first occurrence of a text and return the error that follows."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TaxonomyError) as caught:
        read_taxonomy(folder)
    return caught.value


PRUNING = "techniques/pruning.toml"
BRANCHES = "axes.toml"
# Where the place is an entry of the file above, only what follows its id is written.
FAULTS = [
    ('name = "Unst', 'nmae = "Unst', ".nmae", "unknown key"),
    ('name = "Unst', 'nmae = "Unst', ".name", "is missing"),
    ("order = 1", 'order = "first"', ".order", "not a valid int"),
    ('status = "parametric"', 'status = "maybe"', ".status", "'maybe' is not known"),
    ('evidence = "own"', 'evidence = "rumour"', ".evidence", "'rumour' is not known"),
    ('parent = "pruning"', 'parent = "x"', ".parent", "does not match the file's name"),
    ("limits = ", 'not_modelled = "x"\nlimits = ', "", "expressed in one way"),
    ("limits = ", 'not_modelled = " "\nlimits = ', "", "expressed in one way"),
    ('on = "layer_weight_bit"', 'on = "weight"', ".effects[0].on", "'weight' is no hook"),
    ('law = "keep_share"', 'law = "halve"', ".effects[0].law", "'halve' is no effect law"),
    ("{ fraction = ", "{ factor = ", ".effects[0].with", "has factor"),
    ('= "sparsity_frac" }', "= [] }", ".effects[0].with.fraction", "a list of factors"),
    ('"sparsity_frac" } }', '"sparsity_frac" }, tiers = ["moon"] }', ".effects[0].tiers", "tiers"),
    ('"sparsity_frac" }', '"sparsity" }', ".effects", "unknown setting 'sparsity'"),
    ('"sparsity_frac" }', "0.5 }", ".params.sparsity_frac", "is read by no effect"),
    ("default = 0.5", "default = 0.99", ".params.sparsity_frac.default", "0.99 is out of bounds"),
    ("default = 0.5", "default = true", ".params.sparsity_frac.default", "not a valid float"),
    ("default = 0.5", "default = nan", ".params.sparsity_frac.default", "not a valid float"),
    ('unit = "frac"', 'unit = "%"', ".params.sparsity_frac.unit", "'%' is not known"),
    ('guide"\nwhy', 'x"\nwhy', ".params.sparsity_frac.source", "is not listed here"),
    ("limits = ", 'gaps = { speed = "x" }\nlimits = ', ".gaps.speed", "unknown quantity"),
    ('layer_mac = "same"', 'layer_mac = "better"', ".claims.layer_mac", "is no direction"),
    ('layer_mac = "same"', 'speed = "up"', ".claims.speed", "unknown quantity"),
]
TREE_FAULTS = [
    (PRUNING, "order = 1", "order = 2", "prune-unstructured.order", "a sibling has 2 too"),
    (
        PRUNING,
        'excludes = ["prune-structured", ',
        'excludes = ["pruned", ',
        "prune-unstructured.excludes",
        "'pruned' does not exist",
    ),
    (
        PRUNING,
        'excludes = ["prune-structured", ',
        "excludes = [",
        "prune-structured.excludes",
        "does not exclude it in turn",
    ),
    (PRUNING, 'id = "prune-structured"', 'id = "caching"', "caching", "id is used 2 times"),
    (PRUNING, "# Pruning", 'title = "Pruning"', "techniques/pruning.toml.title", "unknown key"),
    (
        BRANCHES,
        "body_available = false",
        "body_available = 0",
        "axes.toml: provenance.body_available",
        "not a valid bool",
    ),
    (BRANCHES, 'parent = "architecture"', 'parent = "tier-edge"', "tiers.parent", "is no branch"),
    (
        BRANCHES,
        'id = "compression"\nparent = "model-optimization"',
        'id = "compression"\nparent = "pruning"',
        "pruning.parent",
        "does not lead to the root",
    ),
    (
        "techniques/nas.toml",
        'modelled_by = "scenario',
        'modelled_by = "magic',
        "techniques/nas.toml: nas-hw-aware.modelled_by",
        "starts with 'magic'",
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), FAULTS)
def test_a_fault_of_an_entry_is_refused_with_its_path(
    folder: Path, old: str, new: str, place: str, message: str
) -> None:
    error = spoil(folder, PRUNING, old, new)
    path = f"{PRUNING}: prune-unstructured{place}"
    assert any(p.path == path and message in p.message for p in error.problems), str(error)


@pytest.mark.parametrize(("file", "old", "new", "path", "message"), TREE_FAULTS)
def test_a_fault_of_the_tree_is_refused_with_its_path(
    folder: Path, file: str, old: str, new: str, path: str, message: str
) -> None:
    error = spoil(folder, file, old, new)
    assert any(p.path == path and message in p.message for p in error.problems), str(error)


def test_all_faults_of_a_file_are_reported_at_once(folder: Path) -> None:
    path = folder / PRUNING
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'status = "parametric"', 'status = "maybe"', text), encoding="utf-8")
    with pytest.raises(TaxonomyError) as caught:
        read_taxonomy(folder)
    assert len(caught.value.problems) == 3
    assert all("quantified" in problem.allowed for problem in caught.value.problems)


def test_a_file_that_is_not_toml_is_refused_by_name(folder: Path) -> None:
    error = spoil(folder, PRUNING, "[[technique]]", "[[technique")
    assert error.problems[0].path == PRUNING
    assert error.problems[0].message.startswith("not TOML")


def test_a_missing_file_of_branches_is_refused_by_name(folder: Path) -> None:
    (folder / "axes.toml").unlink()
    with pytest.raises(TaxonomyError, match=r"axes\.toml: file is missing"):
        read_taxonomy(folder)


def test_two_techniques_that_set_one_hook_must_exclude_each_other(folder: Path) -> None:
    path = folder / "techniques/quantization.toml"
    text = path.read_text(encoding="utf-8")
    for other in ("quant-mixed", "quant-weight-only"):
        text = text.replace(f'"quant-qat", "{other}"]', '"quant-qat"]')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TaxonomyError, match="sets layer_weight_bit as 'quant-mixed' does"):
        read_taxonomy(folder)


def test_what_is_read_from_a_copy_equals_what_ships(folder: Path) -> None:
    assert read_taxonomy(folder) == taxonomy.load_taxonomy()


def test_every_value_that_is_written_is_loaded() -> None:
    tree = taxonomy.load_taxonomy()
    renamed = {"with": "arguments", "min": "low", "max": "high"}

    def compare(written: object, loaded: object) -> None:
        if isinstance(written, dict):
            for key, value in written.items():
                name = renamed.get(key, key)
                is_map = isinstance(loaded, Mapping)
                compare(value, loaded[key] if is_map else getattr(loaded, name))
        elif isinstance(written, list):
            assert isinstance(loaded, tuple)
            for first, second in zip(written, loaded, strict=False):
                compare(first, second)
        else:
            assert written == loaded

    count = 0
    for file in [SHIPPED / "axes.toml", *sorted((SHIPPED / "techniques").glob("*.toml"))]:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        for row in content.get("axis", []) + content.get("technique", []):
            compare(row, tree.nodes[row["id"]])
            count += 1
    assert count == len(tree.nodes)


def test_an_error_names_place_message_and_allowed_values(folder: Path) -> None:
    error = spoil(folder, PRUNING, 'evidence = "own"', 'evidence = "rumour"')
    assert str(error) == (
        "techniques/pruning.toml: prune-unstructured.evidence: 'rumour' is not known "
        "(allowed: seen:abs, seen:ref, seen:dig, sister, own)"
    )
