"""What held on a day as known on a day: the registers against a list of versions kept by hand, and an officer's questions."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.terms.clocks import end_of_day
from ecocomp.terms.faults import FaultsError, UsageError
from ecocomp.terms.registers import REGISTERS
from ecoweb.cadastre.operations import adopt_edition
from ecoweb.cadastre.queries import edition_in_force, holder, parcel
from ecoweb.office import Office
from ecoweb.people.queries import find, groups, members
from ecoweb.records import snapshot
from ecoweb.records.queries import changes, history, register_state, rows, versions
from ecoweb.records.store import record

from .conftest import WHO, Delta, edition, person, right

EXAMPLE = itertools.count()
DAYS = [date(2020, 1, 1) + timedelta(days=d) for d in range(6)]


def holds(row: dict[str, Any], on: date, known: datetime) -> bool:
    return (
        row["valid_from"] <= on
        and (row["valid_to"] is None or row["valid_to"] > on)
        and row["known_from"] <= known
        and (row["known_to"] is None or row["known_to"] > known)
    )


def at_once(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["right_id"] == other["right_id"] and any(
        holds(one, day, other["known_from"]) and holds(other, day, other["known_from"]) for day in DAYS
    )


step = st.tuples(
    st.sampled_from(["add", "end", "correct"]),
    st.integers(0, 1),
    st.integers(0, 4),
    st.integers(1, 3) | st.none(),
    st.integers(0, 9),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=7))
def test_both_clocks_against_a_list_kept_by_hand(office: Office, steps: list[tuple[str, int, int, int | None, int]]) -> None:
    tag = f"X{next(EXAMPLE):05d}-"
    book: list[dict[str, Any]] = []
    moments: list[datetime] = [datetime.now(UTC)]
    for act, object, start, length, pick in steps:
        current = [r for r in book if r["known_to"] is None]
        ended = [current[pick % len(current)]] if act != "add" and current else []
        span = {"valid_from": DAYS[start], "valid_to": None if length is None else DAYS[start] + timedelta(days=length)}
        added = [right(f"{tag}{object}", holder_id=f"H{len(book)}", **span)] if act != "end" else []
        if not ended and not added:
            continue
        stays = [r for r in current if r not in ended]
        fresh = [a | {"known_from": datetime.now(UTC) + timedelta(days=1), "known_to": None} for a in added]
        delta = Delta({"tenure": ended}, {"tenure": added})
        if any(at_once(r, f) for r in stays for f in fresh):
            with pytest.raises(FaultsError, match="already has a version"):
                record(office, delta, **WHO)
            continue
        change = record(office, delta, **WHO)
        moments.append(change.at)
        for row in ended:
            row["known_to"] = change.at
        book += [a | {"known_from": change.at, "known_to": None} for a in added]
    assert versions(office, "tenure", prefix={"right_id": tag}).to_pylist() == ordered(book)
    for on in [DAYS[0] - timedelta(days=1), *DAYS]:
        for known in [*moments, *(m - timedelta(microseconds=1) for m in moments)]:
            found = rows(office, "tenure", prefix={"right_id": tag}, on=on, known=known).to_pylist()
            assert found == ordered([r for r in book if holds(r, on, known)])


def ordered(book: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {n: r[n] for n in REGISTERS["tenure"].schema().names}
        for r in sorted(book, key=lambda r: (r["right_id"], r["valid_from"], r["known_from"]))
    ]


def test_the_whole_register_is_the_same_from_rows_and_from_its_snapshot(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "WORTH_ROWS", 0)
    moments = []
    for turn in range(6):
        current = rows(office, "tenure").to_pylist()
        ended = current[turn % 3 :: 3] if turn else []
        added = [{k: v for k, v in r.items() if not k.startswith("known")} | {"holder_id": f"T{turn}"} for r in ended[:1]]
        added += [right(f"R{turn}{i}", valid_from=DAYS[i]) for i in (3, 1, 2)]
        moments.append(record(office, Delta({"tenure": ended}, {"tenure": added}), **WHO).at)
        for known in moments:
            for on in DAYS:
                whole = register_state(office, "tenure", on, known)
                assert whole.schema.equals(REGISTERS["tenure"].schema())
                assert whole.equals(rows(office, "tenure", on=on, known=known))
    assert history(office, "tenure").equals(versions(office, "tenure"))
    kept = list((office.folder / "cache").glob("tenure-*.arrow"))
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0
    kept[0].write_bytes(b"broken")
    assert len(register_state(office, "tenure")) == len(rows(office, "tenure"))


@pytest.mark.parametrize("few", [0, 3, 1000])
def test_rows_out_of_order_are_laid_in_their_places(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    monkeypatch.setattr(snapshot, "FEW_ROWS", few)
    clocks = {"known_from": datetime(2026, 1, 1, tzinfo=UTC), "known_to": None}
    for seed in range(30):
        turn = random.Random(seed)
        keys = sorted(turn.sample([(f"R{i}é", d) for i in range(8) for d in DAYS], 20))
        tail = [keys.pop(turn.randrange(len(keys))) for _ in range(seed % 5)]
        made = [right(k, valid_from=d, document=str(i)) | clocks for i, (k, d) in enumerate([*keys, *tail])]
        table = pa.Table.from_pylist(made, schema=REGISTERS["tenure"].schema())
        assert snapshot._sorted("tenure", table).equals(REGISTERS["tenure"].checked(table))


def test_texts_that_hold_separators_come_back_whole(office: Office) -> None:
    odd = ["a\x1fb", "\x1f", "\x1a", "\x1a\x1a\x1a", "", "\\0", "\\N", "NULL", 'quo"ted', "line\nbreak\r", "，;\t", "\\x41"]
    record(
        office, Delta(added={"tenure": [right(f"R{i:02d}", document=t, basis=t, unit_code=None) for i, t in enumerate(odd)]}), **WHO
    )
    for found in (register_state(office, "tenure"), rows(office, "tenure"), history(office, "tenure")):
        assert found["document"].to_pylist() == found["basis"].to_pylist() == odd
        assert found["unit_code"].null_count == len(odd)
    from ecoweb.records.log import verify_log

    assert verify_log(office) == []


def test_a_snapshot_of_another_history_is_not_taken(office: Office, offices: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(snapshot, "WORTH_ROWS", 0)
    other = offices.new()
    record(office, Delta(added={"tenure": [right("A")]}), **WHO)
    record(other, Delta(added={"tenure": [right("B")]}), **WHO)
    register_state(office, "tenure")
    shutil.copytree(office.folder / "cache", other.folder / "cache")
    assert register_state(other, "tenure")["right_id"].to_pylist() == ["B"]


def test_a_snapshot_that_was_altered_or_put_there_is_not_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "WORTH_ROWS", 0)
    record(office, Delta(added={"tenure": [right("A"), right("B", parcel_id="990121001001GB00002")]}), **WHO)
    true = history(office, "tenure")
    (file,) = (office.folder / "cache").glob("tenure-*.arrow")
    whole = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
    place = whole.schema.get_field_index("holder_id")
    forged = whole.set_column(place, whole.schema.field(place), pa.array(["THIEF"] * len(whole)))
    head, _, tag = file.stem.rpartition("-")
    for name in (file.name, f"{head}-{'0' * len(tag)}.arrow", f"{head}-.arrow", f"{head}.arrow", "tenure-99999-none-00.arrow"):
        for old in file.parent.iterdir():
            old.unlink()
        with pa.ipc.new_file(file.with_name(name), forged.schema) as writer:
            writer.write_table(forged)
        assert history(office, "tenure").equals(true), name
    record(office, Delta(added={"tenure": [right("C", parcel_id="990121001001GB00003")]}), **WHO)
    with pa.ipc.new_file(file, forged.schema) as writer:
        writer.write_table(forged)
    assert history(office, "tenure")["holder_id"].to_pylist() == ["H1"] * 3  # no older one is built upon either


def test_without_the_key_no_snapshot_is_made_or_taken(offices: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "WORTH_ROWS", 0)
    place, _ = offices.fresh()
    office = offices.open(place)
    record(office, Delta(added={"tenure": [right("A")]}), **WHO)
    (place / "office.key").rename(place / "away")
    again = offices.open(place)
    assert len(history(again, "tenure")) == 1
    assert list((place / "cache").glob("*.arrow")) == []


def test_a_day_of_knowledge_counts_to_its_end(office: Office) -> None:
    change = record(office, Delta(added={"tenure": [right()]}), **WHO)
    day = (change.at + timedelta(hours=8)).date()
    assert len(rows(office, "tenure", known=day)) == 1
    assert len(rows(office, "tenure", known=day - timedelta(days=1))) == 0
    assert len(rows(office, "tenure", known=end_of_day(day))) == 1
    assert len(rows(office, "tenure", on=date(2019, 12, 31))) == 0


def test_conditions(office: Office) -> None:
    record(
        office,
        Delta(added={"tenure": [right(f"R{i}", parcel_id=f"99012{i}%_", unit_code=None if i else "u") for i in range(5)]}),
        **WHO,
    )

    def ids(**how: Any) -> list[str]:
        found: list[str] = rows(office, "tenure", **how)["right_id"].to_pylist()
        return found

    assert ids(where={"right_id": ["R1", "R3", "none"]}) == ["R1", "R3"]
    assert ids(where={"right_id": []}) == []
    assert ids(where={"unit_code": None}) == ["R1", "R2", "R3", "R4"]
    assert ids(where={"right_id": "R1", "holder_id": "H1"}) == ["R1"]
    assert ids(prefix={"parcel_id": "99012"}) == ["R0", "R1", "R2", "R3", "R4"]
    assert ids(prefix={"parcel_id": "990121%"}) == ["R1"]
    assert ids(prefix={"parcel_id": "99012_"}) == []
    assert ids(where={"right_id": [f"R{i}" for i in range(25_000)]}) == ["R0", "R1", "R2", "R3", "R4"]
    for wrong in ({"where": {"colour": 1}}, {"prefix": {"colour": "1"}}):
        with pytest.raises(UsageError):
            ids(**wrong)
    with pytest.raises(UsageError):
        rows(office, "rights")


# ---------------------------------------------------------------- an officer's questions
SPAN = {"valid_from": date(2020, 1, 1), "valid_to": None}


def village(office: Office, tmp_path: Path) -> None:
    """Two households, a group of co-owners of whom one is the first household's head; a parcel with everything on it."""
    staged = tmp_path / "staged.parquet"
    pq.write_table(pa.table({"parcel_id": [f"P{i}" for i in range(9)], "area_dm2": list(range(9))}), staged, row_group_size=2)
    adopt_edition(office, staged, edition(valid_from=date(2020, 1, 1)), actor="u:a", reason="建库")
    co = {"role": "co_owner", "share_num": 1, "share_den": 2}
    added = {
        "party": [person("H1"), person("H2", name="李四", phone="13900000000"), person("G1", kind="group", name="共有", phone=None, account=None, id_number=None), person("B1", kind="bank", name="信用社", credit_code="c", phone=None, account=None, id_number=None)],
        "member": [SPAN | {"group_id": "G1", "member_id": "H1"} | co, SPAN | {"group_id": "G1", "member_id": "H2"} | co],
        "tenure": [right("R1", parcel_id="P7", holder_id="H1"), right("R2", parcel_id="P8", holder_id="G1"), right("R3", parcel_id="P6", holder_id="H2")],
        "duty": [SPAN | {"contract_id": "C1", "holder_id": "H2", "parcel_id": "P7", "programme": "公益林", "duty": "管护", "signed_on": date(2020, 1, 1), "source_id": None}],
        "restriction": [SPAN | {"restriction_id": "X1", "kind": "red_line", "name": "线", "category": None, "parcel_id": "P7", "edition_id": None, "reason": "r", "authority": "a", "document": "d", "adopted_on": None}],
        "mortgage": [SPAN | {"mortgage_id": "M1", "right_id": "R1", "creditor_id": "B1", "amount_fen": 5, "rank": 1, "document": "d"}],
        "dispute": [SPAN | {"dispute_id": "D1", "parcel_id": "P7", "claimant_id": "H2", "state": "open", "claim": "c", "document": "d"}],
    }  # fmt: skip
    record(office, Delta(added=added), **WHO)


