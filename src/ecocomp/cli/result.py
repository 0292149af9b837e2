"""What a run says at its end: who was paid how much, from which source, why, and what to try next."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.cli.say import Voice
from ecocomp.governance.bundle import checkpoint_root, open_bundle, read_bundle_table
from ecocomp.pipeline.run import Answer
from ecocomp.terms.area import say_ha, say_mu
from ecocomp.terms.codes import FUNCTION_ZONES, FUND_SOURCES, HOLDER_KINDS, service_words
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.money import half_even, say_yuan
from ecocomp.terms.text import Lang, Text


def say_years(voice: Voice, answer: Answer, folder: Path) -> None:
    """Print the result of a run for people, or all of it as JSON."""
    years = {y: summary(p) for y, p in sorted(answer.bundles.items())}
    voice.data(
        {
            "bundles": {str(y): str(p) for y, p in answer.bundles.items()},
            "years": {str(y): s for y, s in years.items()},
            "warnings": [f.as_json() for f in answer.warnings],
        }
    )
    if voice.as_json or not years:
        return
    last = max(years)
    facts = open_bundle(answer.bundles[last])
    name = Text(facts["case"]["name_zh"], facts["case"]["name_en"]).to(voice.lang)
    voice.say("")
    voice.say(f"{name}")
    _years(voice, years)
    _zones(voice, years)
    _sources(voice, years[last], last)
    _recipients(voice, years[last], last)
    _product(voice, years[last], last)
    _caveats(voice, facts, answer, sum(s["shortfall_fen"] for y, s in years.items() if y < last))
    _next(voice, answer, folder, last, years[last])


def summary(bundle: Path) -> dict[str, Any]:
    """Return the key figures of one bundle."""

    def read(name: str) -> pa.Table | None:
        table: pa.Table | None = read_bundle_table(bundle, name)
        return table

    claims, order, source, holder = read("entitlement"), read("order"), read("order_source"), read("holder")
    parcel_zone, scorecard, standard, envelope = read("parcel_zone"), read("scorecard"), read("standard"), read("envelope")
    assert claims is not None and order is not None and parcel_zone is not None and standard is not None
    ready = order.filter(pc.equal(order["state"], "ready"))
    out: dict[str, Any] = {
        "parcels": len(read("parcel") or []),
        "holders_paid": pc.count_distinct(ready["holder_id"]).as_py(),
        "entitled_fen": _sum(claims, "entitled_fen"),
        "funded_fen": _sum(claims, "funded_fen"),
        "shortfall_fen": _sum(claims, "shortfall_fen"),
        "deduction_fen": _sum(claims, "deduction_fen"),
        "paid_fen": _sum(ready, "amount_fen"),
        "waiting_fen": _sum(order, "amount_fen") - _sum(ready, "amount_fen"),
        "checkpoint": checkpoint_root(bundle),
    }
    paid = claims.filter(pc.greater(claims["funded_fen"], 0))
    areas = paid.group_by("parcel_id").aggregate([("area_dm2", "min")])
    out["paid_area_dm2"] = _sum(areas, "area_dm2_min")
    out["zones"] = _zone_rates(standard, parcel_zone, read("parcel"), scorecard)
    out["sources"] = _by_source(source, envelope, set(ready["order_id"].to_pylist()))
    out["kinds"] = _by_kind(ready, holder)
    out["services"] = _services(read("service"), read("parameter"))
    out["gep"] = _gep(read("gep"))
    out["top"] = [{"holder_id": h, "name": n, "amount_fen": a} for h, n, a in _top(ready, holder)]
    return out


def _services(service: pa.Table | None, parameter: pa.Table | None) -> dict[str, int]:
    """Return how many services were assessed, and how many of them count in the standard."""
    if service is None:
        return {"assessed": 0, "counted": 0}
    known = {n.partition(".")[0] for n in service.filter(pc.is_valid(service["quantity"]))["service"].unique().to_pylist()}
    rule = parameter.filter(pc.equal(parameter["key"], "standard.value_services")) if parameter is not None else None
    named = {str(i).partition(".")[0] for i in json.loads(rule["value"][0].as_py())} if rule is not None and len(rule) else known
    return {"assessed": len(known), "counted": len(known & named)}


def _gep(account: pa.Table | None) -> dict[str, int] | None:
    """Return the total of the year's GEP account; None where there is none or its prices are of several years."""
    from ecocomp.valuation.gep import gep_total

    if account is None or not len(account):
        return None
    try:
        found = gep_total(account)
    except FaultsError:
        return None
    return {"value_fen": found.value_fen, "low_fen": found.low_fen, "high_fen": found.high_fen, "price_year": found.price_year}


