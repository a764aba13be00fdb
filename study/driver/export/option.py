"""Which option of the report is exported, and the trained networks that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.recommendation.option import ALONE, ALONE_ELSEWHERE, BEST_ALONE, Option
from analysis.recommendation.recommend import Recommendation
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK
from analysis.statistics.judged import roles
from analysis.statistics.strata import fold_of
from analysis.statistics.verdicts import CHOSEN
from mtl_core.errors import UserError


@dataclass(frozen=True)
class TrainedNetwork:
    """One trained network of an option.

    Args:
        replica: key of its replica.
        arm: label of its arm.
        tasks: what it predicts.
        seed: that it was trained with.
        fold: the outer fold that judges it and that it has not seen; ``None``: a test split of its own does.
    """

    replica: str
    arm: str
    tasks: tuple[str, ...]
    seed: int
    fold: int | None


def chosen_option(recommendation: Recommendation, asked: str | None, where: str) -> Option:
    """Return the option that is recommended, or the one that is asked for by its kind or its arm.

    Raises:
        UserError: when the study has no verdict yet, or no such option.
    """
    if recommendation.choice is None:
        found = f"nothing can be exported yet. {recommendation.headline}"
        remedy = f"Finish it first: {recommendation.command}" if recommendation.command else recommendation.step
        raise UserError(where, found, remedy or "Run the command that began it once more.")
    if asked is None:
        return recommendation.choice
    named = [option for option in recommendation.options if asked == option.arm]
    found = named or [option for option in recommendation.options if _plain(asked) == _plain(option.kind)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(
        f"{option.kind} ({option.arm})" if option.arm else option.kind for option in found or recommendation.options
    )
    said = f"{len(found)} options are of this kind." if found else "the study has judged no such option."
    raise UserError(f"--option {asked}", said, f"Choose one of: {known}." if not found else f"Name the arm: {known}.")


def _plain(kind: str) -> str:
    return kind.replace("-", " ").replace("_", " ")


def networks_of(records: Records, option: Option) -> list[TrainedNetwork]:
    """Return the networks of an option that trained to their end on verdict seeds, in the order of fold and seed.

    With outer folds these are, as in the report, the networks of what each fold chose for itself.
    """
    folds = [None] if records.num_folds == 1 else list(range(records.num_folds))
    return [network for fold in folds for network in _of_fold(records, option, fold)]


def _of_fold(records: Records, option: Option, fold: int | None) -> Iterator[TrainedNetwork]:
    judged = records.frozen("judged", fold)
    if judged is None:
        return
    tasks = [str(task) for task in records.tasks["task"]]
    rows = _trained(records, fold)
    if option.kind in (ALONE, ALONE_ELSEWHERE, BEST_ALONE):
        for task, arm in _alone(records, judged, option, fold).items():
            yield from _networks(rows[rows["task"] == task], arm, (task,), fold)
        return
    arm = _arm_in(records, judged, option.arm, fold)
    apart = list(judged.get("alone", {}).get(arm, []))
    own = rows[rows["arm"] == arm]
    shared = tuple(task for task in tasks if task not in apart)
    if (own["sharing"] == SINGLE_TASK).any():
        for task in shared:
            yield from _networks(own[own["task"] == task], arm, (task,), fold)
    else:
        yield from _networks(own, arm, shared, fold)
    for task in apart:
        theirs = rows[(rows["task"] == task) & rows["seed"].isin(own["seed"])]
        yield from _networks(theirs, judged["baselines"][arm]["each"], (task,), fold)


def _trained(records: Records, fold: int | None) -> pd.DataFrame:
    """Records of the verdict phase of networks that trained to their end, of one outer fold."""
    rows = records.replicas
    rows = rows[(rows["phase"] == "verdict") & (rows["status"] == "finished") & (rows["selected_epoch"] >= 0)]
    return rows if fold is None else rows[fold_of(rows["seed"], records.num_folds) == fold]


def _networks(rows: pd.DataFrame, arm: str, tasks: tuple[str, ...], fold: int | None) -> Iterator[TrainedNetwork]:
    own = rows[rows["arm"] == arm].drop_duplicates("replica").sort_values("seed")
    for replica, seed in zip(own["replica"], own["seed"], strict=True):
        yield TrainedNetwork(str(replica), arm, tasks, int(seed), fold)


def _arm_in(records: Records, judged: Mapping[str, Any], label: str, fold: int | None) -> str:
    """Label of the arm that an outer fold judged in the role that ``label`` has; where it has none, its chosen arm."""
    if fold is None:
        return label
    of_all = roles(records.frozen("judged") or {"arms": []})
    here = roles(judged)
    role = next((role for role, arm in of_all.items() if arm == label), CHOSEN)
    return here.get(role, here[CHOSEN])


def _alone(records: Records, judged: Mapping[str, Any], option: Option, fold: int | None) -> dict[str, str]:
    """Label of the single-task arm of every task; of an outer fold the one that it compared its own arm with."""
    if option.kind == BEST_ALONE:
        return dict(judged["baselines"][roles(judged)[CHOSEN]]["best"])
    of_all = records.frozen("judged") or {"arms": [], "baselines": {}}
    compared = (arm for arm in roles(of_all).values() if of_all["baselines"].get(arm, {}).get("each") == option.arm)
    arm = _arm_in(records, judged, next(compared, option.arm), fold)
    label = str(judged["baselines"].get(arm, {}).get("each", arm))
    return dict.fromkeys(map(str, records.tasks["task"]), label)
