"""What was measured on a GPU, kept on this machine for other studies: a small file for each network's shape."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.store.atomic_files import write_durably


def cache_folder() -> Path:
    """Return the folder of the measurements: ``cards`` in ``mtl-study`` of the user's folder for caches."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache.absolute() / "mtl-study" / "cards"


def cached(key: Mapping[str, Any]) -> Any:
    """Return what was kept under ``key``; ``None`` where there is nothing that can be read.

    A file that is torn, or of another key, is as good as none: what it held can be measured again.
    """
    try:
        content = json.loads(_file(key).read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return content.get("value") if isinstance(content, dict) and content.get("key") == dict(key) else None


def keep(key: Mapping[str, Any], value: Any) -> str:
    """Keep ``value`` under ``key``, in place of what was there.

    Returns:
        Why it could not be kept; empty: it was.  A study goes on without: it holds its own copy.
    """
    try:
        write_durably(_file(key), json.dumps({"key": dict(key), "value": value}, indent=1).encode() + b"\n")
    except OSError as error:
        return f"{cache_folder()}: {error.strerror or error}"
    return ""


def _file(key: Mapping[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:16]
    return cache_folder() / f"{digest}.json"
