"""Deeds on what lies on rights and parcels: mortgages, restrictions, compensation contracts with their duties.

References: Civil Code of China, art. 342, 394-419 (mortgages, their ranks); Decree 367 (2002), art. 24 (contract with the
holder of the contract right); Ziranzifa (2022) 191 (duty of tending).
"""

from __future__ import annotations

from ecocomp.tenure.acts.moving import refuse_disputed
from ecocomp.tenure.deed_spec import DeedSpec, f
from ecocomp.tenure.desk import Desk
from ecocomp.terms.codes import RESTRICTION_KINDS
from ecocomp.terms.text import Text


def mortgage(desk: Desk) -> None:
    """Register a mortgage on a right."""
    v = desk.v
    right = desk.right(v["right_id"])
    desk.party(v["creditor_id"])
    desk.free("mortgage", {"mortgage_id": v["mortgage_id"]})
    refuse_disputed(desk, right)
    if right["kind"] == "ownership":
        clash = Text("土地所有权不能抵押（民法典第 399 条）。", "ownership of land cannot be mortgaged (Civil Code, art. 399).")
        desk.note("not_mortgageable", right["right_id"], clash, Text("更正权利编码。", "Correct the right code."))
    taken = {m["rank"]: m["mortgage_id"] for m in desk.work.since("mortgage", desk.on, right_id=right["right_id"])}
    rank = v.get("rank", max(taken, default=0) + 1)
    if rank in taken:
        clash = Text("顺位 {r} 已由 {m} 占用。", "the rank {r} is taken by {m}.").fill(r=rank, m=taken[rank])
        desk.note("rank", v["mortgage_id"], clash, Text("换一个顺位，或不写。", "Use another rank, or give none."))
    desk.settle()
    desk.put(
        "mortgage",
        mortgage_id=v["mortgage_id"],
        right_id=right["right_id"],
        creditor_id=v["creditor_id"],
        amount_fen=v["amount_yuan"],
        rank=rank,
        document=desk.document,
        valid_to=right["valid_to"],
    )


def discharge(desk: Desk) -> None:
    """End a mortgage."""
    desk.object("mortgage", "mortgage_id", desk.v["mortgage_id"], Text("抵押", "mortgage"))
    desk.change("mortgage", {"mortgage_id": desk.v["mortgage_id"]}, None)


def impose(desk: Desk) -> None:
    """Register a restriction on one parcel, or with a layer of its own."""
    v = desk.v
    desk.free("restriction", {"restriction_id": v["restriction_id"]})
    if bool(v.get("parcel_id")) == bool(v.get("edition_id")):
        clash = Text("地块与图层版次应恰写一个。", "exactly one of parcel and layer edition should be given.")
        desk.note(
            "ground",
            v["restriction_id"],
            clash,
            Text("只限一个地块写 parcel_id，有图层写 edition_id。", "Give parcel_id for one parcel, edition_id for a layer."),
        )
    if v.get("parcel_id"):
        desk.parcel(v["parcel_id"])
    desk.settle()
    names = ("restriction_id", "kind", "name", "category", "parcel_id", "edition_id", "reason", "authority", "adopted_on")
    desk.put("restriction", **{n: v.get(n) for n in names}, document=desk.document, valid_to=v.get("until"))


def lift(desk: Desk) -> None:
    """End a restriction."""
    desk.object("restriction", "restriction_id", desk.v["restriction_id"], Text("限制", "restriction"))
    desk.change("restriction", {"restriction_id": desk.v["restriction_id"]}, None)


def sign_duty(desk: Desk) -> None:
    """Register a compensation contract with its duty."""
    v = desk.v
    desk.party(v["holder_id"])
    desk.parcel(v["parcel_id"])
    desk.free("duty", {"contract_id": v["contract_id"]})
    if not any(r["holder_id"] == v["holder_id"] for r in desk.work.on("tenure", desk.on, parcel_id=v["parcel_id"])):
        clash = Text("{h} 在地块 {p} 没有权利。", "{h} holds no right on parcel {p}.").fill(h=v["holder_id"], p=v["parcel_id"])
        remedy = Text("先登记权利，或更正义务人。", "Register the right first, or correct who owes it.")
        desk.note("no_right", v["contract_id"], clash, remedy, "warning")
    desk.settle()
    names = ("contract_id", "holder_id", "parcel_id", "programme", "duty")
    desk.put(
        "duty", **{n: v[n] for n in names}, signed_on=v.get("signed_on", desk.on), source_id=desk.source_id, valid_to=v.get("until")
    )


