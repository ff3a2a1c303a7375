"""Population, prices, map, robustness, playground and policy: findings, figures, Apply and undo."""

from __future__ import annotations

import dataclasses
from typing import Any

import plotly.graph_objects as go
import pytest
from charts.atlas import map_chart
from charts.chart import Chart
from charts.crowd import busy_chart, latency_chart, share_chart
from charts.doubt import regret_chart, tornado_chart, win_chart
from charts.playground import flow_chart, herd_charts
from charts.policy_map import action_chart, cost_chart, weight_chart
from charts.worth import use_chart, worth_chart
from streamlit.testing.v1 import AppTest
from theme import MODES, resolve
from viewmodels.atlas import Atlas, Question, atlas_steps, cell_fields
from viewmodels.crowd import crowd_of
from viewmodels.doubt import certainty_of, thresholds_of
from viewmodels.playground import ARCS, herd_of, network_of
from viewmodels.policy_map import PolicyQuestion, policies_of
from viewmodels.worth import prices_of

from analytic_models import Case, load_scenarios
from tests.app.conftest import APP

SHARED = load_scenarios()["6-coordination"]
PRESETS = list(load_scenarios())
PAGES = ("population", "prices", "map", "robustness", "playground", "policy")
AXES = Question("uplink_bit_per_s", "population_count", "latency_mean_s")


def opened(name: str, case: Case = SHARED) -> AppTest:
    at = AppTest.from_file(str(APP / "views" / f"{name}.py"), default_timeout=120)
    at.session_state["case"] = case.to_json()
    at.run()
    assert not at.exception
    return at


def headline(at: AppTest) -> str:
    return next(e.proto.body for e in at.get("html") if "eccc-headline" in e.proto.body)


def case_of(at: AppTest) -> Case:
    return Case.from_json(at.session_state["case"])


def valid(chart: Chart) -> None:
    """Let plotly check every attribute; the words of a chart must be there too."""
    assert chart.alt
    assert chart.title
    for mode in MODES:
        go.Figure({"data": resolve(list(chart.data), mode), "layout": resolve(chart.layout, mode)})


def final(text: str, asked: Question) -> Atlas:
    return list(atlas_steps(text, asked))[-1]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_its_finding_and_how_sure_it_is(name: str) -> None:
    at = opened(name)
    assert len(headline(at)) > 60
    assert at.get("bidi_component")
    assert at.get("popover") or at.get("badge") or at.markdown


