"""Deeds on disputes: while one is open the rights are disputed, so that their money waits in escrow.

References: Civil Code of China, art. 220 (objection registration), 234; Land Administration Law, art. 14 (disputes over
ownership and use of land); Law on Mediation and Arbitration of Rural Land Contract Disputes (2009).
"""

from __future__ import annotations

from fractions import Fraction

from ecocomp.tenure.acts.moving import end_with
from ecocomp.tenure.deed_spec import DeedSpec, f
from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import Row, share_of
from ecocomp.terms.codes import DISPUTE_STATES
from ecocomp.terms.text import Text

FIRST_CHOICE = ("contract", "use", "ownership")
"""Kinds of right a dispute is about where it does not say: the kind that is paid (`tenure.rights.PAYING_KINDS`)."""


def open_dispute(desk: Desk) -> None:
    """Register a dispute; the rights it is about are disputed from the day on."""
    v = desk.v
    desk.free("dispute", {"dispute_id": v["dispute_id"]})
    desk.party(v["claimant_id"])
    about = _about(desk)
    desk.settle()
    for row in about:
        desk.right(row["right_id"])
        desk.change("tenure", {"right_id": row["right_id"]}, {"state": "disputed"})
    names = ("dispute_id", "parcel_id", "claimant_id", "claim")
    desk.put("dispute", **{n: v[n] for n in names}, state="open", document=desk.document)


def _about(desk: Desk) -> list[Row]:
    """Return the rights the dispute is about: those named, or all of the kind that is paid."""
    parcel = desk.v["parcel_id"]
    now = desk.work.on("tenure", desk.on, parcel_id=parcel)
    named = desk.v.get("rights")
    if named:
        for code in sorted(set(named) - {r["right_id"] for r in now}):
            clash = Text("{d} 不是地块 {p} 上的权利。", "is no right on parcel {p} on {d}.").fill(d=desk.on, p=parcel)
            desk.note("not_holder", code, clash, Text("更正编码。", "Correct the code."))
        return [r for r in now if r["right_id"] in named]
    kinds = {r["kind"] for r in now}
    kind = next((k for k in FIRST_CHOICE if k in kinds), None)
    if kind is None:
        clash = Text("{d} 没有可争议的权利。", "carries no right that could be disputed on {d}.").fill(d=desk.on)
        desk.note("no_right", parcel, clash, Text("先登记权利。", "Register a right first."))
    return [r for r in now if r["kind"] == kind]


def advance_dispute(desk: Desk) -> None:
    """Register the next step of a dispute: mediation, arbitration, court."""
    row = desk.object("dispute", "dispute_id", desk.v["dispute_id"], Text("争议", "dispute"))
    order = list(DISPUTE_STATES)
    if order.index(desk.v["state"]) <= order.index(row["state"]):
        clash = Text("已进展到“{a}”，不能再到“{b}”。", "it already stands at “{a}” and cannot go on to “{b}”.")
        clash = clash.fill(a=DISPUTE_STATES[row["state"]], b=DISPUTE_STATES[desk.v["state"]])
        desk.stop("dispute_state", row["dispute_id"], clash, Text("核对进展。", "Check the step."))
    desk.change("dispute", {"dispute_id": row["dispute_id"]}, {"state": desk.v["state"], "document": desk.document})


def settle_dispute(desk: Desk) -> None:
    """Settle a dispute by its document: new shares of what was disputed, or the rights stand as they were."""
    row = desk.object("dispute", "dispute_id", desk.v["dispute_id"], Text("争议", "dispute"))
    if row["state"] == "settled":
        clash = Text("已经办结。", "it is already settled.")
        desk.stop(
            "dispute_state",
            row["dispute_id"],
            clash,
            Text("更正编号；有新的争议另立一件。", "Correct the number; open a new dispute for a new claim."),
        )
    rights = [r for r in desk.work.on("tenure", desk.on, parcel_id=row["parcel_id"]) if r["state"] == "disputed"]
    if desk.v.get("kind"):
        rights = [r for r in rights if r["kind"] == desk.v["kind"]]
    state = "disputed" if _others_open(desk, row) else "clear"
    if "shares" in desk.v:
        _strangers(desk, row, rights)
        _give(desk, row["parcel_id"], rights, state)
    else:
        for r in rights:
            desk.change("tenure", {"right_id": r["right_id"]}, {"state": state})
    desk.change("dispute", {"dispute_id": row["dispute_id"]}, {"state": "settled", "document": desk.document})


def _others_open(desk: Desk, row: Row) -> bool:
    """Return whether another dispute about the parcel is still open; warn that the money goes on waiting."""
    others = [
        d["dispute_id"]
        for d in desk.work.on("dispute", desk.on, parcel_id=row["parcel_id"])
        if d["state"] != "settled" and d["dispute_id"] != row["dispute_id"]
    ]
    if others:
        clash = Text("地块 {p} 还有未办结的争议：{o}。", "parcel {p} has other open disputes: {o}.").fill(
            p=row["parcel_id"], o=", ".join(others)
        )
        desk.note(
            "still_disputed", row["dispute_id"], clash, Text("款项继续暂存。", "The money goes on waiting in escrow."), "warning"
        )
    return bool(others)


def _strangers(desk: Desk, row: Row, rights: list[Row]) -> None:
    """Warn of those who are given a share though they neither held a disputed right nor claimed one."""
    known = {r["holder_id"] for r in rights}
    known |= {d["claimant_id"] for d in desk.work.find("dispute", parcel_id=row["parcel_id"])}
    for holder in desk.v["shares"]:
        if holder not in known:
            clash = Text(
                "{h} 既不是原权利人，也不是主张人，却分得份额。", "{h}, who neither held it nor claimed it, is given a share."
            )
            remedy = Text("核对文书上的姓名和编码。", "Check names and codes on the document.")
            desk.note("stranger", row["dispute_id"], clash.fill(h=holder), remedy, "warning")


