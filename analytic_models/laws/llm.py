"""Decoder language models on one machine: prefill, decode, cache, weight-only quantisation.

Work is in operations and sizes are in bytes; tokens are a unit of their own, so a figure per token
is never taken for a figure per request.
"""

from __future__ import annotations

__all__ = [
    "cache_size",
    "decode_floor",
    "decode_slope",
    "iteration_time",
    "largest_batch",
    "pass_time",
    "prefill_work",
    "request_time",
    "scaled_time",
    "token_energy",
    "touched_experts",
    "unpacking_overhead",
]

from typing import Annotated

import numpy as np

from analytic_models.units import (
    Array,
    Byte,
    BytePerS,
    Count,
    Frac,
    J,
    Op,
    OpPerS,
    Pure,
    S,
    Unit,
    W,
)

Token = Annotated[Array, Unit("token")]
BytePerToken = Annotated[Array, Unit("byte/token")]
OpPerToken = Annotated[Array, Unit("op/token")]
OpPerToken2 = Annotated[Array, Unit("op/token2")]
SPerToken = Annotated[Array, Unit("s/token")]


def prefill_work(prompt: Token, per_token: OpPerToken, per_pair: OpPerToken2) -> Op:
    r"""Operations to read a prompt: linear layers, and attention over the tokens before each one.

    .. math:: w = S\,w_1 + \frac{S^2}{2}\,w_2

    Parameters
    ----------
    prompt
        Tokens of the prompt, S.
    per_token
        Operations of the layers with weights [op/token].
    per_pair
        Operations of attention for a token and one token of its context [op/token²].

    Notes
    -----
    Causal kernels skip the half of the square above the diagonal.

    References
    ----------
    pope-2022-scaling

    Examples
    --------
    >>> prefill_work(4.0, 10.0, 1.0)
    48.0
    """
    return prompt * per_token + prompt**2 / 2.0 * per_pair


def cache_size(sequences: Count, context: Token, per_token: BytePerToken) -> Byte:
    r"""Size of the keys and values that a batch keeps.

    .. math:: K = b\,c\,\kappa, \qquad \kappa = 2 L n_{kv} d_h \beta

    Parameters
    ----------
    sequences
        Sequences in the batch, b.
    context
        Tokens kept of each, c.
    per_token
        Bytes of keys and values of a token over all layers, kappa [byte/token].

    References
    ----------
    pope-2022-scaling

    Examples
    --------
    >>> cache_size(2.0, 1000.0, 131072.0)
    262144000.0
    """
    return sequences * context * per_token


def touched_experts(experts: Count, chosen: Count, routed: Count) -> Count:
    r"""Mean number of experts of a layer that at least one token of a batch is sent to.

    .. math:: e = E \left(1 - \left(1 - k/E\right)^n\right)

    Parameters
    ----------
    experts, chosen
        Experts of a layer, E, and those that a token uses, k.
    routed
        Tokens that are routed at the same time, n.

    Notes
    -----
    Assumes that routing is even and independent. A dense layer has E = k = 1.

    Examples
    --------
    >>> float(touched_experts(8.0, 2.0, 1.0)), round(float(touched_experts(8.0, 2.0, 8.0)), 3)
    (2.0, 7.199)
    """
    missed = np.maximum(1.0 - chosen / experts, 0.0)
    return experts * (1.0 - missed**routed)


def unpacking_overhead(efficiency: Frac, measured: Frac) -> Frac:
    r"""Extra arithmetic time of a kernel that unpacks weights before it multiplies them.

    .. math:: \delta = \frac{\eta_{16}}{\eta_4} - 1

    Parameters
    ----------
    efficiency, measured
        Share of the 16-bit peak reached with 16-bit weights, and with packed weights.

    References
    ----------
    lin-2024-qserve

    Examples
    --------
    >>> unpacking_overhead(0.6, 0.4)
    0.4999999999999998
    """
    return efficiency / measured - 1.0


def pass_time(
    work: Op,
    peak: OpPerS,
    compute_efficiency: Frac,
    unpacking: Frac,
    traffic: Byte,
    bandwidth: BytePerS,
    memory_efficiency: Frac,
) -> S:
    r"""Time of one pass through the layers when weights may be stored in fewer bits.

    .. math:: t = \max\left(\frac{w (1 + \delta)}{\eta_c \Pi}, \frac{q}{\eta_m B}\right)

    Parameters
    ----------
    work
        Operations; the same at every stored width [op].
    peak
        Peak rate of the arithmetic: 16-bit for weight-only quantisation [op/s].
    compute_efficiency
        Share of the peak that the kernel reaches on weights that need no unpacking.
    unpacking
        Extra time of unpacking weights, relative to the arithmetic: 0 for weights that are stored
        as they are multiplied, and where the efficiency was measured with unpacking inside.
    traffic
        Bytes of weights as stored, and of the cache [byte].
    bandwidth, memory_efficiency
        Peak memory bandwidth [byte/s], and the share of it that is reached.

    Returns
    -------
    Time of the pass [s].

    Notes
    -----
    Fewer stored bits shrink only the second term. A pass bound by arithmetic (a long prompt, a
    large batch) becomes slower by the factor 1 + delta, however small the weights are.

    References
    ----------
    williams-2009-roofline, lin-2024-qserve, autoawq-readme

    Examples
    --------
    >>> float(pass_time(1e12, 1e14, 0.5, 0.5, 1e9, 1e12, 0.5))
    0.03
    """
    return np.maximum(
        work * (1.0 + unpacking) / (compute_efficiency * peak),
        traffic / (memory_efficiency * bandwidth),
    )


