"""A table far wider than allowed is refused at once, whatever its names are."""

from __future__ import annotations

import time

import pytest

from ecocomp.io.foreign.table import _names
from ecocomp.io.foreign.words import Refuse

SPEC = {"where": "right.csv", "max_columns": 2_000, "header_row": 1}


@pytest.mark.parametrize("name", ["a", "", "c{i}"])
def test_a_million_columns_are_refused_at_once(name: str) -> None:
    header = [name.format(i=i) for i in range(10**6)]
    if not any(header):
        header[0] = "a"
    begun = time.monotonic()
    with pytest.raises(Refuse) as told:
        _names(header, SPEC)
    assert time.monotonic() - begun < 5
    assert "it has 1,000,000 columns; 2,000 are allowed" in str(list(told.value.faults)) and len(told.value.faults) == 1


def test_names_used_twice_are_named_once_each() -> None:
    with pytest.raises(Refuse) as told:
        _names(["b", "a", "b", "a", "b", "c"], SPEC)
    assert "a, b." in str(told.value.faults)
