"""Export of a finished study's option as a folder that needs nothing of this project."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from safetensors.torch import save

from analysis.formatting import agree
from mtl_core.errors import UserError
from mtl_core.network.portable import model
from study.driver.export.card import card, readme
from study.driver.export.extras import refuse_impossible, write_extras
from study.driver.export.finished_study import FinishedStudy, read_option, read_study
from study.driver.export.folder import CARD, CODE, README, refuse_another, write_folder
from study.driver.export.option import TrainedNetwork, networks_of
from study.driver.export.system import system_of


def export(
    run: Path,
    out: Path,
    *,
    option: str | None = None,
    seeds: Sequence[int] = (),
    data: Path | None = None,
    formats: Sequence[str] = (),
    trust_code: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write an option of the finished study in ``run`` to the folder ``out``, and return the folder.

    Args:
        run: the run directory.
        out: a new folder, or that of an earlier export, which is replaced.
        option: kind of the option (``chosen``, ``alone``, …) or label of its arm; ``None``: the recommended one.
        seeds: verdict seeds whose networks are exported; empty: all of them, as an ensemble.
        data: where the study's table lies now; ``None``: where it lay when the study began.
        formats: further formats, ``pt2`` or ``onnx``.
        trust_code: whether to import the modules that a study with a custom backbone names.
        say: called with what is under way, a line at a time.

    Raises:
        UserError: when the study has no verdict yet, its data have changed, the networks are not kept or cannot be
            traced, or ``out`` holds something else.
    """
    run, out = Path(run).absolute(), Path(out).absolute()
    refuse_impossible(formats)
    refuse_another(out)
    records, recommendation, chosen = read_option(run, option)
    networks = _with_seeds(networks_of(records, chosen), seeds, str(run))
    study = read_study(run, records, data)
    _refuse_untrusted(study, networks, trust_code)
    counted = f"{len(networks)} {agree(len(networks), 'network', 'networks')}"
    say(f"{chosen.kind}: {counted}, tracing and calibrating")
    system = system_of(study, networks)
    facts = card(records, recommendation, chosen, networks, system.facts["tasks"])
    columns = [column.name for column in study.task_set.input_columns] or None
    files = {
        model.PARAMETERS: save({name: value.contiguous() for name, value in system.tensors.items()}),
        model.MODEL: json.dumps(system.facts, allow_nan=False).encode(),
        CODE: inspect.getsource(model).encode(),
        CARD: json.dumps(facts, indent=1, allow_nan=False).encode() + b"\n",
        README: readme(facts, columns, study.task_set.development.shape).encode(),
    }
    write_folder(out, files, lambda folder: write_extras(folder, formats))
    return out


def _with_seeds(networks: Sequence[TrainedNetwork], seeds: Sequence[int], where: str) -> list[TrainedNetwork]:
    known = sorted({network.seed for network in networks})
    if not known:
        raise UserError(where, "no network of this option trained to its end.", "Choose another --option.")
    unknown = [seed for seed in seeds if seed not in known]
    if unknown:
        found = f"the option has no network of that seed; it has {', '.join(map(str, known))}."
        raise UserError(f"--seed {unknown[0]}", found, "Choose one of these, or leave --seed out for all of them.")
    return [network for network in networks if not seeds or network.seed in seeds]


def _refuse_untrusted(study: FinishedStudy, networks: Sequence[TrainedNetwork], trust_code: bool) -> None:
    """Refuse to import what a run directory names, which may come from anywhere, before the user agrees."""
    recipes = [study.recipe(arm) for arm in dict.fromkeys(network.arm for network in networks)]
    named = [recipe.backbone_options for recipe in recipes if recipe.backbone == "custom"]
    if named and not trust_code:
        found = f"its networks are made of modules that have to be imported: {named[0].get('modules')}."
        raise UserError(str(study.run), found, "Export it with --trust-code if you trust them.")
