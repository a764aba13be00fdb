"""The context of the phases: replicas become keys, shards and jobs; decisions go into the ledger."""

from __future__ import annotations

from dataclasses import replace

from study.protocol.context import arm_of
from tests.study.protocol.conftest import Opener


def test_replicas_have_the_keys_of_their_records(opened: Opener) -> None:
    context = opened()
    for arm in context.plan.arms:
        keyed = context.keyed(context.plan.replicas(arm, "search", range(4)))
        assert set(keyed) <= set(context.archive.entries)
        assert {context.archive.entries[key].arm for key in keyed} == {arm.label}


def test_shards_end_at_the_last_epoch_unless_a_rung_is_named(opened: Opener) -> None:
    context = opened()
    keyed = context.keyed(context.plan.replicas(context.plan.candidates[0], "search", range(4)))
    assert [shard.until for shard in context.shards("search", keyed)] == [8]
    assert [job.shard.until for job in context.training_jobs("search", keyed, 2)] == [2]
    assert not any(job.missing(context.archive) for job in context.training_jobs("search", keyed))


def test_rungs_are_whole_epochs_below_the_last_and_the_last(opened: Opener) -> None:
    assert opened(search={"seeds": 1, "rungs": [0.05, 0.1, 0.5, 0.95]}).rungs == [1, 4, 8]


def test_a_decision_is_reused(opened: Opener) -> None:
    context = opened()
    assert context.freeze("draws", {"hard": {"rain": 1}}) == {"hard": {"rain": 1}}
    assert context.ledger.frozen("draws") == {"hard": {"rain": 1}}


def test_arms_are_found_by_label_those_added_to_the_plan_too(opened: Opener) -> None:
    context = opened()
    first, last = context.plan.arms[0], context.plan.arms[-1]
    added = replace(first.each(), width=77)
    context.ledger.append("added", arm=added.label, levels=added.levels(), reason="baseline total")
    assert context.arms([last.label, added.label, first.label]) == [last, added, first]


def test_levels_of_a_ledger_make_the_same_arm(opened: Opener) -> None:
    plain = opened().plan.candidates[0]
    for arm in (plain, replace(plain, width=9, capacity=4)):
        assert arm_of(arm.levels()) == arm
