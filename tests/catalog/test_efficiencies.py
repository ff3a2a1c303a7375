"""The fitted efficiencies: rebuilt from the shipped rows, judged on dnns that no fit has seen."""

import csv
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analytic_models.catalog import Catalog, data_folder

# Rebuilt on another machine, least squares may end a little elsewhere in flat directions.
TOLERANCE = 5e-3

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def data() -> Path:
    return data_folder()


@pytest.fixture(scope="module")
def fits(data: Path) -> Iterator[ModuleType]:
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(data / "make"))
    yield importlib.import_module("fit_efficiencies")
    patch.undo()


@pytest.fixture(scope="module")
def predictions(data: Path) -> list[Row]:
    return read(data / "measurements" / "fit_predictions.csv")


@pytest.fixture(scope="module")
def report(data: Path) -> dict[tuple[str, str, str], Row]:
    rows = read(data / "measurements" / "fit_report.csv")
    return {(row["class"], row["group"], row["test"]): row for row in rows}


def same_number(left: str, right: str) -> bool:
    if not left or not right:
        return left == right
    return math.isclose(float(left), float(right), rel_tol=TOLERANCE, abs_tol=2e-3)


def test_rebuilt_facts_are_the_shipped_facts(
    fits: ModuleType, data: Path, predictions: list[Row]
) -> None:
    rebuilt = fits.build_facts(data, predictions)
    shipped = read(data / "facts" / "efficiencies.csv")
    keys = ("entity", "field", "basis", "unit", "source")
    assert [[row[k] for k in keys] for row in rebuilt] == [
        [row[k] for k in keys] for row in shipped
    ]
    for new, old in zip(rebuilt, shipped, strict=True):
        for column in ("value", "low", "high"):
            assert not old[column] or math.isclose(
                float(new[column]), float(old[column]), rel_tol=TOLERANCE
            ), (old, new)


def test_the_error_table_follows_from_the_shipped_predictions(
    fits: ModuleType, data: Path, predictions: list[Row], report: dict[tuple[str, str, str], Row]
) -> None:
    rebuilt = fits.build_report(data, predictions)
    assert len(rebuilt) == len(report)
    for row in rebuilt:
        old = report[row["class"], row["group"], row["test"]]
        assert all(same_number(row[column], old[column]) for column in row if "_" in column), row


@pytest.mark.parametrize("dnn", ["mobilenet_v2", "mlperf_tiny_dscnn", "bert_base"])
def test_a_recorded_prediction_is_made_without_its_dnn(
    fits: ModuleType, data: Path, predictions: list[Row], dnn: str
) -> None:
    items, class_of, _ = fits.prepare(data)
    rows = fits.unseen_rows(items, class_of, [dnn])
    kept = [row for row in predictions if row["dnn"].partition("@")[0] == dnn]
    assert rows
    for new, old in zip(rows, kept, strict=True):
        assert (new["group"], new["batch"]) == (old["group"], old["batch"])
        assert float(new["ours_s"]) == pytest.approx(float(old["ours_s"]), rel=TOLERANCE)


def test_every_measured_dnn_and_group_has_been_left_out(
    fits: ModuleType, data: Path, predictions: list[Row]
) -> None:
    items, _, _ = fits.prepare(data)
    measured = sorted((item.group, item.dnn, str(item.batch)) for item in items)
    assert sorted((r["group"], r["dnn"], r["batch"]) for r in predictions) == measured


def test_unseen_dnns_are_within_25_percent_in_the_median_and_a_factor_of_two_at_p90(
    report: dict[tuple[str, str, str], Row],
) -> None:
    row = report["all", "all", "leave-models-out"]
    assert int(row["rows"]) >= 400
    assert int(row["dnns"]) >= 40
    assert float(row["ours_median"]) <= 0.25
    assert float(row["ours_p90"]) <= 1.0


