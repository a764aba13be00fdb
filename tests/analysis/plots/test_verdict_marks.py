"""The drawing of verdicts: colours with a meaning, and markers that tell them apart without colour."""

from __future__ import annotations

from analysis.plots.verdict_marks import VERDICTS


def test_blue_helps_orange_hurts_and_no_verdict_relies_on_colour_alone() -> None:
    assert VERDICTS["helped by sharing"][0].upper() == VERDICTS["helped"][0].upper() == "#0173B2"
    assert VERDICTS["hurt by sharing"][0].upper() == "#DE8F05"
    words = [word for word in VERDICTS if word not in ("", "hurt", "helped")]  # without a loop: as by sharing
    assert len({VERDICTS[word][1:] for word in words}) == len(words)
