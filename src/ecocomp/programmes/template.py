"""A programme file to begin with: every section with a comment of what it means, made from the shape it is checked against."""

from __future__ import annotations

from ecocomp.programmes.shape import SLOTS, Slot
from ecocomp.terms.text import Lang, Text

_BODY = """\
# {title}
programme:
  id: {id}                                   # {id_says}
  name: {{zh: 名称, en: name}}                 # {name_says}
  document: {doc_sample}                     # {document_says}
  article: ""                                # {article_says}
  confidence: D                              # {confidence_says}: V V2 v C S M R L D
  level: county                              # {level_says}: national province city county
  element: forest                            # {element_says}
  enrol: {{from: 2026-01-01}}                  # {enrol_says}
  variants:                                  # {variants_says}
    closed: {{zh: 封育, en: closed}}
    planted: {{zh: 造林, en: planted}}
  land:                                      # {land_says}
    ecosystems: ["1", "2"]
    exclude: [permanent_basic_farmland]
  recipient: {{who: right_holder, never: [collective]}}   # {recipient_says}
  contract: {{items: [DUTY-3]}}                # {contract_says}
  inspection: {{level: county, each: year, stops: [logging]}}   # {inspection_says}
  payments:                                  # {payments_says}
    - id: subsidy
      name: {{zh: 补助, en: subsidy}}
      form: yearly_area                      # yearly_area tranches_area once_area yearly_household yearly_person yearly_percent
      unit: CNY/mu                           # CNY/mu CNY/ha CNY/household CNY/person percent
      rate: programmes.{id}.rate
      by: [variant]
  publish: [name, area, payment]             # {publish_says}
parameters:
  - key: programmes.{id}.rate
    name: {{zh: 标准（措施）, en: "rate, by variant"}}
    unit: CNY/mu/a
    kind: table
    values:
      - {{from: 2026-01-01, value: {{closed: 20, planted: 35.5}}, document: {doc_sample}, confidence: D, last_checked: 2026-01-01}}
"""


def template(id: str, lang: Lang) -> str:
    """Return a template that `ecocomp programme check` passes once document and names are written."""
    says = {f"{k}_says": s.says.to(lang) for k, s in SLOTS.items()}
    title = Text("项目规则文件；查写法：docs 的“项目”页", "A programme as a rule file; see the page “programmes” of the docs").to(
        lang
    )
    return _BODY.format(id=id, title=title, doc_sample=Text("文号", "document number").to(lang), **says)


def reference(lang: Lang) -> list[tuple[str, str, str, str]]:
    """Return every key of a programme file: path, kind, whether it is needed, what it means with its choices."""
    out: list[tuple[str, str, str, str]] = []
    for key, slot in SLOTS.items():
        _lines(key, slot, lang, out)
    return out


def _lines(path: str, slot: Slot, lang: Lang, out: list[tuple[str, str, str, str]]) -> None:
    needed = (Text("必填", "needed") if slot.needed else Text("", "")).to(lang)
    choices = f" ({', '.join(slot.choices)})" if slot.choices else ""
    out.append((path, KINDS[slot.kind].to(lang), needed, slot.says.to(lang) + choices))
    for key, inner in slot.of.items():
        if key:
            _lines(f"{path}.{key}", inner, lang, out)


KINDS: dict[str, Text] = {
    "text": Text("文字", "text"),
    "words": Text("{zh, en}", "{zh, en}"),
    "day": Text("日期", "day"),
    "whole": Text("整数", "whole number"),
    "number": Text("数", "number"),
    "flag": Text("true/false", "true/false"),
    "key": Text("参数键", "parameter key"),
    "amount": Text("数或参数键", "number or parameter key"),
    "amount_by": Text("数、参数键，或“措施: 数”", "number, key, or variant: number"),
    "code_by": Text("代码，或“措施: 代码”", "code, or variant: code"),
    "texts": Text("列表", "list"),
    "one": Text("段", "section"),
    "many": Text("段的列表", "list of sections"),
    "each": Text("“名称: 值”的表", "mapping of names"),
}
