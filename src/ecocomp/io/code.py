"""One fingerprint over every source file of ecocomp and its rules: what computed a result, here or on another machine."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import ecocomp
from ecocomp.rules import policy_folder


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
