"""Random histories of every act through a real office: the identity holds after each, and the database alone keeps it.

Seeded. The clock of the office runs on between acts, so that units expire while they are held, pledged, offered and asked
for. After every act the units are counted from the blocks and the issues themselves, not from the counts that triggers keep;
what had come to rest has stayed where it was; money and units agree; and a write that would break it, sent past the program
over a plain connection, is refused by the database.
"""

from __future__ import annotations

import random
import sqlite3
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ecocomp.credits.blocks import STATES, TERMINAL
from ecocomp.terms.faults import FaultsError
from ecoweb.credits import market, queries
from ecoweb.credits import operations as op
from ecoweb.credits.desk import Done
from ecoweb.office import Office
from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_check import check

from .conftest import REDUCTION, WHO, Market, parameter, rules_file
from .test_units import OTHER, sound

ACCOUNTS = "VABC"
GROVE = (
    "parameters:\n"
    + parameter("credits.grove.instrument", "text", "grove_carbon", "t")
    + parameter("credits.grove.decimals", "number", "1")
    + parameter(
        "credits.grove.operations",
        "list",
        "[issue, import, transfer, deal, auction, book, pledge, release, lock, unlock, retire, cancel, export, reverse, unbuffer]",
    )
    + parameter("credits.grove.hold_back", "number", "0.2")
    + parameter("credits.grove.buffer_scope", "text", "instrument")
    + parameter("credits.grove.valid_years", "number", "3", "a")
    + parameter("credits.grove.fee_share", "number", "0.003")
    + parameter("credits.grove.allocation", "text", "pro_rata")
    + parameter("credits.grove.surrender_share", "number", "0.5")
    + parameter(
        "credits.grove.purposes", "list", "[{purpose: gift, zh: 捐赠, en: gift}, {purpose: surrender, zh: 清缴, en: surrender}]"
    )
)
"""An instrument that knows every operation, whose units expire after three years."""
BREAKING = ("move", "vanish", "double", "unissued", "rewrite", "revive", "reopen", "delete", "count", "issue", "order", "trade")


