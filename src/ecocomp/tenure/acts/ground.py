"""Deeds on ground: a parcel is partitioned, parcels are consolidated, or a new survey edition redraws them.

What each new parcel is made of comes from the comparison of two survey editions: pieces of (old parcel, new parcel, area).
Rights are carried over where all the ground of a new parcel was held alike. Where ground of different holders came
together, who holds what is a matter for a document, not for areas: the deed is refused until it states the shares.

References: Interim Regulation on Real Estate Registration (Decree 656), implementing rules art. 26-27 (division and joining
of parcels); supervision sheet, row 25 (land lost at titling and found in the neighbour's titles).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction

from ecocomp.tenure.acts.moving import carry_mortgages, end_with
from ecocomp.tenure.deed_spec import DeedSpec, f
from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import Row, share_of
from ecocomp.terms.codes import RIGHT_KINDS
from ecocomp.terms.text import Text

Pieces = dict[str, dict[str, int]]
"""Area in dm2 by old parcel, by new parcel; the empty code is ground that was no parcel."""


def partition(desk: Desk) -> None:
    """Divide one parcel."""
    made = _pieces(desk)
    if len(_olds(made)) != 1 or len(made) < 2:
        _shape(desk, made, Text("分割应由一个原地块成为几个新地块", "a partition makes several parcels out of one"))
    _redraw(desk, made)


def consolidate(desk: Desk) -> None:
    """Join parcels into one."""
    made = _pieces(desk)
    if len(made) != 1 or len(_olds(made)) < 2:
        _shape(desk, made, Text("合并应由几个原地块成为一个新地块", "a consolidation makes one parcel out of several"))
    _redraw(desk, made)


def resurvey(desk: Desk) -> None:
    """Carry rights over to the parcels of a new survey edition."""
    _redraw(desk, _pieces(desk))


def _shape(desk: Desk, made: Pieces, wanted: Text) -> None:
    clash = Text("{w}，这里是 {a} 个成为 {b} 个。", "{w}; here {a} make {b}.").fill(w=wanted, a=len(_olds(made)), b=len(made))
    desk.note("pieces", "", clash, Text("更正成片清单，或用 resurvey。", "Correct the pieces, or use resurvey."))


def _olds(made: Pieces) -> list[str]:
    return list(dict.fromkeys(o for sources in made.values() for o in sources if o))


def _pieces(desk: Desk) -> Pieces:
    """Return what each new parcel is made of; slivers up to `tolerance_dm2` beside a larger piece are left out."""
    sums: Pieces = defaultdict(lambda: defaultdict(int))
    for old, new, area in desk.v["pieces"]:
        sums[new][old] += area
    limit = desk.v.get("tolerance_dm2", 0)
    out: Pieces = {}
    for new, sources in sums.items():
        kept = {o: a for o, a in sources.items() if a > limit} or dict(sources)
        if new:
            out[new] = kept
    gone = {o: a for o, a in sums.get("", {}).items() if a > limit}
    for old, area in gone.items():
        clash = Text("{a} dm² 不再属于任何地块。", "{a} dm2 of it belong to no parcel any more.").fill(a=area)
        desk.note("ground_lost", old, clash, Text("核对测绘成果。", "Check the survey."), "warning")
    return out


def _redraw(desk: Desk, made: Pieces) -> None:
    olds = list(dict.fromkeys([*_olds(made), *(o for o, n, _ in desk.v["pieces"] if o and not n)]))
    for parcel in made:
        desk.parcel(parcel)
        if parcel not in olds and desk.work.since("tenure", desk.on, parcel_id=parcel):
            clash = Text("新地块上已有权利。", "the new parcel carries rights already.")
            desk.note("exists", parcel, clash, Text("更正成片清单。", "Correct the pieces."))
    now = {o: desk.work.on("tenure", desk.on, parcel_id=o) for o in olds}
    for rows in now.values():
        for row in rows:
            desk.right(row["right_id"])
    given = _given(desk, made)
    for new, sources in made.items():
        _agree(desk, new, sources, now, given.get(new, {}))
    for holder in dict.fromkeys(h for kinds in given.values() for shares in kinds.values() for h in shares):
        desk.party(holder)
    desk.settle()
    moved: dict[str, list[str]] = defaultdict(list)
    for new, sources in made.items():
        base = new if new in sources else max(sources, key=lambda o: (bool(o), sources[o], o))
        _carry(desk, new, base, sources, given.get(new, {}), moved)
    for right_id, targets in moved.items():
        carry_mortgages(desk, right_id, targets, keep=True)
    _tell_duties(desk, made)
    for old in olds:
        _objects_follow(desk, old, [n for n, s in made.items() if old in s and n != old], keep=old in made)
        if old not in made:
            _end_rights(desk, old)


def _given(desk: Desk, made: Pieces) -> dict[str, dict[str, dict[str, Fraction]]]:
    """Return the shares the deed states, by new parcel and kind of right."""
    out: dict[str, dict[str, dict[str, Fraction]]] = defaultdict(dict)
    for key, shares in desk.v.get("shares", {}).items():
        parcel, _, kind = key.rpartition("/")
        if parcel not in made or kind not in RIGHT_KINDS or kind == "management":
            clash = Text("应写“新地块/权利类型”，如 P9/contract。", "it should be “new parcel/kind of right” such as P9/contract.")
            desk.note("pieces", key, clash, Text("更正 shares。", "Correct shares."))
            continue
        out[parcel][kind] = shares
    return out


# ---------------------------------------------------------------- was the ground held alike?
def _agree(desk: Desk, new: str, sources: Mapping[str, int], now: Mapping[str, list[Row]], given: Mapping[str, object]) -> None:
    """Note a fault for each kind of right that the pieces of a new parcel did not have alike, unless the deed gives it."""
    for kind in RIGHT_KINDS:
        held = {o: _held(now.get(o, []), kind) for o in sources}
        if kind in given or len(set(held.values())) <= 1:
            continue
        said = "; ".join(f"{o or '-'} {sources[o]} dm² ({_say(held[o])})" for o in sorted(sources))
        clash = Text("由权利人不同的地块组成（{k}）：{s}。", "is made of ground that was not held alike ({k}): {s}.").fill(
            k=RIGHT_KINDS[kind], s=said
        )
        remedy = Text(
            "按协议或裁决在 shares 中写明“{n}/{k}”的份额；测量误差用 tolerance_dm2。",
            "State the shares of “{n}/{k}” in shares after an agreement or award; for errors of survey use tolerance_dm2.",
        ).fill(n=new, k=kind)
        desk.note("moved_ground", new, clash, remedy)


def _held(rows: list[Row], kind: str) -> frozenset[tuple[str, Fraction, str]]:
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for r in rows:
        if r["kind"] == kind:
            sums[r["holder_id"], r["state"]] += share_of(r)
    return frozenset((h, s, state) for (h, state), s in sums.items())


def _say(held: frozenset[tuple[str, Fraction, str]]) -> str:
    return ", ".join(f"{h} {s}" for h, s, _ in sorted(held)) or "-"


# ---------------------------------------------------------------- carrying over
def _carry(
    desk: Desk,
    new: str,
    base: str,
    sources: Mapping[str, int],
    given: Mapping[str, Mapping[str, Fraction]],
    moved: dict[str, list[str]],
) -> None:
    """Write the rights of a new parcel: those of its base parcel, or as the deed gives them; note where each right went."""
    names: dict[str, str] = {}
    for row in desk.work.since("tenure", desk.on, parcel_id=base) if base and base != new else []:
        if row["kind"] in given or (row["kind"] == "management" and row["basis"] not in names and _given_basis(desk, row, given)):
            continue
        own = row["right_id"]
        names[own] = names.get(own) or desk.new_right_id(new, row["kind"], row["holder_id"])
        basis = names.get(row["basis"], row["basis"])
        fresh = {"right_id": names[own], "parcel_id": new, "unit_code": None, "basis": basis, **desk.paper}
        desk.put("tenure", **{**row, **fresh, "valid_from": max(row["valid_from"], desk.on)})
    _mend_basis(desk, names)
    for kind, shares in given.items():
        _write_given(desk, new, kind, shares, like=[r for o in sources for r in desk.work.on("tenure", desk.on, parcel_id=o)])
    target = {(r["kind"], r["holder_id"]): r["right_id"] for r in desk.work.on("tenure", desk.on, parcel_id=new)}
    for old in sources:
        for row in desk.work.on("tenure", desk.on, parcel_id=old) if old != new else []:
            to = names.get(row["right_id"]) or target.get((row["kind"], row["holder_id"]))
            if to:
                moved[row["right_id"]].append(to)


def _given_basis(desk: Desk, row: Row, given: Mapping[str, object]) -> bool:
    return any(r["kind"] in given for r in desk.work.find("tenure", right_id=row["basis"] or ""))


def _mend_basis(desk: Desk, names: Mapping[str, str]) -> None:
    """Let a management right that was written before its contract right point to the new one too."""
    for new in names.values():
        for row in desk.work.since("tenure", desk.on, right_id=new):
            if row["basis"] in names:
                since = max(row["valid_from"], desk.on)
                desk.change("tenure", {"right_id": new}, {"basis": names[row["basis"]]}, since=since)


def _write_given(desk: Desk, new: str, kind: str, shares: Mapping[str, Fraction], like: list[Row]) -> None:
    for row in desk.work.since("tenure", desk.on, parcel_id=new, kind=kind):
        end_with(desk, row["right_id"])
        desk.change("tenure", {"right_id": row["right_id"]}, None)
    terms = {r["term_to"] for r in like if r["kind"] == kind}
    for holder, share in shares.items():
        code = desk.new_right_id(new, kind, holder)
        term = next(iter(terms)) if len(terms) == 1 else None
        desk.put_right(share, right_id=code, parcel_id=new, holder_id=holder, kind=kind, term_to=term)


def _end_rights(desk: Desk, parcel: str) -> None:
    for right_id in dict.fromkeys(r["right_id"] for r in desk.work.since("tenure", desk.on, parcel_id=parcel)):
        carry_mortgages(desk, right_id, (), keep=False)
        desk.change("tenure", {"right_id": right_id}, None)


def _tell_duties(desk: Desk, made: Pieces) -> None:
    """Warn of contracts that will cover more ground than they were signed for, or meet another of their programme."""
    for new, sources in made.items():
        owed = {o: desk.work.on("duty", desk.on, parcel_id=o) for o in sources}
        programmes = [r["programme"] for o in sources for r in owed[o]]
        for programme in dict.fromkeys(programmes):
            without = [o or "-" for o in sources if all(r["programme"] != programme for r in owed[o])]
            area = sum(sources[o if o != "-" else ""] for o in without)
            if without:
                clash = Text("项目 {p} 的合同将扩及原不在合同内的土地：{o}，{a} dm²。",
                             "its contract of {p} will cover ground that was under none: {o}, {a} dm2.")  # fmt: skip
                remedy = Text("重签合同面积，或分割地块。", "Sign the contract for the new ground, or divide the parcel.")
                desk.note("contract_grows", new, clash.fill(p=programme, o=", ".join(without), a=area), remedy, "warning")
            if programmes.count(programme) > 1:
                clash = Text("项目 {p} 将有 {n} 份合同在同一地块上。", "{n} contracts of {p} will lie on this one parcel.")
                remedy = Text("合并为一份，否则会重复付款。", "Make one of them, or it is paid more than once.")
                desk.note("contract_twice", new, clash.fill(p=programme, n=programmes.count(programme)), remedy, "warning")


def _objects_follow(desk: Desk, old: str, news: list[str], *, keep: bool) -> None:
    """Carry what else lies on a parcel to the parcels made of it: duties, restrictions, open disputes."""
    for register, column in (("duty", "contract_id"), ("restriction", "restriction_id"), ("dispute", "dispute_id")):
        for row in desk.work.since(register, desk.on, parcel_id=old):
            if register == "dispute" and row["state"] == "settled":
                continue
            for new in news:
                code = f"{row[column]}~{new}"
                if not desk.work.on(register, max(row["valid_from"], desk.on), **{column: code}):
                    desk.put(register, **{**row, column: code, "parcel_id": new, "valid_from": max(row["valid_from"], desk.on)})
            if not keep:
                desk.change(register, {column: row[column]}, None)


_PIECES = f(
    "pieces",
    "pieces",
    "成片清单",
    "pieces",
    must=True,
    note=("原地块、新地块、面积（dm²）；没有的一边写“-”", "old parcel, new parcel, area in dm2; “-” where there is none"),
)
_SHARES = f(
    "shares",
    "allocation",
    "新地块的份额",
    "shares of new parcels",
    note=("如 P9/contract: H1 3/5, H2 2/5", "such as P9/contract: H1 3/5, H2 2/5"),
)
_TOLERANCE = f("tolerance_dm2", "count", "测量误差以内的碎片（dm²）", "slivers within the error of survey (dm2)")

SPECS: tuple[DeedSpec, ...] = (
    DeedSpec(
        "partition",
        Text("地块分割", "partition of a parcel"),
        Text("一个地块成为几个，各项权利随之。", "One parcel becomes several, each with its rights."),
        (_PIECES, _SHARES, _TOLERANCE),
        partition,
        {"on": "2024-08-01", "source": {"number": "测绘〔2024〕4号", "kind": "survey"}, "pieces": "P1 P1a 60000; P1 P1b 40000"},
    ),
    DeedSpec(
        "consolidate",
        Text("地块合并", "consolidation of parcels"),
        Text(
            "几个地块成为一个；权利人不同的须写明份额。",
            "Several parcels become one; where holders differ the shares must be stated.",
        ),
        (_PIECES, _SHARES, _TOLERANCE),
        consolidate,
        {
            "on": "2024-08-01",
            "source": {"number": "测绘〔2024〕5号", "kind": "survey"},
            "pieces": "P1 P9 60000; P2 P9 40000",
            "shares": "P9/contract: H1 3/5, H2 2/5",
        },
    ),
    DeedSpec(
        "resurvey",
        Text("随测绘版次变更", "carry over to a new survey"),
        Text("按新旧版次的成片清单把权利带到新地块。", "Carries rights over by the pieces of two editions."),
        (_PIECES, _SHARES, _TOLERANCE),
        resurvey,
        {
            "on": "2024-08-01",
            "source": {"number": "测绘〔2024〕6号", "kind": "survey"},
            "pieces": [["P1", "P1", 99000], ["P1", "P2", 1000], ["P2", "P2", 50000], ["P4", "P6", 80000]],
            "tolerance_dm2": 1500,
        },
    ),
)
