"""What is asked of payments: batches, rows, one payment taken apart, the villager's letter, arrears, and whether all is sound."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecocomp.governance.objections import KINDS as OBJECTION_KINDS
from ecocomp.governance.objections import OUTCOMES
from ecocomp.governance.why import Account, Why
from ecocomp.payments.flow import KINDS, REASONS, STATES, STEPS
from ecocomp.payments.payable import arrears_fen_days
from ecocomp.terms.area import say_ha, say_mu
from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.codes import INSPECTION_LEVELS, INSPECTION_RESULTS
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.money import say_capital, say_yuan
from ecocomp.terms.text import Text, same
from ecoweb.office import Office
from ecoweb.records.fields import from_micros
from ecoweb.records.log import DIGEST_BYTES
from ecoweb.treasury.payments_base import MARK_BYTES, TRACED, columns_of, fetch, lines_of, mark
from ecoweb.treasury.payments_batch import content_digest, find_batch
from ecoweb.treasury.payments_folder import clear_cancelled
from ecoweb.treasury.payments_mend import Row, rows_where, sources_of
from ecoweb.treasury.payments_take import row_digest

if TYPE_CHECKING:
    from ecocomp.programmes.programme import Programme


# ---------------------------------------------------------------- lists
def list_batches(office: Office) -> list[dict[str, Any]]:
    """Return the batches with the step they have come to and how their rows stand."""
    with office.reading() as cursor:
        cursor.execute("SELECT seq, batch_id, region_code, purpose, rows, lines, sum_fen, digest FROM pay_batch ORDER BY seq")
        names = ("seq", "batch_id", "region_code", "purpose", "rows", "lines", "sum_fen", "digest")
        found = [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]
        for b in found:
            seq = b.pop("seq")
            cursor.execute("SELECT step FROM pay_step WHERE batch = %s ORDER BY seq DESC LIMIT 1", [seq])
            b["step"] = str(cursor.fetchone()[0])
            cursor.execute(
                "SELECT s.state, count(*) FROM pay_slip p JOIN pay_state s ON s.row = p.row WHERE p.batch = %s GROUP BY s.state",
                [seq],
            )
            b["states"] = {str(s): int(n) for s, n in sorted(cursor.fetchall())}
    return found


def list_rows(
    office: Office, *, state: str = "", payee: str = "", year: int | None = None, most: int = 1000
) -> list[dict[str, Any]]:
    """Return payable rows, the first of them, by state, payee and year."""
    where: list[str] = ["1 = 1"]
    params: list[Any] = []
    for column, value in (("s.state", state), ("r.payee_id", payee), ("r.year", year)):
        if value not in ("", None):
            where.append(f"{column} = %s")
            params.append(value)
    with office.reading() as cursor:
        rows = rows_where(
            cursor,
            f"{' AND '.join(where)} AND r.seq IN (SELECT r.seq FROM pay_row r JOIN pay_state s ON s.row = r.seq WHERE {' AND '.join(where)} ORDER BY r.seq LIMIT {int(most)})",  # noqa: E501
            [*params, *params],
        )
    return [{k: v for k, v in r.items() if k not in ("seq", "batch", "intake")} for r in rows]


def summary(office: Office) -> list[dict[str, Any]]:
    """Return rows and money by year, programme, state and reason."""
    with office.reading() as cursor:
        cursor.execute(
            "SELECT r.year, r.programme, s.state, s.reason, count(*), sum(r.amount_fen) FROM pay_row r JOIN pay_state s ON s.row = r.seq"  # noqa: E501
            " GROUP BY r.year, r.programme, s.state, s.reason ORDER BY 1, 2, 3, 4"
        )
        names = ("year", "programme", "state", "reason", "rows", "sum_fen")
        return [dict(zip(names, (y, p, s, w, int(n), int(f)), strict=True)) for y, p, s, w, n, f in cursor.fetchall()]


def list_decisions(office: Office) -> list[dict[str, Any]]:
    """Return proposals and whether they were confirmed."""
    with office.reading() as cursor:
        cursor.execute(
            "SELECT d.seq, d.kind, d.subject, d.outcome, d.amount_fen, d.document, d.officer_id, e.officer_id FROM pay_decision d"
            " LEFT JOIN pay_decision e ON e.confirms = d.seq WHERE d.confirms IS NULL ORDER BY d.seq"
        )
        names = ("number", "kind", "subject", "outcome", "amount_fen", "document", "proposed_by", "confirmed_by")
        return [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]


def show_batch(office: Office, batch_id: str) -> dict[str, Any]:
    """Return a batch with its steps, file, sources, returns and what was set aside.

    A step has the login of the machine under which its command was typed ("" where it was none, or the log no longer says);
    `shared_logins` are those under which several persons took steps.
    """
    with office.reading() as cursor:
        seq, found = find_batch(cursor, batch_id)
        out: dict[str, Any] = {k: (v.isoformat() if isinstance(v, date) else v) for k, v in found.items() if k != "seq"}
        cursor.execute(
            "SELECT t.step, t.role, t.officer_id, t.person_id, t.for_person, t.note, c.at, t.change FROM pay_step t JOIN change c"
            " ON c.seq = t.change WHERE t.batch = %s ORDER BY t.seq",
            [seq],
        )
        names: tuple[str, ...] = ("step", "role", "officer_id", "person_id", "for_person", "note", "at", "change")
        out["steps"] = [dict(zip(names, r, strict=True)) | {"at": from_micros(r[6]).isoformat()} for r in cursor.fetchall()]
        for step in out["steps"]:
            step["login"] = _login(cursor, int(step["change"]))
        out["shared_logins"] = _shared_logins(out["steps"])
        cursor.execute("SELECT name, encoding, bytes, sha256, lines, sum_fen, codes_sha256 FROM pay_file WHERE batch = %s", [seq])
        row = cursor.fetchone()
        names = ("name", "encoding", "bytes", "sha256", "lines", "sum_fen", "codes_sha256")
        out["file"] = None if row is None else dict(zip(names, row, strict=True))
        cursor.execute(
            "SELECT x.envelope_id, sum(x.amount_fen) FROM pay_slip p JOIN pay_source x ON x.row = p.row WHERE p.batch = %s"
            " GROUP BY x.envelope_id ORDER BY x.envelope_id",
            [seq],
        )
        out["sources"] = {str(e): int(f) for e, f in cursor.fetchall()}
        cursor.execute(
            "SELECT s.state, count(*) FROM pay_slip p JOIN pay_state s ON s.row = p.row WHERE p.batch = %s GROUP BY s.state", [seq]
        )
        out["states"] = {str(s): int(n) for s, n in sorted(cursor.fetchall())}
        cursor.execute("SELECT name, rows, posted, parked, officer_id, change FROM pay_return WHERE batch = %s ORDER BY seq", [seq])
        names = ("name", "rows", "posted", "parked", "officer_id", "change")
        out["returns"] = [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]
        cursor.execute(
            "SELECT k.place, k.batch, k.no, k.amount_fen, k.outcome, k.why FROM pay_parked k JOIN pay_return t ON t.seq = k.bank_return"  # noqa: E501
            " WHERE t.batch = %s ORDER BY k.seq",
            [seq],
        )
        names = ("place", "batch", "line", "amount_fen", "outcome", "why")
        out["parked"] = [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]
    return out


def _login(cursor: Any, change: int) -> str:
    """Return under which account of the machine a change was asked for, as the log's payload says."""
    cursor.execute("SELECT payload FROM audit_payload WHERE seq = %s", [change])
    row = cursor.fetchone()
    return "" if row is None else str(json.loads(bytes(row[0]).partition(b"\n")[0]).get("login", ""))


