"""The kinds of affinity that a tree of tasks is found by; apart from them, so that naming one loads nothing."""

from typing import Literal

By = Literal["representation", "look_ahead"]
"""``representation``: how alike private networks see the examples; ``look_ahead``: how far one task's step serves the
others."""
