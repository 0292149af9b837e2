"""Posting payments with full durability: the ledger of an office against plain SQLite and set-based PostgreSQL.

The same payments, from the accounts in transit of five envelopes to accounts payable of as many holders, in batches:

- ours: `treasury.ledger.post` on SQLite (WAL, synchronous=FULL): double entry, hash chain, marks by row, limits, ring-fences
  and periods kept by the database, the entry of the audit log; from names of accounts, opened cold;
- plain SQLite: three tables, two entries a payment and running balances, written as a programmer would, WAL and FULL;
- PostgreSQL: the same three tables, each batch copied into a temporary table and booked by three set-based statements, with
  the server's default durability; the server's CPU is counted.

Usage: ``python benchmarks/ledger.py [--payments N] [--batch N]``; prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import pwd
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
ENVELOPES = 5
DAY = date(2025, 6, 1)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=100_000)
    given = parser.parse_args()
    table = payments(given.payments)
    with tempfile.TemporaryDirectory(prefix="ecobench-", dir=os.environ.get("TMPDIR")) as folder:
        rows = [("ours, SQLite", *ours(Path(folder), table, given.batch))]
        rows.append(("plain SQLite, no chain, no limits", *plain(Path(folder), table, given.batch)))
        rows += [("set-based PostgreSQL, no chain, no limits", *found) for found in postgres(table, given.batch)]
        checked = checking(Path(folder))
    say(rows, given, checked)
    return 0


def payments(n: int) -> pa.Table:
    """The payments: account names, fen, kind, reference."""
    rng = np.random.default_rng(20260101)
    source = rng.integers(1, ENVELOPES + 1, n)
    return pa.table(
        {
            "debit": [f"liability:payable:H{i:07d}:E{e}" for i, e in enumerate(source.tolist())],
            "credit": [f"asset:transit:E{e}" for e in source.tolist()],
            "amount_fen": rng.integers(1, 1_000_000, n),
            "kind": ["confirmation"] * n,
            "reference": [f"2025/P{i:09d}" for i in range(n)],
        }
    )


def batches(table: pa.Table, size: int) -> Iterator[pa.Table]:
    """The payments a batch at a time."""
    for start in range(0, len(table), size):
        yield table.slice(start, size)


def timed(do: Callable[[], None], cpu: Callable[[], float] = time.process_time) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    wall, used = time.perf_counter(), cpu()
    do()
    return time.perf_counter() - wall, cpu() - used


# ---------------------------------------------------------------- ours
def ours(folder: Path, table: pa.Table, size: int) -> tuple[float, float]:
    """Post the payments to an office that has the money and owes it."""
    from ecoweb.office import create_office, open_office
    from ecoweb.records.store import writing
    from ecoweb.treasury import ledger
    from ecoweb.treasury.ledger import Transfer

    office = create_office(folder / "office", name="基准县", region_code="990121")
    owed = pa.table(
        {
            "debit": [f"fund:{c.rpartition(':')[2]}" for c in table["credit"].to_pylist()],
            "credit": table["debit"],
            "amount_fen": table["amount_fen"],
            "kind": ["allocation"] * len(table),
            "reference": table["reference"],
        }
    )
    with writing(office, act="bench.owe", actor="u:bench", reason="基准") as work:
        grants = [Transfer(f"asset:transit:E{e}", f"fund:E{e}", 10**15, "grant", "") for e in range(1, ENVELOPES + 1)]
        ledger.post(work, grants, key="grant", book_on=DAY)
        for i, part in enumerate(batches(owed, size)):
            ledger.post(work, part, key=f"owed/{i}", book_on=DAY)
    office.close()
    office = open_office(folder / "office")

    def pay() -> None:
        for i, part in enumerate(batches(table, size)):
            with writing(office, act="bench.pay", actor="u:bench", reason="基准") as work:
                ledger.post(work, part, key=f"paid/{i}", book_on=DAY)

    with office:
        found = timed(pay)
        total = sum(ledger.trial_balance(office).values())
        assert total == 0
        assert ledger.balance(office, table["debit"][0].as_py()) == 0
    return found


def checking(folder: Path) -> tuple[float, float, float]:
    """Check the whole ledger; return wall and CPU seconds, and the memory in MiB at most."""
    from ecoweb.office import open_office
    from ecoweb.treasury.ledger_check import check

    with open_office(folder / "office") as office:
        found: list[Any] = []
        seconds = timed(lambda: found.extend(check(office)))
        assert not found, found[:3]
    return *seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---------------------------------------------------------------- plain SQLite
TABLES = (
    "CREATE TABLE acct (id {i} PRIMARY KEY, bal {i} NOT NULL)",
    "CREATE TABLE txn (id {i} PRIMARY KEY, ref text UNIQUE)",
    "CREATE TABLE entry (id {e} PRIMARY KEY, txn {i} NOT NULL REFERENCES txn, acct {i} NOT NULL REFERENCES acct, amt {i} NOT NULL)",
)


def numbered(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Number the accounts, as the peers are given them."""
    credit = np.array([int(c[-1]) for c in table["credit"].to_pylist()])
    return np.arange(len(table)) + ENVELOPES + 1, credit


