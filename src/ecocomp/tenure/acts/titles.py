"""Deeds on titles: first registration, transfer, inheritance, lease of the management right, end, correction.

References: Civil Code of China, art. 209, 214, 230, 330-343; Interim Regulation on Real Estate Registration (State Council
Decree 656), art. 3 and 14; Rural Land Contracting Law (2018), art. 33-46 (transfer, lease of the management right).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ecocomp.tenure.acts.membership import can_hold, end_party
from ecocomp.tenure.acts.moving import (
    divide,
    duties_follow,
    end_with,
    need_consent,
    parts_of,
    refuse_disputed,
)
from ecocomp.tenure.codes import problem_of
from ecocomp.tenure.deed_spec import DeedSpec, Wrong, f, read_value
from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import FOREVER, Row, end_of, share_of
from ecocomp.terms import codes
from ecocomp.terms.registers import CADASTRE, P3, object_key
from ecocomp.terms.tables import Column
from ecocomp.terms.text import Text

CORRECTABLE = ("party", "member", "tenure", "duty", "restriction", "mortgage", "source", "dispute")


def grant(desk: Desk) -> None:
    """Register rights for the first time: one per party, with its share of the parcel."""
    v = desk.v
    desk.parcel(v["parcel_id"])
    _unit_code(desk)
    if v.get("right_id") and len(v["to"]) > 1:
        clash = Text("一个权利编码给了 {n} 方。", "one right code is given to {n} parties.").fill(n=len(v["to"]))
        desk.note("one_code", v["right_id"], clash, Text("每方单独登记，或不写编码。", "Record each on its own, or give no code."))
    for holder in v["to"]:
        can_hold(desk, holder)
    desk.settle()
    for holder, share in v["to"].items():
        right_id = v.get("right_id") or desk.new_right_id(v["parcel_id"], v["kind"], holder)
        _unused(desk, right_id)
        more = {k: v.get(k) for k in ("unit_code", "term_to")}
        desk.put_right(share, right_id=right_id, parcel_id=v["parcel_id"], holder_id=holder, kind=v["kind"], **more)
    if v.get("term_to") and v["term_to"] <= desk.on:
        clash = Text("期限 {t} 不晚于生效日 {d}。", "its term ends on {t}, not after it begins on {d}.").fill(
            t=v["term_to"], d=desk.on
        )
        desk.note("term", v["parcel_id"], clash, Text("更正期限。", "Correct the term."))


def _unit_code(desk: Desk) -> None:
    code = desk.v.get("unit_code", "")
    found = problem_of("unit_code", code) if code else None
    if found:
        desk.note("unit_code", code, found.clash, found.remedy, found.severity)


def _unused(desk: Desk, right_id: str) -> None:
    if desk.work.find("tenure", right_id=right_id):
        clash = Text("权利编码已用过。", "the right code is already used.")
        desk.stop("exists", right_id, clash, Text("换一个编码，或不写编码。", "Use another code, or give none."))


def transfer(desk: Desk) -> None:
    """Pass a right, or a part of it, to one or several parties."""
    right = desk.right(desk.v["right_id"])
    for holder in desk.v["to"]:
        can_hold(desk, holder)
        if holder == right["holder_id"]:
            clash = Text("{h} 已是权利人。", "{h} holds it already.").fill(h=holder)
            desk.note("same_holder", right["right_id"], clash, Text("只写受让方。", "Name only those who receive."))
    refuse_disputed(desk, right)
    need_consent(desk, right)
    parts = parts_of(desk, right["right_id"], share_of(right), desk.v["to"], whole=False)
    desk.settle()
    divide(desk, right, parts)
    duties_follow(desk, right["holder_id"], right["parcel_id"], parts, alone=False)


def inherit(desk: Desk) -> None:
    """Pass what a dead person held to the heirs from the day of death; the person ends on that day."""
    dead = desk.v["from"]
    known = [r for r in desk.work.find("party", party_id=dead) if r["valid_from"] <= desk.on <= end_of(r)]
    if not known:
        clash = Text("{d} 不在权利主体登记中。", "is not registered as a party on {d}.").fill(d=desk.on)
        desk.stop("unknown_party", dead, clash, Text("核对编码和死亡日期。", "Check the code and the date of death."))
    for heir in desk.v["heirs"]:
        can_hold(desk, heir)
    if dead in desk.v["heirs"]:
        clash = Text("被继承人不能是继承人。", "the dead cannot be an heir.")
        desk.note("same_holder", dead, clash, Text("更正继承人。", "Correct the heirs."))
    desk.settle()
    held = {r["right_id"]: r for r in desk.work.on("tenure", desk.on, holder_id=dead)}
    wanted = _inherited(desk, dead, held)
    for right_id in wanted:
        right = desk.right(right_id)
        divide(desk, right, parts_of(desk, right_id, share_of(right), desk.v["heirs"], whole=True))
    for parcel in dict.fromkeys(held[r]["parcel_id"] for r in wanted):
        duties_follow(desk, dead, parcel, desk.v["heirs"], alone=True)
    if known[-1]["kind"] == "person":
        end_party(desk, dead)


def _inherited(desk: Desk, dead: str, held: dict[str, Row]) -> list[str]:
    wanted = desk.v.get("rights") or list(held)
    for right_id in wanted:
        if right_id not in held:
            clash = Text("{d} 不是 {h} 的权利。", "is not held by {h} on {d}.").fill(d=desk.on, h=dead)
            desk.note("not_holder", right_id, clash, Text("更正权利编码。", "Correct the right code."))
    if not wanted:
        clash = Text("{d} 名下没有权利。", "holds no right on {d}.").fill(d=desk.on)
        desk.note("not_holder", dead, clash, Text("核对编码和日期。", "Check the code and the date."))
    left = [r for r in held if r not in wanted]
    if left:
        clash = Text("死者名下还有权利未写继承：{r}。", "the dead still hold rights that nobody inherits here: {r}.").fill(
            r=", ".join(left)
        )
        remedy = Text("另件办理继承或注销。", "Record their inheritance or end by another deed.")
        desk.note("rights_left", dead, clash, remedy, "warning")
    desk.settle()
    return wanted


def lease(desk: Desk) -> None:
    """Give the management right out of a contract or use right, for a term within that right's."""
    base = desk.right(desk.v["right_id"])
    right_id = desk.v.get("new_right_id") or desk.new_right_id(base["parcel_id"], "management", desk.v["to"])
    can_hold(desk, desk.v["to"])
    refuse_disputed(desk, base)
    if base["kind"] not in ("contract", "use"):
        clash = Text("“{k}”不能派生经营权。", "a management right cannot come out of “{k}”.").fill(k=base["kind"])
        desk.note("basis", base["right_id"], clash, Text("写承包经营权或使用权的编码。", "Name a contract or use right."))
    _unused(desk, right_id)
    term = desk.v["term_to"]
    desk.settle()
    last = max(end_of(r) for r in desk.work.find("tenure", right_id=base["right_id"]))
    desk.put_right(
        desk.v.get("share", share_of(base)),
        right_id=right_id,
        parcel_id=base["parcel_id"],
        unit_code=base["unit_code"],
        holder_id=desk.v["to"],
        kind="management",
        basis=base["right_id"],
        term_to=term,
        valid_to=min(term, last),
    )


