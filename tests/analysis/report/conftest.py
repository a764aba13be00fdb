"""Studies whose every text is hostile, and their reports, each written once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import analysis
from analysis.questions import answers
from analysis.records.schema import Records
from analysis.report.study_page import Page, compose
from tests.analysis.report.hostile import HOSTILE
from tests.analysis.synthetic import Truth, write_study

SMALL = {"widths": (16,), "stages": 1, "draws": 1, "epochs": 8, "num_test": 40}
FEW = {"search": 1, "confirm": 2, "verdict": 5}
SHARP = SMALL | {"seed_noise": 0.3, "test_noise": 2.0, "num_test": 200}
ODD = Truth(effects={"left": 6.0, "right": 5.0, "odd": -9.0}, chosen="hard d1 w16 l1 equal adamw", **SHARP)
"""A study in which sharing helps two tasks and clearly hurts the third."""


def planted(records: Records) -> Records:
    """The records with a hostile text wherever a run directory holds text."""
    rows = records.replicas.copy()
    lost = rows.index[rows["phase"] == "search"][: len(HOSTILE)]
    rows.loc[lost, "status"] = "failed"
    rows.loc[lost, "reason"] = HOSTILE[: len(lost)]
    ledger = [dict(event) for event in records.ledger]
    ledger[0] |= {"shrunk": HOSTILE, "skipped": [{"arm": name, "reason": name} for name in HOSTILE]}
    manifest = records.manifest | {
        "remarks": HOSTILE,
        "command": ["mtl-study", "run", *HOSTILE],
        "name": HOSTILE[0],
        "commit": HOSTILE[2],
        "versions": {name: name for name in HOSTILE},
        "fingerprint": HOSTILE[3],
        "started": HOSTILE[1],
    }
    spec = records.spec | {"name": HOSTILE[2], "notes": HOSTILE, HOSTILE[0]: HOSTILE[3]}
    return replace(records, replicas=rows, ledger=ledger, manifest=manifest, spec=spec)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A finished study of 15 tasks with hostile names; all 60 stand in its remarks, versions and skipped arms."""
    truth = Truth(effects={name: float(number % 5 - 2) for number, name in enumerate(HOSTILE[::4])}, seeds=FEW, **SMALL)
    return planted(analysis.load(write_study(tmp_path_factory.mktemp("hostile") / "run", truth)))


@pytest.fixture(scope="session")
def hostile_page(hostile: Records) -> Path:
    """Its report."""
    return analysis.write_report(hostile)


def words_of(records: Records) -> Page:
    """The page without figures: fast, and all its words."""
    return compose(records, answers(records), [])
