"""The letter that explains an amount to its holder: amount and date first, then the sum, then why.

One sentence for each deduction with its evidence, what changed since last year, how to object, until
when, and that objecting does no harm. Plots are numbered; the letter holds no codes of persons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.monitoring.observe import REASONS as SIGNAL_REASONS
from ecocomp.monitoring.observe import read_evidence
from ecocomp.payments.enrol import REASONS
from ecocomp.report import say
from ecocomp.report import words as w
from ecocomp.report.bundle import Bundle
from ecocomp.report.paper import pdf
from ecocomp.report.programmes import Claim, claims_of, in_kind, not_paid, told
from ecocomp.terms.area import DM2_PER_HA, say_mu
from ecocomp.terms.codes import ECOSYSTEMS, ENTITLEMENT_STATES, LIGHTS, PARTS, VERDICTS
from ecocomp.terms.faults import UsageError
from ecocomp.terms.money import half_even, say_capital, say_yuan
from ecocomp.terms.text import Lang, Text, same

Row = dict[str, Any]
_PART_COLUMNS = (*PARTS, "adjust")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in both languages, ready to be set."""

    title: Text
    dear: Text
    notices: tuple[Text, ...]
    amount: Text
    when: Text
    rows: tuple[tuple[Text, ...], ...]
    total: tuple[Text, ...]
    parts: tuple[Text, ...]
    claims: tuple[Text, ...]
    why: tuple[Text, ...]
    change: tuple[Text, ...]
    object: tuple[Text, ...]
    sign: Text
    day: Text


