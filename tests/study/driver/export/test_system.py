"""What is exported says, of the raw rows of the file, what the study's own networks said of the same rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import analysis
from analysis.recommendation.recommend import recommend
from mtl_core.data.preprocessing import prepare
from mtl_core.data.target_columns import columns_of
from mtl_core.network.portable.model import Predictor
from mtl_core.network.portable.temperature import temperature
from study.driver.export.finished_study import read_study
from study.driver.export.option import networks_of
from study.driver.export.write import export
from tests.study.finished_studies import Finished, finished, rows_of

RARE = -12345.0


def places(found: torch.Tensor, pool: torch.Tensor) -> list[int]:
    """Row of the file that each example of the pool is."""
    rows = {tuple(row): place for place, row in enumerate(found.nan_to_num(RARE).tolist())}
    assert len(rows) == len(pool)
    return [rows[tuple(row)] for row in pool.nan_to_num(RARE).tolist()]


def agrees(run: Path, option: str, predictor: Predictor, x: torch.Tensor) -> int:
    """Hold every network against what the study recorded of the examples that it was judged on; return their number."""
    records = analysis.load(run)
    study = read_study(run, records)
    chosen = next(one for one in recommend(records).options if one.kind == option)
    targets, outputs = study.task_set.test.targets.double(), predictor.outputs(x)
    seen: dict[str, int] = dict.fromkeys(predictor.tasks, 0)
    compared = 0
    for network in networks_of(records, chosen):
        for task, columns in zip(study.task_set.tasks, columns_of(study.task_set.tasks), strict=True):
            if task.name not in network.tasks:
                continue
            mine = outputs[task.name][seen[task.name]]
            seen[task.name] += 1
            scores = records.scores.query("replica == @network.replica and task == @task.name").iloc[0]
            recorded = torch.tensor(
                np.array(scores["example_scores" if task.kind == "regression" else "example_losses"])
            )
            judged = ~recorded.isnan()
            y = targets[judged, columns.start]
            if task.kind == "regression":
                origin = study.task_set.development.target_origin
                shift = 0.0 if origin is None else float(origin[columns.start])
                found = (mine[judged].double() - shift - y).square()
            else:
                z = mine[judged].double()
                z = torch.stack([torch.zeros_like(z), z], dim=1) if task.kind == "binary" else z
                found = torch.nn.functional.cross_entropy(z, y.long(), reduction="none")
            torch.testing.assert_close(found, recorded[judged].double(), rtol=1e-4, atol=1e-5)
            compared += int(judged.sum())
    return compared


@pytest.fixture(scope="module")
def model_of(shop: Finished, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what exports an option of the shop, once, into a folder that tests read."""
    return cache(lambda option: export(shop.run, tmp_path_factory.mktemp(option) / "model", option=option))


@pytest.mark.parametrize(("option", "networks"), [("chosen", 1), ("alone", 3)])
def test_a_table_with_outer_folds(shop: Finished, model_of: Callable[[str], Path], option: str, networks: int) -> None:
    predictor = Predictor.load(model_of(option))
    rows = rows_of(shop.table)
    pool = read_study(shop.run, analysis.load(shop.run)).task_set.test
    x = predictor.encode(rows)
    x = x[places(x, pool.inputs)]
    assert torch.equal(x.nan_to_num(RARE), pool.inputs.nan_to_num(RARE))
    labels = int((~pool.targets.isnan()).sum())
    assert agrees(shop.run, option, predictor, x) == 2 * labels  # two seeds of every fold
    assert len(predictor.networks) == 10 * networks
    answers = predictor.predict(rows)
    prices = np.array([float(row["y_price"] or "nan") for row in rows])
    assert np.nanmean(np.abs(np.array(answers["y_price"]) - prices)) < 60
    assert set(answers["y_sold"]) <= {"sold", "kept"}
    assert set(answers["y_grade"]) <= {"0", "1", "2"}


