"""Visitors bring networks, machines, links, measurements and language models; nothing is lost."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from functools import cache
from typing import Any

import pytest
import sessions
from onnx import TensorProto, helper
from streamlit.testing.v1 import AppTest
from viewmodels.calibrated import calibrated
from viewmodels.choices import choice_label, choices_of
from viewmodels.current import evaluated
from viewmodels.hops import find_hops
from viewmodels.language import models_of
from viewmodels.machines import find_machines
from viewmodels.own import gaps_of, machine_form, new_id, own_network, parse_dims
from viewmodels.tree import tree_of

from analytic_models import Case, evaluate, explain, load_catalog, load_scenarios
from analytic_models.errors import DataError
from analytic_models.user_data import UserData
from tests.app.conftest import APP

START = next(iter(load_scenarios().values()))
MACHINE = {
    "label": "Lab box",
    "tier": "edge",
    "kind": "edge-gpu",
    "year": 2024,
    "values": {
        "fp32_peak_op_per_s": 4e12,
        "memory_bandwidth_byte_per_s": 1.2e11,
        "memory_byte": 1.6e10,
    },
}
HOP = {
    "label": "Lab radio",
    "technology": "wi-fi",
    "serves": ["uplink"],
    "values": {"up_bit_per_s": 9e7, "down_bit_per_s": 1.8e8, "rtt_s": 0.004},
}
CSV = "machine,dnn,precision,latency_ms\n" + "".join(
    f"rpi4b,{dnn},fp32,{ms}\n"
    for dnn, ms in (("resnet18", 300), ("resnet50", 690), ("mobilenet_v2", 95))
)
CONFIG = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "max_position_embeddings": 256,
}
DRAWN = random.Random(7)
MANY = [
    {"machine": machine, "dnn": dnn, "precision": "fp32", "latency_s": DRAWN.uniform(0.1, 9.0)}
    for machine in ("rpi4b", "rpi5", "jetson_nano")
    for dnn in load_catalog().dnns
]
HOSTILE = "![x](http://z.invalid)<script>"


def small_onnx(height: int | str = 32, odd: bool = False) -> bytes:
    """Build a network of a convolution, perhaps an operator that nobody knows, and a product."""
    weights = [
        helper.make_tensor("w", TensorProto.FLOAT, (8, 3, 3, 3), [0.0] * 216),
        helper.make_tensor("f", TensorProto.FLOAT, (8, 10), [0.0] * 80),
    ]
    shape = (1, 8, 32, 32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Frobnicate" if odd else "Relu", ["c"], ["r"], "odd"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["l"], "flat"),
        helper.make_node("MatMul", ["l", "f"], ["y"], "fc"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", 3, height, 32))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 10))],
        weights,
        value_info=[helper.make_tensor_value_info("r", TensorProto.FLOAT, shape)] if odd else [],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return bytes(model.SerializeToString())


def _open(tab: str, case: Case = START, view: str = "bring", **ui: Any) -> AppTest:
    at = AppTest.from_file(str(APP / "views" / f"{view}.py"), default_timeout=60)
    at.session_state["case"] = case.to_json()
    at.session_state["ui"] = {"own_tab": tab, **ui}
    at.run()
    assert not at.exception
    return at


def _press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception


def _box(boxes: Any, label: str) -> Any:
    return next(box for box in boxes if box.label == label)


def _case(at: AppTest) -> Case:
    return Case.from_json(at.session_state["case"])


def _said(at: AppTest) -> str:
    shown = (*at.markdown, *at.caption, *at.error, *at.warning, *at.info, *at.metric)
    return " ".join(str(element.value) for element in shown)


def _html(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def _own(**parts: Any) -> Case:
    """Return the first scenario with data of the user."""
    return dataclasses.replace(START, user_data=UserData.from_dict(parts))


def _upload(at: AppTest, raw: bytes, name: str = "small net.onnx") -> None:
    at.file_uploader[0].set_value((name, raw, "application/octet-stream"))
    _press(at, "Read this network")


@cache
def _mixed() -> Case:
    """Return a case that rests on everything that can be brought."""
    at = _open("network", _own(machines={"lab-box": MACHINE}, hops={"lab-radio": HOP}))
    _upload(at, small_onnx())
    _press(at, "Use in my design")
    found = _case(at).with_scenario(edge="lab-box", uplink="lab-radio")
    rows = [
        {"machine": "lab-box", "dnn": "small-net", "precision": "fp32", "latency_s": 0.002},
        {"machine": "rpi4b", "dnn": "resnet18", "precision": "fp32", "latency_s": 0.3},
    ]
    own = found.user_data
    assert own is not None
    return dataclasses.replace(
        found, user_data=own.merged(UserData.from_dict({"measurements": rows}))
    )


def test_an_uploaded_network_shows_its_work_and_goes_into_the_design() -> None:
    at = _open("network")
    _upload(at, small_onnx())
    found = _case(at)
    assert found.user_data is not None
    (dnn,) = found.user_data.dnns
    assert dnn.id == "small-net"
    macs = 32 * 32 * 8 * 27 + 80
    assert json.loads(dnn.text)["totals"]["macs"] == macs
    assert {metric.label for metric in at.metric} >= {"Rows", "Work", "Parameters", "Inner cuts"}
    _press(at, "Use in my design")
    assert _case(at).scenario.dnn == "small-net"
    assert evaluate(_case(at)).value("latency_p99_s") > 0.0


def test_an_operator_that_nobody_knows_is_listed() -> None:
    at = _open("network")
    _upload(at, small_onnx(odd=True))
    assert any("Frobnicate (1×)" in warning.value for warning in at.warning)


def test_the_task_of_a_network_decides_how_its_input_is_sent() -> None:
    at = _open("network")
    at.selectbox[0].set_value("keyword-spotting")
    _upload(at, small_onnx())
    _press(at, "Use in my design")
    found = _case(at)
    assert found.catalog().encodings[found.design.input_encoding].attributes["modality"] == "mfcc"


def test_a_network_without_published_accuracy_says_what_its_limit_excludes() -> None:
    at = _open("network", START.with_scenario(accuracy_drop_max_pp=1.0))
    _upload(at, small_onnx())
    _press(at, "Use in my design")
    assert "limit on lost accuracy" in at.session_state["ui"]["message"].text


def test_an_open_size_is_asked_for_and_then_taken() -> None:
    at = _open("network")
    _upload(at, small_onnx("height"))
    assert "Sizes left open" in _said(at)
    assert _case(at) == START
    _box(at.text_input, "Sizes left open").set_value("height=32")
    _upload(at, small_onnx("height"))
    assert _case(at).user_data is not None


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 40, b"PK\x03\x04 not a network", small_onnx()[:-90]]
)
def test_a_broken_network_is_refused_and_nothing_is_lost(raw: bytes) -> None:
    before = _own(machines={"lab-box": MACHINE})
    at = _open("network", before)
    _upload(at, raw, f"{HOSTILE}.onnx")
    assert "Not taken" in _said(at)
    assert "](http" not in _said(at)
    assert _case(at) == before


def test_a_form_without_a_file_says_so() -> None:
    at = _open("network")
    _press(at, "Read this network")
    assert "choose a file first" in _said(at)


def test_sizes_are_read_name_by_name() -> None:
    assert parse_dims("a=1; b = 22") == {"a": 1, "b": 22}
    with pytest.raises(DataError, match="name=number"):
        parse_dims("a=1, b=many")


def test_a_machine_is_typed_in_display_units_and_kept_in_base_units() -> None:
    at = _open("machine")
    at.text_input[0].set_value("Lab box")
    _box(at.number_input, "Peak rate at fp32 (Top/s)").set_value(4.0)
    _box(at.number_input, "Memory bandwidth (GB/s)").set_value(120.0)
    _box(at.number_input, "Rent ($ per hour)").set_value(3.6)
    _press(at, "Add this machine")
    own = _case(at).user_data
    assert own is not None
    (machine,) = own.machines
    values = dict(machine.values)
    assert machine.id == "lab-box"
    assert values["fp32_peak_op_per_s"] == 4e12
    assert values["memory_bandwidth_byte_per_s"] == 1.2e11
    assert math.isclose(values["rent_usd_per_s"], 1e-3, rel_tol=1e-12)
    assert "idle power" in _said(at)
    assert "eccc-o-yours" in _html(at)


def test_a_machine_can_be_changed_and_removed() -> None:
    at = _open("machine", _own(machines={"lab-box": MACHINE}), own_edit_machines="lab-box")
    assert _box(at.number_input, "Memory (GB)").value == 16.0
    _box(at.number_input, "Memory (GB)").set_value(32.0)
    _box(at.number_input, "Memory bandwidth (GB/s)").set_value(None)
    _press(at, "Save this machine")
    own = _case(at).user_data
    assert own is not None
    values = dict(own.machines[0].values)
    assert values["memory_byte"] == 3.2e10
    assert "memory_bandwidth_byte_per_s" not in values
    at.button(key="own_remove_machines_lab-box").click().run()
    assert _case(at).user_data is None


def test_a_machine_in_the_design_cannot_be_removed_unnoticed() -> None:
    case = _own(machines={"lab-box": MACHINE}).with_scenario(edge="lab-box")
    assert _open("machine", case).button(key="own_remove_machines_lab-box").disabled


def test_a_machine_without_a_name_is_refused_with_the_place() -> None:
    at = _open("machine")
    _press(at, "Add this machine")
    assert "label" in _said(at)
    assert _case(at) == START


def test_what_is_not_stated_is_said_to_be_open() -> None:
    own = _own(machines={"lab-box": MACHINE}).user_data
    gaps = gaps_of(machine_form(own, "lab-box"))
    assert "idle power" in gaps
    assert "memory bandwidth" not in gaps


def test_a_link_is_brought_and_serves_where_it_may() -> None:
    at = _open("machine")
    at.text_input[1].set_value("Lab radio")
    _box(at.number_input, "Rate up (Mbit/s)").set_value(90.0)
    _box(at.number_input, "Round trip (ms)").set_value(4.0)
    _press(at, "Add this link")
    case = _case(at)
    assert "lab-radio" in choices_of("scenario", "uplink", case)
    assert "lab-radio" not in choices_of("scenario", "backhaul", case)


def test_own_entries_come_first_in_pickers_and_pages_and_are_marked() -> None:
    case = _own(machines={"lab-box": MACHINE}, hops={"lab-radio": HOP})
    catalog = case.catalog()
    for tier in ("device", "edge", "cloud"):
        assert choices_of("scenario", tier, case)[0] == "lab-box"
    assert choice_label("catalog:machines", "lab-box", catalog) == "Lab box (yours)"
    assert find_machines(catalog=catalog)[0].label == "Lab box (yours)"
    assert find_hops(catalog=catalog)[0].label == "Lab radio (yours)"
    assert all(row.id != "lab-box" for row in find_machines())


def test_measurements_calibrate_and_show_three_errors() -> None:
    at = _open("measurements")
    at.text_area[0].set_value(CSV)
    _press(at, "Calibrate")
    own = _case(at).user_data
    assert own is not None
    assert len(own.measurements) == 3
    (group,) = calibrated(own)
    assert group.errors[0][0] == "before"
    assert "not known" not in {median for _, median, _ in group.errors}
    after = [abs(dot.after_s / dot.measured_s - 1.0) for dot in group.dots]
    before = [abs(dot.before_s / dot.measured_s - 1.0) for dot in group.dots]
    assert max(after) < min(before)
    assert "after, on networks it has not seen" in _html(at)
    at.button(key="own_forget_rpi4b").click().run()
    assert _case(at).user_data is None


def test_measurements_change_what_is_computed() -> None:
    rows = [{"machine": "rpi4b", "dnn": "resnet18", "precision": "fp32", "latency_s": 3.0}]
    plain = START.with_scenario(dnn="resnet18", device="rpi4b").with_design(cut1=0, cut2=0)
    last = len(load_catalog().dnns["resnet18"].boundary_row) - 1
    plain = plain.with_design(cut1=last, cut2=last, device_precision="fp32")
    own = dataclasses.replace(plain, user_data=UserData.from_dict({"measurements": rows}))
    name = "device_service_s"
    assert evaluated(own).value(name) > 1.5 * evaluated(plain).value(name)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "csv:1"),
        ("machine,dnn\nrpi4b,resnet18\n", "csv:1"),
        (CSV + "rpi4b,resnet18,fp32,soon\n", "csv:5.latency_ms"),
        (CSV + "rpi4,resnet18,fp32,9\n", "csv:5.machine"),
        (CSV + f"rpi4b,{HOSTILE},fp32,9\n", "csv:5.dnn"),
    ],
)
def test_faulty_measurements_are_refused_by_line(text: str, place: str) -> None:
    at = _open("measurements")
    at.text_area[0].set_value(text)
    _press(at, "Calibrate")
    shown = _said(at).replace("\\", "")
    assert place in shown
    assert "](http" not in _said(at)
    assert _case(at) == START


def test_a_measurement_that_cannot_be_fitted_names_its_line() -> None:
    bare = {**MACHINE, "values": {"memory_byte": 1e9}}
    at = _open("measurements", _own(machines={"bare": bare}))
    at.text_area[0].set_value(CSV + "bare,resnet18,fp32,9\n")
    _press(at, "Calibrate")
    assert "csv:5.machine" in _said(at).replace("\\", "")


def test_a_language_model_is_read_from_its_configuration() -> None:
    at = _open("language")
    at.text_input[0].set_value("Tiny")
    at.text_area[0].set_value(json.dumps(CONFIG))
    _press(at, "Read this language model")
    case = _case(at)
    assert case.catalog().language_models["tiny"].layers == 2
    assert case.user_data is not None
    assert own_network(case.user_data.dnns[0]).decoder
    assert next(iter(models_of(case.catalog()).values())) == "Tiny (yours)"
    page = _open("language", case, "language", lm_model="tiny")
    assert "Tiny" in _html(page)
    assert "Tiny" in _said(at)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "not JSON"),
        (json.dumps({**CONFIG, "model_type": "rnn"}), "model_type"),
        (json.dumps({**CONFIG, "hidden_size": -3}), "hidden_size"),
    ],
)
def test_a_broken_configuration_is_refused_with_the_key(text: str, place: str) -> None:
    at = _open("language")
    at.text_area[0].set_value(text)
    _press(at, "Read this language model")
    assert place in _said(at).replace("\\", "")
    assert _case(at) == START


def test_own_data_survive_export_and_import_with_the_same_figures() -> None:
    case = _mixed()
    again = Case.from_json(case.to_json(indent=2))
    assert again == case
    assert evaluate(again).value("latency_p99_s") == evaluate(case).value("latency_p99_s")
    assert "lab-box" in choices_of("scenario", "edge", again)


@pytest.mark.parametrize("view", sorted(file.stem for file in (APP / "views").glob("*.py")))
def test_every_page_draws_for_a_design_that_rests_on_own_data(view: str) -> None:
    at = _open("network", _mixed(), view)
    assert "eccc-headline" in _html(at)


def test_an_explanation_ends_at_what_the_user_brought() -> None:
    node = explain(_mixed(), "latency_mean_s")
    titles = json.dumps(tree_of(node, _mixed().catalog()))
    assert "your data" in titles
    assert "your measurements" in titles


def test_a_ready_made_scenario_keeps_what_the_user_brought() -> None:
    at = _open("machine", _own(machines={"lab-box": MACHINE}), "explore")
    next(w for w in at.button_group if w.key == "_preset").set_value("2-driving").run()
    own = _case(at).user_data
    assert own is not None
    assert own.machines[0].id == "lab-box"


def test_a_machine_travels_in_a_link_and_a_large_network_does_not() -> None:
    name = next(iter(load_scenarios()))
    case = _own(machines={"lab-box": MACHINE}).with_scenario(edge="lab-box")
    link = sessions.pack_link(case, name)
    assert 0 < len(link) <= sessions.LONGEST_LINK_CHARS
    assert sessions.unpack_link(link).case == case
    assert sessions.pack_link(_own(measurements=MANY), name) == ""


def test_the_tools_say_when_the_data_do_not_fit_into_a_link() -> None:
    at = AppTest.from_file(str(APP / "streamlit_app.py"), default_timeout=60)
    at.session_state["case"] = _own(measurements=MANY).to_json()
    at.session_state["ui"] = {}
    at.run()
    assert not at.exception
    assert at.button(key="no_link").disabled
    assert "use File, Export" in _said(at)


def test_a_session_with_own_data_fits_into_the_browser() -> None:
    text = sessions.pack_session(_mixed(), "1-factory", {})
    found = sessions.unpack_session(text)
    assert found is not None
    assert found.case == _mixed()


def test_ids_are_made_of_names_and_never_twice() -> None:
    assert new_id("rpi4b", load_catalog().machines) == "rpi4b-2"
    assert new_id(HOSTILE, ()) == "x-http-z-invalid-script"
    assert len(new_id("a" * 500, ())) <= 64


def test_a_long_case_keeps_fewer_steps_of_its_history() -> None:
    assert sessions.LONGEST_HISTORY_CHARS >= sessions.STEPS_KEPT * 100_000
