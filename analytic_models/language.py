"""A decoder language model on a machine: times, memory and energy, each with origin and range."""

from __future__ import annotations

__all__ = [
    "LANGUAGE_PRECISIONS",
    "RUNTIMES",
    "LanguageEvaluation",
    "derived",
    "rows_of",
    "serve_language",
]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from analytic_models.catalog import Catalog, DecoderLm, Fact
from analytic_models.errors import DesignError, Problem
from analytic_models.laws import llm
from analytic_models.origins import Looked, Origin, missing
from analytic_models.units import Array, bit_to_byte, mac_to_op

Runtime = Literal["local", "serving"]
RUNTIMES: Mapping[str, str] = MappingProxyType(
    {"local": "one user, packed blocks", "serving": "many users, 16-bit kernels"}
)


@dataclass(frozen=True)
class _Format:
    """Rate of the arithmetic, and whose measured shares stand for it in decode and prefill."""

    computed: str
    decode: str
    prefill: Mapping[str, str]
    unpacked: bool = False


# The arithmetic of weight-only formats is 16-bit. In local runtimes the share of the peak at four
# bits was measured with unpacking inside; kernels for many users are 16-bit ones plus unpacking.
_FORMATS: Mapping[str, _Format] = MappingProxyType(
    {
        "fp16": _Format("fp16", "fp16", {"local": "fp16", "serving": "fp16"}),
        "fp8": _Format("fp8", "int8", {"local": "fp16", "serving": "fp16"}),
        "int8": _Format("fp16", "int8", {"local": "int4", "serving": "fp16"}, unpacked=True),
        "int4": _Format("fp16", "int4", {"local": "int4", "serving": "fp16"}, unpacked=True),
        "int8-mixed": _Format("fp16", "fp16", {"local": "fp16", "serving": "fp16"}),
    }
)
LANGUAGE_PRECISIONS = tuple(_FORMATS)
# Keys and values are kept at 16 bits unless somebody chooses fewer.
_CACHE_BITS = 16.0
_NONE = Looked(0.0, Origin("convention", (), "nothing is unpacked in a step of its own"))
_FREE = Looked(math.inf, Origin("convention", (), "no rate is stated: arithmetic is not counted"))
_UNIT = Looked(1.0, Origin("convention", (), "the kernel's own time"))


@dataclass(frozen=True, eq=False)
class LanguageEvaluation:
    """What a machine makes of a language model.

    Parameters
    ----------
    model, machine
        Model, and id of the machine.
    precision, runtime
        One of ``LANGUAGE_PRECISIONS`` and of ``RUNTIMES``.
    batch, prompt_token, output_token
        Sequences at a time, and tokens of each.
    numbers
        Quantity to number with origin and range. Among them ``prefill_s`` (the prompts of the whole
        batch), ``iteration_s`` (one decode step at the middle of the answer), ``floor_s`` and
        ``slope_s`` of it, ``token_per_s`` (all sequences), ``request_s``, ``token_j``,
        ``stored_byte``, ``cache_byte``, ``memory_share_frac``, ``largest_batch_count``.
    """

    model: DecoderLm
    machine: str
    precision: str
    runtime: str
    batch: float
    prompt_token: float
    output_token: float
    numbers: Mapping[str, Looked]

    def __getitem__(self, name: str) -> Looked:
        """Return a number by its name."""
        return self.numbers[name]

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """Quantities that are not known, each with the reason."""
        return tuple(
            (name, found.origin.note)
            for name, found in self.numbers.items()
            if math.isnan(found.value)
        )

    @property
    def fits(self) -> bool | None:
        """Whether weights and caches fit; None where the memory is not known."""
        share = self.numbers["memory_share_frac"].value
        return None if math.isnan(share) else share <= 1.0


