"""The evidence tables and the encodings: sourced, located, and plausible in direction."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
EVIDENCE = sorted((DATA / "evidence").glob("*.csv"))
FACTS = [DATA / "facts" / "encodings.csv", *sorted((DATA / "facts").glob("gaps_*.csv"))]
FACT_COLUMNS = [
    "entity",
    "field",
    "basis",
    "value",
    "unit",
    "low",
    "high",
    "source",
    "where",
    "note",
]
# Published drops of more than two points: transformers and lite nets that quantise badly.
WORST_INT8_DROP_PP = 5.6


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def sources() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((DATA / "sources").glob("*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def own_sources() -> dict[str, dict[str, Any]]:
    return tomllib.loads((DATA / "sources" / "evidence.toml").read_text(encoding="utf-8"))


def encodings() -> dict[str, dict[str, Any]]:
    return tomllib.loads((DATA / "entities_encodings.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*EVIDENCE, *FACTS], ids=lambda path: path.name)
def test_every_row_names_a_known_source_and_a_place_in_it(path: Path) -> None:
    known = sources()
    for row in rows(path):
        assert row["source"] in known, row
        assert row["where"].strip(), row


@pytest.mark.parametrize("path", [*EVIDENCE, *FACTS], ids=lambda path: path.name)
def test_no_row_is_written_twice(path: Path) -> None:
    written = [tuple(row.values()) for row in rows(path)]
    assert len(written) == len(set(written))


def test_every_evidence_source_is_used() -> None:
    used = {row["source"] for path in [*EVIDENCE, *FACTS] for row in rows(path)}
    assert set(own_sources()) <= used


@pytest.mark.parametrize("source", sorted(own_sources()))
def test_a_source_says_where_it_is_or_why_it_is_assumed(source: str) -> None:
    entry = own_sources()[source]
    if entry["kind"] == "assumption":
        assert len(entry["why"]) > 40
    else:
        assert entry["url"].startswith("https://") or entry["doi"]
        assert entry["accessed"]
        assert entry["licence"]
    if entry["kind"] == "measurement":
        assert entry["setup"]


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.name)
def test_a_fact_has_the_columns_and_lies_in_its_range(path: Path) -> None:
    keys = set()
    assumed = {name for name, entry in sources().items() if entry["kind"] == "assumption"}
    for row in rows(path):
        assert list(row) == FACT_COLUMNS
        key = (row["entity"], row["field"], row["basis"])
        assert key not in keys, key
        keys.add(key)
        if row["low"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row
        else:
            assert row["source"] not in assumed, row


def test_all_rows_of_the_collected_compression_table_are_kept() -> None:
    table = rows(DATA / "evidence" / "compression.csv")
    assert len(table) == 247
    assert {"int8-ptq", "int8-qat", "int4-weight-only", "fp8", "prune-2-4", "low-rank"} <= {
        row["technique"] for row in table
    }


def test_four_bit_weights_speed_up_one_request_and_slow_down_a_batch() -> None:
    speed = {
        row["dataset"]: float(row["speed_ratio"])
        for row in rows(DATA / "evidence" / "compression.csv")
        if row["setting"] == "INT4 AWQ" and row["source"] == "tensorrt-model-optimizer"
        if row["speed_ratio"]
    }
    assert speed["decode, batch 1"] > 1 > speed["decode, batch 8"]


def test_accuracies_lie_in_the_range_of_their_metric() -> None:
    for row in rows(DATA / "evidence" / "accuracy.csv"):
        value = float(row["value"])
        assert value >= 0, row
        if row["metric"].endswith("%"):
            assert value <= 100, row
        if row["metric"] == "perplexity":
            assert value > 1, row
            assert row["higher_is_better"] == "no", row


def test_a_row_without_technique_is_its_own_baseline() -> None:
    plain = [r for r in rows(DATA / "evidence" / "accuracy.csv") if r["technique"] == "none"]
    assert len({row["dnn"] for row in plain}) >= 45
    assert all(row["baseline"] == row["value"] for row in plain)


def test_eight_bit_dnns_are_not_better_than_their_floats_beyond_noise() -> None:
    for row in rows(DATA / "evidence" / "accuracy.csv"):
        if row["technique"] not in {"int8-ptq", "int8-qat"} or not row["metric"].endswith("%"):
            continue
        drop = float(row["baseline"]) - float(row["value"])
        assert -2.0 <= drop <= WORST_INT8_DROP_PP, row


def test_pruned_and_quantised_language_models_are_no_less_perplexed() -> None:
    for row in rows(DATA / "evidence" / "accuracy.csv"):
        if row["metric"] == "perplexity" and row["technique"] != "none":
            assert float(row["value"]) >= float(row["baseline"]) - 0.05, row


def test_every_encoding_has_its_default_basis_and_an_encoding_cost() -> None:
    table = rows(DATA / "facts" / "encodings.csv")
    keys = {(row["entity"], row["field"], row["basis"]) for row in table}
    costs = {row["entity"] for row in table if row["field"] == "encode_op_per_elem_op"}
    assert {row["entity"] for row in table} == set(encodings())
    for name, entry in encodings().items():
        assert (name, "bits_per_elem_bit", entry["default_basis"]) in keys, name
        assert name in costs, name


def test_plain_encodings_take_the_bits_of_their_number_format() -> None:
    bits = {
        row["entity"]: float(row["value"])
        for row in rows(DATA / "facts" / "encodings.csv")
        if row["field"] == "bits_per_elem_bit" and row["basis"] == "exact"
    }
    assert bits["raw-uint8"] == bits["int8"] == 8
    assert bits["raw-fp32"] == bits["fp32"] == bits["token-u32"] == 32
    assert bits["fp16"] == bits["token-u16"] == bits["pcm16"] == 16
    assert bits["int4"] == 4


def test_a_lower_quality_takes_fewer_bits_at_every_image_size() -> None:
    by_basis: dict[str, dict[int, float]] = {}
    for row in rows(DATA / "facts" / "encodings.csv"):
        name, _, quality = row["entity"].partition("-q")
        if name == "jpeg" and quality.isdigit() and row["field"] == "bits_per_elem_bit":
            by_basis.setdefault(row["basis"], {})[int(quality)] = float(row["value"])
    assert {"224px", "96px", "768x512"} <= set(by_basis)
    for curve in by_basis.values():
        ordered = [curve[quality] for quality in sorted(curve)]
        assert ordered == sorted(ordered)


def test_a_coded_picture_is_smaller_than_raw_pixels() -> None:
    for row in rows(DATA / "facts" / "encodings.csv"):
        if row["field"] == "bits_per_elem_bit" and row["source"] == "image-size-measurement":
            assert 0 < float(row["value"]) < 8, row


def test_every_row_of_another_dnn_says_so() -> None:
    shipped = {path.stem for path in (DATA / "dnns").glob("*.json")} | {"vgg19"}
    for path in EVIDENCE:
        for row in rows(path):
            assert row["dnn"].startswith("other:") or row["dnn"] in shipped, row


def _resnet50(technique: str) -> dict[float, float]:
    found = {}
    for row in rows(DATA / "evidence" / "accuracy.csv"):
        if (row["dnn"], row["technique"]) == ("resnet50", technique) and "KiB" in row["setting"]:
            size = float(row["setting"].split(",")[1].split()[0])
            found[size] = max(float(row["value"]), found.get(size, 0.0))
    return found


def test_a_smaller_jpeg_costs_accuracy() -> None:
    curve = _resnet50("jpeg")
    assert len(curve) == 9
    values = [curve[size] for size in sorted(curve)]
    assert values == sorted(values)
    assert values[0] < 50 < 75 < values[-1]


def test_a_learned_bottleneck_beats_jpeg_at_half_its_size() -> None:
    bottleneck, jpeg = _resnet50("feature-bottleneck"), _resnet50("jpeg")
    for size, accuracy in jpeg.items():
        if size <= 8:
            assert max(v for s, v in bottleneck.items() if s <= size) > accuracy + 2.0


def test_measured_jpeg_sizes_agree_with_the_published_ones() -> None:
    published = {10: 2.84, 20: 4.02, 30: 5.07, 50: 6.79, 90: 16.0}
    for row in rows(DATA / "facts" / "encodings.csv"):
        name, _, quality = row["entity"].partition("-q")
        wanted = ("jpeg", "224px", "bits_per_elem_bit")
        if (name, row["basis"], row["field"]) != wanted or not quality.isdigit():
            continue
        if int(quality) in published:
            kib = float(row["value"]) * 224 * 224 * 3 / 8 / 1024
            assert kib == pytest.approx(published[int(quality)], rel=0.04)


def test_a_site_never_uses_less_power_than_its_computers() -> None:
    for row in rows(DATA / "facts" / "gaps_sites.csv"):
        assert 1.0 <= float(row["value"]) < 2.0, row


def test_eight_bit_features_keep_the_accuracy_and_three_bits_do_not_always() -> None:
    drops: dict[str, list[float]] = {}
    for row in rows(DATA / "evidence" / "accuracy.csv"):
        if row["technique"].startswith("feature-int"):
            drop = float(row["baseline"]) - float(row["value"])
            drops.setdefault(row["technique"], []).append(drop)
    assert max(map(abs, drops["feature-int8"])) <= 0.5
    assert max(map(abs, drops["feature-int4"])) <= 1.0
    assert max(drops["feature-int3"]) > 5.0
