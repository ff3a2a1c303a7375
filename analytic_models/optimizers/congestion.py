"""Prices of congestion at shared processor-sharing stations.

A station with c servers where each job runs at speed min(1, c/n) holds n jobs with probability
proportional to aⁿ / ∏ min(i, c), a being the offered work. With Z(a) the sum of these weights,
the potential of the selfish equilibrium is ln Z, the sojourn per unit of work h = (ln Z)′ and the
mean number in the station N = a h. All three are closed forms of the Erlang functions.
"""

from __future__ import annotations

__all__ = ["Stations", "blocking", "least_servers"]

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, gammaln, xlogy

from analytic_models.optimizers.protocols import FloatArray


def blocking(work: FloatArray, servers: FloatArray) -> FloatArray:
    """Return the Erlang-B blocking probability of offered work a at c servers (c may be real).

    References
    ----------
    Jagerman (1974). Some properties of the Erlang loss function. Bell System Technical Journal.

    Examples
    --------
    >>> round(float(blocking(np.array(1.0), np.array(1.0))), 12)
    0.5
    """
    weight = np.exp(xlogy(servers, work) - work - gammaln(servers + 1.0))
    return np.asarray(weight / gammaincc(servers + 1.0, work))


@dataclass(frozen=True)
class Stations:
    """The m shared stations of a mix, as functions of the offered works.

    Parameters
    ----------
    servers
        Shape (m,): servers of each station, > 0.

    Notes
    -----
    Every method takes works of shape (m,) in erlangs, 0 ≤ a < c, and returns shape (m,).
    """

    servers: FloatArray

    def _erlang(self, work: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Blocking B, waiting probability C and spare capacity c − a."""
        spare = self.servers - work
        lost = blocking(work, self.servers)
        waits = self.servers * lost / (spare + work * lost)
        return lost, waits, spare

    def sojourn(self, work: FloatArray) -> FloatArray:
        """Seconds in the station per second of work, h = 1 + C/(c − a)."""
        _, waits, spare = self._erlang(work)
        return np.asarray(1.0 + waits / spare)

    def sojourn_slope(self, work: FloatArray) -> FloatArray:
        """First derivative of :meth:`sojourn`."""
        lost, waits, spare = self._erlang(work)
        # a B′ = B (c − a + a B); the ratio c B/a tends to 1 at a = 0 for one server.
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(work > 0.0, self.servers * lost / work, self.servers <= 1.0)
        lost_slope = ratio - lost + lost**2
        base = spare + work * lost
        base_slope = -1.0 + lost + work * lost_slope
        waits_slope = self.servers * lost_slope / base - waits * base_slope / base
        return np.asarray(waits_slope / spare + waits / spare**2)

    def number(self, work: FloatArray) -> FloatArray:
        """Mean number of jobs in the station, N = a h."""
        return np.asarray(work * self.sojourn(work))

    def number_slope(self, work: FloatArray) -> FloatArray:
        """Marginal number N′ = h + a h′: the latency that one more second of work costs all."""
        return np.asarray(self.sojourn(work) + work * self.sojourn_slope(work))

    def toll(self, work: FloatArray) -> FloatArray:
        """External delay a h′ that one more second of work imposes on the others."""
        return np.asarray(work * self.sojourn_slope(work))

    def potential(self, work: FloatArray) -> FloatArray:
        """Integral of the sojourn, ln Z(a), whose minimum is the selfish equilibrium."""
        lost, _, spare = self._erlang(work)
        inside = gammaincc(self.servers + 1.0, work)
        return np.asarray(work + np.log(inside) + np.log1p(lost * work / spare))


def least_servers(work: float, longest_sojourn: float) -> int:
    """Return the fewest servers whose sojourn per unit of work stays within a limit.

    Parameters
    ----------
    work
        Offered work, erlangs, ≥ 0.
    longest_sojourn
        Limit on h, > 1, dimensionless.

    Raises
    ------
    ValueError
        If the limit is not above 1 (no number of servers is faster than an idle one).

    Notes
    -----
    The search starts at square-root staffing a + √a and relies on h falling in the servers.

    Examples
    --------
    >>> least_servers(0.5, 2.0)
    1
    """
    if not longest_sojourn > 1.0:
        raise ValueError(f"the sojourn limit must be above 1, not {longest_sojourn}")

    def meets(servers: int) -> bool:
        if servers <= work:
            return False
        stations = Stations(np.array([float(servers)]))
        return bool(stations.sojourn(np.array([work]))[0] <= longest_sojourn)

    servers = max(1, int(np.ceil(work + np.sqrt(work))))
    while not meets(servers):
        servers += max(1, servers // 8)
    low = int(np.floor(work))
    while servers - low > 1:
        middle = (servers + low) // 2
        low, servers = (low, middle) if meets(middle) else (middle, servers)
    return servers