class History:
    """One history: the office, its clock, and what may be acted on."""

    def __init__(self, m: Market, seed: int, clock: list[date]) -> None:
        self.m, self.rng, self.clock = m, random.Random(seed), clock
        self.numbers: dict[str, list[str]] = {k: [] for k in ("P", "F", "T", "O", "call")}
        self.done: dict[str, int] = {}
        self.refused: set[str] = set()
        self.imports = 0
        self.rested: set[tuple[Any, ...]] = set()

    # ------------------------------------------------------------ acts
    def acts(self) -> dict[str, Callable[[], Any]]:
        """Every act, with what it is done to drawn."""
        m, rng, o = self.m, self.rng, self.m.office
        rules, inst, who, to = m.rules, rng.choice(["grove", "grove", "ccer"]), rng.choice("VVAABC"), rng.choice("AABC")
        few = str(rng.randint(1, 20))
        price = rng.choice(["9.9", "10", "10.1", "10.2", None])
        side = rng.choice(["sell", "buy"])
        voluntary = "gift" if inst == "grove" else "voluntary"
        number = lambda kind: rng.choice((self.numbers[kind] or [f"{kind[0].upper()}0"])[-4:])  # noqa: E731
        order = lambda **more: m.order("V" if side == "sell" else to, side, few, price, "grove", **more)  # noqa: E731
        transfer = lambda **more: op.request_transfer(o, rules, inst, "V", to, few, **more, **WHO)  # noqa: E731
        return {
            "issue": self.issue,
            "import": self.import_units,
            "pledge": lambda: self.keep("P", op.pledge(o, rules, inst, who, few, "Bank", "d", **WHO), "pledge"),
            "release": lambda: op.release(o, rules, number("P"), "d", quantity=rng.choice([None, "1"]), **WHO),
            "freeze": lambda: self.keep("F", op.freeze(o, rules, inst, who, few, "court", **WHO), "lock"),
            "unlock": lambda: op.release(o, rules, number("F"), "d", **WHO),
            "transfer": lambda: self.keep("T", transfer(), "request"),
            "deal": lambda: self.keep("T", transfer(amount_fen=rng.randint(1, 300_000), receipt=rng.choice(["", "bank"])), "request"),
            "approve": lambda: op.approve_transfer(o, rules, number("T"), **OTHER),
            "withdraw": lambda: op.withdraw_transfer(o, rules, number("T"), **WHO),
            "retire": lambda: op.retire(o, rules, inst, who, few, voluntary, "B", **WHO),
            "surrender": lambda: op.retire(o, rules, "grove", "A", few, "surrender", "A", period="2025", **WHO),
            "cancel": lambda: op.cancel(o, rules, inst, who, str(rng.randint(1, 4)), "error", **WHO),
            "make_good": lambda: op.cancel(o, rules, "grove", who, few, "make_good", project=rng.choice(["N1", "N2"]), **WHO),
            "export": lambda: op.export(o, rules, inst, who, str(rng.randint(1, 4)), "R", **WHO),
            "reverse": lambda: op.reverse(o, rules, rng.choice(["N1", "N2", "C1"]), str(rng.randint(1, 8)), "fire", "d", **WHO),
            "unbuffer": lambda: op.unbuffer(o, rules, rng.choice(["N2", "C1"]), str(rng.randint(1, 3)), "d", **WHO),
            "deposit": lambda: m.deposit(to, rng.randint(100, 900)),
            "withdrawal": lambda: market.move_money(o, rules, to, -rng.randint(1, 90_000), "bank", **WHO),
            "book": lambda: self.keep("O", order(), "order"),
            "sealed": lambda: self.keep("O", order(call="c"), "order"),
            "cancel_order": lambda: market.cancel_order(o, rules, self.an_order(), **WHO),
            "auction": lambda: market.run_call(o, rules, "grove", "c", **WHO),
            "time": lambda: self.clock.__setitem__(0, self.clock[0] + timedelta(days=rng.randint(1, 60))),
        }  # fmt: skip

    def keep(self, kind: str, done: Done, name: str) -> None:
        self.numbers[kind].append(str(done.found[name]))

    def an_order(self) -> str:
        """An open order, or now and then one that is closed or was never there."""
        found = [str(id) for (id,) in self.m.ask("SELECT order_id FROM credit_order WHERE open > 0 ORDER BY seq")]
        return self.rng.choice([*found, *found, *found, "O0", *self.numbers["O"][:1]])

    def issue(self) -> None:
        """Issue for periods that are tied to no ground, so that any number of issues may follow."""
        year = self.clock[0].year - self.rng.randint(0, 3)
        period = (date(year, 1, 1), date(year + 1, 1, 1))
        op.issue(self.m.office, self.m.rules, self.rng.choice(["N1", "N2"]), period, str(self.rng.randint(20, 90)), [], **WHO)

    def import_units(self) -> None:
        self.imports += 1
        period = (date(self.clock[0].year - 1, 1, 1), date(self.clock[0].year, 1, 1))
        reference = f"R {self.imports % 7}"
        op.import_units(
            self.m.office, self.m.rules, self.rng.choice(["grove", "ccer"]), "V", "15.0".rstrip("0."), reference, period, **WHO
        )

    def step(self, name: str) -> None:
        """Do one act; what is refused has changed nothing."""
        before = self.state()
        try:
            self.acts()[name]()
            self.done[name] = self.done.get(name, 0) + 1
        except FaultsError as exc:
            self.refused |= {f.code for f in exc.faults}
            assert self.state() == before, name

    def go(self, name: str) -> None:
        """Do one act, and look at everything after it."""
        self.step(name)
        self.conserved()
        self.paid()
        self.broken()

    # ------------------------------------------------------------ the identity
    def state(self) -> list[tuple[Any, ...]]:
        return self.m.ask(
            "SELECT seq, instrument, first, last, state, account, lien FROM credit_block WHERE ended_by_id IS NULL ORDER BY instrument, first"
        )

    def conserved(self) -> None:
        """Count the units from the blocks and issues themselves."""
        m = self.m
        issued = {
            str(i): (int(n), int(last))
            for i, n, last in m.ask("SELECT instrument, sum(last - first + 1), max(last) FROM credit_issue GROUP BY instrument")
        }
        blocks: dict[str, list[tuple[Any, ...]]] = {i: [] for i in issued}
        for row in self.state():
            blocks[row[1]].append(row)
        counted = {row["instrument"]: row for row in queries.balances(m.office)}
        for inst, (minted, last) in issued.items():
            found = blocks[inst]
            assert (found[0][2], found[-1][3], minted) == (1, last, last)
            assert all(a[3] + 1 == b[2] for a, b in pairwise(found))  # every serial lies in one block
            by_state = {s: sum(b[3] - b[2] + 1 for b in found if b[4] == s) for s in STATES}
            assert sum(by_state.values()) == minted
            assert {k: v for k, v in counted[inst].items() if k != "instrument"} == by_state | {"minted": minted}
        rested = {tuple(b) for found in blocks.values() for b in found if b[4] in TERMINAL}
        assert self.rested <= rested
        self.rested = rested
        offered = m.ask(
            "SELECT o.order_id, o.open FROM credit_order o WHERE o.side = 'sell' AND o.open <> coalesce((SELECT sum(b.last - b.first + 1)"
            " FROM credit_block b WHERE b.lien = o.order_id AND b.state = 'locked' AND b.ended_by_id IS NULL), 0)"
        )
        assert offered == []

    def paid(self) -> None:
        """What accounts have deposited covers every bid, and never runs below zero."""
        for account in ACCOUNTS:
            deposit = -ledger.balance(self.m.office, f"liability:settlement:{account}:CREDITS")
            bids = self.m.ask(
                "SELECT sum(open * price) FROM credit_order WHERE side = 'buy' AND account = %s AND open > 0", account
            )
            assert deposit >= int(bids[0][0] or 0) // 10

    # ------------------------------------------------------------ past the program
    def broken(self) -> None:
        """Try one write that breaks the identity, over a plain connection; the database refuses it."""
        kind = self.rng.choice(BREAKING)
        before = (self.state(), queries.balances(self.m.office))
        statements = self.breaking(kind)
        if statements:
            with pytest.raises(Exception, match=r"ecoweb:|constraint|violates"):
                plainly(self.m.office, statements)
        assert (self.state(), queries.balances(self.m.office)) == before, kind

    def breaking(self, kind: str) -> list[str]:
        found = self.state()
        seq, inst, first, last, *_ = self.rng.choice(found)
        issue, event = self.m.ask("SELECT issue_id, made_by_id FROM credit_block WHERE seq = %s", seq)[0]
        free = int(self.m.ask("SELECT max(seq) FROM credit_block")[0][0]) + 1
        live = [b for b in found if b[4] not in TERMINAL]
        dead = [b for b in found if b[4] in TERMINAL]

        def made(a: int, z: int, n: int = 0, state: str = "held") -> str:
            return (
                "INSERT INTO credit_block (seq, instrument, issue_id, first, last, state, account, lien, purpose, beneficiary, period,"
                f" made_by_id, ended_by_id) VALUES ({free + n}, '{inst}', '{issue}', {a}, {z}, '{state}', 'X', '', '', '', '', {event}, NULL)"
            )

        ends = f"UPDATE credit_block SET ended_by_id = {event} WHERE seq = {seq}"
        ended = self.m.ask("SELECT seq FROM credit_block WHERE ended_by_id IS NOT NULL ORDER BY seq LIMIT 1")
        orders = self.m.ask("SELECT seq FROM credit_order ORDER BY seq DESC LIMIT 1")
        return {
            "move": [f"UPDATE credit_block SET account = 'X', state = 'held' WHERE seq = {seq}"],
            "vanish": [f"UPDATE credit_block SET ended_by_id = {event} WHERE seq = {live[0][0]}"] if live else [],
            "double": [made(first, last)],
            "unissued": [ends, made(first, last + 1)],
            "rewrite": [f"UPDATE credit_block SET last = last + 1 WHERE seq = {seq}"],
            "revive": [f"UPDATE credit_block SET ended_by_id = {event} WHERE seq = {dead[0][0]}"] if dead else [],
            "reopen": [f"UPDATE credit_block SET ended_by_id = NULL WHERE seq = {ended[0][0]}"] if ended else [],
            "delete": [f"DELETE FROM credit_block WHERE seq = {seq}"],
            "count": [f"UPDATE credit_balance SET held = held + 1, gap = gap - 1 WHERE instrument = '{inst}'"],
            "issue": [f"UPDATE credit_issue SET last = last + 1 WHERE issue_id = '{issue}'"],
            "order": [f"UPDATE credit_order SET open = open + 1 WHERE seq = {orders[0][0]}"] if orders else [],
            "trade": ["DELETE FROM credit_event WHERE seq = 1"],
        }[kind]  # fmt: skip


