"""The length of a search for a structure: ``settle_at``, a share of the epochs, on top of them."""

from __future__ import annotations

from mtl_core.recipe import Recipe


def search_epochs(recipe: Recipe, default: float) -> int:
    """Return the number of epochs of the search, at least one.

    Args:
        recipe: of the replica.
        default: of the architecture's option ``settle_at``.
    """
    return max(1, round(recipe.sharing_options.get("settle_at", default) * recipe.epochs))


def why_no_length(recipe: Recipe, default: float) -> str | None:
    """Return why the option ``settle_at`` of ``recipe`` is no share of the epochs, or ``None`` if it is one."""
    share = recipe.sharing_options.get("settle_at", default)
    if not isinstance(share, int | float) or not 0 < share < 1:
        return f"settle_at must lie between 0 and 1, found {share!r}"
    return None
