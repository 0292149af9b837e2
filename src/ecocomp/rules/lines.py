"""Read YAML and keep the line of every value, so that a fault and a trace can point at it.

Numbers become `Decimal` exactly as written; nothing is executed; duplicate keys are faults. Files come from
others, so what could make a small file cost much is refused before it is built: anchors and aliases, files over
`MAX_BYTES`, nesting deeper than `MAX_DEPTH`, numbers of absurd size.
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

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
_MAX_DIGITS = 60
_MAX_EXPONENT = 30


class _Refused(Exception):
    """Something a rule file may not hold, with its line (1-based)."""

    def __init__(self, line: int, clash: Text, remedy: Text) -> None:
        super().__init__(clash.en)
        self.line, self.clash, self.remedy = line, clash, remedy


class _Loader(yaml.SafeLoader):
    """Composes plain trees only: what repeats or nests without end stops at its first event."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None) is not None:
            raise _Refused(
                line,
                Text("用了锚点或别名（& 或 *）。", "It uses an anchor or alias (& or *)."),
                Text("把值逐处写明。", "Write the value out in each place; put a text that starts with & or * in quotes."),
            )
        if self.depth >= MAX_DEPTH:
            raise _Refused(
                line,
                Text("嵌套超过 {n} 层。", "It is nested deeper than {n} levels.").fill(n=MAX_DEPTH),
                Text("减少嵌套。", "Nest it less."),
            )
        self.depth += 1
        try:
            return super().compose_node(parent, index)  # type: ignore[no-untyped-call]
        finally:
            self.depth -= 1


def _compose(text: str) -> Any:
    """Return the tree of a text. Plain ones are parsed by libyaml, several times faster; the rest, and all faults, by `_Loader`."""
    quick = getattr(yaml, "CSafeLoader", None)
    if quick is None or yaml.reader.Reader.NON_PRINTABLE.search(text):
        return yaml.compose(text, Loader=_Loader)
    depth = 0
    try:
        for event in yaml.parse(text, Loader=quick):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth >= MAX_DEPTH or getattr(event, "anchor", None) is not None:
                return yaml.compose(text, Loader=_Loader)
        return yaml.compose(text, Loader=quick)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_Loader)


@dataclass(frozen=True, slots=True)
class Line:
    """A value read from YAML with the line it stands on (1-based)."""

    value: Any
    line: int


def read_yaml(path: Path) -> tuple[Line | None, list[Fault]]:
    """Return the document as nested `Line` values, and the faults found while reading."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        clash = Text("有 {a:,} 字节，上限为 {b:,}。", "It has {a:,} bytes; {b:,} are allowed.").fill(a=size, b=MAX_BYTES)
        return None, [_fault(path, 1, clash, Text("分成几个文件。", "Split it into several files."))]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        clash = Text(f"不是 UTF-8 文本：{error.reason}。", f"Not UTF-8 text: {error.reason}.")
        return None, [_fault(path, 1, clash, Text("用 UTF-8 另存。", "Save it as UTF-8."))]
    try:
        node = _compose(text)
    except _Refused as error:
        return None, [_fault(path, error.line, error.clash, error.remedy)]
    except yaml.YAMLError as error:
        return None, [_unreadable(path, text, error)]
    if node is None:
        return None, [
            _fault(path, 1, Text("文件是空的。", "The file is empty."), Text("补上内容或删去文件。", "Fill it or delete it."))
        ]
    faults: list[Fault] = []
    return _plain(node, path, faults), faults


def _fault(path: Path, line: int, clash: Text, remedy: Text) -> Fault:
    return Fault("rules.unreadable", f"{path.name}", f"line {line}", clash, remedy)


def _unreadable(path: Path, text: str, error: yaml.YAMLError) -> Fault:
    """Return the fault of text that is no YAML; a character YAML forbids is named by its code point."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        code = f"U+{ord(error.character):04X}" if isinstance(error.character, str) else f"U+{error.character:04X}"
        clash = Text("含有不可见的字符 {c}。", "It holds the unseen character {c}.").fill(c=code)
        return _fault(path, line, clash, Text("删去它。", "Delete it."))
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "?"
    return _fault(
        path,
        mark.line + 1 if mark else 1,
        Text(f"YAML 写法有误：{problem}。", f"YAML cannot be read: {problem}."),
        Text("检查缩进、冒号和引号。", "Check indents, colons and quotes."),
    )


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
    value = _scalar(node)
    if isinstance(value, Decimal) and (len(value.as_tuple().digits) > _MAX_DIGITS or abs(value.adjusted()) > _MAX_EXPONENT):
        clash = Text("数的位数过多或过大、过小。", "A number has too many digits, or is far too large or small.")
        faults.append(_fault(path, line, clash, Text("更正这个数。", "Mend this number.")))
        value = Decimal(0)
    return Line(value, line)


def _scalar(node: yaml.Node) -> Any:
    tag, text = node.tag, str(node.value)
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        try:
            made = Decimal(text.replace("_", ""))
        except ArithmeticError:
            return text
        return made if made.is_finite() else text
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