def terminate(desk: Desk) -> None:
    """End a right, with the management rights and mortgages that rest on it."""
    right = desk.right(desk.v["right_id"])
    need_consent(desk, right)
    desk.settle()
    end_with(desk, right["right_id"])
    desk.change("tenure", {"right_id": right["right_id"]}, None)
    duties_follow(desk, right["holder_id"], right["parcel_id"], (), alone=False)


# ---------------------------------------------------------------- correction
def correct(desk: Desk) -> None:
    """Mend an entry: the version that holds on the day in its whole span, or [since, until) of the object; or strike it."""
    register = desk.v["register"]
    key = _key(desk, register)
    rows = desk.work.find(register, **key)
    if not rows:
        clash = Text("{r} 登记中没有它。", "is not in the register {r}.").fill(r=register)
        desk.stop("unknown_object", desk.v["id"], clash, Text("更正编码。", "Correct the code."))
    changes = _changes(desk, register)
    desk.settle()
    if "since" in desk.v or "until" in desk.v:
        _correct_span(desk, register, key, changes)
    else:
        _correct_version(desk, register, key, changes)
    for row in desk.work.find(register, **key):
        for column in ("holder_id", "member_id", "creditor_id"):
            if column in (changes or {}) and not desk.work.find("party", party_id=row[column]):
                desk.party(row[column])


