"""``tree``: groups of tasks for ``branch``, found from the affinity of quickly trained networks."""

from __future__ import annotations

import json

from mtl_core.mistakes import Mistake
from study.arms import Arm
from study.console import say, say_json
from study.levels import budget_of
from study.shards import recipe_of
from study.spec import Spec
from study.task_sets import build_task_set

SEED = 0


def tree(spec: Spec, *, groups: float | None, as_json: bool) -> None:
    """Print a tree as lines of a study file.

    Args:
        groups: mean number of groups per stage; half way between one and all tasks by default.
    """
    from mtl_core.affinity import find_tree

    factors, development = spec.factors, build_task_set(spec).development
    tasks = len(development.tasks)
    wanted = (1 + tasks) / 2 if groups is None else groups
    if not 1 <= wanted <= tasks:
        raise Mistake(f"--groups {wanted:g}", f"there are {tasks} tasks.", f"Choose 1 to {tasks}.")
    arm = Arm("independent", 0, factors.stages[0], factors.width[0], factors.backbone[0])
    found = find_tree(recipe_of(arm, budget_of(spec, "search")), development, SEED, budget=wanted)
    if as_json:
        say_json({"study": spec.name, "tree": found})
    else:
        lines = [f"        - {json.dumps(level, ensure_ascii=False)}" for level in found]
        say("training:", "  sharing_options:", "    branch:", "      tree:", *lines)