def names(found: dict[str, pa.Table]) -> dict[str, list[Any]]:
    return {r: sorted(t[t.schema.names[0] if r != "member" else "member_id"].to_pylist()) for r, t in found.items() if len(t)}


def test_all_of_a_holder_and_all_of_a_parcel(office: Office, tmp_path: Path) -> None:
    village(office, tmp_path)
    assert names(holder(office, "H1")) == {
        "party": ["H1"], "member": ["H1"], "tenure": ["R1", "R2"], "mortgage": ["M1"], "dispute": ["D1"],
    }  # fmt: skip
    assert names(holder(office, "B1")) == {"party": ["B1"], "mortgage": ["M1"]}
    assert names(holder(office, "H2"))["duty"] == ["C1"]
    assert names(holder(office, "nobody")) == {}
    assert names(holder(office, "H1", on=date(2019, 1, 1))) == {}
    assert names(holder(office, "H1", known=date(2019, 1, 1))) == {}
    assert names(parcel(office, "P7")) == {
        "parcel": ["P7"], "edition": ["parcel-2024"], "tenure": ["R1"], "restriction": ["X1"], "duty": ["C1"], "dispute": ["D1"],
        "mortgage": ["M1"], "party": ["B1", "H1", "H2"], "history": ["R1"],
    }  # fmt: skip
    assert parcel(office, "P7")["parcel"].to_pylist() == [{"parcel_id": "P7", "area_dm2": 7}]
    assert names(parcel(office, "P8"))["party"] == ["G1", "H1", "H2"]
    assert names(parcel(office, "P0")) == {"parcel": ["P0"], "edition": ["parcel-2024"]}
    assert names(parcel(office, "elsewhere")) == {}
    assert find(office, name="李四", phone="13900000000")["party_id"].to_pylist() == ["H2"]
    assert find(office, name="张三", phone="13900000000")["party_id"].to_pylist() == []
    assert members(office, "G1")["member_id"].to_pylist() == ["H1", "H2"]
    assert groups(office, "H2")["group_id"].to_pylist() == ["G1"]


