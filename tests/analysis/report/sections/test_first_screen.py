"""The numbers of the first screen: present where they are known, left out where they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.first_screen import facts, footer, subtitle
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


@pytest.mark.parametrize(
    ("phases", "labels"),
    [
        (("search",), ["Search"]),
        (("search", "confirm"), ["Cost", "Confirmed", "Search"]),
        (("search", "confirm", "verdict"), ["Verdict", "Confirmed", "Search"]),
    ],
)
def test_a_phase_that_has_not_ended_has_no_number(
    records_of: StudyOf, phases: tuple[str, ...], labels: list[str]
) -> None:
    found = facts(LoadedStudy(records_of(replace(ODD, phases=phases))))
    assert [fact.label.split()[0] for fact in found] == labels


def test_the_numbers_are_those_of_the_records(records_of: StudyOf) -> None:
    records = records_of(ODD)
    cost = facts(LoadedStudy(records_of(replace(ODD, phases=("search", "confirm")))))[0]  # then it is an option's
    verdict, confirmed, search = facts(LoadedStudy(records))
    # three stages-and-heads of 40 × 16 + 16 parameters against one stage with three heads
    assert cost.value == f"{(40 * 16 + 3 * 16) / (3 * (40 * 16 + 16)):.2f} ×"
    assert verdict.value == "10 paired seeds"
    assert (confirmed.value, confirmed.note) == ("3 arms", "on 10 seeds of their own")
    trained = records.replicas.loc[records.replicas["phase"] == "search", "replica"].nunique()
    assert (search.value, search.note) == (f"{trained} replicas", "of 3 arms")


def test_arms_that_were_confirmed_on_fewer_seeds_are_not_said_to_have_had_them_all(records_of: StudyOf) -> None:
    records = records_of(ODD)
    rows = records.replicas
    last = rows["arm"] == sorted(set(rows.loc[rows["phase"] == "confirm", "arm"]))[-1]
    fewer = rows[~(last & (rows["phase"] == "confirm") & (rows["seed"] >= 1004))]
    confirmed = facts(LoadedStudy(replace(records, replicas=fewer)))[1]
    assert (confirmed.value, confirmed.note) == ("3 arms", "on 4 to 10 seeds of their own")


def test_subtitle_and_footer_say_what_ran_and_do_not_repeat_the_heading(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert subtitle(records) == "3 tasks · 2026-01-05"
    assert subtitle(replace(records, manifest=records.manifest | {"name": "digits"})) == "digits · 3 tasks · 2026-01-05"
    assert f"fingerprint {'f' * 16}, engine version 1." in footer(records)
    assert "fingerprint unknown, engine version unknown." in footer(replace(records, manifest={}))
