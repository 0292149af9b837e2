"""Deeds on parties: register, change, end; members and shares of groups; households that divide or join.

References: Civil Code of China, art. 55-56 (households), 297-309 (co-owners); Rural Land Contracting Law (2018), art. 16
(members of a household hold its contract right together).
"""

from __future__ import annotations

from collections.abc import Iterable

from ecocomp.tenure.acts.membership import check_group, end_party, leave
from ecocomp.tenure.acts.moving import divide, parts_of
from ecocomp.tenure.codes import problem_of
from ecocomp.tenure.deed_spec import DeedSpec, f
from ecocomp.tenure.desk import Desk
from ecocomp.tenure.versions import Row, share_of
from ecocomp.terms.codes import MEMBER_ROLES, PARTY_KINDS
from ecocomp.terms.text import Text

_NUMBERS = {
    "credit_code": "credit_code",
    "id_number": "citizen_id",
    "account": "account",
    "phone": "phone",
    "region_code": "region_code",
}


def _party_values(desk: Desk) -> Row:
    """Return the columns of a party that the deed gives, after checking its numbers; no number is repeated in a fault."""
    v = desk.v
    for field, kind in _NUMBERS.items():
        found = problem_of(kind, v[field]) if v.get(field) else None
        if found:
            desk.note(found.code, f"{v['party_id']} {field}", found.clash, found.remedy, found.severity)
    names = ("kind", "name", "region_code", "members", "credit_code", "id_number", "account", "phone")
    out = {n: v[n] for n in names if n in v}
    return out | ({"income_fen": v["income_yuan"]} if "income_yuan" in v else {})


def register_party(desk: Desk) -> None:
    """Register a party."""
    desk.free("party", {"party_id": desk.v["party_id"]})
    values = _party_values(desk)
    desk.settle()
    desk.put("party", party_id=desk.v["party_id"], **values)


def change_party(desk: Desk) -> None:
    """Change what is registered of a party from the day on: a new name, village, account, number of people."""
    desk.party(desk.v["party_id"])
    values = _party_values(desk)
    if not values:
        clash = Text("没有写要改什么。", "it does not say what to change.")
        desk.note("correction", desk.v["party_id"], clash, Text("写明新值。", "Give the new values."))
    desk.settle()
    desk.change("party", {"party_id": desk.v["party_id"]}, values)


def close_party(desk: Desk) -> None:
    """End a party: death, dissolution. Rights it still holds are named, not passed on."""
    party_id = desk.v["party_id"]
    desk.party(party_id)
    desk.settle()
    left = list(dict.fromkeys(r["right_id"] for r in desk.work.since("tenure", desk.on, holder_id=party_id)))
    if left:
        clash = Text("名下仍有权利：{r}。", "still holds rights: {r}.").fill(r=", ".join(left[:20]))
        remedy = Text("办理继承、转让或注销；此前不能付款。", "Record inheritance, transfer or end; until then nobody can be paid.")
        desk.note("rights_left", party_id, clash, remedy, "warning")
    end_party(desk, party_id)


def set_members(desk: Desk) -> None:
    """Set the members of a household or group from the day on, with roles and shares; those not named leave."""
    group, said = desk.v["group_id"], desk.v["members"]
    party = desk.party(group, ("household", "group"))
    for member, (role, _) in said.items():
        desk.party(member)
        if role not in MEMBER_ROLES:
            clash = Text("身份“{v}”不在代码表中。", "the role “{v}” is not in the code list.").fill(v=role)
            desk.note("code", member, clash, Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(MEMBER_ROLES)))
    desk.settle()
    leave(desk, group, [r["member_id"] for r in desk.work.since("member", desk.on, group_id=group)])
    for member, (role, share) in said.items():
        num, den = (None, None) if share is None else (share.numerator, share.denominator)
        desk.put("member", group_id=group, member_id=member, role=role, share_num=num, share_den=den)
    if party and party["kind"] == "household":
        _one_home(desk, list(said))
        desk.change("party", {"party_id": group}, {"members": len(said)})
    check_group(desk, group)


def _one_home(desk: Desk, members: Iterable[str]) -> None:
    """Note a fault for each member who belongs to another household too, on the day or later."""
    clash = Text("同时是 {g} 户的成员。", "belongs to the household {g} too.")
    remedy = Text("先写明离开前一户，或更正成员。", "Let them leave the first household, or correct the members.")
    for member in members:
        homes = list(dict.fromkeys(r["group_id"] for r in desk.work.since("member", desk.on, member_id=member)))
        homes = [g for g in homes if any(p["kind"] == "household" for p in desk.work.find("party", party_id=g))]
        if len(homes) > 1:
            desk.note("two_households", member, clash.fill(g=" / ".join(homes)), remedy)


