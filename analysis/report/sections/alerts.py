"""What a reader must know before believing a number: the data, failures, curves that still rise, too few seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.formatting import agree, number_of
from analysis.questions import divergence
from analysis.records.frames import each
from analysis.records.remarks import lines_of_remarks
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.sections.alert import Alert, by_consequence, one_line_each
from analysis.report.sections.budget_alerts import budget_alerts
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.late_epochs import LAST, late_arms
from analysis.statistics.looks import divisor_of_level, num_looks

FEW_TEST_LABELS = 100
LOW_COVERAGE = 0.5
STILL_RISING = 0.5
"""Points of validation skill won in the last tenth of the epochs."""
LEARNT_NOTHING = 2.0
"""Points of validation skill."""
OFF_SIZE = 0.1
MOST_NAMES = 6


def alerts(study: LoadedStudy) -> list[Alert]:
    """Return all alerts about a study, one for each thing that they are about, those that could change most first."""
    sources = (
        _unfinished,
        _few_seeds,
        _lost,
        _failures,
        _unconverged,
        _not_learnt,
        _still_rising,
        _best_at_the_end,
        _labels,
        _sizes,
        _looks,
        budget_alerts,
    )
    found = [alert for source in sources for alert in source(study)]
    return by_consequence([*one_line_each(found), *_remarks(study)])


def strongest_caveat(found: list[Alert]) -> str:
    """Return the sentence about the gravest of the alerts ``found``, for the first screen."""
    if found:
        return f"{found[0].about}: {found[0].text}"
    return "The numbers hold for this pool of data: every seed splits the same examples anew, so splits overlap."


def _unfinished(study: LoadedStudy) -> Iterator[Alert]:
    missing = {
        "search": "the search is not finished, so no hyperparameters are chosen yet and nothing here is a result.",
        "confirm": "the arms are not confirmed on fresh seeds, so nothing is recommended yet.",
        "verdict": "the chosen arm is not judged on fresh seeds, so no verdict is given.",
    }
    if study.state.ended is not None:
        said = f"the study ended after the {study.state.ended} phase, since networks diverged."
        yield Alert("No answer", said, "verdict")
    elif study.state.phase is not None:
        yield Alert("Unfinished study", missing[study.state.phase], "verdict", study.state.phase)
    rows = study.records.replicas
    rows = rows[(rows["phase"] == "verdict") & (rows["status"] == "finished")]
    open_ = int((~rows["replica"].isin(study.records.scores["replica"])).groupby(rows["replica"]).all().sum())
    if "verdict" in study.state.done and open_:
        text = f"{number_of(open_, 'trained verdict replica')} {agree(open_, 'is', 'are')} not scored yet."
        yield Alert("Unfinished study", text, "verdict")


def _few_seeds(study: LoadedStudy) -> Iterator[Alert]:
    n = study.state.seeds["verdict"]
    if "verdict" in study.state.done and n < MIN_SEEDS:
        text = f"{number_of(n, 'paired seed')}; below {MIN_SEEDS} there are points and no intervals."
        yield Alert("Too few seeds", text, "verdict")


def _lost(study: LoadedStudy) -> Iterator[Alert]:
    rows = divergence.score(study.records)
    for phase, lost in rows.groupby("phase", sort=False) if len(rows) else ():
        names = sorted({f"{row.arm} {row.task}".strip() for row in each(lost)})
        n, networks = len(names), int(lost["networks"].iloc[0])
        yield Alert(
            "Diverged",
            f"{n} of {networks} networks of the {phase} phase diverged, none of their replicas trained to its end, and "
            f"what follows is without them: {', '.join(names[:MOST_NAMES])}{' …' if n > MOST_NAMES else ''}.",
        )


def _failures(study: LoadedStudy) -> Iterator[Alert]:
    replicas = study.records.replicas.drop_duplicates("replica")
    lost = replicas[replicas["status"].isin(("failed", "diverged"))]
    for phase, rows in lost.groupby("phase", sort=False):
        total, n = int((replicas["phase"] == phase).sum()), len(rows)
        reasons = rows["reason"].replace("", "no reason given").value_counts()
        yield Alert(
            "Failures",
            f"{n} of {total} {phase} replicas did not finish ({100 * n / total:.0f}%); most often ({reasons.iloc[0]}): "
            f"{reasons.index[0]}. They rank last and are listed in the appendix.",
            "verdict",
            str(phase),
        )


def _unconverged(study: LoadedStudy) -> Iterator[Alert]:
    counted = study.records.replicas.drop_duplicates("replica").dropna(subset=["unconverged"])
    for weighting, rows in counted.groupby("weighting", sort=False):
        n, steps = int((rows["unconverged"] > 0).sum()), int(rows["unconverged"].sum())
        if n:
            yield Alert(
                "Solver stopped short",
                f"{weighting}: in {n} of {len(rows)} replicas its solver did not converge in some steps ({steps:,} in "
                "all); the last iterate was used there.",
                "number",
                str(weighting),
            )


def _not_learnt(study: LoadedStudy) -> Iterator[Alert]:
    rows = _settled(study.records)
    best = rows.assign(skill=[_best(curve) for curve in rows["validation_skill"]])
    means = best.groupby(["task", "arm"])["skill"].mean().groupby("task").max()
    for task, skill in means.items():
        if 100 * skill < LEARNT_NOTHING:
            yield Alert(
                "Nothing learnt",
                f"no arm predicts {task} better than a constant does ({_points(skill)} of skill).",
                "number",
                str(task),
            )


def _still_rising(study: LoadedStudy) -> Iterator[Alert]:
    rows = _settled(study.records)
    rises = rows.assign(rise=[_last_rise(curve) for curve in rows["validation_skill"]])
    means = rises.groupby(["arm", "task"])["rise"].mean()
    rising = means[100 * means > STILL_RISING]
    if len(rising):
        worst = rising.idxmax()
        yield Alert(
            "Not converged",
            f"the validation skill of {len(rising)} of {len(means)} arm–task pairs still rises at the end, most in "
            f"{worst[0]}, {worst[1]}: {_points(rising.max())} in the last tenth of the epochs. Train longer.",
            "verdict",
        )


def _best_at_the_end(study: LoadedStudy) -> Iterator[Alert]:
    arms = late_arms(_settled(study.records))
    if len(arms):
        worst = arms.iloc[0]
        others = f" and {len(arms) - 1} other {'arm' if len(arms) == 2 else 'arms'}" if len(arms) > 1 else ""
        yield Alert(
            "Best at the end",
            f"of {worst['arm']}{others}, more replicas than one in twenty were best in the last {100 * LAST:g}% of "
            f"{worst['epochs']} epochs ({worst['late']} of {worst['replicas']}): they may be undertrained. Set "
            f"training.epochs to {2 * worst['epochs']} and begin a new run directory.",
            "verdict",
        )


def _labels(study: LoadedStudy) -> Iterator[Alert]:
    tasks = study.records.tasks
    if not {"labelled_development", "num_development", "labelled_test"} <= set(tasks.columns):
        return
    for task in tasks.to_dict("records"):
        share = task["labelled_development"] / max(1, task["num_development"])
        if share < LOW_COVERAGE:
            yield Alert(
                "Few labels",
                f"{task['task']} is labelled in {100 * share:.2g}% of the development examples.",
                "number",
                task["task"],
            )
        if task["labelled_test"] < FEW_TEST_LABELS:
            yield Alert(
                "Small test split",
                f"{task['task']} has {task['labelled_test']} test labels; its interval is wide.",
                "number",
                task["task"],
            )


def _sizes(study: LoadedStudy) -> Iterator[Alert]:
    for arm in study.state.judged:
        ratio = study.state.baselines.get(arm, {}).get("total_ratio")
        if ratio is not None and abs(ratio - 1) > OFF_SIZE:
            yield Alert(
                "Unequal sizes",
                f"the size-matched single-task networks have {ratio:.2f} × the parameters of {arm}.",
                "verdict",
                arm,
            )


def _looks(study: LoadedStudy) -> Iterator[Alert]:
    events = study.records.events("looked")
    looks = num_looks(events)
    if (share := divisor_of_level(events)) > 1:
        about = "Second look" if looks == 2 else f"{looks} looks"
        text = f"the study was judged {looks} times; each look has its share of the level, this one 5%/{share}, and "
        text += "so have the intervals, those called 95% intervals among them."
        yield Alert(about, text, "number")


def _remarks(study: LoadedStudy) -> Iterator[Alert]:
    for line in lines_of_remarks(study.records.manifest.get("remarks") or []):
        yield Alert(line.title, line.text, line.consequence)


def _settled(records: Records) -> pd.DataFrame:
    """The replicas that trained all their epochs with frozen hyperparameters."""
    rows = records.replicas
    return rows[rows["phase"].isin(("confirm", "verdict")) & (rows["status"] == "finished") & (rows["epochs"] > 0)]


def _best(curve: np.ndarray) -> float:
    values = np.asarray(curve, dtype=float)
    return float(np.nanmax(values)) if np.isfinite(values).any() else np.nan


def _last_rise(curve: np.ndarray) -> float:
    """What the last tenth of the epochs added to the best value so far; noise alone adds next to nothing."""
    values = np.asarray(curve, dtype=float)
    last = max(1, len(values) // 10)
    return _best(values) - _best(values[:-last]) if len(values) > last else np.nan


def _points(skill: float) -> str:
    return f"{100 * skill:.1f} points"