def plain(folder: Path, table: pa.Table, size: int) -> tuple[float, float]:
    """Two entries a payment and running balances, in batches."""
    payable, source = numbered(table)
    amount, refs = table["amount_fen"].to_numpy(), table["reference"].to_pylist()
    k = sqlite3.connect(folder / "plain.db", isolation_level=None)
    k.execute("PRAGMA journal_mode = WAL")
    k.execute("PRAGMA synchronous = FULL")
    for statement in TABLES:
        k.execute(statement.format(i="integer", e="integer"))
    k.execute("BEGIN")
    k.executemany("INSERT INTO acct VALUES (?, 0)", ((i,) for i in range(1, len(table) + ENVELOPES + 1)))
    k.execute("COMMIT")

    def pay() -> None:
        for s in range(0, len(table), size):
            span = range(s, min(s + size, len(table)))
            k.execute("BEGIN IMMEDIATE")
            k.executemany("INSERT INTO txn VALUES (?, ?)", ((i, refs[i]) for i in span))
            k.executemany(
                "INSERT INTO entry (txn, acct, amt) VALUES (?, ?, ?)",
                (row for i in span for row in ((i, int(source[i]), -int(amount[i])), (i, int(payable[i]), int(amount[i])))),
            )
            k.executemany("UPDATE acct SET bal = bal + ? WHERE id = ?", ((int(amount[i]), int(payable[i])) for i in span))
            sums = np.bincount(source[span.start : span.stop], amount[span.start : span.stop].astype(float))
            k.executemany("UPDATE acct SET bal = bal - ? WHERE id = ?", ((int(x), i) for i, x in enumerate(sums) if x))
            k.execute("COMMIT")

    found = timed(pay)
    assert k.execute("SELECT sum(bal) FROM acct").fetchone() == (0,)
    k.close()
    return found


# ---------------------------------------------------------------- set-based PostgreSQL
def postgres(table: pa.Table, size: int) -> Iterator[tuple[float, float]]:
    """The same by three statements a batch, on a server of our own; nothing where there is none."""
    found = subprocess.run(["sh", str(ROOT / "scripts" / "postgres.sh"), "--find"], capture_output=True, text=True, check=False)
    if found.returncode:
        print("no PostgreSQL here:", found.stderr.strip(), file=sys.stderr)
        return
    with server(Path(found.stdout.strip())) as (url, process):
        yield _set_based(url, process, table, size)


