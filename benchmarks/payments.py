"""What a payment run of an office costs, step by step: a sealed year taken in, paid by a bank file, answered, reissued, archived.

Usage: ``python benchmarks/payments.py [--rows N] [--step NAME --room DIR]``; prints a table in Markdown. An invented county with
a household for every four rows, three envelopes and five officers, on SQLite with full durability; every 500th line comes back
failed. Every step runs in a fresh process; CPU counts the processes it starts. Memory is its greatest resident size. There is
no peer that does this job; what is asked of it is a cost per row that does not grow, and a sum that is right to the fen.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

YEAR, PER_HOLDER, FAILS = 2025, 4, 500
ENVELOPES = ("E1", "E2", "E3")
ROLES = ("maker", "checker", "approver", "releaser", "reconciler")
START = datetime(2027, 1, 10, 1, tzinfo=UTC)
STEPS: tuple[tuple[str, str, int], ...] = (
    ("take", "maker", 3), ("notice", "maker", 3), ("batch", "maker", 11), ("check", "checker", 11), ("approve", "approver", 11),
    ("file", "releaser", 11), ("compare", "releaser", 11), ("release", "releaser", 11), ("return", "reconciler", 12),
    ("reissue", "maker", 12), ("archive", "reconciler", 12), ("verify", "", 0),
)  # fmt: skip
"""Step, who takes it, days after the beginning."""
WORDS = {
    "take": "sealed year taken in and checked against its rules of payment",
    "notice": "notice",
    "batch": "batch made, money set aside in the ledger",
    "check": "checked",
    "approve": "approved",
    "file": "bank file written, re-read and compared",
    "compare": "copy from the bank's channel compared",
    "release": "released",
    "return": "bank return read and posted",
    "reissue": "failed lines reissued",
    "archive": "archived",
    "verify": "everything checked: rows, files, books",
}


def main() -> int:
    """Run all steps, or one of them in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--step", choices=["office", "bundle", *WORDS])
    parser.add_argument("--room", type=Path)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(measured(given.step, given.room, given.rows)))
        return 0
    with tempfile.TemporaryDirectory(prefix="ecobench-") as room:
        found = {name: in_process(name, room, given.rows) for name in ("office", "bundle", *WORDS)}
    say(found, given.rows)
    return 0


