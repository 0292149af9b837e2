"""A year that pays rule-file programmes beside the one the standard sets: owed, stacked, funded, verified, explained."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ecocomp.terms.money import half_even

Run = Callable[..., subprocess.CompletedProcess[str]]
MU = Fraction(3, 200_000)
"""Mu of a square decimetre."""
RATE = {"state": 10, "collective": 16}


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV register."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, made: list[dict[str, Any]]) -> None:
    """Write a CSV register."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)


def enrol(case: Path, bundle: Path, *, stacks_as: str = "eco_zone", most: int = 8) -> list[str]:
    """Enrol forest parcels that the standard already pays in the welfare-forest programme; return their parcels."""
    parcels = {r["parcel_id"]: r for r in pq.ParquetFile(bundle / "tables" / "parcel.parquet").read().to_pylist()}
    owed = pq.ParquetFile(bundle / "tables" / "entitlement.parquet").read().to_pylist()
    whole = [r for r in owed if r["state"] == "payable" and r["share_num"] == r["share_den"] and r["holder_id"]]
    chosen = [r for r in whole if parcels[r["parcel_id"]]["ecosystem"][0] == "1"][:most]
    clocks = {"valid_from": "2024-01-01", "valid_to": "", "known_from": "2024-01-05", "known_to": ""}
    contracts, plots, checks = rows(case / "inputs" / "contract.csv"), [], []
    for n, r in enumerate(chosen, 1):
        head = {"contract_id": f"WF{n}", "holder_id": r["holder_id"], "parcel_id": r["parcel_id"], "programme": "welfare_forest"}
        contracts.append({**head, "duty": "管护 / tending", "signed_on": "2024-01-01", **clocks})
        plots.append(
            {
                "contract_id": f"WF{n}", "agreement_id": f"A{n}", "programme": "welfare_forest", "state": "in_force", "variant": "forest",
                "area_dm2": parcels[r["parcel_id"]]["area_dm2"], "class_before": "", "slope_tenths": "", "base_fen": "",
                "term_from": "2024-01-01", "term_to": "", "facts": "", **clocks,
            }
        )  # fmt: skip
        checks.append(
            {
                "inspection_id": f"I{n}", "contract_id": f"WF{n}", "year": 2025, "level": "county", "inspected_on": "2025-06-01",
                "result": "accepted", "accepted_dm2": parcels[r["parcel_id"]]["area_dm2"], "survival_ppm": "", "certificate": f"Z{n}",
                "events": "", "inspector": "N1",
            }
        )  # fmt: skip
    write(case / "inputs" / "contract.csv", contracts)
    write(case / "inputs" / "enrolment.csv", plots)
    write(case / "inputs" / "inspection.csv", checks)
    toml = case / "case.toml"
    text = toml.read_text(encoding="utf-8")
    text = text.replace(
        'programme = "eco-zone"', f'programme = "eco-zone"\nstacks_as = "{stacks_as}"\nprogrammes = ["welfare_forest"]'
    )
    text = text.replace("[registers]", '[registers]\nenrolment = "inputs/enrolment.csv"\ninspection = "inputs/inspection.csv"')
    text = text.replace("accept_unverified = [", 'accept_unverified = [\n    "programmes.welfare_forest.public_management",')
    toml.write_text(text, encoding="utf-8")
    return [r["parcel_id"] for r in chosen]


@pytest.fixture
def ran(county: Any, county_copy: Callable[..., Path], ecocomp: Run) -> Callable[..., tuple[Path, list[str]]]:
    """Run 2025 with the programme beside the bundles of the years before."""

    def run(**more: Any) -> tuple[Path, list[str]]:
        case = county_copy(bundles=True)
        parcels = enrol(case, county.bundle(2025), **more)
        done = ecocomp("run", case, "--year", 2025)
        assert done.returncode == 0, done.stdout + done.stderr
        return case, parcels

    return run


def fen(yuan: Fraction) -> int:
    """Whole fen of an amount, half-even."""
    return half_even((yuan * 100).numerator, (yuan * 100).denominator)


