"""What every weighting method promises, whatever it looks at: losses, a Gramian or a Jacobian."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import entries, find
from mtl_core.search_space import Simplex
from mtl_core.weighting import LossWeighting, scaled
from mtl_core.weighting import Step as EngineStep
from tests.mtl_core.weighting.situations import (
    ALL,
    EVERYBODY,
    GRADIENTS,
    LOSSES,
    NUM_SHARED,
    SIZES,
    Step,
    gradients,
    method,
    ordinary,
    play,
    several,
)

NEEDS = {name: str(entry.cls.needs) for name, entry in entries("weighting").items()}
METHODS = list(NEEDS)
WEIGHING = [name for name, needs in NEEDS.items() if needs != "jacobian"]
FROM_LOSSES = [name for name, needs in NEEDS.items() if needs == "losses"]
FROM_GRADIENTS = [name for name, needs in NEEDS.items() if needs != "losses"]


def comparable(name: str, answer: Tensor, present: Tensor) -> Tensor:
    """Weights at equal total, or a direction at unit length: an absent task may change the size of a step."""
    if name in WEIGHING:
        return scaled(answer, present, "matched")
    return torch.nn.functional.normalize(answer, dim=1)


def close(name: str, one: Tensor, other: Tensor) -> None:
    """Solvers stop at a tolerance, which the order of tasks is allowed to show in."""
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if name in FROM_LOSSES else {"rtol": 1e-3, "atol": 1e-4}
    torch.testing.assert_close(one, other, **tolerance)


@pytest.mark.parametrize("name", METHODS)
def test_an_answer_has_a_row_per_replica_and_a_column_per_task_or_parameter(name: str) -> None:
    weighting = method(name)
    assert all(len(value) == 3 for value in weighting.start(3, NUM_SHARED).values())
    answer, _ = play(weighting, ordinary())
    assert answer.shape == (3, 4 if name in WEIGHING else NUM_SHARED)
    assert answer.dtype == LOSSES.dtype
    assert not answer.requires_grad
    assert answer.isfinite().all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", METHODS)
def test_weights_and_memory_stay_finite_at_extreme_losses(name: str, size: str) -> None:
    even, uneven = SIZES[size] * torch.ones(3, 4), SIZES[size] * LOSSES
    for losses in ([even], [even, uneven] * 3, [LOSSES, even, LOSSES, uneven, LOSSES]):
        steps = [Step(loss, gradients("agreeing")) for loss in losses]
        answer, state = play(method(name), steps)
        assert all(value.isfinite().all() for value in (answer, *state.values()))
        if name in WEIGHING:
            assert scaled(answer, EVERYBODY, "matched").isfinite().all()
        if name in FROM_LOSSES:
            assert (answer >= 0).all()


@pytest.mark.parametrize("kind", GRADIENTS)
@pytest.mark.parametrize("name", FROM_GRADIENTS)
def test_weights_and_memory_stay_finite_at_every_kind_of_gradients(name: str, kind: str) -> None:
    for kinds in ([kind], [kind] * 5, ["agreeing", kind, "agreeing", kind, "conflicting"]):
        answer, state = play(method(name), [Step(LOSSES, gradients(each)) for each in kinds])
        assert all(value.isfinite().all() for value in (answer, *state.values()))
        if name in WEIGHING:
            assert scaled(answer, EVERYBODY, "matched").isfinite().all()


@pytest.mark.parametrize("name", METHODS)
def test_a_replica_that_is_lost_is_alone_with_it(name: str) -> None:
    calm = ordinary()
    wild = [Step(losses.clone(), jacobian.clone()) for losses, jacobian in calm]
    wild[1].losses[1] = torch.nan
    wild[1].jacobian[1] = torch.nan
    wild[3].losses[1] = torch.inf
    wild[3].jacobian[1] = torch.inf
    for end in (2, 4, 5):
        calm_answer, calm_state = play(method(name), calm[:end])
        answer, state = play(method(name), wild[:end])
        for row in (0, 2):
            assert torch.equal(answer[row], calm_answer[row])
            assert all(torch.equal(value[row], calm_state[key][row]) for key, value in state.items())


@pytest.mark.parametrize("order", [[1, 2], [2, 0, 1], [0, 0, 1, 2, 1, 0, 2], [0, 1, 2] * 11], ids=len)
@pytest.mark.parametrize("name", METHODS)
def test_a_row_has_the_same_bits_in_every_array(name: str, order: list[int]) -> None:
    present = torch.tensor([[True, False, True, True], [True] * 4, [True, True, False, False]])
    answer, state = play(method(name), ordinary(), present)
    steps = [step.of_rows(order) for step in ordinary()]
    elsewhere, its_state = play(method(name, rows=order), steps, present[order], seeds=order)
    assert torch.equal(elsewhere, answer[order])
    assert all(torch.equal(its_state[key], value[order]) for key, value in state.items())


@pytest.mark.parametrize("name", METHODS)
def test_permuting_the_tasks_permutes_the_weights(name: str) -> None:
    order = [2, 0, 3, 1]
    answer, _ = play(method(name), ordinary())
    permuted, _ = play(method(name, [ALL[i] for i in order]), [step.of_tasks(order) for step in ordinary()])
    close(name, permuted, answer[:, order] if name in WEIGHING else answer)


@pytest.mark.parametrize("name", METHODS)
def test_an_absent_task_keeps_its_memory_and_weighs_nothing(name: str) -> None:
    weighting, steps = method(name), ordinary()
    _, state = play(weighting, steps[:3])
    before = {key: value.clone() for key, value in state.items()}
    present = torch.tensor([[True, False, True, True], [False, False, True, False], [True] * 4])
    answer, _ = play(weighting, steps[3:], present, state=state, begin=3)
    for key, value in state.items():
        if value.shape[:2] == present.shape:
            assert torch.equal(value[~present], before[key][~present]), key
    learnt = {key: value for key, value in state.items() if key != "unconverged"}  # which rightly stays at 0
    unchanged = [torch.equal(value, before[key]) for key, value in learnt.items()]
    assert not unchanged or not all(unchanged), "nothing was learnt, nothing was tested"
    if name in WEIGHING:
        for scale in ("native", "matched"):
            kept = scaled(answer, present, scale)
            assert (kept[~present] == 0).all()
            assert (kept.abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_the_rule_runs_over_the_present_tasks_only(name: str) -> None:
    """As if the absent task were not in the study at all, up to the size of the step."""
    places = [0, 2, 3]
    present = torch.tensor([[place in places for place in range(4)]] * 3)
    answer, _ = play(method(name), ordinary(), present)
    answer = comparable(name, answer, present)
    fewer, _ = play(method(name, [ALL[i] for i in places]), [step.of_tasks(places) for step in ordinary()])
    fewer = comparable(name, fewer, EVERYBODY[:, places])
    close(name, answer[:, places] if name in WEIGHING else answer, fewer)


@pytest.mark.parametrize("name", METHODS)
def test_a_row_without_any_task_harms_nobody(name: str) -> None:
    present = torch.tensor([[True] * 4, [False] * 4, [True] * 4])
    everybody, _ = play(method(name), ordinary())
    answer, state = play(method(name), ordinary(), present)
    assert torch.equal(answer[[0, 2]], everybody[[0, 2]])
    assert all(value.isfinite().all() for value in (answer, *state.values()))
    if name in WEIGHING:
        assert (scaled(answer, present, "matched")[1] == 0).all()
    else:
        assert (answer[1] == 0).all()


@pytest.mark.parametrize("name", WEIGHING)
def test_matched_weights_add_up_to_one_over_the_present_tasks(name: str) -> None:
    for present in (EVERYBODY, torch.tensor([[True, False, True, True]] * 3)):
        weights, _ = play(method(name), ordinary(), present)
        torch.testing.assert_close(scaled(weights, present, "matched").abs().sum(dim=1), torch.ones(3))
    assert (scaled(weights, torch.zeros_like(EVERYBODY), "matched") == 0).all()
    assert torch.equal(scaled(weights, EVERYBODY, "native"), weights)


@pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)
@pytest.mark.parametrize("name", METHODS)
def test_one_task_under_matched_is_plain_training(name: str, task: Task) -> None:
    """The weight is 1 to the last bit; a direction is the task's own gradient but for its length."""
    gradient = gradients("conflicting", tasks=1)
    steps = [Step(losses[:, :1], gradient) for losses, _ in ordinary()]
    answer, _ = play(find("weighting", name).cls([task]), steps)
    if name in WEIGHING:
        assert (scaled(answer, EVERYBODY[:, :1], "matched") == 1).all()
        return
    mean = torch.stack(several(find("weighting", name).cls.batches, gradient)).mean(dim=0)
    cosines = torch.nn.functional.cosine_similarity(answer, mean.squeeze(1), dim=1)
    torch.testing.assert_close(cosines, torch.ones(3))


