"""Special functions are fetched when they are needed, and are the real ones then."""

from __future__ import annotations

import subprocess
import sys

from scipy import special as real

from analytic_models.laws.late import LateModule, special


def test_importing_the_models_does_not_import_scipy() -> None:
    code = "import sys, analytic_models; print([m for m in sys.modules if m.startswith('scipy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_function_fetched_late_is_that_of_the_module() -> None:
    assert special.ndtri is real.ndtri
    late = LateModule("scipy.special")
    assert "erfcx" not in vars(late)
    assert late.erfcx is real.erfcx
    assert "erfcx" in vars(late)
