"""Figures of reports in one of their three formats, for tests that read a report's page or none of it.

PDF and PNG take half of a report's time.  They are tested with the figures, and in the reports of
``tests/analysis/report`` and ``tests/security``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from analysis.plots import style

SAVE = style.save


@pytest.fixture(scope="module", autouse=True)
def svg_alone() -> Iterator[None]:
    """Save figures as SVG alone; not for a session, which goes on to other folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", partial(SAVE, formats=("svg",)))
        yield


@pytest.fixture
def all_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save figures as a user has them."""
    monkeypatch.setattr(style, "save", SAVE)
