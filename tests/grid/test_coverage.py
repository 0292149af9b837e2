"""The coverage matrix against exactextract, and what must hold for any parcels."""

from __future__ import annotations

import json
import mmap
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from ecocomp.grid import threads
from ecocomp.grid.coverage import (
    Coverage,
    build_coverage,
    cached_coverage,
    decimation,
    dominant_parcel,
    reduce_classes,
    reduce_joint,
    reduce_sums,
    reduce_weights,
    strip_rows,
    zonal,
)
from ecocomp.grid.georef import Grid, cell_area_m2_by_row
from ecocomp.terms.faults import FaultsError, UsageError

GRID = Grid("EPSG:4545", 400_000.0, 3_500_000.0, 32.0, 32.0, 130, 90)


def voronoi(n: int, seed: int, grid: Grid = GRID) -> np.ndarray:
    """A tiling of the grid by n irregular parcels, cut at its border."""
    rng = np.random.default_rng(seed)
    left, bottom, right, top = grid.bounds
    points = rng.uniform((left, bottom), (right, top), (n, 2))
    frame = shapely.box(*grid.bounds)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame))
    return shapely.intersection(cells, frame)


def awkward(seed: int) -> np.ndarray:
    """Slivers, holes, several parts, specks, parcels over the edge, off the grid, thin rings, whole-grid parcels."""
    rng = np.random.default_rng(seed)
    left, bottom, right, top = GRID.bounds
    found: list[Any] = []
    for _ in range(25):
        x, y = rng.uniform(left - 300, right + 300), rng.uniform(bottom - 300, top + 300)
        disc = shapely.Point(x, y).buffer(rng.uniform(5, 500), quad_segs=int(rng.integers(2, 20)))
        found += [disc, disc.difference(affinity.scale(disc, 0.6, 0.5)), shapely.box(x, y, x + 0.01, y + rng.uniform(1, 900))]
        found.append(shapely.MultiPolygon([disc, affinity.translate(disc, 1500, -700)]))
        found.append(affinity.rotate(shapely.box(x, y, x + 1200, y + 0.4), rng.uniform(0, 180)))
    found += [shapely.box(left - 9e4, bottom - 9e4, right + 9e4, top + 9e4), shapely.box(left, bottom, right, top)]
    found += [shapely.box(left - 500, bottom, left, top), shapely.box(right, bottom, right + 500, top)]
    found += [shapely.box(left - 100, top - 100, left + 1e-3, top + 100), shapely.box(left + 64, top - 96, left + 128, top - 32)]
    return np.array(found, dtype=object)


def dense(coverage: Coverage) -> np.ndarray:
    """The matrix written out: (parcels, rows, columns)."""
    out = np.zeros((len(coverage), *coverage.grid.shape))
    for s in coverage.strips:
        band = out[:, s.rows].reshape(len(coverage), -1).copy()
        for i, p in enumerate(s.parcel):
            span = slice(s.ptr[i], s.ptr[i + 1])
            band[p, s.cell[span]] = s.coverage[span]
        out[:, s.rows] = band.reshape(len(coverage), -1, coverage.grid.width)
    return out


