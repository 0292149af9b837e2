"""How the commands of an office print its registers: codes in words, dates as days, personal numbers masked.

JSON holds the rows as they are stored (codes, not words), moments as ISO 8601 in UTC, days as ISO dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ecocomp.terms import codes
from ecocomp.terms.area import DM2_PER_HA
from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

    from ecocomp.cli.say import Voice
    from ecocomp.terms.tables import Column, TableSpec
    from ecocomp.terms.text import Lang

STILL = Text("至今", "still")
ENDS = ("valid_to", "known_to")
SHORT = {
    "valid_from": Text("生效", "from"),
    "valid_to": Text("失效", "until"),
    "known_from": Text("记录", "recorded"),
    "known_to": Text("更正", "corrected"),
    "share": Text("份额", "share"),
    "id_number": Text("身份证", "id number"),
    "region_code": Text("区划", "region"),
    "holder_id": Text("权利人", "holder"),
    "holder_ids": Text("权利人", "holders"),
    "parcel_id": Text("地块", "parcel"),
    "area_dm2": Text("面积", "area"),
}
_HEADS = {
    "parcel_id": Text("地块编码", "parcel code"),
    "category": Text("类别", "category"),
    "kind": Text("类型", "kind"),
    "change": Text("变化", "change"),
    "before_dm2": Text("原有", "before"),
    "gained_dm2": Text("划入", "taken in"),
    "lost_dm2": Text("调出", "let out"),
    "after_dm2": Text("现有", "after"),
    "gained_fen": Text("划入涉及（元/年）", "taken in (yuan/year)"),
    "lost_fen": Text("调出涉及（元/年）", "let out (yuan/year)"),
    "area_dm2": Text("面积", "area"),
    "rights": Text("权利", "rights"),
    "holders": Text("权利人", "holders"),
    "contracts": Text("合同", "contracts"),
    "a_mark": Text("一方", "one side"),
    "b_mark": Text("另一方", "other side"),
    "document": Text("文件和条款", "document and clause"),
}
"""Heads of tables that are no register; areas are shown in hectares whatever the column is stored in, as their titles say."""
"""Heads of columns that the meaning in the tables is too long for."""
_SHARES = ("share_num", "share_den")
P3 = "P3"  # `ecocomp.terms.registers.P3`, which is not loaded before a command runs


def rows_of(table: pa.Table, spec: TableSpec | None = None) -> list[dict[str, Any]]:
    """Return the rows as JSON may show them; personal numbers masked."""
    hidden = {c.name for c in spec.columns if c.unit == P3} if spec else set()
    return [{k: _masked(v) if k in hidden else plain(v) for k, v in row.items()} for row in table.to_pylist()]


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: moments and days in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def office_time(moment: str) -> str:
    """Return an ISO moment as the office's clock showed it.

    >>> office_time("2026-11-22T17:05:59+00:00")
    '2026-11-23 01:05'
    """
    return datetime.fromisoformat(moment).astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")


def _masked(value: str | None) -> str | None:
    """Return a personal number with only its last four characters."""
    return value if value is None or "*" in value else "*" * max(0, len(value) - 4) + value[-4:]


def say_rows(
    voice: Voice, title: Text, table: pa.Table, columns: Sequence[str], spec: TableSpec | None = None, most: int = 40
) -> None:
    """Print some columns of the first rows of a table; says how many more there are. ``share`` stands for the fraction."""
    if not len(table):
        return
    named = {c.name: c for c in spec.columns} if spec else {}
    shown = table.slice(0, most).to_pylist()
    columns = [c for c in columns if c == "share" or c in ENDS or any(row.get(c) not in (None, "") for row in shown)]
    heads = [SHORT.get(c) or (named[c].meaning if c in named else _HEADS.get(c, Text(c, c))) for c in columns]
    cells = [[cell(row, c, named.get(c), voice.lang) for c in columns] for row in shown]
    right = tuple(i for i, c in enumerate(columns) if c.endswith(("_dm2", "_fen")) or c in ("members", "rows", "share", "rank"))
    whole = tuple(i for i, c in enumerate(columns) if c.endswith(("_id", "_from", "_to", "_code")))
    voice.table(title, heads, cells, right=right, whole=whole)
    if len(table) > most:
        more = Text("另有 {n:,} 行，用 --json 取得全部。", "{n:,} more rows; --json gives all of them.")
        voice.say(more.fill(n=len(table) - most))


def cell(row: Mapping[str, Any], name: str, column: Column | None, lang: Lang) -> str:
    """Return one value in words: codes by their names, areas in hectares, money in yuan, the open end of a time as "still"."""
    if name == "share":
        num, den = row.get(_SHARES[0]), row.get(_SHARES[1])
        return "" if num is None or den is None else "1" if num == den else f"{num}/{den}"
    value = row.get(name)
    if name in ("a_mark", "b_mark", "category") and value:
        return mark_words(str(value)).to(lang)
    if name == "reason":
        from ecocomp.tenure.standing import REASONS

        return REASONS[str(value)][0].to(lang) if value in REASONS else str(value or "")
    if name in _WORDS and value in _WORDS[name]:
        return _WORDS[name][value].to(lang)
    if value is None:
        return STILL.to(lang) if name in ENDS else ""
    if isinstance(value, datetime):
        return value.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
    if name.endswith("_dm2"):
        return f"{value / DM2_PER_HA:,.4f}"
    if name.endswith("_fen"):
        return say_yuan(value)
    unit = column.unit if column else ""
    if unit == P3:
        return _masked(str(value)) or ""
    words = getattr(codes, unit.removeprefix("codes."), {}) if unit.startswith("codes.") else {}
    return words[value].to(lang) if value in words else f"{value:,}" if isinstance(value, int) else str(value)


_WORDS: dict[str, dict[str, Text]] = {
    "severity": {
        "error": Text("错误", "error"),
        "warning": Text("注意", "warning"),
        "block": Text("不能支付", "blocks payment"),
        "hold": Text("暂存", "held in escrow"),
        "info": Text("提示", "note"),
    },
    "change": {"arises": Text("将产生", "would arise"), "vanishes": Text("将消失", "would vanish")},
    "category": {"all": Text("合计", "all")},
}


def mark_words(mark: str) -> Text:
    """Return what lies on a parcel in words: a category, a right with the kind of its holder, a programme.

    >>> mark_words("right.contract.household").en
    'contract right, household'
    """
    from ecocomp.zoning.control import CATEGORIES, PROGRAMMES

    if mark in CATEGORIES:
        return CATEGORIES[mark]
    head, _, rest = mark.partition(".")
    if head == "right":
        kind, _, holder = rest.partition(".")
        parts = [codes.RIGHT_KINDS.get(kind), codes.PARTY_KINDS.get(holder)]
        known = [p for p in parts if p is not None]
        return Text("、".join(p.zh for p in known), ", ".join(p.en for p in known)) if known else Text(mark, mark)
    if head == "duty":
        return PROGRAMMES.get(rest, Text(rest, rest))
    if mark in _WORDS["category"]:
        return _WORDS["category"][mark]
    return codes.RESTRICTION_KINDS.get(mark, Text(mark, mark))
