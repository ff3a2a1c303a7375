"""Accuracy after several lossy steps, as a point and as an interval."""

from __future__ import annotations

__all__ = ["accuracy_high", "accuracy_low", "accuracy_point", "percentage_points_lost"]

import numpy as np

from analytic_models.units import Frac, Pure


def accuracy_point(
    baseline: Frac,
    device: Frac,
    edge: Frac,
    cloud: Frac,
    raw: Frac,
    uplink: Frac,
    backhaul: Frac,
    keep: Frac,
) -> Frac:
    r"""Accuracy if the losses of the steps are independent.

    .. math:: A = A_0\,k \prod_i (1 - \delta_i)

    Parameters
    ----------
    baseline
        Accuracy of the uncompressed dnn.
    device, edge, cloud
        Relative loss of the precision on each tier, counted once where tiers share a precision.
    raw, uplink, backhaul
        Relative loss of the encoding of the raw input and of the features on each hop.
    keep
        Share that the active techniques keep.

    Notes
    -----
    A loss measured on the whole dnn is charged in full even where a tier runs a part: cautious.
    ``nan`` where a loss has no evidence.

    Examples
    --------
    >>> round(float(accuracy_point(0.8, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)), 6)
    0.792
    """
    left = (
        (1.0 - device)
        * (1.0 - edge)
        * (1.0 - cloud)
        * (1.0 - raw)
        * (1.0 - uplink)
        * (1.0 - backhaul)
    )
    return baseline * keep * left


def accuracy_low(
    baseline: Frac,
    device: Frac,
    edge: Frac,
    cloud: Frac,
    raw: Frac,
    uplink: Frac,
    backhaul: Frac,
    keep: Frac,
) -> Frac:
    r"""Lowest accuracy that the losses allow, whatever their dependence (Boole).

    .. math:: A_{\min} = A_0\,k\,\bigl(1 - \min(1, \textstyle\sum_i \delta_i)\bigr)

    References
    ----------
    frechet-1935

    Examples
    --------
    >>> round(float(accuracy_low(0.8, 0.01, 0.02, 0.0, 0.0, 0.0, 0.0, 1.0)), 6)
    0.776
    """
    lost = device + edge + cloud + raw + uplink + backhaul
    return baseline * keep * (1.0 - np.minimum(lost, 1.0))


def accuracy_high(
    baseline: Frac,
    device: Frac,
    edge: Frac,
    cloud: Frac,
    raw: Frac,
    uplink: Frac,
    backhaul: Frac,
    keep: Frac,
) -> Frac:
    r"""Highest accuracy that the losses allow, whatever their dependence (Fréchet).

    .. math:: A_{\max} = A_0\,k\,(1 - \max_i \delta_i)

    References
    ----------
    frechet-1935

    Examples
    --------
    >>> round(float(accuracy_high(0.8, 0.01, 0.02, 0.0, 0.0, 0.0, 0.0, 1.0)), 6)
    0.784
    """
    worst = np.maximum(
        np.maximum(np.maximum(device, edge), np.maximum(cloud, raw)), np.maximum(uplink, backhaul)
    )
    return baseline * keep * (1.0 - worst)


def percentage_points_lost(baseline: Frac, accuracy: Frac) -> Pure:
    r"""Loss against the uncompressed dnn in percentage points.

    .. math:: 100\,(A_0 - A)

    Examples
    --------
    >>> round(percentage_points_lost(0.8, 0.79), 6)
    1.0
    """
    return 100.0 * (baseline - accuracy)
