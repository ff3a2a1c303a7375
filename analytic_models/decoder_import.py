"""Turn the published configuration of a decoder language model into its closed form.

Counts follow from the sizes in ``config.json`` alone: every block of these families is the same, so
weights, multiply-accumulates and cache are sums of a few products.
"""

from __future__ import annotations

__all__ = ["FAMILIES", "DecoderImport", "closed_form", "config_problems", "import_decoder"]

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from analytic_models.errors import DataError, Problem
from analytic_models.layer_graph import DecoderLm, parse_decoder
from analytic_models.layer_graph_reduce import graph_text

_LONGEST = 200_000


@dataclass(frozen=True)
class Family:
    """What ``config.json`` leaves unsaid because the family's code fixes it.

    ``tied`` is the default of ``tie_word_embeddings``; ``head_dim`` 0 means hidden size over heads.
    """

    tied: bool = False
    head_dim: int = 0
    qkv_bias: bool = False
    qk_norm: bool = False
    norms_per_block: int = 2
    experts: bool = False


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "llama": Family(),
        "mistral": Family(),
        "mixtral": Family(experts=True),
        "qwen2": Family(qkv_bias=True),
        "qwen2_moe": Family(qkv_bias=True, experts=True),
        "qwen3": Family(qk_norm=True, head_dim=128),
        "qwen3_moe": Family(qk_norm=True, experts=True, head_dim=128),
        "gemma": Family(tied=True, head_dim=256),
        "gemma2": Family(tied=True, head_dim=256, norms_per_block=4),
        "gemma3_text": Family(tied=True, head_dim=256, norms_per_block=4, qk_norm=True),
        "phi3": Family(),
    }
)
# Key of the configuration, our name, largest value that is not a slip.
_SIZES = (
    ("num_hidden_layers", "layers", 10_000),
    ("hidden_size", "hidden", 1_000_000),
    ("num_attention_heads", "heads", 10_000),
    ("intermediate_size", "ffn", 10_000_000),
    ("vocab_size", "vocab", 100_000_000),
    ("max_position_embeddings", "context", 1_000_000_000),
)


@dataclass(frozen=True)
class DecoderImport:
    """What a configuration became.

    Parameters
    ----------
    decoder_json
        Text of a ``decoder-lm/1`` file.
    decoder
        The same as a language model.
    notes
        What was read from the family's code and not from the file, one sentence each.
    """

    decoder_json: str
    decoder: DecoderLm
    notes: tuple[str, ...]


def import_decoder(text: str, id: str, *, label: str = "", origin: str = "") -> DecoderImport:
    """Read the text of a ``config.json`` of the Llama, Mistral, Qwen, Gemma or Phi-3 families.

    Parameters
    ----------
    text
        The configuration as JSON.
    id
        Id of the model: lower-case letters, digits, ``_``, ``.`` and ``-``.
    label
        Words for people.
    origin
        Where the configuration was published, kept in the source.

    Raises
    ------
    DataError
        If it is not such a configuration; every problem names the key and what is allowed.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", id):
        raise DataError(Problem("id", "is not an id", "a-z, 0-9, _ . -, at most 64 characters"))
    value = _parsed(text)
    notes: list[str] = []
    if isinstance(value.get("text_config"), dict):
        value = value["text_config"]
        notes.append("only the text part is read: the part for images is left out")
    kind = value.get("model_type")
    family = FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        raise DataError(
            Problem("model_type", f"{_short(kind)} is not supported", ", ".join(FAMILIES))
        )
    config = _config(value, family, notes)
    if "quantization_config" in value:
        notes.append("weights are published quantised: elements are counted, not bytes")
    source = {
        "kind": "closed-form",
        "entry": f"config.json of a {kind} model",
        "published": _short(origin)[:300] if origin else "",
        "notes": notes,
    }
    document = {
        "format": "decoder-lm/1",
        "id": id,
        "task": "text-generation",
        "label": label or id,
        "source": source,
        "config": config,
        **closed_form(config),
    }
    written = graph_text(document)
    return DecoderImport(written, parse_decoder(written, id), tuple(notes))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "?" for c in text)[:80]


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST:
        raise DataError(Problem("", "the text is too long", f"at most {_LONGEST} characters"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem("", f"is not JSON: {error}", "the text of config.json")) from None
    if not isinstance(value, dict):
        raise DataError(Problem("", "is not a JSON object", "the text of config.json"))
    return value


class _Reader:
    """Read whole numbers and flags of a configuration and collect what is wrong."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value
        self.problems: list[Problem] = []

    def count(self, key: str, most: int, default: int | None = None) -> int:
        item = self.value.get(key)
        if item is None and default is not None:
            return default
        if item is None:
            self.problems.append(Problem(key, "is missing", f"a whole number from 1 to {most}"))
        elif isinstance(item, bool) or not isinstance(item, int) or not 1 <= item <= most:
            self.problems.append(
                Problem(key, f"{_short(item)} is not a size", f"a whole number from 1 to {most}")
            )
        else:
            return item
        return 1

    def flag(self, key: str, default: bool) -> bool:
        item = self.value.get(key)
        if item is None:
            return default
        if not isinstance(item, bool):
            self.problems.append(Problem(key, f"{_short(item)} is not a flag", "true, false"))
        return item is True

    def refuse(self, key: str, message: str, allowed: str = "") -> None:
        self.problems.append(Problem(key, message, allowed))


