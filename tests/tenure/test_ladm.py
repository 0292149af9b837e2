"""Registers go out and come back the same, to the byte; whatever was changed on the way is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecocomp.tenure import ladm
from ecocomp.tenure.ladm import LadmImport, export_ladm, import_ladm, json_schema
from ecocomp.terms import codes
from ecocomp.terms.registers import CADASTRE, P3

MADE = date(2026, 11, 22)
KNOWN = datetime(2024, 5, 1, 8, 0, 0, 123456, tzinfo=UTC)
CLOCK = {"valid_from": date(2019, 3, 1), "valid_to": None, "known_from": KNOWN, "known_to": None}
Registers = dict[str, pa.Table]


def sample() -> Registers:
    """A small office with a row of everything, a correction, a group and a split of the ground."""

    def party(code: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {"party_id": code, "kind": kind, "name": name, "region_code": "990101001201", **CLOCK, **more}

    corrected = {"known_to": KNOWN + timedelta(days=3)}
    rows: dict[str, list[dict[str, Any]]] = {
        "party": [
            party("H1", "household", "张三", members=3, income_fen=1_234_50, id_number="11010519491231002X", account="6222", phone="138"),
            party("H1-01", "person", "张三\u200e"),
            party("H2", "household", "李四", **corrected),
            party("H2", "household", "李 四", known_from=KNOWN + timedelta(days=3)),
            party("G1", "group", "张三、李四", members=2),
            party("C1", "collective", "桃园村村民委员会", credit_code="91110000600037341L"),
            party("B1", "bank", "信用社"),
        ],
        "member": [
            {"group_id": "H1", "member_id": "H1-01", "role": "head", **CLOCK},
            {"group_id": "G1", "member_id": "H1", "role": "co_owner", "share_num": 1, "share_den": 3, **CLOCK},
            {"group_id": "G1", "member_id": "H2", "role": "co_owner", "share_num": 2, "share_den": 3, **CLOCK},
        ],
        "source": [{"source_id": "S1", "kind": "certificate", "number": "№1", "title": "权证", "issuer": "", "dated": date(2019, 2, 1),
                    "sha256": "ab" * 32, **CLOCK}],
        "tenure": [
            {"right_id": "R1", "parcel_id": "P1", "unit_code": "U1", "holder_id": "H1", "kind": "contract", "share_num": 1, "share_den": 3,
             "state": "clear", "term_to": date(2049, 2, 28), "document": "№1", "source_id": "S1", **CLOCK},
            {"right_id": "R2", "parcel_id": "P1", "unit_code": "U1", "holder_id": "H2", "kind": "contract", "share_num": 2, "share_den": 3,
             "state": "clear", "document": "№1", **CLOCK},
            {"right_id": "R3", "parcel_id": "P1", "holder_id": "C1", "kind": "ownership", "share_num": 1, "share_den": 1, "state": "clear",
             "document": "", **CLOCK},
            {"right_id": "R4", "parcel_id": "P2", "holder_id": "G1", "kind": "management", "share_num": 1, "share_den": 2, "state": "clear",
             "basis": "R3", "document": "", **CLOCK},
        ],
        "duty": [{"contract_id": "K1", "holder_id": "H1", "parcel_id": "P1", "programme": "grass", "duty": "禁牧管护",
                  "signed_on": date(2020, 1, 1), "source_id": "S1", **CLOCK}],
        "restriction": [{"restriction_id": "X1", "kind": "red_line", "name": "红线", "edition_id": "E2", "reason": "", "authority": "省",
                         "document": "〔2019〕1号", **CLOCK}],
        "mortgage": [{"mortgage_id": "M1", "right_id": "R1", "creditor_id": "B1", "amount_fen": 5, "rank": 1, "document": "", **CLOCK}],
        "dispute": [{"dispute_id": "D1", "parcel_id": "P2", "claimant_id": "H2", "state": "open", "claim": "", "document": "", **CLOCK}],
        "region": [{"region_code": "990101", "name": "某县", "level": 3, "list_edition": "2020", **CLOCK}],
        "region_change": [{"from_code": "990101", "to_code": "990102", "kind": "recoded", "evidence": "公告", **CLOCK}],
        "edition": [
            {"edition_id": name, "kind": kind, "region_code": "990101", "title": "层", "authority": "局", "document": "",
             "fingerprint": "0" * 64, "path": f"editions/{name}.parquet", "rows": 2, "area_dm2": 12_345, "source_name": "a.gpkg",
             "source_sha256": "f" * 64, **CLOCK}
            for name, kind in (("E1", "parcel"), ("E2", "red_line"))
        ],
    }  # fmt: skip
    return {
        name: CADASTRE[name].table([{c.name: r.get(c.name) for c in CADASTRE[name].columns} for r in rows[name]]) for name in rows
    }


UNITS = pa.table(
    {"parcel_id": ["P1", "P2"], "edition_id": ["E1", "E1"], "area_dm2": pa.array([10_000, 2_345], pa.int64()),
     "land_class": ["0103", "0301"], "village_code": ["990101001201"] * 2, "geometry": pa.array([b"\x01\x03", None], pa.binary())}
)  # fmt: skip


def without_p3(registers: Registers) -> Registers:
    out = {}
    for name, table in registers.items():
        for c in CADASTRE[name].columns:
            if c.unit == P3:
                table = table.set_column(table.schema.get_field_index(c.name), c.name, pa.nulls(len(table), c.type))
        out[name] = table
    return out


def assert_same(found: LadmImport, wanted: Registers) -> None:
    assert found.faults == []
    for name, table in wanted.items():
        assert found.table(name).equals(table), name


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "office.ladm.jsonl"
    export_ladm(path, sample(), MADE, personal=True, spatial_units=UNITS)
    return path


def altered(path: Path, change: Callable[[list[dict[str, Any]]], Any], seal: bool = True) -> Path:
    """Change the objects of a file; with `seal` its trailer is made to fit, as a forger would."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    body = lines[:-1]
    change(body)
    data = [ladm.encode(one) for one in body]
    trailer = lines[-1]
    if seal:
        counts: dict[str, int] = {}
        for one in body[1:]:
            counts[one["class"]] = counts.get(one["class"], 0) + 1
        trailer = {"class": "trailer", "counts": dict(sorted(counts.items())), "sha256": hashlib.sha256(b"".join(data)).hexdigest()}
    path.write_bytes(b"".join(data) + ladm.encode(trailer))
    return path


