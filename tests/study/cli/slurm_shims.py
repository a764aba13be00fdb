"""Stand-ins for the commands of Slurm on this machine, whose two nodes are both this one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

SHIMS = {
    # runs the command behind its own options, once; a Ray that listens on 127.0.0.1 has no second node, which waits
    "srun": (
        'echo "srun $*" >>"$SHIM_LOG"; while [[ $1 == --* ]]; do shift; done;'
        ' if [[ -z $SHIM_ALL_NODES && $* == *--address=* ]]; then exec sleep 3600; fi; exec "$@"'
    ),
    "scontrol": (
        'echo "scontrol $*" >>"$SHIM_LOG"; case $1 in show) printf "%s\\n" "$SHIM_HOST" "$SHIM_HOST";;'
        ' requeue) exit "${REQUEUE_STATUS:-0}";; esac'
    ),
    "sbatch": 'echo "sbatch $*" >>"$SHIM_LOG"',
    "mtl-study": f'exec {sys.executable} -m study "$@"',
}


class Job:
    """A job of Slurm in ``folder``: a script and what it runs with.

    Args:
        folder: holds the stand-ins, a log of their calls, and a home directory.
        script: of the job.
        nodes: how many it has.
        number: of the job.
        shims: further stand-ins, by name.
    """

    def __init__(self, folder: Path, script: str, *, nodes: int, number: int, shims: dict[str, str]) -> None:
        self.folder, self.calls = folder, folder / "calls.txt"
        (folder / "home").mkdir()
        (folder / "bin").mkdir()
        for name, body in (SHIMS | shims).items():
            path = folder / "bin" / name
            path.write_text(f"#!/bin/bash\n{body}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        # the script puts the folder of the interpreter first, where the real commands lie
        self.script = folder / "job.sh"
        self.script.write_text(script.replace("export PATH=", f"export PATH={folder / 'bin'}:", 1))
        self.environment = os.environ | {
            "HOME": str(folder / "home"), "SHIM_LOG": str(self.calls), "SLURM_JOB_ID": str(number),
            "SLURM_JOB_NUM_NODES": str(nodes), "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_CPUS_PER_TASK": "1",
            "SHIM_HOST": "127.0.0.1", "SHIM_ALL_NODES": "", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "MTL_STUDY_JOIN_SECONDS": "20",
        }  # fmt: skip

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start the script, as Slurm does on the first node of the job."""
        with open(self.folder / "output.txt", "a") as log:
            command = ["bash", str(self.script)]
            given = {"cwd": self.folder, "env": self.environment | environment, "stdout": log, "stderr": log}
            return subprocess.Popen(command, text=True, **given)

    def output(self) -> str:
        """Return what the script has printed, over all its starts."""
        return (self.folder / "output.txt").read_text()

    def called(self, *commands: str) -> list[str]:
        """Return the calls of those commands, one line each."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(commands)]
