"""The truths of synthetic studies that the tests of several questions ask about."""

from __future__ import annotations

from dataclasses import replace

from tests.analysis.synthetic import Truth

PLAIN = Truth(seed_noise=0.4, test_noise=2.0, stages=2, draws=2, epochs=8, chosen="hard d1 w16 l2 equal adamw")
RIVALS = replace(
    PLAIN, further={"mmoe": 8.0, "cross_stitch": 7.8, "concat": -9.0}, seeds={"search": 1, "confirm": 10, "verdict": 2}
)
