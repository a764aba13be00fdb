"""What a piece of work takes of a GPU's memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mtl_core.training.device_meter import CardMeter


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of a GPU, and what a piece of work took of it.

    Args:
        card: name of the model.
        card_id: identity of this one card, which no other has.
        memory_bytes: all of its memory.
        peak_bytes: the most that this process held at once during the work, as far as torch has asked for it.
        used_bytes: what all processes together held when the work had ended; ``None``: the card did not answer.
    """

    card: str
    card_id: str
    memory_bytes: int
    peak_bytes: int
    used_bytes: int | None


class WorkMemory:
    """Watches what a piece of work takes of a GPU's memory; of a CPU it tells nothing.

    Args:
        device: where the work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._meter = device, CardMeter(device) if device.type == "cuda" else None
        self._has_begun = False

    def begin(self) -> None:
        """Free what earlier work has left on the GPU, and let the peak begin now.

        Arrays leave cycles of references behind, so their memory would stay taken for a while: the work, and other
        processes that share the card, would have less of it than when rows were measured.
        """
        if self._meter is not None:
            torch.cuda.init()  # without it torch has no peaks that could be forgotten
            self._meter.forget_peak()
            self._has_begun = True

    def taken(self) -> DeviceMemory | None:
        """Return what was taken since the work began; ``None``: no GPU does it, or it has not begun."""
        if self._meter is None or not self._has_begun:
            return None
        card = torch.cuda.get_device_properties(self._device)
        return DeviceMemory(card.name, str(card.uuid), card.total_memory, int(self._meter.peak_bytes()), self._used())

    def _used(self) -> int | None:
        try:
            free, total = torch.cuda.mem_get_info(self._device)
        except RuntimeError:  # after an illegal access a card answers nothing more; the work's own error says so
            return None
        return total - free
