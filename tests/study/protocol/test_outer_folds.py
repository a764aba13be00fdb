"""A whole study with outer folds, on the real engine: what each fold chose and trained, and what the records say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis.questions import transfer
from analysis.records.schema import Records
from analysis.records.study_state import state_of
from analysis.statistics.judged import choices
from study.config.load import load_spec
from study.driver.run import run

FOLDS, ROWS = 3, 60


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(ROWS, 3))
    table = pd.DataFrame(x, columns=["u", "v", "w"]).assign(
        y_a=x[:, 0] + 0.5 * numbers.normal(size=ROWS), y_b=np.where(numbers.random(ROWS) < 0.2, np.nan, x[:, 1] ** 3)
    )
    table.to_csv(folder / "rows.csv", index=False)
    settings = [
        "factors.width=4", "factors.weighting=equal", "factors.stages=1", "tuning.draws=2", "training.epochs=2",
        "training.batch_size=8",
        "confirm.seeds=6", "verdict.seeds=6", "verdict.max_seeds=6", f"evaluation.folds={FOLDS}", "backend=inline",
    ]  # fmt: skip
    spec = load_spec(folder / "rows.csv", ["y_*"], settings)
    return run(spec, out=folder / "run")


@pytest.fixture(scope="module")
def records(finished: Path) -> Records:
    return analysis.load(finished)


def judged_rows(records: Records, task: str, phases: tuple[str, ...] = ("verdict",)) -> pd.DataFrame:
    facts = records.replicas[["replica", "task", "seed", "arm", "phase"]]
    rows = facts[facts["phase"].isin(phases) & (facts["task"] == task)]
    return rows.merge(records.scores, on=["replica", "task"])


def test_every_fold_chooses_for_itself_and_all_of_them_once_more(records: Records) -> None:
    assert records.num_folds == FOLDS
    for choice in ("draws", "arm", "judged"):
        assert records.frozen(choice) is not None
        assert all(records.frozen(choice, fold) is not None for fold in range(FOLDS))
    assert sum(number for _, number in choices(records)) == FOLDS
    own = [event for event in records.events("halved") if "fold" in event]
    assert {event["fold"] for event in own} == set(range(FOLDS))
    assert [event["folds"] for event in records.events("test_opened")] == [FOLDS, FOLDS]


def test_a_fold_trains_with_the_draws_that_it_chose(records: Records) -> None:
    rows = records.replicas[records.replicas["phase"] == "verdict"]
    for fold in range(FOLDS):
        here = rows[rows["seed"] % FOLDS == fold]
        chosen = records.frozen("draws", fold)
        assert set(here["seed"]) == {seed for seed in range(2000, 2006) if seed % FOLDS == fold}
        assert all(chosen[row.arm][row.task] == row.draw for row in here.itertuples())


def test_a_baseline_that_several_folds_need_is_searched_in_common_arrays(records: Records) -> None:
    seeds = records.replicas.set_index("replica")["seed"].to_dict()
    new = {event["arm"] for event in records.events("added")}
    needed = [records.frozen("judged", fold)["baselines"] for fold in range(FOLDS)]
    common = {
        arm for arm in new if sum(arm in {of_arm.get("total") for of_arm in each.values()} for each in needed) > 1
    }
    if not common:  # which arm a fold chooses may depend on the processor
        pytest.skip("no two folds need the same new baseline here")
    for event in records.events("finished"):
        if event["phase"] == "search" and event["arm"] in common:
            assert len({seeds[replica] % FOLDS for replica in event["replicas"]}) == FOLDS


def test_every_labelled_row_judges_each_arm_once_a_pass(records: Records) -> None:
    scored = judged_rows(records, "y_b")
    labelled = int(records.tasks.set_index("task").loc["y_b", "labelled_test"])
    baseline = records.frozen("judged")["baselines"][records.chosen_arm]["each"]
    for _, rows in scored[scored["arm"] == baseline].groupby((scored["seed"] - 2000) // FOLDS):
        judged = np.isfinite(np.stack(rows["example_scores"].tolist()))
        assert judged.sum(axis=0).max() == 1
        assert judged.any(axis=0).sum() == labelled < ROWS


def test_a_gain_is_the_mean_over_all_labelled_rows_whatever_the_folds_chose(records: Records) -> None:
    """Recomputed from the parts: per row the mean over seeds of the difference in squared error, on one scale."""
    table = transfer.table(transfer.score(records))
    found = table[(table["role"] == "chosen") & (table["baseline"] == "each")].set_index("task")
    for task in ("y_a", "y_b"):
        mine = judged_rows(records, task)
        differences, luck, repeated = [], 0.0, 0.0
        for fold in range(FOLDS):
            judged = records.frozen("judged", fold)
            arm = judged["arms"][0]
            here = mine[mine["seed"] % FOLDS == fold].set_index(["arm", "seed"])["example_scores"]
            each, own = here[judged["baselines"][arm]["each"]], here[arm]
            of_seeds = np.stack([each[seed] - own[seed] for seed in own.index])
            differences.append(of_seeds.mean(axis=0))
            between = float(np.nansum(of_seeds.var(axis=0, ddof=1)))
            luck, repeated = luck + between / len(of_seeds), repeated + 4 * between
        errors = np.stack(differences)
        errors = errors[np.isfinite(errors)]
        every = judged_rows(records, task, phases=("confirm", "verdict"))
        scale = np.average(every["trivial_metric"], weights=every["num_test"])
        assert found.loc[task, "gain"] == pytest.approx(100 * errors.mean() / scale, rel=1e-4)
        assert found.loc[task, "n"] == 6
        jackknife = errors.var() / (len(errors) - 1)
        own = max(jackknife - luck / len(errors) ** 2, jackknife / 20)
        error = 100 / scale * np.sqrt(own + min(repeated / len(errors) ** 2, own / 2))
        assert found.loc[task, "test_error"] == pytest.approx(error, rel=1e-4)


def test_the_same_command_trains_nothing_again(finished: Path) -> None:
    before = sorted(path.name for path in (finished / "records").iterdir())
    started = (finished / "ledger.jsonl").read_text().count('"started"')
    from study.config.load import read_spec

    run(read_spec(finished / "study.yaml"), out=finished)
    assert sorted(path.name for path in (finished / "records").iterdir()) == before
    assert (finished / "ledger.jsonl").read_text().count('"started"') == started


def test_the_chosen_arm_has_the_seeds_of_all_folds_whichever_arm_each_chose(records: Records) -> None:
    assert state_of(records).seeds == {"search": 3, "confirm": 6, "verdict": 6}
