"""A store that is a folder of this machine, behind pyarrow's interface: fast, and it fails as a test asks it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.fs import FileSelector, FileSystemHandler, FileType, LocalFileSystem, PyFileSystem

from study.store.remote.address import Address

Act = Callable[[str, str], None]
"""Called before every request with its verb (``read``, ``write``, ``list``, ``remove``, ``look``) and its key."""
ADDRESS = Address("s3", "bucket", "study")


def nothing(verb: str, key: str) -> None:
    """Let every request pass."""


class StoreInFolder(FileSystemHandler):
    """Objects as files of a folder; an object appears when it is complete, as in a store.

    Args:
        folder: holds the buckets.
        act: called before every request; it may raise.
        torn: called with the key of what is written; whether only half of it is to arrive.
        hidden: called with the key of what is listed; whether the listing lags, and does not show it yet.
    """

    def __init__(
        self,
        folder: Path,
        act: Act = nothing,
        torn: Callable[[str], bool] = lambda key: False,
        hidden: Callable[[str], bool] = lambda key: False,
    ) -> None:
        self.folder, self.act, self.torn, self.hidden = folder, act, torn, hidden
        self.local = LocalFileSystem()

    def open_input_stream(self, path: str) -> Any:
        self.act("read", path)
        return self.local.open_input_stream(self._place(path))

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        self.act("write", path)
        return pa.PythonFile(_Object(self, path), mode="w")

    def delete_file(self, path: str) -> None:
        self.act("remove", path)
        self.local.delete_file(self._place(path))

    def get_file_info(self, paths: list[str]) -> Any:
        for path in paths:
            self.act("look", path)
        return [self._named(info) for info in self.local.get_file_info([self._place(path) for path in paths])]

    def get_file_info_selector(self, selector: FileSelector) -> Any:
        self.act("list", selector.base_dir)
        found = self.local.get_file_info(FileSelector(self._place(selector.base_dir)))
        return [named for info in found if not self.hidden((named := self._named(info)).path)]

    def _named(self, info: Any) -> Any:
        from pyarrow.fs import FileInfo

        path = info.path.removeprefix(f"{self.folder}/")
        return FileInfo(path, info.type, size=info.size if info.type == FileType.File else None)

    def _place(self, path: str) -> str:
        return f"{self.folder}/{path}"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __ne__(self, other: object) -> bool:
        return self is not other

    def get_type_name(self) -> str:
        return "folder"

    def normalize_path(self, path: str) -> str:
        return path

    def _refuse(self, *arguments: Any) -> Any:
        raise NotImplementedError("stores are used without this")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    move = copy_file = open_input_file = open_append_stream = _refuse


class _Object:
    """An object that is being written."""

    def __init__(self, store: StoreInFolder, path: str) -> None:
        self.store, self.path, self.content, self.closed = store, path, b"", False

    def write(self, content: bytes) -> int:
        self.content += bytes(content)
        return len(content)

    def flush(self) -> None:
        return

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        target = Path(self.store._place(self.path))
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = len(self.content) if not self.store.torn(self.path) else len(self.content) // 2
        target.write_bytes(self.content[:whole])


def system_in(folder: Path, **faults: Any) -> PyFileSystem:
    """Return the file system of a store in ``folder``, whose bucket of :data:`ADDRESS` exists."""
    (folder / ADDRESS.bucket).mkdir(parents=True, exist_ok=True)
    return PyFileSystem(StoreInFolder(folder, **faults))
