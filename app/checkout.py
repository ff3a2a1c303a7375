"""Import this first: it lets an entry script of the app find the packages in a bare checkout."""

from __future__ import annotations

__all__ = ["HERE"]

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent

# The project's one change of sys.path: Streamlit puts only the folder of the script there.
if find_spec("analytic_models") is None:
    sys.path.append(str(HERE.parent))
