"""Common parts of the self-contained pages: templates, inlined scripts and inlined data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis.report.bundle import bundle

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """Return a page; every value is escaped, a name that is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(template).render(**values)


def asset(*names: str) -> Markup:
    """Return files of `templates`, concatenated, to be put into a style or script element."""
    return Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names))


def script(*entries: str) -> Markup:
    """Return modules of `templates` and what they import as one script, to be put into a script element."""
    return Markup(bundle(TEMPLATES, entries))


def data(value: Any) -> Markup:
    """Return JSON that cannot end its script element."""
    written = json.dumps(value, allow_nan=False, separators=(",", ":"), default=str)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)
