"""Latencies that a user measured are read, and calibrate the machine that they name."""

import dataclasses
import math

import numpy as np
import pytest

from analytic_models.calibration import calibrate
from analytic_models.catalog import Catalog, Fact
from analytic_models.errors import DataError
from analytic_models.segments import layer_times
from analytic_models.user_catalog import calibration_of
from analytic_models.user_data import UserData
from analytic_models.user_measurements import Measurement, read_measurements


def test_a_table_of_latencies_is_read_in_milliseconds() -> None:
    text = "\ufeffmachine,dnn,precision,latency_ms\nrpi4b, resnet18 ,fp32,250\n\n"
    assert read_measurements(text) == (Measurement("rpi4b", "resnet18", "fp32", 0.25),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns 'nothing'"),
        ("machine,dnn,latency\n", "has the columns"),
        ("machine,dnn,precision,latency_ms\n", "has no row"),
        ("machine,dnn,precision,latency_ms\na,b,fp32\n", "csv:2: has 3 cells"),
        ("machine,dnn,precision,latency_ms\na,b,fp32,fast\n", "'fast' is not a number"),
        ("machine,dnn,precision,latency_ms\na,b,fp64,1\n", "'fp64' is not a precision"),
        ("machine,dnn,precision,latency_ms\na,b,fp32,nan\n", "nan is not a latency"),
        ("machine,dnn,precision,latency_ms\na,b,fp32,-3\n", "is not a latency"),
        ('machine,dnn,precision,latency_ms\na,"b,fp32,1\n', "is not CSV"),
        ("x" * 1_000_000, "is too long"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_measurements(text)


DNNS = ("resnet18", "mobilenet_v2", "resnet50", "vgg16", "squeezenet1_1", "densenet121")


def _slowed(
    catalog: Catalog, machine: str, compute: float, memory: float, launch: float
) -> list[Measurement]:
    """Return latencies of a machine whose shares and overhead are known multiples."""
    rows = []
    for dnn in DNNS:
        table = layer_times(catalog, dnn, machine, "fp32", "roofline", ())
        share = [
            table.compute_efficiency[kind].value if mac else 1.0
            for kind, mac in zip(table.dnn.operator_type, table.dnn.mac, strict=True)
        ]
        flow = [table.memory_efficiency[kind].value for kind in table.dnn.operator_type]
        busy = np.maximum(
            table.work_op / (table.peak.value * np.array(share) * compute),
            table.traffic_byte / (table.bandwidth.value * np.array(flow) * memory),
        )
        seconds = float(busy.sum() + len(table.dnn) * table.launch.value * launch)
        rows.append(Measurement(machine, dnn, "fp32", seconds))
    return rows


def test_the_catalogs_own_latencies_leave_the_machine_as_it_is(catalog: Catalog) -> None:
    (group,) = calibrate(catalog, _slowed(catalog, "rpi4b", 1.0, 1.0, 1.0)).groups
    for factor in (group.compute_factor, group.memory_factor, group.launch_factor):
        assert factor == pytest.approx(1.0, abs=1e-3)
    assert group.error("before")[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("factors", [(0.5, 1.0, 1.0), (0.4, 0.7, 3.0), (1.0, 0.5, 1.0)])
def test_a_slower_machine_is_found_out(
    catalog: Catalog, factors: tuple[float, float, float]
) -> None:
    rows = _slowed(catalog, "rpi4b", *factors)
    (group,) = calibrate(catalog, rows).groups
    assert group.compute_factor == pytest.approx(factors[0], rel=0.15)
    assert group.error("after")[0] < min(0.05, group.error("before")[0])
    assert group.error("unseen")[0] < 0.15


def test_calibrated_facts_give_the_fitted_latencies(catalog: Catalog) -> None:
    rows = tuple(_slowed(catalog, "rpi4b", 0.4, 0.7, 3.0))
    own = catalog.with_user_data(UserData(measurements=rows))
    (group,) = calibration_of(UserData(measurements=rows)).groups
    for row in group.rows:
        table = layer_times(own, row.measurement.dnn, "rpi4b", "fp32", "roofline", ())
        assert table.time_s.sum() == pytest.approx(row.after_s, rel=1e-9)
    fact = own.efficiency("rpi4b", "conv", "compute", "fp32")
    assert isinstance(fact, Fact)
    assert (fact.origin, fact.source) == ("measured", "your-measurements")
    assert own.sources[fact.source].title == "your measurements"
    assert fact.low is not None
    assert fact.high is not None
    assert fact.low < fact.value < fact.high
    half = catalog.efficiency("rpi4b", "conv", "compute", "int8")
    assert own.efficiency("rpi4b", "conv", "compute", "int8") == half


def test_one_odd_measurement_does_not_steer_the_fit(catalog: Catalog) -> None:
    rows = _slowed(catalog, "rpi4b", 0.5, 1.0, 1.0)
    odd = [dataclasses.replace(rows[0], latency_s=rows[0].latency_s * 20), *rows[1:]]
    (group,) = calibrate(catalog, odd).groups
    assert group.compute_factor == pytest.approx(0.5, rel=0.3)


def test_errors_of_unseen_dnns_need_three_dnns(catalog: Catalog) -> None:
    rows = _slowed(catalog, "rpi4b", 0.5, 1.0, 1.0)
    two = calibrate(catalog, rows[:2]).groups[0]
    assert math.isnan(two.error("unseen")[0])
    assert all(math.isnan(row.unseen_s) for row in two.rows)
    three = calibrate(catalog, rows[:3]).groups[0]
    assert math.isfinite(three.error("unseen")[0])
    assert three.error("unseen")[1] >= 1.0


def test_no_measurement_makes_a_share_impossible(catalog: Catalog) -> None:
    rows = [dataclasses.replace(r, latency_s=1e-6) for r in _slowed(catalog, "rpi4b", 1, 1, 1)]
    for fact in calibrate(catalog, rows).facts:
        if fact.field == "compute_efficiency_frac":
            assert fact.value <= 1.6
        if fact.field == "memory_efficiency_frac":
            assert fact.value <= 1.0


def test_precisions_that_compute_alike_are_fitted_together(catalog: Catalog) -> None:
    rows = [
        Measurement("jetson_agx_orin", "resnet18", precision, 0.004)
        for precision in ("int4", "fp16", "fp32")
    ]
    groups = calibrate(catalog, rows).groups
    assert sorted((group.precision, len(group.rows)) for group in groups) == [
        ("fp16", 2),
        ("fp32", 1),
    ]


def test_every_row_that_cannot_be_used_is_named(catalog: Catalog) -> None:
    rows = [Measurement("nobody", "resnet18", "fp32", 1.0), Measurement("rpi4b", "x", "fp32", 1.0)]
    with pytest.raises(DataError) as caught:
        calibrate(catalog, rows)
    assert [p.path for p in caught.value.problems] == [
        "measurements[0].machine",
        "measurements[1].dnn",
    ]
