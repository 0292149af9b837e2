"""The results of a simulation as files: tables in CSV and Parquet, and a summary of one page in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from ecocomp.io.files import write_bytes, write_json, write_table
from ecocomp.simulation.base import Base
from ecocomp.simulation.compare import STEP_NAMES, Comparison, biggest
from ecocomp.simulation.groups import DIMENSIONS, NONE
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES, HOLDER_KINDS
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Lang, Text, same

TABLES = ("groups", "holders", "parcels", "budget", "equity", "curve")


def facts(c: Comparison, top: int = 10) -> dict[str, object]:
    """Return one comparison as plain values."""
    reform = c.outcome.reform
    return {
        "id": "" if reform is None else reform.id,
        "name_zh": c.name.zh,
        "name_en": c.name.en,
        "changes": [] if reform is None else [{"key": v.key, "value": v.value, "place": v.place} for v in reform.values],
        "envelopes": {} if reform is None else {e: dict(x) for e, x in reform.envelopes.items()},
        "totals": c.totals,
        "groups": c.groups.to_pylist(),
        "budget": c.budget.to_pylist(),
        "equity": c.equity.to_pylist(),
        "lorenz": c.curve.to_pylist(),
        "biggest_winners": biggest(c.holders, top, gain=True),
        "biggest_losers": biggest(c.holders, top, gain=False),
        "warnings": [w.as_json() for w in c.outcome.warnings],
    }


def write_results(base: Base, found: Sequence[Comparison], folder: Path) -> list[str]:
    """Write every table of every reform and the summary; return the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    for n, c in enumerate(found, start=1):
        stem = f"{n:02d}-{_file_word('' if c.outcome.reform is None else c.outcome.reform.id)}"
        for table in TABLES:
            data: pa.Table = getattr(c, table)
            write_table(data, folder / f"{stem}-{table}.parquet")
            _csv(data, folder / f"{stem}-{table}.csv")
            names += [f"{stem}-{table}.parquet", f"{stem}-{table}.csv"]
        write_json(_whole(facts(c)), folder / f"{stem}.json")
        names.append(f"{stem}.json")
    for lang, name in (("zh", "summary.zh.md"), ("en", "summary.en.md")):
        write_bytes(summary(base, found, lang).encode("utf-8"), folder / name)  # type: ignore[arg-type]
        names.append(name)
    return names


