"""The layer graph of a dnn as an instance of the minimum cut."""

from __future__ import annotations

__all__ = ["DagInstance", "dag_of"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytic_models.catalog import Dnn
from analytic_models.optimizers.mincut import DagPlan, Tensors, place_dag
from analytic_models.optimizers.protocols import FloatArray, IntArray
from analytic_models.segments import LayerTimes


@dataclass(frozen=True)
class DagInstance:
    """What :func:`place_dag` needs to place a dnn.

    Node 0 is the sensor, which stays on the device; node r + 1 is row r of the dnn.

    Parameters
    ----------
    run
        Shape (rows + 1, T): seconds of each node on each tier; ``inf`` where it cannot run.
    tensors
        The inputs, the outputs of rows that others read, and last the request itself.
    send
        Shape (k, T−1, q): seconds of each tensor on each hop with each encoding.
    """

    run: FloatArray
    tensors: Tensors
    send: FloatArray

    def place(self) -> DagPlan:
        """Return the cheapest placement; the node of row r is r + 1."""
        return place_dag(self.run, self.tensors, self.send)

    def row_tiers(self, plan: DagPlan) -> IntArray:
        """Return the tier of every row of the dnn."""
        return plan.tier[1:]


def dag_of(
    dnn: Dnn,
    tables: Sequence[LayerTimes | FloatArray],
    rate_bit_per_s: FloatArray,
    hop_s: FloatArray | None = None,
    return_s: FloatArray | None = None,
    input_bit: Sequence[float] = (8.0,),
    feature_bit: Sequence[float] = (32.0,),
) -> DagInstance:
    """Turn a dnn with its times and links into an instance of the minimum cut.

    The cost of a placement is the latency of one request on an idle system: rows run one after
    another, each tensor crosses a hop once, and each hop in use adds its fixed time once.

    Parameters
    ----------
    dnn
        Layer graph; its rows are in execution order.
    tables
        Per tier: the layer times of its machine, or seconds per row of shape (rows,). A time that
        is not known (``nan``) keeps the row off that tier.
    rate_bit_per_s
        Shape (T−1,): rate of every hop, > 0; ``inf`` for a hop that takes no time.
    hop_s
        Shape (T−1,): fixed time of every hop in use (round trip), s; 0 by default.
    return_s
        Shape (T,): time to return the result from each tier to the device, s; 0 by default.
    input_bit, feature_bit
        Bits per element with each encoding, of the raw input and of features.

    Raises
    ------
    ValueError
        If there are fewer than two tiers, or shapes disagree.
    """
    rows, tiers = len(dnn), len(tables)
    times = [t.time_s if isinstance(t, LayerTimes) else np.asarray(t) for t in tables]
    rate = np.asarray(rate_bit_per_s, dtype=np.float64)
    if tiers < 2 or rate.shape != (tiers - 1,) or any(t.shape != (rows,) for t in times):
        raise ValueError("every tier needs a time per row, and every hop a rate")
    if not (rate > 0.0).all():
        raise ValueError("the rate of a hop must be above 0")
    run = np.full((rows + 1, tiers), np.inf)
    run[0, 0] = 0.0
    seconds = np.stack(times, axis=1)
    run[1:] = np.where(np.isnan(seconds), np.inf, seconds)
    if return_s is not None:
        # All outputs travel together, from where the last row runs.
        run[1 + max(dnn.outputs)] += np.asarray(return_s, dtype=np.float64)
    tensors, elements, raw = _tensors(dnn)
    codecs = max(len(input_bit), len(feature_bit))
    bits = np.full((2, codecs), np.inf)
    bits[0, : len(feature_bit)], bits[1, : len(input_bit)] = feature_bit, input_bit
    sent = (elements[:, None] * bits[raw.astype(np.int64)])[:, None, :]
    known = np.isfinite(sent)
    send = np.where(known, np.where(known, sent, 0.0) / rate[None, :, None], np.inf)
    fixed = np.zeros(tiers - 1) if hop_s is None else np.asarray(hop_s, dtype=np.float64)
    request = np.broadcast_to(fixed[None, :, None], (1, tiers - 1, codecs))
    return DagInstance(run, tensors, np.concatenate([send, request]))


def _tensors(dnn: Dnn) -> tuple[Tensors, FloatArray, FloatArray]:
    """Return the tensors, the elements of all but the request, and which are raw inputs."""
    inputs = len(dnn.inputs)
    pairs = {
        (inputs + place if place >= 0 else -1 - place, row + 1)
        for row, places in enumerate(dnn.preds)
        for place in places
    }
    read = sorted({tensor for tensor, _ in pairs})
    place = {tensor: number for number, tensor in enumerate(read)}
    edges = sorted((place[tensor], reader) for tensor, reader in pairs)
    # A hop is in use if and only if an output lies above it: every row leads to some output.
    edges += [(len(read), 1 + row) for row in sorted(_ends(dnn))]
    producer = [0 if tensor < inputs else tensor - inputs + 1 for tensor in read]
    elements = [
        float(dnn.inputs[tensor].elem if tensor < inputs else dnn.out_elem[tensor - inputs])
        for tensor in read
    ]
    tensor, reader = np.array(edges, dtype=np.int64).T
    tensors = Tensors(np.array([*producer, 0], dtype=np.int64), tensor, reader)
    return tensors, np.array(elements), np.array([float(tensor < inputs) for tensor in read])


def _ends(dnn: Dnn) -> set[int]:
    """Return the rows that no other row reads, and the outputs."""
    used = {place for places in dnn.preds for place in places}
    return {row for row in range(len(dnn)) if row not in used} | set(dnn.outputs)
