"""YAML from others: what could make a small file cost much is refused with its line, at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ecocomp.agreements.agreement import read_agreement
from ecocomp.rules import RuleBook
from ecocomp.rules.lines import MAX_BYTES, read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def said(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.monotonic()
    document, faults = read_yaml(path)
    assert time.monotonic() - begun < 5
    assert document is None or faults
    return "\n".join(f.say("en") for f in faults)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "line 1: It uses an anchor or alias"),
        ("a: 1\nb:\n  c: &x 1\n", "line 3: It uses an anchor or alias"),
        ("a: 1\nb: *x\n", "line 2: It uses an anchor or alias"),
        ("a: &x {b: *x}\n", "line 1: It uses an anchor or alias"),
        ("a: 1\nb: " + "[" * 50_000, "line 2: It is nested deeper than 40 levels"),
        ("\n".join("  " * i + f"k{i}:" for i in range(60)), "It is nested deeper than 40 levels"),
        ("# " + "x" * MAX_BYTES, f"{MAX_BYTES:,} are allowed"),
        ("a: 1\nb: \x07\n", "line 2: It holds the unseen character U+0007"),
        ("a: 1\nb: 1.0e+999999\n", "line 2: A number has too many digits"),
        ("a: [1, " + "9" * 100 + "]\n", "line 1: A number has too many digits"),
        ("a: 1\nb: {c\n", "cannot be read"),
        (b"a: \xff\xfe\n", "Not UTF-8 text"),
    ],
)
def test_what_is_refused_names_file_and_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    told = said(tmp_path / "own.yaml", text)
    assert "own.yaml" in told and words in told


def test_forty_levels_and_stars_in_quotes_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: " + "[" * 38 + "1" + "]" * 38 + "\nb: 'text *with & marks'\n")
    document, faults = read_yaml(tmp_path / "a.yaml")
    assert document is not None and faults == [] and document.value["b"].value == "text *with & marks"


def test_a_bomb_is_refused_in_rules_places_and_agreements(tmp_path: Path) -> None:
    (tmp_path / "CN" / "own").mkdir(parents=True)
    for name in ("places.yaml", "CN/own/own.yaml"):
        (tmp_path / name).write_text(BOMB)
    _, faults = RuleBook.read([tmp_path])
    assert {f.where for f in faults if "anchor" in f.clash.en} == {"places.yaml", "own.yaml"}
    (tmp_path / "agreement.yaml").write_text(BOMB)
    agreement, faults = read_agreement(tmp_path / "agreement.yaml")
    assert agreement is None and any("anchor" in f.clash.en for f in faults)


@pytest.mark.parametrize("text", ["parameters: 3", "parameters: [3]", "parameters: [{key: a, name: {zh: a, en: a}, unit: x, kind: [a], values: 3}]",
    "parameters: [{key: a, name: {zh: a, en: a}, unit: x, kind: number, values: 3}]",
    "parameters: [{key: a, name: {zh: a, en: a}, unit: x, kind: number, values: [3, {value: 1, confidence: [a], document: d}]}]",
    "[]", "x"])  # fmt: skip
def test_a_rule_file_of_another_shape_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "CN" / "own").mkdir(parents=True)
    (tmp_path / "places.yaml").write_text("places: {CN: {name: {zh: 中, en: C}}}")
    (tmp_path / "CN" / "own" / "own.yaml").write_text(text)
    assert [f for f in RuleBook.read([tmp_path])[1] if f.severity == "error"]


@pytest.mark.parametrize("text", ["places: 3", "places: {CN: 3}", "[]", "places: {CN: {name: 3}}"])
def test_places_of_another_shape_raise_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "places.yaml").write_text(text)
    RuleBook.read([tmp_path])