def _count(desk: Desk, household: str) -> int:
    return len(desk.work.on("member", desk.on, group_id=household))


def _recount(desk: Desk, household: str, before: int) -> None:
    """Write how many people a household has: its number changes as the registered members do since there were `before`."""
    count = _count(desk, household)
    row = next(iter(desk.work.on("party", desk.on, party_id=household)), None)
    if row is None or count == before:
        return
    told = row["members"]
    desk.change("party", {"party_id": household}, {"members": count if told is None else max(count, told + count - before)})


# ---------------------------------------------------------------- households that divide or join
def split_household(desk: Desk) -> None:
    """Divide a household: members, rights and duties go where the deed says; nothing may be left unsaid."""
    old = desk.v["from"]
    desk.party(old, ("household",))
    people, rights, duties = desk.v.get("members", {}), desk.v.get("rights", {}), desk.v.get("duties", {})
    takers = dict.fromkeys([*people.values(), *(h for s in rights.values() for h in s), *duties.values()])
    for home in takers:
        desk.party(home, ("household",))
    if not set(takers) - {old}:
        clash = Text("没有写分出的户。", "it names no household that is split off.")
        desk.note("not_divided", old, clash, Text("写明新户及其所得。", "Name the new household and what it gets."))
    now = {r["member_id"]: r for r in desk.work.on("member", desk.on, group_id=old)}
    held = {r["right_id"]: r for r in desk.work.on("tenure", desk.on, holder_id=old)}
    owed = {r["contract_id"]: r for r in desk.work.on("duty", desk.on, holder_id=old)}
    for word, said, have in (
        (Text("成员", "member"), people, now),
        (Text("权利", "right"), rights, held),
        (Text("合同", "contract"), duties, owed),
    ):
        _all_said(desk, old, word, set(said), set(have))
    desk.settle()
    for right_id, shares in rights.items():
        right = desk.right(right_id)
        divide(desk, right, parts_of(desk, right_id, share_of(right), shares, whole=True))
    for contract, home in duties.items():
        _pass_duty(desk, contract, home)
    before = {home: _count(desk, home) for home in (old, *takers)}
    _move_members(desk, now, people)
    for home, count in before.items():
        _recount(desk, home, count)
    if old not in takers:
        end_party(desk, old)


def _all_said(desk: Desk, old: str, word: Text, said: set[str], have: set[str]) -> None:
    for one in sorted(have - said):
        clash = Text("{o} 户的{w}没有写归谁。", "it is not said who gets this {w} of {o}.").fill(o=old, w=word)
        desk.note("not_allocated", one, clash, Text("逐项写明。", "Say it for each."))
    for one in sorted(said - have):
        clash = Text("{d} 不是 {o} 户的{w}。", "is no {w} of {o} on {d}.").fill(d=desk.on, o=old, w=word)
        desk.note("not_holder", one, clash, Text("更正编码。", "Correct the code."))


def _pass_duty(desk: Desk, contract: str, home: str) -> None:
    if any(r["holder_id"] != home for r in desk.work.since("duty", desk.on, contract_id=contract)):
        desk.change("duty", {"contract_id": contract}, {"holder_id": home, "source_id": desk.source_id})


def _move_members(desk: Desk, now: dict[str, Row], to: dict[str, str]) -> None:
    """Let members leave one household and join another with the role they had; a second head becomes another member."""
    for member, home in to.items():
        row = now[member]
        if home == row["group_id"]:
            continue
        leave(desk, row["group_id"], [member])
        heads = any(r["role"] == "head" for r in desk.work.on("member", desk.on, group_id=home))
        role = "other" if row["role"] == "head" and heads else row["role"]
        desk.put("member", group_id=home, member_id=member, role=role, share_num=None, share_den=None)


def merge_households(desk: Desk) -> None:
    """Join households: members, rights and duties of all go to one; the others end."""
    into = desk.v["into"]
    old = [h for h in desk.v["from"] if h != into]
    for home in (into, *old):
        desk.party(home, ("household",))
    desk.settle()
    before = _count(desk, into)
    for home in old:
        for right_id in dict.fromkeys(r["right_id"] for r in desk.work.on("tenure", desk.on, holder_id=home)):
            right = desk.right(right_id)
            divide(desk, right, parts_of(desk, right_id, share_of(right), {into: share_of(right)}, whole=True))
        for contract in dict.fromkeys(r["contract_id"] for r in desk.work.since("duty", desk.on, holder_id=home)):
            _pass_duty(desk, contract, into)
        now = {r["member_id"]: r for r in desk.work.on("member", desk.on, group_id=home)}
        _move_members(desk, now, dict.fromkeys(now, into))
        end_party(desk, home)
    _recount(desk, into, before)


