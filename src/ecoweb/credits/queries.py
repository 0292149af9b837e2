"""Reading eco-credits: who holds what, where a serial is and was, an account's statement, the check of the whole, proceeds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from ecocomp.credits import postings
from ecocomp.credits.blocks import STATES, Block, check_blocks, totals
from ecocomp.credits.instrument import Instrument, instruments
from ecocomp.credits.surrender import mean_price
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import CREDIT
from ecocomp.terms.text import Text
from ecoweb.credits.desk import BLOCK, WRITTEN, Rules, event_digest
from ecoweb.credits.ground import all_twice
from ecoweb.office import Office
from ecoweb.records.queries import versions
from ecoweb.records.tables import quoted


def holdings(office: Office, instrument: str = "", account: str = "") -> list[dict[str, Any]]:
    """Return the smallest units by instrument, account, state and vintage."""
    where = "b.ended_by_id IS NULL"
    values: list[Any] = []
    for column, value in (("instrument", instrument), ("account", account)):
        if value:
            where, values = f"{where} AND b.{column} = %s", [*values, value]
    sql = (
        "SELECT b.instrument, b.account, b.state, i.vintage, sum(b.last - b.first + 1), count(*) FROM credit_block b"
        f" JOIN credit_issue i ON i.issue_id = b.issue_id WHERE {where}"
        " GROUP BY b.instrument, b.account, b.state, i.vintage ORDER BY b.instrument, b.account, b.state, i.vintage"
    )
    names = ("instrument", "account", "state", "vintage", "quantity", "blocks")
    return [
        dict(zip(names, (int(v) if i > 2 else str(v) for i, v in enumerate(row)), strict=True)) for row in _all(office, sql, values)
    ]


def balances(office: Office) -> list[dict[str, Any]]:
    """Return each instrument's identity: what was made, and how much lies in each state."""
    names = ("instrument", "minted", *STATES)
    return [
        dict(zip(names, row, strict=True))
        for row in _all(office, f"SELECT {quoted(names)} FROM credit_balance ORDER BY instrument")
    ]


def requests(office: Office) -> list[dict[str, Any]]:
    """Return the transfers that wait for approval."""
    sql = (
        "SELECT e.seq, e.body, e.day FROM credit_event e WHERE e.act = 'transfer' AND EXISTS ("
        "SELECT 1 FROM credit_block b WHERE b.lien = 'T' || e.seq AND b.state = 'locked' AND b.ended_by_id IS NULL) ORDER BY e.seq"
    )
    return [json.loads(body)["found"] | {"day": str(day)} for _, body, day in _all(office, sql)]


def liens(office: Office, account: str = "") -> list[dict[str, Any]]:
    """Return what is pledged and locked, by lien."""
    where, values = ("AND account = %s", [account]) if account else ("", [])
    sql = (
        "SELECT lien, instrument, account, state, max(beneficiary), sum(last - first + 1) FROM credit_block"
        f" WHERE ended_by_id IS NULL AND state IN ('pledged', 'locked') {where}"
        " GROUP BY lien, instrument, account, state ORDER BY lien"
    )
    names = ("lien", "instrument", "account", "state", "creditor", "quantity")
    return [dict(zip(names, (*row[:5], int(row[5])), strict=True)) for row in _all(office, sql, values)]


def history(office: Office, instrument: str, serial: int) -> list[dict[str, Any]]:
    """Return every block a serial has been in, first to last, with the event that put it there."""
    sql = (
        "SELECT e.seq, e.day, e.act, e.actor, b.first, b.last, b.state, b.account, b.lien, b.purpose, b.beneficiary, b.period,"
        " b.issue_id, b.ended_by_id FROM credit_block b JOIN credit_event e ON e.seq = b.made_by_id"
        " WHERE b.instrument = %s AND b.first <= %s AND b.last >= %s AND (b.ended_by_id IS NULL OR b.ended_by_id <> b.made_by_id)"
        " ORDER BY b.seq"
    )
    names = (
        "event",
        "day",
        "act",
        "actor",
        "first",
        "last",
        "state",
        "account",
        "lien",
        "purpose",
        "beneficiary",
        "period",
        "issue",
        "ended_by",
    )
    return [
        dict(zip(names, (row[0], str(row[1]), *row[2:]), strict=True)) for row in _all(office, sql, [instrument, serial, serial])
    ]


def issue_of(office: Office, issue: str) -> dict[str, Any]:
    """Return an issue with its evidence."""
    names = WRITTEN["credit_issue"]
    rows = _all(office, f"SELECT {quoted(names)} FROM credit_issue WHERE issue_id = %s", [issue])
    if not rows:
        return {}
    row = dict(zip(names, (str(v) if isinstance(v, date) else v for v in rows[0]), strict=True))
    body = json.loads(_all(office, "SELECT body FROM credit_event WHERE seq = %s", [row["event_id"]])[0][0])
    return row | {"steps": body["asked"].get("steps", [])}