def end_duty(desk: Desk) -> None:
    """End a compensation contract."""
    desk.object("duty", "contract_id", desk.v["contract_id"], Text("合同", "contract"))
    desk.change("duty", {"contract_id": desk.v["contract_id"]}, None)


_MORTGAGE = f("mortgage_id", "text", "抵押编码", "mortgage code", must=True)
_RESTRICTION = f("restriction_id", "text", "限制编码", "restriction code", must=True)
_CONTRACT = f("contract_id", "text", "合同编码", "contract code", must=True)

SPECS: tuple[DeedSpec, ...] = (
    DeedSpec(
        "mortgage",
        Text("抵押登记", "mortgage"),
        Text("在一项权利上设定抵押。", "Lays a mortgage on a right."),
        (
            _MORTGAGE,
            f("right_id", "text", "权利编码", "right code", must=True),
            f("creditor_id", "text", "抵押权人", "creditor", must=True),
            f("amount_yuan", "yuan", "担保金额（元）", "amount secured (yuan)", must=True),
            f("rank", "count", "顺位", "rank", note=("不写则排在最后", "the last if not given")),
        ),
        mortgage,
        {
            "on": "2024-04-01",
            "source": {"number": "抵押合同 31", "kind": "contract"},
            "mortgage_id": "M1",
            "right_id": "R1",
            "creditor_id": "B1",
            "amount_yuan": 50000,
        },
    ),
    DeedSpec(
        "discharge",
        Text("注销抵押", "discharge of a mortgage"),
        Text("终止一项抵押。", "Ends a mortgage."),
        (_MORTGAGE,),
        discharge,
        {"on": "2025-04-01", "source": {"number": "结清证明 31", "kind": "certificate"}, "mortgage_id": "M9"},
    ),
    DeedSpec(
        "impose_restriction",
        Text("设定限制", "impose a restriction"),
        Text(
            "红线、永久基本农田、禁牧、留白等，限一个地块或有自己的图层。",
            "Red line, permanent farmland, grazing ban, reserve and so on, on one parcel or with a layer of its own.",
        ),
        (
            _RESTRICTION,
            f("kind", "text", "类型", "kind", must=True, of=RESTRICTION_KINDS),
            f("name", "text", "名称", "name", must=True),
            f("category", "text", "类别", "category"),
            f("parcel_id", "text", "地块编码", "parcel code"),
            f("edition_id", "text", "图层版次", "edition of its layer"),
            f("reason", "text", "理由", "reason", must=True),
            f("authority", "text", "批准机关", "authority", must=True),
            f("adopted_on", "day", "批准日", "adopted on"),
            f("until", "day", "止日", "until"),
        ),
        impose,
        {
            "on": "2024-01-01",
            "source": {"number": "青政发〔2024〕2号", "kind": "decree"},
            "restriction_id": "L1",
            "kind": "grazing_ban",
            "name": "北坡禁牧",
            "parcel_id": "P1",
            "reason": "草场退化",
            "authority": "青溪县人民政府",
            "until": "2029-01-01",
        },
    ),
    DeedSpec(
        "lift_restriction",
        Text("解除限制", "lift a restriction"),
        Text("终止一项限制。", "Ends a restriction."),
        (_RESTRICTION,),
        lift,
        {"on": "2025-01-01", "source": {"number": "青政发〔2025〕1号", "kind": "decree"}, "restriction_id": "L9"},
    ),
    DeedSpec(
        "sign_duty",
        Text("签订补偿合同", "sign a compensation contract"),
        Text("登记补偿合同和管护义务。", "Registers a compensation contract and its duty."),
        (
            _CONTRACT,
            f("holder_id", "text", "义务人", "who owes it", must=True),
            f("parcel_id", "text", "地块编码", "parcel code", must=True),
            f("programme", "text", "项目", "programme", must=True),
            f("duty", "text", "管护义务", "duty", must=True),
            f("signed_on", "day", "签订日", "signed on", note=("不写则为生效日", "the day it takes effect if not given")),
            f("until", "day", "止日", "until"),
        ),
        sign_duty,
        {
            "on": "2024-01-01",
            "source": {"number": "公益林合同 7", "kind": "contract"},
            "contract_id": "K2",
            "holder_id": "H2",
            "parcel_id": "P2",
            "programme": "welfare_forest",
            "duty": "管护",
            "until": "2029-01-01",
        },
    ),
    DeedSpec(
        "end_duty",
        Text("终止补偿合同", "end a compensation contract"),
        Text("终止一份补偿合同。", "Ends a compensation contract."),
        (_CONTRACT,),
        end_duty,
        {"on": "2025-01-01", "source": {"number": "解除通知 2", "kind": "notice"}, "contract_id": "K1"},
    ),
)
