"""What weighting methods promise where tasks are absent, or where there is but one."""

from __future__ import annotations

import torch

from mtl_core.gradients.scales import scaled
from mtl_core.registry import find
from mtl_core.testing.weighting_answers import (
    assert_close,
    assert_finite,
    assert_same,
    comparable,
    weighs,
)
from mtl_core.testing.weighting_steps import (
    ALL,
    EVERYBODY,
    Situation,
    gradients,
    method,
    ordinary,
    play,
    several,
)

SOME = torch.tensor([[True, False, True, True], [True] * 4, [True, True, False, False]])
"""Which tasks of three rows are present, where some are not."""


def check_absent_tasks(name: str) -> None:
    """Check that an absent task keeps its memory and weighs nothing, while the others go on."""
    weighting, steps = method(name), ordinary()
    _, state = play(weighting, steps[:3])
    before = {key: value.clone() for key, value in state.items()}
    present = torch.tensor([[True, False, True, True], [False, False, True, False], [True] * 4])
    answer, _ = play(weighting, steps[3:], present, state=state, begin=3)
    for key, value in state.items():
        if value.shape[:2] == present.shape:
            kept = torch.equal(value[~present], before[key][~present])
            assert kept, f"{name}: state {key!r} of a task changes in a step without it"
    learnt = {key: value for key, value in state.items() if key != "unconverged"}  # which rightly stays at 0
    changed = [key for key, value in learnt.items() if not torch.equal(value, before[key])]
    assert changed or not learnt, f"{name}: no state changes in two steps: nothing is remembered"
    for scale in ("native", "matched") if weighs(name) else ():
        kept = scaled(answer, present, scale)
        assert (kept[~present] == 0).all(), f"{name}: an absent task has weight ({scale})"
        assert (kept.abs().sum(dim=1) > 0).all(), f"{name}: the present tasks have no weight ({scale})"


def check_present_tasks_alone(name: str) -> None:
    """Check that a task that is always absent might as well not be in the study, up to the size of the step."""
    places = [0, 2, 3]
    present = torch.tensor([[place in places for place in range(4)]] * 3)
    answer = comparable(name, play(method(name), ordinary(), present)[0], present)
    steps = [step.of_tasks(places) for step in ordinary()]
    fewer = comparable(name, play(method(name, [ALL[i] for i in places]), steps)[0], EVERYBODY[:, places])
    assert_close(name, "a task that is always absent matters", answer[:, places] if weighs(name) else answer, fewer)


def check_empty_row(name: str) -> None:
    """Check that a row without any label steps nowhere and harms no other row."""
    present = torch.tensor([[True] * 4, [False] * 4, [True] * 4])
    everybody, _ = play(method(name), ordinary())
    answer, state = play(method(name), ordinary(), present)
    assert_same(name, "beside a row without labels", answer[[0, 2]], everybody[[0, 2]])
    assert_finite(name, "steps without labels", answer, state)
    nothing = scaled(answer, present, "matched") if weighs(name) else answer
    assert (nothing[1] == 0).all(), f"{name}: a row without any label takes a step"


def check_total(name: str) -> None:
    """Check that weights at equal total add up to 1 over the present tasks, and are themselves at their own scale."""
    for present in (EVERYBODY, SOME) if weighs(name) else ():
        weights, _ = play(method(name), ordinary(), present)
        total = scaled(weights, present, "matched").abs().sum(dim=1)
        assert_close(name, "weights at equal total do not add up to 1", total, torch.ones(3))
        assert (scaled(weights, torch.zeros_like(EVERYBODY), "matched") == 0).all(), f"{name}: nobody has weight"
        assert torch.equal(scaled(weights, present, "native"), torch.where(present, weights, 0.0)), name


def check_one_task(name: str) -> None:
    """Check that one task is trained as if there were no weighting: its weight is 1 to the last bit, or the direction
    is its own gradient but for the length, or Adam's step for a method that divides by moments itself."""
    gradient = gradients("conflicting", tasks=1)
    steps = [Situation(losses[:, :1], gradient) for losses, _ in ordinary()]
    for task in ALL:
        answer, _ = play(find("weighting", name).cls([task]), steps)
        if weighs(name):
            weights = scaled(answer, EVERYBODY[:, :1], "matched")
            assert (weights == 1).all(), f"{name}: {task.name!r} alone has weights {weights.flatten().tolist()}, not 1"
            continue
        if find("weighting", name).cls.adaptive:
            adams = _adams_step(gradient, len(steps))
            assert_close(name, f"{task.name!r} alone steps otherwise than Adam", answer, adams)
            continue
        mean = torch.stack(several(find("weighting", name).cls.batches, gradient)).mean(dim=0)
        cosines = torch.nn.functional.cosine_similarity(answer, mean.squeeze(1), dim=1)
        torch.testing.assert_close(
            cosines, torch.ones(3), msg=f"{name}: {task.name!r} alone steps elsewhere: {cosines}"
        )


def _adams_step(gradient: torch.Tensor, steps: int) -> torch.Tensor:
    """What Adam would step against, at a learning rate of 1, after as many steps with one task's gradient."""
    parameter = torch.zeros_like(gradient.squeeze(1), requires_grad=True)
    adam = torch.optim.Adam([parameter], lr=1.0)
    places = [parameter.detach().clone()]
    for _ in range(steps):
        parameter.grad = gradient.squeeze(1)
        adam.step()
        places.append(parameter.detach().clone())
    return places[-2] - places[-1]