def _config(value: Mapping[str, Any], family: Family, notes: list[str]) -> dict[str, Any]:
    """Return the configuration under our names."""
    read = _Reader(value)
    sizes = {name: read.count(key, most) for key, name, most in _SIZES}
    heads = sizes["heads"]
    kv_heads = read.count("num_key_value_heads", 10_000, heads)
    if heads % kv_heads:
        read.refuse("num_key_value_heads", f"{kv_heads} does not divide {heads} heads")
    own = family.head_dim or sizes["hidden"] // heads
    head_dim = read.count("head_dim", 100_000, max(1, own))
    if "head_dim" not in value and not family.head_dim and sizes["hidden"] % heads:
        read.refuse("hidden_size", f"{sizes['hidden']} is no multiple of {heads} heads")
    tied = read.flag("tie_word_embeddings", family.tied)
    if value.get("tie_word_embeddings") is None:
        notes.append(f"embedding and head are {'one' if tied else 'two'}, as this family's default")
    config = {
        "layers": sizes["layers"], "hidden": sizes["hidden"], "heads": heads,
        "kv_heads": kv_heads, "head_dim": head_dim, "ffn": sizes["ffn"], "vocab": sizes["vocab"],
        "tied": tied, "gated": True, "context": sizes["context"],
    }  # fmt: skip
    if family.experts:
        config |= _experts(read)
    if family.qkv_bias or read.flag("attention_bias", False):
        config["qkv_bias"] = True
    for key, name in (("attention_bias", "out_bias"), ("mlp_bias", "mlp_bias")):
        if read.flag(key, False):
            config[name] = True
    if family.qk_norm:
        config["qk_norm"] = True
    if family.norms_per_block != 2:
        config["norms_per_block"] = family.norms_per_block
    if value.get("sliding_window") is not None and value.get("use_sliding_window", True):
        config["window"] = read.count("sliding_window", 1_000_000_000)
    if read.problems:
        raise DataError(read.problems)
    return config


def _experts(read: _Reader) -> dict[str, int]:
    """Return what a mixture of experts adds; blocks must be alike."""
    key = "num_experts" if "num_experts" in read.value else "num_local_experts"
    found = {
        "experts": read.count(key, 100_000),
        "experts_active": read.count("num_experts_per_tok", 100_000),
    }
    if found["experts_active"] > found["experts"]:
        read.refuse("num_experts_per_tok", "is above the number of experts", str(found["experts"]))
    if read.value.get("moe_intermediate_size") is not None:
        found["ffn"] = read.count("moe_intermediate_size", 10_000_000)
    if read.value.get("shared_expert_intermediate_size") is not None:
        found["shared_ffn"] = read.count("shared_expert_intermediate_size", 10_000_000)
    if read.value.get("mlp_only_layers") or read.value.get("decoder_sparse_step", 1) != 1:
        read.refuse("mlp_only_layers", "blocks differ from each other", "the same block throughout")
    return found


