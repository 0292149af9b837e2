"""What an office may say about its sheets in a small TOML file, where the words above the columns are not enough."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecocomp.tenure import cells
from ecocomp.tenure._headers import FIELDS
from ecocomp.terms.codes import PARTY_KINDS, RIGHT_KINDS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text


@dataclass(frozen=True, slots=True)
class SheetMapping:
    """What is said about all sheets (`columns`, `area_unit`, `villages`, `rights`, `parties`) and about one (`sheets`).

    columns    field -> words above its column, or its letters
    area_unit  mu, ha or m2 where no header says
    villages   name of a village (or sheet) -> its 12-digit code
    rights     the office's word for a kind of right -> kind of `codes.RIGHT_KINDS`
    parties    the office's word for a kind of holder -> kind of `codes.PARTY_KINDS`
    sheets     name of a sheet -> the same for it alone: columns, area_unit, village_code, header_rows, skip
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    area_unit: str | None = None
    villages: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, OneSheet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneSheet:
    """What is said about one sheet."""

    columns: Mapping[str, str] = field(default_factory=dict)
    area_unit: str | None = None
    village_code: str | None = None
    header_rows: tuple[int, int] | None = None
    skip: bool = False


def load_mapping(path: Path | str) -> SheetMapping:
    """Return a mapping read from TOML; `FaultsError` with every key and value that cannot be."""
    where = Path(path).name
    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        raise FaultsError([_fault(where, "", Text("读不到文件。", "the file cannot be read."), _PATH)]) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        said = Text("不是 UTF-8 编码的 TOML：{e}。", "it is not TOML in UTF-8: {e}.").fill(e=str(exc)[:120])
        raise FaultsError([_fault(where, "", said, Text("按模板改写。", "Write it after the template."))]) from None
    reader = _Reader(where)
    made = reader.mapping(raw)
    if reader.faults:
        raise FaultsError(reader.faults)
    return made


_PATH = Text("请检查路径。", "Check the path.")


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []

    def mapping(self, raw: dict[str, Any]) -> SheetMapping:
        known = ("columns", "area_unit", "villages", "rights", "parties", "sheets")
        self.keys("", raw, known)
        sheets = {n: self.sheet(n, v) for n, v in self.table("sheets", raw.get("sheets", {})).items() if isinstance(v, dict)}
        return SheetMapping(
            self.words("columns", raw.get("columns", {}), keys=tuple(FIELDS)),
            self.unit("area_unit", raw.get("area_unit")),
            {cells.word(k): v for k, v in self.words("villages", raw.get("villages", {})).items()},
            {cells.word(k): v for k, v in self.words("rights", raw.get("rights", {}), values=tuple(RIGHT_KINDS)).items()},
            {cells.word(k): v for k, v in self.words("parties", raw.get("parties", {}), values=tuple(PARTY_KINDS)).items()},
            sheets,
        )

    def sheet(self, name: str, raw: dict[str, Any]) -> OneSheet:
        at = f"sheets.{name}"
        self.keys(at, raw, ("columns", "area_unit", "village_code", "header_rows", "skip"))
        rows = raw.get("header_rows")
        if rows is not None and not (
            isinstance(rows, list)
            and len(rows) == 2
            and all(type(r) is int for r in rows)
            and 0 < rows[0] <= rows[1] <= rows[0] + 5
        ):
            self.wrong(f"{at}.header_rows", rows, Text("首行与末行，如 [3, 4]", "first and last row, such as [3, 4]"))
            rows = None
        skip = raw.get("skip", False)
        if not isinstance(skip, bool):
            self.wrong(f"{at}.skip", skip, Text("true 或 false", "true or false"))
        code = raw.get("village_code")
        if code is not None and not isinstance(code, str):
            self.wrong(f"{at}.village_code", code, Text("带引号的代码", "a code in quotes"))
            code = None
        columns = self.words(f"{at}.columns", raw.get("columns", {}), keys=tuple(FIELDS))
        return OneSheet(
            columns, self.unit(f"{at}.area_unit", raw.get("area_unit")), code, tuple(rows) if rows else None, skip is True
        )

    def keys(self, at: str, raw: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in raw:
            if key not in known:
                near = next(iter(difflib.get_close_matches(key, known, 1)), "—")
                place = f"{at}.{key}" if at else key
                clash = Text("不认识的键 {k}。", "unknown key {k}.").fill(k=place)
                self.faults.append(_fault(self.where, place, clash, Text("最相近的是 {n}。", "The nearest is {n}.").fill(n=near)))

    def table(self, at: str, raw: Any) -> dict[str, Any]:
        if isinstance(raw, dict):
            return raw
        self.wrong(at, raw, Text("一个表", "a table"))
        return {}

    def words(self, at: str, raw: Any, keys: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> dict[str, str]:
        out: dict[str, str] = {}
        table = self.table(at, raw)
        if keys:
            self.keys(at, table, keys)
        for key, value in table.items():
            if not isinstance(value, str) or (values and value not in values):
                wanted = Text("其中之一：{v}", "one of {v}").fill(v=", ".join(values)) if values else Text("文字", "a text")
                self.wrong(f"{at}.{key}", value, wanted)
            elif not keys or key in keys:
                out[key] = value
        return out

    def unit(self, at: str, value: Any) -> str | None:
        if value is None or value in cells.AREA_UNITS:
            return value  # type: ignore[no-any-return]
        self.wrong(at, value, Text("mu、ha 或 m2", "mu, ha or m2"))
        return None

    def wrong(self, at: str, value: Any, wanted: Text) -> None:
        clash = Text("{a} 是 {v!r}。", "{a} is {v!r}.").fill(a=at, v=value)
        self.faults.append(_fault(self.where, at, clash, Text("应为{w}。", "It should be {w}.").fill(w=wanted)))


def _fault(where: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault("sheets.mapping", where, record, clash, remedy)


def template() -> str:
    """Return a mapping file with every key and field, commented out, for an office to fill in."""
    lines = [
        "# 户表对照文件：表头认不出来时才需要填写。 / A mapping: fill in only what the headers do not say.",
        '# area_unit = "mu"                     # mu | ha | m2',
        "",
        "[columns]                              # 字段 = 表头文字或列号 / field = words above the column, or its letters",
        *(f'# {f} = ""{" " * max(1, 28 - len(f))}# {spec.meaning.zh} / {spec.meaning.en}' for f, spec in FIELDS.items()),
        "",
        "[villages]                             # 村名或工作表名 = 12 位代码 / name of village or sheet = 12-digit code",
        '# "桃园村" = "000000000000"',
        "",
        "[rights]                               # 本地叫法 = 权利类型 / local word = kind of right",
        f'# "自留山" = "use"                    # {", ".join(f"{k} {t.zh}" for k, t in RIGHT_KINDS.items())}',
        "",
        "[parties]                              # 本地叫法 = 主体类型 / local word = kind of holder",
        f'# "联户" = "group"                    # {", ".join(f"{k} {t.zh}" for k, t in PARTY_KINDS.items())}',
        "",
        '# [sheets."桃园村"]',
        '# village_code = "000000000000"',
        "# header_rows = [3, 4]",
        "# skip = false",
        '# [sheets."桃园村".columns]',
        '# holder = "C"',
    ]
    return "\n".join(lines) + "\n"
