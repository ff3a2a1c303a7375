"""The shipped tree: what it holds, and that it says where each part comes from."""

from __future__ import annotations

from collections import Counter

import pytest

from taxonomy import load_taxonomy
from taxonomy.schema import EVIDENCE_TAGS, HOOKS, Node, Technique

TAXONOMY = load_taxonomy()
LEAVES = list(TAXONOMY.techniques.values())


def test_the_tree_has_140_nodes_of_which_111_are_leaves_and_29_are_branches() -> None:
    counts = (len(TAXONOMY.nodes), len(TAXONOMY.techniques), len(TAXONOMY.axes))
    assert counts == (140, 111, 29)


def test_leaves_are_77_quantified_27_parametric_and_7_descriptive() -> None:
    statuses = Counter(leaf.status for leaf in LEAVES)
    assert statuses == {"quantified": 77, "parametric": 27, "descriptive": 7}


def test_node_placement_is_tagged_as_counted_when_the_tree_was_made() -> None:
    tags = Counter(node.evidence for node in TAXONOMY.nodes.values())
    assert tags == {"own": 17, "seen:abs": 20, "seen:dig": 79, "seen:ref": 24}


def test_formulas_rows_and_references_are_all_there_with_their_tags() -> None:
    nodes = TAXONOMY.nodes.values()
    formulas = [formula for node in nodes for formula in node.formulas]
    rows = [row for node in nodes for row in node.parameter_rows]
    references = {(ref.title, ref.year) for node in nodes for ref in node.references}
    listed = {
        (ref.title, ref.year)
        for node in nodes
        for ref in node.references
        if ref.in_survey_reference_list
    }
    assert Counter(f.evidence for f in formulas) == {"own": 192, "seen:dig": 4, "sister": 9}
    assert sum(f.checked != "no" for f in formulas) == 34
    assert Counter(row.evidence for row in rows) == {"own": 54, "seen:dig": 1, "sister": 69}
    assert (len(references), len(listed)) == (253, 191)
    assert sum(len(node.described_effects) for node in nodes) == 283


def test_provenance_says_that_the_body_of_the_survey_was_not_available() -> None:
    provenance = TAXONOMY.provenance
    assert provenance.body_available is False
    assert "The body of the survey was not available" in provenance.statement
    assert set(provenance.tags) == set(EVIDENCE_TAGS)
    assert provenance.gaps
    assert provenance.discrepancies


@pytest.mark.parametrize("node", TAXONOMY.nodes.values(), ids=lambda node: node.id)
def test_every_node_lies_below_the_root_and_its_parent_comes_first(node: Node) -> None:
    path = TAXONOMY.path(node.id)
    assert path[0].id == "eccc"
    assert path[-1] is node
    order = list(TAXONOMY.nodes)
    assert [order.index(step.id) for step in path] == sorted(order.index(s.id) for s in path)


def test_children_of_the_root_are_the_five_layers_and_two_cross_cuts_in_order() -> None:
    assert [child.id for child in TAXONOMY.children("eccc")] == [
        "architecture",
        "model-optimization",
        "resource-management",
        "privacy-security",
        "applications",
        "evaluation",
        "outlook",
    ]


def test_leaves_of_the_root_are_all_techniques() -> None:
    assert [leaf.id for leaf in TAXONOMY.leaves("eccc")] == list(TAXONOMY.techniques)


def test_an_unknown_id_is_refused_by_every_lookup() -> None:
    for lookup in (TAXONOMY.children, TAXONOMY.path, TAXONOMY.leaves):
        with pytest.raises(KeyError, match="no-such-node"):
            lookup("no-such-node")


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.id)
def test_every_leaf_is_expressed_in_exactly_one_way(leaf: Technique) -> None:
    ways = [bool(leaf.effects), bool(leaf.modelled_by), bool(leaf.not_modelled)]
    assert sum(ways) == 1


@pytest.mark.parametrize("node", TAXONOMY.nodes.values(), ids=lambda node: node.id)
def test_every_edge_leads_to_a_node_and_exclusion_and_tension_are_mutual(node: Node) -> None:
    nodes = TAXONOMY.nodes
    tensions = {tension.id for tension in node.tensions}
    assert {*node.requires, *node.excludes, *node.implies, *tensions} <= set(nodes)
    assert all(node.id in nodes[other].excludes for other in node.excludes)
    assert all(node.id in {t.id for t in nodes[other].tensions} for other in tensions)


def test_children_of_a_choose_one_branch_exclude_each_other() -> None:
    for axis in TAXONOMY.axes.values():
        if axis.select == "one":
            leaves = {leaf.id for leaf in TAXONOMY.leaves(axis.id)}
            assert all(leaves - {id} <= set(TAXONOMY.nodes[id].excludes) for id in leaves)


def test_the_hooks_are_the_seventeen_that_the_pipeline_publishes() -> None:
    assert TAXONOMY.hooks == tuple(HOOKS)
    assert len(TAXONOMY.hooks) == 17
