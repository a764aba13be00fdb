"""What a population finds: a schedule of task weights, and the constant weights that had as much training.

It comes after the choice of what is judged and takes no part in it.  On the verdict seeds both are trained from scratch
beside equal weights, so that the schedule is judged, and not the network that the search has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from analysis.records.explored import EXPLORED, FIXED, SCHEDULED
from analysis.selection.draws import select_draws
from study.execution.scheduler import Parallel, Steps
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.planning.strategies.population import evolve, fully_shared, hold, num_members
from study.protocol.context import StudyContext
from study.protocol.follow import follow
from study.protocol.verdict import announce


def explore(context: StudyContext) -> Steps:
    """Search a schedule of task weights for the fully shared network of the chosen arm, if the strategy explores."""
    if not context.plan.strategy.explores or context.frozen(EXPLORED) is not None:
        return
    equal, space = network_of(context), context.plan.space(context.directory)
    if equal is None:
        context.freeze(EXPLORED, {})
        return
    selected = context.frozen("draws")
    common = context.replicas(equal, "search", selected[equal.label])[0].hyperparameters
    arms = {weighting: replace(equal, weighting=weighting) for weighting in (SCHEDULED, FIXED)}
    for arm in arms.values():
        announce(context, arm, "explored by a population")
    policies = evolve(space, arms[SCHEDULED], common), hold(space, arms[FIXED], common)
    yield Parallel([follow(context, policy) for policy in policies])
    found = select_draws(context.archive.rows(key for arm in arms.values() for key in context.search_replicas(arm)))
    context.freeze("draws", selected | found)
    context.freeze(EXPLORED, _facts(context, equal, {name: arm for name, arm in arms.items() if arm.label in found}))


def replicas_of_explored(context: StudyContext) -> Iterator[Replica]:
    """Yield the verdict replicas of what was explored, and of equal weights beside it."""
    selected = context.frozen("draws")
    for label in (context.frozen(EXPLORED) or {}).get("arms", {}).values():
        yield from context.replicas(context.arm(label), "verdict", selected[label])


def network_of(context: StudyContext) -> Arm | None:
    """Return the fully shared network of the chosen arm, or else the best on validation, with equal weights.

    ``None``: no draw of any trained to its end.
    """
    choice, selected = context.frozen("arm"), context.frozen("draws")
    shared = [arm for arm in fully_shared(context.plan.space()) if arm.label in selected]
    own = context.plan.fully_shared(context.arm(choice["arm"]))
    if own in shared:
        return own
    order = [row["arm"] for row in choice["table"]]
    return min(shared, key=lambda arm: order.index(arm.label) if arm.label in order else len(order), default=None)


def _facts(context: StudyContext, equal: Arm, arms: Mapping[str, Arm]) -> dict[str, Any]:
    """What the ledger holds of the exploration: the arms by weighting, what they replay, and how much they trained."""
    members = num_members(context.plan.space())
    facts: dict[str, Any] = {"arms": {equal.weighting: equal.label}, "members": members}
    for weighting, arm in arms.items():
        option = {SCHEDULED: "pieces", FIXED: "weights"}[weighting]
        (draw, *_) = context.frozen("draws")[arm.label].values()
        facts["arms"][weighting] = arm.label
        facts[option] = context.proposals.of(arm)[draw].hyperparameters[option]
    if SCHEDULED in arms:
        facts["pieces"] = _merged(facts["pieces"])
    return facts


def _merged(pieces: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    """The same schedule without the pieces that have the weights of those before them."""
    changes = [piece[1:] != before[1:] for before, piece in pairwise(pieces)]
    return [piece for piece, differs in zip(pieces, [True, *changes], strict=True) if differs]
