"""Addresses in object stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.store.remote.address import Address, address_of, endpoint, is_address, name_of


@pytest.mark.parametrize("place", ["s3://bucket/a/b", Path("s3://bucket/a/b"), "s3://bucket/a/b//"])
def test_an_address_is_known_even_as_a_path_which_loses_a_slash(place: str | Path) -> None:
    assert is_address(place)
    assert address_of(place) == Address("s3", "bucket", "a/b")
    assert name_of(place) == "s3://bucket/a/b"


def test_a_path_is_none() -> None:
    assert not is_address("runs/demo")
    assert not is_address(Path("/data/s3/demo"))
    assert name_of(Path("runs/demo")) == "runs/demo"


def test_a_bucket_alone_is_an_address_and_gcs_has_two_names() -> None:
    assert str(address_of("s3://bucket")) == "s3://bucket"
    assert str(address_of("gcs://bucket/x").below("y")) == "gs://bucket/x/y"


@pytest.mark.parametrize(
    "place",
    [
        "http://host/x",
        "file:///etc",
        "s3://",
        "s3://b",
        "s3://bucket/../other",
        "s3://bucket/./x",
        "s3://bucket/a\nb",
        "s3://bucket/%2e%2e",
        "s3://buc ket/x",
        "s3://bucket/x\0",
        "s3://bucket/\x1b[31m",
    ],
)
def test_what_is_no_address_is_refused(place: str) -> None:
    with pytest.raises(UserError):
        address_of(place)


@pytest.mark.parametrize("place", ["s3://KEY:SECRET@bucket/x", "s3://bucket/x?secret_key=SECRET"])
def test_credentials_in_an_address_are_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(UserError, match="no password") as refused:
        address_of(place)
    assert "SECRET" not in str(refused.value)


def test_working_copies_of_different_addresses_and_servers_have_different_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    names = {address_of(place).folder_name for place in ("s3://bucket/a/b", "s3://bucket/a-b", "gs://bucket/a/b")}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    names.add(address_of("s3://bucket/a/b").folder_name)
    assert len(names) == 4
    assert all("/" not in name and len(name) < 80 for name in names)


def test_the_endpoint_of_s3_alone_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://general")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://of-s3")
    assert endpoint() == "http://of-s3"
