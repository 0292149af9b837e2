"""The way of a payment: states of a row, steps of a batch, who may take which, and why a row waits.

For the office's payment run and for everyone who must see that no step can be passed over. A *row* is what one holder is
owed for one parcel, programme, year and tranche; a *batch* carries rows to the bank in *lines*, one for each payee. The
same moves and steps are stated once more as triggers of the database (`ecoweb.treasury.payments_guards`).

Sources: supervision sheet 3 (separation of duties), 4.1 (abuse cases 3-12), 7 (promises); policy sheet 6.5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ecocomp.terms.codes import region_holds
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

STATES: dict[str, Text] = {
    "ready": Text("待付", "ready"),
    "held": Text("暂缓", "held"),
    "in_file": Text("已入批次", "in a batch"),
    "sent": Text("已送银行", "sent to the bank"),
    "paid": Text("已到账", "paid"),
    "failed": Text("退回", "failed"),
    "unknown": Text("结果不明", "unknown"),
    "cancelled": Text("作废", "cancelled"),
    "reissued": Text("已重发", "reissued"),
}
MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        ("ready", "held"),
        ("held", "ready"),
        ("held", "held"),
        ("ready", "in_file"),
        ("in_file", "ready"),
        ("in_file", "sent"),
        ("sent", "paid"),
        ("sent", "failed"),
        ("sent", "unknown"),
        ("unknown", "paid"),
        ("unknown", "failed"),
        ("paid", "failed"),
        ("failed", "reissued"),
        ("failed", "cancelled"),
        ("ready", "cancelled"),
        ("held", "cancelled"),
    }
)
"""Moves a row can make. `paid` to `failed` is money that came back after it had arrived, by two persons only."""
OPEN = ("ready", "held", "in_file", "sent", "unknown", "failed")
"""States in which a row is still owed."""
COMMITTED = ("in_file", "sent", "unknown", "paid", "failed", "reissued")
"""States in which a row can no longer be taken back by a corrected calculation."""

KINDS: dict[str, Text] = {
    "payment": Text("应付", "payment"),
    "correction": Text("更正补付", "correction"),
    "clawback": Text("扣回", "claw-back"),
    "reissue": Text("重发", "reissue"),
    "release": Text("暂存款发还", "released from escrow"),
    "heir": Text("转付继受人", "paid to a successor"),
}
REASONS: dict[str, Text] = {
    "": Text("", ""),
    "taken_in": Text("随成果包入账", "taken in with the bundle"),
    "objection": Text("成果包载明异议", "the bundle says that an objection holds it"),
    "objection_open": Text("有未决异议", "an objection is open"),
    "objection_upheld": Text("异议成立，等待更正", "an objection was upheld and waits for its correction"),
    "escrow": Text("权属有争议，款项暂存", "title is disputed: kept in escrow"),
    "title_blocked": Text("权属登记不能付款", "the register of rights blocks payment"),
    "title_disputed": Text("登记簿载明权属争议", "the register says the title is disputed"),
    "account_changed": Text("账号新近变更，静置期未满", "the account was changed lately and must rest"),
    "account_shared": Text("同一账号用于多个收款人", "one account is used by several payees"),
    "no_account": Text("没有银行账号", "no bank account"),
    "account_unfit": Text("账号写法不能用", "the account number is not usable"),
    "name_unfit": Text("姓名含不能送银行的字符", "the name holds characters no bank file may carry"),
    "no_party": Text("收款人不在主体登记中", "the payee is not in the register of parties"),
    "payee_ended": Text("收款人已故或已终止，等待继受", "the payee has died or ended; successors are to be found"),
    "clawback": Text("扣回待决定", "a claw-back that waits for a decision"),
    "netted": Text("决定抵扣", "netting was decided"),
    "by_officer": Text("经办人暂缓", "held by an officer"),
    "freed": Text("原因已消除", "the cause is gone"),
    "batched": Text("编入批次", "put into a batch"),
    "batch_cancelled": Text("批次作废", "its batch was cancelled"),
    "released": Text("送银行", "released to the bank"),
    "bank": Text("银行回单", "bank return"),
    "no_answer": Text("银行没有回复", "the bank has not answered"),
    "statement": Text("凭对账单，两人认定", "by a bank statement and two persons"),
    "bounced": Text("到账后退回，两人认定", "came back after it had arrived, by two persons"),
    "mended": Text("原因已改正，重发", "the cause was mended; issued again"),
    "corrected": Text("更正后的计算取代", "replaced by a corrected calculation"),
    "settled": Text("争议已定，发还权利人", "the dispute is settled; released to whom it belongs"),
    "repaid": Text("已缴回", "paid back"),
    "divided": Text("分成两行", "divided into two rows"),
    "given_up": Text("不再重付", "given up"),
    "succeeded": Text("转给继受人", "passed to successors"),
}
"""Why a row is in its state."""
AUTOMATIC = frozenset(
    {
        "title_blocked",
        "title_disputed",
        "account_changed",
        "account_shared",
        "no_account",
        "account_unfit",
        "name_unfit",
        "no_party",
        "payee_ended",
        "objection_open",
        "objection_upheld",
    }
)
"""Reasons that are looked at anew with every batch and go when their cause is gone."""
WAIVABLE = frozenset({"account_shared", "account_changed", "objection_upheld"})
"""Reasons two persons may waive for a payee, on a document: a mandate, a call back to the old contact, and for an objection that
was upheld, that its correction changes no money (it frees what was upheld before the decision, nothing later)."""

STEPS: dict[str, tuple[str, str, Text]] = {
    "made": ("", "maker", Text("编制", "made")),
    "checked": ("made", "checker", Text("复核", "checked")),
    "approved": ("checked", "approver", Text("批准", "approved")),
    "written": ("approved", "releaser", Text("生成银行文件", "bank file written")),
    "compared": ("written", "releaser", Text("与银行副本核对", "compared with the bank's copy")),
    "released": ("compared", "releaser", Text("放行", "released")),
    "reconciled": ("released", "reconciler", Text("登记回单", "bank return posted")),
    "archived": ("reconciled", "reconciler", Text("归档", "archived")),
    "cancelled": ("made", "", Text("作废", "cancelled")),
}
"""Step → (the step before it, the role it needs, its name). The steps of one role may be one person's, those of two never."""
ROLES: dict[str, Text] = {
    "maker": Text("编制人", "maker"),
    "checker": Text("复核人", "checker"),
    "approver": Text("批准人", "approver"),
    "releaser": Text("放行人", "releaser"),
    "reconciler": Text("对账人", "reconciler"),
    "programme": Text("项目主管", "programme office"),
    "township": Text("乡镇经办", "township"),
    "village": Text("村经办", "village clerk"),
    "cadastre": Text("权籍管理", "cadastre"),
    "inspector": Text("核查员", "inspector"),
    "supervisor": Text("监督员", "supervisor"),
    "sysadmin": Text("系统管理员", "system administrator"),
}
MONEY_ROLES = ("maker", "checker", "approver", "releaser", "reconciler")
APPOINTERS = ("sysadmin", "supervisor")
"""Roles that register officers. A person who has one of them and a role that moves money registers nobody."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An account that acts, the person behind it, and what that person may do on a day.

    persons   the person, and whom they act for where their powers are delegated: a step counts as taken by all of them
    roles     roles held now
    rested    roles held for as long as the rules ask before they may be used
    own       parties that are this person, their kin as declared, and households they belong to
    admin     whether any account of the person keeps the system
    rest_hours  for how long the rules ask that a role is held before it may be used
    """

    officer_id: str
    person_id: str
    region_code: str
    roles: frozenset[str]
    rested: frozenset[str]
    persons: frozenset[str]
    own: frozenset[str] = frozenset()
    admin: bool = False
    rest_hours: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken, and by which persons."""

    step: str
    role: str
    officer_id: str
    persons: frozenset[str] = field(default_factory=frozenset)


def step_faults(
    batch: str,
    step: str,
    officer: Officer,
    done: Iterable[Done],
    *,
    region: str = "",
    payees: Collection[str] = (),
    touched: Collection[str] = (),
) -> list[Fault]:
    """Return why an officer may not take a step of a batch now; empty if they may.

    done     steps taken already
    region   region the batch pays in
    payees   parties the batch pays, of those that are the officer's own
    touched  payees whose account the officer's person changed
    """
    taken = list(done)
    faults = order_faults(batch, step, {d.step for d in taken})
    role = STEPS[step][1]
    if role:
        faults += role_faults(officer, role, f"{batch}/{step}", region)
    elif not officer.roles & set(MONEY_ROLES):
        faults += role_faults(officer, "maker", f"{batch}/{step}", region)
    faults += [
        _fault(
            "same_person",
            batch,
            Text("{o} 与办过“{s}”的 {p} 是同一人。", "{o} is the same person as {p}, who took the step “{s}”.").fill(
                o=officer.officer_id, p=d.officer_id, s=STEPS[d.step][2]
            ),
            Text(
                "编制、复核、批准、放行、对账须由不同的人办理。", "Make, check, approve, release and reconcile need five persons."
            ),
        )
        for d in taken
        if role and d.role and d.role != role and d.persons & officer.persons
    ]
    if payees:
        faults.append(
            _fault(
                "own_claim",
                batch,
                Text("批次付款给 {o} 本人或其亲属：{p}。", "The batch pays {o} or their kin: {p}.").fill(
                    o=officer.officer_id, p=", ".join(sorted(payees)[:5])
                ),
                Text("由与收款人无关的人办理。", "Someone who is not a party to it must take the step."),
            )
        )
    if touched and step != "cancelled":
        faults.append(
            _fault(
                "changed_account",
                batch,
                Text("{o} 改过收款人的账号：{p}。", "{o} changed the account of payees: {p}.").fill(
                    o=officer.officer_id, p=", ".join(sorted(touched)[:5])
                ),
                Text("由未经手账号的人办理。", "Someone who did not handle the accounts must take the step."),
            )
        )
    return faults


def order_faults(batch: str, step: str, taken: Collection[str]) -> list[Fault]:
    """Return the fault of a step that is out of its turn: the one before is missing, it was taken, the batch has ended."""
    before = STEPS[step][0]
    last = next((s for s in reversed(STEPS) if s in taken), "")
    over = "cancelled" in taken or "archived" in taken or (step == "cancelled" and "released" in taken)
    if (not before or before in taken) and step not in taken and not over:
        return []
    return [
        _fault(
            "step",
            batch,
            Text("不能“{s}”：批次现处于“{n}”。", "The step “{s}” cannot be taken: the batch is “{n}”.").fill(
                s=STEPS[step][2], n=STEPS[last][2] if last else Text("未编制", "not made")
            ),
            Text("先办“{b}”，一步不能少；状态没有改变。", "Take the step “{b}” first; none is left out. Nothing was changed.").fill(
                b=STEPS[before][2] if before and before not in taken else Text("下一步", "that comes next")
            ),
        )
    ]


def role_faults(officer: Officer, role: str, record: str, region: str = "") -> list[Fault]:
    """Return why an officer may not use a role: not held, granted too lately, another region, keeper of the system."""
    faults = []
    if officer.admin:
        faults.append(
            _fault(
                "sysadmin",
                record,
                Text("{o} 是系统管理员。", "{o} keeps the system.").fill(o=officer.officer_id),
                Text("系统管理员不经手钱款，换人办理。", "Who keeps the system moves no money; someone else must act."),
            )
        )
    if role not in officer.roles:
        faults.append(
            _fault(
                "role",
                record,
                Text("{o} 没有“{r}”职责。", "{o} does not have the role “{r}”.").fill(o=officer.officer_id, r=ROLES[role]),
                Text("由有此职责的人办理，或先登记任命。", "Someone with the role must act, or register the appointment first."),
            )
        )
    elif role not in officer.rested:
        faults.append(
            _fault(
                "role_new",
                record,
                Text("{o} 的“{r}”职责刚刚授予。", "The role “{r}” was granted to {o} only just now.").fill(
                    o=officer.officer_id, r=ROLES[role]
                ),
                Text(
                    "授予后满 {h} 小时再用（规则 payments.role_rest_hours；办公室的 rules 可另定）。",
                    "It may be used {h} hours after it was granted (payments.role_rest_hours; the office's rules may differ).",
                ).fill(h=officer.rest_hours),
            )
        )
    if region and not region_holds(officer.region_code, region):
        faults.append(
            _fault(
                "region",
                record,
                Text("{o} 管辖 {a}，不含 {b}。", "{o} is appointed for {a}, which does not hold {b}.").fill(
                    o=officer.officer_id, a=officer.region_code, b=region
                ),
                Text("由该地区的人办理。", "An officer of that region must act."),
            )
        )
    return faults


def _fault(code: str, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"payments.{code}", "payments", record, clash, remedy)
