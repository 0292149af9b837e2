"""Deed files: what a clerk writes down, read as deeds. One file is one transaction.

YAML: a list under ``deeds`` (with ``on``, ``source``, ``retroactive`` above it for all of them). TOML: the same with
``[[deeds]]``. CSV (UTF-8 or GB18030): a deed per row, a column per field, in English or Chinese; parts of the document as
``source.number``, ``source.kind`` or 凭证.文号 and so on. Every fault of a file is found at once, with its line.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecocomp.rules.lines import MAX_BYTES, Line, read_yaml, strip
from ecocomp.tenure.deed_spec import COMMON, SOURCE_FIELDS, Deed
from ecocomp.tenure.deeds import DEEDS, deed_of
from ecocomp.terms.codes import SOURCE_KINDS
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

SHARED = tuple(f.name for f in COMMON)
"""What may stand once for the whole file."""
Written = tuple[int, dict[str, Any]]


def read_deeds(path: Path | str) -> tuple[list[Deed], list[Fault]]:
    """Return the deeds of a file in their order, and every fault in it; with a fault the list may lack deeds.

    path  ``.yaml``, ``.yml``, ``.toml`` or ``.csv``
    """
    path = Path(path)
    reader = {".yaml": _yaml, ".yml": _yaml, ".toml": _toml, ".csv": _csv}.get(path.suffix.lower())
    if reader is None:
        clash = Text("不是业务文件：“{s}”。", "is no file of deeds: “{s}”.").fill(s=path.suffix)
        return [], [_fault(path, 0, clash, Text("用 .yaml、.toml 或 .csv。", "Use .yaml, .toml or .csv."))]
    faults = _too_large(path)
    written = [] if faults else reader(path, faults)
    deeds: list[Deed] = []
    for line, values in written:
        made, found = deed_of(values, where=path.name, line=line)
        faults += found
        if made is not None:
            deeds.append(made)
    if not written and not faults:
        faults.append(_fault(path, 0, Text("里面没有业务。", "holds no deeds."), Text("写明 deeds。", "Give deeds.")))
    return deeds, faults


def _fault(path: Path, line: int, clash: Text, remedy: Text) -> Fault:
    return Fault("tenure.deed_file", path.name, f"line {line}" if line else "", clash, remedy)


def _too_large(path: Path) -> list[Fault]:
    try:
        size = path.stat().st_size
    except OSError:
        return [_fault(path, 0, Text("读不到这个文件。", "cannot be read."), Text("核对路径。", "Check the path."))]
    if size <= MAX_BYTES:
        return []
    clash = Text("有 {a:,} 字节，上限为 {b:,}。", "has {a:,} bytes; {b:,} are allowed.").fill(a=size, b=MAX_BYTES)
    return [_fault(path, 0, clash, Text("分成几个文件。", "Split it into several files."))]


# ---------------------------------------------------------------- YAML and TOML
def _yaml(path: Path, faults: list[Fault]) -> list[Written]:
    document, found = read_yaml(path)
    faults += found
    if document is None:
        return []
    top = document.value if isinstance(document.value, dict) else {"deeds": document}
    items = top.get("deeds")
    if items is None or not isinstance(items.value, list):
        faults.append(
            _fault(
                path,
                document.line,
                Text("没有 deeds 清单。", "has no list of deeds."),
                Text("写 deeds:，下面逐件列出。", "Write deeds: and list them below."),
            )
        )
        return []
    shared = _shared(path, {k: (v.line, strip(v)) for k, v in top.items() if k != "deeds"}, faults)
    return list(_each(path, ((i.line, strip(i)) for i in items.value if isinstance(i, Line)), shared, faults))


def _toml(path: Path, faults: list[Fault]) -> list[Written]:
    try:
        text = path.read_bytes().decode("utf-8")
        top = tomllib.loads(text)
    except UnicodeDecodeError:
        faults.append(
            _fault(path, 0, Text("不是 UTF-8 文本。", "is not UTF-8 text."), Text("用 UTF-8 另存。", "Save it as UTF-8."))
        )
        return []
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        clash = Text("TOML 写法有误：{e}。", "TOML cannot be read: {e}.").fill(e=str(error)[:200])
        faults.append(_fault(path, 0, clash, Text("检查括号和引号。", "Check brackets and quotes.")))
        return []
    items = top.get("deeds")
    if not isinstance(items, list):
        faults.append(
            _fault(
                path, 0, Text("没有 [[deeds]]。", "has no [[deeds]]."), Text("每件写一个 [[deeds]]。", "Write [[deeds]] for each.")
            )
        )
        return []
    lines = [n for n, said in enumerate(text.splitlines(), 1) if said.strip().replace(" ", "").startswith("[[deeds]]")]
    lines += [0] * (len(items) - len(lines))
    shared = _shared(path, {k: (0, v) for k, v in top.items() if k != "deeds"}, faults)
    return list(_each(path, zip(lines, items, strict=False), shared, faults))


def _shared(path: Path, top: Mapping[str, tuple[int, Any]], faults: list[Fault]) -> dict[str, Any]:
    for name, (line, _) in top.items():
        if name not in SHARED:
            clash = Text("文件开头没有“{k}”这一项。", "“{k}” cannot stand above the deeds.").fill(k=str(name)[:40])
            faults.append(
                _fault(path, line, clash, Text("可用：{all}、deeds。", "It may be: {all}, deeds.").fill(all=", ".join(SHARED)))
            )
    return {k: v for k, (_, v) in top.items() if k in SHARED}


def _each(path: Path, items: Any, shared: dict[str, Any], faults: list[Fault]) -> Iterator[Written]:
    for line, item in items:
        if isinstance(item, dict):
            yield line, {**shared, **item}
        else:
            faults.append(
                _fault(
                    path,
                    line,
                    Text("这一件不是“项: 值”。", "this deed is not fields and values."),
                    Text("写明 deed、on、source 等。", "Give deed, on, source and so on."),
                )
            )


# ---------------------------------------------------------------- CSV
def _csv(path: Path, faults: list[Fault]) -> list[Written]:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        faults.append(
            _fault(
                path,
                0,
                Text("既不是 UTF-8 也不是 GB18030。", "is neither UTF-8 nor GB18030."),
                Text("用 UTF-8 另存。", "Save it as UTF-8."),
            )
        )
        return []
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        return list(_csv_rows(path, rows, faults))
    except csv.Error as error:
        clash = Text("CSV 写法有误：{e}。", "CSV cannot be read: {e}.").fill(e=str(error)[:200])
        faults.append(_fault(path, rows.line_num, clash, Text("检查引号。", "Check the quotes.")))
        return []


def _csv_rows(path: Path, rows: Any, faults: list[Fault]) -> Iterator[Written]:
    header = [h.strip() for h in next(rows, [])]
    for cells in rows:
        if not any(c.strip() for c in cells):
            continue
        if len(cells) != len(header):
            clash = Text("有 {a} 格，表头有 {b} 格。", "has {a} cells, the header has {b}.").fill(a=len(cells), b=len(header))
            faults.append(_fault(path, rows.line_num, clash, Text("补齐或删去多余的格。", "Fill or remove cells.")))
            continue
        yield rows.line_num, _csv_deed(header, [c.strip() for c in cells])


def _csv_deed(header: list[str], cells: list[str]) -> dict[str, Any]:
    """Return one row as written values: Chinese names put into ours, parts of the document together, empty cells left out."""
    said = {h: c for h, c in zip(header, cells, strict=True) if c}
    kinds = {s.title.zh: s.id for s in DEEDS.values()}
    kind = said.pop("deed", None) or said.pop("业务", "")
    kind = kinds.get(kind, kind)
    names = {f.title.zh: f.name for f in (*(DEEDS[kind].fields if kind in DEEDS else ()), *COMMON)}
    parts = {f.title.zh: f.name for f in SOURCE_FIELDS}
    out: dict[str, Any] = {"deed": kind}
    source: dict[str, Any] = {}
    for name, value in said.items():
        head, dot, tail = name.partition(".")
        if dot and head in ("source", "凭证"):
            source[parts.get(tail, tail)] = value
        else:
            out[names.get(name, name)] = value
    if source:
        source["kind"] = {t.zh: k for k, t in SOURCE_KINDS.items()}.get(source.get("kind", ""), source.get("kind", ""))
        out["source"] = source
    return out