def one_of(body: list[dict[str, Any]], name: str, **match: Any) -> dict[str, Any]:
    return next(o for o in body if o["class"] == name and all(o.get(k) == v for k, v in match.items()))


# ---------------------------------------------------------------- there and back
def test_everything_comes_back_and_the_bytes_are_the_same(exported: Path, tmp_path: Path) -> None:
    found = import_ladm(exported, tmp_path / "in")
    assert_same(found, sample())
    assert (
        found.table("spatial_unit")
        .select(UNITS.column_names)
        .equals(UNITS.select(UNITS.column_names).cast(found.table("spatial_unit").select(UNITS.column_names).schema))
    )
    again = tmp_path / "again.ladm.jsonl"
    export_ladm(
        again, {n: found.table(n) for n in CADASTRE if n in found.paths}, date.fromisoformat(found.header["madeOn"]), found.header["crs"],
        found.header["personal"], found.table("spatial_unit"),
    )  # fmt: skip
    assert again.read_bytes() == exported.read_bytes()


def test_streaming_from_parquet_gives_the_same_bytes(exported: Path, tmp_path: Path) -> None:
    found = import_ladm(exported, tmp_path / "in")
    export_ladm(tmp_path / "b", {n: found.paths[n] for n in CADASTRE if n in found.paths}, MADE, personal=True, spatial_units=UNITS)
    assert (tmp_path / "b").read_bytes() == exported.read_bytes()


def test_sensitive_data_stays_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.ladm.jsonl"
    export_ladm(path, sample(), MADE)
    text = path.read_text("utf-8")
    assert "11010519491231002X" not in text and "6222" not in text and json.loads(text.splitlines()[0])["personal"] is False
    assert_same(import_ladm(path, tmp_path / "in"), without_p3(sample()))


