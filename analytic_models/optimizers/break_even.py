"""The uplink rate at which leaving the device begins to pay, in closed form."""

from __future__ import annotations

__all__ = ["BreakEven", "break_even"]

from dataclasses import dataclass

import numpy as np

from analytic_models.batch import batch_of
from analytic_models.catalog import Catalog
from analytic_models.design import Design, Scenario
from analytic_models.design_set import DesignSet
from analytic_models.evaluation import run_batch
from analytic_models.optimizers.phase_field import Axis
from analytic_models.optimizers.protocols import FloatArray


@dataclass(frozen=True)
class BreakEven:
    """Uplink rate above which leaving the device is faster, along the other axis.

    Parameters
    ----------
    rate_bit_per_s
        Shape (k,): break-even rate for every value of the other axis; ``inf`` if never.
    local, remote
        The two designs that it compares.
    words
        The formula with its numbers, and what it leaves out.
    """

    rate_bit_per_s: FloatArray
    local: Design
    remote: Design
    words: str


def break_even(
    scenario: Scenario, other: Axis, local: Design, remote: Design, catalog: Catalog | None = None
) -> BreakEven | None:
    """Return the closed-form break-even rate of the uplink between two designs.

    The message of b bits holds a processor-sharing link whose rate B serves N devices with λ
    requests per second each: both designs take equally long at B = b / (T_device − T_rest) + N λ b,
    with T_rest the remote path without the link, on otherwise idle stations.

    Parameters
    ----------
    scenario
        What is given.
    other
        ``population_count``, ``arrival_per_s`` or ``uplink_rtt_s``.
    local, remote
        A design that sends nothing, and one that sends.

    Returns
    -------
    None where the closed form does not apply: another axis, or a link that serves in order.
    """
    if other.name not in ("population_count", "arrival_per_s", "uplink_rtt_s"):
        return None
    if scenario.uplink_discipline != "ps":
        return None
    designs = DesignSet.of_many([local, remote])
    size = len(other.values)
    rows = np.repeat([0, 1], size)
    batch = batch_of(
        scenario, designs.take(rows), {other.name: np.tile(other.values, 2)}, catalog=catalog
    )
    names = ("device_time_s", "latency_idle_s", "uplink_service_s", "uplink_message_bit")
    found = run_batch(batch, (*names, "total_arrival_per_s", "remote_share_frac"))
    local_s = found["device_time_s"][:size]
    rest = found["latency_idle_s"][size:] - found["uplink_service_s"][size:]
    bits, rate = found["uplink_message_bit"][size:], found["total_arrival_per_s"][size:]
    gain = local_s - rest
    positive = gain > 0.0
    needed = np.where(positive, bits / np.where(positive, gain, 1.0) + rate * bits, np.inf)
    background = 1.0 - scenario.uplink_background_frac
    words = "b / (T device − T rest) + N λ b, on otherwise idle stations"
    return BreakEven(needed / background, local, remote, words)
