"""Networks that are traced once in a session, for tests that export the same studies again and again.

Tracing is most of an export's time.  What a program holds follows from what a module is constructed from; a custom
backbone's modules may change under the same name, so these are traced each time.  Tracing itself is tested in
``tests/mtl_core/network/portable``.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from mtl_core.network.export import TrainedModule
from mtl_core.network.portable.program import TracedProgram
from study.driver.export import system

TRACE = system.trace
_PROGRAMS: dict[str, TracedProgram] = {}


@pytest.fixture(scope="module", autouse=True)
def traced_once() -> Iterator[None]:
    """Let exports take the program of an equal network that was traced before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "trace", _trace)
        yield


def _trace(module: TrainedModule, num_inputs: int, prefix: str) -> TracedProgram:
    if module.recipe.backbone == "custom":
        return TRACE(module, num_inputs, prefix)
    dtypes = {name: value.dtype for name, value in module.state_dict().items()}
    key = repr((module.recipe, module.tasks, module.shape, dtypes, num_inputs, prefix))
    if key not in _PROGRAMS:
        _PROGRAMS[key] = TRACE(module, num_inputs, prefix)
    return deepcopy(_PROGRAMS[key])
