"""Whole objects: written, read back, tried again."""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Callable
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.store.remote import connect, object_storage
from study.store.remote.object_storage import ObjectStorage
from tests.study.store.remote.store_in_folder import ADDRESS

Store = Callable[..., ObjectStorage]


@pytest.fixture(params=["folder", "server"])
def storage(request: pytest.FixtureRequest, store: Store) -> ObjectStorage:
    """A folder, and a real server."""
    if request.param == "folder":
        return store()
    request.getfixturevalue("on_server")
    address = ADDRESS.below(request.node.name.replace("[", "_").replace("]", ""))
    return ObjectStorage(connect.file_system(address), address, patience=5.0)


def test_what_was_written_is_read(storage: ObjectStorage) -> None:
    storage.write("a/b", b"content")
    storage.upload("a/c", io.BytesIO(b"of a file" * 10), 90)
    assert storage.read("a/b") == b"content"
    assert storage.names("a") == ["b", "c"]
    assert storage.names() == ["a"]
    into = io.BytesIO()
    assert storage.download("a/c", into, 90) == 90
    assert into.getvalue() == b"of a file" * 10


def test_what_is_not_there_is_none_and_is_removed_without_an_error(storage: ObjectStorage) -> None:
    assert storage.read("a/b") is None
    assert storage.download("a/b", io.BytesIO(), 10) is None
    assert storage.names("a") == []
    storage.remove("a/b")
    storage.write("a/b", b"")
    assert storage.read("a/b") == b""
    storage.remove("a/b")
    assert storage.read("a/b") is None


def test_an_object_of_many_pieces_arrives_whole(storage: ObjectStorage) -> None:
    content = bytes(range(256)) * 80_000  # several of S3's parts
    storage.upload("large", io.BytesIO(content), len(content))
    assert storage.read("large") == content


def test_more_than_was_promised_is_not_read(storage: ObjectStorage) -> None:
    storage.write("a", b"0123456789")
    assert storage.read("a", most=9) is None
    into = io.BytesIO()
    assert storage.download("a", into, 5) == 6
    assert len(into.getvalue()) == 6


class Failing:
    """Requests fail a number of times."""

    def __init__(self, verb: str, times: int, error: str = "AWS Error NETWORK_CONNECTION: curlCode: 7, no way") -> None:
        self.verb, self.left, self.error, self.asked = verb, times, error, 0

    def __call__(self, verb: str, key: str) -> None:
        self.asked += verb == self.verb
        if verb == self.verb and self.left:
            self.left -= 1
            raise OSError(self.error)


@pytest.mark.parametrize("verb", ["write", "read", "look", "remove", "list"])
def test_a_request_that_fails_is_made_again(store: Store, verb: str) -> None:
    failing = Failing(verb, 2)
    storage = store(act=failing)
    storage.write("a", b"content")
    assert storage.read("a") == b"content"
    assert storage.names() == ["a"]
    storage.remove("a")
    assert storage.read("a") is None
    assert failing.left == 0
    assert not storage.failing


def test_what_arrives_torn_is_written_again(store: Store) -> None:
    tears = [True, True, False]
    storage = store(torn=lambda key: tears.pop(0))
    storage.write("a", b"content")
    assert (storage.read("a"), tears) == (b"content", [])


def test_a_store_that_stays_silent_is_given_up_with_a_remedy_and_lines_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_storage, "SECONDS_BEFORE_A_LINE", 0.0)
    storage, lines = store(act=Failing("read", 10**6)), []
    storage.patience, storage.say = 0.6, lines.append
    began = time.monotonic()
    with pytest.raises(UserError, match=r"failed or was silent for .* s \(no way\)") as given_up:
        storage.read("a")
    assert time.monotonic() - began >= 0.6
    assert "run the same command again" in given_up.value.remedy
    assert len(lines) == 1, "one line for several tries"
    assert lines[0].startswith("s3://bucket/study: no way; it is tried again, for ")
    assert storage.failing


def test_a_refusal_is_not_tried_again(store: Store) -> None:
    failing = Failing("write", 10**6, "AWS Error ACCESS_DENIED during PutObject operation: Access Denied")
    with pytest.raises(UserError, match="may not do that"):
        store(act=failing).write("a", b"")
    assert failing.asked == 1


def test_a_full_disk_here_is_no_failure_of_the_store(store: Store) -> None:
    class Full(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    storage = store()
    storage.write("a", b"content")
    with pytest.raises(OSError, match="No space left"):
        storage.download("a", Full(), 10)
    assert not storage.failing


def test_a_program_that_is_stopped_does_not_wait(store: Store) -> None:
    def stopped(verb: str, key: str) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(act=stopped).read("a")
