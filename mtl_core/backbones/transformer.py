"""The transformer, over the columns of a table or the patches of an image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Affine, Backbone
from mtl_core.layers.attention import Attention
from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.linear import Linear
from mtl_core.layers.norms import LayerNorm
from mtl_core.layers.tokens import ClassToken, FeatureTokens, patches
from mtl_core.recipe import Recipe


class Transformer(Backbone):
    """Pre-norm transformer blocks over feature tokens of a table or patches of an image.

    A stage is u = h + attention(norm(h)), h' = u + W₂ gelu(W₁ norm(u)).  The first stage makes the tokens before that
    (token_j = x_j W_j + b_j of column j, or an affine map of a patch plus its position) and puts a learned token in
    front of them; the last one normalises once more, and the heads see the first token.  A task descriptor enters W₁'s
    output.  Dropout acts on what each half of a block adds and on the hidden layer.

    Source: Y. Gorishniy et al., "Revisiting deep learning models for tabular data", NeurIPS 2021 (FT-Transformer);
    A. Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021, for images.

    Differs from the papers: GELU in place of FT-Transformer's ReGLU; the first block keeps its first norm; there is no
    dropout on attention weights.  The vision transformer's position of the first token is part of that token.

    Args:
        inputs: shape of an example: ``(columns,)``, or ``(channels, height, width)``.
        stages: number of stages.
        width: features of a token.
        heads: number of attention heads, a divisor of the width.
        expansion: width of a block's hidden layer over the width.
        patch: side of a patch in pixels; images are padded with zeros to whole patches.
    """

    def __init__(
        self, inputs: Sequence[int], stages: int, width: int, *, heads: int = 4, expansion: int = 2, patch: int = 2
    ) -> None:
        super().__init__(inputs, stages, width, heads=heads, expansion=expansion, patch=patch)
        self.heads, self.expansion, self.patch = heads, expansion, patch

    def stage(self, level: int, copies: tuple[Copy, ...]) -> _Block:
        return _Block(self, level, copies)

    @property
    def num_features(self) -> int:
        return self.width

    @property
    def sees_images(self) -> bool:
        """Whether examples are images, so that tokens are patches."""
        return len(self.inputs) == 3

    @property
    def num_places(self) -> int:
        """Number of patches of an image."""
        return -(-self.inputs[1] // self.patch) * -(-self.inputs[2] // self.patch)

    def enter(self, x: Float[Tensor, "r c b d"]) -> Float[Tensor, "r c b *i"]:
        return patches(x.reshape(*x.shape[:3], *self.inputs), self.patch) if self.sees_images else x

    def leave(self, h: Float[Tensor, "r c b n d"]) -> Float[Tensor, "r c b d"]:
        return h[:, :, :, 0]

    def channels_at(self, level: int) -> int:
        if level < 0 and self.sees_images:
            return self.inputs[0] * self.patch**2
        return super().channels_at(level)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        options = {**(cls.__init__.__kwdefaults__ or {}), **recipe.backbone_options}
        small = [f"{name} {options[name]}" for name in ("heads", "expansion", "patch") if options[name] < 1]
        if small:
            return f"a transformer needs heads, expansion and patch from 1 up, found {', '.join(small)}"
        if recipe.width % options["heads"]:
            return f"the {options['heads']} attention heads of a transformer must divide its width, {recipe.width}"
        return None


class _Block:
    def __init__(self, backbone: Transformer, level: int, copies: tuple[Copy, ...]) -> None:
        name, width, hidden = f"stage{level}", backbone.width, backbone.expansion * backbone.width
        self.copies = copies
        self._tokens = _Tokens(backbone, name, copies) if level == 0 else None
        self._before_attention = LayerNorm(f"{name}.attention.norm", copies, width)
        self._attention = Attention(f"{name}.attention", copies, width, backbone.heads)
        self._before_mlp = LayerNorm(f"{name}.mlp.norm", copies, width)
        self._hidden = self.conditioned = Linear(f"{name}.mlp.hidden", copies, width, hidden)
        self._output = Linear(f"{name}.mlp.output", copies, hidden, width)
        self._last = LayerNorm(f"{name}.norm", copies, width) if level == backbone.num_stages - 1 else None
        own = (self._before_attention, self._attention, self._before_mlp, self._hidden, self._output)
        parts = [part for part in (self._tokens, *own, self._last) if part is not None]
        self.slots: tuple[Slot, ...] = tuple(slot for part in parts for slot in part.slots)
        first: tuple[Affine, ...] = (self._tokens.affine,) if self._tokens else ()
        self.layers: tuple[Affine, ...] = (*first, *self._attention.layers, self._hidden, self._output)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b n d"]:
        h = self._tokens(theta, x, context) if self._tokens else x
        h = h + context.drop(self._attention(theta, self._before_attention(theta, h), context), self.copies)
        hidden = self._hidden(theta, self._before_mlp(theta, h), torch.nn.functional.gelu, context.adapt)
        h = h + context.drop(self._output(theta, context.drop(hidden, self.copies), adapt=context.adapt), self.copies)
        return self._last(theta, h) if self._last else h


class _Tokens:
    """The tokens that the first stage makes before its block."""

    def __init__(self, backbone: Transformer, name: str, copies: tuple[Copy, ...]) -> None:
        images, width = backbone.sees_images, backbone.width
        make = Linear if images else FeatureTokens
        self.affine = make(f"{name}.tokens", copies, backbone.channels_at(-1), width)
        self._class_token = ClassToken(name, copies, width, backbone.num_places if images else 0)
        self.slots = self.affine.slots + self._class_token.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b n d"]:
        return self._class_token(theta, self.affine(theta, x, adapt=context.adapt))
