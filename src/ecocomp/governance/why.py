"""Why this amount: one payment taken apart, from the yuan in the account down to file and line.

Reads nothing but a bundle, so that anyone who holds one can answer the question. The same account
feeds the command line, the report and the letter to the holder.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.governance.bundle import checkpoint_root, open_bundle, read_bundle_table, rule_roots
from ecocomp.governance.objections import KINDS, OUTCOMES
from ecocomp.payments.enrol import REASONS
from ecocomp.programmes.borne import explain_paid
from ecocomp.programmes.explain import LEVEL_WORDS, explain
from ecocomp.programmes.programme import Programme, load_programmes
from ecocomp.programmes.words import OWNERS
from ecocomp.rules import RuleBook
from ecocomp.standard.words import say_step, step_name
from ecocomp.terms.area import say_ha, say_mu
from ecocomp.terms.codes import (
    COMPLIANCE_REASONS,
    ECOSYSTEM_GROUPS,
    ECOSYSTEMS,
    ENTITLEMENT_STATES,
    FUNCTION_ZONES,
    FUND_SOURCES,
    HOLDER_KINDS,
    INSPECTION_LEVELS,
    LIGHTS,
    RIGHT_KINDS,
    VERDICTS,
    service_words,
)
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import say_yuan
from ecocomp.terms.text import Lang, Text, same

ORDER_STATES: dict[str, Text] = {"ready": Text("可付", "ready to be paid")} | {
    k: v for k, v in ENTITLEMENT_STATES.items() if k in ("escrow", "held")
}
"""States of a payment order (`terms.tables.ORDER`)."""
_GROUP_KEYS = (
    "protection_cost", "opportunity_cost", "past_capital", "restoration.capital", "restoration.upkeep", "cap", "baseline_value",
    "differentiated.base", "per_area.ecosystem_factor",
)  # fmt: skip
_ZONE_KEYS = ("protection_zone_factor", "value_share")
KEYS_OF: dict[str, dict[str, Text]] = {f"standard.{k}": ECOSYSTEM_GROUPS for k in _GROUP_KEYS} | {
    f"standard.{k}": FUNCTION_ZONES for k in _ZONE_KEYS
}
"""Parameter that is a table → code list of its keys, as `standard` reads it."""
_DIMENSIONS: dict[str, dict[str, Text]] = {
    "owner": OWNERS,
    "holder": HOLDER_KINDS,
    "ecosystem": ECOSYSTEM_GROUPS,
    "red_line": {"inside": Text("红线内", "inside the red line"), "outside": Text("红线外", "outside the red line")},
}
"""What the rate of a programme may depend on (`programmes.words.DIMENSIONS`) → code list of its values."""
_TRANCHES = {str(n): Text(f"第 {n} 次", f"tranche {n}") for n in range(1, 101)}
_MOST_ROWS, _MOST_LETTERS = 12, 80


def programmes_of(folder: Path, place: str) -> dict[str, Programme]:
    """Return the programme files of a bundle that count at a place, by id."""
    roots = rule_roots(folder)
    return load_programmes(roots).at(RuleBook.load(roots, check=False), place)


@dataclass
class Why:
    """One node of the account: a sentence, an amount if it has one, and what it rests on."""

    text: Text
    amount: Text | None = None
    children: list[Why] = field(default_factory=list)

    def add(self, text: Text, amount: Text | None = None) -> Why:
        """Add a child and return it."""
        child = Why(text, amount)
        self.children.append(child)
        return child

    def as_json(self) -> dict[str, Any]:
        """Return the account as plain values in both languages."""
        out: dict[str, Any] = {"zh": self.text.zh, "en": self.text.en}
        if self.amount:
            out["amount"] = self.amount.en
        if self.children:
            out["children"] = [c.as_json() for c in self.children]
        return out

    def lines(self, lang: Lang, depth: int = 0) -> list[str]:
        """Return the account as indented lines of plain text."""
        amount = f"  {self.amount.to(lang)}" if self.amount else ""
        out = [f"{'  ' * depth}{self.text.to(lang)}{amount}"]
        for child in self.children:
            out += child.lines(lang, depth + 1)
        return out


class Account:
    """Answers "why" from one bundle; tables are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts = open_bundle(folder)
        self._tables: dict[str, pa.Table | None] = {}
        self._references: dict[str, int] = {}

    def rows(self, name: str, **where: str) -> list[dict[str, Any]]:
        """Return the rows of a table that match the given column values."""
        if name not in self._tables:
            self._tables[name] = read_bundle_table(self.folder, name)
        table = self._tables[name]
        if table is None:
            return []
        for column, value in where.items():
            table = table.filter(pc.equal(table[column], value))
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def explain(self, id: str) -> Why:
        """Return the account of an order, holder, entitlement or parcel; raises `FaultsError` if the id is in none."""
        entitlements = (
            self.rows("entitlement", entitlement_id=id)
            or self.rows("entitlement", holder_id=id)
            or self.rows("entitlement", parcel_id=id)
        )
        if not entitlements:
            order = self.rows("order", order_id=id)
            entitlements = [
                e
                for o in order
                for e in self.rows("entitlement", holder_id=o["holder_id"])
                if _order_state(e["state"]) == o["state"]
            ]
        if not entitlements:
            if self.rows("parcel", parcel_id=id):
                return self._parcel_only(id)
            raise FaultsError([self._unknown(id)])
        return self._holder(id, entitlements)

    def _unknown(self, id: str) -> Fault:
        some = [r["holder_id"] for r in self.rows("order")[:3]]
        return Fault(
            "why.unknown_id",
            self.folder.name,
            id,
            Text("成果包里没有这个编码。", "The bundle has no such id."),
            Text(
                "可用支付、权利人、应付或地块编码，例如 {s}。", "Use the id of an order, holder, entitlement or parcel, e.g. {s}."
            ).fill(s=", ".join(some) or "—"),
        )

    def _holder(self, id: str, entitlements: list[dict[str, Any]]) -> Why:
        year = self.facts["year"]
        funded = sum(e["funded_fen"] for e in entitlements)
        holders = sorted({e["holder_id"] for e in entitlements})
        names = [h["name"] for hid in holders for h in self.rows("holder", holder_id=hid)]
        who = Text("、".join(names) or id, ", ".join(names) or id)
        head = Why(Text("{w}（{id}）{y} 年度补偿", "{w} ({id}), compensation of {y}").fill(w=who, id=id, y=year), _yuan(funded))
        for e in sorted(entitlements, key=lambda e: (-int(e["funded_fen"]), str(e["entitlement_id"]))):
            head.children.append(self._entitlement(e))
        sources = self._sources(entitlements)
        if sources:
            node = head.add(Text("钱从哪里来", "Where the money comes from"))
            for envelope, fen in sources.items():
                node.add(self._envelope(envelope), _yuan(fen))
        self._published(head, holders)
        self._ledger(head, holders)
        self._last_year(head, entitlements)
        self._basis(head)
        self._proof(head)
        return head

    def _entitlement(self, e: dict[str, Any]) -> Why:
        share = "" if e["share_num"] == e["share_den"] else f" × {e['share_num']}/{e['share_den']}"
        parcel = next(iter(self.rows("parcel", parcel_id=e["parcel_id"])), {})
        zone = next(iter(self.rows("parcel_zone", parcel_id=e["parcel_id"])), {})
        state = ENTITLEMENT_STATES.get(e["state"], same(e["state"]))
        node = Why(
            Text(
                "地块 {p}：{eco}，{mu} 亩（{ha} 公顷），{z}，红线内 {r:.0%}；{s}",
                "Parcel {p}: {eco}, {ha} ha ({mu} mu), {z}, {r:.0%} inside the red line; {s}",
            ).fill(
                p=e["parcel_id"],
                eco=ECOSYSTEMS.get(parcel.get("ecosystem", ""), same("?")),
                mu=say_mu(e["area_dm2"]),
                ha=say_ha(e["area_dm2"]),
                z=FUNCTION_ZONES.get(zone.get("function_zone", "none"), same("?")),
                r=zone.get("red_line_ppm", 0) / 1e6,
                s=state,
            ),
            _yuan(e["funded_fen"]),
        )
        if e["state"] != "payable" or not e["funded_fen"]:
            node.add(Text("原因：{r}", "Reason: {r}").fill(r=self._no_money(e)))
        due = next(iter(self.rows("programme_due", due_id=e["entitlement_id"])), None)
        if due is not None:
            self._by_file(node, due)
            if e["shortfall_fen"]:
                node.add(Text("资金不足，未落实", "Not funded (shortfall)"), _yuan(-e["shortfall_fen"]))
            self._title(node, e)
            return node
        if not e["gross_fen"]:
            return node
        node.add(
            Text("{rate} 元/公顷 × {ha} 公顷{share}", "CNY {rate} per ha × {ha} ha{share}").fill(
                rate=say_yuan(e["rate_fen_per_ha"]), ha=say_ha(e["area_dm2"]), share=share
            ),
            _yuan(e["gross_fen"]),
        )
        self._compliance(node, e)
        if e["shortfall_fen"]:
            node.add(Text("资金不足，未落实", "Not funded (shortfall)"), _yuan(-e["shortfall_fen"]))
        self._standard(node, e["parcel_id"])
        self._services(node, e["parcel_id"])
        self._title(node, e)
        return node

    @cached_property
    def _programmes(self) -> dict[str, Programme]:
        """The programme files of the bundle that count at its place."""
        return programmes_of(self.folder, str(self.facts["case"]["place"]))

    def _by_file(self, node: Why, due: dict[str, Any]) -> None:
        """Add the steps of a row that a programme file owes, with its rule and document."""
        programme = self._programmes.get(due["programme"])
        if programme is None:
            return
        sources = self.rows("programme_source", due_id=due["due_id"])
        given = self.rows("allocation", entitlement_id=due["due_id"])
        paid = [(*self._named_envelope(a["envelope_id"]), a["amount_fen"]) for a in given]
        for line in (*explain(due, programme, sources), *explain_paid(sources, paid)):
            node.add(line)
        for seen in self.rows("inspection", inspection_id=due["inspection_id"]) if due["inspection_id"] else ():
            words = Text(
                "验收 {i}：{l}，{d}，检查人 {p}，合格证 {c}", "Inspection {i}: {l}, {d}, inspector {p}, certificate {c}"
            ).fill(
                i=seen["inspection_id"],
                l=INSPECTION_LEVELS.get(seen["level"], same(seen["level"])),
                d=seen["inspected_on"],
                p=seen["inspector"],
                c=seen["certificate"] or "—",
            )
            node.add(words)
        payment = next((p for p in programme.payments if p.id == due["payment"]), None)
        for key in filter(None, (due["rule"], payment and payment.deduction, payment and payment.shares)):
            if self.rows("parameter", key=key):
                node.add(Text("参数 {k} [{n}]", "Parameter {k} [{n}]").fill(k=key, n=self._reference(key)))

    def _named_envelope(self, envelope_id: str) -> tuple[Text, str]:
        """Return name and source of an envelope."""
        rows = [v for v in self.rows("envelope", envelope_id=envelope_id) if v["year"] <= self.facts["year"]]
        row = max(rows, key=lambda v: int(v["year"]), default=None)
        return (same(envelope_id), "") if row is None else (Text(row["name_zh"], row["name_en"]), str(row["source"]))

    def _no_money(self, e: dict[str, Any]) -> Text:
        """Return why an entitlement brings nothing now: its state's reason, or that the land is not compensated."""
        if e["state"] == "held":
            return Text("有未决的异议，答复后再付", "an objection is open; it is paid once that is answered")
        steps = self.rows("standard_step", parcel_id=e["parcel_id"])
        if steps and steps[0]["step"] == "ineligible":
            return say_step("ineligible", steps[0]["inputs"])
        return REASONS.get(e["reason"], same(e["reason"]))

    def _compliance(self, node: Why, e: dict[str, Any]) -> None:
        for c in self.rows("compliance", parcel_id=e["parcel_id"]):
            text = Text(
                "合规：{l}；核查：{v}；系数 {f}；依据 {ev}", "Compliance: {l}; field check: {v}; factor {f}; evidence {ev}"
            ).fill(
                l=LIGHTS.get(c["light"], same(c["light"])),
                v=VERDICTS.get(c["verdict"], same(c["verdict"])),
                f=e["compliance_ppm"] / 1e6,
                ev=_evidence(c["evidence"]),
            )
            child = node.add(text, _yuan(-e["deduction_fen"]) if e["deduction_fen"] else None)
            of_year = [k for k in self.rows("field_check", parcel_id=e["parcel_id"]) if k["checked_on"].year == self.facts["year"]]
            for check in of_year:
                child.add(
                    Text("现场核查 {i}（{d}）：{e}", "Field check {i} ({d}): {e}").fill(
                        i=check["check_id"], d=check["checked_on"], e=check["evidence"]
                    )
                )

    def _standard(self, node: Why, parcel_id: str) -> None:
        for s in self.rows("standard", parcel_id=parcel_id):
            child = node.add(
                Text(
                    "每公顷标准怎么来（规则 {r}；区间 {a}～{b}）", "How the rate per ha comes about (rule {r}; range {a} to {b})"
                ).fill(r=s["rule"], a=say_yuan(s["low_fen_per_ha"]), b=say_yuan(s["high_fen_per_ha"])),
                _yuan(s["rate_fen_per_ha"]),
            )
            steps = sorted(self.rows("standard_step", parcel_id=parcel_id), key=lambda r: int(r["seq"]))
            for step in steps:
                marks = "".join(f"[{self._reference(key)}]" for key in step["parameters"].split())
                words = Text("{s}：{i} {m}", "{s}: {i} {m}").fill(
                    s=step_name(step["step"]), i=say_step(step["step"], step["inputs"]), m=marks
                )
                child.add(words, _yuan(step["amount_fen_per_ha"]))

    def _reference(self, key: str) -> int:
        """Return the number under which a parameter is listed at the end, counted in the order of first use."""
        return self._references.setdefault(key, len(self._references) + 1)

    def _basis(self, head: Why) -> None:
        """List the parameters that were cited: value, document, file and line, how well they are known."""
        if not self._references:
            return
        node = head.add(Text("依据（规则文件在成果包的 rules/ 下）", "What it rests on (rule files are in rules/ of the bundle)"))
        for key, number in self._references.items():
            for p in self.rows("parameter", key=key):
                node.add(
                    Text("[{n}] {w}（{k}）= {v}{u}；{d}；{m}；{f}:{l}", "[{n}] {w} ({k}) = {v}{u}; {d}; {m}; {f}:{l}").fill(
                        n=number,
                        w=Text(p["name_zh"], p["name_en"]),
                        k=key,
                        v=_said_value(p["value"], self._keys(key)),
                        u=f" {p['unit']}" if p["unit"] != "1" else "",
                        d=p["document"],
                        m=MARKS[p["confidence"]],
                        f=p["file"],
                        l=p["line"],
                    )
                )

    def _keys(self, key: str) -> list[Mapping[str, Text]]:
        """Return what the codes in the keys of a table are called, part by part, as the code lists or its programme say."""
        if key in KEYS_OF:
            return [KEYS_OF[key]]
        for programme in self._programmes.values() if key.startswith("programmes.") else ():
            for payment in programme.payments:
                if key == payment.rate:
                    named = _DIMENSIONS | {"variant": dict(programme.variants)}
                    parts: list[Mapping[str, Text]] = [named.get(dimension, {}) for dimension in payment.by]
                    return [*parts, _TRANCHES] if payment.form == "tranches_area" else parts
                if key == payment.shares:
                    return [LEVEL_WORDS]
        return []

    def _services(self, node: Why, parcel_id: str) -> None:
        """Add the services that count in the standard, each with its value, and say how many are published only."""
        values = {v["service"]: v for v in self.rows("service_value", parcel_id=parcel_id)}
        rows = sorted(self.rows("service", parcel_id=parcel_id), key=lambda r: str(r["service"]))
        counted = [s for s in rows if self._counts(str(s["service"]))]
        for s in counted:
            self._service(node, s, values.get(s["service"]))
        others = {str(s["service"]).partition(".")[0] for s in rows} - {str(s["service"]).partition(".")[0] for s in counted}
        if others:
            names = [service_words(o) or same(o.replace("_", " ")) for o in sorted(others)]
            node.add(
                Text(
                    "另有 {n} 项服务只核算并公布，不进入标准：{names}（见表 service）",
                    "{n} more services are published only and do not count in the standard: {names} (see table service)",
                ).fill(n=len(names), names=Text("、".join(t.zh for t in names), ", ".join(t.en for t in names)))
            )

    def _counts(self, service: str) -> bool:
        """Return whether a service, or the product of one, counts in the standard; without a rule every one does."""
        rule = self.rows("parameter", key="standard.value_services")
        named = json.loads(rule[0]["value"]) if rule else None
        return named is None or service in named or service.partition(".")[0] in named

    def _service(self, node: Why, s: dict[str, Any], v: dict[str, Any] | None) -> None:
        name = service_words(s["service"]) or same(s["service"])
        method = str(s["method"]).removeprefix(f"{str(s['service']).partition('.')[0]} ")
        if s["quantity"] is None:
            node.add(Text("{n}：未评估（{m}）", "{n}: not assessed ({m})").fill(n=name, m=method))
            return
        node.add(
            Text(
                "{n} {q:,.2f}（{a:,.2f}～{b:,.2f}）{u}，适用占比 {s:.0%}，其中观测到 {c:.0%}，方法 {m}",
                "{n} {q:,.2f} ({a:,.2f}–{b:,.2f}) {u}, meant for {s:.0%} of the parcel, {c:.0%} of that observed, method {m}",
            ).fill(
                n=name,
                q=s["quantity"],
                a=s["low"],
                b=s["high"],
                u=s["unit"],
                s=1.0 if s.get("applicable") is None else s["applicable"],
                c=s["coverage"] / (s.get("applicable") or 1.0),
                m=method,
            ),
            Text("价值 {y} 元（{p} 年价）", "worth CNY {y} ({p} prices)").fill(y=say_yuan(v["value_fen"]), p=v["price_year"])
            if v
            else None,
        )

    def _title(self, node: Why, e: dict[str, Any]) -> None:
        for r in self.rows("right", right_id=e["right_id"]):
            node.add(
                Text("权利 {i}：{k}，凭证 {d}，自 {f} 起，{n} 记录", "Right {i}: {k}, document {d}, since {f}, recorded {n}").fill(
                    i=r["right_id"],
                    k=RIGHT_KINDS.get(r["kind"], same(r["kind"])),
                    d=r["document"],
                    f=r["valid_from"],
                    n=r["known_from"],
                )
            )
        if e["contract_id"]:
            node.add(Text("合同 {c}", "Contract {c}").fill(c=e["contract_id"]))

    def _sources(self, entitlements: list[dict[str, Any]]) -> dict[str, int]:
        out: dict[str, int] = {}
        for e in entitlements:
            for a in self.rows("allocation", entitlement_id=e["entitlement_id"]):
                out[a["envelope_id"]] = out.get(a["envelope_id"], 0) + a["amount_fen"]
        return dict(sorted(out.items()))

    def _envelope(self, envelope_id: str) -> Text:
        rows = [v for v in self.rows("envelope", envelope_id=envelope_id) if v["year"] <= self.facts["year"]]
        for v in sorted(rows, key=lambda v: -int(v["year"]))[:1]:
            return Text("{n}（{s}，{d}）", "{n} ({s}, {d})").fill(
                n=Text(v["name_zh"], v["name_en"]), s=FUND_SOURCES.get(v["source"], same(v["source"])), d=v["document"]
            )
        return same(envelope_id)

    def _published(self, head: Why, holders: list[str]) -> None:
        """Say when the money was posted, what was objected to it and how that was answered."""
        days = self.facts.get("notice") or {}
        if not days:
            return
        node = head.add(
            Text("公示 {a} 至 {b}", "Public notice from {a} to {b}").fill(a=days.get("opens_on", "—"), b=days.get("closes_on", "—"))
        )
        for o in (o for h in holders for o in self.rows("objection", holder_id=h)):
            answered = Text("，{d} 答复", ", answered on {d}").fill(d=o["answered_on"]) if o["answered_on"] else same("")
            node.add(
                Text("异议 {i}（{k}，地块 {p}，{d} 收到）：{r}{a}", "Objection {i} ({k}, parcel {p}, received {d}): {r}{a}").fill(
                    i=o["objection_id"],
                    k=KINDS.get(o["kind"], same(o["kind"])),
                    p=o["parcel_id"] or "—",
                    d=o["received_on"],
                    r=OUTCOMES.get(o["outcome"], same(o["outcome"])),
                    a=answered,
                )
            )

    def _ledger(self, head: Why, holders: list[str]) -> None:
        orders = [o for h in holders for o in self.rows("order", holder_id=h)]
        for o in orders:
            state = ORDER_STATES.get(o["state"], same(o["state"]))
            rows = self.rows("ledger", reference=o["order_id"])
            where = (
                Text("，账本第 {a}–{b} 行", ", ledger rows {a}–{b}").fill(a=rows[0]["seq"], b=rows[-1]["seq"]) if rows else same("")
            )
            head.add(
                Text("支付指令 {o}（{s}）{w}", "Payment order {o} ({s}){w}").fill(o=o["order_id"], s=state, w=where),
                _yuan(o["amount_fen"]),
            )

    def _last_year(self, head: Why, entitlements: list[dict[str, Any]]) -> None:
        previous = self.facts.get("previous") or {}
        path = self.folder.parent / str(previous.get("year", ""))
        if not previous or not (path / "bundle.json").is_file():
            return
        last = Account(path)
        parcels = {(e["parcel_id"], e["holder_id"]) for e in entitlements}
        before = sum(
            r["funded_fen"] for p, h in sorted(parcels) for r in last.rows("entitlement", parcel_id=p) if r["holder_id"] == h
        )
        now = sum(e["funded_fen"] for e in entitlements)
        head.add(
            Text("上一年（{y}）为 {b} 元，今年变化", "The year before ({y}) it was CNY {b}; change").fill(
                y=previous["year"], b=say_yuan(before)
            ),
            _yuan(now - before),
        )

    def _proof(self, head: Why) -> None:
        try:
            root = checkpoint_root(self.folder)[:16]
        except (OSError, ValueError, IndexError):
            root = "—"
        head.add(
            Text("存证点 {r}…；核验：ecocomp verify {b}", "Checkpoint {r}…; check it with: ecocomp verify {b}").fill(
                r=root, b=shlex.quote(str(self.folder))
            )
        )

    def _parcel_only(self, parcel_id: str) -> Why:
        head = Why(Text("地块 {p} 没有补偿项", "Parcel {p} has no compensation").fill(p=parcel_id))
        self._standard(head, parcel_id)
        self._services(head, parcel_id)
        self._basis(head)
        return head


