"""The answer of a study, from its records alone: no torch, no Ray, no code of the run directory.

``answer(path)`` gives the verdicts and options as data frames, ``load(path)`` the records as tidy tables and
``load_suite(path)`` those of all studies of a suite, ``verdict_text(path)`` the verdict as text, and
``write_report(path)`` writes the page.  They are looked up on first use, so that importing the
package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "answer": "analysis.report.answer",
    "load": "analysis.records.load",
    "load_suite": "analysis.records.load_suite",
    "verdict_text": "analysis.report.verdict_text",
    "write_report": "analysis.report.write",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
