"""A private copy of the data folder for tests that break it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analytic_models.catalog import Catalog, data_folder, load_catalog, read_catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Return the shipped catalog."""
    return load_catalog()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the data folder that a test may damage."""
    copy = tmp_path / "data"
    shutil.copytree(data_folder(), copy, ignore=shutil.ignore_patterns("make", "__pycache__"))
    return copy


@pytest.fixture
def damaged(folder: Path) -> Callable[[str, str, str], Path]:
    """Return a function that replaces text in one file of the copy."""

    def replace(name: str, old: str, new: str) -> Path:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return replace


@pytest.fixture
def reread() -> Callable[[Path], Catalog]:
    """Return the uncached reader."""
    return read_catalog