def test_ordered_classes_and_counts(clinic: Finished, tmp_path: Path) -> None:
    predictor = Predictor.load(export(clinic.run, tmp_path / "model", option="chosen"))
    study = read_study(clinic.run, analysis.load(clinic.run))
    pool = study.task_set.test
    outputs = predictor.outputs(pool.inputs)
    records = analysis.load(clinic.run)
    networks, all_scores = networks_of(records, recommend(records).options[0]), records.scores
    places_of = {task.name: place for place, task in enumerate(study.task_set.tasks)}
    for number, network in enumerate(networks):
        scores = all_scores[all_scores["replica"] == network.replica].set_index("task")
        recorded = torch.tensor(np.array(scores.loc["y_pain", "example_losses"]))
        judged = ~recorded.isnan()
        pain = pool.targets[judged, places_of["y_pain"]].long()
        found = -outputs["y_pain"][number][judged].gather(1, pain[:, None])[:, 0]
        torch.testing.assert_close(found, recorded[judged].float(), rtol=1e-4, atol=1e-5)
    answers = predictor.predict(rows_of(clinic.table))
    assert set(answers["y_pain"]) <= {"none", "mild", "strong"}
    shares = torch.tensor([answers[f"y_pain={name}"] for name in ("none", "mild", "strong")])
    assert shares.sum(dim=0) == pytest.approx(1, abs=1e-5)
    medians = [("none", "mild", "strong")[int((column.cumsum(0)[:-1] < 0.5).sum())] for column in shares.T]
    assert answers["y_pain"] == medians
    visits = np.array([float(row["y_visits"]) for row in rows_of(clinic.table)])
    assert min(answers["y_visits"]) > 0
    assert np.mean(answers["y_visits"]) == pytest.approx(visits.mean(), rel=0.5)


def test_the_rest_shared_and_one_task_alone(shop_without: Finished, tmp_path: Path) -> None:
    run = shop_without.run
    folder = export(run, tmp_path / "model", option="added")
    predictor = Predictor.load(folder)
    assert {tuple(names) for _, names in predictor.networks} == {("y_price", "y_sold"), ("y_grade",)}
    pool = read_study(run, analysis.load(run)).task_set.test
    labels = int((~pool.targets.isnan()).sum())
    assert agrees(run, "added", predictor, pool.inputs) == 2 * labels


def test_images_with_a_test_split(digits: Path, tmp_path: Path) -> None:
    folder = export(digits, tmp_path / "model", option="chosen")
    predictor = Predictor.load(folder)
    assert (predictor.columns, predictor.shape) == (None, (1, 8, 8))
    assert len(predictor.networks) == 3
    test = read_study(digits, analysis.load(digits)).task_set.test
    examples = test.inputs.view(-1, 1, 8, 8).numpy()
    compared = agrees(digits, "chosen", predictor, predictor.encode(examples))
    assert compared == 3 * int((~test.targets.isnan()).sum())
    answers = predictor.predict(examples)
    assert all(len(answers[task]) == len(test) for task in predictor.tasks)


def test_networks_of_one_structure_have_one_program(model_of: Callable[[str], Path]) -> None:
    predictor = Predictor.load(model_of("alone"))
    assert len({place for place, _ in predictor.networks}) <= 3 * 2  # a kind of head each, and either width


def test_temperatures_lower_the_log_loss_of_the_validation_rows(model_of: Callable[[str], Path]) -> None:
    predictor = Predictor.load(model_of("chosen"))
    found = {name: task["temperature"] for name, task in predictor.tasks.items()}
    assert found["y_price"] == 1.0
    assert all(0.2 <= value <= 5 for value in found.values())
    assert found["y_sold"] != 1.0


def test_temperatures_are_fitted_by_the_weights_of_the_loss(shop: Finished, tmp_path: Path) -> None:
    tasks = f"{{set: table, path: {shop.table}, targets: [y_sold, y_grade], class_weight: {{y_sold: {{sold: 9}}}}}}"
    run = finished(tmp_path, "weighed", tasks)
    folder = export(run, tmp_path / "model", option="chosen")
    records = analysis.load(run)
    study, predictor = read_study(run, records), Predictor.load(folder)
    pool = study.task_set.development
    outputs = predictor.outputs(pool.examples.inputs)["y_sold"]
    chosen = next(one for one in recommend(records).options if one.kind == "chosen")
    parts = [prepare(pool, network.seed).validation for network in networks_of(records, chosen)]
    logits = [torch.stack([torch.zeros(len(rows)), own[rows]], dim=1) for own, rows in zip(outputs, parts, strict=True)]
    labels = [pool.examples.targets[rows, 0] for rows in parts]
    weights = [1 + 8 * label for label in labels]
    told = predictor.tasks["y_sold"]["temperature"]
    assert told == pytest.approx(temperature(logits, labels, weights), rel=1e-4)
    assert told != pytest.approx(temperature(logits, labels), rel=1e-2)
    page = (folder / "README.md").read_text()
    assert "Classes of y_sold had weights in the loss." in page
    assert "Do not read them as frequencies." in page