def peer(geometries: np.ndarray, grid: Grid, values: np.ndarray, operations: list[str]) -> list[dict[str, Any]]:
    """What exactextract says, property by property."""
    left, bottom, right, top = grid.bounds
    raster = NumPyRasterSource(values, left, bottom, right, top, nodata=np.nan)
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(g)} for g in geometries]
    return [f["properties"] for f in exact_extract(raster, features, operations)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("make", [lambda s: voronoi(400, s), awkward], ids=["voronoi", "awkward"])
def test_every_cell_equals_exactextract(make: Any, seed: int) -> None:
    geometries = make(seed)
    ours = dense(build_coverage(geometries, GRID, rows=16))
    theirs = np.zeros_like(ours)
    for p, found in enumerate(peer(geometries, GRID, np.ones(GRID.shape), ["cell_id", "coverage"])):
        theirs[p].reshape(-1)[np.asarray(found["cell_id"], np.int64)] = found["coverage"]
    assert np.abs(ours - theirs).max() < 1e-6


@pytest.mark.parametrize("seed", [1, 2])
def test_means_and_sums_equal_exactextract_with_gaps(seed: int) -> None:
    geometries = np.concatenate([voronoi(300, seed), awkward(seed)])
    rng = np.random.default_rng(seed)
    values = rng.normal(300, 50, GRID.shape)
    values[rng.random(GRID.shape) < 0.2] = np.nan
    found = peer(geometries, GRID, values, ["mean", "sum"])
    ours = zonal(build_coverage(geometries, GRID), [values])
    for name, mine, tolerance in (("mean", ours.mean, 1e-6), ("sum", ours.total, 1e-6)):
        theirs = np.array([np.nan if f[name] is None else f[name] for f in found], float)
        # The peer takes a parcel without any cell for a sum of 0; here it is not observed. Slivers of 1 cm have few float32
        # digits in the peer, hence the comparison where at least a thousandth of a cell is covered.
        seen = np.isfinite(mine[:, 0]) & (ours.observed[:, 0] * build_inside(geometries) > 1e-3)
        assert seen.sum() > 300
        np.testing.assert_allclose(mine[seen, 0], theirs[seen], rtol=tolerance)


def build_inside(geometries: np.ndarray) -> np.ndarray:
    """Covered cells per parcel."""
    return build_coverage(geometries, GRID).inside_cells


def test_sum_of_coverage_is_the_area_on_the_grid() -> None:
    geometries = np.concatenate([voronoi(300, 5), awkward(5)])
    coverage = build_coverage(geometries, GRID)
    cell = GRID.dx * GRID.dy
    inside = shapely.area(shapely.intersection(geometries, shapely.box(*GRID.bounds))) / cell
    np.testing.assert_allclose(coverage.area_cells, shapely.area(geometries) / cell, rtol=1e-9, atol=1e-9)
    # Shares are stored in float32: half a unit in the last place is 3e-8 of a cell on the border.
    np.testing.assert_allclose(coverage.inside_cells, inside, rtol=6e-8, atol=1e-10)
    outside = np.where(coverage.area_cells > 1e-6, 1 - inside / coverage.area_cells, 0)
    np.testing.assert_allclose(coverage.outside_share, outside, atol=1e-6)


@pytest.mark.parametrize("rows", [7, 256])
def test_what_lies_inside_is_known_without_a_second_pass_to_the_bit(rows: int) -> None:
    coverage = build_coverage(np.concatenate([voronoi(300, 5), awkward(5)]), GRID, rows=rows)
    again = np.zeros(len(coverage))
    for strip in coverage.strips:
        reduce_weights(strip, again)
    assert again.tobytes() == coverage.inside_cells.tobytes()


@pytest.mark.parametrize("layers", [1, 3, 4, 6, 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_together_give_the_bits_of_each_alone(layers: int, dtype: type) -> None:
    rng = np.random.default_rng(layers)
    values = rng.normal(size=(layers, *GRID.shape)).astype(dtype)
    values[rng.random(values.shape) < 0.02] = np.nan
    values[0, ::9, ::7], values[-1, ::11, ::7], values[-1, ::11, 1::7] = np.inf, np.inf, -np.inf
    coverage = build_coverage(np.concatenate([voronoi(200, 3), awkward(3)]), GRID)
    weight = np.linspace(1.0, 2.0, GRID.height)
    total, seen = (np.zeros((len(coverage), layers)) for _ in range(2))
    one, one_seen = (np.zeros((len(coverage), layers)) for _ in range(2))
    for strip in coverage.strips:
        reduce_sums(strip, values[:, strip.rows], total, seen, weight[strip.rows])
    for k in range(layers):
        s, w = (np.zeros((len(coverage), 1)) for _ in range(2))
        for strip in coverage.strips:
            reduce_sums(strip, values[k, strip.rows], s, w, weight[strip.rows])
        one[:, k], one_seen[:, k] = s[:, 0], w[:, 0]
    assert total.tobytes() == one.tobytes()
    assert seen.tobytes() == one_seen.tobytes()
    assert np.isnan(total[:, -1]).any() or layers == 1


def test_a_tiling_covers_every_cell_once() -> None:
    total = dense(build_coverage(voronoi(700, 8), GRID)).sum(axis=0)
    assert np.abs(total - 1).max() < 2e-6
    assert np.abs(total[5:-5, 5:-5] - 1).max() < 4e-7


def same_bits(one: Coverage, two: Coverage) -> bool:
    """Whether two matrices hold the same cells and shares, whatever their strips."""
    return (
        np.array_equal(dense(one), dense(two))
        and one.inside_cells.tobytes() == two.inside_cells.tobytes()
        and one.area_cells.tobytes() == two.area_cells.tobytes()
    )


@pytest.mark.parametrize("rows", [1, 7, 32, 256])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_bits_do_not_depend_on_strips_or_threads(rows: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    geometries = np.concatenate([voronoi(150, 3), awkward(3)])
    values = np.random.default_rng(0).normal(size=(2, *GRID.shape)).astype(np.float32)
    reference = build_coverage(geometries, GRID, rows=90)
    expected = zonal(reference, values)
    monkeypatch.setattr(threads, "SMALL_LOAD", 0)
    with threads.limit(workers):
        other = build_coverage(geometries, GRID, rows=rows)
        found = zonal(other, values)
    assert same_bits(reference, other)
    for name in ("mean", "total", "observed", "least", "greatest"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name


def test_bits_do_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    geometries = np.concatenate([voronoi(150, 4), awkward(4)])
    whole = build_coverage(geometries, GRID)
    monkeypatch.setattr("ecocomp.grid.coverage.BATCH_CELLS", 500)
    monkeypatch.setattr("ecocomp.grid.coverage.CHUNKS", 3)
    assert same_bits(whole, build_coverage(geometries, GRID))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_order_and_ring_direction_do_not_matter(seed: int, reverse: bool) -> None:
    geometries = np.concatenate([voronoi(20, seed), awkward(seed)[:20]])
    order = np.random.default_rng(seed).permutation(geometries.size)
    changed = shapely.reverse(geometries) if reverse else geometries
    one, two = build_coverage(geometries, GRID), build_coverage(changed[order], GRID)
    np.testing.assert_allclose(dense(two), dense(one)[order], atol=2e-7)
    if not reverse:
        assert np.array_equal(dense(two), dense(one)[order])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(-40, 40), st.integers(-40, 40))
def test_shifting_grid_and_parcels_by_whole_cells_shifts_the_matrix(seed: int, east: int, south: int) -> None:
    """Cells of 32 m and a shift of the grid alone: the same parcels fall on the same ground, other columns and rows."""
    geometries = voronoi(30, seed)
    moved = Grid(GRID.crs, GRID.x0 + east * GRID.dx, GRID.y0 - south * GRID.dy, GRID.dx, GRID.dy, GRID.width, GRID.height)
    one, two = dense(build_coverage(geometries, GRID)), dense(build_coverage(geometries, moved))
    rows, columns = GRID.shape
    a = one[:, max(0, south) : rows + min(0, south), max(0, east) : columns + min(0, east)]
    b = two[:, max(0, -south) : rows + min(0, -south), max(0, -east) : columns + min(0, -east)]
    np.testing.assert_allclose(a, b, atol=1e-7)


@pytest.mark.parametrize("width_m", [1.0, 1e-3, 1e-5, 1e-6])
def test_slivers_of_any_thinness_keep_their_cells(width_m: float) -> None:
    x, y = GRID.x0 + 40.5, GRID.y0
    coverage = build_coverage([shapely.box(x, y - 1000, x + width_m, y - 10)], GRID, rows=8)
    expected = (shapely.area(shapely.box(x, y - 1000, x + width_m, y - 10))) / GRID.dx / GRID.dy
    rows = np.nonzero(dense(coverage)[0])[0]
    assert coverage.inside_cells[0] == pytest.approx(expected, rel=1e-3)
    assert rows.min() == 0 and rows.max() == 31 and np.unique(rows).size == 32


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 130 * 32), st.floats(0, 90 * 32), st.floats(0, 1e-3), st.floats(0, 1e-3))
def test_no_parcel_on_the_grid_is_lost(east: float, south: float, wide: float, high: float) -> None:
    x, y = GRID.x0 + east, GRID.y0 - south
    coverage = build_coverage([shapely.box(x, y - high, x + wide, y)], GRID)
    left, bottom, right, _ = GRID.bounds
    if x < right and y > bottom and x + wide > left:
        values = zonal(coverage, np.full(GRID.shape, 7.0))
        assert coverage.entries >= 1
        assert values.mean[0, 0] == pytest.approx(7.0)
        assert values.observed[0, 0] == 1.0


def test_specks_stand_among_other_parcels() -> None:
    speck = shapely.box(GRID.x0 + 100, GRID.y0 - 100, GRID.x0 + 100 + 1e-6, GRID.y0 - 100 + 1e-6)
    big = shapely.box(GRID.x0, GRID.y0 - 500, GRID.x0 + 500, GRID.y0)
    values = np.arange(90 * 130, dtype=float).reshape(90, 130)
    found = zonal(build_coverage([speck, big, speck, None, speck], GRID), values)
    assert found.mean[[0, 2, 4], 0].tolist() == [values[3, 3]] * 3
    assert found.mean[1, 0] == pytest.approx(zonal(build_coverage([big], GRID), values).mean[0, 0], rel=0)
    assert np.isnan(found.mean[3, 0])


def test_parcels_off_the_grid_have_no_cells_and_say_so() -> None:
    left, bottom, right, top = GRID.bounds
    touching, far = shapely.box(left - 50, bottom, left, top), shapely.box(right + 1, bottom, right + 9, top)
    coverage = build_coverage([touching, far], GRID)
    assert coverage.entries == 0
    assert coverage.outside_share.tolist() == [1.0, 1.0]
    assert np.isnan(zonal(coverage, np.ones(GRID.shape)).mean).all()


def test_nothing_at_all() -> None:
    coverage = build_coverage([], GRID)
    assert len(coverage) == 0 and coverage.entries == 0
    assert zonal(coverage, np.ones(GRID.shape)).mean.shape == (0, 1)
    gaps = build_coverage([None, shapely.Polygon(), shapely.MultiPolygon()], GRID)
    assert gaps.entries == 0 and np.isnan(gaps.outside_share).all()


def test_lines_and_numbers_that_are_none_are_named_all_at_once() -> None:
    with np.errstate(invalid="ignore"):
        wrong = shapely.Polygon([(0, 0), (1, np.nan), (1, 1), (0, 0)])
    with pytest.raises(FaultsError) as caught:
        build_coverage([shapely.Point(0, 0), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])], GRID)
    assert [f.record for f in caught.value.faults] == ["0", "2"]
    with pytest.raises(FaultsError) as caught:
        build_coverage([shapely.box(0, 0, 1, 1), wrong, None, wrong], GRID)
    assert [f.record for f in caught.value.faults] == ["1", "3"]


