"""The device of a study: one for all of its replicas, unless its user mixes them knowingly."""

from __future__ import annotations

from mtl_core.errors import UserError
from study.store.archive import Archive
from study.store.ledger import Ledger

LACKS = {"tf32": "only GPUs multiply in TF32", "bf16": "products of bfloat16 save no time on a CPU"}
"""Why a precision is of no use without a GPU."""


def refuse_a_missing_gpu(device: str, address: str | None, precision: str = "float32") -> None:
    """Refuse a GPU that this machine does not have before anything is trained or written.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        address: address of a Ray cluster, whose machines may have one.
        precision: of the study; others than ``float32`` need a GPU.

    Raises:
        UserError: when one is asked for, or needed, and there is no cluster and no GPU.
    """
    if address is None and (device == "cuda" or precision != "float32"):
        from mtl_core.training.device import chosen_device

        refuse_precision(precision, chosen_device(device).type)


def refuse_precision(precision: str, device: str) -> None:
    """Refuse to train on a CPU in a precision that it does not have, or in which it is slower.

    Args:
        precision: of the study.
        device: type of the device that replicas would be trained on.

    Raises:
        UserError: when the device is no GPU and the precision is not ``float32``.
    """
    if precision != "float32" and device != "cuda":
        found = f"{LACKS[precision]}, and replicas would be trained on {device}."
        remedy = "Leave training.precision at float32, or choose a machine with a GPU."
        raise UserError(f"training.precision: {precision}", found, remedy)


def note_device(
    device: str, archive: Archive, ledger: Ledger, *, mix: bool, share: float = 1.0, precision: str = "float32"
) -> None:
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
        precision: of the study; it is written down where it is not ``float32``.

    Raises:
        UserError: when the device is no GPU and the precision needs one, or when replicas of another device are
            recorded and ``mix`` is not set.
    """
    refuse_precision(precision, device)
    others = sorted(archive.devices() - {device})
    if others and not mix:
        before = " and ".join(others)
        found = f"its replicas were trained on {before}, and this run would train on {device}."
        remedy = f"Say --device {others[0]}, choose another --out, or say --mix-devices, which the records will show."
        raise UserError(str(archive.directory), found, remedy)
    last = next((event for event in reversed(ledger.events) if event["event"] == "device"), None)
    before = None if last is None else (last["device"], last.get("share", 1.0))
    if before != (device, share) or others:
        rounded = {} if precision == "float32" else {"precision": precision}
        ledger.append("device", device=device, mixed_with=others, share=share, **rounded)
