"""Service time of layers on a machine, and what they hold in memory."""

from __future__ import annotations

__all__ = ["encode_time", "memory_share", "roofline_time", "service_total"]

import numpy as np

from analytic_models.units import Byte, BytePerS, Count, Frac, Op, OpPerS, Pure, S


def roofline_time(
    work: Op,
    peak: OpPerS,
    compute_efficiency: Frac,
    traffic: Byte,
    bandwidth: BytePerS,
    memory_efficiency: Frac,
    launch: S,
) -> S:
    r"""Time of one layer: the slower of computing and moving bytes, plus the launch overhead.

    .. math:: t = \max\left(\frac{w}{\eta_c \Pi}, \frac{q}{\eta_m B}\right) + \tau

    Parameters
    ----------
    work
        Operations of the layer (two per multiply-accumulate) [op].
    peak
        Peak rate at the layer's precision [op/s].
    compute_efficiency
        Share of the peak that this operator type reaches on this machine.
    traffic
        Bytes of weights and activations that move [byte].
    bandwidth
        Peak memory bandwidth [byte/s].
    memory_efficiency
        Share of the bandwidth that is reached.
    launch
        Fixed overhead of starting the layer [s].

    Returns
    -------
    Time of the layer [s].

    Notes
    -----
    Assumes that computing and moving overlap perfectly. Valid for batch 1 when the efficiencies
    were fitted at batch 1. ``nan`` where a peak or an efficiency is not known.

    References
    ----------
    williams-2009-roofline

    Examples
    --------
    >>> float(roofline_time(2e9, 1e12, 0.5, 1e6, 1e10, 0.5, 1e-5))
    0.00401
    """
    return (
        np.maximum(work / (compute_efficiency * peak), traffic / (memory_efficiency * bandwidth))
        + launch
    )


def encode_time(elements: Count, work_per_element: Op, rate: OpPerS) -> S:
    r"""Time to encode a tensor on a machine.

    .. math:: t = \frac{n\,w}{r}

    Parameters
    ----------
    elements
        Elements of the tensor.
    work_per_element
        Operations that the encoder spends on an element [op].
    rate
        Rate at which the machine does such operations [op/s].

    Examples
    --------
    >>> encode_time(1000.0, 20.0, 1e6)
    0.02
    """
    return elements * work_per_element / rate


def service_total(segment: S, overhead: S, used: Pure) -> S:
    r"""Service time of a tier: its layers, and its fixed overhead where the tier is used.

    .. math:: S = t_{\mathrm{layers}} + u\,t_{\mathrm{overhead}}

    Examples
    --------
    >>> service_total(0.2, 0.1, 1.0)
    0.30000000000000004
    """
    return segment + used * overhead


def memory_share(
    weights: Byte, activations: Byte, weight_room: Byte, activation_room: Byte, split: Pure
) -> Frac:
    r"""Share of a tier's memory that a segment of a dnn fills.

    .. math::
        \frac{W + A_{\max}}{M}\ \text{in one memory},\qquad
        \max\left(\frac{W}{M_{\mathrm{flash}}}, \frac{A_{\max}}{M_{\mathrm{sram}}}\right)
        \ \text{in two}

    Parameters
    ----------
    weights, activations
        Bytes of all weights, and of the largest live tensors [byte].
    weight_room, activation_room
        Memory for each [byte]; the same memory unless ``split`` is 1.
    split
        1 where weights lie in flash and activations in SRAM, as in microcontrollers.

    Notes
    -----
    A share above 1 does not fit. The runtime's own memory is not counted.

    Examples
    --------
    >>> float(memory_share(3.0, 1.0, 8.0, 8.0, 0.0))
    0.5
    """
    if np.ndim(split) == 0 and not split > 0.0:
        return (weights + activations) / weight_room
    shared = (weights + activations) / weight_room
    apart = np.maximum(weights / weight_room, activations / activation_room)
    return np.where(np.greater(split, 0.0), apart, shared)
