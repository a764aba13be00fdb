"""The contract of weighting methods, run on plug-ins that keep it and that break it."""

from __future__ import annotations

import re

import pytest

from tests.mtl_core.testing.outside import ROOT, broken_promises, variants

RESULT = "torch.exp(self.sharpness * torch.log(step.losses.clamp(min=FLOOR)))"
FORGETFUL = """self.__dict__.setdefault("seen", [0])
        self.seen[0] += 1
        return self.seen[0] + step.losses"""
WRONG = {
    "unclamped": (RESULT, "1 / step.losses"),
    "meeting": (RESULT, f"{RESULT} + step.losses.mean()"),
    "ordered": (RESULT, f"{RESULT} * torch.arange(1, 1 + step.losses.shape[1])"),
    "summed": (RESULT, f"{RESULT}.sum(dim=1)"),
    "forgetful": (f"return {RESULT}", FORGETFUL),
    "overwriting": (f"return {RESULT}", f"step.losses.add_(1.0)\n        return {RESULT}"),
    "outside": ("= 1.0) -> None", "= 3.0) -> None"),
}
SAID = {
    "unclamped": "at losses of zero",
    "meeting": "beside a row that is lost a row has other bits than elsewhere",
    "ordered": "the order of the tasks matters",
    "summed": "the answer has shape (3,), expected (3, 4)",
    "forgetful": "something is remembered outside the state",
    "overwriting": "Overwriting writes to the losses that it is given",
    "outside": "'sharpness' is 3.0 by default, outside Uniform",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the suite says of CONTRIBUTING's method and of wrong ones."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    source = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    source = source.replace("LossProportional", "Proportional")
    folder = tmp_path_factory.mktemp("ideas")
    return broken_promises(folder, "weighting", "weighting.check_weighting", variants(source, "Proportional", WRONG))


def test_a_plug_in_that_keeps_its_promises_passes(said: dict[str, str]) -> None:
    assert "proportional" not in said, said["proportional"]


@pytest.mark.parametrize("name", SAID)
def test_a_plug_in_that_breaks_a_promise_is_told_which(name: str, said: dict[str, str]) -> None:
    assert name in said[name].lower()
    assert SAID[name] in said[name]
