"""House rules that a machine can check, read off the sources.  Each test lists every offender: file, line, remedy.

``python -m tests.test_house`` (or ``pytest tests/test_house.py -s``) prints the house, top floor first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.import_graph import (
    HOUSES,
    ROOT,
    cycles,
    file_graph,
    floors,
    folder_graph,
    folders,
    imported_names,
    sources,
)

FORBIDDEN = {
    "mtl_core": {"study", "analysis", "ray", "pandas"},
    "analysis": {"study", "mtl_core", "ray", "torch"},
    "study": set(),
}
ORDER = {
    "study": "__main__ → cli → driver → protocol → execution → jobs → planning → config | store",
    "mtl_core": "task_grouping | testing → training → gradients → network → sharing → weighting | tasks | backbones"
    " → data → layers → recipe | registry → errors | fixed_tensor | randomness | search_space | task_tree",
    "analysis": "report → suite | recommendation → questions → plots → statistics → selection → records | formatting"
    " | importance",
}
"""The floors of each house, top floor first: an import goes to a later one."""
MOST_ENTRIES = {
    "study": 9,
    "mtl_core": 18,
    "analysis": 10,
}
MOST_FLOORS = {"study": 8, "mtl_core": 8, "analysis": 7}
FUNCTION_P90, FILE_P90, LONGEST_FILE = 20, 200, 250
LONG = {
    "mtl_core/network/portable/model.py": "an exported folder holds this file, and needs no other",
}
PICKLING = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
EVALUATING = {"torch.save", "torch.load", "eval", "exec"}
TESTED_ELSEWHERE: dict[str, tuple[str, str]] = {
    "analysis/report/sections/alert.py": ("tests/analysis/report/sections/test_alerts.py", "one line a kind, in order"),
    "analysis/statistics/band.py": ("tests/analysis/statistics/test_evidence.py", "the other limit of a verdict word"),
    "analysis/statistics/families.py": ("tests/analysis/questions/test_transfer.py", "through the verdict question"),
    "analysis/statistics/harm_and_pooling.py": (
        "tests/analysis/questions/test_transfer.py",
        "through the verdict question",
    ),
    "analysis/statistics/judged.py": ("tests/study/protocol/test_outer_folds.py", "held against records of a study"),
    "mtl_core/layers/operation_mode.py": (
        "tests/mtl_core/training/recorded_steps/test_recording.py",
        "a base class; by a mode of its kind",
    ),
    "mtl_core/training/optimisers/on_host.py": (
        "tests/mtl_core/training/optimisers/test_optimiser.py",
        "a base class; by both of its kinds",
    ),
    "study/driver/watching/screen.py": (
        "tests/study/driver/watching/test_screens.py",
        "a base class; by a watch",
    ),
    "study/config/sections.py": ("tests/study/config/test_load.py", "every key is read, refused and written back"),
    "mtl_core/backbones/__init__.py": (
        "tests/mtl_core/backbones/test_images.py",
        "base classes: what every backbone promises",
    ),
    "mtl_core/backbones/user_modules/bank.py": ("tests/mtl_core/backbones/test_custom.py", "its backbone"),
    "mtl_core/backbones/user_modules/compatibility.py": ("tests/mtl_core/backbones/test_custom.py", "its backbone"),
    "mtl_core/data/batch_loader.py": ("tests/mtl_core/data/test_preprocessing.py", "it applies what was fitted"),
    "mtl_core/data/constants.py": ("tests/mtl_core/data/test_preprocessing.py", "fitted with the scales"),
    "mtl_core/data/examples.py": ("tests/mtl_core/data/test_task_set.py", "a task set, and parts of it"),
    "mtl_core/data/needed_labels.py": ("tests/mtl_core/data/test_zero_weights.py", "and by what splits do with it"),
    "mtl_core/data/tabular/table_inputs.py": ("tests/mtl_core/tasks/test_table.py", "through whole tables"),
    **{
        f"mtl_core/data/kinds/{name}.py": ("tests/mtl_core/data/kinds/test_contract.py", "what every kind promises")
        for name in ("__init__", "binary", "multiclass", "regression")
    },
    "mtl_core/data/tabular/input_checks.py": ("tests/mtl_core/tasks/test_table.py", "through whole tables"),
    "mtl_core/data/tabular/declared_kinds.py": (
        "tests/mtl_core/data/tabular/test_ordered_and_counted.py",
        "kinds of targets, and those that there are not",
    ),
    "mtl_core/sharing/blocks/conflict_scores.py": ("tests/mtl_core/sharing/test_recon.py", "its architecture"),
    **{
        f"mtl_core/data/tabular/{name}.py": ("tests/mtl_core/tasks/test_table.py", "through whole tables")
        for name in ("column_roles", "table_columns", "table_rows", "table_tasks")
    },
    "mtl_core/data/tabular/made_columns.py": (
        "tests/mtl_core/data/tabular/test_label_columns.py",
        "and test_vectors.py: columns of labels and of numbers",
    ),
    "mtl_core/data/tabular/table_targets.py": ("tests/mtl_core/tasks/test_table.py", "through whole tables"),
    "mtl_core/data/numeric_errors.py": (
        "tests/mtl_core/data/test_target_columns.py",
        "of vectors too",
    ),
    "mtl_core/data/losses.py": ("tests/mtl_core/training/test_evaluation.py", "held against scikit-learn with metrics"),
    "mtl_core/data/metrics/__init__.py": ("tests/mtl_core/data/metrics/test_contract.py", "what every metric promises"),
    **{
        f"mtl_core/data/metrics/statistics/{name}.py": (
            "tests/mtl_core/data/metrics/test_contract.py",
            "through every metric",
        )
        for name in ("classes", "ranks", "sums")
    },
    "mtl_core/training/task_scores.py": (
        "tests/mtl_core/training/test_evaluation.py",
        "metrics over chunks and of examples",
    ),
    "mtl_core/data/formats/__init__.py": (
        "tests/mtl_core/data/files/test_by_name.py",
        "base classes: who reads what",
    ),
    "mtl_core/data/files/given_validation.py": (
        "tests/mtl_core/data/files/test_table_files.py",
        "through whole tables",
    ),
    **{
        f"mtl_core/data/reading/{name}.py": ("tests/mtl_core/data/formats/test_sqlite.py", "through queries")
        for name in ("query", "rows")
    },
    **{
        f"mtl_core/data/arrays/{name}.py": ("tests/mtl_core/tasks/test_arrays.py", "through whole files")
        for name in ("named_arrays", "input_array", "target_arrays", "task_set_of_arrays")
    },
    "mtl_core/data/arrays/from_dataset.py": ("tests/mtl_core/tasks/test_dataset.py", "through whole data sets"),
    "mtl_core/data/tabular/named_columns.py": ("tests/mtl_core/tasks/test_table.py", "through whole tables"),
    "mtl_core/data/input_column.py": (
        "tests/mtl_core/data/tabular/test_input_columns.py",
        "what a table says of its columns",
    ),
    "mtl_core/data/task.py": ("tests/mtl_core/data/test_target_columns.py", "tasks of several targets"),
    **{
        f"mtl_core/data/tabular/{name}.py": ("tests/mtl_core/tasks/test_table.py", "whole files, good and bad ones")
        for name in ("encoding", "read_columns", "targets")
    },
    "mtl_core/sharing/single_task.py": (
        "tests/mtl_core/sharing/test_independent.py",
        "the loop over tasks",
    ),
    "mtl_core/tasks/sources/directions.py": ("tests/mtl_core/tasks/test_generated.py", "directions at an asked cosine"),
    "mtl_core/weighting/__init__.py": ("tests/mtl_core/weighting/test_contract.py", "what every method promises"),
    "analysis/__init__.py": ("tests/analysis/report/test_report.py", "its names are looked up on first use"),
    **{
        f"mtl_core/testing/{name}.py": (
            "tests/mtl_core/testing/test_sharing.py",
            "plug-ins, right and wrong, pass by it",
        )
        for name in ("cases", "example_stages", "replicas", "small_tasks", "training")
    },
    **{
        f"mtl_core/testing/weighting_{name}.py": ("tests/mtl_core/testing/test_weighting.py", "plug-ins pass by it")
        for name in ("answers", "presence", "steps", "trained")
    },
    "study/execution/ray_tune.py": ("tests/faults/test_ray.py", "whole studies on real workers; GPUs beside it"),
    "study/execution/ray_cards.py": ("tests/faults/test_ray_gpus.py", "workers on GPUs that Ray only believes in"),
    "study/cli/reading_commands.py": ("tests/study/cli/test_status.py", "status; the others beside it likewise"),
    "study/cli/planning_commands.py": ("tests/study/cli/test_check.py", "check; init and tree beside it likewise"),
    "study/cli/model_commands.py": ("tests/study/cli/test_export.py", "export, and predict beside it"),
    "study/__init__.py": ("tests/study/cli/test_app.py", "the version, which the command prints"),
}
"""Module with logic but without a test of its name → the test that stands in for it, and why."""


def listed(offenders: Iterator[str] | list[str], remedy: str) -> str:
    """The message of a failing rule: one offender a line, then what to do; empty where there is none."""
    lines = list(offenders)
    return "\n".join(["", *lines, f"→ {remedy}"]) if lines else ""


def rooms(folder: str) -> list[str]:
    """The entries of a folder, without the ``__init__`` that is the folder's own name."""
    return [name for name in folder_graph(folder) if name != "__init__"]


