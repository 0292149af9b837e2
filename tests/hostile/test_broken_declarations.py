"""Broken mapping files and LADM exchange files, read in this process: faults in words, never anything else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ecocomp.land.mapping import read_mapping
from ecocomp.tenure.ladm import import_ladm
from ecocomp.terms.faults import Fault, FaultsError

_HAN = re.compile(r"[\u4e00-\u9fff]")
MAPPINGS: dict[str, bytes] = {
    "no TOML": b"= = =",
    "wrong bytes": b"\xff\xfe\xfd",
    "UTF-16": '[fields]\nparcel_id = "BSM"\n'.encode("utf-16"),
    "zero bytes": b"[fields]\nparcel_id = \"a\x00b\"\n",
    "two megabytes": b"# " + b"x" * (2 << 20),
    "a list": b"fields = [1, 2, 3]\n",
    "unknown sections": b"[banana]\na = 1\n",
    "arrays ten thousand deep": b"a = " + b"[" * 10_000 + b"]" * 10_000,
    "tables ten thousand deep": b"[" + b"a." * 10_000 + b"b]\n",
    "numbers for names": b"[fields]\nparcel_id = 7\nland_class = 1.5\n",
    "names with direction marks": '[fields]\nparcel_id = "B\u202eSM"\n'.encode(),
    "a number of a hundred thousand digits": b"[tolerances]\nsliver_m2 = " + b"9" * 100_000 + b"\n",
    "infinite tolerances": b"[tolerances]\nsliver_m2 = inf\ndeclared_area = nan\n",
    "tolerances below zero": b"[tolerances]\nsliver_m2 = -1\n",
    "keys twice": b"[fields]\nparcel_id = \"a\"\nparcel_id = \"b\"\n",
    "a name of a megabyte": b'[fields]\nparcel_id = "' + b"x" * 900_000 + b'"\n',
}  # fmt: skip
LADM: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello\n",
    "wrong bytes": b"\xff\xfe\n",
    "a list": b"[]\n",
    "a number": b"7\n",
    "an unknown class": b'{"class": "Banana"}\n',
    "objects ten thousand deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n",
    "one line of five megabytes": b'{"a": "' + b"x" * (5 << 20) + b'"}\n',
    "keys twice": b'{"class": "x", "class": "y"}\n',
    "numbers that are none": b'{"class": NaN}\n',
    "zero bytes": bytes(5000),
    "a zip": b"PK\x03\x04" + bytes(500),
    "blank lines": b"\n" * 10_000,
    "half a surrogate": b'{"class": "\\ud800"}\n',
}


def check(faults: list[Fault]) -> None:
    assert any(f.severity == "error" for f in faults)
    for fault in faults:
        assert _HAN.search(fault.clash.zh) and re.search("[a-z]{2}", fault.clash.en), fault
        assert "Traceback" not in fault.say("en") and len(fault.say("en")) < 5000


@pytest.mark.parametrize("kind", sorted(MAPPINGS))
def test_a_broken_mapping_file_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    (tmp_path / "m.toml").write_bytes(MAPPINGS[kind])
    with pytest.raises(FaultsError) as caught:
        read_mapping(tmp_path / "m.toml")
    check(caught.value.faults)


@pytest.mark.parametrize("kind", sorted(LADM))
def test_a_broken_exchange_file_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    (tmp_path / "l.jsonl").write_bytes(LADM[kind])
    try:
        faults = list(import_ladm(tmp_path / "l.jsonl", tmp_path / "out").faults)
    except FaultsError as stop:
        faults = stop.faults
    check(faults)
    assert json.dumps([f.as_json() for f in faults])
