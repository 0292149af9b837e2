"""A commented agreement to be filled in; it reads without a fault as it stands, so that each change can be checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecocomp.registry import entries
from ecocomp.terms.faults import UsageError
from ecocomp.terms.text import Text

_HEAD = """\
# 横向生态保护补偿协议 / horizontal compensation agreement
# 填好后：ecocomp agreement check 本文件；ecocomp agreement settle 本文件 --data 读数.csv
# Fill it in, then: ecocomp agreement check FILE; ecocomp agreement settle FILE --data READINGS.csv
# 金额可写 20000000、2000万元、1.5亿元；比例可写 0.85、85%、1/3。 / Amounts: 20000000, 2000万元, 2000 wan; ratios: 0.85, 85%, 1/3.
id: river-2026                          # 编码，每个版本一个 / code, one for each version
name: {zh: 某河流域横向生态保护补偿协议, en: River agreement}
version: 1                              # 续签时加一，并写 previous: 上一版编码 / raise it on renewal and write previous
# previous: river-2023
parties:                                # 两方以上 / two or more; role: upstream downstream both center other
  - {code: "990121", name: {zh: 上游县, en: Upper County}, role: upstream}
  - {code: "990122", name: {zh: 下游县, en: Lower County}, role: downstream}
# 条例第十七条七项 / the seven items of article 17
scope:   {zh: 某河出境断面以上全部流域, en: the whole catchment above the section}          # 一 范围 / scope
targets: {zh: 断面水质只能更好不能变差, en: water may only get better}                      # 二 目标 / target
duties:  {zh: 上游保持水源涵养林、治理面源污染, en: upstream keeps its forests and curbs runoff}  # 三 责任 / duties
form:    {zh: 资金补偿，按年清算, en: "money, settled yearly"}                            # 四 方式 / form
term:    {from: 2026-01-01, to: 2028-12-31}                                             # 五 期限 / term
breach:  {zh: 逾期按日计收；争议先协商，再报共同上级决定, en: late money is charged by the day}   # 六 违约 / breach
other:   {zh: "", en: ""}                                                               # 七 其他（可空）/ other (may be empty)
# 断面：左右岸、多条河、各断面的上下游可分别写 / sections: banks, rivers, who is upstream at each
sections:
  - {id: S1, name: {zh: 出境断面, en: exit section}, river: 某河}
  # - {id: S2, name: {zh: 左岸断面, en: left bank}, bank: left, weight: 1, upstream: "990121", downstream: "990122"}
section: S1
base_years: [2023, 2024, 2025]          # 基准为这几年的均值；指标写了 base 时以它为准 / their mean is the base
indicators:                             # 权重之和为 1 / weights add up to 1
  - {code: codmn, weight: 0.25}
  - {code: nh3n, weight: 0.25}
  - {code: tp, weight: 0.25}
  - {code: tn, weight: 0.25}
data_rules:                             # 缺测绝不视为达标；只有这里写明才剔除 / missing is never met; left out only if written here
  missing: not_settled                  # not_settled | exclude（加 exclude_up_to: 月数）| as_missed
  force_majeure: not_settled            # not_settled | exclude | as_measured
due: {month: 6, day: 30}                # 次年付款日 / pay day of the next year
# late_per_day: 0.0005                  # 逾期每日 / charge for each day late
# year_starts: 1                        # 核算年从几月起 / first month of the accounting year
# caps: [{party: downstream, most_paid_yuan: 2亿元}]
# prepay: [{payer: downstream, payee: upstream, amount_yuan: 1000万元, month: 3, day: 31}]
# clearing: {mode: account, account: {code: ACC, name: {zh: 专户, en: account}}}   # bilateral | multilateral | account
# pass_through: [{party: upstream, shares: {"990121001": 60%, "990121002": 40%}}]
# deadlines: [{what: {zh: 报送资金使用方案, en: file the use plan}, by: "990121", month: 3, day: 31}]
# unknown: [{key: breach, zh: 未公布, en: not published}]    # 不知道的写在这里 / what is not known, never guessed
# marks: {base_years: M}                # 把握程度 / how well a term is known: V v C M L
# sources: ["文号 / number of the paper"]
clauses:                                # 一条以上 / one or more
"""


def template(kind: str) -> str:
    """Return the template with a clause of a kind; raises UsageError for a kind that is not known."""
    known = entries("agreements.clauses")
    if kind not in known:
        near = next(iter(difflib.get_close_matches(kind, list(known), 1)), "—")
        raise UsageError(
            Text(
                "没有条款类型 {k}；最相近的是 {n}；可用：{a}。", "There is no clause kind {k}; the nearest is {n}; known: {a}."
            ).fill(k=kind, n=near, a=", ".join(known))
        )
    entry = known[kind]
    lines = [f"  # {entry.spec.summary.zh}", f"  # {entry.spec.summary.en}", f"  # {entry.spec.formula}", f"  - kind: {kind}"]
    body = _clause(kind, entry.spec.examples[0].inputs)
    lines += [f"    {key}: {_flow(value)}" for key, value in body.items()]
    rest = [k for k in entry.module.SHAPE if k not in body]
    if rest:
        lines.append(f"    # 还可写 / also: {', '.join(rest)}")
    return _HEAD + "\n".join(lines) + "\n"


def _clause(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clause of an example, with the parties, sections and indicators of the template."""
    clause = dict(inputs["clause"])
    if kind == "pool_shares":
        return {
            "pool_yuan": 200_000_000,
            "contributions": {"990121": 1, "990122": 4},
            "distribution": {"990121": 3, "990122": 2},
            "deductions": [
                {
                    "section": "S1",
                    "target_class": 2,
                    "from": "990121",
                    "cut": Decimal("0.5"),
                    "to": {"990122": 1},
                    "indicators": [{"code": "codmn"}],
                }
            ],
        }
    if kind == "space_time":
        return {
            "account": "ACC",
            "per_space_point_yuan": 100_000,
            "per_time_point_yuan": 100_000,
            "reaches": [{"party": "990121", "exit": "S1", "sections": ["S1"]}],
        }
    if kind == "quantity":
        return {"base_volume_m3": 1_000_000, "per_10k_m3_yuan": 50, "more_cap_yuan": 4000, "less_cap_yuan": 1000}
    for key in ("limits", "class_limits", "targets", "per_tonne_yuan"):
        if key in clause:
            clause[key] = {"tp": next(iter(clause[key].values()))} if key != "class_limits" else None
    clause = {k: v for k, v in clause.items() if v is not None}
    if kind in ("fixed_sum",):
        clause["only_if"] = [{"section": "S1", "target_class": 3}]
    return clause


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _word(value) if isinstance(value, str) and not _number(value) else str(value)


def _word(text: Any) -> str:
    return f'"{text}"' if str(text).isdigit() else str(text)


def _number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()
