"""Which files go to the store, and which names may come from there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from study.store.remote.files import MOST_BYTES, Stored, local_files, may_be_stored, stored_of

DIGEST = "0" * 64


@pytest.mark.parametrize(
    "path", ["records/0a1b.parquet", "models/0a.safetensors", "study.yaml", "checkpoints/a.partial.safetensors"]
)
def test_files_of_a_study_may_be_stored(path: str) -> None:
    assert may_be_stored(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "..", "../x.parquet", "/etc/passwd", "records/../../x.parquet", "records/a/b.parquet", "records/"),
        *(
            "records/.hidden.parquet",
            "records/a.parquet\n",
            "records/a\0.parquet",
            "records/a.sh",
            "elsewhere/a.parquet",
        ),
        *("ledger.jsonl", ".lock", "crash-1.txt", "./study.yaml", "records\\a.parquet", "récords/a.parquet"),
        "records/" + "a" * 300 + ".parquet",
    ],
)
def test_other_names_may_not(path: str) -> None:
    assert not may_be_stored(path)


@pytest.mark.parametrize(
    "value",
    [None, 1, [], [1], [1, "short"], [-1, DIGEST], [MOST_BYTES + 1, DIGEST], ["1", DIGEST], [1, "../" + DIGEST[3:]]],
)
def test_a_size_and_a_digest_are_nothing_else(value: object) -> None:
    with pytest.raises(ValueError, match="no size and digest"):
        stored_of(value)


def test_a_size_and_a_digest_name_an_object() -> None:
    assert stored_of([3, DIGEST]) == Stored(3, DIGEST)
    assert Stored(3, DIGEST).key == f"objects/{DIGEST}"


def test_records_are_listed_before_what_they_speak_of_and_nothing_but_files(tmp_path: Path) -> None:
    for path in ("models/b.safetensors", "records/b.parquet", "records/.b.tmp", "study.yaml", "ledger.jsonl", ".lock"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "records/link.parquet").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "records/pipe.parquet")
    found = dict(local_files(tmp_path))
    assert list(found) == ["records/b.parquet", "models/b.safetensors", "study.yaml"]
    assert found["study.yaml"].st_size == len("study.yaml")
