"""A study in an object store, on a real server: the same tables, resumed elsewhere, by one driver, without secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import analysis
from mtl_core.errors import UserError
from study.cli.app import app
from study.config.load import read_spec
from study.driver.extend import extend
from study.driver.places import at_work, directory_of, folder_of, for_reading, is_worked_on
from study.driver.run import run
from study.store.remote import lease
from study.store.remote.address import address_of
from tests.study.conftest import tiny
from tests.study.driver.test_run import tables
from tests.study.store.remote.conftest import endpoint, on_server  # noqa: F401 - fixtures
from tests.study.store.remote.server import KEY, SECRET

SHORT = {"confirm": {"seeds": 2}, "verdict": {"seeds": 2, "max_seeds": 2, "follow_up": False}}


@pytest.fixture
def place(on_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:  # noqa: F811
    """An address that holds nothing yet."""
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "copies"))
    return f"s3://bucket/studies/{request.node.name.replace('[', '-').replace(']', '')}"


@pytest.fixture
def local(fake: Path, tmp_path: Path) -> Path:
    """The same study in a directory of this machine."""
    return run(tiny(**SHORT), out=tmp_path / "local", backend="inline")


def _trained(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


def _lose_the_disk(place: str) -> None:
    shutil.rmtree(folder_of(address_of(place)))


def test_a_study_in_a_store_is_the_study_on_a_disk(fake: Path, local: Path, place: str) -> None:
    trained = _trained(fake)
    out = run(tiny(**SHORT), out=place, backend="inline")
    assert out == directory_of(place)
    assert tables(out) == tables(local)
    assert sorted(_trained(fake)[len(trained) :]) == sorted(trained)


def test_an_empty_machine_goes_on_and_trains_nothing_again(fake: Path, local: Path, place: str) -> None:
    run(tiny(**SHORT), out=place, backend="inline")
    _lose_the_disk(place)
    trained = _trained(fake)
    assert tables(run(tiny(**SHORT), out=place, backend="inline")) == tables(local)
    assert _trained(fake) == trained


def test_another_study_is_refused_there(fake: Path, place: str) -> None:
    run(tiny(**SHORT), out=place, backend="inline")
    _lose_the_disk(place)
    with pytest.raises(UserError, match="another study was begun here"):
        run(tiny(**SHORT, training={"epochs": 4}), out=place, backend="inline")


def test_commands_read_what_is_there_without_a_copy(fake: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tiny(**SHORT), out=place, backend="inline")
    _lose_the_disk(place)
    status = CliRunner().invoke(app, ["status", place])
    assert status.exit_code == 0
    assert status.output.startswith(f"{place}: finished; mtl-study report {place} writes the report")
    assert not (directory_of(place) / "models").exists(), "nobody asked for networks"
    listed = CliRunner().invoke(app, ["runs", "s3://bucket/studies"])
    assert place in listed.output
    report = CliRunner().invoke(app, ["report", place])
    assert report.exit_code == 0, report.output
    assert (directory_of(place) / "report.html").is_file()
    monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
    assert CliRunner().invoke(app, ["report", place, "--prefer", "cost"]).exit_code == 0
    _lose_the_disk(place)
    assert read_spec(for_reading(place) / "study.yaml").prefer == "cost", "the store keeps it"


def test_an_addition_goes_to_the_store(fake: Path, place: str) -> None:
    run(tiny(**SHORT), out=place, backend="inline")
    _lose_the_disk(place)
    extend(place, seeds=3)
    there = tables(directory_of(place))
    _lose_the_disk(place)
    assert tables(for_reading(place)) == there


def test_two_drivers_are_refused_on_one_machine_and_on_two(
    fake: Path, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.05)
    with at_work(place):
        assert is_worked_on(place)
        with pytest.raises(UserError, match="a study is running here") as refused:
            run(tiny(**SHORT), out=place, backend="inline")
        assert refused.value.where == place
        monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "another machine"))
        assert is_worked_on(place)
        with pytest.raises(UserError, match="a study is running here"):
            run(tiny(**SHORT), out=place, backend="inline")
    assert not is_worked_on(place)
    run(tiny(**SHORT), out=place, backend="inline")


def test_a_driver_whose_machine_is_gone_is_waited_for_or_taken_over(
    fake: Path, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease.Lease, "release", lambda self: self._ended.set())
    with at_work(place):
        pass
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "another machine"))
    monkeypatch.setattr(lease, "STALE_SECONDS", 0.5)
    with at_work(place):
        pass
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "a third machine"))
    monkeypatch.setattr(lease.Lease, "_watch", lambda self, found: pytest.fail("it waits"))
    with at_work(place, take_over=True):
        pass


def test_credentials_are_written_nowhere(
    fake: Path, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from study.driver.places import _storage

    monkeypatch.setattr("sys.argv", ["mtl-study", "run", "tiny.yaml", "--out", place])
    monkeypatch.setattr("study.cli.run.report", lambda *arguments, **options: None)
    from study.cli.run import run as command

    command(tiny(**SHORT), out=Path(place), address=None, as_json=False, log_file=tmp_path / "log")
    storage = _storage(address_of(place))
    written = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written |= {name: storage.read(name) or b"" for name in ("head.json", "lease.json")}
    for folder in ("objects", "commits"):
        written |= {name: storage.read(f"{folder}/{name}") or b"" for name in storage.names(folder)}
    written |= {"terminal": "".join(capfd.readouterr()).encode()}
    assert len(written) > 50
    assert not [name for name, content in written.items() if SECRET.encode() in content or KEY.encode() in content]


def test_a_folder_that_cannot_be_made_is_told(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "file"))
    with pytest.raises(UserError, match="Name a folder that you may write in MTL_STUDY_COPIES"), at_work(place):
        pass


@pytest.mark.parametrize("command", ["status", "report", "runs"])
def test_a_place_without_a_study_is_told(place: str, command: str) -> None:
    result = CliRunner().invoke(app, [command, f"{place}/nothing"])
    assert result.exit_code == 2
    assert "do  Name the" in result.output


def test_a_suite_is_refused_there(place: str) -> None:
    from study.cli.suite import run as run_suite
    from tests.study.conftest import three

    with pytest.raises(UserError, match="a suite is kept in a directory"):
        run_suite(three(), out=Path(place), address=None, as_json=False)
