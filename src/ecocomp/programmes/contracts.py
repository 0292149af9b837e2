"""Contracts of programmes: what they must say before they are signed, and which state may follow which.

References: Decree 367 art. 24 (nine items), art. 15-16, 29-36; Forest Law (2019) art. 48; policy sheet 6.5. Land not contracted
to households may join for its seedlings alone (art. 36): its collective signs then, on a decision of the village assembly.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ecocomp.programmes.programme import Programme
from ecocomp.terms.area import say_mu
from ecocomp.terms.codes import CONTRACT_STATES, HOLDER_KINDS
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

WHERE = "contract"
NEXT: dict[str, tuple[str, ...]] = {
    "draft": ("signed", "terminated"),
    "signed": ("in_force", "terminated"),
    "in_force": ("suspended", "breached", "ended", "terminated", "renewed"),
    "suspended": ("in_force", "breached", "ended", "terminated"),
    "breached": ("in_force", "ended", "terminated"),
    "ended": ("renewed",),
    "terminated": (),
    "renewed": (),
}
"""State → the states that may follow it."""
BODY_ITEMS: dict[str, Text] = {
    "village_decision": Text("村民会议或村民代表会议的决定（日期、文号）", "decision of the village assembly (day and number)"),
}
"""What a contract must hold besides where a village as a body signs (Organic Law of Villagers' Committees, art. 24; unverified)."""
BLANK = frozenset(("", "-", "—", "/", "无", "待定", "tbd", "n/a", "none", "null"))
"""What a clerk writes into an item that is not there."""


def move_fault(contract_id: str, state: str, to: str) -> Fault | None:
    """Return the fault of a step the states do not allow; None if it is allowed."""
    if to in NEXT.get(state, ()):
        return None
    may = [CONTRACT_STATES[s] for s in NEXT.get(state, ())]
    says = Text("、".join(m.zh for m in may) or "不再变动", ", ".join(m.en for m in may) or "it stays as it is")
    return _fault(
        "state",
        contract_id,
        Text("合同{a}，不能改为{b}。", "it is {a}; it cannot become {b}.").fill(a=_state(state), b=_state(to)),
        Text("可以：{m}。", "Possible: {m}.").fill(m=says),
    )


def read_items(contract_id: str, text: str) -> tuple[dict[str, str], list[Fault]]:
    """Return the items of a contract from their JSON, and the fault of a text that holds none."""
    try:
        found = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return {}, [
            _fault(
                "items_json",
                contract_id,
                Text("条款不是 JSON 键值表。", "its items are no JSON object."),
                Text('写成 {"term": "…"}。', 'Write {"term": "…"}.'),
            )
        ]
    return {str(k): v.strip() if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in found.items()}, []


def check_contract(
    programme: Programme,
    contract: Mapping[str, Any],
    plots: Sequence[Mapping[str, Any]],
    *,
    holder: Mapping[str, Any] | None = None,
    parcels: Mapping[str, Mapping[str, Any]] | None = None,
    overlays: Mapping[str, Mapping[str, int]] | None = None,
    standing: Sequence[Mapping[str, Any]] = (),
    holders_of: Mapping[str, Sequence[str]] | None = None,
    elsewhere: Sequence[Mapping[str, Any]] = (),
    owner: str = "",
) -> list[Fault]:
    """Return everything that keeps a contract from being signed.

    contract    row of register ``contract``
    plots       rows of register ``plot``, each with its ``parcel_id`` and ``holder_id``
    holder      row of the party that signs; None: not registered
    parcels     parcel → row of the edition in force (area_dm2, land_class, ecosystem); None: there is no edition to compare with
    overlays    parcel → restriction → area [dm2]
    standing    reasons why titles block payment (`tenure.standing.standing`)
    holders_of  parcel → those who hold a right that is paid; None: not known
    elsewhere   plots of other binding contracts on the same parcels (contract_id, programme, variant, parcel_id, area_dm2)
    owner       state or collective, where it is known
    """
    id = str(contract["contract_id"])
    seedlings = _for_seedlings(programme, contract, plots, holder)
    out = _items(programme, contract, owner, seedlings) + _term(programme, contract)
    out += _signer(programme, contract, holder, seedlings)
    out += _areas(programme, contract, plots, parcels)
    for plot in plots:
        out += _ground(programme, plot, (parcels or {}).get(plot["parcel_id"]), (overlays or {}).get(plot["parcel_id"], {}))
    out += _title(programme, id, plots, standing, holders_of)
    return out + _twice(programme, id, plots, elsewhere, parcels or {})


def _for_seedlings(
    programme: Programme, contract: Mapping[str, Any], plots: Sequence[Mapping[str, Any]], holder: Mapping[str, Any] | None
) -> bool:
    """Return whether who signs may be paid nothing, yet the programme has seedlings for ground of its own (art. 36)."""
    if holder is None or holder["kind"] not in (programme.recipient.get("never") or ()):
        return False
    own = all(p["holder_id"] == contract["holder_id"] for p in plots)
    return own and any(p.to == "supplier" for p in programme.payments)


def _items(programme: Programme, contract: Mapping[str, Any], owner: str, seedlings: bool) -> list[Fault]:
    id = str(contract["contract_id"])
    given, out = read_items(id, str(contract["items"] or ""))
    needed = programme.items()
    if seedlings:
        needed |= BODY_ITEMS
    if programme.contract.get("only_if") and owner and owner != programme.contract["only_if"]:
        needed = {}
    sets = ", ".join(programme.contract.get("items") or ()) or programme.id
    missing = [k for k in needed if k not in given]
    blank = [k for k in needed if k in given and given[k].lower() in BLANK]
    for keys, zh, en in (
        (missing, "缺少 {n} 项（{s}）：{m}。", "{n} items are missing ({s}): {m}."),
        (blank, "{n} 项空着（{s}）：{m}。", "{n} items are blank ({s}): {m}."),
    ):
        if keys:
            said = Text("、".join(f"{needed[k].zh}（{k}）" for k in keys), ", ".join(f"{needed[k].en} ({k})" for k in keys))
            out.append(
                _fault(
                    "items",
                    id,
                    Text(zh, en).fill(n=len(keys), s=sets, m=said),
                    Text("补齐后再签。", "Write them before it is signed."),
                )
            )
    for key in given:
        if key not in needed and needed:
            near = difflib.get_close_matches(key, needed, 1)
            if near and near[0] in missing:
                out.append(
                    _fault(
                        "item_unknown",
                        id,
                        Text("不认识的条款 {k}。", "it has an item {k} that is not known.").fill(k=key),
                        Text("大概是 {n}。", "Probably {n} is meant.").fill(n=near[0]),
                        "warning",
                    )
                )
    return out


def _term(programme: Programme, contract: Mapping[str, Any]) -> list[Fault]:
    id, out = str(contract["contract_id"]), []
    start, end, signed = contract["term_from"], contract["term_to"], contract["signed_on"]
    if end is not None and end <= start:
        out.append(
            _fault(
                "term",
                id,
                Text("期限止 {b} 不晚于期限起 {a}。", "its term ends on {b}, not after it begins on {a}.").fill(a=start, b=end),
                Text("改正两个日期。", "Mend the days."),
            )
        )
    most = programme.contract.get("years_most")
    open_end = end is None and not _ends_by_itself(programme)
    if most is not None and (open_end or (end is not None and end > _plus(start, most))):
        out.append(
            _fault(
                "term_long",
                id,
                Text("期限 {a} 至 {b} 超过 {m} 年。", "its term from {a} to {b} is longer than {m} years.").fill(
                    a=start, b=end or "…", m=most
                ),
                Text("期限不超过 {m} 年，期满续签。", "Make it no longer, and renew it.").fill(m=most),
            )
        )
    first, last = programme.enrol
    if (first and start < first) or (last and start > last):
        out.append(
            _fault(
                "enrolled_outside",
                id,
                Text(
                    "期限起 {s} 不在项目纳入期 {a} 至 {b} 内。",
                    "its term begins on {s}, outside the time of enrolment from {a} to {b}.",
                ).fill(s=start, a=first or "…", b=last or "…"),
                Text("核对签订日，或换项目。", "Check the day, or choose another programme."),
            )
        )
    if signed is None:
        out.append(
            _fault("unsigned", id, Text("没有签订日。", "it has no day of signature."), Text("补上签订日。", "Give the day."))
        )
    return out


def _ends_by_itself(programme: Programme) -> bool:
    """Return whether every payment ends after its years or tranches, so that a contract without an end pays no longer."""
    return all(p.form in ("tranches_area", "once_area") or p.years is not None for p in programme.payments)


def _plus(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _signer(programme: Programme, contract: Mapping[str, Any], holder: Mapping[str, Any] | None, seedlings: bool) -> list[Fault]:
    id = str(contract["contract_id"])
    if holder is None:
        return [
            _fault(
                "holder",
                id,
                Text("签订人 {h} 不在登记中。", "who signs, {h}, is not registered.").fill(h=contract["holder_id"]),
                Text("先登记主体。", "Register the party first."),
            )
        ]
    never, kinds = programme.recipient.get("never") or (), programme.recipient.get("kinds") or ()
    if seedlings:
        return [
            _fault(
                "seedlings_only",
                id,
                Text(
                    "签订人是{k}：只有种苗等（付给供应方），没有补助。",
                    "who signs is a {k}: seedlings are paid to the supplier, no subsidy.",
                ).fill(k=HOLDER_KINDS.get(holder["kind"], Text(holder["kind"], holder["kind"]))),
                Text("已承包到户的土地，由承包户签订。", "For land contracted to a household, that household signs."),
                "warning",
            )
        ]
    if holder["kind"] in never or (kinds and holder["kind"] not in kinds):
        word = HOLDER_KINDS.get(holder["kind"], Text(holder["kind"], holder["kind"]))
        return [
            _fault(
                "recipient",
                id,
                Text("签订人是{k}，{p} 不付给这类受偿人。", "who signs is a {k}; {p} pays no such recipient.").fill(
                    k=word, p=programme.id
                ),
                Text("由权利人本人签订；不得付给村集体整体。", "The right holder signs; a village as a body is not paid."),
            )
        ]
    return []


def _areas(
    programme: Programme,
    contract: Mapping[str, Any],
    plots: Sequence[Mapping[str, Any]],
    parcels: Mapping[str, Mapping[str, Any]] | None,
) -> list[Fault]:
    id, out = str(contract["contract_id"]), []
    if not plots:
        return [_fault("no_plot", id, Text("没有地块。", "it has no plot."), Text("至少写一个地块。", "Give at least one plot."))]
    total = sum(int(p["area_dm2"]) for p in plots)
    if total != contract["area_dm2"]:
        out.append(
            _fault(
                "area_sum",
                id,
                Text("合同面积 {a} 亩，各地块合计 {b} 亩。", "it speaks of {a} mu; its plots add up to {b} mu.").fill(
                    a=say_mu(contract["area_dm2"]), b=say_mu(total)
                ),
                Text("逐块核对；不按合计签订。", "Check plot by plot; a total is not signed."),
            )
        )
    for plot in plots:
        name = str(plot["plot_id"])
        if plot["variant"] not in programme.variants:
            near = next(iter(difflib.get_close_matches(str(plot["variant"]), programme.variants, 1)), "—")
            out.append(
                _fault(
                    "variant",
                    name,
                    Text("措施“{v}”不是 {p} 的。", "“{v}” is no variant of {p}.").fill(v=plot["variant"], p=programme.id),
                    Text("最相近的是 {n}；有：{a}。", "The nearest is {n}; there are: {a}.").fill(
                        n=near, a=", ".join(programme.variants)
                    ),
                )
            )
        ground = None if parcels is None else parcels.get(plot["parcel_id"])
        if parcels is not None and ground is None:
            out.append(
                _fault(
                    "parcel",
                    name,
                    Text("地块 {p} 不在生效的版次中。", "parcel {p} is in no edition in force.").fill(p=plot["parcel_id"]),
                    Text("核对编码。", "Check the code."),
                )
            )
        elif ground is not None and plot["area_dm2"] > ground["area_dm2"]:
            out.append(
                _fault(
                    "area",
                    name,
                    Text("合同面积 {a} 亩大于地块面积 {b} 亩。", "{a} mu are agreed, the parcel has {b} mu.").fill(
                        a=say_mu(plot["area_dm2"]), b=say_mu(ground["area_dm2"])
                    ),
                    Text("按实测面积改正。", "Write the measured area."),
                )
            )
    return out


def _ground(
    programme: Programme, plot: Mapping[str, Any], parcel: Mapping[str, Any] | None, overlays: Mapping[str, int]
) -> list[Fault]:
    land, name, out = programme.land, str(plot["plot_id"]), []
    before = land.get("when") == "before"
    code = plot["class_before"] if before else (parcel or {}).get("land_class")
    if land.get("classes") and (code is not None or before) and not str(code or "").startswith(tuple(land["classes"])):
        out.append(
            _fault(
                "land_class",
                name,
                Text("地类 {c} 不能纳入（{a}）。", "land of class {c} may not join (only {a}).").fill(
                    c=code or "—", a=", ".join(land["classes"])
                ),
                Text("核对实施前的调查版次。", "Check the survey edition of the time before."),
            )
        )
    if (
        land.get("ecosystems")
        and parcel is not None
        and not str(parcel.get("ecosystem") or "").startswith(tuple(land["ecosystems"]))
    ):
        out.append(
            _fault(
                "ecosystem",
                name,
                Text("生态系统 {c} 不能纳入。", "ecosystem {c} may not join.").fill(c=parcel.get("ecosystem")),
                Text("核对地类。", "Check the land class."),
            )
        )
    for kind in land.get("exclude") or ():
        if overlays.get(kind):
            out.append(
                _fault(
                    "overlay",
                    name,
                    Text("有 {a} 亩落在不得纳入的“{k}”上。", "{a} mu lie on “{k}”, which may not join.").fill(
                        a=say_mu(overlays[kind]), k=kind
                    ),
                    Text("把这部分划出地块后再签。", "Take that part out of the plot before it is signed."),
                )
            )
    return out


def _title(
    programme: Programme,
    id: str,
    plots: Sequence[Mapping[str, Any]],
    standing: Sequence[Mapping[str, Any]],
    holders_of: Mapping[str, Sequence[str]] | None,
) -> list[Fault]:
    from ecocomp.tenure.standing import REASONS

    out = []
    for row in standing:
        words, weight = REASONS[row["reason"]]
        if weight != "info":
            out.append(
                _fault(
                    f"title_{row['reason']}",
                    id,
                    Text("地块 {p}：{w}（{d}）。", "parcel {p}: {w} ({d}).").fill(
                        p=row["parcel_id"], w=words, d=row["detail"] or "—"
                    ),
                    Text("先理清权属。", "Settle the title first."),
                    "error" if weight == "block" else "warning",
                )
            )
    if holders_of is None or programme.recipient["who"] == "contract_holder":
        return out
    for plot in plots:
        known = holders_of.get(plot["parcel_id"], ())
        if known and plot["holder_id"] not in known:
            out.append(
                _fault(
                    "not_the_holder",
                    str(plot["plot_id"]),
                    Text("{h} 不持有地块 {p} 的权利（持有人 {k}）。", "{h} holds no right on parcel {p} (its holders: {k}).").fill(
                        h=plot["holder_id"], p=plot["parcel_id"], k=", ".join(known)
                    ),
                    Text(
                        "由权利人签订；流转的，附流转合同并登记经营权。",
                        "The right holder signs; where the land was handed on, register the management right.",
                    ),
                )
            )
    return out


def _twice(
    programme: Programme,
    id: str,
    plots: Sequence[Mapping[str, Any]],
    elsewhere: Sequence[Mapping[str, Any]],
    parcels: Mapping[str, Mapping[str, Any]],
) -> list[Fault]:
    """Find ground that another contract of the same programme, or of one this excludes, has already."""
    out = []
    for plot in plots:
        area = (parcels.get(plot["parcel_id"]) or {}).get("area_dm2")
        own = sum(int(p["area_dm2"]) for p in plots if p["parcel_id"] == plot["parcel_id"])
        for other in elsewhere:
            if other["parcel_id"] != plot["parcel_id"] or other["contract_id"] == id:
                continue
            on = _excluded(programme, str(plot["variant"]), other)
            fits = area is not None and on == "ground" and own + int(other["area_dm2"]) <= area
            if on and not fits:
                out.append(
                    _fault(
                        "enrolled_twice",
                        str(plot["plot_id"]),
                        Text(
                            "地块 {p} 已有合同 {c}（{g}，{a} 亩）。", "parcel {p} is under contract {c} already ({g}, {a} mu)."
                        ).fill(p=plot["parcel_id"], c=other["contract_id"], g=other["programme"], a=say_mu(other["area_dm2"])),
                        Text(
                            "同一地面只签一份；按界线拆分地块，或先终止原合同。",
                            "One contract for the same ground: split the parcel along the line, or end the other one.",
                        ),
                    )
                )
    return out


def _excluded(programme: Programme, variant: str, other: Mapping[str, Any]) -> str:
    """Return on what another plot excludes this one: ground, parcel, or nothing."""
    names = {other["programme"], f"{other['programme']}.{other['variant']}"}
    for rule in programme.excludes:
        same = other["programme"] == programme.id and other["variant"] == variant
        if names & set(rule["with"]) and not same and (not rule["own"] or variant in rule["own"]):
            return str(rule["on"])
    return "ground" if other["programme"] == programme.id else ""


def _state(code: str) -> Text:
    return CONTRACT_STATES.get(code, Text(code, code))


def _fault(code: str, record: str, clash: Text, remedy: Text, severity: Any = "error") -> Fault:
    return Fault(f"programmes.{code}", WHERE, record, clash, remedy, severity)
