"""Safetensors files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import ArrayFormat
from mtl_core.data.reading.size_limit import refuse_beyond_memory
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import numpy as np


class Safetensors(ArrayFormat):
    """Safetensors: tensors with names, and no code; bfloat16 is read as float32.

    Source: https://github.com/huggingface/safetensors.
    """

    suffixes = (".safetensors",)

    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """Return the tensors as arrays.

        Raises:
            UserError: when the file is not of this format.
        """
        import torch
        from safetensors import SafetensorError, safe_open

        refuse_beyond_memory(str(path), path.stat().st_size)
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        except SafetensorError as error:
            raise UserError(str(path), f"it cannot be read: {str(error)[:200]}.", "Write the file anew.") from None
        small = (torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2)
        return {name: (one.float() if one.dtype in small else one).numpy() for name, one in tensors.items()}
