"""An invented county's land-class patch layer (DLTB), up to a million patches, with faults planted at known places.

For anyone who wants to know what a survey import finds and what it invents. Patches are the cells of a warped lattice
with curved borders, one to four cells grown together; a border is made once and used by the patches on both sides, so
shared borders are equal to the last digit. Every field of the layer holds values that satisfy all identities of the
survey; then faults of chosen kinds are planted, each in a place of its own, far from all others, and written to
``planted.csv``. Rows are made and written strip by strip, so memory does not grow with the number of patches.

Beside the layer lie ``units.csv`` (control area of every village, m²) and ``region.gpkg`` (the county's outline).
County 990121 and all names are invented. Reference: TD/T 1057-2020 (Third National Land Survey), layer DLTB.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ecocomp.land.area import plane_to_degrees, polygon_areas_m2, ring_areas_m2
from ecocomp.sample.frame import COUNTY
from ecocomp.sample.places import HEADS, TAILS
from ecocomp.terms.codes import LAND_CLASSES

CRS = "EPSG:4545"  # CGCS2000, 3-degree Gauss-Kruger, central meridian 108° E
LAYER = "DLTB"
WEST_M, SOUTH_M = 460_000.0, 3_300_000.0
CELL_X_M, CELL_Y_M = 62.0, 54.0
INNER = 3  # bends per border
STRIP_PARCELS = 40_000
PLACE_STEP = 4  # blocks between two planted faults
PARCELS_PER_UNIT = 2_000
SURVEY_YEAR = 2023
FARM = ("9901210000000000001", "青溪县国有林场（虚构）")
Format = Literal["gpkg", "shp", "gdb", "parquet"]
Must = Literal["must", "may", "never"]

TEXT_FIELDS = (
    "BSM", "YSDM", "TBYBH", "TBBH", "DLBM", "DLMC", "QSXZ", "QSDWDM", "QSDWMC", "ZLDWDM", "ZLDWMC", "KCDLBM", "GDLX", "GDPDJB",
    "TBXHDM", "TBXHMC", "ZZSXDM", "ZZSXMC", "FRDBS", "CZCSXM", "MSSM", "HDMC", "BZ",
)  # fmt: skip
REAL_FIELDS = ("TBMJ", "KCXS", "KCMJ", "TBDLMJ", "XZDWKD")
WHOLE_FIELDS = ("GDDB", "SJNF")
FIELDS = (
    "BSM", "YSDM", "TBYBH", "TBBH", "DLBM", "DLMC", "QSXZ", "QSDWDM", "QSDWMC", "ZLDWDM", "ZLDWMC", "TBMJ", "KCDLBM", "KCXS",
    "KCMJ", "TBDLMJ", "GDLX", "GDPDJB", "XZDWKD", "TBXHDM", "TBXHMC", "ZZSXDM", "ZZSXMC", "GDDB", "FRDBS", "CZCSXM", "SJNF",
    "MSSM", "HDMC", "BZ",
)  # fmt: skip

SUFFIXED = {
    "0201K": "可调整果园", "0202K": "可调整茶园", "0204K": "可调整其他园地", "0301K": "可调整乔木林地", "0302K": "可调整竹林地",
    "0307K": "可调整其他林地", "0403K": "可调整人工牧草地", "1104A": "养殖坑塘", "1104K": "可调整养殖坑塘", "1107A": "干渠",
    "0810A": "广场用地",
}  # fmt: skip
_WEIGHTS = {
    "0101": 14, "0102": 6, "0103": 16, "0201": 4, "0202": 2, "0204": 1, "0301": 18, "0302": 3, "0305": 5, "0307": 4, "0401": 3,
    "0403": 1, "0404": 4, "0702": 6, "0701": 1, "0601": 1, "0809": 1, "0810": 1, "1003": 1, "1006": 4, "1101": 1, "1104": 2,
    "1107": 2, "1106": 1, "1201": 1, "1202": 1, "1206": 1, "1207": 1, "05H1": 1, "08H1": 1, "08H2": 1, "09": 1, "0201K": 1,
    "0301K": 1, "0302K": 1, "0307K": 1, "0403K": 1, "1104A": 1, "1104K": 1, "1107A": 1, "0810A": 1,
}  # fmt: skip
CODES = tuple(_WEIGHTS)
NAMES = tuple(SUFFIXED[c] if c in SUFFIXED else LAND_CLASSES[c][0].zh for c in CODES)
_WIDTHS = {"1003": (8.0, 24.0), "1006": (3.0, 7.5), "1101": (6.0, 40.0), "1107": (1.5, 6.0), "1107A": (4.0, 12.0)}
_CROPLAND = tuple(c.startswith("01") for c in CODES)
_KCXS = (0.0, 0.0412, 0.0865, 0.1273, 0.1694)  # by slope grade 1…5
_QSXZ = ("30", "31", "32", "20")

# ---------------------------------------------------------------- kinds of faults
ATTRIBUTE_KINDS: tuple[str, ...] = (
    "duplicate_bsm", "missing_bsm", "duplicate_tbbh", "unknown_class", "other_scheme", "suffix_not_allowed", "name_mismatch",
    "bad_qsxz", "bad_zldwdm", "kcmj_broken", "tbdlmj_broken", "kcxs_on_non_crop", "missing_slope", "area_off", "area_in_mu",
    "negative_area", "missing_area", "unseen_character", "full_width_digits",
)  # fmt: skip
SHAPE_KINDS: tuple[str, ...] = (
    "overlap", "gap", "sliver", "thin_overlap", "thin_gap", "bow_tie", "tiny_bow_tie", "duplicate_geometry", "spike",
    "duplicate_vertices", "multi_part", "hole", "island", "zero_area", "empty_geometry", "null_geometry", "out_of_region",
)  # fmt: skip
OTHER_KINDS: tuple[str, ...] = ("wrong_unit_total",)
TEXT_KINDS: tuple[str, ...] = ("text_area",)
"""Only where the area field of the layer is text: the whole column is then written as text."""
KINDS = (*ATTRIBUTE_KINDS, *SHAPE_KINDS, *OTHER_KINDS)
HARMLESS = frozenset({"island"})
"""Lawful things that look odd: nothing may be reported as an error about them."""

_CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "missing_bsm": (),
    "unknown_class": ("name_mismatch",),
    "other_scheme": ("name_mismatch",),
    "suffix_not_allowed": ("name_mismatch",),
    "full_width_digits": ("name_mismatch", "unknown_class"),
    "bad_zldwdm": ("wrong_unit_total", "duplicate_tbbh"),
    "kcxs_on_non_crop": ("kcmj_broken",),
    "area_off": ("wrong_unit_total",),
    "area_in_mu": ("wrong_unit_total", "kcmj_broken", "tbdlmj_broken"),
    "negative_area": ("wrong_unit_total", "kcmj_broken", "tbdlmj_broken", "area_off"),
    "missing_area": ("wrong_unit_total", "kcmj_broken", "tbdlmj_broken", "area_off"),
    "text_area": ("wrong_unit_total", "kcmj_broken", "tbdlmj_broken", "area_off", "missing_area"),
    "overlap": ("thin_overlap",),
    "gap": ("thin_gap",),
    "bow_tie": ("overlap", "gap", "thin_overlap", "thin_gap", "area_off", "spike", "wrong_unit_total"),
    "tiny_bow_tie": ("overlap", "gap", "thin_overlap", "thin_gap", "spike"),
    "duplicate_geometry": ("overlap",),
    "spike": ("overlap", "gap", "thin_overlap", "thin_gap"),
    "hole": ("gap",),
    "zero_area": ("missing_area", "sliver", "spike", "duplicate_vertices"),
    "empty_geometry": ("null_geometry", "missing_area", "zero_area"),
    "null_geometry": ("empty_geometry", "missing_area", "zero_area"),
    "out_of_region": ("gap",),
    "sliver": ("thin_gap",),
}


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One fault planted.

    kind        what, one of `KINDS`
    row         place of the record in the file, from 1; 0 for a fault of a unit
    record      its BSM, or ``row N`` where it has none, or the unit's code
    other_row   second record that belongs to it, 0 if none
    other       its BSM
    detail      what was done
    must        ``must`` be found, ``may`` be found (it follows from another), or is lawful and ``never`` an error
    """

    kind: str
    row: int
    record: str
    other_row: int = 0
    other: str = ""
    detail: str = ""
    must: Must = "must"