def test_classes_and_attributes_are_those_of_the_standard(exported: Path) -> None:
    body = [json.loads(line) for line in exported.read_bytes().splitlines()]
    assert (body[0]["model"], body[0]["crs"], body[0]["personal"]) == ("ISO 19152 LADM", "EPSG:4490", True)
    right = one_of(body, "LA_Right", rID="R1")
    assert right["share"] == {"numerator": 1, "denominator": 3} and right["unit"] == "U1" and right["timeSpec"] == "2019-03-01/.."
    assert right["beginLifespanVersion"] == "2024-05-01T08:00:00.123456Z" and "endLifespanVersion" not in right
    assert one_of(body, "LA_GroupParty", pID="H1")["groupType"] == "family"
    assert one_of(body, "LA_Party", pID="B1")["role"] == "bank"
    assert one_of(body, "LA_BAUnit", uID="U1")["spatialUnits"] == ["P1"]
    assert [o["uID"] for o in body if o["class"] == "LA_BAUnit"] == ["P1", "P2", "U1"]
    assert one_of(body, "LA_Mortgage")["amount"] == "0.05" and one_of(body, "LA_SpatialUnit", suID="P1")["area"] == "100.00"
    assert body[-1]["counts"]["LA_Right"] == 4


NAME = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
DAYS = st.dates(date(1980, 1, 1), date(2099, 12, 31))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@st.composite
def clocks(draw: Any) -> dict[str, Any]:
    first, known = draw(DAYS), draw(MOMENTS)
    end, corrected = (
        draw(st.none() | st.timedeltas(timedelta(0), timedelta(9999))),
        draw(st.none() | st.timedeltas(timedelta(0), timedelta(99))),
    )
    return {
        "valid_from": first, "valid_to": None if end is None else first + timedelta(days=end.days),
        "known_from": known, "known_to": None if corrected is None else known + corrected,
    }  # fmt: skip


@st.composite
def offices(draw: Any) -> Registers:
    parties, sources, rights = [], [], []
    for n in range(draw(st.integers(0, 6))):
        parties.append({
            "party_id": f"H{n}", "kind": draw(st.sampled_from(sorted(codes.PARTY_KINDS))), "name": draw(NAME), "region_code": draw(NAME),
            "members": draw(st.none() | st.integers(0, 99)), "income_fen": draw(st.none() | st.integers(-(10**15), 10**15)),
            "credit_code": draw(st.none() | NAME), "id_number": draw(st.none() | NAME), "account": draw(st.none() | NAME), "phone": None,
            **draw(clocks()),
        })  # fmt: skip
    for n in range(draw(st.integers(0, 3))):
        sources.append({
            "source_id": f"S{n}", "kind": draw(st.sampled_from(sorted(codes.SOURCE_KINDS))), "number": draw(NAME), "title": draw(NAME),
            "issuer": draw(NAME), "dated": draw(st.none() | DAYS), "sha256": draw(st.none() | st.just("0" * 64)), **draw(clocks()),
        })  # fmt: skip
    for p in range(draw(st.integers(0, 4)) if parties else 0):
        when = draw(clocks())
        parts = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
        kind = draw(st.sampled_from(sorted(codes.RIGHT_KINDS)))
        for n, part in enumerate(parts):
            rights.append({
                "right_id": f"R{p}-{n}", "parcel_id": f"P{p}", "unit_code": draw(st.none() | st.sampled_from(["U1", "U2", ""])),
                "holder_id": draw(st.sampled_from([x["party_id"] for x in parties])), "kind": kind, "share_num": part,
                "share_den": sum(parts), "state": "clear", "basis": None, "term_to": draw(st.none() | DAYS), "document": draw(NAME),
                "source_id": draw(st.sampled_from([x["source_id"] for x in sources])) if sources else None, **when,
            })  # fmt: skip
    return {
        "party": CADASTRE["party"].table(parties),
        "source": CADASTRE["source"].table(sources),
        "tenure": CADASTRE["tenure"].table(rights),
    }


