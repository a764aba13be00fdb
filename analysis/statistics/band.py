"""The band of no practical difference, where the user names none."""

from __future__ import annotations

import math

LEAST_POINTS = 1.0
SHARE = 0.1


def automatic_band(half_width: float) -> float:
    """Return the half-width of the band of no practical difference, in points.

    It is the larger of 1 point and a tenth of the half-width that the 95% interval of a single-task skill will have
    with the planned number of judged examples: differences far below what the table can resolve are no practical ones.

    Args:
        half_width: in points; NaN or infinite where the plan does not allow to state it, and the band is 1 point.
    """
    return max(LEAST_POINTS, SHARE * half_width) if math.isfinite(half_width) else LEAST_POINTS