def test_area_weights_follow_the_rows_of_a_geographic_grid() -> None:
    grid = Grid("EPSG:4490", 100.0, 40.0, 0.01, 0.01, 60, 1200)
    area_m2 = cell_area_m2_by_row(grid)
    parcel = shapely.box(100.005, 28.1, 100.4, 39.9)
    coverage = build_coverage([parcel], grid)
    whole = Grid("EPSG:4490", 100.005, 39.9, 0.395, 11.8, 1, 1)
    assert coverage.weights(area_m2)[0] == pytest.approx(cell_area_m2_by_row(whole)[0], rel=1e-7)
    latitude = np.repeat(np.arange(1200)[:, None], 60, axis=1).astype(float)
    found = zonal(coverage, latitude, area_m2)
    expected = dense(coverage)[0] * area_m2[:, None]
    assert found.mean[0, 0] == pytest.approx((expected * latitude).sum() / expected.sum(), rel=1e-12)
    assert found.mean[0, 0] != pytest.approx(zonal(coverage, latitude).mean[0, 0], rel=1e-3)
    assert found.observed[0, 0] == 1.0


def test_class_areas_add_up_to_the_parcel() -> None:
    geometries = voronoi(60, 2)
    coverage = build_coverage(geometries, GRID, rows=32)
    classes = np.random.default_rng(0).integers(0, 9, GRID.shape).astype(np.uint8)
    out = np.zeros((60, 9))
    for s in coverage.strips:
        reduce_classes(s, classes[s.rows], out)
    expected = np.stack([(dense(coverage) * (classes == c)).sum(axis=(1, 2)) for c in range(9)], axis=1)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(out.sum(axis=1), coverage.inside_cells, rtol=1e-12)
    with pytest.raises(UsageError, match="holds code 8"):
        reduce_classes(coverage.strip(0), classes[coverage.strip(0).rows], np.zeros((60, 8)))