def _sum(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)


def _zone_rates(
    standard: pa.Table, parcel_zone: pa.Table, parcel: pa.Table | None, scorecard: pa.Table | None
) -> list[dict[str, Any]]:
    assert parcel is not None
    table = standard.join(parcel_zone, "parcel_id").join(parcel.select(["parcel_id", "area_dm2"]), "parcel_id")
    score = {r["area_code"]: r for r in scorecard.to_pylist()} if scorecard is not None else {}
    rows = []
    for code in FUNCTION_ZONES:
        here = table.filter(pc.and_(pc.equal(table["function_zone"], code), pc.greater(table["rate_fen_per_ha"], 0)))
        if not len(here):
            continue
        weight = sum(r * a for r, a in zip(here["rate_fen_per_ha"].to_pylist(), here["area_dm2"].to_pylist(), strict=True))
        area = _sum(here, "area_dm2")
        card = score.get(code, {})
        rows.append(
            {
                "zone": code,
                "area_dm2": area,
                "rate_fen_per_ha": half_even(weight, area),
                "score": card.get("score"),
                "grade": card.get("grade", ""),
                "reward_ppm": card.get("reward_ppm", 0),
            }
        )
    return rows


def _by_source(source: pa.Table | None, envelope: pa.Table | None, orders: set[str]) -> list[dict[str, Any]]:
    """Return what each kind of source gave to the orders that are ready."""
    if source is None or envelope is None:
        return []
    kinds = dict(zip(envelope["envelope_id"].to_pylist(), envelope["source"].to_pylist(), strict=True))
    out: dict[str, int] = {}
    for o, e, a in zip(*(source[n].to_pylist() for n in ("order_id", "envelope_id", "amount_fen")), strict=True):
        if o not in orders:
            continue
        out[kinds.get(e, e)] = out.get(kinds.get(e, e), 0) + a
    return [{"source": k, "amount_fen": v} for k, v in sorted(out.items(), key=lambda kv: -kv[1])]


