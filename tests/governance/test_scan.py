"""Numbers of persons are found wherever they hide; numbers of other kinds are left alone. All numbers are made up."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecocomp.governance.scan import find, is_id18, luhn, scan, scan_files


def _id18(head: str) -> str:
    return head + next(c for c in "0123456789X" if is_id18(head + c))


ID = _id18("99012119800229123")
CARD = next(f"622588010101010{d}" for d in range(10) if luhn(f"622588010101010{d}"))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"id {ID}.", ["id18"]),
        (f"id {ID.lower()}", ["id18"]),
        (f"x{ID}", []),
        (ID[:17] + ("0" if ID[17] != "0" else "1"), []),
        ("990121800229123", ["id15"]),
        ("990121801329123", []),
        (f"[{CARD}]", ["card"]),
        (f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}", ["card"]),
        (CARD[:15] + str((int(CARD[15]) + 1) % 10), []),
        ("tel:13912345678", ["mobile"]),
        ("139-1234-5678", ["mobile"]),
        ("+86 139 1234 5678", ["mobile"]),
        ("12912345678", []),
        ("139123456789", []),
        ("0.13912345678", []),
        ("13912345678.5", []),
        ("a13912345678", []),
        ("", []),
    ],
)
def test_plain_text(text: str, kinds: list[str]) -> None:
    assert [k for k, _ in find(text.encode())] == kinds


def test_a_hash_or_a_year_of_numbers_is_no_person() -> None:
    import hashlib

    text = (
        "\n".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(200))
        + "\n"
        + "\n".join(f"{i / 7:.15f}" for i in range(1, 999))
    )
    assert find(text.encode()) == []


def test_containers_are_opened() -> None:
    secret = f"<c>{ID}</c>".encode()
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("xl/hidden.xml", secret * 3)
        z.writestr("inner.gz", gzip.compress(secret))
    found = scan(box.getvalue(), "a.xlsx")
    assert {h.part for h in found.hits} == {"a.xlsx!xl/hidden.xml", "a.xlsx!inner.gz!"} and found.not_tested == ()
    pdf = b"%PDF-1.7\n1 0 obj<</Filter/FlateDecode>>stream\n" + zlib.compress(b"(" + CARD.encode() + b")") + b"\nendstream"
    assert [(h.kind, h.part) for h in scan(pdf, "n.pdf").hits] == [("card", "n.pdf!stream 0")]


def test_parquet_text_and_metadata_are_read_and_sums_of_fen_are_not() -> None:
    table = pa.table(
        {"name": pa.array(["甲", "tel 13912345678"]), "code": pa.array([ID, "b"]).dictionary_encode(), "fen": [13912345678, 1]}
    )
    table = table.replace_schema_metadata({"note": CARD})
    box = io.BytesIO()
    pq.write_table(table, box)
    kinds = {(h.kind, h.part.split("!")[-1]) for h in scan(box.getvalue(), "t").hits if "!" in h.part}
    assert kinds == {("mobile", "name"), ("id18", "code"), ("card", "metadata")}


def test_what_cannot_be_opened_is_not_called_clean(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04rubbish")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
    (tmp_path / "bad.parquet").write_bytes(b"PAR1nothing")
    (tmp_path / "fine.txt").write_text("nothing here", encoding="utf-8")
    (tmp_path / "leak.csv").write_text(f"张三,{ID}\n", encoding="utf-8")
    found = scan_files(tmp_path, list(tmp_path.iterdir()))
    assert [(f.where, f.severity) for f in found] == [
        ("bad.parquet", "warning"),
        ("broken.zip", "warning"),
        ("cut.gz", "warning"),
        ("leak.csv", "error"),
    ]
    assert ID not in found[-1].say("zh") and "身份证" in found[-1].say("zh")
