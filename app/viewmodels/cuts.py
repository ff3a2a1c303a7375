"""Boundaries of a dnn in words, and cuts that keep their meaning when the dnn changes."""

from __future__ import annotations

__all__ = ["boundary_words", "carry_cuts", "last_boundary", "placement_words", "segment_words"]

from functools import lru_cache

from text import plain

from analytic_models import load_catalog
from analytic_models.catalog import Catalog, Dnn
from analytic_models.design import Design
from analytic_models.laws.workload import prefix_at


def last_boundary(dnn_id: str, catalog: Catalog | None = None) -> int:
    """Return the number of the boundary behind the last layer of a dnn.

    Here and below ``catalog`` is that of the case, and the shipped one where none is given.
    """
    return len((catalog or load_catalog()).dnns[dnn_id].boundary_row) - 1


@lru_cache(maxsize=64)
def boundary_words(dnn_id: str, catalog: Catalog | None = None) -> tuple[str, ...]:
    """Each boundary in words: before the first layer, after a layer, after the last one."""
    names = (catalog or load_catalog()).dnns[dnn_id].boundary_name
    last = len(names) - 1
    return tuple(
        "before the first layer"
        if at == 0
        else "after the last layer"
        if at == last
        else f"after {plain(name, 32)}"
        for at, name in enumerate(names)
    )


def segment_words(dnn: Dnn, start: int, stop: int) -> str:
    """Layers between two boundaries in words; empty when there are none."""
    last = len(dnn.boundary_row) - 1
    if stop <= start:
        return ""
    if start == 0 and stop == last:
        return "the whole network"
    first_name, last_name = (
        plain(dnn.boundary_name[start + 1], 28),
        plain(dnn.boundary_name[stop], 28),
    )
    return first_name if stop == start + 1 else f"{first_name} to {last_name}"


def placement_words(dnn_id: str, design: Design, catalog: Catalog | None = None) -> str:
    """Where a design runs, in a few words.

    Examples
    --------
    >>> from analytic_models.design import Design
    >>> placement_words("resnet50", Design(cut1=0, cut2=20))
    'runs at the edge'
    """
    last = last_boundary(dnn_id, catalog)
    used = [
        words
        for words, there in (
            (("device", "on the device"), design.cut1 > 0),
            (("edge", "at the edge"), design.cut2 > design.cut1),
            (("cloud", "in the cloud"), design.cut2 < last),
        )
        if there
    ]
    if len(used) == 1:
        return f"runs {used[0][1]}"
    names = [name for name, _ in used]
    return f"is split over {', '.join(names[:-1])} and {names[-1]}"


def carry_cuts(
    design: Design, old_dnn: str, new_dnn: str, catalog: Catalog | None = None
) -> dict[str, int]:
    """Cuts of another dnn at the nearest share of the work; the two ends stay the ends."""
    dnns = (catalog or load_catalog()).dnns
    pair = dnns[old_dnn], dnns[new_dnn]
    return {name: _carried(getattr(design, name), *pair) for name in ("cut1", "cut2")}


def _carried(cut: int, old_dnn: Dnn, new_dnn: Dnn) -> int:
    old_last, new_last = len(old_dnn.boundary_row) - 1, len(new_dnn.boundary_row) - 1
    if cut <= 0 or cut >= old_last:
        return 0 if cut <= 0 else new_last
    old = prefix_at(old_dnn.mac, old_dnn.boundary_row)
    new = prefix_at(new_dnn.mac, new_dnn.boundary_row)
    share = old[cut] / max(old[-1], 1.0)
    inner = range(1, new_last) or range(new_last, new_last + 1)
    return min(inner, key=lambda at: abs(new[at] / max(new[-1], 1.0) - share))