def derived(
    law: Callable[..., Array], note: str, rising: tuple[Looked, ...], falling: tuple[Looked, ...]
) -> Looked:
    """Put numbers into a law, with the range that their ranges span.

    Parameters
    ----------
    law
        Function of the rising, then the falling numbers.
    note
        What was done, for people.
    rising, falling
        Numbers in which the result rises, and in which it falls.

    Returns
    -------
    The result; its range is that of all inputs at their ends. Missing, with the reasons, where an
    input is missing.
    """
    inputs = (*rising, *falling)
    reasons = dict.fromkeys(x.origin.note for x in inputs if math.isnan(x.value))
    if reasons:
        return missing("; ".join(reasons))
    low = law(*map(_low, rising), *map(_high, falling))
    high = law(*map(_high, rising), *map(_low, falling))
    facts = tuple(dict.fromkeys(fact for x in inputs for fact in x.origin.facts))
    kinds = {x.origin.kind for x in inputs}
    kind: Any = "assumed" if "assumed" in kinds else "computed"
    value = float(law(*(x.value for x in inputs)))
    return Looked(value, Origin(kind, facts, note), float(low), float(high))


def _low(number: Looked) -> float:
    return number.value if math.isnan(number.low) else number.low


def _high(number: Looked) -> float:
    return number.value if math.isnan(number.high) else number.high


def rows_of(catalog: Catalog, field: str, basis: str, entity: str = "class:any") -> Looked:
    """Return a fact about a class or a machine, or the number that is missing."""
    found = catalog.facts.get((entity, field, basis))
    if found is None:
        return missing(f"no source states {field} of {entity.removeprefix('class:')}")
    return Looked.of_fact(found)


def _chosen(value: float, note: str = "") -> Looked:
    return Looked(float(value), Origin("chosen", (), note))


def _counted(value: float, model: DecoderLm, what: str) -> Looked:
    cite = str(model.source.get("cite", model.source.get("where", "its configuration")))
    return Looked(value, Origin("cited", (), f"{what} of {model.label}: counted from {cite}"))


def _room(catalog: Catalog, machine_id: str) -> Looked:
    memory = catalog.machines[machine_id].memory()
    found = memory.get("memory", memory.get("sram"))
    return missing("no memory is stated") if found is None else Looked.of_fact(found)


def _power(catalog: Catalog, machine_id: str) -> Looked:
    """Power while decoding: measured under load, else between idle and the design power."""
    machine = catalog.machines[machine_id]
    active = machine.fact("active_w")
    if isinstance(active, Fact):
        return Looked.of_fact(active)
    design = Looked.of_fact(machine.fact("tdp_w", "datasheet"))
    share = rows_of(catalog, "idle_share_frac", "", f"class:{machine.kind}")
    if math.isnan(share.value):
        share = rows_of(catalog, "idle_share_frac", "")
    if math.isnan(design.value):
        return design
    note = "design power; decoding draws less, at the least what it draws idle"
    origin = Origin("assumed", (*design.origin.facts, *share.origin.facts), note)
    return Looked(design.value, origin, design.value * share.value, design.value)


def _peak(catalog: Catalog, machine_id: str, precision: str) -> Looked:
    machine = catalog.machines[machine_id]
    found = machine.peak(precision)
    if not isinstance(found, Fact) and precision == "fp16":
        wider = machine.peak("fp32")
        if isinstance(wider, Fact):
            return Looked.of_fact(wider, "no 16-bit rate is stated: the arithmetic runs at fp32")
    return Looked.of_fact(found)


def _weights_read(model: DecoderLm, batch: float) -> float:
    """Weights that a pass over some tokens reads: all but an untied embedding; experts if used."""
    experts = float(model.config.get("experts") or 1)
    if experts <= 1:
        return model.mac_per_token
    chosen = float(model.config["experts_active"])
    touched = float(llm.touched_experts(experts, chosen, batch))
    return model.mac_per_token + model.layers * model.block["expert_params"] * (touched - chosen)


def _checked(catalog: Catalog, machine: str, precision: str, runtime: str | None) -> str:
    """Return the runtime in use, or raise with every id that is not known."""
    problems = []
    if machine not in catalog.machines:
        problems.append(Problem("machine", f"{machine!r} is not in the catalog"))
    if precision not in _FORMATS:
        problems.append(Problem("precision", f"{precision!r} is unknown", ", ".join(_FORMATS)))
    if runtime is not None and runtime not in RUNTIMES:
        problems.append(Problem("runtime", f"{runtime!r} is unknown", ", ".join(RUNTIMES)))
    if problems:
        raise DesignError(problems)
    if runtime is not None:
        return runtime
    return "serving" if catalog.machines[machine].tier == "cloud" else "local"