def test_the_fit_beats_flops_only_and_the_uncalibrated_roofline_on_the_same_rows(
    predictions: list[Row],
) -> None:
    rows = [row for row in predictions if row["flops_s"]]

    def median(column: str) -> float:
        sizes = [abs(math.log(float(row[column]) / float(row["measured_s"]))) for row in rows]
        return float(np.median(sizes))

    assert median("ours_s") < 0.5 * median("flops_s")
    assert median("ours_s") < 0.2 * median("plain_s")


def test_ranges_hold_four_fifths_of_the_unseen_measurements(
    fits: ModuleType, predictions: list[Row]
) -> None:
    facts = importlib.import_module("fit_facts")
    inside = total = 0
    for errors in fits.leave_models_out(predictions).values():
        reach = facts.Z90 * facts.spread(errors["ours"], 0.15)
        inside += sum(abs(error) <= reach for error in errors["ours"])
        total += len(errors["ours"])
    assert inside / total == pytest.approx(0.8, abs=0.06)


def test_every_class_of_measured_machines_has_its_own_line_whether_it_meets_the_target_or_not(
    report: dict[tuple[str, str, str], Row],
) -> None:
    lines = {key[0]: row for key, row in report.items() if key[1:] == ("all", "leave-models-out")}
    kinds = {"cpu", "edge-gpu", "gpu", "mcu", "npu", "phone", "sbc"}
    assert kinds <= set(lines)
    for kind in kinds:
        assert float(lines[kind]["ours_median"]) <= float(lines[kind]["ours_p90"])
        assert float(lines[kind]["flops_median"]) > 0
        assert float(lines[kind]["plain_median"]) > 0


def test_class_values_are_judged_on_machines_left_out_and_their_range_is_wider(
    catalog: Catalog, report: dict[tuple[str, str, str], Row]
) -> None:
    tests = [key for key in report if key[2] == "leave-machine-out" and "|" in key[0]]
    assert len(tests) >= 8
    own = catalog.facts["rtx4090", "compute_efficiency_frac", "conv"]
    inherited = catalog.facts["class:any", "compute_efficiency_frac", "conv"]
    for fact in (own, inherited):
        assert fact.low is not None
        assert fact.high is not None
    assert inherited.high / inherited.low > 2 * own.high / own.low


def test_decoder_speed_of_unseen_decoders_is_within_20_percent_in_the_median(
    report: dict[tuple[str, str, str], Row],
) -> None:
    row = report["llm-decode", "all", "leave-models-out"]
    assert int(row["rows"]) >= 90
    assert float(row["ours_median"]) <= 0.20
    assert float(row["ours_median"]) < 0.5 * float(row["plain_median"])


def test_five_dnns_predict_the_board_power_of_the_others(
    report: dict[tuple[str, str, str], Row],
) -> None:
    boards = [row for key, row in report.items() if key[0] == "power" and int(row["rows"]) == 95]
    assert len(boards) == 5
    assert max(float(row["ours_median"]) for row in boards) <= 0.15
    assert max(float(row["ours_p90"]) for row in boards) <= 0.25


def test_efficiency_times_catalog_peak_gives_the_measured_order_of_magnitude(
    catalog: Catalog,
) -> None:
    # ResNet-50 takes 262.83 ms on the Pi 4 (ncnn README): 8.18e9 op in conv rows.
    peak = catalog.machines["rpi4b"].peak("fp32")
    share = catalog.efficiency("rpi4b", "conv", "compute", "fp32")
    assert 8.18e9 / (peak.value * share.value) == pytest.approx(0.263, rel=0.35)


def test_every_machine_gets_an_efficiency_for_every_operator_type_that_does_arithmetic(
    catalog: Catalog,
) -> None:
    kinds = ("conv", "depthwise", "linear", "attention", "matmul", "recurrent")
    for machine in catalog.machines:
        for kind in kinds:
            value = catalog.efficiency(machine, kind, "compute").value
            assert 1e-6 < value <= 1.7, (machine, kind)
        assert 0 <= catalog.launch_overhead(machine).value < 0.02
