"""Strategy ``successive_halving``: the best of all arms and draws go on."""

from __future__ import annotations

import itertools

from study.planning.policy import Round
from study.planning.strategies.successive_halving import SuccessiveHalving
from tests.study.planning.strategies.played import by_hash, play, play_all, space, whole


def test_at_every_rung_the_best_of_all_arms_go_on_in_their_share() -> None:
    among = space(search={"strategy": "successive_halving", "reduction_factor": 2})
    _, asked = play(SuccessiveHalving().policies(among)[0])
    rounds = [one for one in asked if isinstance(one, Round)]
    number = 4 * len(among.open_candidates)
    assert [(len(one.trials), one.epochs) for one in rounds] == [
        (number, 1), (number // 2, 2), (number // 4, 4), (-(-number // 8), 8)
    ]  # fmt: skip
    for before, after in itertools.pairwise(rounds):
        skill = {trial: by_hash(trial, before.epochs).skill for trial in before.trials}
        left = set(before.trials) - set(after.trials)
        assert set(after.trials) < set(before.trials)
        assert min(skill[trial] for trial in after.trials) >= max(skill[trial] for trial in left)
    assert SuccessiveHalving().of_candidates(among).epochs == number + number / 2 + 2 * number / 4 + 4 * -(-number // 8)


def test_with_fewer_trials_every_arm_begins_with_its_first_draws() -> None:
    among = space(search={"trials": 5})
    _, asked = play(SuccessiveHalving().policies(among)[0])
    assert isinstance(asked[0], Round)
    assert len(asked[0].trials) == 5
    arms = len(among.open_candidates)
    assert [trial.draw for trial in asked[0].trials] == [place // arms for place in range(5)]


def test_baselines_keep_their_draws_to_themselves() -> None:
    among = space()
    assert whole(play_all(SuccessiveHalving(), among)[1]) == list(among.always)
