"""Search strategy ``optuna``: a sampler proposes arms of the plan; each is trained with all its draws, as in a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from study.planning.arm import Arm, levels_of
from study.planning.policy import Amount, Policy, WholeArms
from study.planning.search_space import SearchSpace
from study.planning.strategies import Strategy

if TYPE_CHECKING:
    import optuna
    from optuna.trial import Trial

STUDY = "arms"
BATCH = 4
"""Arms that are searched side by side before the sampler learns of them."""
FIRST_AT_RANDOM = 4


class Optuna(Strategy):
    """A tree-structured Parzen estimator proposes ``trials`` arms; each is trained with all its draws, as in a grid.

    Baselines and fully shared references are always searched, in the same way.  Without ``trials`` half of the
    candidates are proposed.  Arms are asked for in batches and told in the order of asking, and the sampler is seeded
    by what has been told.  So the proposals depend neither on the number of workers nor on which arm ends first, and a
    study that was killed and resumed proposes what an undisturbed one would have.

    Source: J. Bergstra, R. Bardenet, Y. Bengio & B. Kégl, "Algorithms for hyper-parameter optimization", NeurIPS 2011.

    Differs from the paper: it is Optuna's multivariate estimator; nothing is proposed twice.
    """

    def policies(self, space: SearchSpace) -> list[Policy]:
        return [self._explore(space), *(self.search_one(space, arm) for arm in space.always)]

    def of_candidates(self, space: SearchSpace) -> Amount:
        number = self._num_proposed(space)
        return Amount(number * len(space.draws), number * space.halved_epochs())

    def most_arms(self, space: SearchSpace) -> int:
        return self._num_proposed(space) + len(space.references)

    def in_words(self, space: SearchSpace) -> str:
        return (
            f"TPE proposes {self._num_proposed(space)} of {len(space.open_candidates)} arms that share; each of them, "
            f"every reference and every baseline gets the same {len(space.draws)} draws"
        )

    def _num_proposed(self, space: SearchSpace) -> int:
        return min(space.most_trials(-(-len(space.candidates) // 2)), len(space.open_candidates))

    def _explore(self, space: SearchSpace) -> Policy:
        """Propose and search arms until the plan's number of trials is reached."""
        from study.planning.sampling import journal

        study = journal.open_study(space.directory, STUDY)
        told = {trial.user_attrs[journal.PROPOSED]: trial.value for trial in journal.told(study)}
        values = {label: math.nan if value is None else value for label, value in told.items()}
        most = self._num_proposed(space)
        while len(values) < most and space.goes_on(len(values)):
            batch = _ask(study, space.open_candidates, values, most)
            found = yield WholeArms([arm for _, arm in batch])
            for (trial, arm), value in zip(batch, found, strict=True):
                values[arm.label] = value
                journal.tell(study, trial, value)


def propose(trial: Trial, arms: Sequence[Arm]) -> Arm:
    """Let ``trial`` choose one of ``arms``, factor by factor, among the levels that its earlier choices leave open.

    ``arms`` are those that were not searched yet, so nothing is ever proposed twice.
    """
    left = list(arms)
    for factor in arms[0].levels():
        levels = levels_of(left, factor)
        if len(levels) > 1:
            # A parameter of Optuna's has one set of choices for ever, so the choices are part of the name.
            name = f"{factor} of {', '.join(map(str, levels))}"
            chosen = trial.suggest_categorical(name, levels)
            left = [arm for arm in left if arm.levels()[factor] == chosen]
    return left[0]


def _ask(study: optuna.Study, arms: Sequence[Arm], values: dict[str, float], most: int) -> list[tuple[Trial, Arm]]:
    from study.planning.sampling import journal
    from study.planning.sampling.samplers import tpe

    batch: list[tuple[Trial, Arm]] = []
    left = [arm for arm in arms if arm.label not in values]
    for place in range(min(BATCH - len(values) % BATCH, most - len(values))):
        study.sampler = tpe(len(values), place, at_random=FIRST_AT_RANDOM)
        trial = study.ask()
        arm = propose(trial, left)
        trial.set_user_attr(journal.PROPOSED, arm.label)
        batch.append((trial, arm))
        left.remove(arm)
    return batch
