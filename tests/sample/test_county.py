"""The invented county looks and behaves like a real one, and equal arguments give equal bytes."""

from __future__ import annotations

import csv
import hashlib
import itertools
from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecocomp.sample.budgets import EXPECTED_YUAN_PER_HA
from ecocomp.sample.county import STAGES, make_county
from ecocomp.terms.codes import FUND_SOURCES
from ecocomp.terms.faults import UsageError
from ecocomp.terms.tables import TABLES

PARCELS = 200


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    make_county(folder, parcels=PARCELS)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def rows(county: Path, name: str) -> list[dict[str, str]]:
    with open(county / "inputs" / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def layer(path: Path) -> tuple[Any, dict[str, Any]]:
    import shapely
    from pyogrio.raw import read

    meta, _, geometry, fields = read(path)
    return shapely.from_wkb(geometry), dict(zip(meta["fields"], fields, strict=True))


def raster(county: Path, name: str) -> Any:
    import rasterio

    with rasterio.open(county / "inputs" / f"{name}.tif") as source:
        return source.read()


def parcels_on_grid(county: Path) -> tuple[Any, list[str]]:
    import rasterio
    from rasterio.features import rasterize

    shapes, fields = layer(county / "inputs" / "parcels.gpkg")
    with rasterio.open(county / "inputs" / "elevation.tif") as source:
        grid = rasterize(
            zip(shapes, range(1, len(shapes) + 1), strict=True), source.shape, transform=source.transform, dtype="int32"
        )
    return grid, [str(p) for p in fields["parcel_id"]]


def test_same_arguments_same_bytes_and_another_seed_differs(county: Path, tmp_path: Path) -> None:
    make_county(tmp_path / "again", parcels=PARCELS)
    assert hashes(tmp_path / "again") == hashes(county)
    make_county(tmp_path / "other", parcels=PARCELS, seed=7)
    other, here = hashes(tmp_path / "other"), hashes(county)
    assert set(other) == set(here)
    assert all(other[name] != here[name] for name in here)


def test_progress_tells_every_stage_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_county(tmp_path, parcels=PARCELS, years=(2024,), progress=lambda done, total, what: seen.append((done, total)))
    assert seen == [(k, len(STAGES)) for k in range(len(STAGES))]
    assert sorted(p.name for p in (tmp_path / "inputs").glob("ndvi_*")) == ["ndvi_2023.tif", "ndvi_2024.tif"]


@pytest.mark.parametrize(("parcels", "years"), [(5, (2023,)), (200, ()), (200, (2023, 2025))])
def test_what_cannot_be_made_is_a_sentence(tmp_path: Path, parcels: int, years: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        make_county(tmp_path, parcels=parcels, years=years)
    assert caught.value.message.zh and caught.value.message.en


# ---------------------------------------------------------------- land
def test_parcels_tile_the_county(county: Path) -> None:
    import shapely

    shapes, fields = layer(county / "inputs" / "parcels.gpkg")
    assert len(shapes) == PARCELS
    assert len(set(fields["parcel_id"])) == PARCELS
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.coverage_union_all(shapes)
    assert shapely.area(whole) == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    assert len(shapely.get_parts(whole)) == 1
    assert all(
        len(p) == 19 and p.startswith("990121") and p.startswith(v)
        for p, v in zip(fields["parcel_id"], fields["village_code"], strict=True)
    )


def test_areas_spread_like_a_cadastre(tmp_path: Path) -> None:
    import shapely

    make_county(tmp_path, parcels=2000, years=(2024,))
    shapes, fields = layer(tmp_path / "inputs" / "parcels.gpkg")
    area = shapely.area(shapes) / 1e4
    kind = np.array([str(c)[:2] for c in fields["land_class"]])
    assert 0.2 < np.median(area[kind == "07"]) < np.median(area[kind == "01"]) < np.median(area[kind == "03"]) < 8
    assert area.max() > 20 * np.median(area)
    thin = shapely.length(shapes) ** 2 / (4 * np.pi * area * 1e4)
    strips = np.isin(fields["land_class"], ("1006", "1107"))
    assert strips.sum() >= 10 and np.median(thin[strips]) > 15
    assert any(str(c).endswith("K") for c in fields["land_class"])
    wrong = np.abs(fields["declared_area_m2"] / (area * 1e4) - 1)
    assert 0.002 < (wrong > 0.05).mean() < 0.03
    assert np.median(wrong) < 0.005


def test_rivers_drain_out_of_the_county(county: Path) -> None:
    z = raster(county, "elevation")[0]
    inside = z > -9000
    padded = np.where(np.pad(inside, 1), np.pad(z, 1), -1e9)
    lowest = np.min(
        [padded[1 + a : 1 + a + len(z), 1 + b : 1 + b + len(z)] for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b], axis=0
    )
    assert (lowest[inside] < z[inside]).all()  # every cell falls to a neighbour or over the county's edge
    assert z[inside].min() >= 1900 and 300 < z[inside].max() - z[inside].min() <= 2600
    cover = raster(county, "land_cover_2022")[0]
    assert np.mean(z[cover == 43]) < np.mean(z[(cover >= 11) & (cover <= 13)])


def test_land_cover_changes_and_covers_every_parcel_cell(county: Path) -> None:
    grid, _ = parcels_on_grid(county)
    years = [raster(county, f"land_cover_{y}")[0] for y in (2022, 2023, 2024, 2025)]
    for before, after in itertools.pairwise(years):
        assert (before[grid > 0] > 0).all()
        assert ((before > 0) == (after > 0)).all()
        assert 0 < (before != after).sum() < 0.1 * (before > 0).sum()
    assert len(np.unique(years[0])) >= 12


def test_soil_fractions_add_up(county: Path) -> None:
    sand, silt, clay = (raster(county, n)[0].astype(int) for n in ("sand", "silt", "clay"))
    inside = sand != 65535
    assert (sand + silt + clay)[inside].tolist() == [1000] * int(inside.sum())


def test_rain_has_a_monsoon_and_evaporation_stays_plausible(county: Path) -> None:
    rain, aet = (raster(county, f"{n}_2024").astype(float) / 10 for n in ("rain", "aet"))
    inside = rain[0] < 6000
    months = rain[:, inside].mean(axis=1)
    assert 500 < months.sum() < 1200
    assert months[5:9].sum() > 0.55 * months.sum()
    cover = raster(county, "land_cover_2024")[0]
    dry_land = inside & (cover < 40)
    assert (aet[:, dry_land].sum(axis=0) < rain[:, dry_land].sum(axis=0)).mean() > 0.99
    assert 250 < aet[:, inside].sum(axis=0).mean() < 700


def test_ndvi_has_seasons_clouds_and_the_true_disturbances(county: Path) -> None:
    grid, ids = parcels_on_grid(county)
    ndvi = {y: np.where((v := raster(county, f"ndvi_{y}")) == -32768, np.nan, v / 10_000) for y in (2022, 2023, 2024, 2025)}
    cover = raster(county, "land_cover_2022")[0]
    forest = cover == 11
    assert np.nanmean(ndvi[2022][7][forest]) > np.nanmean(ndvi[2022][0][forest]) + 0.3
    missing = np.isnan(ndvi[2022][:, grid > 0]).mean(axis=1)
    assert missing[5:8].mean() > missing[[0, 1, 10, 11]].mean()
    with open(county / "truth" / "disturbances.csv", encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    assert {t["kind"] for t in truth} == {"clearing", "fire", "overgrazing"}
    for t in truth:
        cells = grid == ids.index(t["parcel_id"]) + 1
        month, year = int(t["month"]) - 1, int(t["year"])
        after = np.nanmean(ndvi[year][max(month + 1, 5) :, cells][:4])
        before = np.nanmean(ndvi[2022][max(month + 1, 5) :, cells][:4])
        assert after < before - 0.1, t


def test_wind_carries_sand_in_the_dry_corner(county: Path) -> None:
    strong = Counter(r["station_id"] for r in rows(county, "wind") if float(r["u10_m_s"]) > 6.3)
    assert len({r["station_id"] for r in rows(county, "wind")}) == 5
    assert strong["QX-W2"] >= 4 * 15
    assert strong["QX-W2"] > 2 * max(strong[s] for s in ("QX-W1", "QX-W3", "QX-W4", "QX-W5"))


def test_zones_red_line_and_reserves_take_sensible_shares(tmp_path: Path) -> None:
    import shapely

    make_county(tmp_path, parcels=1000, years=(2024,))
    whole = shapely.area(layer(tmp_path / "inputs" / "parcels.gpkg")[0]).sum()
    zones, fields = layer(tmp_path / "inputs" / "zones.gpkg")
    assert set(fields["zone"]) == {"water", "soil", "sand", "biodiversity"}
    assert shapely.area(shapely.union_all(zones)) == pytest.approx(shapely.area(zones).sum(), rel=1e-6)
    assert 0.5 < shapely.area(zones).sum() / whole < 0.97
    red, _ = layer(tmp_path / "inputs" / "red_line.gpkg")
    kept, _ = layer(tmp_path / "inputs" / "reserves.gpkg")
    assert 0.30 <= shapely.area(red).sum() / whole <= 0.40
    assert 0.02 <= shapely.area(kept).sum() / whole <= 0.05
    assert shapely.area(shapely.intersection(shapely.union_all(red), shapely.union_all(kept))) < 1


# ---------------------------------------------------------------- registers
def on(table: list[dict[str, str]], valid: str, known: str) -> list[dict[str, str]]:
    """Rows that held on one day as known on another (start included, end excluded, empty open)."""
    return [
        r for r in table if r["valid_from"] <= valid < (r["valid_to"] or "9") and r["known_from"] <= known < (r["known_to"] or "9")
    ]


@pytest.mark.parametrize(
    ("valid", "known"), [("2023-06-30", "2023-12-31"), ("2024-06-30", "2024-07-01"), ("2025-06-30", "2026-06-30")]
)
def test_shares_of_every_kind_add_up_to_one(county: Path, valid: str, known: str) -> None:
    total: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for r in on(rows(county, "right"), valid, known):
        total[r["parcel_id"], r["kind"]] += Fraction(int(r["share_num"]), int(r["share_den"]))
    assert set(total.values()) == {Fraction(1)}
    assert len({p for p, _ in total}) == PARCELS


def test_rights_have_shares_disputes_transfers_and_late_corrections(tmp_path: Path) -> None:
    make_county(tmp_path, parcels=2000, years=(2024,))
    right = rows(tmp_path, "right")
    assert {"1", "2", "3"} <= {r["share_den"] for r in right}
    disputed = {r["parcel_id"] for r in right if r["state"] == "disputed"}
    assert 0.002 < len(disputed) / 2000 < 0.02
    assert any(r["valid_to"] for r in right) and any(r["known_to"] for r in right)
    state = [
        tuple(sorted((r["right_id"], r["holder_id"], r["share_num"]) for r in on(right, "2024-02-15", known)))
        for known in ("2024-02-15", "2026-06-30")
    ]
    assert state[0] != state[1]
    kinds = Counter(r["kind"] for r in right)
    assert all(kinds[k] for k in ("ownership", "contract", "use", "management"))


def test_every_register_fits_its_table(county: Path) -> None:
    from ecocomp.pipeline.case import load_case
    from ecocomp.pipeline.registers import read_register

    case, faults = load_case(county)
    assert case is not None and not faults
    import pyarrow as pa

    for name, file in case.registers.items():
        read = rows(county, name)
        text = pa.table({k: pa.array([r[k] for r in read], pa.string()) for k in read[0]})
        table, found = read_register(TABLES[name], text, file)
        assert table is not None and not found, [f.say("en") for f in found][:3]
    assert case.known_on == date(2026, 6, 30)
    assert all((county / layer.path(county, 2024)).is_file() for layer in case.layers.values())


def test_contracts_name_holders_with_a_right_on_the_parcel(county: Path) -> None:
    holders = {r["holder_id"]: r for r in rows(county, "holder")}
    contracts = on(rows(county, "contract"), "2024-06-30", "2024-12-31")
    rights = {(r["parcel_id"], r["holder_id"]) for r in on(rows(county, "right"), "2024-06-30", "2024-12-31")}
    assert 0.2 * PARCELS < len({c["parcel_id"] for c in contracts}) < 0.8 * PARCELS
    assert all(c["holder_id"] in holders and (c["parcel_id"], c["holder_id"]) in rights for c in contracts)
    assert {"household", "collective", "state_unit", "company"} == {h["kind"] for h in holders.values()}


def test_money_is_sized_to_the_enrolled_land_and_names_its_papers(county: Path) -> None:
    envelopes = rows(county, "envelope")
    assert Counter(e["source"] for e in envelopes) == dict.fromkeys(FUND_SOURCES.keys() - {"bond", "donation"}, 3)
    assert all(e["document"].startswith("虚构〔") for e in envelopes)
    shapes, fields = layer(county / "inputs" / "parcels.gpkg")
    enrolled = {c["parcel_id"] for c in rows(county, "contract")}
    area_ha = sum(g.area for g, p in zip(shapes, fields["parcel_id"], strict=True) if str(p) in enrolled) / 1e4
    for year in ("2023", "2024", "2025"):
        granted = sum(int(e["granted_fen"]) for e in envelopes if e["year"] == year)
        assert 0.78 < granted / (area_ha * EXPECTED_YUAN_PER_HA * 100) < 0.95  # the rest comes from the river agreement and carbon
    assert all(int(e["granted_fen"]) == 0 for e in envelopes if e["source"] in ("horizontal_agreement", "carbon_credit"))
    for lot in rows(county, "credit"):
        assert int(lot["issued_t"]) == int(lot["held_back_t"]) + int(lot["sold_t"]) + int(lot["held_t"])
        assert int(lot["proceeds_fen"]) == int(lot["sold_t"]) * int(lot["price_fen_per_t"])


def test_agreements_are_complete_and_readings_keep_the_detection_limit(county: Path) -> None:
    from ecocomp.agreements.agreement import read_agreement

    for name in ("agreement.yaml", "agreement_upper.yaml"):
        agreement, faults = read_agreement(county / "inputs" / name)
        assert agreement is not None and not faults, [f.say("en") for f in faults]
    reading = rows(county, "reading")
    assert any(r["value"].startswith("<") for r in reading)
    assert len(reading) == 2 * 6 * 12 * 4


def test_checks_confirm_refute_and_excuse(county: Path) -> None:
    verdicts = Counter(r["verdict"] for r in rows(county, "field_check"))
    assert verdicts["confirmed"] >= 2 and verdicts["refuted"] == 1 and verdicts["force_majeure"] == 1
