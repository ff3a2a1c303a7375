"""Payloads, link rates and fixed delays of a hop."""

from __future__ import annotations

__all__ = [
    "available_rate",
    "container",
    "fixed_delay",
    "message",
    "payload",
    "response",
    "transfer_time",
]

from analytic_models.units import Bit, BitPerS, Byte, Count, Frac, Pure, S, byte_to_bit


def payload(elements: Count, bits_per_element: Bit) -> Bit:
    r"""Bits of an encoded tensor.

    .. math:: b = n\,\beta

    Examples
    --------
    >>> payload(100.0, 8.0)
    800.0
    """
    return elements * bits_per_element


def container(size: Byte, elements: Count, bits_per_element: Bit) -> Bit:
    r"""Bits of a stored message beyond its tensor: the header of its file.

    .. math:: b = 8\,B - n\,\beta

    Examples
    --------
    >>> container(528.0, 100.0, 32.0)
    1024.0
    """
    return byte_to_bit(size) - elements * bits_per_element


def message(raw: Bit, features: Bit, overhead: Bit, used: Pure) -> Bit:
    r"""Bits that one request puts on a hop: raw input or features, and headers where it is used.

    .. math:: b = b_{\mathrm{raw}} + b_{\mathrm{features}} + u\,b_{\mathrm{overhead}}

    Examples
    --------
    >>> message(0.0, 800.0, 40.0, 1.0)
    840.0
    """
    return raw + features + used * overhead


def response(size: Byte) -> Bit:
    r"""Bits of the answer.

    .. math:: b = 8\,B

    Examples
    --------
    >>> response(100.0)
    800.0
    """
    return byte_to_bit(size)


def available_rate(rate: BitPerS, background: Frac) -> BitPerS:
    r"""Rate of a hop that other traffic leaves.

    .. math:: R' = R\,(1 - g)

    Examples
    --------
    >>> available_rate(1e6, 0.25)
    750000.0
    """
    return rate * (1.0 - background)


def transfer_time(size: Bit, rate: BitPerS) -> S:
    r"""Time that a message holds a hop alone.

    .. math:: t = b / R

    Notes
    -----
    Infinite at a rate of zero, and zero for an empty message.

    References
    ----------
    kurose-ross-networking

    Examples
    --------
    >>> transfer_time(1e6, 2e6)
    0.5
    """
    return size / rate


def fixed_delay(round_trip: S, answer: Bit, rate: BitPerS, overhead: S, used: Pure) -> S:
    r"""Delay of a used hop that does not depend on load: round trip, answer, handshakes.

    .. math:: d = u\left(\mathrm{RTT} + \frac{b_{\mathrm{answer}}}{R_{\mathrm{back}}} + d_h\right)

    Notes
    -----
    The answer is taken to find the way back free of queues.

    Examples
    --------
    >>> fixed_delay(0.02, 8000.0, 8e6, 0.0, 1.0)
    0.021
    """
    return used * (round_trip + answer / rate + overhead)
