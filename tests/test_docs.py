"""What the README shows runs, and shows what really comes out."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from analytic_models import load_scenarios
from analytic_models.cli import build_parser, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def _examples() -> list[tuple[str, str]]:
    """Return the commands of the console blocks with the output that the README shows."""
    found = []
    for block in _blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def _shape(text: str) -> str:
    """Replace every number and every run of spaces: facts may be corrected, words may not drift."""
    numbers = re.sub(r"\b(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)\b", "#", text)
    return re.sub(r"[^\S\n]+", " ", numbers)


@pytest.mark.parametrize(("command", "shown"), _examples(), ids=[c for c, _ in _examples()])
def test_a_command_of_the_readme_answers_as_shown(
    command: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "eccc"
    assert main(arguments) == 0
    assert _shape(capsys.readouterr().out) == _shape(shown)


@pytest.mark.parametrize("code", _blocks("python"), ids=lambda code: code.splitlines()[0])
def test_a_python_example_of_the_readme_runs(code: str) -> None:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "README.md", "exec"), {})
    assert "Transfer alone on the uplink" in output.getvalue()
    assert len([line for line in code.splitlines() if line.strip()]) == 5


def test_the_readme_shows_every_command() -> None:
    (commands,) = (a.choices for a in build_parser()._actions if a.choices)
    shown = set(re.findall(r"^\| `eccc (\w+)", README, re.MULTILINE))
    assert shown == set(commands)


def test_two_commands_do_all_the_set_up() -> None:
    commands = [block.strip() for block in _blocks("sh")]
    assert len(commands) == 2
    for command, extra in zip(commands, ("app", "test"), strict=True):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -e '.[")
        assert f"-e '.[{extra}]'" in command
        assert extra in PROJECT["optional-dependencies"]
    assert commands[0].endswith("eccc app")
    assert commands[1].endswith("pytest")


def test_continuous_integration_ends_with_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    lines = [line for line in script.splitlines() if line.strip()]
    assert lines[-1] == 'CI=true bash -euo pipefail -c "$tests"'
    assert README.count("-e '.[test]'") == 1
    order = ['ruff" format', 'ruff" check', "mypy", 'eccc" check', 'pip" wheel', "$tests"]
    places = [script.index(word) for word in order]
    assert places == sorted(places)


def test_every_folder_and_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"\]\(([\w./-]+)\)", README)
    named += re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert "data/README.md" in named
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing in ([], ["app/static/screenshot.png"])


def test_the_named_presets_are_the_ready_made_ones() -> None:

    sentence = README[README.index("`factory`") :].partition(".")[0]
    names = re.findall(r"`([a-z]+)`", sentence)
    assert names == [name.partition("-")[2] for name in load_scenarios()]