def _key(desk: Desk, register: str) -> dict[str, str]:
    names, said = object_key(register), desk.v["id"].split()
    if len(names) != len(said):
        clash = Text("编码应有 {n} 段：{k}。", "the code should have {n} parts: {k}.").fill(n=len(names), k=" ".join(names))
        desk.stop("unknown_object", desk.v["id"], clash, Text("用空格分开各段。", "Put a space between the parts."))
    return dict(zip(names, said, strict=True))


def _changes(desk: Desk, register: str) -> Row | None:
    """Return the new values by column, read as the register has them; None to strike out."""
    if desk.v.get("strike"):
        if desk.v.get("set"):
            clash = Text("既写了 strike，又写了 set。", "both strike and set are given.")
            desk.note("correction", desk.v["id"], clash, Text("只留一个。", "Keep one of them."))
        return None
    if not desk.v.get("set"):
        clash = Text("没有写要改什么。", "it does not say what to change.")
        desk.stop("correction", desk.v["id"], clash, Text("写 set（新值）或 strike。", "Give set (new values) or strike."))
    columns = {c.name: c for c in CADASTRE[register].columns if c.name not in (*object_key(register), "known_from", "known_to")}
    out: Row = {"source_id": desk.source_id} if "source_id" in columns and register != "source" else {}
    for name, raw in desk.v["set"].items():
        try:
            if name == "share" and "share_num" in columns:
                out |= desk.fraction(read_value(f("share", "share", "", ""), raw))
            elif name not in columns:
                raise Wrong(
                    Text("登记表 {r} 没有可改的列 {c}。", "the register {r} has no column {c} that can be changed.").fill(
                        r=register, c=name
                    ),
                    Text("可改：{all}。", "These can: {all}.").fill(all=", ".join(columns)),
                )
            else:
                out[name] = _cell(columns[name], raw)
        except Wrong as wrong:
            desk.note("correction", f"{desk.v['id']} {name}", wrong.clash, wrong.remedy)
    return out


def _cell(column: Column, raw: Any) -> Any:
    """Return one value as a column has it. raises Wrong"""
    if raw is None or raw == "":
        if column.nullable:
            return None
        raise Wrong(Text("这一列不能为空。", "this column cannot be empty."), Text("写明值。", "Give a value."))
    kind = "day" if pa.types.is_date(column.type) else "count" if pa.types.is_integer(column.type) else "text"
    value = read_value(f(column.name, kind, "", ""), raw)
    if column.unit.startswith("codes."):
        known = getattr(codes, column.unit.removeprefix("codes."))
        if value not in known:
            raise Wrong(
                Text("“{v}”不在代码表中。", "“{v}” is not in the code list.").fill(v=value),
                Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(known)),
            )
    if column.unit == P3 or column.name == "credit_code":
        found = problem_of({"id_number": "citizen_id", "credit_code": "credit_code"}.get(column.name, column.name), value)
        if found and found.severity == "error":
            raise Wrong(found.clash, found.remedy)
    return value