def in_process(name: str, room: str, rows: int) -> dict[str, Any]:
    """Run a step in a fresh process."""
    command = [sys.executable, __file__, "--step", name, "--room", room, "--rows", str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(name: str, room: Path, rows: int) -> dict[str, Any]:
    """Do a step; return its wall and CPU seconds, memory [MiB] and what it says of itself."""
    makers: dict[str, Callable[[Path, int], Any]] = {"office": make_office, "bundle": make_bundle}
    begun = time.perf_counter()
    said = makers[name](room, rows) if name in makers else step(name, room)
    wall = time.perf_counter() - begun
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(u.ru_utime + u.ru_stime for u in used)
    return {"wall": wall, "cpu": cpu, "mib": max(u.ru_maxrss for u in used) / 1024, "said": said}


# ---------------------------------------------------------------- the county
def make_office(room: Path, rows: int) -> int:
    """Make the office with its officers and households; return how many households."""
    from ecoweb.office import create_office
    from ecoweb.records.store import delta_tables, load

    people = -(-rows // PER_HOLDER)
    clocks: dict[str, Any] = {"valid_from": date(2020, 1, 1), "valid_to": None}
    nobody = {"delegated_by": None, "kin": None} | clocks
    officers = [
        {"officer_id": f"u:{r}", "person_id": f"P-{r}", "name": r, "roles": r, "region_code": "990121", "document": "任1"} | nobody
        for r in ROLES
    ]  # fmt: skip
    said = {"act": "bench.load", "actor": "u:bench", "reason": "基准"}
    with create_office(room / "office", name="基准县", region_code="990121") as office:
        load(office, delta_tables({"officer": officers}), **said, at=START)
        for n, first in enumerate(range(0, people, 50_000), 1):
            parties = [household(i) | clocks for i in range(first, min(people, first + 50_000))]
            load(office, delta_tables({"party": parties}), **said, at=START + timedelta(minutes=n))
    return people


def household(n: int) -> dict[str, Any]:
    """A household with an account whose check digit is right (Luhn)."""
    base = f"62179{n:013d}"
    digits = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(base))]
    check = -sum(d // 10 + d % 10 for d in digits) % 10
    return {
        "party_id": f"H{n:07d}", "kind": "household", "name": f"户主{n}", "region_code": "990121001001", "members": 4,
        "income_fen": None, "credit_code": None, "id_number": None, "account": f"{base}{check}", "phone": None,
    }  # fmt: skip


def make_bundle(room: Path, rows: int) -> int:
    """Seal a year in which every row is payable in full; return its sum [fen]."""
    from ecocomp.governance.bundle import seal

    place = room / "bundle" / str(YEAR)
    (place / "tables").mkdir(parents=True)
    facts = {"year": YEAR, "region_code": "990121", "case": {"programme": "forest"}, "reference_day": f"{YEAR}-12-31"}
    (place / "bundle.json").write_text(json.dumps(facts))
    rng = np.random.default_rng(7)
    fen, envelope = rng.integers(100, 500_000, rows), rng.integers(0, len(ENVELOPES), rows)
    parcel, holder = [f"p{i:07d}" for i in range(rows)], [f"H{i // PER_HOLDER:07d}" for i in range(rows)]
    claim = [f"forest-{YEAR}-{p}" for p in parcel]
    write(place, "entitlement", rows, {
        "entitlement_id": claim, "year": YEAR, "programme": "forest", "parcel_id": parcel, "holder_id": holder, "right_id": parcel,
        "area_dm2": 1_000_000, "share_num": 1, "share_den": 1, "rate_fen_per_ha": fen, "compliance_ppm": 1_000_000,
        "gross_fen": fen, "entitled_fen": fen, "funded_fen": fen, "state": "payable",
    })  # fmt: skip
    write(
        place,
        "allocation",
        rows,
        {"entitlement_id": claim, "envelope_id": [ENVELOPES[e] for e in envelope.tolist()], "amount_fen": fen},
    )
    granted = [int(fen[envelope == e].sum()) for e in range(len(ENVELOPES))]
    write(place, "envelope", len(ENVELOPES), {
        "envelope_id": ENVELOPES, "year": YEAR, "source": "central", "name_zh": ENVELOPES, "name_en": ENVELOPES,
        "granted_fen": granted, "priority": 1, "carry_over": True, "document": "财1",
        "valid_from": date(YEAR, 1, 1), "valid_to": date(YEAR + 1, 12, 31),
    })  # fmt: skip
    write(place, "envelope_balance", len(ENVELOPES), {
        "envelope_id": ENVELOPES, "year": YEAR, "source": "central", "granted_fen": granted, "allocated_fen": granted
    })  # fmt: skip
    people = -(-rows // PER_HOLDER)
    names = [f"H{i:07d}" for i in range(people)]
    write(
        place,
        "holder",
        people,
        {"holder_id": names, "kind": "household", "name": names, "village_code": "990121001001", "members": 4},
    )
    seal(place, origin="ecocomp/990121", inputs=[], previous="")
    return int(fen.sum())


def write(place: Path, name: str, n: int, columns: dict[str, Any]) -> None:
    """Write a table of the bundle; what is not given is nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ecocomp.terms.tables import TABLES

    spec = TABLES[name]
    arrays = []
    for column, field in zip(spec.columns, spec.empty().schema, strict=True):
        blank: Any = {pa.string(): "", pa.bool_(): False}.get(field.type, 0)
        nothing = None if column.nullable else blank
        value = columns.get(field.name, nothing)
        one = isinstance(value, int | str | date) or value is None
        arrays.append(pa.repeat(pa.scalar(value, field.type), n) if one else pa.array(value).cast(field.type))
    pq.write_table(pa.Table.from_arrays(arrays, schema=spec.empty().schema), place / "tables" / f"{name}.parquet")


# ---------------------------------------------------------------- the steps
def step(name: str, room: Path) -> Any:
    """Take one step of the run as its officer."""
    from ecoweb.office import open_office
    from ecoweb.treasury import payments, payments_queries

    who = {s: (role, days, n) for n, (s, role, days) in enumerate(STEPS)}
    role, days, hour = who[name]
    act = payments.Act(f"u:{role}", "发放", "文1", None, START + timedelta(days=days, hours=hour))
    kept = room / "batch"
    batch = kept.read_text() if kept.exists() else ""
    with open_office(room / "office") as office:
        if name == "take":
            return payments.take_in(office, room / "bundle" / str(YEAR), act).sum_fen
        if name == "notice":
            payments.give_notice(office, YEAR, act)
        elif name == "batch":
            made = payments.make_batch(office, act)
            kept.write_text(made.batch_id)
            return made.lines
        elif name in ("check", "approve", "release"):
            {"check": payments.check_batch, "approve": payments.approve_batch, "release": payments.release}[name](
                office, batch, act
            )
        elif name == "file":
            (room / "copy.txt").write_bytes(payments.write_file(office, batch, act).path.read_bytes())
        elif name == "compare":
            payments.compare_copy(office, batch, room / "copy.txt", act)
        elif name == "return":
            return answered(office, room, batch, act)
        elif name == "reissue":
            return len(payments.reissue(office, batch, act).made)
        elif name == "archive":
            payments.archive(office, batch, act)
        else:
            faults = payments_queries.check(office)
            assert not faults, faults[:3]
    return None


def answered(office: Any, room: Path, batch: str, act: Any) -> int:
    """Write the bank's return and post it; return how many lines were paid."""
    from ecocomp.io.scratch import scratch_folder
    from ecoweb.treasury import payments

    path = room / "return.csv"
    with office.reading() as cursor, path.open("w", encoding="utf-8") as out:
        out.write("批次号,行号,金额,结果,原因\n")
        cursor.execute("SELECT no, amount_fen FROM pay_line ORDER BY no")
        while rows := cursor.fetchmany(10_000):
            ends = (("失败,账号有误" if no % FAILS == 0 else "成功,") for no, _ in rows)
            out.writelines(f"{batch},{no},{fen // 100}.{fen % 100:02d},{end}\n" for (no, fen), end in zip(rows, ends, strict=True))
    with scratch_folder("payments-", office.staging) as work:
        rows, total = payments.read_return(path, work, None)
        return int(payments.post_return(office, batch, rows, total, act, name=path.name).paid)


def say(found: dict[str, dict[str, Any]], rows: int) -> None:
    """Print the table."""
    assert found["take"]["said"] == found["bundle"]["said"], "the sum taken in is not the sum of the bundle"
    assert found["return"]["said"] == found["batch"]["said"] - found["batch"]["said"] // FAILS
    lines, again, sum_fen = found["batch"]["said"], found["reissue"]["said"], found["take"]["said"]
    print(
        f"{rows:,} rows of {found['office']['said']:,} households, {lines:,} lines in the bank file, {again:,} reissued; the sum",
        end="",
    )
    print(f" taken in is the bundle's to the fen ({sum_fen // 100:,} yuan).\n")
    print("| step | CPU s | rows a CPU second | wall s | memory MiB |")
    print("|---|---|---|---|---|")
    for name, words in WORDS.items():
        f = found[name]
        print(f"| {words} | {f['cpu']:.1f} | {rows / f['cpu']:,.0f} | {f['wall']:.1f} | {f['mib']:,.0f} |")


if __name__ == "__main__":
    sys.exit(main())
