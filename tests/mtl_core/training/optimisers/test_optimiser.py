"""Every optimiser, with hyperparameters per row, against ``torch.optim`` on every owner's parameters."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import SHARED, Copy, Slot, private, uniform
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.replica_state import StackedStates
from mtl_core.training.optimisers.on_device import DeviceOptimiser
from mtl_core.training.optimisers.optimiser import Optimiser, start
from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from mtl_core.training.optimisers.small_rows import SmallRowsOptimiser

pytestmark = pytest.mark.usefixtures("double")

TASKS = ("a", "b", "c")
LAYOUT = Layout(
    [
        Slot("stage0", (SHARED,), (3, 7), uniform(1, 3, 7)),
        Slot("group", (Copy("a and b", frozenset("ab")),), (4,), uniform(1, 4)),
        Slot("stage1", private(TASKS), (7, 5), uniform(1, 7, 5)),
        Slot("head.binary1", private("ba"), (5,), uniform(1, 5)),
        Slot("head.regression1", private("c"), (5,), uniform(1, 5)),
    ],
    TASKS,
)
SETTINGS = [
    {"weight_decay": 0.0},
    {"weight_decay": 0.1, "beta1": 0.8, "beta2": 0.99, "momentum": 0.5},
    {"weight_decay": 0.3, "beta1": 0.5, "momentum": 0.0},
]
MOST_STEPS = 20
MADE = [SmallRowsOptimiser, RowByRowOptimiser, DeviceOptimiser]
every = pytest.mark.parametrize("made", MADE, ids=["small rows", "row by row", "on a device"])
RATES = [[1e-2, 3e-2, 1e-1], [5e-3, 1e-1, 2e-2]]


def gradients() -> list[list[Tensor]]:
    flat = torch.randn(MOST_STEPS, len(SETTINGS), LAYOUT.size, generator=torch.Generator().manual_seed(1))
    return [LAYOUT.unpack(step) for step in flat]


def begun() -> StackedStates:
    parameters = LAYOUT.initialise([1, 2, 3])
    return {"parameters": parameters, **start(LAYOUT, len(parameters))}


def presence(absent: bool) -> list[Tensor | None]:
    if not absent:
        return [None] * MOST_STEPS
    return list(torch.rand(MOST_STEPS, len(SETTINGS), len(TASKS), generator=torch.Generator().manual_seed(2)) < 0.6)


def trained(
    made: type[Optimiser],
    name: str,
    absent: bool,
    steps: int = MOST_STEPS,
    rows: StackedStates | None = None,
    done: int = 0,
    adaptive: bool = False,
) -> StackedStates:
    """StackedStates after ``steps`` in all, of which ``rows`` have ``done`` behind them."""
    rows = begun() if rows is None else rows
    parameters = LAYOUT.unpack(rows["parameters"])
    optimiser = made(name, LAYOUT, parameters, rows, SETTINGS, adaptive)
    for step in range(done, steps):
        optimiser.step(gradients()[step], torch.tensor(RATES[step % 2]).double(), presence(absent)[step])
    return {"parameters": LAYOUT.pack(parameters), **optimiser.moments(), "updates": rows["updates"]}


def owned(parts: Sequence[Tensor]) -> list[Tensor]:
    """What each owner has of one row."""
    return [torch.cat([parts[slot][begin:end] for slot, begin, end in part]) for part in LAYOUT.segments()]


def owned_rows(flat: Tensor) -> list[list[Tensor]]:
    return [owned([part[row] for part in LAYOUT.unpack(flat)]) for row in range(len(flat))]


def reference(name: str, row: int, absent: bool) -> list[Tensor]:
    """``torch.optim`` with one parameter per owner; an absent one has no gradient and is skipped."""
    settings = {"beta1": 0.9, "beta2": 0.999, "momentum": 0.9} | SETTINGS[row]
    parameters = [part.clone().requires_grad_() for part in owned_rows(begun()["parameters"])[row]]
    decay = settings["weight_decay"]
    if name == "adamw":
        optimiser: torch.optim.Optimizer = torch.optim.AdamW(
            parameters, betas=(settings["beta1"], settings["beta2"]), weight_decay=decay, fused=False, foreach=False
        )
    else:
        momentum = settings["momentum"]
        optimiser = torch.optim.SGD(parameters, momentum=momentum, nesterov=momentum > 0, weight_decay=decay)
    for step, (gradient, present) in enumerate(zip(gradients(), presence(absent), strict=True)):
        optimiser.param_groups[0]["lr"] = RATES[step % 2][row]
        for owner, (parameter, part) in enumerate(
            zip(parameters, owned([part[row] for part in gradient]), strict=True)
        ):
            users = [TASKS.index(task) for task in LAYOUT.owner_sets[owner]]
            here = present is None or bool(present[row, users].any())
            parameter.grad = part.clone() if here else None
        optimiser.step()
    return [parameter.detach() for parameter in parameters]


@every
@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_every_row_follows_torch_optim_with_its_own_hyperparameters(
    made: type[Optimiser], name: str, absent: bool
) -> None:
    found_rows = owned_rows(trained(made, name, absent)["parameters"])
    for row in range(len(SETTINGS)):
        for found, expected in zip(found_rows[row], reference(name, row, absent), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@every
@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
def test_finished_steps_of_shared_parameters_are_taken_as_they_are(made: type[Optimiser], absent: bool) -> None:
    found, usual = trained(made, "adamw", absent, adaptive=True), trained(made, "adamw", absent)
    expected = begun()["parameters"]
    for step, present in enumerate(presence(absent)):
        here = torch.ones(len(SETTINGS), LAYOUT.size, dtype=torch.bool)
        if present is not None:
            here = LAYOUT.stepped(present)[:, LAYOUT.owners()]
        rate = torch.tensor(RATES[step % 2]).unsqueeze(1)
        decay = torch.tensor([row["weight_decay"] for row in SETTINGS]).unsqueeze(1)
        moved = expected * (1 - rate * decay) - rate * LAYOUT.pack(gradients()[step])
        expected = torch.where(here, moved, expected)
    shared = LAYOUT.shared
    torch.testing.assert_close(found["parameters"][:, shared], expected[:, shared], rtol=1e-10, atol=1e-12)
    for key in ("parameters", "first_moment", "second_moment"):
        torch.testing.assert_close(found[key][:, ~shared], usual[key][:, ~shared], rtol=1e-10, atol=1e-12)
    assert not found["first_moment"][:, shared].any()
    assert not found["second_moment"][:, shared].any()


@every
@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_an_absent_task_keeps_everything_and_later_counts_its_own_steps(made: type[Optimiser], name: str) -> None:
    rows = begun()
    parameters = LAYOUT.unpack(rows["parameters"])
    optimiser = made(name, LAYOUT, parameters, rows, SETTINGS)
    without_b = torch.tensor([[True, False, True]] * len(SETTINGS))
    for present in (None, without_b, without_b, None):
        before = {"parameters": LAYOUT.pack(parameters), **optimiser.moments()}
        optimiser.step([torch.ones_like(part) for part in parameters], torch.tensor(RATES[0]).double(), present)
        after = {"parameters": LAYOUT.pack(parameters), **optimiser.moments()}
        for key in before:
            pairs = zip(owned_rows(before[key]), owned_rows(after[key]), strict=True)
            for settings, (old, new) in zip(SETTINGS, pairs, strict=True):
                unused = {"second_moment"} | ({"first_moment"} if settings.get("momentum") == 0 else set())
                expected = [False, False, present is not None, False, False]
                expected = [True] * 5 if name == "sgd" and key in unused else expected
                assert [torch.equal(*pair) for pair in zip(old, new, strict=True)] == expected, (
                    f"{key} of shared, a, b, c, both a and b"
                )
    assert rows["updates"].tolist() == [[4, 4, 2, 4, 4]] * len(SETTINGS)


@every
@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
def test_a_resumed_optimiser_goes_on_where_it_stood(made: type[Optimiser], absent: bool) -> None:
    straight = trained(made, "adamw", absent)
    paused = trained(made, "adamw", absent, steps=9)
    resumed = trained(made, "adamw", absent, rows=paused, done=9)
    assert all(torch.equal(resumed[key], value) for key, value in straight.items())