def _correct_version(desk: Desk, register: str, key: Row, changes: Row | None) -> None:
    now = [r for r in desk.work.find(register, **key) if r["valid_from"] <= desk.on < end_of(r)]
    if not now:
        clash = Text("{d} 没有生效的登记。", "nothing of it holds on {d}.").fill(d=desk.on)
        desk.stop(
            "not_in_force", desk.v["id"], clash, Text("on 写该登记生效期内的一天。", "Let `on` be a day on which the entry holds.")
        )
    desk.work.remove(register, now[0])
    if changes is None:
        return
    made = desk.put(register, **{**now[0], **changes})
    others = [r for r in desk.work.find(register, **key) if content_differs(r, made)]
    met = [r for r in others if r["valid_from"] < end_of(made) and made["valid_from"] < end_of(r)]
    if met:
        clash = Text("更正后与 {d} 起的版本同时生效。", "corrected so, it holds at once with the version from {d}.").fill(
            d=met[0]["valid_from"]
        )
        desk.note("versions", desk.v["id"], clash, Text("先更正另一版本的日期。", "Correct the dates of the other version first."))


def content_differs(row: Row, made: Row) -> bool:
    """Return whether two versions of one object are not the same one."""
    return row["valid_from"] != made["valid_from"] or row["valid_to"] != made["valid_to"]


def _correct_span(desk: Desk, register: str, key: Row, changes: Row | None) -> None:
    since, until = desk.v.get("since", desk.on), desk.v.get("until", FOREVER)
    if until <= since:
        clash = Text("止 {b} 不晚于起 {a}。", "it ends on {b}, not after it begins on {a}.").fill(a=since, b=until)
        desk.stop("dates", desk.v["id"], clash, Text("更正两个日期。", "Correct the two dates."))
    if changes and {"valid_from", "valid_to"} & changes.keys():
        clash = Text("写了 since/until 就不能再改生效日。", "with since or until the days it holds cannot be set too.")
        desk.stop("correction", desk.v["id"], clash, Text("分两件办理。", "Make two deeds of it."))
    desk.work.rewrite(register, key, since, until, changes)


_TO = f(
    "to",
    "shares",
    "受让方",
    "who receives",
    must=True,
    note=("在地块中的份额，如 H2 1/3；只写一方则为全部", "shares of the parcel such as H2 1/3; a name alone takes all"),
)
_CONSENT = f(
    "consent",
    "text",
    "同意文件文号",
    "number of the consent",
    note=("抵押权人或承包方的书面同意", "written consent of the creditor or contract holder"),
)
_DUTIES = f("duties_to", "text", "义务由谁承接", "who takes over the duties")
_RIGHT = f("right_id", "text", "权利编码", "right code", must=True)

