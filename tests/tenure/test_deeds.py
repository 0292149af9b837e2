"""Deeds of a land office: what each writes, what it refuses, what stays answerable."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from office_book import PAPER, Office

from ecocomp.tenure.deed_file import read_deeds
from ecocomp.tenure.deed_spec import KINDS, READERS
from ecocomp.tenure.deeds import DEEDS, Book, deed, deed_of, gathered, perform
from ecocomp.terms.codes import SOURCE_KINDS
from ecocomp.terms.faults import FaultsError

LATER = datetime(2024, 7, 1, tzinfo=UTC)


@pytest.fixture
def office() -> Office:
    return Office()


# ---------------------------------------------------------------- every kind of deed
@pytest.mark.parametrize("spec", DEEDS.values(), ids=lambda s: s.id)
def test_the_example_of_every_deed_can_be_read_from_a_file_and_recorded(spec, office, tmp_path):
    path = tmp_path / "deeds.yaml"
    path.write_text(yaml.safe_dump({"deeds": [{"deed": spec.id, **spec.example}]}, allow_unicode=True), encoding="utf-8")
    deeds, faults = read_deeds(path)
    assert not faults
    before = {n: len(r) for n, r in office.rows.items()}
    found = office.record(deeds, LATER)
    assert not [f for f in found if f.severity == "error"], [f.say("en") for f in found]
    assert any(len(r) > before[n] for n, r in office.rows.items() if n != "source")


@pytest.mark.parametrize("spec", DEEDS.values(), ids=lambda s: s.id)
def test_every_deed_is_described_in_both_languages_and_needs_its_fields(spec):
    for text in (spec.title, spec.says, *(f.title for f in spec.fields), *(KINDS[f.kind] for f in spec.fields)):
        assert text.zh and text.en and text.zh != text.en
    assert {f.kind for f in spec.fields} <= READERS.keys() and set(spec.sources) <= SOURCE_KINDS.keys()
    made, faults = deed_of({"deed": spec.id})
    assert made is None
    assert {f.clash.en.split()[1] for f in faults} == {"on", "source", *(f.name for f in spec.fields if f.required)}


def test_what_is_gathered_for_a_deed_gives_the_same_as_the_whole_register(office):
    for spec in DEEDS.values():
        made, _ = deed_of({"deed": spec.id, **spec.example})
        assert perform(Book(office.rows), made) == perform(gathered([made], office.fetch), made)


def test_a_deed_without_a_document_or_with_the_wrong_kind_of_document_is_refused(office):
    with pytest.raises(FaultsError, match="source"):
        deed("transfer", on="2024-01-01", right_id="R1", to="H2")
    assert office.do("transfer", right_id="R1", to="H2", duties_to="H2") == []
    paper = {"number": "口头", "kind": "other"}
    found = office.record(deed("transfer", on="2024-02-01", source=paper, right_id="R1", to="H3"), LATER)
    assert [f.code for f in found] == ["tenure.source_kind"] and "其他" in found[0].clash.zh
    found = office.record(deed("transfer", on="2024-02-01", source="没有的文号", right_id="R1", to="H3"), LATER)
    assert [f.code for f in found] == ["tenure.unknown_source"]


def test_a_document_is_registered_once_and_must_not_contradict_itself(office):
    office.do("transfer", right_id="R1", to="H2 1/4")
    office.do("transfer", "2024-03-01", right_id="R1", to="H3 1/4")
    assert len(office.now("source", "2024-06-01", number="文 1")) == 1
    other = {**PAPER, "issuer": "别处"}
    found = office.record(deed("transfer", on="2024-04-01", source=other, right_id="R1", to="N2 1/4"), LATER)
    assert [f.code for f in found] == ["tenure.source_clash"]


def test_the_past_needs_a_flag_the_future_does_not(office):
    past = deed("transfer", on="2024-05-01", source=PAPER, right_id="R1", to="H2")
    assert [f.code for f in office.record(past, LATER, today=date(2024, 7, 1))] == ["tenure.retroactive"]
    flagged = deed("transfer", on="2024-05-01", source=PAPER, right_id="R1", to="H2", duties_to="H2", retroactive=True)
    assert office.record(flagged, LATER, today=date(2024, 7, 1)) == []
    assert (
        office.record(deed("terminate", on="2030-01-01", source=PAPER, right_id="R4"), LATER, today=date(2024, 7, 1))[0].severity
        == "warning"
    )
    assert office.held("P4", "2029-12-31") == {"N1": "1/1"} and office.held("P4", "2030-01-01") == {}


# ---------------------------------------------------------------- passing on
def test_a_whole_right_keeps_its_code_and_a_part_gives_a_new_one(office):
    office.do("transfer", "2024-02-01", right_id="R4", to="H2 1/3", duties_to="H2")
    assert office.held("P4", "2024-02-01") == {"N1": "2/3", "H2": "1/3"} and office.held("P4", "2024-01-31") == {"N1": "1/1"}
    assert office.now("duty", "2024-02-01", contract_id="K4")[0]["holder_id"] == "H2"
    office.do("transfer", "2024-03-01", right_id="R4", to="H3")
    assert office.now("tenure", "2024-03-01", right_id="R4")[0]["holder_id"] == "H3"
    assert office.held("P4", "2024-03-01") == {"H3": "2/3", "H2": "1/3"}


def test_more_than_the_right_cannot_pass(office):
    office.do("transfer", right_id="R4", to="H2 1/2")
    assert office.do("transfer", "2024-02-01", right_id="R4", to={"H3": "1/2", "N2": "1/4"}) == ["shares_given"]
    assert office.do("transfer", "2024-02-01", right_id="R4", to="N1 1/4") == ["same_holder"]


def test_heirs_get_exactly_the_inherited_share_of_every_right(office):
    office.do("transfer", right_id="R4", to="H2 2/5")
    paper = {"number": "公证", "kind": "will"}
    heirs = {"N2": "1/3", "N3": "1/3", "N4": "1/3"}
    found = office.record(deed("inherit", on="2024-03-03", source=paper, from_="N1", heirs=heirs), LATER)
    assert {f.code for f in found} == {"tenure.duty_left", "tenure.group_shares"} and {f.severity for f in found} == {"warning"}
    held = office.held("P4", "2024-03-03")
    assert held == {"H2": "2/5", "N2": "1/5", "N3": "1/5", "N4": "1/5"} and sum(map(Fraction, held.values())) == 1
    assert office.now("party", "2024-03-03", party_id="N1") == [] and office.now("party", "2024-03-02", party_id="N1")
    wrong = deed("inherit", on="2024-05-01", source=paper, from_="N2", heirs={"N3": "1/2", "N4": "1/3"})
    assert [f.code for f in office.record(wrong, LATER)] == ["tenure.shares_given"]


def test_a_mortgaged_right_passes_with_the_creditors_consent_only_and_the_mortgage_follows(office):
    assert office.do("transfer", right_id="R2", to={"H1": "1/2", "H3": "1/2"}) == ["mortgage_consent"]
    assert office.do("transfer", right_id="R2", to={"H1": "1/2", "H3": "1/2"}, consent="农商行同意 7") == []
    on = office.now("mortgage", "2024-02-01")
    assert {m["right_id"] for m in on} == {
        r["right_id"] for r in office.now("tenure", "2024-02-01", parcel_id="P2", kind="contract")
    }
    assert {m["amount_fen"] for m in on} == {3_000_050}


def test_a_management_right_stays_within_its_contract_right(office):
    assert office.do("lease", right_id="R1", to="C1", term_to="2051-01-01") == ["term"]
    assert office.do("lease", right_id="R1", to="C1", term_to="2030-01-01", share="3/4", new_right_id="L1") == []
    assert office.do("lease", "2025-01-01", right_id="R1", to="H3", term_to="2029-01-01", share="1/2") == ["beyond_basis"]
    assert office.do("lease", "2030-01-01", right_id="R1", to="H3", term_to="2031-01-01", share="1/2") == []
    assert office.do("lease", right_id="O1", to="H3", term_to="2029-01-01") == ["basis"]
    assert office.do("transfer", "2025-01-01", right_id="L1", to="H3") == ["contract_consent"]
    assert office.do("terminate", "2026-01-01", right_id="R1") == ["duty_left"]
    assert office.held("P1", "2026-01-01", "management") == {} == office.held("P1", "2030-06-01", "management")
    assert office.held("P1", "2025-12-31", "management") == {"C1": "3/4"}


def test_a_lease_follows_the_right_it_came_from_when_that_is_divided(office):
    office.do("lease", right_id="R1", to="C1", term_to="2030-01-01", new_right_id="L1")
    assert office.do("transfer", "2025-01-01", right_id="R1", to="H2 1/4") == []
    leases = office.now("tenure", "2025-01-01", parcel_id="P1", kind="management")
    base = {
        r["right_id"]: (r["holder_id"], r["share_num"], r["share_den"]) for r in office.now("tenure", "2025-01-01", parcel_id="P1")
    }
    assert {(base[r["basis"]][0], r["holder_id"], f"{r['share_num']}/{r['share_den']}") for r in leases} == {
        ("H1", "C1", "3/4"),
        ("H2", "C1", "1/4"),
    }


# ---------------------------------------------------------------- what must always be true
def test_shares_never_exceed_one_on_any_day(office):
    assert office.do("grant", parcel_id="P1", kind="contract", to="H2 1/100") == ["exceeds_one"]
    assert office.do("grant", "2019-01-01", parcel_id="P1", kind="contract", to="N2") == ["party_ended"]
    assert office.do("grant", parcel_id="P9", kind="contract", to="H2") == ["no_ownership"]
    assert office.do("grant", parcel_id="P3", kind="contract", to={"H1": "1/2", "H2": "2/3"}) == ["exceeds_one"]


def test_a_later_entry_is_never_overwritten_by_guess(office):
    office.do("transfer", "2025-01-01", right_id="R1", to="H2")
    assert office.do("transfer", "2024-01-01", right_id="R1", to="H3") == ["later_versions"]
    assert office.held("P1", "2025-01-01") == {"H2": "1/1"}


def test_all_faults_of_a_file_come_at_once_and_nothing_is_recorded(office):
    before = {n: list(r) for n, r in office.rows.items()}
    deeds = [
        deed("transfer", on="2024-01-01", source=PAPER, right_id="R1", to="H3 1/2"),
        deed("transfer", on="2024-01-01", source=PAPER, right_id="R9", to="H3"),
        deed(
            "grant",
            on="2024-01-01",
            source=PAPER,
            parcel_id="P3",
            kind="contract",
            to="X1",
            unit_code="510121001002GA00036W00000000",
        ),
    ]
    found = office.record(deeds, LATER)
    assert [f.code for f in found] == ["tenure.unknown_object", "tenure.unit_code", "tenure.unknown_party"]
    assert office.rows == before


def test_a_parcel_outside_the_edition_is_refused(office):
    made = deed("grant", on="2024-01-01", source=PAPER, parcel_id="P77", kind="use", to="H1")
    _, faults = perform(Book(office.rows, parcels={"P1"}), made)
    assert [f.code for f in faults] == ["tenure.unknown_parcel"]


# ---------------------------------------------------------------- people
def test_no_fault_repeats_the_number_of_a_person(office):
    number, card = "110105194912310021", "6222020200112231"
    made = deed("register_party", on="2024-01-01", source=PAPER, party_id="N9", kind="person", name="石九", region_code="990121001001",
                id_number=number, account=card)  # fmt: skip
    found = office.record(made, LATER)
    assert {f.code for f in found} == {"tenure.number_check_digit"} and len(found) == 2
    assert all(n not in f.say(lang) for f in found for n in (number, card) for lang in ("zh", "en"))


def test_a_household_divides_only_when_all_is_said(office):
    missing = office.do("split_household", from_="H1", members={"M2": "H3"}, rights={"R1": {"H3": "1"}})
    assert sorted(missing) == ["not_allocated"] * 3
    done = office.do("split_household", "2024-03-01", from_="H1", members={"M1": "H1", "M2": "H3"},
                     rights="R1: H1 1/2, H3 1/2; P5~contract~H1~20200101: H3", duties={"K1": "H3"})  # fmt: skip
    assert done == []
    assert office.held("P1", "2024-03-01") == {"H1": "1/2", "H3": "1/2"} and office.held("P5", "2024-03-01") == {
        "H2": "1/2",
        "H3": "1/2",
    }
    assert {r["party_id"]: r["members"] for r in office.now("party", "2024-03-01") if r["party_id"] in ("H1", "H3")} == {
        "H1": 1,
        "H3": 2,
    }
    assert office.now("duty", "2024-03-01", contract_id="K1")[0]["holder_id"] == "H3"


def test_households_join_with_all_they_have(office):
    assert office.do("merge_households", "2024-03-01", from_=["H1", "H3"], into="H2") == []
    assert office.held("P1", "2024-03-01") == {"H2": "1/1"} and office.now("party", "2024-03-01", party_id="H1") == []
    assert office.now("party", "2024-03-01", party_id="H2")[0]["members"] == 6
    assert {r["group_id"] for r in office.now("member", "2024-03-01") if r["member_id"] in ("M1", "M2")} == {"H2"}


def test_members_of_a_group_must_add_up_and_nobody_lives_twice(office):
    assert office.do("set_members", group_id="G1", members={"N1": "co_owner 1/3", "N2": "co_owner 1/3"}) == ["group_shares"]
    assert office.do("set_members", group_id="G1", members={"N1": "co_owner 1/3", "G1": "co_owner 2/3"}) == ["group_circle"]
    assert office.do("set_members", group_id="H2", members="M1 head") == ["two_households"]
    assert office.do("set_members", group_id="H2", members="N4 uncle") == ["code"]


def test_a_group_holds_only_with_whole_shares_and_a_bank_not_at_all(office):
    assert office.do("grant", parcel_id="P3", kind="contract", to={"G1": "1/2", "B1": "1/2"}) == ["party_kind"]
    assert office.do("grant", parcel_id="P3", kind="contract", to="G1") == []
    assert "group_shares" in office.do("end_party", "2024-02-01", party_id="N1")
    assert office.do("transfer", "2024-03-01", right_id="R1", to="G1 1/2") == ["group_shares"]


# ---------------------------------------------------------------- ground
def test_a_partition_carries_rights_leases_mortgages_duties_and_restrictions(office):
    office.do("lease", "2023-01-01", right_id="R2", to="C1", term_to="2030-01-01", new_right_id="L2")
    assert office.do("partition", "2024-03-01", pieces="P2 P2a 300; P2 P2b 200") == []
    for new in ("P2a", "P2b"):
        rights = {r["kind"]: r for r in office.now("tenure", "2024-03-01", parcel_id=new)}
        assert {k: r["holder_id"] for k, r in rights.items()} == {"ownership": "V1", "contract": "H2", "management": "C1"}
        assert rights["management"]["basis"] == rights["contract"]["right_id"]
        assert [m["right_id"] for m in office.now("mortgage", "2024-03-01") if m["right_id"].startswith(new)] == [
            rights["contract"]["right_id"]
        ]
        assert office.now("restriction", "2024-03-01", parcel_id=new)
    assert office.now("tenure", "2024-03-01", parcel_id="P2") == [] and len(office.now("tenure", "2024-02-29", parcel_id="P2")) == 3
    assert len(office.now("mortgage", "2024-03-01")) == 2


def test_ground_that_moved_between_holders_is_flagged_not_guessed(office):
    assert office.do("consolidate", pieces="P1 P9 600; P2 P9 400") == ["moved_ground"]
    assert office.do("resurvey", pieces="P1 P1 600; P1 P2 50; P2 P2 400") == ["moved_ground"]
    said = office.do("consolidate", pieces="P1 P9 600; P2 P9 400", shares="P9/contract: H1 3/5, H2 2/5")
    assert said == ["contract_grows"]  # the contract on P1 now covers P2 too
    assert office.held("P9", "2024-01-01") == {"H1": "3/5", "H2": "2/5"} and office.held("P9", "2024-01-01", "ownership") == {
        "V1": "1/1"
    }
    assert office.now("mortgage", "2024-01-01")[0]["right_id"] == "P9~contract~H2~20240101"
    assert office.do("partition", pieces="P3 P3a 5") == ["pieces"]


def test_ground_that_went_nowhere_and_ground_that_came_from_nowhere_are_named(office):
    assert office.do("resurvey", pieces="P1 P1 500; P1 - 300") == ["ground_lost", "no_change"]
    assert office.do("resurvey", pieces="P1 P1 500; - P1 300") == ["moved_ground"] * 2
    assert office.do("resurvey", pieces="P1 P1 500; - P1 3", tolerance_dm2=5) == ["no_change"]
    assert office.do("resurvey", pieces="P1 - 800") == ["ground_lost"]
    assert office.now("tenure", "2024-01-01", parcel_id="P1") == [] and office.now("duty", "2024-01-01", parcel_id="P1") == []


# ---------------------------------------------------------------- disputes
def test_a_dispute_holds_the_money_until_its_document(office):
    day = date(2024, 6, 1)
    assert office.do("open_dispute", "2024-03-01", dispute_id="D1", parcel_id="P1", claimant_id="H2", claim="半数") == []
    assert office.paid(day, date(2024, 6, 2))["P1"] == ["H1 1/1?"] and office.paid(day, date(2024, 5, 1))["P1"] == ["H1 1/1"]
    assert office.do("transfer", "2024-04-01", right_id="R1", to="H3") == ["disputed_right"]
    assert office.do("mortgage", "2024-04-01", mortgage_id="M1", right_id="R1", creditor_id="B1", amount_yuan=1) == [
        "disputed_right"
    ]
    assert office.do("advance_dispute", "2024-04-01", dispute_id="D1", state="court") == []
    assert office.do("advance_dispute", "2024-04-02", dispute_id="D1", state="mediation") == ["dispute_state"]
    assert office.do("settle_dispute", "2024-05-01", dispute_id="D1", shares={"H1": "1/2", "H2": "1/3"}) == ["shares_given"]
    assert office.do("settle_dispute", "2024-05-01", dispute_id="D1", shares={"H1": "1/2", "H2": "1/2"}) == []
    assert office.paid(day, date(2024, 6, 2))["P1"] == ["H1 1/2", "H2 1/2"]
    assert office.paid(date(2024, 4, 1), date(2024, 6, 2))["P1"] == ["H1 1/1?"]


def test_while_another_dispute_is_open_the_money_goes_on_waiting(office):
    office.do("open_dispute", dispute_id="D1", parcel_id="P1", claimant_id="H2", claim="半数")
    office.do("open_dispute", "2024-02-01", dispute_id="D2", parcel_id="P1", claimant_id="H3", claim="半数")
    assert office.do("settle_dispute", "2024-03-01", dispute_id="D1") == ["still_disputed"]
    assert office.now("tenure", "2024-03-01", right_id="R1")[0]["state"] == "disputed"
    assert office.do("settle_dispute", "2024-04-01", dispute_id="D2") == []
    assert office.now("tenure", "2024-04-01", right_id="R1")[0]["state"] == "clear"


# ---------------------------------------------------------------- burdens and corrections
def test_mortgages_have_ranks_and_ownership_has_none(office):
    assert office.do("mortgage", mortgage_id="M1", right_id="O1", creditor_id="B1", amount_yuan=1) == ["not_mortgageable"]
    assert office.do("mortgage", mortgage_id="M1", right_id="R2", creditor_id="B1", amount_yuan=1, rank=1) == ["rank"]
    assert office.do("mortgage", mortgage_id="M1", right_id="R2", creditor_id="B1", amount_yuan="0.01") == []
    assert office.now("mortgage", "2024-01-01", mortgage_id="M1")[0]["rank"] == 2


def test_a_correction_mends_the_whole_version_a_span_or_strikes_it_out(office):
    assert office.do("correct", "2023-01-01", register="tenure", id="R1", set={"holder_id": "H3"}) == []
    assert office.held("P1", "2020-01-01") == {"H3": "1/1"}
    assert (
        office.do("correct", "2023-01-01", register="tenure", id="R1", since="2022-01-01", until="2023-01-01", set="share=1/2")
        == []
    )
    assert office.held("P1", "2022-06-01") == {"H3": "1/2"} and office.held("P1", "2023-06-01") == {"H3": "1/1"}
    assert office.do("correct", "2023-06-01", register="tenure", id="R4", strike=True) == []
    assert office.held("P4", "2023-06-01") == {}
    assert office.do("correct", register="tenure", id="R2", set={"share": "2/1"}) == ["correction"]
    assert office.do("correct", register="tenure", id="R2", set={"kind": "lordship"}) == ["correction"]
    assert office.do("correct", register="tenure", id="R2", set={"holder_id": "X"}) == ["unknown_party"]


def test_an_unclear_right_on_the_ground_of_a_restriction_needs_exactly_one_ground(office):
    values = {"restriction_id": "L1", "kind": "reserve", "name": "留白", "reason": "修复", "authority": "青溪县"}
    assert office.do("impose_restriction", **values) == ["ground"]
    assert office.do("impose_restriction", **values, edition_id="E1") == []
    assert office.do("impose_restriction", **values, edition_id="E1") == ["exists"]
    assert office.do("lift_restriction", "2025-01-01", restriction_id="L1") == []
    assert office.now("restriction", "2025-01-01", restriction_id="L1") == []


def test_deeds_titles_and_codes_need_no_library_of_maps():
    heavy = ["shapely", "pyogrio", "pyproj", "rasterio", "numba", "scipy", "geopandas", "matplotlib", "django"]
    names = ["codes", "deeds", "deed_file", "groups", "gate", "standing", "rights"]
    code = (
        "import sys\n"
        + "\n".join(f"import ecocomp.tenure.{n}" for n in names)
        + f"\nprint([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
