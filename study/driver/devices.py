"""The device of a study: one for all of its replicas, unless its user mixes them knowingly."""

from __future__ import annotations

from mtl_core.errors import UserError
from study.store.archive import Archive
from study.store.ledger import Ledger


def refuse_a_missing_gpu(device: str, address: str | None) -> None:
    """Refuse a GPU that this machine does not have before anything is trained or written.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        address: address of a Ray cluster, whose machines may have one.

    Raises:
        UserError: when ``device`` is ``cuda``, and there is no cluster and no GPU.
    """
    if device == "cuda" and address is None:
        from mtl_core.training.device import chosen_device

        chosen_device(device)


def note_device(device: str, archive: Archive, ledger: Ledger, *, mix: bool, share: float = 1.0) -> None:
    """Write to the ledger which device, and which share of one, a session trains on, where either is new.

    Another device than the records are of is refused.

    Devices differ in the last bits of a sum, and a network that trains on amplifies them: replicas of two devices are
    not the pairs that differences between arms are taken of.

    Args:
        device: type of the device that replicas are to be trained on.
        archive: what was recorded before.
        ledger: of the study.
        mix: whether the user wants both.
        share: part of a device that a worker has.

    Raises:
        UserError: when replicas of another device are recorded and ``mix`` is not set.
    """
    others = sorted(archive.devices() - {device})
    if others and not mix:
        before = " and ".join(others)
        found = f"its replicas were trained on {before}, and this run would train on {device}."
        remedy = f"Say --device {others[0]}, choose another --out, or say --mix-devices, which the records will show."
        raise UserError(str(archive.directory), found, remedy)
    last = next((event for event in reversed(ledger.events) if event["event"] == "device"), None)
    before = None if last is None else (last["device"], last.get("share", 1.0))
    if before != (device, share) or others:
        ledger.append("device", device=device, mixed_with=others, share=share)