_COUNTS = (
    "layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "vocab", "context",
)  # fmt: skip
_OPTIONAL = ("experts", "experts_active", "shared_ffn", "norms_per_block", "window")
_FLAGS = ("qkv_bias", "out_bias", "mlp_bias", "qk_norm")


def config_problems(config: object, path: str) -> list[Problem]:
    """Return what is wrong with the ``config`` of a ``decoder-lm/1`` file."""
    if not isinstance(config, dict):
        return [Problem(path, "is not an object", ", ".join(_COUNTS))]
    problems = []
    known = (*_COUNTS, *_OPTIONAL, *_FLAGS, "tied", "gated")
    for key in config:
        if key not in known:
            problems.append(Problem(f"{path}.{_short(key)}", "unknown key", ", ".join(known)))
    for key in _COUNTS:
        if not _is_size(config.get(key)):
            problems.append(Problem(f"{path}.{key}", "is not a size", "1 to 1000000000"))
    for key in _OPTIONAL:
        if key in config and not _is_size(config[key]):
            problems.append(Problem(f"{path}.{key}", "is not a size", "1 to 1000000000"))
    for key in ("tied", "gated", *_FLAGS):
        if not isinstance(config.get(key, key in _FLAGS), bool):
            problems.append(Problem(f"{path}.{key}", "is not a flag", "true, false"))
    if config.get("gated") is False:
        problems.append(Problem(f"{path}.gated", "is not supported", "true"))
    return problems


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000_000


def closed_form(c: Mapping[str, Any]) -> dict[str, Any]:
    """Return weights, work and cache of one block and of the model from our configuration."""
    hidden, wide = c["hidden"], c["heads"] * c["head_dim"]
    narrow = c["kv_heads"] * c["head_dim"]
    experts, active = c.get("experts", 1), c.get("experts_active", 1)
    attention = hidden * wide + 2 * hidden * narrow + wide * hidden
    small = (wide + 2 * narrow if c.get("qkv_bias") else 0) + (hidden if c.get("out_bias") else 0)
    small += 2 * c["head_dim"] if c.get("qk_norm") else 0
    expert = 3 * hidden * c["ffn"]
    bias = 2 * c["ffn"] + hidden if c.get("mlp_bias") else 0
    shared = 3 * hidden * c["shared_ffn"] + hidden if "shared_ffn" in c else 0
    router = hidden * experts if experts > 1 else 0
    ffn = experts * (expert + bias) + router + shared
    block = attention + small + ffn + c.get("norms_per_block", 2) * hidden
    idle = (experts - active) * (expert + bias)
    work = attention + active * expert + router + shared
    embedding = c["vocab"] * hidden
    head = 0 if c["tied"] else embedding
    layers = c["layers"]
    total = embedding + layers * block + hidden + head
    return {
        "per_block": {
            "params": block,
            "params_active": block - idle,
            "attn_params": attention + small,
            "ffn_params": ffn,
            "expert_params": expert,
            "macs_per_token": work,
            "macs_per_token_per_context": 2 * wide,
            "kv_elems_per_token": 2 * narrow,
        },
        "embedding": {"params": embedding},
        "head": {"params": head, "tied": c["tied"], "macs_per_token": embedding},
        "cut_elems_per_token": hidden,
        "logit_elems": c["vocab"],
        "totals": {
            "params": total,
            "params_active": total - layers * idle,
            "params_non_embedding": total - embedding - head,
            "macs_per_token": layers * work + embedding,
            "macs_per_token_per_context": layers * 2 * wide,
            "kv_elems_per_token": layers * 2 * narrow,
        },
    }
