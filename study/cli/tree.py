"""``tree``: prints the tree that ``tree: affinity`` would find, ready for a study file."""

from __future__ import annotations

import json

from study.cli.console import say, say_json
from study.config.spec import Spec
from study.planning.options import build_task_set
from study.planning.settings_from_data import settle_settings
from study.planning.task_trees import checked_groups, find_tree


def tree(spec: Spec, *, groups: float | None, as_json: bool) -> None:
    """Find a tree for the tasks of ``spec`` and print it as lines of a study file.

    Args:
        spec: the study.
        groups: mean number of groups per stage; half way between one and all tasks by default.
        as_json: print one line of JSON instead.
    """
    with spec.source.placing():
        development = build_task_set(spec).development
    spec, _ = settle_settings(spec, development)
    wanted = checked_groups(groups, len(development.tasks), "--groups")
    found = find_tree(spec, development, spec.factors.stages[0], wanted)
    if as_json:
        say_json({"study": spec.name, "tree": found})
    else:
        lines = [f"        - {json.dumps(level, ensure_ascii=False)}" for level in found]
        say("training:", "  sharing_options:", "    branch:", "      tree:", *lines)
