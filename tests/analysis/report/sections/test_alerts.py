"""What a reader is warned of, and that no warning stands where there is no reason for it."""

from __future__ import annotations

from dataclasses import replace

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.alerts import Alert, alerts, strongest_caveat
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def test_few_labels_are_an_alert(records_of: StudyOf) -> None:
    abouts = {alert.about for alert in alerts(LoadedStudy(records_of(replace(ODD, missing={"odd": 0.8}))))}
    assert abouts >= {"Few labels", "Small test split"}
    assert "Few labels" not in {alert.about for alert in alerts(LoadedStudy(records_of(ODD)))}


def test_curves_that_still_rise_are_an_alert(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Not converged" not in {alert.about for alert in alerts(LoadedStudy(records))}
    rows = records.replicas.assign(validation_skill=[[0.1 * epoch for epoch in range(8)]] * len(records.replicas))
    assert "Not converged" in {alert.about for alert in alerts(LoadedStudy(replace(records, replicas=rows)))}


def test_networks_that_were_best_at_the_end_are_an_alert_with_their_arm_and_the_remedy(records_of: StudyOf) -> None:
    records = records_of(ODD)
    rows = records.replicas.assign(selected_epoch=3)
    assert "Best at the end" not in {alert.about for alert in alerts(LoadedStudy(replace(records, replicas=rows)))}
    arm = rows.loc[rows["phase"] == "confirm", "arm"].iloc[0]
    late = rows.assign(selected_epoch=rows["arm"].eq(arm) * rows["budget_epochs"].sub(4) + 3)
    (alert,) = [a for a in alerts(LoadedStudy(replace(records, replicas=late))) if a.about == "Best at the end"]
    assert alert.text.startswith(f"of {arm}, more replicas")
    assert f"Set training.epochs to {2 * rows['budget_epochs'].iloc[0]}" in alert.text
    assert alert.consequence == "verdict"


def test_solvers_that_stopped_short_are_an_alert(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Solver stopped short" not in {alert.about for alert in alerts(LoadedStudy(records))}
    first = records.replicas["replica"].iloc[0]
    rows = records.replicas.assign(unconverged=(records.replicas["replica"] == first) * 3)
    found = alerts(LoadedStudy(replace(records, replicas=rows)))
    (alert,) = [alert for alert in found if alert.about == "Solver stopped short"]
    assert alert.text.startswith("equal: in 1 of ")
    assert "(3 in all)" in alert.text


def test_verdict_replicas_without_a_test_score_are_counted(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Unfinished study" not in {alert.about for alert in alerts(LoadedStudy(records))}
    verdict = records.replicas.loc[records.replicas["phase"] == "verdict", "replica"].unique()
    kept = records.scores[~records.scores["replica"].isin(verdict[:2])]
    (alert,) = (a for a in alerts(LoadedStudy(replace(records, scores=kept))) if a.about == "Unfinished study")
    assert alert.text == "2 trained verdict replicas are not scored yet."


def test_a_task_that_no_arm_predicts_is_named(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert "Nothing learnt" not in {alert.about for alert in alerts(LoadedStudy(records))}
    flat = [
        [0.0] * 8 if task == "right" else curve
        for task, curve in zip(records.replicas["task"], records.replicas["validation_skill"], strict=True)
    ]
    found = alerts(LoadedStudy(replace(records, replicas=records.replicas.assign(validation_skill=flat))))
    (alert,) = (alert for alert in found if alert.about == "Nothing learnt")
    assert alert.text.startswith("no arm predicts right better than a constant does (0.0 points")


def test_plan_cuts_and_remarks_on_the_data_come_after_what_is_graver(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, seeds={"search": 1, "confirm": 3, "verdict": 3}))
    ledger = [{**event, "shrunk": ["fewer draws."]} for event in records.ledger]
    changed = replace(records, ledger=ledger, manifest=records.manifest | {"remarks": ["a column was empty"]})
    found = alerts(LoadedStudy(changed))
    assert found[0].about == "Too few seeds"
    assert found[-2:] == [
        Alert("Plan cut to the budget", "fewer draws.", "number"),
        Alert("Data", "a column was empty."),
    ]


def test_the_caveat_is_the_first_alert_and_never_empty() -> None:
    assert strongest_caveat([Alert("Data", "first."), Alert("Failures", "second.")]) == "Data: first."
    assert "splits overlap" in strongest_caveat([])


def test_remarks_are_one_line_a_kind_and_those_that_could_change_the_verdict_come_first(records_of: StudyOf) -> None:
    records = records_of(ODD)
    remarks = [
        {"kind": kind, "consequence": rank, "title": kind, "subject": name, "text": f"Column {name!r}."}
        for kind, rank, names in (("days", "information", "abcde"), ("leak", "verdict", "f"))
        for name in names
    ]
    found = alerts(LoadedStudy(replace(records, manifest=records.manifest | {"remarks": [*remarks, "an old one"]})))
    texts = {alert.about: alert.text for alert in found}
    assert texts["days"] == "5 of them (a, b, c and 2 more). The first: Column 'a'."
    assert texts["leak"] == "Column 'f'."
    assert texts["Data"] == "an old one."
    ranks = [["verdict", "number", "information"].index(alert.consequence) for alert in found]
    assert ranks == sorted(ranks)
    assert len(texts) == len(found)


def test_tasks_with_the_same_alert_are_one_line(records_of: StudyOf) -> None:
    records = records_of(ODD)
    few = records.tasks.assign(num_development=1000, labelled_development=10, labelled_test=5)
    found = [alert for alert in alerts(LoadedStudy(replace(records, tasks=few))) if alert.about == "Few labels"]
    assert len(found) == 1
    assert found[0].text.startswith(f"{len(few)} of them ({few['task'].iloc[0]}, ")


def test_a_further_look_is_told_with_its_share_of_the_level(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert not [alert for alert in alerts(LoadedStudy(records)) if "look" in alert.about.lower()]
    looked = [*records.ledger, {"event": "looked", "look": 2, "level_divisor": 2}]
    (alert,) = [one for one in alerts(LoadedStudy(replace(records, ledger=looked))) if one.about == "Second look"]
    assert "judged 2 times" in alert.text
    assert "this one 5%/2" in alert.text
    again = [*looked, {"event": "looked", "look": 3, "level_divisor": 6}]
    (alert,) = [one for one in alerts(LoadedStudy(replace(records, ledger=again))) if one.about == "3 looks"]
    assert "judged 3 times" in alert.text
    assert "this one 5%/6" in alert.text
