"""What computed it: the version, the fingerprint of the code and rules, and the libraries."""

from __future__ import annotations

import importlib.metadata

import ecocomp
from ecocomp.io.code import code_fingerprint, source_files

_LIBRARIES = ("numpy", "numba", "pyarrow", "pyproj", "rasterio", "scipy", "shapely", "pillow", "typst")


def software() -> dict[str, object]:
    """Return version, fingerprint and the libraries that can change a result."""
    return {
        "ecocomp": ecocomp.__version__,
        "code_sha256": code_fingerprint(),
        "libraries": {n: importlib.metadata.version(n) for n in _LIBRARIES},
    }


__all__ = ["code_fingerprint", "software", "source_files"]
