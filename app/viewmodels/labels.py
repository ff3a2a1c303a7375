"""Designs in a few words that tell them apart, for legends and tables with many of them."""

from __future__ import annotations

__all__ = ["certificate_words", "distinct_labels", "short_design"]

from collections.abc import Sequence

from text import format_quantity, plain

from analytic_models import Design, load_catalog
from analytic_models.catalog import Catalog
from analytic_models.optimizers.certificate import Certificate

_LONGEST = 64


def short_design(dnn_id: str, design: Design, catalog: Catalog | None = None) -> str:
    """Name the tiers that compute, their precision, the cut and how it is sent.

    ``catalog`` is that of the case, and the shipped one where none is given.

    Examples
    --------
    >>> short_design("resnet50", Design(cut1=20, cut2=20, device_precision="fp16"))
    'device fp16'
    """
    catalog = catalog or load_catalog()
    names = catalog.dnns[dnn_id].boundary_name
    last = len(names) - 1
    spans = (("device", 0, design.cut1), ("edge", design.cut1, design.cut2))
    used = [tier for tier, start, stop in (*spans, ("cloud", design.cut2, last)) if stop > start]
    where = " + ".join(f"{tier} {getattr(design, f'{tier}_precision')}" for tier in used)
    if design.cut1 == last:
        return where
    if design.cut1 == 0:
        sent = _sent(catalog.encodings[design.input_encoding].label)
    else:
        sent = f"{design.uplink_encoding} after {plain(names[design.cut1], 18)}"
    inner = ""
    if design.cut1 < design.cut2 < last:
        inner = f"; {design.backhaul_encoding} after {plain(names[design.cut2], 18)}"
    return plain(f"{where}: {sent}{inner}", _LONGEST)


def _sent(label: str) -> str:
    """Name of an encoding without its last remark: which colours, of which network."""
    head, _, tail = label.rpartition(", ")
    whole = head if head and tail.startswith("4:2:0") else label.partition(" (")[0]
    return plain(whole, 32)


def distinct_labels(
    dnn_id: str, designs: Sequence[Design], catalog: Catalog | None = None
) -> list[str]:
    """Name several designs; equal names get a number.

    Examples
    --------
    >>> distinct_labels("resnet50", [Design(cut1=20, cut2=20), Design(cut1=20, cut2=20)])
    ['device fp32', 'device fp32 (2)']
    """
    seen: dict[str, int] = {}
    found = []
    for design in designs:
        name = short_design(dnn_id, design, catalog)
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def certificate_words(certificate: Certificate) -> str:
    """Write a certificate whose gap is in seconds in a few words.

    Examples
    --------
    >>> certificate_words(Certificate("gap", "column generation", "", gap=3e-17))
    'optimal, proven within 1 ns'
    """
    if certificate.kind == "heuristic" and "processor sharing" in certificate.detail:
        return "heuristic: queues treated as shared"
    if certificate.kind != "gap" or certificate.gap is None:
        return certificate.badge
    if certificate.gap < 1e-9:
        return "optimal, proven within 1 ns"
    return f"optimal within {format_quantity(certificate.gap, 's', 2)}"
