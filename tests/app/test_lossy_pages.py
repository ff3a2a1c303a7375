"""What the pages say where a tier turns requests away or a link repeats them."""

from __future__ import annotations

from charts.population import population_cliff
from viewmodels.breakdown import waterfall
from viewmodels.checking import compare
from viewmodels.cliff import cliff
from viewmodels.current import evaluated
from viewmodels.facts import facts_of
from viewmodels.key_figures import headline, key_figures, overloaded_stations
from viewmodels.load import growth, offers
from viewmodels.picture import picture
from viewmodels.tail import tail

from analytic_models import load_scenarios
from analytic_models.simulation.case import simulate

FACTORY = load_scenarios()["1-factory"].with_scenario(uplink_bit_per_s=1e9)
FULL = FACTORY.with_scenario(edge_places_count=4, population_count=40)


def test_an_overloaded_tier_with_a_last_place_is_not_called_overloaded() -> None:
    assert overloaded_stations(evaluated(FULL)) == ()
    sentence, status = headline(FULL, evaluated(FULL))
    assert status == "fail"
    assert "p99 of the answered" in sentence
    assert "of the requests are lost, misses the 100 ms deadline" in sentence


def test_the_figures_tell_the_lost_from_the_late() -> None:
    found = {figure.quantity: figure for figure in key_figures(FULL, evaluated(FULL))}
    assert found["latency_mean_s"].label == "Mean latency of the answered"
    assert found["latency_p99_s"].status == "fail"
    assert found["latency_p99_s"].verdict == "too many requests are lost"
    assert found["deadline_miss_frac"].label == "Lost or too late"
    assert found["lost_frac"].value.endswith("%")
    assert found["lost_frac"].verdict.endswith("/s are answered")
    plain = [figure.quantity for figure in key_figures(FACTORY, evaluated(FACTORY))]
    assert "lost_frac" not in plain


def test_the_pieces_of_the_mean_are_those_of_the_answered() -> None:
    case = FACTORY.with_design(cut1=5, cut2=12).with_scenario(
        edge_places_count=2,
        uplink_bit_per_s=3e10,
        population_count=60,
        compute_scv=1.0,
        backhaul_bit_per_s=1e10,
    )
    found = waterfall(evaluated(case))
    whole = sum(part.size for part in found.parts)
    scale = {"ms": 1e3, "s": 1.0}[found.unit]
    mean = evaluated(case).value("latency_mean_s")
    assert abs(whole / scale - mean) < 1e-9


def test_the_tail_is_of_the_answers_and_says_what_is_lost() -> None:
    found = tail(FULL)
    assert found is not None
    assert found.above[-1] is None or found.above[-1] < 0.01
    assert "of the requests are lost." in found.sentence


def test_a_run_is_set_beside_the_losses() -> None:
    rows = {row.label: row for row in compare(evaluated(FULL), simulate(FULL, 20_000, seed=1)).rows}
    assert rows["lost"].inside in (True, False)
    assert rows["lost"].closed.endswith("%")


def test_load_grows_past_a_last_place_until_a_queue_grows() -> None:
    found = growth(FULL, "population_count")
    assert found.limit is not None
    assert found.limit > 100
    assert "edge" not in growth(FULL, "arrival_per_s").sentence


def test_one_more_server_brings_a_place_of_its_own() -> None:
    tight = FULL.with_scenario(edge_places_count=1)
    offer = next(one for one in offers(tight) if one.label == "one more edge server")
    assert offer.changes == {"edge_servers_count": 2, "edge_places_count": 2}


def test_the_curve_over_devices_names_the_losses() -> None:
    found = cliff(FULL)
    assert found.beyond == "too many are lost"
    drawn = population_cliff(found)
    assert any(row[1] == "too many are lost" for row in drawn.rows)


def test_a_new_last_place_starts_with_room_to_wait() -> None:
    facts = facts_of(evaluated(FACTORY.with_scenario(cloud_servers_count=8)))
    start = facts["cloud_places_count"]
    assert start.value == 16
    assert isinstance(start.value, int)
    assert start.text == ""
    changed = FACTORY.with_scenario(cloud_places_count=start.value)
    assert changed.scenario.cloud_places_count == 16


def test_an_elastic_cloud_shows_cold_starts_and_no_number_of_servers() -> None:
    case = FACTORY.with_design(cut1=0, cut2=0).with_scenario(
        cloud_discipline="elastic", population_count=1, arrival_per_s=0.01
    )
    pieces = {part.quantity: part.label for part in waterfall(evaluated(case)).parts}
    assert pieces["cloud_wait_s"] == "cold starts"
    assert "on demand" in str(picture(case, evaluated(case)))
    assert "8 servers" not in str(picture(case, evaluated(case)))
    assert overloaded_stations(evaluated(case)) == ()
