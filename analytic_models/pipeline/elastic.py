"""A cloud that starts machines on demand: cold starts and waits."""

from __future__ import annotations

__all__ = ["COLD_BINDINGS", "elastic_laws", "no_load"]

from analytic_models.graph import Binding, Bound, bind, either
from analytic_models.laws import arithmetic, elastic_cloud
from analytic_models.pipeline.special import Special

_FLAG = "cloud_elastic_flag"
_START = {"cold": "cloud_cold_frac", "start": "cloud_cold_start_s", "service": "cloud_service_s"}

COLD_BINDINGS: tuple[Binding, ...] = (
    either(
        "cloud_cold_frac",
        "frac",
        by=_FLAG,
        off=bind(arithmetic.nominal_share, nominal="no_share_frac"),
        on=bind(
            elastic_cloud.cold_share,
            arrival="cloud_arrival_per_s",
            service="cloud_service_s",
            start="cloud_cold_start_s",
            keep="cloud_keep_alive_s",
        ),
        label="Requests that meet a cold machine in the cloud",
    ),
)


def elastic_laws() -> Special:
    """Laws of an elastic cloud."""
    spread = {**_START, "scv": "compute_scv"}
    return (
        ((_FLAG, bind(elastic_cloud.elastic_wait, **_START)),),
        ((_FLAG, bind(elastic_cloud.elastic_variance, **spread)),),
        ((_FLAG, bind(elastic_cloud.elastic_skew, **spread)),),
    )


def no_load() -> tuple[str, Bound]:
    """Utilisation of a cloud that always has another machine, with its flag."""
    inputs = {"arrival": "cloud_arrival_per_s", "service": "cloud_service_s"}
    return _FLAG, bind(elastic_cloud.elastic_load, **inputs)
