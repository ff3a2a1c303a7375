"""Where a language model should run: tiers with a network, drafting across a link, cascades."""

from __future__ import annotations

__all__ = [
    "Cascade",
    "Draft",
    "Served",
    "break_even_grid",
    "cascade",
    "serve_at",
    "ship_or_recompute",
]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analytic_models.catalog import Catalog, Fact, Hop
from analytic_models.errors import DesignError, Problem
from analytic_models.language import LanguageEvaluation, derived, rows_of
from analytic_models.laws import llm, llm_links
from analytic_models.origins import Looked, Origin
from analytic_models.units import Array

Floats = NDArray[np.float64]
_HERE = Looked(0.0, Origin("convention", (), "the model runs on the device: nothing is sent"))
_ENDLESS = Looked(math.inf, Origin("convention", (), "the model runs on the device"))


@dataclass(frozen=True, eq=False)
class Served:
    """A language model behind a path of links, as one user sees it.

    Parameters
    ----------
    alone
        The model on its machine, without the network.
    hops
        Ids of the links between device and machine; empty on the device.
    numbers
        ``ttft_s`` and ``tpot_s`` (time to the first token, and per further token), ``answer_s``,
        ``user_token_per_s``, ``round_trip_s``, ``up_bit_per_s``, ``down_bit_per_s``,
        ``radio_j`` (of an answer, on the device) and ``answer_j`` (machine and radio).
    """

    alone: LanguageEvaluation
    hops: tuple[str, ...]
    numbers: Mapping[str, Looked]

    def __getitem__(self, name: str) -> Looked:
        """Return a number by its name."""
        return self.numbers[name]


def _slowest(rates: Sequence[Looked]) -> Looked:
    return min(rates, key=lambda x: -math.inf if math.isnan(x.value) else x.value)


def _summed(times: Sequence[Looked]) -> Looked:
    return derived(lambda *parts: math.fsum(parts), "sum over the links", tuple(times), ())


def _radio(catalog: Catalog, hop: Hop, field: str) -> Looked:
    found = hop.fact(field)
    if isinstance(found, Fact):
        return Looked.of_fact(found)
    return rows_of(catalog, field, "", f"class:{hop.technology}")


def _path(catalog: Catalog, hops: Sequence[str]) -> tuple[Looked, Looked, Looked]:
    """Round trip, rate up and rate down of a path."""
    unknown = [id for id in hops if id not in catalog.hops]
    if unknown:
        raise DesignError([Problem("hops", f"{id!r} is not in the catalog") for id in unknown])
    if not hops:
        return _HERE, _ENDLESS, _ENDLESS
    links = [catalog.hops[id] for id in hops]
    return (
        _summed([Looked.of_fact(hop.round_trip()) for hop in links]),
        _slowest([Looked.of_fact(hop.rate("up")) for hop in links]),
        _slowest([Looked.of_fact(hop.rate("down")) for hop in links]),
    )


def serve_at(
    catalog: Catalog,
    alone: LanguageEvaluation,
    hops: Sequence[str] = (),
    round_trip_s: float | None = None,
) -> Served:
    """Put a network before a language model.

    Parameters
    ----------
    alone
        The model on its machine.
    hops
        Links from the device to the machine, nearest first; empty on the device.
    round_trip_s
        Round trip of the path in place of the catalog's.

    Raises
    ------
    DesignError
        If a link is unknown.
    """
    trip, up, down = _path(catalog, hops)
    if round_trip_s is not None:
        replaced = "replaces the round trip of the links"
        trip = Looked(round_trip_s, Origin("override", trip.origin.facts, replaced))
    text = Looked.of_fact(catalog.encodings["utf8"].fact("bits_per_elem_bit"))
    prompt, output = alone.prompt_token, alone.output_token
    numbers = {"round_trip_s": trip, "up_bit_per_s": up, "down_bit_per_s": down}
    numbers["ttft_s"] = derived(
        lambda r, bit, t, rate: llm_links.first_token_time(r, bit * prompt, rate, t),
        "round trip, prompt sent as text, prefill",
        (trip, text, alone["prefill_s"]),
        (up,),
    )
    numbers["tpot_s"] = derived(
        lambda t, bit, rate: np.maximum(t, bit / rate),
        "a decode step, or the token on the link if that is slower",
        (alone["iteration_s"], text),
        (down,),
    )
    numbers["user_token_per_s"] = derived(
        lambda t: 1.0 / t, "one over the time per token", (), (numbers["tpot_s"],)
    )
    numbers["answer_s"] = derived(
        lambda f, t: llm.request_time(f, t, output, 1.0),
        "first token, then the others one by one",
        (numbers["ttft_s"], numbers["tpot_s"]),
        (),
    )
    numbers["radio_j"] = _radio_energy(catalog, hops, text, prompt, output)
    share = 1.0 / alone.batch
    numbers["answer_j"] = derived(
        lambda p, t, radio: p * t * share + radio,
        "power times the time of the batch, shared by it, and the radio",
        (alone["power_w"], alone["request_s"], numbers["radio_j"]),
        (),
    )
    return Served(alone, tuple(hops), MappingProxyType(numbers))


