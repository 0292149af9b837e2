"""`ecocomp explain`: the sums add up, every parameter is where it says, in both languages."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.governance.why import Account
from ecocomp.terms.money import say_yuan

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def ids(county: Any) -> dict[str, str]:
    """An order and, of the same household, its id, an entitlement and a parcel."""
    homes = {h["holder_id"] for h in county.rows(2025, "holder") if h["kind"] == "household"}
    order = next(
        o for o in county.rows(2025, "order") if o["holder_id"] in homes and o["state"] == "ready" and o["entitlements"] > 1
    )
    claim = next(e for e in county.rows(2025, "entitlement") if e["holder_id"] == order["holder_id"] and e["funded_fen"])
    return {
        "order": order["order_id"],
        "holder": order["holder_id"],
        "entitlement": claim["entitlement_id"],
        "parcel": claim["parcel_id"],
    }


def amount_of(county: Any, kind: str, id: str) -> int:
    if kind == "order":
        return sum(o["amount_fen"] for o in county.rows(2025, "order") if o["order_id"] == id)
    return sum(e["funded_fen"] for e in county.rows(2025, "entitlement") if e[f"{kind}_id"] == id)


def yuan(text: str) -> int:
    """Read an amount back from what was said, in fen."""
    found = re.search(r"[-−]?[0-9][0-9,]*\.[0-9]{2}", text)
    assert found, text
    value = int(found[0].replace(",", "").replace(".", "").lstrip("-−"))
    return -value if found[0][0] in "-−" else value


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["order", "holder", "entitlement", "parcel"])
def test_every_kind_of_id_is_explained_to_the_fen(kind: str, lang: str, county: Any, ids: dict[str, str], ecocomp: Run) -> None:
    done = ecocomp("explain", county.bundle(2025), ids[kind], lang=lang)
    assert done.returncode == 0, done.stderr
    head = done.stdout.splitlines()[0]
    assert say_yuan(amount_of(county, kind, ids[kind])) in head
    assert ("存证点" if lang == "zh" else "Checkpoint") in done.stdout
    assert re.search(r"\.yaml:[0-9]+", done.stdout)


@pytest.mark.parametrize("kind", ["order", "holder", "entitlement", "parcel"])
def test_the_parts_add_up_to_the_payment(kind: str, county: Any, ids: dict[str, str]) -> None:
    head = Account(county.bundle(2025)).explain(ids[kind])
    whole = amount_of(county, kind, ids[kind])
    assert head.amount is not None and yuan(head.amount.en) == yuan(head.amount.zh) == whole
    claims = [c for c in head.children if c.text.en.startswith("Parcel ") and c.amount]
    assert claims and sum(yuan(c.amount.en) for c in claims if c.amount) == whole
    [sources] = [c for c in head.children if c.text.en.startswith("Where the money comes from")]
    assert sum(yuan(s.amount.en) for s in sources.children if s.amount) == whole
    for claim in claims:
        for rate in [c for c in claim.children if c.text.en.startswith("How the rate")]:
            steps = [c for c in rate.children if c.amount]
            assert len(steps) >= 4 and sum(yuan(s.amount.en) for s in steps if s.amount) == yuan(rate.amount.en)  # type: ignore[union-attr]


def test_every_parameter_cited_stands_on_the_line_it_names(county: Any) -> None:
    bundle = county.bundle(2025)
    parameters = county.rows(2025, "parameter")
    assert len(parameters) > 80
    for p in parameters:
        lines = (bundle / "rules" / p["file"]).read_text(encoding="utf-8").splitlines()
        before = "\n".join(lines[: p["line"]])
        assert 0 < p["line"] <= len(lines)
        assert re.findall(r"key: *[\"']?([A-Za-z0-9_.]+)", before)[-1] == p["key"], (p["key"], p["file"], p["line"])
    known = {(p["file"], p["line"]) for p in parameters}
    account = Account(bundle)
    for holder in sorted({o["holder_id"] for o in county.rows(2025, "order")})[:8]:
        text = "\n".join(account.explain(holder).lines("en"))
        cited = {(f, int(n)) for f, n in re.findall(r"([A-Za-z0-9_/-]+\.yaml):([0-9]+)", text)}
        assert cited and cited <= known


def test_the_document_of_an_envelope_is_that_of_the_year(county: Any, ids: dict[str, str]) -> None:
    text = "\n".join(Account(county.bundle(2025)).explain(ids["holder"]).lines("zh"))
    central = next(e for e in county.rows(2025, "envelope") if e["envelope_id"] == "QX-CENTRAL" and e["year"] == 2025)
    assert central["document"] in text


@pytest.mark.parametrize(("lang", "state", "group"), [("zh", "（可付）", "森林："), ("en", "(ready to be paid)", "forest: ")])
def test_codes_are_said_in_words_and_the_check_can_be_typed(
    lang: str, state: str, group: str, county: Any, ids: dict[str, str], ecocomp: Run
) -> None:
    said = ecocomp("explain", county.bundle(2025), ids["order"], lang=lang).stdout
    assert state in said and "（ready）" not in said and "(ready)" not in said
    [cost] = [line for line in said.splitlines() if "standard.protection_cost" in line]
    assert group in cost and "{" not in cost
    hint = shlex.split(said.strip().splitlines()[-1].partition("ecocomp verify ")[2])
    assert ecocomp("verify", *hint).returncode == 0


@pytest.mark.parametrize(("lang", "words"), [("zh", "没有这个编码"), ("en", "no such id")])
def test_an_unknown_id_is_a_sentence(lang: str, words: str, county: Any, ecocomp: Run) -> None:
    done = ecocomp("explain", county.bundle(2025), "H0", lang=lang)
    assert done.returncode == 1 and words in done.stderr and not done.stdout


def test_json_holds_the_same_tree(county: Any, ids: dict[str, str], ecocomp: Run) -> None:
    done = ecocomp("explain", county.bundle(2025), ids["holder"], "--json")
    assert json.loads(done.stdout) == json.loads(
        json.dumps(Account(county.bundle(2025)).explain(ids["holder"]).as_json(), default=str)
    )


def test_a_letter_to_the_holder(county: Any, ids: dict[str, str], ecocomp: Run, tmp_path: Path) -> None:
    done = ecocomp("explain", county.bundle(2025), ids["order"], "--letter", tmp_path / "letter.pdf", lang="zh")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF-")


def test_a_broken_bundle_is_a_sentence(county: Any, ecocomp: Run, tmp_path: Path) -> None:
    assert ecocomp("explain", tmp_path, "H1").returncode == 1
    (tmp_path / "bundle.json").write_bytes(b'{"year": 20\xff')
    for command in (["explain", tmp_path, "H1"], ["export", tmp_path, "--to", "csv"], ["verify", tmp_path]):
        done = ecocomp(*command)
        assert done.returncode == 1 and ("bundle.json" in done.stderr or "manifest.json" in done.stderr)
