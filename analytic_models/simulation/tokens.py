"""Simulate a language model that many people ask, step by step."""

from __future__ import annotations

__all__ = ["token_route"]

from collections.abc import Sequence

from analytic_models.simulation.network import Arrivals, Route, Station
from analytic_models.simulation.parts import BatchTime, TokenLength, TokenServing


def token_route(
    steps_s: Sequence[float],
    prefill_s: float,
    prompt_token: float,
    output_token: float,
    arrival_per_s: float,
    varied: bool = True,
    batch: BatchTime | None = None,
) -> tuple[Route, Arrivals]:
    """Return one server that decodes, and the questions that reach it.

    Parameters
    ----------
    steps_s
        Time of a decode step with 1, 2, … requests inside; their number is the largest batch.
    prefill_s
        Time that reading one prompt holds up all others.
    prompt_token, output_token
        Tokens of a prompt, and mean tokens of an answer.
    arrival_per_s
        Questions of all users.
    varied
        Whether the length of answers is geometric; otherwise all are alike.
    batch
        Time of whole batches, where the server takes all that wait and lets none join.

    Raises
    ------
    DesignError
        If a number is out of range.
    """
    arrivals = Arrivals("poisson", arrival_per_s)
    if batch is not None:
        return Route((Station("server", "batch", batch=batch),)), arrivals
    table = tuple(float(step) for step in steps_s)
    serving = TokenServing(
        fixed_s=table[0],
        per_request_s=0.0,
        output=TokenLength("geometric" if varied else "constant", output_token),
        prompt=TokenLength("constant", prompt_token),
        prefill_s_per_token=prefill_s / prompt_token,
        batch_limit=float(len(table)),
        steps_s=table,
    )
    return Route((Station("server", "continuous-batching", serving=serving),)), arrivals
