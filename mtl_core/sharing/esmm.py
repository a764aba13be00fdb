"""The entire space multi-task model of a funnel of binary tasks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.funnel import followers, in_chain, places_in, why_no_funnel


class ESMM(Sharing):
    """A funnel (click, then buy): a task's probability is the product of its own and those of all tasks before it.

    P(task i) = Π_j≤i σ(s_j), where s_j is the output of task j's head on its private tower behind k = ``depth`` shared
    stages: σ(s_j) is the probability of j among the examples that reached the tasks before, and no example is left out
    of training for not reaching them.  A label of a later task is needed for every example: 0 where an earlier one is.

    Source: X. Ma, L. Zhao, G. Huang, Z. Wang, Z. Hu, X. Zhu & K. Gai, "Entire space multi-task model: an effective
    approach for estimating post-click conversion rate", SIGIR 2018.

    Differs from the paper: it shares whole stages and not embeddings alone; it takes any number of tasks; it is judged
    on the product, which the paper calls CTCVR, as the labels are.

    Args:
        chain: names of all tasks, first things first; by default in the order of the task set.
    """

    couples = True

    def __init__(
        self, backbone: Backbone, tasks: Sequence[str], depth: int, *, chain: Sequence[str] | None = None
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.chain, self._order = chain, places_in(tasks, chain)
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), in_chain(tasks, chain))
        self.parts = (self.trunk, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r g b *f"]:
        return self.trunk(theta, self.backbone.enter(x), context)

    def head_users(self, task: str) -> frozenset[str]:
        return followers(self.tasks, self.chain, task)

    def couple(self, logits: Float[Tensor, "r t 1 b"], context: ForwardContext) -> Float[Tensor, "r t 1 b"]:
        # classes between tasks and examples: over the first dimension, kernels round an odd array's tail differently
        no, yes = torch.cat([torch.zeros_like(logits), logits], dim=2).log_softmax(dim=2).unbind(2)
        reached = torch.zeros_like(yes[:, :1])
        ended: list[Tensor] = []  # log P(an example reaches the tasks before, and not this one)
        coupled = [logits[:, :1, 0]] * len(self.tasks)
        for place in self._order:
            ended.append(reached + no[:, place : place + 1])
            reached = reached + yes[:, place : place + 1]
            coupled[place] = reached - torch.cat(ended, dim=1).logsumexp(dim=1, keepdim=True)
        return torch.cat(coupled, dim=1).unsqueeze(2)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        return super().why_infeasible(recipe, development) or why_no_funnel(recipe, development)
