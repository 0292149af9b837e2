"""How a right passes on, whole or in parts, and what goes with it: management rights under it, mortgages, duties.

For all deeds in which a holder changes. A right that passes whole to one party keeps its code, so that what refers to it
stays with it. A right that is divided gives each taker a new one; a management right under it is divided alike (a sale does
not break a lease), and a mortgage lies on every part in full, since a mortgage is indivisible.

References: Civil Code of China, art. 230 (inheritance takes effect at its opening), 303-308 (division of co-owned things),
340-341 (management rights), 406-407 (mortgaged things passed on); Rural Land Contracting Law (2018), art. 46.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import Row, share_of
from ecocomp.terms.text import Text


def divide(desk: Desk, right: Row, parts: Mapping[str, Fraction]) -> dict[str, str]:
    """Pass parts of a right to parties from the day on; what is not passed stays. Return the code each taker's right has.

    parts  parts of the right (not of the parcel); they add up to at most 1
    """
    holder, own = right["holder_id"], right["right_id"]
    given = {h: p for h, p in parts.items() if h != holder}
    kept = 1 - sum(given.values(), Fraction(0))
    if not given:
        return {holder: own}
    if not kept and len(given) == 1:
        (taker,) = given
        desk.change("tenure", {"right_id": own}, {"holder_id": taker, **desk.paper})
        return {taker: own}
    names = {h: desk.new_right_id(right["parcel_id"], right["kind"], h) for h in given}
    _split(desk, own, given, kept, {h: {"right_id": n, "holder_id": h, **desk.paper} for h, n in names.items()})
    carry_mortgages(desk, own, names.values(), keep=bool(kept))
    for lease in _codes(desk, "basis", own):
        below = {h: f"{lease}~{n}" for h, n in names.items()}
        _split(desk, lease, given, kept, {h: {"right_id": below[h], "basis": names[h]} for h in given})
        carry_mortgages(desk, lease, below.values(), keep=bool(kept))
    return {**names, **({holder: own} if kept else {})}


def _split(desk: Desk, right_id: str, given: Mapping[str, Fraction], kept: Fraction, made: Mapping[str, Row]) -> None:
    """Write every version of a right from the day on in parts; the rest stays under its code, or ends if there is none."""
    for row in desk.work.since("tenure", desk.on, right_id=right_id):
        start = max(row["valid_from"], desk.on)
        for taker, part in given.items():
            desk.put("tenure", **{**row, **made[taker], **desk.fraction(share_of(row) * part), "valid_from": start})
    for row in desk.work.since("tenure", desk.on, right_id=right_id):
        rest = desk.fraction(share_of(row) * kept) if kept else None
        start = max(row["valid_from"], desk.on)
        until = row["valid_to"]
        desk.change("tenure", {"right_id": right_id}, rest, since=start, **({"until": until} if until else {}))


def carry_mortgages(desk: Desk, right_id: str, to: Iterable[str], *, keep: bool) -> None:
    """Lay the mortgages of a right on other rights too, in full; without `keep` they no longer lie on the first."""
    targets = list(to)
    for row in desk.work.since("mortgage", desk.on, right_id=right_id):
        for target in targets:
            new = f"{row['mortgage_id']}~{target}"
            desk.put("mortgage", **{**row, "mortgage_id": new, "right_id": target, "valid_from": max(row["valid_from"], desk.on)})
        if not keep:
            desk.change("mortgage", {"mortgage_id": row["mortgage_id"]}, None)


def end_with(desk: Desk, right_id: str) -> None:
    """End the management rights and the mortgages that rest on a right, with it."""
    for lease in _codes(desk, "basis", right_id):
        desk.change("tenure", {"right_id": lease}, None)
        carry_mortgages(desk, lease, (), keep=False)
    carry_mortgages(desk, right_id, (), keep=False)


def _codes(desk: Desk, column: str, value: str) -> list[str]:
    return list(dict.fromkeys(r["right_id"] for r in desk.work.since("tenure", desk.on, **{column: value})))


def parts_of(desk: Desk, record: str, share: Fraction, said: Mapping[str, Fraction], *, whole: bool) -> dict[str, Fraction]:
    """Return parts of a right from shares as written: of the parcel, or parts of the right where they add up to 1.

    With `whole` the shares must make up all of it.
    """
    total = sum(said.values(), Fraction(0))
    if total == 1:
        return dict(said)
    if total == share or (total < share and not whole):
        return {h: s / share for h, s in said.items()}
    clash = Text("各方份额之和是 {t}，这项权利是 {s}。", "the shares add up to {t}, but the right is {s}.").fill(t=total, s=share)
    remedy = Text(
        "写各方在地块中的份额（之和{a}这项权利），或各占这项权利的几分之几（之和恰为 1）。",
        "Give each one's share of the parcel (together {a} this right), or the part of the right (together exactly 1).",
    ).fill(a=Text("等于", "equal to") if whole else Text("不超过", "at most"))
    return desk.stop("shares_given", record, clash, remedy)


def refuse_disputed(desk: Desk, right: Row) -> None:
    """Note a fault if a right is disputed on the day."""
    if right["state"] == "disputed":
        clash = Text("地块 {p} 的这项权利有争议。", "the right on parcel {p} is disputed.").fill(p=right["parcel_id"])
        remedy = Text("先办结争议（settle_dispute），再办理本件。", "Settle the dispute first (settle_dispute).")
        desk.note("disputed_right", right["right_id"], clash, remedy)


def need_consent(desk: Desk, right: Row) -> None:
    """Note a fault if others must agree to a transfer and the document of their consent is not given.

    The creditor where the right is mortgaged, the holder of the contract right where a management right passes on.
    """
    if desk.v.get("consent"):
        return
    held = desk.work.since("mortgage", desk.on, right_id=right["right_id"])
    remedy = Text(
        "写明同意文件的文号（consent），或先注销抵押。",
        "Give the number of the consent (consent), or discharge the mortgage first.",
    )
    for m in held:
        clash = Text(
            "设有抵押 {m}（抵押权人 {c}），没有其同意。", "it carries the mortgage {m} (creditor {c}), who has not consented."
        )
        desk.note("mortgage_consent", right["right_id"], clash.fill(m=m["mortgage_id"], c=m["creditor_id"]), remedy)
    if right["kind"] == "management" and desk.deed.kind == "transfer":
        clash = Text(
            "经营权再流转须经承包方书面同意。", "a management right passes on only with the written consent of the contract holder."
        )
        desk.note(
            "contract_consent",
            right["right_id"],
            clash,
            Text("写明同意文件的文号（consent）。", "Give the number of the consent (consent)."),
        )


def duties_follow(desk: Desk, holder: str, parcel_id: str, takers: Iterable[str], *, alone: bool) -> None:
    """Pass the holder's duties on a parcel to the party named in `duties_to`, or with `alone` to the only taker.

    Warns where a duty stays with someone who holds nothing on the parcel any more: who owes it is not guessed.
    """
    takers = list(takers)
    to = desk.v.get("duties_to") or (takers[0] if alone and len(takers) == 1 else None)
    if to is not None and desk.party(to) is None:
        return
    still = any(r["holder_id"] == holder for r in desk.work.on("tenure", desk.on, parcel_id=parcel_id))
    owed = dict.fromkeys(
        d["contract_id"] for d in desk.work.since("duty", desk.on, parcel_id=parcel_id) if d["holder_id"] == holder
    )
    for contract in owed:
        if to is not None:
            desk.change("duty", {"contract_id": contract}, {"holder_id": to, "source_id": desk.source_id})
        elif not still:
            clash = Text(
                "义务人 {h} 在地块 {p} 已无权利，合同仍由其承担。",
                "{h} holds nothing on parcel {p} any more but still owes the contract.",
            )
            remedy = Text(
                "写明由谁承接（duties_to），或重新签订、终止合同。", "Say who takes it over (duties_to), or sign it anew or end it."
            )
            desk.note("duty_left", contract, clash.fill(h=holder, p=parcel_id), remedy, "warning")
