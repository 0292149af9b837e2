"""Read YAML and keep the line of every value, so that a fault and a trace can point at it.

Numbers become `Decimal` exactly as written; nothing is executed; duplicate keys are faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class Line:
    """A value read from YAML with the line it stands on (1-based)."""

    value: Any
    line: int


def read_yaml(path: Path) -> tuple[Line | None, list[Fault]]:
    """Return the document as nested `Line` values, and the faults found while reading."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, [
            _fault(
                path,
                1,
                Text(f"不是 UTF-8 文本：{error.reason}。", f"Not UTF-8 text: {error.reason}."),
                Text("用 UTF-8 另存。", "Save it as UTF-8."),
            )
        ]
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [
            _fault(
                path,
                line,
                Text(f"YAML 写法有误：{error.problem}。", f"YAML cannot be read: {error.problem}."),
                Text("检查缩进、冒号和引号。", "Check indents, colons and quotes."),
            )
        ]
    if node is None:
        return None, [
            _fault(path, 1, Text("文件是空的。", "The file is empty."), Text("补上内容或删去文件。", "Fill it or delete it."))
        ]
    faults: list[Fault] = []
    return _plain(node, path, faults), faults


def _fault(path: Path, line: int, clash: Text, remedy: Text) -> Fault:
    return Fault("rules.unreadable", f"{path.name}", f"line {line}", clash, remedy)


def _plain(node: yaml.Node, path: Path, faults: list[Fault]) -> Line:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Line] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in out:
                clash = Text("键 {k} 写了两次（第 {a} 行和第 {b} 行）。", "Key {k} is written twice (lines {a} and {b}).")
                faults.append(
                    _fault(
                        path,
                        key_node.start_mark.line + 1,
                        clash.fill(k=key, a=out[key].line, b=key_node.start_mark.line + 1),
                        Text("只留一处。", "Keep one of them."),
                    )
                )
                continue
            out[key] = _plain(value_node, path, faults)
        return Line(out, line)
    if isinstance(node, yaml.SequenceNode):
        return Line([_plain(child, path, faults) for child in node.value], line)
    return Line(_scalar(node), line)


def _scalar(node: yaml.Node) -> Any:
    tag, text = node.tag, str(node.value)
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        try:
            return Decimal(text.replace("_", ""))
        except ArithmeticError:
            return text
    if tag == "tag:yaml.org,2002:timestamp":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    if tag == "tag:yaml.org,2002:bool":
        return text.lower() in ("true", "yes", "on")
    if tag == "tag:yaml.org,2002:null":
        return None
    return text


def strip(item: Line | Any) -> Any:
    """Return the plain value without lines."""
    value = item.value if isinstance(item, Line) else item
    if isinstance(value, dict):
        return {k: strip(v) for k, v in value.items()}
    if isinstance(value, list):
        return [strip(v) for v in value]
    return value
