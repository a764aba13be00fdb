"""The commands that plan a study: their options; app.py names them.  Only light modules are imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from study.cli.loading import DataOptions, load_named, run_directory
from study.cli.options import (
    BackEnd,
    Budget,
    Device,
    Groups,
    Json,
    Kinds,
    Losses,
    Metrics,
    Out,
    Overrides,
    Precision,
    Query,
    SearchStrategy,
    Targets,
    TaskColumn,
    Test,
    TrustCode,
    Validation,
    What,
    Workers,
)


def check(
    what: What,
    targets: Targets = None,
    kinds: Kinds = None,
    metrics: Metrics = None,
    losses: Losses = None,
    task: TaskColumn = None,
    groups: Groups = None,
    test: Test = None,
    validation: Validation = None,
    query: Query = None,
    overrides: Overrides = None,
    search: SearchStrategy = None,
    budget: Budget = None,
    backend: BackEnd = None,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = None,
    trust_code: TrustCode = False,
    out: Out = None,
    columns: Annotated[bool, typer.Option("--columns", help="Every column, of wide tables, too.")] = False,
    as_json: Json = False,
) -> None:
    """Say what run would do, at what cost, and what it could show; train nothing."""
    data = DataOptions(targets, kinds, metrics, losses, task, groups, test, validation, query)
    where = {"backend": backend, "workers": workers, "device": device, "trust_code": trust_code}
    loaded = load_named(what, data, overrides=overrides, search=search, precision=precision, budget=budget, **where)
    from study.config.suite import Suite
    from study.driver.places import directory_of

    directory = directory_of(run_directory(loaded, out))
    if isinstance(loaded, Suite):
        from study.cli.suite import check as check_suite

        check_suite(loaded, out=directory, as_json=as_json, columns=columns)
    else:
        from study.cli.check import check as check_study

        check_study(loaded, out=directory, as_json=as_json, columns=columns)


def init(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table or arrays.")],
    targets: Targets = None,
    kinds: Kinds = None,
    metrics: Metrics = None,
    losses: Losses = None,
    task: TaskColumn = None,
    groups: Groups = None,
    test: Test = None,
    validation: Validation = None,
    query: Query = None,
    trust_code: TrustCode = False,
    out: Annotated[Path | None, typer.Option(help="The study file; DATA.yaml in this folder by default.")] = None,
) -> None:
    """Write a commented study file for a table or arrays: what was inferred and why, and what run would do."""
    options = DataOptions(targets, kinds, metrics, losses, task, groups, test, validation, query)
    loaded = load_named(data, options, trust_code=trust_code)
    from study.cli.init import init as write_study_file

    write_study_file(loaded, out=out or Path(f"{loaded.name}.yaml"))


def tree(
    what: What,
    targets: Targets = None,
    overrides: Overrides = None,
    groups: Annotated[float | None, typer.Option(help="Mean number of groups per stage.")] = None,
    trust_code: TrustCode = False,
    as_json: Json = False,
) -> None:
    """Find groups of tasks for branch: train small private networks briefly, compare what they compute."""
    loaded = load_named(what, DataOptions(targets), overrides=overrides, trust_code=trust_code)
    from study.cli.tree import tree as print_tree
    from study.config.suite import Suite

    if isinstance(loaded, Suite):
        from study.cli.suite import each_study

        each_study(loaded, lambda spec: print_tree(spec, groups=groups, as_json=as_json), as_json=as_json)
    else:
        print_tree(loaded, groups=groups, as_json=as_json)