@pytest.mark.parametrize("name", METHODS)
def test_defaults_lie_inside_their_ranges(name: str) -> None:
    for option in find("weighting", name).options.values():
        assert not option.required
        if option.range is not None and not isinstance(option.range, Simplex):
            assert option.range.holds(option.default), option.name


@pytest.mark.parametrize("name", METHODS)
def test_everything_it_remembers_is_in_the_state(name: str) -> None:
    """Another object, given a copy of the state in the middle of an epoch, goes on to the same bits."""
    straight, straight_state = play(method(name), ordinary() * 2)
    _, middle = play(method(name), ordinary())
    stored = {key: value.clone() for key, value in middle.items()}
    resumed, state = play(method(name), ordinary(), state=stored, begin=5)
    assert torch.equal(resumed, straight)
    assert all(torch.equal(value, straight_state[key]) for key, value in state.items())


@pytest.mark.parametrize("name", METHODS)
def test_state_is_changed_in_place(name: str) -> None:
    """The engine hands out the tensors that it keeps."""
    weighting = method(name)
    state = weighting.start(3, NUM_SHARED)
    handed_out = dict(state)
    play(weighting, ordinary(), state=state)
    assert all(state[key] is value for key, value in handed_out.items())
    assert state.keys() == handed_out.keys()


@pytest.mark.parametrize("name", FROM_LOSSES)
def test_what_it_is_given_stays_as_it_was(name: str) -> None:
    steps = ordinary()
    play(method(name), steps)
    assert all(torch.equal(given.losses, again.losses) for given, again in zip(steps, ordinary(), strict=True))


def test_looking_again_is_refused_by_those_that_did_not_ask_for_it() -> None:
    weighting = method("equal")
    assert isinstance(weighting, LossWeighting)
    with pytest.raises(AssertionError, match="Equal does not look again"):
        weighting.observe_step(EngineStep(LOSSES, EVERYBODY, {}, Streams(range(3), "weighting")))
