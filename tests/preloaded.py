"""What processes of tests import: done once, in the server from which they are forked; nothing here starts a thread."""

from __future__ import annotations

from importlib import import_module

from mtl_core.registry import KINDS, entries

NAMES = (
    "analysis.questions.transfer",
    "study.cli.app",
    "study.cli.run",
    "study.driver.run",
    "tests.faults.session",
    "torch._dynamo",
)
"""Modules that take seconds to import, among them what PyTorch imports when it first traces a network."""

for name in NAMES:
    import_module(name)
for kind in KINDS:
    entries(kind)
