"""The working copy: what was kept is on the next machine, whatever happens in between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.store import ledger
from study.store.ledger import Ledger
from study.store.remote import working_copy as module
from study.store.remote.lease import Lease
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.working_copy import WorkingCopy

Store = Callable[..., ObjectStorage]


class Machine:
    """A machine with a working copy, whose driver writes events and files."""

    def __init__(self, storage: ObjectStorage, folder: Path) -> None:
        self.copy = WorkingCopy(storage, folder / "run")
        self.copy.bring_up_to_date()
        lease = Lease(storage, str(folder))
        lease._write()
        self.copy.work_under(lease)
        self.ledger = Ledger(self.copy.run, self.copy.keep)

    def ends(self, shard: str) -> None:
        """Write the record of a shard, then say that it ended."""
        self.ledger.append("started", shard=shard)
        self.write(f"records/{shard}.parquet", shard)
        self.ledger.append("finished", shard=shard)

    def write(self, path: str, content: str) -> None:
        (self.copy.run / path).parent.mkdir(exist_ok=True)
        (self.copy.run / path).write_text(content)


def _seen(storage: ObjectStorage, folder: Path) -> tuple[set[str], list[str]]:
    """Parts and shards that ended, as a machine sees them that has nothing yet."""
    copy = WorkingCopy(storage, folder / "run")
    copy.bring_up_to_date()
    events = ledger.read(copy.run / ledger.NAME)
    parts = {path.stem for path in (copy.run / "records").glob("*.parquet")}
    return parts, [event["shard"] for event in events if event["event"] == "finished"]


def test_a_shard_that_ended_is_on_the_next_machine_with_its_records(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    for number, shard in enumerate("xyz"):
        machine.ends(shard)
        assert _seen(store(), tmp_path / f"reader {number}") == (set("xyz"[: number + 1]), list("xyz"[: number + 1]))


def test_an_event_that_waits_is_sent_with_the_next(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ledger.append("planned")
    number = machine.copy.state.number
    machine.ledger.append("started", shard="x")
    assert machine.copy.state.number == number
    machine.ledger.append("frozen", choice="draws", value=1)
    assert b'"started"' in machine.copy.state.lines


def test_merged_parts_replace_the_small_ones_in_the_store(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    machine.ends("y")
    machine.write("records/merged-search.parquet", "xy")
    for shard in "xy":
        (machine.copy.run / f"records/{shard}.parquet").unlink()
    machine.ledger.append("frozen", choice="draws", value=1)
    assert _seen(store(), tmp_path / "b")[0] == {"merged-search"}
    machine.copy.deliver()
    assert len(machine.copy.storage.names("objects")) == 2, "the part, and the ledger's beginning"


def test_what_goes_and_comes_back_is_not_removed(store: Store, tmp_path: Path) -> None:
    def act(verb: str, key: str) -> None:
        if verb == "remove":
            time.sleep(0.2)  # so that it comes after what is written at the same time

    machine = Machine(store(act=act), tmp_path / "a")
    machine.ends("x")
    (machine.copy.run / "records/x.parquet").unlink()
    machine.ledger.append("retrying", arms=[])
    machine.ends("x")
    assert _seen(store(), tmp_path / "b") == ({"x"}, ["x", "x"])


def test_a_long_log_is_put_together(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMMITS", 5)
    machine = Machine(store(), tmp_path / "a")
    for number in range(23):
        machine.ledger.append("finished", shard=str(number))
    assert len(machine.copy.storage.names("commits")) <= 6
    assert _seen(store(), tmp_path / "b")[1] == [str(number) for number in range(23)]


@pytest.mark.parametrize("lost", ["disk", "process"])
def test_a_driver_that_dies_goes_on_here_or_elsewhere(store: Store, tmp_path: Path, lost: str) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    machine.write("records/y.parquet", "y")  # whose end was not told yet
    machine.ledger.close()
    following = Machine(store(), tmp_path / ("a" if lost == "process" else "b"))
    assert (following.copy.run / "records/y.parquet").exists() == (lost == "process")
    following.ends("z")
    expected = {"x", "z"} | ({"y"} if lost == "process" else set())
    assert _seen(store(), tmp_path / "c") == (expected, ["x", "z"])


def test_a_copy_that_was_overtaken_on_another_machine_is_replaced(store: Store, tmp_path: Path) -> None:
    first = Machine(store(), tmp_path / "a")
    first.ends("x")
    first.write("records/y.parquet", "y")
    first.ledger.close()
    Machine(store(), tmp_path / "b").ends("z")
    again = Machine(store(), tmp_path / "a")
    assert {path.stem for path in (again.copy.run / "records").glob("*.parquet")} == {"x", "z"}


def test_a_driver_whose_lease_was_taken_writes_nothing_more(store: Store, tmp_path: Path) -> None:
    first = Machine(store(), tmp_path / "a")
    first.ends("x")
    second = Machine(store(), tmp_path / "b")
    with pytest.raises(UserError, match="has taken over"):
        first.ends("y")
    first.ledger.append("refused", reason="…")  # as the driver does that stops: told to the disk alone
    second.ends("z")
    assert _seen(store(), tmp_path / "c") == ({"x", "z"}, ["x", "z"])


class Broken:
    """Requests fail, once this is told to."""

    def __init__(self) -> None:
        self.is_broken, self.asked = False, 0

    def __call__(self, verb: str, key: str) -> None:
        self.asked += self.is_broken
        if self.is_broken:
            raise OSError("AWS Error NETWORK_CONNECTION: curlCode: 7, Could not connect to server")


def test_when_the_store_is_gone_the_study_stops_and_goes_on_later(store: Store, tmp_path: Path) -> None:
    broken = Broken()
    machine = Machine(store(act=broken), tmp_path / "a")
    machine.ends("x")
    machine.copy.storage.patience = 0.3
    broken.is_broken = True
    with pytest.raises(UserError, match="failed or was silent"):
        machine.ends("y")
    asked = broken.asked
    machine.ledger.append("refused", reason="the store is gone")
    assert broken.asked == asked, "whoever stops is not kept waiting again"
    machine.ledger.close()
    broken.is_broken = False
    again = Machine(store(), tmp_path / "a")
    again.ends("z")
    assert _seen(store(), tmp_path / "b") == (set("xyz"), list("xyz"))


def test_last_words_to_a_store_that_is_gone_are_kept_here_and_said(store: Store, tmp_path: Path) -> None:
    broken, lines = Broken(), []
    machine = Machine(store(act=broken), tmp_path / "a")
    machine.ends("x")
    machine.copy.storage.say, machine.copy.storage.patience = lines.append, 0.1
    broken.is_broken = True
    machine.ledger.append("interrupted")
    assert "The next session sends what is missing there." in lines[-1]
    assert ledger.read(machine.copy.run / ledger.NAME)[-1]["event"] == "interrupted"


def test_a_number_whose_commit_was_broken_off_is_not_used_again(store: Store, tmp_path: Path) -> None:
    stop: list[str] = []

    def act(verb: str, key: str) -> None:
        if verb == "write" and stop and "/commits/" in key:
            raise KeyboardInterrupt(stop.pop())

    machine = Machine(store(act=act), tmp_path / "a")
    machine.ends("x")
    number = machine.copy.state.number
    stop.append("Ctrl+C while the commit is written")
    with pytest.raises(KeyboardInterrupt):
        machine.ends("y")
    machine.ledger.append("interrupted")
    assert machine.copy.state.number == number + 2
    assert _seen(store(), tmp_path / "b") == (set("xy"), list("xy"))


def test_what_was_damaged_in_the_store_is_sent_anew_when_it_is_made_anew(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    machine.ledger.close()
    machine.copy.storage.write(machine.copy.state.files["records/x.parquet"].key, b"?")
    following = Machine(store(), tmp_path / "b")
    assert not (following.copy.run / "records/x.parquet").exists()
    following.ends("x")
    assert _seen(store(), tmp_path / "c") == ({"x"}, ["x", "x"])


@pytest.mark.parametrize("path", ["../../escaped.parquet", "/tmp/escaped.parquet", "records/../../../escaped.parquet"])
def test_a_store_of_somebody_else_leads_nowhere(store: Store, tmp_path: Path, path: str) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    storage, number = machine.copy.storage, machine.copy.state.number
    stored = machine.copy.state.files["records/x.parquet"]
    planted = {"format": 1, "session": "s", "whole": True, "files": {path: [stored.size, stored.digest]}}
    planted |= {"ledger": None, "begins": 0, "lines": ""}
    storage.write(f"commits/{number + 1:08d}.json", json.dumps(planted).encode())
    with pytest.raises(UserError, match="no study keeps a file"):
        _seen(store(), tmp_path / "b")
    assert not list(tmp_path.rglob("escaped*"))


def test_a_link_in_a_working_copy_is_refused(store: Store, tmp_path: Path) -> None:
    Machine(store(), tmp_path / "a").ends("x")
    (tmp_path / "b/run").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "b/run/records").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="this is a link"):
        _seen(store(), tmp_path / "b")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_report_has_a_name_of_its_own(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    machine.write("report.html", "the answer")
    machine.copy.deliver()
    assert machine.copy.storage.read("report.html") == b"the answer"
    before = machine.copy.state.number
    machine.copy.deliver()
    assert machine.copy.state.number == before, "nothing is new"


def test_a_reader_is_not_disturbed_by_a_driver_that_replaces_what_it_fetches(store: Store, tmp_path: Path) -> None:
    machine = Machine(store(), tmp_path / "a")
    machine.ends("x")
    machine.ends("y")
    merged: list[str] = []

    def act(verb: str, key: str) -> None:
        if verb == "read" and "/objects/" in key and not merged:
            merged.append(key)
            machine.write("records/merged-search.parquet", "xy")
            for shard in "xy":
                (machine.copy.run / f"records/{shard}.parquet").unlink()
            machine.ledger.append("frozen", choice="draws", value=1)
            machine.ledger.append("frozen", choice="arm", value=1)  # with which the small parts are removed

    assert _seen(store(act=act), tmp_path / "b") == ({"merged-search"}, ["x", "y"])
