"""Torch data sets that tests name by their dotted paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

READ: list[int] = []
"""Numbers of the items that were read, in order."""
DRAW = np.random.default_rng(0)
NUMBERS, IMAGES = DRAW.normal(size=(90, 3)).round(3), DRAW.integers(0, 256, size=(90, 5, 6, 3)).astype(np.uint8)


class Rows(torch.utils.data.Dataset[Any]):
    """Rows of numbers with a number, a class by name, a truth value and a vector; every label is missing somewhere."""

    def __init__(self, size: int = 90, start: int = 0) -> None:
        self.size, self.start = size, start

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: int) -> tuple[Any, dict[str, Any]]:
        READ.append(place)
        place = (place + self.start) % 90
        row = NUMBERS[place]
        targets: dict[str, Any] = {"sum": torch.tensor(row.sum()), "sign": bool(row[0] > 0)}
        if place % 4:
            targets["side"] = "left" if row[1] > 0 else "right"
            targets["pair"] = row[:2] * 2
        if place % 9 == 0:
            targets["sum"] = None
        return torch.tensor(row, dtype=torch.float32), targets


class Images(Rows):
    """Images of three channels, which stand last."""

    def __getitem__(self, place: int) -> tuple[Any, dict[str, Any]]:
        image = IMAGES[(place + self.start) % 90]
        return image, {"mean": float(image.mean()), "y_bright": int(image.mean() > 127)}


def in_parts() -> dict[str, Rows]:
    """Rows to train, validate and test on."""
    return {"train": Rows(40), "valid": Rows(20, 40), "test": Rows(30, 60)}


whole = Rows()


class Augmented(Rows):
    """Rows with noise that differs whenever they are read."""

    def __getitem__(self, place: int) -> tuple[Any, dict[str, Any]]:
        x, targets = super().__getitem__(place)
        return x + torch.rand(3), targets


class Odd(Rows):
    """Rows of which the one in the middle is another thing."""

    def __init__(self, item: str) -> None:
        super().__init__()
        self.item = item

    def __getitem__(self, place: int) -> tuple[Any, Any]:
        x, targets = super().__getitem__(place)
        if place != 45:
            return x, targets
        if self.item == "error":
            raise RuntimeError("the disk is gone")
        odd: dict[str, Any] = {
            "lone": x,
            "three": (x, targets, 0),
            "no mapping": (x, 1),
            "no task": (x, {}),
            "shape": (x[:2], targets),
            "text": ("word", targets),
            "type": (x, {"sum": object()}),
            "mixed": (x, {"sum": "word"}),
            "vector": (x, {"pair": np.ones(3)}),
            "name": (x, {"sum_test": 1.0}),
        }
        return odd[self.item]


def broken() -> Rows:
    """Fails."""
    raise FileNotFoundError("data.bin")


def nothing() -> int:
    """Gives no data set."""
    return 3


def empty() -> Rows:
    """Gives a data set without items."""
    return Rows(0)
