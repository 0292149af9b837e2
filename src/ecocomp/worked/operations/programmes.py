"""What worked cases ask of programmes: what one contract is owed over the years, who bears it, penalties, county shares, items.

Areas are in mu, money in yuan, as papers print them. Each operation builds the tables a year's run reads and calls the code
of the year's run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ecocomp.programmes.contracts import check_contract, move_fault
from ecocomp.programmes.county import county_shares
from ecocomp.programmes.explain import explain
from ecocomp.programmes.penalty import penalty
from ecocomp.programmes.programme import Programmes, load_programmes
from ecocomp.programmes.sheets import read_sheet
from ecocomp.programmes.year import ProgrammeYear, entitlements
from ecocomp.rules import policy_folder
from ecocomp.terms.faults import UsageError, raise_errors
from ecocomp.terms.money import half_even, to_yuan
from ecocomp.terms.tables import CONTRACT, ENROLMENT, HOLDER, INSPECTED, OVERLAY, PARCEL, PARCEL_ZONE, RIGHT
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting

_AGO = date(1900, 1, 1)
_CLOCKS = {"valid_from": _AGO, "valid_to": None, "known_from": _AGO, "known_to": None}


def _dm2(mu: Any) -> int:
    area = Fraction(Decimal(str(mu))) * 200_000 / 3
    return half_even(area.numerator, area.denominator)


def _programmes(setting: Setting) -> Programmes:
    """Return the programmes of the folders the rules were read from (`--rules`), and of a folder `rules` beside the case."""
    folders = setting.book.folders or (policy_folder(),)
    beside = setting.folder / "rules"
    if beside.is_dir() and beside.resolve() not in {f.resolve() for f in folders}:
        folders = (*folders, beside)
    found = load_programmes(folders)
    raise_errors(found.faults)
    return found


class _World:
    """The tables of a case: plots, contracts and inspections as the case writes them."""

    def __init__(self, given: Mapping[str, Any], setting: Setting) -> None:
        self.given, self.setting = given, setting
        self.parcel: dict[str, dict[str, Any]] = {}
        self.right: list[dict[str, Any]] = []
        self.contract: list[dict[str, Any]] = []
        self.enrolment: list[dict[str, Any]] = []
        self.holder: dict[str, dict[str, Any]] = {}
        self.zone: dict[str, dict[str, Any]] = {}
        self.overlay: list[dict[str, Any]] = []
        self.inspection: list[dict[str, Any]] = []
        for n, plot in enumerate(given["plots"], 1):
            self._plot(plot, f"K{n}")
        self.years = [int(y) for y in (given.get("years") or [given["year"]])]

    def _plot(self, plot: Mapping[str, Any], number: str) -> None:
        stray = sorted(set(plot) - _PLOT_KEYS)
        if stray:
            raise UsageError(
                Text("plots 不认识 {s}；可用：{a}。", "plots: {s} is not known; there are: {a}.").fill(
                    s=", ".join(stray), a=", ".join(sorted(_PLOT_KEYS))
                )
            )
        id, parcel = str(plot.get("contract", number)), str(plot.get("parcel", f"P-{plot.get('contract', number)}"))
        holder, kind = str(plot.get("holder", "H1")), str(plot.get("holder_kind", "household"))
        village = str(plot.get("village", f"{self.setting.place if self.setting.place.isdigit() else '990121'}001001"))
        mu = plot["mu"]
        if parcel not in self.parcel:
            self.parcel[parcel] = {
                "parcel_id": parcel,
                "village_code": village,
                "land_class": str(plot.get("land_class", "0301")),
                "ecosystem": str(plot.get("ecosystem", "13")),
                "area_dm2": _dm2(plot.get("parcel_mu", mu)),
                "declared_area_dm2": None,
                "x": 0.0,
                "y": 0.0,
            }
            self.zone[parcel] = {
                "parcel_id": parcel,
                "function_zone": "none",
                "zone_share_ppm": 0,
                "red_line_ppm": int(Decimal(str(plot.get("red_line", 0))) * 1_000_000),
                "reserve_ppm": 0,
                "importance": "general",
                "grade": 3,
            }
            shares = plot.get("shares") or {holder: 1}
            for i, (who, share) in enumerate(shares.items(), 1):
                part = Fraction(str(share))
                self.holder.setdefault(str(who), self._person(str(who), kind, village))
                self.right.append(
                    {
                        "right_id": f"R-{parcel}-{i}",
                        "parcel_id": parcel,
                        "holder_id": str(who),
                        "kind": str(plot.get("right", "contract")),
                        "share_num": part.numerator,
                        "share_den": part.denominator,
                        "state": str(plot.get("right_state", "clear")),
                        "document": "",
                        **_CLOCKS,
                    }
                )
            for category, area in (plot.get("overlays") or {}).items():
                self.overlay.append({"parcel_id": parcel, "category": str(category), "area_dm2": _dm2(area)})
        self.holder.setdefault(holder, self._person(holder, kind, village))
        start, state = plot["from"], str(plot.get("state", "in_force"))
        programme = str(plot.get("programme", self.given.get("programme")))
        if state == "in_force":
            self.contract.append(
                {
                    "contract_id": id,
                    "holder_id": holder,
                    "parcel_id": parcel,
                    "programme": programme,
                    "duty": "",
                    "signed_on": start,
                    **_CLOCKS,
                }
            )
        facts = plot.get("facts")
        self.enrolment.append(
            {
                "contract_id": id,
                "agreement_id": str(plot.get("agreement", id)),
                "programme": programme,
                "state": state,
                "variant": plot.get("variant"),
                "area_dm2": _dm2(mu),
                "class_before": str(plot.get("class_before", "0103")),
                "slope_tenths": None if plot.get("slope") is None else int(plot["slope"] * 10),
                "base_fen": None if plot.get("base") is None else int(plot["base"] * 100),
                "term_from": start,
                "term_to": plot.get("to"),
                "facts": None if facts is None else json.dumps({k: str(v) for k, v in facts.items()}),
                "holder_id": holder,
                "parcel_id": parcel,
                **_CLOCKS,
            }
        )
        for i in plot.get("inspections") or ():
            self._inspection(i, id, mu)

    @staticmethod
    def _person(id: str, kind: str, village: str) -> dict[str, Any]:
        return {"holder_id": id, "kind": kind, "name": id, "village_code": village, "members": 1, "income_fen": None}

    def _inspection(self, i: Mapping[str, Any], contract: str, mu: Any) -> None:
        stray = sorted(set(i) - _INSPECTION_KEYS)
        if stray:
            raise UsageError(
                Text("inspections 不认识 {s}；可用：{a}。", "inspections: {s} is not known; there are: {a}.").fill(
                    s=", ".join(stray), a=", ".join(sorted(_INSPECTION_KEYS))
                )
            )
        for year in i["years"] if "years" in i else [i["year"]]:
            result = str(i.get("result", "accepted"))
            self.inspection.append(
                {
                    "inspection_id": f"I{len(self.inspection) + 1:05d}",
                    "contract_id": contract,
                    "year": int(year),
                    "level": str(i.get("level", "county")),
                    "inspected_on": i.get("on", date(int(year), 10, 1)),
                    "result": result,
                    "accepted_dm2": 0 if result == "rejected" else _dm2(i.get("mu", mu)),
                    "survival_ppm": int(Decimal(str(i.get("survival", 1))) * 1_000_000),
                    "certificate": str(i.get("certificate", "1")),
                    "events": i.get("events"),
                    "inspector": None,
                }
            )

    def run(self, year: int, ids: Sequence[str]) -> ProgrammeYear:
        """Return what the programmes of the case owe in a year."""
        s = self.setting
        known = _programmes(s)
        chosen = [known.get(s.book, s.place, i) for i in ids]
        tables = {
            "contract": CONTRACT.table(self.contract),
            "enrolment": ENROLMENT.table(self.enrolment),
            "inspection": INSPECTED.table(self.inspection),
            "right_payable": pa.Table.from_pylist(self.right, schema=RIGHT.schema()),
            "parcel": PARCEL.table(list(self.parcel.values())),
            "holder": HOLDER.table(list(self.holder.values())),
            "parcel_zone": PARCEL_ZONE.table(list(self.zone.values())),
            "overlay": OVERLAY.table(self.overlay) if self.overlay else None,
        }
        return entitlements(chosen, tables, s.book.resolve(s.place, date(year, 12, 31), s.known), year)


_PLOT_KEYS = frozenset(
    (
        "contract",
        "agreement",
        "parcel",
        "parcel_mu",
        "mu",
        "variant",
        "from",
        "to",
        "holder",
        "holder_kind",
        "shares",
        "right",
        "right_state",
        "village",
        "land_class",
        "ecosystem",
        "class_before",
        "slope",
        "base",
        "facts",
        "state",
        "overlays",
        "red_line",
        "programme",
        "inspections",
    )
)
_INSPECTION_KEYS = frozenset(("year", "years", "level", "on", "result", "mu", "survival", "certificate", "events"))


def _entitlement(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Work out what programmes owe for plots over years."""
    world = _World(given, setting)
    ids = [str(i) for i in given.get("programmes") or [given["programme"]]]
    by_year: dict[str, Decimal] = {}
    rows: list[dict[str, Any]] = []
    sources: dict[str, int] = {}
    stacked: list[Any] = []
    faults: list[str] = []
    for year in world.years:
        found = world.run(year, ids)
        live = [r for r in found.due.to_pylist() if r["state"] in ("payable", "escrow") and r["payee"] == "holder"]
        by_year[str(year)] = to_yuan(sum(r["net_fen"] for r in live))
        rows += found.due.to_pylist()
        known = {r["due_id"] for r in live}
        for s in found.source.to_pylist():
            if s["due_id"] in known:
                sources[s["level"]] = sources.get(s["level"], 0) + s["amount_fen"]
        stacked += found.stacking.to_pylist()
        faults += [f.code for f in found.faults if f.severity == "error"]
    return _found(by_year, rows, sources, stacked, faults)


