"""The weights of tasks that a method did not see, beside those that it saw."""

from __future__ import annotations

import torch

from mtl_core.gradients.scales import scaled
from mtl_core.gradients.seen_tasks import of_all_present

WEIGHTS = torch.tensor([[2.0, -1.0, 7.0, 9.0], [0.1, 0.2, 0.3, 0.7], [5.0, 5.0, 5.0, 5.0], [0.0, 0.0, 1.0, 1.0]])
PRESENT = torch.tensor([[True, True, True, False], [True, True, True, True], [True, False, True, False], [True] * 4])
SEEN = torch.tensor([[True, True, False, False], [True, True, True, True], [False] * 4, [True, True, False, True]])


def test_an_unseen_task_weighs_as_much_as_the_others_on_average() -> None:
    native = of_all_present(WEIGHTS, SEEN, PRESENT, "native")
    expected = [[2.0, -1.0, 1.5, 0.0], [0.1, 0.2, 0.3, 0.7], [1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1 / 3, 1.0]]
    torch.testing.assert_close(native, torch.tensor(expected))
    matched = of_all_present(WEIGHTS, SEEN, PRESENT, "matched")
    torch.testing.assert_close(matched.abs().sum(dim=1), torch.ones(4))
    torch.testing.assert_close(matched[0], torch.tensor([4 / 9, -2 / 9, 1 / 3, 0.0]))
    assert matched[2].tolist() == [0.5, 0.0, 0.5, 0.0]


def test_where_all_are_seen_no_bit_changes() -> None:
    for scale in ("native", "matched"):
        assert torch.equal(of_all_present(WEIGHTS / 3, PRESENT, PRESENT, scale), scaled(WEIGHTS / 3, PRESENT, scale))


def test_a_row_that_is_lost_stays_lost_and_weights_of_nothing_stay_nothing() -> None:
    lost = torch.tensor([[torch.nan, 1.0, 1.0, 1.0]])
    cancelling, seen = torch.zeros(1, 4), torch.tensor([[True, True, True, False]])
    for scale, other in (("native", 1.0), ("matched", 0.25)):
        assert of_all_present(lost, seen, torch.ones_like(seen), scale)[0, 0].isnan()
        assert of_all_present(cancelling, seen, torch.ones_like(seen), scale).tolist() == [[0.0, 0.0, 0.0, other]]