def test_transitions_agree_with_both_margins() -> None:
    coverage = build_coverage(voronoi(60, 2), GRID, rows=32)
    rng = np.random.default_rng(1)
    before, after = (rng.choice(np.array([0, 11, 23, 60], np.uint8), GRID.shape) for _ in range(2))
    lookup = np.full(256, 255, np.uint8)
    lookup[[11, 23, 60]] = [0, 1, 2]
    out = np.zeros((60, 9))
    for s in coverage.strips:
        reduce_joint(s, before[s.rows].ravel(), after[s.rows].ravel(), lookup, out)
    matrix = dense(coverage)
    for i, a in enumerate((11, 23, 60)):
        for j, b in enumerate((11, 23, 60)):
            expected = (matrix * ((before == a) & (after == b))).sum(axis=(1, 2))
            np.testing.assert_allclose(out[:, 3 * i + j], expected, rtol=1e-12, atol=1e-12)
    with pytest.raises(UsageError, match="n×n columns"):
        reduce_joint(coverage.strip(0), before[:32].ravel(), after[:32].ravel(), lookup, np.zeros((60, 4)))


def test_arrays_of_another_shape_are_refused_with_both_shapes() -> None:
    coverage = build_coverage(voronoi(5, 2), GRID, rows=32)
    with pytest.raises(UsageError, match=r"rows 0 to 31 and 130 columns, the array given is \(1, 130\)"):
        reduce_sums(coverage.strip(0), np.zeros((1, 130)), np.zeros((5, 1)), np.zeros((5, 1)))
    with pytest.raises(UsageError, match="Layer 0 has shape"):
        zonal(coverage, np.zeros((3, 3)))