def test_which_edition_is_in_force(office: Office, tmp_path: Path) -> None:
    village(office, tmp_path)
    (old,) = edition_in_force(office, "parcel").to_pylist()
    staged = tmp_path / "new.parquet"
    pq.write_table(pa.table({"parcel_id": ["P7"], "area_dm2": [70]}), staged)
    ends = {k: v for k, v in old.items() if not k.startswith("known")} | {"valid_to": date(2025, 1, 1)}
    before = datetime.now(UTC)
    adopt_edition(
        office, staged, edition("parcel-2025", valid_from=date(2025, 1, 1)), actor="u:a", reason="年度变更",
        delta=Delta({"edition": [old]}, {"edition": [ends]}),
    )  # fmt: skip

    def found(**when: Any) -> list[str]:
        ids: list[str] = edition_in_force(office, "parcel", **when)["edition_id"].to_pylist()
        return ids

    assert found() == ["parcel-2025"]
    assert found(on=date(2024, 12, 31)) == ["parcel-2024"]
    assert found(known=before) == ["parcel-2024"]
    assert found(region_code="990121001") == ["parcel-2025"]
    assert found(region_code="99") == ["parcel-2025"]
    assert found(region_code="990122") == []
    assert [parcel(office, "P7", on=on)["parcel"]["area_dm2"].to_pylist() for on in (date(2024, 6, 1), date(2025, 6, 1))] == [
        [7],
        [70],
    ]
    assert len(edition_in_force(office, "red_line")) == 0


def test_what_changed_since(office: Office, tmp_path: Path) -> None:
    village(office, tmp_path)
    (row,) = rows(office, "tenure", {"right_id": "R3"}).to_pylist()
    last = record(office, Delta({"tenure": [row]}), act="tenure.end", actor="u:b", reason="注销", source="文9")
    said = changes(office, last.at).to_pylist()
    assert [(c["seq"], c["act"], c["actor"], c["source"], c["register"], c["added"], c["ended"], c["objects"]) for c in said] == [
        (last.seq, "tenure.end", "u:b", "文9", "tenure", 0, 1, ["R3"])
    ]
    today = office.today()
    assert set(changes(office, today)["register"].to_pylist()) == {
        "",
        "edition",
        "party",
        "member",
        "tenure",
        "duty",
        "restriction",
        "mortgage",
        "dispute",
    }
    assert changes(office, today, register="tenure")["seq"].to_pylist() == [2, 3]
    assert changes(office, None, today - timedelta(days=1)).num_rows == 0
    assert changes(office, today + timedelta(days=1)).num_rows == 0