def floor_plan(house: str) -> str:
    """The house as text, top floor first."""
    plan = floors(folder_graph(house))
    lines = [f"{number:>3}  {'  '.join(n for n in names if n != '__init__')}" for number, names in plan.items()]
    return "\n".join([f"{house}: {len(rooms(house))} entries on {len(plan)} floors", *lines])


def lengths_of_functions() -> list[int]:
    """Lines of every function, its docstring and decorated nested ones included."""
    return [
        (node.end_lineno or 0) - node.lineno + 1
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def lengths_of_files() -> dict[str, int]:
    """Lines of every file."""
    return {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in sources()}


# --- (a) arrows ------------------------------------------------------------------------------------------------------


def wrong_arrows() -> Iterator[str]:
    for file, tree in sources().items():
        for line, name in imported_names(tree):
            if name.startswith("."):
                yield f"{file}:{line} imports relatively"
            elif (top := name.split(".")[0]) in FORBIDDEN[file.split("/")[0]]:
                yield f"{file}:{line} imports {top}"


def test_arrows_between_the_houses_point_one_way() -> None:
    remedy = "study may import mtl_core and analysis, and these neither each other nor what FORBIDDEN names; imports "
    remedy += "are absolute, so that arrows can be read. Move the code to the house that may know both."
    assert not (message := listed(wrong_arrows(), remedy)), message


# --- (b) cycles, floors, sizes ---------------------------------------------------------------------------------------


def found_cycles() -> Iterator[str]:
    """Between files, then between the entries of every folder, at every depth."""
    graph = file_graph()
    for group in cycles(graph):
        yield f"files in a circle: {' ↔ '.join(group)}"
        for file in group:
            yield from (f"    {file} takes {', '.join(graph[file][to])} from {to}" for to in group if to in graph[file])
    for folder in folders():
        entries = folder_graph(folder)
        for group in cycles(entries):
            yield f"rooms of {folder or 'the repository'} in a circle: {' ↔ '.join(group)}"
            yield from (f"    {why}" for name in group for to in group for why in entries[name].get(to, ()))


def climbing_imports(house: str) -> Iterator[str]:
    """Imports that go up, or to a neighbour on the same floor, and rooms that have no floor in :data:`ORDER`."""
    place = {name: i for i, names in enumerate(ORDER[house].split(" → ")) for name in names.split(" | ")}
    for name, targets in folder_graph(house).items():
        if name == "__init__":
            continue
        if name not in place:
            yield f"{house}/{name} has no floor in ORDER"
            continue
        for target, reasons in targets.items():
            if target in place and place[target] <= place[name]:
                yield f"{house}/{name} must not import {target}: {'; '.join(reasons)}"


def crowds() -> Iterator[str]:
    """What exceeds the numbers of rooms and floors, and lengths."""
    for house in HOUSES:
        if (number := len(rooms(house))) > MOST_ENTRIES[house]:
            yield f"{house} has {number} entries, at most {MOST_ENTRIES[house]}: {', '.join(rooms(house))}"
        if (number := len(floors(folder_graph(house)))) > MOST_FLOORS[house]:
            yield f"{house} has {number} floors, at most {MOST_FLOORS[house]}"
    if (length := np.percentile(lengths_of_functions(), 90)) > FUNCTION_P90:
        yield f"one function in ten is longer than {length:.0f} lines, at most {FUNCTION_P90}"
    if (length := np.percentile(list(lengths_of_files().values()), 90)) > FILE_P90:
        yield f"one file in ten is longer than {length:.0f} lines, at most {FILE_P90}"
    for file, length in lengths_of_files().items():
        if length > LONGEST_FILE and file not in LONG:
            yield f"{file} has {length} lines, at most {LONGEST_FILE}, or say in LONG why it must be one file"
    for file in LONG:
        if lengths_of_files().get(file, 0) <= LONGEST_FILE:
            yield f"{file} stands in LONG but is not long: take it out"


def test_imports_only_go_down_and_the_house_has_few_floors() -> None:
    """No circle at file level or between the entries of any folder, lazy and ``TYPE_CHECKING`` imports included."""
    circles = listed(found_cycles(), "cut what both need out into a file below both")
    assert not circles, circles
    print("", *map(floor_plan, HOUSES), sep="\n")
    climbing = [line for house in HOUSES for line in climbing_imports(house)]
    assert not climbing, listed(climbing, "an import goes to a lower floor of ORDER, never to a neighbour or up")
    assert not (message := listed(crowds(), "join rooms that change together, cut what is long")), message


# --- (c) nothing pickled, nothing hidden -----------------------------------------------------------------------------


def unsafe_code() -> Iterator[str]:
    for file, tree in sources().items():
        for line, name in imported_names(tree):
            if (top := name.split(".")[0]) in PICKLING:
                yield f"{file}:{line} imports {top}: pickles run code; keep tensors as safetensors and the rest as JSON"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in EVALUATING:
                yield f"{file}:{node.lineno} calls {name}: what is read from disk must not run"


def hidden_errors() -> Iterator[str]:
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None:
                yield f"{file}:{node.lineno} catches everything: name the errors that are expected"
            elif all(isinstance(part, ast.Pass) for part in node.body) and ast.unparse(node.type) in (
                "Exception",
                "BaseException",
            ):
                yield f"{file}:{node.lineno} hides every error: name those that may be ignored"


def test_nothing_is_pickled_and_nothing_is_caught_to_be_hidden() -> None:
    message = listed([*unsafe_code(), *hidden_errors()], "a file from elsewhere is data, and an error is to be seen")
    assert not message, message


# --- (d) docstrings, and one idea a file -----------------------------------------------------------------------------

Definition = ast.FunctionDef | ast.ClassDef


def documented_methods() -> dict[str, set[str]]:
    """Class name → its methods with a docstring, those that it inherits from our classes among them."""
    classes = {
        node.name: node for tree in sources().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }

    def documented(name: str) -> set[str]:
        if name not in classes:
            return set()
        body = classes[name].body
        own = {part.name for part in body if isinstance(part, ast.FunctionDef) and ast.get_docstring(part)}
        return own.union(*(documented(base) for base in base_names(classes[name]) if base != name))

    return {name: documented(name) for name in classes}


def base_names(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]


def undocumented() -> Iterator[str]:
    """Modules, public classes and functions, and public methods that no base class documents."""
    inherited = documented_methods()
    for file, tree in sources().items():
        if not ast.get_docstring(tree):
            yield f"{file}:1 the module"
        for node in tree.body:
            if isinstance(node, Definition) and not node.name.startswith("_"):
                yield from (f"{file}:{line} {name}" for line, name in bare(node, inherited))


def bare(node: ast.FunctionDef | ast.ClassDef, inherited: dict[str, set[str]]) -> Iterator[tuple[int, str]]:
    """Line and name of a public definition without a docstring, and of its public methods without any."""
    if not ast.get_docstring(node):
        yield node.lineno, node.name
    for part in node.body if isinstance(node, ast.ClassDef) else []:
        if not isinstance(part, ast.FunctionDef) or part.name.startswith("_") or ast.get_docstring(part):
            continue
        # from a base class of ours that documents it, or from a library's
        if not any(base not in inherited or part.name in inherited[base] for base in base_names(node)):
            yield part.lineno, f"{node.name}.{part.name}"


def several_ideas() -> Iterator[str]:
    """Files of the registry whose public classes are not the one of the file's name."""
    for file, tree in sources().items():
        house, kind, *rest = file.replace("data/metrics/", "metrics/").split("/")
        # a package beside the methods helps them and holds none
        if (
            house != "mtl_core"
            or kind not in ("sharing", "weighting", "backbones", "tasks", "metrics")
            or len(rest) != 1
        ):
            continue
        public = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
        if rest != ["__init__.py"] and [cls.lower() for cls in public] != [Path(file).stem.replace("_", "")]:
            yield f"{file} holds {', '.join(public) or 'no public class'}"


def test_what_is_public_has_a_docstring_and_an_idea_has_a_file_of_its_name() -> None:
    bare_ones = listed(undocumented(), "say what it returns or does in one sentence that stands alone")
    assert not bare_ones, bare_ones
    assert not (message := listed(several_ideas(), "one public class a file, named like it")), message


# --- (e) tests -------------------------------------------------------------------------------------------------------


def has_logic(tree: ast.Module) -> bool:
    """Whether a function of the file does something: more than a docstring, an ellipsis or a refusal."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return any(not isinstance(part, ast.Expr | ast.Raise | ast.Pass) for body in bodies for part in body)


def test_file_of(file: str) -> str:
    """Where a module's test belongs; that of a package's ``__init__`` bears the package's name."""
    path = Path(file)
    if path.name == "__init__.py":
        path = path.parent
    return (Path("tests") / path.parent / f"test_{path.stem}.py").as_posix()


test_file_of.__test__ = False  # a helper, whatever its name


def untested() -> Iterator[str]:
    for file, tree in sources().items():
        if Path(file).name == "__main__.py" or not has_logic(tree):
            continue
        exists = (ROOT / test_file_of(file)).exists()
        if not exists and file not in TESTED_ELSEWHERE:
            yield f"{file} has no {test_file_of(file)}"
        if exists and file in TESTED_ELSEWHERE:
            yield f"{file} stands in TESTED_ELSEWHERE and has a test of its name: take it out"
    for file, (test, _) in TESTED_ELSEWHERE.items():
        if file not in sources() or not (ROOT / test).exists():
            yield f"TESTED_ELSEWHERE: {file} or {test} does not exist"


def strays() -> Iterator[str]:
    """Tests in folders that mirror no folder of the house."""
    for house in HOUSES:
        for path in (ROOT / "tests" / house).rglob("test_*.py"):
            folder = path.parent.relative_to(ROOT / "tests")
            if not (ROOT / folder / "__init__.py").exists():
                yield f"{path.relative_to(ROOT)} lies where {folder} has no package"


def test_every_module_with_logic_has_a_test_of_its_name_where_it_belongs() -> None:
    message = listed([*untested(), *strays()], "write the test beside the others, or say in TESTED_ELSEWHERE who does")
    assert not message, message


if __name__ == "__main__":
    print(*map(floor_plan, HOUSES), sep="\n")
