"""Small finished studies with real networks: of a table with outer folds, and of images with a test split."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import study
from study.driver.extend import extend

FILE = """
name: {name}
tasks: {tasks}
factors: {{sharing: [hard], depth: [1], stages: [1], width: [4, 6], weighting: [equal], backbone: [{backbone}]}}
tuning: {{draws: 1}}
training: {{epochs: 2, batch_size: 32}}
search: {{seeds: 1, rungs: []}}
confirm: {{seeds: 2}}
verdict: {{seeds: 3, max_seeds: 3, follow_up: false}}
backend: inline
"""


@dataclass(frozen=True)
class Finished:
    """A finished study: its run directory, and the table that it read."""

    run: Path
    table: Path


def write_table(path: Path, rows: int = 150) -> None:
    """Missing values, categories, dates; a large regression, a binary and a multiclass task with missing labels."""
    chance = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "city", "since", "member", "y_price", "y_sold", "y_grade"])
        for _ in range(rows):
            age, member = chance.normal(40, 12), chance.random() < 0.5
            city, sold = ["Bonn", "Ulm", ""][chance.integers(3)], age + chance.normal(0, 8) > 40
            writer.writerow(
                [
                    f"{age:.3f}" if chance.random() < 0.9 else "",
                    city,
                    f"20{chance.integers(10, 24)}-03-0{chance.integers(1, 10)}",
                    "yes" if member else "no",
                    f"{1e6 + 3 * age + chance.normal():.3f}" if chance.random() < 0.9 else "",
                    "sold" if sold else "kept",
                    int(np.clip(age // 20, 0, 2)),
                ]
            )


def rows_of(table: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, as a user without this project reads them."""
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def finished(folder: Path, name: str, tasks: str, backbone: str = "mlp") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(FILE.format(name=name, tasks=tasks, backbone=backbone))
    return study.run(study.load_spec(str(file)), out=folder / name, backend="inline")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A study of a table, with five outer folds."""
    folder = tmp_path_factory.mktemp("shop")
    write_table(folder / "shop.csv")
    return Finished(finished(folder, "shop", "{set: table, path: shop.csv, targets: ['y_*']}"), folder / "shop.csv")


@pytest.fixture(scope="session")
def shop_without(shop: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The same study, to which the chosen arm without ``y_grade`` was added: it shares the rest."""
    run = shutil.copytree(shop.run, tmp_path_factory.mktemp("without") / "shop")
    extend(run, without=("y_grade",))
    return Finished(run, shop.table)


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A study of ordered classes and of counts, with five outer folds."""
    folder, chance = tmp_path_factory.mktemp("clinic"), np.random.default_rng(1)
    with (folder / "clinic.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "dose", "y_pain", "y_visits"])
        for _ in range(150):
            age, dose = chance.normal(40, 12), chance.normal()
            pain = ["none", "mild", "strong"][int(np.clip(age // 18 - 1 + chance.integers(2), 0, 2))]
            writer.writerow([f"{age:.3f}", f"{dose:.3f}", pain, chance.poisson(np.exp(0.5 * dose + 1))])
    kinds = "{y_pain: ordinal, y_visits: count}"
    order = "{y_pain: [none, mild, strong]}"
    tasks = f"{{set: table, path: clinic.csv, targets: ['y_*'], kinds: {kinds}, order: {order}}}"
    return Finished(finished(folder, "clinic", tasks), folder / "clinic.csv")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of images, with a test split of its own."""
    return finished(tmp_path_factory.mktemp("digits"), "digits", "{set: digits3}", "convnet")
