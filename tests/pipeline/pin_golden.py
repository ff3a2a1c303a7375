"""Pin the golden values anew with date and reason: python tests/pipeline/pin_golden.py WHY."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = HERE / "golden.json"
DIGITS = 12


def _plain(value: float) -> float | str:
    """Return a value that JSON holds, rounded to what the test compares."""
    return (
        float(f"{value:.{DIGITS}g}")
        if value == value and abs(value) != float("inf")
        else str(value)
    )


def computed() -> dict[str, dict[str, float | str]]:
    """Return the golden quantities of every case as the program computes them now."""
    from pipeline_cases import SPLITS

    from analytic_models import evaluate
    from analytic_models.cli_input import KEY_FIGURES

    found = {}
    for name, case in SPLITS.items():
        result = evaluate(case)
        found[name] = {quantity: _plain(result.value(quantity)) for quantity in KEY_FIGURES}
    return found


def main(reason: str) -> int:
    """Write the values and add a note of what moved and why."""
    if len(reason.split()) < 3:
        sys.stderr.write("say in a sentence why the values moved\n")
        return 2
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {"notes": []}
    values = computed()
    before = old.get("values", {})
    moved = sum(
        before.get(name, {}).get(quantity) != value
        for name, row in values.items()
        for quantity, value in row.items()
    )
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    notes = [*old["notes"], {"date": today, "moved": moved, "why": reason}]
    text = json.dumps({"notes": notes, "values": values}, indent=1, sort_keys=True)
    FILE.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{moved} of {sum(map(len, values.values()))} values moved\n")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent.parent), str(HERE)]
    raise SystemExit(main(" ".join(sys.argv[1:])))