@settings(max_examples=60, deadline=None)
@given(office=offices(), personal=st.booleans())
def test_any_registers_come_back(tmp_path_factory: pytest.TempPathFactory, office: Registers, personal: bool) -> None:
    folder = tmp_path_factory.mktemp("ladm")
    summary = export_ladm(folder / "a", office, MADE, personal=personal)
    found = import_ladm(folder / "a", folder / "in")
    assert_same(found, office if personal else without_p3(office))
    assert found.counts == summary.counts
    export_ladm(folder / "b", {n: found.table(n) for n in office}, MADE, personal=personal)
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


# ---------------------------------------------------------------- what was changed
FORGED: list[tuple[str, Callable[[list[dict[str, Any]]], Any], str, str]] = [
    ("name of a holder gone", lambda b: one_of(b, "LA_GroupParty", pID="H1").pop("name"), "value", "name is missing"),
    ("share over one", lambda b: one_of(b, "LA_Right", rID="R1")["share"].update(numerator=4), "value", "the share 4/3 cannot be"),
    ("shares do not add up", lambda b: one_of(b, "LA_Right", rID="R1")["share"].update(denominator=2), "shares", "add up to 7/6"),
    ("a holder not there", lambda b: one_of(b, "LA_Right", rID="R3").update(party="H9"), "reference", "holder_id points at H9"),
    ("a parcel not there", lambda b: (one_of(b, "LA_Right", rID="R4").update(ecSuID="P9", unit="P9"),
                                      one_of(b, "LA_BAUnit", uID="P2").update(uID="P9", spatialUnits=["P9"])), "reference", "P9"),
    ("unit that does not follow", lambda b: one_of(b, "LA_Right", rID="R3").update(unit="U9"), "value", "unit does not agree"),
    ("a unit too many", lambda b: b.append({"class": "LA_BAUnit", "uID": "U7", "type": "basicPropertyUnit", "spatialUnits": ["P1"]}),
     "derived", "U7"),
    ("a unit lost", lambda b: b.remove(one_of(b, "LA_BAUnit", uID="P2")), "derived", "is missing"),
    ("unknown kind", lambda b: one_of(b, "LA_Right", rID="R3").update(type="lordship"), "value", "lordship"),
    ("wrong day", lambda b: one_of(b, "LA_Responsibility").update(ecSignedOn="2020-02-30"), "value", "2020-02-30"),
    ("ends before it begins", lambda b: one_of(b, "LA_Right", rID="R3").update(timeSpec="2019-03-01/2018-01-01"), "value", "before"),
    ("an attribute of nobody", lambda b: one_of(b, "LA_Right", rID="R3").update(colour="red"), "value", "colour"),
    ("a class of nobody", lambda b: b.append({"class": "LA_Castle"}), "class", "LA_Castle"),
    ("one version twice", lambda b: b.append(one_of(b, "LA_Mortgage")), "twice", "same version"),
    ("sensitive data against the header", lambda b: b[0].update(personal=False), "value", "ecIDNumber"),
    ("another profile", lambda b: b[0].update(profile="ecocomp-ladm/9"), "header", "first line"),
    ("a float for money", lambda b: one_of(b, "LA_Mortgage").update(amount=0.05), "value", "0.05"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "code", "words"), FORGED, ids=[f[0] for f in FORGED])
def test_each_forged_line_is_named(
    exported: Path, tmp_path: Path, name: str, change: Callable[[list[dict[str, Any]]], Any], code: str, words: str
) -> None:
    found = import_ladm(altered(exported, change), tmp_path / "in")
    if name == "a parcel not there":  # a register knows rights on ground that no edition has: told, and taken in
        assert found.ok
    else:
        assert not found.ok and not (tmp_path / "in").exists() and found.paths == {}
    assert {f.code for f in found.faults} == {f"ladm.{code}"}, [f.say("en") for f in found.faults]
    assert any(words in f.clash.en for f in found.faults)
    assert "11010519491231002X" not in " ".join(f.say("en") for f in found.faults)


