"""Bad study files, names and overrides through the command line: exit 2, the place, the remedy, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from tests.study.refused import refused

GOOD = "tasks: {set: digits3}\n"

CASES: dict[str, tuple[str | bytes, str, str]] = {
    # name: (file, what the place has to say, what the remedy has to say)
    "empty file": ("", "bad.yaml", "preset"),
    "only comments": ("# nothing\n", "bad.yaml", "preset"),
    "a list": ("- tasks\n", "bad.yaml", "preset"),
    "plain text": ("hello\n", "bad.yaml", "preset"),
    "not UTF-8": (b"name: \xff\xfe\n", "bad.yaml", "UTF-8"),
    "NUL": ("name: a\0b\n" + GOOD, "line 1", "Take it out"),
    "no tasks": ("name: x\n", "tasks", "set: multidigits"),
    "no task set": ("tasks: {}\n", "tasks.set", "list tasks"),
    "tasks as text": ("tasks: digits3\n", "tasks", "section"),
    "unknown task set": ("tasks: {set: digit3}\n", "tasks.set", "'digits3'"),
    "task set as a number": ("tasks: {set: 3}\n", "tasks.set", "string"),
    "misspelt section": (GOOD + "factor: {width: 3}\n", "line 2: factor", "'factors'"),
    "misspelt tasks": ("task: {set: digits3}\n", "line 1: task", "'tasks'"),
    "misspelt factor": (GOOD + "factors:\n  widht: [8]\n", "line 3: factors.widht", "'width'"),
    "American spelling": (GOOD + "factors: {optimizer: [adamw]}\n", "factors.optimizer", "'optimiser'"),
    "misspelt tuning": (GOOD + "tuning: {learning-rate: 1e-3}\n", "tuning.learning-rate", "'learning_rate'"),
    "key of another section": (GOOD + "training: {draws: 3}\n", "training.draws", "There is"),
    "key with markup": (GOOD + "'[bold]<script>': 1\n", "[bold]<script>", "There is"),
    "key with an escape sequence": (GOOD + '"\\x1b[31m": 1\n', r"\x1b[31m", "There is"),
    "section as a number": (GOOD + "factors: 3\n", "line 2: factors", "section"),
    "section as a list": (GOOD + "search: [grid]\n", "line 2: search", "section"),
    "empty factor": (GOOD + "factors: {width: []}\n", "factors.width", "at least one level"),
    "empty sharing": (GOOD + "factors: {sharing: []}\n", "factors.sharing", "at least one level"),
    "empty depth": (GOOD + "factors: {depth: []}\n", "factors.depth", "at least one level"),
    "null factor": (GOOD + "factors: {width: }\n", "factors.width", "integer"),
    "level twice": (GOOD + "factors: {width: [8, 16, 8]}\n", "factors.width", "Keep one"),
    "width as text": (GOOD + "factors: {width: [8, wide]}\n", "factors.width[1]", "integer"),
    "width quoted": (GOOD + "factors: {width: ['8']}\n", "factors.width[0]", "integer"),
    "width zero": (GOOD + "factors: {width: [0]}\n", "factors.width[0]", "1"),
    "width negative": (GOOD + "factors: {width: -8}\n", "factors.width", "1"),
    "width a fraction": (GOOD + "factors: {width: 8.5}\n", "factors.width", "integer"),
    "width true": (GOOD + "factors: {width: true}\n", "factors.width", "integer"),
    "width huge": (GOOD + "factors: {width: 1000000000}\n", "factors.width", "16384"),
    "width nested": (GOOD + "factors: {width: [[8]]}\n", "factors.width", "integer"),
    "no stages": (GOOD + "factors: {stages: 0}\n", "factors.stages", "1"),
    "depth as a word": (GOOD + "factors: {depth: deep}\n", "factors.depth", "all"),
    "depth negative": (GOOD + "factors: {depth: [-1]}\n", "factors.depth", "all"),
    "depth mixed with all": (GOOD + "factors: {depth: [all, 1]}\n", "factors.depth", "all"),
    "depth beyond every network": (GOOD + "factors: {stages: 2, depth: [5]}\n", "factors", "depth"),
    "only depth zero": (GOOD + "factors: {depth: [0]}\n", "factors", "depth"),
    "unknown sharing": (GOOD + "factors: {sharing: hrad}\n", "factors.sharing", "'hard'"),
    "nothing is shared": (GOOD + "factors: {sharing: [single_task]}\n", "factors.sharing", "hard"),
    "unknown weighting": (
        GOOD + "factors: {weighting: [equal, uncertainity]}\n",
        "factors.weighting[1]",
        "'uncertainty'",
    ),
    "weighting no": (GOOD + "factors: {weighting: no}\n", "factors.weighting", "equal"),
    "unknown optimiser": (GOOD + "factors: {optimiser: adam}\n", "factors.optimiser", "'adamw'"),
    "unknown backbone": (GOOD + "factors: {backbone: resnet50}\n", "factors.backbone", "resnet"),
    "unknown scale": (GOOD + "factors: {scale: match}\n", "factors.scale", "'matched'"),
    "fraction above one": (GOOD + "factors: {train_fraction: 1.5}\n", "factors.train_fraction", "1"),
    "fraction zero": (GOOD + "factors: {train_fraction: 0}\n", "factors.train_fraction", "0"),
    "huge grid": (
        GOOD + f"factors: {{width: {list(range(1, 500))}, stages: {list(range(1, 60))}}}\n",
        "factors",
        "Take levels out",
    ),
    "no draws": (GOOD + "tuning: {draws: 0}\n", "tuning.draws", "1"),
    "draws as text": (GOOD + "tuning: {draws: many}\n", "tuning.draws", "integer"),
    "range backwards": (GOOD + "tuning: {dropout: {uniform: [0.5, 0.1]}}\n", "tuning.dropout", "low < high"),
    "range of three": (GOOD + "tuning: {dropout: {uniform: [0, 1, 2]}}\n", "tuning.dropout", "uniform"),
    "range of text": (GOOD + "tuning: {dropout: {uniform: [a, b]}}\n", "tuning.dropout", "low < high"),
    "range as a list": (GOOD + "tuning: {dropout: [0, 0.5]}\n", "tuning.dropout", "uniform"),
    "unknown kind of range": (
        GOOD + "tuning: {learning_rate: {normal: [0, 1]}}\n",
        "tuning.learning_rate",
        "log_uniform",
    ),
    "logarithmic from zero": (
        GOOD + "tuning: {weight_decay: {log_uniform: [0, 1]}}\n",
        "tuning.weight_decay",
        "uniform",
    ),
    "infinite range": (GOOD + "tuning: {weight_decay: {uniform: [0, .inf]}}\n", "tuning.weight_decay", "low < high"),
    "dropout of one": (GOOD + "tuning: {dropout: 1}\n", "tuning", "below 1"),
    "learning rate zero": (GOOD + "tuning: {learning_rate: 0}\n", "tuning", "above 0"),
    "learning rate NaN": (GOOD + "tuning: {learning_rate: .nan}\n", "tuning.learning_rate", "number"),
    "learning rate negative": (GOOD + "tuning: {learning_rate: -1e-3}\n", "tuning.learning_rate", "0 up"),
    "learning rate as text": (GOOD + "tuning: {learning_rate: fast}\n", "tuning.learning_rate", "log_uniform"),
    "no epochs": (GOOD + "training: {epochs: 0}\n", "training.epochs", "1"),
    "epochs infinite": (GOOD + "training: {epochs: .inf}\n", "training.epochs", "integer"),
    "epochs huge": (GOOD + f"training: {{epochs: {10**30}}}\n", "training.epochs", "100000"),
    "epochs with thousands of digits": (GOOD + f"training: {{epochs: {'9' * 5000}}}\n", "line 2", "smaller"),
    "gradients compared less than never": (GOOD + "diagnostics: {gradients: -1}\n", "diagnostics.gradients", "0"),
    "gradients switched on": (GOOD + "diagnostics: {gradients: true}\n", "diagnostics.gradients", "integer"),
    "unknown diagnostic": (GOOD + "diagnostics: {gradient: 8}\n", "diagnostics.gradient", "'gradients'"),
    "batch size zero": (GOOD + "training: {batch_size: 0}\n", "training.batch_size", "1"),
    "unknown schedule": (GOOD + "training: {schedule: cosin}\n", "training.schedule", "'cosine'"),
    "unknown backbone option": (
        GOOD + "training: {backbone_options: {nrom: layer}}\n",
        "backbone_options.nrom",
        "'norm'",
    ),
    "wrong backbone option": (
        GOOD + "training: {backbone_options: {norm: group}}\n",
        "backbone_options.norm",
        "layer",
    ),
    "nested backbone option": (
        GOOD + "training: {backbone_options: {norm: [1]}}\n",
        "backbone_options.norm",
        "layer",
    ),
    "backbone options that are a list": (
        GOOD + "training: {backbone_options: [1]}\n",
        "backbone_options",
        "option: value",
    ),
    "options of an unknown architecture": (
        GOOD + "training: {sharing_options: {hrad: {experts: 2}}}\n",
        "training.sharing_options",
        "'hard'",
    ),
    "unknown architecture option": (
        GOOD + "training: {sharing_options: {hard: {experts: 2}}}\n",
        "sharing_options.hard.experts",
        "Take it out",
    ),
    "sharing options without an architecture": (
        GOOD + "training: {sharing_options: {experts: 2}}\n",
        "training.sharing_options",
        "name:",
    ),
    "unknown method option": (
        GOOD + "training: {weighting_options: {stch: {heat: 2}}}\n",
        "weighting_options.stch.heat",
        "There",
    ),
    "weights that are no schedule": (
        GOOD + "training: {weighting_options: {scheduled: {pieces: [[0.5, 1, 0, 0]]}}}\n",
        "weighting_options.scheduled",
        "list weighting",
    ),
    "a schedule that is missing": (
        GOOD + "factors: {weighting: [equal, scheduled]}\n",
        "factors.weighting",
        "scheduled.pieces",
    ),
    "no task a step": (GOOD + "training: {tasks_per_step: 0}\n", "training.tasks_per_step", "1"),
    "sampling by no rule": (GOOD + "training: {tasks_per_step: 1, sampling: best}\n", "training.sampling", "uniform"),
    "sampling colder than the sizes": (
        GOOD + "training: {tasks_per_step: 1, sampling: 0.5}\n",
        "training.sampling",
        "from 1 up",
    ),
    "clipping to nothing": (GOOD + "training: {clip_norm: 0}\n", "training.clip_norm", "greater than 0"),
    "clipping to no number": (GOOD + "training: {clip_norm: .nan}\n", "training.clip_norm", "number"),
    "clipping to infinity": (GOOD + "training: {clip_norm: .inf}\n", "training.clip_norm", "number"),
    "clipping by a word": (GOOD + "training: {clip_norm: none}\n", "training.clip_norm", "number"),
    "a precision that is none": (GOOD + "training: {precision: fp16}\n", "training.precision", "'bf16'"),
    "a precision by number": (GOOD + "training: {precision: 16}\n", "training.precision", "float32"),
    "sampling among all tasks": (GOOD + "training: {sampling: proportional}\n", "training", "tasks_per_step"),
    "unknown strategy": (GOOD + "search: {strategy: random}\n", "search.strategy", "grid"),
    "no search seeds": (GOOD + "search: {seeds: 0}\n", "search.seeds", "1"),
    "rungs backwards": (GOOD + "search: {rungs: [0.5, 0.25]}\n", "search", "Sort"),
    "rung at the end": (GOOD + "search: {rungs: [1.0]}\n", "search.rungs", "1"),
    "grid with trials": (GOOD + "search: {strategy: grid, trials: 5}\n", "search", "optuna"),
    "no confirm seeds": (GOOD + "confirm: {seeds: 0}\n", "confirm.seeds", "1"),
    "confirm no arm": (GOOD + "confirm: {arms: 0}\n", "confirm.arms", "all"),
    "confirm some arms": (GOOD + "confirm: {arms: some}\n", "confirm.arms", "all"),
    "no verdict seeds": (GOOD + "verdict: {seeds: 0}\n", "verdict.seeds", "1"),
    "judge a stranger": (GOOD + "verdict: {judge: [everyone]}\n", "verdict.judge", "fully_shared"),
    "band negative": (GOOD + "band: -1\n", "band", "0"),
    "band NaN": (GOOD + "band: .nan\n", "band", "number"),
    "budget as a word": (GOOD + "budget: soon\n", "budget", "90m or 1h30m"),
    "budget zero": (GOOD + "budget: 0s\n", "budget", "90m or 1h30m"),
    "budget that nothing fits into": (GOOD + "budget: 1s\n", "budget", "factors"),
    "unknown backend": (GOOD + "backend: slurm\n", "backend", "inline"),
    "no workers": (GOOD + "workers: 0\n", "workers", "1"),
    "unknown option of the task set": ("tasks: {set: digits3, sed: 3}\n", "tasks.sed", "'seed'"),
    "option of the wrong type": ("tasks: {set: digits3, seed: three}\n", "tasks.seed", "integer"),
    "anchor": (GOOD + "band: &x 1\n", "line 2", "Write the value out"),
    "alias": (GOOD + "band: *x\n", "line 2", "Write the value out"),
    "tag": (GOOD + "band: !!python/name:os.system\n", "line 2", "plain value"),
    "equal keys": (GOOD + "band: 1\nband: 2\n", "line 3", "Keep one"),
    "two documents": (GOOD + "---\n" + GOOD, "line 2", "one document"),
    "bomb": ("a: &a [1]\nb: [*a, *a]\n", "line 1", "Write the value out"),
    "merge key": (GOOD + "factors: {<<: {width: 8}}\n", "factors.<<", "There is"),
    "name that climbs": ("name: ../x\n" + GOOD, "line 1: name", "plain name"),
    "absolute name": ("name: /tmp/x\n" + GOOD, "line 1: name", "plain name"),
    "reserved name": ("name: CON\n" + GOOD, "line 1: name", "plain name"),
    "long name": (f"name: {'x' * 300}\n" + GOOD, "line 1: name", "plain name"),
    "look-alike name": ("name: dеmo\n" + GOOD, "line 1: name", "plain name"),
    "name with an escape sequence": ('name: "\\x1b]0;x\\x07"\n' + GOOD, "line 1: name", "plain name"),
    "name with a bidi override": ("name: a\u202eb\n" + GOOD, "line 1", ""),
    "name as markup": ("name: <script>\n" + GOOD, "line 1: name", "plain name"),
    "name as a formula": ("name: =cmd()\n" + GOOD, "line 1: name", "plain name"),
    "name as TeX": ("name: \\input{x}\n" + GOOD, "line 1: name", "plain name"),
    "empty name": ("name: ''\n" + GOOD, "line 1: name", "plain name"),
    "numeric name": ("name: 3\n" + GOOD, "line 1: name", "string"),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("content", "place", "remedy"), CASES.values(), ids=CASES.keys())
def test_a_bad_study_file_is_refused(content: str | bytes, place: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    lines = refused(["check", "bad.yaml"], tmp_path)
    assert place in lines["where"]
    assert remedy in lines["do"]


@pytest.mark.parametrize(
    ("arguments", "place", "remedy"),
    [
        (["demmo"], "demmo", "'demo'"),
        (["none.yaml"], "none.yaml", "preset"),
        (["."], ".", "--targets"),
        (["notes.docx"], "notes.docx", "Known are"),
        (["nosuffix"], "nosuffix", "Known are"),
        (["\x1b[31m.yaml"], r"\x1b[31m.yaml", "preset"),
        (["x" * 5_000], "xxx", "Name a study file"),
        (["digits3", "--set", "training"], "--set training", "epochs=50"),
        (["digits3", "--set", "=3"], "--set =3", "epochs=50"),
        (["digits3", "--set", "training..epochs=3"], "--set training..epochs=3", "epochs=50"),
        (["digits3", "--set", "training.epoch=3"], "--set training.epoch=3", "'epochs'"),
        (["digits3", "--set", "training.epochs=many"], "--set training.epochs=many", "integer"),
        (["digits3", "--set", "name.x=3"], "--set name.x=3", "nests"),
        (["digits3", "--set", "band=&x 1"], "--set band=&x 1", "Write the value out"),
        (["digits3", "--set", "band=[1"], "--set band=[1", "Mend"),
        (["digits3", "--set", "tasks.sed=1"], "tasks.sed", "'seed'"),
        (["digits3", "--budget", "soon"], "--budget soon", "90m or 1h30m"),
        (["digits3", "--budget", "-2h"], "--budget -2h", "90m or 1h30m"),
        (["digits3", "--targets", "y_*"], "--targets y_*", "Leave"),
        (["table.csv"], "table.csv", "--targets"),
        (["table.csv", "--targets", "y", "--set", "factors.width=0"], "--set factors.width=0", "1"),
    ],
)
def test_a_bad_command_is_refused(arguments: list[str], place: str, remedy: str, tmp_path: Path) -> None:
    for name in ("notes.docx", "nosuffix"):
        (tmp_path / name).write_text("x")
    (tmp_path / "table.csv").write_text("a,y\n1,2\n")
    lines = refused(["check", *arguments], tmp_path)
    assert place in lines["where"]
    assert remedy in lines["do"]


@pytest.mark.parametrize(
    "arguments", [["run", "--workers", "0", "demo"], ["run"], ["chekc", "demo"], ["run", "demo", "--backend", "x"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_run_refuses_a_bad_study_file_before_it_writes(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD + "factors: {widht: 3}\n")
    assert "width" in refused(["run", "bad.yaml", "--out", "results"], tmp_path)["do"]


def test_several_findings_are_counted(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD + "band: -1\nworkers: 0\n")
    lines = refused(["check", "bad.yaml"], tmp_path)
    assert "line 2: band" in lines["where"]
    assert "1 more" in lines["do"]