@pytest.mark.parametrize("name", ["population", "prices", "map", "robustness"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_page_opens_for_every_ready_made_scenario(name: str, preset: str) -> None:
    opened(name, load_scenarios()[preset])


def test_population_names_the_overload_and_the_coordinated_latency() -> None:
    assert "410 ms" in headline(opened("population"))
    crowded = headline(opened("population", SHARED.with_scenario(population_count=100)))
    assert "overloads the uplink" in crowded
    assert "39.1 ms" in crowded
    assert "one plan for all" in headline(
        opened("population", SHARED.with_scenario(population_count=20))
    )


def test_population_slider_moves_the_finding() -> None:
    at = opened("population")
    before = headline(at)
    slider = next(s for s in at.select_slider if s.key == "_scenario.population_count")
    slider.set_value(100).run()
    assert not at.exception
    assert headline(at) != before


def test_population_applies_the_best_single_plan() -> None:
    at = opened("population")
    at.button(key="apply_best single plan for all").click().run()
    assert not at.exception
    assert case_of(at).design.input_encoding == "png"
    assert case_of(at).scenario == SHARED.scenario


def test_impossible_requirements_are_explained_on_the_page() -> None:
    nothing = SHARED.with_scenario(energy_max_j=0.0)
    at = opened("population", nothing)
    assert "no answer" in headline(at)
    assert "no design meets its requirements" in at.warning[0].value


def test_queues_that_population_laws_do_not_know_are_named() -> None:
    batched = SHARED.with_scenario(edge_discipline="batch")
    for name in ("population", "prices"):
        at = opened(name, batched)
        assert "edge_discipline" in at.warning[0].value.replace("\\", "")
    assert not opened("robustness", batched).warning
    assert "heuristic" in " ".join(m.value for m in opened("map", batched).markdown)


def test_prices_show_the_toll_turning_selfish_users_into_the_optimum() -> None:
    at = opened("prices")
    words = " ".join(m.value for m in at.markdown).replace("\\", "")
    assert "56.2 ms" in words
    at.toggle(key="_tolls").set_value(True).run()
    assert not at.exception
    words = " ".join(m.value for m in at.markdown).replace("\\", "")
    assert "56.2 ms" not in words
    assert words.count("28.6 ms") == 2


def test_a_cell_of_the_map_becomes_scenario_values() -> None:
    found = final(SHARED.to_json(), AXES)
    columns = len(found.x.values)
    fields = cell_fields(found, 3 * columns + 7)
    assert fields["population_count"] == found.y.values[3]
    assert isinstance(fields["population_count"], int)
    assert fields["uplink_bit_per_s"] == pytest.approx(found.x.values[7] * 1e6)
    assert Case(dataclasses.replace(SHARED.scenario, **fields), SHARED.design)


def test_map_applies_a_winner_and_follows_its_axes() -> None:
    at = opened("map")
    at.button(key="apply_0").click().run()
    assert not at.exception
    assert case_of(at).design.cut1 == 20
    before = headline(at)
    at.selectbox(key="_map_y").select("uplink_rtt_s").run()
    assert not at.exception
    assert headline(at) != before


def test_map_refuses_the_same_axis_twice_in_words() -> None:
    at = opened("map")
    at.selectbox(key="_map_y").select("uplink_bit_per_s").run()
    assert not at.exception
    assert "cannot be drawn" in headline(at)


def test_map_starts_coarse_and_ends_with_single_cells() -> None:
    boxes = [found.box for found in atlas_steps(SHARED.to_json(), AXES)]
    assert boxes[0] > 4
    assert boxes[-1] == 1
    assert boxes == sorted(boxes, reverse=True)


@pytest.mark.parametrize("other", ["accuracy_drop_max_pp", "arrival_per_s", "edge_pue"])
def test_maps_of_other_axes_are_valid_figures(other: str) -> None:
    for goal in ("latency_mean_s", "cost_usd"):
        valid(map_chart(final(SHARED.to_json(), Question("uplink_bit_per_s", other, goal))))


def test_robustness_compares_the_present_design_and_offers_the_best() -> None:
    at = opened("robustness")
    assert "of 400 worlds" in headline(at)
    roles = " ".join(m.value for m in at.markdown)
    assert "Yours" in roles
    apply = next(b for b in at.button if "nominal" in (b.key or ""))
    apply.click().run()
    assert not at.exception
    assert case_of(at).design != SHARED.design


def test_robustness_makes_visible_that_the_present_plan_breaks_down() -> None:
    found = certainty_of(SHARED.to_json(), "latency_mean_s", 20, 1)
    mine = next(one for one in found.contenders if "yours" in one.role)
    assert mine.unstable > 20.0
    assert sum(one.win for one in found.contenders) <= 100.0 + 1e-9
    assert any(lever.changes for lever in found.levers)


def test_thresholds_name_the_fields_and_both_designs() -> None:
    rows = thresholds_of(SHARED.to_json(), "latency_mean_s")
    assert {"Devices", "Uplink rate"} <= {row.field for row in rows}
    assert all(row.before != row.after for row in rows)


def test_playground_shows_that_a_new_link_can_hurt() -> None:
    at = opened("playground")
    assert "44" in headline(at)
    assert "slower" in headline(at)
    at.slider(key="_rate").set_value(40).run()
    assert not at.exception
    assert "slower" not in headline(at)


def test_playground_herd_follows_its_share() -> None:
    at = opened("playground")
    at.segmented_control(key="_experiment").set_value("herd").run()
    assert not at.exception
    calm = headline(at)
    at.selectbox(key="_herd_share").select(100).run()
    assert not at.exception
    assert headline(at) != calm
    assert "100" in headline(at)


def test_a_network_without_a_route_is_refused() -> None:
    none = [dataclasses.replace(row, there=False) for row in ARCS]
    with pytest.raises(ValueError, match="no route"):
        network_of(none, 10.0)


def test_policy_page_moves_with_its_sliders() -> None:
    at = opened("policy")
    before = headline(at)
    at.slider(key="_policy_bad").set_value(20.0).run()
    assert not at.exception
    assert headline(at) != before


def test_no_rule_costs_less_than_the_exact_policy() -> None:
    found = policies_of(PolicyQuestion())
    assert all(view.cost >= found.views[0].cost * (1.0 - 1e-9) for view in found.views)
    assert min(found.costs) >= found.views[0].cost * (1.0 - 1e-9)


@pytest.mark.parametrize("preset", PRESETS)
def test_charts_are_valid_in_both_themes(preset: str) -> None:
    text = load_scenarios()[preset].to_json()
    crowd = crowd_of(text)
    charts: list[Any] = [
        latency_chart(
            crowd.devices,
            crowd.lines,
            crowd.marks,
            crowd.now,
            crowd.unit,
            crowd.logarithmic,
            crowd.sentence,
        ),
        busy_chart(crowd.stations, crowd.busy, crowd.now),
        *(
            share_chart(crowd.devices, crowd.shares[mix], crowd.now, crowd.logarithmic, mix)
            for mix in ("system", "selfish")
        ),
        map_chart(final(text, AXES)),
        *herd_charts(herd_of(text, 30), 20),
    ]
    prices = prices_of(text)
    charts += [use_chart(prices.rows, tolls) for tolls in (False, True)]
    charts.append(worth_chart(prices.rows, prices.unit))
    sure = certainty_of(text, "latency_mean_s", 20, 1)
    charts += [win_chart(sure.contenders), regret_chart(sure.contenders, sure.unit)]
    charts.append(tornado_chart(sure.levers, sure.centre, sure.unit, sure.objective))
    for chart in charts:
        valid(chart)


def test_charts_of_the_experiments_are_valid() -> None:
    net, rules = network_of(ARCS, 175.0), policies_of(PolicyQuestion())
    for chart in (
        flow_chart(net.selfish),
        flow_chart(net.system),
        action_chart(rules.views),
        cost_chart(rules.views),
        weight_chart(rules.weights, rules.costs, rules.views, 2.0),
    ):
        valid(chart)
