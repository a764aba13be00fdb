"""Settings that are changed in a begun study: honoured and said, or refused where they would hide a further look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.training import trainer
from study.config.load import read_spec, read_suite
from study.driver.preference import set_preference
from study.driver.run import run
from study.driver.run_suite import run_suite
from tests.study import fake_engine
from tests.study.conftest import three, tiny


def stored(out: Path) -> tuple[str, int]:
    spec = read_spec(out / "study.yaml")
    return spec.prefer, spec.verdict.max_seeds


def interrupted(monkeypatch: pytest.MonkeyPatch, out: Path, **changes: Any) -> None:
    """Begin a study and stop it before it was judged."""

    def stop(*given: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "fit", stop)
    with pytest.raises(KeyboardInterrupt):
        run(tiny(**changes), out=out)
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)


def test_another_preference_is_written_down_and_said(
    fake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(tiny(), out=tmp_path / "run")
    run(tiny(prefer="cost"), out=out, screen="json")
    assert stored(out)[0] == "cost"
    said = capsys.readouterr().err
    assert "prefer: cost from now on, as it is asked now; it was balanced" in said
    assert "report RUN --prefer balanced takes it back" in said


def test_a_study_file_that_says_nothing_leaves_what_its_reader_prefers(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(), out=tmp_path / "run")
    set_preference(out, "accuracy")
    run(tiny(), out=out)
    assert stored(out)[0] == "accuracy"
    run(tiny(prefer="balanced"), out=out)
    assert stored(out)[0] == "balanced"


def test_a_limit_that_is_not_given_is_that_of_the_beginning(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(monkeypatch, tmp_path / "run", verdict={"max_seeds": 2})
    run(tiny(), out=tmp_path / "run")
    assert stored(tmp_path / "run")[1] == 2


def test_the_limit_may_change_before_the_study_is_judged(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(monkeypatch, tmp_path / "run", verdict={"max_seeds": 2})
    run(tiny(verdict={"max_seeds": 4}), out=tmp_path / "run", screen="auto")
    assert stored(tmp_path / "run")[1] == 4
    assert "verdict.max_seeds: 4 from now on" in capsys.readouterr().err


def test_the_limit_of_a_judged_study_is_refused_with_the_command_that_adds(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(verdict={"max_seeds": 2}), out=tmp_path / "run")
    before = (out / "ledger.jsonl").read_bytes()
    with pytest.raises(UserError, match=r"max_seeds: 2 there, 8 asked\..*extend RUN --seeds N"):
        run(tiny(verdict={"max_seeds": 8}), out=out)
    assert stored(out)[1] == 2
    assert (out / "ledger.jsonl").read_bytes() == before


def test_a_suite_goes_by_what_is_given_anew_as_well(journal: Path, tmp_path: Path) -> None:
    plain = {"confirm": {"seeds": 2}, "verdict": {"max_seeds": 2}}
    out = run_suite(three(**plain), out=tmp_path / "out")
    set_preference(out / "demo", "cost")
    run_suite(read_suite(out / "suite.yaml"), out=out)
    assert stored(out / "demo")[0] == "cost", "the suite says nothing of it"
    run_suite(three(**plain, prefer="accuracy"), out=out)
    assert {spec.prefer for spec in read_suite(out / "suite.yaml").studies.values()} == {"accuracy"}
    assert stored(out / "demo")[0] == "accuracy"
    with pytest.raises(UserError, match=r"max_seeds: 2 there, 3 asked"):
        run_suite(three(confirm={"seeds": 2}, verdict={"max_seeds": 3}), out=out)
    assert read_suite(out / "suite.yaml").studies["demo"].verdict.max_seeds == 2
