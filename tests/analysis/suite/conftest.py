"""Synthetic suites with known answers, each written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from analysis.records.load_suite import SuiteRecords, load_suite
from tests.analysis.synthetic import Truth, write_study

SuiteOf = Callable[[Mapping[str, Truth | None]], SuiteRecords]


def write_suite(path: Path, truths: Mapping[str, Truth | None]) -> Path:
    """Write the directory of a suite; a study without a truth has not begun."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "suite.yaml").write_text(
        yaml.safe_dump({"name": "synthetic", "suite": {study: {} for study in truths}}, sort_keys=False)
    )
    for name, truth in truths.items():
        if truth is not None:
            write_study(path / name, truth)
    return path


@pytest.fixture(scope="session")
def suite_of(tmp_path_factory: pytest.TempPathFactory) -> SuiteOf:
    """The records of a suite with the given truths."""
    known: dict[str, Path] = {}

    def load(truths: Mapping[str, Truth | None]) -> SuiteRecords:
        key = repr(sorted(truths.items(), key=lambda pair: pair[0]))
        if key not in known:
            known[key] = write_suite(tmp_path_factory.mktemp("suite") / "out", truths)
        return load_suite(known[key])

    return load
