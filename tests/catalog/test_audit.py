"""The audit is silent on the shipped data and finds what is well-formed and wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from analytic_models.catalog import Catalog, read_catalog
from analytic_models.catalog_audit import audit

Damage = Callable[[str, str, str], Path]


def _messages(folder: Path) -> list[str]:
    return [str(problem) for problem in audit(read_catalog(folder))]


def test_the_shipped_catalog_passes_its_audit(catalog: Catalog) -> None:
    assert [str(problem) for problem in audit(catalog)] == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "facts/machines.csv",
            "jetson_agx_orin,memory_bandwidth_byte_per_s,,204000000000",
            "jetson_agx_orin,memory_bandwidth_byte_per_s,,204000000000000",
            "outside what a machine of kind edge-gpu can have",
        ),
        (
            "facts/machines.csv",
            "t4,tdp_w,datasheet,70,W",
            "t4,tdp_w,datasheet,70,kW",
            "outside what a machine of kind gpu can have",
        ),
        (
            "facts/machines.csv",
            "t4,tdp_w,datasheet,70,W",
            "t4,tdp_w,datasheet,7,W",
            "outside what a machine of kind gpu",
        ),
        (
            "facts/hops.csv",
            "lte,up_bit_per_s,p10,18772500",
            "lte,up_bit_per_s,p10,187725000",
            "p10 is above p50",
        ),
        (
            "facts/hops.csv",
            "wan_azure_west,rtt_s,min,0.0909",
            "wan_azure_west,rtt_s,min,0.00909",
            "faster than light",
        ),
        ("facts/regions.csv", ",439.29,", ",439290,", "outside what any entity can have"),
        (
            "facts/machines.csv",
            "t4,tdp_w,datasheet,70,W",
            "t4,tdp_w,brochure,70,W",
            "is not a basis of tdp_w",
        ),
        (
            "measurements/published_totals.csv",
            "resnet50,macs,4.089",
            "resnet50,macs,4.189",
            "resnet50: macs are",
        ),
        (
            "dnns/resnet50.json",
            "118013952",
            "128013952",
            "resnet50: macs are",
        ),
    ],
)
def test_a_wrong_figure_is_found_and_placed(
    damaged: Damage, name: str, old: str, new: str, message: str
) -> None:
    found = [text for text in _messages(damaged(name, old, new)) if message in text]
    assert found
    assert re.match(r"data/(facts|measurements)/\w+\.csv:\d+", found[0])


def test_a_source_that_nothing_uses_is_found(folder: Path) -> None:
    text = '[never-cited]\nkind = "convention"\ntitle = "x"\n'
    (folder / "sources" / "extra.toml").write_text(text, encoding="utf-8")
    assert "data/sources:never-cited: is used by nothing" in _messages(folder)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('kind = "paper"\ntitle = "x"\nlicence = "x"', "url: a paper needs a url or a doi"),
        (
            'kind = "datasheet"\ntitle = "x"\nlicence = "x"\nurl = "https://example.org"',
            "accessed: a datasheet read from the web needs the date of access",
        ),
        ('kind = "assumption"\ntitle = "x"', "why: an assumption must say why"),
        (
            'kind = "measurement"\ntitle = "x"\nlicence = "x"\ndoi = "10.1/x"',
            "setup: a measurement must state its set-up",
        ),
        ('kind = "dataset"\ntitle = "x"\ndoi = "10.1/x"', "licence: is missing"),
    ],
)
def test_each_kind_of_source_must_state_what_its_kind_needs(
    folder: Path, entry: str, message: str
) -> None:
    (folder / "sources" / "extra.toml").write_text(f"[thin]\n{entry}\n", encoding="utf-8")
    assert f"data/sources:thin.{message}" in _messages(folder)


def test_a_layer_graph_that_cites_nobody_is_found(damaged: Damage) -> None:
    folder = damaged("dnns/resnet50.json", '"cite":"torchvision-0.29.2"', '"cite":"nobody"')
    assert "data/dnns/resnet50.json:source.cite: unknown source 'nobody'" in _messages(folder)


def test_every_fact_that_is_written_is_loaded(catalog: Catalog) -> None:
    files = sorted((catalog.folder / "facts").glob("*.csv"))
    rows = sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in files)
    assert len(catalog.facts) + len(catalog.alternatives) == catalog.written == rows