@dataclass(slots=True)
class Planted:
    """What was made.

    path     the layer, `rows` records in it, projected in `crs`
    units    control area of every unit (village), m², beside it as ``units.csv``
    region   outline of the county as WKB, beside it as ``region.gpkg``
    faults   what was planted, beside it as ``planted.csv``
    """

    path: Path
    rows: int
    crs: str
    units: dict[str, float]
    region: bytes
    faults: list[PlantedFault]
    names: dict[str, str] = field(default_factory=dict)

    def records(self) -> frozenset[str]:
        """Return every record that has anything to do with a planted fault."""
        return frozenset(name for f in self.faults for name in (f.record, f.other, f"row {f.row}") if name)


def default_mix(parcels: int) -> dict[str, int]:
    """Return how many faults of each kind are planted by default: one in 15,000 patches, 3 to 20, as far as there is room."""
    room = len(_places(*_blocks(parcels), 0))
    each = max(1, min(20, max(3, parcels // 15_000), room // len(KINDS)))
    planted = [kind for kind in KINDS if kind != "wrong_unit_total"][:room]
    return dict.fromkeys(planted, each) | {"wrong_unit_total": 1}


def expected(planted: Planted) -> set[tuple[str, str]]:
    """Return the pairs (kind, record) that a complete check must report."""
    return {(f.kind, f.record) for f in planted.faults if f.must == "must"}


def tolerated(planted: Planted) -> set[tuple[str, str]]:
    """Return the pairs (kind, record) that may be reported besides: the same fault seen from the other record, and what follows.

    A doubled code makes both records suspects; a record whose area is wrong makes the total of its unit wrong.
    """
    out: set[tuple[str, str]] = set()
    for f in planted.faults:
        for kind in (f.kind, *_CONSEQUENCES.get(f.kind, ())):
            out.update((kind, name) for name in _names(f))
    return out


def _names(fault: PlantedFault) -> list[str]:
    """Return all names by which a report may call the records of a fault."""
    return [n for n in (fault.record, fault.other, f"row {fault.row}", f"row {fault.other_row}") if n and n != "row 0"]


FOUND_AS: dict[str, frozenset[str]] = {
    "duplicate_bsm": frozenset({"duplicate_id"}),
    "missing_bsm": frozenset({"no_id"}),
    "duplicate_tbbh": frozenset({"duplicate_patch"}),
    "unknown_class": frozenset({"unknown_class"}),
    "other_scheme": frozenset({"unknown_class", "other_scheme"}),
    "suffix_not_allowed": frozenset({"bad_class_letter", "unknown_class"}),
    "name_mismatch": frozenset({"class_name"}),
    "bad_qsxz": frozenset({"unknown_code"}),
    "bad_zldwdm": frozenset({"bad_village_code"}),
    "kcmj_broken": frozenset({"deducted_area"}),
    "tbdlmj_broken": frozenset({"net_area"}),
    "kcxs_on_non_crop": frozenset({"deduction_off_cropland"}),
    "missing_slope": frozenset({"cropland_attribute"}),
    "area_off": frozenset({"declared_area"}),
    "area_in_mu": frozenset({"declared_area"}),
    "negative_area": frozenset({"bad_declared_area"}),
    "missing_area": frozenset({"no_declared_area", "bad_declared_area"}),
    "text_area": frozenset({"bad_declared_area"}),
    "unseen_character": frozenset({"unseen_character"}),
    "full_width_digits": frozenset({"mended_code"}),
    "overlap": frozenset({"overlap"}),
    "thin_overlap": frozenset({"overlap"}),
    "gap": frozenset({"gap"}),
    "thin_gap": frozenset({"gap"}),
    "sliver": frozenset({"thin"}),
    "bow_tie": frozenset({"crossed_shape"}),
    "tiny_bow_tie": frozenset({"crossed_shape"}),
    "duplicate_geometry": frozenset({"duplicate_shape"}),
    "spike": frozenset({"spike"}),
    "duplicate_vertices": frozenset({"same_vertex"}),
    "multi_part": frozenset({"multi_part"}),
    "hole": frozenset({"gap", "hole"}),
    "zero_area": frozenset({"no_area", "crossed_shape"}),
    "empty_geometry": frozenset({"empty_shape"}),
    "null_geometry": frozenset({"empty_shape"}),
    "out_of_region": frozenset({"outside_region"}),
    "wrong_unit_total": frozenset({"unit_sum"}),
}
"""How the import names each kind (the code of the fault without ``land.``): one of these must be told."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an import told against what was planted.

    missed    planted faults that were not told
    invented  (code, record) pairs told about records nobody touched, or that no planted fault explains
    """

    missed: list[PlantedFault]
    invented: list[tuple[str, str]]


def compare(planted: Planted, told: Iterable[tuple[str, str]]) -> Comparison:
    """Compare (code, record) pairs of an import with what was planted; codes with or without ``land.``."""
    pairs = {(code.removeprefix("land."), record) for code, record in told}
    lawful = {(code, name) for kind, name in tolerated(planted) for code in FOUND_AS.get(kind, frozenset({"hole"}))}
    if any(f.kind == "text_area" for f in planted.faults):
        lawful.add(("number_as_text", "TBMJ"))  # said once of the whole column, and true
    missed = [
        f for f in planted.faults
        if f.must == "must" and not any((code, name) in pairs for code in FOUND_AS[f.kind] for name in _names(f))
    ]  # fmt: skip
    return Comparison(missed, sorted(pairs - lawful))


# ---------------------------------------------------------------- the whole layer
def make_dltb(
    folder: Path | str,
    parcels: int = 1_000_000,
    seed: int = 2026,
    faults: Mapping[str, int] | None = None,
    format: Format = "gpkg",
) -> Planted:
    """Write the layer with its planted faults to `folder` and return what was planted.

    parcels   patches before faults that add or take away a record
    faults    how many of each kind (see `KINDS`, `TEXT_KINDS`), none with an empty mapping; None: `default_mix`
    format    GeoPackage, Shapefile (GB18030), FileGDB or GeoParquet
    raises    `ValueError` for unknown kinds, or for more faults than there are places far enough from each other
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    wanted = default_mix(parcels) if faults is None else dict(faults)
    unknown = sorted(set(wanted) - {*KINDS, *TEXT_KINDS})
    if unknown:
        raise ValueError(f"unknown kinds of faults: {', '.join(unknown)}")
    maker = _Maker(parcels, seed, wanted)
    path = place / f"{LAYER}.{format}"
    _WRITERS[format](path, maker)
    return _described(place, path, maker)


def _described(place: Path, path: Path, maker: _Maker) -> Planted:
    import pyogrio
    import shapely

    region = maker.lattice.outline()
    pyogrio.raw.write(
        place / "region.gpkg", shapely.to_wkb(np.array([region])), [np.array([COUNTY], object)], ["XZQDM"],
        geometry_type="Polygon", crs=CRS, driver="GPKG", layer="XZQ",
    )  # fmt: skip
    units = maker.control_areas()
    with (place / "units.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["ZLDWDM", "ZLDWMC", "control_area_m2"])
        out.writerows([code, maker.unit_name[n], f"{units[code]:.2f}"] for n, code in enumerate(maker.unit_code))
    found = sorted(maker.planted, key=lambda f: (f.kind, f.row, f.record))
    with (place / "planted.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["kind", "row", "record", "other_row", "other", "detail", "must"])
        out.writerows([f.kind, f.row, f.record, f.other_row, f.other, f.detail, f.must] for f in found)
    names = dict(zip(maker.unit_code, maker.unit_name, strict=True))
    return Planted(path, maker.rows, CRS, units, shapely.to_wkb(region), found, names)


def _write_ogr(path: Path, maker: _Maker, driver: str, geometry_type: str, **options: Any) -> None:
    import pyarrow as pa
    import pyogrio

    reader = pa.RecordBatchReader.from_batches(maker.schema(), maker.batches())
    pyogrio.write_arrow(
        reader, path, driver=driver, layer=LAYER, geometry_name="geometry", geometry_type=geometry_type, crs=CRS, **options
    )


def _write_parquet(path: Path, maker: _Maker) -> None:
    import json

    import pyarrow as pa
    import pyproj

    from ecocomp.io.files import write_batches

    column = {"encoding": "WKB", "geometry_types": [], "crs": pyproj.CRS.from_user_input(CRS).to_json_dict()}
    geo = json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
    schema = maker.schema().with_metadata({"geo": geo})
    write_batches(schema, (pa.Table.from_batches([b]) for b in maker.batches()), path)


_WRITERS: dict[str, Callable[[Path, _Maker], None]] = {
    "gpkg": lambda path, maker: _write_ogr(path, maker, "GPKG", "Unknown", SPATIAL_INDEX="NO"),
    "shp": lambda path, maker: _write_ogr(path, maker, "ESRI Shapefile", "Polygon", encoding="GB18030"),
    "gdb": lambda path, maker: _write_ogr(path, maker, "OpenFileGDB", "MultiPolygon"),
    "parquet": _write_parquet,
}


# ---------------------------------------------------------------- chance that depends on place only
def _chance(seed: int, channel: int, *index: Any) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each index, the same wherever and in whatever order it is asked for (splitmix64)."""
    with np.errstate(over="ignore"):
        z: Any = np.uint64(seed & (2**63 - 1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(channel) * np.uint64(0xD1B54A32D192ED03)
        for one in index:
            z = (z ^ np.asarray(one).astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
    out: NDArray[np.float64] = (np.asarray(z, np.uint64) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return out


# ---------------------------------------------------------------- the ground
class _Lattice:
    """Corners and curved borders of rows × columns cells; any rows of it can be made alone."""

    def __init__(self, rows: int, columns: int, seed: int) -> None:
        self.rows, self.columns, self.seed = rows, columns, seed

    def corners(self, row0: int, row1: int) -> NDArray[np.float64]:
        """Return the corners of lattice rows row0…row1 (both included), (n, columns + 1, 2), rounded to mm."""
        r, c = np.meshgrid(np.arange(row0, row1 + 1), np.arange(self.columns + 1), indexing="ij")
        dx = (_chance(self.seed, 1, r, c) - 0.5) * 0.34 + 0.55 * np.sin(r / 17.0 + 0.4 * np.sin(c / 23.0))
        dy = (_chance(self.seed, 2, r, c) - 0.5) * 0.34 + 0.55 * np.sin(c / 13.0 + 0.4 * np.sin(r / 29.0))
        places = np.stack([WEST_M + (c + dx) * CELL_X_M, SOUTH_M + (r + dy) * CELL_Y_M], axis=-1)
        return np.asarray(np.round(places, 3), np.float64)

    def bends(self, one: NDArray[np.float64], two: NDArray[np.float64], channel: int, row0: int) -> NDArray[np.float64]:
        """Return the points between the two ends of borders, (…, INNER, 2), bowed to one side, rounded to mm."""
        r, c = np.meshgrid(row0 + np.arange(one.shape[0]), np.arange(one.shape[1]), indexing="ij")
        at = (np.arange(1, INNER + 1) / (INNER + 1))[None, None, :]
        along = two - one
        normal = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        bow = ((_chance(self.seed, channel, r, c) - 0.5) * 0.28)[..., None] * np.sin(np.pi * at)
        ripple = np.stack([_chance(self.seed, channel + 10 + k, r, c) - 0.5 for k in range(INNER)], axis=-1) * 0.06
        points = one[..., None, :] + along[..., None, :] * at[..., None] + normal[..., None, :] * (bow + ripple)[..., None]
        return np.round(points, 3)

    def outline(self) -> Any:
        """Return the outline of all cells, with every vertex of every border."""
        import shapely

        side: list[NDArray[np.float64]] = []
        for row in (0, self.rows):
            corner = self.corners(row, row)
            line = np.concatenate([corner[:, :-1, None], self.bends(corner[:, :-1], corner[:, 1:], 3, row)], axis=2).reshape(-1, 2)
            side.append(np.concatenate([line, corner[0, -1:]]))
        corner = self.corners(0, self.rows)[:, [0, -1]]
        up = _Strip.vertical_bends(self, corner, 0, (0, self.columns))
        line = np.concatenate([corner[:-1, :, None], up], axis=2)
        west, east = (np.concatenate([line[:, k].reshape(-1, 2), corner[-1:, k]]) for k in (0, 1))
        return shapely.Polygon(np.concatenate([side[0][:-1], east[:-1], side[1][::-1][:-1], west[::-1]]))


class _Strip:
    """All points of lattice rows row0…row1 in one table: corners, then horizontal, then vertical borders; with lon, lat."""

    def __init__(self, lattice: _Lattice, row0: int, row1: int) -> None:
        self.row0, self.rows, self.columns = row0, row1 - row0, lattice.columns
        corner = lattice.corners(row0, row1)
        flat = lattice.bends(corner[:, :-1], corner[:, 1:], 3, row0)
        up = self.vertical_bends(lattice, corner, row0, None)
        self.horizontal0 = corner.shape[0] * corner.shape[1]
        self.vertical0 = self.horizontal0 + flat.shape[0] * flat.shape[1] * INNER
        self.points = np.concatenate([corner.reshape(-1, 2), flat.reshape(-1, 2), up.reshape(-1, 2)])
        lon, lat = plane_to_degrees(self.points[:, 0], self.points[:, 1], CRS)
        self.lon, self.lat = lon, lat

    @staticmethod
    def vertical_bends(lattice: _Lattice, corner: Any, row0: int, columns: tuple[int, int] | None) -> NDArray[np.float64]:
        """Return the bends of vertical borders; with `columns`, of a table of corners that holds only these two."""
        one, two = corner[:-1], corner[1:]
        if columns is None:
            return lattice.bends(one, two, 4, row0)
        wide = np.zeros((one.shape[0], lattice.columns + 1, 2))
        far = np.ones_like(wide)
        wide[:, list(columns)], far[:, list(columns)] = one, two
        return lattice.bends(wide, far, 4, row0)[:, list(columns)]

    def edge(self, kind: int, row: Any, column: Any, backwards: bool) -> NDArray[np.int64]:
        """Return the points of borders (start and bends, not the end): kind 0 horizontal, 1 vertical; rows from `row0`."""
        wide = self.columns + 1
        start = row * wide + column
        end = start + 1 if kind == 0 else start + wide
        base = (
            self.horizontal0 + (row * self.columns + column) * INNER
            if kind == 0
            else self.vertical0 + (row * wide + column) * INNER
        )
        inner = base[:, None] + np.arange(INNER)
        if backwards:
            return np.concatenate([end[:, None], inner[:, ::-1]], axis=1)
        return np.concatenate([start[:, None], inner], axis=1)


Cell = tuple[int, int]
_PATTERNS: dict[int, tuple[tuple[tuple[Cell, ...], ...], ...]] = {
    1: ((((0, 0), (0, 1), (1, 0), (1, 1)),),),
    2: (
        (((0, 0), (0, 1)), ((1, 0), (1, 1))),
        (((0, 0), (1, 0)), ((0, 1), (1, 1))),
        (((0, 0),), ((0, 1), (1, 0), (1, 1))),
        (((0, 0), (0, 1), (1, 0)), ((1, 1),)),
    ),
    3: (
        (((0, 0), (0, 1)), ((1, 0),), ((1, 1),)),
        (((0, 0), (1, 0)), ((0, 1),), ((1, 1),)),
        (((0, 0),), ((0, 1),), ((1, 0), (1, 1))),
        (((0, 0),), ((0, 1), (1, 1)), ((1, 0),)),
    ),
    4: ((((0, 0),), ((0, 1),), ((1, 0),), ((1, 1),)),),
}


def _boundary(cells: Sequence[Cell]) -> list[tuple[int, int, int, bool]]:
    """Return the borders around joined cells, counter-clockwise: (kind, row, column, backwards), from the lowest left corner."""
    directed: dict[Cell, tuple[Cell, tuple[int, int, int, bool]]] = {}
    for r, c in cells:
        around = (
            ((r, c), (r, c + 1), (0, r, c, False), (r - 1, c)), ((r, c + 1), (r + 1, c + 1), (1, r, c + 1, False), (r, c + 1)),
            ((r + 1, c + 1), (r + 1, c), (0, r + 1, c, True), (r + 1, c)), ((r + 1, c), (r, c), (1, r, c, True), (r, c - 1)),
        )  # fmt: skip
        for start, end, edge, beyond in around:
            if beyond not in cells:
                directed[start] = (end, edge)
    at = first = min(directed)
    out = []
    while True:
        at, edge = directed[at]
        out.append(edge)
        if at == first:
            return out


# ---------------------------------------------------------------- one record, where a fault is planted
@dataclass(slots=True)
class _Row:
    """A record under a planter's hands: its fields, its shape (shapely), and where it stands in the file."""

    fields: dict[str, Any]
    shape: Any
    row: int

    @property
    def name(self) -> str:
        return str(self.fields["BSM"] or f"row {self.row}")

    def ring(self) -> NDArray[np.float64]:
        """Return the vertices of the outline, the first one again at the end."""
        import shapely

        return np.array(shapely.get_coordinates(self.shape))

    def reshape(self, ring: NDArray[np.float64], holes: Sequence[NDArray[np.float64]] = ()) -> None:
        """Give it another outline, and the areas that go with it."""
        import shapely

        self.shape = shapely.Polygon(np.round(ring, 3), [np.round(h, 3) for h in holes])
        self.measure()

    def measure(self) -> None:
        """Set the four area fields from the shape."""
        area = round(float(polygon_areas_m2(np.array([self.shape], object), CRS)[0]), 2)
        self.declare(area)

    def declare(self, area: float) -> None:
        """Set the area, and the deduction and the net area that follow."""
        cut = round(area * (self.fields["KCXS"] or 0.0), 2)
        self.fields |= {"TBMJ": area, "KCMJ": cut, "TBDLMJ": round(area - cut, 2)}

    def become(self, code: str, slope: int = 1) -> None:
        """Take another land class with everything that goes with it; the areas are computed again."""
        k = CODES.index(code)
        crop = _CROPLAND[k]
        coefficient = _KCXS[slope - 1] if crop else None
        self.fields |= {
            "DLBM": code, "DLMC": NAMES[k], "KCXS": coefficient, "KCDLBM": "1203" if coefficient else "",
            "GDLX": ("PD" if slope == 1 else "TT") if crop else "", "GDPDJB": str(slope) if crop else "",
            "GDDB": 5 if crop else None, "ZZSXDM": "LS" if crop else "", "ZZSXMC": "种植粮食作物" if crop else "", "XZDWKD": None,
            "CZCSXM": "", "TBXHDM": "", "TBXHMC": "",
        }  # fmt: skip
        self.declare(self.fields["TBMJ"])

    def copy(self, row: int, number: int) -> _Row:
        """Return a new record like this one, with codes of its own."""
        fields = self.fields | {"BSM": _bsm(number), "TBBH": f"9{number % 10_000_000:07d}", "TBYBH": f"Y{number:09d}"}
        return _Row(fields, self.shape, row)


def _bsm(number: int) -> str:
    return f"{COUNTY}2001{number:08d}"


Adder = Callable[[_Row], _Row]
Planter = Callable[[_Row, _Row, Adder], tuple[str, "_Row | None"]]
"""Changes the target (and perhaps its eastern neighbour), adds records; returns what was done and the other record."""


def _set(detail: str, code: str | None = None, **values: Any) -> Planter:
    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        if code is not None:
            a.become(code, 3)
        a.fields |= {k: v(a.fields) if callable(v) else v for k, v in values.items()}
        return detail, None

    return plant


def _same_code(name: str) -> Planter:
    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        b.fields[name] = a.fields[name]
        return f"{name} {a.fields[name]}", b

    return plant


def _area(detail: str, change: Callable[[float], float | None], consistent: bool = True) -> Planter:
    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        a.become("0404")
        area = change(a.fields["TBMJ"])
        if consistent and area is not None:
            a.declare(area)
        else:
            a.fields["TBMJ"] = area
        return detail, None

    return plant


def _push(metres: float) -> Planter:
    """Move the bends of the border to the east: outwards over the neighbour, or inwards."""

    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        ring = a.ring()
        ring[5:8, 0] += metres
        a.reshape(ring)
        return f"border moved by {metres} m", b

    return plant


def _strip(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    """Cut a strip of 20 cm along the border to the east and make it a record; the ground stays covered once."""
    ring = a.ring()
    border, inner = ring[4:9].copy(), ring[5:8].copy()
    inner[:, 0] -= 0.2
    ring[5:8] = inner
    thin = add(a)
    a.reshape(ring)
    thin.reshape(np.concatenate([border, np.round(inner, 3)[::-1], border[:1]]))
    return "a strip 20 cm wide", thin


def _bow_tie(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    ring = a.ring()
    ring[[4, 8]] = ring[[8, 4]]
    a.reshape(ring)
    return "two corners in the wrong order", b


def _tiny_bow_tie(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    ring = a.ring()
    at = ring[6]
    loop = at + np.array([[-0.01, 0.01], [0.0, 0.01], [-0.01, 0.0]])
    a.reshape(np.concatenate([ring[:7], loop, ring[7:]]))
    return "a loop of 1 cm", b


def _spike(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    ring = a.ring()
    at, way = ring[6], ring[7] - ring[6]
    tip, back = at + np.array([-12.0, 0.0]), at + way / np.hypot(*way) * 0.002
    a.reshape(np.concatenate([ring[:7], [tip, back], ring[7:]]))
    return "a cut 12 m deep, 2 mm wide", b


def _double_vertex(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    ring = a.ring()
    a.reshape(np.concatenate([ring[:3], ring[2:]]))
    return "vertex 3 twice", None


def _around(a: _Row, half: float) -> NDArray[np.float64]:
    centre = a.ring()[:-1].mean(axis=0)
    return np.round(centre + half * np.array([[-1.0, -1], [-1, 1], [1, 1], [1, -1], [-1, -1]]), 3)


def _hole(filled: bool) -> Planter:
    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        hole = _around(a, 6.0)
        island = add(a) if filled else None
        a.reshape(a.ring(), [hole])
        if island is not None:
            island.reshape(hole[::-1])
        return "a hole of 12 m" + (" filled by another record" if filled else ""), island

    return plant


def _added(detail: str, shape: Callable[[_Row], Any]) -> Planter:
    """Add a record whose shape is no area: the ground stays covered."""

    def plant(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
        new = add(a)
        new.become("0404")
        new.shape = shape(a)
        new.declare(0.0)
        return detail, new

    return plant


def _copied(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    return "the shape of another record again", add(a)


def _flat(a: _Row) -> Any:
    import shapely

    one, two = a.ring()[:-1].mean(axis=0).round(3), a.ring()[0]
    return shapely.Polygon([one, two, one, one])


def _empty(_: _Row) -> Any:
    import shapely

    return shapely.Polygon()


def _outside(a: _Row, b: _Row, add: Adder) -> tuple[str, _Row | None]:
    new = add(a)
    new.reshape(a.ring() - np.array([a.ring()[0, 0] - (WEST_M - 5_000.0 - (new.row % 997) * 200.0), 0.0]))
    return "more than 5 km west of the county", new


_ADDED_IS_WRONG = frozenset(
    {
        "duplicate_geometry",
        "sliver",
        "zero_area",
        "empty_geometry",
        "null_geometry",
        "out_of_region",
        "duplicate_bsm",
        "duplicate_tbbh",
    }
)
PLANTERS: dict[str, Planter] = {
    "duplicate_bsm": _same_code("BSM"),
    "missing_bsm": _set("no BSM", BSM=""),
    "duplicate_tbbh": _same_code("TBBH"),
    "unknown_class": _set("DLBM 9999", "0404", DLBM="9999"),
    "other_scheme": _set("DLBM 0501 of another scheme", "0404", DLBM="0501", DLMC="零售商业用地"),
    "suffix_not_allowed": _set("DLBM 0601K", "0601", DLBM="0601K", DLMC="可调整工业用地"),
    "name_mismatch": _set("DLBM 0404 named 果园", "0404", DLMC="果园"),
    "bad_qsxz": _set("QSXZ 99", QSXZ="99"),
    "bad_zldwdm": _set("ZLDWDM of 17 digits", ZLDWDM=lambda f: f["ZLDWDM"][:17]),
    "kcmj_broken": _set(
        "KCMJ 10 m² too large", "0103", KCMJ=lambda f: round(f["KCMJ"] + 10, 2), TBDLMJ=lambda f: round(f["TBDLMJ"] - 10, 2)
    ),
    "tbdlmj_broken": _set("TBDLMJ 5 m² too large", "0103", TBDLMJ=lambda f: round(f["TBDLMJ"] + 5, 2)),
    "kcxs_on_non_crop": _set(
        "KCXS 0.1 on forest", "0301", KCXS=0.1, KCDLBM="1203", KCMJ=lambda f: round(f["TBMJ"] * 0.1, 2),
        TBDLMJ=lambda f: round(f["TBMJ"] - round(f["TBMJ"] * 0.1, 2), 2),
    ),
    "missing_slope": _set("no GDPDJB", "0103", GDPDJB=""),
    "area_off": _area("TBMJ 6 % too large", lambda m2: round(m2 * 1.06, 2)),
    "area_in_mu": _area("TBMJ in mu", lambda m2: round(m2 * 3 / 2000, 2)),
    "negative_area": _area("TBMJ below zero", lambda m2: -m2),
    "missing_area": _area("TBMJ not a number", lambda m2: None, consistent=False),
    "text_area": _set("TBMJ in words", "0404", TBMJ="约三亩"),
    "unseen_character": _set("U+202E in ZLDWMC", ZLDWMC=lambda f: f["ZLDWMC"][:1] + "\u202e" + f["ZLDWMC"][1:]),
    "full_width_digits": _set("DLBM in full-width digits", "0404", DLBM="０４０４"),
    "overlap": _push(3.0),
    "gap": _push(-3.0),
    "thin_overlap": _push(0.05),
    "thin_gap": _push(-0.05),
    "sliver": _strip,
    "bow_tie": _bow_tie,
    "tiny_bow_tie": _tiny_bow_tie,
    "duplicate_geometry": _copied,
    "spike": _spike,
    "duplicate_vertices": _double_vertex,
    "hole": _hole(False),
    "island": _hole(True),
    "zero_area": _added("a line there and back", _flat),
    "empty_geometry": _added("an empty polygon", _empty),
    "null_geometry": _added("no geometry", lambda _: None),
    "out_of_region": _outside,
}  # fmt: skip


# ---------------------------------------------------------------- counting and placing
def _blocks(parcels: int) -> tuple[int, int]:
    """Return rows and columns of blocks of 2 × 2 cells: about 2.4 patches a block."""
    count = max(1, math.ceil(parcels / 2.4))
    rows = max(1, math.isqrt(count))
    return rows, math.ceil(count / rows)


def _places(rows: int, columns: int, seed: int) -> NDArray[np.int64]:
    """Return the blocks where a fault may be planted, far from each other and from the outline, in a random order."""
    r, c = np.meshgrid(np.arange(2, rows - 2, PLACE_STEP), np.arange(2, columns - 2, PLACE_STEP), indexing="ij")
    found = (r * columns + c).reshape(-1)
    return np.random.default_rng([seed, 7]).permutation(found).astype(np.int64)


class _Maker:
    """Makes the records strip by strip and keeps what was planted; `batches` can be walked once."""

    def __init__(self, parcels: int, seed: int, wanted: Mapping[str, int]) -> None:
        self.seed, self.rows = seed, 0
        self.block_rows, self.block_columns = _blocks(parcels)
        self.lattice = _Lattice(2 * self.block_rows, 2 * self.block_columns, seed)
        self.kind_at = self._placed(wanted)
        self.parts = self._parts(parcels)
        self.wrong_totals = wanted.get("wrong_unit_total", 0)
        self.text_area = wanted.get("text_area", 0) > 0
        self.planted: list[PlantedFault] = []
        self._extra = 90_000_000
        self._name_units(parcels)
        self.unit_dm2 = np.zeros(len(self.unit_code), np.int64)
        self.unit_rows = np.zeros(len(self.unit_code), np.int64)
        self._codes = np.array(list(_WEIGHTS.values()), np.float64).cumsum() / sum(_WEIGHTS.values())
        self.number = 0

    # ------------------------------------------------------------ plan
    def _placed(self, wanted: Mapping[str, int]) -> dict[int, str]:
        kinds = [kind for kind, count in sorted(wanted.items()) if kind != "wrong_unit_total" for _ in range(count)]
        places = _places(self.block_rows, self.block_columns, self.seed)
        if len(kinds) > len(places):
            raise ValueError(f"{len(kinds)} faults need as many places; a layer of this size has {len(places)}")
        return dict(zip(places.tolist(), kinds, strict=False))

    def _parts(self, parcels: int) -> NDArray[np.int8]:
        """Return how many patches each block holds, so that they add up exactly; four where a fault is planted."""
        count = self.block_rows * self.block_columns
        parts = 1 + np.searchsorted([0.2, 0.55, 0.85], _chance(self.seed, 5, np.arange(count)), side="right").astype(np.int8)
        fixed = np.zeros(count, bool)
        fixed[list(self.kind_at)] = True
        parts[fixed] = 4
        missing = parcels - int(parts.sum())
        step = np.int8(1 if missing > 0 else -1)
        while missing:
            free = np.flatnonzero(~fixed & (parts < 4 if step > 0 else parts > 1))
            if not len(free):
                raise ValueError("too few patches for this layer")
            parts[free[: abs(missing)]] += step
            missing = parcels - int(parts.sum())
        return parts

    def _name_units(self, parcels: int) -> None:
        """Cut the blocks into villages of about `PARCELS_PER_UNIT` patches."""
        units = max(4, round(parcels / PARCELS_PER_UNIT))
        down = max(1, round(math.sqrt(units)))
        across = max(1, round(units / down))
        self._down, self._across = down, across
        self.unit_code, self.unit_name = [], []
        heads, tails = list(HEADS), list(TAILS)
        for n in range(down * across):
            town, village = divmod(n, 20)
            self.unit_code.append(f"{COUNTY}{100 + town}{200 + village}0000000")
            a, rest = n % len(heads), n // len(heads)
            self.unit_name.append(f"{heads[a]}{heads[(a + 1 + rest // 10) % len(heads)]}{tails[rest % 10]}村")

    def unit_of(self, block: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the village each block belongs to."""
        row, column = np.divmod(block, self.block_columns)
        out: NDArray[np.int64] = row * self._down // self.block_rows * self._across + column * self._across // self.block_columns
        return out

    # ------------------------------------------------------------ rows
    def schema(self) -> Any:
        """Return the columns of the layer; the geometry is WKB."""
        import pyarrow as pa

        def kind(name: str) -> Any:
            if name == "TBMJ" and self.text_area:
                return pa.string()
            return pa.float64() if name in REAL_FIELDS else pa.int32() if name in WHOLE_FIELDS else pa.string()

        return pa.schema([*(pa.field(n, kind(n)) for n in FIELDS), pa.field("geometry", pa.binary())])

    def batches(self) -> Iterator[Any]:
        """Yield the records, some tens of thousands at a time."""
        step = max(1, round(STRIP_PARCELS / (2.4 * self.block_columns)))
        for first in range(0, self.block_rows, step):
            yield self._batch(first, min(first + step, self.block_rows))
        self._wrong_totals()

    def _batch(self, first: int, last: int) -> Any:
        import pyarrow as pa

        block = np.arange(first * self.block_columns, last * self.block_columns)
        shapes, area, owner = self._shapes(block, first, last)
        columns = self._columns(owner, area)
        rows, gone = self._plant(block, owner, columns, shapes)
        return pa.RecordBatch.from_arrays(self._arrays(columns, shapes, rows, gone), schema=self.schema())

    def _shapes(self, block: NDArray[np.int64], first: int, last: int) -> tuple[Any, NDArray[np.float64], NDArray[np.int64]]:
        """Return the patches of these blocks in their order: shape, area (m²), block."""
        import shapely

        strip = _Strip(self.lattice, 2 * first, 2 * last)
        parts = self.parts[block].astype(np.int64)
        start = np.cumsum(parts) - parts
        shapes = np.empty(int(parts.sum()), object)
        area = np.zeros(len(shapes))
        pick = _chance(self.seed, 6, block)
        row, column = 2 * (block // self.block_columns - first), 2 * (block % self.block_columns)
        for count, patterns in _PATTERNS.items():
            which = (pick * len(patterns)).astype(np.int64)
            for n, pattern in enumerate(patterns):
                mine = np.flatnonzero((parts == count) & (which == n))
                for part, cells in enumerate(pattern if len(mine) else ()):
                    edges = [strip.edge(k, row[mine] + r, column[mine] + c, back) for k, r, c, back in _boundary(cells)]
                    index = np.concatenate([*edges, edges[0][:, :1]], axis=1)
                    wide = index.shape[1]
                    flat = index.reshape(-1)
                    ring = np.repeat(np.arange(len(mine)), wide)
                    shapes[start[mine] + part] = shapely.polygons(shapely.linearrings(strip.points[flat], indices=ring))
                    area[start[mine] + part] = ring_areas_m2(strip.lon[flat], strip.lat[flat], np.arange(len(mine)) * wide)
        return shapes, np.round(area, 2), np.repeat(block, parts)

    def _columns(self, owner: NDArray[np.int64], area: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Return the fields of sound records as arrays; texts as objects. `owner` is the block of each."""
        n = np.arange(self.number, self.number + len(owner))
        self.number += len(owner)
        unit = self.unit_of(owner)
        u = [_chance(self.seed, 40 + k, n) for k in range(6)]
        code = np.searchsorted(self._codes, u[0], side="right").clip(max=len(CODES) - 1)
        crop = np.array(_CROPLAND)[code]
        slope = np.where(crop, 1 + (u[1] ** 2 * 5).astype(np.int64), 0)
        coefficient = np.where(crop, np.array((np.nan, *_KCXS))[slope], np.nan)
        cut = np.round(area * np.nan_to_num(coefficient), 2)
        ends = np.array([_WIDTHS.get(c, (np.nan, np.nan)) for c in CODES])[code]
        state = u[2] > 0.93
        holder = np.where(state, 3, (u[3] * 3).astype(np.int64))
        unit_code, unit_name = np.array(self.unit_code, object)[unit], np.array(self.unit_name, object)[unit]
        homes = np.isin(code, [CODES.index("0702"), CODES.index("0701")])
        named = crop & (u[4] < 0.8)
        return {
            "BSM": _numbered(f"{COUNTY}2001", n + 1, 8),
            "YSDM": _same(n, "2001010100"),
            "TBYBH": _numbered("Y", n + 1, 9),
            "TBBH": _numbered("", self._in_unit(unit), 5),
            "DLBM": np.array(CODES, object)[code],
            "DLMC": np.array(NAMES, object)[code],
            "QSXZ": np.array(_QSXZ, object)[holder],
            "QSDWDM": np.where(state, FARM[0], unit_code),
            "QSDWMC": np.where(state, FARM[1], unit_name),
            "ZLDWDM": unit_code,
            "ZLDWMC": unit_name,
            "TBMJ": area,
            "KCDLBM": np.where(np.nan_to_num(coefficient) > 0, "1203", "").astype(object),
            "KCXS": coefficient,
            "KCMJ": cut,
            "TBDLMJ": np.round(area - cut, 2),
            "GDLX": np.array(("", "PD", "TT", "TT", "TT", "TT"), object)[slope],
            "GDPDJB": np.array(("", "1", "2", "3", "4", "5"), object)[slope],
            "XZDWKD": np.round(ends[:, 0] + (ends[:, 1] - ends[:, 0]) * u[5], 1),
            "TBXHDM": _same(n, ""),
            "TBXHMC": _same(n, ""),
            "ZZSXDM": np.where(crop, np.where(named, "LS", "WG"), "").astype(object),
            "ZZSXMC": np.where(crop, np.where(named, "种植粮食作物", "未耕种"), "").astype(object),
            "GDDB": np.where(crop, 4.0 + slope, np.nan),
            "FRDBS": _same(n, "0"),
            "CZCSXM": np.where(homes, "203", "").astype(object),
            "SJNF": np.full(len(n), float(SURVEY_YEAR)),
            "MSSM": _same(n, "00"),
            "HDMC": _same(n, ""),
            "BZ": _same(n, ""),
        }

    def _in_unit(self, unit: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the running number of each record inside its village."""
        order = np.argsort(unit, kind="stable")
        ranked = unit[order]
        first = np.searchsorted(ranked, ranked)
        out = np.empty(len(unit), np.int64)
        out[order] = np.arange(len(unit)) - first + 1 + self.unit_rows[ranked]
        self.unit_rows += np.bincount(unit, minlength=len(self.unit_rows))
        return out

    # ------------------------------------------------------------ faults
    def _plant(self, block: Any, owner: Any, columns: dict[str, NDArray[Any]], shapes: Any) -> tuple[list[_Row], NDArray[np.bool_]]:
        """Change records in place, return added records and which were taken away; unit totals follow what is in the file."""
        gone, added = np.zeros(len(owner), bool), []
        here = [b for b in block.tolist() if b in self.kind_at]
        starts = np.searchsorted(owner, here)
        diagonal = [int(s) + 3 for b, s in zip(here, starts, strict=True) if self.kind_at[b] == "multi_part"]
        gone[diagonal] = True
        place = self.rows + np.cumsum(~gone)
        self.rows = int(place[-1]) if len(place) else self.rows
        for b, s in zip(here, starts.tolist(), strict=True):
            one, two = (_row(columns, shapes, s + k, int(place[s + k])) for k in (0, 1))

            def add(like: _Row) -> _Row:
                self.rows += 1
                self._extra += 1
                added.append(like.copy(self.rows, self._extra))
                return added[-1]

            self._plant_one(self.kind_at[b], one, two, shapes[s + 3], add)
            for k, changed in enumerate((one, two)):
                _put(columns, shapes, s + k, changed)
        self._add_up(owner[~gone], columns["TBMJ"][~gone], added)
        return added, gone

    def _plant_one(self, kind: str, one: _Row, two: _Row, diagonal: Any, add: Adder) -> None:
        import shapely

        name = one.name
        if kind == "multi_part":
            one.shape = shapely.MultiPolygon([one.shape, diagonal])
            one.measure()
            detail, other = "two parts that touch in a point", None
        else:
            detail, other = PLANTERS[kind](one, two, add)
        if kind == "missing_bsm":
            name = f"row {one.row}"
        must: Must = "never" if kind in HARMLESS else "must"
        wrong = other if other is not None and kind in _ADDED_IS_WRONG else one
        beside = one if wrong is other else other
        self.planted.append(
            PlantedFault(
                kind, wrong.row, name if wrong is one else wrong.name,
                beside.row if beside else 0, beside.name if beside else "", detail, must,
            )
        )  # fmt: skip
        for follows in _CONSEQUENCES.get(kind, ()):
            if follows == "wrong_unit_total":
                unit = self.unit_code[self.unit_code.index(one.fields["ZLDWDM"].ljust(19, "0"))]
                self.planted.append(PlantedFault(follows, 0, unit, wrong.row, wrong.name, f"because of {kind}", "may"))

    def _add_up(self, owner: NDArray[np.int64], area: NDArray[Any], added: list[_Row]) -> None:
        """Add what the records say to the totals of their villages."""
        said = np.array([a if isinstance(a, float) and math.isfinite(a) else 0.0 for a in area.tolist()])
        np.add.at(self.unit_dm2, self.unit_of(owner), np.rint(said * 100).astype(np.int64))
        for new in added:
            self.unit_dm2[self.unit_code.index(new.fields["ZLDWDM"])] += round(new.fields["TBMJ"] * 100)

    def _wrong_totals(self) -> None:
        """Choose villages without any other trouble whose control area will not be their sum."""
        touched = {f.record for f in self.planted if f.kind == "wrong_unit_total"}
        free = [code for code in self.unit_code if code not in touched] or self.unit_code
        for n in np.random.default_rng([self.seed, 9]).permutation(len(free))[: self.wrong_totals].tolist():
            code = free[n]
            self.unit_dm2[self.unit_code.index(code)] += 250_000
            self.planted.append(PlantedFault("wrong_unit_total", 0, code, detail="control area 2,500 m² too large"))

    def control_areas(self) -> dict[str, float]:
        """Return the control area of every village, m²."""
        return {code: int(dm2) / 100 for code, dm2 in zip(self.unit_code, self.unit_dm2, strict=True)}

    # ------------------------------------------------------------ arrays
    def _arrays(self, columns: dict[str, NDArray[Any]], shapes: Any, added: list[_Row], gone: NDArray[np.bool_]) -> list[Any]:
        import pyarrow as pa
        import shapely

        out = []
        for f in self.schema():
            if f.name == "geometry":
                every = np.concatenate([shapes[~gone], _objects([a.shape for a in added])])
                wkb = shapely.to_wkb(every, byte_order=1)
                out.append(pa.array(wkb, pa.binary()))
                continue
            values = columns[f.name][~gone]
            if added:
                values = np.concatenate([values.astype(object), _objects([a.fields[f.name] for a in added])])
            out.append(_as_arrow(values, f.type))
        return out


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _as_arrow(values: NDArray[Any], kind: Any) -> Any:
    """Return a column; missing numbers become null, numbers in a text column are written with two places."""
    import pyarrow as pa

    if pa.types.is_string(kind):
        if values.dtype != object or (len(values) and not isinstance(values[0], str)):
            values = _objects([v if isinstance(v, str) else None if v is None or v != v else f"{v:.2f}" for v in values.tolist()])
        return pa.array(values, kind)
    numbers = np.array([np.nan if v is None else v for v in values.tolist()], np.float64) if values.dtype == object else values
    found = pa.array(numbers, pa.float64(), from_pandas=True)
    return found.cast(kind)


def _numbered(head: str, numbers: NDArray[np.int64], digits: int) -> NDArray[np.object_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    out: NDArray[np.object_] = pc.binary_join_element_wise(head, padded, "").to_numpy(zero_copy_only=False)
    return out


def _same(like: NDArray[Any], text: str) -> NDArray[np.object_]:
    return np.full(len(like), text, object)


def _row(columns: dict[str, NDArray[Any]], shapes: Any, at: int, row: int) -> _Row:
    def plain(value: Any) -> Any:
        value = value.item() if isinstance(value, np.generic) else value
        return None if isinstance(value, float) and math.isnan(value) else value

    return _Row({name: plain(values[at]) for name, values in columns.items()}, shapes[at], row)


def _put(columns: dict[str, NDArray[Any]], shapes: Any, at: int, row: _Row) -> None:
    shapes[at] = row.shape
    for name, values in columns.items():
        value = row.fields[name]
        if isinstance(value, str) and values.dtype != object:
            columns[name] = values = values.astype(object)
        values[at] = np.nan if value is None and values.dtype != object else value
