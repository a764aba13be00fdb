"""How large data may be once they are unpacked: as large as the memory that is left."""

from __future__ import annotations

from pathlib import Path

from mtl_core.errors import UserError

ALWAYS = 64 * 2**20
"""Bytes that are never refused."""


def refuse_beyond_memory(where: str, wanted: float) -> None:
    """Refuse data that would take more memory than there is.

    Args:
        where: place of the data, for the message.
        wanted: bytes that they would take.

    Raises:
        UserError: when they are more than what is available.
    """
    if wanted > ALWAYS and wanted > (free := available_memory()):
        found = f"its data would take {wanted / 2**30:,.1f} GiB, and {free / 2**30:,.1f} GiB of memory are free."
        raise UserError(where, found, "Give fewer rows or columns; if it should be small, write the file anew.")


def available_memory() -> float:
    """Return the bytes of memory that a process could still take; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return float("inf")
    return float(dict(line.split(":", 1) for line in lines)["MemAvailable"].split()[0]) * 1024
