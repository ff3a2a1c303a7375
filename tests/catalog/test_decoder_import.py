"""Published configurations give the shipped closed forms, and published numbers of parameters."""

import json
from typing import Any

import pytest

from analytic_models.catalog import Catalog, data_folder, load_catalog
from analytic_models.decoder_import import FAMILIES, import_decoder
from analytic_models.errors import DataError

# Keys of config.json as their publishers wrote them; what they leave out is left out.
GEMMA_2_2B = {
    "model_type": "gemma2", "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216,
    "max_position_embeddings": 8192, "num_attention_heads": 8, "num_hidden_layers": 26,
    "num_key_value_heads": 4, "sliding_window": 4096, "vocab_size": 256000,
    "attention_bias": False,
}  # fmt: skip
PHI_3_MINI = {
    "model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192,
    "max_position_embeddings": 4096, "num_attention_heads": 32, "num_hidden_layers": 32,
    "num_key_value_heads": 32, "sliding_window": 2047, "tie_word_embeddings": False,
    "vocab_size": 32064, "attention_bias": False,
}  # fmt: skip
QWEN3_4B = {
    "model_type": "qwen3", "head_dim": 128, "hidden_size": 2560, "intermediate_size": 9728,
    "max_position_embeddings": 40960, "num_attention_heads": 32, "num_hidden_layers": 36,
    "num_key_value_heads": 8, "sliding_window": None, "use_sliding_window": False,
    "tie_word_embeddings": True, "vocab_size": 151936,
}  # fmt: skip
QWEN15_MOE = {
    "model_type": "qwen2_moe", "decoder_sparse_step": 1, "hidden_size": 2048,
    "intermediate_size": 5632, "max_position_embeddings": 32768, "moe_intermediate_size": 1408,
    "num_attention_heads": 16, "num_experts": 60, "num_experts_per_tok": 4,
    "num_hidden_layers": 24, "num_key_value_heads": 16, "shared_expert_intermediate_size": 5632,
    "sliding_window": 32768, "use_sliding_window": False, "tie_word_embeddings": False,
    "vocab_size": 151936,
}  # fmt: skip
GEMMA_3_1B = {
    "model_type": "gemma3_text", "head_dim": 256, "hidden_size": 1152, "intermediate_size": 6912,
    "max_position_embeddings": 32768, "num_attention_heads": 4, "num_hidden_layers": 26,
    "num_key_value_heads": 1, "sliding_window": 512, "vocab_size": 262144,
}  # fmt: skip
FAMILY_OF = (
    ("llama", "llama"), ("tinyllama", "llama"), ("mistral", "mistral"), ("mixtral", "mixtral"),
    ("qwen2", "qwen2"), ("qwen3", "qwen3"), ("gemma_2", "gemma2"), ("phi_3", "phi3"),
)  # fmt: skip
SHIPPED = sorted(load_catalog().language_models)


def _read(config: dict[str, Any], id: str = "mine") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(import_decoder(json.dumps(config), id).decoder_json)
    return found


def _published(shipped: dict[str, Any], family: str) -> dict[str, Any]:
    """Write our names of a shipped file as config.json has them."""
    config = {
        "model_type": family,
        "num_hidden_layers": shipped["layers"],
        "hidden_size": shipped["hidden"],
        "num_attention_heads": shipped["heads"],
        "num_key_value_heads": shipped["kv_heads"],
        "intermediate_size": shipped["ffn"],
        "vocab_size": shipped["vocab"],
        "max_position_embeddings": shipped["context"],
        "sliding_window": shipped.get("window"),
    }
    # Families that tie by default do not write the key; a head size is written where it differs.
    if shipped["tied"] != FAMILIES[family].tied:
        config["tie_word_embeddings"] = shipped["tied"]
    if shipped["head_dim"] * shipped["heads"] != shipped["hidden"]:
        config["head_dim"] = shipped["head_dim"]
    if "experts" in shipped:
        config["num_local_experts"] = shipped["experts"]
        config["num_experts_per_tok"] = shipped["experts_active"]
    return config


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_language_model_follows_from_its_configuration(name: str) -> None:
    shipped = json.loads((data_folder() / "dnns" / f"{name}.json").read_text(encoding="utf-8"))
    family = next(kind for start, kind in FAMILY_OF if name.startswith(start))
    found = _read(_published(shipped["config"], family), name)
    for part in ("config", "per_block", "embedding", "head", "totals"):
        assert found[part] == shipped[part], part
    for part in ("format", "id", "task", "cut_elems_per_token", "logit_elems"):
        assert found[part] == shipped[part]


@pytest.mark.parametrize(
    ("config", "name"),
    [(GEMMA_2_2B, "gemma_2_2b"), (PHI_3_MINI, "phi_3_mini"), (QWEN3_4B, "qwen3_4b")],
)
def test_configurations_as_published_give_the_shipped_counts(
    catalog: Catalog, config: dict[str, Any], name: str
) -> None:
    found, shipped = import_decoder(json.dumps(config), name).decoder, catalog.language_models[name]
    assert found.params == shipped.params
    assert found.mac_per_token == shipped.mac_per_token
    assert found.kv_elem_per_token == shipped.kv_elem_per_token


def test_families_that_are_not_shipped_have_their_published_numbers_of_parameters() -> None:
    assert _read(GEMMA_3_1B)["totals"]["params"] == 999_885_952
    moe = _read(QWEN15_MOE)["totals"]
    assert moe["params"] == pytest.approx(14.3e9, rel=0.002)
    assert moe["params_active"] == pytest.approx(2.7e9, rel=0.01)


def test_a_multimodal_configuration_is_read_for_its_text_part() -> None:
    wrapped = import_decoder(json.dumps({"model_type": "gemma3", "text_config": GEMMA_3_1B}), "g")
    assert wrapped.decoder.params == 999_885_952
    assert any("text part" in note for note in wrapped.notes)


def test_what_the_file_leaves_to_the_family_is_noted() -> None:
    notes = import_decoder(json.dumps(GEMMA_2_2B), "g").notes
    assert any("family's default" in note for note in notes)


def test_biases_add_their_elements() -> None:
    plain = _read({**QWEN3_4B, "model_type": "llama"})["totals"]["params"]
    biased = _read({**QWEN3_4B, "model_type": "llama", "attention_bias": True, "mlp_bias": True})
    added = 36 * ((32 + 2 * 8) * 128 + 2560 + 2 * 9728 + 2560)
    assert biased["totals"]["params"] - plain == added


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "deepseek_v3"}, "model_type: deepseek_v3 is not supported"),
        ({"model_type": None}, "is not supported"),
        ({"hidden_size": None}, "hidden_size: is missing"),
        ({"hidden_size": "wide"}, "hidden_size: wide is not a size"),
        ({"vocab_size": -5}, "vocab_size: -5 is not a size"),
        ({"num_hidden_layers": True}, "num_hidden_layers: True is not a size"),
        ({"num_hidden_layers": 10**9}, "from 1 to 10000"),
        ({"num_key_value_heads": 5}, "5 does not divide 32 heads"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings: yes is not a flag"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        _read(QWEN3_4B | changes)


def test_experts_that_are_not_in_every_block_are_refused_not_averaged() -> None:
    with pytest.raises(DataError, match="blocks differ"):
        _read(QWEN15_MOE | {"mlp_only_layers": [0]})
    with pytest.raises(DataError, match="above the number of experts"):
        _read(QWEN15_MOE | {"num_experts_per_tok": 61})


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, " " * 300_000])
def test_text_that_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        import_decoder(text, "mine")


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        _read({"model_type": "llama"})
    assert len(caught.value.problems) >= 6