def summary(base: Base, found: Sequence[Comparison], lang: Lang) -> str:
    """Return the summary in Markdown: all reforms side by side, then each by groups, budget and people."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).to(lang)

    head = say(f"# 改革模拟：{base.name.zh} {base.year} 年", f"# Reforms simulated over {base.name.en}, {base.year}")
    note = say(
        "金额单位为元。“支付”为资金包实际能付的数；与当年实际运行的结果相比。",
        "Amounts in yuan. “Paid” is what the envelopes can pay; compared with the year as it was run.",
    )
    out = [head, "", note, "", *_side_by_side(found, lang), ""]
    for c in found:
        out += [
            f"## {_cell(c.name.to(lang))}",
            "",
            *_changes(c, lang),
            "",
            *_group_table(c, lang),
            "",
            *_budget_table(c, lang),
            "",
            *_people(c, lang),
            "",
        ]
    return "\n".join(out)


def rows_side_by_side(found: Sequence[Comparison], lang: Lang) -> tuple[list[Text], list[list[str]]]:
    """Return heads and rows of the comparison of the year as run with every reform."""
    heads = [Text("项目", "item"), Text("现行", "as run"), *(c.name for c in found)]
    rows = []
    for key, text in _TOTALS.items():
        values = [found[0].totals["before"][key], *(c.totals["after"][key] for c in found)]
        rows.append([text.to(lang), *(say_yuan(v) if key.endswith("_fen") else f"{v:,}" for v in values)])
    for key, text in _CHANGES.items():
        rows.append(
            [text.to(lang), "", *(say_yuan(c.totals[key]) if key.endswith("_fen") else f"{c.totals[key]:,}" for c in found)]
        )
    for measure, by, text in _MEASURES:
        values = [_measure(found[0], "before", measure, by), *(_measure(c, "after", measure, by) for c in found)]
        rows.append([text.to(lang), *("—" if v is None else f"{v:.4f}" for v in values)])
    return heads, rows


_TOTALS: dict[str, Text] = {
    "entitled_fen": Text("应付（元）", "entitled (yuan)"),
    "available_fen": Text("资金（元）", "funds (yuan)"),
    "paid_fen": Text("支付（元）", "paid (yuan)"),
    "shortfall_fen": Text("缺口（元）", "shortfall (yuan)"),
    "holders_paid": Text("获支付的权利人", "holders paid"),
    "parcels_paid": Text("获支付的地块", "parcels paid"),
    "floor_bites": Text("法定下限起作用的地块", "parcels where a statutory floor bites"),
    "cap_bites": Text("上限起作用的地块", "parcels where the cap bites"),
    "limit_bites": Text("年度限幅起作用的地块", "parcels where the yearly limit bites"),
}
_CHANGES: dict[str, Text] = {
    "net_fen": Text("支付增减（元）", "change of what is paid (yuan)"),
    "winners": Text("受益的权利人", "holders who win"),
    "losers": Text("受损的权利人", "holders who lose"),
    "unchanged": Text("不变的权利人", "holders unchanged"),
    "gained_fen": Text("受益者多得（元）", "gained by winners (yuan)"),
    "lost_fen": Text("受损者少得（元）", "lost by losers (yuan)"),
    "parcels_up": Text("增加的地块", "parcels that rise"),
    "parcels_down": Text("减少的地块", "parcels that fall"),
}
_MEASURES = (
    ("gini", "", Text("基尼系数（权利人之间）", "Gini, between holders")),
    ("theil", "", Text("泰尔指数", "Theil index")),
    ("theil_between", "income", Text("其中收入组之间", "of it between income groups")),
    ("theil_between", "village", Text("其中村之间", "of it between villages")),
    ("theil_between", "function_zone", Text("其中功能区之间", "of it between function zones")),
)


def _measure(c: Comparison, when: str, measure: str, by: str) -> float | None:
    for row in c.equity.to_pylist():
        if (row["when"], row["measure"], row["by"]) == (when, measure, by):
            return None if row["value"] is None else float(row["value"])
    return None


def _side_by_side(found: Sequence[Comparison], lang: Lang) -> list[str]:
    heads, rows = rows_side_by_side(found, lang)
    return _markdown([h.to(lang) for h in heads], rows)


def _changes(c: Comparison, lang: Lang) -> list[str]:
    reform = c.outcome.reform
    if reform is None:
        return []
    out = [f"- `{v.key}` → {_cell(_listed(v.value) if isinstance(v.value, dict) else str(v.value))}" for v in reform.values]
    out += [f"- `{e}` → {_cell(', '.join(f'{k}: {x}' for k, x in x_.items()))}" for e, x_ in reform.envelopes.items()]
    return out + [f"- {_cell(w.say(lang))}" for w in c.outcome.warnings]


def _listed(table: dict[str, object]) -> str:
    return ", ".join(f"{k}: {x}" for k, x in table.items())


def value_name(by: str, value: str) -> Text:
    """Return the name of a group value, the value itself where it has none."""
    known = {"function_zone": FUNCTION_ZONES, "ecosystem_group": ECOSYSTEM_GROUPS, "owner": HOLDER_KINDS}.get(by, {})
    if value == NONE and by == "income":
        return Text("未填收入", "no income stated")
    return known.get(value, same(value))


def group_rows(c: Comparison, lang: Lang) -> tuple[list[Text], list[list[str]]]:
    """Return heads and rows of what becomes of each group."""
    heads = [
        Text("分组", "group"),
        Text("值", "value"),
        Text("数", "number"),
        Text("受益", "win"),
        Text("受损", "lose"),
        Text("现行（元）", "as run (yuan)"),
        Text("改革后（元）", "reform (yuan)"),
        Text("增减", "change"),
    ]
    rows = [
        [
            DIMENSIONS[r["by"]].to(lang),
            value_name(r["by"], r["value"]).to(lang),
            f"{r['number']:,}",
            f"{r['winners']:,}",
            f"{r['losers']:,}",
            say_yuan(r["paid_before_fen"]),
            say_yuan(r["paid_after_fen"]),
            say_yuan(r["change_fen"]),
        ]
        for r in c.groups.to_pylist()
    ]
    return heads, rows


def _group_table(c: Comparison, lang: Lang) -> list[str]:
    heads, rows = group_rows(c, lang)
    return _markdown([h.to(lang) for h in heads], rows[:200])


def budget_rows(c: Comparison, lang: Lang) -> tuple[list[Text], list[list[str]]]:
    """Return heads and rows of the envelopes."""
    heads = [
        Text("资金包", "envelope"),
        Text("名称", "name"),
        Text("可用（元）", "available (yuan)"),
        Text("改革后可用", "with the reform"),
        Text("分配（元）", "allocated (yuan)"),
        Text("改革后分配", "with the reform"),
        Text("改革后结余", "left with the reform"),
    ]
    rows = [
        [
            r["envelope_id"],
            r[f"name_{lang}"] or "",
            *(
                say_yuan(r[k] or 0)
                for k in ("available_before_fen", "available_after_fen", "allocated_before_fen", "allocated_after_fen")
            ),
            say_yuan((r["left_after_fen"] or 0) + (r["lapsed_after_fen"] or 0)),
        ]
        for r in c.budget.to_pylist()
    ]
    return heads, rows


def _budget_table(c: Comparison, lang: Lang) -> list[str]:
    heads, rows = budget_rows(c, lang)
    return _markdown([h.to(lang) for h in heads], rows)


def people_rows(c: Comparison, lang: Lang, top: int) -> tuple[list[Text], list[list[str]]]:
    """Return heads and rows of the biggest winners and losers with the reason."""
    heads = [
        Text("权利人", "holder"),
        Text("类型", "kind"),
        Text("收入组", "income"),
        Text("现行（元）", "as run (yuan)"),
        Text("改革后（元）", "reform (yuan)"),
        Text("增减", "change"),
        Text("主要原因", "main reason"),
    ]
    found = [*biggest(c.holders, top, gain=True), *biggest(c.holders, top, gain=False)]
    rows = [
        [
            r["holder_id"],
            value_name("owner", r["owner"]).to(lang),
            r["income"],
            say_yuan(r["paid_before_fen"]),
            say_yuan(r["paid_after_fen"]),
            say_yuan(r["change_fen"]),
            STEP_NAMES[r["reason"]].to(lang) if r["reason"] in STEP_NAMES else r["reason"],
        ]
        for r in found
    ]
    return heads, rows


def _people(c: Comparison, lang: Lang) -> list[str]:
    heads, rows = people_rows(c, lang, 10)
    return _markdown([h.to(lang) for h in heads], rows)


def _markdown(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(_cell(h) for h in heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(_cell(x) for x in r) + " |" for r in rows]


def _cell(text: str) -> str:
    from ecocomp.terms.unseen import without_unseen

    plain = " ".join(without_unseen(text).split())
    return plain.replace("|", "\\|").replace("<", "&lt;")


def _file_word(text: str) -> str:
    kept = "".join(ch if ch.isalnum() or ch in "-_" else "-" for ch in text)
    return kept[:60] or "reform"


def _csv(table: pa.Table, path: Path) -> None:
    import pyarrow.csv as pcsv

    from ecocomp.governance.open_data import guard_table

    pcsv.write_csv(guard_table(table), path, pcsv.WriteOptions(quoting_style="needed"))


def _whole(value: object) -> object:
    """Return plain values that JSON can hold; decimals as text."""
    from decimal import Decimal

    if isinstance(value, dict):
        return {str(k): _whole(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(v) for v in value]
    return str(value) if isinstance(value, Decimal) else value
