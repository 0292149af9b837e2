"""The Hilbert order: each cell once, and each step to a neighbour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ecocomp.land.order import hilbert_distance
from ecocomp.land.spool import Spool, rows_of


def test_the_curve_visits_every_cell_and_steps_to_a_neighbour() -> None:
    side = 16
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(side), np.arange(side)))
    # two corners stretch the box, so that each point lies in the middle of one of 16 × 16 blocks
    distance = hilbert_distance(np.append(x + 0.5, [0, side]), np.append(y + 0.5, [0, side]))[:-2].astype(np.int64)
    order = np.argsort(distance, kind="stable")
    assert len(set(distance.tolist())) == side * side
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (steps == 1).all()


def test_one_point_and_none() -> None:
    assert hilbert_distance(np.array([5.0]), np.array([7.0])).tolist() == [0]
    assert len(hilbert_distance(np.zeros(0), np.zeros(0))) == 0


@pytest.mark.parametrize("tile_rows", [1, 5, 1000])
def test_rows_come_back_from_disk_in_hilbert_order_ties_by_code(tile_rows: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 9, (2, 60)) * 10.0
    boxes = np.column_stack([x, y, x + 1, y + 1])
    names = np.array([f"{k:02d}" for k in rng.permutation(60)])
    with Spool(tmp_path / ".a.1.spool", tile_rows) as spool:
        for part in np.split(np.arange(60), [7, 8, 40]):
            spool.append(pa.table({"parcel_id": names[part], "row": part}), boxes[part])
        spool.sort()
        table = pa.concat_tables(spool.tables())
        want = np.lexsort((names, hilbert_distance(x + 0.5, y + 0.5)))
        assert table["row"].to_pylist() == want.tolist() == spool.source_rows.tolist()
        assert np.array_equal(spool.boxes, boxes[want]) and len(spool) == 60
        rows = np.array([3, 4, 30, 59])
        assert rows_of(spool, rows, ["parcel_id"])["parcel_id"].to_pylist() == names[want[rows]].tolist()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_without_rows(tmp_path: Path) -> None:
    with Spool(tmp_path / "x") as spool:
        spool.sort()
        assert len(spool) == 0 and list(spool.tables()) == [] and len(spool.boxes) == 0
