"""What computed it: the version and one fingerprint over every source file of ecocomp and its rules."""

from __future__ import annotations

import hashlib
import importlib.metadata
from functools import cache
from pathlib import Path

import ecocomp
from ecocomp.rules import policy_folder

_LIBRARIES = ("numpy", "numba", "pyarrow", "pyproj", "rasterio", "scipy", "shapely", "pillow", "typst")


def source_files(root: Path) -> list[Path]:
    """Return every file of a package that can change a result, templates and data included, sorted."""
    return sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


@cache
def code_fingerprint() -> str:
    """Return the SHA-256 over the names and bytes of all our source and rule files."""
    digest = hashlib.sha256()
    for root in (Path(ecocomp.__file__).parent, policy_folder()):
        for path in source_files(root):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def software() -> dict[str, object]:
    """Return version, fingerprint and the libraries that can change a result."""
    return {
        "ecocomp": ecocomp.__version__,
        "code_sha256": code_fingerprint(),
        "libraries": {n: importlib.metadata.version(n) for n in _LIBRARIES},
    }