@dataclass(frozen=True)
class _Kernel:
    """What the laws need to know about a machine at a precision."""

    peak: Looked
    compute: Looked
    bandwidth: Looked
    memory: Looked
    unpacking: Looked
    stored_bit: Looked
    ratio: Looked


def _kernel(
    catalog: Catalog, machine: str, precision: str, runtime: str, weight_bit: float | None
) -> _Kernel:
    form = _FORMATS[precision]
    name = f"{precision}@{runtime}" if form.unpacked else precision
    own = form.unpacked and runtime == "serving"
    stored = rows_of(catalog, "stored_weight_bit", name)
    mixed = precision == "int8-mixed"
    label = catalog.machines[machine].label
    ratio = rows_of(catalog, "int8_mixed_time_ratio", "", machine) if mixed else _UNIT
    if math.isnan(ratio.value):
        ratio = missing(f"LLM.int8 was not measured on {label}")
    return _Kernel(
        _peak(catalog, machine, form.computed),
        Looked.of_fact(catalog.efficiency(machine, "", "prefill_compute", form.prefill[runtime])),
        Looked.of_fact(catalog.machines[machine].fact("memory_bandwidth_byte_per_s")),
        Looked.of_fact(catalog.efficiency(machine, "", "decode_bandwidth", form.decode)),
        rows_of(catalog, "dequantisation_overhead_frac", "serving") if own else _NONE,
        stored if weight_bit is None else _chosen(weight_bit, "bits per weight as stored"),
        ratio,
    )


def serve_language(
    catalog: Catalog,
    model: str | DecoderLm,
    machine: str,
    precision: str = "fp16",
    batch: float = 1.0,
    prompt_token: float = 512.0,
    output_token: float = 128.0,
    *,
    runtime: str | None = None,
    weight_bit: float | None = None,
    cache_bit: float = _CACHE_BITS,
    step_token: float = 1.0,
) -> LanguageEvaluation:
    """Evaluate a decoder language model on one machine.

    Parameters
    ----------
    model
        Id of the catalog, or a model of one's own.
    machine
        Id of a machine.
    precision
        One of ``LANGUAGE_PRECISIONS``: int8 and int4 are weight-only (arithmetic stays 16-bit), fp8
        computes at the fp8 rate, ``int8-mixed`` is LLM.int8.
    batch, prompt_token, output_token
        Sequences at a time, tokens of each prompt and of each answer.
    runtime
        ``local`` (packed blocks, one user) or ``serving`` (16-bit kernels that unpack weights);
        None takes serving for cloud machines.
    weight_bit
        Stored bits per weight, scales included, where they are known; None takes the format's.
    cache_bit
        Bits of a key or value element.
    step_token
        Tokens of a sequence that one decode pass works on: 1, or a drafted window plus one when it
        is checked.

    Raises
    ------
    DesignError
        If an id, a precision or a runtime is unknown.
    """
    runtime = _checked(catalog, machine, precision, runtime)
    if isinstance(model, str):
        if model not in catalog.language_models:
            raise DesignError(Problem("model", f"{model!r} is not in the catalog"))
        model = catalog.language_models[model]
    kernel = _kernel(catalog, machine, precision, runtime, weight_bit)
    numbers: dict[str, Looked] = {}
    _memory(numbers, catalog, model, machine, kernel, batch, prompt_token + output_token, cache_bit)
    _times(numbers, model, kernel, (batch, prompt_token, output_token, step_token), cache_bit)
    power = _power(catalog, machine)
    numbers["power_w"] = power
    numbers["token_j"] = derived(
        lambda p, t: llm.token_energy(p, t, batch),
        "power times a decode step, shared by the batch",
        (power, numbers["iteration_s"]),
        (),
    )
    frozen = MappingProxyType(numbers)
    return LanguageEvaluation(
        model, machine, precision, runtime, batch, prompt_token, output_token, frozen
    )