def table(case: Path, name: str) -> list[dict[str, Any]]:
    """A table of 2025."""
    found: list[dict[str, Any]] = pq.ParquetFile(case / "bundles" / "2025" / "tables" / f"{name}.parquet").read().to_pylist()
    return found


def test_both_programmes_are_owed_funded_verified_and_explained(ran: Any, ecocomp: Run, county: Any) -> None:
    case, parcels = ran()
    owed = [r for r in table(case, "entitlement") if r["programme"] == "welfare_forest"]
    assert sorted(r["parcel_id"] for r in owed) == sorted(parcels)
    kinds = {h["holder_id"]: h["kind"] for h in table(case, "holder")}
    for r in owed:
        owner = "state" if kinds[r["holder_id"]] == "state_unit" else "collective"
        assert r["gross_fen"] == fen(RATE[owner] * r["area_dm2"] * MU)
        net = RATE[owner] - (Fraction(1, 4) if owner == "collective" else 0)
        assert r["entitled_fen"] == fen(net * r["area_dm2"] * MU) == r["gross_fen"] - r["deduction_fen"]
        assert r["state"] == "payable" and r["funded_fen"] + r["shortfall_fen"] == r["entitled_fen"]
    before = {r["entitlement_id"]: r["entitled_fen"] for r in county.rows(2025, "entitlement")}
    after = {r["entitlement_id"]: r["entitled_fen"] for r in table(case, "entitlement") if r["programme"] == "eco-zone"}
    assert after == before  # compensation by area stands beside compensation by element
    assert not any(r["cut_dm2"] for r in table(case, "programme_stacking"))
    bundle = case / "bundles" / "2025"
    verified = ecocomp("verify", bundle)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    said = ecocomp("explain", bundle, owed[0]["entitlement_id"])
    assert said.returncode == 0
    assert "16.00 yuan/mu" in said.stdout or "16 yuan/mu" in said.stdout or "10 yuan/mu" in said.stdout, said.stdout
    assert "CN/programmes/welfare_forest.yaml" in said.stdout
    row = owed[0]
    for part in (
        f"inspection {row['contract_id'].replace('WF', 'I')}",
        "inspector N1",
        "Paid from: ",
        "To be borne",
        "Public notice from",
        row["right_id"],
    ):
        assert part in said.stdout, (part, said.stdout)
    assert "Parameter programmes.welfare_forest.rate [" in said.stdout
    letter = case / "letter.pdf"
    assert ecocomp("explain", bundle, owed[0]["holder_id"], "--letter", letter).returncode == 0
    assert letter.read_bytes()[:4] == b"%PDF"
    asked = ecocomp("simulate", bundle, "--set", "standard.limit_up=0.2", "--json")
    assert asked.returncode == 0, asked.stderr


def test_the_programme_of_the_standard_gives_way_where_the_rules_say_so(ran: Any, ecocomp: Run) -> None:
    case, parcels = ran(stacks_as="welfare_forest_local", most=3)
    stacked = {r["parcel_id"]: r for r in table(case, "programme_stacking") if r["cut_dm2"]}
    assert set(stacked) == set(parcels)
    loser = {r["programme"] for r in stacked.values()}
    assert len(loser) == 1
    paid = {r["programme"] for r in table(case, "entitlement") if r["parcel_id"] in parcels and r["entitled_fen"]}
    assert len(paid) == 1 and not paid & loser
    gone = [r for r in table(case, "entitlement") if r["parcel_id"] in parcels and r["programme"] in loser]
    assert gone and all(r["state"] == "excluded" and not r["entitled_fen"] for r in gone)
    assert ecocomp("verify", case / "bundles" / "2025").returncode == 0


def test_a_programme_nobody_knows_is_told_with_those_there_are(county_copy: Callable[..., Path], ecocomp: Run) -> None:
    case = county_copy()
    toml = case / "case.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(
        text.replace('programme = "eco-zone"', 'programme = "eco-zone"\nprogrammes = ["welfare_forrest"]'), encoding="utf-8"
    )
    for command in (("check", case), ("run", case, "--year", "2023")):
        done = ecocomp(*command)
        assert done.returncode in (1, 2)
        assert "welfare_forest" in done.stderr
