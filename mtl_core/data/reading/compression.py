"""Compressed files: their bytes, unpacked within bounds."""

from __future__ import annotations

from pathlib import Path

from mtl_core.data.reading.size_limit import ALWAYS, refuse_beyond_memory
from mtl_core.errors import UserError

CODECS = {".gz": "gzip", ".zst": "zstd"}
"""Suffixes of compressed files, and what pyarrow calls their codecs."""
MOST_TIMES = 200
"""Times the packed size that a file may unpack to, above :data:`ALWAYS`.

Tables of text pack to a third or a tenth, rarely to a fiftieth; what is made to exhaust memory packs to a thousandth.
"""
PIECE = 2**24


def without_compression(name: str) -> str:
    """Return a file's name without the suffix of a compression."""
    suffix = Path(name).suffix
    return name[: -len(suffix)] if suffix.lower() in CODECS else name


def file_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where its name ends like that of a compressed one.

    Raises:
        UserError: as :func:`unpacked` does.
    """
    return unpacked(path, path.read_bytes())


def unpacked(path: Path, content: bytes) -> bytes:
    """Return the bytes of a file, unpacked where its name ends like that of a compressed one.

    Args:
        path: of the file.
        content: its bytes.

    Raises:
        UserError: when they are not of that compression, end too early, or unpack to far more than a table would.
    """
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        return content
    import pyarrow as pa  # Here, because the command line asks for suffixes before anything heavy is loaded.

    most, pieces, size = max(ALWAYS, MOST_TIMES * len(content)), [], 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), codec) as stream:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > most:
                    found = f"it unpacks to more than {MOST_TIMES} times its {len(content):,} bytes."
                    raise UserError(str(path), found, "If that is right, unpack it and name the unpacked file.")
                refuse_beyond_memory(str(path), size)
                pieces.append(piece)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError(str(path), f"it cannot be unpacked: {reason}.", "Write the file anew.") from None
    return b"".join(pieces)
