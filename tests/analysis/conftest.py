"""Synthetic studies for all tests of the house, each written once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.records.schema import Records
from tests.analysis.synthetic import Truth, write_study

StudyOf = Callable[[Truth], Records]


@pytest.fixture(scope="session")
def records_of(tmp_path_factory: pytest.TempPathFactory) -> StudyOf:
    """The records of a study with the given truth."""
    known: dict[str, Path] = {}

    def load(truth: Truth) -> Records:
        if repr(truth) not in known:
            known[repr(truth)] = write_study(tmp_path_factory.mktemp("study") / "run", truth)
        return analysis.load(known[repr(truth)])

    return load
