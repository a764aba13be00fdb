"""Do seeds learn the same tree?  Asked where replicas search the tree of shared stages themselves."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.records.frames import groups
from analysis.records.schema import Records

NUMBER, NAME = 15, "Learned trees"


def score(records: Records) -> pd.DataFrame:
    """Return one row per arm, seed, stage and pair of tasks of the confirm phase; empty where no tree was learned.

    Returns:
        ``arm, seed, stage`` (from 1), ``task, other, together`` (whether they share the stage), ``groups`` (all groups
        of the stage, in words).
    """
    rows = records.replicas[(records.replicas["phase"] == "confirm") & records.replicas["tree"].notna()]
    found = []
    for row in rows.drop_duplicates("replica").to_dict("records"):
        for stage, parts in enumerate(json.loads(row["tree"]), 1):
            owner = {task: place for place, part in enumerate(parts) for task in part}
            words = " | ".join(", ".join(part) for part in parts)
            found += [
                {
                    "arm": row["arm"], "seed": row["seed"], "stage": stage, "task": task, "other": other,
                    "together": owner[task] == owner[other], "groups": words,
                }
                for task, other in combinations(sorted(owner), 2)
            ]  # fmt: skip
    return pd.DataFrame(found)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per arm and stage: in how much the seeds' groupings agree, and the most frequent grouping.

    ``agreement`` is the share of pairs of seeds and pairs of tasks in which both seeds share, or both part, the two
    tasks; ``by_chance`` what it would be if every seed shared pairs at random, as often as all seeds together do.
    """
    rows = []
    for facts, group in groups(scores, ["arm", "stage"]):
        shared = group.pivot(index="seed", columns=["task", "other"], values="together").to_numpy(dtype=bool)
        groupings = group.groupby("seed")["groups"].first().value_counts()
        rate = float(shared.mean())
        rows.append(
            facts
            | {
                "n": len(shared),
                "together": rate,
                "agreement": _agreement(shared),
                "by_chance": rate**2 + (1 - rate) ** 2,
                "groupings": len(groupings),
                "most_frequent": groupings.index[0],
                "its_share": groupings.iloc[0] / len(shared),
            }
        )
    return pd.DataFrame(rows)


def _agreement(shared: np.ndarray) -> float:
    """Share of equal entries over all pairs of rows; NaN for a single row."""
    pairs = [(one == other).mean() for one, other in combinations(shared, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def caption(rows: pd.DataFrame) -> str:
    """Return what the table holds, its units and n."""
    return (
        "Groups of tasks that share a stage, as the replicas of the confirm phase found them "
        f"(n = {int(rows['n'].max())} seeds). together: share of pairs of tasks that share the stage; agreement: of "
        "pairs of seeds and pairs of tasks, the share in which both seeds share or both part the two tasks; by_chance: "
        "what it would be if every seed shared pairs at random, as often; groupings: how many different ones, the most "
        "frequent with its share of the seeds. No interval: two pairs of seeds have a seed in common."
    )
