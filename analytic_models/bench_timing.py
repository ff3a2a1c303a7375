"""Shortest times of short pieces of work."""

from __future__ import annotations

__all__ = ["shortest"]

import time
from collections.abc import Callable


def shortest(
    run: Callable[[], object],
    runs: int = 7,
    warm_ups: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Return the shortest time of several runs [s].

    Parameters
    ----------
    run
        What to time.
    runs, warm_ups
        How often to time it, and how often to run it before.
    clock
        Process CPU time by default, so that other programs on the machine count little.
    """
    for _ in range(warm_ups):
        run()
    times = []
    for _ in range(runs):
        begun = clock()
        run()
        times.append(clock() - begun)
    return min(times)
