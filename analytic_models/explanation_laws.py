"""What the documentation of a law says: its first line, its formula and its references."""

from __future__ import annotations

__all__ = ["law_formula", "law_references", "law_summary"]

import inspect
import re
from functools import cache

from analytic_models.graph import Law, total


@cache
def law_summary(law: Law) -> str:
    """Return the first line of a law's documentation."""
    line = (inspect.getdoc(law) or law.__name__).strip().splitlines()[0]
    return re.sub(r"[,:]? ?:math:`[^`]*`", "", line).replace("``", "").rstrip(".")


@cache
def law_formula(law: Law) -> str:
    """Return the LaTeX of a law's math block, or its first inline formula; empty if it has none."""
    if law is total:
        return r"\textstyle\sum_i x_i"
    text = inspect.getdoc(law) or ""
    match = re.search(r"\.\. math::[ \t]*(.*(?:\n[ \t]+\S.*|\n[ \t]*(?=\n[ \t]+\S))*)", text)
    match = match or re.search(r":math:`([^`]*)`", text)
    return " ".join(match[1].split()) if match else ""


@cache
def law_references(law: Law) -> tuple[str, ...]:
    """Return what a law's References section lists."""
    text = inspect.getdoc(law) or ""
    match = re.search(r"References\n-+\n(.*?)(?:\n\n[A-Z]|\Z)", text, re.DOTALL)
    if not match:
        return ()
    parts = (
        re.split(r"[,;]\s+|\n", match[1])
        if re.fullmatch(r"[a-z0-9\-, \n]+", match[1])
        else [match[1]]
    )
    return tuple(" ".join(part.split()) for part in parts if part.strip())
