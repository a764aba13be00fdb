"""Weights by a schedule: constant it is ``fixed``, and what comes later in it changes nothing before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.gradients.scales import scaled
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.testing.devices import check_device
from mtl_core.testing.replicas import differences
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps, from_losses
from mtl_core.training.trainer import Outcome, fit
from mtl_core.weighting import Step
from mtl_core.weighting.scheduled import Pieces
from tests.mtl_core.worlds import development

EQUAL = (1 / 3, 1 / 3, 1 / 3)
TURNING = [[0, 0.8, 0.1, 0.1], [0.25, 0.1, 0.8, 0.1], [0.75, 0.1, 0.1, 0.8]]
"""Three pieces, of one, two and one of four epochs."""
EVERY_OTHER = [[0, 0.2, 0.3, 0.5], [0.5, 0.5, 0.5, 0.0], [0.75, 0.0, 0.5, 0.5]]


def weights_at(progress: Sequence[float], pieces: Any) -> torch.Tensor:
    streams = Streams(range(3), "weighting")
    step = Step(LOSSES, EVERYBODY, {}, streams, progress=torch.tensor(progress))
    return find("weighting", "scheduled").cls(ALL, pieces=pieces).weigh(step)


def trained(weighting: str, own: Sequence[dict[str, Any]], until: int | None = None, **settings: Any) -> list[Outcome]:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=4, weighting=weighting)
    common = {"learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.1}
    rows = [ReplicaConfig(f"replica {place}", place, common | values) for place, values in enumerate(own)]
    return fit(recipe, development(), rows, until=until, **settings)


def schedules(*pieces: Pieces) -> list[dict[str, Any]]:
    return [{"pieces": one} for one in pieces]


def test_a_piece_begins_at_its_share_of_the_training_and_lasts_until_the_next() -> None:
    pieces = [[0, 0.1, 0.2, 0.3, 0.4], [0.3, 1.0, 0.0, 0.0, 0.0]]
    found = weights_at([0.0, 0.2999, 0.3], pieces)
    expected = 4 * torch.tensor([pieces[0][1:], pieces[0][1:], pieces[1][1:]])
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(scaled(found, EVERYBODY, "matched"), expected / 4)


def test_every_replica_has_a_schedule_of_its_own() -> None:
    own = torch.tensor([[[0, 0.1, 0.2, 0.3, 0.4], [0.5, 0.4, 0.3, 0.2, 0.1]]] * 3)
    own[1, 1, 0] = 0.9
    found = weights_at([0.6, 0.6, 0.6], own.view(3, -1))
    torch.testing.assert_close(found, 4 * torch.stack([own[0, 1, 1:], own[1, 0, 1:], own[2, 1, 1:]]))


def test_golden_values() -> None:
    assert after_three_steps("scheduled", pieces=[[0, 0.1, 0.2, 0.3, 0.4]]) == pytest.approx([0.4, 0.8, 1.2, 1.6])


def test_by_default_and_with_constant_weights_it_has_the_bits_of_equal_and_fixed() -> None:
    assert torch.equal(from_losses(find("weighting", "scheduled").cls(ALL), [LOSSES])[0], torch.ones(3, 4))
    constant = [[start, 0.2, 0.3, 0.5] for start in (0, 0.3, 0.6)]
    pairs = [
        (trained("scheduled", schedules(*[[[0, *EQUAL]]] * 3)), trained("equal", [{}] * 3)),
        (trained("scheduled", [{}] * 3), trained("equal", [{}] * 3)),
        (trained("scheduled", schedules(*[constant] * 3)), trained("fixed", [{"weights": (0.2, 0.3, 0.5)}] * 3)),
    ]
    for found, expected in pairs:
        assert not [differences(*pair) for pair in zip(found, expected, strict=True) if differences(*pair)]


def test_in_the_engine_weights_change_between_the_epochs_that_the_schedule_says() -> None:
    (first, second) = trained("scheduled", schedules(TURNING, EVERY_OTHER))
    expected = np.array([TURNING[0][1:], TURNING[1][1:], TURNING[1][1:], TURNING[2][1:]])
    np.testing.assert_allclose(first.curves["weight"], expected, rtol=1e-5)
    expected = np.array([EVERY_OTHER[0][1:]] * 2 + [EVERY_OTHER[1][1:], EVERY_OTHER[2][1:]])
    np.testing.assert_allclose(second.curves["weight"], expected, rtol=1e-5, atol=1e-7)


def test_no_row_sees_the_schedule_of_another_and_a_stored_one_goes_on() -> None:
    own = schedules(TURNING, EVERY_OTHER, TURNING)
    together, narrow = trained("scheduled", own), trained("scheduled", own, max_rows=1)
    states = {outcome.key: outcome.state for outcome in trained("scheduled", own, until=2)}
    for others in (narrow, trained("scheduled", own, states=states)):
        assert not [differences(*pair) for pair in zip(together, others, strict=True) if differences(*pair)]


def test_what_comes_later_in_a_schedule_changes_nothing_before() -> None:
    """Hence a member of a population that copies another one's network is that network, trained by its own schedule."""
    copied = [TURNING[0], TURNING[1], [0.75, 0.3, 0.3, 0.4]]
    parent = trained("scheduled", schedules(TURNING), until=3)[0]
    child = trained("scheduled", schedules(copied), states={parent.key: parent.state})[0]
    assert not differences(child, trained("scheduled", schedules(copied))[0])
    assert differences(child, trained("scheduled", schedules(TURNING))[0])


def test_a_schedule_written_out_is_that_of_every_row() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=4, weighting="scheduled", weighting_options={"pieces": TURNING})
    rows = [ReplicaConfig("replica 0", 0, {"learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.1})]
    assert not differences(fit(recipe, development(), rows)[0], trained("scheduled", schedules(TURNING))[0])


def test_a_step_of_it_leaves_nothing_on_the_host() -> None:
    options = {"pieces": TURNING}
    check_device(Recipe(depth=1, stages=2, width=8, weighting="scheduled", weighting_options=options), development())


@pytest.mark.parametrize(
    ("pieces", "complaint"),
    [
        ([], "list of pieces"),
        ("fast", "list of pieces"),
        ([[0, 0.5, 0.5]], "4 weights"),
        ([[0, 0.5, 0.5, 0.0, "much"]], "4 weights"),
        ([0.25, 0.25, 0.25, 0.25], "4 weights"),
        ([[0, 0.5, 0.6, 0.0, 0.0]], "add up to 1"),
        ([[0, 1.5, -0.5, 0.0, 0.0]], "from 0 up"),
        ([[0.1, 0.5, 0.5, 0.0, 0.0]], "begin at 0"),
        ([[0, 0.5, 0.5, 0, 0], [0.5, 1, 0, 0, 0], [0.5, 1, 0, 0, 0]], "later and later"),
        ([[0, 0.5, 0.5, 0, 0], [1.0, 1, 0, 0, 0]], "before 1"),
    ],
)
def test_what_is_no_schedule_is_refused(pieces: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        find("weighting", "scheduled").cls(ALL, pieces=pieces)
