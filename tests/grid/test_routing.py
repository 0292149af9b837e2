"""Water over tiles: the same bits for every tile and thread, known planes and cones, and a plain reading of the rules."""

from __future__ import annotations

import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ecocomp.grid import routing, terrain, threads, tiling
from ecocomp.grid.georef import Grid
from ecocomp.grid.routing import METHODS, Shares, accumulate_split, d8_accumulate, dinf_angle, downslope_path, shares, streams
from ecocomp.grid.tiling import Scratch, settle, tiles_of
from ecocomp.terms.faults import UsageError

STEPS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
TILES = [(1, 1), (2, 3), (5, 4), (7, 7), (3, 40), (64, 64)]

grounds = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=11),
    elements=st.one_of(st.integers(-2, 5).map(float), st.just(float("nan")), st.just(-0.0)),
)


def flat(shape: tuple[int, int], dx: float = 30.0, dy: float = 30.0) -> Grid:
    """A projected grid of the shape."""
    return Grid("EPSG:4545", 400_000.0, 3_500_000.0, dx, dy, shape[1], shape[0])


def rough(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Whole-metre heights with pits, flats, a lake and holes."""
    rng = np.random.default_rng(seed)
    z = np.round(np.cumsum(np.cumsum(rng.normal(size=shape), axis=0), axis=1) / 6 + rng.normal(size=shape))
    z[shape[0] // 3 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = z.min() - 5
    z[rng.random(shape) < 0.01] = np.nan
    return z.astype(np.float32)


def everything(z: np.ndarray, grid: Grid, tile: tuple[int, int] | None, scratch: Scratch | None = None) -> dict[str, np.ndarray]:
    """All results of routing over a ground."""
    water = terrain.drain(z, grid, tile, scratch)
    sine = terrain.slope_sin(z, grid)
    weight = np.random.default_rng(1).random(z.shape)
    out = {"filled": water.filled_m, "way": water.way, "cells": water.cells}
    out["length"] = terrain.slope_length_m(water, sine, 15.0, 0.5, 500.0, tile, scratch)
    for name in METHODS:
        rule = shares(name, water.filled_m, grid, water.way, scratch)
        out[name] = accumulate_split(rule, weight, tile, scratch)
        out[name + " path"] = downslope_path(rule, weight, streams(water.cells, 10), tile, scratch)
    return out


@settings(max_examples=60, deadline=None)
@given(grounds, st.sampled_from(TILES))
def test_tiles_do_not_show_on_any_ground(z: np.ndarray, tile: tuple[int, int]) -> None:
    whole, parts = everything(z, flat(z.shape), None), everything(z, flat(z.shape), tile)
    for name, array in whole.items():
        assert array.tobytes() == parts[name].tobytes(), name
        if array.dtype.kind == "f":
            assert np.array_equal(np.isnan(array), np.isnan(z)) and not np.isinf(array).any(), name


@pytest.mark.parametrize("shape", [(1, 90), (90, 1), (61, 83)])
def test_tiles_threads_and_files_do_not_show_on_a_rough_ground(
    shape: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z, grid = rough(shape, 5), flat(shape, 25.0, 30.0)
    whole = everything(z, grid, None)
    monkeypatch.setattr(threads, "SMALL_LOAD", 0)
    monkeypatch.setattr(tiling, "HELD_PER_CELL", 0)
    for tile in ((1, 17), (9, 8), (16, 16), (33, 20)):
        for count in (1, 3):
            with threads.limit(count):
                parts = everything(z, grid, tile, Scratch(tmp_path))
            for name, array in whole.items():
                assert array.tobytes() == parts[name].tobytes(), (name, tile, count)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", METHODS)
def test_nothing_but_gaps_is_nothing(name: str) -> None:
    z = np.full((5, 6), np.nan, np.float32)
    rule = shares(name, z, flat(z.shape))
    assert np.isnan(accumulate_split(rule)).all() and np.isnan(downslope_path(rule, z, np.zeros(z.shape, bool))).all()
    assert not rule.fractions().any()


def by_hand(rule: Shares, weight: np.ndarray, cost: np.ndarray, stream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accumulation and path length cell by cell, from the highest down and back, from the shares alone."""
    part, z, way = rule.fractions(), rule.filled_m, rule.way
    dx, dy = rule.grid.dx, rule.grid.dy
    metres = [dx, np.hypot(dx, dy), dy, np.hypot(dx, dy)] * 2
    total, path = np.where(way == terrain.NONE, np.nan, weight), np.full(z.shape, np.nan)
    links = {(r, c): [(d, r + a, c + b) for d, (a, b) in enumerate(STEPS) if part[d, r, c] > 0] for r, c in np.ndindex(z.shape)}
    order: list[tuple[int, int]] = []
    seen: set[tuple[int, int]] = set()

    def visit(at: tuple[int, int]) -> None:
        if at not in seen:
            seen.add(at)
            for _, y, x in links[at]:
                visit((y, x))
            order.append(at)

    for r, c in zip(*np.nonzero(way != terrain.NONE), strict=True):
        visit((int(r), int(c)))
    for r, c in order:
        if way[r, c] == terrain.OUT:
            path[r, c] = cost[r, c] * 0.5 * (dx + dy)
        else:
            path[r, c] = sum(part[d, r, c] * (cost[r, c] * metres[d] + path[y, x]) for d, y, x in links[r, c])
        path[r, c] = 0.0 if stream[r, c] else path[r, c]
    for r, c in reversed(order):
        for d, y, x in links[r, c]:
            total[y, x] += part[d, r, c] * total[r, c]
    return total, path


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("seed", [0, 1])
def test_sums_and_paths_equal_a_plain_reading_and_keep_what_they_are_given(name: str, seed: int) -> None:
    z = rough((18, 21), seed)
    grid, rng = flat(z.shape, 20.0, 30.0), np.random.default_rng(seed)
    filled = terrain.fill(z, grid)
    rule = shares(name, filled, grid)
    weight, cost, stream = rng.random(z.shape), rng.random(z.shape) + 0.1, rng.random(z.shape) < 0.1
    total, path = by_hand(rule, weight, cost, stream)
    given_up = accumulate_split(rule, weight)
    np.testing.assert_allclose(given_up, total, rtol=1e-12)
    np.testing.assert_allclose(downslope_path(rule, cost, stream), path, rtol=1e-12)
    valid = ~np.isnan(z)
    assert given_up[rule.way == terrain.OUT].sum() == pytest.approx(weight[valid].sum(), rel=1e-12)
    given = rule.fractions().sum(axis=0)
    np.testing.assert_allclose(given[valid & (rule.way != terrain.OUT)], 1.0, rtol=1e-12)
    assert not given[~valid | (rule.way == terrain.OUT)].any()


@pytest.mark.parametrize("turn", [0.0, 0.2, 0.5, 1.0, 2.0, 3.0, 4.4, 5.9])
def test_dinf_of_a_plane_points_straight_down_it(turn: float) -> None:
    y, x = np.mgrid[:9, :9] * 10.0
    z = (500.0 - 0.3 * (np.cos(turn) * x - np.sin(turn) * y)).astype(np.float32)
    inner = (slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(dinf_angle(z, flat(z.shape, 10.0, 10.0))[inner] % (2 * np.pi), turn, atol=1e-4)
    stretched = (500.0 - 0.3 * (np.cos(turn) * x - np.sin(turn) * y * 2)).astype(np.float32)
    np.testing.assert_allclose(dinf_angle(stretched, flat(z.shape, 10.0, 20.0))[inner] % (2 * np.pi), turn, atol=1e-4)


def test_dinf_shares_of_the_two_neighbours_of_a_direction() -> None:
    """A third of the way from east to north-east: 2/3 to the one, 1/3 to the other (Tarboton 1997)."""
    turn = np.pi / 12
    y, x = np.mgrid[:5, :5] * 10.0
    z = (500.0 - np.cos(turn) * x + np.sin(turn) * y).astype(np.float32)
    part = shares("DINF", z, flat(z.shape, 10.0, 10.0)).fractions()[:, 2, 2]
    np.testing.assert_allclose(part, [2 / 3, 1 / 3, 0, 0, 0, 0, 0, 0], atol=1e-4)


def test_mfd_shares_go_by_the_fall_per_metre() -> None:
    """Falls of 3 over 30 m, 2 over 30 m and √2 over 30·√2 m: 3/6, 2/6, 1/6."""
    z = np.full((5, 5), 20.0)
    z[2, 2], z[2, 3], z[3, 2], z[3, 3] = 10.0, 7.0, 8.0, 10.0 - np.sqrt(2.0)
    z[2, 4] = z[4, 2] = z[4, 4] = 1.0
    part = shares("MFD", z, flat(z.shape)).fractions()[:, 2, 2]
    np.testing.assert_allclose(part, [3 / 6, 0, 0, 0, 0, 0, 2 / 6, 1 / 6], atol=1e-6)


def test_more_ways_spread_more_on_a_cone_and_a_path_is_the_distance() -> None:
    n, cell = 61, 10.0
    y, x = np.mgrid[:n, :n] - n // 2
    z = (1000.0 - np.hypot(x, y) * cell).astype(np.float32)
    grid = flat(z.shape, cell, cell)
    ring = np.abs(np.hypot(x, y) - 25) < 0.7
    spread = {}
    for name in METHODS:
        rule = shares(name, z, grid)
        total = accumulate_split(rule)
        spread[name] = total[ring].std() / total[ring].mean()
        path = downslope_path(rule, np.ones(z.shape), streams(np.hypot(x, y), 28.0))
        assert 0.99 * 28 <= path[n // 2, n // 2] / cell <= 1.3 * 28  # eight directions make detours
    assert spread["DINF"] < 0.5 * spread["D8"] and spread["MFD"] < 0.5 * spread["D8"]


def test_a_worked_square() -> None:
    """A valley along the middle column that leaves southward; counted by hand."""
    z = np.array([[9, 8, 7, 8, 9], [9, 7, 6, 7, 9], [9, 6, 5, 6, 9], [9, 5, 2, 5, 9], [9, 5, 1, 5, 9]], np.float32)
    water = terrain.drain(z, flat(z.shape))
    way = [[0, 7, 6, 5, 4], [0, 7, 6, 5, 4], [0, 7, 6, 5, 4], [0, 0, 6, 4, 4], [0, 0, 8, 4, 4]]
    way[2][0], way[2][4] = 0, 4
    found = water.way.copy()
    assert found[4, 2] == terrain.OUT and (found[:4, 2] == 6).all()
    assert water.cells[4, 2] == 25
    assert (found[1:3, 1] == 7).all() and (found[1:3, 3] == 5).all()
    assert d8_accumulate(found, z)[4, 2] == z.sum()
    lengths = downslope_path(shares("D8", z, flat(z.shape), found), np.ones(z.shape), streams(water.cells, 25))
    assert lengths[:, 2].tolist() == [120.0, 90.0, 60.0, 30.0, 0.0]
    assert lengths[2, 1] == pytest.approx(30 * np.sqrt(2) + 30)


def test_level_ground_is_left_on_the_shortest_way_sides_first() -> None:
    z = np.full((7, 9), 10.0, np.float32)
    z[1:-1, 1:-1] = 5.0
    z[3, 8] = 1.0
    way = terrain.directions(terrain.fill(z, flat(z.shape)), flat(z.shape))
    assert way[3, 1:8].tolist() == [0] * 7
    assert way[1, 5] == 0 and way[1, 6] == 7 and way[5, 6] == 1


def test_a_pit_left_in_the_ground_keeps_its_water() -> None:
    z = np.full((5, 5), 9.0, np.float32)
    z[2, 2] = 1.0
    way = terrain.directions(z, flat(z.shape))
    assert way[2, 2] == terrain.OUT and d8_accumulate(way)[2, 2] == 9


def test_counts_above_the_reach_of_float32_are_exact() -> None:
    way = np.zeros((1, 5), np.uint8)
    way[0, 4] = terrain.OUT
    assert d8_accumulate(way, np.array([[2.0**25, 1, 1, 1, 1]]))[0].tolist() == [2.0**25 + k for k in range(5)]


def test_a_plain_grid_is_visited_once_and_a_river_along_an_edge_seldom() -> None:
    assert settle((10, 10), None, lambda *_: None) == 1
    assert tiles_of((5, 4), (3, 3)) == [(0, 3, 0, 3), (0, 3, 3, 4), (3, 5, 0, 3), (3, 5, 3, 4)]
    rows, tile = 512, (64, 64)
    way = np.full((rows, 128), 6, np.uint8)
    way[::2, 63], way[1::2, 64], way[-1] = 7, 5, terrain.OUT
    count = 0

    def visit(*window: object) -> None:
        nonlocal count
        count += 1
        gather_way(*window, *args)

    from ecocomp.grid._ways import gather_way

    args = (way, np.empty((0, 0)), np.where(way == terrain.NONE, np.nan, -np.inf))
    settle(way.shape, tile, visit)
    assert not np.isinf(args[2]).any() and count < 6 * (rows // 64) * 2


GROW = """
import resource, sys, tempfile, numpy as np
from pathlib import Path
from ecocomp.grid import terrain, tiling
from ecocomp.grid.georef import Grid
from ecocomp.grid.tiling import Scratch
tiling.TILE = (256, 256)
def run(rows):
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        scratch, grid = Scratch(folder), Grid("EPSG:4545", 0.0, 1e7, 30.0, 30.0, 512, rows)
        z = scratch.empty(grid.shape, np.float32)
        for first in range(0, rows, 64):
            rng = np.random.default_rng(first)
            z[first : first + 64] = rng.normal(size=z[first : first + 64].shape) * 3 - np.arange(first, min(first + 64, rows))[:, None]
            scratch.release()
        water = terrain.drain(z, grid, tiling.TILE, scratch)
        terrain.slope_length_m(water, terrain.slope_deg(z, grid, scratch), 100.0, 0.5, 300.0, tiling.TILE, scratch)
run(300)
run(int(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_grid(tmp_path: Path) -> None:
    """Eight times the rows, 54 more MB of arrays: the peak grows by far less."""

    def peak_mib(rows: int) -> float:
        job = [sys.executable, "-c", textwrap.dedent(GROW), str(tmp_path), str(rows)]
        return int(subprocess.run(job, check=True, capture_output=True, text=True).stdout) / 1024

    small, large = peak_mib(1024), peak_mib(8192)
    whole = 7 * 1024 * 512 * (4 + 4 + 1 + 4 + 8 + 4 + 4) / 2**20
    assert large - small < 0.4 * whole
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


def test_directions_that_go_round_are_refused_with_a_place() -> None:
    way = np.full((3, 4), terrain.OUT, np.uint8)
    way[1, 1], way[1, 2] = 0, 4
    with pytest.raises(UsageError, match="row 1, column 1"):
        d8_accumulate(way)


@pytest.mark.parametrize("name", METHODS)
def test_a_course_has_every_cell_once_and_after_those_above_it(name: str) -> None:
    z = rough((40, 33), 4)
    rule = shares(name, terrain.fill(z, flat(z.shape)), flat(z.shape))
    rank = np.full(z.size, -1)
    for tile in (None, (8, 8), (1, 5)):
        found = routing.course(rule, tile)
        assert np.array_equal(np.sort(found.order), np.flatnonzero(~np.isnan(z)))
        assert found.stages[0, 1] == 0 and found.stages[-1, 2] == found.order.size
        assert np.array_equal(found.stages[1:, 1], found.stages[:-1, 2]) and (np.diff(found.stages[:, 0]) >= 0).all()
        rank[found.order] = np.repeat(found.stages[:, 0], found.stages[:, 2] - found.stages[:, 1])
        for r, c in np.argwhere(rule.onto):
            for d, (a, b) in enumerate(STEPS):
                if rule.onto[r, c] >> d & 1:
                    above, below = r * 33 + c, (r + a) * 33 + c + b
                    assert rank[above] <= rank[below] and found.into[r + a, c + b] >> ((d + 4) & 7) & 1


def test_five_weights_side_by_side_add_up_as_one_by_one_and_a_mean_ahead_is_that_of_the_shares() -> None:
    z, scratch = rough((30, 41), 8), Scratch()
    many = np.random.default_rng(2).random((*z.shape, 5))
    for name in METHODS:
        rule = shares(name, terrain.fill(z, flat(z.shape)), flat(z.shape))
        totals = many.copy()
        routing.add_from_above(routing.course(rule, (16, 16)), totals, scratch)
        for lane in range(5):
            # Along D8 alone the weight of the cell comes last.
            np.testing.assert_allclose(
                accumulate_split(rule, many[..., lane])[~np.isnan(z)], totals[~np.isnan(z), lane], rtol=1e-12
            )
        value = np.where(many[..., 0] < 0.2, np.nan, many[..., 0])
        part, known, plain = rule.fractions(), np.nan_to_num(np.pad(value, 1)), np.zeros(z.shape)
        for d, (a, b) in enumerate(STEPS):
            plain += part[d] * known[1 + a : 1 + a + z.shape[0], 1 + b : 1 + b + z.shape[1]]
        np.testing.assert_allclose(routing.mean_ahead(rule, value, scratch), plain, rtol=1e-12, atol=1e-15)


def test_a_rule_is_chosen_by_name() -> None:
    z = np.add.outer(np.arange(4.0), np.arange(5.0)).astype(np.float32)
    assert [routing.shares(name, z, flat(z.shape)).kind for name in METHODS] == [0, 1, 2]
