"""Search strategy ``joint``: a sampler proposes arms together with their hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from mtl_core.randomness.seeding import stream_seed
from study.planning.arm import Arm
from study.planning.policy import Amount, Policy, Together
from study.planning.search_space import SearchSpace, survivors_epochs
from study.planning.strategies import Strategy

STUDY = "arms with hyperparameters"
BATCH = 8
"""Trials that are trained side by side before the sampler learns of them."""
MOST_KNOWN = 8
"""Points of an earlier study that are tried first."""


class Joint(Strategy):
    """A tree-structured Parzen estimator proposes ``trials`` arms together with values of their hyperparameters.

    No arm gets more trials than ``tuning.draws``, and every single-task network, for every task, every independent one
    and every fully shared reference gets exactly so many, of the same length and from the same sampler: none is tuned
    less than an arm that is compared with it.  The first trials are draws of the plan, or what an earlier study of the
    same arms (``warm_start``) has selected.  At every rung the worse half of the trials that were asked for together
    stops.  Without ``trials`` there are half as many as a grid would have.

    Source: C. Thornton, F. Hutter, H. H. Hoos & K. Leyton-Brown, "Auto-WEKA: combined selection and hyperparameter
    optimization of classification algorithms", KDD 2013, for the joint space; J. Bergstra, R. Bardenet, Y. Bengio &
    B. Kégl, "Algorithms for hyper-parameter optimization", NeurIPS 2011, for the estimator.

    Differs from the papers: it is Optuna's multivariate estimator, asked for eight trials at a time.
    """

    starts_warm = True

    def policies(self, space: SearchSpace) -> list[Policy]:
        return [_explore(space), *(self.search_one(space, arm) for arm in space.always)]

    def search_one(self, space: SearchSpace, arm: Arm) -> Policy:
        """Tune one arm, of a single-task arm each task for itself, with ``tuning.draws`` trials."""
        return tune_one(space, arm, space.rungs)

    def of_candidates(self, space: SearchSpace) -> Amount:
        return _amount(space, num_trials(space), BATCH)

    def of_one(self, space: SearchSpace) -> Amount:
        return _amount(space, len(space.draws), batch_of_one(space))

    def in_words(self, space: SearchSpace) -> str:
        return (
            f"TPE proposes {num_trials(space)} arms with hyperparameters, at most {len(space.draws)} of any arm; every "
            f"reference and, for every task, every baseline gets {len(space.draws)} trials from the same sampler; of "
            f"trials asked for together, {BATCH} of arms or {batch_of_one(space)} of a baseline, half go on at a rung"
        )


def batch_of_one(space: SearchSpace) -> int:
    """Return how many trials of one arm are asked for together, where it is tuned for itself."""
    return max(len(space.draws) // 4, 1)


def _amount(space: SearchSpace, trials: int, batch: int) -> Amount:
    whole, rest = divmod(trials, batch)
    epochs = whole * survivors_epochs(batch, space.rungs, 2) + survivors_epochs(rest, space.rungs, 2)
    return Amount(trials, epochs)


def num_trials(space: SearchSpace) -> int:
    """Return the number of trials of candidates: by default half of what a grid would train."""
    most = len(space.open_candidates) * len(space.draws)
    return min(space.most_trials(-(-most // 2)), most)


def beginning(space: SearchSpace, number: int) -> list[tuple[Arm, dict[str, Any]]]:
    """Return ``number`` points to try first: known ones, then draws of the plan in arms that are drawn."""
    known = list(space.known[:MOST_KNOWN])
    arms = sorted(space.open_candidates, key=lambda arm: stream_seed(0, "joint", arm.label))
    drawn = [
        (arms[place % len(arms)], space.draws.of(arms[place % len(arms)], place % len(space.draws)))
        for place in range(max(number - len(known), 0))
    ]
    return known + drawn


def _explore(space: SearchSpace) -> Policy:
    from study.planning.sampling.adaptive import Question, ask_and_tell
    from study.planning.sampling.samplers import tpe

    if not space.open_candidates:
        return
    number = num_trials(space)
    sampler = partial(tpe, at_random=max(BATCH, number // 4))
    first = beginning(space, min(BATCH, number))
    limits: dict[str, Any] = {"rungs": space.rungs, "beginning": first, "goes_on": space.goes_on}
    yield from ask_and_tell(space, Question(STUDY, space.open_candidates, number, sampler, len(space.draws), **limits))


def tune_one(space: SearchSpace, arm: Arm, rungs: Sequence[int]) -> Policy:
    """Tune one arm with as many trials as there are draws; of a single-task arm each task for itself.

    At each of the ``rungs`` but the last, the worse half of trials that were asked for together stops.  The policy
    returns a list of trials for every task, or one list for an arm of all tasks.
    """
    tasks = space.tasks if arm.is_single_task else (None,)
    return (yield Together([_tune(space, arm, task, place, rungs) for place, task in enumerate(tasks)]))


def _tune(space: SearchSpace, arm: Arm, task: str | None, place: int, rungs: Sequence[int]) -> Policy:
    """Tune one arm, for one task if it is a single-task arm; first with draws of the plan, the same in every arm.

    Each task, which stands at ``place`` among all, has numbers of draws of its own.
    """
    from study.planning.sampling.adaptive import Question, ask_and_tell
    from study.planning.sampling.samplers import tpe

    number = len(space.draws)
    first = [(arm, space.draws.of(arm, draw)) for draw in range(-(-number // 2))]
    name = arm.label if task is None else f"{arm.label} · {task}"
    sampler = partial(tpe, at_random=len(first))
    question = Question(
        name, [arm], number, sampler, number, rungs, first, task, place * number, batch=batch_of_one(space)
    )
    return (yield from ask_and_tell(space, question))
