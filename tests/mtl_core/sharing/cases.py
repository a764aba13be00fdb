"""The cases of every architecture in the registry, and the variants that their options make of them."""

from __future__ import annotations

from typing import Any

from mtl_core.registry import entries
from mtl_core.testing.cases import Case, small_cases
from mtl_core.testing.sharing import deep_cases
from mtl_core.testing.small_tasks import FUNNEL

SHARING_OPTIONS: dict[str, dict[str, Any]] = {
    "aitm": {"chain": list(FUNNEL)},
    "branch": {"tree": [[["price", "sold", "grade", "colour"]], [["price", "grade", "colour"], ["sold"]]]},
    "esmm": {"chain": list(FUNNEL)},
}
"""What an architecture cannot do without; the others stand on their defaults.  A chain that is the order of the tasks
by default is another chain where they stand in another order."""

VECTORS = {"price": [0.0, 1.0], "grade": [0.5, -0.5], "fee": [2.0, 1.0]}
WHOLE, PAIR, SINGLE = [["price", "grade", "fee"]], [["fee", "price"], ["grade"]], [["price"], ["grade"], ["fee"]]
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "aitm": [{"chain": list(FUNNEL)}],
    "additive": [{"every_stage": True}, {"descriptors": VECTORS}],
    "branch": [{"tree": [WHOLE, PAIR, SINGLE]}, {"tree": [PAIR, PAIR, PAIR]}, {"tree": [WHOLE, WHOLE, PAIR]}],
    "cgc": [{"shared_experts": 2, "own_experts": 2}, {"shared_experts": 3}, {"own_experts": 3}],
    "concat": [{"descriptors": VECTORS}],
    "cross_stitch": [{"per_channel": True}],
    "dselect_k": [{"gate": "example"}, {"experts": 8, "selectors": 3, "smooth_step_width": 2.5}],
    "esmm": [{"chain": list(FUNNEL)}],
    "low_rank": [{"rank": 9}, {"rank": 3, "own_biases": True}],
    "mmoe": [{"experts": 3}],
    "multiplicative": [{"shift": True}, {"descriptors": VECTORS, "shift": True}],
    "omoe": [{"experts": 3}],
    "ple": [{"shared_experts": 2, "own_experts": 2}, {"shared_experts": 3}],
    "relationship": [{"covariance_ridge": 0.2}, {"learn_covariance": False}],
    "sluice": [{"subspaces": 3}, {"subspaces": 1}],
}
"""Options that change how signals pass, on perceptrons of three stages, whose tasks are some alike and some not."""


def every_case(**settings: Any) -> list[Case]:
    """Return all small cases: every architecture on every backbone at every depth."""
    found = [small_cases(sharing, SHARING_OPTIONS.get(sharing), **settings) for sharing in entries("sharing")]
    return [case for cases in found for case in cases]


def every_deep_case() -> list[Case]:
    """Return the cases on perceptrons of three stages: every architecture as it is, and its variants."""
    return [
        case
        for sharing in entries("sharing")
        for options in [*([] if sharing in SHARING_OPTIONS else [{}]), *VARIANTS.get(sharing, [])]
        for case in deep_cases(sharing, options)
    ]
