"""What every architecture promises, over the backbone's options, and what each one is known to equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.layers.bank import SHARED
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.sharing import share, split
from mtl_core.testing.cases import shaken
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import TASKS, development, own_inputs, rows

NAMES = ("price", "sold", "grade", "colour")
ALL = tuple(TASKS[name] for name in NAMES)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"norm": "layer"},
    {"residual": True, "activation": "gelu"},
    {"norm": "layer", "residual": True, "activation": "tanh"},
]
INPUTS, WIDTH, STAGES = 12, 8, 3
WORLD = development(NAMES)


def recipes() -> list[Recipe]:
    """Every architecture that can exist for several tasks, at every depth that it has, with every option."""
    found = []
    for name, entry in entries("sharing").items():
        for depth in range(STAGES + 1) if entry.cls.uses_depth else [None]:
            base = Recipe(sharing=name, depth=depth, stages=STAGES, width=WIDTH)
            if entry.cls.why_infeasible(base, WORLD) is None:
                found += [
                    Recipe(sharing=name, depth=depth, stages=STAGES, width=WIDTH, backbone_options=o) for o in OPTIONS
                ]
    return found


def described(recipe: Recipe) -> str:
    return f"{recipe.sharing} {recipe.depth} {' '.join(map(str, recipe.backbone_options.values()))}"


every_recipe = pytest.mark.parametrize("recipe", recipes(), ids=described)


def network_of(recipe: Recipe, tasks: Sequence[Task] = ALL) -> Network:
    return Network(recipe, tasks, (INPUTS,))


def outputs_of(
    network: Network, x: torch.Tensor, seeds: Sequence[int] = (0, 1), context: ForwardContext = EVALUATION
) -> tuple[list[torch.Tensor], Any]:
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise(seeds)))
    return network(theta, x, context), theta


def inputs(replicas: int = 2, signals: int = 1, examples: int = 9) -> torch.Tensor:
    return torch.randn(replicas, signals, examples, INPUTS, generator=torch.Generator().manual_seed(5))


@every_recipe
def test_every_task_gets_its_outputs_and_every_parameter_a_gradient(recipe: Recipe) -> None:
    network = network_of(recipe)
    theta = shaken(network)  # a correction that begins at zero passes no gradient on
    outputs = network(theta, inputs(examples=40), ForwardContext(training=True))
    for bank, logits in zip(network.heads, outputs, strict=True):
        assert logits.shape == (2, len(bank.members), bank.tasks[0].num_outputs, 40)
    gradients = network.layout.gradient(sum(logits.square().sum() for logits in outputs), theta)
    assert [gradient.shape for gradient in gradients] == [
        (2, len(slot.copies) * slot.numel) for slot in network.layout.trained
    ]
    reached = [gradient != 0 for gradient in gradients]
    # a rectified unit may be off on all examples; a whole copy may not
    for slot, mask in zip(network.layout.trained, reached, strict=True):
        assert mask.view(2, len(slot.copies), -1).any(dim=2).all(), slot.name


@every_recipe
def test_a_task_moves_what_is_shared_and_its_own_and_nothing_else(recipe: Recipe) -> None:
    network = network_of(recipe)
    owners = network.layout.owners()
    for bank_number, bank in enumerate(network.heads):
        for place, member in enumerate(bank.members):
            outputs, theta = outputs_of(network, inputs(), context=ForwardContext(training=True))
            leaves = [theta[slot] for slot in network.layout.trained]
            found = torch.autograd.grad(
                outputs[bank_number][:, place].square().sum(), leaves, allow_unused=True, materialize_grads=True
            )
            gradient = network.layout.pack([part.flatten(1) for part in found])
            assert (gradient[:, owners == 1 + member] != 0).any()
            assert (gradient[:, (owners != 0) & (owners != 1 + member)] == 0).all()
            assert bool((gradient[:, owners == 0] != 0).any()) == (network.layout.count_shared() > 0)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_parameters_of_hard_sharing_are_counted_by_its_formula(depth: int, options: dict[str, Any]) -> None:
    recipe = Recipe(depth=depth, stages=STAGES, width=WIDTH, backbone_options=options)
    norm = 2 * WIDTH if options.get("norm") == "layer" else 0
    first, later = (INPUTS + 1) * WIDTH + norm, (WIDTH + 1) * WIDTH + norm
    heads = sum((WIDTH + 1) * task.num_outputs for task in ALL)
    layout = network_of(recipe).layout
    assert layout.count_shared() == first + (depth - 1) * later
    assert layout.size == first + (depth - 1) * later + len(ALL) * (STAGES - depth) * later + heads
    alone = network_of(Recipe(sharing="independent", stages=STAGES, width=WIDTH, backbone_options=options)).layout
    assert alone.count_shared() == 0
    assert alone.size == len(ALL) * (first + (STAGES - 1) * later) + heads


def test_hard_sharing_of_all_stages_is_the_multi_head_network() -> None:
    network = network_of(Recipe(depth=STAGES, stages=STAGES, width=WIDTH))
    outputs, theta = outputs_of(network, inputs())
    values = {slot.name: value.detach() for slot, value in theta.items()}
    for row in range(2):
        h = inputs()[row, 0]
        for level in range(STAGES):
            h = torch.relu(h @ values[f"stage{level}.weight"][row, 0] + values[f"stage{level}.bias"][row, 0])
        for bank, logits in zip(network.heads, outputs, strict=True):
            label = bank.weight.name.removesuffix(".weight")
            for place in range(len(bank.members)):
                expected = values[f"{label}.weight"][row, place] @ h.T + values[f"{label}.bias"][row, place][:, None]
                torch.testing.assert_close(logits[row, place], expected)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_stage_does_what_ordinary_modules_do(options: dict[str, Any]) -> None:
    network = network_of(Recipe(sharing="single_task", stages=2, width=INPUTS, backbone_options=options), ALL[:1])
    outputs, theta = outputs_of(network, inputs())
    values = {slot.name: value.detach() for slot, value in theta.items()}
    activation = {"gelu": torch.nn.functional.gelu, "tanh": torch.tanh}.get(options.get("activation", ""), torch.relu)
    h = inputs()[1, 0]
    for stage in ("stage0", "stage1"):
        new = h @ values[f"{stage}.weight"][1, 0] + values[f"{stage}.bias"][1, 0]
        if options.get("norm"):
            new = torch.nn.functional.layer_norm(
                new, (INPUTS,), values[f"{stage}.norm.gain"][1, 0], values[f"{stage}.norm.shift"][1, 0]
            )
        h = activation(new) + (h if options.get("residual") else 0)
    expected = values["head.regression1.weight"][1, 0] @ h.T + values["head.regression1.bias"][1, 0][:, None]
    torch.testing.assert_close(outputs[0][1, 0], expected)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("options", [OPTIONS[0], OPTIONS[3]], ids=str)
@pytest.mark.parametrize(("width", "tolerance"), [(16, 0.0), (9, 1e-4)])
def test_independent_trains_what_single_task_networks_train_alone(
    width: int, tolerance: float, options: dict[str, Any], optimiser: str, dropout: float
) -> None:
    """Under native weights, full labels and no clipping, which would join the tasks' gradients.

    To the last bit where a copy fills whole SIMD registers; elsewhere the optimiser's kernels, which take all copies of
    a slot in one pass, round a copy's tail like its body or not, depending on how many copies follow.
    """
    settings = {"stages": 2, "width": width, "batch_size": 31, "epochs": 3, "scale": "native", "optimiser": optimiser}
    data, everyone = development(NAMES), rows(3, dropout=dropout)
    together = fit(Recipe(sharing="independent", backbone_options=options, **settings), data, everyone)
    for place, name in enumerate(NAMES):
        alone = fit(Recipe(sharing="single_task", backbone_options=options, **settings), data.only(name), everyone)
        for one, loop in zip(alone, together, strict=True):
            for curve in CURVES:
                found, expected = one.curves[curve][:, 0], loop.curves[curve][:, place]
                np.testing.assert_allclose(
                    found, expected, rtol=tolerance, atol=tolerance, err_msg=f"{curve} of {name}"
                )


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_small_task_with_inputs_of_its_own_takes_as_many_steps_alone_as_in_the_common_loop(dropout: float) -> None:
    """Hence the two train the same network to the last bit, whatever the sizes of the tasks; inputs are left as they
    are, for standardising rests on all tasks' examples in the loop and on the task's own alone."""
    settings = {"stages": 2, "width": 16, "batch_size": 16, "epochs": 3, "scale": "native"}
    data, everyone = own_inputs(sizes=(300, 100, 30)), rows(2, dropout=dropout)
    data = replace(data, standardise=torch.zeros_like(data.standardise))
    together = fit(Recipe(sharing="independent", **settings), data, everyone)
    for place, task in enumerate(data.tasks):
        alone = fit(Recipe(sharing="single_task", **settings), data.only(task.name), everyone)
        for one, loop in zip(alone, together, strict=True):
            found, expected = one.curves["validation_loss"][:, 0], loop.curves["validation_loss"][:, place]
            assert np.array_equal(found, expected), task.name


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("sharing", "depth"), [("hard", 1), ("hard", 2), ("independent", None)])
@pytest.mark.parametrize("weighting", ["equal", "uncertainty"])
def test_permuting_the_tasks_permutes_the_results(sharing: str, depth: int | None, weighting: str) -> None:
    settings = {"stages": 2, "width": 8, "batch_size": 32, "epochs": 3, "weighting": weighting}
    data, everyone = development(NAMES, missing=0.2), rows(2, dropout=0.2)
    order = [2, 0, 3, 1]
    recipe = Recipe(sharing=sharing, depth=depth, **settings)
    straight = fit(recipe, data, everyone)
    permuted = fit(recipe, data.only(*(NAMES[i] for i in order)), everyone)
    for one, other in zip(straight, permuted, strict=True):
        for curve in CURVES:
            np.testing.assert_allclose(other.curves[curve], one.curves[curve][:, order], rtol=2e-5)
        assert one.selected_epoch == other.selected_epoch


@every_recipe
def test_permuting_the_tasks_permutes_the_outputs(recipe: Recipe) -> None:
    order = [2, 0, 3, 1]
    straight, permuted = network_of(recipe), network_of(recipe, [ALL[i] for i in order])
    one, other = outputs_of(straight, inputs())[0], outputs_of(permuted, inputs())[0]
    by_task = [
        {
            task.name: logits[:, place]
            for bank, logits in zip(network.heads, outputs, strict=True)
            for place, task in enumerate(bank.tasks)
        }
        for network, outputs in ((straight, one), (permuted, other))
    ]
    for name in NAMES:
        torch.testing.assert_close(by_task[0][name], by_task[1][name])


@pytest.mark.parametrize("tasks", [("sold", "price"), ("price", "sold", "grade", "price")], ids=str)
def test_the_losses_of_mixed_kinds_come_in_the_order_of_the_tasks(tasks: tuple[str, ...]) -> None:
    chosen = [Task(f"task {i}", TASKS[n].kind, TASKS[n].metric, TASKS[n].num_classes) for i, n in enumerate(tasks)]
    network = Network(Recipe(sharing="independent", stages=1, width=4), chosen, (INPUTS,))
    parts = [torch.tensor(bank.members).view(1, -1, 1).expand(2, -1, 5) for bank in network.heads]
    assert network.in_order(parts)[0, :, 0].tolist() == list(range(len(tasks)))


def test_impossible_architectures_say_why() -> None:
    def reason(tasks: int, **settings: Any) -> str | None:
        return why_infeasible(Recipe(stages=3, **settings), development(NAMES[:tasks]))

    assert "independent" in (reason(3, sharing="hard", depth=0) or "")
    assert "nobody" in (reason(1, sharing="hard", depth=1) or "")
    assert "0 … 3" in (reason(3, sharing="hard", depth=4) or "")
    assert "None" in (reason(3, sharing="hard", depth=None) or "")
    assert "-1" in (reason(3, sharing="hard", depth=-1) or "")
    assert "one task" in (reason(2, sharing="single_task") or "")
    possible = [
        (3, "hard", 1),
        (3, "hard", 3),
        (3, "independent", None),
        (3, "independent", 0),
        (1, "independent", None),
    ]
    assert [reason(tasks, sharing=name, depth=depth) for tasks, name, depth in possible] == [None] * len(possible)
    assert reason(1, sharing="single_task") is None


def test_a_task_may_not_bear_the_name_of_the_shared_copy() -> None:
    """Its private parameters would pass for shared ones, and be stepped in its absence."""
    with pytest.raises(UserError, match="Rename it"):
        Network(Recipe(sharing="independent"), [Task(SHARED.name, "regression", "mse")], (INPUTS,))


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="twice"):
        Network(Recipe(sharing="independent"), [Task("a", "regression", "mse")] * 2, (INPUTS,))


def test_share_and_split_are_inverse() -> None:
    x = inputs(signals=4)
    assert share(x).shape == (2, 1, 36, INPUTS)
    assert torch.equal(split(share(x), 4), x)
    assert torch.equal(share(x)[1, 0, 9:18], x[1, 1])


@every_recipe
def test_tasks_with_inputs_of_their_own_pass_the_same_stages(recipe: Recipe) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these."""
    network, x = network_of(recipe), inputs(signals=len(ALL))
    own, _ = outputs_of(network, x)
    for bank_number, bank in enumerate(network.heads):
        for place, member in enumerate(bank.members):
            common, _ = outputs_of(network, x[:, member : member + 1])
            torch.testing.assert_close(own[bank_number][:, place], common[bank_number][:, place])


def test_one_copy_of_the_data_serves_any_subset_of_tasks() -> None:
    data: Development = development(NAMES)
    chosen = data.only("grade", "price")
    assert [task.name for task in chosen.tasks] == ["grade", "price"]
    assert torch.equal(chosen.examples.targets, data.examples.targets[:, [2, 0]])
    assert chosen.examples.inputs is data.examples.inputs