def _shared_logins(steps: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the logins under which more than one person took steps, with the persons."""
    persons: dict[str, set[str]] = {}
    for step in steps:
        if step["login"]:
            persons.setdefault(step["login"], set()).add(str(step["person_id"]))
    return {login: sorted(found) for login, found in sorted(persons.items()) if len(found) > 1}


# ---------------------------------------------------------------- one payment
def explain(office: Office, id: str, bundle: Path | None = None) -> Why:
    """Return the account of a payment row, a payee, an entitlement, or a line of a batch, from the money back to the documents.

    bundle  the bundle it was calculated in: then area, rate and rule files are told too
    raises  FaultsError when nothing is known of the id, or the bundle is not the one that was taken in
    """
    with office.reading() as cursor:
        rows = _rows_of(cursor, id)
        if not rows:
            said = Text("没有这个编码的付款。", "No payment is known by this code.")
            remedy = Text(
                "可用付款行、应付、收款人、地块编码，或 批次/行号。",
                "Use the code of a payment row, entitlement, payee or parcel, or BATCH/LINE.",
            )
            raise FaultsError([Fault("payments.unknown_id", "payments", id, said, remedy)])
        live = [r for r in rows if r["state"] not in ("cancelled", "reissued")]
        head = Why(
            Text("{i}：付款 {n} 行", "{i}: {n} payment rows").fill(i=id, n=len(rows)), _yuan(sum(r["amount_fen"] for r in live))
        )
        sources = sources_of(cursor, (r["seq"] for r in rows))
        files = _files(office)
        for row in rows:
            file = files.get(row["programme"].partition(".")[0])
            level = str(file.inspection["level"]) if file is not None and file.inspection else ""
            _explain_row(cursor, head, row, sources.get(row["seq"], []), level)
        roots = {r["intake"] for r in rows}
        for intake in sorted(roots):
            cursor.execute("SELECT bundle, root, change FROM pay_intake WHERE seq = %s", [intake])
            found = cursor.fetchone()
            if found is not None:
                head.add(
                    Text("依据成果包 {b}，存证点 {r}…，变更 {c}", "By bundle {b}, checkpoint {r}…, change {c}").fill(
                        b=found[0], r=str(found[1])[:16], c=found[2]
                    )
                )
        entitlements = sorted({e for parts in sources.values() for e, _, _ in parts})
    if bundle is not None:
        _calculation(office, head, bundle, entitlements)
    return head


def _rows_of(cursor: Any, id: str) -> list[Row]:
    for where, params in (
        ("r.row_id = %s", [id]),
        ("r.seq IN (SELECT x.row FROM pay_source x WHERE x.entitlement_id = %s)", [id]),
        ("%s IN (r.payee_id, r.holder_id)", [id]),
        ("r.parcel_id = %s", [id]),
    ):
        if rows := rows_where(cursor, where, params):
            return rows
    batch, _, line = id.rpartition("/")
    if line.isdecimal() and len(line) < 10:
        return rows_where(
            cursor,
            "r.seq IN (SELECT p.row FROM pay_slip p JOIN pay_batch b ON b.seq = p.batch WHERE b.batch_id = %s AND p.line = %s)",
            [batch, int(line)],
        )
    return []


def _explain_row(cursor: Any, head: Why, row: Row, parts: Sequence[tuple[str, str, int]], level: str) -> None:
    state = STATES[row["state"]]
    reason = REASONS.get(row["reason"], same(row["reason"]))
    said = Text("{i}：{k}，{s}（{r}）", "{i}: {k}, {s} ({r})")
    node = head.add(said.fill(i=row["row_id"], k=KINDS[row["kind"]], s=state, r=reason), _yuan(row["amount_fen"]))
    node.add(
        Text("权利人 {h}，收款人 {p}，地块 {l}，{g} {y} 年", "holder {h}, payee {p}, parcel {l}, {g} {y}").fill(
            h=row["holder_id"], p=row["payee_id"], l=row["parcel_id"], g=row["programme"], y=row["year"]
        )
    )
    money = node.add(Text("钱从哪里来", "where the money comes from"))
    for entitlement, envelope, fen in parts:
        name, paper = _fund(cursor, envelope, row["year"])
        money.add(
            Text("{n}（资金包 {e}，{d}），应付 {i}", "{n} (envelope {e}, {d}), entitlement {i}").fill(
                n=name, e=envelope, d=paper, i=entitlement
            ),
            _yuan(fen),
        )
    _events(cursor, node, row, {entitlement for entitlement, _, _ in parts}, level)


def _events(cursor: Any, node: Why, row: Row, entitlements: set[str], level: str) -> None:
    """Add what happened to a row: accepted, put on notice, objected to, moved, batched, answered by the bank."""
    events = node.add(Text("经过", "what happened"))
    _accepted(cursor, events, row, entitlements, level)
    _published(cursor, events, row)
    cursor.execute(
        "SELECT e.to_state, e.reason, e.note, c.at, c.actor, c.seq, b.batch_id, p.line FROM pay_event e JOIN change c ON c.seq = e.change"  # noqa: E501
        " LEFT JOIN pay_batch b ON b.seq = e.batch LEFT JOIN pay_slip p ON p.batch = e.batch AND p.row = e.row WHERE e.row = %s ORDER BY e.n",  # noqa: E501
        [row["seq"]],
    )
    batches = set()
    for state, reason, note, at, actor, change, batch, line in cursor.fetchall():
        when = from_micros(at).astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
        where = Text("，批次 {b} 第 {n} 行", ", batch {b} line {n}").fill(b=batch, n=line) if batch else same("")
        said = Text("{t} {s}：{r}{w}，{u}（变更 {c}）{n}", "{t} {s}: {r}{w}, {u} (change {c}){n}")
        events.add(
            said.fill(
                t=when,
                s=STATES[state],
                r=REASONS.get(reason, same(reason)),
                w=where,
                u=actor,
                c=change,
                n=same(f" {note}" if note else ""),
            )
        )
        if batch:
            batches.add((batch, line))
    for batch, line in sorted(batches):
        cursor.execute(
            "SELECT t.step, t.officer_id, c.at FROM pay_step t JOIN pay_batch b ON b.seq = t.batch JOIN change c ON c.seq = t.change"  # noqa: E501
            " WHERE b.batch_id = %s ORDER BY t.seq",
            [batch],
        )
        steps = [
            (STEPS[s][2], o, from_micros(at).astimezone(OFFICE_ZONE).strftime("%m-%d %H:%M")) for s, o, at in cursor.fetchall()
        ]
        events.add(
            Text(
                f"批次 {batch}：" + "，".join(f"{s.zh} {o} {w}" for s, o, w in steps),
                f"batch {batch}: " + ", ".join(f"{s.en} by {o} {w}" for s, o, w in steps),
            )
        )
        cursor.execute(
            "SELECT q.outcome, q.reference, q.reason, q.booked_on, q.source FROM pay_result q JOIN pay_batch b ON b.seq = q.batch"
            " WHERE b.batch_id = %s AND q.no = %s ORDER BY q.seq",
            [batch, line],
        )
        for outcome, reference, reason, booked, _ in cursor.fetchall():
            said = Text("银行：{o}，流水 {r}", "bank: {o}, reference {r}").fill(o=STATES[outcome], r=reference or "—")
            more = [str(v) for v in (booked, reason) if v]
            events.add(Text("，".join([said.zh, *more]), ", ".join([said.en, *more])))


def _accepted(cursor: Any, events: Why, row: Row, entitlements: set[str], paid_on: str) -> None:
    """Add the inspections that accepted area until the year, where the entitlement names the plot of a contract.

    paid_on  level whose acceptance the programme pays on, "" where no file says

    A programme's entitlement is called by its programme, payment, year and plot (`programmes.owed`); only a plot that it names
    counts, for a parcel may bear several contracts.
    """
    cursor.execute(
        "SELECT DISTINCT i.inspection_id, i.judged_by, i.inspected_on, i.inspector, i.result, i.accepted_dm2, i.certificate,"
        " p.plot_id FROM plot p JOIN inspection i ON i.contract_id = p.contract_id AND (i.plot_id IS NULL OR i.plot_id = p.plot_id)"
        " WHERE p.parcel_id = %s AND p.known_to IS NULL AND i.known_to IS NULL AND i.valid_to IS NULL AND i.year <= %s"
        " AND i.result IN ('accepted', 'partial') ORDER BY i.inspected_on, i.inspection_id, p.plot_id",
        [row["parcel_id"], row["year"]],
    )
    told: set[str] = set()
    for id, level, on, inspector, result, dm2, certificate, plot in cursor.fetchall():
        if id in told or not any(f"-{plot}-" in e for e in entitlements):
            continue
        told.add(id)
        said = Text("验收 {i}（{l}，{d}）：{r}，合格 {a}，检查人 {p}", "inspection {i} ({l}, {d}): {r}, {a} accepted, by {p}").fill(
            i=id,
            l=INSPECTION_LEVELS.get(level, same(level)),
            d=on,
            r=INSPECTION_RESULTS.get(result, same(result)),
            a=Text("{m} 亩（{h} 公顷）", "{h} ha ({m} mu)").fill(m=say_mu(int(dm2)), h=say_ha(int(dm2))),
            p=inspector,
        )
        paper = Text("，合格证 {c}", ", certificate {c}").fill(c=certificate) if certificate else same("")
        decides = Text("，项目按这一级的验收付款", "; the programme pays on this level") if level == paid_on else same("")
        events.add(Text(said.zh + paper.zh + decides.zh, said.en + paper.en + decides.en))


def _first_seq(cursor: Any, seq: int) -> int:
    """Return the row that a reissue, an heir's row or a correction goes back to; itself where it goes back to none."""
    while True:
        cursor.execute("SELECT original FROM pay_row WHERE seq = %s", [seq])
        (original,) = cursor.fetchone()
        if original is None:
            return seq
        seq = int(original)


def _published(cursor: Any, events: Why, row: Row) -> None:
    """Add the notices that showed a row (or the one it goes back to), with their days, and the objections with their answers."""
    cursor.execute(
        "SELECT n.notice_id, q.opens_on, q.closes_on, q.state FROM pay_notice n JOIN notice q ON q.notice_id = n.notice_id"
        " AND q.known_to IS NULL AND q.valid_to IS NULL WHERE n.year = %s AND n.programme IN ('', %s) AND n.through >= %s"
        " AND (n.region_code = '' OR substr(%s, 1, length(n.region_code)) = n.region_code) ORDER BY n.seq",
        [row["year"], row["programme"], _first_seq(cursor, row["seq"]), row["region_code"]],
    )
    for id, opens, closes, state in cursor.fetchall():
        taken_back = Text("，已撤回", ", withdrawn") if state == "withdrawn" else same("")
        days = _ordinal(closes) - _ordinal(opens) + 1
        word = "day" if days == 1 else "days"
        said = Text("公示 {i}：{a} 至 {b}（{n} 天）{w}", "public notice {i}: {a} to {b} ({n} {d}){w}")
        events.add(said.fill(i=id, a=opens, b=closes, n=days, d=word, w=taken_back))
    cursor.execute(
        "SELECT o.objection_id, o.kind, o.received_on, o.said, o.outcome, o.answered_on, o.answer FROM objection o"
        " JOIN notice q ON q.notice_id = o.notice_id AND q.known_to IS NULL AND q.valid_to IS NULL WHERE o.known_to IS NULL"
        " AND o.valid_to IS NULL AND o.holder_id = %s AND o.parcel_id IN ('', %s) AND o.year = %s AND q.programme = %s"
        " ORDER BY o.received_on, o.objection_id",
        [row["holder_id"], row["parcel_id"], row["year"], row["programme"]],
    )
    for id, kind, received, what, outcome, answered, answer in cursor.fetchall():
        said = Text("异议 {i}（{k}，{d} 收到）：{s}", "objection {i} ({k}, received {d}): {s}").fill(
            i=id, k=OBJECTION_KINDS.get(kind, same(kind)), d=received, s=what
        )
        node = events.add(said)
        result = OUTCOMES.get(outcome, same(outcome))
        if not answered:
            node.add(Text("尚未答复（{r}）", "not answered yet ({r})").fill(r=result))
            continue
        reply = Text("{d} 答复：{r}", "answered on {d}: {r}").fill(d=answered, r=result)
        node.add(Text(f"{reply.zh}，{answer}", f"{reply.en}, {answer}") if answer else reply)


def _calculation(office: Office, head: Why, bundle: Path, entitlements: list[str]) -> None:
    from ecocomp.governance.bundle import checkpoint_root, verify

    faults = verify(bundle)
    if faults:
        raise FaultsError(faults)
    with office.reading() as cursor:
        cursor.execute("SELECT 1 FROM pay_intake WHERE root = %s", [checkpoint_root(bundle)])
        if cursor.fetchone() is None:
            said = Text("这个成果包没有收入本办公室。", "This bundle was not taken in by this office.")
            raise FaultsError(
                [
                    Fault(
                        "payments.other_bundle",
                        bundle.name,
                        "",
                        said,
                        Text("给出收入时的成果包。", "Name the bundle that was taken in."),
                    )
                ]
            )
    account = Account(bundle)
    node = head.add(Text("金额怎么算出来", "how the amount was calculated"))
    for entitlement in entitlements:
        node.children.append(account.explain(entitlement))


def letter(office: Office, payee: str) -> Text:
    """Return the letter to a payee in plain words: how much, for what, from which funds, what has happened, where to object."""
    with office.reading() as cursor:
        rows = list(rows_where(cursor, "r.payee_id = %s AND s.state NOT IN ('cancelled', 'reissued')", [payee]))
        if not rows:
            raise FaultsError(
                [
                    Fault(
                        "payments.unknown_id",
                        "payments",
                        payee,
                        Text("没有这个收款人的付款。", "No payment is known of this payee."),
                        Text("核对编码。", "Check the code."),
                    )
                ]
            )
        cursor.execute("SELECT name FROM party WHERE party_id = %s AND known_to IS NULL ORDER BY valid_from DESC LIMIT 1", [payee])
        found = cursor.fetchone()
        sources = sources_of(cursor, (r["seq"] for r in rows))
        sums: dict[tuple[int, str], int] = {}
        for r in rows:
            for _, envelope, fen in sources.get(r["seq"], []):
                sums[r["year"], envelope] = sums.get((r["year"], envelope), 0) + fen
        funds = {(year, envelope): _fund(cursor, envelope, year) for year, envelope in sums}
    titles = _titles(office, {r["programme"] for r in rows})
    name = found[0] if found else payee
    total = sum(r["amount_fen"] for r in rows)
    zh = [f"{name}：", f"您的生态补偿款共 {say_yuan(total)} 元（{say_capital(total)}），明细如下。"]
    en = [f"Dear {name},", f"your eco-compensation comes to CNY {say_yuan(total)} in all, as follows."]
    for r in rows:
        why = REASONS.get(r["reason"], same(r["reason"]))
        zh.append(
            f"　{r['year']} 年{titles[r['programme']].zh}，地块 {r['parcel_id']}：{say_yuan(r['amount_fen'])} 元，{STATES[r['state']].zh}（{why.zh}）。"  # noqa: E501
        )
        en.append(
            f"  {r['year']}, {titles[r['programme']].en}, parcel {r['parcel_id']}: CNY {say_yuan(r['amount_fen'])}, {STATES[r['state']].en} ({why.en})."  # noqa: E501
        )
    zh.append("钱从这些资金中来：")
    en.append("The money comes from these funds:")
    for (year, envelope), fen in sorted(sums.items()):
        fund, paper = funds[year, envelope]
        zh.append(f"　{year} 年{fund.zh}（{paper}）：{say_yuan(fen)} 元。")
        en.append(f"  {year}, {fund.en} ({paper}): CNY {say_yuan(fen)}.")
    zh += ["如有异议，请在公示期内向本办公室提出。", office.name]
    en += ["If you disagree, object to this office within the notice period.", office.name]
    return Text("\n".join(zh), "\n".join(en))


def _fund(cursor: Any, envelope: str, year: int) -> tuple[Text, str]:
    """Return what an envelope is called, and the document it rests on."""
    cursor.execute(
        "SELECT name_zh, name_en, document FROM pay_fund WHERE envelope_id = %s AND year = %s ORDER BY seq DESC LIMIT 1",
        [envelope, year],
    )
    found = cursor.fetchone()
    return (Text(str(found[0]), str(found[1])), str(found[2])) if found else (same(envelope), "—")


def _files(office: Office) -> dict[str, Programme]:
    """Return the programme files of the office's rules by id; its own stand over those that ship."""
    from ecocomp.programmes.programme import load_programmes
    from ecoweb.records.rules import rule_folders

    return {p.id: p for p in load_programmes(rule_folders(office)).all}


def _titles(office: Office, programmes: set[str]) -> dict[str, Text]:
    """Return what programmes are called: a rule file says it; the standard's own goes by what it is."""
    names = {id: p.name for id, p in _files(office).items()}
    area = Text("生态保护补偿（{p}）", "compensation for ecological protection ({p})")
    return {p: names.get(p) or names.get(p.partition(".")[0]) or area.fill(p=p) for p in programmes}


def _yuan(fen: int) -> Text:
    return Text("{y} 元", "CNY {y}").fill(y=say_yuan(fen))


# ---------------------------------------------------------------- arrears
def arrears(office: Office, until: date) -> list[dict[str, Any]]:
    """Return what is owed and not paid by envelope and year at the end of a day, and for how long: fen times days since it was due.

    What was never covered by any envelope is told under the envelope "".
    """
    sums: dict[tuple[int, str], list[int]] = {}
    with office.reading() as cursor:
        rows = fetch(
            cursor,
            "SELECT r.year, x.envelope_id, x.amount_fen, r.due_on, (SELECT min(c.at) FROM pay_event e JOIN change c ON c.seq = e.change"  # noqa: E501
            " WHERE e.row = r.seq AND e.to_state = 'paid') FROM pay_row r JOIN pay_state s ON s.row = r.seq JOIN pay_source x ON x.row = r.seq"  # noqa: E501
            " WHERE s.state NOT IN ('cancelled', 'reissued') AND r.kind <> 'clawback' AND r.due_on <= %s",
            [until],
        )
        for year, envelope, fen, due, paid in rows:
            on = None if paid is None else from_micros(int(paid)).astimezone(OFFICE_ZONE).date().toordinal()
            _owe(sums, (year, envelope), fen, _ordinal(due), on, until)
        cursor.execute(
            "SELECT c.year, c.entitled_fen - c.funded_fen, c.due_on FROM pay_claim c WHERE c.due_on <= %s AND c.entitled_fen > c.funded_fen"  # noqa: E501
            " AND c.intake = (SELECT max(d.intake) FROM pay_claim d WHERE d.holder_id = c.holder_id AND d.parcel_id = c.parcel_id"
            " AND d.programme = c.programme AND d.year = c.year AND d.tranche = c.tranche)",
            [until],
        )
        for year, fen, due in cursor.fetchall():
            _owe(sums, (year, ""), int(fen), _ordinal(due), None, until)
    return [{"year": y, "envelope_id": e, "owed_fen": v[0], "fen_days": v[1]} for (y, e), v in sorted(sums.items()) if any(v)]


def _owe(sums: dict[tuple[int, str], list[int]], key: tuple[int, str], fen: int, due: int, paid: int | None, until: date) -> None:
    both = sums.setdefault(key, [0, 0])
    day = until.toordinal()
    both[0] += 0 if paid is not None and paid <= day else fen
    both[1] += arrears_fen_days(fen, due, [] if paid is None else [(paid, fen)], day)


def _ordinal(value: Any) -> int:
    return (date.fromisoformat(value) if isinstance(value, str) else value).toordinal()


# ---------------------------------------------------------------- is all sound
def check(office: Office) -> list[Fault]:
    """Return every way in which payments are not what the log committed to, or do not add up; empty means sound.

    Files of cancelled batches that a killed process left are removed; one that cannot be is a fault. Whether constraints and
    triggers are there is `shape.check_tables` and `records.guards.check_guards`.
    """
    faults: list[Fault] = []
    with office.reading() as cursor:
        faults += clear_cancelled(office, cursor)
        heads = list(_payloads(cursor))
        faults += _altered_rows(cursor, heads)
        for table in TRACED:
            faults += _altered_trace(cursor, table, heads)
        cursor.execute("SELECT seq, batch_id, digest FROM pay_batch ORDER BY seq")
        for seq, batch_id, digest in cursor.fetchall():
            if content_digest(cursor, int(seq)) != digest:
                faults.append(_unsound(batch_id, Text("内容与编制时的摘要不符", "its content is not what its digest says")))
        faults += _altered_codes(cursor)
        for sql, what in _SUMS:
            cursor.execute(sql)
            faults += [_unsound(str(r[0]), what) for r in cursor.fetchall()[:50]]
    return faults


def _altered_codes(cursor: Any) -> list[Fault]:
    """Compare the codes of the lines of each bank file with the digest of them that its row, which the log knows, holds."""
    cursor.execute("SELECT batch, name, codes_sha256 FROM pay_file ORDER BY batch")
    files = {int(b): (str(n), str(d)) for b, n, d in cursor.fetchall()}
    made = {b: sha256() for b in files}
    for batch, code in fetch(cursor, "SELECT batch, code FROM pay_code ORDER BY batch, no"):
        made.setdefault(int(batch), sha256()).update(code.encode() if isinstance(code, str) else bytes(code))
    what = Text("各行的校验码与文件不符", "the codes of its lines are not those of its file")
    return [
        _unsound(files[b][0] if b in files else f"pay_code {b}", what)
        for b, d in made.items()
        if files.get(b, ("", ""))[1] != d.hexdigest()
    ]


_SUMS = (
    (
        "SELECT r.row_id FROM pay_row r WHERE r.amount_fen <> (SELECT coalesce(sum(x.amount_fen), 0) FROM pay_source x WHERE x.row = r.seq)",  # noqa: E501
        Text("来源之和不等于金额", "its sources are not its amount"),
    ),
    (
        "SELECT r.row_id FROM pay_row r JOIN pay_state s ON s.row = r.seq LEFT JOIN pay_event e ON e.row = r.seq AND e.n = s.n"
        " WHERE e.row IS NULL OR e.to_state <> s.state OR e.reason <> s.reason OR coalesce(e.batch, 0) <> coalesce(s.batch, 0)"
        " OR s.n <> (SELECT max(m.n) FROM pay_event m WHERE m.row = r.seq)",
        Text("状态与经过不符", "its state is not what its moves say"),
    ),
    (
        "SELECT b.batch_id || '/' || l.no FROM pay_line l LEFT JOIN pay_batch b ON b.seq = l.batch WHERE b.seq IS NULL OR l.purpose <> b.purpose"  # noqa: E501
        " OR l.amount_fen <> (SELECT coalesce(sum(r.amount_fen), 0) FROM pay_slip p JOIN pay_row r ON r.seq = p.row"
        " WHERE p.batch = l.batch AND p.line = l.no)",
        Text("这一笔不是其各行之和，或用途与批次不符", "the line is not the sum of its rows, or its purpose not that of its batch"),
    ),
    (
        "SELECT 'pay_state ' || s.row FROM pay_state s LEFT JOIN pay_row r ON r.seq = s.row WHERE r.seq IS NULL",
        Text("这一状态没有付款行", "a state of no row of payment"),
    ),
    (
        "SELECT 'pay_slip ' || p.seq FROM pay_slip p LEFT JOIN pay_row r ON r.seq = p.row LEFT JOIN pay_line l ON l.batch = p.batch AND l.no = p.line"  # noqa: E501
        " WHERE r.seq IS NULL OR l.seq IS NULL",
        Text("它所指的付款行或批次行不存在", "the row or the line it names does not exist"),
    ),
    (
        "SELECT r.row_id FROM pay_row r WHERE NOT EXISTS (SELECT 1 FROM pay_state s WHERE s.row = r.seq)",
        Text("没有状态", "it has no state"),
    ),
    (
        "SELECT k.row_id FROM (SELECT min(r.row_id) AS row_id, r.holder_id, r.parcel_id, r.programme, r.year, r.tranche FROM pay_row r"  # noqa: E501
        " JOIN pay_state s ON s.row = r.seq WHERE s.state = 'paid' AND r.kind IN ('payment', 'correction', 'reissue')"
        " GROUP BY r.holder_id, r.parcel_id, r.programme, r.year, r.tranche HAVING sum(r.amount_fen) > (SELECT max(c.funded_fen) FROM"  # noqa: E501
        " pay_claim c WHERE c.holder_id = r.holder_id AND c.parcel_id = r.parcel_id AND c.programme = r.programme AND c.year = r.year"  # noqa: E501
        " AND c.tranche = r.tranche)) k",
        Text("所付多于应付", "more was paid than was ever covered"),
    ),
)


def _payloads(cursor: Any) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield what the log says of each change of payments: its facts and the digests of its rows."""
    cursor.execute(
        "SELECT p.payload FROM audit_payload p JOIN change c ON c.seq = p.seq WHERE c.act LIKE 'payments.%%' ORDER BY p.seq"
    )
    for (payload,) in cursor.fetchall():
        line, _, digests = bytes(payload).partition(b"\n")
        facts = json.loads(line)
        start = 0
        own = b""
        for name, (_, count) in sorted(facts["added"].items()):
            if name == "pay_row":
                own = digests[start * DIGEST_BYTES : (start + count) * DIGEST_BYTES]
            start += count
        yield facts, own


def _altered_trace(cursor: Any, table: str, heads: list[tuple[dict[str, Any], bytes]]) -> list[Fault]:
    """Compare the rows of a table with the marks and digests their changes committed to; an altered row is named."""
    parts = sorted((f["traced"][table] for f, _ in heads if table in f.get("traced", {})), key=lambda p: int(p[0]))
    faults: list[Fault] = []
    lines = lines_of(cursor, table)
    waiting = next(lines, None)
    for first, count, said, marks in parts:
        made, expected = sha256(), b64decode(marks)
        before = len(faults)
        for i in range(count):
            seq = first + i
            while waiting is not None and _seq(waiting) < seq:
                faults.append(_strange(cursor, table, waiting, _UNKNOWN))
                waiting = next(lines, None)
            if waiting is None or _seq(waiting) != seq:
                faults.append(_unsound(f"{table} #{seq}", Text("这一行缺失", "this row is missing")))
                continue
            made.update(waiting)
            if mark(waiting) != expected[i * MARK_BYTES : (i + 1) * MARK_BYTES]:
                faults.append(_strange(cursor, table, waiting, _OTHER))
            waiting = next(lines, None)
        if len(faults) == before and made.hexdigest() != said:
            faults.append(_unsound(f"{table} #{first}-{first + count - 1}", _OTHER))
    while waiting is not None:
        faults.append(_strange(cursor, table, waiting, _UNKNOWN))
        waiting = next(lines, None)
    return faults


def _seq(line: bytes) -> int:
    return int(line.partition(b"\x1f")[0])


_UNKNOWN = Text("日志中没有这一行", "the log knows no such row")
_OTHER = Text("内容与日志不符", "its content is not what the log committed to")


def _strange(cursor: Any, table: str, line: bytes, what: Text) -> Fault:
    """Name an altered row; a move also by the row of payment it moves."""
    name = f"{table} #{_seq(line)}"
    if table == "pay_event":
        row = dict(zip(columns_of(table), line.decode().rstrip("\n").split("\x1f"), strict=False))
        name += f" ({row['row']}, {row['from_state']}>{row['to_state']})"
    return _unsound(name, what)


def _altered_rows(cursor: Any, heads: list[tuple[dict[str, Any], bytes]]) -> list[Fault]:
    """Compare every row and its sources with the digest its change committed to."""
    committed: dict[int, bytes] = {}
    for facts, digests in heads:
        first, count = facts["added"].get("pay_row", (0, 0))
        for i in range(count):
            committed[first + i] = digests[i * DIGEST_BYTES : (i + 1) * DIGEST_BYTES]
    faults = []
    sources: dict[int, list[tuple[str, str, int]]] = {}
    for row, e, v, x in fetch(cursor, "SELECT row, entitlement_id, envelope_id, amount_fen FROM pay_source ORDER BY row, seq"):
        sources.setdefault(int(row), []).append((e, v, int(x)))
    from ecoweb.treasury.payments_take import ROW_COLUMNS

    for values in fetch(cursor, f"SELECT {', '.join(ROW_COLUMNS)} FROM pay_row ORDER BY seq"):
        row = tuple(
            date.fromisoformat(v) if n == "due_on" and isinstance(v, str) else v for n, v in zip(ROW_COLUMNS, values, strict=True)
        )
        own = committed.pop(int(row[0]), None)
        if own != row_digest(row, sources.get(int(row[0]), [])):
            faults.append(_unsound(str(row[1]), _UNKNOWN if own is None else _OTHER))
    return [*faults, *(_unsound(f"#{n}", Text("这一行缺失", "this row is missing")) for n in sorted(committed))]


def _unsound(record: str, what: Text) -> Fault:
    remedy = Text(
        "数据库被绕过程序改动：停止支付，从备份恢复，并追查。",
        "The database was changed behind the program: stop paying, restore a backup, find out by whom.",
    )
    return Fault("payments.altered", "payments", record, Text(what.zh + "。", what.en + "."), remedy)