SPECS: tuple[DeedSpec, ...] = (
    DeedSpec(
        "grant",
        Text("首次登记", "first registration"),
        Text(
            "在一个地块上登记一类权利，一方或几方，各有份额。",
            "Registers one kind of right on a parcel, for one or several parties with shares.",
        ),
        (
            f("parcel_id", "text", "地块编码", "parcel code", must=True),
            f(
                "kind",
                "text",
                "权利类型",
                "kind of right",
                must=True,
                of=("ownership", "contract", "use"),
                note=("经营权用 lease", "for a management right use lease"),
            ),
            f("to", "shares", "权利人", "holders", must=True, note=("在地块中的份额", "shares of the parcel")),
            f(
                "right_id",
                "text",
                "权利编码",
                "right code",
                note=("不写则由地块、类型、权利人和日期组成", "made of parcel, kind, holder and day if not given"),
            ),
            f("unit_code", "text", "不动产单元代码", "real-estate unit code"),
            f("term_to", "day", "期限届满日", "end of its term"),
        ),
        grant,
        {
            "on": "2024-03-01",
            "source": {"number": "青承包〔2024〕7号", "kind": "contract", "title": "承包合同", "issuer": "石桥村"},
            "parcel_id": "P3",
            "kind": "contract",
            "to": {"H1": "1/2", "H2": "1/2"},
            "term_to": "2054-03-01",
        },
    ),
    DeedSpec(
        "transfer",
        Text("转让", "transfer"),
        Text("把一项权利的全部或一部分转给一方或几方。", "Passes a right or a part of it to one or several parties."),
        (_RIGHT, _TO, _CONSENT, _DUTIES),
        transfer,
        {
            "on": "2024-05-01",
            "source": {"number": "转让〔2024〕3号", "kind": "contract"},
            "right_id": "R1",
            "to": "H2 1/3",
            "duties_to": "H1",
        },
        ("contract", "agreement", "judgment", "decree"),
    ),
    DeedSpec(
        "inherit",
        Text("继承", "inheritance"),
        Text(
            "死者的权利自死亡之日起归继承人；自然人自该日终止。",
            "What the dead held passes to the heirs from the day of death; the person ends that day.",
        ),
        (
            f("from", "text", "被继承人", "the dead", must=True),
            f(
                "heirs",
                "shares",
                "继承人",
                "heirs",
                must=True,
                note=(
                    "各占遗产的几分之几，之和恰为 1；或在地块中的份额，之和恰为所继承的份额",
                    "parts of the inheritance that add up to exactly 1, or shares of the parcel that add up to what is inherited",
                ),
            ),
            f("rights", "names", "权利编码", "right codes", note=("不写则为全部", "all if not given")),
            _DUTIES,
        ),
        inherit,
        {
            "on": "2024-02-10",
            "source": {"number": "继承公证〔2024〕5号", "kind": "will"},
            "from": "N1",
            "heirs": {"N2": "1/2", "N3": "1/2"},
            "duties_to": "N2",
        },
        ("will", "judgment", "agreement"),
        past=True,
    ),
    DeedSpec(
        "lease",
        Text("经营权流转", "lease of the management right"),
        Text(
            "由承包经营权（或使用权）派生经营权，期限在其之内，随其终止。",
            "Gives the management right out of a contract (or use) right, within its term and ending with it.",
        ),
        (
            f("right_id", "text", "承包经营权编码", "code of the contract right", must=True),
            f("to", "text", "经营权人", "who manages", must=True),
            f("term_to", "day", "期限届满日", "end of the term", must=True),
            f(
                "share",
                "share",
                "份额",
                "share of the parcel",
                note=("不写则与承包经营权相同", "that of the contract right if not given"),
            ),
            f("new_right_id", "text", "经营权编码", "code of the management right"),
        ),
        lease,
        {
            "on": "2024-04-01",
            "source": {"number": "流转〔2024〕9号", "kind": "contract"},
            "right_id": "R1",
            "to": "C1",
            "term_to": "2029-04-01",
        },
    ),
    DeedSpec(
        "terminate",
        Text("注销权利", "end of a right"),
        Text(
            "终止一项权利，派生的经营权和抵押随之终止。", "Ends a right, with the management rights and mortgages that rest on it."
        ),
        (_RIGHT, _CONSENT, _DUTIES),
        terminate,
        {"on": "2025-01-01", "source": {"number": "注销〔2025〕1号", "kind": "decree"}, "right_id": "R4"},
    ),
    DeedSpec(
        "correct",
        Text("更正登记", "correction"),
        Text(
            "更正过去的错误：原来记了什么仍可查。on 写该登记生效期内的一天。",
            "Mends a past error; what was recorded stays known. Let `on` be a day on which the entry holds.",
        ),
        (
            f("register", "text", "登记表", "register", must=True, of=CORRECTABLE),
            f("id", "text", "编码", "code of the object", must=True, note=("成员写“组 成员”", "for members “group member”")),
            f("set", "content", "新值", "new values", note=("列名和值；share 写分数", "column and value; share as a fraction")),
            f("since", "day", "更正起日", "corrected from", note=("不写则更正整个版本", "the whole version if not given")),
            f("until", "day", "更正止日", "corrected until"),
            f("strike", "flag", "误登，撤去", "entered in error: strike it out"),
        ),
        correct,
        {
            "on": "2023-06-01",
            "source": {"number": "更正〔2024〕2号", "kind": "decree"},
            "register": "tenure",
            "id": "R2",
            "set": {"share": "1/2"},
        },
        past=True,
    ),
)
