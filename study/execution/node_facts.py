"""What has to be equal on all machines that train replicas of one study, and which machine differs in what.

Only light modules are imported here: a machine on which something is missing must still be able to say so.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

PACKAGES = ("mtl_core", "study", "analysis")
"""The project's own packages, which travel to the workers."""

COMPARED = ("torch", "ray", "numpy")
"""Distributions whose version is compared: they make a replica's numbers, or carry them."""

NEEDED = (
    "jaxtyping", "numpy", "pandas", "pyarrow", "pydantic", "PyYAML", "ray", "safetensors", "scikit-learn", "scipy",
    "torch",
)  # fmt: skip
"""Distributions that a worker imports; they do not travel."""


@dataclass(frozen=True)
class NodeFacts:
    """What a machine has; equal on the driver's machine and every worker's.

    Args:
        python: version of Python, without its last part.
        versions: versions by distribution, without what names a build, as in ``2.13.0+cpu``.
        engine: version of the engine's numbers.
        source: digest of the project's source files.
        missing: distributions that a worker needs and that are not there.
        protected: whether Ray asks for a token there.
    """

    python: str
    versions: tuple[tuple[str, str], ...]
    engine: str
    source: str
    missing: tuple[str, ...]
    protected: bool

    def differences(self, there: NodeFacts) -> list[str]:
        """Return what differs on another machine, as ``torch 2.12.0 there, 2.13.0 here``; how it is protected aside."""
        if there.missing:
            return [f"missing there: {', '.join(there.missing)}"]
        pairs = [("Python", there.python, self.python)]
        pairs += [(name, dict(there.versions).get(name, "none"), version) for name, version in self.versions]
        pairs += [("engine version", there.engine, self.engine), ("source of mtl-study", there.source, self.source)]
        return [f"{name} {other} there, {own} here" for name, other, own in pairs if other != own]

    def event(self) -> dict[str, object]:
        """Return the facts as JSON can hold them."""
        return asdict(self) | {"versions": dict(self.versions), "missing": list(self.missing)}


def node_facts() -> NodeFacts:
    """Return the facts of the machine and the process that this runs in."""
    missing = tuple(name for name in NEEDED if version_of(name) is None)
    return NodeFacts(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        versions=tuple((name, version_of(name) or "none") for name in COMPARED),
        engine=import_module("mtl_core").ENGINE_VERSION,
        source=source_digest(),
        missing=missing,
        protected=os.environ.get("RAY_AUTH_MODE", "").lower() == "token",
    )


def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, without its build; ``None`` where it is not installed."""
    try:
        return metadata.version(distribution).split("+")[0]
    except metadata.PackageNotFoundError:
        return None


def package_folder(name: str) -> Path:
    """Return the folder of one of the project's packages, as it is imported in this process."""
    return Path(import_module(name).__path__[0])


@cache
def source_digest() -> str:
    """Return a digest of the project's source files as they are imported in this process."""
    digest = hashlib.sha256()
    for name in PACKAGES:
        folder = package_folder(name)
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{name}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
