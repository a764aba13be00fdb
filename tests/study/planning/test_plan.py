"""The plan: seeds, replicas, references, and how many there are of each."""

from __future__ import annotations

from collections import Counter

from study.config.sections import Training
from study.planning.training_settings import TrainingSettings, recipe_of
from tests.study.planning.planned import plan


def test_seeds_of_phases_never_meet() -> None:
    made = plan(search={"seeds": 1000}, confirm={"seeds": 1000}, verdict={"seeds": 1000})
    seeds = [set(made.seeds(phase)) for phase in ("search", "confirm", "verdict")]
    assert not seeds[0] & seeds[1]
    assert not seeds[1] & seeds[2]
    assert not seeds[0] & seeds[2]


def test_only_the_search_stops_early() -> None:
    made = plan(training={"patience": 3})
    assert [made.settings(phase).training.patience for phase in ("search", "confirm", "verdict")] == [3, None, None]


def test_gradients_are_compared_on_fresh_seeds_where_something_is_shared() -> None:
    made, plain = plan(diagnostics={"gradients": 8}), plan()
    assert [made.settings(phase).probes for phase in ("search", "confirm", "verdict")] == [0, 8, 8]
    for phase in ("search", "confirm", "verdict"):
        for arm in made.arms:
            probed = recipe_of(arm, made.settings(phase)).probes
            assert probed == (8 if phase != "search" and arm.sharing == "hard" else 0)
            keys = [
                [replica.key("data", study.settings(phase)) for replica in study.replicas(arm, phase, [0])]
                for study in (made, plain)
            ]
            assert (keys[0] != keys[1]) == (probed > 0), "only a record that holds more is another one"


def test_a_study_without_probes_has_the_keys_that_it_always_had() -> None:
    settings = TrainingSettings(Training(epochs=3, batch_size=8))
    assert "probes" not in settings.content(plan().candidates[0])


def test_replicas_of_a_multi_task_arm() -> None:
    made = plan(tuning={"draws": 3}, search={"seeds": 2}, factors={"stages": 1, "width": 8})
    (arm,) = made.candidates
    found = made.replicas(arm, "search", range(3))
    assert {(replica.draw, replica.seed, replica.task) for replica in found} == {
        (draw, seed, None) for draw in range(3) for seed in range(2)
    }
    chosen = made.replicas(arm, "confirm", {"task 0": 2, "task 1": 2})
    assert [replica.draw for replica in chosen] == [2] * 10
    assert {replica.seed for replica in chosen} == set(range(1000, 1010))


def test_replicas_of_single_task_arms_are_one_for_each_task_with_its_own_draw() -> None:
    made = plan(tuning={"draws": 3}, search={"seeds": 2}, factors={"stages": 1, "width": 8})
    arm = made.candidates[0].each()
    assert Counter(replica.task for replica in made.replicas(arm, "search", range(3))) == {"task 0": 6, "task 1": 6}
    chosen = made.replicas(arm, "verdict", {"task 0": 2, "task 1": 0})
    assert {(replica.task, replica.draw) for replica in chosen} == {("task 0", 2), ("task 1", 0)}
    assert len(chosen) == 20


def test_counts_are_the_replicas_that_there_are() -> None:
    made = plan(num_tasks=3, tuning={"draws": 4}, search={"seeds": 2}, confirm={"seeds": 5})
    draws = dict.fromkeys(made.tasks, 0)
    counts = made.counts()
    totals = 2 * 3 * 4 * 2  # of two judged arms: a single-task network for each of 3 tasks, 4 draws, 2 seeds
    follow_up = 4 * 2  # one network for those tasks that are not harmed
    planned = sum(len(made.replicas(arm, "search", range(4))) for arm in made.arms)
    assert counts["search"] == planned + totals + follow_up
    without = plan(num_tasks=3, tuning={"draws": 4}, search={"seeds": 2}, verdict={"follow_up": False})
    assert without.counts()["search"] == planned + totals
    assert counts["confirm"] == sum(len(made.replicas(arm, "confirm", draws)) for arm in made.arms)


def test_the_best_k_are_confirmed_beside_the_fully_shared_ones() -> None:
    assert plan(confirm={"arms": 1}, factors={"stages": 3, "width": [8, 16]}).num_confirmed == 3
    assert plan(confirm={"arms": 50}, factors={"stages": 3, "width": [8, 16]}).num_confirmed == 6


def test_the_fully_shared_reference_has_the_arms_capacity() -> None:
    made = plan(factors={"stages": 3, "width": [8, 16], "weighting": ["equal", "fixed"]})
    arm = next(arm for arm in made.candidates if (arm.depth, arm.width, arm.weighting) == (1, 16, "fixed"))
    reference = made.fully_shared(arm)
    assert reference is not None
    assert (reference.depth, reference.width, reference.weighting) == (3, 16, "equal")
    assert made.fully_shared(arm.each()) == reference
    assert plan(factors={"stages": 3, "depth": [1], "width": 8}).fully_shared(arm) is None


def test_a_sampler_searches_some_of_the_candidates() -> None:
    always = len(plan(search={"strategy": "optuna"}).references)
    assert plan(search={"strategy": "optuna", "trials": 2}).num_confirmed == 2 + always
    assert plan(search={"strategy": "optuna", "trials": 99}).num_confirmed == len(plan().candidates)


def test_the_ledgers_event_is_json_and_names_every_arm() -> None:
    import json

    made = plan(factors={"depth": [0, 1], "width": 8})
    event = json.loads(json.dumps(made.event()))
    assert [arm["arm"] for arm in event["arms"]] == [arm.label for arm in made.arms]
    assert {arm["role"] for arm in event["arms"]} == {"candidate", "baseline"}
    assert event["skipped"][0]["arm"].startswith("hard d0")