def _give(desk: Desk, parcel: str, rights: list[Row], state: str) -> None:
    """Give the disputed share as the settlement says: those who had a right keep its code, others get a new one."""
    kinds = sorted({r["kind"] for r in rights})
    if len(kinds) != 1:
        clash = Text(
            "争议涉及 {n} 类权利（{k}），裁决没有写是哪一类。",
            "{n} kinds of right are disputed ({k}); the settlement does not say which.",
        )
        desk.stop("kind", parcel, clash.fill(n=len(kinds), k=", ".join(kinds) or "-"), Text("写明 kind。", "Give kind."))
    shares = desk.v["shares"]
    for holder in shares:
        desk.party(holder)
    room = _room(desk, parcel, kinds[0], rights)
    total = sum(shares.values(), Fraction(0))
    if total != room:
        clash = Text("裁决分配了 {t}，有争议的是 {s}。", "the settlement gives {t}, but {s} is disputed.").fill(t=total, s=room)
        desk.note("shares_given", parcel, clash, Text("按裁决书写明全部份额。", "Give all shares as the document has them."))
    desk.settle()
    kept: dict[str, str] = {}
    for r in rights:
        desk.right(r["right_id"])
        holder = r["holder_id"]
        if holder in shares and holder not in kept:
            kept[holder] = r["right_id"]
            desk.change("tenure", {"right_id": r["right_id"]}, {**desk.fraction(shares[holder]), "state": state, **desk.paper})
            continue
        _warn_mortgaged(desk, r)
        end_with(desk, r["right_id"])
        desk.change("tenure", {"right_id": r["right_id"]}, None)
    like = {k: rights[0][k] for k in ("unit_code", "term_to", "basis")}
    for holder, share in shares.items():
        if holder not in kept:
            code = desk.new_right_id(parcel, kinds[0], holder)
            desk.put_right(share, right_id=code, parcel_id=parcel, holder_id=holder, kind=kinds[0], state=state, **like)


def _room(desk: Desk, parcel: str, kind: str, rights: list[Row]) -> Fraction:
    """Return the share of the parcel that is disputed: what the disputed rights say, at most what the clear ones leave."""
    now = desk.work.on("tenure", desk.on, parcel_id=parcel)
    clear = sum((share_of(r) for r in now if r["kind"] == kind and r["state"] == "clear"), Fraction(0))
    return min(sum((share_of(r) for r in rights), Fraction(0)), 1 - clear)


def _warn_mortgaged(desk: Desk, right: Row) -> None:
    for m in desk.work.since("mortgage", desk.on, right_id=right["right_id"]):
        clash = Text(
            "所抵押的权利 {r} 因裁决终止，抵押随之终止。",
            "the right {r} it lies on ends by the settlement, and the mortgage with it.",
        )
        remedy = Text("通知抵押权人 {c}。", "Tell the creditor {c}.").fill(c=m["creditor_id"])
        desk.note("mortgage_left", m["mortgage_id"], clash.fill(r=right["right_id"]), remedy, "warning")


_DISPUTE = f("dispute_id", "text", "争议编号", "dispute number", must=True)

SPECS: tuple[DeedSpec, ...] = (
    DeedSpec(
        "open_dispute",
        Text("提出争议", "open a dispute"),
        Text("所涉权利改为有争议，款项暂存。", "The rights it is about become disputed and their money waits."),
        (
            _DISPUTE,
            f("parcel_id", "text", "地块编码", "parcel code", must=True),
            f("claimant_id", "text", "主张人", "claimant", must=True),
            f("claim", "text", "主张", "what is claimed", must=True),
            f(
                "rights",
                "names",
                "所涉权利",
                "rights it is about",
                note=("不写则为该地块可受偿的一类", "those of the kind that is paid if not given"),
            ),
        ),
        open_dispute,
        {
            "on": "2024-03-15",
            "source": {"number": "异议申请 8", "kind": "other"},
            "dispute_id": "D1",
            "parcel_id": "P1",
            "claimant_id": "H2",
            "claim": "北界以东 2 亩应归 H2",
        },
    ),
    DeedSpec(
        "advance_dispute",
        Text("争议进展", "next step of a dispute"),
        Text("进入调解、仲裁或诉讼。", "It goes to mediation, arbitration or court."),
        (_DISPUTE, f("state", "text", "进展", "state", must=True, of=("mediation", "arbitration", "court"))),
        advance_dispute,
        {"on": "2024-04-15", "source": {"number": "调解受理 8", "kind": "notice"}, "dispute_id": "D9", "state": "mediation"},
    ),
    DeedSpec(
        "settle_dispute",
        Text("办结争议", "settle a dispute"),
        Text(
            "按文书分配有争议的份额；不写份额则权利照旧。",
            "Gives the disputed share as the document says; without shares the rights stand.",
        ),
        (
            _DISPUTE,
            f(
                "shares",
                "shares",
                "新份额",
                "new shares",
                note=("在地块中的份额，之和恰为有争议的份额", "shares of the parcel that add up to exactly what is disputed"),
            ),
            f("kind", "text", "权利类型", "kind of right"),
        ),
        settle_dispute,
        {
            "on": "2024-09-01",
            "source": {"number": "裁决〔2024〕17号", "kind": "judgment"},
            "dispute_id": "D9",
            "shares": {"H1": "3/4", "H2": "1/4"},
        },
        ("judgment", "agreement", "decree"),
    ),
)
