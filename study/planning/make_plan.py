"""From a study file to its plan: which arms can exist, at which width, with which baselines and draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mtl_core.backbones import backbone_of
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe
from mtl_core.task_tree import Tree
from study.config.spec import Spec
from study.planning.arm import NORM, Arm
from study.planning.capacity import Matcher
from study.planning.draws import Draws
from study.planning.grid import arms_of
from study.planning.plan import Plan, Skipped
from study.planning.task_trees import stand_ins
from study.planning.training_settings import TrainingSettings, drawn_recipe, recipe_of, settings_of

WhyInfeasible = Callable[[Recipe, Development], str | None]


def make_plan(
    spec: Spec,
    development: Development,
    *,
    why_infeasible: WhyInfeasible | None = None,
    trees: Mapping[int, Tree] | None = None,
) -> Plan:
    """Return the plan of ``spec`` for the tasks of ``development``; nothing is trained.

    Args:
        spec: the study.
        development: the tasks, and the examples that arms are sized by.
        why_infeasible: says why a recipe cannot exist for a task set; the architectures' own word by default.
        trees: those found so far where the study has them found; others get a stand-in.

    Raises:
        UserError: when there is nothing to compare, or a tree of so many groups cannot be.
    """
    if why_infeasible is None:
        from mtl_core.network.feasibility import why_infeasible
    tasks = _names_of_several(development)
    substitutes = stand_ins(spec, tasks)
    given = {stages: tree for stages, tree in (trees or {}).items() if stages in substitutes}
    settings = settings_of(spec, "search", substitutes | given)
    feasible, skipped = _feasible_arms(spec, development, settings, why_infeasible)
    arms = _matched(spec, development, feasible, settings, why_infeasible)
    candidates, baselines = _roles(arms)
    options = {"sharing": spec.training.sharing_options, "weighting": spec.training.weighting_options}
    draws = Draws(spec.tuning, len(tasks), options=options, norms=spec.factors.norm)
    plan = Plan(
        spec,
        tasks,
        candidates,
        baselines,
        skipped,
        draws,
        ratios={} if spec.factors.match is None else {arm: arms[arm] for arm in candidates},
        remarks=(*remarks_on(candidates, settings, development), *draws.remarks(candidates)),
        trees=settings.trees,
        folds=development.num_folds,
        stand_ins=tuple(stages for stages in substitutes if stages not in given),
    )
    plan.strategy.check(plan.space())
    return plan


def _names_of_several(development: Development) -> tuple[str, ...]:
    """The names of the tasks, of which there have to be two."""
    names = tuple(task.name for task in development.tasks)
    if len(names) < 2:
        raise UserError(
            "tasks", f"there is one task ({', '.join(names)}).", "Name at least two targets: sharing takes two."
        )
    return names


def _feasible_arms(
    spec: Spec, development: Development, settings: TrainingSettings, why_infeasible: WhyInfeasible
) -> tuple[list[Arm], tuple[Skipped, ...]]:
    """The arms of the grid that can exist, and the others with the reason."""
    alone = development.only(development.tasks[0].name)
    reasons: dict[Arm, str | None] = {}
    for arm in arms_of(spec.factors):
        recipes = [drawn_recipe(recipe_of(arm, settings), {NORM: norm}) for norm in spec.factors.norm or ()]
        found = (
            why_infeasible(recipe, alone if arm.is_single_task else development)
            for recipe in recipes or [recipe_of(arm, settings)]
        )
        reasons[arm] = next(filter(None, found), None)
    feasible = [arm for arm, reason in reasons.items() if not reason]
    skipped = tuple(Skipped(arm.label, reason, arm.levels()) for arm, reason in reasons.items() if reason)
    if not feasible:
        remedy = f"Change factors.sharing or factors.depth; {skipped[0].arm}: {skipped[0].reason}."
        raise UserError("factors", "none of the arms can exist.", remedy)
    return feasible, skipped


def _matched(
    spec: Spec, development: Development, arms: Sequence[Arm], settings: TrainingSettings, why_infeasible: WhyInfeasible
) -> dict[Arm, float]:
    """The arms at their matched widths, with their size over the reference's; 1 where the study matches nothing."""
    if spec.factors.match is None:
        return dict.fromkeys(arms, 1.0)
    matcher = Matcher(spec.factors.match, development, lambda arm: recipe_of(arm, settings), why_infeasible)
    return {match.arm: match.ratio for match in map(matcher.match, arms)}


def _roles(arms: Iterable[Arm]) -> tuple[tuple[Arm, ...], tuple[Arm, ...]]:
    """The candidates among ``arms``, and the baselines of all of them."""
    arms = list(arms)
    baselines = tuple(dict.fromkeys([arm.each() for arm in arms] + [arm.loop() for arm in arms]))
    candidates = tuple(arm for arm in arms if arm not in baselines)
    if not candidates:
        raise UserError("factors.sharing", "no arm shares anything.", "Add hard: baselines are always there.")
    return candidates, baselines


def remarks_on(arms: Sequence[Arm], settings: TrainingSettings, development: Development) -> tuple[str, ...]:
    """Return what the backbones of ``arms`` say about how they will run."""
    first = {arm.backbone: arm for arm in arms}
    found = (backbone_of(recipe_of(arm, settings), development.shape).remarks() for arm in first.values())
    return tuple(dict.fromkeys(remark for remarks in found for remark in remarks))
