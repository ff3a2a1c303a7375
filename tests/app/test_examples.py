"""The examples in the documentation of the pages' modules do what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "controls",
    "viewmodels.cuts",
    "viewmodels.display",
    "viewmodels.key_figures",
    "viewmodels.tree",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
