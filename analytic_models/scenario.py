"""What is given: application, dnn, machines, hops, load, prices and requirements."""

from __future__ import annotations

__all__ = ["PRECISIONS", "TIERS", "Scenario"]

from dataclasses import dataclass

from analytic_models.errors import DesignError
from analytic_models.fields import choice, field_problems, flag, number
from analytic_models.scenario_checks import without_law
from analytic_models.scenario_load import LoadFields
from analytic_models.scenario_system import TIERS

PRECISIONS = ("fp32", "fp16", "int8", "int4")
PERCENTILES = ("mean", "p50", "p95", "p99", "p99.9")


@dataclass(frozen=True)
class Scenario(LoadFields):
    """What is given: application, dnn, machines, hops, load, prices and requirements.

    Every attribute carries its declaration (label, unit, bounds, help); see ``fields``.
    A value of None means "as the catalog states it". The fields of the machines and hops are
    declared in ``scenario_system``, those of load and queues in ``scenario_load``.
    """

    device_region: str = choice(
        "country:EU",
        "Region of the devices and the edge",
        "Whose electricity the devices and the edge site use.",
        "Economics",
        "catalog:regions",
    )
    cloud_region: str = choice(
        "gcp:europe-west4",
        "Region of the cloud",
        "Whose electricity the cloud uses.",
        "Economics",
        "catalog:regions",
    )
    edge_pue: float = number(
        1.5,
        "PUE of the edge site",
        "Energy of the whole site over energy of the machines.",
        "Economics",
        1.0,
        3.0,
        assumption="small rooms: 1.2 to 2.0",
    )
    cloud_pue: float = number(
        1.1,
        "PUE of the cloud",
        "Energy of the data centre over energy of the machines.",
        "Economics",
        1.0,
        3.0,
        assumption="large operators report 1.08 to 1.2",
    )
    edge_usd_per_s: float | None = number(
        None,
        "Price of an edge server",
        "Cost of owning and running one edge server.",
        "Economics",
        0.0,
        0.1,
        "USD/h",
        none_means="purchase price over its lifetime plus electricity",
    )
    cloud_usd_per_s: float | None = number(
        None,
        "Price of a cloud server",
        "Rent of one cloud machine.",
        "Economics",
        0.0,
        0.1,
        "USD/h",
        none_means="as the price list states",
    )
    egress_usd_per_byte: float | None = number(
        None,
        "Egress price",
        "Price of a byte that leaves the cloud.",
        "Economics",
        0.0,
        1e-6,
        "USD/GB",
        none_means="as the price list states",
    )
    electricity_usd_per_j: float | None = number(
        None,
        "Electricity price",
        "Price of electricity at the edge site.",
        "Economics",
        0.0,
        1e-6,
        "USD/kWh",
        none_means="as the price list states",
    )
    cloud_target_frac: float = number(
        0.6,
        "Paid share of cloud time in use",
        "Autoscaling keeps this share of the rented time busy.",
        "Economics",
        0.05,
        1.0,
        assumption="0.3 to 0.8",
    )
    deadline_s: float = number(
        0.1,
        "Deadline",
        "Time within which an answer must be back.",
        "Requirements",
        1e-4,
        3600.0,
        "ms",
        log=True,
    )
    deadline_at: str = choice(
        "p99",
        "Deadline holds for",
        "The mean, or the percentile of requests that must meet it.",
        "Requirements",
        PERCENTILES,
    )
    energy_max_j: float | None = number(
        None,
        "Device energy at most",
        "Energy that one inference may take from the device.",
        "Requirements",
        0.0,
        1e6,
        "mJ",
        log=True,
        none_means="no limit",
    )
    accuracy_drop_max_pp: float | None = number(
        2.0,
        "Accuracy loss at most",
        "Percentage points below the uncompressed network.",
        "Requirements",
        0.0,
        100.0,
        "pp",
        none_means="no limit",
    )
    cost_max_usd: float | None = number(
        None,
        "Cost at most",
        "Cost of one inference (shown per million).",
        "Requirements",
        0.0,
        10.0,
        "USD",
        log=True,
        none_means="no limit",
    )
    raw_input_stays_flag: bool = flag(
        False,
        "Raw input stays on the device",
        "The sensor's data must not leave; features may.",
        "Requirements",
    )

    def __post_init__(self) -> None:
        problems = field_problems("scenario", self) or without_law(self)
        if problems:
            raise DesignError(problems)
