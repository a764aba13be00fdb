"""The verdict question finds what a synthetic study planted, and says nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.questions import transfer
from analysis.questions.transfer import CHOSEN, REFERENCE, verdicts
from analysis.records.schema import Records
from analysis.statistics.evidence import REMEDIES, TOO_FEW_GROUPS, TOO_FEW_POSITIVES
from analysis.statistics.intervals import ALPHA, t_quantile
from analysis.statistics.paired_gains import MEAN, TASK
from analysis.statistics.verdicts import (
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    UNDECIDED,
)
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 5, "verdict": 10}
SHARP = {"seed_noise": 0.4, "test_noise": 2.0, "stages": 2, "draws": 1, "epochs": 4, "widths": (16, 64), "seeds": SEEDS}
PLANTED = Truth(effects={"good": 6.0, "same": 0.0, "odd": -8.0}, chosen="hard d1 w16 l2 equal adamw", **SHARP)


def words(records: Records, role: str = REFERENCE) -> dict[str, str]:
    rows = verdicts(transfer.table(transfer.score(records)), role)
    return dict(zip(rows["task"], rows["word"], strict=True))


@pytest.fixture(scope="module")
def planted(records_of: StudyOf) -> pd.DataFrame:
    return transfer.table(transfer.score(records_of(PLANTED)))


def test_planted_effects_are_found_in_both_judged_arms(records_of: StudyOf) -> None:
    full = {"good": HELPED_BY_SHARING, "same": TIE, "odd": HURT_BY_SHARING}
    assert words(records_of(PLANTED)) == full
    assert words(records_of(PLANTED), CHOSEN) == full


def test_the_gains_are_those_that_were_planted(planted: pd.DataFrame) -> None:
    full = verdicts(planted, REFERENCE).set_index("task")
    for task, effect in PLANTED.effects.items():
        assert full.loc[task, "low_simultaneous"] < effect < full.loc[task, "high_simultaneous"]


def test_the_gain_is_the_mean_of_the_paired_differences_in_points(records_of: StudyOf, planted: pd.DataFrame) -> None:
    scores = records_of(PLANTED).scores.set_index("replica")["test_skill"]
    differences = [
        scores[f"hard d2 w16 l2 equal adamw-0-{seed}"].loc[lambda s: s.index == s.index].iloc[0]
        - scores[f"single_task w16 l2 adamw-0-{seed}-good"]
        for seed in range(2000, 2010)
    ]
    row = verdicts(planted, REFERENCE).set_index("task").loc["good"]
    assert row["gain"] == pytest.approx(100 * np.mean(differences))
    assert row["seed_sd"] == pytest.approx(100 * np.std(differences, ddof=1))
    assert row["n"] == 10


def test_the_test_part_is_the_variance_of_the_seed_averaged_example_differences_without_the_seeds_luck(
    records_of: StudyOf, planted: pd.DataFrame
) -> None:
    scores = records_of(PLANTED).scores.query("task == 'good'").set_index("replica")
    rows = []
    for seed in range(2000, 2010):
        arm, base = (
            scores.loc[f"{name}-0-{seed}{task}"]
            for name, task in (("hard d2 w16 l2 equal adamw", ""), ("single_task w16 l2 adamw", "-good"))
        )
        scale = arm["perfect_metric"] - arm["trivial_metric"]
        rows.append(
            100 * (np.asarray(arm["example_scores"], float) - np.asarray(base["example_scores"], float)) / scale
        )
    averaged = np.mean(rows, axis=0)
    luck = np.var(rows, axis=0, ddof=1).mean() / len(rows)
    error = np.sqrt((averaged.var(ddof=1) - luck) / len(averaged))
    assert verdicts(planted, REFERENCE).set_index("task").loc["good", "test_error"] == pytest.approx(error, rel=1e-3)


def test_the_family_is_tasks_times_judged_arms(planted: pd.DataFrame) -> None:
    assert set(planted["family"]) == {6}


def test_intervals_of_the_family_are_narrower_than_bonferronis_and_wider_than_single_ones(
    planted: pd.DataFrame,
) -> None:
    rows = planted[(planted["baseline"] == "each") & (planted["scope"] == TASK)]
    assert (rows["half_simultaneous"] > rows["half_width"]).all()
    bonferroni = [t_quantile(row.degrees, ALPHA / 6) * np.hypot(row.seed_sd / np.sqrt(row.n), row.test_error)
                  for row in rows.itertuples()]  # fmt: skip
    assert (rows["half_simultaneous"] < bonferroni).all()


def test_the_mean_says_what_some_task_loses_at_worst(planted: pd.DataFrame) -> None:
    rows = planted[(planted["baseline"] == "each") & (planted["scope"] == MEAN)]
    tasks = planted[(planted["baseline"] == "each") & (planted["scope"] == TASK)].set_index(["arm", "task"])
    assert set(rows["most_lost_by"]) == {"odd"}
    for row in rows.itertuples():
        odd = tasks.loc[(row.arm, "odd")]
        assert -odd["gain"] < row.most_lost < -odd["low_simultaneous"]  # one side only
        assert row.some_hurt
        assert row.some_hurt_probability > 0.99
    assert planted.loc[planted["baseline"] == "loop", "most_lost"].isna().all()
    assert planted["pooled_gain"].isna().all()  # three tasks


def test_partly_pooled_gains_lie_nearer_to_each_other(records_of: StudyOf) -> None:
    truth = replace(PLANTED, effects={"a": 2.0, "b": 1.0, "c": 0.0, "d": 3.0}, test_noise=30.0)
    rows = verdicts(transfer.table(transfer.score(records_of(truth))), REFERENCE)
    assert np.ptp(rows["pooled_gain"]) < np.ptp(rows["gain"])
    assert ((rows["pooled_high"] - rows["pooled_low"]) < (rows["high"] - rows["low"])).all()


def test_too_few_groups_of_test_examples_get_no_word(records_of: StudyOf) -> None:
    records = records_of(PLANTED)
    size = len(records.scores["example_scores"].iloc[0])
    few = verdicts(
        transfer.table(transfer.score(replace(records, test_groups=[i % 6 for i in range(size)]))), REFERENCE
    )
    assert set(few["word"]) == {UNDECIDED}
    assert set(few["shortage"]) == {TOO_FEW_GROUPS}
    assert set(few["remedy"]) == {REMEDIES[TOO_FEW_GROUPS]}


def test_too_few_positives_get_no_word(records_of: StudyOf) -> None:
    records = records_of(PLANTED)
    size = len(records.scores["example_scores"].iloc[0])
    rare = records.scores["task"] == "good"
    scale = (1 - 3 / size) + (records.scores["test_metric"] - 0.5) * 6 / size  # skills stay
    scores = records.scores.assign(metric=np.where(rare, "accuracy", records.scores["metric"]))
    scores = scores.assign(
        trivial_metric=scores["trivial_metric"].where(~rare, 1 - 3 / size),
        perfect_metric=scores["perfect_metric"].where(~rare, 1.0),
        test_metric=scores["test_metric"].where(~rare, scale),
    )  # fmt: skip
    rows = verdicts(transfer.table(transfer.score(replace(records, scores=scores))), REFERENCE).set_index("task")
    assert (rows.loc["good", "word"], rows.loc["good", "shortage"]) == (UNDECIDED, TOO_FEW_POSITIVES)
    assert set(rows.drop("good")["shortage"]) == {""}
    assert rows.loc["good", "remedy"] == REMEDIES[TOO_FEW_POSITIVES]


def test_verdict_words_stand_against_each_only(planted: pd.DataFrame) -> None:
    assert set(planted["baseline"]) == {"each", "loop", "total", "best"}
    assert set(planted.loc[planted["baseline"] != "each", "word"]) == {""}
    assert set(planted.loc[(planted["scope"] == MEAN) & (planted["baseline"] == "each"), "word"]) == {TIE}


def test_harm_that_the_loop_explains_is_not_blamed_on_sharing(records_of: StudyOf) -> None:
    truth = replace(PLANTED, effects={"good": 0.0, "same": 0.0}, loop_effects={"good": -6.0})
    assert words(records_of(truth))["good"] == TUNED_ALONE


def test_a_gain_that_the_loop_has_too_is_not_credited_to_sharing(records_of: StudyOf) -> None:
    truth = replace(PLANTED, effects={"good": 0.0, "same": 0.0}, loop_effects={"good": 6.0})
    assert words(records_of(truth))["good"] == TRAINED_TOGETHER


def test_an_arm_that_shares_nothing_never_hurts_by_sharing(records_of: StudyOf) -> None:
    truth = replace(PLANTED, loop_effects={"good": -6.0}, chosen="independent w16 l2 equal adamw")
    assert words(records_of(truth), CHOSEN)["good"] == TUNED_ALONE


def test_without_the_loop_baseline_harm_is_named_but_not_attributed(records_of: StudyOf) -> None:
    records = records_of(PLANTED)
    ledger = [dict(event) for event in records.ledger]
    for event in ledger:
        if event.get("choice") == "judged":
            baselines = event["value"]["baselines"].items()
            event["value"] = event["value"] | {"baselines": {arm: b | {"loop": None} for arm, b in baselines}}
    assert words(replace(records, ledger=ledger))["odd"] == HURT


@pytest.mark.parametrize("folds", [1, 2])
def test_a_baseline_that_was_lost_on_the_verdict_seeds_is_not_replaced_by_those_that_chose_the_arm(
    records_of: StudyOf, folds: int
) -> None:
    records = records_of(PLANTED)
    single = records.replicas.query("sharing == 'single_task' and width == 16 and phase == 'verdict'")
    ledger = [event | {"folds": folds} for event in records.ledger]
    frozen = [event for event in ledger if event["event"] == "frozen"] if folds > 1 else []
    ledger += [event | {"fold": fold} for event in frozen for fold in range(folds)]
    scores = records.scores[~records.scores["replica"].isin(single["replica"])]
    found = transfer.score(replace(records, ledger=ledger, scores=scores))
    assert len(single)
    assert len(found)
    assert "each" not in set(found["baseline"])


def test_best_is_the_best_width_of_each_task_on_confirm_seeds_where_it_was_not_judged(planted: pd.DataFrame) -> None:
    best = planted[(planted["baseline"] == "best") & (planted["scope"] == TASK)]
    assert set(best["phase"]) == {"confirm"}  # width 64 wins, and the verdict phase trained width 16
    each = verdicts(planted, REFERENCE).set_index("task")["gain"]
    lower = each - best[best["role"] == REFERENCE].set_index("task")["gain"]
    assert lower.mean() == pytest.approx(PLANTED.width_loss, abs=1.0)


def test_opposite_verdicts_against_different_baselines_are_flagged(records_of: StudyOf) -> None:
    truth = replace(PLANTED, effects={"good": 6.0, "same": 0.0}, width_loss=20.0)
    rows = transfer.table(transfer.score(records_of(truth)))
    flagged = rows[rows["contradicts"]]
    assert set(zip(flagged["task"], flagged["baseline"], strict=True)) == {("good", "best")}


def test_a_task_without_test_labels_stays_visible_and_undecided(records_of: StudyOf) -> None:
    rows = transfer.table(transfer.score(records_of(replace(PLANTED, missing={"same": 1.0}))))
    row = verdicts(rows, REFERENCE).set_index("task").loc["same"]
    assert (row["n"], row["word"], row["remedy"]) == (0, UNDECIDED, "test labels")
    assert words(records_of(replace(PLANTED, missing={"same": 1.0})))["odd"] == HURT_BY_SHARING


def test_groups_of_test_examples_widen_the_interval(records_of: StudyOf) -> None:
    noisy = replace(PLANTED, test_noise=8.0)
    errors = [
        verdicts(transfer.table(transfer.score(records_of(truth))), REFERENCE)["test_error"].mean()
        for truth in (noisy, replace(noisy, groups=30))
    ]
    assert errors[1] == pytest.approx(errors[0] * np.sqrt(240 / 30), rel=0.3)


def test_a_second_look_halves_the_level(records_of: StudyOf, planted: pd.DataFrame) -> None:
    twice = transfer.table(transfer.score(records_of(replace(PLANTED, level_divisor=2))))
    assert (twice["half_width"] > planted["half_width"]).all()


def test_before_the_verdict_there_is_nothing(records_of: StudyOf) -> None:
    for phases in ((), ("search",), ("search", "confirm")):
        assert transfer.score(records_of(replace(PLANTED, phases=phases))).empty


def test_networks_that_are_judged_alone_still_have_a_caption(planted: pd.DataFrame) -> None:
    """Single-task networks without a reference beside them have no baseline but ``best``."""
    alone = planted[planted["baseline"] == "best"]
    assert transfer.caption(alone).startswith("Gain in test skill")
    assert "n = 5 fresh seeds" in transfer.caption(alone)


def test_the_title_names_exactly_the_tasks_with_a_verdict(planted: pd.DataFrame) -> None:
    title = transfer.title(planted)
    assert "good" in title.split(";")[1].split("helps")[1].split("hurts")[0]
    assert "odd" in title.split(";")[1].split("hurts")[1]
    assert "same" not in title
    undecided = planted.assign(word=UNDECIDED)
    assert transfer.title(undecided) == "Gain over tuned single-task networks, in points of skill"
    tied = planted.assign(word=TIE)
    assert "no practical difference to any task" in transfer.title(tied)


def test_the_planted_odd_task_is_found_in_19_of_20_studies_and_no_other(records_of: StudyOf) -> None:
    truth = Truth(
        effects={"a": 1.5, "b": 0.5, "odd": -6.0},
        chosen="hard d1 w16 l1 equal adamw",
        phases=("confirm", "verdict"),
        widths=(16,),
        stages=1,
        epochs=1,
        seeds={"search": 0, "confirm": 1, "verdict": 10},
        seed_noise=1.0,
        test_noise=6.0,
    )
    found = [words(records_of(replace(truth, seed=seed)), CHOSEN) for seed in range(20)]
    assert sum(word["odd"] == HURT_BY_SHARING for word in found) >= 19
    assert sum(HURT_BY_SHARING in (word["a"], word["b"]) for word in found) <= 1
