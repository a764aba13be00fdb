"""Bytes in memory of Arrow's own, for what Arrow's threads read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def reader_of(content: bytes) -> pa.BufferReader:
    """Return a reader of a copy of ``content`` that lies in Arrow's memory and holds no Python object.

    A thread of Arrow may be the last to let go of what it read, after the call that read it has returned.  To free a
    Python object it waits for the interpreter's lock, and an interpreter that ends meanwhile ends the thread in the
    middle of a C++ destructor, which aborts the process.

    Args:
        content: what is read.
    """
    import pyarrow as pa  # here, so that the command line answers --help before it would have loaded

    buffer = pa.allocate_buffer(len(content))
    memoryview(buffer).cast("B")[:] = content
    return pa.BufferReader(buffer)
