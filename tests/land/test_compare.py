"""Two editions compared: worked cases by hand, ledgers that close, both directions alike."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecocomp.io.files import write_json, write_table
from ecocomp.land.area import polygon_areas_m2
from ecocomp.land.compare import (
    LEDGER,
    PARCELS,
    PIECES,
    TRANSITIONS,
    Comparison,
    Tolerances,
    compare,
    write_comparison,
)
from ecocomp.land.edition import Edition, make_edition
from ecocomp.terms.faults import FaultsError

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "compare.yaml").read_text(encoding="utf-8"))
EAST, NORTH = 500_000.0, 3_400_000.0
VILLAGE = "510182001001"
Make = Callable[..., Edition]
MIRROR = {"split": "merged", "merged": "split", "gone": "new", "new": "gone"}


def edition(folder: Path, shapes: dict[str, Any], classes: Any = "0301", villages: Any = VILLAGE, crs: Any = 4545) -> Edition:
    """Make an edition of shapes by code, in a file of its own."""
    n = len(list(folder.glob("*.parquet")))
    layer, ids = folder / f"layer{n}.parquet", list(shapes)
    table = pa.table(
        {
            "BSM": pa.array(ids, pa.string()),
            "DLBM": pa.array([classes if isinstance(classes, str) else classes[i] for i in ids], pa.string()),
            "ZLDWDM": pa.array([villages if isinstance(villages, str) else villages[i] for i in ids], pa.string()),
            "TBMJ": pa.nulls(len(ids), pa.float64()),
            "geometry": pa.array([shapely.to_wkb(s) for s in shapes.values()], pa.binary()),
        }
    )
    write_table(table, layer)
    system = pyproj.CRS.from_user_input(crs)
    facts = {"crs_wkt": system.to_wkt(), "epsg": system.to_epsg(), "source": "a.gpkg", "sha256_source": "0" * 64}
    write_json(facts, layer.with_suffix(".json"))
    return make_edition(layer, folder / f"edition{n}.parquet")[0]


def of_case(folder: Path, parcels: dict[str, Any]) -> Edition:
    shapes = {
        name: shapely.union_all([shapely.box(EAST + w, NORTH + s, EAST + e, NORTH + n) for w, s, e, n in said["shape"]])
        for name, said in parcels.items()
    }
    classes = {name: said.get("class", "0301") for name, said in parcels.items()}
    villages = {name: said.get("village", VILLAGE) for name, said in parcels.items()}
    return edition(folder, shapes, classes, villages)


def relations(made: Comparison) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {"old": {}, "new": {}}
    for r in made.parcels.to_pylist():
        out[r["side"]][r["parcel_id"]] = r["relation"]
    return out


def check_books(made: Comparison, old: Edition, new: Edition) -> None:
    """Everything that must hold in whole dm², whatever the editions are."""
    areas = [{r["parcel_id"]: r for r in e.table().to_pylist()} for e in (old, new)]
    rows = made.parcels.to_pylist()
    assert {(r["side"], r["parcel_id"]) for r in rows} == {(s, i) for s, a in zip(("old", "new"), areas, strict=True) for i in a}
    booked: list[defaultdict[str, int]] = [defaultdict(int), defaultdict(int)]
    for p in made.pieces.to_pylist():
        booked[0][p["old_id"]] += p["area_dm2"]
        booked[1][p["new_id"]] += p["new_area_dm2"]
        assert p["area_dm2"] >= 0 and p["new_area_dm2"] >= 0
    for r in rows:
        s = ("old", "new").index(r["side"])
        assert r["area_dm2"] == areas[s][r["parcel_id"]]["area_dm2"] == r["shared_dm2"] + r["alone_dm2"]
        assert r["shared_dm2"] == booked[s][r["parcel_id"]] and r["alone_dm2"] >= 0
    matrix = made.transitions.to_pylist()
    for r in made.ledger.to_pylist():
        closing = r["opening_dm2"] + r["in_dm2"] - r["out_dm2"] + r["appeared_dm2"] - r["gone_dm2"] + r["resurvey_dm2"]
        assert closing == r["closing_dm2"]
        mine = [m for m in matrix if m["dimension"] == r["dimension"]]
        assert sum(m["area_dm2"] for m in mine if m["old_code"] == r["code"]) == r["opening_dm2"]
        assert sum(m["area_dm2"] for m in mine if m["new_code"] == r["code"]) == r["closing_dm2"]
        key = {"land_class": lambda a: a["land_class"], "village": lambda a: a["village_code"]}
        key |= {"unit": lambda a: a["village_code"][:9], "total": lambda _: "all"}
        for word, by_id in zip(("opening_dm2", "closing_dm2"), areas, strict=True):
            assert r[word] == sum(a["area_dm2"] for a in by_id.values() if key[r["dimension"]](a) == r["code"])
    for spec, table in ((PIECES, made.pieces), (PARCELS, made.parcels), (LEDGER, made.ledger), (TRANSITIONS, made.transitions)):
        assert table.schema.equals(spec.schema())


# ---------------------------------------------------------------- worked cases
@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_worked_case(case: dict[str, Any], tmp_path: Path) -> None:
    old, new = of_case(tmp_path, case["old"]), of_case(tmp_path, case["new"])
    made = compare(old, new)
    assert relations(made) == case["relations"]
    pieces = {(p["old_id"], p["new_id"]): p for p in made.pieces.to_pylist()}
    assert set(pieces) == {(a, b) for a, b, _ in case["pieces"]}
    for a, b, m2 in case["pieces"]:
        assert abs(pieces[a, b]["area_dm2"] - 100 * m2) <= 3, (a, b)
    words = ("opening_dm2", "in_dm2", "out_dm2", "appeared_dm2", "gone_dm2", "closing_dm2")
    rows = {r["code"]: r for r in made.ledger.to_pylist() if r["dimension"] == "land_class"}
    assert set(rows) == set(case["ledger"])
    for code, values in case["ledger"].items():
        assert np.abs(np.array([rows[code][w] for w in words]) - 100 * np.array(values)).max() <= 4, code
        assert abs(rows[code]["resurvey_dm2"]) <= 4
    told: defaultdict[str, list[str]] = defaultdict(list)
    for f in made.faults:
        told[f.code].append(f.record)
    assert told == case.get("faults", {})
    check_books(made, old, new)
    back = relations(compare(new, old))
    turned = {side: {i: MIRROR.get(r, r) for i, r in case["relations"][o].items()} for side, o in (("old", "new"), ("new", "old"))}
    assert back == turned


def test_the_cases_show_every_relation() -> None:
    from ecocomp.land.compare import RELATIONS

    assert {r for c in CASES for side in c["relations"].values() for r in side.values()} == set(RELATIONS)


# ---------------------------------------------------------------- properties
def cells(seed: int, n: int) -> dict[str, Any]:
    """A random tessellation of a square of 400 m."""
    rng = np.random.default_rng(seed)
    square = shapely.box(EAST, NORTH, EAST + 400, NORTH + 400)
    points = shapely.multipoints(rng.uniform((EAST, NORTH), (EAST + 400, NORTH + 400), (n, 2)))
    parts = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=square))
    made = shapely.intersection(parts, square)
    return {f"P{i:03d}": g for i, g in enumerate(made) if g.area > 1}


def altered(shapes: dict[str, Any], seed: int) -> dict[str, Any]:
    """Split, merge, recode, drop and add some of the parcels."""
    rng = np.random.default_rng(seed)
    out = dict(shapes)
    for name in list(shapes):
        kind = int(rng.integers(0, 12))
        if name not in out or kind > 5:
            continue
        shape = out.pop(name)
        if kind == 0:  # split along a slanting line
            x, y = shape.centroid.x, shape.centroid.y
            side = shapely.Polygon([(x - 900, y - 900), (x + 900, y + 700 * rng.uniform(-1, 1)), (x - 900, y + 900)])
            for k, part in enumerate((shape.intersection(side), shape.difference(side))):
                out[f"{name}-{k}"] = part
        elif kind == 1:  # merge with a neighbour
            touching = [o for o in out if shapely.intersection(out[o], shape).length > 0.5]
            out[name] = shapely.union(shape, out.pop(touching[0])) if touching else shape
        elif kind == 2:
            out[f"R{name}"] = shape
        elif kind == 3:
            continue  # gone
        elif kind == 4:  # draws back from its neighbours
            out[name] = shapely.buffer(shape, -float(rng.uniform(0.001, 3)), join_style="mitre")
        else:  # another start of the ring: the same ground, other bytes
            ring = np.asarray(shape.exterior.coords)[:-1]
            out[name] = shapely.Polygon(np.roll(ring, 1, axis=0))
    out |= {"X1": shapely.box(EAST + 450, NORTH, EAST + 480, NORTH + 33.3)} if rng.random() < 0.5 else {}
    return {i: g for i, g in out.items() if g.geom_type in ("Polygon", "MultiPolygon") and g.area > 0.5}


def coded(shapes: dict[str, Any], seed: int) -> tuple[dict[str, str], dict[str, str]]:
    rng = np.random.default_rng(seed)
    classes = {i: str(rng.choice(["0101", "0301", "0404", "1104"])) for i in shapes}
    return classes, {i: f"51018200{rng.integers(1, 3)}00{rng.integers(1, 4)}" for i in shapes}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(1, 40), st.booleans())
def test_books_close_and_mirror(tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, recut: bool) -> None:
    folder = tmp_path_factory.mktemp("editions")
    before = cells(seed, n)
    after = cells(seed + 1, n) if recut else altered(before, seed)
    if not before or not after:
        return
    old, new = edition(folder, before, *coded(before, seed)), edition(folder, after, *coded(after, seed + 7))
    made, back = compare(old, new), compare(new, old)
    check_books(made, old, new)
    check_books(back, new, old)
    assert not [f for f in made.faults if f.severity == "error"]
    one, two = relations(made), relations(back)
    for side, other in (("old", "new"), ("new", "old")):
        assert {i: MIRROR.get(r, r) for i, r in one[side].items()} == two[other]
    there = {(p["old_id"], p["new_id"]): (p["area_dm2"], p["new_area_dm2"]) for p in made.pieces.to_pylist()}
    here = {(p["new_id"], p["old_id"]): (p["new_area_dm2"], p["area_dm2"]) for p in back.pieces.to_pylist()}
    for pair in there.keys() | here.keys():
        assert np.abs(np.subtract(there.get(pair, (0, 0)), here.get(pair, (0, 0)))).max() <= 1, pair
    misfit = {r["parcel_id"]: r["misfit_dm2"] for r in made.parcels.to_pylist() if r["side"] == "old"}
    for p in made.pieces.to_pylist():
        common = [g for g in shapely.get_parts(shapely.intersection(before[p["old_id"]], after[p["new_id"]])) if g.area > 0]
        measured = 100 * float(polygon_areas_m2(np.array(common, object), 4545).sum())
        assert abs(p["area_dm2"] - measured) <= 2 + abs(misfit[p["old_id"]])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_an_edition_and_itself_are_the_same(tmp_path_factory: pytest.TempPathFactory, seed: int, n: int) -> None:
    folder = tmp_path_factory.mktemp("editions")
    shapes = cells(seed, n)
    if not shapes:
        return
    one = edition(folder, shapes, *coded(shapes, seed))
    made = compare(one, one)
    assert set(made.parcels["relation"].to_pylist()) == {"same"}
    assert not made.faults and all(m["old_code"] == m["new_code"] for m in made.transitions.to_pylist())
    total = made.summary["total"]
    assert total["opening_dm2"] == total["closing_dm2"] == sum(one.table()["area_dm2"].to_pylist())
    assert total["resurvey_dm2"] == total["gone_dm2"] == total["appeared_dm2"] == 0


# ---------------------------------------------------------------- coordinate systems
def moved_to(shapes: dict[str, Any], epsg: int) -> dict[str, Any]:
    change = pyproj.Transformer.from_crs(4545, epsg, always_xy=True)
    return {i: shapely.transform(g, lambda xy: np.stack(change.transform(xy[:, 0], xy[:, 1]), 1)) for i, g in shapes.items()}


@pytest.mark.parametrize("epsg", [4544, 4490, 4525])
def test_another_system_on_the_same_datum_changes_nothing(tmp_path: Path, epsg: int) -> None:
    shapes = cells(3, 30)
    old, new = edition(tmp_path, shapes), edition(tmp_path, moved_to(shapes, epsg), crs=epsg)
    for a, b in ((old, new), (new, old)):
        made = compare(a, b)
        assert set(made.parcels["relation"].to_pylist()) == {"same"} and not made.faults
        check_books(made, a, b)
        assert abs(made.summary["total"]["resurvey_dm2"]) <= 60, "edges are straight in another plane now"


def test_esri_words_for_the_same_system_are_the_same_system(tmp_path: Path) -> None:
    shapes = cells(4, 10)
    old = edition(tmp_path, shapes)
    new = edition(tmp_path, shapes, crs=pyproj.CRS.from_epsg(4545).to_wkt("WKT1_ESRI"))
    assert old.crs_wkt != new.crs_wkt
    assert set(compare(old, new).parcels["relation"].to_pylist()) == {"same"}


@pytest.mark.parametrize("epsg", [2379, 2433, 32648])  # Xian 1980, Beijing 1954, WGS 84
def test_another_datum_is_refused(tmp_path: Path, epsg: int) -> None:
    shapes = cells(4, 5)
    with pytest.raises(FaultsError) as caught:
        compare(edition(tmp_path, shapes), edition(tmp_path, shapes, crs=epsg))
    (fault,) = caught.value.faults
    assert fault.code == "land.other_datum" and "CGCS2000" in fault.say("zh")
    assert pyproj.CRS.from_epsg(epsg).geodetic_crs.datum.name in fault.say("en")


# ---------------------------------------------------------------- real parcels
REAL = ("nl_brp_2023", "at_invekos_2025", "si_gerk_2021", "ch_subsidy_parcels")


def halves(shape: Any) -> tuple[Any, Any]:
    """Cut a shape across the middle of its box."""
    x0, y0, x1, y1 = shape.bounds
    left = shapely.box(x0 - 1, y0 - 1, (x0 + x1) / 2, y1 + 1)
    return shape.intersection(left), shape.difference(left)


@pytest.mark.parametrize("name", REAL)
def test_planted_changes_of_real_parcels_are_all_found_and_none_is_invented(name: str, shared_data: Path, tmp_path: Path) -> None:
    table = pq.read_table(shared_data / "parcels" / f"{name}.parquet")
    crs = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["crs"]
    shapes = {f"P{i:03d}": g for i, g in enumerate(shapely.from_wkb(table["geometry"].to_numpy())) if g.area > 100}
    free = [i for i, g in shapes.items() if not any(h is not g and shapely.intersects(h, g) for h in shapes.values())]
    split, dropped, recoded, shrunk, turned, reclassed = free[:6]
    after = dict(shapes)
    after[split], after["NEW"] = halves(after[split])
    after["RECODED"] = after.pop(recoded)
    after[shrunk] = halves(after[shrunk])[0]
    after[turned] = shapely.reverse(after[turned])
    del after[dropped]
    classes = {i: "0101" if i == reclassed else "0301" for i in after}
    old, new = edition(tmp_path, shapes, crs=crs), edition(tmp_path, after, classes, crs=crs)
    made = compare(old, new)
    check_books(made, old, new)
    wanted = dict.fromkeys(shapes, "same") | {
        split: "split",
        dropped: "gone",
        recoded: "recoded",
        shrunk: "moved",
        reclassed: "reclassed",
    }
    assert relations(made)["old"] == wanted
    assert relations(made)["new"] == {i: wanted.get(i, "same") for i in after} | {"NEW": "split", "RECODED": "recoded"}
    (row,) = [r for r in made.ledger.to_pylist() if r["dimension"] == "total"]
    lost = 100 * polygon_areas_m2(np.array([shapes[dropped], shapely.difference(shapes[shrunk], after[shrunk])], object), crs).sum()
    assert (
        abs(row["gone_dm2"] - lost) <= 3 and row["appeared_dm2"] == 0 and abs(row["resurvey_dm2"]) <= 1e-6 * row["opening_dm2"] + 20
    )


# ---------------------------------------------------------------- tolerances and faults
def test_vertices_put_on_a_line_are_resurvey_and_nothing_else(tmp_path: Path) -> None:
    before = {"A": shapely.box(EAST, NORTH, EAST + 4000, NORTH + 4000)}
    after = {"A": shapely.segmentize(before["A"], 500.0)}
    old, new = edition(tmp_path, before), edition(tmp_path, after)
    made = compare(old, new)
    check_books(made, old, new)
    assert relations(made)["old"] == {"A": "same"}
    (row,) = [r for r in made.ledger.to_pylist() if r["dimension"] == "total"]
    grown = new.table()["area_dm2"][0].as_py() - old.table()["area_dm2"][0].as_py()
    assert row["resurvey_dm2"] == grown and row["gone_dm2"] == row["appeared_dm2"] == 0


def test_the_sliver_tolerance_decides(tmp_path: Path) -> None:
    before = {"A": shapely.box(EAST, NORTH, EAST + 100, NORTH + 100), "B": shapely.box(EAST + 100, NORTH, EAST + 200, NORTH + 100)}
    after = {
        "A": shapely.box(EAST, NORTH, EAST + 100.3, NORTH + 100),
        "B": shapely.box(EAST + 100.3, NORTH, EAST + 200, NORTH + 100),
    }
    old, new = edition(tmp_path, before), edition(tmp_path, after)
    assert set(relations(compare(old, new))["old"].values()) == {"moved"}
    loose = compare(old, new, Tolerances(sliver_share=0.01))
    assert set(relations(loose)["old"].values()) == {"same"} and loose.summary["slivers"] == 1
    (sliver,) = [p for p in loose.pieces.to_pylist() if p["part"] == "sliver"]
    assert (sliver["old_id"], sliver["new_id"]) == ("B", "A") and abs(sliver["area_dm2"] - 3000) <= 1


def test_a_parcel_below_the_sliver_area_is_still_itself(tmp_path: Path) -> None:
    tiny = {"A": shapely.box(EAST, NORTH, EAST + 0.5, NORTH + 1), "B": shapely.box(EAST + 5, NORTH, EAST + 9, NORTH + 9)}
    turned = {"A": shapely.Polygon(np.roll(np.asarray(tiny["A"].exterior.coords)[:-1], 2, axis=0)), "B": tiny["B"]}
    assert relations(compare(edition(tmp_path, tiny), edition(tmp_path, turned)))["old"] == {"A": "same", "B": "same"}


def rewritten(made: Edition, folder: Path, **columns: Any) -> Edition:
    """An edition with other columns than its shapes have: what no import lets in, but a comparison must not trust."""
    from dataclasses import replace

    table = pq.read_table(made.path)
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), pa.array(values, table[name].type))
    path = folder / f"changed-{made.path.name}"
    pq.write_table(table, path)
    return replace(made, path=path)


def test_a_registered_area_that_the_shape_does_not_have_is_a_fault_and_the_ledger_still_closes(tmp_path: Path) -> None:
    before = {"A": shapely.box(EAST, NORTH, EAST + 100, NORTH + 100)}
    after = {"A1": shapely.box(EAST, NORTH, EAST + 50, NORTH + 100), "A2": shapely.box(EAST + 50, NORTH, EAST + 100, NORTH + 100)}
    old, new = rewritten(edition(tmp_path, before), tmp_path, area_dm2=[1_100_000]), edition(tmp_path, after)
    made = compare(old, new)
    (fault,) = made.faults
    assert (fault.code, fault.record, fault.severity) == ("land.misfit", "A", "error")
    assert "11,000.00 m²" in fault.say("en") and "10,000.00 m²" in fault.say("zh")
    assert [p["area_dm2"] for p in made.pieces.to_pylist()] == [550_000, 550_000]
    (row,) = [r for r in made.ledger.to_pylist() if r["dimension"] == "total"]
    assert row["opening_dm2"] + row["resurvey_dm2"] == row["closing_dm2"] and abs(row["resurvey_dm2"] + 100_000) <= 2


def test_overlaps_within_an_edition_are_told(tmp_path: Path) -> None:
    before = {"A": shapely.box(EAST, NORTH, EAST + 100, NORTH + 100), "B": shapely.box(EAST + 300, NORTH, EAST + 400, NORTH + 100)}
    after = {"A": shapely.box(EAST, NORTH, EAST + 99, NORTH + 100), "B": shapely.box(EAST + 300, NORTH, EAST + 399, NORTH + 100)}
    good = edition(tmp_path, after)
    wkb = [shapely.to_wkb(shapely.box(EAST, NORTH, EAST + 99, NORTH + 100)) for _ in "AB"]
    made = compare(edition(tmp_path, before), rewritten(good, tmp_path, geometry=wkb))
    assert {(f.code, f.record) for f in made.faults} >= {("land.misfit", "A")}
    (row,) = [r for r in made.ledger.to_pylist() if r["dimension"] == "total"]
    assert row["opening_dm2"] + row["appeared_dm2"] - row["gone_dm2"] + row["resurvey_dm2"] == row["closing_dm2"]


# ---------------------------------------------------------------- order, blocks, writing
def test_blocks_and_threads_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cells(11, 40)
    old, new = edition(tmp_path, before), edition(tmp_path, cells(12, 35))
    whole = compare(old, new)
    for block, pairs in ((3, 5), (7, 1)):
        monkeypatch.setattr("ecocomp.land.overlay.BLOCK_PARCELS", block)
        monkeypatch.setattr("ecocomp.land.overlay.THREAD_PAIRS", pairs)
        seen: list[tuple[int, int]] = []

        def note(done: int, of: int, word: str, seen: list[tuple[int, int]] = seen) -> None:
            seen.append((done, of))

        parts = compare(old, new, progress=note)
        assert parts.pieces.equals(whole.pieces) and parts.parcels.equals(whole.parcels) and parts.ledger.equals(whole.ledger)
        assert seen[-1] == (len(before), len(before)) and seen == sorted(seen)


def test_parcels_with_many_vertices_are_cut_in_pieces_first(tmp_path: Path) -> None:
    centre = shapely.Point(EAST, NORTH)
    before = {"A": shapely.buffer(centre, 200, quad_segs=400)}
    after = {
        "A": shapely.buffer(centre, 100, quad_segs=300),
        "B": before["A"].difference(shapely.buffer(centre, 100, quad_segs=300)),
    }
    old, new = edition(tmp_path, before), edition(tmp_path, after)
    made = compare(old, new)
    check_books(made, old, new)
    assert relations(made) == {"old": {"A": "split"}, "new": {"A": "split", "B": "split"}}
    assert abs(made.summary["total"]["resurvey_dm2"]) <= 2 and not made.summary["total"]["gone_dm2"]


def test_the_folder_is_whole_and_replaced_as_a_whole(tmp_path: Path) -> None:
    old, new = of_case(tmp_path, CASES[3]["old"]), of_case(tmp_path, CASES[3]["new"])
    made = compare(old, new)
    folder = write_comparison(made, tmp_path / "out")
    names = {p.name for p in folder.iterdir()}
    assert names == {
        *(f"{n}.parquet" for n in ("pieces", "parcels", "ledger", "transitions")),
        *("ledger.csv", "transitions.csv", "faults.json", "summary.json"),
    }
    assert pq.read_table(folder / "ledger.parquet").equals(made.ledger)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary == json.loads(json.dumps(made.summary))
    assert summary["old"]["relations"] == {"moved": 2} and summary["old"]["fingerprint"] == old.fingerprint
    write_comparison(compare(old, old), folder)
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["old"]["relations"] == {"same": 2}
    assert not list(tmp_path.glob(".out*"))


def test_counts_in_are_counts_out(tmp_path: Path) -> None:
    for case in CASES:
        made = compare(of_case(tmp_path, case["old"]), of_case(tmp_path, case["new"]))
        for side in ("old", "new"):
            assert sum(made.summary[side]["relations"].values()) == made.summary[side]["parcels"] == len(case[side])
