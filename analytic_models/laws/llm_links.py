"""Decoder language models across a link: first token, speculation, cache, layers, cascades."""

from __future__ import annotations

__all__ = [
    "break_even_round_trip",
    "cascade_accuracy",
    "cascade_time",
    "first_token_time",
    "phase_split_time",
    "recompute_rate",
    "speculative_speedup",
    "speculative_token_time",
    "split_token_time",
    "tokens_per_round",
]

from typing import Annotated

import numpy as np

from analytic_models.units import (
    Array,
    Bit,
    BitPerS,
    Count,
    Frac,
    Pure,
    S,
    Unit,
)

BitPerToken = Annotated[Array, Unit("bit/token")]
SPerToken = Annotated[Array, Unit("s/token")]


def first_token_time(round_trip: S, message: Bit, rate: BitPerS, prefill: S) -> S:
    r"""Time to the first token: the prompt travels, is read, and the first token comes back.

    .. math:: \mathrm{TTFT} = R + \frac{m}{r} + t_p

    Parameters
    ----------
    round_trip
        Round trip to where the model runs; 0 on the device [s].
    message, rate
        Size of the prompt [bit], and rate of the slowest hop [bit/s].
    prefill
        Time to read the prompt [s].

    Examples
    --------
    >>> first_token_time(0.03, 16000.0, 1e6, 0.1)
    0.14600000000000002
    """
    return round_trip + message / rate + prefill


def tokens_per_round(acceptance: Frac, drafted: Count) -> Count:
    r"""Mean tokens that a round of speculative decoding yields.

    .. math:: \mathbb{E} = \frac{1 - \alpha^{g+1}}{1 - \alpha}

    Parameters
    ----------
    acceptance
        Probability that a drafted token is accepted, alpha; drafts are independent.
    drafted
        Tokens drafted in a round, g.

    Returns
    -------
    Mean tokens; g + 1 at acceptance 1, ``nan`` outside 0 to 1.

    References
    ----------
    leviathan-2023-speculative

    Examples
    --------
    >>> round(float(tokens_per_round(0.8, 7.0)), 4)
    4.1611
    """
    alpha, g = np.asarray(acceptance, dtype=np.float64), np.asarray(drafted, dtype=np.float64)
    inside = (alpha >= 0.0) & (alpha <= 1.0)
    certain = alpha >= 1.0
    safe = np.where(inside & ~certain, alpha, 0.5)
    mean = np.where(certain, g + 1.0, (1.0 - safe ** (g + 1.0)) / (1.0 - safe))
    return np.where(inside, mean, np.nan)


def speculative_speedup(acceptance: Frac, drafted: Count, cost: Pure) -> Pure:
    r"""Speed-up of speculative decoding on one machine.

    .. math:: s = \frac{1 - \alpha^{g+1}}{(1 - \alpha)(g c + 1)}

    Parameters
    ----------
    acceptance, drafted
        See :func:`tokens_per_round`.
    cost
        Time of a draft step over that of the large model, c.

    References
    ----------
    leviathan-2023-speculative

    Examples
    --------
    >>> round(float(speculative_speedup(0.75, 7.0, 0.02)), 3)
    3.157
    """
    return tokens_per_round(acceptance, drafted) / (drafted * cost + 1.0)


def speculative_token_time(
    acceptance: Frac, drafted: Count, draft: S, round_trip: S, verify: S
) -> S:
    r"""Time per token when a device drafts and a remote model verifies.

    .. math:: t = \frac{g\,t_d + R + t_v}{\mathbb{E}}

    Parameters
    ----------
    acceptance, drafted
        See :func:`tokens_per_round`.
    draft
        Time of one drafted token on the device [s].
    round_trip
        Round trip between device and verifier, paid once per round [s].
    verify
        Time of one pass of the large model over the g + 1 tokens [s].

    References
    ----------
    leviathan-2023-speculative

    Examples
    --------
    >>> round(float(speculative_token_time(0.8, 4.0, 0.003, 0.02, 0.021)), 5)
    0.01577
    """
    return (drafted * draft + round_trip + verify) / tokens_per_round(acceptance, drafted)


