"""Commands in a process of their own, under an audit hook that notes whatever a foreign directory must not cause."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from study.store.scratch import PREFIX
from tests.forked import forked

HANGING = 900.0
CODE = (".py", ".pyc", ".pkl", ".pickle", ".pt", ".so", ".npy")
STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "socket.connect")
MOVING = ("os.remove", "os.rename", "os.truncate", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.link", "os.symlink")


@dataclass
class Watch:
    """What an audit hook noted.

    Args:
        foreign: the directory whose content must not run.
        writable: folders in which a command may write.
        module: beginning of the names of modules that the directory names; they must not be imported.
        scratch: beginning of the paths of drivers' temporary folders.
    """

    foreign: str
    writable: tuple[str, ...]
    module: str = "planted"
    noted: list[str] = field(default_factory=list)
    scratch: str = field(default_factory=lambda: os.path.join(tempfile.gettempdir(), PREFIX))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event that is a breach."""
        if event == "open":
            self._opened(*arguments)
        elif event in MOVING:
            for path in arguments[: 2 if event == "os.rename" else 1]:
                if isinstance(path, str | bytes | os.PathLike) and not self._may_write(path):
                    self._note(event, path)
        elif self._is_breach(event, arguments):
            self._note(event, arguments)

    def _is_breach(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether an event starts a process, unpickles, or takes code from the directory."""
        if event == "import":
            return str(arguments[0]).startswith(self.module)
        if event == "exec":
            return self._is_foreign(getattr(arguments[0], "co_filename", ""))
        if event in ("compile", "ctypes.dlopen"):
            return self._is_foreign(arguments[1 if event == "compile" else 0])
        return event in STARTING or event == "pickle.find_class"

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if writes and not self._may_write(path):
            self._note(f"open for writing, {mode}", path)
        if self._is_foreign(path) and os.fsdecode(path).endswith(CODE):
            self._note("open of code", path)

    def _is_foreign(self, path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike) or os.fsdecode(path).startswith("<"):  # <string> is no file
            return False
        return os.path.abspath(os.fsdecode(path)).startswith(f"{self.foreign}/")

    def _may_write(self, path: Any) -> bool:
        """Whether a path is inside of what may be written, once links are followed."""
        real = os.path.realpath(os.fsdecode(path))
        if real.startswith(("/dev/null", self.scratch)):
            return True
        return any(real == folder or real.startswith(f"{folder}/") for folder in self.writable)

    def _note(self, event: str, what: Any) -> None:
        self.noted.append(f"{event}: {str(what)[:200]}")


@dataclass(frozen=True)
class Said:
    """A command: its words, its exit status, what it printed, and the breaches."""

    words: tuple[str, ...]
    code: int
    text: str
    breaches: list[str]


def watched(foreign: Path, commands: Sequence[Sequence[str]], writable: Sequence[Path], *, whole: bool) -> list[Said]:
    """Run commands of ``mtl-study`` one after the other in the directory ``foreign``, and say what each did.

    Args:
        foreign: the run directory.
        commands: words of each.
        writable: folders in which they may write.
        whole: whether the report is drawn and the model exported, which takes seconds; else a report is only judged.
    """
    answer = foreign.parent / "said.json"
    process = forked(_run, foreign, commands, writable, answer, whole)
    process.join(HANGING)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"{commands} hang in {foreign}")
    assert process.exitcode == 0, f"the process ended with {process.exitcode}"
    return [Said(tuple(words), *rest) for words, *rest in json.loads(answer.read_text())]


def _run(foreign: Path, commands: Sequence[Sequence[str]], writable: Sequence[Path], answer: Path, whole: bool) -> None:
    from typer.testing import CliRunner

    import study.cli.run as command
    from study.cli.app import app

    import_module("tests.preloaded")  # before it is watched, since libraries look at the machine
    os.environ |= {"MPLCONFIGDIR": str(writable[-1]), "TORCHINDUCTOR_CACHE_DIR": str(writable[-1])}
    command.report = _seen_before(command.report if whole else _judged)
    os.chdir(foreign)
    watch = Watch(str(foreign), tuple(os.path.realpath(folder) for folder in writable))
    sys.addaudithook(watch)
    found = []
    for words in commands if whole else [words for words in commands if words[0] != "export"]:
        watch.noted.clear()
        done = CliRunner().invoke(app, list(words))
        found.append((list(words), done.exit_code, done.output, list(watch.noted)))
    answer.write_text(json.dumps(found))


def _judged(path: Path, **options: Any) -> None:
    """What a report says first, from all that it reads; nothing is drawn."""
    import analysis

    analysis.verdict_text(path)


def _seen_before(write: Callable[..., None]) -> Callable[..., None]:
    """Write a report the first time alone: drawing its figures again takes long and shows nothing new."""
    written: list[Path] = []

    def once(path: Path, **options: Any) -> None:
        if not written:
            write(path, **options)
            written.append(path)

    return once
