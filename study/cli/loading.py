"""What a command's first word names, loaded; a study file of a run directory may name no code that nobody trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.errors import UserError
from study.config.text import nearest

if TYPE_CHECKING:
    from study.config.spec import Spec
    from study.config.suite import Suite


@dataclass(frozen=True)
class DataOptions:
    """What the command line says of columns and files of a study's data, as :func:`study.config.load.load` takes it.

    ``None`` stands for an option that is not given.
    """

    targets: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    metrics: Sequence[str] | None = None
    losses: Sequence[str] | None = None
    task: str | None = None
    groups: str | None = None
    test: str | None = None
    validation: str | None = None
    query: str | None = None


def load_named(
    what: str,
    data: DataOptions = DataOptions(),
    *,
    backend: str | None = None,
    workers: int | None = None,
    device: str | None = None,
    trust_code: bool = False,
    search: str | None = None,
    precision: str | None = None,
    **given: Any,
) -> Spec | Suite:
    """Load what the first word of a command names, by the options of :func:`study.config.load.load` that are given.

    Args:
        what: the first word.
        data: what is said of the data.
        backend, workers, device: where the study is to run; ``None``: where it says.
        trust_code: whether code that the study file of a run directory names may be imported.
        search: name of the search strategy.
        precision: of products; ``None``: what the study says.
        given: ``overrides`` and ``budget``.

    Raises:
        UserError: as that function does, and for a study file of a run directory that names code, unless it is trusted.
    """
    from study.config.load import load
    from study.config.named_code import refuse_untrusted
    from study.config.suite import Suite

    if search is not None:
        _refuse_unknown_strategy(search)
        given["overrides"] = [*(given.get("overrides") or ()), f"search.strategy={search}"]
    if precision is not None:
        given["overrides"] = [*(given.get("overrides") or ()), f"training.precision={precision}"]
    loaded = load(what, **{name: value for name, value in (vars(data) | given).items() if value is not None})
    if _is_of_a_run(Path(what)):
        for spec in loaded.studies.values() if isinstance(loaded, Suite) else [loaded]:
            refuse_untrusted(spec, what, trust_code=trust_code)
        if not isinstance(loaded, Suite):
            from study.driver.begun import with_kept_data

            loaded = with_kept_data(loaded, Path(what).parent)
    where = {"backend": backend, "workers": workers, "device": device}
    if isinstance(loaded, Suite):
        return loaded.with_each(lambda spec: _with_options(spec, where))
    return _with_options(loaded, where)


def _with_options(spec: Spec, where: Mapping[str, Any]) -> Spec:
    from study.config.given_settings import with_given

    return with_given(spec, where, lambda key, value: f"--{key} {value}")


def run_directory(loaded: Spec | Suite, out: Path | None) -> Path:
    """Return the directory that a study or a suite runs in: ``out``, or the one of its name below ``runs``."""
    return out or Path("runs") / loaded.name


def _refuse_unknown_strategy(search: str) -> None:
    """Refuse it by the option that named it; what the option stands for is another place of the study."""
    from study.config.registered_names import STRATEGIES, names

    if search not in names(STRATEGIES):
        raise UserError(f"--search {search}", "it is no search strategy.", nearest(search, names(STRATEGIES)))


def _is_of_a_run(file: Path) -> bool:
    """Whether a file lies in a run directory, or describes a suite of such."""
    from study.config.suite import NAME
    from study.store import ledger

    if "\0" in str(file) or not file.is_file():
        return False
    return (file.parent / ledger.NAME).exists() or (file.name == NAME and any(file.parent.glob(f"*/{ledger.NAME}")))
