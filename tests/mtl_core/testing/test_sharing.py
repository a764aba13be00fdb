"""The contract of architectures, run on plug-ins that keep it and that break it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mtl_core.testing.outside import ROOT, broken_promises, variants

WRONG = {
    "declared": ("private(tasks), (features,)", "mutual(tasks), (features,)"),
    "turned": ("along(theta[self.bias], h", "along(theta[self.bias].flip(1), h"),
    "meeting": ("return h + along(", "return h + 0.1 * h.mean(dim=0, keepdim=True) + along("),
    "infinite": ("return h + along(", "return h / 0 + along("),
}
SAID = {
    "declared": "copy 'price' of 'task_bias' declares users ['colour', 'grade', 'price', 'sold'], "
    "but the losses that reach it are those of ['price']",
    "turned": "copy 'price' of 'task_bias' declares users ['price'], "
    "but the losses that reach it are those of ['colour']",
    "meeting": "stored and resumed in another array replica 3 has other bits in curve 'train_loss'",
    "infinite": "the outputs of task 'price' are not finite",
    "branch": "pass the options that it needs",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the suite says of CONTRIBUTING's architecture, of wrong ones, and of one that lacks an option."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (diff,) = re.findall(r"^\+\+\+ b/mtl_core/sharing/biased.py\n@@.*?\n(.*?)^diff ", page, re.DOTALL | re.MULTILINE)
    source = "".join(f"{line[1:]}\n" for line in diff.splitlines()).replace(
        "constant, private", "constant, mutual, private"
    )
    folder: Path = tmp_path_factory.mktemp("ideas")
    return broken_promises(folder, "sharing", "sharing.check_sharing", variants(source, "Biased", WRONG), "branch")


def test_a_plug_in_that_keeps_its_promises_passes(said: dict[str, str]) -> None:
    assert "biased" not in said, said["biased"]


@pytest.mark.parametrize("name", SAID)
def test_a_plug_in_that_breaks_a_promise_is_told_which(name: str, said: dict[str, str]) -> None:
    assert name in said[name].split("-")[0]
    assert SAID[name] in said[name]