def statement(office: Office, account: str, since: date | None = None, until: date | None = None) -> list[dict[str, Any]]:
    """Return what each event did to an account: smallest units in and out by instrument and state, and the balance after it."""
    changes: dict[tuple[int, str, str], list[int]] = {}
    for column, place in (("made_by_id", 0), ("ended_by_id", 1)):
        sql = (
            f"SELECT {column}, instrument, state, sum(last - first + 1) FROM credit_block WHERE account = %s"
            f" AND {column} IS NOT NULL GROUP BY {column}, instrument, state"
        )
        for event, instrument, state, quantity in _all(office, sql, [account]):
            changes.setdefault((int(event), str(instrument), str(state)), [0, 0])[place] = int(quantity)
    events = {
        int(s): (str(d), str(a), str(w))
        for s, d, a, w in _all(
            office,
            "SELECT seq, day, act, actor FROM credit_event WHERE seq IN (SELECT made_by_id FROM credit_block WHERE account = %s"
            " UNION SELECT ended_by_id FROM credit_block WHERE account = %s)",
            [account, account],
        )
    }
    running: dict[tuple[str, str], int] = {}
    out = []
    for event, instrument, state in sorted(changes):
        came, went = changes[event, instrument, state]
        net = came - went
        running[instrument, state] = running.get((instrument, state), 0) + net
        day, act, actor = events[event]
        if net and (since is None or day >= str(since)) and (until is None or day <= str(until)):
            out.append(
                {
                    "event": event,
                    "day": day,
                    "act": act,
                    "actor": actor,
                    "instrument": instrument,
                    "state": state,
                    "change": net,
                    "balance": running[instrument, state],
                },
            )
    return out


def trades(office: Office, instrument: str = "", since: date | None = None, until: date | None = None) -> list[dict[str, Any]]:
    """Return trades, first to last; `until` is not included."""
    names = WRITTEN["credit_trade"]
    where, values = ["1 = 1"], []
    for condition, value in (("instrument = %s", instrument), ("day >= %s", since), ("day < %s", until)):
        if value:
            where.append(condition)
            values.append(value)
    rows = _all(office, f"SELECT {quoted(names)} FROM credit_trade WHERE {' AND '.join(where)} ORDER BY seq", values)
    return [dict(zip(names, (str(v) if isinstance(v, date) else v for v in row), strict=True)) for row in rows]


def month_price(office: Office, instrument: str, start: date, end: date, decimals: int) -> Any:
    """Return the mean price in fen per unit (a fraction) of a half-open stretch of days; None without a trade."""
    return mean_price(((int(t["quantity"]), int(t["amount_fen"])) for t in trades(office, instrument, start, end)), decimals)


