"""How a store is reached: the variables that count, and what is said where it cannot be."""

from __future__ import annotations

import socket
import time

import pytest
from pyarrow.fs import FileSelector, GcsFileSystem

from mtl_core.errors import UserError
from study.store.remote import connect
from study.store.remote.address import Address
from study.store.remote.object_storage import ObjectStorage
from tests.study.store.remote.server import KEY, SECRET, environment, make_bucket, server
from tests.study.store.remote.store_in_folder import ADDRESS

LONGEST = 60.0


def test_a_server_is_found_by_the_standard_variables(on_server: str) -> None:
    connect.file_system(ADDRESS).get_file_info(FileSelector(ADDRESS.bucket))  # raises where it is not found


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://host", "http://KEY:SECRET@host", "http://host/path"])
def test_an_endpoint_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(UserError, match=f"{name}: it holds no address") as refused:
        connect.file_system(ADDRESS)
    assert "SECRET" not in str(refused.value)


def test_gcs_is_known_too() -> None:
    assert isinstance(connect.file_system(Address("gs", "bucket", "x")), GcsFileSystem)


def test_a_bucket_that_is_not_there_is_told(on_server: str) -> None:
    address = Address("s3", "nobucket", "x")
    with pytest.raises(UserError, match="there is no such bucket"):
        ObjectStorage(connect.file_system(address), address).names()


def test_credentials_that_are_not_accepted_are_told_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(open_to=2) as url:
        make_bucket(url, ADDRESS.bucket)
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(UserError, match="the store does not accept the credentials") as refused:
            ObjectStorage(connect.file_system(ADDRESS), ADDRESS).names()
    assert KEY not in str(refused.value)
    assert SECRET not in str(refused.value)


def _unreached(monkeypatch: pytest.MonkeyPatch, url: str) -> UserError:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    storage = ObjectStorage(connect.file_system(ADDRESS), ADDRESS, patience=1.0)
    began = time.monotonic()
    with pytest.raises(UserError) as unreached:
        storage.names()
    assert time.monotonic() - began < LONGEST
    return unreached.value


def test_a_server_that_is_not_there_is_told(on_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "onnect" in _unreached(monkeypatch, f"http://127.0.0.1:{port}").found


def test_a_server_that_never_answers_is_told(on_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert "Timeout" in _unreached(monkeypatch, f"http://127.0.0.1:{mute.getsockname()[1]}").found


def test_a_server_without_encryption_is_told_from_one_with_it(on_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no secure connection" in _unreached(monkeypatch, on_server.replace("http://", "https://")).found