def write_letter(bundle: Path, holder_id: str, lang: Lang, out: Path, previous: Path | None = None) -> Path:
    """Write the letter to one holder as a PDF; raises `UsageError` for a holder without an entitlement."""
    opened = Bundle(bundle, previous)
    letter = compose(opened, holder_id)
    data = {name: _plain(getattr(letter, name), lang) for name in Letter.__slots__}
    data |= {
        "lang": lang,
        "head": [t.to(lang) for t in w.L_HEAD],
        "how_title": w.L_HOW.to(lang),
        "claims_title": w.L_CLAIMS.to(lang),
        "why_title": w.L_WHY.to(lang),
        "change_title": w.L_CHANGE.to(lang),
        "object_title": w.L_OBJECT.to(lang),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(pdf("letter.typ", data, None, opened.known_on))
    return out


def letter_text(bundle: Path, holder_id: str, lang: Lang, previous: Path | None = None) -> str:
    """Return the letter to one holder as plain text, paragraph by paragraph."""
    x = compose(Bundle(bundle, previous), holder_id)
    gap = "　　" if lang == "zh" else "  "
    table = [gap.join(c.to(lang) for c in row if c.to(lang)) for row in (*x.rows, x.total)]
    parts: list[list[str]] = [
        [t.to(lang) for t in x.notices],
        [x.title.to(lang)],
        [x.dear.to(lang)],
        [x.amount.to(lang) + x.when.to(lang)],
        [w.L_HOW.to(lang), *table, *(t.to(lang) for t in x.parts)],
        [w.L_CLAIMS.to(lang), *(t.to(lang) for t in x.claims)] if x.claims else [],
        [w.L_WHY.to(lang), *(t.to(lang) for t in x.why)],
        [w.L_CHANGE.to(lang), *(t.to(lang) for t in x.change)],
        [w.L_OBJECT.to(lang), *(t.to(lang) for t in x.object)],
        [x.sign.to(lang), x.day.to(lang)],
    ]
    return "\n\n".join("\n".join(p) for p in parts if p) + "\n"


def compose(b: Bundle, holder_id: str) -> Letter:
    """Return the letter to one holder; raises `UsageError` naming the year when the holder has no entitlement in it."""
    rows = _of(b.table("entitlement"), "holder_id", holder_id)
    if not rows:
        raise UsageError(
            Text(
                "{y}年度没有权利人{h}的应付额。核对编码，或看应付额表entitlement。",
                "Holder {h} has no entitlement in {y}. Check the code, or look in table entitlement.",
            ).fill(y=b.year, h=holder_id)
        )
    rows.sort(key=lambda r: (r["parcel_id"], r["programme"], r["entitlement_id"]))
    number = {p: i for i, p in enumerate(dict.fromkeys(r["parcel_id"] for r in rows), 1)}
    claims = claims_of(b, rows)
    by_standard = [r for r in rows if r["entitlement_id"] not in claims]
    plots = {c: w.L_C_PLOT.fill(n=number[x.row["parcel_id"]]) for c, x in claims.items()}
    holder = next(iter(_of(b.table("holder"), "holder_id", holder_id)), {})
    paid = _paid(b, holder_id, rows)
    terms = _terms(b)
    amount, when = _opening(b, rows, paid, terms)
    return Letter(
        title=w.L_TITLE.fill(year=b.year),
        dear=w.L_DEAR.fill(name=holder.get("name") or Text("权利人", "holder")),
        notices=tuple(t for t, on in ((w.L_INVENTED, b.invented), (w.L_STUDY, b.study)) if on),
        amount=amount,
        when=when,
        rows=tuple(_rows(b, by_standard, claims, number, paid)),
        total=(w.L_LINE_TOTAL, same(""), same(""), same(say_yuan(paid))),
        parts=tuple(_parts(b, by_standard)),
        claims=tuple(t for c, x in claims.items() for t in told(x, plots[c])),
        why=tuple(_why(b, by_standard, claims, number)),
        change=(_change(b, holder_id, rows, claims, paid),),
        object=_objecting(b, terms),
        sign=w.L_SIGN.fill(name=b.name),
        day=say.day(b.known_on),
    )


def _of(table: pa.Table | None, column: str, value: str | Iterable[str]) -> list[Row]:
    if table is None:
        return []
    if isinstance(value, str):
        return table.filter(pc.equal(table[column], value)).to_pylist()  # type: ignore[no-any-return]
    return table.filter(pc.is_in(table[column], pa.array(sorted(set(value)), pa.string()))).to_pylist()  # type: ignore[no-any-return]


def _paid(b: Bundle, holder_id: str, rows: list[Row]) -> int:
    """Return what is paid now: the holder's ready orders, or what is funded and payable before there are orders."""
    if b.table("order") is None:
        return sum(r["funded_fen"] for r in rows if r["state"] == "payable")
    return sum(o["amount_fen"] for o in _of(b.table("order"), "holder_id", holder_id) if o["state"] == "ready")


# ---------------------------------------------------------------- dates and days that are rules, not text
@dataclass(frozen=True, slots=True)
class Terms:
    """When it is paid, until when one may object, in how many days the answer comes; None: not in the bundle."""

    pay_by: date | None
    object_from: date | None
    object_until: date | None
    answer_days: int | None


def _terms(b: Bundle) -> Terms:
    """Return the dates from the bundle's `notice`, else from its dated parameters (days count from the known date)."""
    given = b.meta.get("notice") or {}
    until = _date(given.get("closes_on"))
    days = _days(b, "governance.notice_days")
    if until is None and days is not None:
        until = (_date(given.get("opens_on")) or b.known_on) + timedelta(days=days)
    answer = given.get("answer_days") or _days(b, "governance.answer_days")
    return Terms(_date(given.get("pay_by")), _date(given.get("opens_on")), until, int(answer) if answer else None)


def _date(value: object) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def _days(b: Bundle, key: str) -> int | None:
    table = b.table("parameter")
    for row in table.to_pylist() if table is not None else ():
        if row["key"] == key:
            try:
                return int(float(json.loads(row["value"])))
            except (TypeError, ValueError):
                return None
    return None


# ---------------------------------------------------------------- the parts of the letter
def _opening(b: Bundle, rows: list[Row], paid: int, terms: Terms) -> tuple[Text, Text]:
    if paid <= 0:
        waits = _waiting(b, rows, "escrow") + _waiting(b, rows, "held")
        if waits > 0:
            return w.L_AMOUNT_WAITS.fill(year=b.year, amount=say.money(waits)), same("")
        return w.L_AMOUNT_NONE.fill(year=b.year), same("")
    amount = w.L_AMOUNT.fill(year=b.year, amount=say.money(paid), capital=say_capital(paid))
    when = w.L_WHEN.fill(d=say.day(terms.pay_by)) if terms.pay_by else w.L_WHEN_OPEN
    return amount, Text(when.zh, " " + when.en)


def _rows(b: Bundle, rows: list[Row], claims: dict[str, Claim], number: dict[str, int], paid: int) -> Iterable[tuple[Text, ...]]:
    """Yield one row per entitlement and one per thing taken off, so that the column adds up to what is paid.

    rows    entitlements by the standard
    claims  entitlements of rule-file programmes; where there are any, they stand below a line of their own
    """
    blank = same("")
    if claims and rows:
        yield w.L_GROUP_STANDARD, blank, blank, blank
    plots = _plots(b, number)
    for r in rows:
        name = plots[r["parcel_id"]]
        if (r["share_num"], r["share_den"]) != (1, 1):
            share = w.L_SHARE.fill(a=r["share_num"], b=r["share_den"])
            name = Text(name.zh + share.zh, name.en + share.en)
        rate = say.NONE if r["state"] == "excluded" and not r["rate_fen_per_ha"] else same(say.rate_mu(r["rate_fen_per_ha"]))
        yield name, same(say_mu(r["area_dm2"])), rate, same(say_yuan(r["gross_fen"]))
    if claims:
        yield w.L_GROUP_PROGRAMMES, blank, blank, blank
    for c in claims.values():
        name = w.L_C_ROW.fill(n=plots[c.row["parcel_id"]], p=c.name)
        yield name, same(say_mu(c.area_dm2)) if c.by_area else say.NONE, c.rate, same(say_yuan(c.row["gross_fen"]))
    every = [*rows, *(c.row for c in claims.values())]
    off = _off(b, every, claims)
    for label, fen in off:
        if fen:
            yield label, blank, blank, same(say_yuan(-fen))
    rest = paid - (sum(r["gross_fen"] for r in every) - sum(fen for _, fen in off))
    if rest:
        yield w.L_LINE_OTHER, blank, blank, same(say.signed_money(rest))


def _plots(b: Bundle, number: dict[str, int]) -> dict[str, Text]:
    """Return what each plot is called: its number in this letter, its ecosystem, its village."""
    parcels = {p["parcel_id"]: p for p in _of(b.table("parcel"), "parcel_id", number)}
    villages = {
        v["village_code"]: Text(v["name_zh"], v["name_en"])
        for v in _of(b.table("village"), "village_code", [p["village_code"] for p in parcels.values()])
    }
    out: dict[str, Text] = {}
    for parcel_id, n in number.items():
        parcel = parcels.get(parcel_id, {})
        eco = ECOSYSTEMS.get(str(parcel.get("ecosystem"))) or same("")
        name = w.L_PARCEL.fill(n=n, eco=eco, village=villages.get(str(parcel.get("village_code"))) or same(""))
        out[parcel_id] = Text(name.zh.replace("，，", "，").rstrip("，"), name.en.replace(", ,", ",").rstrip(", "))
    return out


def _off(b: Bundle, rows: list[Row], claims: dict[str, Claim]) -> list[tuple[Text, int]]:
    """Return what separates the gross sum from what is paid now, each amount counted once."""
    refused = [r for r in rows if r["state"] == "excluded"]
    waits = {c for c, x in claims.items() if x.state == "waiting"}
    live = [r for r in rows if r["state"] != "excluded"]
    return [
        (w.L_LINE_EXCLUDED, sum(r["gross_fen"] for r in refused if r["entitlement_id"] not in waits)),
        (w.L_LINE_WAITING, sum(r["gross_fen"] for r in refused if r["entitlement_id"] in waits)),
        (w.L_LINE_DEDUCTION, sum(r["deduction_fen"] for r in live if r["entitlement_id"] not in claims)),
        (w.L_LINE_MANAGEMENT, sum(r["deduction_fen"] for r in live if r["entitlement_id"] in claims)),
        (w.L_LINE_SHORT, sum(r["shortfall_fen"] for r in live)),
        (w.L_LINE_ESCROW, _waiting(b, rows, "escrow")),
        (w.L_LINE_HELD, _waiting(b, rows, "held")),
    ]


def _waiting(b: Bundle, rows: list[Row], state: str) -> int:
    """Return what is funded but waits in `state`: by the orders, or by the entitlements before there are orders."""
    if b.table("order") is None:
        return sum(r["funded_fen"] for r in rows if r["state"] == state)
    return sum(o["amount_fen"] for o in _of(b.table("order"), "holder_id", str(rows[0]["holder_id"])) if o["state"] == state)


def _parts(b: Bundle, rows: list[Row]) -> Iterable[Text]:
    """Yield what the average rate of this holder by the standard is made of, weighted by area and share."""
    found = {s["parcel_id"]: s for s in _of(b.table("standard"), "parcel_id", [r["parcel_id"] for r in rows])}
    used = [r for r in rows if r["parcel_id"] in found and r["rate_fen_per_ha"]]
    # shares are fractions, so weights are brought to one denominator
    weights = [r["area_dm2"] * r["share_num"] * 1_000_000 // r["share_den"] for r in used]
    whole = sum(weights)
    if not whole:
        return
    mean = {
        c: half_even(sum(found[r["parcel_id"]][f"{c}_fen_per_ha"] * x for r, x in zip(used, weights, strict=True)), whole)
        for c in _PART_COLUMNS
    }
    rate = half_even(sum(r["rate_fen_per_ha"] * x for r, x in zip(used, weights, strict=True)), whole)
    names = {**PARTS, "adjust": w.ADJUST}
    parts = say.joined([w.L_PART_OF.fill(part=names[c], v=say.rate_mu(v)) for c, v in mean.items() if v])
    if not parts.zh:
        return
    one = len({r["rate_fen_per_ha"] for r in used}) == 1
    yield (w.L_PARTS_ONE if one else w.L_PARTS).fill(v=say.rate_mu(rate), parts=parts)


def _why(b: Bundle, rows: list[Row], claims: dict[str, Claim], number: dict[str, int]) -> Iterable[Text]:
    """Yield why money of the standard (`rows`) and of programmes (`claims`) is not paid, each by its own rules."""
    lights = {c["parcel_id"]: c for c in _of(b.table("compliance"), "parcel_id", number)}
    yields = [*_uncounted(rows, number, w.L_NOT_COUNTED_STANDARD if claims else w.L_NOT_COUNTED)]
    for c in claims.values():
        yields += not_paid(c, w.L_C_PLOT.fill(n=number[c.row["parcel_id"]]))
    every = [*rows, *(c.row for c in claims.values())]
    yields += in_kind(b, str(every[0]["holder_id"]))
    said = bool(yields)
    yield from yields
    for r in rows:
        n, light = number[r["parcel_id"]], lights.get(r["parcel_id"], {})
        if r["state"] not in ("payable", "held") and (r["gross_fen"] or r["entitled_fen"]):
            fen = r["gross_fen"] if r["state"] == "excluded" else r["funded_fen"]
            reason = REASONS.get(r["reason"]) or same(str(r["reason"]).replace("_", " "))
            text = w.L_ESCROW if (r["state"], r["reason"]) == ("escrow", "disputed") else w.L_STATE
            yield text.fill(n=n, amount=say_yuan(fen), state=ENTITLEMENT_STATES.get(r["state"]) or same(r["state"]), reason=reason)
            said = True
        if r["deduction_fen"] and r["state"] != "excluded":
            part = r["deduction_fen"] / r["gross_fen"] if r["gross_fen"] else 0.0
            share = say.percent(part, 0 if r["deduction_fen"] * 100 % max(1, r["gross_fen"]) == 0 else 1)
            text = w.L_DEDUCTION.fill(
                n=n, amount=say_yuan(r["deduction_fen"]), p=share, light=LIGHTS.get(str(light.get("light"))) or say.UNSEEN
            )
            yield _followed(text, _evidence(b, light))
            said = True
    short = sum(r["shortfall_fen"] for r in every if r["state"] != "excluded")
    if short:
        yield w.L_SHORT.fill(amount=say_yuan(short))
        said = True
    held = _waiting(b, every, "held")
    if held:
        yield w.L_HELD.fill(amount=say_yuan(held))
        said = True
    if not said:
        yield w.L_NOTHING_OFF


def _uncounted(rows: list[Row], number: dict[str, int], words: Text) -> Iterable[Text]:
    """Yield one sentence per reason for the plots on which nothing is due, so that no 0.00 of the sum stands unexplained."""
    by: dict[str, list[int]] = {}
    for r in rows:
        if r["state"] == "excluded" and not r["gross_fen"]:
            by.setdefault(str(r["reason"]), []).append(number[r["parcel_id"]])
    for reason, plots in by.items():
        said = say.joined([same(str(n)) for n in dict.fromkeys(plots)])
        which = (w.L_PLOT_ONE if len(set(plots)) == 1 else w.L_PLOTS).fill(n=said)
        yield words.fill(n=which, reason=REASONS.get(reason) or same(reason.replace("_", " ")))


def _evidence(b: Bundle, light: Row) -> list[Text]:
    out = [w.L_EVIDENCE.fill(e=_said_evidence(str(light["evidence"])))] if light.get("evidence") else []
    verdict = VERDICTS.get(str(light.get("verdict")))
    if verdict is None or light.get("verdict") == "none":
        return out
    line = str(light.get("evidence") or "")
    code = read_evidence(line).get("check", "") if line.startswith("reason=") else ""
    check = next(iter(_of(b.table("field_check"), "check_id", code)), None) if code else None
    if check is None:
        return [*out, w.L_VERDICT.fill(v=verdict)]
    what = _found(str(check["evidence"] or ""))
    return [*out, w.L_VERDICT_ON.fill(v=verdict, d=say.day(check["checked_on"]), what=what)]


def _found(note: str) -> Text:
    """Return what the inspector wrote, after a comma; a note in both languages, parted by ` / `, is given in each."""
    zh, _, en = note.strip().rstrip("。.").partition(" / ")
    if not zh:
        return same("")
    if not (en and re.search("[\u4e00-\u9fff]", zh) and not re.search("[\u4e00-\u9fff]", en)):
        zh = en = note.strip().rstrip("。.")
    return Text(f"，{zh}", f", {en}")


def _said_evidence(line: str) -> Text:
    """Return the evidence line of the yearly judgement in words; a line in another form is shown as it stands."""
    found = read_evidence(line) if line.startswith("reason=") else {}
    why = SIGNAL_REASONS.get(found.get("reason", ""))
    if why is None:
        return same(line.rstrip("。."))
    if "drop" not in found:
        return why
    return w.L_SIGNAL.fill(why=why, d=found["drop"].replace("-", "−"), r=found.get("ref", "—").replace("-", "−"))


def _followed(first: Text, more: list[Text]) -> Text:
    return Text("".join([first.zh, *(t.zh for t in more)]), " ".join([first.en, *(t.en for t in more)]))


def _change(b: Bundle, holder_id: str, rows: list[Row], claims: dict[str, Claim], paid: int) -> Text:
    """Return what moved the amount since last year: standard, area and share, programmes, deductions, the rest; they add up."""
    table = b.table("entitlement", last=True)
    if table is None:
        return w.L_CHANGE_NONE
    before = _of(table, "holder_id", holder_id)
    if not before:
        return w.L_CHANGE_NEW
    last_orders = b.table("order", last=True)
    last = (
        sum(o["amount_fen"] for o in _of(last_orders, "holder_id", holder_id) if o["state"] == "ready")
        if last_orders is not None
        else sum(r["funded_fen"] for r in before if r["state"] == "payable")
    )
    if last == paid:
        return w.L_CHANGE_SAME.fill(a=say_yuan(last))
    old = {(r["parcel_id"], r["programme"], r["right_id"]): r for r in before}
    rate = sum(
        half_even((r["rate_fen_per_ha"] - o["rate_fen_per_ha"]) * o["area_dm2"] * o["share_num"], DM2_PER_HA * o["share_den"])
        for r in rows
        if r["entitlement_id"] not in claims and (o := old.get((r["parcel_id"], r["programme"], r["right_id"]))) is not None
    )
    dues = {d["due_id"] for d in _of(b.table("programme_due", last=True), "holder_id", holder_id)}
    programmes = sum(c.row["gross_fen"] for c in claims.values()) - sum(
        r["gross_fen"] for r in before if r["entitlement_id"] in dues
    )
    gross = sum(r["gross_fen"] for r in rows) - sum(r["gross_fen"] for r in before)
    off = sum(r["deduction_fen"] for r in before if r["state"] != "excluded") - sum(
        r["deduction_fen"] for r in rows if r["state"] != "excluded"
    )
    pieces = (
        (w.L_PART_RATE, rate),
        (w.L_PART_AREA, gross - rate - programmes),
        (w.L_PART_PROGRAMMES, programmes),
        (w.L_PART_OFF, off),
        (w.L_PART_STATE, paid - last - gross - off),
    )
    parts = say.joined([t.fill(v=say.signed_money(fen)) for t, fen in pieces if fen])
    return w.L_CHANGE_SUM.fill(
        a=say_yuan(last), word=w.L_MORE if paid > last else w.L_LESS, b=say_yuan(abs(paid - last)), parts=parts
    )


def _objecting(b: Bundle, terms: Terms) -> tuple[Text, ...]:
    if terms.object_from and terms.object_until and b.known_on > terms.object_until:
        over = w.L_OBJECT_OVER.fill(a=say.day(terms.object_from), d=say.day(terms.object_until))
        answer = [w.L_OBJECT_ANSWER.fill(n=terms.answer_days)] if terms.answer_days else []
        return (_followed(over, answer), w.L_OBJECT_SAFE)
    span = (
        w.L_OBJECT_SPAN.fill(a=say.day(terms.object_from), d=say.day(terms.object_until))
        if terms.object_from and terms.object_until
        else same("")
    )
    until = w.L_OBJECT_UNTIL.fill(d=say.deadline(terms.object_until)) if terms.object_until else w.L_OBJECT_POSTED
    how = Text(span.zh + until.zh + w.L_OBJECT_HOW.zh, span.en + until.en + w.L_OBJECT_HOW.en)
    answer = [w.L_OBJECT_ANSWER.fill(n=terms.answer_days)] if terms.answer_days else []
    return (_followed(how, answer), w.L_OBJECT_SAFE)


def _plain(value: Any, lang: Lang) -> Any:
    if isinstance(value, Text):
        return value.to(lang)
    return [_plain(v, lang) for v in value]
