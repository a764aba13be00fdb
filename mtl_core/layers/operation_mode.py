"""Base class of modes that see every operation of torch."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class OperationMode(TorchDispatchMode):
    """Mode whose ``__torch_dispatch__`` sees every operation of ATen inside a ``with`` block.

    Unlike its base class, it does not import torch's compiler, which takes two seconds, to tell it to stay away.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