def decode_floor(weights: Byte, bandwidth: BytePerS, memory_efficiency: Frac) -> S:
    r"""Time to read all weights once: what a decode step costs however small the batch is.

    .. math:: t_0 = \frac{W}{\eta_m B}

    References
    ----------
    pope-2022-scaling

    Examples
    --------
    >>> decode_floor(16e9, 4e12, 0.5)
    0.008
    """
    return weights / (memory_efficiency * bandwidth)


def decode_slope(
    context: Token, per_token: BytePerToken, bandwidth: BytePerS, memory_efficiency: Frac
) -> S:
    r"""Time that one more sequence adds to a decode step: its cache is read once.

    .. math:: t_1 = \frac{c\,\kappa}{\eta_m B}

    References
    ----------
    pope-2022-scaling

    Examples
    --------
    >>> decode_slope(2000.0, 1e5, 4e12, 0.5)
    0.0001
    """
    return context * per_token / (memory_efficiency * bandwidth)


def iteration_time(
    floor: S,
    slope: S,
    sequences: Count,
    work: Op,
    peak: OpPerS,
    compute_efficiency: Frac,
    unpacking: Frac,
) -> S:
    r"""Time of one decode step, in which every sequence of the batch gains one token.

    .. math:: t = \max\left(t_0 + t_1 b, \frac{b\,w (1 + \delta)}{\eta_c \Pi}\right)

    Parameters
    ----------
    floor, slope
        Time to read the weights, and the cache of one sequence [s].
    sequences
        Batch, b.
    work
        Operations for one token of one sequence [op].
    peak, compute_efficiency, unpacking
        See :func:`pass_time`.

    References
    ----------
    pope-2022-scaling, inoue-2021

    Examples
    --------
    >>> float(iteration_time(0.008, 0.0001, 8.0, 16e9, 1e15, 0.5, 0.0))
    0.0088
    """
    return np.maximum(
        floor + slope * sequences,
        sequences * work * (1.0 + unpacking) / (compute_efficiency * peak),
    )


def scaled_time(time: S, ratio: Pure) -> S:
    r"""Time under a kernel that takes a measured multiple of the 16-bit kernel's time.

    .. math:: t' = r\,t

    Notes
    -----
    For kernels whose extra passes no roofline sees, such as the split into int8 and 16-bit columns
    of LLM.int8: the ratio belongs to a machine, not to the technique.

    References
    ----------
    dettmers-2022-llm-int8

    Examples
    --------
    >>> scaled_time(0.01, 3.0)
    0.03
    """
    return time * ratio


def largest_batch(room: Byte, weights: Byte, context: Token, per_token: BytePerToken) -> Count:
    r"""Largest number of sequences whose caches fit beside the weights.

    .. math:: b = \left\lfloor \frac{M - W}{c\,\kappa} \right\rfloor

    Notes
    -----
    Zero where the weights alone do not fit. Memory of the runtime and activations is not counted.

    Examples
    --------
    >>> float(largest_batch(80e9, 16e9, 1000.0, 1e6))
    64.0
    """
    return np.floor(np.maximum(room - weights, 0.0) / (context * per_token))


def request_time(first: S, per_token: SPerToken, tokens: Token, one: Token) -> S:
    r"""Time of a whole answer: the first token, then the others one by one.

    .. math:: T = \mathrm{TTFT} + (n - 1)\,\mathrm{TPOT}

    Parameters
    ----------
    first
        Time to the first token [s].
    per_token
        Time per further token [s/token].
    tokens, one
        Tokens of the answer, and the one that the prefill already gave.

    Examples
    --------
    >>> request_time(0.2, 0.01, 101.0, 1.0)
    1.2
    """
    return first + (tokens - one) * per_token


def token_energy(power: W, iteration: S, sequences: Count) -> J:
    r"""Energy of one token: a decode step serves the whole batch.

    .. math:: E = \frac{P\,t}{b}

    References
    ----------
    ml-energy-leaderboard

    Examples
    --------
    >>> token_energy(700.0, 0.01, 10.0)
    0.7
    """
    return power * iteration / sequences
