"""The bundle: one year's run as a folder that anyone can check without our software running anywhere.

    bundle.json      what was run: case, year, known date, software, notes
    tables/          Parquet tables of `terms.tables`
    rules/           the rule files the run rested on, byte for byte
    report/ public/  pages for people, open data without personal data
    manifest.json    SHA-256 of every file (and of each 64 KiB piece), of every input and rule
    checkpoint       size and Merkle root over the manifest's entries and the manifest itself

A changed byte in any file breaks its piece hash, a changed manifest breaks the checkpoint, a changed
checkpoint no longer matches the manifest. Whoever rewrites all three is caught by the next year's bundle,
which cites this checkpoint, and by any published copy of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecocomp.governance.merkle import checkpoint_body, leaf_hash, merkle_root, read_checkpoint
from ecocomp.io.files import canonical_json
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text

PIECE_BYTES = 65_536
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class FileSum:
    """Size, SHA-256 and the SHA-256 of each 64 KiB piece of one file."""

    path: str
    size: int
    sha256: str
    pieces: tuple[str, ...]


def file_sum(path: Path, name: str) -> FileSum:
    """Hash one file in pieces."""
    whole, pieces, size = hashlib.sha256(), [], 0
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            whole.update(piece)
            pieces.append(hashlib.sha256(piece).hexdigest())
            size += len(piece)
    return FileSum(name, size, whole.hexdigest(), tuple(pieces))


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (relative name, path) of every file below `folder`, sorted by name."""
    found = sorted((p.relative_to(folder).as_posix(), p) for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    yield from found


def seal(folder: Path, *, origin: str, inputs: list[dict[str, Any]], previous: str) -> str:
    """Write manifest and checkpoint of a finished folder; return the checkpoint's root in hex.

    origin    name of the log, e.g. ``ecocomp/990121``
    inputs    fingerprints of everything the run read: name, path, sha256, bytes
    previous  checkpoint root of last year's bundle, or an empty string
    """
    sums = [file_sum(p, n) for n, p in files_of(folder) if n not in (MANIFEST, CHECKPOINT)]
    manifest = {
        "format": "ecocomp-bundle-1",
        "files": [{"path": s.path, "bytes": s.size, "sha256": s.sha256, "pieces": list(s.pieces)} for s in sums],
        "inputs": inputs,
        "origin": origin,
        "previous_root": previous,
    }
    data = canonical_json(manifest)
    (folder / MANIFEST).write_bytes(data)
    root, size = _root(sums, data)
    (folder / CHECKPOINT).write_text(checkpoint_body(origin, size, root), encoding="utf-8")
    return root.hex()


def _root(sums: list[FileSum], manifest: bytes) -> tuple[bytes, int]:
    leaves = [leaf_hash(f"{s.path}\n{s.size}\n{s.sha256}\n".encode()) for s in sums]
    leaves.append(leaf_hash(manifest))
    return merkle_root(leaves), len(leaves)


def checkpoint_root(folder: Path) -> str:
    """Return the root of a sealed bundle in hex."""
    return read_checkpoint((folder / CHECKPOINT).read_text(encoding="utf-8"))[2].hex()


def verify(folder: Path) -> list[Fault]:
    """Return every way in which a bundle differs from what was sealed; empty means every byte is as it was."""
    manifest_path, checkpoint_path = folder / MANIFEST, folder / CHECKPOINT
    missing = [p.name for p in (manifest_path, checkpoint_path) if not p.is_file()]
    if missing:
        return [
            _fault(
                m,
                "",
                Text("文件缺失，{f} 不是一份完整的成果包。", "The file is missing; {f} is not a whole bundle.").fill(f=folder.name),
            )
            for m in missing
        ]
    data = manifest_path.read_bytes()
    try:
        manifest = json.loads(data)
        entries = {e["path"]: e for e in manifest["files"]}
        declared = [FileSum(e["path"], e["bytes"], e["sha256"], tuple(e["pieces"])) for e in manifest["files"]]
        origin = manifest["origin"]
    except (ValueError, KeyError, TypeError) as error:
        return [_fault(MANIFEST, "", Text("清单读不通：{e}。", "The manifest cannot be read: {e}.").fill(e=error))]
    faults: list[Fault] = []
    root, size = _root(declared, data)
    if checkpoint_path.read_bytes() != checkpoint_body(origin, size, root).encode():
        faults.append(
            _fault(
                f"{MANIFEST} / {CHECKPOINT}",
                "",
                Text(
                    "清单与存证点不符：清单算出的根是 {r}。", "Manifest and checkpoint disagree: the manifest's root is {r}."
                ).fill(r=root.hex()[:16]),
            )
        )
    found = {n: p for n, p in files_of(folder) if n not in (MANIFEST, CHECKPOINT)}
    faults += [
        _fault(n, "", Text("清单有此文件，成果包里没有。", "The manifest lists it; the bundle lacks it."))
        for n in sorted(set(entries) - set(found))
    ]
    faults += [
        _fault(n, "", Text("成果包里多出此文件，清单没有。", "The bundle has it; the manifest does not list it."))
        for n in sorted(set(found) - set(entries))
    ]
    for name in sorted(set(found) & set(entries)):
        faults += _file_faults(name, found[name], entries[name])
    return faults


def _file_faults(name: str, path: Path, entry: dict[str, Any]) -> list[Fault]:
    if path.is_symlink() or not path.is_file():
        return [_fault(name, "", Text("不是普通文件。", "It is not a regular file."))]
    now = file_sum(path, name)
    if now.size != entry["bytes"]:
        return [
            _fault(
                name,
                f"{now.size} bytes",
                Text("大小应为 {a} 字节，现为 {b}。", "It should have {a} bytes, it has {b}.").fill(a=entry["bytes"], b=now.size),
            )
        ]
    bad = [i for i, (a, b) in enumerate(zip(entry["pieces"], now.pieces, strict=False)) if a != b]
    if not bad and now.sha256 != entry["sha256"]:
        return [_fault(name, "", Text("指纹不符。", "Its fingerprint differs."))]
    return [
        _fault(
            name,
            f"bytes {i * PIECE_BYTES}–{min((i + 1) * PIECE_BYTES, now.size) - 1}",
            Text("内容被改动：应为 {a}…，现为 {b}…。", "The content was changed: should be {a}…, is {b}….").fill(
                a=entry["pieces"][i][:12], b=now.pieces[i][:12]
            ),
        )
        for i in bad
    ]


def _fault(where: str, record: str, clash: Text) -> Fault:
    return Fault(
        "bundle.changed",
        where,
        record,
        clash,
        Text("从可信副本恢复，或用 ecocomp run 重新生成。", "Restore it from a trusted copy, or make it again with ecocomp run."),
    )


def open_bundle(folder: Path) -> dict[str, Any]:
    """Return `bundle.json` of a bundle, or say that the folder is none."""
    path = folder / "bundle.json"
    if not path.is_file():
        raise FaultsError(
            [
                Fault(
                    "bundle.none",
                    str(folder),
                    "",
                    Text("这里没有成果包（缺 bundle.json）。", "There is no bundle here (bundle.json is missing)."),
                    Text(
                        "给出 ecocomp run 生成的年度文件夹，例如 bundles/2023。",
                        "Name a yearly folder made by ecocomp run, e.g. bundles/2023.",
                    ),
                )
            ]
        )
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # no JSON, or no UTF-8
        said = Text("bundle.json 不是可读的 JSON。", "bundle.json cannot be read as JSON.")
        remedy = Text("用 ecocomp run 重新生成，或取完整的成果包。", "Make it again with ecocomp run, or get the whole bundle.")
        raise FaultsError([Fault("bundle.unreadable", str(path), "", said, remedy)]) from None
    return facts


def read_bundle_table(folder: Path, name: str) -> Any:
    """Return one table of a bundle as Arrow, or None if the bundle has none of that name.

    A bundle sealed before a table was given further columns has these empty.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "tables" / f"{name}.parquet"
    if not path.is_file():
        return None
    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise FaultsError(
            [_fault(f"tables/{path.name}", "", Text("表读不通：{e}。", "The table cannot be read: {e}.").fill(e=str(error)[:120]))]
        ) from None
    table = _with_later_columns(table, name)
    expected = TABLES[name].schema().names if name in TABLES else table.schema.names
    if table.schema.names != expected:
        said = Text("列是 {a}，应为 {b}。", "The columns are {a}, they should be {b}.").fill(
            a=", ".join(table.schema.names[:6]), b=", ".join(expected[:6])
        )
        raise FaultsError([_fault(f"tables/{path.name}", "", said)])
    return table


def _with_later_columns(table: Any, name: str) -> Any:
    """Return a table with the columns that it lacks and that may be empty, in their places."""
    import pyarrow as pa

    schema = TABLES[name].schema() if name in TABLES else table.schema
    have = set(table.schema.names)
    if have == set(schema.names) or any(f.name not in have and not f.nullable for f in schema) or have - set(schema.names):
        return table
    columns = [table[f.name] if f.name in have else pa.nulls(len(table), f.type) for f in schema]
    return pa.table(columns, schema=schema)


def rule_roots(folder: Path) -> list[Path]:
    """Return the rule folders of a bundle: what shipped, then the case's own, which stand over it."""
    return [folder / "rules", *sorted(folder.glob("rules-case-*"))]
