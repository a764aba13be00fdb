"""The contract of backbones, run on plug-ins that keep it and that break it."""

from __future__ import annotations

import pytest

from tests.mtl_core.testing.outside import broken_promises, variants

SOURCE = '''"""A chain of linear stages with a hyperbolic tangent."""

from mtl_core.backbones import Backbone
from mtl_core.layers.linear import Linear


class Tangent(Backbone):
    """Fully connected stages with a hyperbolic tangent."""

    def stage(self, level, copies):
        return _Stage(self, level, copies)

    @property
    def num_features(self):
        return self.width


class _Stage:
    def __init__(self, backbone, level, copies):
        self.copies = copies
        inputs = backbone.channels_at(level - 1)
        self._linear = self.conditioned = Linear(f"stage{level}", copies, inputs, backbone.width)
        self.layers, self.slots = (self._linear,), self._linear.slots

    def __call__(self, theta, x, context):
        return context.drop(self._linear(theta, x, adapt=context.adapt).tanh(), self.copies)
'''


TANH = "self._linear(theta, x, adapt=context.adapt).tanh()"
WRONG = {
    "wide": ("        return self.width", "        return 2 * self.width"),
    "closed": (", adapt=context.adapt", ""),
    "keeping": ("context.drop(self._linear(theta, x, adapt=context.adapt).tanh(), self.copies)", TANH),
}
SAID = {
    "wide": "the heads see (2, 1, 7, 8), num_features says (2, 1, 7, 16)",
    "closed": "['stage0'] of stage 0 did not pass through context.adapt once",
    "keeping": "stage 0 drops no unit of a row at rate",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the suite says of a backbone and of wrong ones."""
    folder = tmp_path_factory.mktemp("ideas")
    return broken_promises(folder, "backbones", "backbones.check_backbone", variants(SOURCE, "Tangent", WRONG))


def test_a_plug_in_that_keeps_its_promises_passes(said: dict[str, str]) -> None:
    assert "tangent" not in said, said["tangent"]


@pytest.mark.parametrize("name", SAID)
def test_a_plug_in_that_breaks_a_promise_is_told_which(name: str, said: dict[str, str]) -> None:
    assert f"-{name}-" in said[name]
    assert SAID[name] in said[name]
