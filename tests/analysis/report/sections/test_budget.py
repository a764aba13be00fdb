"""What every side of the comparison was allowed to spend."""

from __future__ import annotations

from dataclasses import replace

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.budget import budget_tables, budget_words, sides
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def test_both_sides_of_the_comparison_show_their_budget(records_of: StudyOf) -> None:
    (table,) = budget_tables(LoadedStudy(records_of(ODD)))
    rows = {row["arm"]: row for row in table.frame.to_dict("records")}
    chosen, each = rows["hard d1 w16 l1 equal adamw"], rows["single_task w16 l1 adamw"]
    for side in ("draws", "search_epochs", "confirm_seeds", "verdict_seeds"):
        assert chosen[side] == each[side]
    assert each["parameters"] > chosen["parameters"]


def test_every_arm_is_listed_once_and_the_chosen_one_first(records_of: StudyOf) -> None:
    found = sides(LoadedStudy(records_of(ODD)))
    assert found[0] == ("chosen", "hard d1 w16 l1 equal adamw")
    assert [role.split(":")[0] for role, _ in found[1:]] == ["each", "loop", "total"]
    assert len({arm for _, arm in found}) == len(found)


def test_before_an_arm_is_chosen_there_is_no_table(records_of: StudyOf) -> None:
    study = LoadedStudy(records_of(replace(ODD, phases=("search",))))
    assert sides(study) == []
    assert budget_tables(study) == []


def test_the_words_quote_the_plan_or_say_that_there_is_none(records_of: StudyOf) -> None:
    records = records_of(ODD)
    first, _ = budget_words(LoadedStudy(records))
    assert "the same 1 draw of" in first
    assert "up to 8 epochs" in first
    assert f"{len(records.events('planned')[-1]['arms'])} arms were planned" in first
    assert budget_words(LoadedStudy(replace(records, ledger=[]))) == ["The ledger holds no plan."]


def test_where_the_sides_were_searched_otherwise_the_words_are_the_plans(records_of: StudyOf) -> None:
    records = records_of(ODD)
    words = "TPE proposed 9 arms; every baseline got 4 draws"
    ledger = [event | ({"searched": words} if event["event"] == "planned" else {}) for event in records.ledger]
    first, _ = budget_words(LoadedStudy(replace(records, ledger=ledger)))
    assert words in first
    assert "the same rules" not in first


def test_what_the_outer_folds_chose_is_a_sentence(records_of: StudyOf) -> None:
    records = records_of(ODD)
    ledger = [event | ({"folds": 3} if event["event"] == "planned" else {}) for event in records.ledger]
    chosen = ["a", "b", "a"]
    ledger += [{"event": "frozen", "choice": "arm", "fold": k, "value": {"arm": arm}} for k, arm in enumerate(chosen)]
    first, *_ = budget_words(LoadedStudy(replace(records, ledger=ledger)))
    assert first.endswith("on the other folds. The folds chose a (2 of 3); b (1 of 3).")