def test_a_reader_gives_the_same_figures_as_arrays() -> None:
    coverage = build_coverage(voronoi(50, 2), GRID, rows=32)
    values = np.random.default_rng(0).normal(size=(3, *GRID.shape)).astype(np.float32)
    calls = []

    def read(start: int, stop: int) -> np.ndarray:
        calls.append((start, stop))
        return values[:, start:stop]

    assert zonal(coverage, read).mean.tobytes() == zonal(coverage, values).mean.tobytes()
    assert calls == GRID.strips(32)


def test_dominant_parcel_is_the_largest_in_each_cell() -> None:
    coverage = build_coverage(voronoi(80, 6)[:70], GRID, rows=32)
    matrix = dense(coverage)
    expected = np.where(matrix.max(axis=0) > 0, matrix.argmax(axis=0), -1)
    assert np.array_equal(dominant_parcel(coverage, GRID, 1000), expected)
    small = dominant_parcel(coverage, GRID, 40)
    step = decimation(GRID, 40)
    assert step == 4 and small.shape == GRID.decimated(step).shape
    assert np.array_equal(small[:-1, :-1], expected[2::4, 2::4][:22, :32])


def test_stored_matrix_is_mapped_and_the_same(tmp_path: Path) -> None:
    coverage = build_coverage(np.concatenate([voronoi(150, 3), awkward(3)]), GRID, rows=32)
    coverage.save(tmp_path / "matrix")
    coverage.save(tmp_path / "matrix")
    loaded = Coverage.load(tmp_path / "matrix")
    assert same_bits(coverage, loaded) and loaded.grid == GRID
    assert not loaded.strip(1).cell.flags.owndata and is_mapped(loaded.strip(1).cell)
    assert [p.name for p in tmp_path.iterdir()] == ["matrix"]
    assert np.load(tmp_path / "matrix" / "cell.npy").size == coverage.entries


