"""Run directories from somebody else, through every command that reads one: none of their code runs, nothing else does.

The commands run under an audit hook, in the directory itself, where a careless user might be.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import study
from tests.security.planted import PLANTS, Plant, canary, huge_tensor, pickles, report_links
from tests.security.watched import Watch, watched
from tests.study.finished_studies import FILE, Finished, write_table

PRECIOUS = "the only copy"
WHOLE = (pickles, huge_tensor, report_links)
"""What is planted where reports and exports read or write; the ordinary suite draws and exports nothing else."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A finished study of a table, with a test split of its own."""
    folder = tmp_path_factory.mktemp("shop")
    write_table(folder / "shop.csv")
    tasks = "{set: table, path: shop.csv, targets: [y_price, y_sold]}"
    text = FILE.format(name="shop", tasks=tasks, backbone="mlp") + "evaluation: {design: holdout}\n"
    (folder / "shop.yaml").write_text(text)
    run = study.run(study.load_spec(str(folder / "shop.yaml")), out=folder / "shop", backend="inline")
    return Finished(run, folder / "shop.csv")


def commands(run: Path, out: Path, own: Path) -> list[list[str]]:
    """Every command that takes a run directory, and a resumed study of the user's own file."""
    return [
        ["status", str(run)],
        ["runs", str(run.parent)],
        ["report", str(run)],
        ["export", str(run), "--out", str(out / "model")],
        ["predict", str(run), str(own.with_name("shop.csv"))],
        ["extend", str(run), "--seeds", "4"],
        ["check", str(run / "study.yaml")],
        ["run", str(run / "study.yaml"), "--out", str(run)],
        ["run", str(own), "--out", str(run), "--backend", "inline"],
    ]


def run_everything(plant: Plant, shop: Finished, tmp_path: Path, *, whole: bool) -> None:
    """Plant something in a copy of the study, run all commands on it, and see that nothing came of it."""
    run, out, home = tmp_path / "foreign" / "run", tmp_path / "out", tmp_path / "outside"
    shutil.copytree(shop.run, run)
    out.mkdir()
    home.mkdir()
    precious = home / "precious"
    precious.write_text(PRECIOUS)
    own = shop.table.with_name("shop.yaml")
    plant(run, precious)
    found = watched(run, commands(run, out, own), [tmp_path / "foreign", out], whole=whole)
    for said in found:
        assert not said.breaches, said
        assert said.code in (0, 1, 2), said
    assert not canary(run).exists()
    assert precious.read_text() == PRECIOUS
    assert [path.name for path in home.iterdir()] == ["precious"]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_no_code_of_a_foreign_run_directory_runs(plant: Plant, shop: Finished, tmp_path: Path) -> None:
    run_everything(plant, shop, tmp_path, whole=plant in WHOLE)


@pytest.mark.slow  # two processor minutes, nearly all of them for figures and exported models
@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant not in WHOLE], ids=lambda plant: plant.__name__)
def test_nor_while_figures_are_drawn_and_models_exported(plant: Plant, shop: Finished, tmp_path: Path) -> None:
    run_everything(plant, shop, tmp_path, whole=True)


def test_the_watch_notices_what_it_is_for(tmp_path: Path) -> None:
    watch = Watch(str(tmp_path), (str(tmp_path / "out"),))
    (tmp_path / "a.py").write_text("")
    watch("open", (str(tmp_path / "a.py"), "r", 0))
    watch("open", ("/etc/passwd", "w", 1))
    watch("import", ("planted", None, None, None, None))
    watch("compile", (None, str(tmp_path / "a.py")))
    watch("exec", (compile("0", str(tmp_path / "a.py"), "eval"),))
    watch("subprocess.Popen", ("true",))
    watch("pickle.find_class", ("os", "system"))
    watch("os.remove", ("/etc/passwd", -1))
    assert len(watch.noted) == 8
    watch("open", (str(tmp_path / "out" / "page.html"), "w", 1))
    watch("open", ("/etc/passwd", "r", 0))
    watch("import", ("numpy", None, None, None, None))
    assert len(watch.noted) == 8