def _found(
    by_year: dict[str, Decimal], rows: list[dict[str, Any]], sources: dict[str, int], stacked: list[Any], faults: list[str]
) -> dict[str, Any]:
    def total(key: str, states: tuple[str, ...], payee: str = "holder") -> dict[str, Decimal]:
        sums: dict[str, int] = {}
        for r in rows:
            if r["state"] in states and r["payee"] == payee:
                sums[str(r[key])] = sums.get(str(r[key]), 0) + r["net_fen"]
        return {k: to_yuan(v) for k, v in sorted(sums.items())}

    paid = ("payable", "escrow")
    own = [r for r in rows if r["payee"] == "holder"]
    live = [r for r in own if r["state"] in paid]
    return {
        "years": by_year,
        "total": sum(by_year.values(), Decimal(0)),
        "holders": total("holder_id", paid),
        "programmes": total("programme", paid),
        "tranches": total("tranche", paid),
        "waiting": to_yuan(sum(r["net_fen"] for r in _last_told(own) if r["state"] == "waiting")),
        "escrow": to_yuan(sum(r["net_fen"] for r in own if r["state"] == "escrow")),
        "supplier": to_yuan(sum(r["net_fen"] for r in rows if r["state"] == "in_kind")),
        "gross": to_yuan(sum(r["gross_fen"] for r in live)),
        "deduction": to_yuan(sum(r["deduction_fen"] for r in live)),
        "sources": {k: to_yuan(v) for k, v in sorted(sources.items())},
        "reasons": sorted({r["reason"] for r in rows if r["reason"]}),
        "gave_way": sorted({s["programme"] for s in stacked}),
        "rules": sorted({s["rule"] for s in stacked}),
        "faults": sorted(set(faults)),
    }


