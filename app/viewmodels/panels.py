"""Ready-made pieces of the pages: the best design beside the present one, sizes at the cuts."""

from __future__ import annotations

__all__ = ["BestPanel", "best_panel", "boundary_sizes", "gains_table", "point_of"]

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from text import format_quantity, scale_for

from analytic_models import Case, Evaluation
from viewmodels.comparison import Gain, gains, is_current
from viewmodels.current import parsed
from viewmodels.cuts import boundary_words
from viewmodels.front import Front
from viewmodels.optimum import Optimum
from viewmodels.picture import payload_profile


@dataclass(frozen=True)
class BestPanel:
    """The best design as HTML without foreign markup, and the case that *Apply* takes.

    ``apply`` is None when there is nothing to apply: no design was found, or it is in use already.
    """

    html: str
    apply: Case | None


def best_panel(case: Case, evaluation: Evaluation, optimum: Optimum) -> BestPanel:
    """Say what the best design is, why, and what it changes."""
    if not optimum.feasible:
        return _nearest_panel(optimum)
    best = parsed(optimum.best)
    if is_current(best, case):
        return BestPanel(_block("You have the best design", optimum, ()), None)
    rows = gains(evaluation, optimum.after, optimum.digits)
    return BestPanel(_block("Best design found", optimum, rows), best)


def _nearest_panel(optimum: Optimum) -> BestPanel:
    lines = [f"{row.constraint}: {row.value} instead of {row.limit}." for row in optimum.relax]
    words = "The closest design would need this:" if lines else ""
    body = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    text = (
        f'<div class="eccc-best"><h3>No design meets all requirements</h3>'
        f"<p>{html.escape(words)}</p><ul>{body}</ul></div>"
    )
    return BestPanel(text, parsed(optimum.nearest) if optimum.nearest else None)


def _block(title: str, optimum: Optimum, rows: Sequence[Gain]) -> str:
    why = " ".join(optimum.why)
    return (
        f'<div class="eccc-best"><h3>{html.escape(title)}</h3>'
        f"<p><b>{html.escape(optimum.sentence)}</b></p><p>{html.escape(why)}</p>"
        f'{gains_table(rows)}<p class="small">{html.escape(optimum.badge)}</p></div>'
    )


def gains_table(rows: Sequence[Gain]) -> str:
    """Write before and after as an HTML table; every text is escaped."""
    if not rows:
        return ""
    marks = {True: "better", False: "worse", None: ""}
    body = "".join(
        f"<tr><td>{html.escape(row.label)}</td><td>{html.escape(row.before)}</td>"
        f'<td class="{marks[row.better]}">{html.escape(row.after)}</td></tr>'
        for row in rows
    )
    head = '<tr><td></td><th scope="col">now</th><th scope="col">with it</th></tr>'
    return f'<table class="eccc-gains">{head}{body}</table>'


def point_of(evaluation: Evaluation, front: Front) -> tuple[float, float] | None:
    """Place the present design among the others, in their units; None where it is not finite."""
    place = (
        evaluation.value(front.x_quantity) * front.x_factor,
        evaluation.value(front.y_quantity) * front.y_factor,
    )
    return place if all(math.isfinite(value) for value in place) else None


def boundary_sizes(
    case: Case,
) -> tuple[tuple[str, ...], tuple[float, ...], tuple[str, ...], str, int, str]:
    """Return what ``charts.profile`` draws: words, sizes, texts, unit, present cut, raw size."""
    profile = payload_profile(case)
    scale = scale_for(profile.raw_byte, "byte")
    texts = tuple(format_quantity(size, "byte") for size in profile.payload_byte)
    return (
        boundary_words(case.scenario.dnn, case.catalog()),
        tuple(size * scale.factor for size in profile.payload_byte),
        texts,
        scale.label,
        case.design.cut1,
        format_quantity(profile.raw_byte, "byte"),
    )
