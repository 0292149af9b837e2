"""Deed files as clerks write them: YAML, TOML, CSV in both languages; every fault with its line, none echoed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecocomp.tenure.deed_file import read_deeds

YAML = """\
on: 2024-03-01
source: {number: 文 7, kind: agreement}
deeds:
  - {deed: transfer, right_id: R1, to: H2 1/3}
  - deed: inherit
    on: 2024-02-01
    from: N1
    heirs: {N2: 1/2, N3: 1/2}
"""
TOML = """\
on = 2024-03-01
[source]
number = "文 7"
kind = "agreement"
[[deeds]]
deed = "transfer"
right_id = "R1"
to = "H2 1/3"
[[deeds]]
deed = "inherit"
on = 2024-02-01
from = "N1"
heirs = {N2 = "1/2", N3 = "1/2"}
"""
CSV = """\
deed,on,source.number,source.kind,right_id,to,from,heirs
transfer,2024-03-01,文 7,agreement,R1,H2 1/3,,
inherit,2024-02-01,文 7,agreement,,,N1,N2 1/2; N3 1/2
"""
CSV_ZH = """\
业务,生效日,凭证.文号或证号,凭证.类型,权利编码,受让方,被继承人,继承人
转让,2024-03-01,文 7,协议、调解书,R1,H2 1/3,,
继承,2024-02-01,文 7,协议、调解书,,,N1,N2 1/2；N3 1/2
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def test_four_ways_to_write_the_same_deeds(tmp_path: Path) -> None:
    read = [
        read_deeds(write(tmp_path, name, text))
        for name, text in (("a.yaml", YAML), ("b.toml", TOML), ("c.csv", CSV), ("d.csv", CSV_ZH.encode("gb18030")))
    ]
    assert all(faults == [] for _, faults in read), [f.say("en") for _, fs in read for f in fs]
    said = [[(d.kind, d.on, dict(d.values)) for d in deeds] for deeds, _ in read]
    assert said[0] == said[1] == said[2] == said[3] and len(said[0]) == 2
    assert [[d.line for d in deeds] for deeds, _ in read] == [[4, 5], [5, 9], [2, 3], [2, 3]]


def test_every_fault_of_a_file_comes_with_its_line(tmp_path: Path) -> None:
    text = """\
deeds:
  - {deed: transfer, on: 2024-13-01, source: S1, right_id: R1, to: H2 3/2}
  - {deed: sell, on: 2024-01-01, source: S1}
  - {deed: grant, on: 2024-01-01, source: {number: 1, kind: hearsay}, parcel_id: 00123, kind: contract, to: H1, colour: red}
  - just text
"""
    deeds, faults = read_deeds(write(tmp_path, "a.yaml", text))
    assert deeds == []
    found = {(f.code, f.record.split(" ")[1], f.record.split(" ")[-1]) for f in faults}
    assert ("tenure.deed_value", "2", "on") in found and ("tenure.deed_value", "2", "to") in found
    assert ("tenure.deed_kind", "3", "3") in found and ("tenure.deed_file", "5", "5") in found
    assert ("tenure.deed_value", "4", "source") in found and ("tenure.deed_value", "4", "parcel_id") in found
    assert any("colour" in f.clash.en for f in faults)
    quotes = next(f for f in faults if f.record.endswith("parcel_id"))
    assert "引号" in quotes.remedy.zh and "quotes" in quotes.remedy.en


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", ""),
        ("a.yaml", "deeds: [\n"),
        ("a.yaml", "deeds: 3\n"),
        ("a.yaml", "deeds: []\n"),
        ("a.yaml", "colour: red\ndeeds: []\n"),
        ("a.yaml", "deeds: &a [*a]\n"),
        ("a.yaml", b"\xff\xfe\x00"),
        ("a.toml", "deeds = 3"),
        ("a.toml", "deeds = ["),
        ("a.toml", b"\xff\xfe"),
        ("a.toml", "x = " + "[" * 5000),
        ("a.csv", ""),
        ("a.csv", "deed,on\ntransfer\n"),
        ("a.csv", b"\xff\xff\xff\xff"),
        ("a.csv", 'deed,on\n"transfer,2024\n'),
        ("a.txt", "deeds"),
        ("a.csv", "x" * 2_100_000),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, text: str | bytes) -> None:
    deeds, faults = read_deeds(write(tmp_path, name, text))
    assert deeds == [] and faults
    assert all(f.clash.zh and f.clash.en and f.remedy.en for f in faults)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert [f.code for f in read_deeds(tmp_path / "none.yaml")[1]] == ["tenure.deed_file"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "H2 1/0"), ("to", "H2 0/1"), ("to", "H2; H2"), ("to", ""), ("to", "H2 1/99999999999999999999"), ("to", {"H2": "half"}),
        ("right_id", "R\u202e1"), ("right_id", "x" * 501), ("right_id", True), ("consent", ["a"]), ("duties_to", 7),
    ],
)  # fmt: skip
def test_odd_values_are_refused_with_a_remedy(tmp_path: Path, field: str, value: object) -> None:
    from ecocomp.tenure.deeds import deed_of

    written = {"deed": "transfer", "on": "2024-01-01", "source": "S", "right_id": "R1", "to": "H2", field: value}
    made, faults = deed_of(written)
    assert made is None and faults and all(f.remedy.zh for f in faults)
