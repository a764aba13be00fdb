"""Everything, for whoever wants to check: every arm, every failure, what was skipped, and who opened the test split."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml

from analysis.formatting import number_of, tree_words
from analysis.records.explored import explored_arms
from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.records.study_state import LoadedStudy, State
from analysis.report.output.tables import Table, frame_of
from analysis.selection.arm_costs import costs
from analysis.selection.draws import rank_draws
from analysis.selection.skills import selected

LOST = ("failed", "diverged")


def appendix(study: LoadedStudy) -> list[Table]:
    """Return the tables of the appendix."""
    return [
        _every_arm(study),
        _every_failure(study.records),
        _skipped(study.state),
        *_trees(study.records),
        _openings(study.records),
        _manifest(study.records),
    ]


def configuration(records: Records) -> list[str]:
    """Return the study file, line by line."""
    text = yaml.safe_dump(records.spec, sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip("\n").split("\n")


def _every_arm(study: LoadedStudy) -> Table:
    rows = study.records.replicas
    if rows.empty:
        return Table("arms", "Every arm.", rows[["arm"]], title="Every arm", when_empty="No replica is trained yet.")
    levels = rows.drop_duplicates("arm").set_index("arm")[list(FACTOR_COLUMNS)]
    frame = levels[[name for name in FACTOR_COLUMNS if levels[name].astype(str).nunique() > 1]]
    frame = frame.join(costs(rows).set_index("arm")[["parameters", "multiply_adds"]])
    frame = frame.join(_search(rows)).join(_confirm(study.records)).join(_lost(rows))
    if beside := explored_arms(study.records):
        frame = frame.assign(exploratory=frame.index.isin(beside))
    frame = frame.sort_values(["confirm_skill", "search_skill"], ascending=False, kind="stable", na_position="last")
    caption = (
        "Every arm, best in the confirm phase first; mean skill (points) over tasks and seeds. Search: the best draw's "
        "validation skill (optimistic, since it was chosen for it); confirm: fresh seeds, hyperparameters frozen. "
        "For judging, see the verdict: the best of many arms looks better than it is."
    )
    return Table("arms", caption, frame.reset_index(), title="Every arm")


def _search(rows: pd.DataFrame) -> pd.DataFrame:
    ranked = rank_draws(rows)
    best = ranked[ranked["rank"] == 0].groupby("arm").agg(search_skill=("skill", "mean"), search_seeds=("seeds", "min"))
    draws = ranked.groupby("arm")["draw"].nunique().rename("draws")
    return best.assign(search_skill=100 * best["search_skill"]).join(draws)


def _confirm(records: Records) -> pd.DataFrame:
    rows = records.replicas[records.replicas["phase"] == "confirm"]
    rows = rows.assign(validation=100 * selected(rows, "validation_skill"))
    rows = rows.merge(records.scores[["replica", "task", "test_skill"]], on=["replica", "task"], how="left")
    found = rows.groupby("arm").agg(
        confirm_skill=("validation", "mean"),
        confirm_test_skill=("test_skill", "mean"),
        confirm_seeds=("seed", "nunique"),
    )
    return found.assign(confirm_test_skill=100 * found["confirm_test_skill"])


def _lost(rows: pd.DataFrame) -> pd.Series:
    replicas = rows.drop_duplicates("replica")
    return replicas["status"].isin(LOST).groupby(replicas["arm"]).sum().rename("failures")


def _every_failure(records: Records) -> Table:
    rows = records.replicas[records.replicas["status"].isin(LOST)]
    tasks = rows.groupby("replica")["task"].agg(lambda names: "all" if len(names) > 1 else names.iloc[0])
    frame = rows.drop_duplicates("replica")[["arm", "phase", "draw", "seed", "replica", "status", "epochs", "reason"]]
    frame = frame.assign(task=frame["replica"].map(tasks))
    caption = "Every replica that failed or diverged, with the reason that it gave."
    return Table("failures", caption, frame, title="Every failure", when_empty="No replica failed or diverged.")


def _skipped(state: State) -> Table:
    frame = frame_of(
        state.planned.get("skipped", []), arm=lambda row: row.get("arm", ""), reason=lambda row: row.get("reason", "")
    )
    return Table(
        "skipped", "Arms that were not trained, and why.", frame, title="Skipped arms", when_empty="No arm was skipped."
    )


def _trees(records: Records) -> list[Table]:
    """The trees of ``branch`` that affinity decided; no table where there are none."""
    rows = [
        (event["stages"], stage, groups)
        for event in records.events("tree")
        for stage, groups in enumerate(tree_words(event["tree"]), 1)
    ]
    if not rows:
        return []
    frame = frame_of(rows, of_stages=lambda row: row[0], stage=lambda row: row[1], groups=lambda row: row[2])
    caption = (
        "The trees of branch, found when the run started from how alike quickly trained networks of the tasks see the "
        "same training examples: one for each number of stages, at the first width and backbone. Tasks of a group "
        "share the stage; | parts groups."
    )
    return [Table("trees", caption, frame, title="Trees")]


def _openings(records: Records) -> Table:
    ledger = records.ledger
    events = [(number, event) for number, event in enumerate(ledger) if event.get("event") == "test_opened"]
    frozen = [number for number, event in enumerate(ledger) if event.get("choice") == "arm"]
    frame = frame_of(
        events,
        opened=lambda pair: _day(pair[1].get("time", "")),
        phase=lambda pair: pair[1].get("phase", ""),
        replicas=lambda pair: pair[1].get("replicas", 0),
        arm_already_chosen=lambda pair: bool(frozen) and frozen[-1] < pair[0],
    )
    n = len(frame)
    caption = f"The test split was opened {number_of(n, 'time')}; training never receives it."
    return Table("test_access", caption, frame, title="Test accesses", when_empty="The test split was never opened.")


def _manifest(records: Records) -> Table:
    rows: list[tuple[str, Any]] = []
    for key, value in records.manifest.items():
        if key in ("remarks", "command"):
            continue
        nested = value.items() if isinstance(value, dict) else [("", value)]
        rows += [
            (f"{key} {name}".strip().replace("_", " "), "none" if part is None else str(part)) for name, part in nested
        ]
    frame = frame_of(rows, what=lambda row: row[0], value=lambda row: row[1])
    return Table("manifest", "What ran, on what.", frame, title="Manifest", when_empty="There is no manifest.")


def _day(time: str) -> str:
    return str(time)[:19].replace("T", " ")