def plainly(office: Office, statements: list[str]) -> None:
    """Write over a connection of the database's own driver, in one transaction."""
    if office.vendor == "sqlite":
        raw = sqlite3.connect(office.folder / "office.sqlite3", isolation_level=None)
        try:
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("BEGIN IMMEDIATE")
            for statement in statements:
                raw.execute(statement)
            raw.execute("COMMIT")
        finally:
            raw.close()
        return
    import psycopg

    url = tomllib.loads((office.folder / "office.toml").read_text())["database_url"]
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
def test_any_history_of_all_acts_keeps_the_identity(desk: Market, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    m, clock = desk, [desk.office.today()]
    monkeypatch.setattr(Office, "today", lambda self: clock[0])
    rules_file(m.office, "grove", GROVE)
    for id in ("N1", "N2"):
        m.project(id, "grove", parcels=[], start=date(2020, 1, 1), end=date(2026, 6, 1) if id == "N2" else None)
    m.project("C1", "ccer", parcels=[("G9", "1")], start=date(2000, 1, 1), end=date(2020, 1, 1))
    m.issue("C1", "100", REDUCTION, years=(2010, 2020))
    op.set_duty(m.office, m.rules, "A", "allowance", "2025", "100", "d", **WHO)
    for account in "ABC":
        op.trust(m.office, "V", account, "d", **WHO)
        m.deposit(account, 2_000)
    history = History(m, seed, clock)
    names = sorted(history.acts())
    opening = ["issue", "issue", "issue", "import", *["transfer", "approve"] * 6]
    for name in [*opening, *history.rng.sample(names * 5, len(names) * 5)]:
        history.go(name)
    for name in names:  # what chance has left out
        while name not in history.done and sum(history.done.values()) < 400:
            history.go(history.rng.choice(["issue", "transfer", "approve", "freeze", "sealed", name]))
    assert set(history.done) == set(names), (set(names) - set(history.done), history.refused)
    assert len(history.refused) > 5
    assert check(m.office) == []
    sound(m)
