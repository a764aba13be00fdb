"""Proposals, as the ledger holds them."""

from __future__ import annotations

from study.protocol.proposals import PROPOSED, Proposal, Proposals
from tests.study.protocol.conftest import Opener


def test_a_proposal_is_written_once_and_read_by_whoever_looks(opened: Opener) -> None:
    context = opened()
    arm, single = context.plan.candidates[0], context.plan.candidates[0].each()
    other = Proposals(context.ledger)
    assert not other.of(arm)
    for _ in range(2):
        context.proposals.add(arm, 7, Proposal({"learning_rate": 0.5}, None))
    for draw, task in ((0, "rain"), (4, "sun"), (1, "rain")):
        context.proposals.add(single, draw, Proposal({"learning_rate": 0.1}, task))
    assert len(context.ledger.of(PROPOSED)) == 4
    assert other.of(arm)[7].hyperparameters == {"learning_rate": 0.5}
    assert other.draws(arm, context.plan.tasks) == [7]
    assert other.draws(single, context.plan.tasks) == {"rain": [0, 1], "sun": [4]}


def test_replicas_have_what_was_proposed_and_else_the_plans_draws(opened: Opener) -> None:
    context = opened()
    arm, single = context.plan.candidates[0], context.plan.candidates[0].each()
    assert len(context.search_replicas(arm)) == 4
    context.proposals.add(arm, 7, Proposal({"learning_rate": 0.5}, None))
    assert [replica.hyperparameters for replica in context.replicas(arm, "confirm", {"rain": 7, "sun": 7})] == [
        {"learning_rate": 0.5}
    ] * 3
    assert [replica.draw for replica in context.search_replicas(arm).values()] == [7]
    for draw, task in ((0, "rain"), (4, "sun"), (1, "rain")):
        context.proposals.add(single, draw, Proposal({"learning_rate": 0.1}, task))
    found = {(replica.task, replica.draw) for replica in context.search_replicas(single).values()}
    assert found == {("rain", 0), ("rain", 1), ("sun", 4)}