def _by_kind(ready: pa.Table, holder: pa.Table | None) -> list[dict[str, Any]]:
    if holder is None:
        return []
    kinds = dict(zip(holder["holder_id"].to_pylist(), holder["kind"].to_pylist(), strict=True))
    out: dict[str, list[int]] = {}
    for h, a in zip(ready["holder_id"].to_pylist(), ready["amount_fen"].to_pylist(), strict=True):
        out.setdefault(kinds.get(h, ""), []).append(a)
    return [
        {"kind": k, "holders": len(v), "amount_fen": sum(v), "median_fen": sorted(v)[len(v) // 2]}
        for k, v in sorted(out.items(), key=lambda kv: -sum(kv[1]))
    ]


def _top(ready: pa.Table, holder: pa.Table | None) -> list[tuple[str, str, int]]:
    """Return the household in the middle and the largest, as examples to explain."""
    if holder is None or not len(ready):
        return []
    rows = {r["holder_id"]: r for r in holder.to_pylist()}
    homes = sorted(
        (
            (a, h)
            for h, a in zip(ready["holder_id"].to_pylist(), ready["amount_fen"].to_pylist(), strict=True)
            if rows.get(h, {}).get("kind") == "household"
        )
    )
    picks = [homes[len(homes) // 2], homes[-1]] if homes else []
    return [(h, rows[h]["name"], a) for a, h in picks]


def _years(voice: Voice, years: dict[int, dict[str, Any]]) -> None:
    rows = [
        [
            str(y),
            f"{s['holders_paid']:,}",
            say_mu(s["paid_area_dm2"]) if voice.lang == "zh" else say_ha(s["paid_area_dm2"]),
            say_yuan(s["entitled_fen"]),
            say_yuan(s["paid_fen"]),
            say_yuan(s["waiting_fen"]),
            say_yuan(s["deduction_fen"]),
            say_yuan(s["shortfall_fen"]),
        ]
        for y, s in years.items()
    ]
    heads = [
        Text("年度", "year"),
        Text("得到补偿的权利人", "holders paid"),
        Text("面积（亩）", "area (ha)"),
        Text("应付（元）", "entitled (CNY)"),
        Text("支付（元）", "paid (CNY)"),
        Text("争议暂存与异议暂缓", "in escrow or held"),
        Text("扣减", "deducted"),
        Text("资金缺口", "shortfall"),
    ]
    voice.table(Text("各年补偿", "Compensation by year"), heads, rows, right=tuple(range(1, 8)))


def _zones(voice: Voice, years: dict[int, dict[str, Any]]) -> None:
    rows = []
    for code in FUNCTION_ZONES:
        found = {y: next((z for z in s["zones"] if z["zone"] == code), None) for y, s in years.items()}
        if any(found.values()):
            cells = [FUNCTION_ZONES[code].to(voice.lang)]
            for z in found.values():
                score = "—" if z is None or z["score"] is None else f"{z['score']:.1f} {z['grade']}"
                reward = "" if z is None or not z["reward_ppm"] else f" {z['reward_ppm'] / 1e4:+.1f}%"
                cells += ["—" if z is None else _rate(z["rate_fen_per_ha"], voice.lang), score + reward]
            rows.append(cells)
    unit = Text("元/亩", "CNY/ha")
    heads = [Text("功能区", "function zone")]
    for y in years:
        heads += [Text("{y} {u}", "{y} {u}").fill(y=y, u=unit), Text("{y} 记分→明年", "{y} score→next").fill(y=y)]
    voice.table(
        Text("标准与记分卡（本年得分动明年标准）", "Rates and scorecards (a score moves next year's rate)"),
        heads,
        rows,
        right=tuple(range(1, len(heads), 2)),
    )


def _rate(fen_per_ha: int, lang: Lang) -> str:
    return say_yuan(half_even(fen_per_ha, 15) if lang == "zh" else fen_per_ha)


def _sources(voice: Voice, s: dict[str, Any], year: int) -> None:
    total = sum(x["amount_fen"] for x in s["sources"]) or 1
    rows = [
        [
            FUND_SOURCES.get(x["source"], Text(x["source"], x["source"])).to(voice.lang),
            say_yuan(x["amount_fen"]),
            f"{x['amount_fen'] / total:.1%}",
        ]
        for x in s["sources"]
    ]
    rows.append([Text("合计", "total").to(voice.lang), say_yuan(sum(x["amount_fen"] for x in s["sources"])), "100.0%"])
    voice.table(
        Text("{y} 年钱从哪里来", "Where the money of {y} comes from").fill(y=year),
        [Text("来源", "source"), Text("元", "CNY"), Text("占比", "share")],
        rows,
        right=(1, 2),
    )


def _recipients(voice: Voice, s: dict[str, Any], year: int) -> None:
    rows = [
        [
            HOLDER_KINDS.get(x["kind"], Text("?", "?")).to(voice.lang),
            f"{x['holders']:,}",
            say_yuan(x["amount_fen"]),
            say_yuan(x["median_fen"]),
        ]
        for x in s["kinds"]
    ]
    heads = [
        Text("权利人", "holder"),
        Text("数目", "number"),
        Text("合计（元）", "total (CNY)"),
        Text("中位（元）", "median (CNY)"),
    ]
    voice.table(Text("{y} 年付给谁", "Who was paid in {y}").fill(y=year), heads, rows, right=(1, 2, 3))


def _product(voice: Voice, s: dict[str, Any], year: int) -> None:
    """Say in one line how many services were assessed and what the gross ecosystem product comes to."""
    from ecocomp.report.say import between, budget

    n, counted = s["services"]["assessed"], s["services"]["counted"]
    if not n:
        return
    said = Text(
        "{y} 年评估 {n} 项服务，其中 {c} 项计入标准", "{n} services were assessed for {y}; {c} of them count in the standard"
    ).fill(y=year, n=n, c=counted)
    if s["gep"] is not None:
        g = s["gep"]
        more = Text(
            "；生态产品总值 {v}（{r}，{p} 年价），不是支付金额",
            "; gross ecosystem product {v} ({r}, prices of {p}), which is not a payment",
        ).fill(v=budget(g["value_fen"]), r=between(budget(g["low_fen"]), budget(g["high_fen"])), p=g["price_year"])
        said = Text(said.zh + more.zh, said.en + more.en)
    voice.say(Text(said.zh + "。", said.en + "."))


def _caveats(voice: Voice, facts: dict[str, Any], answer: Answer, arrears_fen: int) -> None:
    if arrears_fen:
        voice.say(
            Text(
                "以前年度的缺口 {a} 元仍未补上，账本中记为未覆盖的应付；本年资金不自动补往年。",
                "Earlier shortfalls of CNY {a} are still open in the ledger; this year's money does not fill them by itself.",
            ).fill(a=say_yuan(arrears_fen))
        )
    for year, root in sorted(answer.replaced.items()):
        voice.say(
            Text(
                "{y} 年的成果包已重算并替换：原存证点 {r}…；若已公布，请同时公布新的存证点和原因。",
                "The bundle of {y} was computed again and replaced; its checkpoint was {r}…. If that was published, publish"
                " the new one and why.",
            ).fill(y=year, r=root[:16])
        )
    if facts["not_assessed"]:
        names = [service_words(n["service"]) or Text(n["service"], n["service"]) for n in facts["not_assessed"]]
        said = Text("、".join(t.zh for t in names), ", ".join(t.en for t in names))
        voice.say(Text("未评估：{n}（原因见报告）", "Not assessed: {n} (reasons in the report)").fill(n=said))
    if facts["unverified"]:
        shown = len(facts.get("unverified_shown", []))
        paid = len(facts["unverified"]) - shown
        accepted = facts["case"].get("purpose") == "payment" and paid
        voice.say(
            Text(
                "金额依据 {p} 个未核实参数{a}；另有 {s} 个只用于公布的数。报告分别列出。",
                "Amounts rest on {p} unverified parameters{a}; {s} more stand behind published figures. All are in the report.",
            ).fill(p=paid, s=shown, a=Text("（案例已逐个认可）", " (each accepted by name in the case)") if accepted else "")
        )
    if answer.warnings:
        voice.say(
            Text("输入有 {n} 处注意（ecocomp check 可看）。", "{n} warnings about the inputs (see ecocomp check).").fill(
                n=len(answer.warnings)
            )
        )


def _next(voice: Voice, answer: Answer, folder: Path, last: int, s: dict[str, Any]) -> None:
    bundle = answer.bundles[last]
    voice.say(Text("存证点 {r}…", "Checkpoint {r}…").fill(r=s["checkpoint"][:16]))
    voice.say(Text("接下来：", "Next:"))
    me, report = command(), bundle / "report" / f"report.{voice.lang}.html"
    lines = [f"open {report}" if sys.platform == "darwin" else str(report)]
    if s["top"]:
        lines.append(f"{me} explain {bundle} {s['top'][0]['holder_id']} --lang {voice.lang}")
    lines += [
        f"{me} verify {bundle} --rerun",
        f"{me} export {bundle} --to xlsx",
        f"{me} run {folder} --year {min(answer.bundles)} --known {min(answer.bundles)}-08-31 --out {folder / 'as-known-then'}",
        f"{me} rules diff 2024-06-30 2025-06-30",
    ]
    for line in lines:
        voice.say(f"  {line}")


def command() -> str:
    """Return the command as the user can type it here: its name if the shell finds it, else the path it was started by."""
    if shutil.which("ecocomp"):
        return "ecocomp"
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{_near(sys.executable)} -m ecocomp"
    return _near(sys.argv[0])


def _near(path: str) -> str:
    """Return a path from here if it lies below, else the whole of it."""
    here, whole = Path.cwd(), Path(path).absolute()
    near = os.path.relpath(whole, here) if whole.is_relative_to(here) else str(whole)
    return near if os.sep in near else f".{os.sep}{near}"
