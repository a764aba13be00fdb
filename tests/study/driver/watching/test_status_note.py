"""The note from which ``status`` knows who works on a study that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from study.driver.watching.counts import Counts
from study.driver.watching.progress import StudyProgress
from study.driver.watching.status_note import LONGEST_NOTE, NAME, StatusNote, StatusNotes, read_note

NOTE = StatusNote(3, {"gpu-1": (1, 2), "gpu-2": (0, 1)}, "the last shards of search: 1 of 9")
PROGRESS = StudyProgress(
    "search",
    Counts({}, {}, 0.5, {}, 0),
    9.0,
    None,
    [("hard", 0.5)],
    [],
    3,
    machines=NOTE.machines,
    waiting=NOTE.waiting,
)


def test_what_the_driver_notes_is_read_again_and_named_as_the_screen_names_it(tmp_path: Path) -> None:
    StatusNotes(tmp_path).show(PROGRESS)
    assert read_note(tmp_path) == NOTE
    assert NOTE.facts() == {name: PROGRESS.facts()[name] for name in ("workers", "machines", "waiting")}
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "content",
    [
        "", "[1]", '{"workers": "many"}', '{"workers": 1, "machines": {"a": 1}}',
        '{"workers": 1, "waiting": "' + "x" * LONGEST_NOTE + '"}',
    ],
    ids=["empty", "list", "words", "machines", "too long"],
)  # fmt: skip
def test_what_is_no_note_is_not_read(content: str, tmp_path: Path) -> None:
    assert read_note(tmp_path) is None
    (tmp_path / NAME).write_text(content)
    assert read_note(tmp_path) is None


def test_a_folder_that_cannot_be_written_does_not_stop_a_study(tmp_path: Path) -> None:
    StatusNotes(tmp_path / "gone").show(PROGRESS)
    assert not (tmp_path / "gone").exists()