def _set_based(url: str, process: subprocess.Popen[bytes], table: pa.Table, size: int) -> tuple[float, float]:
    import psycopg

    payable, source = numbered(table)
    amount, refs = table["amount_fen"].to_numpy(), table["reference"].to_pylist()
    with psycopg.connect(url, autocommit=True) as k:
        for statement in TABLES:
            k.execute(statement.format(i="bigint", e="bigserial"))  # type: ignore[arg-type]
        k.execute("INSERT INTO acct SELECT generate_series(1, %s), 0" % (len(table) + ENVELOPES))  # type: ignore[arg-type]
        k.execute("VACUUM ANALYZE acct")

        def pay() -> None:
            for s in range(0, len(table), size):
                e = min(s + size, len(table))
                with k.transaction():
                    k.execute("CREATE TEMPORARY TABLE f (id bigint, ref text, d bigint, c bigint, amt bigint) ON COMMIT DROP")
                    with k.cursor().copy("COPY f FROM STDIN") as copy:
                        rows = zip(
                            range(s, e), refs[s:e], payable[s:e].tolist(), source[s:e].tolist(), amount[s:e].tolist(), strict=True
                        )
                        copy.write("".join("{}\t{}\t{}\t{}\t{}\n".format(*row) for row in rows))
                    k.execute("INSERT INTO txn SELECT id, ref FROM f")
                    k.execute("INSERT INTO entry (txn, acct, amt) SELECT id, c, -amt FROM f UNION ALL SELECT id, d, amt FROM f")
                    k.execute(
                        "UPDATE acct a SET bal = a.bal + x.s FROM (SELECT acct, sum(amt) AS s FROM (SELECT c AS acct, -amt AS amt"
                        " FROM f UNION ALL SELECT d, amt FROM f) AS e GROUP BY acct) AS x WHERE a.id = x.acct"
                    )

        found = timed(pay, lambda: time.process_time() + used_by(process.pid))
        row = k.execute("SELECT sum(bal) FROM acct").fetchone()
        assert row is not None
        assert row[0] == 0
    return found


def used_by(pid: int) -> float:
    """CPU seconds of a process, of its children and of those that have ended."""
    tick, total = os.sysconf("SC_CLK_TCK"), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid:
            total += sum(int(x) for x in parts[11:15])
        elif int(parts[1]) == pid:
            total += int(parts[11]) + int(parts[12])
    return total / tick


@contextmanager
def server(programs: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A private cluster with default durability (fsync on)."""
    folder = Path(tempfile.mkdtemp(prefix="ecopg-", dir="/tmp"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    folder.chmod(0o755)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"HOME": str(folder)}
    made = [programs / "initdb", "-D", folder / "data", "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run(made, capture_output=True, check=True, cwd=folder, env=env, **who)
    options = ["listen_addresses=", f"unix_socket_directories={folder}", "shared_buffers=1GB", "max_wal_size=8GB"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *(a for o in options for a in ("-c", o))],
            stdout=log, stderr=log, cwd=folder, env=env, **who,
        )  # fmt: skip
    url = f"postgresql://bench@/postgres?host={folder}"
    try:
        _wait(url)
        yield url, process
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    import psycopg

    for _ in range(200):
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("the server does not start")


def say(rows: list[tuple[str, float, float]], given: argparse.Namespace, checked: tuple[float, float, float]) -> None:
    """Print the table."""
    n = given.payments
    print(f"{n:,} payments in batches of {given.batch:,}; every batch is one transaction that is on the disk when it ends.\n")
    print("| | wall s | CPU s | payments/s wall | payments/s CPU | ours is faster by (CPU) |")
    print("|---|---|---|---|---|---|")
    for name, wall, cpu in rows:
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {n / wall:,.0f} | {n / cpu:,.0f} | {cpu / rows[0][2]:.2f} |")
    wall, cpu, memory = checked
    print(
        f"\nThe whole ledger of {2 * n + ENVELOPES:,} transfers checked (hashes, balances, log): {wall:.1f} s wall,",
        end="",
    )
    print(f" {cpu:.1f} s CPU, at most {memory:,.0f} MiB for the whole benchmark.")


if __name__ == "__main__":
    sys.exit(main())