def _radio_energy(
    catalog: Catalog, hops: Sequence[str], text: Looked, prompt: float, output: float
) -> Looked:
    if not hops:
        return _HERE
    first = catalog.hops[hops[0]]
    sent, received = _radio(catalog, first, "tx_j_per_bit"), _radio(catalog, first, "rx_j_per_bit")

    def law(bit: float, up: float, down: float) -> Array:
        return bit * (up * prompt + down * output)

    return derived(law, "bits sent and received on the first link", (text, sent, received), ())


def ship_or_recompute(alone: LanguageEvaluation, cache_bit: float = 16.0) -> Looked:
    """Return the rate above which sending the cache to this machine beats computing it there.

    Parameters
    ----------
    alone
        The machine that would otherwise read the prompt again.
    cache_bit
        Bits of a key or value element on the wire.
    """
    bits = alone.model.kv_elem_per_token * cache_bit
    tokens = alone.batch * alone.prompt_token
    return derived(
        lambda t: llm_links.recompute_rate(bits, t / tokens),
        "bits of keys and values of a token over its prefill time",
        (),
        (alone["prefill_s"],),
    )


@dataclass(frozen=True, eq=False)
class Draft:
    """Drafting on the device for a remote model.

    Parameters
    ----------
    acceptance, round_trip_s
        Axes of the map, shapes ``(a,)`` and ``(r,)``.
    speedup
        Time per token of streaming over that of drafting, at the best window, shape ``(r, a)``.
    window
        That window: tokens drafted per round, shape ``(r, a)``.
    break_even_s
        Largest round trip at which drafting pays, shape ``(a,)``; negative where it never does.
    draft_s, remote_s
        Times of a drafted token, and of a token of the remote model.
    verify_s
        Time of a check by window, shape ``(w,)``.
    """

    acceptance: Floats
    round_trip_s: Floats
    speedup: Floats
    window: Floats
    break_even_s: Floats
    draft_s: Looked
    remote_s: Looked
    verify_s: Floats


def break_even_grid(
    small: LanguageEvaluation,
    large: LanguageEvaluation,
    verifying: Sequence[LanguageEvaluation],
    acceptance: Floats,
    round_trip_s: Floats,
) -> Draft:
    """Map where drafting on the device beats streaming from the remote model.

    Parameters
    ----------
    small, large
        Drafter and remote model, each on its machine.
    verifying
        The remote model as it checks a window of 1, 2, … tokens: evaluated with ``step_token`` one
        above, since the pass also yields the token after the last accepted one.
    acceptance, round_trip_s
        Axes of the map, shapes ``(a,)`` and ``(r,)``.
    """
    windows = np.arange(1.0, len(verifying) + 1.0)[:, None, None]
    check = np.array([item["iteration_s"].value for item in verifying])
    alpha, trip = acceptance[None, None, :], round_trip_s[None, :, None]
    draft, remote = small["iteration_s"], large["iteration_s"]
    times = llm_links.speculative_token_time(
        alpha, windows, draft.value, trip, check[:, None, None]
    )
    best = np.asarray(times).argmin(axis=0)
    least = np.take_along_axis(np.asarray(times), best[None], axis=0)[0]
    edges = llm_links.break_even_round_trip(
        acceptance[None, :], windows[:, :, 0], draft.value, remote.value, check[:, None]
    )
    return Draft(
        acceptance,
        round_trip_s,
        remote.value / least,
        windows[best, 0, 0],
        np.asarray(edges).max(axis=0),
        draft,
        remote,
        check,
    )


@dataclass(frozen=True)
class Cascade:
    """A small model that hands some questions to a large one."""

    escalated: float
    accuracy: float
    ttft_s: Looked
    answer_s: Looked
    answer_j: Looked


def cascade(small: Served, large: Served, escalated: float, kept: float, passed: float) -> Cascade:
    """Evaluate a cascade of two served models.

    Parameters
    ----------
    escalated
        Share of questions that are handed on.
    kept, passed
        Accuracy of the small model on what it keeps, and of the large one on what it is handed:
        conditional figures, measured on the same questions.
    """

    def both(name: str, first: str, note: str) -> Looked:
        return derived(
            lambda s, t: llm_links.cascade_time(escalated, s, t),
            note,
            (small[first], large[name]),
            (),
        )

    return Cascade(
        escalated,
        float(llm_links.cascade_accuracy(escalated, kept, passed)),
        # Whether to hand on is known when the small model has finished its answer.
        derived(
            lambda f, whole, t: (1.0 - escalated) * f + escalated * (whole + t),
            "first token of the small model, or its whole answer and then that of the large one",
            (small["ttft_s"], small["answer_s"], large["ttft_s"]),
            (),
        ),
        both("answer_s", "answer_s", "the small answer always, the large one sometimes"),
        both("answer_j", "answer_j", "the small answer always, the large one sometimes"),
    )