_CLAIM = ("programme", "payment", "contract_id", "for_year", "holder_id", "right_id")


def _last_told(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each claim the row of the last year asked: one that waits for years is one claim, and paid it waits no more."""
    last: dict[tuple[Any, ...], dict[str, Any]] = {}
    for r in sorted(rows, key=lambda r: r["year"]):
        last[tuple(r[k] for k in _CLAIM)] = r
    return list(last.values())


def _explained(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Say why the first row of a plot is what it is."""
    world = _World(given, setting)
    id = str(given["programme"])
    found = world.run(world.years[0], [id])
    p = _programmes(setting).get(setting.book, setting.place, id)
    steps = [explain(r, p, found.source.to_pylist()) for r in found.due.to_pylist()]
    return {"zh": [s.zh for s in steps[0]] if steps else [], "en": [s.en for s in steps[0]] if steps else []}


def _penalty(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Work out what follows from an act."""
    p = _programmes(setting).get(setting.book, setting.place, str(given["programme"]))
    fen = {k: None if given.get(k) is None else int(given[k] * 100) for k in ("claimed", "paid")}
    made = penalty(p, str(given.get("act", "false_claim")), fen["claimed"] or 0, setting.params, paid_fen=fen["paid"])
    return {
        "returned": to_yuan(made.returned_fen),
        "fine_least": None if made.fine_least_fen is None else to_yuan(made.fine_least_fen),
        "fine_most": None if made.fine_most_fen is None else to_yuan(made.fine_most_fen),
    }


def _county(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Judge the rules of a programme for the county as a whole."""
    p = _programmes(setting).get(setting.book, setting.place, str(given["programme"]))
    village = "990121001001"
    enrolment = [
        {
            "contract_id": v,
            "agreement_id": v,
            "programme": p.contracts_of,
            "state": "in_force",
            "variant": v,
            "area_dm2": _dm2(mu),
            "class_before": None,
            "slope_tenths": None,
            "base_fen": None,
            "term_from": _AGO,
            "term_to": None,
            "facts": None,
            "holder_id": "H",
            "parcel_id": v,
            **_CLOCKS,
        }
        for v, mu in given["mu"].items()
    ]
    parcel = [
        {
            "parcel_id": v,
            "village_code": village,
            "land_class": "",
            "ecosystem": "",
            "area_dm2": _dm2(mu),
            "declared_area_dm2": None,
            "x": 0.0,
            "y": 0.0,
        }
        for v, mu in given["mu"].items()
    ]
    shares, faults = county_shares(p, CONTRACT.empty(), ENROLMENT.table(enrolment), PARCEL.table(parcel), setting.params)
    return {
        "kept": all(s.kept for s in shares),
        "shares": {s.rule: s.share for s in shares},
        "faults": sorted({f.code for f in faults}),
    }


def _contract(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Check what a contract says."""
    p = _programmes(setting).get(setting.book, setting.place, str(given["programme"]))
    mu = [Decimal(str(x["mu"])) for x in given["plots"]]
    head = {
        "contract_id": "K",
        "holder_id": "H",
        "items": json.dumps({k: str(v) for k, v in (given.get("items") or {}).items()}),
        "signed_on": given.get("signed_on"),
        "term_from": given["from"],
        "term_to": given.get("to"),
        "area_dm2": _dm2(given["mu"]) if given.get("mu") is not None else sum(_dm2(x) for x in mu),
    }
    plots = [
        {
            "plot_id": f"K/{i}",
            "parcel_id": f"P{i}",
            "holder_id": "H",
            "variant": x.get("variant"),
            "area_dm2": _dm2(x["mu"]),
            "class_before": str(x.get("class_before", "0103")),
        }
        for i, x in enumerate(given["plots"], 1)
    ]
    parcels = {
        f"P{i}": {
            "area_dm2": _dm2(x.get("parcel_mu", x["mu"])),
            "land_class": str(x.get("land_class", "0103")),
            "ecosystem": str(x.get("ecosystem", "51")),
        }
        for i, x in enumerate(given["plots"], 1)
    }
    overlays = {f"P{i}": {str(k): _dm2(v) for k, v in (x.get("overlays") or {}).items()} for i, x in enumerate(given["plots"], 1)}
    found = check_contract(
        p,
        head,
        plots,
        holder={"kind": str(given.get("holder_kind", "household"))},
        parcels=parcels,
        overlays=overlays,
        owner=str(given.get("owner", "")),
    )
    return {
        "sound": not any(f.severity == "error" for f in found),
        "faults": sorted({f.code for f in found}),
        "missing": sorted(set(p.items()) - set(given.get("items") or {})),
    }


def _move(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Say whether a contract may go from one state to another."""
    return {"allowed": move_fault("K", str(given["state"]), str(given["to"])) is None}


def _sheet(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Read a village sheet and work out its totals again."""
    lines = [(i, [str(c) for c in row]) for i, row in enumerate(given["lines"], 1)]
    made = read_sheet(str(given["kind"]), lines, "sheet", str(given.get("signed_off", "")))
    return {
        "rows": len(made.rows),
        "area_dm2": made.sums.get("area_dm2", 0),
        "amount": to_yuan(made.sums.get("amount_fen", 0)),
        "people": made.sums.get("people", 0),
        "used": not any(f.severity == "error" for f in made.faults),
        "faults": sorted({f.code for f in made.faults}),
        "counts": made.counts,
    }


_PLOTS = Text(
    "地块列表：mu 合同面积，from 期限起，variant 措施；可写 contract、parcel、parcel_mu、holder、"
    "holder_kind、shares、right、village、land_class、ecosystem、class_before、slope、base、facts、state、"
    "overlays、red_line、to、programme、inspections（year 或 years、level、mu、result、survival、"
    "certificate、events、on）",
    "list of plots: mu (area agreed), from (term begins), variant; and contract, parcel, parcel_mu, holder,"
    " holder_kind, shares, right, village, land_class, ecosystem, class_before, slope, base, facts, state,"
    " overlays, red_line, to, programme, inspections (year or years, level, mu, result, survival,"
    " certificate, events, on)",
)
_PROGRAMME = Text("项目代码", "programme")

OPERATIONS = (
    Operation(
        "programme.entitlement",
        Text("项目应付：一年或多年", "what programmes owe, over one year or several"),
        {
            "programme": _PROGRAMME,
            "programmes?": Text("几个项目一起（叠加）", "several programmes together (stacking)"),
            "year?": Text("年度", "year"),
            "years?": Text("年度列表", "years"),
            "plots": _PLOTS,
        },
        {
            "years": Text("各年应付，元", "owed by year, yuan"),
            "total": Text("合计，元", "in all, yuan"),
            "holders": Text("按人，元", "by recipient, yuan"),
            "programmes": Text("按项目，元", "by programme, yuan"),
            "tranches": Text("按次，元", "by tranche, yuan"),
            "waiting": Text("待付，元", "not payable yet, yuan"),
            "escrow": Text("暂存，元", "in escrow, yuan"),
            "supplier": Text("种苗等，元", "to suppliers, yuan"),
            "gross": Text("扣减前，元", "before deduction, yuan"),
            "deduction": Text("公共管护，元", "public management, yuan"),
            "sources": Text("各级承担，元", "borne by level, yuan"),
            "reasons": Text("原因码", "codes of reasons"),
            "gave_way": Text("让出的项目", "programmes that gave way"),
            "rules": Text("起作用的叠加规则", "rules of stacking that decided"),
            "faults": Text("错误码", "codes of errors"),
        },
        _entitlement,
    ),
    Operation(
        "programme.explain",
        Text("逐步说明", "step by step"),
        {"programme": _PROGRAMME, "year": Text("年度", "year"), "plots": _PLOTS},
        {"zh": Text("中文各步", "steps in Chinese"), "en": Text("英文各步", "steps in English")},
        _explained,
    ),
    Operation(
        "programme.penalty",
        Text("追回与罚款", "claw-back and fine"),
        {
            "programme": _PROGRAMME,
            "act?": Text("行为", "act"),
            "claimed": Text("冒领，元", "falsely claimed, yuan"),
            "paid?": Text("其中已付，元", "paid out of it, yuan"),
        },
        {
            "returned": Text("退回，元", "returned, yuan"),
            "fine_least": Text("罚款下限，元", "fine at least, yuan"),
            "fine_most": Text("罚款上限，元", "fine at most, yuan"),
        },
        _penalty,
    ),
    Operation(
        "programme.county",
        Text("县级总量规则", "rules for the county as a whole"),
        {"programme": _PROGRAMME, "mu": Text("措施: 亩", "variant: mu")},
        {
            "kept": Text("是否达到", "whether kept"),
            "shares": Text("规则: 占比", "rule: share"),
            "faults": Text("错误码", "codes of errors"),
        },
        _county,
    ),
    Operation(
        "programme.contract",
        Text("合同条款核对", "check of a contract"),
        {
            "programme": _PROGRAMME,
            "from": Text("期限起", "term begins"),
            "to?": Text("期限止", "term ends before"),
            "signed_on?": Text("签订日", "signed on"),
            "items?": Text("条款: 内容", "item: words"),
            "mu?": Text("合同面积，亩", "area it speaks of, mu"),
            "holder_kind?": Text("签订人类型", "kind of signer"),
            "owner?": Text("土地权属", "owner of the land"),
            "plots": Text(
                "地块：mu、variant、class_before、land_class、ecosystem、parcel_mu、overlays",
                "plots: mu, variant, class_before, land_class, ecosystem, parcel_mu, overlays",
            ),
        },
        {
            "sound": Text("可签", "may be signed"),
            "faults": Text("错误码", "codes of faults"),
            "missing": Text("缺少的条款", "items missing"),
        },
        _contract,
    ),
    Operation(
        "programme.move",
        Text("合同状态变动", "steps between states of a contract"),
        {"state": Text("现状", "state"), "to": Text("改为", "next")},
        {"allowed": Text("是否允许", "whether allowed")},
        _move,
    ),
    Operation(
        "programme.sheet",
        Text("村表读入与合计复核", "village sheets and their totals"),
        {
            "kind": Text("contract、inspection 或 notice", "contract, inspection or notice"),
            "lines": Text("各行各格", "lines of cells"),
            "signed_off?": Text("签认理由", "signed off, why"),
        },
        {
            "rows": Text("明细行数", "rows"),
            "area_dm2": Text("面积合计，平方分米", "area, dm2"),
            "amount": Text("金额合计，元", "money, yuan"),
            "people": Text("人数", "people"),
            "used": Text("可用", "may be used"),
            "faults": Text("错误码", "codes of faults"),
            "counts": Text("各类行数", "lines by kind"),
        },
        _sheet,
    ),
)