def break_even_round_trip(acceptance: Frac, drafted: Count, draft: S, remote: S, verify: S) -> S:
    r"""Round trip below which drafting on the device beats streaming from the remote model.

    .. math:: R^* = \mathbb{E}\,t_c - g\,t_d - t_v

    Parameters
    ----------
    remote
        Time per token of the remote model alone, t_c [s].

    Notes
    -----
    Negative where drafting never pays, even on the same machine. Streaming pays the round trip
    once per answer and is free of it here.

    References
    ----------
    leviathan-2023-speculative

    Examples
    --------
    >>> round(float(break_even_round_trip(0.8, 4.0, 0.003, 0.02, 0.021)), 4)
    0.0342
    """
    return tokens_per_round(acceptance, drafted) * remote - drafted * draft - verify


def recompute_rate(per_token: BitPerToken, prefill: SPerToken) -> BitPerS:
    r"""Rate of a link above which sending the cache beats computing it again.

    .. math:: r^* = \frac{\kappa}{t_p / S}

    Parameters
    ----------
    per_token
        Bits of keys and values of a token [bit/token].
    prefill
        Prefill time per token where it would be computed again [s/token].

    Examples
    --------
    >>> recompute_rate(1048576.0, 1e-4)
    10485760000.0
    """
    return per_token / prefill


def split_token_time(before: S, after: S, round_trip: S, message: Bit, rate: BitPerS) -> S:
    r"""Time per token of a model whose layers lie on two machines.

    .. math:: t = t_a + t_b + R + \frac{m}{r}

    Parameters
    ----------
    before, after
        Time of the layers on each side [s].
    round_trip
        Round trip between them: every token goes there and comes back [s].
    message, rate
        Activation of one token [bit], and rate of the link [bit/s].

    Notes
    -----
    The round trip is paid once per token; streaming from one place pays it once per answer.

    References
    ----------
    borzunov-2023-petals

    Examples
    --------
    >>> split_token_time(0.01, 0.01, 0.05, 65536.0, 1e8)
    0.07065536
    """
    return before + after + round_trip + message / rate


def phase_split_time(
    round_trip: S, prompt: Bit, up: BitPerS, prefill: S, cache: Bit, down: BitPerS
) -> S:
    r"""Time to the first token when a remote machine reads the prompt and sends the cache back.

    .. math:: T = R + \frac{m}{r_u} + t_p + \frac{K}{r_d}

    Parameters
    ----------
    round_trip, prompt, up
        Round trip [s], prompt [bit], rate up [bit/s].
    prefill
        Prefill time on the remote machine [s].
    cache, down
        Keys and values of the prompt [bit], rate down [bit/s].

    References
    ----------
    patel-2024-splitwise

    Examples
    --------
    >>> phase_split_time(0.02, 1000.0, 1e6, 0.1, 1e9, 1e9)
    1.121
    """
    return round_trip + prompt / up + prefill + cache / down


def cascade_accuracy(escalated: Frac, kept: Frac, passed: Frac) -> Frac:
    r"""Accuracy of a small model that hands some questions to a large one.

    .. math:: a = (1 - \phi)\,a_s + \phi\,a_l

    Parameters
    ----------
    escalated
        Share of questions that are handed on, phi.
    kept, passed
        Accuracy of the small model on what it keeps, of the large one on what it is handed. Both
        are conditional: what is handed on is harder than the mean.

    References
    ----------
    ong-2024-routellm

    Examples
    --------
    >>> round(cascade_accuracy(0.25, 0.9, 0.6), 3)
    0.825
    """
    return (1.0 - escalated) * kept + escalated * passed


def cascade_time(escalated: Frac, small: S, large: S) -> S:
    r"""Mean time of a cascade: the small model always runs, the large one sometimes after it.

    .. math:: t = t_s + \phi\,t_l

    Examples
    --------
    >>> cascade_time(0.25, 1.0, 2.0)
    1.5
    """
    return small + escalated * large
