"""The agreements that come with the programme: written from the public record, one file each, with what is open marked."""

from __future__ import annotations

import difflib
from pathlib import Path

from ecocomp.rules import policy_folder
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text


def shipped() -> dict[str, Path]:
    """Return the files by id (the id is the name of the file)."""
    return {p.stem: p for p in sorted(policy_folder().glob("*/agreements/signed/*.yaml"))}


def find(name: str) -> list[Path]:
    """Return the files a user means: a file, a folder of files, or the id of one that ships."""
    path = Path(name)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        if not found:
            raise UsageError(Text("{p} 里没有 .yaml 文件。", "There are no .yaml files in {p}.").fill(p=path))
        return found
    if path.is_file():
        return [path]
    known = shipped()
    if name in known:
        return [known[name]]
    near = ", ".join(difflib.get_close_matches(name, list(known), 3)) or "—"
    raise UsageError(
        Text("没有文件，也没有随附协议 {n}；相近的：{a}。", "There is no file {n}, nor an agreement of that id; near: {a}.").fill(
            n=name, a=near
        )
    )
