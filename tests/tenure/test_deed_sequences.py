"""Whatever deeds come in whatever order: what must be true stays true, and what was known at any past moment stays as it was."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from office_book import PAPER, Office

from ecocomp.tenure.deeds import Book, deed_of, gathered, perform
from ecocomp.tenure.invariants import over_basis, over_one
from ecocomp.tenure.versions import FOREVER, content, end_of, object_of
from ecocomp.terms.registers import REGISTERS

START = datetime(2024, 6, 1, tzinfo=UTC)
DAYS = [date(2021, 1, 1) + timedelta(days=90 * i) for i in range(24)]
PARTIES = ("H1", "H2", "H3", "N1", "N2", "N3", "C1")
SHARES = ("1/2", "1/3", "2/3", "1/4", "1")
KINDS = ("grant", "transfer", "transfer", "inherit", "lease", "terminate", "correct", "partition", "consolidate", "open_dispute",
         "settle_dispute", "mortgage", "discharge", "sign_duty", "end_party", "merge_households", "register_party")  # fmt: skip


def written(draw: st.DrawFn, kind: str, office: Office, n: int) -> dict[str, Any]:
    """Draw one deed on what is registered now; many are refused, as they should be."""
    party, share = st.sampled_from(PARTIES), st.sampled_from(SHARES)
    now = {name: [r for r in rows if r["known_to"] is None] for name, rows in office.rows.items()}
    rights = sorted({r["right_id"] for r in now["tenure"] if r["kind"] != "ownership"}) or ["R1"]
    parcels = sorted({r["parcel_id"] for r in now["tenure"]})
    right, parcel, other = draw(st.sampled_from(rights)), draw(st.sampled_from(parcels)), draw(st.sampled_from(parcels))
    disputes = sorted({r["dispute_id"] for r in now["dispute"] if r["state"] != "settled"}) or ["D9"]
    mortgages = sorted({r["mortgage_id"] for r in now["mortgage"]}) or ["M9"]
    kinds = sorted({r["kind"] for r in now["tenure"] if r["parcel_id"] in (parcel, other)} - {"management"})
    to = {draw(party): draw(share), draw(party): draw(share)} if draw(st.booleans()) else draw(party)
    values: dict[str, dict[str, Any]] = {
        "grant": {"parcel_id": parcel, "kind": draw(st.sampled_from(["contract", "use"])), "to": to},
        "transfer": {"right_id": right, "to": to, "consent": "同意"},
        "inherit": {"from": draw(party), "heirs": to},
        "lease": {"right_id": right, "to": draw(party), "term_to": str(draw(st.sampled_from(DAYS))), "share": draw(share)},
        "terminate": {"right_id": right, "consent": "同意"},
        "correct": {
            "register": "tenure", "id": right,
            **draw(st.sampled_from([{"set": {"share": "1/2"}}, {"strike": True}, {"set": {"holder_id": "H3"}}, {"set": {"valid_to": "2024-01-01"}}])),
        },
        "partition": {"pieces": f"{parcel} {parcel}a 10; {parcel} {parcel}b 20"},
        "consolidate": {"pieces": f"{parcel} X{n} 10; {other} X{n} 20", "shares": {f"X{n}/{k}": to for k in kinds}},
        "open_dispute": {"dispute_id": f"D{n}", "parcel_id": parcel, "claimant_id": draw(party), "claim": "主张"},
        "settle_dispute": {"dispute_id": draw(st.sampled_from(disputes)), **({"shares": to} if draw(st.booleans()) else {})},
        "mortgage": {"mortgage_id": f"M{n}", "right_id": right, "creditor_id": "B1", "amount_yuan": n},
        "discharge": {"mortgage_id": draw(st.sampled_from(mortgages))},
        "end_party": {"party_id": draw(st.sampled_from(["N3", "C1", "N4"]))},
        "sign_duty": {"contract_id": f"K{n}", "holder_id": draw(party), "parcel_id": parcel, "programme": "p", "duty": "管护"},
        "merge_households": {"from": ["H1", "H2"], "into": draw(st.sampled_from(["H1", "H2", "H3"]))},
        "register_party": {"party_id": draw(st.sampled_from(["H1", "N1", f"H{n + 10}"])), "kind": "household", "name": "新", "region_code": "990121001001"},
    }  # fmt: skip
    paper = {**PAPER, "number": f"文 {n}", "kind": draw(st.sampled_from(["agreement", "judgment"]))}
    return {"deed": kind, "on": draw(st.sampled_from(DAYS)), "source": paper, **values[kind]}


def known_at(office: Office, moment: datetime) -> dict[str, list[Any]]:
    """Return what was known at a moment, whatever was recorded since."""
    return {
        n: sorted(
            (content(r) for r in rows if r["known_from"] <= moment and (r["known_to"] is None or r["known_to"] > moment)), key=str
        )
        for n, rows in office.rows.items()
    }


def sound(office: Office) -> None:
    """See that every register is as it must be, as known now."""
    now = {n: [r for r in rows if r["known_to"] is None] for n, rows in office.rows.items()}
    for parcel in {r["parcel_id"] for r in now["tenure"]}:
        rows = [r for r in now["tenure"] if r["parcel_id"] == parcel]
        assert over_one(rows) == {} and over_basis(rows) == {}
    for name, rows in office.rows.items():
        assert all(r["valid_from"] < end_of(r) for r in rows)
        REGISTERS[name].table(rows)
        ends: dict[Any, date] = {}
        for r in sorted(now[name], key=lambda r: (str(object_of(name, r)), r["valid_from"])):
            assert ends.get(object_of(name, r), date.min) <= r["valid_from"]
            ends[object_of(name, r)] = end_of(r)
    assert all(end_of(r) <= FOREVER for r in now["tenure"])
    assert {m["right_id"] for m in now["mortgage"]} <= {r["right_id"] for r in office.rows["tenure"]}


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_random_deeds_keep_what_must_be_true_and_lose_no_history(data: st.DataObject) -> None:
    office = Office()
    past: list[tuple[datetime, dict[str, list[Any]]]] = []
    for n in range(data.draw(st.integers(1, 8))):
        moment = START + timedelta(hours=n)
        kind = data.draw(st.sampled_from(KINDS))
        made, _ = deed_of(data.draw(st.composite(written)(kind, office, n)))
        if made is None:
            continue
        whole = perform(Book(office.rows), made)
        assert whole == perform(gathered([made], office.fetch), made)
        before = known_at(office, moment)
        faults = office.record(made, moment)
        if any(f.severity == "error" for f in faults):
            assert known_at(office, moment) == before
        past.append((moment, known_at(office, moment)))
        sound(office)
        assert all(known_at(office, then) == state for then, state in past)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_several_deeds_at_once_say_the_same_as_one_after_another(data: st.DataObject) -> None:
    one, each = Office(), Office()
    deeds = []
    for n in range(data.draw(st.integers(1, 5))):
        kind = data.draw(st.sampled_from(KINDS))
        made, _ = deed_of(data.draw(st.composite(written)(kind, each, n)))
        if made is None or any(f.severity == "error" for f in each.record(made, START + timedelta(hours=n))):
            continue
        deeds.append(made)
    assert not any(f.severity == "error" for f in one.record(deeds, START))
    late = START + timedelta(days=1)
    assert known_at(one, late) == known_at(each, late)
