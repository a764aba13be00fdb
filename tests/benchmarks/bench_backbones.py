"""Replicas per second on images: the fused engine over a good plain PyTorch loop, in one process with one thread.

As in :mod:`tests.benchmarks.bench_fused`; the plain loop has ``nn.Conv2d``, ``nn.BatchNorm2d``, ``nn.MaxPool2d``.

    python -m tests.benchmarks.bench_backbones [--widths 8 16 32] [--tasks 2]
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch
from torch import nn

from mtl_core.backbones import ImageBackbone
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.allocator import keep_freed_memory
from tests.benchmarks.bench_fused import BATCH, CLASSES, data, fused_epoch, microseconds_per_step, plain_epoch
from tests.mtl_core.backbones.reference import STAGES

IMAGES = ((1, 8, 12), (1, 8, 8))


class Plain(nn.Module):
    """The same network as one would write it: shared stages, and for each task the others and a head."""

    def __init__(self, backbone: ImageBackbone, recipe: Recipe, num_tasks: int) -> None:
        super().__init__()

        def stages(first: int, last: int) -> list[nn.Module]:
            stage, width = STAGES[recipe.backbone], backbone.width
            return [stage(backbone.channels_at(i - 1), width, backbone.shrinks(i)) for i in range(first, last)]

        def end() -> list[nn.Module]:
            flat = backbone.num_features > backbone.width
            pool = [] if flat else [nn.AdaptiveAvgPool2d(1)]
            return [*pool, nn.Flatten(), nn.Linear(backbone.num_features, CLASSES)]

        depth = recipe.depth or 0
        self.trunk = nn.Sequential(nn.Unflatten(1, backbone.inputs), *stages(0, depth))
        self.towers = nn.ModuleList(nn.Sequential(*stages(depth, recipe.stages), *end()) for _ in range(num_tasks))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        h = self.trunk(x)
        return [tower(h) for tower in self.towers]


def images(num_tasks: int, image: tuple[int, int, int]) -> Development:
    numbers, pixels = data(num_tasks), image[1] * image[2]
    x = torch.rand(len(numbers.examples), pixels, generator=torch.Generator().manual_seed(0))
    examples = Examples(x, numbers.examples.targets)
    return replace(numbers, examples=examples, standardise=torch.zeros(pixels, dtype=torch.bool), image=image)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=2)
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    print(f"{'backbone':>8} {'image':>6} {'width':>5} {'plain µs':>9} {'fused µs per replica':>21} {'over plain':>11}")
    for name in STAGES:
        for image in IMAGES:
            for width in arguments.widths:
                development = images(arguments.tasks, image)
                recipe = Recipe(backbone=name, depth=2, stages=3, width=width, batch_size=BATCH, epochs=1000)
                backbone = Network(recipe, development.tasks, image).trunk.backbone
                assert isinstance(backbone, ImageBackbone)
                contestants = [
                    plain_epoch(development, Plain(backbone, recipe, arguments.tasks)),
                    fused_epoch(development, recipe, arguments.replicas),
                ]
                plain, fused = microseconds_per_step(contestants, arguments.repeats)
                fused /= arguments.replicas
                size = f"{image[1]}×{image[2]}"
                row = f"{name:>8} {size:>6} {width:>5} {plain:>9.0f} {fused:>21.0f} {plain / fused:>10.2f}×"
                print(row, flush=True)


if __name__ == "__main__":
    main()