def _memory(
    numbers: dict[str, Looked],
    catalog: Catalog,
    model: DecoderLm,
    machine: str,
    kernel: _Kernel,
    batch: float,
    context: float,
    cache_bit: float,
) -> None:
    kept = float(bit_to_byte(model.kv_elem_per_token * cache_bit))
    params = _counted(model.params, model, "weights")
    cache = _counted(float(llm.cache_size(batch, context, kept)), model, "keys and values")
    stored = derived(
        lambda n, bit: bit_to_byte(n * bit), "weights as stored", (params, kernel.stored_bit), ()
    )
    room = _room(catalog, machine)
    numbers["stored_byte"], numbers["cache_byte"], numbers["room_byte"] = stored, cache, room
    numbers["memory_share_frac"] = derived(
        lambda w, k, m: (w + k) / m, "weights and caches over the memory", (stored, cache), (room,)
    )
    numbers["largest_batch_count"] = derived(
        lambda m, w: llm.largest_batch(m, w, context, kept),
        "caches that fit beside the weights",
        (room,),
        (stored,),
    )


def _times(
    numbers: dict[str, Looked],
    model: DecoderLm,
    kernel: _Kernel,
    load: tuple[float, float, float, float],
    cache_bit: float,
) -> None:
    batch, prompt, output, checked = load
    per_pair = float(mac_to_op(model.mac_per_token_per_context))
    body = float(mac_to_op(model.mac_per_token - model.head_mac_per_token))
    kept = float(bit_to_byte(model.kv_elem_per_token * cache_bit))
    middle = prompt + output / 2.0
    work = batch * float(llm.prefill_work(prompt, body, per_pair))
    step = checked * (float(mac_to_op(model.mac_per_token)) + middle * per_pair)
    many = _weights_read(model, batch * prompt)
    few = _weights_read(model, batch * checked)
    speed = (kernel.peak, kernel.compute, kernel.bandwidth, kernel.memory)

    def prefill(unpack: float, bit: float, ratio: float, *rates: float) -> Array:
        peak, share, bandwidth, reached = rates
        traffic = float(bit_to_byte(many * bit))
        time = llm.pass_time(work, peak, share, unpack, traffic, bandwidth, reached)
        return llm.scaled_time(time, ratio)

    def floor(bit: float, bandwidth: float, reached: float) -> Array:
        return llm.decode_floor(float(bit_to_byte(few * bit)), bandwidth, reached)

    def slope(bandwidth: float, reached: float) -> Array:
        return llm.decode_slope(middle, kept, bandwidth, reached)

    def iteration(unpack: float, bit: float, ratio: float, *rates: float) -> Array:
        peak, share, bandwidth, reached = rates
        first, more = floor(bit, bandwidth, reached), slope(bandwidth, reached)
        time = llm.iteration_time(first, more, batch, step, peak, share, unpack)
        return llm.scaled_time(time, ratio)

    costs = (kernel.unpacking, kernel.stored_bit, kernel.ratio)
    bound = (kernel.bandwidth, kernel.memory)
    numbers["prefill_s"] = derived(prefill, "prompts of the whole batch", costs, speed)
    numbers["floor_s"] = derived(floor, "all weights read once", (kernel.stored_bit,), bound)
    numbers["slope_s"] = derived(slope, "one more sequence's cache read", (), bound)
    # Where only the arithmetic is unknown, a single stream is bound by memory all the same.
    known = speed if not math.isnan(kernel.peak.value) else (_FREE, _UNIT, *bound)
    numbers["iteration_s"] = derived(iteration, "one decode step of the batch", costs, known)
    numbers["token_per_s"] = derived(
        lambda t: batch / t, "sequences over a decode step", (), (numbers["iteration_s"],)
    )
    numbers["request_s"] = derived(
        lambda p, t: llm.request_time(p, t, output, 1.0),
        "prefill, then the answer token by token",
        (numbers["prefill_s"], numbers["iteration_s"]),
        (),
    )
