"""The audit log: the published vectors, and every row altered behind the program is named."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from ecocomp.governance.merkle import consistency_proof, inclusion_proof, leaf_hash, merkle_root, read_checkpoint
from ecoweb.office import Office
from ecoweb.records.guards import unguard_sql
from ecoweb.records.log import NO_ENTRY, checkpoint, commitment, entry_bytes, leaves, verify_log
from ecoweb.records.personal import check_seals
from ecoweb.records.queries import rows
from ecoweb.records.store import record

from .conftest import WHO, Delta, person, right


def test_the_vectors_of_the_published_format() -> None:
    prev, entries = NO_ENTRY, []
    for i, (act, actor) in enumerate([("create", "maker01"), ("check", "checker02"), ("approve", "approver03")]):
        time = datetime(2026, 1, 5, i + 1, tzinfo=UTC)
        promise = commitment(bytes([i]) * 32, f"payload{i}".encode())
        entries.append(entry_bytes(i, time, f"batch.{act}", f"u:{actor}", "batch:2026-0001", promise, prev))
        prev = sha256(entries[-1]).hexdigest()
    hashes = [leaf_hash(e) for e in entries]
    assert hashes[0].hex() == "79590f876012eb2488cec07a993a2f39d944ab0945297c36ab24f414ceb198a1"
    assert hashes[2].hex() == "655567ce81b1ec71f424295c8e2b0927ac0a9bfdfbb06efb7390d5dcf300bb2b"
    assert merkle_root(hashes[:2]).hex() == "be794a9d0bccecfae701c86118504ea70b6938cbacb7c5df2ea5def50cb53313"
    assert merkle_root(hashes).hex() == "eede7afd6b0980c1c380957e28f48a3fdb52cd7ecd46249f23a7bdfe30d0d048"
    assert inclusion_proof(hashes, 1) == [hashes[0], hashes[2]]
    assert consistency_proof(hashes, 2) == [hashes[2]]


def test_an_entry_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        entry_bytes(0, datetime(2026, 1, 1, tzinfo=UTC), "a", "u", "x" * 65_536, "", NO_ENTRY)


def filled(office: Office) -> None:
    record(office, Delta(added={"tenure": [right("R1"), right("R2"), right("R3")], "party": [person()]}), **WHO)
    record(office, Delta({"tenure": rows(office, "tenure", {"right_id": "R2"}).to_pylist()}), **WHO)


def alter(office: Office, *statements: str) -> None:
    """Change the database as someone would who may do anything in it: guards away, then the deed."""
    for table in ("tenure", "party", "change", "audit_entry"):
        for drop in unguard_sql(office.vendor, table):
            if not drop.startswith("DROP FUNCTION"):
                office.connection.cursor().execute(drop)
    for statement in statements:
        office.connection.cursor().execute(statement)


@pytest.mark.parametrize(
    ("statement", "where", "named"),
    [
        ("UPDATE tenure SET holder_id = 'X' WHERE right_id = 'R1'", "tenure", "R1 #1"),
        ("UPDATE tenure SET valid_from = '2020-01-02' WHERE right_id = 'R3'", "tenure", "R3 #3"),
        ("UPDATE tenure SET known_from = known_from - 1 WHERE right_id = 'R1'", "tenure", "R1 #1"),
        ("UPDATE tenure SET known_to = NULL, ended_by_id = NULL WHERE right_id = 'R2'", "tenure", "R2 #2"),
        ("UPDATE tenure SET known_to = known_to + 1 WHERE right_id = 'R2'", "tenure", "R2 #2"),
        ("UPDATE tenure SET known_to = known_from + 1, ended_by_id = 2 WHERE right_id = 'R1'", "tenure", "R1 #1"),
        ("UPDATE tenure SET known_to = known_from + 1, ended_by_id = 1 WHERE right_id = 'R1'", "tenure", "R1 #1"),
        ("UPDATE tenure SET source_id = '' WHERE right_id = 'R1'", "tenure", "R1 #1"),
        ("DELETE FROM tenure WHERE right_id = 'R3'", "tenure", "#3"),
        ("UPDATE tenure SET id = 33 WHERE right_id = 'R3'", "tenure", "#3"),
        (
            "INSERT INTO tenure (id, right_id, parcel_id, holder_id, kind, share_num, share_den, state, document, valid_from, known_from,"
            " change_id) SELECT 9, 'R9', parcel_id, holder_id, kind, 1, 1, state, '', valid_from, known_from, 1 FROM tenure WHERE id = 1",
            "tenure",
            "R9 #9",
        ),
        ("UPDATE party SET name = '李四'", "party", "H1 #1"),
        ("UPDATE party SET account = id_number", "party", "H1 #1"),
        ("UPDATE change SET actor = 'u:other' WHERE seq = 1", "change", "1"),
        ("UPDATE change SET reason = '' WHERE seq = 2", "change", "2"),
        ("UPDATE change SET at = at + 1 WHERE seq = 2", "change", "2"),
        ("UPDATE audit_entry SET entry = replace(entry, 'clerk01', 'clerk02') WHERE seq = 1", "audit_entry", "2"),
        ("DELETE FROM audit_entry WHERE seq = 1", "audit_entry", "2"),
        ("DELETE FROM audit_payload WHERE seq = 1", "audit_payload", "1"),
        ("UPDATE audit_payload SET salt = payload WHERE seq = 1", "audit_payload", "1"),
    ],
)
def test_what_was_altered_is_named(office: Office, statement: str, where: str, named: str) -> None:
    filled(office)
    assert verify_log(office) == []
    alter(office, statement)
    found = [(f.where, f.record) for f in verify_log(office)]
    assert (where, named) in found
    assert all(f.code == "records.altered" for f in verify_log(office))


def test_a_log_cut_short_and_a_log_rewritten_do_not_fit_the_kept_checkpoint(office: Office) -> None:
    filled(office)
    origin, size, root = read_checkpoint(checkpoint(office, "ecocomp.example/990121/audit"))
    assert (origin, size, root) == ("ecocomp.example/990121/audit", 3, merkle_root(leaves(office)))
    record(office, Delta(added={"tenure": [right("R4")]}), **WHO)
    assert verify_log(office, size, root) == []
    assert verify_log(office, size, sha256(b"other").digest()) != []
    alter(
        office,
        "DELETE FROM tenure WHERE right_id = 'R4'",
        "DELETE FROM audit_payload WHERE seq >= 2",
        "DELETE FROM audit_entry WHERE seq >= 2",
        "UPDATE tenure SET known_to = NULL, ended_by_id = NULL",
        "DELETE FROM change WHERE seq >= 2",
    )
    assert verify_log(office) == []  # whole in itself: only the witness can tell
    assert [f.where for f in verify_log(office, size, root)] == ["audit_entry"]


def test_no_personal_data_in_log_or_payload(office: Office) -> None:
    filled(office)
    with office.reading() as cursor:
        cursor.execute("SELECT entry FROM audit_entry")
        said = "".join(r[0] for r in cursor.fetchall())
        cursor.execute("SELECT payload FROM audit_payload")
        said += "".join(bytes(r[0]).decode("latin1") for r in cursor.fetchall())
    for clear in ("张三", "11010519491231002X", "13800001234", "3445"):
        assert clear not in said
        assert clear.encode().decode("latin1") not in said


def test_a_value_of_another_kind_is_named_and_a_far_number_ends_nothing(office: Office) -> None:
    if office.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps no text in a column of numbers")
    filled(office)
    with office.writing() as cursor:
        for statement in unguard_sql(office.vendor, "party"):
            cursor.execute(statement)
        cursor.execute("UPDATE party SET valid_to = 'x' WHERE id = 1")
    assert ("party", "#1") in {(f.where, f.record) for f in verify_log(office)}
    assert check_seals(office) == []  # the same value does not end this check either
    with office.writing() as cursor:
        cursor.execute("UPDATE party SET valid_to = NULL WHERE id = 1")
        cursor.execute(f"UPDATE party SET id = {2**61} WHERE id = (SELECT max(id) FROM party)")
    assert {f.where for f in verify_log(office)} == {"party"}