def _evidence(text: str) -> Text:
    """Return the evidence of a light in words: the reason, the change, that of parcels like it, months seen."""
    values = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    reason = COMPLIANCE_REASONS.get(values.get("reason", ""), same(text))
    if "drop" not in values:
        return reason
    return Text(
        "{r}（NDVI 变化 {d}，同类 {f}，有值 {m} 个月）", "{r} (NDVI change {d}, parcels like it {f}, {m} months seen)"
    ).fill(r=reason, d=values["drop"], f=values.get("ref", "—"), m=values.get("months", "—"))


def _said_value(value: str, keys: Sequence[Mapping[str, Text]]) -> Text:
    """Return the value of a parameter (JSON) in words: of a table each row, its codes named part by part by `keys`.

    A part that no list knows stays as it is.
    """
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    if not isinstance(found, dict) or not all(isinstance(v, str | int) for v in found.values()):
        plain = value.replace('"', "")
        return same(plain if len(plain) <= _MOST_LETTERS else plain[: _MOST_LETTERS - 3] + "…")
    rows = []
    for code, number in list(found.items())[:_MOST_ROWS]:
        parts = code.split(".")
        named = [(keys[i] if i < len(keys) else {}).get(part, same(part)) for i, part in enumerate(parts)]
        if all(n.zh == part for n, part in zip(named, parts, strict=True)):
            named = [same(code)]
        rows.append(Text(f"{'，'.join(t.zh for t in named)}：{number}", f"{', '.join(t.en for t in named)}: {number}"))
    more = "…" if len(found) > _MOST_ROWS else ""
    return Text("；".join(r.zh for r in rows) + more, "; ".join(r.en for r in rows) + more)


def _order_state(entitlement_state: str) -> str:
    return {"payable": "ready"}.get(entitlement_state, entitlement_state)


def _yuan(fen: int) -> Text:
    return Text("{y} 元", "CNY {y}").fill(y=say_yuan(fen))
