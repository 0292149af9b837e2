"""The shape of a programme file: which keys may stand where, what each must be, and every fault of a file at once.

One file is one programme: ``programme:`` says who may join, on which land, what is inspected and in which form money is
owed; ``parameters:`` beside it holds the dated amounts (`ecocomp.rules.book`). `SLOTS` is the whole shape; the docs page,
the template of `ecocomp programme new` and the check are made from it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ecocomp.programmes import words as w
from ecocomp.rules.lines import Line, strip
from ecocomp.terms.codes import HOLDER_KINDS, INSPECTION_LEVELS, RESTRICTION_KINDS
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text


@dataclass(frozen=True)
class Slot:
    """One key: what kind of value it takes and what it means.

    kind  text, words (zh and en), day, whole, number, flag, key (of a parameter), amount (a number or a key),
          texts (list), whats (choices, list), one (a mapping of slots), many (a list of them), each (any name → `of['']`)
    """

    kind: str
    says: Text
    needed: bool = False
    of: Mapping[str, Slot] = field(default_factory=dict)
    choices: Collection[str] = ()
    default: Any = None


def _s(kind: str, zh: str, en: str, needed: bool = False, **more: Any) -> Slot:
    return Slot(kind, Text(zh, en), needed, **more)


_NAME = _s("words", "中英文名", "name in both languages", True)
_DOCUMENT = {
    "document": _s("text", "依据文件", "document it rests on", True),
    "article": _s("text", "条款", "article"),
    "confidence": _s("text", "可信标记", "confidence mark", True, choices=MARKS),
    "last_checked": _s("day", "最近核对日", "last checked"),
    "note": _s("text", "说明", "note"),
}
_LAND: dict[str, Slot] = {
    "classes": _s("texts", "可纳入的地类（代码开头）", "land classes that may join (beginning of the code)"),
    "when": _s(
        "text",
        "看实施前（before）还是现在（now）的地类",
        "class before the work (before) or now",
        choices=("before", "now"),
        default="now",
    ),
    "ecosystems": _s("texts", "可纳入的生态系统（代码开头）", "ecosystems that may join (beginning of the code)"),
    "slope_least": _s("amount", "最小坡度，度", "least slope, degrees"),
    "owners": _s("texts", "土地权属", "owner of the land", choices=w.OWNERS),
    "red_line": _s("text", "红线内外", "inside or outside the red line", choices=w.RED_LINE, default="any"),
    "regions": _s("texts", "地区代码开头；空为不限", "beginnings of region codes; none: anywhere"),
    "layer": _s(
        "each",
        "林地图层等属性（facts）须为这些值之一",
        "facts of the plot, e.g. of the forest layer, that must have one of these values",
        of={"": _s("texts", "允许的值", "values allowed")},
    ),
    "exclude": _s("texts", "不得纳入的限制类型", "restrictions whose ground may not join", choices=RESTRICTION_KINDS),
}
_RECIPIENT: dict[str, Slot] = {
    "who": _s("text", "付给谁", "who is paid", True, choices=w.WHO),
    "kinds": _s("texts", "受偿人类型；空为不限", "kinds of recipient; none: any", choices=HOLDER_KINDS),
    "never": _s("texts", "不得受偿的类型", "kinds that may not be paid", choices=HOLDER_KINDS),
}
_CONTRACT: dict[str, Slot] = {
    "of": _s("text", "用哪个项目的合同（补贴、延长期）", "programme whose contracts count (a top-up, an extension)"),
    "items": _s("texts", "合同必备条款", "items a contract must hold", choices=w.ITEM_SETS),
    "items_more": _s(
        "each", "本项目另外要求的条款", "further items of this programme", of={"": _s("words", "条款名", "name of the item")}
    ),
    "years_most": _s("whole", "期限最多几年", "longest term in years"),
    "only_if": _s("text", "只对此类权属的土地要求书面协议", "items are asked only on land of this owner", choices=w.OWNERS),
}
_INSPECTION: dict[str, Slot] = {
    "level": _s("text", "按哪一级验收支付", "level whose acceptance is paid on", True, choices=INSPECTION_LEVELS),
    "confirm": _s("texts", "还须哪些级确认", "levels that must confirm", choices=INSPECTION_LEVELS),
    "each": _s("text", "何时验收", "how often", choices=w.EACH, default="year"),
    "certificate": _s("flag", "须有验收合格证", "a certificate is needed", default=False),
    "survival_least": _s(
        "each", "各措施最低成活率（0 至 1）", "least rate of survival by variant (0 to 1)", of={"": _s("amount", "率", "rate")}
    ),
    "stops": _s("texts", "发现即停止支付的行为", "acts that stop the payment", choices=w.EVENTS),
}
_PAYMENT: dict[str, Slot] = {
    "id": _s("text", "支付项代码", "code of the payment", True),
    "name": _NAME,
    "form": _s("text", "形式", "form", True, choices=w.FORMS),
    "unit": _s("text", "单位", "unit", True, choices=w.UNITS),
    "rate": _s("key", "标准的参数键", "key of the rate", True),
    "by": _s("texts", "标准按哪些维度区分", "what the rate depends on"),
    "rate_on": _s("text", "取哪天的标准", "day whose rate counts", choices=w.RATE_ON, default="year"),
    "to": _s("text", "付给谁", "paid to", choices=w.PAYEES, default="holder"),
    "years": _s("amount_by", "付几年（数、参数键，或按措施）", "for how many years (number, key, or by variant)"),
    "starts_after": _s(
        "amount_by",
        "期限起始后第几年末开始（数、参数键，或按措施）",
        "begins after so many years of the term (number, key, or by variant)",
    ),
    "first_year": _s("text", "首年怎样计", "how the first year counts", choices=w.FIRST_YEAR, default="full"),
    "start_by": _s("text", "此日（月-日）之后开始的自次年起", "who begins after this day (MM-DD) counts from the next year"),
    "last_year": _s("text", "末年怎样计", "how the last year counts", choices=w.LAST_YEAR, default="full"),
    "not_before": _s(
        "whole", "最早支付年度；以前到期的在该年一次补发", "first year of payment; what was due before is paid then, once"
    ),
    "deduction": _s("key", "公共管护支出的参数键", "key of the part for public management"),
    "shares": _s("key", "各级分担比例的参数键（级: 份）", "key of the shares by level (level: part)"),
    "source": _s("text", "无分担时由哪一级承担", "level that bears it where nothing is shared"),
    "when_none": _s("words", "没有标准时拒绝支付的理由", "why nothing is paid while there is no rate"),
    "optional": _s("flag", "没有标准即无此项", "without a rate there is no such payment", default=False),
}
_LOCAL: dict[str, Slot] = {
    "allowed": _s("flag", "地方可另定标准", "a place may set a rate of its own", True),
    "least": _s("number", "不低于国家标准的几倍", "at least so many times the rate above it"),
    "most": _s("number", "不高于国家标准的几倍", "at most so many times the rate above it"),
}
_COUNTY: dict[str, Slot] = {
    "id": _s("text", "规则代码", "code of the rule", True),
    "name": _NAME,
    "of": _s("texts", "分子的措施", "variants counted", True),
    "among": _s("texts", "分母的措施", "among which variants", True),
    "least": _s("amount", "最低占比（0 至 1）", "least share (0 to 1)"),
    "most": _s("amount", "最高占比（0 至 1）", "largest share (0 to 1)"),
    **_DOCUMENT,
}
_PENALTY: dict[str, Slot] = {
    "id": _s("text", "行为代码", "code of the act", True),
    "name": _NAME,
    "returned": _s("flag", "退回款项", "the money is returned", default=True),
    "fine_least": _s("amount", "罚款下限，倍", "fine, at least so many times the amount"),
    "fine_most": _s("amount", "罚款上限，倍", "fine, at most so many times the amount"),
    "by_officials": _s("flag", "国家工作人员的行为", "committed by officials", default=False),
    **_DOCUMENT,
}
_EXCLUDE: dict[str, Slot] = {
    "with": _s("texts", "项目、叠加代码，或“项目.措施”", "programmes, stacking codes, or programme.variant", True),
    "own": _s("texts", "只对本项目这些措施", "only these variants of this programme"),
    "on": _s("text", "同一地面还是同一地块", "the same ground or the same parcel", choices=w.ON, default="ground"),
    "keep": _s(
        "text",
        "保留哪一方：this 本项目，other 对方，earlier 先签的",
        "which is kept: this, other, or the earlier one",
        choices=("this", "other", "earlier"),
        default="earlier",
    ),
    **_DOCUMENT,
}
SLOTS: dict[str, Slot] = {
    "id": _s("text", "项目代码", "code of the programme", True),
    "name": _NAME,
    **_DOCUMENT,
    "level": _s("text", "哪一级的项目", "whose programme it is", True, choices=w.LEVELS),
    "element": _s("text", "补偿要素", "element it compensates", True, choices=w.ELEMENTS),
    "stacks_as": _s("code_by", "叠加规则中的代码（或按措施）", "code in the stacking rules (or by variant)"),
    "enrol": _s(
        "one", "何时签订的可纳入", "agreed in which time", of={"from": _s("day", "自", "from"), "to": _s("day", "至", "to")}
    ),
    "variants": _s("each", "措施类型", "what is done on the ground", True, of={"": _s("words", "名称", "name")}),
    "regions": _s(
        "each",
        "地区组：组名 → 地区代码开头",
        "groups of regions: name → beginnings of region codes",
        of={"": _s("texts", "代码开头", "beginnings of codes")},
    ),
    "land": _s("one", "可纳入的土地", "land that may join", of=_LAND),
    "recipient": _s("one", "受偿人", "recipient", True, of=_RECIPIENT),
    "contract": _s("one", "合同", "contract", of=_CONTRACT),
    "inspection": _s("one", "检查验收；没有这一节即不需验收", "inspection; without this section none is needed", of=_INSPECTION),
    "payments": _s("many", "支付项", "payments", True, of=_PAYMENT),
    "local": _s("one", "地方标准", "rates of places", of=_LOCAL),
    "county": _s("many", "县级总量规则", "rules for the county as a whole", of=_COUNTY),
    "penalties": _s("many", "处罚与追回", "penalties and claw-back", of=_PENALTY),
    "excludes": _s("many", "与哪些项目互斥", "programmes it excludes", of=_EXCLUDE),
    "allows": _s("texts", "可与哪些项目同时支付", "programmes that may pay beside it"),
    "publish": _s("texts", "公示内容", "what is published", choices=w.PUBLISHED),
}


class Shape:
    """Reads nested `Line` values against slots and keeps every fault, with file and line."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, line: int, clash: Text, remedy: Text, code: str = "shape") -> None:
        """Keep a fault."""
        self.faults.append(Fault(f"programmes.{code}", self.file, f"line {line}", clash, remedy))

    def section(self, item: Line, slots: Mapping[str, Slot], where: str) -> dict[str, Any]:
        """Return the values of a mapping by key, defaults filled in; what is wrong is left out and told."""
        out: dict[str, Any] = {k: s.default for k, s in slots.items()}
        out["line"] = item.line
        if not isinstance(item.value, dict):
            clash = Text("{k} 应是键值表。", "{k} should be a mapping.").fill(k=where)
            self.fault(item.line, clash, Text("缩进写出各键。", "Write its keys, indented."))
            return out
        for key, value in item.value.items():
            if key not in slots:
                self._unknown(key, value.line, slots, where)
            else:
                made = self.value(value, slots[key], f"{where}.{key}")
                if made is not None:
                    out[key] = made
        missing = [k for k, s in slots.items() if s.needed and k not in item.value]
        if missing:
            said = "; ".join(f"{k}" for k in missing)
            self.fault(
                item.line,
                Text("{w} 缺少 {m}。", "{w} lacks {m}.").fill(w=where, m=said),
                Text("补上：{t}。", "Add: {t}.").fill(
                    t=Text(
                        "，".join(f"{k}（{slots[k].says.zh}）" for k in missing),
                        ", ".join(f"{k} ({slots[k].says.en})" for k in missing),
                    )
                ),
            )
        return out

    def _unknown(self, key: str, line: int, known: Collection[str], where: str) -> None:
        near = next(iter(difflib.get_close_matches(key, list(known), 1)), "—")
        self.fault(
            line,
            Text("{w} 下不认识的键 {k}。", "Unknown key {k} in {w}.").fill(k=key, w=where),
            Text("最相近的键是 {n}；可用：{a}。", "The nearest known key is {n}; known: {a}.").fill(n=near, a=", ".join(known)),
            "unknown_key",
        )

    def value(self, item: Line, slot: Slot, where: str) -> Any:
        """Return one value, or None with its fault kept."""
        kind = slot.kind
        if kind == "one":
            return self.section(item, slot.of, where)
        if kind == "many":
            if not isinstance(item.value, list):
                return self._wrong(item, where, Text("应是列表（每项以“- ”开头）", "should be a list, each entry with '- '"))
            return [self.section(part, slot.of, f"{where}[{i}]") for i, part in enumerate(item.value, 1)]
        if kind == "each":
            return self._each(item, slot, where)
        if kind in ("amount_by", "code_by"):
            return self._by(item, kind, where)
        if kind in ("texts",):
            return self._texts(item, slot, where)
        return self._plain(item, slot, where)

    def _each(self, item: Line, slot: Slot, where: str) -> Any:
        if not isinstance(item.value, dict) or not item.value:
            return self._wrong(item, where, Text("应是“名称: 值”的表", "should be a mapping of names"))
        made = {str(k): self.value(v, slot.of[""], f"{where}.{k}") for k, v in item.value.items()}
        return {k: v for k, v in made.items() if v is not None}

    def _by(self, item: Line, kind: str, where: str) -> Any:
        one = Slot("amount" if kind == "amount_by" else "text", Text("", ""))
        if isinstance(item.value, dict):
            made = {str(k): self.value(v, one, f"{where}.{k}") for k, v in item.value.items()}
            return {k: v for k, v in made.items() if v is not None}
        return self.value(item, one, where)

    def _texts(self, item: Line, slot: Slot, where: str) -> Any:
        if not isinstance(item.value, list) or any(isinstance(v.value, dict | list) for v in item.value):
            return self._wrong(item, where, Text("应是列表，如 [a, b]", "should be a list such as [a, b]"))
        out = []
        for part in item.value:
            text = _text(part.value)
            if text is None:
                self._wrong(part, where, Text("应是代码；数字开头的加引号", "should be a code; put one of digits in quotes"))
            elif slot.choices and text not in slot.choices:
                self._choice(part, text, slot, where)
            else:
                out.append(text)
        return tuple(out)

    def _plain(self, item: Line, slot: Slot, where: str) -> Any:
        value, kind = item.value, slot.kind
        if kind == "words":
            zh, en = (strip(value.get(k)) if isinstance(value, dict) and k in value else None for k in ("zh", "en"))
            stray = [k for k in value if k not in ("zh", "en")] if isinstance(value, dict) else []
            for key in stray:
                self._unknown(key, value[key].line, ("zh", "en"), where)
            if not isinstance(zh, str) or not isinstance(en, str) or not zh.strip() or not en.strip():
                return self._wrong(item, where, Text("应写成 {zh: …, en: …}", "should be {zh: …, en: …}"))
            return Text(zh, en)
        if kind == "flag":
            return (
                value
                if isinstance(value, bool)
                else self._wrong(item, where, Text("应是 true 或 false", "should be true or false"))
            )
        if kind == "day":
            return (
                value
                if isinstance(value, date)
                else self._wrong(item, where, Text("应是日期，如 2014-01-01", "should be a day such as 2014-01-01"))
            )
        if kind == "whole":
            fits = isinstance(value, Decimal) and value == int(value) and abs(value) < 10**6
            return int(value) if fits else self._wrong(item, where, Text("应是整数", "should be a whole number"))
        if kind == "number":
            return value if isinstance(value, Decimal) else self._wrong(item, where, Text("应是数", "should be a number"))
        if kind == "amount" and isinstance(value, Decimal):
            return value
        text = _text(value)
        if text == "" and kind == "text" and not slot.needed:
            return ""
        if text is None or not text.strip():
            return self._wrong(
                item, where, Text("应是文字；数字开头的代码加引号", "should be a text; put a code of digits in quotes")
            )
        if kind in ("key", "amount") and "." not in text:
            return self._wrong(
                item,
                where,
                Text("应是参数的键，如 programmes.名称.标准", "should be the key of a parameter, such as programmes.name.rate"),
            )
        if slot.choices and text not in slot.choices:
            return self._choice(item, text, slot, where)
        return text

    def _wrong(self, item: Line, where: str, wanted: Text) -> None:
        shown = str(strip(item))
        shown = shown if len(shown) < 60 else shown[:57] + "…"
        self.fault(
            item.line,
            Text("{k} {w}，却是 {v}。", "{k} {w}, but is {v}.").fill(k=where, w=wanted, v=shown),
            Text("改正这一行。", "Mend this line."),
        )

    def _choice(self, item: Line, text: str, slot: Slot, where: str) -> None:
        known = list(slot.choices)
        near = next(iter(difflib.get_close_matches(text, known, 1)), "—")
        self.fault(
            item.line,
            Text("{k} 的“{v}”不认识。", "{k} has “{v}”, which is not known.").fill(k=where, v=text),
            Text("最相近的是 {n}；可用：{a}。", "The nearest is {n}; known: {a}.").fill(n=near, a=", ".join(known)),
            "unknown_value",
        )


def _text(value: Any) -> str | None:
    """Return a text; a whole number written without quotes is read as it was meant only if nothing could be lost."""
    return value if isinstance(value, str) else None
