"""Every architecture's speed-up by fusion over its own plain PyTorch loop, and that as a share of hard sharing's.

As in :mod:`tests.benchmarks.bench_fused`: one process with one thread, the same resident data, ``AdamW(fused=True)``.
The plain loop has the modules of :mod:`tests.mtl_core.sharing.plain`, started from a fused row's parameters, and takes
their penalties and what follows a step.

    python -m tests.benchmarks.bench_sharing [--only hard mmoe] [--tasks 5] [--width 64] [--repeats 9]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.training.allocator import keep_freed_memory
from tests.benchmarks.bench_fused import (
    BATCH,
    CLASSES,
    DEPTH,
    INPUTS,
    STAGES,
    STEPS,
    data,
    fused_epoch,
    microseconds_per_step,
)
from tests.mtl_core.sharing.beside import fresh, values_of

TARGET = 0.70
"""The least share of hard sharing's speed-up that an architecture should reach."""
RATE, COUPLING, ENTROPY = 1e-3, 0.1, 0.1
"""The learning rate of both loops, and the defaults of ``soft`` and ``dselect_k``."""
SHARE = "share of hard's speed-up"
PLAIN = "tests.mtl_core.sharing.plain"
FOOTNOTES = {
    "dselect_k": "its static gates and their entropy are computed for one example, as these are the same for all",
    "learned_branch": "the plain loop draws no Gumbel noise, which the fused engine does, and anneals nothing",
    "relationship": "the plain penalty is computed without the p × p products of the ordinary modules that tests use",
}


def tree(num_tasks: int) -> list[list[list[int]]]:
    """All tasks together for half of the stages, then two groups, then each alone."""
    half = (num_tasks + 1) // 2
    together, alone = [list(range(num_tasks))], [[task] for task in range(num_tasks)]
    pair = [together[0][:half], together[0][half:]]
    return [together] * (STAGES // 2) + [pair] * (STAGES - STAGES // 2 - 1) + [alone]


def options(sharing: str, num_tasks: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options for the recipe and for the ordinary modules, beyond their defaults."""
    if sharing == "branch":
        groups = tree(num_tasks)
        named = [[[f"task {task}" for task in group] for group in level] for level in groups]
        return {"tree": named}, {"tree": groups}
    return ({}, {"subspaces": 2, "orthogonality": 0.01}) if sharing == "sluice" else ({}, {})


def recipe_for(sharing: str, num_tasks: int, width: int) -> Recipe:
    """The recipe of one row of the table."""
    return Recipe(
        sharing=sharing,
        depth=DEPTH if entries("sharing")[sharing].cls.uses_depth else None,
        stages=STAGES,
        width=width,
        batch_size=BATCH,
        epochs=1000,  # so that no architecture comes to the end of a schedule
        sharing_options=options(sharing, num_tasks)[0],
    )


def plain_model(recipe: Recipe, development: Development) -> nn.Module:
    """The ordinary modules with the parameters that a fused row starts with."""
    num_tasks = len(development.tasks)
    plain = import_module(f"{PLAIN}.{recipe.sharing}").Plain
    depth = DEPTH if recipe.depth is None else recipe.depth
    model = plain(num_tasks, INPUTS, CLASSES, STAGES, recipe.width, depth, **options(recipe.sharing, num_tasks)[1])
    network = Network(recipe, development.tasks, development.shape)
    model.load({name: value.float() for name, value in values_of(fresh(network, (0,)), 0).items()})
    if recipe.sharing == "dselect_k":  # static gates need only one example
        for gate in model.gates:
            gate.register_forward_pre_hook(lambda _, inputs: (inputs[0][:1],))
    return model


def relationship_penalty(model: Any) -> Tensor:
    """The prior's penalty as the ordinary modules have it, without their p × p products."""
    pairs = zip(model.layers(), model.covariances, strict=True)
    energies = [(weight @ torch.linalg.inv(covariance) * weight).sum() for weight, covariance in pairs]
    return model.strength / 2 * torch.stack(energies).sum()


def plain_epoch(development: Development, model: Any) -> Callable[[], object]:
    """As :func:`tests.benchmarks.bench_fused.plain_epoch`, with what an architecture adds to a step."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-2, fused=True)
    inputs, targets = development.examples.inputs, development.examples.targets.long()
    penalties: list[Callable[[Tensor], Tensor]] = []
    after: list[Callable[[], object]] = []
    if hasattr(model, "covariances"):  # relationship
        penalties.append(lambda x: relationship_penalty(model))
    elif hasattr(model, "penalty"):  # sluice
        penalties.append(lambda x: model.penalty())
    if hasattr(model, "entropy"):  # dselect_k
        penalties.append(lambda x: ENTROPY * model.entropy(x[:1]))  # the same for all examples
    if hasattr(model, "couple"):  # soft
        after.append(lambda: model.couple(COUPLING, RATE))
    if hasattr(model, "update"):  # relationship
        after.append(model.update)

    def epoch() -> None:
        order = torch.randperm(BATCH * STEPS)
        for step in range(STEPS):
            index = order[step * BATCH : (step + 1) * BATCH]
            x, y = inputs.index_select(0, index), targets.index_select(0, index)
            losses = [nn.functional.cross_entropy(z, y[:, i]) for i, z in enumerate(model(x))]
            objective = torch.stack(losses).mean()
            for penalty in penalties:
                objective = objective + penalty(x)
            optimiser.zero_grad()
            objective.backward()
            optimiser.step()
            for act in after:
                act()

    return epoch


def main() -> None:
    known = [name for name in entries("sharing") if find_spec(f"{PLAIN}.{name}")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=known, default=known, help="hard is always there")
    parser.add_argument("--tasks", type=int, default=5)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    development = data(arguments.tasks)
    names = ["hard", *(name for name in known if name in arguments.only and name != "hard")]
    contestants: list[Callable[[], object]] = []
    for name in names:
        recipe = recipe_for(name, arguments.tasks, arguments.width)
        contestants.append(plain_epoch(development, plain_model(recipe, development)))
        contestants.append(fused_epoch(development, recipe, arguments.replicas))
    times = microseconds_per_step(contestants, arguments.repeats)
    plain, fused = times[::2], [time / arguments.replicas for time in times[1::2]]
    speed_ups = [one / other for one, other in zip(plain, fused, strict=True)]
    print(f"{'sharing':<15} {'plain µs':>9} {'fused µs per replica':>21} {'speed-up':>9} {SHARE:>25}")
    for name, one, other, speed_up in zip(names, plain, fused, speed_ups, strict=True):
        share = speed_up / speed_ups[0]
        below = "" if share >= TARGET else f"  below {TARGET:.2f}"
        print(f"{name:<15} {one:>9.0f} {other:>21.0f} {speed_up:>8.2f}× {share:>25.2f}{below}")
    for name, footnote in FOOTNOTES.items():
        if name in names:
            print(f"{name}: {footnote}.")
    missing = [name for name in entries("sharing") if name not in known]
    print(f"No ordinary modules to compare with: {', '.join(missing) or 'none'}.")


if __name__ == "__main__":
    main()