_PARTY = f("party_id", "text", "主体编码", "party code", must=True)
_NAME = (
    f("members", "count", "人口", "number of people"),
    f("income_yuan", "yuan", "家庭年收入（元）", "household income per year (yuan)"),
    f("credit_code", "secret", "统一社会信用代码", "unified social credit code"),
    f("id_number", "secret", "公民身份号码", "citizen identity number"),
    f("account", "secret", "银行账号", "bank account"),
    f("phone", "secret", "电话", "telephone"),
)

SPECS: tuple[DeedSpec, ...] = (
    DeedSpec(
        "register_party",
        Text("登记主体", "register a party"),
        Text(
            "登记户、自然人、集体、单位、企业、共有人组或金融机构。",
            "Registers a household, person, collective, unit, company, group or bank.",
        ),
        (
            _PARTY,
            f("kind", "text", "类型", "kind", must=True, of=PARTY_KINDS),
            f("name", "text", "姓名或名称", "name", must=True),
            f("region_code", "text", "所在村或地区代码", "code of its village or region", must=True),
            *_NAME,
        ),
        register_party,
        {
            "on": "2024-01-15",
            "source": {"number": "户口簿 0007", "kind": "certificate"},
            "party_id": "H7",
            "kind": "household",
            "name": "云七",
            "region_code": "990121001001",
            "members": 3,
        },
        past=True,
    ),
    DeedSpec(
        "change_party",
        Text("变更主体", "change a party"),
        Text("自某日起变更名称、所在村、账号、人口等。", "Changes name, village, account, number of people and so on from a day."),
        (
            _PARTY,
            f("name", "text", "姓名或名称", "name"),
            f("region_code", "text", "所在村或地区代码", "code of its village or region"),
            *_NAME,
        ),
        change_party,
        {"on": "2024-06-01", "source": {"number": "变更〔2024〕6号", "kind": "other"}, "party_id": "H1", "name": "云一（更名）"},
    ),
    DeedSpec(
        "end_party",
        Text("主体终止", "end of a party"),
        Text("死亡、注销、解散。名下权利另件办理。", "Death, dissolution. Its rights pass by other deeds."),
        (_PARTY,),
        close_party,
        {"on": "2024-02-10", "source": {"number": "死亡证明 118", "kind": "certificate"}, "party_id": "N4"},
        past=True,
    ),
    DeedSpec(
        "set_members",
        Text("登记成员", "set members"),
        Text(
            "自某日起户或共有人组的全部成员；未写的离开。", "All members of a household or group from a day; those not named leave."
        ),
        (
            f("group_id", "text", "户或共有组编码", "code of the household or group", must=True),
            f(
                "members",
                "members",
                "成员",
                "members",
                must=True,
                note=("成员、身份、份额，如 N1 head; N2 spouse", "member, role, share such as N1 head; N2 spouse"),
            ),
        ),
        set_members,
        {
            "on": "2024-01-15",
            "source": {"number": "共有协议 3", "kind": "agreement"},
            "group_id": "G1",
            "members": {"N1": "co_owner 1/3", "N2": "co_owner 2/3"},
        },
    ),
    DeedSpec(
        "split_household",
        Text("分户", "division of a household"),
        Text(
            "成员、权利、义务逐项写明归谁；原户可为其中之一，否则终止。",
            "Says for each member, right and duty who gets it; the old household may be one of them, else it ends.",
        ),
        (
            f("from", "text", "原户", "household that divides", must=True),
            f("members", "places", "成员归属", "members go to", note=("成员 户", "member household")),
            f("rights", "allocation", "权利分配", "rights go to", note=("如 R1: H1 1/2, H7 1/2", "such as R1: H1 1/2, H7 1/2")),
            f("duties", "places", "合同归属", "contracts go to"),
        ),
        split_household,
        {
            "on": "2024-07-01",
            "source": {"number": "分户协议 12", "kind": "agreement"},
            "from": "H1",
            "members": {"M1": "H1", "M2": "H3"},
            "rights": {"R1": {"H1": "1/2", "H3": "1/2"}, "P5~contract~H1~20200101": {"H1": "1"}},
            "duties": {"K1": "H1"},
        },
        ("agreement", "judgment", "certificate", "decree"),
    ),
    DeedSpec(
        "merge_households",
        Text("并户", "joining of households"),
        Text("成员、权利、义务并入一户，其余各户终止。", "Members, rights and duties go to one household; the others end."),
        (
            f("from", "names", "并入的户", "households that join", must=True),
            f("into", "text", "并成的户", "household they join", must=True),
        ),
        merge_households,
        {"on": "2024-07-01", "source": {"number": "并户申请 4", "kind": "agreement"}, "from": ["H1", "H2"], "into": "H1"},
        ("agreement", "judgment", "certificate", "decree"),
    ),
)
