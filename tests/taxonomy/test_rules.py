"""Which choices go together, and how the answer reads."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxonomy import check, given_by_placement, load_taxonomy

TAXONOMY = load_taxonomy()


def test_an_empty_selection_breaks_no_rule() -> None:
    assert check([]) == []


@pytest.mark.parametrize("id", TAXONOMY.executable)
def test_every_executable_technique_may_be_chosen_alone(id: str) -> None:
    assert [violation for violation in check([id]) if violation.severity == "error"] == []


def test_two_kinds_of_pruning_exclude_each_other_and_the_message_names_the_branch() -> None:
    (violation,) = check(["prune-unstructured", "prune-structured"])
    assert violation.severity == "error"
    assert violation.kind == "select"
    assert violation.ids == ("prune-unstructured", "prune-structured")
    assert "one choice of Pruning" in violation.message
    assert violation.resolve.startswith("Leave out Unstructured")


def test_exclusion_across_branches_is_an_error_without_a_branch_in_its_message() -> None:
    found = check(["priv-secagg", "fl-async"])
    assert ("excludes", "error") in {(v.kind, v.severity) for v in found}


def test_a_requirement_is_an_error_once_it_is_known_to_be_missing() -> None:
    (unknown,) = check(["feature-compression"])
    assert unknown.severity == "note"
    (missing,) = check(["feature-compression"], given_by_placement(["device"]))
    assert missing.severity == "error"
    assert "requires Model parallelism" in missing.message
    assert "cut1" in missing.resolve
    assert check(["feature-compression"], given_by_placement(["device", "edge"])) == []


def test_a_requirement_on_a_branch_is_met_by_any_of_its_leaves() -> None:
    kinds = [v.kind for v in check(["priv-fl-dp", "fl-sync"], ["par-data"])]
    assert kinds == []


def test_a_requirement_that_is_not_modelled_is_a_note() -> None:
    (violation,) = check(["priv-fl-dp"], given_by_placement(["device"]))
    assert violation.severity == "note"
    assert "not modelled" in violation.resolve


def test_a_tension_warns_and_gives_the_reason() -> None:
    (violation,) = check(["caching", "priv-anonymisation"], given_by_placement(["edge"]))
    assert (violation.kind, violation.severity) == ("tension", "warning")
    assert "cached items reveal requests" in violation.message


def test_an_implication_that_is_not_chosen_is_a_note() -> None:
    (violation,) = check(["app-healthcare"])
    assert (violation.kind, violation.severity) == ("implies", "note")


def test_a_cascade_is_refused_on_a_single_tier() -> None:
    found = check(["ra-cascade"], given_by_placement(["cloud"]))
    kinds = {violation.kind for violation in found if violation.severity == "error"}
    assert kinds == {"requires", "excludes"}


def test_an_unknown_id_is_an_error_and_does_not_hide_other_rules() -> None:
    found = check(["no-such-thing", "prune-structured", "prune-unstructured"])
    assert [violation.kind for violation in found] == ["unknown", "select"]


def test_every_requirement_can_be_met() -> None:
    for node in TAXONOMY.nodes.values():
        assert not set(node.requires) & set(node.excludes)
        for first, second in combinations(node.requires, 2):
            assert second not in TAXONOMY.nodes[first].excludes


def test_placement_gives_single_tier_or_collaboration_but_never_both() -> None:
    tiers = ("device", "edge", "cloud")
    for size in range(1, 4):
        for used in combinations(tiers, size):
            given_ids = given_by_placement(used)
            assert given_ids <= set(TAXONOMY.nodes)
            assert ("collab-single-tier" in given_ids) == (size == 1)
            assert ("par-model" in given_ids) == (size > 1)


@given(st.lists(st.sampled_from(sorted(TAXONOMY.techniques)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_order_and_repetition_of_the_selection_do_not_matter(chosen: list[str]) -> None:
    assert check(chosen) == check(sorted(chosen + chosen[:2], reverse=True))


@given(st.lists(st.sampled_from(sorted(TAXONOMY.techniques)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_errors_come_first_and_no_pair_is_reported_twice(chosen: list[str]) -> None:
    found = check(chosen)
    ranks = [("error", "warning", "note").index(violation.severity) for violation in found]
    assert ranks == sorted(ranks)
    pairs = [
        (v.kind, frozenset(v.ids)) for v in found if v.kind in ("excludes", "select", "tension")
    ]
    assert len(set(pairs)) == len(pairs)
