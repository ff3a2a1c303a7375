"""What leaves the device, as a bound on what can be learnt from it."""

from __future__ import annotations

__all__ = ["exposed", "exposed_share"]

import numpy as np

from analytic_models.units import Bit, Frac


def exposed(size: Bit, share: Frac) -> Bit:
    r"""Bits per request that leave the device: a hard cap on the information about the input.

    .. math:: I(X; Z) \le \phi\,b

    Parameters
    ----------
    size
        Bits of the message [bit].
    share
        Share of requests that leave the device.

    References
    ----------
    cover-thomas-information-theory

    Examples
    --------
    >>> exposed(800.0, 0.5)
    400.0
    """
    return size * share


def exposed_share(size: Bit, raw: Bit) -> Frac:
    r"""Exposed bits over the bits of the raw input, at most 1.

    .. math:: \min(1, b / b_{\mathrm{raw}})

    Examples
    --------
    >>> float(exposed_share(400.0, 1600.0))
    0.25
    """
    return np.minimum(size / raw, 1.0)