def is_mapped(array: Any) -> bool:
    """Whether an array looks into a file."""
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    return isinstance(array, (np.memmap, mmap.mmap))


def damage_cut(folder: Path) -> None:
    file = folder / "coverage.npy"
    file.write_bytes(file.read_bytes()[:-8])


def damage_bit(folder: Path) -> None:
    file = folder / "cell.npy"
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(bytes(data))


def damage_gone(folder: Path) -> None:
    (folder / "ptr.npy").unlink()


def damage_index(folder: Path) -> None:
    (folder / "matrix.json").write_text(json.dumps({"format": "ecocomp-coverage-1"}))


def damage_empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize("damage", [damage_cut, damage_bit, damage_gone, damage_index, damage_empty])
def test_damaged_cache_is_found_out_and_built_anew(tmp_path: Path, damage: Any) -> None:
    geometries = voronoi(50, 3)
    steps: list[tuple[int, int]] = []

    def build() -> Coverage:
        return cached_coverage(tmp_path, "edition-1", geometries, GRID, lambda done, of: steps.append((done, of)))

    first = build_coverage(geometries, GRID)
    assert same_bits(first, build()) and steps == [(1, 1)]
    assert same_bits(first, build()) and len(steps) == 1
    (folder,) = tmp_path.iterdir()
    damage(folder)
    with pytest.raises(FaultsError, match="compute it again"):
        Coverage.load(folder)
    assert same_bits(first, build()) and len(steps) == 2
    assert list(tmp_path.iterdir()) == [folder]


def test_cache_knows_editions_and_grids_apart(tmp_path: Path) -> None:
    cached_coverage(tmp_path, "a", voronoi(20, 1), GRID)
    cached_coverage(tmp_path, "b", voronoi(20, 2), GRID)
    cached_coverage(tmp_path, "a", voronoi(20, 1), GRID.decimated(2))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_build_that_is_killed_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def stop(done: int, of: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        cached_coverage(tmp_path, "a", voronoi(20, 1), GRID, stop)
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_writer_left_is_swept_up(tmp_path: Path) -> None:
    import platform
    import subprocess
    import sys

    cached_coverage(tmp_path, "a", voronoi(20, 1), GRID)
    (folder,) = tmp_path.iterdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"{folder.name}.part-{platform.node()}-{dead.pid}").mkdir()
    shutil.rmtree(folder)
    cached_coverage(tmp_path, "a", voronoi(20, 1), GRID)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(("width", "rows"), [(1, 256), (8192, 256), (8193, 128), (20_000, 64), (131_072, 16), (2_000_000, 16)])
def test_wide_grids_have_strips_of_fewer_rows(width: int, rows: int) -> None:
    assert strip_rows(Grid("EPSG:4545", 0.0, 0.0, 10.0, 10.0, width, 1000)) == rows


def test_a_wide_grid_is_cut_by_its_width(tmp_path: Path) -> None:
    grid = Grid("EPSG:4545", 500_000.0, 3_300_000.0, 10.0, 10.0, 20_000, 150)
    parcel = [shapely.box(500_033.0, 3_298_507.0, 500_418.0, 3_299_990.0)]
    wide, thick = cached_coverage(tmp_path, "one", parcel, grid), build_coverage(parcel, grid, rows=256)
    assert [(s.start, s.stop) for s in wide.strips] == [(0, 64), (64, 128), (128, 150)] and len(thick.strips) == 1
    assert np.array_equal(wide.inside_cells, thick.inside_cells)
    assert np.array_equal(np.concatenate([s.coverage for s in wide.strips]), thick.strips[0].coverage)
