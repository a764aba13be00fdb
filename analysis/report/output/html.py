"""A page as HTML: every text is cleaned and escaped on its way through the template."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.report.output.escaping import plain


class Indented(str):
    """A clean line that keeps the spaces at its start."""

    def __new__(cls, line: str) -> Indented:
        """Clean ``line``."""
        return super().__new__(cls, " " * (len(line) - len(line.lstrip(" "))) + plain(line))


def render(page: object, template: str = "study.html.j2") -> str:
    """Return the page as HTML; the template decides what it shows of it."""
    environment = Environment(
        loader=PackageLoader("analysis.report", package_path="templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page)


def _clean(value: Any) -> Any:
    """What the template prints: markup and indented lines as they are, all other text as plain text."""
    return plain(value) if isinstance(value, str) and not isinstance(value, (Markup, Indented)) else value