def test_a_change_without_a_new_hash_is_seen(exported: Path, tmp_path: Path) -> None:
    found = import_ladm(
        altered(exported, lambda b: one_of(b, "LA_Right", rID="R1").update(description="№2"), seal=False), tmp_path / "in"
    )
    assert [f.code for f in found.faults] == ["ladm.altered"]


def test_a_file_cut_anywhere_is_refused(exported: Path, tmp_path: Path) -> None:
    whole = exported.read_bytes()
    path = tmp_path / "cut"
    for size in range(0, len(whole), 997):
        path.write_bytes(whole[:size])
        assert not import_ladm(path, tmp_path / "in").ok, size
    path.write_bytes(whole[:-1])
    assert not import_ladm(path, tmp_path / "in").ok
    path.write_bytes(whole + b"{}\n")
    assert not import_ladm(path, tmp_path / "in").ok


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"\xff\xfe", b'{"class":"LA_Right"', b"null", b"7", b'{"class":["x"]}', b"9" * 5000, b""]
)
def test_lines_that_are_no_objects_are_named(exported: Path, tmp_path: Path, line: bytes) -> None:
    lines = exported.read_bytes().splitlines()
    exported.write_bytes(b"\n".join([*lines[:3], line, *lines[3:]]) + b"\n")
    found = import_ladm(exported, tmp_path / "in")
    assert found.faults[0].code == "ladm.json" and found.faults[0].record == "line 4"


def test_an_attribute_that_stands_twice_is_seen(exported: Path, tmp_path: Path) -> None:
    data = exported.read_bytes().replace(b'"rID":"R3",', b'"rID":"R1","rID":"R3",')
    body, trailer = data.rsplit(b"\n", 2)[0] + b"\n", json.loads(data.splitlines()[-1])
    trailer["sha256"] = hashlib.sha256(body).hexdigest()
    exported.write_bytes(body + ladm.encode(trailer))
    found = import_ladm(exported, tmp_path / "in")
    assert [f.clash.en for f in found.faults] == ["an attribute stands twice."]


def test_all_faults_of_a_file_are_told_at_once(exported: Path, tmp_path: Path) -> None:
    def spoil(body: list[dict[str, Any]]) -> None:
        for one in body:
            if one["class"] == "LA_Right":
                one["type"] = "lordship"

    found = import_ladm(altered(exported, spoil), tmp_path / "in")
    assert sum(f.code == "ladm.value" for f in found.faults) == 4


# ---------------------------------------------------------------- the schema
def test_the_schema_in_the_docs_is_the_schema_of_the_code(repo: Path) -> None:
    assert json.loads((repo / "docs" / "ladm.schema.json").read_text("utf-8")) == json_schema()


def test_each_line_has_only_what_the_schema_names(exported: Path) -> None:
    defs = json_schema()["$defs"]
    for line in exported.read_bytes().splitlines():
        one = json.loads(line)
        schema = defs[one["class"]]
        assert set(one) <= set(schema["properties"]) and set(schema["required"]) <= set(one), one["class"]


def test_every_column_of_every_register_is_carried(repo: Path) -> None:
    carried: dict[str, set[str]] = {}
    for spec in ladm.CLASSES:
        carried.setdefault(spec.register, set()).update(a.column for a in spec.attributes)
    for name, register in CADASTRE.items():
        wanted = {c.name for c in register.columns} - {"valid_from", "valid_to", "known_from", "known_to"}
        assert carried[name] == wanted
        for c in register.columns:
            assert all(
                a.personal == (c.unit == P3) for s in ladm.CLASSES if s.register == name for a in s.attributes if a.column == c.name
            )
    for lang in ("en", "zh"):
        page = (repo / "docs" / lang / "ladm.md").read_text("utf-8")
        for spec in (*ladm.CLASSES, ladm.SPATIAL_UNIT):
            assert spec.name in page
            for attribute in spec.attributes:
                assert f"`{attribute.name.partition('.')[0]}`" in page, (lang, spec.name, attribute.name)