def surrendered(office: Office, rules: Rules, account: str, period: str, duty: Instrument) -> dict[str, int]:
    """Return what an account has surrendered for a year, by instrument, in smallest units of the duty's."""
    sql = (
        "SELECT instrument, sum(last - first + 1) FROM credit_block WHERE ended_by_id IS NULL AND state = 'retired'"
        " AND purpose = 'surrender' AND account = %s AND period = %s GROUP BY instrument ORDER BY instrument"
    )
    today = office.today()
    return {str(i): int(q) * duty.one // rules.instrument(str(i), today).one for i, q in _all(office, sql, [account, period])}


def depth(office: Office, instrument: str) -> dict[str, list[dict[str, int]]]:
    """Return the open levels of the continuous book, best first; sealed calls are not shown."""
    out: dict[str, list[dict[str, int]]] = {}
    for side, order in (("buy", "DESC"), ("sell", "ASC")):
        sql = (
            "SELECT price, sum(open), count(*) FROM credit_order WHERE instrument = %s AND market = 'book' AND side = %s"
            f" AND open > 0 GROUP BY price ORDER BY price {order}"
        )
        out[side] = [
            {"price_fen": int(p), "quantity": int(q), "orders": int(n)} for p, q, n in _all(office, sql, [instrument, side])
        ]
    return out


def calls(office: Office, instrument: str) -> list[dict[str, Any]]:
    """Return the sealed calls that wait: only how many orders they have."""
    sql = (
        "SELECT market, count(*) FROM credit_order WHERE instrument = %s AND market <> 'book' AND open > 0"
        " GROUP BY market ORDER BY market"
    )
    return [{"call": str(m).removeprefix("call:"), "orders": int(n)} for m, n in _all(office, sql, [instrument])]


# ---------------------------------------------------------------- proceeds for a year's run
def proceeds(office: Office, rules: Rules, year: int) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Return the lots that the year's sales of accounts with an envelope make, for the gate; and all sales by envelope.

    The table is what `fund` of a year's run takes in: it holds the sales of instruments whose `fund_source` is
    ``carbon_credit``. Others (a land ticket: ``land_revenue``) are in the summary, to be granted in the register of envelopes.
    """
    sales: list[dict[str, Any]] = []
    summary: dict[tuple[str, str], dict[str, Any]] = {}
    for t in trades(office, "", date(year, 1, 1), date(year + 1, 1, 1)):
        inst = rules.instrument(str(t["instrument"]), date.fromisoformat(str(t["day"])))
        net = int(t["amount_fen"]) - int(t["seller_fee_fen"])
        if not t["envelope"]:
            continue
        line = summary.setdefault(
            (t["envelope"], inst.id),
            {
                "envelope": t["envelope"],
                "instrument": inst.id,
                "fund_source": inst.fund_source,
                "trades": 0,
                "quantity": 0,
                "net_fen": 0,
            },
        )
        line["trades"], line["quantity"], line["net_fen"] = (
            line["trades"] + 1,
            line["quantity"] + int(t["quantity"]),
            line["net_fen"] + net,
        )
        if inst.fund_source == "carbon_credit":
            origin = f"{inst.id} {t['serials']}"
            sales.append(
                {
                    "id": f"trade-{t['seq']}",
                    "year": year,
                    "origin": origin,
                    "quantity": int(t["quantity"]),
                    "net_fen": net,
                    "buyer": t["buyer"],
                }
            )
    table: pa.Table = CREDIT.table(postings.lots(sales)) if sales else CREDIT.empty()
    return table, [summary[k] for k in sorted(summary)]


# ---------------------------------------------------------------- the check of the whole
def check_credits(office: Office, rules: Rules) -> list[Fault]:
    """Return every fault of the eco-credits of an office: units, counts, claims, orders, and rows altered behind the log."""
    faults: list[Fault] = []
    faults += instruments(rules.params(office.today()))[1]
    with office.reading() as cursor:
        faults += [*_readable(lambda: _log_faults(cursor)), *_readable(lambda: _unit_faults(cursor))]
        faults += all_twice(office, rules)
    return faults


def _unit_faults(cursor: Any) -> list[Fault]:
    minted, blocks = _open(cursor)
    faults = [f for id in sorted({*minted, *blocks}) for f in check_blocks(blocks.get(id, []), minted.get(id, {}))]
    return [*faults, *_count_faults(cursor, minted, blocks), *_order_faults(cursor, blocks)]


def _readable(part: Callable[[], list[Fault]]) -> list[Fault]:
    """Return the faults of one part of the check; a value no constraint would have let in is a fault, not an end."""
    try:
        return part()
    except (KeyError, ValueError, TypeError) as exc:
        said = Text("有读不懂的值：{e}。", "a row holds a value that cannot be read: {e}.").fill(e=str(exc)[:80])
        return [Fault("credits.altered", "credit_block", "", said, _BEHIND)]


def _open(cursor: Any) -> tuple[dict[str, dict[str, tuple[int, int]]], dict[str, list[Block]]]:
    minted: dict[str, dict[str, tuple[int, int]]] = {}
    cursor.execute("SELECT instrument, issue_id, first, last FROM credit_issue")
    for instrument, issue, first, last in cursor.fetchall():
        minted.setdefault(str(instrument), {})[str(issue)] = (int(first), int(last))
    blocks: dict[str, list[Block]] = {}
    cursor.execute(f"SELECT instrument, {quoted(BLOCK)} FROM credit_block WHERE ended_by_id IS NULL")
    for instrument, *rest in cursor.fetchall():
        blocks.setdefault(str(instrument), []).append(Block(*rest))
    return minted, blocks


def _count_faults(
    cursor: Any, minted: Mapping[str, Mapping[str, tuple[int, int]]], blocks: Mapping[str, Iterable[Block]]
) -> list[Fault]:
    names = ("minted", *STATES)
    cursor.execute(f"SELECT instrument, {quoted(names)}, gap FROM credit_balance")
    counted = {str(row[0]): row[1:] for row in cursor.fetchall()}
    faults = [
        Fault("credits.counts", "credit_balance", i, Text("汇总缺失。", "its counts are missing."), _BEHIND)
        for i in sorted({*minted, *blocks} - set(counted))
    ]
    cursor.execute("SELECT n FROM credit_zero")
    if [int(row[0]) for row in cursor.fetchall()] != [0]:
        clash = Text("总量守恒所依的零被改动。", "the zero on which the conservation of units rests was altered.")
        faults.append(Fault("credits.counts", "credit_zero", "", clash, _BEHIND))
    for instrument, figures in counted.items():
        made = sum(b - a + 1 for a, b in minted.get(str(instrument), {}).values())
        expected = [made, *(totals(blocks.get(str(instrument), ()))[s] for s in STATES), 0]
        if [int(f) for f in figures] != expected:
            clash = Text("汇总记为 {a}，而区段合计为 {b}。", "the counts say {a}, but the blocks make {b}.").fill(
                a=dict(zip((*names, "gap"), figures, strict=True)), b=dict(zip((*names, "gap"), expected, strict=True))
            )
            faults.append(Fault("credits.counts", "credit_balance", str(instrument), clash, _BEHIND))
    return faults


def _order_faults(cursor: Any, blocks: Mapping[str, Iterable[Block]]) -> list[Fault]:
    """Find offers whose locked units differ from what is open, and orders whose trades exceed them."""
    locked: dict[str, int] = {}
    for found in blocks.values():
        for b in found:
            if b.state == "locked" and b.lien:
                locked[b.lien] = locked.get(b.lien, 0) + b.quantity
    traded: dict[str, int] = {}
    cursor.execute("SELECT buy_order, sell_order, quantity FROM credit_trade WHERE place <> 'deal'")
    for buy, sell, quantity in cursor.fetchall():
        for order in (str(buy), str(sell)):
            traded[order] = traded.get(order, 0) + int(quantity)
    cursor.execute("SELECT order_id, side, quantity, open FROM credit_order")
    faults = []
    for order, side, quantity, open_ in cursor.fetchall():
        done = traded.pop(str(order), 0)
        if done + int(open_) > int(quantity) or (side == "sell" and locked.get(str(order), 0) != int(open_)):
            clash = Text("数量 {q}，成交 {d}，未了 {o}，冻结 {l}。", "quantity {q}, traded {d}, open {o}, locked {l}.")
            clash = clash.fill(q=quantity, d=done, o=open_, l=locked.get(str(order), 0))
            faults.append(Fault("credits.order", "credit_order", str(order), clash, _BEHIND))
    faults += [
        Fault(
            "credits.order", "credit_trade", o, Text("成交所指的订单不存在。", "a trade names an order that is not there."), _BEHIND
        )
        for o in sorted(traded)
    ]
    return faults


def _log_faults(cursor: Any) -> list[Fault]:
    """Compare the digest of what each event wrote with the one in its entry of the audit log."""
    said: dict[int, str] = {}
    cursor.execute("SELECT p.payload FROM audit_payload p JOIN change c ON c.seq = p.seq WHERE substr(c.act, 1, 8) = 'credits.'")
    for (payload,) in cursor.fetchall():
        head = json.loads(bytes(payload).partition(b"\n")[0])
        if "credits" in head:
            said[int(head["credits"]["event"])] = str(head["credits"]["digest"])
    names = ("seq", "key", "digest", "change_id", "at", "day", "act", "actor", "instrument", "body")
    cursor.execute(f"SELECT {quoted(names)} FROM credit_event ORDER BY seq")
    events = {int(row[0]): _plain_row(row) for row in cursor.fetchall()}
    written: dict[int, dict[str, list[list[Any]]]] = {}
    ended: dict[int, list[int]] = {}
    for table, columns in WRITTEN.items():
        own = "made_by_id" if table == "credit_block" else "event_id"
        cursor.execute(f"SELECT {quoted(columns)} FROM {table}")
        place = columns.index(own)
        for row in cursor.fetchall():
            written.setdefault(int(row[place]), {}).setdefault(table, []).append(_plain_row(row))
    cursor.execute("SELECT seq, ended_by_id FROM credit_block WHERE ended_by_id IS NOT NULL")
    for seq, event in cursor.fetchall():
        ended.setdefault(int(event), []).append(int(seq))
    faults = []
    for seq in sorted({*events, *said, *written, *ended}):
        if seq not in events or seq not in said:
            clash = Text("事件与审计日志对不上。", "the event and the audit log do not match.")
        elif event_digest(events[seq], written.get(seq, {}), ended.get(seq, [])) != said[seq]:
            clash = Text("事件写下的行与日志中的摘要不符。", "rows that the event wrote differ from the digest in the log.")
        else:
            continue
        faults.append(Fault("credits.altered", "credit_event", str(seq), clash, _BEHIND))
    return faults


def _plain_row(row: Iterable[Any]) -> list[Any]:
    return [str(v) if isinstance(v, date) else v for v in row]


def account_row(office: Office, account: str) -> dict[str, Any]:
    """Return an account as it stands (empty if there is none)."""
    found = [r for r in versions(office, "credit_account", {"account_id": account}).to_pylist() if r["known_to"] is None]
    return max(found, key=lambda r: r["valid_from"]) if found else {}


def _all(office: Office, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with office.reading() as cursor:
        cursor.execute(sql, [*values] or None)
        return list(cursor.fetchall())


_BEHIND = Text(
    "数据库被绕过程序改动：从备份恢复，并追查。",
    "The database was changed behind the program: restore a backup and find out by whom.",
)
