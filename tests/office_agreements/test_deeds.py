"""Agreements in an office: signed text stands, renewals follow, years are settled, paid, disputed and decided; on both databases."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms.faults import FaultsError
from ecocomp.terms.tables import READING
from ecoweb.agreements.operations import Who, adopt, dispute, move_dispute, owed, pay, set_state, settle
from ecoweb.agreements.queries import row_of, years
from ecoweb.office import Office
from ecoweb.records.log import verify_log
from ecoweb.records.queries import versions

WHO = Who("u:clerk01", "协议", "文1")
TEXT = (Path(__file__).parents[1] / "agreements" / "cases" / "qingxi_lower.yaml").read_text(encoding="utf-8")
PARAMS = RuleBook.load([policy_folder()], check=False).resolve("990121", date(2022, 12, 31), date(2023, 6, 1))
MEANS = {"codmn": "2.0", "nh3n": "0.20", "tn": "1.0", "tp": "0.05"}


def readings(year: int = 2022, **more: str) -> Any:
    rows = [
        {"station_id": "QX-OUT", "month": f"{year}-{m:02d}", "indicator": c, "value": v}
        for c, v in (MEANS | more).items()
        for m in range(1, 13)
    ]
    return READING.table(rows)


def signed(office: Office, text: str = TEXT) -> dict[str, Any]:
    return adopt(office, text, "a.yaml", on=date(2022, 1, 5), signed_on=date(2022, 1, 5), document="文1", who=WHO)


def said(caught: pytest.ExceptionInfo[FaultsError]) -> str:
    return " ".join(f.say("en") for f in caught.value.faults)


def test_a_signed_text_stands_and_a_renewal_is_a_new_agreement(office: Office) -> None:
    row = signed(office)
    assert row["state"] == "signed" and row["body"] == TEXT
    assert signed(office)["sha256"] == row["sha256"]
    assert len(versions(office, "agreement")) == 1  # the same text again changes nothing
    with pytest.raises(FaultsError) as caught:
        signed(office, TEXT.replace("2000000", "3000000"))
    assert "its text cannot change" in said(caught)
    set_state(office, row["agreement_id"], "in_force", on=date(2022, 2, 1), signed_on=None, document="", who=WHO)
    with pytest.raises(FaultsError) as caught:
        set_state(office, row["agreement_id"], "expired", on=date(2024, 1, 1), signed_on=None, document="", who=WHO)
    assert "is not over" in said(caught)
    renewal = TEXT.replace("qingxi-lower-2022", "qingxi-lower-2025").replace(
        "2022-01-01, to: 2024-12-31", "2025-01-01, to: 2027-12-31"
    )
    renewal = renewal.replace("name: {zh: 青溪河流域", "version: 2\nprevious: qingxi-lower-2022\nname: {zh: 青溪河流域", 1)
    with pytest.raises(FaultsError) as caught:
        adopt(
            office,
            renewal.replace("2025-01-01", "2024-06-01"),
            "b",
            on=date(2024, 12, 1),
            signed_on=date(2024, 12, 1),
            document="",
            who=WHO,
        )
    assert "overlaps" in said(caught)
    adopt(office, renewal, "b", on=date(2024, 12, 1), signed_on=date(2024, 12, 1), document="文2", who=WHO)
    assert row_of(office, "qingxi-lower-2022", on=date(2024, 12, 2))["state"] == "renewed"
    assert row_of(office, "qingxi-lower-2022", on=date(2022, 3, 1))["state"] == "in_force"
    assert verify_log(office) == []


def test_what_is_from_the_record_or_open_is_not_signed(office: Office) -> None:
    record = (policy_folder() / "CN" / "agreements" / "signed" / "chishui-1.yaml").read_text(encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        signed(office, record)
    assert "no signed text" in said(caught) and "leaves open: duties" in said(caught)
    adopt(office, record, "c", on=date(2018, 1, 1), signed_on=None, document="", who=WHO)  # as a draft it may be kept
    with pytest.raises(FaultsError) as caught:
        settle(office, "chishui-1", 2018, READING.empty(), {}, PARAMS, on=date(2019, 3, 1), confirm=False, document="", who=WHO)
    assert "cannot be settled" in said(caught)


def test_a_year_is_settled_paid_disputed_and_decided(office: Office) -> None:
    id = signed(office)["agreement_id"]
    first = settle(office, id, 2022, readings(), {}, PARAMS, on=date(2023, 3, 1), confirm=False, document="文2", who=WHO)
    assert first.nets == {"990121": 200_000_000, "990122": -200_000_000}
    kept = years(office, id).to_pylist()
    assert [k["state"] for k in kept] == ["settled"]
    assert json.loads(kept[0]["result"])["nets_fen"] == first.nets
    row = pay(
        office,
        id,
        2022,
        "downstream",
        "upstream",
        150_000_000,
        payment_id="P1",
        paid_on=date(2023, 5, 1),
        envelope=None,
        document="付1",
        who=WHO,
    )
    again = pay(
        office,
        id,
        2022,
        "990122",
        "990121",
        150_000_000,
        payment_id="P1",
        paid_on=date(2023, 5, 1),
        envelope=None,
        document="付1",
        who=WHO,
    )
    assert (row["payer"], again["payment_id"], len(versions(office, "agreement_payment"))) == ("990122", "P1", 1)
    with pytest.raises(FaultsError, match="Another payment"):
        pay(
            office,
            id,
            2022,
            "990122",
            "990121",
            1,
            payment_id="P1",
            paid_on=date(2023, 5, 1),
            envelope=None,
            document="付1",
            who=WHO,
        )
    open_, faults = owed(office, id, 2022, date(2023, 6, 1))
    assert [(o.open_fen, o.state) for o in open_] == [(50_000_000, "open")] and faults == []
    dispute(office, "D1", id, 2022, "index_bands", "P 算错", on=date(2023, 6, 2), document="函1", who=WHO)
    with pytest.raises(FaultsError, match="Disputes are open"):
        settle(office, id, 2022, readings(), {}, PARAMS, on=date(2023, 6, 3), confirm=True, document="", who=WHO)
    step = {"payer": None, "payee": None, "amount_fen": None, "by": "", "document": "", "who": WHO}
    with pytest.raises(FaultsError, match="cannot follow"):
        move_dispute(office, "D1", "decided", on=date(2023, 6, 4), **step)
    move_dispute(office, "D1", "negotiating", on=date(2023, 6, 4), **step)
    move_dispute(office, "D1", "escalated", on=date(2023, 7, 4), **step)
    with pytest.raises(FaultsError) as caught:
        move_dispute(office, "D1", "decided", on=date(2023, 8, 4), **step)
    assert "There is no sum" in said(caught) and "who decided" in said(caught)
    decided = step | {"payer": "downstream", "payee": "upstream", "amount_fen": 150_000_000, "by": "澜川市", "document": "决1"}
    move_dispute(office, "D1", "decided", on=date(2023, 8, 4), **decided)
    with pytest.raises(FaultsError, match="cannot follow"):
        move_dispute(office, "D1", "negotiating", on=date(2023, 8, 5), **step)  # a decision binds
    last = settle(office, id, 2022, readings(), {}, PARAMS, on=date(2023, 8, 6), confirm=True, document="文3", who=WHO)
    assert last.nets["990121"] == 150_000_000
    assert [o.state for o in owed(office, id, 2022, date(2023, 9, 1))[0]] == ["paid"]
    assert years(office, id, on=date(2023, 3, 2)).to_pylist()[0]["state"] == "settled"  # the first result is kept
    assert years(office, id).to_pylist()[0]["state"] == "confirmed"
    assert verify_log(office) == []


def test_a_year_with_a_month_missing_is_open_and_cannot_be_confirmed(office: Office) -> None:
    id = signed(office)["agreement_id"]
    gap = readings().slice(1)
    with pytest.raises(FaultsError, match="cannot be confirmed"):
        settle(office, id, 2022, gap, {}, PARAMS, on=date(2023, 3, 1), confirm=True, document="", who=WHO)
    settle(office, id, 2022, gap, {}, PARAMS, on=date(2023, 3, 1), confirm=False, document="", who=WHO)
    assert years(office, id).to_pylist()[0]["state"] == "open"
    assert owed(office, id, 2022, date(2023, 9, 1))[0] == []


def test_money_into_an_envelope_is_booked_once(office: Office) -> None:
    from ecoweb.treasury.ledger import balance

    id = signed(office)["agreement_id"]
    for _ in range(2):
        pay(
            office,
            id,
            2022,
            "downstream",
            "upstream",
            150,
            payment_id="P1",
            paid_on=date(2023, 5, 1),
            envelope="E9",
            document="付1",
            who=WHO,
        )
    assert balance(office, "asset:bank:E9") == 150
    pay(
        office,
        id,
        2022,
        "upstream",
        "downstream",
        50,
        payment_id="P2",
        paid_on=date(2023, 5, 2),
        envelope="E9",
        document="付2",
        who=WHO,
    )
    assert balance(office, "asset:bank:E9") == 100
