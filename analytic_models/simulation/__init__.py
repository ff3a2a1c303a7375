"""Simulation as an independent check: it shares no formula with the closed forms."""

from __future__ import annotations

__all__ = [
    "Arrivals",
    "Background",
    "BatchTime",
    "Branch",
    "Ccdf",
    "ColdStart",
    "Estimate",
    "Modulation",
    "Route",
    "Service",
    "SimulationCancelled",
    "SimulationResult",
    "Station",
    "StationResult",
    "TokenLength",
    "TokenServing",
    "simulate_closed",
    "simulate_route",
]

from analytic_models.simulation.closed import simulate_closed
from analytic_models.simulation.estimates import Ccdf, Estimate
from analytic_models.simulation.network import Arrivals, Branch, Route, Station
from analytic_models.simulation.parts import (
    Background,
    BatchTime,
    ColdStart,
    Modulation,
    Service,
    TokenLength,
    TokenServing,
)
from analytic_models.simulation.run import SimulationResult, StationResult, simulate_route
from analytic_models.simulation.stations import SimulationCancelled
