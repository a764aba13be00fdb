"""A study on a real S3 server: killed with its disk, again and again; and the way to the server is cut."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from study.cli.console import INTERRUPTED
from study.driver import places
from study.store import ledger
from study.store.recorded import read_recorded
from study.store.remote import lease
from study.store.remote.address import address_of
from tests.faults.lab import REFUSED, SHORT, Held, Undisturbed
from tests.faults.proxy import Proxy
from tests.faults.session import Ended, session
from tests.study.driver.test_run import tables
from tests.study.store.remote.server import environment, make_bucket, server

KILLS = 3


@dataclass(frozen=True)
class OnServer:
    """The driver's store is a server, and it waits for it for a while."""

    folder: Path
    endpoint: str
    patience: float

    def __call__(self) -> None:
        os.environ.update(environment(self.endpoint))
        os.environ[places.COPIES] = str(self.folder / "copies")
        places.PATIENCE = self.patience
        lease.STALE_SECONDS, lease.LOOK_SECONDS = 1.0, 0.1


@dataclass
class Study:
    """The short study under an address, and the way to it."""

    place: str
    folder: Path
    proxy: Proxy
    out: Path

    def drive(self, meanwhile: Callable[[BaseProcess], None] | None = None, patience: float = 240.0) -> Ended:
        """Run the command once, or once more."""
        self.out.parent.mkdir(parents=True, exist_ok=True)
        fault = OnServer(self.folder, f"http://127.0.0.1:{self.proxy.port}", patience)
        return session(self.out, SHORT, [fault], meanwhile=meanwhile, beside=self.folder, place=self.place)

    @property
    def ended(self) -> int:
        """Number of shards that have ended, as the working copy has it."""
        path = self.out / ledger.NAME
        return sum(event["event"] == "finished" for event in ledger.read(path)) if path.exists() else 0

    @property
    def held(self) -> Held:
        """What the store holds, as a machine sees it that has nothing."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(places.COPIES, str(self.folder / "seen"))
            shutil.rmtree(self.folder / "seen", ignore_errors=True)
            return Held(dict(read_recorded(places.for_reading(self.place)).entries))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with server() as url:
        make_bucket(url, "bucket")
        yield int(url.rsplit(":", 1)[1])


@pytest.fixture
def study(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Study]:
    with Proxy(port) as proxy:
        for name, value in environment(f"http://127.0.0.1:{proxy.port}").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(places.COPIES, str(tmp_path / "copies"))
        place = f"s3://bucket/{tmp_path.name}"
        yield Study(place, tmp_path, proxy, places.folder_of(address_of(place)) / "run")


@pytest.mark.slow
def test_killed_with_its_disk_at_random_points_it_ends_in_the_tables_of_an_undisturbed_study(
    study: Study, undisturbed: Undisturbed
) -> None:
    chance = random.Random(3)
    total = sum(event["event"] == "finished" for event in ledger.read(undisturbed.out / ledger.NAME))
    for number in range(KILLS):
        limit = chance.randint(1, total // KILLS) + number * total // KILLS

        def kill(driver: BaseProcess, limit: int = limit) -> None:
            if study.ended >= limit:
                driver.kill()

        before = study.held if number else Held({})
        ended = study.drive(kill)
        assert ended.code == -9, ended.said
        held = study.held
        assert before.lost(held) == 0
        assert before.repeated(ended.trained) == 0
        shutil.rmtree(study.out.parent)
    last = study.drive()
    assert last.code == 0, last.said
    assert held.entries
    assert held.repeated(last.trained) == 0
    assert tables(study.out) == undisturbed.tables


@pytest.mark.slow
def test_the_way_to_the_server_is_cut_for_a_while(study: Study, undisturbed: Undisturbed) -> None:
    def cut_once(driver: BaseProcess) -> None:
        if study.proxy.is_cut:
            said = (study.folder / "log").read_text()
            if "it is tried again" in said:
                study.proxy.mend()
        elif study.ended == 3:
            study.proxy.cut()

    ended = study.drive(cut_once)
    assert ended.code == 0, ended.said
    assert f"{study.place}: " in ended.said
    assert ended.silence < 60
    assert tables(study.out) == undisturbed.tables


def test_whoever_stops_a_study_that_waits_for_the_server_is_not_kept_waiting(
    study: Study, undisturbed: Undisturbed
) -> None:
    stopped: list[int] = []

    def cut_and_stop(driver: BaseProcess) -> None:
        if not study.proxy.is_cut and study.ended == 4:
            study.proxy.cut()
        if not stopped and "it is tried again" in (study.folder / "log").read_text():
            stopped.append(driver.pid or 0)
            os.kill(stopped[0], signal.SIGINT)

    ended = study.drive(cut_and_stop, patience=3600.0)  # longer than a test may take
    assert ended.code == INTERRUPTED, ended.said
    assert "The next session sends what is missing there." in ended.said
    study.proxy.mend()
    again = study.drive()
    assert again.code == 0, again.said
    assert tables(study.out) == undisturbed.tables


@pytest.mark.slow  # a quarter of a minute, in which the driver waits
def test_the_way_to_the_server_is_cut_for_good_and_the_same_command_goes_on_later(
    study: Study, undisturbed: Undisturbed
) -> None:
    def cut(driver: BaseProcess) -> None:
        if study.ended == 5:
            study.proxy.cut()

    ended = study.drive(cut, patience=2.0)
    assert ended.code == REFUSED, ended.said
    assert "the store failed or was silent for" in ended.refusal
    assert "run the same command again" in ended.refusal
    assert ended.silence < 60
    study.proxy.mend()
    held = Held(dict(read_recorded(study.out).entries))
    again = study.drive()
    assert again.code == 0, again.said
    assert held.repeated(again.trained) == 0
    assert tables(study.out) == undisturbed.tables
