"""Several processes at one ledger, and one that is killed in the middle of a batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ecoweb.treasury import ledger
from ecoweb.treasury.ledger_check import check

from .books import ON, T, act

WRITER = """
import sys
from datetime import date
from ecoweb.office import open_office
from ecoweb.records.store import writing
from ecoweb.treasury import ledger
from ecocomp.terms.faults import FaultsError

folder, name, count, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
refused = 0
with open_office(folder) as office:
    print("open", flush=True)
    for n in range(count):
        key = f"{name}/{n}"
        made = [ledger.Transfer("asset:transit:E1", "asset:bank:E1", 1, "payment", f"{key}/{i}") for i in range(rows)]
        try:
            with writing(office, act="test.post", actor=name, reason="r") as work:
                ledger.post(work, made, key=key, book_on=date(2025, 2, 1))
            print("done", n, flush=True)
        except FaultsError as stop:
            assert {f.code for f in stop.faults} == {"ledger.limit"}, stop
            refused += 1
print("refused", refused, flush=True)
"""


def start(place: Path, name: str, count: int, rows: int) -> subprocess.Popen[str]:
    """Start a process that posts."""
    command = [sys.executable, "-c", WRITER, str(place), name, str(count), str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def test_two_writers_share_the_money_and_no_more(offices) -> None:
    office = offices.new()
    act(office, lambda w: ledger.post(w, [T("asset:bank:E1", "fund:E1", 25, "grant", "")], key="grant", book_on=ON))
    both = [start(office.folder, name, 20, 1) for name in ("u:one", "u:two")]
    said = [p.communicate(timeout=240) for p in both]
    assert all(p.returncode == 0 for p in both), said
    booked = sum(out.count("done") for out, _ in said)
    refused = sum(int(out.split()[-1]) for out, _ in said)
    assert (booked, refused) == (25, 15)
    assert ledger.balance(office, "asset:transit:E1") == 25
    assert ledger.balance(office, "asset:bank:E1") == 0
    assert check(office) == []


def test_a_process_killed_in_a_batch_leaves_whole_journals(offices) -> None:
    office = offices.new()
    rows = 20_000
    act(office, lambda w: ledger.post(w, [T("asset:bank:E1", "fund:E1", 10**9, "grant", "")], key="grant", book_on=ON))
    for attempt, wait_s in enumerate((0.3, 0.55, 0.8)):
        writer = start(office.folder, f"u:{attempt}", 50, rows)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(wait_s)
        writer.send_signal(signal.SIGKILL)
        acknowledged = writer.stdout.read().count("done")
        writer.communicate()
        kept = [j for j in ledger.journals(office) if j.key.startswith(f"u:{attempt}/")]
        assert len(kept) in (acknowledged, acknowledged + 1)
        assert all(j.lines == rows for j in kept)
    assert ledger.balance(office, "asset:transit:E1") == rows * (len(ledger.journals(office)) - 1)
    assert check(office) == []
    again = start(office.folder, "u:0", 2, rows)
    out, err = again.communicate(timeout=240)
    assert again.returncode == 0, err
    assert out.count("done") == 2
    assert check(office) == []
