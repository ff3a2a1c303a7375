"""Foreign strings made safe for the screen, and numbers as the package writes them."""

from __future__ import annotations

__all__ = [
    "UNBOUNDED",
    "UNKNOWN",
    "UNSTABLE",
    "chart_text",
    "format_quantity",
    "format_range",
    "markdown",
    "plain",
    "scale_for",
    "unit_label",
]

import re

from analytic_models.display import (
    UNBOUNDED,
    UNKNOWN,
    UNSTABLE,
    format_quantity,
    format_range,
    plain,
    scale_for,
    unit_label,
)

# What opens something anywhere in a line, and what opens a list or a rule at its start only.
_MARKDOWN = re.compile(r"([\\`*_\[\](){}!<>$:#|~^&]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")
_ADDRESS = re.compile(r"(?i)://|www\.|mailto:|xmpp:|\w@")
_JOINER = "\u2060"


def markdown(foreign: object, limit: int = 80) -> str:
    r"""Escape a foreign string so that Markdown shows it letter by letter.

    Every character that opens a link, an image, emphasis, code, mathematics, a colour or an icon
    is escaped; the length is bounded before escaping.

    Examples
    --------
    >>> print(markdown("![x](a.png)"))
    \!\[x\]\(a.png\)
    """
    # An address would become a link even when escaped; an invisible joiner breaks its pattern.
    text = _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + found[0][-1], plain(foreign, limit))
    return _MARKDOWN.sub(r"\\\1", text)


def chart_text(foreign: object, limit: int = 60) -> str:
    """Escape a foreign string for a chart label, where a few HTML tags would be obeyed.

    Examples
    --------
    >>> chart_text("<a href='x'>conv</a>")
    "&lt;a href='x'&gt;conv&lt;/a&gt;"
    """
    return plain(foreign, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
